package monitor_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"bongsu/monitor"
)

// budgeted is a check every ten minutes that may be made so often a day.
func budgeted(id string, perDay int) monitor.Check {
	return monitor.Check{
		ID: id, Every: 10 * time.Minute, Timeout: time.Minute, Prober: look(well),
		Recheck: monitor.Recheck{After: 5 * time.Second, PerInterval: 2, PerDay: perDay},
	}
}

func TestSpentCountsTheLooksOfADay(t *testing.T) {
	checks := []monitor.Check{budgeted("b", 150), budgeted("a", 400), every(time.Minute, 1)[0]}
	r := roster(t, checks, noon)
	if diff := cmp.Diff([]monitor.Spent{{"a", 0, 400}, {"b", 0, 150}}, r.Spent(noon)); diff != "" {
		t.Errorf("at first:\n%s", diff)
	}
	troubled := func(w monitor.Work) (bool, time.Time) { return w.Check == "a", time.Time{} }
	play(r, noon, noon.Add(time.Hour), troubled)
	if diff := cmp.Diff([]monitor.Spent{{"a", 18, 400}, {"b", 6, 150}}, r.Spent(noon.Add(time.Hour))); diff != "" {
		t.Errorf("after an hour of six looks, two rechecks each for one of them:\n%s", diff)
	}
	day := noon.Add(24 * time.Hour)
	play(r, noon.Add(time.Hour), day, troubled)
	if spent := r.Spent(day.Add(-time.Second)); spent[1].Today != 144 {
		t.Errorf("a day of looks: %+v", spent)
	}
	if spent := r.Spent(day.Add(-48 * time.Hour)); spent[1].Today != 144 {
		t.Errorf("a clock that was set back forgives: %+v", spent)
	}
	if spent := r.Spent(day.Add(26 * time.Hour)); spent[0].Today != 0 || spent[1].Today != 0 {
		t.Errorf("a day later: %+v", spent)
	}
}

// Whatever the looks come to, no day holds more of them than its budget.
func TestSpentStaysInTheBudget(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		perDay := rapid.IntRange(144, 500).Draw(t, "per day")
		r := roster(t, []monitor.Check{budgeted("a", perDay)}, noon)
		bad := rapid.SliceOfN(rapid.Bool(), 1, 50).Draw(t, "bad")
		n := 0
		for at := noon; at.Before(noon.Add(72 * time.Hour)); at = at.Add(3 * time.Hour) {
			play(r, at, at.Add(3*time.Hour), func(monitor.Work) (bool, time.Time) { n++; return bad[n%len(bad)], time.Time{} })
			if s := r.Spent(at.Add(3*time.Hour - time.Second))[0]; s.Today > s.Budget {
				t.Fatalf("%d looks by %s, budget %d", s.Today, at, s.Budget)
			}
		}
	})
}

func TestBudgetsAreMetered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		city := newCity(t, nil, well, well)
		city.wiring.Checks[0].Recheck.PerDay = 9000
		city.live(35 * time.Second)
		id := city.wiring.Checks[0].ID
		if looks, budget := city.metric("bongsu_check_daily_looks", id), city.metric("bongsu_check_daily_budget", id); looks < 3 || looks > 5 || budget != 9000 {
			t.Errorf("%v looks of %v", looks, budget)
		}
		if all := city.metric("bongsu_check_daily_budget", ""); all != 9000 {
			t.Errorf("a check without a budget has one: %v in all", all)
		}
	})
}
