package status_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"bongsu/status"
)

// silence silences a component for a while.
func (d *desk) silence(component string, span time.Duration) {
	d.t.Helper()
	d.carry(status.Command{Author: "kim", Silence: &status.Silence{Component: component, Reason: "a known fault", Until: d.now.Add(span)}})
}

func (d *desk) carry(c status.Command) {
	d.t.Helper()
	if _, err := d.board.Do(c, d.now); err != nil {
		d.t.Fatal(err)
	}
	d.judge()
}

// down has components fail, each by its only check.
func (d *desk) down(components ...string) { d.see(status.Failed, components...) }

func (d *desk) see(o status.Outcome, components ...string) {
	for range 3 {
		d.now = d.now.Add(time.Second)
		for _, id := range components {
			for _, c := range d.model.Components {
				if c.ID == id {
					d.look(c.Checks[0].ID, o)
				}
			}
		}
		d.judge()
	}
}

// toldOf is what people were told, by kind.
func (d *desk) toldOf() string {
	var all []string
	for _, e := range d.events {
		all = append(all, string(e.Kind))
	}
	return strings.Join(all, " ")
}

func TestSilenceHoldsTheFirstWords(t *testing.T) {
	d := newDesk(t, model("pay", "taxi"))
	d.see(status.OK, "pay", "taxi")
	d.silence("pay", time.Hour)
	d.down("pay")
	d.pass(30 * time.Second)
	d.down("pay")
	page := d.board.Snapshot(d.now)
	if d.toldOf() != "" || len(page.Incidents) != 1 || !page.Silenced(&page.Incidents[0]) {
		t.Fatalf("told %q of %d incidents", d.toldOf(), len(page.Incidents))
	}
	if c, _ := page.Component("pay"); c.State != status.MajorOutage || page.Overall != status.MajorOutage {
		t.Errorf("the page shows %s, in all %s", c.State, page.Overall)
	}
	d.restart()
	d.down("pay")
	if d.toldOf() != "" {
		t.Fatalf("after a restart %q is told", d.toldOf())
	}
	for d.now.Before(page.Silences[0].Until) { // it goes on failing
		d.pass(30 * time.Second)
		d.down("pay")
	}
	if d.toldOf() != "opened" || len(d.memory.Silences) != 0 || len(d.board.Snapshot(d.now).Silences) != 0 {
		t.Errorf("when the silence has ended, %q is told; kept %v", d.toldOf(), d.memory.Silences)
	}
}

func TestSilenceEndsForWhatJoins(t *testing.T) {
	d := newDesk(t, model("login", "pay needs login"))
	d.see(status.OK, "login", "pay")
	d.silence("login", time.Hour)
	d.down("login")
	d.pass(20 * time.Second)
	if d.toldOf() != "" {
		t.Fatalf("told %q", d.toldOf())
	}
	d.down("login", "pay")
	d.pass(20 * time.Second)
	if d.toldOf() != "opened" {
		t.Errorf("with another that fails, told %q", d.toldOf())
	}
}

func TestWhatRecoversInSilenceIsNeverTold(t *testing.T) {
	d := newDesk(t, model("pay"))
	d.see(status.OK, "pay")
	d.silence("pay", time.Hour)
	d.down("pay")
	d.see(status.OK, "pay")
	for range 150 {
		d.pass(time.Minute)
		d.see(status.OK, "pay")
	}
	if i := d.board.Snapshot(d.now); d.toldOf() != "" || len(i.Incidents) != 0 {
		t.Errorf("told %q, %d open", d.toldOf(), len(i.Incidents))
	}
}

// Who heard that it began hears how it ends, silence or not.
func TestSilenceKeepsNoEndFromThoseWhoHeardTheBeginning(t *testing.T) {
	d := newDesk(t, model("pay"))
	d.see(status.OK, "pay")
	d.down("pay")
	d.pass(20 * time.Second)
	d.silence("pay", 24*time.Hour)
	for range 90 {
		d.pass(time.Minute)
		d.see(status.OK, "pay")
	}
	if d.toldOf() != "opened resolved" {
		t.Errorf("told %q", d.toldOf())
	}
}

