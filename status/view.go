package status

import (
	"cmp"
	"slices"
	"time"
)

// Snapshot is what the page shows now, as of the latest Judge.
func (b *Board) Snapshot(now time.Time) *Snapshot {
	now = b.clock(now)
	if zone := b.zone(); b.calendar == nil || !b.calendar.covers(now) {
		b.calendar = newCalendar(now, zone)
	}
	s := &Snapshot{
		At: now, Site: b.model.Site, Overall: Operational, Rules: b.model.Rules, Controls: b.model.Controls,
		Past: b.recentPast(now), Maintenance: b.workAhead(now), Domains: b.domainIDs,
		Locations: b.locationViews(now), Impaired: b.impaired(now), Suspicions: b.suspicionsNow(now), Silences: b.silencesNow(now),
	}
	for _, story := range b.open {
		if story.Open() {
			s.Incidents = append(s.Incidents, story.copy())
		}
	}
	slices.SortFunc(s.Incidents, compareOpen)
	s.Groups = b.groupViews(now)
	for _, g := range s.Groups {
		s.Overall = worse(s.Overall, g.State)
	}
	for i := range b.model.Apps {
		s.Apps = append(s.Apps, b.appView(&b.model.Apps[i]))
	}
	return s
}

func (b *Board) zone() *time.Location {
	if b.model.Site.Zone == nil {
		return time.UTC
	}
	return b.model.Site.Zone
}

// recentPast is the incidents that ended in the days shown. The slice is
// shared: it is replaced, never written to, when another ends.
func (b *Board) recentPast(now time.Time) []Incident {
	since := now.AddDate(0, 0, -historyDays)
	n := len(b.past)
	for n > 0 && b.past[n-1].Resolved.Before(since) {
		n--
	}
	return b.past[:n:n]
}

// domainMembers is the components of each domain.
func (b *Board) domainMembers() map[string][]string {
	all := make(map[string][]string, len(b.domains))
	for _, d := range b.domains {
		for _, i := range d.members {
			all[d.id] = append(all[d.id], b.subjects[i].ID)
		}
	}
	return all
}

// shelf is a group's components as they were last shown.
type shelf struct {
	members []*subject
	shown   []*ComponentView // shared with the snapshots that show it: replaced, never written to
}

// newShelves puts the components on the shelves of their groups, in the
// configuration's order.
func (b *Board) newShelves() []shelf {
	shelves := make([]shelf, len(b.model.Groups))
	at := make(map[string]int, len(shelves))
	for i, g := range b.model.Groups {
		at[g.ID] = i
	}
	for _, s := range b.subjects {
		if i, known := at[s.Group]; known {
			shelves[i].members = append(shelves[i].members, s)
		}
		for _, i := range b.graph.neededBy[s.order] {
			s.neededBy = append(s.neededBy, b.subjects[i].ID)
		}
		slices.Sort(s.neededBy)
	}
	return shelves
}

// groupViews are the groups in the configuration's order, each with its
// components in theirs.
func (b *Board) groupViews(now time.Time) []GroupView {
	views := make([]GroupView, len(b.shelves))
	down := b.failedDomains()
	for i := range b.shelves {
		views[i] = GroupView{Group: b.model.Groups[i], State: Operational, Components: b.componentViews(&b.shelves[i], down, now)}
		for c := range views[i].Components {
			views[i].State = worse(views[i].State, views[i].Components[c].State)
		}
	}
	return views
}

// componentViews are the components of a shelf. Those that have not changed are
// the ones last shown; while none has, so is the slice.
func (b *Board) componentViews(h *shelf, down []string, now time.Time) []*ComponentView {
	fresh := h.shown == nil
	if fresh {
		h.shown = make([]*ComponentView, len(h.members))
	}
	for i, s := range h.members {
		v := b.componentView(s, down, now)
		if h.shown[i] != nil && v.same(h.shown[i]) {
			continue
		}
		if !fresh {
			h.shown, fresh = slices.Clone(h.shown), true
		}
		changed := v // the others stay off the heap
		h.shown[i] = &changed
	}
	return h.shown
}

// same says whether a component is shown as before. Its slices are replaced
// when they change, so one that begins where the other does is the same.
func (v *ComponentView) same(as *ComponentView) bool {
	return v.Version == as.Version && v.Measured.Equal(as.Measured) &&
		v.Maintenance == as.Maintenance && v.Incident == as.Incident &&
		v.Uptime == as.Uptime && v.UptimeKnown == as.UptimeKnown &&
		sameSlice(v.PastDays, as.PastDays) && sameDay(v.Today, as.Today) && sameSlice(v.Standings, as.Standings) &&
		slices.Equal(v.Available, as.Available)
}

func sameDay(a, b *Day) bool { return a == b || a != nil && b != nil && *a == *b }

func sameSlice[T any](a, b []T) bool {
	return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0])
}

func (b *Board) componentView(s *subject, down []string, now time.Time) ComponentView {
	if s.spoken {
		s.spoken, s.standings = false, standings(s.sights)
	}
	v := ComponentView{
		Component: s.Component, Condition: s.condition, Maintenance: s.work,
		Incident: b.incidentOf(s.ID), Standings: s.standings, Available: b.available(s, down, now),
		NeededBy: s.neededBy,
	}
	v.Measured = s.saidLast()
	current := Interval{Component: s.ID, State: s.condition.State, Since: s.condition.Since, Until: now}
	if s.condition.Version == 0 {
		current.Since = now
	}
	v.PastDays, v.Today, v.Uptime, v.UptimeKnown = s.history.days(b.calendar, current, now)
	return v
}

// incidentOf is the open incident in which the component is not well, or
// empty.
func (b *Board) incidentOf(component string) string {
	for _, tellers := range []map[string]*story{b.teller, b.claimed} {
		s := tellers[component]
		if s != nil && s.Open() && s.component(component).Until.IsZero() {
			return s.ID
		}
	}
	return ""
}

// failedDomains are the failure domains that are the cause of an open
// incident.
func (b *Board) failedDomains() []string {
	var down []string
	for _, s := range b.open {
		if s.Open() && isDomain(s.Cause) && s.Stage != Monitoring {
			down = append(down, s.Cause[len(causeDomain):])
		}
	}
	return down
}

func (b *Board) appView(a *App) AppView {
	v := AppView{App: *a}
	v.WidgetOff = a.WidgetOff || b.switches[a.ID].Off
	for _, f := range a.Functions {
		v.Functions = append(v.Functions, b.functionView(b.worded(a.ID, f)))
	}
	return v
}

// functionView is what the states of its needs make of a function: the worst of
// them, where what it can do without counts as degraded at most.
func (b *Board) functionView(f AppFunction) FunctionView {
	v := FunctionView{AppFunction: f, State: Operational}
	type trouble struct {
		component string
		state     State
	}
	var troubles []trouble
	for _, n := range f.Needs {
		i, known := b.index[n.ID]
		if !known {
			continue
		}
		state := b.subjects[i].condition.State
		if n.Soft && state.Failed() {
			state = DegradedPerformance
		}
		v.State = worse(v.State, state)
		if state.Troubled() || state == UnderMaintenance {
			troubles = append(troubles, trouble{n.ID, state})
		}
	}
	slices.SortFunc(troubles, func(x, y trouble) int {
		return cmp.Or(cmp.Compare(severity[y.state], severity[x.state]), cmp.Compare(x.component, y.component))
	})
	for _, t := range troubles {
		v.AffectedBy = append(v.AffectedBy, t.component)
		if v.Incident == "" {
			v.Incident = b.incidentOf(t.component)
		}
	}
	return v
}
