package status_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bongsu/status"
)

// expect records an expectation that hangs on a time, or on nothing but its
// expiry.
func (d *desk) expect(incident, speaker string, by, expires time.Time) string {
	d.t.Helper()
	return d.do(status.Command{Incident: incident, Author: "kim", Expect: &status.ETA{
		Speaker: speaker, Basis: en("two hours after power returns"), By: by, Expires: expires,
	}})
}

func outcomes(i *status.Incident) (all []string) {
	for _, e := range i.ETAs() {
		all = append(all, fmt.Sprintf("%s %s", e.Speaker, e.Outcome))
	}
	return all
}

func wantOutcomes(t *testing.T, i *status.Incident, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, outcomes(i)); diff != "" {
		t.Errorf("expectations (-want +got):\n%s", diff)
	}
}

// As on 15 October 2022, 18:50: all will be back two hours after power returns.
func TestAnExpectationIsNotMetByItself(t *testing.T) {
	m := model("login")
	for _, restarted := range []bool{false, true} {
		d := newDesk(t, m)
		d.keep(5*time.Minute, world(m, status.Failed, nil))
		id := d.only().ID
		made := d.expect(id, "the operator", time.Time{}, d.now.Add(20*time.Minute))
		if due := d.board.Due(); due.After(d.now.Add(20 * time.Minute)) {
			t.Errorf("the board is due at %s", due)
		}
		if restarted {
			d.restart()
			d.judge()
		}
		wantOutcomes(t, d.only(), "the operator pending")
		d.pass(20*time.Minute - 1)
		wantOutcomes(t, d.only(), "the operator pending")
		d.pass(1)
		i := d.only()
		wantOutcomes(t, i, "the operator not_met")
		// The looks went stale meanwhile, so it is told that nothing is known.
		wantTale(t, i, "opened/investigating eta/investigating changed/investigating eta_not_met/investigating")
		if e := i.ETAs()[0]; e.ID != made || !e.Settled.Equal(d.now) || e.Author != "kim" || i.Updates[3].ETA.ID != made {
			t.Errorf("the ledger has %+v", e)
		}
		d.keep(3*time.Hour, world(m, status.OK, nil))
		wantOutcomes(t, d.only(), "the operator not_met")
	}
}

func TestTheOutcomesOfExpectations(t *testing.T) {
	m := model("login")
	bad, well := world(m, status.Failed, nil), world(m, status.OK, nil)
	for _, tt := range []struct {
		name string
		live func(d *desk, id string)
		want []string
	}{
		{"answering in time, and watched", func(d *desk, id string) {
			d.expect(id, "x", d.now.Add(20*time.Minute), time.Time{})
			d.keep(30*time.Minute, well)
		}, []string{"x met"}},
		{"answering in time, then failing again", func(d *desk, id string) {
			d.expect(id, "x", d.now.Add(20*time.Minute), time.Time{})
			d.keep(5*time.Minute, well)
			d.keep(20*time.Minute, bad)
		}, []string{"x not_met"}},
		{"answering too late", func(d *desk, id string) {
			d.expect(id, "x", d.now.Add(5*time.Minute), d.now.Add(time.Hour))
			d.keep(10*time.Minute, bad)
			d.keep(2*time.Hour, well)
		}, []string{"x not_met"}},
		{"over long before", func(d *desk, id string) {
			d.expect(id, "x", time.Time{}, d.now.Add(9*time.Hour))
			d.keep(2*time.Hour, well)
		}, []string{"x met"}},
		{"still ahead", func(d *desk, id string) {
			d.expect(id, "x", d.now.Add(9*time.Hour), time.Time{})
			d.keep(time.Minute, well)
		}, []string{"x pending"}},
		{"replaced while ahead; another speaker's stands", func(d *desk, id string) {
			d.expect(id, "x", d.now.Add(5*time.Minute), time.Time{})
			d.expect(id, "y", d.now.Add(5*time.Minute), time.Time{})
			d.expect(id, "x", d.now.Add(time.Hour), time.Time{})
			d.keep(10*time.Minute, bad)
		}, []string{"x replaced", "y not_met", "x pending"}},
		{"replaced when its time was up", func(d *desk, id string) {
			d.expect(id, "x", d.now.Add(5*time.Minute), time.Time{})
			d.keep(10*time.Minute, bad)
			d.expect(id, "x", d.now.Add(5*time.Minute), time.Time{})
		}, []string{"x not_met", "x pending"}},
		{"retracted", func(d *desk, id string) {
			d.expect(id, "x", d.now.Add(time.Hour), time.Time{})
			d.keep(5*time.Minute, well)
			d.do(status.Command{Incident: id, Retract: en("our own firewall")})
		}, []string{"x void"}},
		{"dropped from the configuration", func(d *desk, id string) {
			d.expect(id, "x", d.now.Add(time.Hour), time.Time{})
			d.model = model("other")
			d.restart()
			d.judge()
		}, []string{"x void"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := newDesk(t, m)
			d.keep(5*time.Minute, bad)
			tt.live(d, d.only().ID)
			d.restart()
			d.judge()
			wantOutcomes(t, d.only(), tt.want...)
		})
	}
}

