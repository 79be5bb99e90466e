package status

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Bounds of what people enter. Lengths are in bytes.
const (
	// correctable is how long before it was noticed an outage may have begun:
	// as long as the page's history reaches.
	correctable = historyDays * 24 * time.Hour

	longestStated = 200 // a cause in words
	longestName   = 200 // who speaks
	longestSource = 500
	longestText   = 4000 // in each language
)

// Errors that a correction may meet.
var (
	ErrNoReason  = errors.New("a correction needs a reason: who says so, and why")
	ErrNoField   = errors.New("only began, resolved and cause can be corrected")
	ErrAsTold    = errors.New("this is what is told already")
	ErrBadTime   = errors.New("not a time; write it as in 2022-10-15T15:27:00+09:00")
	ErrFuture    = errors.New("the time has not come yet")
	ErrTooEarly  = fmt.Errorf("more than %d days before the incident was noticed", historyDays)
	ErrAfterEnd  = errors.New("an incident begins before it ends")
	ErrGoesOn    = errors.New("the incident goes on, so it has no end to correct")
	ErrNoCause   = errors.New("no such cause; write component:ID, domain:ID, or stated:WORDS")
	ErrTooLong   = errors.New("too long")
	ErrMerged    = errors.New("the incident was merged into another; do it there")
	ErrByHand    = errors.New("an incident opened by hand tells its cause in its own words; write a note")
	ErrNoSpeaker = errors.New("say who speaks")
)

// correct notes that something told of an incident, open or ended, was
// otherwise. It returns the update's id.
func (b *Board) correct(id string, c Correction, author string, now time.Time) (string, error) {
	s, err := b.storyToAmend(id)
	if err == nil {
		err = boundWords(c.Reason, c.Source)
	}
	if err == nil && c.Reason.empty() {
		err = ErrNoReason
	}
	if err == nil {
		c, err = b.apply(s, c, now)
	}
	if err != nil {
		return "", fmt.Errorf("correcting %sincident %q: %w", c.Field.of(), id, err)
	}
	u := b.write(s, UpdateCorrected, now)
	u.Correction, u.Author = &c, author
	b.retell, b.stale = true, true
	return u.ID, nil
}

// of is what is corrected in words, to be put before what it is of.
func (f CorrectionField) of() string {
	switch f {
	case CorrectBegan:
		return "the onset of "
	case CorrectResolved:
		return "the end of "
	case CorrectCause:
		return "the cause of "
	default:
		return ""
	}
}

// apply gives the story the corrected value and completes the correction with
// the one it replaces.
func (b *Board) apply(s *story, c Correction, now time.Time) (Correction, error) {
	switch c.Field {
	case CorrectBegan:
		return b.applyBegan(s, c, now)
	case CorrectResolved:
		return b.applyResolved(s, c, now)
	case CorrectCause:
		return b.applyCause(s, c)
	default:
		return c, ErrNoField
	}
}

func (b *Board) applyBegan(s *story, c Correction, now time.Time) (Correction, error) {
	at, c, err := b.readTime(c, s.Began, now)
	switch {
	case err != nil:
		return c, err
	case at.Before(s.Detected.Add(-correctable)):
		return c, fmt.Errorf("%s is %w", c.Is, ErrTooEarly)
	case !s.Resolved.IsZero() && !at.Before(s.Resolved):
		return c, fmt.Errorf("%s is no onset: %w", c.Is, ErrAfterEnd)
	}
	s.Began = at
	return c, nil
}

func (b *Board) applyResolved(s *story, c Correction, now time.Time) (Correction, error) {
	if s.Resolved.IsZero() {
		return c, ErrGoesOn
	}
	at, c, err := b.readTime(c, s.Resolved, now)
	switch {
	case err != nil:
		return c, err
	case !at.After(s.Began):
		return c, fmt.Errorf("%s is no end: %w", c.Is, ErrAfterEnd)
	}
	s.Resolved = at
	return c, nil
}

