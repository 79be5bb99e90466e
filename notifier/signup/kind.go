package signup

import (
	"bongsu/notifier"
)

// Proof is how somebody proves that an address is theirs.
type Proof uint8

// The proofs.
const (
	ByCode Proof = iota // a code goes to the address and is typed here, or comes back by a link
	BySend              // a code shown here comes from the address itself
)

// Kind is a kind of address that people can sign up with: a channel's kind.
type Kind struct {
	ID    string
	Class notifier.Class // of the texts that reach it
	Proof Proof
	// Carrier is the kind of channel that its codes go by, if that is another.
	Carrier string
	// Links says that a text has room for a link that brings the code back.
	Links bool
	// Secret says that a secret is made for the address, which is shown once and
	// signs what is sent there. Asking for an address that is in use makes none.
	Secret bool
	// Script says that a browser alone can give such an address.
	Script bool

	read func(typed string, n Numbers) (Address, error)
	same func(value string) string // what tells an address from others; nil: itself
	hint func(value string) string // masked; nil: its beginning and end
}

// kinds is every kind of address. Another is a line here, and a way to read it.
var kinds = []Kind{
	{ID: "sms", Class: notifier.ClassSMS, read: readNumber},
	{ID: "alimtalk", Class: notifier.ClassAlimTalk, Carrier: "sms", read: readNumber},
	{ID: "email", Class: notifier.ClassMail, Links: true, read: readMail, hint: hintMail},
	{ID: "line", Class: notifier.ClassMessenger, Proof: BySend, read: readLINE},
	{ID: "webpush", Class: notifier.ClassPush, Script: true, read: readPush, same: samePush, hint: hintURL},
	{ID: "webhook", Class: notifier.ClassWebhook, Links: true, Secret: true, read: readHook, same: sameHook, hint: hintURL},
	{ID: "statuspage", Class: notifier.ClassStatuspage, Links: true, Secret: true, read: readHook, same: sameHook, hint: hintURL},
}

// KindOf finds a kind of address.
func KindOf(id string) (Kind, bool) {
	for _, k := range kinds {
		if k.ID == id {
			return k, true
		}
	}
	return Kind{}, false
}

// KindIDs are the ids of every kind of address.
func KindIDs() []string {
	ids := make([]string, len(kinds))
	for i := range kinds {
		ids[i] = kinds[i].ID
	}
	return ids
}

// carrier is the kind of channel that the kind's codes go by.
func (k *Kind) carrier() string {
	if k.Carrier != "" {
		return k.Carrier
	}
	return k.ID
}

// Leavable says whether who has an address of a kind can leave by a code that
// is sent there. The others leave by their personal address.
func Leavable(kind string) bool {
	k, ok := KindOf(kind)
	return ok && k.Proof == ByCode && k.Carrier == "" && !k.Secret && !k.Script
}

// Address is an address as it was read.
type Address struct {
	Kind  string
	Value string // in clear, as the gateway takes it: it is sealed before it is kept
	Same  string // addresses with the same are one
	Hint  string // masked, to be shown
	Count string // what caps count it as: a mailbox without its tag
	Area  string // a number's country, a mailbox's domain, a URL's host; may be empty
}

// Read reads an address of a kind as people type it. The error is an
// [AddressError].
func Read(kind, typed string, n Numbers) (Address, error) {
	k, ok := KindOf(kind)
	if !ok {
		return Address{}, ErrKindUnknown
	}
	a, err := k.read(typed, n)
	if err != nil {
		return Address{}, err
	}
	a.Kind, a.Same, a.Hint = kind, Same(kind, a.Value), Hint(kind, a.Value)
	if a.Count == "" {
		a.Count = a.Same
	}
	return a, nil
}

// Same is what tells an address, in clear as it is kept, from others of its
// kind.
func Same(kind, value string) string {
	if k, ok := KindOf(kind); ok && k.same != nil {
		return k.same(value)
	}
	return value
}

// Hint is an address masked: enough for its owner to know it again.
func Hint(kind, value string) string {
	if k, ok := KindOf(kind); ok && k.hint != nil {
		return k.hint(value)
	}
	return mask(value)
}

// mask keeps a text's beginning and end: 010****5678.
func mask(text string) string {
	r := []rune(text)
	keep := min(3, len(r)/4)
	for i := keep; i < len(r)-keep; i++ {
		r[i] = '*'
	}
	return string(r)
}

// AddressError says why nobody can be reached by what was typed.
type AddressError uint8

// The reasons.
const (
	ErrNumberMissing   AddressError = iota // nothing was typed
	ErrNumberUnread                        // it is no number
	ErrNumberNotMobile                     // it is one that cannot get a text
	ErrNumberAbroad                        // it is of a country that is not served
	ErrMailMissing
	ErrMailUnread
	ErrURLMissing
	ErrURLUnread
	ErrURLInside // it leads to nowhere that everybody can reach
	ErrPushUnread
	ErrLINEUnread
	ErrKindUnknown
)

var addressWords = [...]string{
	ErrNumberMissing:   "there is no number; write a mobile number such as 010-1234-5678",
	ErrNumberUnread:    "this is no telephone number; write digits only, such as 010-1234-5678",
	ErrNumberNotMobile: "this number cannot get a text; write a mobile number such as 010-1234-5678",
	ErrNumberAbroad:    "numbers of this country cannot sign up here",
	ErrMailMissing:     "there is no mail address; write one such as name@mail.example",
	ErrMailUnread:      "this is no mail address; write one such as name@mail.example",
	ErrURLMissing:      "there is no address; write one such as https://hooks.example/outages",
	ErrURLUnread:       "this is no web address; write one such as https://hooks.example/outages",
	ErrURLInside:       "nobody outside can reach this address; write a public one such as https://hooks.example/outages",
	ErrPushUnread:      "this is no browser's push subscription",
	ErrLINEUnread:      "this is no LINE user id; write U and 32 hexadecimal digits",
	ErrKindUnknown:     "there is no such kind of address",
}

func (e AddressError) Error() string { return addressWords[e] }
