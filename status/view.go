package status

import (
	"cmp"
	"slices"
	"time"
)

// provenFor is how long a substitute counts as working after it was last
// measured.
const provenFor = 5 * time.Minute

// Snapshot is what the page shows now, as of the latest Judge.
func (b *Board) Snapshot(now time.Time) *Snapshot {
	now = b.clock(now)
	if zone := b.zone(); b.calendar == nil || !b.calendar.covers(now) {
		b.calendar = newCalendar(now, zone)
	}
	s := &Snapshot{
		At: now, Site: b.model.Site, Overall: Operational,
		Past: b.recentPast(now), Maintenance: b.workAhead(now), Domains: b.domainMembers(),
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

func (b *Board) workAhead(now time.Time) []Maintenance {
	var ahead []Maintenance
	for _, w := range b.maintenance {
		if w.Until.After(now) {
			ahead = append(ahead, w)
		}
	}
	return ahead
}

func (b *Board) domainMembers() map[string][]string {
	all := make(map[string][]string, len(b.domains))
	for _, d := range b.domains {
		for _, i := range d.members {
			all[d.id] = append(all[d.id], b.subjects[i].ID)
		}
	}
	return all
}

// groupViews are the groups in the configuration's order, each with its
// components in theirs.
func (b *Board) groupViews(now time.Time) []GroupView {
	views := make([]GroupView, len(b.model.Groups))
	at := make(map[string]int, len(views))
	for i, g := range b.model.Groups {
		views[i] = GroupView{Group: g, State: Operational}
		at[g.ID] = i
	}
	size := make([]int, len(views))
	for _, s := range b.subjects {
		if i, known := at[s.Group]; known {
			size[i]++
		}
	}
	for i := range views {
		views[i].Components = make([]ComponentView, 0, size[i])
	}
	down := b.failedDomains()
	for _, s := range b.subjects {
		i, known := at[s.Group]
		if !known {
			continue
		}
		v := b.componentView(s, down, now)
		views[i].State = worse(views[i].State, v.State)
		views[i].Components = append(views[i].Components, v)
	}
	return views
}

func (b *Board) componentView(s *subject, down []string, now time.Time) ComponentView {
	v := ComponentView{
		Component: *s.Component, Condition: s.condition.copy(), Maintenance: s.work,
		Incident: b.incidentOf(s.ID), Standings: s.standings(), Available: b.available(s, down, now),
	}
	v.Measured = s.saidLast()
	current := Interval{Component: s.ID, State: s.condition.State, Since: s.condition.Since, Until: now}
	if s.condition.Version == 0 {
		current.Since = now
	}
	v.Days, v.Uptime, v.UptimeKnown = s.history.days(b.calendar, current, now)
	for _, i := range b.graph.neededBy[s.order] {
		v.NeededBy = append(v.NeededBy, b.subjects[i].ID)
	}
	slices.Sort(v.NeededBy)
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

// available are the substitutes that are measured to work now, stand in no
// domain that has failed, the component's own included while it is in trouble,
// and need nothing that has. A different one comes first each day, so that
// none is favoured.
func (b *Board) available(s *subject, down []string, now time.Time) []string {
	if len(s.Substitutes) == 0 {
		return nil
	}
	if s.condition.State.Troubled() {
		down = append(slices.Clone(down), s.Domains...)
	}
	var found []string
	for _, id := range s.Substitutes {
		if i, known := b.index[id]; known && b.proven(b.subjects[i], down, now) {
			found = append(found, id)
		}
	}
	if len(found) < 2 {
		return found
	}
	slices.Sort(found)
	first := dayNumber(now.In(b.zone())) % len(found)
	return append(slices.Clone(found[first:]), found[:first]...)
}

// proven says whether a component can stand in for another now.
func (b *Board) proven(s *subject, down []string, now time.Time) bool {
	return s.condition.State == Operational && !s.condition.Derived &&
		now.Sub(s.saidLast()) <= provenFor &&
		!slices.ContainsFunc(s.Domains, func(d string) bool { return slices.Contains(down, d) }) &&
		!b.graph.reaches(s.order, func(i int) bool { return b.subjects[i].condition.State.Failed() })
}

// dayNumber counts the days of the calendar.
func dayNumber(local time.Time) int {
	const day = 24 * time.Hour
	year, month, date := local.Date()
	return int(time.Date(year, month, date, 0, 0, 0, 0, time.UTC).Sub(time.Unix(0, 0)) / day)
}

func (b *Board) appView(a *App) AppView {
	v := AppView{App: *a}
	for _, f := range a.Functions {
		v.Functions = append(v.Functions, b.functionView(f))
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
