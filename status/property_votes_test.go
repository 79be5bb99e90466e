package status_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"bongsu/status"
)

// An act is what happens next in a random history of votes: time goes by, a
// location begins or ceases to be doubted, some look.
type act struct {
	wait  time.Duration
	doubt string
	trust string
	votes []status.Vote // At is before the act's end: how long before is Took's business
	late  []time.Duration
}

// drawWitnesses draws a world of a few components, locations and controls.
func drawWitnesses(t *rapid.T) *status.Model {
	m := drawModel(t)
	m.Rules.Quorum = rapid.IntRange(0, 3).Draw(t, "quorum")
	for _, id := range []string{"control/dns", "control/portal", "control/root"}[:rapid.IntRange(0, 3).Draw(t, "controls")] {
		m.Controls = append(m.Controls, status.Check{ID: id, Fresh: 2 * time.Minute})
	}
	for i := range m.Components {
		for c := range m.Components[i].Checks {
			if rapid.IntRange(0, 4).Draw(t, "from some") == 0 {
				m.Components[i].Checks[c].From = idsOf(m.Locations)[:1]
			}
		}
	}
	return m
}

// drawActs draws a history. Moods make whole locations, or all the world, or
// the controls with them, fail together.
func drawActs(t *rapid.T, m *status.Model, outcomes, controls []status.Outcome) []act {
	waits := []time.Duration{time.Second, time.Second, 2 * time.Second, 5 * time.Second, time.Minute, 5 * time.Minute}
	one := rapid.Custom(func(t *rapid.T) act {
		a := act{wait: rapid.SampledFrom(waits).Draw(t, "wait")}
		switch rapid.IntRange(0, 19).Draw(t, "hand") {
		case 0:
			a.doubt = rapid.SampledFrom(idsOf(m.Locations)).Draw(t, "doubted")
		case 1, 2, 3:
			a.trust = rapid.SampledFrom(idsOf(m.Locations)).Draw(t, "trusted")
		}
		for _, place := range idsOf(m.Locations) {
			mood, own := rapid.SampledFrom(outcomes).Draw(t, "mood"), rapid.SampledFrom(controls).Draw(t, "own")
			for i := range m.Components {
				for _, c := range m.Components[i].Checks {
					a.cast(t, c.ID, place, mood, outcomes)
				}
			}
			for _, c := range m.Controls {
				a.cast(t, c.ID, place, own, controls)
			}
		}
		return a
	})
	return rapid.SliceOfN(one, 1, 40).Draw(t, "acts")
}

func (a *act) cast(t *rapid.T, check, place string, mood status.Outcome, outcomes []status.Outcome) {
	o := mood
	switch rapid.IntRange(0, 9).Draw(t, "look") {
	case 0:
		return
	case 1:
		o = rapid.SampledFrom(outcomes).Draw(t, "outcome")
	}
	late := rapid.SampledFrom([]time.Duration{0, 0, 0, 0, 300 * time.Millisecond, 10 * time.Minute}).Draw(t, "late")
	a.votes = append(a.votes, status.Vote{Check: check, Location: place, Outcome: o, Took: min(late, time.Second)})
	a.late = append(a.late, late)
}

// witness lives through acts and keeps a record of its own.
type witness struct {
	t     *rapid.T
	m     *status.Model
	b     *status.Board
	now   time.Time
	looks map[[2]string][]status.Vote // by check and location: conclusive, in time, of who was not doubted
	since map[string]time.Time        // a location's latest doubt's end; by hand or by its controls
	in    map[string]bool             // it is doubted
	check func(*witness, status.Change)
}

func bear(t *rapid.T, m *status.Model, acts []act, check func(*witness, status.Change)) {
	w := &witness{
		t: t, m: m, b: status.NewBoard(m, status.Memory{}, &counter{}), now: start, check: check,
		looks: make(map[[2]string][]status.Vote), since: make(map[string]time.Time), in: make(map[string]bool),
	}
	w.judge()
	for _, a := range acts {
		w.bear(a)
	}
}

func (w *witness) bear(a act) {
	until := w.now.Add(a.wait)
	for due := w.b.Due(); !due.IsZero() && !due.After(until); due = w.b.Due() {
		if due.After(w.now) {
			w.now = due
		}
		w.judge()
	}
	w.now = until
	if a.doubt != "" {
		w.b.Doubt(a.doubt, status.DoubtClock, "set", w.now)
	}
	if a.trust != "" {
		w.b.Trust(a.trust, status.DoubtClock, w.now)
	}
	w.judge()
	for i, v := range a.votes {
		v.At = w.now.Add(-a.late[i])
		w.note(v)
		w.b.Vote(v)
	}
	w.judge()
}

// note keeps what a vote may count for, by the plainest of rules.
func (w *witness) note(v status.Vote) {
	key := [2]string{v.Check, v.Location}
	latest, cast := w.b.Standing(v.Check, v.Location)
	switch {
	case v.Outcome == status.Inconclusive, cast && !v.At.After(latest.At), w.now.Sub(v.At) > 2*time.Minute:
		return
	}
	w.looks[key] = append(w.looks[key], v)
}

func (w *witness) judge() {
	c := w.b.Judge(w.now)
	for _, d := range c.Doubts {
		if !d.Until.IsZero() {
			w.since[d.Location] = w.now
		}
	}
	for _, l := range w.b.Snapshot(w.now).Locations {
		w.in[l.ID] = len(l.Doubts) > 0
	}
	if w.check != nil {
		w.check(w, c)
	}
}

// seen is a location's latest looks at a check that may count, newest last.
func (w *witness) seen(check, place string) []status.Vote {
	return slices.DeleteFunc(slices.Clone(w.looks[[2]string{check, place}]), func(v status.Vote) bool {
		return v.At.Before(w.since[place])
	})
}

