package monitor_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"bongsu/monitor"
	"bongsu/probes"
)

// noon is no multiple of anything in these tests but the minute.
var noon = time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)

// look is a probe that is a function.
type look func(ctx context.Context) probes.Result

func (l look) Probe(ctx context.Context, _ time.Time) probes.Result { return l(ctx) }

func well(context.Context) probes.Result { return probes.Result{Outcome: probes.OK} }

func every(interval time.Duration, n int) []monitor.Check {
	checks := make([]monitor.Check, n)
	for i := range checks {
		checks[i] = monitor.Check{ID: fmt.Sprintf("service-%d/front door", i), Every: interval, Timeout: interval, Prober: look(well)}
	}
	return checks
}

func roster(t rapid.TB, checks []monitor.Check, now time.Time) *monitor.Roster {
	t.Helper()
	r, err := monitor.NewRoster(checks, now)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// play drives a roster as a drill does, from one date to the next. A look ends
// at once; ended says how.
func play(r *monitor.Roster, from, until time.Time, ended func(w monitor.Work) (again bool, patience time.Time)) []monitor.Work {
	var all []monitor.Work
	for now := from; now.Before(until); {
		start, next := r.Due(now)
		all = append(all, start...)
		for _, w := range start {
			again, patience := ended(w)
			r.Report(w.Check, again, patience, now)
		}
		if e := r.Extra(); !e.IsZero() && e.Before(next) {
			next = e
		}
		now = next
	}
	return all
}

func fine(monitor.Work) (bool, time.Time) { return false, time.Time{} }

// times writes when looks began, in seconds after noon; r marks a recheck, f a
// first look.
func times(looks []monitor.Work) string {
	var b strings.Builder
	for _, w := range looks {
		fmt.Fprintf(&b, " %g%s", w.Due.Add(w.Late).Sub(noon).Seconds(), []string{"", "r", "f"}[w.Kind])
	}
	return strings.TrimSpace(b.String())
}

func TestChecksAreSpreadEvenly(t *testing.T) {
	for _, c := range []struct {
		checks   int
		interval time.Duration
		most     int // in any 100 ms
	}{
		{1000, 10 * time.Second, 12},
		{10000, 10 * time.Second, 125},
		{100, 10 * time.Second, 1},
		{150, 10 * time.Second, 2},
		{1000, time.Minute, 2},
		{7, time.Second, 1},
		{7, 100 * time.Millisecond, 7},
	} {
		t.Run(fmt.Sprintf("%d every %s", c.checks, c.interval), func(t *testing.T) {
			looks := play(roster(t, every(c.interval, c.checks), noon), noon, noon.Add(c.interval), fine)
			if n := len(looks); n < c.checks-c.most || n > c.checks {
				t.Errorf("%d looks in one interval, want %d", n, c.checks)
			}
			first := 0
			for i, w := range looks {
				for w.Due.Sub(looks[first].Due) >= 100*time.Millisecond {
					first++
				}
				if n := i - first + 1; n > c.most {
					t.Fatalf("%d looks in the 100ms up to %s, want at most %d", n, w.Due, c.most)
				}
			}
		})
	}
}

// Whenever the program starts, a check is due at the same instants.
func TestDueTimesSurviveARestart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		checks := every(time.Duration(rapid.IntRange(5, 900).Draw(t, "tenths"))*100*time.Millisecond, rapid.IntRange(1, 20).Draw(t, "checks"))
		gap := time.Duration(rapid.Int64Range(0, int64(5*time.Minute)).Draw(t, "later"))
		end := noon.Add(gap + 100*time.Second)
		whole := play(roster(t, checks, noon), noon, end, fine)
		whole = slices.DeleteFunc(whole, func(w monitor.Work) bool { return !w.Due.After(noon.Add(gap)) })
		restarted := play(roster(t, backwards(checks), noon.Add(gap)), noon.Add(gap), end, fine)
		if diff := cmp.Diff(whole, restarted); diff != "" {
			t.Fatalf("looks (-as it was +after the restart):\n%s", diff)
		}
	})
}

