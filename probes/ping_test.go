package probes_test

import (
	"strings"
	"testing"
	"time"

	"golang.org/x/net/icmp"

	"bongsu/probes"
)

func pinging(more string) func(*testing.T, *authority) string {
	return fixed("[{ping: 127.0.0.1" + more + "}]")
}

// comeBack stands in for a network in which so many of three echoes come back.
func comeBack(received int, rtt time.Duration) func(*testing.T, *authority, *probes.Check) {
	return func(_ *testing.T, _ *authority, check *probes.Check) { probes.SetEchoes(check, 3, received, rtt, nil) }
}

var pingFaults = []faultCase{
	{name: "it answers", kind: "ping", want: probes.OK, step: pinging(", expect: [\"loss == 0\", \"rtt < 50\", \"sent == 3\"]"), with: comeBack(3, time.Millisecond)},
	{name: "one of three comes back", kind: "ping", want: probes.OK, step: pinging(""), with: comeBack(1, time.Millisecond)},
	{name: "none comes back", kind: "ping", want: probes.Failed, reason: "no answer to 3 echo requests", step: pinging(""), with: comeBack(0, 0)},
	{name: "none comes back where loss is asked", kind: "ping", want: probes.Failed, reason: "but loss is 100", step: pinging(", expect: [\"loss < 50\"]"), with: comeBack(0, 0)},
	{name: "silence that is asked for", kind: "ping", want: probes.OK, step: pinging(", expect: [\"received == 0\"]"), with: comeBack(0, 0)},
	{name: "too many are lost", kind: "ping", want: probes.Wrong, reason: "expected loss < 50, but loss is 66.7", step: pinging(", expect: [\"loss < 50\"]"), with: comeBack(1, time.Millisecond)},
	{name: "it is late", kind: "ping", want: probes.Slow, reason: "slow: expected rtt < 100, but rtt is 250", step: pinging(", expect: [\"rtt < 100\"]"), with: comeBack(3, 250*time.Millisecond)},
	{name: "we may send none", kind: "ping", want: probes.Inconclusive, reason: "net.ipv4.ping_group_range", step: pinging(""), with: func(_ *testing.T, _ *authority, check *probes.Check) {
		probes.SetEchoes(check, 0, 0, 0, probes.ErrNoPings)
	}},
	{name: "no such host", kind: "ping", want: probes.Failed, reason: "the name chat.example does not exist", step: fixed("[{ping: chat.example}]"), with: func(t *testing.T, _ *authority, check *probes.Check) {
		check.Resolver = resolverAt(zone(t))
	}},
}

// On a machine that may send pings they come back from the machine itself; on
// another one an operator reads what to do.
func TestPing(t *testing.T) {
	want, reason := probes.Inconclusive, "ping_group_range"
	for network, address := range map[string]string{"udp4": "", "ip4:icmp": "127.0.0.1"} {
		if conn, err := icmp.ListenPacket(network, address); err == nil {
			conn.Close()
			want, reason = probes.OK, ""
		}
	}
	began := time.Now()
	result := newCheck(t, `[{ping: 127.0.0.1, count: 2, expect: ["loss == 0", "received == 2", "rtt < 1000"]}]`).Probe(t.Context(), began)
	if result.Outcome != want || !strings.Contains(result.Reason, reason) {
		t.Errorf("got %q %q, want %q %q", result.Outcome, result.Reason, want, reason)
	}
	if took := time.Since(began); want == probes.OK && took < 200*time.Millisecond {
		t.Errorf("two pings took %s, want them 200ms apart", took)
	}
}
