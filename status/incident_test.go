package status_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bongsu/status"
)

// keep looks at everything once a minute.
func (d *desk) keep(span time.Duration, world map[string]status.Outcome) {
	for until := d.now.Add(span); d.now.Before(until); {
		d.pass(min(59*time.Second, until.Sub(d.now)))
		d.round(world)
	}
}

func wantTale(t *testing.T, i *status.Incident, want string) {
	t.Helper()
	if diff := cmp.Diff(strings.Fields(want), tale(i)); diff != "" {
		t.Errorf("the timeline (-want +got):\n%s", diff)
	}
}

func wantHeard(t *testing.T, d *desk, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, d.heard()); diff != "" {
		t.Errorf("people heard (-want +got):\n%s", diff)
	}
}

func TestThePageShowsAtOnceAndTheWordsWaitForTheCause(t *testing.T) {
	m := model("login")
	d := newDesk(t, m)
	d.rounds(3, world(m, status.Failed, nil))
	i := d.only()
	if !i.Detected.Equal(d.now) || !i.Announced.IsZero() || !i.Next.Equal(d.now.Add(time.Hour)) {
		t.Errorf("at first the incident is %+v", i)
	}
	if due := d.board.Due(); !due.Equal(d.now.Add(5 * time.Second)) {
		t.Errorf("the first words are due at %s", due)
	}
	d.pass(5*time.Second - 1)
	wantHeard(t, d)
	d.pass(1)
	wantHeard(t, d, "opened operational>major_outage")
}

func TestWhatRecoversBeforeTheFirstWordsIsNeverTold(t *testing.T) {
	m := model("login")
	d := newDesk(t, m)
	d.rounds(3, world(m, status.Failed, nil))
	d.rounds(3, world(m, status.OK, nil))
	d.keep(2*time.Hour, world(m, status.OK, nil))
	wantTale(t, d.only(), "opened/investigating monitoring/monitoring resolved/resolved")
	wantHeard(t, d)
}

// The first words wait for the cause, never longer: the time in which it failed
// untold adds up.
func TestAnUntoldOutageThatComesBackIsTold(t *testing.T) {
	m := model("login")
	d := newDesk(t, m)
	d.rounds(3, world(m, status.Failed, nil))
	d.rounds(3, world(m, status.OK, nil)) // it failed for three seconds of the five
	d.pass(20 * time.Second)
	d.rounds(3, world(m, status.Failed, nil))
	d.pass(2*time.Second - 1)
	wantHeard(t, d)
	d.restart()
	d.pass(1)
	wantHeard(t, d, "opened operational>major_outage")
}

// Two of three locations date an outage. One that saw it early and confirms it
// late dates it anew, and a restart forgets nothing of that.
func TestAnOnsetConfirmedLateIsKept(t *testing.T) {
	for _, tt := range []struct {
		name   string
		before status.Outcome // what all saw until then
	}{
		{"of what was well", status.OK},
		{"of what nobody had seen", status.Inconclusive},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := model("maps")
			m.Locations, m.Rules.Confirm = locations("seoul", "busan", "tokyo"), 2
			d := newDesk(t, m)
			d.round(world(m, tt.before, nil))
			look := func(places ...string) status.Change {
				d.now = d.now.Add(time.Second)
				d.look("maps/1", status.Slow, places...)
				return d.judge()
			}
			look("seoul", "busan")
			onset := d.now
			look("tokyo")
			look("seoul", "tokyo")
			if i := d.only(); !i.Began.Equal(onset.Add(time.Second)) {
				t.Errorf("by the word of seoul and tokyo it began %s", i.Began)
			}
			if c := look("busan"); len(c.Incidents) != 1 || !c.Incidents[0].Began.Equal(onset) {
				t.Errorf("with busan's word the change has %+v", c.Incidents)
			}
			d.restart()
			d.look("maps/1", status.OK)
			if c := d.judge(); len(c.Incidents) != 0 || !d.only().Began.Equal(onset) {
				t.Errorf("after a restart it began %s, and the change has %+v", d.only().Began, c.Incidents)
			}
		})
	}
}