// Another check in the configuration moves few of those that were there.
func TestAnotherCheckMovesFew(t *testing.T) {
	first := func(checks []monitor.Check) map[string]time.Time {
		at := map[string]time.Time{}
		for _, w := range play(roster(t, checks, noon), noon, noon.Add(11*time.Second), fine) {
			if _, seen := at[w.Check]; !seen {
				at[w.Check] = w.Due
			}
		}
		return at
	}
	before, after := first(every(10*time.Second, 1000)), first(every(10*time.Second, 1001))
	moved := 0
	for id, at := range before {
		if !after[id].Equal(at) {
			moved++
		}
	}
	if moved > 10 {
		t.Errorf("%d of 1000 checks moved", moved)
	}
}

// At every instant a check has at most one look, whatever order things end in.
func TestNoCheckOverlapsItself(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		checks := every(time.Second, 5)
		for i := range checks {
			checks[i].Recheck.After = time.Duration(rapid.IntRange(0, 1500).Draw(t, "after")) * time.Millisecond
		}
		r := roster(t, checks, noon)
		running := map[string]bool{}
		now := noon
		for range 200 {
			now = now.Add(time.Duration(rapid.IntRange(0, 700).Draw(t, "ms")) * time.Millisecond)
			start, next := r.Due(now)
			if !next.After(now) {
				t.Fatalf("asked at %s, to be asked next at %s", now, next)
			}
			for _, w := range start {
				if running[w.Check] {
					t.Fatalf("%s began while it ran", w.Check)
				}
				if w.Late != now.Sub(w.Due) || w.Late < 0 {
					t.Fatalf("%s due %s began %s and is late by %s", w.Check, w.Due, now, w.Late)
				}
				running[w.Check] = true
			}
			for _, c := range checks {
				if running[c.ID] && rapid.Bool().Draw(t, "ends") {
					running[c.ID] = false
					r.Report(c.ID, rapid.Bool().Draw(t, "again"), time.Time{}, now)
				}
			}
		}
	})
}

func TestRechecks(t *testing.T) {
	always := func(monitor.Work) (bool, time.Time) { return true, time.Time{} }
	surprise := func(at float64) func(monitor.Work) (bool, time.Time) { // the look at this second surprises, and its rechecks
		return func(w monitor.Work) (bool, time.Time) {
			return w.Due.Equal(noon.Add(time.Duration(at*1000)*time.Millisecond)) || w.Kind == monitor.Again, time.Time{}
		}
	}
	for _, c := range []struct {
		name    string
		recheck monitor.Recheck
		ended   func(monitor.Work) (bool, time.Time)
		want    string // the check is due every ten seconds; r marks a recheck
	}{
		{"none when nothing surprises", monitor.Recheck{After: time.Second}, fine, "10 20 30"},
		{"none without a pause set", monitor.Recheck{}, always, "10 20 30"},
		{"each after its pause, until the slot comes", monitor.Recheck{After: 3 * time.Second}, surprise(10), "10 13r 16r 19r 22r 25r 28r 31r 34r"},
		{"none when the slot is as near", monitor.Recheck{After: 10 * time.Second}, always, "10 20 30"},
		{"two at most in an interval", monitor.Recheck{After: time.Second, PerInterval: 2}, always, "10 11r 12r 20 21r 22r 30 31r 32r"},
		{"half of what the day leaves at once", monitor.Recheck{After: time.Second, PerDay: 8640 + 6}, always, "10 11r 12r 13r 20 30"},
		{"none when the schedule uses up the day", monitor.Recheck{After: time.Second, PerDay: 8000}, always, "10 20 30"},
	} {
		t.Run(c.name, func(t *testing.T) {
			check := monitor.Check{ID: atPhase(t, 10*time.Second, 0), Every: 10 * time.Second, Timeout: time.Second, Prober: look(well), Recheck: c.recheck}
			got := times(play(roster(t, []monitor.Check{check}, noon), noon, noon.Add(35*time.Second), c.ended))
			if got != c.want {
				t.Errorf("looks at\n %s, want\n %s", got, c.want)
			}
		})
	}
}

// atPhase finds an id whose check begins at the phase of its interval.
func atPhase(t *testing.T, interval, phase time.Duration) string {
	t.Helper()
	for i := range 10000 {
		id := fmt.Sprintf("pay/%d", i)
		_, next := roster(t, []monitor.Check{{ID: id, Every: interval, Timeout: 1, Prober: look(well)}}, noon).Due(noon)
		if next.Sub(noon)%interval == phase {
			return id
		}
	}
	t.Fatal("no id of ten thousand has that phase")
	return ""
}

