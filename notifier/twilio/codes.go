package twilio

import (
	"strconv"
	"time"

	"bongsu/notifier"
	"bongsu/notifier/wire"
)

// verdict is what one of Twilio's error codes says beyond its number
// (https://www.twilio.com/docs/api/errors).
type verdict uint8

const (
	ours      verdict = iota // our account, our sender or our text: counts against the gateway
	recipient                // this recipient only
	suppress                 // this recipient, and for good
	pause                    // nothing taken; slower
	again                    // nothing taken; their fault
)

var verdicts = map[int]verdict{
	20429: pause,     // too many requests
	14107: pause,     // send rate exceeded
	21611: pause,     // the sender's queue is full
	30001: pause,     // queue overflow
	63017: pause,     // account-wide rate
	63038: pause,     // daily limit
	20500: again,     // internal error
	20503: again,     // service unavailable
	20504: again,     // gateway time-out, answered as such
	21211: recipient, // no valid number
	21408: recipient, // region not enabled
	21608: recipient, // trial account, number not verified
	21612: recipient, // no route from this sender to this number
	30003: recipient, // handset unreachable
	30004: recipient, // blocked
	30005: recipient, // unknown handset
	21610: suppress,  // answered STOP
	21614: suppress,  // no mobile number
	21635: suppress,  // landline
	30006: suppress,  // landline or unreachable carrier
}

// fullQueue is the pause after a sender's queue overflowed: it holds ten hours
// of texts, so a second later it is no emptier.
const fullQueue = time.Minute

// classify turns an answer with a code into the error that says what to do.
// Such an answer is a no, whatever its HTTP status: Twilio itself says that it
// did not take the message.
func classify(x *wire.Exchange, code int, text string, secrets []string) error {
	v := verdicts[code]
	switch {
	case v == pause || x.Status == 429:
		t := x.Throttled(strconv.Itoa(code)+" "+text, secrets...)
		if code == 21611 || code == 30001 {
			t.After = max(t.After, fullQueue)
		}
		return t
	case v == again || x.Status >= 500:
		return &refusedError{code: code, text: wire.Scrub(text, secrets...)}
	}
	return &notifier.RejectedError{
		Code: strconv.Itoa(code), Text: wire.Scrub(text, secrets...),
		Recipient: v == recipient || v == suppress, Suppress: v == suppress,
	}
}

// refusedError is a no that may be a yes later.
type refusedError struct {
	code int
	text string
}

func (e *refusedError) Error() string {
	return "refused for now (" + strconv.Itoa(e.code) + "): " + e.text
}
