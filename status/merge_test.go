package status_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bongsu/status"
)

// do carries a command out, which must succeed, and judges.
func (d *desk) do(c status.Command) (made string) {
	d.t.Helper()
	made, err := d.board.Do(c, d.now)
	if err != nil {
		d.t.Fatal(err)
	}
	d.judge()
	return made
}

// refused is the error of a command, which must change nothing.
func (d *desk) refused(c status.Command) error {
	d.t.Helper()
	made, err := d.board.Do(c, d.now)
	if change := d.judge(); err != nil && (made != "" || !change.Empty()) {
		d.t.Errorf("%v, and yet it made %q and %+v", err, made, change)
	}
	return err
}

// incident finds an incident on the page, open or past.
func (d *desk) incident(id string) *status.Incident {
	d.t.Helper()
	i, found := d.board.Snapshot(d.now).Incident(id)
	if !found {
		d.t.Fatalf("the page has no incident %s", id)
	}
	return i
}

func fails(ids ...string) map[string]status.Outcome {
	all := make(map[string]status.Outcome)
	for _, id := range ids {
		all[id] = status.Failed
	}
	return all
}

func componentsOf(i *status.Incident) (ids []string) {
	for _, a := range i.Components {
		ids = append(ids, a.Component)
	}
	return ids
}

func TestADomainFoundLaterTakesOver(t *testing.T) {
	m := model("a in dc", "b in dc", "c in dc")
	d := newDesk(t, m)
	d.rounds(3, world(m, status.OK, fails("a")))
	first := d.only()
	d.pass(20 * time.Second)
	d.rounds(3, world(m, status.OK, fails("a", "b")))
	i := d.only()
	if first.Cause != "component:a" || i.ID != first.ID || i.Code != first.Code || i.Cause != "domain:dc" || i.Stage != status.Identified {
		t.Errorf("%s with cause %s became %s with cause %s, %s", first.ID, first.Cause, i.ID, i.Cause, i.Stage)
	}
	wantTale(t, i, "opened/investigating cause/identified")
	wantHeard(t, d, "opened operational>major_outage")
}

// Most of a domain fails; then it shows that one of its components explains all
// the others.
func TestADomainNarrowsToTheComponentThatExplainsAll(t *testing.T) {
	m := model("login in dc", "a needs login in dc", "b needs login in dc")
	d := newDesk(t, m)
	slow := map[string]status.Outcome{"login": status.Slow, "a": status.Failed, "b": status.Failed}
	d.rounds(3, world(m, status.OK, slow))
	if i := d.only(); i.Cause != "domain:dc" || len(i.Components) != 3 {
		t.Fatalf("at first the cause of %v is %s", componentsOf(i), i.Cause)
	}
	d.rounds(3, world(m, status.Failed, nil))
	if i := d.only(); i.Cause != "component:login" || i.Components[0].Component != "login" {
		t.Errorf("then the cause of %v is %s", componentsOf(i), i.Cause)
	}
}

// It does not narrow to the last that fails: who recovers last is not to blame.
func TestADomainDoesNotNarrowToWhoRecoversLast(t *testing.T) {
	m := model("login in dc", "a needs login in dc", "b in dc")
	d := newDesk(t, m)
	d.rounds(3, world(m, status.Failed, nil))
	d.rounds(3, world(m, status.OK, fails("login", "a")))
	if i := d.only(); i.Cause != "domain:dc" {
		t.Errorf("the cause has become %s", i.Cause)
	}
}

// What explains a part of what still fails does not take the story over.
func TestACauseThatExplainsSomeIsNoBetterCause(t *testing.T) {
	m := model("login", "cache", "chat needs login, cache", "map needs login")
	d := newDesk(t, m)
	d.rounds(3, world(m, status.OK, fails("login", "chat", "map")))
	d.rounds(3, world(m, status.OK, fails("cache", "chat", "map")))
	if i := d.only(); i.Cause != "component:login" || len(i.Components) != 4 {
		t.Errorf("with login well again the cause of %v has become %s", componentsOf(i), i.Cause)
	}
	d.rounds(3, world(m, status.OK, fails("cache", "chat")))
	if i := d.only(); i.Cause != "component:login" {
		t.Errorf("what has been told of became the cause: %s", i.Cause)
	}
}

