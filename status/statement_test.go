package status_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"bongsu/status"
)

// As at KDDI in July 2022: the work is finished, and nothing works.
func TestWorkFinishedIsNotUsable(t *testing.T) {
	m := model("calls", "data needs calls")
	d := newDesk(t, m)
	d.keep(5*time.Minute, world(m, status.Failed, nil))
	before := d.only()
	said := d.now.Add(-10 * time.Minute)
	id := d.do(status.Command{Incident: before.ID, Author: "sato", State: &status.Statement{
		Speaker: "the carrier", Said: said, Source: "https://carrier.example/7", Text: en("The recovery work is finished."), Fixed: true,
	}})
	i := d.only()
	u := i.Updates[len(i.Updates)-1]
	if u.ID != id || u.Kind != status.UpdateStatement || u.Author != "sato" || !u.Statement.Said.Equal(said) || !u.Statement.Fixed {
		t.Errorf("the update is %+v", u)
	}
	if i.Stage != before.Stage || i.Impact != before.Impact || d.component("calls").State != status.MajorOutage || !i.Watching.IsZero() {
		t.Errorf("it makes the incident %s, %s", i.Stage, i.Impact)
	}
	if len(d.events) != 1 {
		t.Errorf("people heard %v", d.heard())
	}
	d.keep(3*time.Hour, world(m, status.Failed, nil))
	d.restart()
	d.judge()
	if i := d.only(); !i.Open() || i.Stage != status.Identified {
		t.Errorf("three hours later the incident is %s", i.Stage)
	}
}

// A statement in between swallows nothing that the program has to tell.
func TestAStatementHidesNoChange(t *testing.T) {
	m := model("login", "chat needs login")
	d := newDesk(t, m)
	d.keep(5*time.Minute, world(m, status.Failed, nil))
	id := d.only().ID
	d.rounds(2, world(m, status.OK, fails("login")))
	d.do(status.Command{Incident: id, State: &status.Statement{Speaker: "x", Said: d.now, Text: en("Soon.")}})
	d.rounds(1, world(m, status.OK, fails("login")))
	d.do(status.Command{Incident: id, State: &status.Statement{Speaker: "x", Said: d.now, Text: en("Very soon.")}})
	d.rounds(10, world(m, status.OK, fails("login")))
	wantTale(t, d.only(), "opened/identified statement/identified changed/identified statement/identified")
}

// What is said when all is over is kept with the rest.
func TestAStatementAfterTheEnd(t *testing.T) {
	m := model("login")
	d := newDesk(t, m)
	d.keep(5*time.Minute, world(m, status.Failed, nil))
	d.keep(2*time.Hour, world(m, status.OK, nil))
	i := d.only()
	said := &status.Statement{Speaker: "the operator", Said: d.now, Text: en("It was a certificate.")}
	d.do(status.Command{Incident: i.ID, State: said})
	after := d.only()
	if after.Version != i.Version+1 || len(after.Updates) != len(i.Updates)+1 || after.Open() || !after.Next.IsZero() {
		t.Errorf("%+v\nbecame\n%+v", i, after)
	}
}

func TestWhatIsNoStatement(t *testing.T) {
	m := model("login")
	d := newDesk(t, m)
	d.rounds(3, world(m, status.Failed, nil))
	id := d.only().ID
	good := status.Statement{Speaker: "the operator", Said: d.now, Text: en("We are looking into it.")}
	for _, tt := range []struct {
		name   string
		change func(*status.Statement)
		want   error
	}{
		{"nobody says it", func(s *status.Statement) { s.Speaker = " " }, status.ErrNoSpeaker},
		{"somebody with too long a name", func(s *status.Statement) { s.Speaker = strings.Repeat("x", 201) }, status.ErrTooLong},
		{"nothing is said", func(s *status.Statement) { s.Text = nil }, status.ErrNoWords},
		{"too much is said", func(s *status.Statement) { s.Text = en(strings.Repeat("x", 4001)) }, status.ErrTooLong},
		{"at no time", func(s *status.Statement) { s.Said = time.Time{} }, status.ErrNoWords},
		{"in the future", func(s *status.Statement) { s.Said = d.now.Add(time.Minute) }, status.ErrFuture},
		{"long ago", func(s *status.Statement) { s.Said = d.now.AddDate(0, 0, -91) }, status.ErrTooOld},
		{"in too long a place", func(s *status.Statement) { s.Source = strings.Repeat("x", 501) }, status.ErrTooLong},
	} {
		said := good
		tt.change(&said)
		if err := d.refused(status.Command{Incident: id, State: &said}); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
	}
	if err := d.refused(status.Command{Incident: "x", State: &good}); !errors.Is(err, status.ErrNoIncident) {
		t.Errorf("of nothing: %v", err)
	}
	if err := d.refused(status.Command{Incident: id}); !errors.Is(err, status.ErrUnknownDeed) {
		t.Errorf("no deed: %v", err)
	}
}
