package web

import (
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// limiter bounds how often each network may do something. Its table is
// bounded too: when it is full of networks that are busy, newcomers share one
// allowance, so a visitor with many addresses gains nothing and costs no
// memory.
type limiter struct {
	every time.Duration // one more is allowed after this
	burst int           // at once
	most  int           // networks known at a time

	mu     sync.Mutex
	by     map[netip.Prefix]*rate.Limiter
	rest   *rate.Limiter
	tidied time.Time
}

const maxNetworks = 4096

func newLimiter(every time.Duration, burst int) *limiter {
	l := &limiter{every: every, burst: burst, most: maxNetworks, by: map[netip.Prefix]*rate.Limiter{}}
	l.rest = l.fresh()
	return l
}

func (l *limiter) fresh() *rate.Limiter { return rate.NewLimiter(rate.Every(l.every), l.burst) }

// allow spends one of the network's allowance and says whether there was any.
func (l *limiter) allow(from netip.Addr, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.of(from, now).AllowN(now, 1)
}

func (l *limiter) of(from netip.Addr, now time.Time) *rate.Limiter {
	n := network(from)
	if known := l.by[n]; known != nil {
		return known
	}
	if len(l.by) >= l.most {
		l.tidy(now)
	}
	if len(l.by) >= l.most {
		return l.rest
	}
	l.by[n] = l.fresh()
	return l.by[n]
}

// tidy forgets networks that have their whole allowance again, at most once a
// second.
func (l *limiter) tidy(now time.Time) {
	if now.Sub(l.tidied) < time.Second {
		return
	}
	l.tidied = now
	for n, known := range l.by {
		if known.TokensAt(now) >= float64(l.burst) {
			delete(l.by, n)
		}
	}
}

// network is what one household or office has: a /24, or a /64 of IPv6.
func network(from netip.Addr) netip.Prefix {
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
