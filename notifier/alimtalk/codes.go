package alimtalk

import (
	"errors"
	"strconv"

	"bongsu/notifier"
	"bongsu/notifier/wire"
)

// Result codes of NHN Cloud's API that call for something other than giving up.
const (
	codeRepeated    = -1005  // the key was used within the last ten minutes
	codeRepeatedHub = 400305 // the same, in the newer numbering
	codeTheirs      = -9999  // an error of the system's own
)

func repeated(code int) bool { return code == codeRepeated || code == codeRepeatedHub }

// classify turns a result code into the error that says what to do. An answer
// with a code is a no, whatever its HTTP status; should one of their own
// errors hide a message that was taken, the next try is refused as a repeat.
// recipient says that the code came in the recipient's line.
func classify(x *wire.Exchange, code int, text string, recipient bool, secrets []string) error {
	name, text := strconv.Itoa(code), wire.Scrub(text, secrets...)
	switch {
	case x.Status == 429:
		return x.Throttled(name + " " + text)
	case x.Status >= 500, code == codeTheirs:
		return errors.New("refused for now (" + name + "): " + text)
	}
	return &notifier.RejectedError{Code: name, Text: text, Recipient: recipient}
}