// A target that answers 429 is left in peace until it said, rechecks and slots
// alike, but an hour at most.
func TestPatience(t *testing.T) {
	check := monitor.Check{ID: atPhase(t, 10*time.Second, 0), Every: 10 * time.Second, Timeout: time.Second, Prober: look(well), Recheck: monitor.Recheck{After: time.Second}}
	for name, c := range map[string]struct {
		wait time.Duration
		want string
	}{
		"until it said":        {25 * time.Second, "10 40"},
		"of no time, as usual": {0, "10 11r 20 30 40"},
		"an hour at most":      {1e6 * time.Hour, "10"},
	} {
		t.Run(name, func(t *testing.T) {
			first := true
			got := play(roster(t, []monitor.Check{check}, noon), noon, noon.Add(45*time.Second), func(w monitor.Work) (bool, time.Time) {
				defer func() { first = false }()
				if !first {
					return false, time.Time{}
				}
				return true, w.Due.Add(c.wait)
			})
			if times(got) != c.want {
				t.Errorf("looks at %s, want %s", times(got), c.want)
			}
		})
	}
	r := roster(t, []monitor.Check{check}, noon)
	r.Due(noon.Add(10 * time.Second))
	r.Report(check.ID, false, noon.Add(1e6*time.Hour), noon.Add(10*time.Second))
	if start, _ := r.Due(noon.Add(time.Hour + 10*time.Second)); len(start) != 1 {
		t.Error("an hour later it is still not looked at")
	}
}

func TestFirstLooks(t *testing.T) {
	slow := monitor.Check{ID: atPhase(t, time.Minute, 33*time.Second), Every: time.Minute, Timeout: time.Second, Prober: look(well)}
	r := roster(t, []monitor.Check{slow}, noon)
	r.Greet(slow.ID, noon)
	if got, want := times(play(r, noon, noon.Add(2*time.Minute), fine)), "3f 33 93"; got != want {
		t.Errorf("looks at %s, want %s: one soon, then the slots", got, want)
	}
	quick := monitor.Check{ID: atPhase(t, 10*time.Second, 5*time.Second), Every: 10 * time.Second, Timeout: time.Second, Prober: look(well)}
	r = roster(t, []monitor.Check{quick}, noon)
	r.Greet(quick.ID, noon)
	if got, want := times(play(r, noon, noon.Add(20*time.Second), fine)), "5 15"; got != want {
		t.Errorf("looks at %s, want %s: the slot is near enough", got, want)
	}
}

// A cron line means the wall clock of its zone, also when that is changed.
func TestCronLine(t *testing.T) {
	berlin := monitor.Check{ID: "pay/night", Cron: "CRON_TZ=Europe/Berlin 30 3 * * *", Timeout: time.Second, Prober: look(well)}
	from := time.Date(2026, 3, 27, 12, 0, 0, 0, time.UTC)
	var got []string
	for _, w := range play(roster(t, []monitor.Check{berlin}, from), from, from.Add(72*time.Hour), fine) {
		got = append(got, w.Due.UTC().Format("02 15:04"))
	}
	if diff := cmp.Diff([]string{"28 02:30", "29 01:30", "30 01:30"}, got); diff != "" {
		t.Errorf("looks (-want +got):\n%s", diff)
	}
}

// A machine that slept begins each check once, and says how late.
func TestAfterAStall(t *testing.T) {
	check := monitor.Check{ID: atPhase(t, 10*time.Second, 0), Every: 10 * time.Second, Timeout: time.Second, Prober: look(well)}
	r := roster(t, []monitor.Check{check}, noon)
	if got := r.Watch(noon.Add(15 * time.Second)); got != nil {
		t.Errorf("five seconds late: %v, want nothing yet", got)
	}
	later := noon.Add(66 * time.Second)
	want := []monitor.Overdue{{Check: check.ID, By: 56 * time.Second, Why: monitor.NotStarted}}
	if diff := cmp.Diff(want, r.Watch(later)); diff != "" {
		t.Errorf("while it waits (-want +got):\n%s", diff)
	}
	start, next := r.Due(later)
	if len(start) != 1 || start[0].Late != 56*time.Second || !next.Equal(noon.Add(70*time.Second)) {
		t.Errorf("began %+v and goes on at %s", start, next)
	}
	if n := r.Skipped(); n != 5 {
		t.Errorf("%d slots skipped, want 5", n)
	}
	want[0].Why = monitor.RanLate
	if diff := cmp.Diff(want, r.Watch(later)); diff != "" {
		t.Errorf("after it began (-want +got):\n%s", diff)
	}
	if got := r.Watch(later); got != nil {
		t.Errorf("told twice: %v", got)
	}
}