func TestWhoIsDoneByHandMeetsWhatWasExpected(t *testing.T) {
	d := newDesk(t, model("pay"))
	id := d.stateOf("pay", status.PartialOutage)
	d.expect(id, "x", d.now.Add(time.Hour), time.Time{})
	d.pass(10 * time.Minute)
	resolved := status.Resolved
	d.do(status.Command{Incident: id, Note: &status.NoteDraft{Stage: &resolved}})
	wantOutcomes(t, d.only(), "x met")
	wantTale(t, d.only(), "opened/investigating eta/investigating note/resolved eta_met/resolved")
}

func TestAMergedIncidentBringsWhatWasExpectedOfIt(t *testing.T) {
	m := model("login", "chat")
	d := newDesk(t, m)
	d.rounds(3, world(m, status.Failed, nil))
	chat, login := d.telling("chat"), d.telling("login")
	d.expect(chat, "x", d.now.Add(time.Hour), time.Time{})
	d.expect(chat, "y", d.now.Add(time.Hour), time.Time{})
	d.expect(login, "y", d.now.Add(2*time.Hour), time.Time{})
	d.do(status.Command{Incident: chat, Merge: login})
	wantOutcomes(t, d.incident(chat), "x moved", "y moved")
	wantOutcomes(t, d.incident(login), "y pending", "x pending")
	if a, b := d.incident(chat).ETAs()[0], d.incident(login).ETAs()[1]; a.ID != b.ID {
		t.Errorf("it is %s here and %s there", a.ID, b.ID)
	}
	d.keep(90*time.Minute, world(m, status.Failed, nil))
	wantOutcomes(t, d.incident(login), "y pending", "x not_met")
}

func TestWhatIsNoExpectation(t *testing.T) {
	m := model("login")
	d := newDesk(t, m)
	d.keep(5*time.Minute, world(m, status.Failed, nil))
	id := d.only().ID
	good := status.ETA{Speaker: "the operator", Basis: en("a spare part is on its way"), By: d.now.Add(time.Hour)}
	for _, tt := range []struct {
		name   string
		change func(*status.ETA)
		want   error
	}{
		{"no basis", func(e *status.ETA) { e.Basis = nil }, status.ErrNoBasis},
		{"a basis without words", func(e *status.ETA) { e.Basis = en("\n") }, status.ErrNoBasis},
		{"no speaker", func(e *status.ETA) { e.Speaker = "" }, status.ErrNoSpeaker},
		{"neither end nor expiry", func(e *status.ETA) { e.By = time.Time{} }, status.ErrNoExpiry},
		{"an end that has passed", func(e *status.ETA) { e.By = d.now }, status.ErrPassed},
		{"an expiry that has passed", func(e *status.ETA) { e.Expires = d.now.Add(-time.Second) }, status.ErrPassed},
		{"an end beyond all plans", func(e *status.ETA) { e.By = d.now.AddDate(0, 0, 31) }, status.ErrTooFar},
		{"too long a basis", func(e *status.ETA) { e.Basis = en(strings.Repeat("x", 4001)) }, status.ErrTooLong},
	} {
		e := good
		tt.change(&e)
		if err := d.refused(status.Command{Incident: id, Expect: &e}); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
	}
	d.keep(2*time.Hour, world(m, status.OK, nil))
	good.By = d.now.Add(time.Hour)
	if err := d.refused(status.Command{Incident: id, Expect: &good}); !errors.Is(err, status.ErrClosed) {
		t.Errorf("of what is over: %v", err)
	}
}
