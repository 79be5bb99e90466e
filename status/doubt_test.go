package status_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bongsu/status"
)

// calm lets everything be seen well from everywhere, as often as the rules want.
func (d *desk) calm() {
	for range 3 {
		d.now = d.now.Add(time.Second)
		d.controls(status.OK)
		d.everything(status.OK)
		d.judge()
	}
}

// everything casts a look at each component's checks.
func (d *desk) everything(o status.Outcome, places ...string) {
	for i := range d.model.Components {
		for _, c := range d.model.Components[i].Checks {
			d.look(c.ID, o, places...)
		}
	}
}

// Our own network dies: targets and controls fail within a second, in any order,
// and are judged whenever. Nobody is accused.
func TestWhenOurOwnNetworkDiesNobodyIsAccused(t *testing.T) {
	for seed := range uint64(200) {
		t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
			dice := rand.New(rand.NewPCG(seed, 1))
			d := newDesk(t, alone("login", "chat needs login", "pay", "maps needs pay"))
			d.calm()
			// A target may have failed once already, by itself.
			d.now = d.now.Add(time.Second)
			d.look("pay/1", status.Failed)
			d.controls(status.OK)
			d.judge()

			checks := []string{"login/1", "chat/1", "pay/1", "maps/1", "control/dns", "control/portal"}
			for range 5 {
				dice.Shuffle(len(checks), func(i, j int) { checks[i], checks[j] = checks[j], checks[i] })
				for _, c := range checks {
					d.now = d.now.Add(time.Duration(dice.IntN(300)) * time.Millisecond)
					d.look(c, status.Failed)
					if dice.IntN(2) == 0 {
						d.judge()
					}
				}
			}
			d.pass(time.Minute)
			page := d.board.Snapshot(d.now)
			if len(page.Incidents) > 0 || len(d.events) > 0 || len(d.memory.Incidents) > 0 {
				t.Fatalf("it is told as %+v", d.memory.Incidents)
			}
			if page.Impaired.IsZero() || page.Overall != status.Unknown {
				t.Errorf("the page is %s and impaired since %s", page.Overall, page.Impaired)
			}
			for _, i := range d.memory.Intervals {
				if i.State.Troubled() {
					t.Errorf("%s was %s", i.Component, i.State)
				}
			}

			// It comes back, and all is well as soon as it is looked at.
			for range 2 {
				d.now = d.now.Add(time.Second)
				d.controls(status.OK)
				d.judge()
			}
			d.now = d.now.Add(time.Second)
			d.everything(status.OK)
			d.judge()
			if page := d.board.Snapshot(d.now); page.Overall != status.Operational || !page.Impaired.IsZero() || len(page.Incidents) > 0 {
				t.Errorf("when it is back the page is %s, impaired since %s", page.Overall, page.Impaired)
			}
		})
	}
}

// What fails while the controls answer is an outage, as soon as they have.
func TestAFailureIsConfirmedOnceTheControlsHaveSpoken(t *testing.T) {
	d := newDesk(t, alone("chat"))
	d.calm()
	onset := d.now.Add(time.Second)
	for range 3 {
		d.now = d.now.Add(time.Second)
		d.look("chat/1", status.Failed)
		d.judge()
	}
	chat := d.component("chat")
	if chat.State != status.Unknown || !cmp.Equal(chat.Why[0].Doubted, []string{"seoul"}) {
		t.Errorf("before the controls have spoken it is %s: %+v", chat.State, chat.Why)
	}
	d.now = d.now.Add(50 * time.Millisecond)
	d.look("control/dns", status.OK)
	d.judge()
	if got := d.component("chat").State; got != status.MajorOutage {
		t.Errorf("once one of two has answered it is %s", got)
	}
	if i := d.only(); !i.Began.Equal(onset) || !i.Detected.Equal(d.now) {
		t.Errorf("it began %s and was found %s", i.Began, i.Detected)
	}
}

