package monitor_test

import (
	"strings"
	"testing"
	"time"

	"bongsu/monitor"
	"bongsu/probes"
	"bongsu/status"
)

// A failure waits for the controls of its location. Operators hear of it if
// they do not answer within a minute, and not if they do.
func TestFailuresThatWaitForSilentControls(t *testing.T) {
	for _, c := range []struct {
		name  string
		early bool // the controls answered before the failure
		late  bool // and soon after it began
		want  string
	}{
		{"they have never answered", false, false, "the controls of the location seoul-1 have never answered, so what fails from there since 12:00:01 UTC on 14 March 2026 waits"},
		{"they fell silent", true, false, "the controls of the location seoul-1 have not answered since 11:59:00 UTC on 14 March 2026, so what fails from there since 12:00:01 UTC on 14 March 2026 waits"},
		{"they answer", true, true, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := &status.Model{
				Site: status.Site{Zone: time.UTC}, Rules: status.Rules{Confirm: 2, Recover: 2, Watch: time.Hour, Promise: time.Hour},
				Locations:  []status.Location{{ID: here}},
				Controls:   []status.Check{{ID: "control/web", Fresh: time.Hour}},
				Components: []status.Component{{ID: "pay", Checks: []status.Check{{ID: "pay/1", Depth: status.Function, Fresh: time.Hour}}}},
			}
			d := monitor.NewDesk(status.NewBoard(m, status.Memory{}, &names{}), here, writer{})
			look := func(check string, o probes.Outcome, after time.Duration) {
				at := noon.Add(after)
				d.Report(monitor.Outcome{Check: check, Began: at, Result: probes.Result{Outcome: o, Reason: "as told"}}, at)
			}
			var told []string
			judge := func(after time.Duration) {
				at := noon.Add(after)
				todo, _ := d.Due(at)
				if todo.Record == nil {
					return
				}
				for _, n := range todo.Record.Notices {
					if n.Event == "alarm" {
						told = append(told, n.Texts[0].Body)
					}
				}
				d.Recorded(nil, at)
			}
			if c.early {
				look("control/web", probes.OK, -time.Minute)
			}
			look("pay/1", probes.Failed, 0)
			look("pay/1", probes.Failed, time.Second)
			if c.late {
				look("control/web", probes.OK, 5*time.Second)
			}
			for after := time.Second; after < time.Minute; after += time.Second {
				judge(after)
			}
			if len(told) > 0 {
				t.Fatalf("within a minute operators hear %q", told)
			}
			for after := time.Minute; after < 10*time.Minute; after += time.Second {
				judge(after)
			}
			switch {
			case c.want == "" && len(told) > 0:
				t.Errorf("operators hear %q", told)
			case c.want != "" && (len(told) != 1 || !strings.HasPrefix(told[0], c.want)):
				t.Errorf("operators hear %q, want once %q", told, c.want)
			}
		})
	}
}
