// Package gatewaytest is what every gateway has to do, as tests: it says what
// kind of no it got, sends once, waits no longer than it must, reads no more
// than it must, and tells nobody's number, words or secrets.
//
// A gateway's own tests keep what only it does: the form of its requests, its
// look-ups and its callbacks.
package gatewaytest

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"bongsu/notifier"
)

// Case is a gateway under test.
type Case struct {
	// Settings are good settings whose requests go to the base address, that of
	// a stand-in on this machine. A gateway whose address is the recipient's has
	// it in Message instead, and may leave out what guards it against this
	// machine.
	Settings func(base string) notifier.Settings
	// Message is one that the gateway takes. The suite changes its texts.
	Message func(base string) notifier.Message
	// Classes are those of the texts it carries; the first is Message's.
	Classes []notifier.Class
	// Secrets are what Settings hold and nothing may tell.
	Secrets []string
	// NoFixedBase says that requests go where the recipient's address says.
	NoFixedBase bool

	// StatusTells says that a good status is a yes whatever follows it, or does
	// not: nothing else of the answer is needed.
	StatusTells bool

	// Taken is the answer to a message that is taken, and Ref the reference that
	// follows from it.
	Taken Answer
	Ref   string
	// Answers are the gateway's own, beyond what any HTTP server may say.
	Answers []Saying
	// Bare are statuses, with a body of HTML, that mean something else here than
	// they mean elsewhere; see [Run].
	Bare map[int]Want

	// Text finds the title and the body in a request; the body is what the
	// recipient is to read. Without it the suite does not look for them.
	Text func(Seen) (title, body string)
	// Find and Result say that the gateway has them and asks at most one
	// question for each.
	Find, Result bool
}

// Answer is what a stand-in says.
type Answer struct {
	Status int // 200 if zero
	Header http.Header
	// Body may contain [Echo].
	Body string
}

// Echo stands, in an answer's body, for everything that an answer must not make
// an error tell: secrets, number and words, as a careless gateway repeats them.
// It may stand inside a JSON string.
const Echo = "%ECHO%"

// JSON is an answer of that type.
func JSON(status int, body string) Answer {
	return Answer{Status: status, Header: http.Header{"Content-Type": {"application/json"}}, Body: body}
}

// Saying is an answer and what it means.
type Saying struct {
	Answer
	Want Want
}

// Want is what an error asks of the sender.
type Want struct {
	Kind  Kind
	Code  string        // of a rejection; empty is any
	After time.Duration // of a throttling; zero is any
}

// Kind names what an error asks of the sender.
type Kind string

// The kinds, as [notifier.Gateway] has them.
const (
	Taken     Kind = "taken"
	Again     Kind = "again"     // nothing was taken; try again
	Uncertain Kind = "uncertain" // it may have been taken
	Throttled Kind = "throttled" // nothing was taken; it says when to come back
	Ours      Kind = "rejected"  // a final no, and our own fault or the gateway's
	Recipient Kind = "rejected: the recipient's"
	Suppress  Kind = "rejected: never to be tried again"
)

// Is makes a [Want] of a kind alone.
func Is(kind Kind) Want { return Want{Kind: kind} }

// Rejects makes a [Want] of a rejection.
func Rejects(kind Kind, code string) Want { return Want{Kind: kind, Code: code} }

// kindOf reads what an error asks of the sender.
func kindOf(err error) Want {
	if err == nil {
		return Want{Kind: Taken}
	}
	if no, ok := errors.AsType[*notifier.RejectedError](err); ok {
		switch {
		case no.Suppress && !no.Recipient:
			return Want{Kind: "rejected for ever, but not the recipient's", Code: no.Code}
		case no.Suppress:
			return Want{Kind: Suppress, Code: no.Code}
		case no.Recipient:
			return Want{Kind: Recipient, Code: no.Code}
		}
		return Want{Kind: Ours, Code: no.Code}
	}
	if slow, ok := errors.AsType[*notifier.ThrottledError](err); ok {
		return Want{Kind: Throttled, After: slow.After}
	}
	if _, ok := errors.AsType[*notifier.UncertainError](err); ok {
		return Want{Kind: Uncertain}
	}
	return Want{Kind: Again}
}

// meets says whether an error is as wanted.
func (w Want) meets(got Want) bool {
	return w.Kind == got.Kind && (w.Code == "" || w.Code == got.Code) && (w.After == 0 || w.After == got.After)
}

func (w Want) String() string {
	switch {
	case w.Code != "":
		return fmt.Sprintf("%s (%s)", w.Kind, w.Code)
	case w.After != 0:
		return fmt.Sprintf("%s for %s", w.Kind, w.After)
	}
	return string(w.Kind)
}