// A control's answer says nothing of looks that ended after it was asked.
func TestAnAnswerBeforeTheFailureEndedVouchesForNothing(t *testing.T) {
	d := newDesk(t, alone("chat"))
	d.calm()
	for range 3 {
		d.now = d.now.Add(2 * time.Second)
		d.board.Vote(status.Vote{Check: "chat/1", Location: "seoul", Outcome: status.Failed, At: d.now, Took: 10 * time.Second})
	}
	d.now = d.now.Add(9 * time.Second)
	d.controls(status.OK)
	d.judge()
	if got := d.component("chat").State; got != status.Unknown {
		t.Errorf("by an answer before the end it is %s", got)
	}
	d.now = d.now.Add(time.Second)
	d.controls(status.OK)
	d.judge()
	if got := d.component("chat").State; got != status.MajorOutage {
		t.Errorf("by an answer at the end it is %s", got)
	}
}

func TestMoreThanHalfOfTheControlsMustFail(t *testing.T) {
	for _, tt := range []struct {
		controls string // as letters of said
		want     bool
	}{
		{"o", false},
		{"f", true},
		{"fo", false},
		{"ff", true},
		{"f?", true}, // of those that have a word
		{"o?", false},
		{"??", false},
		{"ffo", true},
		{"foo", false},
		{"ffoo", false},
		{"fffo", true},
		{"ss", false}, // slowly or not, they answer
	} {
		m := alone("chat")
		m.Controls = m.Controls[:0]
		for i := range tt.controls {
			m.Controls = append(m.Controls, status.Check{ID: fmt.Sprint("control/", i), Fresh: time.Minute})
		}
		d := newDesk(t, m)
		var told []status.Doubt
		for range 2 {
			d.now = d.now.Add(time.Second)
			for i, letter := range tt.controls {
				d.look(fmt.Sprint("control/", i), said[letter])
			}
			told = append(told, d.judge().Doubts...)
		}
		if got := len(d.board.Snapshot(d.now).Locations[0].Doubts) > 0; got != tt.want || len(told) > 0 != tt.want {
			t.Errorf("with controls %q it is doubted: %t, want %t; told %+v", tt.controls, got, tt.want, told)
		}
	}
}

func TestADoubtIsToldWhenItBeginsAndEnds(t *testing.T) {
	d := newDesk(t, alone("chat"))
	d.calm()
	var told []status.Doubt
	since := d.now.Add(time.Second)
	for range 4 {
		d.now = d.now.Add(time.Second)
		d.controls(status.Failed)
		told = append(told, d.judge().Doubts...)
	}
	doubt := status.Doubt{Location: "seoul", Kind: status.DoubtControls, Since: since, Reason: "dns: seen failed; portal: seen failed"}
	if diff := cmp.Diff([]status.Doubt{doubt}, told); diff != "" {
		t.Errorf("when it began (-want +got):\n%s", diff)
	}
	page := d.board.Snapshot(d.now)
	if diff := cmp.Diff([]status.Doubt{doubt}, page.Locations[0].Doubts); diff != "" || !page.Impaired.Equal(since) {
		t.Errorf("on the page, impaired since %s (-want +got):\n%s", page.Impaired, diff)
	}
	told = nil
	for range 3 {
		d.now = d.now.Add(time.Second)
		d.controls(status.OK)
		told = append(told, d.judge().Doubts...)
	}
	doubt.Until = d.now.Add(-time.Second)
	if diff := cmp.Diff([]status.Doubt{doubt}, told); diff != "" {
		t.Errorf("when it ended (-want +got):\n%s", diff)
	}
}

// Silent controls neither begin a doubt nor end one.
func TestADoubtOutlivesTheSilenceOfTheControls(t *testing.T) {
	d := newDesk(t, alone("chat"))
	d.calm()
	for range 2 {
		d.now = d.now.Add(time.Second)
		d.controls(status.Failed)
		d.judge()
	}
	d.pass(time.Hour)
	if got := d.board.Snapshot(d.now).Locations[0].Doubts; len(got) != 1 {
		t.Errorf("after an hour's silence there are %+v", got)
	}
}

func TestOneLocationThatLiesAccusesNobody(t *testing.T) {
	d := newDesk(t, watched("chat", "pay"))
	d.calm()
	for range 20 {
		d.now = d.now.Add(time.Second)
		d.controls(status.OK)
		d.everything(status.OK, "busan", "jeju")
		d.everything(status.Failed, "seoul")
		d.judge()
	}
	chat := d.component("chat")
	if chat.State != status.Operational || !cmp.Equal(chat.Why[0].Failing, []string{"seoul"}) || len(chat.Why[0].Passing) != 2 {
		t.Errorf("it is %s and shows %+v", chat.State, chat.Why)
	}
	if n := len(d.memory.Incidents); n > 0 {
		t.Errorf("there are %d incidents", n)
	}
}

