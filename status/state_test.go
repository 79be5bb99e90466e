package status_test

import (
	"encoding"
	"testing"

	"bongsu/status"
)

// Names go into the database and the API, so they are never changed.
func TestEveryValueHasAName(t *testing.T) {
	for want, v := range map[string]interface {
		String() string
		encoding.TextMarshaler
	}{
		"unknown": status.Unknown, "operational": status.Operational, "degraded_performance": status.DegradedPerformance,
		"partial_outage": status.PartialOutage, "major_outage": status.MajorOutage, "under_maintenance": status.UnderMaintenance,
		"inconclusive": status.Inconclusive, "ok": status.OK, "slow": status.Slow, "wrong": status.Wrong, "failed": status.Failed,
		"edge": status.Edge, "reach": status.Reach, "function": status.Function, "canary": status.Canary,
		"investigating": status.Investigating, "identified": status.Identified, "monitoring": status.Monitoring, "resolved": status.Resolved,
		"state(99)": status.State(99), "outcome(99)": status.Outcome(99), "depth(99)": status.Depth(99), "stage(99)": status.Stage(99),
	} {
		if text, err := v.MarshalText(); err != nil || string(text) != want || v.String() != want {
			t.Errorf("%s is written %q, %v", want, text, err)
		}
	}
}

func TestNamesAreReadBack(t *testing.T) {
	for _, s := range status.States() {
		var back status.State
		if err := back.UnmarshalText([]byte(s.String())); err != nil || back != s {
			t.Errorf("%s is read as %s, %v", s, back, err)
		}
	}
	for _, into := range []encoding.TextUnmarshaler{new(status.State), new(status.Outcome), new(status.Depth), new(status.Stage)} {
		if err := into.UnmarshalText([]byte("perfect")); err == nil {
			t.Errorf("%T takes any word", into)
		}
	}
}

func TestATextFallsBack(t *testing.T) {
	text := status.Text{"ko": "메신저", "en": "Chat"}
	for _, tt := range []struct{ lang, want string }{{"ko", "메신저"}, {"en", "Chat"}, {"ja", "Chat"}} {
		if got := text.In(tt.lang, "fr", "en"); got != tt.want {
			t.Errorf("in %s it is %q", tt.lang, got)
		}
	}
	if got := text.In("ja"); got != "" {
		t.Errorf("without a fallback it is %q", got)
	}
}