// stateOf opens an incident by hand.
func (d *desk) stateOf(component string, s status.State) string {
	return d.do(status.Command{Open: &status.Draft{Components: map[string]status.State{component: s}}})
}

// An incident turns out to be two: what it seemed to explain fails for another
// reason, which gets a story of its own.
func TestOneThatTurnsOutTwo(t *testing.T) {
	m := model("login", "pay", "map needs login")
	m.Components[2].Needs = append(m.Components[2].Needs, status.Need{ID: "gate"})
	m.Components = append(m.Components, parseComponent("gate needs pay"))
	d := newDesk(t, m)
	d.keep(5*time.Minute, world(m, status.OK, fails("login", "map")))
	one := d.only()
	d.keep(5*time.Minute, world(m, status.Failed, nil))
	s := d.board.Snapshot(d.now)
	if len(s.Incidents) != 2 {
		t.Fatalf("there are %d incidents", len(s.Incidents))
	}
	for range 2 {
		elder, part := d.incident(one.ID), d.incident(d.component("pay").Incident)
		if elder.Cause != "component:login" || part.Cause != "component:pay" || d.component("map").Incident != part.ID {
			t.Errorf("%s tells of %v, %s of %v", elder.Cause, componentsOf(elder), part.Cause, componentsOf(part))
		}
		wantTale(t, elder, "opened/identified split/identified")
		if other := elder.Updates[1].Other; other != part.ID {
			t.Errorf("the part is named %q", other)
		}
		d.restart()
		d.judge()
	}
	wantHeard(t, d, "opened operational>major_outage", "opened operational>major_outage")
	// What the first still explains goes back to it; the second ends by itself.
	d.keep(2*time.Hour, world(m, status.OK, fails("login", "map")))
	wantHeard(t, d, "opened operational>major_outage", "opened operational>major_outage", "resolved major_outage>operational")
	if i := d.incident(one.ID); !i.Open() {
		t.Errorf("the other one ended with it at %s", i.Resolved)
	}
}

func TestSplitByHand(t *testing.T) {
	m := model("login", "chat needs login", "map needs login", "gifts needs chat")
	d := newDesk(t, m)
	d.keep(5*time.Minute, world(m, status.Failed, nil))
	whole := d.only()
	part := d.do(status.Command{Incident: whole.ID, Split: []string{"gifts", "chat", "chat"}})
	for range 2 {
		one, two := d.incident(whole.ID), d.incident(part)
		if !two.Apart || two.Cause != "component:chat" || one.Cause != "component:login" || two.Code == one.Code || two.Code == "" {
			t.Errorf("split into %+v\nand %+v", one, two)
		}
		wantTale(t, one, "opened/identified split/identified")
		wantTale(t, two, "opened/identified")
		if one.Updates[1].Other != two.ID || two.Updates[0].Other != one.ID {
			t.Errorf("they name %q and %q", one.Updates[1].Other, two.Updates[0].Other)
		}
		if diff := cmp.Diff([]string{"chat", "gifts", "login", "map"}, slices.Sorted(slices.Values(componentsOf(one)))); diff != "" {
			t.Errorf("what the first has told of (-want +got):\n%s", diff)
		}
		// All fail for one cause by the rules; what people have parted stays so.
		d.keep(5*time.Minute, world(m, status.Failed, nil))
		d.restart()
		d.judge()
	}
	d.keep(2*time.Hour, world(m, status.Failed, map[string]status.Outcome{"chat": status.OK, "gifts": status.OK}))
	if i := d.incident(part); i.Open() {
		t.Errorf("well again for two hours the part is %s", i.Stage)
	}
	wantHeard(t, d, "opened operational>major_outage", "resolved major_outage>operational")
}

