package status

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Routine is planned work that comes again. Each time is a [Maintenance] of its
// own, which can be called off or planned anew without the others.
type Routine struct {
	ID         string
	Title      Text
	Text       Text
	Components []string
	Rule       string        // when it comes again: a recurrence rule of RFC 5545, such as FREQ=WEEKLY;BYDAY=SU
	First      time.Time     // when it first begins
	Zone       string        // the time zone by whose clock it comes again
	Lasts      time.Duration // each time
	Remind     []time.Duration
	Extend     Extension
	Ended      time.Time // when it was called off for good; zero if it was not
	Planned    string    // what the configuration plans, in one line; empty if it does not
}

// Recur is when a routine begins, at from or later and before until, in rising
// order. It is an error if the rule can not be followed.
type Recur func(s *Routine, from, until time.Time) ([]time.Time, error)

// horizon is how far ahead occurrences stand on the calendar, and growEvery how
// often those that have come nearer are added. mostAhead bounds them.
const (
	horizon   = 35 * 24 * time.Hour
	growEvery = 24 * time.Hour
	mostAhead = 100
)

// Errors of routines.
var (
	ErrNoRule  = errors.New("the work can not come again like that")
	ErrOverlap = errors.New("the work would begin again before it has ended, at its longest")
)

// Arrange plans work that comes again, or plans it anew if the id is known. What
// an operator has made of single occurrences stands. It returns the routine' id.
// The next Judge, to be asked at once, has it in its Change.
//
// The error is [ErrNoComponent], [ErrNoTime], [ErrNoRule], [ErrOverlap],
// [ErrExtension] or, for a routine that was called off, [ErrOver].
func (b *Board) Arrange(s Routine, now time.Time) (string, error) {
	now = b.clock(now)
	if err := b.plannable(s.Components); err != nil {
		return "", err
	}
	s.Planned, s.Ended = "", time.Time{}
	if old := b.routineOf(s.ID); old != nil {
		if !old.Ended.IsZero() {
			return "", fmt.Errorf("planning maintenance %q anew: %w", s.ID, ErrOver)
		}
		s.Planned = old.Planned
	}
	if err := s.Check(b.model.Recur, now); err != nil {
		return "", fmt.Errorf("planning maintenance: %w", err)
	}
	if s.ID == "" {
		s.ID = b.names.ID(now)
	}
	b.arrange(s, now)
	b.regrow(&s, now)
	return s.ID, nil
}

// Check says why a routine can not be, or nil: it must last, and each occurrence
// of the next year, prolonged as far as it may be, must end before the next
// one begins.
func (s *Routine) Check(recur Recur, now time.Time) error {
	if s.Lasts <= 0 {
		return fmt.Errorf("work that lasts %s: %w", s.Lasts, ErrNoTime)
	}
	if err := s.Extend.Check(); err != nil {
		return err
	}
	if recur == nil {
		return ErrNoRule
	}
	const year = 366 * 24 * time.Hour
	starts, err := recur(s, now.Add(-s.Lasts), now.Add(year))
	if err != nil {
		return fmt.Errorf("%w: %w", ErrNoRule, err)
	}
	if len(starts) == 0 && !s.First.After(now) {
		return fmt.Errorf("nothing of it lies ahead: %w", ErrNoTime)
	}
	for i := 1; i < len(starts); i++ {
		if gap := starts[i].Sub(starts[i-1]); gap < s.Lasts+s.Extend.Most {
			return fmt.Errorf("%w: %s after it began on %s", ErrOverlap, gap, starts[i-1].Format("2 January"))
		}
	}
	return nil
}

// routineOf is the routine with the id; nil if there is none.
func (b *Board) routineOf(id string) *Routine {
	at := slices.IndexFunc(b.routines, func(x Routine) bool { return x.ID == id })
	if at < 0 {
		return nil
	}
	return &b.routines[at]
}

// arrange keeps a routine, in the place of what has its id.
func (b *Board) arrange(s Routine, now time.Time) {
	s.Components = slices.Compact(slices.Sorted(slices.Values(s.Components)))
	id := func(x Routine) string { return x.ID }
	b.routines, b.arranged = put(b.routines, s, id), put(b.arranged, s, id)
	b.workDue, b.growDue = now, now
}

// endRoutine calls a routine off for good: what of it lies ahead will not be.
func (b *Board) endRoutine(s Routine, now time.Time) error {
	if !s.Ended.IsZero() {
		return fmt.Errorf("calling off maintenance %q: %w", s.ID, ErrOver)
	}
	s.Ended = now
	b.arrange(s, now)
	for _, w := range slices.Clone(b.maintenance) {
		if w.Routine == s.ID && w.Cancelled.IsZero() && w.From.After(now) {
			b.callOff(w, now)
		}
	}
	return nil
}