// A look that ignores its deadline is told of once, and keeps its check from
// running, but no other.
func TestHangingLook(t *testing.T) {
	checks := every(10*time.Second, 2)
	checks[0].Timeout = time.Second
	r := roster(t, checks, noon)
	counts := map[string]int{}
	var told []monitor.Overdue
	for now := noon; now.Before(noon.Add(time.Minute)); now = now.Add(100 * time.Millisecond) {
		start, _ := r.Due(now)
		for _, w := range start {
			counts[w.Check]++
			if w.Check != checks[0].ID {
				r.Report(w.Check, false, time.Time{}, now)
			}
		}
		told = append(told, r.Watch(now)...)
	}
	if diff := cmp.Diff(map[string]int{checks[0].ID: 1, checks[1].ID: 6}, counts); diff != "" {
		t.Errorf("looks (-want +got):\n%s", diff)
	}
	if len(told) != 1 || told[0].Why != monitor.Hanging || told[0].Check != checks[0].ID {
		t.Errorf("told %v", told)
	}
}

// A clock that is set back by an hour leaves nothing unwatched for an hour.
func TestClockSetBack(t *testing.T) {
	check := monitor.Check{ID: atPhase(t, 10*time.Second, 0), Every: 10 * time.Second, Timeout: time.Second, Prober: look(well), Recheck: monitor.Recheck{After: 3 * time.Second}}
	r := roster(t, []monitor.Check{check}, noon)
	play(r, noon, noon.Add(15*time.Second), func(w monitor.Work) (bool, time.Time) { return w.Kind == monitor.Scheduled, time.Time{} })
	r.Due(noon.Add(20 * time.Second))
	r.Report(check.ID, true, time.Time{}, noon.Add(20*time.Second)) // a recheck is planned at 23
	back := noon.Add(20*time.Second - time.Hour)
	_, next := r.Due(back)
	if want := noon.Add(23*time.Second - time.Hour); !next.Equal(want) {
		t.Errorf("goes on at %s, want %s", next, want)
	}
	looks := play(r, back, back.Add(21*time.Second), fine)
	if got, want := times(looks), "-3577r -3570 -3560"; got != want {
		t.Errorf("looks at %s, want %s", got, want)
	}
}

func TestImpossibleChecks(t *testing.T) {
	good := monitor.Check{ID: "pay/1", Every: time.Second, Timeout: time.Second, Prober: look(well)}
	for want, spoil := range map[string]func(c *monitor.Check){
		"has no id":                  func(c *monitor.Check) { c.ID = "" },
		"nothing to probe with":      func(c *monitor.Check) { c.Prober = nil },
		"has no timeout":             func(c *monitor.Check) { c.Timeout = 0 },
		"either an interval":         func(c *monitor.Check) { c.Every = 0 },
		"is too often":               func(c *monitor.Check) { c.Every = 99 * time.Millisecond },
		"reading its cron line":      func(c *monitor.Check) { c.Every, c.Cron = 0, "every day" },
		"never comes true":           func(c *monitor.Check) { c.Every, c.Cron = 0, "0 0 30 2 *" },
		"an interval or a cron line": func(c *monitor.Check) { c.Cron = "* * * * *" },
	} {
		bad := good
		spoil(&bad)
		if _, err := monitor.NewRoster([]monitor.Check{bad}, noon); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	if _, err := monitor.NewRoster([]monitor.Check{good, good}, noon); err == nil || !strings.Contains(err.Error(), "twice") {
		t.Errorf("the same check twice: %v", err)
	}
}

// backwards is the same configuration in another order.
func backwards(checks []monitor.Check) []monitor.Check {
	checks = slices.Clone(checks)
	slices.Reverse(checks)
	return checks
}
