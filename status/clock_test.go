package status_test

import (
	"testing"
	"time"

	"bongsu/status"
)

// A clock that was ahead and is set right must not leave the board waiting for
// the time that never came: what fails after it is told as ever.
func TestAClockThatIsSetBackBlindsNobody(t *testing.T) {
	for _, tt := range []struct {
		name   string
		during func(d *desk) // while the clock is a day ahead
	}{
		{"seen in between", func(d *desk) { d.rounds(5, world(d.model, status.OK, nil)) }},
		{"not seen in between", func(d *desk) { d.judge() }},
		{"doubted in between", func(d *desk) {
			d.board.Doubt("seoul", status.DoubtClock, "its clock was set", d.now)
			d.judge()
		}},
		{"failing in between, untold", func(d *desk) {
			d.rounds(3, world(d.model, status.OK, map[string]status.Outcome{"chat": status.Failed}))
		}},
		{"restarted with what was kept", func(d *desk) {
			d.rounds(5, world(d.model, status.OK, nil))
			d.restart()
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := model("chat", "maps")
			d := newDesk(t, m)
			well, bad := world(m, status.OK, nil), world(m, status.OK, map[string]status.Outcome{"chat": status.Failed})
			d.rounds(5, well)
			d.now = d.now.Add(24 * time.Hour)
			d.judge()
			tt.during(d)
			d.now = d.now.Add(-24 * time.Hour)
			d.judge()
			d.board.Trust("seoul", status.DoubtClock, d.now)
			d.rounds(5, well)
			if got := d.component("chat").State; got != status.Operational {
				t.Fatalf("looked at again, it is %s", got)
			}
			d.rounds(12, bad)
			wantHeard(t, d, "opened operational>major_outage")
			if got := d.only().Announced; got.After(d.now) {
				t.Errorf("told at %s, which has not come", got)
			}
			d.keep(2*time.Hour, well)
			wantHeard(t, d, "opened operational>major_outage", "resolved major_outage>operational")
		})
	}
}

// An incident that was open all along goes on: no pause, promise or watch is
// measured from a time that never came.
func TestAStoryGoesOnWhenTheClockIsSetBack(t *testing.T) {
	m := model("chat")
	d := newDesk(t, m)
	bad := world(m, status.Failed, nil)
	d.rounds(12, bad)
	told := d.only().Code
	d.now = d.now.Add(24 * time.Hour)
	d.rounds(5, bad)
	d.now = d.now.Add(-24 * time.Hour)
	d.rounds(5, bad)
	if next := d.only().Next; next.Sub(d.now) > time.Hour {
		t.Errorf("the next word is promised in %s", next.Sub(d.now))
	}
	d.keep(61*time.Minute, bad)
	d.keep(65*time.Minute, world(m, status.OK, nil))
	i := d.only()
	if i.Code != told || i.Open() || i.Resolved.After(d.now) {
		t.Errorf("incident %s resolved %s, want %s by %s", i.Code, i.Resolved, told, d.now)
	}
	if v := d.component("chat"); v.Since.After(d.now) {
		t.Errorf("it is %s since %s", v.State, v.Since)
	}
}

// Work that was called off while the clock was ahead was called off by the time
// it is right again, and is written down so.
func TestWorkIsNotCalledOffInTheFuture(t *testing.T) {
	for _, restarted := range []bool{false, true} {
		d := newDesk(t, model("pay"))
		d.plan("w", time.Hour, 48*time.Hour, "pay")
		d.now = d.now.Add(24 * time.Hour)
		if _, err := d.board.Cancel("w", d.now); err != nil {
			t.Fatal(err)
		}
		d.judge()
		if restarted {
			d.restart()
		}
		d.now = d.now.Add(-24 * time.Hour)
		change := d.judge()
		if len(change.Maintenance) != 1 || !change.Maintenance[0].Cancelled.Equal(d.now) {
			t.Errorf("restarted %t: at %s it is kept as %+v", restarted, d.now, change.Maintenance)
		}
		d.pass(3 * time.Hour)
		if got := d.component("pay").State; got == status.UnderMaintenance {
			t.Errorf("restarted %t: called off, it is %s", restarted, got)
		}
	}
}