// adoptRoutines takes over the routines that the configuration plans, and calls off
// those that an earlier one planned and this one does not. One that an operator
// called off stays so until the configuration plans it otherwise.
func (b *Board) adoptRoutines(now time.Time) {
	for _, s := range slices.Clone(b.routines) {
		gone := strings.HasPrefix(s.ID, plannedByConfig) &&
			!slices.ContainsFunc(b.model.Routines, func(x Routine) bool { return x.ID == s.ID })
		if gone && s.Ended.IsZero() {
			_ = b.endRoutine(s, now) // it has not ended
		}
	}
	for _, s := range b.model.Routines {
		s.Components = slices.Compact(slices.Sorted(slices.Values(s.Components)))
		s.Planned = s.outline()
		old := b.routineOf(s.ID)
		if old != nil && old.Planned == s.Planned {
			s.Ended = old.Ended
		}
		if old != nil && old.same(&s) {
			continue
		}
		b.arrange(s, now)
		b.regrow(&s, now)
	}
}

// outline is when and where the routine is, in one line.
func (s *Routine) outline() string {
	return fmt.Sprintf("%s %d %s %d %s", s.Rule, s.First.UnixMilli(), s.Zone, s.Lasts.Milliseconds(), strings.Join(s.Components, " "))
}

func (s *Routine) same(as *Routine) bool {
	return s.outline() == as.outline() && s.Planned == as.Planned && s.Ended.Equal(as.Ended) && s.Extend == as.Extend &&
		slices.Equal(s.Remind, as.Remind) && maps.Equal(s.Title, as.Title) && maps.Equal(s.Text, as.Text)
}

// occurrence is the routine' work that begins at an instant.
func (s *Routine) occurrence(at time.Time) Maintenance {
	w := Maintenance{
		ID: s.ID + "/" + at.UTC().Format("20060102T150405Z"), Routine: s.ID, Title: s.Title, Text: s.Text, Components: s.Components,
		From: at, Until: at.Add(s.Lasts), Remind: s.Remind, Extend: s.Extend,
	}
	w.Planned = w.outline()
	return w
}

// ahead are the routine' occurrences that are not over and near enough to stand
// on the calendar.
func (b *Board) ahead(s *Routine, now time.Time) []Maintenance {
	if !s.Ended.IsZero() || b.model.Recur == nil {
		return nil
	}
	starts, err := b.model.Recur(s, now.Add(-s.Lasts), now.Add(horizon))
	if err != nil {
		return nil // it was followed when the routine was planned; a rule does not change
	}
	var list []Maintenance
	for _, at := range starts[:min(len(starts), mostAhead)] {
		if w := s.occurrence(at); w.Until.After(now) {
			list = append(list, w)
		}
	}
	return list
}

// grow puts occurrences on the calendar that have come near enough.
func (b *Board) grow(now time.Time) {
	live := slices.ContainsFunc(b.routines, func(s Routine) bool { return s.Ended.IsZero() })
	if !live {
		return
	}
	if !now.Before(b.growDue) {
		b.growDue = now.Add(growEvery)
		for i := range b.routines {
			for _, w := range b.ahead(&b.routines[i], now) {
				if b.planOf(w.ID) == nil {
					b.plan(w, now)
				}
			}
		}
		b.workDue = time.Time{} // what plan has set
	}
	b.workDue = sooner(b.workDue, b.growDue)
}

// regrow brings the occurrences that have not begun to what the routine is now.
// Those that an operator has called off or planned otherwise stay as they are.
func (b *Board) regrow(s *Routine, now time.Time) {
	wanted := b.ahead(s, now)
	for _, old := range slices.Clone(b.maintenance) {
		if old.Routine != s.ID || !old.From.After(now) || !old.Cancelled.IsZero() || old.outline() != old.Planned {
			continue
		}
		at := slices.IndexFunc(wanted, func(w Maintenance) bool { return w.ID == old.ID })
		if at < 0 {
			b.callOff(old, now)
			continue
		}
		w := wanted[at]
		w.Reminded = old.Reminded
		b.retime(&old, &w, now)
		if !old.same(&w) {
			b.plan(w, now)
		}
	}
	for _, w := range wanted {
		if b.planOf(w.ID) == nil {
			b.plan(w, now)
		}
	}
}
