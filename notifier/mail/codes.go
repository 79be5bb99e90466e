package mail

import (
	"errors"
	"fmt"
	"net/textproto"
	"regexp"
	"slices"
	"strconv"
	"time"

	"bongsu/notifier"
	"bongsu/notifier/wire"
)

// step is how far a conversation with a mail server came.
type step int

const (
	greeting  step = iota // connecting, EHLO and TLS
	login                 // AUTH
	sender                // MAIL
	recipient             // RCPT
	content               // DATA, and the text up to its end
	end                   // the dot that ends it has left: the server may have the mail
)

// closing is what a server says that ends a connection by itself.
const closing = 421

const (
	// busyPause is for a server that wants no more for now.
	busyPause = 5 * time.Second
	// greyPause is for a mailbox that wants to be asked again later: servers
	// that put strangers to the test take them after some minutes.
	greyPause = 2 * time.Minute
)

// gone are the enhanced codes (RFC 3463 and the IANA registry) of addresses
// that will never take mail again.
var gone = []string{
	"5.1.1",  // no such mailbox
	"5.1.2",  // no such domain
	"5.1.3",  // not an address
	"5.1.6",  // moved, nobody says where to
	"5.1.10", // the domain says that it takes no mail
	"5.2.1",  // mailbox switched off
	"5.7.13", // account switched off
	"5.7.17", // the mailbox has another owner
}

// theirs are the enhanced codes, by their first two numbers, that are of the
// recipient's own end: the mailbox and the way to it.
var theirs = []string{"5.1", "5.2", "5.4"}

// ours are exceptions to theirs: what is wrong with the sender.
var ours = []string{"5.1.7", "5.1.8"}

// classify says what an error at a step asks of the sender. A server that says
// no has not taken the mail; one that says nothing after the end may have.
//
//	421 at any step                  later: the server wants no more for now
//	no answer after the end          in doubt
//	no answer before                 plain
//	AUTH refused                     rejected: ours
//	4xx for the recipient            later, of the recipient's own end
//	other 4xx                        plain
//	5xx of the recipient's own end   rejected: the recipient; never again for gone
//	other 5xx                        rejected: ours
func classify(at step, err error, secrets []string) error {
	no, told := errors.AsType[*textproto.Error](err)
	if !told {
		err = quiet(err, secrets)
		if at == end {
			return &notifier.UncertainError{Err: err}
		}
		return err
	}
	enhanced := enhancedCode(no.Msg)
	code, text := "SMTP "+strconv.Itoa(no.Code), scrub(no.Msg, secrets)
	if enhanced != "" {
		code += " " + enhanced
	}
	switch {
	case no.Code == closing:
		return &notifier.ThrottledError{After: busyPause, Text: code + ": " + text}
	case no.Code < 500 && at == recipient:
		return &notifier.RecipientError{Err: &notifier.ThrottledError{After: greyPause, Text: code + ": " + text}}
	case no.Code < 500:
		return fmt.Errorf("%s: %s", code, text)
	}
	refused := &notifier.RejectedError{Code: code, Text: text}
	if at >= recipient {
		refused.Suppress = slices.Contains(gone, enhanced)
		refused.Recipient = refused.Suppress || isTheirs(at, no.Code, enhanced)
	}
	return refused
}

// isTheirs says whether a final no is about the mailbox. Servers without
// enhanced codes are taken at their word when they say it of the recipient.
func isTheirs(at step, code int, enhanced string) bool {
	if enhanced == "" {
		return at == recipient && code >= 550 && code <= 553
	}
	class := enhancedClass.FindString(enhanced)
	return slices.Contains(theirs, class) && !slices.Contains(ours, enhanced)
}

var (
	enhancedForm  = regexp.MustCompile(`^[245]\.\d{1,3}\.\d{1,3}\b`)
	enhancedClass = regexp.MustCompile(`^\d\.\d+`)
)

func enhancedCode(text string) string { return enhancedForm.FindString(text) }

// quietError is an error whose text names neither a person nor a secret.
type quietError struct {
	text string
	err  error
}

func (e *quietError) Error() string { return e.text }

// Unwrap keeps errors.Is working, for a context that ended.
func (e *quietError) Unwrap() error { return e.err }

func quiet(err error, secrets []string) error {
	return &quietError{text: scrub(err.Error(), secrets), err: err}
}

// addressLike is anything that may be somebody's mail address: servers repeat
// them, and not always as they were given.
var addressLike = regexp.MustCompile(`[^\s<>"]+@[^\s<>"]+`)

func scrub(text string, secrets []string) string {
	return wire.Scrub(addressLike.ReplaceAllString(text, "…"), secrets...)
}
