package status

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// Bounds of how planned work is prolonged, and of when people are reminded.
const (
	shortestStep  = time.Minute
	longestMost   = 24 * time.Hour
	lateEnd       = time.Hour           // an end that is noticed later is told to nobody
	FirstReminder = 30 * 24 * time.Hour // no reminder comes sooner before the work
)

// ErrExtension says that planned work can not be prolonged like that.
var ErrExtension = errors.New("planned work is prolonged by at least a minute at a time, and by 24 hours in all at most")

// Check says why work can not be prolonged like that, or nil.
func (e Extension) Check() error {
	if e == (Extension{}) || (e.Step >= shortestStep && e.Step <= e.Most && e.Most <= longestMost) {
		return nil
	}
	return fmt.Errorf("%w; not by %s and by %s", ErrExtension, e.Step, e.Most)
}

// Overrun is planned work that has not succeeded at its end.
type Overrun struct {
	Work    Maintenance
	Failing []string // the components that still fail
	Bound   bool     // it may not be prolonged any more: what fails is an outage from now on
}

// remind has those told who chose the components of work that begins soon. Of
// reminders whose time has passed together, as when the work was planned late,
// there is one.
func (b *Board) remind(now time.Time) {
	for i := range b.maintenance {
		w := &b.maintenance[i]
		if !w.Cancelled.IsZero() || !now.Before(w.From) {
			continue
		}
		due := false
		for _, before := range w.Remind {
			at := w.From.Add(-before)
			switch {
			case at.After(now):
				b.workDue = sooner(b.workDue, at)
			case w.Reminded.Before(at):
				due = true
			}
		}
		if due {
			w.Reminded = now
			b.tellOfWork(EventUpcoming, w, now)
			b.planned = put(b.planned, *w, func(x Maintenance) string { return x.ID })
		}
	}
}

// overrun decides, when work is to end, whether it does: what is worked on and
// still fails prolongs it by a step, as often as it may. The next occurrence of
// its routine is never overlapped.
func (b *Board) overrun(now time.Time) {
	for i := range b.maintenance {
		w := &b.maintenance[i]
		watched := w.Extend.Step > 0 || !w.Reminded.IsZero() || !w.Meant.IsZero()
		if !watched || !w.Cancelled.IsZero() || !w.Done.IsZero() || w.Until.After(now) {
			continue
		}
		failing := b.failing(w)
		if len(failing) > 0 && now.Sub(w.Until) < lateEnd && b.prolong(w, now) {
			b.tellOfWork(EventExtended, w, now)
			b.overruns = append(b.overruns, Overrun{Work: *w, Failing: failing})
		} else {
			b.finish(w, failing, now)
		}
		b.planned = put(b.planned, *w, func(x Maintenance) string { return x.ID })
	}
}

// prolong gives work another end that lies ahead. It says false where there is
// none that it may have.
func (b *Board) prolong(w *Maintenance, now time.Time) bool {
	if w.Extend.Step == 0 {
		return false
	}
	meant := w.Meant
	if meant.IsZero() {
		meant = w.Until
	}
	limit := meant.Add(w.Extend.Most)
	for i := range b.maintenance {
		next := &b.maintenance[i]
		if w.Routine != "" && next.Routine == w.Routine && next.Cancelled.IsZero() && next.From.After(w.From) {
			limit = earlier(limit, next.From)
		}
	}
	until := w.Until
	for !until.After(now) && until.Before(limit) {
		until = earlier(until.Add(w.Extend.Step), limit)
	}
	if !until.After(now) {
		return false
	}
	w.Meant, w.Until = meant, until
	return true
}

// finish notes that work is over. Who was told of another end hears of this one.
func (b *Board) finish(w *Maintenance, failing []string, now time.Time) {
	w.Done = w.Until
	late := now.Sub(w.Until) >= lateEnd
	if len(failing) > 0 && w.Extend.Step > 0 && !late {
		b.overruns = append(b.overruns, Overrun{Work: *w, Failing: failing, Bound: true})
	}
	if len(failing) == 0 && !w.Meant.IsZero() && !late {
		b.tellOfWork(EventFinished, w, now)
	}
}

// failing are the components of the work that measure as failing now.
func (b *Board) failing(w *Maintenance) []string {
	var failing []string
	for _, id := range w.Components {
		if at, known := b.index[id]; known && b.subjects[at].measured.Troubled() {
			failing = append(failing, id)
		}
	}
	return failing
}

// tellOfWork has planned work told to those who chose its components.
func (b *Board) tellOfWork(kind EventKind, w *Maintenance, now time.Time) {
	b.events = append(b.events, Event{
		Kind: kind, Work: w.ID, From: Operational, To: MajorOutage, Update: b.names.ID(now), At: now,
	})
}

// WorkNamed is the planned work with the id among what the page shows.
func (s *Snapshot) WorkNamed(id string) (*Maintenance, bool) {
	at := slices.IndexFunc(s.Maintenance, func(w Maintenance) bool { return w.ID == id })
	if at < 0 {
		return nil, false
	}
	return &s.Maintenance[at], true
}
