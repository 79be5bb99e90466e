package status_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"bongsu/status"
)

// step is what happens next in a random history: time goes by, some look, a
// person does something.
type step struct {
	wait  time.Duration
	votes []status.Vote // At is left to the run
	open  string        // component of an incident opened by hand
	note  bool          // on the first open incident
	end   bool          // the first incident opened by hand
	work  string        // component under maintenance for an hour, soon
}

// drawModel draws a small world with few rules, so that much of it fails together.
func drawModel(t *rapid.T) *status.Model {
	m := &status.Model{
		Site: status.Site{Zone: seoul}, Groups: []status.Group{{ID: "all"}},
		Locations: []string{"a", "b", "c"}[:rapid.IntRange(1, 3).Draw(t, "locations")],
		Rules: status.Rules{
			Confirm: rapid.IntRange(1, 2).Draw(t, "confirm"), Recover: rapid.IntRange(1, 2).Draw(t, "recover"),
			Settle:  time.Duration(rapid.IntRange(0, 8).Draw(t, "settle")) * time.Second,
			Watch:   time.Duration(rapid.IntRange(0, 5).Draw(t, "watch")) * time.Minute,
			Promise: 10 * time.Minute,
		},
	}
	for i := range rapid.IntRange(2, 7).Draw(t, "components") {
		m.Components = append(m.Components, drawComponent(t, i))
	}
	return m
}

func drawComponent(t *rapid.T, i int) status.Component {
	// Names that do not sort like the configuration does.
	name := func(i int) string { return fmt.Sprintf("%c%d", 'z'-rune(i*7%26), i) }
	c := status.Component{ID: name(i), Group: "all"}
	for n := range i {
		if rapid.IntRange(0, 2).Draw(t, "need") == 0 {
			c.Needs = append(c.Needs, status.Need{ID: name(n), Soft: rapid.IntRange(0, 3).Draw(t, "soft") == 0})
		}
	}
	for _, domain := range []string{"dc", "kt"} {
		if rapid.Bool().Draw(t, "in "+domain) {
			c.Domains = append(c.Domains, domain)
		}
	}
	for k := range rapid.IntRange(0, 2).Draw(t, "checks") {
		c.Checks = append(c.Checks, status.Check{
			ID: fmt.Sprintf("%s/%d", c.ID, k), Fresh: 2 * time.Minute,
			Depth: rapid.SampledFrom([]status.Depth{status.Edge, status.Reach, status.Function, status.Canary}).Draw(t, "depth"),
		})
	}
	return c
}

func drawSteps(t *rapid.T, m *status.Model, outcomes []status.Outcome) []step {
	var checks, components []string
	for i := range m.Components {
		components = append(components, m.Components[i].ID)
		for _, c := range m.Components[i].Checks {
			checks = append(checks, c.ID)
		}
	}
	waits := []time.Duration{time.Second, 2 * time.Second, 5 * time.Second, 20 * time.Second, time.Minute, 5 * time.Minute, 20 * time.Minute}
	one := rapid.Custom(func(t *rapid.T) step {
		s := step{wait: rapid.SampledFrom(waits).Draw(t, "wait")}
		mood := rapid.SampledFrom(outcomes).Draw(t, "mood") // outages are moods: most looks share one
		for _, c := range checks {
			for _, l := range m.Locations {
				o := mood
				switch rapid.IntRange(0, 9).Draw(t, "look") {
				case 0:
					continue
				case 1, 2:
					o = rapid.SampledFrom(outcomes).Draw(t, "outcome")
				}
				s.votes = append(s.votes, status.Vote{Check: c, Location: l, Outcome: o})
			}
		}
		switch rapid.IntRange(0, 40).Draw(t, "hand") {
		case 0:
			s.open = rapid.SampledFrom(components).Draw(t, "opened")
		case 1:
			s.note = true
		case 2:
			s.end = true
		case 3:
			s.work = rapid.SampledFrom(components).Draw(t, "worked on")
		}
		return s
	})
	return rapid.SliceOfN(one, 1, 60).Draw(t, "steps")
}

// run is one history, lived through.
type run struct {
	t       *rapid.T
	m       *status.Model
	names   *counter
	b       *status.Board
	memory  status.Memory
	now     time.Time
	changes []status.Change
	check   func(r *run, c status.Change)
}

