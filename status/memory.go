package status

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// remembered is how long closed intervals, ended incidents and past
// maintenance are kept in memory: as long as the page shows them, and a day so
// that every zone's first day is whole.
const remembered = (historyDays + 1) * 24 * time.Hour

// Apply adds a change, so that a board made from the memory goes on where the
// one that made the change is. It does not know of votes: Standings are saved
// on their own.
func (m *Memory) Apply(c Change) {
	for i := range c.Conditions {
		m.Conditions = put(m.Conditions, c.Conditions[i], func(x Condition) string { return x.Component })
	}
	for i := range c.Incidents {
		m.Incidents = put(m.Incidents, c.Incidents[i], func(x Incident) string { return x.ID })
	}
	for i := range c.Maintenance {
		m.Maintenance = put(m.Maintenance, c.Maintenance[i], func(x Maintenance) string { return x.ID })
	}
	for i := range c.Words {
		m.Words = put(m.Words, c.Words[i], func(x FunctionWords) string { return x.id() })
	}
	for i := range c.Widgets {
		m.Widgets = put(m.Widgets, c.Widgets[i], func(x WidgetSwitch) string { return x.App })
	}
	for i := range c.Routines {
		m.Routines = put(m.Routines, c.Routines[i], func(x Routine) string { return x.ID })
	}
	m.applySuspicions(c.Suspicions, c.At)
	m.applySilences(c.Silences, c.At)
	m.Intervals = append(m.Intervals, c.Closed...)
	m.forget(c.At.Add(-remembered))
}

func (m *Memory) forget(before time.Time) {
	m.Intervals = slices.DeleteFunc(m.Intervals, func(i Interval) bool { return i.Until.Before(before) })
	m.Incidents = slices.DeleteFunc(m.Incidents, func(i Incident) bool { return !i.Open() && i.Resolved.Before(before) })
	m.Maintenance = slices.DeleteFunc(m.Maintenance, func(w Maintenance) bool { return w.Until.Before(before) })
}

// put replaces the item with the same id, or inserts it in order.
func put[T any](items []T, item T, id func(T) string) []T {
	at, found := slices.BinarySearchFunc(items, id(item), func(x T, key string) int { return strings.Compare(id(x), key) })
	if found {
		items[at] = item
		return items
	}
	return slices.Insert(items, at, item)
}

// restore goes on from what memory has of the components and checks that are
// in the model.
func (b *Board) restore(m Memory) {
	for _, s := range m.Standings {
		if v := b.view(s.Check, s.Location); v != nil {
			v.Standing, v.cast = s, true
			v.wait()
			v.at.heard = latest(v.at.heard, s.At)
			b.watchLapse(v)
		}
	}
	for _, c := range m.Conditions {
		if i, known := b.index[c.Component]; known {
			b.subjects[i].condition = c
			b.seen(c.Since)
		}
	}
	for _, i := range m.Intervals {
		if at, known := b.index[i.Component]; known {
			b.subjects[at].history.closed = append(b.subjects[at].history.closed, i)
		}
	}
	for _, s := range b.subjects {
		slices.SortStableFunc(s.history.closed, func(x, y Interval) int { return x.Since.Compare(y.Since) })
	}
	b.maintenance = slices.Clone(m.Maintenance)
	slices.SortFunc(b.maintenance, compareMaintenance)
	for i := range b.maintenance {
		b.seen(b.maintenance[i].Cancelled)
	}
	b.routines = slices.Clone(m.Routines)
	b.restoreSuspicions(m.Suspicions)
	b.restoreSilences(m.Silences)
	b.restoreIncidents(m.Incidents)
	b.restoreWords(m.Words)
	b.restoreSwitches(m.Widgets)
}

func (b *Board) restoreIncidents(all []Incident) {
	for i := range all {
		incident := all[i].copy()
		if n := len(incident.Updates); n > 0 {
			b.seen(incident.Updates[n-1].At)
		}
		if incident.Open() && len(incident.Updates) > 0 {
			b.open = append(b.open, &story{Incident: incident})
		} else {
			b.past = append(b.past, incident)
		}
	}
	slices.SortFunc(b.open, func(x, y *story) int { return strings.Compare(x.ID, y.ID) })
	slices.SortFunc(b.past, newestFirst)
	for _, s := range b.open {
		b.restoreTeller(s)
	}
}

// restoreTeller has the story tell of the components it lists, but for those
// that another has taken over.
func (b *Board) restoreTeller(s *story) {
	tellers := b.tellers(s)
	for i := range s.Components {
		a := &s.Components[i]
		if tellers[a.Component] == nil && !a.released() || a.Until.IsZero() {
			tellers[a.Component] = s
		}
	}
}

// component is what the story says of a component that it lists.
func (s *story) component(id string) Affected {
	i := slices.IndexFunc(s.Components, func(a Affected) bool { return a.Component == id })
	return s.Components[i]
}

// newestFirst orders incidents that have ended.
func newestFirst(a, b Incident) int {
	return cmp.Or(b.Resolved.Compare(a.Resolved), strings.Compare(b.ID, a.ID))
}
