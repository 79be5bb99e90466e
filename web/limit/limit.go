// Package limit bounds how often strangers may do something.
package limit

import (
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Keyed bounds how often each of many may do something. Its table is
// bounded too: when it is full of those who are busy, newcomers share one
// allowance, so whoever has many names gains nothing and costs no memory.
type Keyed[K comparable] struct {
	every time.Duration // one more is allowed after this
	burst int           // at once
	most  int           // known at a time

	mu     sync.Mutex
	by     map[K]*rate.Limiter
	rest   *rate.Limiter
	tidied time.Time
}

const maxKnown = 4096

// NewKeyed lets a key do something burst times at once, and once more whenever
// every has passed.
func NewKeyed[K comparable](every time.Duration, burst int) *Keyed[K] {
	l := &Keyed[K]{every: every, burst: burst, most: maxKnown, by: map[K]*rate.Limiter{}}
	l.rest = l.fresh()
	return l
}

func (l *Keyed[K]) fresh() *rate.Limiter {
	return rate.NewLimiter(rate.Every(l.every), l.burst)
}

// Allow spends one of the key's allowance and says whether there was any.
func (l *Keyed[K]) Allow(key K, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.of(key, now).AllowN(now, 1)
}

func (l *Keyed[K]) of(key K, now time.Time) *rate.Limiter {
	if known := l.by[key]; known != nil {
		return known
	}
	if len(l.by) >= l.most {
		l.tidy(now)
	}
	if len(l.by) >= l.most {
		return l.rest
	}
	l.by[key] = l.fresh()
	return l.by[key]
}

// tidy forgets those that have their whole allowance again, at most once a
// second.
func (l *Keyed[K]) tidy(now time.Time) {
	if now.Sub(l.tidied) < time.Second {
		return
	}
	l.tidied = now
	for key, known := range l.by {
		if known.TokensAt(now) >= float64(l.burst) {
			delete(l.by, key)
		}
	}
}

// Networks bounds how often each network may do something.
type Networks struct{ *Keyed[netip.Prefix] }

// NewNetworks lets a network do something burst times at once, and once more
// whenever every has passed.
func NewNetworks(every time.Duration, burst int) *Networks {
	return &Networks{NewKeyed[netip.Prefix](every, burst)}
}

// Allow spends one of the network's allowance and says whether there was any.
func (l *Networks) Allow(from netip.Addr, now time.Time) bool {
	return l.Keyed.Allow(Network(from), now)
}

// Network is what one household or office has: a /24, or a /64 of IPv6.
func Network(from netip.Addr) netip.Prefix {
	from = from.Unmap().WithZone("")
	bits := 24
	if from.Is6() {
		bits = 64
	}
	n, err := from.Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return n
}
