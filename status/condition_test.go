package status_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bongsu/status"
)

var depths = map[string]status.Depth{
	"reach": status.Reach, "edge": status.Edge, "function": status.Function, "canary": status.Canary,
}

// seen is what one location sees: ok, slow, fail, or nothing that counts.
var seen = map[rune]status.Outcome{'o': status.OK, 's': status.Slow, 'f': status.Failed, '?': status.Inconclusive}

// Each row is checks as "depth what-seoul-busan-and-jeju-see", and the state
// that they amount to. Two of the three locations are a quorum.
func TestTheTableOfStates(t *testing.T) {
	for _, tt := range []struct {
		name   string
		checks string
		want   status.State
	}{
		{"its only check passes", "edge ooo", status.Operational},
		{"its only check fails from everywhere", "edge fff", status.MajorOutage},
		{"its only check is a reach check", "reach fff", status.MajorOutage},
		{"all its function checks fail", "function fff, canary fff", status.MajorOutage},
		{"all fail, from every location that answers", "function ff?", status.MajorOutage},
		{"the failing locations are a quorum but not all", "function ffo", status.PartialOutage},
		{"a location where it is slow answers too", "function ffs", status.PartialOutage},
		{"less than a quorum fails", "function foo", status.Operational},
		{"some function checks fail while others pass", "function fff, canary ooo", status.PartialOutage},
		{"some function checks fail while others are undecided", "function fff, canary ???", status.PartialOutage},
		{"some function checks fail while others are slow", "function fff, canary sss", status.PartialOutage},
		{"an edge check fails while the function passes", "edge fff, function ooo", status.PartialOutage},
		{"an edge check fails while the function is undecided", "edge fff, function ???", status.PartialOutage},
		{"the function fails though the edge answers", "edge ooo, function fff", status.MajorOutage},
		{"everything fails", "reach fff, edge fff, function fff", status.MajorOutage},
		{"only reach fails while something deeper passes", "reach fff, edge ooo", status.PartialOutage},
		{"only reach fails while something deeper is undecided", "reach fff, canary ???", status.PartialOutage},
		{"slow", "function sss", status.DegradedPerformance},
		{"slow at a quorum", "function sso", status.DegradedPerformance},
		{"slow and failing make a quorum of trouble", "function sfo", status.DegradedPerformance},
		{"slow at less than a quorum", "function soo", status.Operational},
		{"the edge is slow while the function is quick", "edge sss, function ooo", status.DegradedPerformance},
		{"a slow handshake says nothing while the function is quick", "reach sss, function ooo", status.Operational},
		{"a slow reach check alone", "reach sss", status.DegradedPerformance},
		{"only inconclusive votes", "function ???", status.Unknown},
		{"fewer votes than a quorum", "function f??", status.Unknown},
		{"fewer good votes than a quorum", "function o??", status.Unknown},
		{"two that answer disagree", "function fo?", status.Unknown},
		{"the edge answers, what people use cannot be measured", "edge ooo, function ???", status.Unknown},
		{"a sandbox never colours production", "function ooo, sandbox function fff", status.Operational},
		{"not even when it alone is measured", "function ???, sandbox function ooo", status.Unknown},
		{"a check counts as what it says", "function ooo, counts_as=degraded_performance canary fff", status.DegradedPerformance},
		{"more than the table would", "function ooo, counts_as=major_outage edge fff", status.MajorOutage},
		{"and leaves the others to the table", "function fff, counts_as=degraded_performance canary fff", status.MajorOutage},
		{"passing, it is a check like others", "function fff, counts_as=degraded_performance canary ooo", status.PartialOutage},
		{"a failure that counts for nothing", "counts_as=operational edge fff", status.Operational},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := model("chat unmeasured")
			m.Locations = locations("busan", "jeju", "seoul")
			var looks []string
			for spec := range strings.SplitSeq(tt.checks, ", ") {
				c, look := parseCheck(t, spec, len(looks))
				m.Components[0].Checks = append(m.Components[0].Checks, c)
				looks = append(looks, look)
			}
			d := newDesk(t, m)
			for range rules.Confirm {
				d.now = d.now.Add(time.Second)
				for i, look := range looks {
					for l, what := range look {
						d.look(m.Components[0].Checks[i].ID, seen[what], m.Locations[l].ID)
					}
				}
			}
			d.judge()
			if got := d.component("chat").State; got != tt.want {
				t.Errorf("the state is %s, want %s", got, tt.want)
			}
		})
	}
}

