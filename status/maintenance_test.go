package status_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"bongsu/status"
)

// plan has work planned from and until so long after now.
func (d *desk) plan(id string, from, until time.Duration, components ...string) {
	d.t.Helper()
	w := status.Maintenance{ID: id, Components: components, From: d.now.Add(from), Until: d.now.Add(until)}
	if _, err := d.board.Do(status.Command{Maintain: &w}, d.now); err != nil {
		d.t.Fatal(err)
	}
	d.judge()
}

func TestPlannedWorkHidesNothingElse(t *testing.T) {
	m := model("login", "chat needs login", "maps needs login", "pay")
	d := newDesk(t, m)
	d.rounds(3, world(m, status.OK, nil))
	d.plan("w", 0, time.Hour, "login", "maps")
	for _, tt := range []struct {
		name string
		bad  map[string]status.Outcome
		want []string
		told int
	}{
		{
			"what is in the window may fail",
			map[string]status.Outcome{"login": status.Failed, "maps": status.Failed},
			[]string{"login under_maintenance", "chat operational", "maps under_maintenance", "pay operational"},
			0,
		},
		{
			"what needs it and was not planned for is an outage of its own",
			map[string]status.Outcome{"login": status.Failed, "maps": status.Failed, "chat": status.Failed},
			[]string{"login under_maintenance", "chat major_outage", "maps under_maintenance", "pay operational"},
			1,
		},
		{
			"so is what has nothing to do with it",
			map[string]status.Outcome{"login": status.Failed, "maps": status.Failed, "chat": status.Failed, "pay": status.Failed},
			[]string{"login under_maintenance", "chat major_outage", "maps under_maintenance", "pay major_outage"},
			2,
		},
	} {
		d.rounds(3, world(m, status.OK, tt.bad))
		d.pass(10 * time.Second)
		if diff := cmp.Diff(tt.want, d.states()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
		if got := len(d.events); got != tt.told {
			t.Errorf("%s: people heard %v", tt.name, d.heard())
		}
	}
	if today := d.component("login").Days()[89]; today.Down != 0 || today.Maintenance == 0 {
		t.Errorf("the work counts as %+v", today)
	}
}

func TestWhatFailsWhenTheWindowEndsIsTold(t *testing.T) {
	m := model("pay")
	d := newDesk(t, m)
	d.rounds(3, world(m, status.OK, nil))
	d.plan("w", 0, time.Hour, "pay")
	ends := d.now.Add(time.Hour)
	d.keep(59*time.Minute, world(m, status.Failed, nil))
	if len(d.memory.Incidents) > 0 {
		t.Fatalf("while it is worked on: %+v", d.memory.Incidents)
	}
	d.keep(2*time.Minute, world(m, status.Failed, nil))
	i := d.only()
	if !i.Began.Equal(ends) || !i.Detected.Equal(ends) || !i.Announced.Equal(ends.Add(rules.Settle)) {
		t.Errorf("the window ended %s; it began %s, was found %s and told %s", ends, i.Began, i.Detected, i.Announced)
	}
}

func TestAnOutageGoesOnThroughMaintenance(t *testing.T) {
	m := model("pay")
	d := newDesk(t, m)
	d.rounds(3, world(m, status.OK, nil))
	d.keep(10*time.Minute, world(m, status.Failed, nil))
	d.plan("w", 0, 3*time.Hour, "pay")
	d.keep(150*time.Minute, world(m, status.Failed, nil))
	i := d.only()
	if !i.Open() || i.Stage == status.Monitoring || i.Components[0].State != status.UnderMaintenance {
		t.Errorf("while it is worked on the incident is %s: %+v", i.Stage, i.Components)
	}
	if last := i.Updates[len(i.Updates)-1]; d.now.Sub(last.At) > rules.Promise {
		t.Errorf("its last word is of %s", last.At)
	}
	d.keep(31*time.Minute, world(m, status.OK, nil))
	d.keep(time.Hour, world(m, status.OK, nil))
	if i := d.only(); i.Open() {
		t.Errorf("an hour after it works the incident is %s: %v", i.Stage, tale(i))
	}
}

func TestWorkIsCalledOffAndExtended(t *testing.T) {
	m := model("pay")
	d := newDesk(t, m)
	d.rounds(3, world(m, status.OK, nil))
	d.plan("w", time.Hour, 2*time.Hour, "pay")
	begin := d.now.Add(time.Hour)
	d.keep(90*time.Minute, world(m, status.OK, nil))
	d.plan("w", 30*time.Minute, 3*time.Hour, "pay") // later than it began: it did begin
	w := d.board.Snapshot(d.now).Maintenance[0]
	if !w.From.Equal(begin) || !w.Until.Equal(d.now.Add(3*time.Hour)) {
		t.Errorf("extended, it lasts from %s until %s", w.From, w.Until)
	}
	d.keep(2*time.Hour, world(m, status.OK, nil))
	if got := d.component("pay").State; got != status.UnderMaintenance {
		t.Errorf("past its first end it is %s", got)
	}
	made, err := d.board.Do(status.Command{Cancel: "w"}, d.now)
	change := d.judge()
	if err != nil || made != "w" || len(change.Maintenance) != 1 || !change.Maintenance[0].Cancelled.Equal(d.now) ||
		!change.Maintenance[0].From.Equal(begin) {
		t.Errorf("calling it off gave %q, %v and %+v", made, err, change.Maintenance)
	}
	if page := d.board.Snapshot(d.now); d.component("pay").State != status.Operational || page.Maintenance[0].Cancelled.IsZero() {
		t.Errorf("called off, it is %s with %+v", d.component("pay").State, page.Maintenance)
	}
	again := status.Maintenance{ID: "w", Components: []string{"pay"}, From: d.now, Until: d.now.Add(time.Hour)}
	for _, tt := range []struct {
		ask  status.Command
		want error
	}{
		{status.Command{Cancel: "w"}, status.ErrOver},
		{status.Command{Cancel: "x"}, status.ErrNoMaintenance},
		{status.Command{Maintain: &again}, status.ErrOver},
	} {
		if _, err := d.board.Do(tt.ask, d.now); !errors.Is(err, tt.want) {
			t.Errorf("%+v gave %v, want %v", tt.ask, err, tt.want)
		}
	}
}

func TestWorkCalledOffBeforeItBeganNeverWas(t *testing.T) {
	m := model("pay")
	d := newDesk(t, m)
	d.rounds(3, world(m, status.OK, nil))
	d.plan("w", time.Hour, 2*time.Hour, "pay")
	if _, err := d.board.Cancel("w", d.now); err != nil {
		t.Fatal(err)
	}
	d.judge()
	d.keep(3*time.Hour, world(m, status.OK, nil))
	if today := d.component("pay").Days()[89]; today.Maintenance != 0 {
		t.Errorf("it counts as %+v", today)
	}
	d.keep(10*time.Minute, world(m, status.Failed, nil))
	if i := d.only(); i.Began.Before(d.now.Add(-11 * time.Minute)) {
		t.Errorf("an outage began %s", i.Began)
	}
}

func TestTheConfigurationPlansWork(t *testing.T) {
	m := model("pay", "chat")
	d := newDesk(t, m)
	reload := d.reload
	night, old := configured("config/night", time.Hour, 3*time.Hour), configured("config/old", -2*time.Hour, -time.Hour)
	d.plan("by-hand", time.Hour, 2*time.Hour, "chat")

	if diff := cmp.Diff([]status.Maintenance{night}, reload(night, old).Maintenance, asShown); diff != "" {
		t.Errorf("planned (-want +got):\n%s", diff)
	}
	if got := reload(night, old).Maintenance; got != nil {
		t.Errorf("planned twice: %+v", got)
	}
	longer := configured("config/night", time.Hour, 4*time.Hour)
	if diff := cmp.Diff([]status.Maintenance{longer}, reload(longer).Maintenance, asShown); diff != "" {
		t.Errorf("planned anew (-want +got):\n%s", diff)
	}
	off := longer
	off.Cancelled = d.now
	if diff := cmp.Diff([]status.Maintenance{off}, reload().Maintenance, asShown); diff != "" {
		t.Errorf("gone (-want +got):\n%s", diff)
	}
	if got := d.board.Snapshot(d.now).Maintenance; len(got) != 2 || got[0].ID != "by-hand" || got[1].Cancelled.IsZero() {
		t.Errorf("the page has %+v", got)
	}
	if diff := cmp.Diff([]status.Maintenance{longer}, reload(longer).Maintenance, asShown); diff != "" {
		t.Errorf("back again (-want +got):\n%s", diff)
	}
}

// What an operator made of work that the configuration plans stands, whatever
// is restarted or reloaded, until the configuration plans it otherwise.
func TestWhatTheConfigurationPlansIsCalledOff(t *testing.T) {
	const id = "config/night"
	night := configured(id, time.Hour, 3*time.Hour)
	renamed := night
	renamed.Title = status.Text{"en": "New database"}
	elsewhere := night
	elsewhere.Components = []string{"chat", "pay"}
	for _, tt := range []struct {
		name string
		deed status.Command
		next status.Maintenance // as the configuration has it from then on
		want status.Maintenance // without its words, of which the configuration has the last
	}{
		{"called off, restarted", status.Command{Cancel: id}, night, calledOff(night, start)},
		{"called off, then in other words", status.Command{Cancel: id}, renamed, calledOff(night, start)},
		{"called off, then at another time", status.Command{Cancel: id}, configured(id, 2*time.Hour, 3*time.Hour), configured(id, 2*time.Hour, 3*time.Hour)},
		{"called off, then elsewhere", status.Command{Cancel: id}, elsewhere, elsewhere},
		{"extended, restarted", status.Command{Maintain: lasting(night, 5*time.Hour)}, night, *lasting(night, 5*time.Hour)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := newDesk(t, model("chat", "pay"))
			d.reload(night)
			if _, err := d.board.Do(tt.deed, d.now); err != nil {
				t.Fatal(err)
			}
			d.judge()
			for range 2 {
				d.now = d.now.Add(10 * time.Minute)
				d.reload(tt.next)
				tt.want.Title = tt.next.Title
				if diff := cmp.Diff([]status.Maintenance{tt.want}, d.board.Snapshot(d.now).Maintenance, asShown); diff != "" {
					t.Errorf("planned (-want +got):\n%s", diff)
				}
			}
		})
	}
}