func TestWhatAPersonWritesBreaksTheSilence(t *testing.T) {
	d := newDesk(t, model("pay"))
	d.see(status.OK, "pay")
	d.silence("pay", 24*time.Hour)
	d.down("pay")
	d.pass(time.Minute)
	d.down("pay")
	id := d.board.Snapshot(d.now).Incidents[0].ID
	d.carry(status.Command{Incident: id, Note: &status.NoteDraft{Text: en("We know."), Notify: true}})
	d.carry(status.Command{Lift: "pay"})
	d.down("pay")
	for range 90 {
		d.pass(time.Minute)
		d.see(status.OK, "pay")
	}
	if d.toldOf() != "note resolved" {
		t.Errorf("told %q", d.toldOf())
	}
}

func TestALiftedSilenceTellsAtOnce(t *testing.T) {
	d := newDesk(t, model("pay"))
	d.see(status.OK, "pay")
	d.silence("pay", 24*time.Hour)
	d.down("pay")
	d.pass(time.Minute)
	d.down("pay")
	d.carry(status.Command{Lift: "pay"})
	if d.toldOf() != "opened" {
		t.Errorf("told %q", d.toldOf())
	}
	if _, err := d.board.Do(status.Command{Lift: "pay"}, d.now); !errors.Is(err, status.ErrNotSilenced) {
		t.Errorf("lifted twice: %v", err)
	}
}

// A promise that passes while the program is away is told to operators, but for
// what is silenced; the page says so all the same.
func TestAMissedPromiseIsSilencedToo(t *testing.T) {
	for _, silenced := range []bool{false, true} {
		d := newDesk(t, model("pay"))
		d.see(status.OK, "pay")
		if silenced {
			d.silence("pay", 24*time.Hour)
		}
		d.down("pay")
		d.pass(time.Minute)
		d.now = d.now.Add(3 * time.Hour)
		d.down("pay")
		i := d.board.Snapshot(d.now).Incidents[0]
		shown := false
		for _, u := range i.Updates {
			shown = shown || !u.Missed.IsZero()
		}
		if !shown || (d.missed == 0) != silenced {
			t.Errorf("silenced %t: shown %t, told to operators %d times", silenced, shown, d.missed)
		}
	}
}

func TestASilenceIsShownWithWhoAndWhy(t *testing.T) {
	d := newDesk(t, model("pay"))
	d.silence("pay", time.Hour)
	d.now = d.now.Add(time.Minute)
	d.carry(status.Command{Author: "lee", Silence: &status.Silence{Component: "pay", Reason: " still  ", Until: d.now.Add(2 * time.Hour)}})
	want := []status.Silence{{Component: "pay", Reason: "still", Author: "lee", Since: d.now, Until: d.now.Add(2 * time.Hour)}}
	if diff := cmp.Diff(want, d.board.Snapshot(d.now).Silences); diff != "" {
		t.Error(diff)
	}
	d.restart()
	d.judge()
	if diff := cmp.Diff(want, d.board.Snapshot(d.now).Silences); diff != "" {
		t.Errorf("after a restart: %s", diff)
	}
}

func TestWhatIsNoSilence(t *testing.T) {
	d := newDesk(t, model("pay"))
	for _, tt := range []struct {
		component, reason string
		span              time.Duration
		want              error
	}{
		{"tram", "why", time.Hour, status.ErrNoComponent},
		{"pay", " ", time.Hour, status.ErrNoSilenceReason},
		{"pay", strings.Repeat("x", 301), time.Hour, status.ErrNoSilenceReason},
		{"pay", "a\nb", time.Hour, status.ErrNoSilenceReason},
		{"pay", "why", -time.Hour, status.ErrSilenceSpan},
		{"pay", "why", 31 * 24 * time.Hour, status.ErrSilenceSpan},
	} {
		s := status.Silence{Component: tt.component, Reason: tt.reason, Until: d.now.Add(tt.span)}
		if _, err := d.board.Do(status.Command{Silence: &s}, d.now); !errors.Is(err, tt.want) {
			t.Errorf("%+v: %v, want %v", tt, err, tt.want)
		}
	}
	if c := d.judge(); !c.Empty() {
		t.Errorf("what was refused changes %+v", c)
	}
}