// readTime reads a corrected time and writes both it and the one it replaces
// in the site's zone.
func (b *Board) readTime(c Correction, was, now time.Time) (time.Time, Correction, error) {
	at, err := time.Parse(time.RFC3339, c.Is)
	switch {
	case err != nil:
		return at, c, fmt.Errorf("%.40q is %w", c.Is, ErrBadTime)
	case at.After(now):
		return at, c, fmt.Errorf("%s: %w", c.Is, ErrFuture)
	case at.Equal(was):
		return at, c, ErrAsTold
	}
	c.Was, c.Is = was.In(b.zone()).Format(time.RFC3339Nano), at.In(b.zone()).Format(time.RFC3339Nano)
	return at, c, nil
}

func (b *Board) applyCause(s *story, c Correction) (Correction, error) {
	if s.manual() {
		return c, ErrByHand
	}
	c.Was = s.Cause
	if err := b.mayBeCause(c.Is); err != nil {
		return c, err
	}
	if c.Is == s.Cause {
		return c, ErrAsTold
	}
	if other := b.storyWithCause(c.Is); other != nil && s.Open() {
		return c, fmt.Errorf("incident %q: %w", other.ID, ErrCauseUsed)
	}
	s.Cause = c.Is
	if s.Stage == Investigating {
		s.Stage = Identified
	}
	return c, nil
}

// mayBeCause says why somebody cannot call this a cause.
func (b *Board) mayBeCause(cause string) error {
	if id, ok := strings.CutPrefix(cause, causeComponent); ok {
		if _, known := b.index[id]; known {
			return nil
		}
	}
	if id, ok := strings.CutPrefix(cause, causeDomain); ok {
		if slices.ContainsFunc(b.domains, func(d domain) bool { return d.id == id }) {
			return nil
		}
	}
	if words, ok := strings.CutPrefix(cause, causeStated); ok && strings.TrimSpace(words) != "" {
		if len(words) <= longestStated {
			return nil
		}
		return fmt.Errorf("the cause has %d bytes, the most is %d: %w", len(words), longestStated, ErrTooLong)
	}
	return fmt.Errorf("%.60q: %w", cause, ErrNoCause)
}

// corrected says whether a person has corrected the field: then measurement
// does not change it any more.
func (i *Incident) corrected(field CorrectionField) bool {
	return slices.ContainsFunc(i.Updates, func(u Update) bool { return u.Correction != nil && u.Correction.Field == field })
}

// pinned says whether the cause is what a person said.
func (s *story) pinned() bool { return s.Apart || s.corrected(CorrectCause) }

// Corrected is a correction with who made it, and when.
type Corrected struct {
	Correction
	At     time.Time
	Author string
	Update string // the update's id
}

// Corrections are all corrections of the incident in the order in which they
// were made. What each replaced is its Was, so a page can strike it through.
func (i *Incident) Corrections() []Corrected {
	var all []Corrected
	for k := range i.Updates {
		if u := &i.Updates[k]; u.Correction != nil {
			all = append(all, Corrected{Correction: *u.Correction, At: u.At, Author: u.Author, Update: u.ID})
		}
	}
	return all
}

// Span is how long an incident took, from one of the onsets told to the end
// that stands.
type Span struct {
	From   time.Time
	Until  time.Time     // zero while it goes on
	Took   time.Duration // 0 while it goes on
	Reason Text          // why it began then; nil for what was measured
	Source string
	Author string // empty for what was measured
	Stands bool   // no other onset was told since
}

// Spans are the incident's duration as it follows from each onset that was
// told, in that order: the measured one first, the one that stands last. A
// duration is as good as the onset it counts from, and who quotes one needs its
// reason.
func (i *Incident) Spans() []Span {
	var spans []Span
	add := func(s Span) {
		if s.Until = i.Resolved; !s.Until.IsZero() {
			s.Took = s.Until.Sub(s.From)
		}
		spans = append(spans, s)
	}
	var why Corrected
	for _, c := range i.Corrections() {
		if c.Field != CorrectBegan {
			continue
		}
		if was, err := time.Parse(time.RFC3339, c.Was); err == nil {
			add(Span{From: was, Reason: why.Reason, Source: why.Source, Author: why.Author})
		}
		why = c
	}
	add(Span{From: i.Began, Reason: why.Reason, Source: why.Source, Author: why.Author, Stands: true})
	return spans
}
