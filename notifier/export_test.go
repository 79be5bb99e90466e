package notifier

import "time"

// Pace is pace, for its property test.
type Pace struct{ p pace }

// NewPace is newPace.
func NewPace(rate float64) *Pace { return &Pace{newPace(rate)} }

// Next takes the next place at or after now, and gives its time.
func (p *Pace) Next(now time.Time) time.Time {
	at := p.p.when(now)
	p.p.take(at)
	return at
}

// Breaker is breaker, for its test.
type Breaker struct{ b breaker }

// Fail is fail.
func (b *Breaker) Fail(now time.Time) { b.b.fail(now) }

// Succeed is succeed.
func (b *Breaker) Succeed() { b.b.succeed() }

// Open says whether it is open at now.
func (b *Breaker) Open(now time.Time) bool { _, open := b.b.open(now); return open }

// Trial says whether only one message may be risked.
func (b *Breaker) Trial() bool { return b.b.trial() }
