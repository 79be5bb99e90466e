package web

import (
	"net/netip"
	"time"
)

// Limiter is the limiter as tests see it.
type Limiter struct{ *limiter }

// NewLimiter makes one that knows at most so many networks.
func NewLimiter(every time.Duration, burst, most int) Limiter {
	l := newLimiter(every, burst)
	l.most = most
	return Limiter{l}
}

// Allow spends one of a network's allowance.
func (l Limiter) Allow(from netip.Addr, now time.Time) bool { return l.allow(from, now) }

// Known is how many networks it knows.
func (l Limiter) Known() int { return len(l.by) }
