package status_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"bongsu/status"
)

// What the page says of a state's reason is never another state's.
var lineStates = map[status.Line][]status.State{
	status.LineAllFail:       {status.MajorOutage},
	status.LineSomeFail:      {status.PartialOutage},
	status.LineNotEverywhere: {status.PartialOutage},
	status.LineShallow:       {status.PartialOutage},
	status.LineSlow:          {status.DegradedPerformance},
	status.LineCountsAs:      {status.DegradedPerformance, status.PartialOutage, status.MajorOutage},
	status.LinePass:          {status.Operational},
	status.LineNothing:       {status.Unknown},
	status.LineHardNeed:      {status.PartialOutage},
	status.LineSoftNeed:      {status.DegradedPerformance},
	status.LineMaintenance:   {status.UnderMaintenance},
}

// Whatever three locations see of a component with any checks, the line named
// for its state is one that makes that state.
func TestTheLineExplainsTheState(t *testing.T) {
	seen := map[status.Line]bool{}
	all := []status.Line{
		status.LineAllFail, status.LineSomeFail, status.LineNotEverywhere, status.LineShallow,
		status.LineSlow, status.LineCountsAs, status.LinePass, status.LineNothing,
	}
	for round := 0; round < 20 && slices.ContainsFunc(all, func(l status.Line) bool { return !seen[l] }); round++ {
		t.Run("round", func(t *testing.T) { explore(t, explained(seen)) })
	}
	for _, line := range all {
		if !seen[line] {
			t.Errorf("no case rests on %q", line)
		}
	}
}

// explained is the property that the line named for a state makes it. It notes
// the lines seen.
func explained(seen map[status.Line]bool) func(t *rapid.T) {
	return func(t *rapid.T) {
		m := &status.Model{
			Locations:  []status.Location{{ID: "a"}, {ID: "b"}, {ID: "c"}},
			Rules:      status.Rules{Confirm: 1, Recover: 1},
			Groups:     []status.Group{{ID: "g"}},
			Components: []status.Component{{ID: "c", Group: "g"}},
		}
		c := &m.Components[0]
		for i := range rapid.IntRange(0, 3).Draw(t, "checks") {
			c.Checks = append(c.Checks, status.Check{
				ID: "c/" + string(rune('0'+i)), Fresh: time.Minute,
				Depth:    rapid.SampledFrom([]status.Depth{status.Edge, status.Reach, status.Function, status.Canary}).Draw(t, "depth"),
				CountsAs: rapid.SampledFrom([]status.State{0, 0, 0, status.DegradedPerformance, status.PartialOutage, status.MajorOutage}).Draw(t, "counts as"),
				Sandbox:  rapid.IntRange(0, 5).Draw(t, "sandbox") == 0,
			})
		}
		now := time.Date(2026, 11, 22, 15, 0, 0, 0, time.UTC)
		b := status.NewBoard(m, status.Memory{}, &counter{})
		b.Judge(now)
		for _, check := range c.Checks {
			for _, l := range m.Locations {
				outcome := rapid.SampledFrom([]status.Outcome{status.Inconclusive, status.OK, status.Slow, status.Failed, status.Failed}).Draw(t, "outcome")
				b.Vote(status.Vote{Check: check.ID, Location: l.ID, Outcome: outcome, At: now.Add(time.Second)})
			}
		}
		b.Judge(now.Add(2 * time.Second))
		v, _ := b.Snapshot(now.Add(2 * time.Second)).Component("c")
		line := v.Line()
		seen[line] = true
		if !slices.Contains(lineStates[line], v.State) {
			t.Fatalf("%s is explained by %q: %+v", v.State, line, v.Why)
		}
	}
}

// What is not measured rests on what it needs, and planned work on itself.
func TestTheLineOfWhatIsNotMeasured(t *testing.T) {
	for want, v := range map[status.Line]status.ComponentView{
		status.LineHardNeed:    {Condition: status.Condition{State: status.PartialOutage, Derived: true}},
		status.LineSoftNeed:    {Condition: status.Condition{State: status.DegradedPerformance, Derived: true}},
		status.LineMaintenance: {Condition: status.Condition{State: status.UnderMaintenance}},
		status.LineUnexplained: {Condition: status.Condition{State: status.MajorOutage}},
	} {
		v.Component = &status.Component{}
		if got := v.Line(); got != want {
			t.Errorf("the line is %q, want %q", got, want)
		}
	}
	if n := len(status.Lines()); n != len(lineStates) {
		t.Errorf("%d lines are listed, %d are known", n, len(lineStates))
	}
}