func TestFlapsWithinTheWatchAreNotTold(t *testing.T) {
	m := model("login")
	d := newDesk(t, m)
	bad, well := world(m, status.Failed, nil), world(m, status.OK, nil)
	d.keep(5*time.Minute, bad)
	for range 3 {
		d.keep(50*time.Minute, well)
		d.keep(5*time.Minute, bad)
	}
	d.keep(30*time.Minute, well)
	if i := d.only(); i.Stage != status.Monitoring || d.now.Sub(i.Watching) > 30*time.Minute {
		t.Errorf("the incident is %s since %s", i.Stage, i.Watching)
	}
	wantHeard(t, d, "opened operational>major_outage")
	d.keep(40*time.Minute, well)
	wantHeard(t, d, "opened operational>major_outage", "resolved major_outage>operational")
}

func TestWorseThanTheyKnowIsTold(t *testing.T) {
	m := model("chat")
	d := newDesk(t, m)
	d.keep(time.Minute*5, world(m, status.Slow, nil))
	d.keep(time.Minute*5, world(m, status.Failed, nil))
	d.keep(time.Minute*5, world(m, status.Slow, nil))
	d.keep(time.Minute*5, world(m, status.Failed, nil))
	i := d.only()
	wantTale(t, i, "opened/investigating changed/investigating changed/investigating changed/investigating")
	wantHeard(t, d, "opened operational>degraded_performance", "worsened degraded_performance>major_outage")
	if i.Told != status.MajorOutage {
		t.Errorf("it remembers having told of %s", i.Told)
	}
}

func TestAListThatGrowsIsToldOnce(t *testing.T) {
	m := model("login", "a needs login", "b needs login", "c needs login")
	d := newDesk(t, m)
	bad := make(map[string]status.Outcome)
	for _, id := range []string{"login", "a", "b", "c"} {
		bad[id] = status.Failed
		d.rounds(3, world(m, status.OK, bad))
	}
	d.pass(15 * time.Second)
	i := d.only()
	wantTale(t, i, "opened/investigating cause/identified changed/identified")
	if last := i.Updates[len(i.Updates)-1]; len(last.Components) != 4 {
		t.Errorf("the last update has %d components", len(last.Components))
	}
	wantHeard(t, d, "opened operational>major_outage")
}

func TestPromisesAreKeptWithoutAHand(t *testing.T) {
	m := model("login")
	d := newDesk(t, m)
	d.keep(50*time.Hour+30*time.Minute, world(m, status.Failed, nil))
	i := d.only()
	for n := 1; n < len(i.Updates); n++ {
		if gap := i.Updates[n].At.Sub(i.Updates[n-1].At); gap > time.Hour || i.Updates[n].Kind != status.UpdateNoChange {
			t.Errorf("update %d is %s after %s", n, i.Updates[n].Kind, gap)
		}
	}
	if len(i.Updates) != 51 || !i.Next.After(d.now) {
		t.Errorf("there are %d updates, the next by %s", len(i.Updates), i.Next)
	}
	wantHeard(t, d, "opened operational>major_outage", "digest operational>major_outage", "digest operational>major_outage")
	if gap := d.events[2].At.Sub(d.events[1].At); gap < 24*time.Hour {
		t.Errorf("the digests are %s apart", gap)
	}
}

func TestSilenceOpensAndEndsNothing(t *testing.T) {
	m := model("login", "pay needs login")
	d := newDesk(t, m)
	d.keep(time.Hour, world(m, status.Inconclusive, nil))
	if n := len(d.board.Snapshot(d.now).Incidents); n != 0 {
		t.Fatalf("with nothing measured there are %d incidents", n)
	}
	d.keep(5*time.Minute, world(m, status.Failed, nil))
	d.keep(3*time.Hour, world(m, status.Inconclusive, nil))
	i := d.only()
	if i.Stage != status.Identified || i.Impact != status.Unknown || i.Components[0].State != status.Unknown {
		t.Errorf("in silence the incident is %s, %s", i.Stage, i.Impact)
	}
	d.keep(5*time.Minute, world(m, status.OK, nil))
	if i := d.only(); i.Stage != status.Monitoring || i.Watching.IsZero() {
		t.Errorf("answering again the incident is %s since %s", i.Stage, i.Watching)
	}
	d.keep(2*time.Hour, world(m, status.Inconclusive, nil))
	if i := d.only(); !i.Open() || !i.Watching.IsZero() {
		t.Errorf("silent while watched, the incident is %s, watched since %s", i.Stage, i.Watching)
	}
	answered := d.now
	d.keep(2*time.Hour, world(m, status.OK, nil))
	if i := d.only(); i.Open() || i.Resolved.Sub(answered) < time.Hour {
		t.Errorf("the watch was over at %s", i.Resolved)
	}
	wantHeard(t, d, "opened operational>major_outage", "resolved major_outage>operational")
}