func TestOneDoubtedLocationOfThreeIsListedAndImpairsNothing(t *testing.T) {
	d := newDesk(t, watched("chat"))
	d.calm()
	d.board.Doubt("jeju", status.DoubtClock, "10m0s ahead", d.now)
	doubts := d.judge().Doubts
	d.now = d.now.Add(time.Second)
	d.everything(status.OK, "busan", "seoul")
	d.everything(status.Failed, "jeju")
	d.judge()
	page := d.board.Snapshot(d.now)
	if !page.Impaired.IsZero() || page.Overall != status.Operational || len(page.Locations[1].Doubts) != 1 || len(doubts) != 1 {
		t.Errorf("the page is %s, impaired since %s, with %+v", page.Overall, page.Impaired, page.Locations)
	}
	if c := d.judge(); !c.Empty() {
		t.Errorf("a doubt changes %+v", c)
	}

	d.now = d.now.Add(time.Minute)
	d.board.Doubt("busan", status.DoubtSelf, "no answer from itself", d.now)
	impaired := d.now
	d.judge()
	page = d.board.Snapshot(d.now)
	if !page.Impaired.Equal(impaired) || page.Overall != status.Unknown {
		t.Errorf("with one of three to believe the page is %s, impaired since %s", page.Overall, page.Impaired)
	}
	if chat := d.component("chat"); !chat.Since.Equal(impaired) {
		t.Errorf("unknown since %s", chat.Since)
	}
}

// A location that stops speaking is believed no more once its words lapse.
func TestSilentLocationsImpairThePage(t *testing.T) {
	m := watched("chat")
	m.Controls = nil
	d := newDesk(t, m)
	d.look("chat/1", status.OK)
	d.judge()
	last := d.now
	for range 10 {
		d.now = d.now.Add(time.Minute)
		d.look("chat/1", status.OK, "seoul")
		d.judge()
	}
	page := d.board.Snapshot(d.now)
	if want := last.Add(90 * time.Second); !page.Impaired.Equal(want) || page.Overall != status.Unknown {
		t.Errorf("the page is %s, impaired since %s, want %s", page.Overall, page.Impaired, want)
	}
	if got := page.Locations[0].Heard; !got.Equal(last) {
		t.Errorf("busan was heard %s", got)
	}
}

func TestAnOutageStandsWhileWeAreInDoubt(t *testing.T) {
	d := newDesk(t, alone("chat"))
	d.calm()
	for range 4 {
		d.now = d.now.Add(time.Second)
		d.look("chat/1", status.Failed)
		d.controls(status.OK)
		d.judge()
	}
	d.pass(time.Minute)
	d.board.Doubt("seoul", status.DoubtSelf, "unplugged", d.now)
	d.judge()
	for range 3 * 60 {
		d.now = d.now.Add(time.Minute)
		d.controls(status.OK)
		d.look("chat/1", status.OK) // while in doubt nothing gets better either
		d.judge()
	}
	i := d.only()
	if !i.Open() || i.Stage != status.Investigating || i.Components[0].State != status.Unknown {
		t.Errorf("the incident is %s, its component %s", i.Stage, i.Components[0].State)
	}
	promises := 0
	for _, u := range i.Updates {
		if u.Kind == status.UpdateNoChange {
			promises++
		}
	}
	if promises < 3 {
		t.Errorf("in three hours came %d words: %v", promises, tale(i))
	}
	d.board.Trust("seoul", status.DoubtSelf, d.now)
	d.judge()
	if got := d.component("chat").State; got != status.Unknown {
		t.Errorf("before it has looked again it is %s", got)
	}
	d.board.Vote(status.Vote{Check: "chat/1", Location: "seoul", Outcome: status.OK, At: d.now.Add(-time.Millisecond)})
	d.judge()
	if got := d.component("chat").State; got != status.Unknown {
		t.Errorf("by a look that began in doubt it is %s", got)
	}
	d.now = d.now.Add(time.Second)
	d.look("chat/1", status.OK)
	d.judge()
	if i := d.only(); d.component("chat").State != status.Operational || i.Stage != status.Monitoring {
		t.Errorf("then it is %s, the incident %s", d.component("chat").State, i.Stage)
	}
	d.keep(time.Hour, world(d.model, status.OK, nil))
	if diff := cmp.Diff([]string{"opened operational>major_outage", "resolved major_outage>operational"}, d.heard()); diff != "" {
		t.Errorf("people heard (-want +got):\n%s", diff)
	}
}

