package notifier

import (
	"math"
	"time"
)

// pace spaces hand-overs so that in no second, wherever it begins, more than
// the rate leave. It is a value of its caller's: not safe for concurrent use.
//
// Even spacing alone would lose what a late wake-up costs; catching up alone
// would exceed the rate for a moment. So a late sender may catch up for up to
// a twentieth of a second, but never beyond what the last second still allows.
type pace struct {
	interval time.Duration // between two hand-overs; 0: no limit
	span     time.Duration // len(recent) hand-overs take at least this long
	recent   []time.Time   // a ring of the latest times
	at       int
	next     time.Time
}

const (
	// catchUp is how much lateness may be made up for.
	catchUp = 50 * time.Millisecond
	// slack keeps a second at the gateway from holding more than ours did:
	// requests do not all travel equally fast. It costs 0.8 % of the rate.
	slack = 1.008
	// underWay is how many requests may be under way when a busy machine stands
	// still, to arrive with those of the next second. Room is kept for as many,
	// but for no more than 1.3 % of the rate: nothing stands still for long.
	underWay, roomAtMost = 64, 0.013
)

// newPace paces to a rate per second; 0 is no limit.
func newPace(rate float64) pace {
	if rate <= 0 {
		return pace{}
	}
	n := max(1, int(rate))
	interval := time.Duration(slack / rate * float64(time.Second))
	if room := min(underWay, int(roomAtMost*rate)); float64(n-room) < rate/slack {
		n -= room
		interval = time.Second/time.Duration(n) + 1 // rounded up: n of them take a second
	} else {
		n = min(n, int(math.Ceil(rate/slack)))
	}
	return pace{interval: interval, span: time.Duration(n) * interval, recent: make([]time.Time, n)}
}

// when is the earliest time, not before now, at which one more may leave.
func (p *pace) when(now time.Time) time.Time {
	if p.interval == 0 {
		return now
	}
	at := now
	if p.next.After(at) {
		at = p.next
	}
	if oldest := p.recent[p.at]; !oldest.IsZero() && oldest.Add(p.span).After(at) {
		at = oldest.Add(p.span)
	}
	return at
}

// take notes that one leaves at a time that when allowed, and gives its place.
func (p *pace) take(at time.Time) (place int) {
	if p.interval == 0 {
		return 0
	}
	place = p.at
	p.recent[p.at] = at
	p.at = (p.at + 1) % len(p.recent)
	if floor := at.Add(-catchUp); p.next.Before(floor) {
		p.next = floor
	}
	p.next = p.next.Add(p.interval)
	return place
}

// left corrects when one has really left: whoever makes its request may have
// had to wait for a processor.
func (p *pace) left(place int, at time.Time) {
	if place < len(p.recent) && at.After(p.recent[place]) {
		p.recent[place] = at
	}
}
