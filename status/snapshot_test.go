package status_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bongsu/status"
)

// What snapshots share is never written to: each stays as it was, whatever
// happens afterwards. A second board that lives through the same takes one
// snapshot only, so it shares nothing with earlier or later ones.
func TestSnapshotsShareOnlyWhatNeverChanges(t *testing.T) {
	m := watched("login in dc", "chat needs login", "line", "pay in dc", "maps needs pay")
	m.Components[1].Substitutes = []string{"line"}
	m.Groups = []status.Group{{ID: "all"}, {ID: "other"}}
	m.Components[2].Group = "other"
	type act func(d *desk)
	looks := func(bad map[string]status.Outcome) act {
		return func(d *desk) {
			d.controls(status.OK)
			d.rounds(3, world(m, status.OK, bad))
			d.controls(status.OK)
			d.judge()
		}
	}
	acts := []act{
		looks(nil),
		looks(map[string]status.Outcome{"login": status.Failed, "chat": status.Failed}),
		func(d *desk) { d.pass(time.Minute) },
		looks(map[string]status.Outcome{"login": status.Failed, "line": status.Slow}),
		func(d *desk) { d.plan("w", 0, time.Hour, "pay") },
		func(d *desk) { d.board.Doubt("seoul", status.DoubtClock, "set", d.now); d.judge() },
		looks(map[string]status.Outcome{"maps": status.Wrong}),
		func(d *desk) { d.board.Trust("seoul", status.DoubtClock, d.now); d.judge() },
		func(d *desk) { d.keep(20*time.Minute, world(m, status.OK, nil)) },
		func(d *desk) { d.pass(26 * time.Hour) },
		looks(nil),
	}
	through := newDesk(t, m)
	var taken []*status.Snapshot
	for _, a := range acts {
		a(through)
		taken = append(taken, through.board.Snapshot(through.now))
	}
	for i := range taken {
		once := newDesk(t, m)
		for _, a := range acts[:i+1] {
			a(once)
		}
		if diff := cmp.Diff(once.board.Snapshot(once.now), taken[i], oneZone); diff != "" {
			t.Errorf("snapshot %d has changed since (-was +is):\n%s", i, diff)
		}
	}
}

// On a quiet day a snapshot costs what has changed.
func TestUnchangedGroupsAreShared(t *testing.T) {
	m := model("a", "b", "c")
	m.Groups = []status.Group{{ID: "all"}, {ID: "other"}}
	m.Components[2].Group = "other"
	d := newDesk(t, m)
	d.rounds(3, world(m, status.OK, nil))
	one := d.board.Snapshot(d.now)
	d.now = d.now.Add(time.Second)
	d.look("c/1", status.OK)
	d.judge()
	two := d.board.Snapshot(d.now)
	if one.Groups[0].Components[0] != two.Groups[0].Components[0] {
		t.Error("a group in which nothing has changed is copied")
	}
	before, after := one.Groups[1].Components[0], two.Groups[1].Components[0]
	if before == after || !after.Measured.Equal(d.now) || before.Measured.Equal(d.now) {
		t.Errorf("measured %s before, %s after", before.Measured, after.Measured)
	}
	if &before.PastDays[0] != &after.PastDays[0] || before.Today != after.Today {
		t.Error("days that have not changed are copied")
	}
}
