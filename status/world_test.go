package status_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"

	"bongsu/status"
)

// explore checks a property in a hundred random histories, and in ten thousand
// with BONGSU_DEEP=1. The seed is in the log: -rapid.seed brings the same ones
// back.
func explore(t *testing.T, property func(t *rapid.T)) {
	t.Helper()
	checks := 100
	if os.Getenv("BONGSU_DEEP") == "1" {
		checks = 10_000
	}
	seed := flagOf(t, "rapid.seed", func(given string) string {
		if flagGiven("rapid.seed") { // not by an earlier round of this test
			return given
		}
		return strconv.FormatUint(rand.Uint64()|1, 10)
	})
	if !flagGiven("rapid.checks") {
		flagOf(t, "rapid.checks", func(string) string { return strconv.Itoa(checks) })
	}
	t.Logf("-rapid.seed=%s", seed)
	rapid.Check(t, property)
}

// flagOf gives a flag another value until the test ends.
func flagOf(t *testing.T, name string, change func(given string) string) string {
	t.Helper()
	f := flag.Lookup(name)
	given := f.Value.String()
	value := change(given)
	if err := f.Value.Set(value); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Value.Set(given); err != nil {
			t.Error(err)
		}
	})
	return value
}

func flagGiven(name string) (given bool) {
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == name })
	return given
}

// step is what happens next in a random history: time goes by, some look, a
// person does something.
type step struct {
	wait    time.Duration
	votes   []status.Vote // At is left to the run
	restart bool          // before it
	deed    deed
	pick    int    // which of the incidents it is about
	of      string // which component
	span    time.Duration
}

// deed is something that a person asks for.
type deed int

const (
	none deed = iota
	open
	note
	end
	maintain
	state
	expect
	correctOnset
	correctEnd
	correctCause
	merge
	split
	retract
	silence
	lift
	deeds
)

