package limit_test

import (
	"net/netip"
	"testing"
	"time"

	"bongsu/web/limit"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func TestTheLimiterIsByHousehold(t *testing.T) {
	l := limit.NewSmall(time.Minute, 2, 100)
	for _, c := range []struct {
		from  string
		after time.Duration
		want  bool
	}{
		{"192.0.2.1", 0, true},
		{"192.0.2.9", 0, true},
		{"192.0.2.1", 0, false},
		{"198.51.100.1", 0, true},
		{"192.0.2.1", time.Minute, true},
		{"192.0.2.1", time.Minute, false},
		{"2001:db8::1", time.Minute, true},
		{"2001:db8::2", time.Minute, true},
		{"2001:db8::ffff:0:0:3", time.Minute, false},
	} {
		if got := l.Allow(netip.MustParseAddr(c.from), noon.Add(c.after)); got != c.want {
			t.Errorf("%s after %s: %t, want %t", c.from, c.after, got, c.want)
		}
	}
}

// A visitor with a million addresses fills the table, but gets no more than one
// allowance more, and costs no more memory.
func TestTheLimiterIsBounded(t *testing.T) {
	l := limit.NewSmall(time.Minute, 2, 100)
	allowed := 0
	for i := range 10_000 {
		if l.Allow(netip.AddrFrom4([4]byte{10, byte(i >> 8), byte(i), 1}), noon) {
			allowed++
		}
	}
	if l.Known() > 100 || allowed != 102 {
		t.Errorf("%d networks are known, %d requests were allowed", l.Known(), allowed)
	}
	if !l.Allow(netip.MustParseAddr("192.0.2.1"), noon.Add(time.Hour)) || l.Known() != 1 {
		t.Errorf("an hour later %d networks are known", l.Known())
	}
}
