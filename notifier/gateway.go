package notifier

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"time"
	"unique"

	"bongsu/status"
)

// Message is one text for one recipient, ready to be handed to a gateway.
type Message struct {
	Delivery string // the delivery's key: idempotency key, and our reference in callbacks
	To       string // number, channel or address, in clear: never log it
	Class    Class  // of the text: a gateway of SMS may be given a long one
	Lang     string
	Title    string // where the channel has one
	Body     string
	HTML     string            // a mail's body once more, as HTML
	Template string            // the gateway's registered template, where it needs one (AlimTalk)
	Params   map[string]string // the template's parameters
	Incident string            // incident id: what belongs in one thread
	ReplyTo  string            // the gateway's reference of the incident's first message to this recipient, or empty
	Valid    time.Duration     // how long the text is worth delivering; 0 leaves it to the gateway
	Again    bool              // an earlier hand-over may have succeeded; the gateway may mark it
	Leave    string            // where the recipient leaves with one request (RFC 8058), or empty
}

// LeaveMark stands in a text where the recipient's own way to leave belongs;
// the sender puts [Message.Leave] there.
const LeaveMark = "#{leave}"

// Gateway hands a message over, once. It returns the gateway's own reference.
//
// An error means: try again later, unless it is a [RejectedError] (nothing can
// help), a [ThrottledError] (it says when) or an [UncertainError] (the message
// may have been taken; it must be settled before it is sent again).
type Gateway interface {
	Send(ctx context.Context, m Message) (ref string, err error)
}

// Finder is a gateway that can be asked what became of a message whose
// hand-over has no known end.
type Finder interface {
	Find(ctx context.Context, m Message, since time.Time) (found bool, ref string, rank Rank, err error)
}

// Reporter is a gateway that calls nobody back: it is asked what became of a
// message that it took at the given time.
type Reporter interface {
	Result(ctx context.Context, ref string, at time.Time) (Receipt, error)
}

// Lister is a [Reporter] that can be asked for many results at once.
type Lister interface {
	Reporter
	// Results hands over what became known of messages between two instants, in
	// no order; some may be of messages that were not ours. What was handed over
	// holds, whatever error comes after it.
	Results(ctx context.Context, from, until time.Time, each func(Receipt)) error
}

// Deduper is a gateway that takes the same Message.Delivery only once within
// the given time, so that sending again is safe.
type Deduper interface {
	DedupesFor() time.Duration
}

// Multicaster is a gateway that hands the same text to many recipients in one
// request.
type Multicaster interface {
	// Most is how many recipients one request may have.
	Most() int
	// SendMany hands over one text: the messages differ in To and Delivery only,
	// and no To comes twice. key names the request as Message.Delivery names a
	// message: sent again, it must have the same messages in the same order.
	//
	// What it returns holds for each of them. A [RejectedError] with Recipient
	// says that nobody was served because of some of them: send one by one.
	SendMany(ctx context.Context, key string, ms []Message) (ref string, err error)
}

// Direct is a gateway that speaks with the recipient's own end: what it has
// handed over has arrived, and nobody will report on it later.
type Direct interface {
	// HandedOver is what is known of a message once Send has returned no error.
	HandedOver() Rank
}

// RejectedError is a final no.
type RejectedError struct {
	Code      string // the gateway's
	Text      string
	Recipient bool // this recipient only: never counts against the gateway
	Suppress  bool // this address must not be tried again (landline, opted out)
}

func (e *RejectedError) Error() string { return fmt.Sprintf("rejected (%s): %s", e.Code, e.Text) }

// ThrottledError says that the gateway took nothing and when to come back.
type ThrottledError struct {
	After time.Duration
	Text  string
}

func (e *ThrottledError) Error() string { return fmt.Sprintf("throttled for %s: %s", e.After, e.Text) }

// UncertainError says that the message may or may not have been taken: bytes
// went out and no answer came back that tells.
type UncertainError struct{ Err error }

func (e *UncertainError) Error() string { return "no answer that tells: " + e.Err.Error() }

func (e *UncertainError) Unwrap() error { return e.Err }

// RecipientError says that the recipient's own end failed for now: a
// subscriber's server, a full mailbox. What Err asks of the sender holds for
// this recipient, but says nothing of the gateway.
type RecipientError struct{ Err error }

func (e *RecipientError) Error() string { return "the recipient's end: " + e.Err.Error() }

func (e *RecipientError) Unwrap() error { return e.Err }

// Rank is what is known of a delivery. A rank only ever rises: callbacks come
// late, twice and out of order.
type Rank uint8

// The ranks. Unknown is not one of them: it is derived (authorised, no result,
// owner gone).
const (
	Planned Rank = iota
	Accepted
	Sent
	FailedRank
	Delivered
)

var rankNames = [...]string{"planned", "accepted", "sent", "failed", "delivered"}

func (r Rank) String() string {
	if int(r) < len(rankNames) {
		return rankNames[r]
	}
	return fmt.Sprintf("rank(%d)", uint8(r))
}

// Receipt is what a gateway says, later, of a delivery.
type Receipt struct {
	Delivery string // our key, as it went out in the callback's address
	Ref      string // the gateway's reference
	Rank     Rank
	Code     string // the gateway's error code, if any
	Text     string
	Suppress bool
	At       time.Time
}