// Called off twice over, at another time than the configuration has it, it
// stays called off.
func TestExtendedWorkThatIsCalledOffStaysSo(t *testing.T) {
	d := newDesk(t, model("pay"))
	night := configured("config/night", time.Hour, 3*time.Hour)
	d.reload(night)
	for _, deed := range []status.Command{{Maintain: lasting(night, 5*time.Hour)}, {Cancel: night.ID}} {
		if _, err := d.board.Do(deed, d.now); err != nil {
			t.Fatal(err)
		}
		d.judge()
	}
	if got := d.reload(night).Maintenance; got != nil {
		t.Errorf("restarted, it is planned again: %+v", got)
	}
}

// asShown leaves out what the board keeps for itself.
var asShown = cmpopts.IgnoreFields(status.Maintenance{}, "Planned")

// configured is work on pay that the configuration plans.
func configured(id string, from, until time.Duration) status.Maintenance {
	return status.Maintenance{ID: id, Components: []string{"pay"}, From: start.Add(from), Until: start.Add(until)}
}

func calledOff(w status.Maintenance, at time.Time) status.Maintenance {
	w.Cancelled = at
	return w
}

func lasting(w status.Maintenance, until time.Duration) *status.Maintenance {
	w.Until = start.Add(until)
	return &w
}

// reload goes on with a configuration that plans this work.
func (d *desk) reload(plans ...status.Maintenance) status.Change {
	d.t.Helper()
	again := *d.model
	again.Maintenance = plans
	d.model = &again
	d.restart()
	return d.judge()
}

// The window ended in a night without us: what comes after it is unknown.
func TestMaintenanceEndsWhenNobodyIsThere(t *testing.T) {
	m := model("pay")
	d := newDesk(t, m)
	d.rounds(3, world(m, status.OK, nil))
	d.plan("w", 0, time.Hour, "pay")
	ends := d.now.Add(time.Hour)
	d.now = d.now.Add(8 * time.Hour)
	d.restart()
	d.judge()
	if pay := d.component("pay"); pay.State != status.Unknown || !pay.Since.Equal(ends) {
		t.Errorf("it is %s since %s, want since %s", pay.State, pay.Since, ends)
	}
}
