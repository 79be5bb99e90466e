package limit

import "time"

// NewSmall makes one that knows at most so many networks.
func NewSmall(every time.Duration, burst, most int) *Networks {
	l := NewNetworks(every, burst)
	l.most = most
	return l
}

// Known is how many networks it knows.
func (l *Networks) Known() int { return len(l.by) }
