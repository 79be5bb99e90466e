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

// Numbers says which telephone numbers are taken.
type Numbers struct {
	Region     string   // a number without a country code is of this country; "" is Korea
	Countries  []string // a number must be of one of these; with none, any will do
	Possible   bool     // a number that no table knows is taken if it may be one: they are late with new ones
	Simulation bool     // 010-0000-00xx, which no operator gives out, are taken too
}

// Read reads a number as people type it and gives it in E.164 (+821012345678).
// The error is an [AddressError].
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
	country := countryIn(n)
	if len(o.Countries) > 0 && !slices.Contains(o.Countries, country) {
		return "", ErrNumberAbroad
	}
	if !textable(n, country) && (!o.Possible || !mayText(n, country)) {
		return "", ErrNumberNotMobile
	}
	return phonenumbers.Format(n, phonenumbers.E164), nil
}

// countryIn is the country that a number is of.
func countryIn(n *phonenumbers.PhoneNumber) string {
	return cmp.Or(phonenumbers.GetRegionCodeForNumber(n), phonenumbers.GetRegionCodeForCountryCode(int(n.GetCountryCode())))
}

// countryOf is the country of a number in E.164.
func countryOf(e164 string) string {
	n, err := phonenumbers.Parse(e164, home)
	if err != nil {
		return ""
	}
	return countryIn(n)
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

// mayText says whether a text may reach a number that textable does not know.
// In Korea that is a safety number, 050 and a digit, that leads to a mobile; a
// landline, or a network that has ended, it is not. Elsewhere it is whatever is
// possible and not known to be something else.
func mayText(n *phonenumbers.PhoneNumber, country string) bool {
	if country == home {
		national := strconv.FormatUint(n.GetNationalNumber(), 10)
		return strings.HasPrefix(national, "50") && len(national) >= 10 && len(national) <= 11
	}
	return !phonenumbers.IsValidNumber(n)
}

// simulated says whether a number is one of the simulated city's.
func simulated(e164 string) bool {
	rest, found := strings.CutPrefix(e164, "+82100000")
	return found && len(rest) == 4 && strings.HasPrefix(rest, "00")
}
