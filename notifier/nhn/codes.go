package nhn

import (
	"errors"
	"strconv"

	"bongsu/notifier"
	"bongsu/notifier/wire"
)

// verdict is what one of the API's result codes says beyond its number.
type verdict uint8

const (
	unknown  verdict = iota
	ours             // our app, our sender or our text: counts against the gateway
	theirs           // this recipient only
	suppress         // this recipient, and for good
	again            // nothing taken; the gateway's fault
	doubt            // the gateway's fault, and it does not say that nothing was taken
)

// verdicts are of the codes that say no to a hand-over, as the vendor's guide
// has them.
var verdicts = map[int]verdict{
	-2018: theirs,   // no number
	-2019: theirs,   // no valid number
	-2024: theirs,   // a long text to another country
	-2044: theirs,   // a country nothing is sent to
	-2045: theirs,   // other countries switched off
	-2046: theirs,   // this country switched off
	-2048: theirs,   // too long for another country
	-6001: suppress, // has opted out by the free 080 number
	-2021: again,    // not put into the queue
	-9999: doubt,    // an unexpected error of the system's own
	-2015: ours,     // title or body too long
	-2023: ours,     // characters that cannot be sent
	-2312: ours,     // sender not registered
	-2313: ours,     // sender blocked
}

// classify turns a result code into the error that says what to do. line says
// that the code came in the recipient's own line: there, one we do not know is
// the recipient's.
func classify(x *wire.Exchange, code int, text string, line bool, secrets []string) error {
	v, name, text := verdicts[code], strconv.Itoa(code), wire.Scrub(text, secrets...)
	switch {
	case x.Status == 429:
		return x.Throttled(name + " " + text)
	case v == again:
		return errors.New("refused for now (" + name + "): " + text)
	case v == doubt, x.Status >= 500:
		return &notifier.UncertainError{Err: errors.New("their error (" + name + "): " + text)}
	}
	return &notifier.RejectedError{
		Code: name, Text: text,
		Recipient: v == theirs || v == suppress || line && v == unknown, Suppress: v == suppress,
	}
}

// Codes of results: what the carrier or the phone made of a text.
const (
	codeDelivered  = "1000"
	codeNobody     = "3001" // no subscriber at the number
	codeNoSuch     = "3003" // no such number
	stateFailed    = "0"
	stateDone      = "3"
	stateCancelled = "4"
	stateRepeated  = "5"
)

// rank is what a state and a result code say. A text that is done without a
// code has left and no more; words that we do not know say only that it was
// taken.
func rank(state, code string) notifier.Rank {
	switch {
	case code == codeDelivered:
		return notifier.Delivered
	case code != "", state == stateFailed, state == stateCancelled, state == stateRepeated:
		return notifier.FailedRank
	case state == stateDone:
		return notifier.Sent
	}
	return notifier.Accepted
}
