package status

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// plannedByConfig begins the ids of the maintenance that the configuration
// plans.
const plannedByConfig = "config/"

// Errors of planned work.
var (
	ErrNoMaintenance = errors.New("no such maintenance")
	ErrOver          = errors.New("the maintenance is over or was called off; plan another")
)

// plannable says whether work can be planned on all of the components.
func (b *Board) plannable(components []string) error {
	for _, id := range components {
		if _, known := b.index[id]; !known {
			return fmt.Errorf("planning maintenance: %w", b.unknownComponent(id))
		}
	}
	return nil
}

// Maintain plans work, or plans it anew if the id is known: work that goes on
// keeps its beginning, and what was is not undone. It returns the maintenance's
// id. The next Judge, to be asked at once, has it in its Change.
//
// The error is [ErrNoComponent], [ErrNoTime] or, for work that is over,
// [ErrOver].
func (b *Board) Maintain(w Maintenance, now time.Time) (string, error) {
	now = b.clock(now)
	if err := b.plannable(w.Components); err != nil {
		return "", err
	}
	w.Planned = ""
	old := b.planOf(w.ID)
	if old != nil {
		if !old.Cancelled.IsZero() || !old.Until.After(now) {
			return "", fmt.Errorf("planning maintenance %q anew: %w", w.ID, ErrOver)
		}
		w.inherit(old)
		if !old.From.After(now) {
			w.From = old.From
		}
	}
	if err := w.Extend.Check(); err != nil {
		return "", fmt.Errorf("planning maintenance: %w", err)
	}
	if !w.Until.After(w.From) || !w.Until.After(now) {
		return "", fmt.Errorf("planning maintenance until %s: %w", w.Until.Format(time.RFC3339), ErrNoTime)
	}
	if w.ID == "" {
		w.ID = b.names.ID(now)
	}
	w.Cancelled, w.Meant, w.Done = time.Time{}, time.Time{}, time.Time{}
	b.retime(old, &w, now)
	b.plan(w, now)
	return w.ID, nil
}

// inherit takes over what a new plan of the same work does not say.
func (m *Maintenance) inherit(old *Maintenance) {
	m.Planned, m.Routine, m.Reminded = old.Planned, old.Routine, old.Reminded
	if m.Remind == nil {
		m.Remind = old.Remind
	}
	if m.Extend == (Extension{}) {
		m.Extend = old.Extend
	}
}

// retime has those who were told of the work's time hear of its new one.
func (b *Board) retime(old, w *Maintenance, now time.Time) {
	if old == nil || old.Reminded.IsZero() || !old.From.After(now) || (old.From.Equal(w.From) && old.Until.Equal(w.Until)) {
		return
	}
	w.Reminded = now
	b.tellOfWork(EventMoved, w, now)
}

// Cancel calls work off, or ends it if it goes on. It returns the maintenance's
// id. The next Judge, to be asked at once, has it in its Change.
//
// The error is [ErrNoMaintenance] or [ErrOver].
func (b *Board) Cancel(id string, now time.Time) (string, error) {
	now = b.clock(now)
	w := b.planOf(id)
	if w == nil {
		if s := b.routineOf(id); s != nil {
			return id, b.endRoutine(*s, now)
		}
		return "", fmt.Errorf("calling off maintenance %q: %w", id, b.unknownMaintenance(now))
	}
	if !w.End().After(now) {
		return "", fmt.Errorf("calling off maintenance %q: %w", id, ErrOver)
	}
	b.callOff(*w, now)
	return id, nil
}

// callOff takes work off the calendar, or ends it, and has those hear of it who
// were told that it would be.
func (b *Board) callOff(w Maintenance, now time.Time) {
	w.Cancelled = now
	if kind := EventCalledOff; !w.Reminded.IsZero() || !w.Meant.IsZero() {
		if !w.From.After(now) {
			kind = EventFinished
		}
		b.tellOfWork(kind, &w, now)
	}
	b.plan(w, now)
}

// planOf is the maintenance with the id; nil if there is none.
func (b *Board) planOf(id string) *Maintenance {
	at := slices.IndexFunc(b.maintenance, func(x Maintenance) bool { return x.ID == id })
	if at < 0 {
		return nil
	}
	return &b.maintenance[at]
}

// plan puts work on the calendar, in the place of what has its id.
func (b *Board) plan(w Maintenance, now time.Time) {
	w.Components = slices.Compact(slices.Sorted(slices.Values(w.Components)))
	b.maintenance = slices.DeleteFunc(b.maintenance, func(x Maintenance) bool { return x.ID == w.ID })
	b.maintenance = append(b.maintenance, w)
	slices.SortFunc(b.maintenance, compareMaintenance)
	b.planned = put(b.planned, w, func(x Maintenance) string { return x.ID })
	b.workDue = now
}