// live lives through the steps, with a restart before one of them if that is
// not negative.
func live(t *rapid.T, m *status.Model, steps []step, restart int, check func(*run, status.Change)) *run {
	r := &run{t: t, m: m, names: &counter{}, now: start, check: check}
	r.b = status.NewBoard(m, status.Memory{}, r.names)
	r.judge()
	for i, s := range steps {
		if i == restart {
			r.memory.Standings = r.b.Standings()
			r.b = status.NewBoard(m, r.memory, r.names)
		}
		r.live(s)
	}
	return r
}

func (r *run) live(s step) {
	until := r.now.Add(s.wait)
	r.judge()
	for due := r.b.Due(); !due.IsZero() && !due.After(until); due = r.b.Due() {
		if due.After(r.now) {
			r.now = due
		}
		r.judge()
	}
	r.now = until
	for _, v := range s.votes {
		v.At = r.now
		r.b.Vote(v)
	}
	r.hand(s)
	r.judge()
}

// hand does what people do; what they may not do changes nothing.
func (r *run) hand(s step) {
	open := r.b.Snapshot(r.now).Incidents
	slices.SortFunc(open, func(a, b status.Incident) int { return strings.Compare(a.ID, b.ID) })
	ended := status.Resolved
	switch {
	case s.open != "":
		r.b.Open(status.Draft{Components: map[string]status.State{s.open: status.PartialOutage}, Notify: true}, r.now)
	case s.note && len(open) > 0:
		r.b.Note(open[0].ID, status.NoteDraft{Notify: true}, r.now)
	case s.end && len(open) > 0:
		r.b.Note(open[0].ID, status.NoteDraft{Stage: &ended}, r.now)
	case s.work != "":
		r.b.Maintain(status.Maintenance{Components: []string{s.work}, From: r.now.Add(time.Minute), Until: r.now.Add(time.Hour)}, r.now)
	}
}

func (r *run) judge() {
	c := r.b.Judge(r.now)
	r.memory.Apply(c)
	if !c.Empty() {
		r.changes = append(r.changes, c)
	}
	if due := r.b.Due(); !due.IsZero() && !due.After(r.now) {
		r.t.Fatalf("judged at %s, it is due at %s", r.now, due)
	}
	if r.check != nil {
		r.check(r, c)
	}
}

var everyOutcome = []status.Outcome{status.OK, status.OK, status.Failed, status.Wrong, status.Slow, status.Inconclusive}

func TestARestartChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := drawModel(t)
		steps := drawSteps(t, m, everyOutcome)
		restart := rapid.IntRange(0, len(steps)-1).Draw(t, "restart")
		through := live(t, m, steps, -1, nil)
		again := live(t, m, steps, restart, nil)
		if diff := cmp.Diff(through.changes, again.changes, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("changes (-without restart +with):\n%s", diff)
		}
		if diff := cmp.Diff(through.b.Snapshot(through.now), again.b.Snapshot(again.now), cmpopts.EquateEmpty(), oneZone); diff != "" {
			t.Fatalf("the page (-without restart +with):\n%s", diff)
		}
		if a, b := through.b.Due(), again.b.Due(); !a.Equal(b) {
			t.Fatalf("due at %s without a restart, at %s with", a, b)
		}
	})
}

func TestTheSameHistoryTellsTheSameStory(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := drawModel(t)
		steps := drawSteps(t, m, everyOutcome)
		one := live(t, m, steps, -1, nil)
		for i := range steps { // equal times in any order
			slices.Reverse(steps[i].votes)
		}
		other := live(t, m, steps, -1, nil)
		if diff := cmp.Diff(one.changes, other.changes); diff != "" {
			t.Fatalf("twice (-first +second):\n%s", diff)
		}
	})
}

func TestWhatIsNotMeasuredIsNeverAnnounced(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := drawModel(t)
		steps := drawSteps(t, m, []status.Outcome{status.Inconclusive})
		for i := range steps {
			steps[i].open = ""
		}
		r := live(t, m, steps, -1, nil)
		for _, c := range r.changes {
			if len(c.Incidents)+len(c.Events) > 0 {
				t.Fatalf("from nothing came %+v", c)
			}
			for _, condition := range c.Conditions {
				if condition.State != status.Unknown && condition.State != status.UnderMaintenance {
					t.Fatalf("from nothing came %+v", condition)
				}
			}
		}
	})
}

func TestOneCauseOneStory(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := drawModel(t)
		book := &book{t: t, m: m, seen: make(map[string]status.Incident), told: make(map[string][]status.Event)}
		live(t, m, drawSteps(t, m, everyOutcome), -1, book.check)
	})
}

// book keeps what was said of each incident and objects to what must not be.
type book struct {
	t    *rapid.T
	m    *status.Model
	seen map[string]status.Incident
	told map[string][]status.Event
}

