package status_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bongsu/status"
)

func TestAnAppsFunctionFollowsItsNeeds(t *testing.T) {
	need := func(ids ...string) (all []status.Need) {
		for _, id := range ids {
			all = append(all, status.Need{ID: id})
		}
		return all
	}
	soft := func(id string) []status.Need { return []status.Need{{ID: id, Soft: true}} }
	for _, tt := range []struct {
		name  string
		needs []status.Need
		want  status.State
		by    []string
	}{
		{"all well", need("well"), status.Operational, nil},
		{"the worst of them", need("well", "slow", "down"), status.MajorOutage, []string{"down", "slow"}},
		{"it can do without", soft("down"), status.DegradedPerformance, []string{"down"}},
		{"unknown if nothing fails", need("well", "silent"), status.Unknown, nil},
		{"failing though something is unknown", need("silent", "down"), status.MajorOutage, []string{"down"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := model("well", "slow", "down", "silent")
			m.Apps = []status.App{{ID: "app", Functions: []status.AppFunction{{ID: "f", Needs: tt.needs}}}}
			d := newDesk(t, m)
			d.rounds(3, world(m, status.OK, map[string]status.Outcome{
				"slow": status.Slow, "down": status.Failed, "silent": status.Inconclusive,
			}))
			f := d.board.Snapshot(d.now).Apps[0].Functions[0]
			if diff := cmp.Diff(tt.by, f.AffectedBy); f.State != tt.want || diff != "" {
				t.Errorf("%s, want %s; affected by (-want +got):\n%s", f.State, tt.want, diff)
			}
		})
	}
}

func TestThePageInSum(t *testing.T) {
	m := model("a in x", "b needs a in x, y", "c")
	m.Groups = []status.Group{{ID: "second"}, {ID: "first"}}
	m.Components[0].Group, m.Components[1].Group, m.Components[2].Group = "first", "second", "first"
	d := newDesk(t, m)
	sum := func() string {
		s := d.board.Snapshot(d.now)
		var text strings.Builder
		text.WriteString(s.Overall.String())
		for _, g := range s.Groups {
			fmt.Fprintf(&text, " %s=%s:", g.ID, g.State)
			for _, c := range g.Components {
				text.WriteString(c.ID)
			}
		}
		return text.String()
	}
	for _, tt := range []struct {
		world map[string]status.Outcome
		want  string
	}{
		{nil, "operational second=operational:b first=operational:ac"},
		{map[string]status.Outcome{"c": status.Inconclusive}, "unknown second=operational:b first=unknown:ac"},
		{map[string]status.Outcome{"b": status.Slow, "c": status.Inconclusive}, "degraded_performance second=degraded_performance:b first=unknown:ac"},
	} {
		d.pass(2 * time.Minute)
		d.rounds(3, world(m, status.OK, tt.world))
		if diff := cmp.Diff(tt.want, sum()); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
	s := d.board.Snapshot(d.now)
	if diff := cmp.Diff(map[string][]string{"x": {"a", "b"}, "y": {"b"}}, s.Domains); diff != "" {
		t.Errorf("domains (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"b"}, d.component("a").NeededBy); diff != "" {
		t.Errorf("needed by (-want +got):\n%s", diff)
	}
}

// oneZone compares time zones by identity: their insides are their own.
var oneZone = cmp.Comparer(func(a, b *time.Location) bool { return a == b })

func TestASnapshotStaysAsItWas(t *testing.T) {
	m := model("login", "chat needs login")
	d := newDesk(t, m)
	d.keep(10*time.Minute, world(m, status.Failed, nil))
	early, same := d.board.Snapshot(d.now), d.board.Snapshot(d.now)
	d.keep(3*time.Hour, world(m, status.OK, nil))
	d.board.Snapshot(d.now)
	d.keep(10*time.Minute, world(m, status.Failed, nil))
	d.board.Snapshot(d.now)
	if diff := cmp.Diff(same, early, oneZone); diff != "" {
		t.Errorf("an early snapshot has changed (-was +is):\n%s", diff)
	}
}
