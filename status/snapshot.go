package status

import (
	"slices"
	"time"
)

// Snapshot is everything the page shows at one instant. It is immutable: it
// shares nothing that changes with the board it came from.
type Snapshot struct {
	At          time.Time
	Site        Site
	Groups      []GroupView
	Incidents   []Incident    // open ones, announced or not, worst first
	Past        []Incident    // resolved, or merged into another, in the last 90 days, newest first
	Maintenance []Maintenance // going on or planned, those called off too, soonest first
	Apps        []AppView
	Overall     State     // the worst; Unknown only if nothing worse is measured and something cannot be
	Impaired    time.Time // since when too few locations can be believed to judge; zero if enough can
	Locations   []LocationView
	Rules       Rules       // by which all this was judged
	Controls    []Check     // what every location looks at beside them
	Suspicions  []Suspicion // for operators alone: never shown to the public, the newest first
	Silences    []Silence   // for operators alone too: those that last, by component

	Domains map[string][]string // failure domain → component ids, sorted
}

// GroupView is a group with its components, in the configuration's order.
type GroupView struct {
	Group
	State      State            // worst of its components
	Components []*ComponentView // shared with other snapshots: never to be written to
}

// ComponentView is a component as it is shown.
type ComponentView struct {
	*Component // of the model: never to be written to
	Condition
	Maintenance string // id of the maintenance it is in, or empty
	Incident    string // id of the open incident that explains it, or empty
	PastDays    []*Day // the 89 before today, oldest first; shared: never to be written to
	Today       *Day   // shared too
	Uptime      float64
	UptimeKnown bool // false when nothing was measured
	Standings   []Standing
	Available   []Substitute // what people can use instead now, in no order of preference
	NeededBy    []string
}

// Days are the last 90 days, oldest first, today last.
func (v *ComponentView) Days() []*Day { return append(slices.Clone(v.PastDays), v.Today) }

// Substitute is a component that can be used instead: measured ok within five
// minutes, and outside the failed domains.
type Substitute struct {
	ID      string
	Crowded bool          // it takes much longer than it usually does
	Usual   time.Duration // what its looks take as a rule
	Lately  time.Duration
}

// LocationView is a location as it is shown.
type LocationView struct {
	Location
	Doubts []Doubt   // those that last, oldest first
	Heard  time.Time // when its latest look began; zero if it has never spoken

	Waiting  time.Time // since when a failure that it sees waits for its controls, the oldest; zero if none does
	Answered time.Time // when the latest look at its controls began that they answered; zero if there was none
}

// Day is one day of a component's history, in the site's time zone.
type Day struct {
	Date        string // 2006-01-02
	Worst       State
	Uptime      float64       // 0…1, weights 1, 0.3 and 0 for major, partial and degraded; unknown and maintenance left out
	Known       bool          // false when nothing was measured that day
	Down        time.Duration // weighted
	Unknown     time.Duration
	Maintenance time.Duration
}

// AppView is an app with what of it works.
type AppView struct {
	App
	Functions []FunctionView
}

// FunctionView is an app's function as it is shown.
type FunctionView struct {
	AppFunction
	State      State    // worst of what it needs; a soft need counts as degraded at most
	AffectedBy []string // component ids that are not well
	Incident   string
}

// Component finds a component by id.
func (s *Snapshot) Component(id string) (*ComponentView, bool) {
	for g := range s.Groups {
		for _, v := range s.Groups[g].Components {
			if v.ID == id {
				return v, true
			}
		}
	}
	return nil, false
}

// Incident finds an incident by id, open or past.
func (s *Snapshot) Incident(id string) (*Incident, bool) {
	for _, list := range [][]Incident{s.Incidents, s.Past} {
		for i := range list {
			if list[i].ID == id {
				return &list[i], true
			}
		}
	}
	return nil, false
}