// What the new incident's cause drags along later joins it.
func TestWhatIsExplainedByAPartJoinsIt(t *testing.T) {
	m := model("login", "chat", "gifts needs chat")
	d := newDesk(t, m)
	d.rounds(3, world(m, status.OK, fails("login", "chat")))
	two := d.board.Snapshot(d.now).Incidents
	d.do(status.Command{Incident: two[1].ID, Merge: two[0].ID})
	part := d.do(status.Command{Incident: two[0].ID, Split: []string{"chat"}})
	d.do(status.Command{Incident: part, Correct: &status.Correction{Field: status.CorrectCause, Is: "stated:a bad release", Reason: en("Their notice.")}})
	d.rounds(3, world(m, status.Failed, nil))
	if got := d.component("gifts").Incident; got != part {
		t.Errorf("gifts are told of by %q, not by %q", got, part)
	}
}

// Taking the cause away leaves the rest with one of its own.
func TestSplittingOffTheCause(t *testing.T) {
	m := model("login", "chat needs login", "map needs login", "gifts needs map")
	d := newDesk(t, m)
	d.rounds(3, world(m, status.Failed, nil))
	whole := d.only().ID
	part := d.do(status.Command{Incident: whole, Split: []string{"login"}})
	if one, two := d.incident(whole), d.incident(part); two.Cause != "component:login" || one.Cause != "component:chat" {
		t.Errorf("the causes are %s and %s", one.Cause, two.Cause)
	}
}

func TestSplitOfWhatWasOpenedByHand(t *testing.T) {
	m := model("pay", "chat")
	d := newDesk(t, m)
	whole := d.do(status.Command{Open: &status.Draft{
		Title: status.Text{"en": "Refunds"}, Stage: status.Identified, Notify: true,
		Components: map[string]status.State{"pay": status.PartialOutage, "chat": status.DegradedPerformance},
	}})
	part := d.do(status.Command{Incident: whole, Split: []string{"chat"}})
	i := d.incident(part)
	if i.Cause != "manual:"+part || i.Title["en"] != "Refunds" || i.Worst != status.DegradedPerformance || i.Stage != status.Identified {
		t.Errorf("the part is %+v", i)
	}
	d.restart()
	d.judge()
	d.keep(5*time.Minute, world(m, status.Failed, nil))
	if n := len(d.board.Snapshot(d.now).Incidents); n != 2 {
		t.Errorf("there are %d incidents", n)
	}
}

func TestMergeByHand(t *testing.T) {
	m := model("login", "chat")
	d := newDesk(t, m)
	d.keep(time.Minute, world(m, status.OK, fails("chat")))
	d.keep(5*time.Minute, world(m, status.Failed, nil))
	chat, login := d.incident(d.component("chat").Incident), d.incident(d.component("login").Incident)
	if went := d.do(status.Command{Incident: chat.ID, Merge: login.ID}); went != login.ID {
		t.Errorf("it went into %s", went)
	}
	for range 2 {
		gone, on := d.incident(chat.ID), d.incident(login.ID)
		wantTale(t, gone, "opened/investigating merged/investigating")
		wantTale(t, on, "opened/investigating merged/investigating")
		if gone.MergedInto != login.ID || gone.Code != chat.Code || gone.Updates[1].Other != login.ID || on.Updates[1].Other != chat.ID {
			t.Errorf("%+v\nwent into\n%+v", gone, on)
		}
		if !on.Began.Equal(chat.Began) || on.Cause != "component:login" || len(on.Components) != 2 {
			t.Errorf("the one that goes on is %+v", on)
		}
		d.keep(5*time.Minute, world(m, status.Failed, nil)) // they stay one
		d.restart()
		d.judge()
	}
	d.keep(2*time.Hour, world(m, status.OK, nil))
	wantHeard(t, d, "opened operational>major_outage", "opened operational>major_outage", "resolved major_outage>operational")
}

func TestWhatWasOpenedByHandGoesIntoWhatIsMeasured(t *testing.T) {
	m := model("login", "pay")
	d := newDesk(t, m)
	stated := d.do(status.Command{Open: &status.Draft{Components: map[string]status.State{"pay": status.MajorOutage}, Notify: true}})
	d.rounds(3, world(m, status.OK, fails("login")))
	measured := d.component("login").Incident
	if err := d.refused(status.Command{Incident: measured, Merge: stated}); !errors.Is(err, status.ErrStated) {
		t.Errorf("the other way round: %v", err)
	}
	d.do(status.Command{Incident: stated, Merge: measured})
	i := d.incident(measured)
	if len(i.Components) != 2 || i.Components[1].Component != "pay" || i.Components[1].State != status.Operational || i.Announced.IsZero() {
		t.Errorf("the incident is %+v", i)
	}
	d.keep(5*time.Minute, world(m, status.Failed, nil))
	if n := len(d.board.Snapshot(d.now).Incidents); n != 1 {
		t.Errorf("failing too it makes %d incidents", n)
	}
	wantHeard(t, d, "opened operational>major_outage")
}

