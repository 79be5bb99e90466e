package probes_test

import (
	"testing"
	"time"

	"bongsu/probes"
)

func TestStepsThatAskTheSameHoldItOnce(t *testing.T) {
	all := steps(t, `[
		{GET: "https://portal.example/1", expect: [status == 200, "json.ok"]},
		{POST: "https://portal.example/2", expect: [status == 200, "json.ok"], save: {ok: "json.ok"}},
		{GET: "https://portal.example/3", expect: [status == 204, "json.ok"]},
		{tcp: "portal.example:443", expect: ["ms < 3000"]},
		{dns: portal.example, expect: ["ms < 3000"]},
	]`)
	for _, tt := range []struct{ a, b, want int }{
		{0, 1, 2}, {0, 2, 1}, {1, 2, 1}, {3, 4, 0}, // what words mean is each kind's own
	} {
		if got := probes.Shared(all[tt.a], all[tt.b]); got != tt.want {
			t.Errorf("steps %d and %d share %d expectations, want %d", tt.a, tt.b, got, tt.want)
		}
	}
	if problems := all[1].Problems(); len(problems) != 0 {
		t.Errorf("a value that is saved and expected: %v", problems)
	}
}

// Checks that share their wires trust whom each is to trust, and nobody else.
func TestSharedWiresKeepTrustApart(t *testing.T) {
	a := newAuthority(t)
	url := a.serveTLS(t, "127.0.0.1", -days, days, says(200, "fine")).URL
	var checks []*probes.Check
	for i := range 4 {
		check := newCheck(t, get(url))
		if i%2 == 0 {
			check.Roots = a.roots
		}
		checks = append(checks, check)
	}
	probes.Share(checks)
	for i, check := range checks {
		want := probes.OK
		if i%2 == 1 {
			want = probes.Failed
		}
		if r := check.Probe(t.Context(), time.Now()); r.Outcome != want {
			t.Errorf("check %d: %q %s, want %q", i, r.Outcome, r.Reason, want)
		}
	}
	if !probes.SameWires(checks[0], checks[2]) || probes.SameWires(checks[0], checks[1]) {
		t.Error("the wires are shared by others than those who trust alike")
	}
}