func TestMaintenanceIsNotAlarmedAndHidesNothingElse(t *testing.T) {
	m := model("login", "pay")
	d := newDesk(t, m)
	d.keep(time.Minute, world(m, status.OK, nil))
	id, err := d.board.Maintain(status.Maintenance{
		Components: []string{"login"}, From: d.now.Add(time.Hour), Until: d.now.Add(2 * time.Hour),
	}, d.now)
	if err != nil {
		t.Fatal(err)
	}
	if c := d.judge(); len(c.Maintenance) != 1 || c.Maintenance[0].ID != id {
		t.Errorf("the change has %+v", c.Maintenance)
	}
	d.keep(time.Hour, world(m, status.OK, nil))
	d.restart()
	d.keep(50*time.Minute, world(m, status.Failed, nil))
	login := d.component("login")
	if login.State != status.UnderMaintenance || login.Maintenance != id || login.Incident != "" {
		t.Errorf("login is %s in %q and %q", login.State, login.Maintenance, login.Incident)
	}
	if i := d.only(); i.Cause != "component:pay" || len(i.Components) != 1 {
		t.Errorf("the incident is %+v", i)
	}
	d.keep(15*time.Minute, world(m, status.OK, nil))
	today := d.component("login").Days()[89]
	if today.Maintenance != time.Hour || today.Uptime != 1 || !today.Known || today.Worst != status.Operational {
		t.Errorf("login's day is %+v", today)
	}
}

func TestAnIncidentByHand(t *testing.T) {
	m := model("login", "pay")
	d := newDesk(t, m)
	d.keep(time.Minute, world(m, status.OK, nil))
	id, err := d.board.Open(status.Draft{
		Title: status.Text{"en": "Refunds are late"}, Text: status.Text{"en": "We hear of late refunds."},
		Components: map[string]status.State{"pay": status.PartialOutage}, Author: "kim", Notify: true,
	}, d.now)
	if err != nil {
		t.Fatal(err)
	}
	d.judge()
	i := d.only()
	if i.ID != id || i.Cause != "manual:"+id || i.Impact != status.PartialOutage || i.Updates[0].Text["en"] != "We hear of late refunds." {
		t.Errorf("the incident is %+v", i)
	}
	if pay := d.component("pay"); pay.State != status.Operational || pay.Incident != id {
		t.Errorf("a statement makes pay %s, in incident %s", pay.State, pay.Incident)
	}

	d.restart()
	d.keep(10*time.Minute, world(m, status.OK, map[string]status.Outcome{"pay": status.Failed}))
	if n := len(d.board.Snapshot(d.now).Incidents); n != 1 {
		t.Errorf("measuring what is stated opens another: there are %d", n)
	}
	note, err := d.board.Note(id, status.NoteDraft{Text: status.Text{"en": "Half are paid."}, Next: d.now.Add(20 * time.Minute), Notify: true}, d.now)
	if err != nil {
		t.Fatal(err)
	}
	c := d.judge()
	if i := d.only(); len(c.Incidents) != 1 || i.Updates[1].ID != note || !i.Next.Equal(d.now.Add(20*time.Minute)) {
		t.Errorf("after the note the incident is %+v", i)
	}
	d.keep(30*time.Minute, world(m, status.OK, nil))
	resolved := status.Resolved
	if _, err := d.board.Note(id, status.NoteDraft{Stage: &resolved, Notify: true}, d.now); err != nil {
		t.Fatal(err)
	}
	d.judge()
	wantTale(t, d.only(), "opened/investigating note/investigating no_change/investigating note/resolved")
	wantHeard(t, d, "opened operational>partial_outage", "note operational>partial_outage", "resolved partial_outage>operational")
}

