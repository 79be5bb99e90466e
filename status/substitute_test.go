package status_test

import (
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bongsu/status"
)

func TestASubstituteIsShownOnlyWhileItIsProven(t *testing.T) {
	for _, tt := range []struct {
		name  string
		line  string // the substitute
		world map[string]status.Outcome
		wait  time.Duration
		want  []string
	}{
		{"measured well, elsewhere", "line", nil, 0, []string{"line"}},
		{"failing itself", "line", map[string]status.Outcome{"line": status.Failed}, 0, nil},
		{"slow", "line", map[string]status.Outcome{"line": status.Slow}, 0, nil},
		{"not measured", "line unmeasured", nil, 0, nil},
		{"last measured long ago", "line", nil, 6 * time.Minute, nil},
		{"in the domain of what fails", "line in dc", nil, 0, nil},
		{"needing what fails", "line needs chat", nil, 0, nil},
		{"needing it far beneath", "line needs push", nil, 0, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := model("chat in dc", "push needs chat", tt.line)
			m.Components[0].Substitutes = []string{"line"}
			for i := range m.Components {
				for c := range m.Components[i].Checks {
					m.Components[i].Checks[c].Fresh = time.Hour
				}
			}
			d := newDesk(t, m)
			bad := map[string]status.Outcome{"chat": status.Failed}
			maps.Copy(bad, tt.world)
			d.rounds(3, world(m, status.OK, bad))
			d.pass(tt.wait)
			if diff := cmp.Diff(tt.want, offered(d.component("chat"))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// Whoever looks, and however often, finds each order as often as any other: in
// every render of some days, or once a day for years.
func TestSubstitutesComeInEveryOrderAsOften(t *testing.T) {
	for _, tt := range []struct {
		name  string
		every time.Duration
	}{
		{"at each turn", 15 * time.Minute},
		{"each hour", time.Hour},
		{"each day at the same time", 24 * time.Hour},
		{"each week", 7 * 24 * time.Hour},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := model("chat unmeasured", "a", "b", "c")
			m.Components[0].Substitutes = []string{"c", "a", "b"}
			m.Rules.Confirm, m.Rules.Recover = 1, 1
			d := newDesk(t, m)
			orders := make(map[string]int)
			const renders = 1_000
			for range renders {
				d.round(world(m, status.OK, nil))
				orders[strings.Join(offered(d.component("chat")), "")]++
				d.now = d.now.Add(tt.every - time.Second)
			}
			var unlikely float64 // chi-square, five degrees of freedom
			for _, order := range []string{"abc", "acb", "bac", "bca", "cab", "cba"} {
				off := float64(orders[order]) - renders/6.0
				unlikely += off * off / (renders / 6.0)
			}
			if unlikely > 15.1 { // one shuffle of a hundred
				t.Errorf("the orders are not alike: %v", orders)
			}
		})
	}
}

func TestADomainThatAnswersAgainOffersItsSubstitutes(t *testing.T) {
	m := model("a in dc", "b in dc", "chat")
	m.Components[2].Substitutes = []string{"a"}
	d := newDesk(t, m)
	bad := map[string]status.Outcome{"a": status.OK, "b": status.Failed, "chat": status.Failed}
	d.rounds(3, world(m, status.Failed, nil))
	d.rounds(3, world(m, status.OK, bad))
	if got := d.component("chat").Available; got != nil {
		t.Errorf("while its domain fails the page offers %v", got)
	}
	bad["b"] = status.OK
	d.rounds(3, world(m, status.OK, bad))
	if diff := cmp.Diff([]string{"a"}, offered(d.component("chat"))); diff != "" {
		t.Errorf("when it answers again (-want +got):\n%s", diff)
	}
}

// took casts a good look at line that took so long, from each place.
func (d *desk) took(span time.Duration, places ...string) {
	for _, place := range places {
		d.board.Vote(status.Vote{Check: "line/1", Location: place, Outcome: status.OK, At: d.now, Took: span})
	}
}

func TestASubstituteIsCrowdedWhenItTakesMuchLongerThanUsual(t *testing.T) {
	const ms = time.Millisecond
	for _, tt := range []struct {
		name   string
		usual  time.Duration
		lately []time.Duration // from busan, jeju and seoul
		want   bool
	}{
		{"as ever", 200 * ms, []time.Duration{200 * ms, 210 * ms, 190 * ms}, false},
		{"a little slower", 200 * ms, []time.Duration{500 * ms, 500 * ms, 500 * ms}, false},
		{"much slower", 200 * ms, []time.Duration{900 * ms, 900 * ms, 900 * ms}, true},
		{"much slower for most", 200 * ms, []time.Duration{900 * ms, 900 * ms, 200 * ms}, true},
		{"much slower for one", 200 * ms, []time.Duration{900 * ms, 200 * ms, 200 * ms}, false},
		{"three times as slow, and quick all the same", 20 * ms, []time.Duration{60 * ms, 60 * ms, 60 * ms}, false},
		{"a little slower than slow", 3000 * ms, []time.Duration{4000 * ms, 4000 * ms, 4000 * ms}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := watched("chat unmeasured", "line")
			m.Components[0].Substitutes = []string{"line"}
			d := newDesk(t, m)
			for range 60 {
				d.now = d.now.Add(time.Minute)
				d.took(tt.usual, "busan", "jeju", "seoul")
				d.judge()
			}
			for range 3 {
				d.now = d.now.Add(time.Minute)
				for i, place := range idsOf(m.Locations) {
					d.took(tt.lately[i], place)
				}
				d.judge()
			}
			got := d.component("chat").Available
			if len(got) != 1 || got[0].Crowded != tt.want {
				t.Errorf("it is offered as %+v, want crowded: %t", got, tt.want)
			}
		})
	}
}

// One interval after a substitute degrades it is crowded or gone.
func TestADegradedSubstituteIsMarkedOrGoneWithinOneInterval(t *testing.T) {
	for _, tt := range []struct {
		name string
		now  status.Outcome
		took time.Duration
		gone bool
	}{
		{"slower", status.OK, 2 * time.Second, false},
		{"slow", status.Slow, 5 * time.Second, true},
		{"wrong", status.Wrong, 200 * time.Millisecond, true},
		{"failing", status.Failed, 10 * time.Second, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := model("chat unmeasured", "line")
			m.Components[0].Substitutes = []string{"line"}
			d := newDesk(t, m)
			for range 5 {
				d.now = d.now.Add(time.Minute)
				d.took(200*time.Millisecond, "seoul")
				d.judge()
			}
			if got := offered(d.component("chat")); len(got) != 1 {
				t.Fatalf("before, %v is offered", got)
			}
			d.now = d.now.Add(time.Minute)
			d.board.Vote(status.Vote{Check: "line/1", Location: "seoul", Outcome: tt.now, At: d.now, Took: tt.took})
			d.judge()
			got := d.component("chat").Available
			if tt.gone && len(got) > 0 || !tt.gone && (len(got) != 1 || !got[0].Crowded) {
				t.Errorf("after one look it is offered as %+v", got)
			}
		})
	}
}