func (k *book) check(r *run, c status.Change) {
	for _, i := range c.Incidents {
		k.onlyGrows(i)
		k.seen[i.ID] = i
	}
	for _, e := range c.Events {
		k.event(e)
	}
	k.page(r.b.Snapshot(r.now))
}

func (k *book) onlyGrows(i status.Incident) {
	before := k.seen[i.ID]
	if len(i.Updates) < len(before.Updates) {
		k.t.Fatalf("incident %s has lost updates", i.ID)
	}
	if diff := cmp.Diff(before.Updates, i.Updates[:len(before.Updates)], cmpopts.EquateEmpty()); diff != "" {
		k.t.Fatalf("the past of incident %s has changed:\n%s", i.ID, diff)
	}
	if i.Version != before.Version+1 || before.ID != "" && !before.Open() {
		k.t.Fatalf("version %d of incident %s follows %d", i.Version, i.ID, before.Version)
	}
}

func (k *book) event(e status.Event) {
	earlier := k.told[e.Incident]
	k.told[e.Incident] = append(earlier, e)
	has := func(kind status.EventKind) bool {
		return slices.ContainsFunc(earlier, func(x status.Event) bool { return x.Kind == kind })
	}
	i := k.seen[e.Incident]
	manual := strings.HasPrefix(i.Cause, "manual:")
	switch e.Kind {
	case status.EventOpened:
		if has(status.EventOpened) {
			k.t.Fatalf("incident %s is opened twice", e.Incident)
		}
	case status.EventResolved:
		if !has(status.EventOpened) || has(status.EventResolved) {
			k.t.Fatalf("incident %s is resolved after %+v", e.Incident, earlier)
		}
		if !manual && e.At.Sub(i.Watching) < k.m.Rules.Watch {
			k.t.Fatalf("incident %s is resolved at %s, watched since %s", e.Incident, e.At, i.Watching)
		}
	case status.EventWorsened:
		if !has(status.EventOpened) || e.To <= e.From {
			k.t.Fatalf("incident %s has worsened from %s to %s", e.Incident, e.From, e.To)
		}
	case status.EventNote, status.EventDigest:
	}
	if slices.ContainsFunc(earlier, func(x status.Event) bool { return x.Kind == e.Kind && x.Update == e.Update }) {
		k.t.Fatalf("two events have one name: %+v", e)
	}
}

// page checks what the page shows at one instant.
func (k *book) page(s *status.Snapshot) {
	tellers, causes := make(map[string]string), make(map[string]bool)
	failing := 0
	for _, i := range s.Incidents {
		if causes[i.Cause] {
			k.t.Fatalf("two open incidents have the cause %s", i.Cause)
		}
		causes[i.Cause] = true
		troubled := false
		for _, a := range i.Components {
			if !a.Until.IsZero() {
				continue
			}
			if other := tellers[a.Component]; other != "" {
				k.t.Fatalf("%s is explained by %s and %s", a.Component, other, i.ID)
			}
			tellers[a.Component] = i.ID
			troubled = troubled || a.State.Troubled()
		}
		if troubled && !strings.HasPrefix(i.Cause, "manual:") {
			failing++
		}
		if i.Next.Before(s.At) {
			k.t.Fatalf("at %s incident %s has promised word by %s", s.At, i.ID, i.Next)
		}
	}
	if roots := k.components(s, tellers); failing > roots {
		k.t.Fatalf("%d incidents for %d components that fail by themselves", failing, roots)
	}
}

// components checks each component and counts those that fail by themselves.
func (k *book) components(s *status.Snapshot, tellers map[string]string) (roots int) {
	for _, g := range s.Groups {
		for i := range g.Components {
			v := &g.Components[i]
			if v.State.Troubled() && v.AffectedBy == "" {
				roots++
			}
			if v.State.Troubled() && tellers[v.ID] == "" {
				k.t.Fatalf("%s is %s and no incident says so", v.ID, v.State)
			}
			if v.Incident != tellers[v.ID] {
				k.t.Fatalf("%s is told by %q, its page says %q", v.ID, tellers[v.ID], v.Incident)
			}
			if v.Derived && v.AffectedBy == "" || v.AffectedBy != "" && !v.State.Troubled() {
				k.t.Fatalf("%s is marked wrongly: %+v", v.ID, v.Condition)
			}
			if v.State == status.Operational && v.Measured.IsZero() {
				k.t.Fatalf("%s is green and was never measured", v.ID)
			}
		}
	}
	return roots
}
