package statuspage_test

import (
	"testing"
	"time"

	"bongsu/notifier/statuspage"
	"bongsu/status"
)

// Ids are for ever: whoever has kept one finds the same thing under it.
func TestIDsNeverChange(t *testing.T) {
	for _, c := range []struct{ kind, id, want string }{
		{statuspage.Page, "https://status.example", "f92s1lmgo62q"},
		{statuspage.Group, "login", "71hmeg504qh9"},
		{statuspage.Component, "login", "ak39an0lkcfj"},
		{statuspage.Incident, "01JD9R2W8F", "hot13s6arfl8"},
	} {
		if got := statuspage.ID(c.kind, c.id); got != c.want {
			t.Errorf("the %s %s is %s, was %s", c.kind, c.id, got, c.want)
		}
	}
}

// Every pair of states weighs the same both ways round, and what cannot be
// measured is never outweighed by what is well or worked on.
func TestWorse(t *testing.T) {
	for _, a := range status.States() {
		for _, b := range status.States() {
			if statuspage.Indicator(statuspage.Worse(a, b)) != statuspage.Indicator(statuspage.Worse(b, a)) {
				t.Errorf("%s and %s weigh otherwise the other way round", a, b)
			}
		}
	}
	for _, well := range []status.State{status.Operational, status.UnderMaintenance} {
		if got := statuspage.Worse(well, status.Unknown); got != status.Unknown {
			t.Errorf("%s outweighs what cannot be measured", well)
		}
	}
}

func TestAPageIsAsBadAsItsWorst(t *testing.T) {
	page := func(states ...status.State) *status.Snapshot {
		s := &status.Snapshot{Groups: []status.GroupView{{}}}
		for _, state := range states {
			s.Groups[0].Components = append(s.Groups[0].Components, &status.ComponentView{Component: &status.Component{}, Condition: status.Condition{State: state}})
		}
		return s
	}
	doubted, told := page(status.Operational), page(status.Operational)
	doubted.Impaired = time.Unix(1, 0)
	told.Incidents = []status.Incident{{Impact: status.PartialOutage}} // people say so; nothing measures it
	for _, c := range []struct {
		page *status.Snapshot
		want status.State
	}{
		{page(), status.Operational},
		{page(status.Operational, status.UnderMaintenance), status.UnderMaintenance},
		{page(status.UnderMaintenance, status.Unknown), status.Unknown},
		{page(status.MajorOutage, status.Unknown), status.MajorOutage},
		{doubted, status.Unknown},
		{told, status.PartialOutage},
	} {
		if got := statuspage.Overall(c.page); got != c.want {
			t.Errorf("got %s, want %s", got, c.want)
		}
	}
}