// A crowded evening does not become usual, and what lasts for months does.
func TestWhatIsUsualIsLearntSlowly(t *testing.T) {
	m := model("chat unmeasured", "line")
	m.Components[0].Substitutes = []string{"line"}
	d := newDesk(t, m)
	live := func(span, took time.Duration) status.Substitute {
		for until := d.now.Add(span); d.now.Before(until); {
			d.now = d.now.Add(time.Minute)
			d.took(took, "seoul")
		}
		d.judge()
		return d.component("chat").Available[0]
	}
	if got := live(48*time.Hour, 200*time.Millisecond); got.Usual != 200*time.Millisecond || got.Crowded {
		t.Errorf("two quiet days: %+v", got)
	}
	if got := live(10*time.Hour, time.Second); !got.Crowded || got.Usual > 250*time.Millisecond {
		t.Errorf("ten crowded hours: %+v", got)
	}
	if got := live(30*24*time.Hour, time.Second); got.Crowded {
		t.Errorf("a month later: %+v", got)
	}
	if got := live(time.Hour, 200*time.Millisecond); got.Crowded || got.Lately > 201*time.Millisecond {
		t.Errorf("quick again: %+v", got)
	}
}

// What explains the trouble takes its domains' substitutes with it.
func TestASubstituteInTheDomainOfTheCauseIsNotOffered(t *testing.T) {
	m := model("login in dc", "chat needs login in edge", "line in dc", "talk in edge", "mail")
	m.Components[1].Substitutes = []string{"line", "talk", "mail"}
	d := newDesk(t, m)
	d.rounds(3, world(m, status.OK, map[string]status.Outcome{"login": status.Failed, "chat": status.Failed}))
	if diff := cmp.Diff([]string{"mail"}, offered(d.component("chat"))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
