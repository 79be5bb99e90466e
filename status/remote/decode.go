package remote

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"bongsu/status"
)

// Bounds of what one side takes from the other. A message beyond one of them is
// refused as a whole.
const (
	MaxHello   = 4 << 10  // bytes
	MaxBatch   = 1 << 20  // bytes
	MaxWelcome = 64 << 20 // bytes
	MaxReply   = 1 << 20  // bytes of an Ack or a Call

	MaxLooks  = 2000 // of a batch
	MaxReason = 1000 // bytes of a look's reason or a doubt's
	MaxDoubts = 8    // of a batch
	MaxCalled = 1000 // checks of a call

	maxChecks  = 20_000
	maxSteps   = 256 << 10 // bytes of a check's steps
	maxSecrets = 2000
	maxSecret  = 64 << 10 // bytes of a secret's value
	maxID      = 512      // bytes
	maxLabel   = 200      // bytes of a version, a contact, a cron line
	maxRun     = 64       // bytes
	maxTook    = time.Hour
	maxTries   = 10 // of confirm and recover
)

// Message is what one side sends to the other.
type Message interface {
	Hello | Welcome | Batch | Ack | Call | Work
}

// Decode reads a message strictly: one JSON value, no key that is not known, and
// everything within its bounds. The caller has bounded the text itself.
func Decode[M Message](text []byte) (*M, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	m := new(M)
	if err := d.Decode(m); err != nil {
		return nil, fmt.Errorf("reading a message: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("reading a message: something follows it")
	}
	if err := any(m).(interface{ Problem() error }).Problem(); err != nil {
		return nil, fmt.Errorf("reading a message: %w", err)
	}
	return m, nil
}

// Problem is what is wrong with the message, or nil.
func (h *Hello) Problem() error {
	return firstOf(
		protocol(h.Protocol), line("program", h.Program, maxLabel), named("run", h.Run, maxRun),
		line("work", h.Work, maxLabel), instant("sent", h.Sent),
	)
}

// Problem is what is wrong with the message, or nil.
func (w *Welcome) Problem() error {
	err := firstOf(
		protocol(w.Protocol), named("location", w.Location, maxID),
		instant("received", w.Received), instant("answered", w.Answered),
	)
	if err == nil && w.Work != nil {
		err = w.Work.Problem()
	}
	return err
}

// Problem is what is wrong with the work, or nil. What the steps and the
// schedules say is looked at by those who run them.
func (w *Work) Problem() error {
	err := firstOf(
		named("version", w.Version, maxLabel), line("contact", w.Contact, maxLabel),
		within("confirm", w.Confirm, 1, maxTries), within("recover", w.Recover, 1, maxTries),
		atMost("checks", len(w.Checks), maxChecks), atMost("secrets", len(w.Secrets), maxSecrets),
	)
	if err != nil {
		return err
	}
	seen := make(map[string]bool, len(w.Checks))
	for i := range w.Checks {
		c := &w.Checks[i]
		if err := c.problem(); err != nil {
			return fmt.Errorf("checks[%d]: %w", i, err)
		}
		if seen[c.ID] {
			return fmt.Errorf("checks[%d]: %q is there twice", i, c.ID)
		}
		seen[c.ID] = true
	}
	for name, value := range w.Secrets {
		if err := firstOf(named("a secret's name", name, maxID), atMost("the value of a secret", len(value), maxSecret)); err != nil {
			return err
		}
	}
	return nil
}

func (c *Check) problem() error {
	err := firstOf(
		named("id", c.ID, maxID), atMost("steps", len(c.Steps), maxSteps), line("cron", c.Cron, maxLabel),
		lasting("timeout", c.Timeout), lasting("fresh", c.Fresh),
		within("per_interval", c.PerInterval, 0, 1000), within("per_day", c.PerDay, 0, 1_000_000),
	)
	switch {
	case err != nil:
		return err
	case c.Steps == "" || !utf8.ValidString(c.Steps):
		return errors.New("steps is empty or not UTF-8")
	case (c.Every > 0) == (c.Cron != "") || c.Every < 0:
		return errors.New("needs either an interval or a cron line")
	case c.Recheck < 0:
		return errors.New("recheck is negative")
	}
	return nil
}

// Problem is what is wrong with the message, or nil.
func (b *Batch) Problem() error {
	err := firstOf(
		protocol(b.Protocol), named("run", b.Run, maxRun), instant("sent", b.Sent), b.Clock.Problem(),
		atMost("looks", len(b.Looks), MaxLooks), atMost("doubts", len(b.Doubts), MaxDoubts),
	)
	switch {
	case err != nil:
		return err
	case b.First == 0 || b.First+uint64(len(b.Looks)) < b.First:
		return errors.New("first is no number of a look; they are counted from 1")
	case b.Lost >= b.First:
		return errors.New("lost is more than there were")
	}
	for i := range b.Looks {
		if err := b.Looks[i].problem(); err != nil {
			return fmt.Errorf("looks[%d]: %w", i, err)
		}
	}
	for i, d := range b.Doubts {
		if err := d.problem(); err != nil {
			return fmt.Errorf("doubts[%d]: %w", i, err)
		}
	}
	return nil
}

func (l *Look) problem() error {
	if l.Took < 0 || l.Took > maxTook {
		return fmt.Errorf("took is not within 0 and %s", maxTook)
	}
	return firstOf(named("check", l.Check, maxID), instant("at", l.At), line("reason", l.Reason, MaxReason))
}

func (d *SelfDoubt) problem() error {
	if d.Kind != status.DoubtClock && d.Kind != status.DoubtSelf {
		return fmt.Errorf("%q is no doubt that an agent has of itself", d.Kind)
	}
	return line("reason", d.Reason, MaxReason)
}

// Problem is what is wrong with the message, or nil.
func (a *Ack) Problem() error {
	return firstOf(protocol(a.Protocol), instant("received", a.Received), instant("answered", a.Answered))
}

// Problem is what is wrong with the message, or nil.
func (c *Call) Problem() error {
	if err := firstOf(protocol(c.Protocol), line("work", c.Work, maxLabel), atMost("checks", len(c.Checks), MaxCalled)); err != nil {
		return err
	}
	for _, id := range c.Checks {
		if err := named("a check", id, maxID); err != nil {
			return err
		}
	}
	return nil
}

// ErrProtocol says that the other side speaks another version.
var ErrProtocol = errors.New("the other side speaks another version of the protocol; upgrade the older of hub and agent")

func protocol(version int) error {
	if version != Protocol {
		return fmt.Errorf("%w: %d, not %d", ErrProtocol, version, Protocol)
	}
	return nil
}

// firstOf is the first error there is.
func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func within(what string, n, least, most int) error {
	if n < least || n > most {
		return fmt.Errorf("%s is %d, not within %d and %d", what, n, least, most)
	}
	return nil
}

func atMost(what string, n, most int) error {
	if n > most {
		return fmt.Errorf("%s: %d of at most %d", what, n, most)
	}
	return nil
}

func lasting(what string, d time.Duration) error {
	if d <= 0 {
		return fmt.Errorf("%s is not above zero", what)
	}
	return nil
}

// Unfit says whether a character has no place in a line: it is a control
// character, ends a line, or turns the words around it.
func Unfit(r rune) bool {
	return unicode.In(r, unicode.Cc, unicode.Bidi_Control, unicode.Zl, unicode.Zp)
}

// line demands one short line of text, which may be empty.
func line(what, s string, most int) error {
	if len(s) > most || !utf8.ValidString(s) || strings.ContainsFunc(s, Unfit) {
		return fmt.Errorf("%s is not one line of at most %d bytes", what, most)
	}
	return nil
}

func named(what, s string, most int) error {
	if s == "" {
		return fmt.Errorf("%s is missing", what)
	}
	return line(what, s, most)
}

// The years in which a clock may be that was ever set.
const firstYear, lastYear = 2000, 2199

func instant(what string, t time.Time) error {
	if y := t.UTC().Year(); y < firstYear || y > lastYear {
		return fmt.Errorf("%s is no time of this world", what)
	}
	return nil
}
