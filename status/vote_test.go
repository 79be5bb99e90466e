package status_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bongsu/status"
)

// watched is a model that three locations look at, with two controls.
func watched(lines ...string) *status.Model {
	m := model(lines...)
	m.Locations = locations("busan", "jeju", "seoul")
	m.Controls = []status.Check{
		{ID: "control/dns", Name: "dns", Fresh: 3 * time.Minute},
		{ID: "control/portal", Name: "portal", Fresh: 3 * time.Minute},
	}
	return m
}

// alone is the same, looked at from one location.
func alone(lines ...string) *status.Model {
	m := watched(lines...)
	m.Locations = locations("seoul")
	return m
}

// controls casts a look at every control from each of the places.
func (d *desk) controls(o status.Outcome, places ...string) {
	for _, c := range d.model.Controls {
		d.look(c.ID, o, places...)
	}
}

// Each row is what the locations say, one letter each: ok, slow, failing,
// nothing that counts, doubted while it says ok (O) or failing (F), ok or failing
// too long ago (x, y), failing while its controls have not been heard (w).
func TestQuorumDoubtsAndFreshness(t *testing.T) {
	for _, tt := range []struct {
		quorum int
		say    string
		want   status.State
	}{
		{0, "o", status.Operational},
		{0, "f", status.MajorOutage},
		{0, "F", status.Unknown},
		{0, "O", status.Unknown},
		{0, "y", status.Unknown},
		{0, "w", status.Unknown},
		{0, "fff", status.MajorOutage},
		{0, "ffo", status.PartialOutage},
		{0, "foo", status.Operational},
		{0, "Foo", status.Operational},
		{0, "woo", status.Operational},
		{0, "Ooo", status.Operational},
		{0, "Off", status.MajorOutage}, // from every location that can be believed
		{0, "wff", status.MajorOutage},
		{0, "Ffo", status.Unknown}, // two left, and they disagree
		{0, "wfo", status.Unknown},
		{0, "FFf", status.Unknown}, // one left of three decides nothing
		{0, "FFo", status.Unknown},
		{0, "xxo", status.Unknown},
		{0, "yyf", status.Unknown},
		{0, "xff", status.MajorOutage},
		{0, "xFo", status.Unknown},
		{0, "yoo", status.Operational},
		{1, "FFf", status.MajorOutage},
		{1, "FFo", status.Operational},
		{1, "foo", status.PartialOutage},
		{1, "Foo", status.Operational},
		{1, "yoo", status.Operational},
		{1, "FFF", status.Unknown},
		{3, "fff", status.MajorOutage},
		{3, "ffF", status.Unknown},
		{3, "ooO", status.Unknown},
		{9, "fff", status.MajorOutage}, // more than there are means all
		{9, "ooo", status.Operational},
		{9, "oox", status.Unknown},
		{0, "sso", status.DegradedPerformance},
		{0, "sSs", status.DegradedPerformance},
		{0, "fffff", status.MajorOutage},
		{0, "fffoo", status.PartialOutage},
		{0, "FFFff", status.Unknown},
		{0, "FFfff", status.MajorOutage},
		{0, "Fxfff", status.MajorOutage},
		{0, "Fxffo", status.Unknown},
	} {
		t.Run(tt.say, func(t *testing.T) {
			d := newDesk(t, sayers(tt.quorum, len(tt.say)))
			d.now = d.now.Add(time.Minute)
			d.say(tt.say)
			if got := d.component("chat").State; got != tt.want {
				t.Errorf("with a quorum of %d %q is %s, want %s: %+v", tt.quorum, tt.say, got, tt.want, d.component("chat").Why)
			}
		})
	}
}

// sayers is a model of one check that so many locations look at.
func sayers(quorum, n int) *status.Model {
	m := watched("chat")
	m.Locations = locations("a", "b", "c", "d", "e")[:n]
	m.Rules.Quorum = quorum
	return m
}

// say lets each location say what its letter stands for.
func (d *desk) say(letters string) {
	begin := d.now
	for at := range rules.Confirm {
		for i, letter := range letters {
			d.now = begin.Add(time.Duration(at) * time.Second)
			if letter == 'x' || letter == 'y' {
				d.now = d.now.Add(-2 * time.Minute)
			}
			d.look("chat/1", said[letter], d.model.Locations[i].ID)
		}
	}
	d.now = begin.Add(3 * time.Second)
	for i, letter := range letters {
		place := d.model.Locations[i].ID
		switch letter {
		case 'O', 'F', 'S':
			d.board.Doubt(place, status.DoubtClock, "its clock was set", d.now)
		case 'w':
		default:
			d.controls(status.OK, place)
		}
	}
	d.judge()
}

var said = map[rune]status.Outcome{
	'o': status.OK, 'O': status.OK, 'x': status.OK, 's': status.Slow, 'S': status.Slow,
	'f': status.Failed, 'F': status.Failed, 'y': status.Failed, 'w': status.Failed, '?': status.Inconclusive,
}

