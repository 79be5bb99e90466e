package notifier

import (
	"context"
	"time"
)

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

// Gate is gate, for its test.
type Gate struct{ g *gate }

// NewGate is newGate.
func NewGate() *Gate { return &Gate{newGate(Route{}, 0, 1)} }

// Heard judges an error of a hand-over and notes what it says of the gateway.
func (g *Gate) Heard(err error, now time.Time) (class string, opened bool) {
	v := judge(err)
	return v.class(), g.g.heard(v, now)
}

// Closed says whether the gateway takes nothing at now.
func (g *Gate) Closed(now time.Time) bool { _, closed := g.g.closed(now); return closed }

// Known is known, for its test.
type Known struct{ k known }

// Read is read.
func (k *Known) Read(ctx context.Context, lister Lister, from, now time.Time) {
	k.k.read(ctx, lister, from, now)
}

// Of is of.
func (k *Known) Of(ref string) (Receipt, bool) { return k.k.of(ref) }

// Kept is how many results are kept.
func (k *Known) Kept() int { return len(k.k.young) + len(k.k.old) }

// ListKept is how many may be.
const ListKept = listKept

// LastRequest is lastRequest.
func LastRequest(ttl, request time.Duration) time.Duration { return lastRequest(ttl, request) }

// Margin is margin.
func Margin(ttl time.Duration) time.Duration { return margin(ttl) }

// JudgedBy is what a refusal with a code comes to by a route's own table.
func JudgedBy(r Route, no *RejectedError) (kind ResultKind, recipient, suppress, fault bool) {
	v := r.judge(no)
	return v.kind, v.recipient, v.suppress, v.fault
}

// Crew is crew, for its test.
type Crew struct{ c *crew }

// NewCrew is newCrew, with a batch being worked.
func NewCrew(most int) *Crew {
	c := newCrew(most)
	c.join()
	return &Crew{c}
}

// Send has n requests of a lane made, and returns when the last has begun.
func (c *Crew) Send(lane, n int, fly func()) {
	left := n
	c.c.send(&sending{
		lane: lane, fly: func(flight) { fly() }, begun: make(chan struct{}),
		next: func() (flight, bool, bool) { left--; return flight{}, true, left > 0 },
	})
}

// Leave is leave.
func (c *Crew) Leave() { c.c.leave() }

// Windows sends a batch's windows by a sender's one channel while a hand-over may
// start, and says when the batch is to be claimed again once all is answered.
func (s *Sender) Windows(ctx context.Context, n *Notice, maySend func() bool) (again time.Time, err error) {
	t := newTerm("node")
	t.now, t.tick, t.maySend = time.Now, time.Now, maySend
	r := &run{s: s, t: t, o: s.outlets[s.order[0]], claim: Claim{Auth: -1}, notice: n, plan: []Hop{{Channel: s.order[0]}}}
	defer r.o.man()()
	err = r.windows(ctx)
	r.flights.Wait()
	return r.again, err
}