func parseCheck(t *testing.T, spec string, n int) (c status.Check, look string) {
	t.Helper()
	c = status.Check{ID: "chat/" + string(rune('a'+n)), Fresh: time.Minute}
	for word := range strings.FieldsSeq(spec) {
		as, counts := strings.CutPrefix(word, "counts_as=")
		depth, deep := depths[word]
		switch {
		case counts:
			if err := c.CountsAs.UnmarshalText([]byte(as)); err != nil {
				t.Fatal(err)
			}
		case deep:
			c.Depth = depth
		case word == "sandbox":
			c.Sandbox = true
		default:
			look = word
		}
	}
	return c, look
}

func TestVotesGoStale(t *testing.T) {
	d := newDesk(t, model("chat"))
	d.look("chat/1", status.OK)
	d.judge()
	if due := d.board.Due(); !due.Equal(start.Add(90*time.Second + 1)) {
		t.Errorf("due at %s", due)
	}
	d.pass(90 * time.Second)
	if got := d.component("chat").State; got != status.Operational {
		t.Errorf("a vote as old as may be makes it %s", got)
	}
	d.pass(time.Second)
	chat := d.component("chat")
	if chat.State != status.Unknown || len(chat.Why) != 1 || !cmp.Equal(chat.Why[0].Silent, []string{"seoul"}) {
		t.Errorf("without a fresh vote it is %s, because %+v", chat.State, chat.Why)
	}
}

func TestAQuorumMayBeSetByHand(t *testing.T) {
	m := model("chat")
	m.Locations = locations("a", "b", "c")
	for _, tt := range []struct {
		quorum int
		fail   []string
		want   status.State
	}{
		{1, []string{"a"}, status.PartialOutage},
		{2, []string{"a"}, status.Operational},
		{3, []string{"a"}, status.Operational}, // two of three still say that it answers
		{3, []string{"a", "b"}, status.Unknown},
		{3, []string{"a", "b", "c"}, status.MajorOutage},
	} {
		m.Rules.Quorum = tt.quorum
		d := newDesk(t, m)
		for range 4 {
			d.now = d.now.Add(time.Second)
			for _, l := range idsOf(m.Locations) {
				o := status.OK
				for _, f := range tt.fail {
					if f == l {
						o = status.Failed
					}
				}
				d.look("chat/1", o, l)
			}
		}
		d.judge()
		if got := d.component("chat").State; got != tt.want {
			t.Errorf("with a quorum of %d and %v failing it is %s, want %s", tt.quorum, tt.fail, got, tt.want)
		}
	}
}

func TestAQuorumNeedsAsManyVotes(t *testing.T) {
	m := model("chat")
	m.Locations, m.Rules.Quorum = locations("a", "b", "c"), 3
	d := newDesk(t, m)
	d.look("chat/1", status.OK, "a", "b")
	d.judge()
	if got := d.component("chat").State; got != status.Unknown {
		t.Errorf("with two votes where three must agree it is %s", got)
	}
}

func TestAFindingShowsWhoSaysWhat(t *testing.T) {
	m := model("chat")
	m.Locations = locations("busan", "jeju", "seoul")
	d := newDesk(t, m)
	for range 3 {
		d.now = d.now.Add(time.Second)
		d.look("chat/1", status.OK, "busan", "jeju")
		d.look("chat/1", status.Wrong, "seoul")
	}
	d.judge()
	chat := d.component("chat")
	want := []status.Finding{{
		Check: "chat/1", Level: status.LevelOK, Failing: []string{"seoul"}, Passing: []string{"busan", "jeju"},
		Reason: "seen wrong", At: d.now,
	}}
	if diff := cmp.Diff(want, chat.Why); chat.State != status.Operational || diff != "" {
		t.Errorf("%s, why (-want +got):\n%s", chat.State, diff)
	}
}

func TestGapsWithoutUsAreUnknown(t *testing.T) {
	d := newDesk(t, model("chat"))
	d.look("chat/1", status.OK)
	d.judge()
	d.now = d.now.Add(6 * time.Hour)
	d.restart()
	d.judge()
	if chat := d.component("chat"); chat.State != status.Unknown || !chat.Since.Equal(start.Add(90*time.Second+1)) {
		t.Errorf("after six hours without us chat is %s since %s", chat.State, chat.Since)
	}
}
