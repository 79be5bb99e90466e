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
		t, place := b.sights[s.Check], slices.Index(b.model.Locations, s.Location)
		if t != nil && place >= 0 {
			t.views[place] = view{Standing: s, cast: true}
			b.watchLapse(t, place)
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
	b.restoreIncidents(m.Incidents)
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

// restoreTeller finds which story tells of each component: of several that
// list it, the one in which it goes on, or went on longest.
func (b *Board) restoreTeller(s *story) {
	tellers := b.teller
	if s.manual() {
		tellers = b.claimed
	}
	for _, a := range s.Components {
		if other := tellers[a.Component]; other == nil || longer(a, other.component(a.Component)) {
			tellers[a.Component] = s
		}
	}
}

// component is what the story says of a component that it lists.
func (s *story) component(id string) Affected {
	i := slices.IndexFunc(s.Components, func(a Affected) bool { return a.Component == id })
	return s.Components[i]
}

func longer(a, than Affected) bool {
	return !than.Until.IsZero() && (a.Until.IsZero() || a.Until.After(than.Until))
}

// newestFirst orders incidents that have ended.
func newestFirst(a, b Incident) int {
	return cmp.Or(b.Resolved.Compare(a.Resolved), strings.Compare(b.ID, a.ID))
}

func compareMaintenance(a, b Maintenance) int {
	return cmp.Or(a.From.Compare(b.From), strings.Compare(a.ID, b.ID))
}
