package signup

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// maxTyped bounds what is read of a number, in bytes.
const maxTyped = 64

// home is the country a number without a country code is of, where no other
// is named.
const home = "KR"

// A NumberError says why a text cannot reach what was typed.
type NumberError uint8

// The reasons.
const (
	ErrNumberMissing   NumberError = iota // nothing was typed
	ErrNumberUnread                       // it is no number
	ErrNumberNotMobile                    // it is one that cannot get a text
	ErrNumberAbroad                       // it is of a country that is not served
)

func (e NumberError) Error() string {
	return [...]string{
		"there is no number; write a mobile number such as 010-1234-5678",
		"this is no telephone number; write digits only, such as 010-1234-5678",
		"this number cannot get a text; write a mobile number such as 010-1234-5678",
		"numbers of this country cannot sign up here",
	}[e]
}

// Numbers says which telephone numbers are taken.
type Numbers struct {
	Region     string   // a number without a country code is of this country; "" is Korea
	Countries  []string // a number must be of one of these; with none, any will do
	Simulation bool     // 010-0000-00xx, which no operator gives out, are taken too
}

// Read reads a number as people type it and gives it in E.164 (+821012345678).
// The error is a [NumberError].
func (o Numbers) Read(typed string) (string, error) {
	digits, err := plain(typed)
	if err != nil {
		return "", err
	}
	n, err := phonenumbers.Parse(digits, cmp.Or(o.Region, home))
	if err != nil {
		return "", ErrNumberUnread
	}
	if e164 := phonenumbers.Format(n, phonenumbers.E164); o.Simulation && simulated(e164) {
		return e164, nil
	}
	if !phonenumbers.IsPossibleNumber(n) {
		return "", ErrNumberUnread
	}
	country := phonenumbers.GetRegionCodeForNumber(n)
	if country == "" {
		country = phonenumbers.GetRegionCodeForCountryCode(int(n.GetCountryCode()))
	}
	if len(o.Countries) > 0 && !slices.Contains(o.Countries, country) {
		return "", ErrNumberAbroad
	}
	if !textable(n, country) {
		return "", ErrNumberNotMobile
	}
	return phonenumbers.Format(n, phonenumbers.E164), nil
}

// plain is what was typed, as digits and perhaps a plus. Wide digits, spaces
// and what people put between groups are fine; letters are not.
func plain(typed string) (string, error) {
	if len(typed) > maxTyped {
		return "", ErrNumberUnread
	}
	var out strings.Builder
	for _, r := range strings.TrimSpace(typed) {
		switch {
		case r >= '0' && r <= '9':
			out.WriteRune(r)
		case r >= '０' && r <= '９':
			out.WriteRune(r - '０' + '0')
		case (r == '+' || r == '＋') && out.Len() == 0:
			out.WriteByte('+')
		case strings.ContainsRune(" \u00a0\u3000-‐‑‒–—―−－ー.()（）/", r):
		default:
			return "", ErrNumberUnread
		}
	}
	switch out.String() {
	case "":
		return "", ErrNumberMissing
	case "+":
		return "", ErrNumberUnread
	}
	return out.String(), nil
}

// textable says whether a text can reach the number. In Korea that is 010 and
// eight digits, the first of them no 0, which nobody is given: the tables still
// call 011 and its like mobile, whose networks have ended.
func textable(n *phonenumbers.PhoneNumber, country string) bool {
	if !phonenumbers.IsValidNumber(n) {
		return false
	}
	if country == home {
		national := strconv.FormatUint(n.GetNationalNumber(), 10)
		return len(national) == 10 && strings.HasPrefix(national, "10") && national[2] != '0'
	}
	kind := phonenumbers.GetNumberType(n)
	return kind == phonenumbers.MOBILE || kind == phonenumbers.FIXED_LINE_OR_MOBILE
}

// simulated says whether a number is one of the simulated city's.
func simulated(e164 string) bool {
	rest, found := strings.CutPrefix(e164, "+82100000")
	return found && len(rest) == 4 && strings.HasPrefix(rest, "00")
}
