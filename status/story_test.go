package status_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bongsu/status"
)

// The afternoon of 15 October 2022: the shared login dies, and what needs it.
func TestTheWholeStory(t *testing.T) {
	m := model(
		"login in dc-pangyo",
		"chat needs login in dc-pangyo",
		"place-search needs login in dc-pangyo",
		"pay needs login in dc-pangyo",
		"taxi needs login in dc-pangyo",
		"bank-core needs login in dc-mokdong",
		"bank-linked needs login in dc-mokdong",
		"line in dc-tokyo",
	)
	m.Components[1].Substitutes = []string{"line", "pay"}
	m.Apps = []status.App{{ID: "safety", Functions: []status.AppFunction{
		{ID: "report", Needs: []status.Need{{ID: "place-search"}}},
		{ID: "notice", Needs: []status.Need{{ID: "chat", Soft: true}}},
	}}}
	d := newDesk(t, m)
	well := world(m, status.OK, nil)
	d.rounds(5, well)

	d.now = time.Date(2022, time.October, 15, 15, 27, 0, 0, seoul)
	d.round(well)
	onset := d.now.Add(time.Second)
	out := world(m, status.Failed, map[string]status.Outcome{"bank-core": status.OK, "line": status.OK})
	d.rounds(2, out)
	if n := len(d.board.Snapshot(d.now).Incidents); n != 0 {
		t.Fatalf("two looks of three opened %d incidents", n)
	}
	d.round(out)

	if diff := cmp.Diff([]string{
		"login major_outage",
		"chat major_outage <- component:login",
		"place-search major_outage <- component:login",
		"pay major_outage <- component:login",
		"taxi major_outage <- component:login",
		"bank-core operational",
		"bank-linked major_outage <- component:login",
		"line operational",
	}, d.states()); diff != "" {
		t.Errorf("when confirmed (-want +got):\n%s", diff)
	}
	i := d.only()
	if i.Cause != "component:login" || i.Stage != status.Identified || len(i.Components) != 6 || !i.Began.Equal(onset) {
		t.Errorf("the incident is %+v", i)
	}
	if why := d.component("chat").Why; len(why) != 1 || why[0].Reason != "seen failed" || !why[0].At.Equal(d.now) {
		t.Errorf("chat is down because %+v", why)
	}
	if len(d.events) != 0 {
		t.Errorf("before settle people heard %v", d.heard())
	}
	if chat := d.component("chat"); len(chat.Available) != 1 || chat.Available[0].ID != "line" || chat.Incident != i.ID {
		t.Errorf("instead of chat the page offers %v in incident %s", chat.Available, chat.Incident)
	}
	f := d.board.Snapshot(d.now).Apps[0].Functions
	if f[0].State != status.MajorOutage || f[0].Incident != i.ID || f[1].State != status.DegradedPerformance {
		t.Errorf("the app's functions are %+v", f)
	}

	d.pass(5 * time.Second)
	if diff := cmp.Diff([]string{"opened operational>major_outage"}, d.heard()); diff != "" {
		t.Errorf("after settle (-want +got):\n%s", diff)
	}
	for range 3 * 60 {
		d.now = d.now.Add(59 * time.Second)
		d.round(out)
	}
	d.rounds(3, well)
	if i := d.only(); i.Stage != status.Monitoring || i.Impact != status.Operational {
		t.Errorf("answering again, the incident is %s with impact %s", i.Stage, i.Impact)
	}
	for range 30 {
		d.now = d.now.Add(59 * time.Second)
		d.round(well)
	}
	d.rounds(3, world(m, status.OK, map[string]status.Outcome{"pay": status.Failed}))
	d.rounds(3, well)
	for range 61 {
		d.now = d.now.Add(59 * time.Second)
		d.round(well)
	}
	i = d.only()
	want := "opened/identified no_change/identified no_change/identified no_change/identified " +
		"monitoring/monitoring relapse/identified monitoring/monitoring resolved/resolved"
	if diff := cmp.Diff(strings.Fields(want), tale(i)); diff != "" {
		t.Errorf("the timeline (-want +got):\n%s", diff)
	}
	if i.Cause != "component:login" || i.Worst != status.MajorOutage || i.Open() || !i.Next.IsZero() {
		t.Errorf("in the end the incident is %+v", i)
	}
	if diff := cmp.Diff([]string{"opened operational>major_outage", "resolved major_outage>operational"}, d.heard()); diff != "" {
		t.Errorf("people heard (-want +got):\n%s", diff)
	}
	if bank := d.component("bank-core"); bank.Uptime != 1 || !bank.UptimeKnown {
		t.Errorf("the bank's core was up %v of the time", bank.Uptime)
	}
}
