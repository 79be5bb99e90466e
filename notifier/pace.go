package notifier

import "time"

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
)

// newPace paces to a rate per second; 0 is no limit.
func newPace(rate float64) pace {
	if rate <= 0 {
		return pace{}
	}
	n := max(1, int(rate))
	interval := time.Duration(slack / rate * float64(time.Second))
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

// take notes that one leaves at a time that when allowed.
func (p *pace) take(at time.Time) {
	if p.interval == 0 {
		return
	}
	p.recent[p.at] = at
	p.at = (p.at + 1) % len(p.recent)
	if floor := at.Add(-catchUp); p.next.Before(floor) {
		p.next = floor
	}
	p.next = p.next.Add(p.interval)
}