// Settings is a gateway's settings; the struct is decoded strictly from the
// configuration, described by doc tags, and opens the gateway.
type Settings interface {
	// Problems says what is wrong with the settings, as far as the values
	// themselves tell.
	Problems() []Problem
	// Open makes the gateway. It does no I/O.
	Open(o Outside) (Gateway, error)
}

// Problem is something wrong with settings: Path is relative to them.
type Problem struct {
	Path string
	Text string
}

// Outside is what a gateway may know of the program around it.
type Outside struct {
	PublicURL  string // callbacks come to PublicURL + /hooks/…
	UserAgent  string
	Simulation bool
	Token      func(delivery string) string // authenticates a delivery key in a callback's address
	Now        func() time.Time             // for gateways that sign the time into a request
	Nonce      func() string                // letters and digits that never come again, 24 at least
	// Transport carries every request where it is set: a drill's, whose gateways
	// then reach nobody whatever their base_url says. Nil is the network.
	Transport http.RoundTripper
}

// GatewayKind is a way to hand over, chosen by `kind:`.
type GatewayKind struct {
	Kind  string // "twilio"
	Class Class  // the texts it carries
	Doc   string
	New   func() Settings // with defaults filled in
	Parts bool            // as [Route.Parts]
}

// Class is a kind of text: what limits hold for it.
type Class string

// The classes of this program's channels.
const (
	ClassSMS        Class = "sms"        // bytes in EUC-KR for ko, UCS-2 units for ja, septets for en
	ClassLMS        Class = "lms"        // a long text by the same gateways: 2,000 bytes in EUC-KR, with a title
	ClassAlimTalk   Class = "alimtalk"   // a registered template with parameters
	ClassMessenger  Class = "messenger"  // plain text in a chat: LINE and its like
	ClassMail       Class = "mail"       // title, plain text and HTML
	ClassPush       Class = "push"       // a title and a few lines on a screen
	ClassWebhook    Class = "webhook"    // JSON for machines, in our own shape
	ClassStatuspage Class = "statuspage" // JSON for machines, as the Statuspage API sends it
	ClassChat       Class = "chat"       // Slack and its like: operators
)

// Secret is a password or token. It prints as "…" however it is printed; only
// Reveal gives it away, so every use of a secret can be found with grep.
//
// Printing a struct cannot ask a field for its text that is not exported, and
// prints what is inside of it. So there is a handle inside, not the value.
type Secret struct{ value unique.Handle[string] }

// NewSecret keeps a value from being printed.
func NewSecret(value string) Secret {
	if value == "" {
		return Secret{}
	}
	return Secret{unique.Make(value)}
}

// Reveal gives the secret away.
func (s Secret) Reveal() string {
	if s.Empty() {
		return ""
	}
	return s.value.Value()
}

// Empty says whether there is no secret.
func (s Secret) Empty() bool { return s == Secret{} }

func (Secret) String() string               { return "…" }
func (Secret) GoString() string             { return "…" }
func (Secret) LogValue() slog.Value         { return slog.StringValue("…") }
func (Secret) MarshalText() ([]byte, error) { return []byte("…"), nil }

// Channel is a way to people, of one class, with its gateways in order.
type Channel struct {
	ID       string
	Kind     string // sms, alimtalk, slack
	Class    Class
	Follows  string   // the component it depends on, or empty
	Domains  []string //
	Target   string   // for a channel with one fixed recipient (Slack's "#outages"); empty otherwise
	DailyCap Money    // zero: no cap
	// PerPerson is how many notices a day somebody gets by it; 0: no limit. First
	// words and the end are always told.
	PerPerson int
	// Duplicates is the part of a notice's people on it who may turn out to have
	// heard twice before nobody is rescued any more from a gateway judged dead.
	Duplicates float64
	Gateways   []Route
}

// Route is one gateway of a channel with its pace and price. Each sender number
// is a route of its own.
type Route struct {
	Name    string // "sms/twilio", unique
	Gateway Gateway
	Rate    float64 // messages a second on all nodes together, never above it in any second; 0 is no limit
	Price   Money   // of one piece of a text
	// PriceLong is what a long text costs; zero: as much as another.
	PriceLong Money
	// Parts says that the gateway is paid for each part of a text as networks
	// count them (GSM-7 or UCS-2), not for the text as Korean carriers count it.
	Parts  bool
	Weight int                // its part of the channel against the others'; all zero: the first that works takes all
	PerDay int                // most messages in a day; 0: no limit
	Codes  map[string]Meaning // what the gateway's codes say, in place of the vendor's table
}

// Money is an amount in a currency's smallest everyday unit, in thousandths.
type Money struct {
	Milli    int64
	Currency string // KRW
}

// Hop is one step of a plan.
type Hop struct {
	Channel string
	Wait    time.Duration // how long to wait for Until before the next hop
	Until   Rank          // what counts as success: Accepted, Sent or Delivered
	Long    bool          // a long text (LMS) in place of an SMS, where the channel carries SMS
}

// Class is the kind of text that goes out at the hop by a channel of the class.
func (h Hop) Class(channel Class) Class {
	if h.Long && channel == ClassSMS {
		return ClassLMS
	}
	return channel
}

// Audience says who hears: a line of the configuration's routes.
type Audience struct {
	Audience string // subscribers or operators
	Plan     string // id of a plan, or of an implied one for a single channel
	AtLeast  status.State
}
