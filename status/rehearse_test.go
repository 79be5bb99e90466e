package status_test

import (
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"bongsu/status"
)

// What a rehearsal says of a command is what the command then does.
func TestARehearsalIsWhatHappens(t *testing.T) {
	m := model("login", "chat needs login", "map")
	resolved := status.Resolved
	for name, prepare := range map[string]func(d *desk) status.Command{
		"an incident opened by hand, and told": func(*desk) status.Command {
			return status.Command{Open: &status.Draft{
				Title: en("Maps are slow"), Text: en("We look into it."), Components: map[string]status.State{"map": status.DegradedPerformance}, Author: "kim", Notify: true,
			}}
		},
		"one for the page alone": func(*desk) status.Command {
			return status.Command{Open: &status.Draft{Title: en("Maps are slow"), Text: en("We look into it.")}}
		},
		"a note that is told": func(d *desk) status.Command {
			d.keep(5*time.Minute, world(m, status.Failed, map[string]status.Outcome{"map": status.OK}))
			return status.Command{Incident: d.only().ID, Note: &status.NoteDraft{Text: en("A fire."), Next: d.now.Add(20 * time.Minute), Notify: true}}
		},
		"a note that ends what was opened by hand": func(d *desk) status.Command {
			id := d.do(status.Command{Open: &status.Draft{Title: en("Maps"), Text: en("Slow."), Notify: true}})
			return status.Command{Incident: id, Note: &status.NoteDraft{Text: en("Over."), Stage: &resolved}}
		},
		"a retraction": func(d *desk) status.Command {
			d.keep(5*time.Minute, world(m, status.Failed, map[string]status.Outcome{"map": status.OK}))
			d.keep(5*time.Minute, world(m, status.OK, nil))
			return status.Command{Incident: d.only().ID, Retract: en("Our firewall.")}
		},
		"a split": func(d *desk) status.Command {
			d.keep(5*time.Minute, world(m, status.Failed, map[string]status.Outcome{"map": status.OK}))
			return status.Command{Incident: d.only().ID, Split: []string{"chat"}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, m)
			d.keep(time.Minute, world(m, status.OK, nil))
			c := prepare(d)
			page := d.board.Snapshot(d.now)
			r, err := status.Rehearse(m, page, c, d.now)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(page.Incidents, d.board.Snapshot(d.now).Incidents) {
				t.Fatal("the page has changed")
			}
			told := len(d.events)
			d.do(c)
			ids := cmpopts.IgnoreFields(status.Event{}, "Incident", "Update")
			if diff := cmp.Diff(d.events[told:], r.Events, ids, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("events (-real +rehearsed):\n%s", diff)
			}
			names := cmp.Options{
				cmpopts.IgnoreFields(status.Incident{}, "ID", "Code", "Cause", "MergedInto", "Version"),
				cmpopts.IgnoreFields(status.Update{}, "ID", "Cause", "Other"), cmpopts.EquateEmpty(),
			}
			done := d.board.Snapshot(d.now)
			if diff := cmp.Diff(append(done.Incidents, done.Past...), append(r.After.Incidents, r.After.Past...), names); diff != "" {
				t.Errorf("incidents (-real +rehearsed):\n%s", diff)
			}
		})
	}
}

func TestARehearsalRefusesAsTheBoardDoes(t *testing.T) {
	m := model("login")
	d := newDesk(t, m)
	d.keep(5*time.Minute, world(m, status.Failed, nil))
	resolved := status.Resolved
	for want, c := range map[error]status.Command{
		status.ErrNoIncident:  {Incident: "i9", Note: &status.NoteDraft{Text: en("?")}},
		status.ErrMeasured:    {Incident: d.only().ID, Note: &status.NoteDraft{Text: en("Over."), Stage: &resolved}},
		status.ErrStillFails:  {Incident: d.only().ID, Retract: en("No.")},
		status.ErrGoingOn:     {Incident: d.only().ID, Postmortem: en("What we learnt.")},
		status.ErrMeanwhile:   {Incident: d.only().ID, Note: &status.NoteDraft{Text: en("?")}, Known: "u0"},
		status.ErrNoComponent: {Open: &status.Draft{Title: en("?"), Text: en("?"), Components: map[string]status.State{"moon": status.MajorOutage}}},
	} {
		if _, err := status.Rehearse(m, d.board.Snapshot(d.now), c, d.now); !errors.Is(err, want) {
			t.Errorf("%+v: %v, want %v", c, err, want)
		}
	}
}

func TestWhoAskedWithoutHavingSeenTheLatestIsToldSo(t *testing.T) {
	m := model("login")
	d := newDesk(t, m)
	d.keep(5*time.Minute, world(m, status.Failed, nil))
	known := d.only().Updates[len(d.only().Updates)-1].ID
	note := status.Command{Incident: d.only().ID, Known: known, Note: &status.NoteDraft{Text: en("First.")}}
	d.do(note)
	note.Note = &status.NoteDraft{Text: en("Second.")}
	if err := d.refused(note); !errors.Is(err, status.ErrMeanwhile) {
		t.Errorf("by who has not seen the first: %v", err)
	}
	note.Known = d.only().Updates[len(d.only().Updates)-1].ID
	d.do(note)
}

func TestADigestIsOfWhatIsAsked(t *testing.T) {
	note := status.Command{ID: "a", At: start, Incident: "i1", Author: "kim", Note: &status.NoteDraft{Text: status.Text{"ko": "가", "en": "a"}}}
	same := note
	same.ID, same.At = "b", start.Add(time.Hour)
	if note.Digest() != same.Digest() || note.Digest() == "" {
		t.Error("an id or a time changes what is asked")
	}
	same.Note = &status.NoteDraft{Text: status.Text{"ko": "가", "en": "b"}}
	if note.Digest() == same.Digest() {
		t.Error("other words are the same")
	}
}

func TestAPostmortemComesWhenItIsOver(t *testing.T) {
	m := model("login")
	d := newDesk(t, m)
	d.keep(5*time.Minute, world(m, status.Failed, nil))
	id := d.only().ID
	if err := d.refused(status.Command{Incident: id, Postmortem: en("Too early.")}); !errors.Is(err, status.ErrGoingOn) {
		t.Errorf("while it goes on: %v", err)
	}
	d.keep(3*time.Hour, world(m, status.OK, nil))
	if err := d.refused(status.Command{Incident: id, Postmortem: en(" ")}); !errors.Is(err, status.ErrNoPostmortem) {
		t.Errorf("without words: %v", err)
	}
	if err := d.refused(status.Command{Incident: id, Postmortem: en(string(make([]byte, 20_001)))}); !errors.Is(err, status.ErrTooLong) {
		t.Errorf("without end: %v", err)
	}
	told := len(d.events)
	d.do(status.Command{Incident: id, Author: "kim", Postmortem: en("# First")})
	d.do(status.Command{Incident: id, Author: "lee", Postmortem: en("# Second")})
	d.restart()
	latest, version := d.only().Postmortem()
	if latest == nil || version != 2 || latest.Text["en"] != "# Second" || latest.Author != "lee" {
		t.Errorf("version %d of the post-mortem is %+v", version, latest)
	}
	if len(d.events) != told {
		t.Errorf("somebody is told of it: %+v", d.events[told:])
	}
}