// Silence turns nothing another colour: with it and without it the same is
// measured, judged and shown.
func TestSilenceChangesNoState(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := model("login", "chat needs login", "pay")
		with, without := status.NewBoard(m, status.Memory{}, &counter{}), status.NewBoard(m, status.Memory{}, &counter{})
		now := start
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(1, 60).Draw(t, "wait")) * time.Second)
			component := rapid.SampledFrom([]string{"login", "chat", "pay"}).Draw(t, "of")
			if rapid.Bool().Draw(t, "silence") {
				s := status.Silence{Component: component, Reason: "known", Until: now.Add(time.Duration(rapid.IntRange(1, 60).Draw(t, "span")) * time.Minute)}
				if _, err := with.Do(status.Command{Silence: &s}, now); err != nil {
					t.Fatal(err)
				}
			} else {
				out := rapid.SampledFrom([]status.Outcome{status.OK, status.Failed, status.Slow}).Draw(t, "outcome")
				for _, c := range m.Components {
					if c.ID == component {
						v := status.Vote{Check: c.Checks[0].ID, Location: m.Locations[0].ID, Outcome: out, At: now}
						with.Vote(v)
						without.Vote(v)
					}
				}
			}
			a, b := with.Judge(now), without.Judge(now)
			if diff := cmp.Diff(b.Conditions, a.Conditions); diff != "" {
				t.Fatal(diff)
			}
			shown, plain := with.Snapshot(now), without.Snapshot(now)
			if diff := cmp.Diff(plain.Groups, shown.Groups, oneZone); diff != "" || len(plain.Incidents) != len(shown.Incidents) {
				t.Fatalf("%d incidents, %d in silence: %s", len(plain.Incidents), len(shown.Incidents), diff)
			}
		}
	})
}

// A daily word that falls into a silence is not made up for: the next one comes
// at its own hour, a day after the one that was held, after a restart too.
func TestADailyWordInASilenceIsNotMadeUpFor(t *testing.T) {
	for _, tt := range []struct {
		name         string
		after, lasts time.Duration // the silence, from the first words
		digests      []int         // hours after them
	}{
		{"no daily word was due", 2 * time.Hour, 20 * time.Hour, []int{24, 48}},
		{"one was due", 23 * time.Hour, 5 * time.Hour, []int{48}},
		{"two were due", 20 * time.Hour, 30 * time.Hour, []int{72}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := newDesk(t, model("pay", "taxi"))
			d.see(status.OK, "pay", "taxi")
			d.down("pay")
			d.pass(30 * time.Second)
			d.down("pay")
			if d.toldOf() != "opened" {
				t.Fatalf("told %q", d.toldOf())
			}
			began, silenced := d.events[0].At, false
			last := tt.digests[len(tt.digests)-1]
			for d.now.Before(began.Add(time.Duration(last)*time.Hour + 30*time.Minute)) {
				if !silenced && d.now.Sub(began) >= tt.after {
					silenced = true
					d.silence("pay", tt.lasts)
					d.restart()
				}
				d.pass(10 * time.Minute)
				d.down("pay")
			}
			var came []int
			for _, e := range d.events[1:] {
				if e.Kind != status.EventDigest {
					t.Errorf("%s is told", e.Kind)
				}
				came = append(came, int(e.At.Sub(began).Hours()))
			}
			if diff := cmp.Diff(tt.digests, came); diff != "" {
				t.Errorf("daily words after so many hours (-want +got):\n%s", diff)
			}
		})
	}
}