func TestWhatCannotBeMergedOrSplit(t *testing.T) {
	m := model("login", "chat needs login", "pay")
	d := newDesk(t, m)
	d.rounds(3, world(m, status.OK, fails("login", "chat")))
	id := d.only().ID
	for _, tt := range []struct {
		name string
		ask  status.Command
		want error
	}{
		{"into itself", status.Command{Incident: id, Merge: id}, status.ErrItself},
		{"into nothing", status.Command{Incident: id, Merge: "x"}, status.ErrNoIncident},
		{"nothing", status.Command{Incident: "x", Merge: id}, status.ErrNoIncident},
		{"all of it", status.Command{Incident: id, Split: []string{"login", "chat"}}, status.ErrNoRest},
		{"none of it", status.Command{Incident: id, Split: []string{}}, status.ErrNoRest},
		{"what it does not tell of", status.Command{Incident: id, Split: []string{"pay"}}, status.ErrNotTold},
		{"what does not exist", status.Command{Incident: id, Split: []string{"mail"}}, status.ErrNotTold},
		{"from nothing", status.Command{Incident: "x", Split: []string{"pay"}}, status.ErrNoIncident},
	} {
		if err := d.refused(tt.ask); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
	}
}

// What a part took over is the part's, also when that has ended: failing again
// it is news, and no line of the story it came from.
func TestWhatWasTakenOverDoesNotComeBack(t *testing.T) {
	m := model("login", "chat needs login", "map needs login")
	for _, restarted := range []bool{false, true} {
		d := newDesk(t, m)
		d.keep(5*time.Minute, world(m, status.Failed, nil))
		whole := d.only().ID
		part := d.do(status.Command{Incident: whole, Split: []string{"chat"}})
		d.keep(2*time.Hour, world(m, status.OK, fails("map")))
		if i := d.incident(part); i.Open() {
			t.Fatalf("the part is %s", i.Stage)
		}
		if restarted {
			d.restart()
			d.judge()
		}
		d.rounds(3, world(m, status.OK, fails("map", "chat")))
		d.pass(10 * time.Second)
		wantHeard(t, d, "opened operational>major_outage", "resolved major_outage>operational", "opened operational>major_outage")
		if got := d.component("chat").Incident; got == whole || got == part {
			t.Errorf("restarted %t: chat is told of by %s", restarted, got)
		}
	}
}

// Of two that list a component, that one tells of it in which it goes on.
func TestWhereAComponentGoesOn(t *testing.T) {
	m := model("chat", "login")
	over, on := status.Affected{Component: "chat", State: status.Operational, Until: start}, status.Affected{Component: "chat", State: status.MajorOutage}
	incident := func(id, cause string, a ...status.Affected) status.Incident {
		return status.Incident{
			ID: id, Cause: cause, Impact: status.MajorOutage, Components: a, Version: 1,
			Updates: []status.Update{{ID: "u" + id, At: start, Kind: status.UpdateOpened, Components: a}},
		}
	}
	login := status.Affected{Component: "login", State: status.MajorOutage, Cause: true}
	for _, order := range [][]status.Incident{
		{incident("1", "component:login", login, over), incident("2", "component:chat", on)},
		{incident("1", "component:chat", on), incident("2", "component:login", login, over)},
	} {
		b := status.NewBoard(m, status.Memory{Incidents: order}, &counter{})
		chat, _ := b.Snapshot(start).Component("chat")
		told, _ := b.Snapshot(start).Incident(chat.Incident)
		if told == nil || told.Cause != "component:chat" {
			t.Errorf("chat is told of by %q", chat.Incident)
		}
	}
}