// drawModel draws a small world with few rules, so that much of it fails together.
func drawModel(t *rapid.T) *status.Model {
	m := &status.Model{
		Site: status.Site{Zone: seoul}, Groups: []status.Group{{ID: "all"}},
		Locations: locations("a", "b", "c")[:rapid.IntRange(1, 3).Draw(t, "locations")],
		Rules: status.Rules{
			Confirm: rapid.IntRange(1, 2).Draw(t, "confirm"), Recover: rapid.IntRange(1, 2).Draw(t, "recover"),
			Settle:  time.Duration(rapid.IntRange(0, 8).Draw(t, "settle")) * time.Second,
			Watch:   time.Duration(rapid.IntRange(0, 5).Draw(t, "watch")) * time.Minute,
			Promise: time.Duration(rapid.SampledFrom([]int{10, 60, 240}).Draw(t, "promise")) * time.Minute,
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

var everyOutcome = []status.Outcome{status.OK, status.OK, status.Failed, status.Wrong, status.Slow, status.Inconclusive}

var waits = []time.Duration{
	time.Second, time.Second, 2 * time.Second, 2 * time.Second, 5 * time.Second, 20 * time.Second,
	time.Minute, time.Minute, 5 * time.Minute, 20 * time.Minute,
}

func drawSteps(t *rapid.T, m *status.Model, outcomes []status.Outcome) []step {
	one := rapid.Custom(func(t *rapid.T) step {
		s := step{wait: rapid.SampledFrom(waits).Draw(t, "wait"), votes: drawVotes(t, m, outcomes)}
		switch hand := rapid.IntRange(0, 40).Draw(t, "hand"); {
		case hand < int(deeds):
			s.deed = deed(hand)
			s.pick = rapid.IntRange(0, 3).Draw(t, "pick")
			s.of = rapid.SampledFrom(m.Components).Draw(t, "of").ID
			s.span = rapid.SampledFrom(waits).Draw(t, "span")
		case hand == 40:
			s.wait = 25 * time.Hour // a night in which nobody looks
		}
		return s
	})
	return rapid.SliceOfN(one, 5, 60).Draw(t, "steps")
}

// drawRestarts has the program restarted before one step in ten.
func drawRestarts(t *rapid.T, steps []step) {
	for i := range steps {
		steps[i].restart = rapid.IntRange(0, 9).Draw(t, "restart") == 0
	}
}

// drawVotes draws a look of everywhere at everything. Outages are moods: most
// looks share one.
func drawVotes(t *rapid.T, m *status.Model, outcomes []status.Outcome) (votes []status.Vote) {
	mood := rapid.SampledFrom(outcomes).Draw(t, "mood")
	for i := range m.Components {
		for _, c := range m.Components[i].Checks {
			for _, l := range idsOf(m.Locations) {
				o := mood
				switch rapid.IntRange(0, 9).Draw(t, "look") {
				case 0:
					continue
				case 1, 2:
					o = rapid.SampledFrom(outcomes).Draw(t, "outcome")
				}
				votes = append(votes, status.Vote{Check: c.ID, Location: l, Outcome: o})
			}
		}
	}
	return votes
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
	looks   map[string][]look // check and location → conclusive looks, newest last
}

type look struct {
	status.Outcome
	at time.Time
}

// live lives through the steps, with its restarts if they are wanted.
func live(t *rapid.T, m *status.Model, steps []step, restarts bool, check func(*run, status.Change)) *run {
	r := &run{t: t, m: m, names: &counter{}, now: start, check: check, looks: make(map[string][]look)}
	r.b = status.NewBoard(m, status.Memory{}, r.names)
	r.judge()
	for _, s := range steps {
		if restarts && s.restart {
			r.restart()
		}
		r.live(s)
	}
	return r
}

// restart goes on with what was handed out, which must be all that was shown.
func (r *run) restart() {
	before, due := r.b.Snapshot(r.now), r.b.Due()
	r.memory.Standings = r.b.Standings()
	r.b = status.NewBoard(r.m, r.memory, r.names)
	if c := r.b.Judge(r.now); !c.Empty() {
		r.t.Fatalf("at %s, judged again at once after a restart, this changes: %+v", r.now, c)
	}
	if diff := differences(before, r.b.Snapshot(r.now)); diff != "" {
		r.t.Fatalf("at %s the page (-before a restart +after it):\n%s", r.now, diff)
	}
	if again := r.b.Due(); !again.Equal(due) {
		r.t.Fatalf("at %s, due at %s before a restart, at %s after it", r.now, due, again)
	}
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
		if v.Outcome != status.Inconclusive {
			key := v.Check + " " + v.Location
			r.looks[key] = append(r.looks[key], look{v.Outcome, v.At})
		}
	}
	r.hand(s)
	r.judge()
}

// hand does what people do; what they may not do changes nothing.
func (r *run) hand(s step) {
	page := r.b.Snapshot(r.now) // its orders are the same in every run
	all := slices.Concat(page.Incidents, page.Past)
	c := status.Command{Author: "kim"}
	var part []string
	if len(all) > 0 {
		about := all[s.pick%len(all)]
		c.Incident = about.ID
		for _, a := range about.Components {
			part = append(part, a.Component)
		}
	}
	resolved := status.Resolved
	switch s.deed {
	case open:
		c.Open = &status.Draft{Components: map[string]status.State{s.of: status.PartialOutage}, Notify: true}
	case note:
		c.Note = &status.NoteDraft{Notify: true}
	case end:
		c.Note = &status.NoteDraft{Stage: &resolved}
	case maintain:
		c.Maintain = &status.Maintenance{Components: []string{s.of}, From: r.now.Add(time.Minute), Until: r.now.Add(time.Hour)}
	case state:
		c.State = &status.Statement{Speaker: "the operator", Said: r.now, Text: en("All is well."), Fixed: true}
	case expect:
		c.Expect = &status.ETA{Speaker: "the operator", Basis: en("a part is on its way"), Expires: r.now.Add(s.span)}
	case correctOnset:
		c.Correct = &status.Correction{Field: status.CorrectBegan, Is: rfc(r.now.Add(-s.span)), Reason: en("So it was.")}
	case correctEnd:
		c.Correct = &status.Correction{Field: status.CorrectResolved, Is: rfc(r.now.Add(-s.span / 60)), Reason: en("So it was.")}
	case correctCause:
		c.Correct = &status.Correction{Field: status.CorrectCause, Is: "component:" + s.of, Reason: en("So it was.")}
	case merge:
		if len(all) > 1 {
			c.Merge = all[(s.pick+1)%len(all)].ID
		}
	case split:
		c.Split = part[:min(len(part), 1+s.pick/2)]
	case retract:
		c.Retract = en("It was us.")
	case silence:
		c.Silence = &status.Silence{Component: s.of, Reason: "a known fault", Until: r.now.Add(s.span + time.Minute)}
	case lift:
		c.Lift = s.of
	default:
		return
	}
	r.b.Do(c, r.now)
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
