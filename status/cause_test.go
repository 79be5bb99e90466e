package status_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bongsu/status"
)

// Each row is components, those that fail (! is slow, ? is silent), and what
// the page shows.
func TestWhatFailsBeneath(t *testing.T) {
	fail := func(ids ...string) map[string]status.Outcome {
		all := make(map[string]status.Outcome)
		for _, id := range ids {
			all[id] = status.Failed
		}
		return all
	}
	for _, tt := range []struct {
		name  string
		model []string
		world map[string]status.Outcome // all else is ok
		want  []string
	}{
		{
			"measured well, though what it needs fails",
			[]string{"login", "bank needs login"},
			fail("login"),
			[]string{"login major_outage", "bank operational"},
		},
		{
			"measured failing, and explained",
			[]string{"login", "chat needs login"},
			fail("login", "chat"),
			[]string{"login major_outage", "chat major_outage <- component:login"},
		},
		{
			"slow, and explained",
			[]string{"login", "chat needs login"},
			map[string]status.Outcome{"login": status.Failed, "chat": status.Slow},
			[]string{"login major_outage", "chat degraded_performance <- component:login"},
		},
		{
			"not measured: follows from a hard need",
			[]string{"login", "chat needs login unmeasured"},
			fail("login"),
			[]string{"login major_outage", "chat partial_outage (derived) <- component:login"},
		},
		{
			"not measured: follows from a soft need",
			[]string{"login", "chat needs soft login unmeasured"},
			fail("login"),
			[]string{"login major_outage", "chat degraded_performance (derived) <- component:login"},
		},
		{
			"a hard need weighs more than a soft one",
			[]string{"login", "push", "chat needs soft login, push unmeasured"},
			fail("login", "push"),
			[]string{"login major_outage", "push major_outage", "chat partial_outage (derived) <- component:push"},
		},
		{
			"a soft need explains no measured failure",
			[]string{"login", "chat needs soft login"},
			fail("login", "chat"),
			[]string{"login major_outage", "chat major_outage"},
		},
		{
			"a slow need has not failed",
			[]string{"login", "chat needs login unmeasured"},
			map[string]status.Outcome{"login": status.Slow},
			[]string{"login degraded_performance", "chat unknown"},
		},
		{
			"nothing to measure and nothing failed",
			[]string{"login", "chat needs login unmeasured"},
			nil,
			[]string{"login operational", "chat unknown"},
		},
		{
			"through several steps",
			[]string{"power", "login needs power", "chat needs login unmeasured", "gifts needs chat unmeasured"},
			fail("power", "login"),
			[]string{
				"power major_outage", "login major_outage <- component:power",
				"chat partial_outage (derived) <- component:power", "gifts partial_outage (derived) <- component:power",
			},
		},
		{
			"a well one in between ends the chain",
			[]string{"power", "login needs power", "chat needs login"},
			fail("power", "chat"),
			[]string{"power major_outage", "login operational", "chat major_outage"},
		},
		{
			"the deepest root wins, then the first by id",
			[]string{"zeus", "ajax", "login needs zeus", "chat needs ajax, login", "map needs zeus, ajax"},
			fail("zeus", "ajax", "login", "chat", "map"),
			[]string{
				"zeus major_outage", "ajax major_outage", "login major_outage <- component:zeus",
				"chat major_outage <- component:zeus", "map major_outage <- component:ajax",
			},
		},
		{
			"a circle does not hang",
			[]string{"egg needs hen", "hen needs egg"},
			fail("egg", "hen"),
			[]string{"egg major_outage <- component:hen", "hen major_outage"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := model(tt.model...)
			d := newDesk(t, m)
			d.rounds(3, world(m, status.OK, tt.world))
			if diff := cmp.Diff(tt.want, d.states()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestADomainIsTheCauseWhereMostOfItFails(t *testing.T) {
	for _, tt := range []struct {
		name  string
		model []string
		fail  []string
		want  []string // causes of the incidents
	}{
		{"two of three fail", []string{"a in dc", "b in dc", "c in dc"}, []string{"a", "b"}, []string{"domain:dc"}},
		{"half is not most", []string{"a in dc", "b in dc", "c in dc", "d in dc"}, []string{"a", "b"}, []string{"component:a", "component:b"}},
		{"one cause is its own, whatever it drags along", []string{"a in dc", "b needs a in dc"}, []string{"a", "b"}, []string{"component:a"}},
		{"what is dragged along counts", []string{"a in dc", "b in dc", "c needs a in dc", "d in dc"}, []string{"a", "b", "c"}, []string{"domain:dc"}},
		{"a domain of one explains nothing", []string{"a in x", "b in y"}, []string{"a", "b"}, []string{"component:a", "component:b"}},
		{"the widest domain takes them", []string{"a in dc, kt", "b in dc, kt", "c in kt"}, []string{"a", "b", "c"}, []string{"domain:kt"}},
		{"equal ones by id", []string{"a in x, y", "b in x, y"}, []string{"a", "b"}, []string{"domain:x"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := model(tt.model...)
			d := newDesk(t, m)
			bad := make(map[string]status.Outcome)
			for _, id := range tt.fail {
				bad[id] = status.Failed
			}
			d.rounds(3, world(m, status.OK, bad))
			var causes []string
			for _, i := range d.board.Snapshot(d.now).Incidents {
				causes = append(causes, i.Cause)
			}
			if diff := cmp.Diff(tt.want, causes); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestACauseFoundLaterTakesOver(t *testing.T) {
	m := model("login", "chat needs login", "map needs login")
	d := newDesk(t, m)
	d.rounds(3, world(m, status.OK, nil))
	d.rounds(3, world(m, status.OK, map[string]status.Outcome{"chat": status.Failed}))
	first := d.only()
	if first.Cause != "component:chat" || first.Stage != status.Investigating {
		t.Errorf("at first it is %s, %s", first.Cause, first.Stage)
	}
	d.rounds(3, world(m, status.Failed, nil))
	d.pass(20 * time.Second)
	i := d.only()
	if i.ID != first.ID || i.Cause != "component:login" || i.Stage != status.Identified || i.Components[0].Component != "login" {
		t.Errorf("then the incident is %+v", i)
	}
	if diff := cmp.Diff([]string{"opened/investigating", "cause/identified"}, tale(i)); diff != "" {
		t.Errorf("the timeline (-want +got):\n%s", diff)
	}
	if len(d.events) != 1 {
		t.Errorf("people heard %v", d.heard())
	}
}

func TestIncidentsMergeIntoTheElder(t *testing.T) {
	m := model("login", "chat needs login", "map needs login")
	d := newDesk(t, m)
	d.rounds(3, world(m, status.OK, nil))
	d.rounds(3, world(m, status.OK, map[string]status.Outcome{"chat": status.Failed}))
	d.rounds(3, world(m, status.OK, map[string]status.Outcome{"chat": status.Failed, "map": status.Failed}))
	two := d.board.Snapshot(d.now).Incidents
	if len(two) != 2 {
		t.Fatalf("there are %d incidents, want two", len(two))
	}
	d.pass(20 * time.Second)
	d.rounds(3, world(m, status.Failed, nil))
	s := d.board.Snapshot(d.now)
	if len(s.Incidents) != 1 || len(s.Past) != 1 {
		t.Fatalf("there are %d open and %d past incidents", len(s.Incidents), len(s.Past))
	}
	elder, merged := s.Incidents[0], s.Past[0]
	if elder.ID != two[0].ID || merged.MergedInto != elder.ID || elder.Cause != "component:login" || len(elder.Components) != 3 {
		t.Errorf("%+v\nmerged into\n%+v", merged, elder)
	}
	if diff := cmp.Diff([]string{"opened/investigating", "merged/investigating"}, tale(&merged)); diff != "" {
		t.Errorf("what is told of the merged one (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"opened/investigating", "merged/investigating", "cause/identified"}, tale(&elder)); diff != "" {
		t.Errorf("what is told of the elder (-want +got):\n%s", diff)
	}
	d.rounds(3, world(m, status.OK, nil))
	d.pass(time.Minute)
	for range 80 {
		d.pass(time.Minute)
		d.round(world(m, status.OK, nil))
	}
	if diff := cmp.Diff([]string{
		"opened operational>major_outage", "opened operational>major_outage", "resolved major_outage>operational",
	}, d.heard()); diff != "" {
		t.Errorf("people heard (-want +got):\n%s", diff)
	}
}

func TestADomainThatRecoversOneByOneStaysOneStory(t *testing.T) {
	m := model("a in dc", "b in dc", "c in dc")
	d := newDesk(t, m)
	d.rounds(3, world(m, status.Failed, nil))
	d.rounds(3, world(m, status.OK, map[string]status.Outcome{"c": status.Failed, "b": status.Failed}))
	d.rounds(3, world(m, status.OK, map[string]status.Outcome{"c": status.Failed}))
	d.pass(15 * time.Second)
	if i := d.only(); i.Cause != "domain:dc" || i.Stage != status.Identified || i.Components[2].Until != (time.Time{}) || i.Components[0].Until.IsZero() {
		t.Errorf("the incident is %+v", i)
	}
}

func TestADeeperCauseTakesOverADomain(t *testing.T) {
	m := model("power", "a needs power in dc", "b needs power in dc")
	d := newDesk(t, m)
	d.rounds(3, world(m, status.OK, map[string]status.Outcome{"a": status.Failed, "b": status.Failed}))
	if i := d.only(); i.Cause != "domain:dc" {
		t.Errorf("at first the cause is %s", i.Cause)
	}
	d.rounds(3, world(m, status.Failed, nil))
	if i := d.only(); i.Cause != "component:power" {
		t.Errorf("then the cause is %s", i.Cause)
	}
}

func TestAWiderDomainTakesOver(t *testing.T) {
	m := model("a in dc, kt", "b in dc, kt", "c in kt", "d in kt")
	d := newDesk(t, m)
	d.rounds(3, world(m, status.OK, map[string]status.Outcome{"a": status.Failed, "b": status.Failed}))
	if i := d.only(); i.Cause != "domain:dc" {
		t.Errorf("at first the cause is %s", i.Cause)
	}
	d.rounds(3, world(m, status.Failed, nil))
	if i := d.only(); i.Cause != "domain:kt" || len(i.Components) != 4 {
		t.Errorf("then the cause is %s with %d components", i.Cause, len(i.Components))
	}
}

// What is well again in an incident that merges is watched by the other.
func TestAMergedIncidentBringsWhatItWatches(t *testing.T) {
	m := model("login", "chat needs login", "map needs login", "gifts needs map")
	d := newDesk(t, m)
	one := map[string]status.Outcome{"chat": status.Failed}
	d.rounds(3, world(m, status.OK, one))
	d.rounds(3, world(m, status.OK, map[string]status.Outcome{"chat": status.Failed, "map": status.Failed, "gifts": status.Failed}))
	d.rounds(3, world(m, status.OK, map[string]status.Outcome{"chat": status.Failed, "map": status.Failed}))
	d.pass(20 * time.Second)
	d.rounds(3, world(m, status.Failed, map[string]status.Outcome{"gifts": status.OK}))
	i := d.board.Snapshot(d.now).Incidents[0]
	if len(i.Components) != 4 || i.Components[2].Component != "gifts" || i.Components[2].Until.IsZero() {
		t.Errorf("the incident is %+v", i)
	}
	d.restart()
	d.judge()
	d.rounds(3, world(m, status.Failed, nil))
	if s := d.board.Snapshot(d.now); len(s.Incidents) != 1 || d.component("gifts").Incident != i.ID {
		t.Errorf("when it fails again there are %d incidents", len(s.Incidents))
	}
}

// A component that fails for another cause moves to that cause's incident; the
// rest of its own goes on.
func TestAComponentMovesToItsCause(t *testing.T) {
	m := model("login", "chat needs login", "map needs login", "pay needs map")
	m.Components[3].Needs = append(m.Components[3].Needs, status.Need{ID: "chat"})
	d := newDesk(t, m)
	d.rounds(3, world(m, status.OK, map[string]status.Outcome{"chat": status.Failed}))
	d.rounds(3, world(m, status.OK, map[string]status.Outcome{"chat": status.Failed, "map": status.Failed, "pay": status.Failed}))
	for range 2 {
		s := d.board.Snapshot(d.now)
		if len(s.Incidents) != 2 {
			t.Fatalf("there are %d incidents", len(s.Incidents))
		}
		if pay := d.component("pay"); pay.AffectedBy != "component:chat" || pay.Incident != s.Incidents[0].ID {
			t.Errorf("pay is affected by %s in %s", pay.AffectedBy, pay.Incident)
		}
		d.restart()
		d.judge()
	}
	d.rounds(3, world(m, status.OK, map[string]status.Outcome{"map": status.Failed, "pay": status.Failed}))
	for range 2 {
		if pay := d.component("pay"); pay.AffectedBy == "" || pay.Incident == "" {
			t.Errorf("pay is affected by %q in %q", pay.AffectedBy, pay.Incident)
		}
		d.restart()
		d.judge()
	}
}
