package status_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"bongsu/config/recur"
	"bongsu/status"
)

// work says when the calendar's work is, in hours after the desk began, with
// what became of it.
func (d *desk) work(since time.Time) []string {
	var all []string
	for _, w := range d.memory.Maintenance {
		line := fmt.Sprintf("%s %v-%v", w.ID, w.From.Sub(since).Hours(), w.Until.Sub(since).Hours())
		if !w.Cancelled.IsZero() {
			line += " off"
		}
		if !w.Meant.IsZero() {
			line += fmt.Sprintf(" meant %v", w.Meant.Sub(since).Hours())
		}
		all = append(all, line)
	}
	return all
}

// told says what people heard of planned work.
func (d *desk) told() []string {
	var all []string
	for _, e := range d.events {
		if e.Kind.OfWork() {
			all = append(all, string(e.Kind))
		}
	}
	return all
}

func (d *desk) maintain(w status.Maintenance) {
	d.t.Helper()
	d.do(status.Command{Maintain: &w})
}

func TestPeopleAreRemindedOfWork(t *testing.T) {
	for _, tt := range []struct {
		name   string
		starts time.Duration
		remind []time.Duration
		pass   []time.Duration // and what was told until then
		told   []int
	}{
		{"a day and an hour before", 30 * time.Hour, []time.Duration{24 * time.Hour, time.Hour}, []time.Duration{5 * time.Hour, 2 * time.Hour, 23 * time.Hour, 5 * time.Hour}, []int{0, 1, 2, 2}},
		{"planned late: at once, and once", 30 * time.Minute, []time.Duration{24 * time.Hour, time.Hour}, []time.Duration{time.Second, time.Hour}, []int{1, 1}},
		{"nobody wants to", time.Hour, nil, []time.Duration{2 * time.Hour}, []int{0}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := model("pay")
			d := newDesk(t, m)
			d.rounds(3, world(m, status.OK, nil))
			d.maintain(status.Maintenance{ID: "w", Components: []string{"pay"}, From: d.now.Add(tt.starts), Until: d.now.Add(tt.starts + time.Hour), Remind: tt.remind})
			for i, pass := range tt.pass {
				d.pass(pass)
				if got := len(d.told()); got != tt.told[i] {
					t.Fatalf("by step %d people heard %v, want %d", i, d.told(), tt.told[i])
				}
			}
		})
	}
}

func TestWhoWasToldOfWorkHearsWhatBecomesOfIt(t *testing.T) {
	plan := func(d *desk, id string) status.Maintenance {
		return status.Maintenance{
			ID: id, Components: []string{"pay"}, From: d.now.Add(time.Hour), Until: d.now.Add(2 * time.Hour),
			Remind: []time.Duration{24 * time.Hour},
		}
	}
	for _, tt := range []struct {
		name string
		do   func(d *desk, w status.Maintenance)
		told []string
	}{
		{"moved", func(d *desk, w status.Maintenance) {
			w.From, w.Until, w.Remind = w.From.Add(time.Hour), w.Until.Add(time.Hour), nil
			d.maintain(w)
		}, []string{"upcoming", "moved"}},
		{"other words", func(d *desk, w status.Maintenance) {
			w.Title = status.Text{"en": "Another title"}
			d.maintain(w)
		}, []string{"upcoming"}},
		{"called off", func(d *desk, w status.Maintenance) { d.do(status.Command{Cancel: w.ID}) }, []string{"upcoming", "called_off"}},
		{"ended early", func(d *desk, w status.Maintenance) {
			d.pass(90 * time.Minute)
			d.do(status.Command{Cancel: w.ID})
		}, []string{"upcoming", "finished"}},
		{"ended as planned", func(d *desk, _ status.Maintenance) { d.pass(3 * time.Hour) }, []string{"upcoming"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := model("pay")
			d := newDesk(t, m)
			d.rounds(3, world(m, status.OK, nil))
			w := plan(d, "w")
			d.maintain(w)
			tt.do(d, w)
			d.pass(4 * time.Hour)
			if diff := cmp.Diff(tt.told, d.told()); diff != "" {
				t.Errorf("people heard (-want +got):\n%s", diff)
			}
		})
	}
}

