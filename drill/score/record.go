// Package score judges what a drill left behind: it holds every expectation of
// the scenario against the record, puts the first words beside those of real
// outages, and writes it all down as text, JSON, a page and a picture. The same
// record gives the same bytes.
package score

import (
	"cmp"
	"slices"
	"time"

	"bongsu/drill/scenario"
	"bongsu/status"
)

// Record is what a drill left behind.
type Record struct {
	Scenario *scenario.Scenario
	Stands   map[string]string   // location → the scenario's where it stands, of those called otherwise
	Cast     map[string]string   // target → the component that played it; others were not played
	Names    map[string][]string // component → what texts call it
	Domains  []string            // failure domains that were modelled
	People   []string            // addresses of those who subscribe

	Turns     map[string][]Turn    // component → what it was shown as, oldest first
	Offers    map[string][]Offer   // component → what was offered instead
	Doubts    map[string][]Doubt   // location → whether its word counted
	Shown     map[string]time.Time // incident → when the page first told of it
	Incidents map[string]status.Incident
	Texts     []Text // handed over, in order
	Pages     []Page
	Deeds     []Deed
	Looks     int
	Unasked   []string // checks that were answered by their target's mode alone
}

// Turn is what a component was shown as from an instant on.
type Turn struct {
	At      time.Time
	State   status.State
	Derived bool
	Cause   string
}

// Offer is what could be used instead from an instant on.
type Offer struct {
	At        time.Time
	Available []status.Substitute
}

// Doubt says whether a location was doubted from an instant on.
type Doubt struct {
	At      time.Time
	Doubted bool
}

// Text is a text that a gateway was handed.
type Text struct {
	At       time.Time
	Channel  string // messenger, sms or ops
	To       string
	Lang     string
	Event    string // opened, …, or everyday
	Occasion string // texts of one occasion tell the same
	Made     time.Time
	Audience string
	Incident string
	Body     string
	Arrived  time.Time // zero: it did not
}

// Page is a page or feed as it was at a checkpoint.
type Page struct {
	At         time.Time
	Checkpoint string
	Path       string
	Marked     bool
}

// Deed is what an operator did, and what came of it.
type Deed struct {
	At    time.Time
	What  string
	Error string
}

// NewRecord is an empty record.
func NewRecord(s *scenario.Scenario, cast map[string]string) *Record {
	return &Record{
		Scenario: s, Cast: cast, Names: map[string][]string{}, Turns: map[string][]Turn{}, Offers: map[string][]Offer{},
		Doubts: map[string][]Doubt{}, Shown: map[string]time.Time{}, Incidents: map[string]status.Incident{},
	}
}

// Observe notes what a snapshot shows that the one before did not. At is the
// world's time, whatever the node's clock says.
func (r *Record) Observe(s *status.Snapshot, at time.Time) {
	for g := range s.Groups {
		for c := range s.Groups[g].Components {
			r.observe(s.Groups[g].Components[c], at)
		}
	}
	for i := range s.Locations {
		l := &s.Locations[i]
		place := cmp.Or(r.Stands[l.ID], l.ID)
		was := last(r.Doubts[place])
		if is := len(l.Doubts) > 0; was == nil || was.Doubted != is {
			r.Doubts[place] = append(r.Doubts[place], Doubt{at, is})
		}
	}
	for _, list := range [][]status.Incident{s.Incidents, s.Past} {
		for i := range list {
			if known, ok := r.Incidents[list[i].ID]; ok && known.Version == list[i].Version {
				continue
			}
			r.Incidents[list[i].ID] = list[i]
			if _, shown := r.Shown[list[i].ID]; !shown && !list[i].Announced.IsZero() {
				r.Shown[list[i].ID] = at
			}
		}
	}
}

func (r *Record) observe(v *status.ComponentView, at time.Time) {
	turn := Turn{at, v.State, v.Derived, v.AffectedBy}
	if was := last(r.Turns[v.ID]); was == nil || was.State != turn.State || was.Derived != turn.Derived || was.Cause != turn.Cause {
		r.Turns[v.ID] = append(r.Turns[v.ID], turn)
	}
	if was := last(r.Offers[v.ID]); was == nil && len(v.Available) > 0 || was != nil && !slices.EqualFunc(was.Available, v.Available, sameOffer) {
		r.Offers[v.ID] = append(r.Offers[v.ID], Offer{at, slices.Clone(v.Available)})
	}
}

func sameOffer(a, b status.Substitute) bool { return a.ID == b.ID && a.Crowded == b.Crowded }

func last[T any](all []T) *T {
	if len(all) == 0 {
		return nil
	}
	return &all[len(all)-1]
}

// state is what a component was shown as at an instant.
func (r *Record) state(component string, at time.Time) status.State {
	state := status.Unknown
	for _, t := range r.Turns[component] {
		if t.At.After(at) {
			break
		}
		state = t.State
	}
	return state
}

// incidents are all that were seen, by when they began.
func (r *Record) incidents() []status.Incident {
	all := make([]status.Incident, 0, len(r.Incidents))
	for _, i := range r.Incidents {
		all = append(all, i)
	}
	slices.SortFunc(all, func(a, b status.Incident) int {
		return cmp.Or(a.Detected.Compare(b.Detected), cmp.Compare(a.ID, b.ID))
	})
	return all
}

// told are the incidents that people heard or read of, those that went into
// another aside.
func (r *Record) told() []status.Incident {
	return slices.DeleteFunc(r.incidents(), func(i status.Incident) bool {
		return r.Shown[i.ID].IsZero() || i.MergedInto != ""
	})
}

// about are the told incidents that tell of a target.
func (r *Record) about(target string) []status.Incident {
	return slices.DeleteFunc(r.told(), func(i status.Incident) bool {
		return !slices.ContainsFunc(i.Components, func(a status.Affected) bool { return a.Component == r.Cast[target] })
	})
}

// cause is a scenario's cause in the words of who plays it.
func (r *Record) cause(cause string) (string, bool) {
	const component, domain = "component:", "domain:"
	switch {
	case len(cause) > len(component) && cause[:len(component)] == component:
		played, ok := r.Cast[cause[len(component):]]
		return component + played, ok
	case len(cause) > len(domain) && cause[:len(domain)] == domain:
		return cause, slices.Contains(r.Domains, cause[len(domain):])
	default:
		return cause, true
	}
}
