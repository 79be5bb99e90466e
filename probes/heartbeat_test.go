package probes_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"bongsu/probes"
)

// heard is what has been reported, and since when reports are heard.
type heard struct {
	since time.Time
	last  *probes.Beat
}

func (h heard) Since() time.Time { return h.since }

func (h heard) Last(check string) (probes.Beat, bool) {
	if h.last == nil || check != "test" {
		return probes.Beat{}, false
	}
	return *h.last, true
}

// beats is a check that has listened for so long and got this so long ago.
func beats(listened, ago time.Duration, beat probes.Beat) func(*testing.T, *authority, *probes.Check) {
	return func(_ *testing.T, _ *authority, check *probes.Check) {
		now := time.Now()
		beat.At = now.Add(-ago)
		check.Beats = heard{now.Add(-listened), &beat}
	}
}

func silence(listened time.Duration) func(*testing.T, *authority, *probes.Check) {
	return func(_ *testing.T, _ *authority, check *probes.Check) {
		check.Beats = heard{since: time.Now().Add(-listened)}
	}
}

func heartbeat(more string) func(*testing.T, *authority) string {
	return fixed("[{heartbeat: nightly backup, within: 25h" + more + "}]")
}

const year = 365 * days

var heartbeatFaults = []faultCase{
	{name: "it reported in time", kind: "heartbeat", want: probes.OK, step: heartbeat(""), with: beats(year, time.Hour, probes.Beat{})},
	{name: "it is silent", kind: "heartbeat", want: probes.Failed, reason: "no report within 25h; the last one came 26h ago", step: heartbeat(""), with: beats(year, 26*time.Hour, probes.Beat{})},
	{name: "it never reported", kind: "heartbeat", want: probes.Failed, reason: "no report within 25h", step: heartbeat(""), with: silence(26 * time.Hour)},
	{name: "we have just begun to listen", kind: "heartbeat", want: probes.Inconclusive, reason: "waits for its first report: we have listened for 1h", step: heartbeat(""), with: silence(time.Hour)},
	{name: "we did not listen for long enough", kind: "heartbeat", want: probes.Inconclusive, reason: "we have listened for 1h; the last one came 30h ago", step: heartbeat(""), with: beats(time.Hour, 30*time.Hour, probes.Beat{})},
	{name: "it reported while we did not judge", kind: "heartbeat", want: probes.OK, step: heartbeat(""), with: beats(time.Minute, time.Hour, probes.Beat{})},
	{name: "it failed", kind: "heartbeat", want: probes.Failed, reason: "it failed: exit code 3, disk full", step: heartbeat(""), with: beats(year, time.Hour, probes.Beat{Code: 3, Reason: "disk full"})},
	{name: "it failed and is silent since", kind: "heartbeat", want: probes.Failed, reason: "no report within 25h", step: heartbeat(""), with: beats(year, 26*time.Hour, probes.Beat{Code: 3})},
	{name: "it took too long", kind: "heartbeat", want: probes.Slow, reason: "slow: it took 3h instead of 2h", step: heartbeat(", slow: 2h"), with: beats(year, time.Hour, probes.Beat{Took: 3 * time.Hour})},
	{name: "nothing reports here", kind: "heartbeat", want: probes.Inconclusive, reason: "reports do not come in at this location", step: heartbeat("")},
}

// A heartbeat can be rehearsed: its silence is measured by the world's clock.
func TestHeartbeatInWorld(t *testing.T) {
	check := newCheck(t, "[{heartbeat: nightly backup, within: 25h}]")
	check.Beats = heard{midnight.Add(-year), &probes.Beat{At: midnight.Add(-time.Hour)}}
	check.World = func(now time.Time) probes.World {
		return &world{now: now, answer: func(*world, *http.Request) (*http.Response, error) { return nil, http.ErrNotSupported }}
	}
	if r := check.Probe(t.Context(), midnight); r.Outcome != probes.OK {
		t.Errorf("at midnight: %+v", r)
	}
	if r := check.Probe(t.Context(), midnight.Add(25*time.Hour)); r.Outcome != probes.Failed || !strings.Contains(r.Reason, "the last one came 26h ago") {
		t.Errorf("a day later: %+v", r)
	}
}
