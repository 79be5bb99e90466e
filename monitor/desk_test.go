package monitor_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"bongsu/monitor"
	"bongsu/notifier"
	"bongsu/probes"
	"bongsu/status"
)

// ledger is what a database holds after some records.
type ledger struct {
	Standings  map[string]status.Standing
	Conditions map[string]status.Condition
	Incidents  map[string]status.Incident
	Closed     []status.Interval
	Notices    []string
	Looks      []status.Vote
}

func (l *ledger) add(r *notifier.Record) {
	for _, s := range r.Standings {
		l.Standings[s.Check] = s
	}
	for _, c := range r.Change.Conditions {
		l.Conditions[c.Component] = c
	}
	for _, i := range r.Change.Incidents {
		l.Incidents[i.ID] = i
	}
	l.Closed = append(l.Closed, r.Change.Closed...)
	l.Looks = append(l.Looks, r.Looks...)
	for _, n := range r.Notices {
		l.Notices = append(l.Notices, n.ID)
	}
}

// However often and whenever the database is away, what it holds in the end is
// the same: nothing is lost, nothing comes twice or in another order.
func TestNothingIsLostWhateverFails(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		looks := rapid.SliceOfN(rapid.SampledFrom([]probes.Outcome{probes.OK, probes.Failed, probes.Failed, probes.Slow, probes.Inconclusive}), 1, 120).Draw(t, "looks")
		fails := rapid.SliceOfN(rapid.Bool(), 1, 40).Draw(t, "fails")
		want, got := drive(looks, nil), drive(looks, fails)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("the database holds (-never away +away):\n%s", diff)
		}
	})
}

// drive has two services looked at once a second each. The commits fail as
// told, and each takes two steps of the clock.
func drive(looks []probes.Outcome, fails []bool) *ledger {
	m := &status.Model{Site: status.Site{Zone: time.UTC}, Rules: status.Rules{Confirm: 2, Recover: 2, Watch: 5 * time.Second, Promise: time.Hour}, Locations: []status.Location{{ID: here}}}
	for i := range 2 {
		id := fmt.Sprintf("service-%d", i)
		m.Components = append(m.Components, status.Component{ID: id, Checks: []status.Check{{ID: id + "/1", Depth: status.Function, Fresh: time.Minute}}})
	}
	d := monitor.NewDesk(status.NewBoard(m, status.Memory{}, &names{}), here, writer{})
	held := &ledger{Standings: map[string]status.Standing{}, Conditions: map[string]status.Condition{}, Incidents: map[string]status.Incident{}}
	var writing *notifier.Record
	now := noon
	turn := func() {
		if writing != nil {
			var err error
			if len(fails) > 0 && fails[0] {
				err = errors.New("away")
			} else {
				held.add(writing)
			}
			fails = fails[min(1, len(fails)):]
			d.Recorded(err, now)
			writing = nil
		}
		agenda, _ := d.Due(now)
		if writing = agenda.Record; writing != nil {
			writing = clone(writing)
		}
		now = now.Add(500 * time.Millisecond)
	}
	for i, outcome := range looks {
		d.Report(monitor.Outcome{Check: fmt.Sprintf("service-%d/1", i%2), Began: now, Result: probes.Result{Outcome: outcome, Reason: "as told"}}, now)
		turn()
	}
	for range 1000 { // longer than every pause together
		turn()
	}
	return held
}

// clone is what a database would have read at that time.
func clone(r *notifier.Record) *notifier.Record {
	c := *r
	c.Standings = slices.Clone(r.Standings)
	c.Change.Conditions, c.Change.Incidents, c.Change.Closed = slices.Clone(r.Change.Conditions), slices.Clone(r.Change.Incidents), slices.Clone(r.Change.Closed)
	c.Notices = slices.Clone(r.Notices)
	return &c
}