// vouched says whether the location has seen a control answer by a look that
// began after the first of these ended, or has none.
func (w *witness) vouched(place string, first status.Vote) bool {
	for _, c := range w.m.Controls {
		for _, v := range w.looks[[2]string{c.ID, place}] {
			if (v.Outcome == status.OK || v.Outcome == status.Slow) && !v.At.Before(first.At.Add(first.Took)) {
				return true
			}
		}
	}
	return len(w.m.Controls) == 0
}

func bad(v status.Vote) bool { return v.Outcome == status.Failed || v.Outcome == status.Wrong }

// accusers says of a finding that fails what must be true of each location that
// makes it fail: it is believed, it saw as many failures in a row as it takes,
// and then its controls answer.
func (w *witness) accusers(f *status.Finding) {
	for _, place := range f.Failing {
		looks := w.seen(f.Check, place)
		run := 0
		var confirming status.Vote
		for _, v := range looks {
			if run = run + 1; !bad(v) {
				run = 0
			}
			if run == w.m.Rules.Confirm && w.vouched(place, v) {
				confirming = v
			}
			if run > w.m.Rules.Confirm && confirming.At.IsZero() && w.vouched(place, v) {
				confirming = v
			}
		}
		if w.in[place] || confirming.At.IsZero() {
			w.t.Fatalf("at %s %s is said to fail from %s, doubted: %t, which saw %+v and of its controls %+v",
				w.now, f.Check, place, w.in[place], looks, w.looks)
		}
	}
}

// green says of a component that is shown as well what must be true: a location
// that is believed saw it well in its last few looks, not long ago.
func (w *witness) green(v *status.ComponentView) {
	for i := range v.Checks {
		for _, place := range idsOf(w.m.Locations) {
			looks := w.seen(v.Checks[i].ID, place)
			if len(looks) == 0 || w.in[place] || w.now.Sub(looks[len(looks)-1].At) > 2*time.Minute {
				continue
			}
			if few := looks[max(0, len(looks)-w.m.Rules.Confirm):]; slices.ContainsFunc(few, func(v status.Vote) bool { return !bad(v) }) {
				return
			}
			if len(w.m.Controls) > 0 && len(looks) > w.m.Rules.Confirm {
				return // held back while its controls faltered: the word it had stands until they have spoken
			}
		}
	}
	w.t.Fatalf("at %s %s is %s, and all that was seen is %+v", w.now, v.ID, v.State, w.looks)
}

func TestNothingIsShownBetterOrWorseThanItIsMeasured(t *testing.T) {
	counts := make(map[string]int)
	explore(t, func(t *rapid.T) {
		m := drawWitnesses(t)
		acts := drawActs(t, m, everyOutcome, []status.Outcome{status.OK, status.OK, status.OK, status.Failed, status.Inconclusive})
		bear(t, m, acts, func(w *witness, c status.Change) {
			counts["events"] += len(c.Events)
			counts["doubts"] += len(c.Doubts)
			page := w.b.Snapshot(w.now)
			if !page.Impaired.IsZero() {
				counts["impaired"]++
			}
			for g := range page.Groups {
				for _, v := range page.Groups[g].Components {
					counts[v.State.String()]++
					if v.State == status.Operational {
						w.green(v)
					}
					for f := range v.Why {
						w.accusers(&v.Why[f])
					}
				}
			}
		})
	})
	for _, what := range []string{"events", "doubts", "impaired", "operational", "unknown", "major_outage", "partial_outage"} {
		if counts[what] == 0 {
			t.Errorf("the histories had no %s: %v", what, counts)
		}
	}
	t.Logf("covered: %v", counts)
}

// Whatever targets say, while the controls of every location fail, or do not
// speak, nobody is accused and nothing goes out.
func TestUndecidedVotesAccuseNobody(t *testing.T) {
	explore(t, func(t *rapid.T) {
		m := drawWitnesses(t)
		if len(m.Controls) == 0 {
			m.Controls = []status.Check{{ID: "control/dns", Fresh: 2 * time.Minute}}
		}
		acts := drawActs(t, m, everyOutcome, []status.Outcome{status.Failed, status.Wrong, status.Inconclusive})
		bear(t, m, acts, func(w *witness, c status.Change) {
			if len(c.Incidents)+len(c.Events) > 0 {
				t.Fatalf("at %s came %+v and %+v", w.now, c.Incidents, c.Events)
			}
			for _, condition := range c.Conditions {
				if condition.State.Troubled() {
					t.Fatalf("at %s came %+v", w.now, condition)
				}
			}
		})
	})
}

// Votes of equal time may come in any order.
func TestVotesOfEqualTimeComeInAnyOrder(t *testing.T) {
	explore(t, func(t *rapid.T) {
		m := drawWitnesses(t)
		acts := drawActs(t, m, everyOutcome, everyOutcome)
		for i := range acts {
			clear(acts[i].late)
		}
		dice := rapid.Uint64().Draw(t, "order")
		record := func(acts []act) (all []status.Change) {
			bear(t, m, acts, func(_ *witness, c status.Change) { all = append(all, c) })
			return all
		}
		one := record(acts)
		for i := range acts {
			acts[i].votes = shuffled(acts[i].votes, dice+uint64(i))
		}
		if diff := cmp.Diff(one, record(acts)); diff != "" {
			t.Fatalf("changes (-one order +another):\n%s", diff)
		}
	})
}

// shuffled orders things anew by a number.
func shuffled[T any](all []T, by uint64) []T {
	out := slices.Clone(all)
	for i := len(out) - 1; i > 0; i-- {
		by = by*6364136223846793005 + 1442695040888963407
		at := int(by>>33) % (i + 1)
		out[i], out[at] = out[at], out[i]
	}
	return out
}