// Work that has not succeeded at its end goes on in steps, as far as it may, and
// loudly; then what fails is an outage.
func TestWorkIsProlongedWhileItFails(t *testing.T) {
	for _, tt := range []struct {
		name    string
		fails   time.Duration
		want    string
		told    []string
		alarms  int
		outages int
	}{
		{"succeeds in time", 50 * time.Minute, "w 0-1", nil, 0, 0},
		{"succeeds in the second step", 80 * time.Minute, "w 0-1.5 meant 1", []string{"extended", "extended", "finished"}, 2, 0},
		{"never succeeds", 5 * time.Hour, "w 0-2 meant 1", []string{"extended", "extended", "extended", "extended"}, 5, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := model("pay", "chat")
			d := newDesk(t, m)
			d.rounds(3, world(m, status.OK, nil))
			began := d.now
			d.maintain(status.Maintenance{
				ID: "w", Components: []string{"pay"}, From: began, Until: began.Add(time.Hour),
				Extend: status.Extension{Step: 15 * time.Minute, Most: time.Hour},
			})
			d.keep(tt.fails, world(m, status.OK, map[string]status.Outcome{"pay": status.Failed}))
			d.keep(3*time.Hour-min(tt.fails, 3*time.Hour), world(m, status.OK, nil))
			if diff := cmp.Diff([]string{tt.want}, d.work(began)); diff != "" {
				t.Errorf("the work (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.told, d.told()); diff != "" {
				t.Errorf("people heard (-want +got):\n%s", diff)
			}
			if len(d.overruns) != tt.alarms || (tt.alarms == 5) != (len(d.overruns) > 0 && d.overruns[len(d.overruns)-1].Bound) {
				t.Errorf("operators heard %+v", d.overruns)
			}
			if len(d.memory.Incidents) != tt.outages {
				t.Errorf("outages: %+v", d.memory.Incidents)
			}
		})
	}
}

// weekly is work of an hour that comes each Sunday night in Seoul.
func weekly(first time.Time) status.Routine {
	return status.Routine{ID: "r", Components: []string{"pay"}, Rule: "FREQ=WEEKLY", First: first, Zone: "Asia/Seoul", Lasts: time.Hour}
}

func recurring(names ...string) *status.Model {
	m := model(names...)
	m.Recur = recur.Starts
	return m
}

func TestWorkComesAgain(t *testing.T) {
	m := recurring("pay", "chat")
	d := newDesk(t, m)
	d.rounds(3, world(m, status.OK, nil))
	began := d.now.Truncate(time.Second)
	r := weekly(began.Add(time.Hour))
	d.do(status.Command{Arrange: &r})
	ids := func() (ids []string) {
		for _, w := range d.memory.Maintenance {
			ids = append(ids, w.ID)
		}
		return ids
	}
	if len(ids()) != 5 {
		t.Fatalf("within 35 days there are %v", d.work(began))
	}
	second := ids()[1]

	// One of them is called off, another is at another time; the rest is as it was.
	d.do(status.Command{Cancel: second})
	third := d.memory.Maintenance[2]
	third.Until = third.Until.Add(time.Hour)
	d.maintain(third)
	want := []string{"1-2", "169-170 off", "337-339", "505-506", "673-674"}
	check := func(step string) {
		t.Helper()
		var got []string
		for _, line := range d.work(began) {
			_, rest, _ := strings.Cut(line, " ")
			got = append(got, rest)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", step, diff)
		}
	}
	check("by hand")

	// A restart changes nothing.
	d.model = m
	d.restart()
	d.judge()
	check("after a restart")

	// The whole takes longer from now on: but for what was decided by hand.
	r.Lasts = 2 * time.Hour
	d.do(status.Command{Arrange: &r})
	want = []string{"1-3", "169-170 off", "337-339", "505-507", "673-675"}
	check("longer")

	// Time goes by, and the next ones come onto the calendar.
	d.pass(8 * 24 * time.Hour)
	want = append(want, "841-843", "1009-1011")
	check("a week later")

	// Called off for good.
	d.do(status.Command{Cancel: "r"})
	want = []string{"1-3", "169-170 off", "337-339 off", "505-507 off", "673-675 off", "841-843 off", "1009-1011 off"}
	check("called off")
	if _, err := d.board.Do(status.Command{Cancel: "r"}, d.now); !errors.Is(err, status.ErrOver) {
		t.Errorf("called off twice: %v", err)
	}
}