// A thousand looks that end together are one judgement; the next ones wait a
// breath, what an operator asks does not.
func TestJudgedTogether(t *testing.T) {
	m := &status.Model{Site: status.Site{Zone: time.UTC}, Locations: []status.Location{{ID: here}}, Components: []status.Component{{ID: "pay", Checks: []status.Check{{ID: "pay/1", Fresh: time.Minute}}}}}
	d := monitor.NewDesk(status.NewBoard(m, status.Memory{}, &names{}), here, writer{})
	judged := func(after time.Duration) bool {
		agenda, _ := d.Due(noon.Add(after))
		d.Recorded(nil, noon.Add(after))
		return agenda.Judged
	}
	look := func(after time.Duration) {
		at := noon.Add(after)
		d.Report(monitor.Outcome{Check: "pay/1", Began: at, Result: probes.Result{Outcome: probes.OK}}, at)
	}
	if !judged(0) {
		t.Error("the first page does not come at once")
	}
	look(time.Second)
	if !judged(time.Second) {
		t.Error("a look is not judged at once")
	}
	look(time.Second + time.Millisecond)
	if judged(time.Second + 2*time.Millisecond) {
		t.Error("the next look is judged without a breath")
	}
	if _, err := d.Do(status.Command{Maintain: &status.Maintenance{Title: status.Text{"en": "Move"}, Components: []string{"pay"}, From: noon.Add(time.Hour), Until: noon.Add(2 * time.Hour)}}, noon.Add(time.Second)); err != nil {
		t.Fatal(err)
	}
	if !judged(time.Second + 3*time.Millisecond) {
		t.Error("an operator has to wait")
	}
	if judged(2*time.Second) || !judged(17*time.Second) {
		t.Error("a page without news is not made anew each quarter of a minute")
	}
}

// A clock that was a day ahead must not keep operators from hearing anything
// for a day.
func TestAlarmsGoOnWhenTheClockIsSetBack(t *testing.T) {
	m := &status.Model{Site: status.Site{Zone: time.UTC}, Locations: []status.Location{{ID: here}}}
	heard := 0
	d := monitor.NewDesk(status.NewBoard(m, status.Memory{}, &names{}), here, writer{})
	alarm := func(at time.Time) {
		d.Alarm("disk", "the disk is full", at)
		agenda, _ := d.Due(at)
		if agenda.Record != nil {
			heard += len(agenda.Record.Notices)
			d.Recorded(nil, at)
		}
	}
	ahead := noon.Add(24 * time.Hour)
	alarm(ahead)
	for minute := range 62 {
		alarm(noon.Add(time.Duration(minute) * time.Minute))
	}
	if heard != 2 {
		t.Errorf("operators heard %d alarms, want one by the wrong clock and one an hour after it was set back", heard)
	}
}

// Who was told how an incident began hears of no end if what it is about is
// dropped: operators know.
func TestOperatorsHearOfDroppedIncidents(t *testing.T) {
	m := &status.Model{Site: status.Site{Zone: time.UTC}, Locations: []status.Location{{ID: here}}}
	for _, tt := range []struct {
		name      string
		announced time.Time
		want      []string
	}{
		{"people were told", noon.Add(-time.Hour), []string{"alarm dropped i1 12:00"}},
		{"nobody was", time.Time{}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			began := noon.Add(-time.Hour)
			gone := []status.Affected{{Component: "gone", State: status.MajorOutage, Worst: status.MajorOutage, Cause: true, Since: began}}
			memory := status.Memory{Incidents: []status.Incident{{
				ID: "i1", Code: "A1B2", Cause: "component:gone", Began: began, Detected: began, Announced: tt.announced, Components: gone,
				Updates: []status.Update{{ID: "u1", At: began, Kind: status.UpdateOpened, Components: gone}},
			}}}
			d := monitor.NewDesk(status.NewBoard(m, memory, &names{}), here, writer{})
			var heard []string
			for at := noon; at.Before(noon.Add(3 * time.Hour)); at = at.Add(time.Minute) {
				agenda, _ := d.Due(at)
				if agenda.Record == nil {
					continue
				}
				for i := range agenda.Record.Notices {
					heard = append(heard, agenda.Record.Notices[i].ID)
				}
				d.Recorded(nil, at)
			}
			if diff := cmp.Diff(tt.want, heard); diff != "" {
				t.Errorf("operators hear (-want +got):\n%s", diff)
			}
		})
	}
}
