package solapi

import (
	"errors"
	"net/http"
	"strings"

	"bongsu/notifier"
	"bongsu/notifier/wire"
)

// verdict is what a status code says of a text that was not taken.
type verdict uint8

const (
	ours     verdict = iota // our account, our sender or our text: counts against the gateway
	theirs                  // this recipient only
	suppress                // this recipient, and for good
	again                   // nothing taken; the gateway's fault
)

// verdicts are of the vendor's table of message status codes. Its first digit
// says how far a text came: 1 not taken, 2 inside of Solapi, 3 at the carrier,
// 4 at the phone.
var verdicts = map[string]verdict{
	"1024": again,    // their server
	"2024": again,    // their server
	"1058": theirs,   // no route
	"1060": theirs,   // number blocked
	"2060": theirs,   // number blocked
	"1061": suppress, // has opted out by the free 080 number
	"2061": suppress, // the same, found later
	"3032": suppress, // no subscriber at the number
	"3010": theirs,   // no valid number
}

// classify turns the status code of a text that was not taken into the error
// that says what to do.
func classify(x *wire.Exchange, code, text string, secrets []string) error {
	code, text = plain(code, secrets), wire.Scrub(text, secrets...)
	v := verdicts[code]
	switch {
	case x.Status == http.StatusTooManyRequests:
		return x.Throttled(code + " " + text)
	case v == again:
		return errors.New("refused for now (" + code + "): " + text)
	}
	return &notifier.RejectedError{Code: code, Text: text, Recipient: v == theirs || v == suppress, Suppress: v == suppress}
}

// refused is for an error of a whole request. Its codes are words, of which no
// full list is published: the HTTP status decides. An error of theirs with a
// code is in doubt all the same, and the look-up settles it.
func refused(x *wire.Exchange, code, text string, secrets []string) error {
	code, text = plain(code, secrets), wire.Scrub(text, secrets...)
	switch {
	case x.Status == http.StatusTooManyRequests:
		return x.Throttled(code + " " + text)
	case x.Status >= 500:
		return &notifier.UncertainError{Err: errors.New("their error (" + code + "): " + text)}
	}
	return &notifier.RejectedError{Code: code, Text: text}
}

// plain is a code if it is one: a word, and not somebody's text.
func plain(code string, secrets []string) string {
	code = wire.Scrub(code, secrets...)
	if len(code) > 64 || strings.ContainsFunc(code, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '_' && r != '-'
	}) {
		return "no code"
	}
	return code
}

// Status codes on the good way.
const (
	codeTaken     = "2000"
	codeSent      = "3000" // at the carrier, which has not reported yet
	codeDelivered = "4000"
)

// rank is what a status code says; one that is none of the table's says no
// more than that the text was taken.
func rank(code string) notifier.Rank {
	switch code {
	case codeSent:
		return notifier.Sent
	case codeDelivered:
		return notifier.Delivered
	case codeTaken, "":
		return notifier.Accepted
	}
	if len(code) == 4 && code[0] >= '1' && code[0] <= '3' {
		return notifier.FailedRank
	}
	return notifier.Accepted
}