// adoptPlans takes over what the configuration plans, and calls off what an
// earlier one planned and this one does not, unless it is over.
func (b *Board) adoptPlans(now time.Time) {
	for _, w := range slices.Clone(b.maintenance) {
		gone := w.Routine == "" && strings.HasPrefix(w.ID, plannedByConfig) &&
			!slices.ContainsFunc(b.model.Maintenance, func(x Maintenance) bool { return x.ID == w.ID })
		if gone && w.End().After(now) {
			w.Planned = ""
			b.callOff(w, now)
		}
	}
	for _, w := range b.model.Maintenance {
		if w.Until.After(now) {
			b.adopt(w, now)
		}
	}
	b.adoptRoutines(now)
}

// adopt takes over work that the configuration plans. What an operator has made
// of it, called off or at another time, stands until the configuration plans it
// otherwise; the words are always the configuration's.
func (b *Board) adopt(w Maintenance, now time.Time) {
	w.Components = slices.Compact(slices.Sorted(slices.Values(w.Components)))
	w.Planned = w.outline()
	old := b.planOf(w.ID)
	if old != nil && old.Planned == w.Planned {
		w.From, w.Until, w.Cancelled, w.Components = old.From, old.Until, old.Cancelled, old.Components
		w.Reminded, w.Meant, w.Done = old.Reminded, old.Meant, old.Done
	} else if old != nil && old.Cancelled.IsZero() {
		w.Reminded = old.Reminded
		b.retime(old, &w, now)
	}
	if old == nil || !old.same(&w) {
		b.plan(w, now)
	}
}

// outline is when and where the work is, in one line.
func (m *Maintenance) outline() string {
	return fmt.Sprintf("%d %d %s", m.From.UnixMilli(), m.Until.UnixMilli(), strings.Join(m.Components, " "))
}

// same says whether two plans are of the same work at the same time.
func (m *Maintenance) same(as *Maintenance) bool {
	sameText := func(x, y Text) bool { return maps.Equal(x, y) }
	return m.From.Equal(as.From) && m.Until.Equal(as.Until) && m.Cancelled.Equal(as.Cancelled) &&
		m.Planned == as.Planned && m.Routine == as.Routine && m.Extend == as.Extend && slices.Equal(m.Remind, as.Remind) &&
		m.Reminded.Equal(as.Reminded) && m.Meant.Equal(as.Meant) && m.Done.Equal(as.Done) && slices.Equal(m.Components, as.Components) && sameText(m.Title, as.Title) && sameText(m.Text, as.Text)
}

// goesOn says whether the work is being done at now.
func (m *Maintenance) goesOn(now time.Time) bool {
	return !now.Before(m.From) && now.Before(m.End())
}

// shift brings the subjects into and out of maintenance. It says whether any
// moved.
func (b *Board) shift(now time.Time) (moved bool) {
	if b.workDue.IsZero() || now.Before(b.workDue) {
		return false
	}
	b.workDue = time.Time{}
	b.grow(now)
	b.overrun(now)
	b.remind(now)
	in, worked := make(map[string]string), make(map[string]time.Time)
	for i := range b.maintenance {
		w := &b.maintenance[i]
		switch {
		case w.goesOn(now):
			b.workDue = sooner(b.workDue, w.End())
		case now.Before(w.From) && w.Cancelled.IsZero():
			b.workDue = sooner(b.workDue, w.From)
			continue
		case w.End().Before(w.From):
			continue
		}
		for _, id := range w.Components {
			if !w.goesOn(now) {
				worked[id] = latest(worked[id], w.End())
			} else if in[id] == "" {
				in[id] = w.ID
			}
		}
	}
	for _, s := range b.subjects {
		moved = moved || s.work != in[s.ID]
		s.work, s.worked = in[s.ID], worked[s.ID]
	}
	return moved
}

// workAhead is the work that goes on or is planned. What was called off stays
// until it would have ended, and what people were told of for an hour after its
// end: those who read of it should not find it gone.
func (b *Board) workAhead(now time.Time) []Maintenance {
	var ahead []Maintenance
	for i := range b.maintenance {
		if w := &b.maintenance[i]; w.Until.After(now) || (!w.Done.IsZero() && now.Sub(w.Done) < lateEnd) {
			ahead = append(ahead, *w)
		}
	}
	return ahead
}

// compareMaintenance orders work by when it begins.
func compareMaintenance(a, b Maintenance) int {
	return cmp.Or(a.From.Compare(b.From), strings.Compare(a.ID, b.ID))
}
