package notifier

import (
	"context"
	"sync"
	"time"
)

// gate is one gateway at work: its pace, its health, its open requests.
type gate struct {
	Route
	place int // in the channel's order
	slots chan struct{}

	mu      sync.Mutex
	share   int
	pace    pace
	breaker breaker
	rest    time.Time // the gateway asked to be left alone until then
}

func newGate(r Route, place, concurrency int) *gate {
	return &gate{Route: r, place: place, slots: make(chan struct{}, concurrency), share: 1, pace: newPace(r.Rate)}
}

// split has the gateway's rate shared by so many nodes.
func (g *gate) split(nodes int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if nodes == g.share {
		return
	}
	g.share = nodes
	next := newPace(g.Rate / float64(nodes))
	next.next = g.pace.next
	for i := range g.pace.recent { // what has left counts against the new rate too
		if t := g.pace.recent[(g.pace.at+i)%len(g.pace.recent)]; !t.IsZero() && len(next.recent) > 0 {
			next.recent[next.at] = t
			next.at = (next.at + 1) % len(next.recent)
		}
	}
	g.pace = next
}

// closed says whether the gateway takes nothing at now, and until when.
func (g *gate) closed(now time.Time) (until time.Time, closed bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if now.Before(g.rest) {
		return g.rest, true
	}
	return g.breaker.open(now)
}

// window is how many recipients may be authorised at once: a tenth of a
// second's worth, so that a crash leaves little in doubt; one while the
// gateway is on trial.
func (g *gate) window(most int) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case g.breaker.trial():
		return 1
	case g.Rate <= 0:
		return most
	}
	return min(max(int(g.Rate)/10/g.share, 4), most)
}

// when is the next free place in the pace; take uses it.
func (g *gate) when(now time.Time) time.Time {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.pace.when(now)
}

func (g *gate) take(at time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.pace.take(at)
}

// turn waits for a place in the pace and takes it.
func (g *gate) turn(ctx context.Context) error {
	for {
		g.mu.Lock()
		now := time.Now()
		at := g.pace.when(now)
		if !at.After(now) {
			g.pace.take(now)
			g.mu.Unlock()
			return nil
		}
		g.mu.Unlock()
		if err := sleep(ctx, at.Sub(now)); err != nil {
			return err
		}
	}
}

// heard notes what an answer says of the gateway itself. It reports whether
// the gateway has just been given a rest for its errors.
func (g *gate) heard(v verdict, now time.Time) (opened bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case v.rest > 0:
		if until := now.Add(v.rest); until.After(g.rest) {
			g.rest = until
		}
	case v.fault:
		before := g.breaker.trial()
		g.breaker.fail(now)
		return !before && g.breaker.trial()
	default:
		g.breaker.succeed()
	}
	return false
}

// givenUp says whether the gateway has failed for so long, or wants to be left
// alone for so long, that its recipients go on without it. While a trial is due
// it is not: else nobody would ever learn that it is well again.
func (g *gate) givenUp(now time.Time) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	_, open := g.breaker.open(now)
	return (open && now.Sub(g.breaker.since) >= giveUpAfter) || g.rest.Sub(now) >= giveUpAfter
}

// outlet is one channel at work.
type outlet struct {
	Channel
	gates []*gate
}

// giveUpAfter is how long every gateway of a channel may fail, or ask to be
// left alone, before its recipients go on to the next hop.
const giveUpAfter = 10 * time.Second

// pick is the first gateway from one on that takes messages at now; if there
// is none, when to ask again. A place that the configuration no longer has
// means the last one.
func (o *outlet) pick(now time.Time, from int) (*gate, time.Time) {
	var soonest time.Time
	for _, g := range o.gates[max(min(from, len(o.gates)-1), 0):] {
		until, closed := g.closed(now)
		if !closed {
			return g, time.Time{}
		}
		if soonest.IsZero() || until.Before(soonest) {
			soonest = until
		}
	}
	return nil, soonest
}

// failing says why the channel carries nothing for reasons of its own.
func (o *outlet) failing(now time.Time) string {
	for _, g := range o.gates {
		if !g.givenUp(now) {
			return ""
		}
	}
	if len(o.gates) == 0 {
		return ""
	}
	return "every gateway fails"
}

// rate is what all gateways together may take in a second; 0 is no limit.
func (o *outlet) rate() float64 {
	if o == nil {
		return 0
	}
	total := 0.0
	for _, g := range o.gates {
		if g.Rate <= 0 {
			return 0
		}
		total += g.Rate
	}
	return total
}

// gateway is the gate of that name, or nil.
func (o *outlet) gateway(name string) *gate {
	for _, g := range o.gates {
		if g.Name == name {
			return g
		}
	}
	return nil
}

// prices is what a notice's text costs through a gateway, by language.
func (o *outlet) prices(n *Notice, g *gate) map[string]int64 {
	prices := map[string]int64{}
	for _, t := range n.Texts {
		if t.Class != o.Class {
			continue
		}
		cost := g.Price.Milli * int64(max(t.Segments, 1))
		prices[t.Lang] = cost
		if _, set := prices[""]; !set {
			prices[""] = cost
		}
	}
	return prices
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
