package status_test

import (
	"errors"
	"testing"
	"time"

	"bongsu/status"
)

func TestAFalseAlarmIsTakenBackAsLoudly(t *testing.T) {
	m := model("login", "chat needs login")
	d := newDesk(t, m)
	d.keep(5*time.Minute, world(m, status.Failed, nil))
	id := d.only().ID
	why := en("Our own firewall blocked our looks.")
	if err := d.refused(status.Command{Incident: id, Retract: why}); !errors.Is(err, status.ErrStillFails) {
		t.Errorf("while it fails: %v", err)
	}
	d.keep(5*time.Minute, world(m, status.OK, nil))
	if err := d.refused(status.Command{Incident: id, Retract: en("")}); !errors.Is(err, status.ErrNoWhy) {
		t.Errorf("without a reason: %v", err)
	}
	u := d.do(status.Command{Incident: id, Author: "kim", Retract: why})
	i := d.only()
	last := i.Updates[len(i.Updates)-1]
	if i.Open() || !i.Retracted.Equal(d.now) || i.Stage != status.Resolved || last.ID != u || last.Kind != status.UpdateRetracted || last.Text["en"] != why["en"] || last.Author != "kim" {
		t.Errorf("the incident is %+v", i)
	}
	d.restart()
	d.keep(2*time.Hour, world(m, status.OK, nil))
	wantHeard(t, d, "opened operational>major_outage", "retracted major_outage>operational")
	if err := d.refused(status.Command{Incident: id, Retract: why}); !errors.Is(err, status.ErrRetracted) {
		t.Errorf("twice: %v", err)
	}
	// What really fails later is another incident.
	d.keep(5*time.Minute, world(m, status.Failed, nil))
	if s := d.board.Snapshot(d.now); len(s.Incidents) != 1 || s.Incidents[0].ID == id {
		t.Errorf("open are %+v", s.Incidents)
	}
}

// What can not be measured just now is taken back all the same, and opens
// nothing again.
func TestWhatIsTakenBackInSilence(t *testing.T) {
	m := model("login")
	d := newDesk(t, m)
	d.keep(5*time.Minute, world(m, status.Failed, nil))
	d.keep(5*time.Minute, world(m, status.Inconclusive, nil))
	d.do(status.Command{Incident: d.only().ID, Retract: en("A wrong key.")})
	d.keep(2*time.Hour, world(m, status.Inconclusive, nil))
	if i := d.only(); i.Open() || !i.Components[0].Until.Equal(i.Retracted) {
		t.Errorf("the incident is %+v", i)
	}
}

func TestWhatNobodyHeardIsTakenBackQuietly(t *testing.T) {
	m := model("login")
	d := newDesk(t, m)
	d.rounds(3, world(m, status.Failed, nil))
	d.rounds(3, world(m, status.OK, nil))
	d.do(status.Command{Incident: d.only().ID, Retract: en("A test of ours.")})
	d.pass(time.Hour)
	wantHeard(t, d)
}

func TestTakenBackWhenItWasOver(t *testing.T) {
	m := model("login")
	d := newDesk(t, m)
	d.keep(5*time.Minute, world(m, status.Failed, nil))
	d.keep(2*time.Hour, world(m, status.OK, nil))
	ended := d.only()
	d.keep(5*time.Minute, world(m, status.Failed, nil)) // another one, which does not matter
	d.do(status.Command{Incident: ended.ID, Retract: en("The target had moved.")})
	d.restart()
	d.judge()
	i := d.incident(ended.ID)
	if !i.Resolved.Equal(ended.Resolved) || !i.Retracted.Equal(d.now) {
		t.Errorf("the incident is %+v", i)
	}
	wantHeard(t, d,
		"opened operational>major_outage", "resolved major_outage>operational",
		"opened operational>major_outage", "retracted major_outage>operational")
}

func TestAStatementOfOursIsTakenBack(t *testing.T) {
	m := model("pay")
	d := newDesk(t, m)
	id := d.do(status.Command{Open: &status.Draft{Components: map[string]status.State{"pay": status.MajorOutage}, Notify: true}})
	d.keep(time.Minute, world(m, status.OK, nil))
	d.do(status.Command{Incident: id, Retract: en("It was another bank.")})
	d.keep(5*time.Minute, world(m, status.Failed, nil))
	if n := len(d.board.Snapshot(d.now).Incidents); n != 1 {
		t.Errorf("failing after all it makes %d incidents", n)
	}
	wantHeard(t, d, "opened operational>major_outage", "retracted major_outage>operational", "opened operational>major_outage")
}

// What follows from a failure that a person tells of goes on as long as that:
// taken back, it would be told of again in the same breath.
func TestWhatStillFollowsIsNotTakenBack(t *testing.T) {
	m := model("login", "chat needs login unmeasured")
	d := newDesk(t, m)
	d.do(status.Command{Open: &status.Draft{Components: map[string]status.State{"login": status.MajorOutage}}})
	d.keep(5*time.Minute, world(m, status.Failed, nil))
	for _, i := range d.board.Snapshot(d.now).Incidents {
		if err := d.refused(status.Command{Incident: i.ID, Retract: en("It was us.")}); !errors.Is(err, status.ErrStillFails) {
			t.Errorf("while %s fails: %v", i.Cause, err)
		}
	}
	if n := len(d.board.Snapshot(d.now).Incidents); n != 2 {
		t.Errorf("%d incidents", n)
	}
}
