package status

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// furthestETA is how far ahead an expectation may reach: one that lies further
// is a plan.
const furthestETA = 30 * 24 * time.Hour

// Errors that an expectation may meet.
var (
	ErrNoBasis  = errors.New("an expectation needs a basis: on what it rests")
	ErrNoExpiry = errors.New("an expectation needs an end: when it is due, or when it is worth nothing any more")
	ErrTooFar   = fmt.Errorf("an expectation reaches at most %d days ahead", furthestETA/(24*time.Hour))
	ErrPassed   = errors.New("the expected time has passed already")
)

// expect records that somebody expects the end of an open incident. It returns
// the update's id, by which the expectation goes.
func (b *Board) expect(id string, e ETA, author string, now time.Time) (string, error) {
	s, err := b.openStory(id)
	if err == nil {
		e.Expires = firstOf(e.Expires, e.By)
		err = e.admissible(now)
	}
	if err != nil {
		return "", fmt.Errorf("recording an expectation for incident %q: %w", id, err)
	}
	u := b.write(s, UpdateETA, now)
	e.ID = u.ID
	u.ETA, u.Author = &e, author
	b.retell = true
	return u.ID, nil
}

// admissible says why the expectation cannot be recorded.
func (e *ETA) admissible(now time.Time) error {
	if err := errors.Join(boundSpeaker(e.Speaker), boundWords(e.Basis, e.Source)); err != nil {
		return err
	}
	switch {
	case e.Basis.empty():
		return ErrNoBasis
	case e.Expires.IsZero():
		return ErrNoExpiry
	case !e.due().After(now):
		return ErrPassed
	case e.due().After(now.Add(furthestETA)):
		return ErrTooFar
	}
	return nil
}

// due is when it shows whether the expectation was met: the expected time, or
// failing one, when it is worth nothing any more.
func (e *ETA) due() time.Time { return sooner(e.By, e.Expires) }

// ETAOutcome is what became of an expectation.
type ETAOutcome string

// The outcomes. Who takes an expectation back before its time for another one
// has not met it, and has not missed it either: it was replaced.
const (
	ETAPending  ETAOutcome = "pending"
	ETAMet      ETAOutcome = "met"
	ETANotMet   ETAOutcome = "not_met"
	ETAReplaced ETAOutcome = "replaced" // by a newer one of the same speaker, while still ahead
	ETAMoved    ETAOutcome = "moved"    // its incident was merged: it is in that one's ledger
	ETAVoid     ETAOutcome = "void"     // its incident was retracted, or is not measured any more
)

// Expectation is a line of an incident's ledger of expectations.
type Expectation struct {
	ETA
	Made    time.Time // when it was recorded
	Author  string
	Outcome ETAOutcome
	Settled time.Time // when the outcome was known; zero while pending
}

// ETAs are all that was expected of the incident's end, in the order in which
// it was recorded, with what became of it. It follows from the updates alone.
func (i *Incident) ETAs() []Expectation {
	all := i.expectations()
	if i.Open() {
		return all
	}
	outcome := ETAVoid
	if i.MergedInto != "" {
		outcome = ETAMoved
	}
	settleWhere(all, outcome, i.Resolved, func(*Expectation) bool { return true })
	return all
}

// expectations are the ledger as the updates have it.
func (i *Incident) expectations() []Expectation {
	var all []Expectation
	for k := range i.Updates {
		u := &i.Updates[k]
		if u.ETA == nil {
			continue
		}
		same := func(e *Expectation) bool { return e.ID == u.ETA.ID }
		switch u.Kind {
		case UpdateETA:
			settleWhere(all, ETAReplaced, u.At, func(e *Expectation) bool { return e.Speaker == u.ETA.Speaker })
			all = append(all, Expectation{ETA: *u.ETA, Made: u.At, Author: u.Author, Outcome: ETAPending})
		case UpdateETAMet:
			settleWhere(all, ETAMet, u.At, same)
		case UpdateETANotMet:
			settleWhere(all, ETANotMet, u.At, same)
		default:
		}
	}
	return all
}

// settleWhere gives those of the pending expectations that pick chooses an outcome.
func settleWhere(all []Expectation, o ETAOutcome, at time.Time, pick func(*Expectation) bool) {
	for k := range all {
		if e := &all[k]; e.Outcome == ETAPending && pick(e) {
			e.Outcome, e.Settled = o, at
		}
	}
}

// pendingETAs are the expectations whose outcome is not known, in order.
func (s *story) pendingETAs() []Expectation {
	return slices.DeleteFunc(s.expectations(), func(e Expectation) bool { return e.Outcome != ETAPending })
}

// settleETAs notes what became of the expectations whose time is up, and of
// all when the story has ended. One is met if everything answered by then:
// from the stage on at which the story is watched. What was taken back, or is
// measured no more, says nothing of them.
func (b *Board) settleETAs(s *story, now time.Time) {
	if !s.Retracted.IsZero() || !s.manual() && b.abandoned(s) {
		return
	}
	answering := s.answering()
	for _, e := range s.pendingETAs() {
		if s.Open() && now.Before(e.due()) {
			continue
		}
		kind := UpdateETANotMet
		if !answering.IsZero() && !answering.After(e.due()) {
			kind = UpdateETAMet
		}
		b.write(s, kind, now).ETA = &e.ETA
	}
}

// answering is since when the story has been watched or over, zero if it is
// not.
func (s *story) answering() (since time.Time) {
	for k := len(s.Updates) - 1; k >= 0 && s.Updates[k].Stage >= Monitoring; k-- {
		since = s.Updates[k].At
	}
	return since
}

// etaDue is when the next expectation's time is up, zero if there is none.
func (s *story) etaDue() (due time.Time) {
	for _, e := range s.pendingETAs() {
		due = sooner(due, e.due())
	}
	return due
}

// carryETAs has a story go on with what was expected of one that merged into
// it, unless the same speaker has told it otherwise.
func (b *Board) carryETAs(s, into *story, now time.Time) {
	told := into.pendingETAs()
	for _, e := range s.ETAs() {
		if e.Outcome != ETAMoved || slices.ContainsFunc(told, func(x Expectation) bool { return x.Speaker == e.Speaker }) {
			continue
		}
		u := b.write(into, UpdateETA, now)
		u.ETA, u.Author = &e.ETA, e.Author
	}
}