// Two doubts of one location end one by one.
func TestAllDoubtsMustEnd(t *testing.T) {
	d := newDesk(t, alone("chat"))
	d.calm()
	d.board.Doubt("seoul", status.DoubtClock, "set by a minute", d.now)
	d.board.Doubt("seoul", status.DoubtClock, "set by an hour", d.now.Add(time.Second))
	d.board.Doubt("seoul", status.DoubtSelf, "unplugged", d.now.Add(time.Second))
	d.board.Doubt("nowhere", status.DoubtSelf, "unplugged", d.now)
	if got := d.judge().Doubts; len(got) != 2 {
		t.Errorf("told of %+v", got)
	}
	if got := d.board.Snapshot(d.now).Locations[0].Doubts; got[0].Reason != "set by an hour" {
		t.Errorf("doubted for %+v", got)
	}
	for _, kind := range []status.DoubtKind{status.DoubtClock, status.DoubtSelf} {
		if len(d.board.Snapshot(d.now).Locations[0].Doubts) == 0 {
			t.Error("believed too early")
		}
		d.board.Trust("seoul", kind, d.now.Add(2*time.Second))
	}
	d.board.Trust("seoul", status.DoubtSelf, d.now.Add(2*time.Second)) // there is none
	if got := d.judge().Doubts; len(got) != 2 || slices.ContainsFunc(got, func(x status.Doubt) bool { return x.Until.IsZero() }) {
		t.Errorf("told of %+v", got)
	}
}

// A clock that ran ahead does not silence its location once it is set right.
func TestAClockSetBackIsHeardAgain(t *testing.T) {
	d := newDesk(t, alone("chat"))
	d.calm()
	for _, check := range []string{"chat/1", "control/dns", "control/portal"} {
		d.board.Vote(status.Vote{Check: check, Location: "seoul", Outcome: status.OK, At: d.now.Add(10 * time.Minute)})
	}
	d.board.Doubt("seoul", status.DoubtClock, "10m0s ahead", d.now)
	d.judge()
	d.now = d.now.Add(30 * time.Second)
	d.board.Trust("seoul", status.DoubtClock, d.now)
	d.judge()
	d.calm()
	if got := d.component("chat"); got.State != status.Operational || got.Measured.After(d.now) {
		t.Errorf("it is %s, measured %s", got.State, got.Measured)
	}
}

// What the controls say is remembered: after a restart the location is doubted
// as before, and what it claimed still waits for them.
func TestDoubtsOutliveARestart(t *testing.T) {
	d := newDesk(t, alone("chat"))
	d.calm()
	for range 3 {
		d.now = d.now.Add(time.Second)
		d.look("chat/1", status.Failed)
		d.judge()
	}
	d.restart()
	d.judge()
	if chat := d.component("chat"); chat.State != status.Unknown || len(chat.Why[0].Doubted) != 1 {
		t.Errorf("a claim that waited is %s after a restart: %+v", chat.State, chat.Why)
	}
	for range 2 {
		d.now = d.now.Add(time.Second)
		d.controls(status.Failed)
		d.judge()
	}
	before := d.board.Snapshot(d.now)
	d.restart()
	d.judge()
	after := d.board.Snapshot(d.now)
	if diff := cmp.Diff(before.Locations, after.Locations); diff != "" || !after.Impaired.Equal(before.Impaired) {
		t.Errorf("impaired since %s, was since %s; locations (-before +after):\n%s", after.Impaired, before.Impaired, diff)
	}
	if len(d.memory.Incidents) > 0 {
		t.Errorf("it is told as %+v", d.memory.Incidents)
	}
}
