package status_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bongsu/status"
)

func en(words string) status.Text { return status.Text{"en": words} }

func rfc(t time.Time) string { return t.Format(time.RFC3339Nano) }

// The afternoon of 15 October 2022 until the night of the 20th: 127 hours 30
// minutes as the operator counts, 127 hours 33 minutes as the ministry does.
func TestBothDurationsAreKept(t *testing.T) {
	m := model("login")
	d := newDesk(t, m)
	kst := func(day, hour, minute int) time.Time {
		return time.Date(2022, time.October, day, hour, minute, 0, 0, seoul)
	}
	d.keep(kst(15, 15, 30).Sub(d.now), world(m, status.OK, nil))
	d.keep(10*time.Minute, world(m, status.Failed, nil))
	d.restart() // five days in which nothing new is seen
	d.now = kst(20, 22, 0)
	d.keep(2*time.Hour, world(m, status.OK, nil))
	id := d.only().ID
	if i := d.only(); i.Open() {
		t.Fatalf("it is %s", i.Stage)
	}
	measured := d.only().Began
	d.do(status.Command{Incident: id, Author: "kim", Correct: &status.Correction{
		Field: status.CorrectResolved, Is: rfc(kst(20, 23, 0)), Reason: en("All functions are back, says the operator."),
	}})
	d.do(status.Command{Incident: id, Author: "kim", Correct: &status.Correction{
		Field: status.CorrectBegan, Is: rfc(kst(15, 15, 30)), Reason: en("Most services stopped, says the operator."), Source: "https://gaon.example/1",
	}})
	d.restart()
	d.judge()
	d.do(status.Command{Incident: id, Author: "lee", Correct: &status.Correction{
		Field: status.CorrectBegan, Is: rfc(kst(15, 15, 27)), Reason: en("The ministry's report."),
	}})
	i := d.only()
	want := []status.Span{
		{From: measured, Until: kst(20, 23, 0), Took: kst(20, 23, 0).Sub(measured)},
		{
			From: kst(15, 15, 30), Until: kst(20, 23, 0), Took: 127*time.Hour + 30*time.Minute,
			Reason: en("Most services stopped, says the operator."), Source: "https://gaon.example/1", Author: "kim",
		},
		{
			From: kst(15, 15, 27), Until: kst(20, 23, 0), Took: 127*time.Hour + 33*time.Minute,
			Reason: en("The ministry's report."), Author: "lee", Stands: true,
		},
	}
	if diff := cmp.Diff(want, i.Spans()); diff != "" {
		t.Errorf("durations (-want +got):\n%s", diff)
	}
	var fields []string
	for _, c := range i.Corrections() {
		fields = append(fields, string(c.Field)+" "+c.Is+" by "+c.Author)
	}
	if diff := cmp.Diff([]string{
		"resolved 2022-10-20T23:00:00+09:00 by kim", "began 2022-10-15T15:30:00+09:00 by kim", "began 2022-10-15T15:27:00+09:00 by lee",
	}, fields); diff != "" {
		t.Errorf("corrections (-want +got):\n%s", diff)
	}
	if !i.Began.Equal(kst(15, 15, 27)) || !i.Resolved.Equal(kst(20, 23, 0)) || i.Open() || len(d.events) != 2 {
		t.Errorf("in the end it is %+v, and people heard %v", i, d.heard())
	}
}

func TestACorrectedOnsetIsNotMeasuredAway(t *testing.T) {
	m := model("login", "chat")
	d := newDesk(t, m)
	d.rounds(3, world(m, status.OK, fails("login")))
	i := d.only()
	is := i.Began.Add(time.Second)
	d.do(status.Command{Incident: i.ID, Correct: &status.Correction{Field: status.CorrectBegan, Is: rfc(is), Reason: en("A look of our own.")}})
	for range 2 {
		d.rounds(3, world(m, status.OK, nil))
		d.rounds(3, world(m, status.OK, fails("login")))
		if i := d.only(); !i.Began.Equal(is) {
			t.Errorf("it began at %s, corrected to %s", i.Began, is)
		}
		d.restart()
		d.judge()
	}
	if spans := d.only().Spans(); len(spans) != 2 || !spans[0].Until.IsZero() || spans[0].Took != 0 || !spans[1].Stands {
		t.Errorf("while it goes on it spans %+v", spans)
	}
}

func TestACorrectedCauseStays(t *testing.T) {
	m := model("login in dc", "chat needs login in dc", "map in dc")
	d := newDesk(t, m)
	d.rounds(3, world(m, status.OK, fails("chat")))
	id := d.only().ID
	d.do(status.Command{Incident: id, Correct: &status.Correction{Field: status.CorrectCause, Is: "stated:a fire in the battery room", Reason: en("The fire service.")}})
	for range 2 {
		d.rounds(3, world(m, status.Failed, nil))
		if i := d.only(); i.Cause != "stated:a fire in the battery room" || i.Stage != status.Identified || len(i.Components) != 3 {
			t.Errorf("the cause of %v is %s, %s", componentsOf(i), i.Cause, i.Stage)
		}
		d.restart()
		d.judge()
	}
	wantTale(t, d.only(), "opened/investigating corrected/identified changed/identified")
	if c := d.only().Corrections(); len(c) != 1 || c[0].Was != "component:chat" {
		t.Errorf("corrections: %+v", c)
	}
	// A later correction corrects this one.
	d.do(status.Command{Incident: id, Correct: &status.Correction{Field: status.CorrectCause, Is: "domain:dc", Reason: en("All of it.")}})
	if i := d.only(); i.Cause != "domain:dc" || i.Corrections()[1].Was != "stated:a fire in the battery room" {
		t.Errorf("the incident is %+v", i)
	}
}

