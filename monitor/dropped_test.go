package monitor_test

import (
	"errors"
	"testing"
	"time"

	"bongsu/monitor"
	"bongsu/probes"
	"bongsu/status"
)

// While the database is away the newest looks wait, so many and no more, and
// what is given up is counted.
func TestLooksThatWaitAreBounded(t *testing.T) {
	m := &status.Model{Site: status.Site{Zone: time.UTC}, Locations: []status.Location{{ID: here}}, Components: []status.Component{{ID: "pay", Checks: []status.Check{{ID: "pay/1", Fresh: time.Minute}}}}}
	d := monitor.NewDesk(status.NewBoard(m, status.Memory{}, &names{}), here, writer{})
	const many = 125_000
	at := noon
	for range many {
		at = at.Add(time.Millisecond)
		d.Report(monitor.Outcome{Check: "pay/1", Began: at, Result: probes.Result{Outcome: probes.OK}}, at)
	}
	todo, _ := d.Due(at.Add(time.Minute))
	d.Recorded(errors.New("away"), at.Add(time.Minute))
	record := d.Flush(at.Add(2 * time.Minute))
	if todo.Record == nil || record == nil {
		t.Fatal("there is nothing to commit")
	}
	kept, dropped := len(record.Looks), d.Dropped()
	if kept+dropped != many || kept > 100_000 || kept < 90_000 || !record.Looks[kept-1].At.Equal(at) {
		t.Errorf("of %d looks %d wait and %d are counted as given up; the newest began %s, want %s", many, kept, dropped, record.Looks[kept-1].At, at)
	}
	if d.Dropped() != 0 {
		t.Error("what is given up is counted twice")
	}
}