func TestACheckIsLookedAtFromSomeLocations(t *testing.T) {
	m := model("chat")
	m.Locations = locations("a", "b", "c", "d", "e")
	m.Components[0].Checks[0].From = []string{"b", "d"}
	d := newDesk(t, m)
	for range rules.Confirm {
		d.now = d.now.Add(time.Second)
		d.look("chat/1", status.Failed, "b")
		d.look("chat/1", status.OK, "a", "c", "d", "e") // those who do not look at it have no say
	}
	d.judge()
	want := []status.Finding{{
		Check: "chat/1", Failing: []string{"b"}, Passing: []string{"d"}, Reason: "seen failed", At: d.now,
	}}
	if diff := cmp.Diff(want, d.component("chat").Why); diff != "" {
		t.Errorf("the two disagree (-want +got):\n%s", diff)
	}
	for range rules.Confirm {
		d.now = d.now.Add(time.Second)
		d.look("chat/1", status.Failed, "d")
	}
	d.judge()
	if got := d.component("chat").State; got != status.MajorOutage {
		t.Errorf("when both fail it is %s", got)
	}
	if _, known := d.board.Standing("chat/1", "a"); known {
		t.Error("a location that does not look at it has a standing")
	}
}

// Who looks next, after each look of seoul: again, elsewhere, or controls.
func TestALookSaysWhoLooksNext(t *testing.T) {
	for _, tt := range []struct {
		name  string
		model *status.Model
		looks string // "look:who" or "c" for the controls answering, "C" for failing
	}{
		{"alone, without controls", model("chat"), "o: f:a f:a f: f: o:a o:a o:"},
		{"alone, with controls", alone("chat"), "o: f:ac f:a f:c f:c c f: o:a o:a o:"},
		{"one of three", watched("chat"), "o: f:aec f:a f:c c f: o:ae o:a o: s:aec"},
		{"a blip", watched("chat"), "o: f:aec o: f:aec o:"},
		{"a first failure", watched("chat"), "f:aec f:a f:c c f:"},
		{"slow and then failing", watched("chat"), "o: s:aec s:a s:c c s: f:aec f:a f:c c f:"},
		{"inconclusive looks ask for nothing", watched("chat"), "o: ?: f:aec ?: f:a"},
		{"nor do looks of who is in doubt", watched("chat"), "o: C C f: f: f:"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := newDesk(t, tt.model)
			d.controls(status.OK, "seoul")
			for step := range strings.FieldsSeq(tt.looks) {
				d.now = d.now.Add(time.Second)
				look, want, voted := strings.Cut(step, ":")
				switch {
				case !voted && look == "c":
					d.controls(status.OK, "seoul")
				case !voted:
					d.controls(status.Failed, "seoul")
				default:
					f := d.board.Vote(status.Vote{Check: "chat/1", Location: "seoul", Outcome: said[rune(look[0])], At: d.now})
					if got := followup(f); got != want {
						t.Errorf("at %s: after %s look %q, want %q", d.now.Format("05"), look, got, want)
					}
				}
				d.judge()
			}
		})
	}
}

func followup(f status.Followup) string {
	var who []byte
	for _, x := range []struct {
		asked bool
		as    byte
	}{{f.Again, 'a'}, {f.Elsewhere, 'e'}, {f.Controls, 'c'}} {
		if x.asked {
			who = append(who, x.as)
		}
	}
	return string(who)
}

func TestControlsAreLookedAtAgainUntilTheyAreSure(t *testing.T) {
	d := newDesk(t, alone("chat"))
	for i, tt := range []struct {
		look  status.Outcome
		again bool
	}{{status.OK, false}, {status.Failed, true}, {status.Failed, false}, {status.OK, true}, {status.OK, false}} {
		d.now = d.now.Add(time.Second)
		f := d.board.Vote(status.Vote{Check: "control/dns", Location: "seoul", Outcome: tt.look, At: d.now})
		if (f != status.Followup{Again: tt.again}) {
			t.Errorf("look %d: %+v", i, f)
		}
	}
}

// A node that was cut off sends what it saw meanwhile. None of it counts, and
// none of it makes what it says next worth more or less.
func TestWhatComesLateNeverCounts(t *testing.T) {
	d := newDesk(t, model("chat"))
	d.look("chat/1", status.OK)
	d.judge()
	cut := d.now
	d.pass(10 * time.Minute)
	for i := range 100 {
		d.board.Vote(status.Vote{Check: "chat/1", Location: "seoul", Outcome: status.Failed, At: cut.Add(time.Duration(i+1) * time.Second)})
	}
	d.judge()
	if got := d.component("chat").State; got != status.Unknown {
		t.Errorf("by late votes it is %s", got)
	}
	d.now = d.now.Add(time.Second)
	d.look("chat/1", status.OK)
	d.judge()
	if chat := d.component("chat"); chat.State != status.Operational || len(chat.Why) > 0 {
		t.Errorf("after the first look in time it is %s: %+v", chat.State, chat.Why)
	}
	if n := len(d.board.Snapshot(d.now).Incidents) + len(d.events); n > 0 {
		t.Errorf("late votes made %d incidents and events", n)
	}
}

// What was good before a silence is not good after it because one look failed.
func TestAWordThatLapsedIsForgotten(t *testing.T) {
	d := newDesk(t, model("chat"))
	d.rounds(3, world(d.model, status.OK, nil))
	d.pass(5 * time.Minute)
	for i, want := range []status.State{status.Unknown, status.Unknown, status.MajorOutage} {
		d.round(world(d.model, status.Failed, nil))
		if got := d.component("chat").State; got != want {
			t.Errorf("after %d failures it is %s, want %s", i+1, got, want)
		}
	}
}