func TestWhatIsNoCorrection(t *testing.T) {
	m := model("login in dc", "chat in dc", "pay", "map")
	d := newDesk(t, m)
	d.keep(5*time.Minute, world(m, status.OK, fails("pay")))
	d.keep(2*time.Hour, world(m, status.OK, fails("map")))
	over, open := d.incident(d.board.Snapshot(d.now).Past[0].ID), d.telling("map")
	byHand := d.stateOf("login", status.PartialOutage)
	at := func(id string, field status.CorrectionField, when time.Time) status.Command {
		return status.Command{Incident: id, Correct: &status.Correction{Field: field, Is: rfc(when), Reason: en("Somebody says so.")}}
	}
	cause := func(id, is string) status.Command {
		return status.Command{Incident: id, Correct: &status.Correction{Field: status.CorrectCause, Is: is, Reason: en("Somebody says so.")}}
	}
	for _, tt := range []struct {
		name string
		ask  status.Command
		want error
	}{
		{"an onset after the end", at(over.ID, status.CorrectBegan, over.Resolved.Add(time.Second)), status.ErrAfterEnd},
		{"an onset at the end", at(over.ID, status.CorrectBegan, over.Resolved), status.ErrAfterEnd},
		{"an end before the onset", at(over.ID, status.CorrectResolved, over.Began), status.ErrAfterEnd},
		{"an onset to come", at(open, status.CorrectBegan, d.now.Add(time.Second)), status.ErrFuture},
		{"an end to come", at(over.ID, status.CorrectResolved, d.now.Add(time.Second)), status.ErrFuture},
		{"the end of what goes on", at(open, status.CorrectResolved, d.now), status.ErrGoesOn},
		{"an onset long ago", at(open, status.CorrectBegan, d.now.AddDate(0, 0, -91)), status.ErrTooEarly},
		{"what is told already", at(over.ID, status.CorrectBegan, over.Began), status.ErrAsTold},
		{"the cause that is told already", cause(open, "component:map"), status.ErrAsTold},
		{"no time", status.Command{Incident: open, Correct: &status.Correction{Field: status.CorrectBegan, Is: "half past three", Reason: en("So.")}}, status.ErrBadTime},
		{"no reason", status.Command{Incident: open, Correct: &status.Correction{Field: status.CorrectBegan, Is: rfc(d.now), Reason: en(" ")}}, status.ErrNoReason},
		{"no field", at(open, "impact", d.now), status.ErrNoField},
		{"a cause that is nothing here", cause(open, "component:mail"), status.ErrNoCause},
		{"a domain that is nothing here", cause(open, "domain:xy"), status.ErrNoCause},
		{"a cause without words", cause(open, "stated: "), status.ErrNoCause},
		{"a cause of too many words", cause(open, "stated:"+strings.Repeat("x", 201)), status.ErrTooLong},
		{"a cause of no kind", cause(open, "bad luck"), status.ErrNoCause},
		{"the cause of what was opened by hand", cause(byHand, "component:pay"), status.ErrByHand},
		{"too long a reason", status.Command{Incident: open, Correct: &status.Correction{Field: status.CorrectCause, Is: "domain:dc", Reason: en(strings.Repeat("x", 4001))}}, status.ErrTooLong},
		{"too long a source", status.Command{Incident: open, Correct: &status.Correction{Field: status.CorrectCause, Is: "domain:dc", Reason: en("x"), Source: strings.Repeat("x", 501)}}, status.ErrTooLong},
		{"of nothing", at("x", status.CorrectBegan, d.now), status.ErrNoIncident},
	} {
		if err := d.refused(tt.ask); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
	}
	// No two open incidents have one cause; what is over may share it.
	d.keep(5*time.Minute, world(m, status.OK, fails("map", "pay")))
	if err := d.refused(cause(open, "component:pay")); !errors.Is(err, status.ErrCauseUsed) {
		t.Errorf("the cause of another: %v", err)
	}
	d.do(cause(over.ID, "component:map"))
	other := d.telling("pay")
	d.do(status.Command{Incident: other, Merge: open})
	if err := d.refused(at(other, status.CorrectBegan, d.now.Add(-time.Minute))); !errors.Is(err, status.ErrMerged) || !strings.Contains(err.Error(), open) {
		t.Errorf("of what was merged: %v", err)
	}
}

// telling is the id of the open incident that tells of a component.
func (d *desk) telling(component string) string {
	d.t.Helper()
	id := d.component(component).Incident
	if id == "" {
		d.t.Fatalf("no open incident tells of %s", component)
	}
	return id
}
