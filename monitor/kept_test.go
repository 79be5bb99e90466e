package monitor_test

import (
	"errors"
	"testing"
	"time"

	"bongsu/monitor"
	"bongsu/status"
)

// What operators and other people's monitoring say is committed, also when a
// commit has failed and more has come since: the newer in the place of the older.
func TestSilencesAndSuspicionsAreKept(t *testing.T) {
	m := &status.Model{
		Site: status.Site{Zone: time.UTC}, Locations: []status.Location{{ID: here}},
		Groups: []status.Group{{ID: "fares"}}, Components: []status.Component{{ID: "pay", Group: "fares"}},
	}
	d := monitor.NewDesk(status.NewBoard(m, status.Memory{}, &names{}), here, writer{})
	silence := func(why string, now time.Time) {
		t.Helper()
		if _, err := d.Do(status.Command{Author: "kim", Silence: &status.Silence{Component: "pay", Reason: why, Until: noon.Add(time.Hour)}}, now); err != nil {
			t.Fatal(err)
		}
	}
	suspect := func(key string, now time.Time) {
		t.Helper()
		s := status.Suspicion{Component: "pay", Source: "prom", Key: key, State: status.MajorOutage, Until: noon.Add(time.Hour)}
		if _, err := d.Do(status.Command{Suspect: &s}, now); err != nil {
			t.Fatal(err)
		}
	}
	silence("first", noon)
	suspect("a", noon)
	todo, _ := d.Due(noon)
	if todo.Record == nil || len(todo.Record.Change.Silences) != 1 || len(todo.Record.Change.Suspicions) != 1 || d.Unrecorded() < 2 {
		t.Fatalf("kept %+v, %d wait", todo.Record, d.Unrecorded())
	}
	d.Recorded(errors.New("away"), noon)
	silence("second", noon.Add(time.Second))
	suspect("a", noon.Add(time.Second))
	suspect("b", noon.Add(time.Second))
	todo, _ = d.Due(noon.Add(10 * time.Second))
	if todo.Record == nil || len(todo.Record.Change.Silences) != 1 || todo.Record.Change.Silences[0].Reason != "second" || len(todo.Record.Change.Suspicions) != 2 {
		t.Errorf("after a commit that failed, kept %+v", todo.Record)
	}
}