func TestWorkThatCannotComeAgain(t *testing.T) {
	m := recurring("pay")
	d := newDesk(t, m)
	d.judge()
	for _, tt := range []struct {
		name   string
		change func(r *status.Routine)
		want   error
	}{
		{"no rule", func(r *status.Routine) { r.Rule = "every week" }, status.ErrNoRule},
		{"no zone", func(r *status.Routine) { r.Zone = "Local" }, status.ErrNoRule},
		{"nothing there", func(r *status.Routine) { r.Components = []string{"gone"} }, status.ErrNoComponent},
		{"no time", func(r *status.Routine) { r.Lasts = 0 }, status.ErrNoTime},
		{"all of it is over", func(r *status.Routine) { r.Rule, r.First = "FREQ=DAILY;COUNT=2", d.now.Add(-100*time.Hour) }, status.ErrNoTime},
		{"it would never end", func(r *status.Routine) { r.Rule, r.Lasts = "FREQ=DAILY", 25*time.Hour }, status.ErrOverlap},
		{"it might never end", func(r *status.Routine) {
			r.Rule, r.Lasts, r.Extend = "FREQ=DAILY", 20*time.Hour, status.Extension{Step: time.Hour, Most: 5 * time.Hour}
		}, status.ErrOverlap},
		{"prolonged by nothing", func(r *status.Routine) { r.Extend.Most = time.Hour }, status.ErrExtension},
	} {
		r := weekly(d.now.Add(time.Hour))
		tt.change(&r)
		if _, err := d.board.Do(status.Command{Arrange: &r}, d.now); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
	}
}

func TestTheConfigurationArrangesWork(t *testing.T) {
	m := recurring("pay")
	d := newDesk(t, m)
	r := weekly(d.now.Add(time.Hour))
	r.ID = "config/r"
	m.Routines = []status.Routine{r}
	d.model = m
	d.restart()
	d.judge()
	if n := len(d.memory.Maintenance); n != 5 {
		t.Fatalf("%d times within 35 days", n)
	}
	one := d.memory.Maintenance[1].ID
	d.do(status.Command{Cancel: one})
	d.model = m
	d.restart() // as it was written: what was decided by hand stands
	d.judge()
	if w := d.memory.Maintenance[1]; w.Cancelled.IsZero() {
		t.Error("a restart has brought back what was called off")
	}
	m.Routines = nil
	d.model = m
	d.restart()
	d.judge()
	for _, w := range d.memory.Maintenance {
		if w.Cancelled.IsZero() {
			t.Errorf("the configuration has it no more, and %s is still planned", w.ID)
		}
	}
}

// Whatever the rule, zone and extension, and however long what is worked on
// fails: no occurrence overlaps another of its own, prolonged or not.
func TestWorkNeverOverlapsItself(t *testing.T) {
	explore(t, func(t *rapid.T) {
		m := recurring("pay")
		b := status.NewBoard(m, status.Memory{}, &counter{})
		now := time.Date(2026, time.Month(rapid.IntRange(1, 12).Draw(t, "month")), rapid.IntRange(1, 28).Draw(t, "day"), 0, 0, 0, 0, time.UTC)
		r := status.Routine{
			ID: "r", Components: []string{"pay"}, First: now.Add(time.Duration(rapid.IntRange(0, 72).Draw(t, "first")) * time.Hour),
			Rule:  rapid.SampledFrom([]string{"FREQ=DAILY", "FREQ=DAILY;INTERVAL=2", "FREQ=WEEKLY;BYDAY=MO,TU", "FREQ=MONTHLY;BYDAY=1TU", "FREQ=MONTHLY;BYMONTHDAY=-1,1"}).Draw(t, "rule"),
			Zone:  rapid.SampledFrom([]string{"Asia/Seoul", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"}).Draw(t, "zone"),
			Lasts: time.Duration(rapid.IntRange(1, 26*60).Draw(t, "minutes")) * time.Minute,
		}
		if step := rapid.IntRange(0, 90).Draw(t, "step"); step > 0 {
			r.Extend = status.Extension{Step: time.Duration(step) * time.Minute}
			r.Extend.Most = r.Extend.Step * time.Duration(rapid.IntRange(1, 16).Draw(t, "steps"))
		}
		if _, err := b.Do(status.Command{Arrange: &r}, now); err != nil {
			if !errors.Is(err, status.ErrOverlap) && !errors.Is(err, status.ErrExtension) {
				t.Fatal(err)
			}
			return
		}
		var memory status.Memory
		for range 12 * 24 {
			now = now.Add(5 * time.Hour)
			for _, check := range m.Components[0].Checks {
				b.Vote(status.Vote{Check: check.ID, Location: "a", Outcome: status.Failed, At: now})
			}
			memory.Apply(b.Judge(now))
			if due := b.Due(); !due.IsZero() && due.Before(now.Add(5*time.Hour)) {
				now = due
				memory.Apply(b.Judge(now))
			}
		}
		all := slices.Clone(memory.Maintenance)
		slices.SortFunc(all, func(x, y status.Maintenance) int { return x.From.Compare(y.From) })
		for i := 1; i < len(all); i++ {
			if all[i].From.Before(all[i-1].Until) {
				t.Fatalf("%s lasts until %s, and %s begins at %s", all[i-1].ID, all[i-1].Until, all[i].ID, all[i].From)
			}
		}
	})
}