func TestWhatIsStatedNoMoreIsMeasuredAgain(t *testing.T) {
	m := model("pay")
	d := newDesk(t, m)
	id, err := d.board.Open(status.Draft{Components: map[string]status.State{"pay": status.MajorOutage}}, d.now)
	if err != nil {
		t.Fatal(err)
	}
	d.keep(time.Minute, world(m, status.Failed, nil))
	d.keep(2*time.Minute, world(m, status.Failed, nil))
	resolved := status.Resolved
	if _, err := d.board.Note(id, status.NoteDraft{Stage: &resolved}, d.now); err != nil {
		t.Fatal(err)
	}
	d.judge()
	s := d.board.Snapshot(d.now)
	if len(s.Incidents) != 1 || s.Incidents[0].Cause != "component:pay" || len(s.Past) != 1 {
		t.Errorf("open %+v, past %+v", s.Incidents, s.Past)
	}
}

func TestWhatCannotBeAskedFor(t *testing.T) {
	m := model("login")
	d := newDesk(t, m)
	d.rounds(3, world(m, status.Failed, nil))
	measured := d.only().ID
	stage := func(s status.Stage) *status.Stage { return &s }
	open := func(states map[string]status.State, s status.Stage) error {
		_, err := d.board.Open(status.Draft{Components: states, Stage: s}, d.now)
		return err
	}
	note := func(id string, s *status.Stage) error {
		_, err := d.board.Note(id, status.NoteDraft{Stage: s}, d.now)
		return err
	}
	maintain := func(id string, from, until time.Duration) error {
		_, err := d.board.Maintain(status.Maintenance{Components: []string{id}, From: d.now.Add(from), Until: d.now.Add(until)}, d.now)
		return err
	}
	for _, tt := range []struct {
		name      string
		got, want error
	}{
		{"an incident of what does not exist", open(map[string]status.State{"mail": status.MajorOutage}, 0), status.ErrNoComponent},
		{"an incident of what is well", open(map[string]status.State{"login": status.Operational}, 0), status.ErrNoState},
		{"an incident that is over", open(nil, status.Resolved), status.ErrClosed},
		{"a note on nothing", note("x", nil), status.ErrNoIncident},
		{"to end what is measured", note(measured, stage(status.Resolved)), status.ErrMeasured},
		{"to call measured what is not", note(measured, stage(status.Monitoring)), status.ErrMeasured},
		{"to say that the cause is known", note(measured, stage(status.Identified)), nil},
		{"work on what does not exist", maintain("mail", 0, time.Hour), status.ErrNoComponent},
		{"work that ends before it begins", maintain("login", time.Hour, time.Minute), status.ErrNoTime},
		{"work that is over", maintain("login", -time.Hour, -time.Minute), status.ErrNoTime},
	} {
		if !errors.Is(tt.got, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, tt.got, tt.want)
		}
	}
	d.keep(time.Minute, world(m, status.OK, nil))
	d.keep(2*time.Hour, world(m, status.OK, nil))
	if err := note(measured, nil); !errors.Is(err, status.ErrClosed) {
		t.Errorf("a note on what is over: %v", err)
	}
}

func TestANewConfigurationGoesOnWithTheStory(t *testing.T) {
	m := model("login", "chat needs login")
	d := newDesk(t, m)
	d.keep(10*time.Minute, world(m, status.Failed, nil))
	d.model = model("login", "map needs login")
	d.restart()
	d.keep(10*time.Minute, world(d.model, status.Failed, nil))
	i := d.only()
	if i.Cause != "component:login" || len(i.Components) != 3 || i.Components[1].Component != "chat" || i.Components[1].Until.IsZero() {
		t.Errorf("the incident is %+v", i)
	}
	d.model = model("other")
	d.restart()
	d.judge()
	if i := d.only(); i.Open() || i.Stage != status.Resolved {
		t.Errorf("without any of its components the incident is %s", i.Stage)
	}
	wantHeard(t, d, "opened operational>major_outage")
}
