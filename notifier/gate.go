package notifier

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// gate is one gateway at work: its pace, its health, its open requests.
type gate struct {
	Route
	place int // in the channel's order
	slots chan struct{}
	crew  *crew
	told  told // in the metrics

	mu      sync.Mutex
	share   int
	pace    pace
	breaker breaker
	rest    time.Time // the gateway asked to be left alone until then
	full    time.Time // it has had its day's number until then
	health  Health
	ail     float64
}

func newGate(r Route, place, concurrency int) *gate {
	return &gate{Route: r, place: place, slots: make(chan struct{}, concurrency), crew: newCrew(concurrency), share: 1, pace: newPace(r.Rate)}
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
	full := g.full
	g.mu.Unlock()
	if now.Before(full) {
		return full, true
	}
	return g.shut(now)
}

// shut says it of a message whose place in the day's number is reserved.
func (g *gate) shut(now time.Time) (until time.Time, shut bool) {
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

// left notes when whoever had a place in the pace really leaves.
func (g *gate) left(place int, at time.Time) {
	if g.Rate <= 0 {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.pace.left(place, at)
}

// turn waits for a place in the pace and takes it.
func (g *gate) turn(ctx context.Context) (place int, err error) {
	for {
		g.mu.Lock()
		now := time.Now()
		at := g.pace.when(now)
		if !at.After(now) {
			place = g.pace.take(now)
			g.mu.Unlock()
			return place, nil
		}
		g.mu.Unlock()
		if err := sleep(ctx, at.Sub(now)); err != nil {
			return 0, err
		}
	}
}

// heard notes what an answer says of the gateway itself. It reports whether
// the gateway has just been given a rest for its errors.
func (g *gate) heard(v verdict, now time.Time) (opened bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case v.aside:
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
	return (open && now.Sub(g.breaker.since) >= giveUpAfter) || g.rest.Sub(now) >= giveUpAfter || g.full.Sub(now) >= giveUpAfter
}

// outlet is one channel at work.
type outlet struct {
	Channel
	gates []*gate // in the order in which they are tried
	lanes *lanes

	heldFor atomic.Pointer[string] // why it is held, if it is
}

func newOutlet(c Channel, concurrency int) *outlet {
	o := &outlet{Channel: c}
	for i, r := range inOrder(c.Gateways) {
		o.gates = append(o.gates, newGate(r, i, concurrency))
	}
	o.lanes = newLanes(o.rate())
	return o
}

// man has hands at the gateways until the function it returns is called.
func (o *outlet) man() (release func()) {
	for _, g := range o.gates {
		g.crew.join()
	}
	return func() {
		for _, g := range o.gates {
			g.crew.leave()
		}
	}
}

// inOrder is the order in which gateways are tried: as they are written, or
// where they have weights, the heaviest first and the cheapest among equals.
func inOrder(routes []Route) []Route {
	routes = slices.Clone(routes)
	slices.SortStableFunc(routes, func(a, b Route) int {
		if a.Weight == 0 && b.Weight == 0 {
			return 0
		}
		return cmp.Or(cmp.Compare(b.Weight, a.Weight), cmp.Compare(a.Price.Milli, b.Price.Milli))
	})
	return routes
}

// giveUpAfter is how long every gateway of a channel may fail, or ask to be
// left alone, before its recipients go on to the next hop.
const giveUpAfter = 10 * time.Second

// tried is which of a channel's gateways have been tried for a batch, a bit
// each.
type tried int

func (t tried) has(place int) bool { return t>>place&1 == 1 }

func (t tried) and(place int) tried { return t | 1<<place }

// left says whether a gateway of the channel has not been tried.
func (o *outlet) left(t tried) bool {
	return slices.ContainsFunc(o.gates, func(g *gate) bool { return !t.has(g.place) })
}

// pick is the gateway for the next window among those that take messages at
// now and have not been tried; if none takes any, when to ask again. If all
// have been tried, as when the configuration has fewer now, it is one of them.
// One that only rests for a moment is waited for: it is no reason to give those
// that are trusted less more than their share.
func (o *outlet) pick(now time.Time, t tried, roll func() float64) (*gate, time.Time) {
	var soonest time.Time
	var open []*gate
	rests := 0.0 // the best share among those that rest
	for _, g := range o.gates {
		if t.has(g.place) && o.left(t) {
			continue
		}
		until, closed := g.closed(now)
		if !closed {
			open = append(open, g)
			continue
		}
		if soonest.IsZero() || until.Before(soonest) {
			soonest = until
		}
		if !g.givenUp(now) {
			rests = max(rests, g.holds().Stage.Share())
		}
	}
	open = slices.DeleteFunc(open, func(g *gate) bool {
		share := g.holds().Stage.Share()
		return share < rests && (share == 0 || roll() >= share)
	})
	if len(open) == 0 {
		return nil, soonest
	}
	choices := make([]Choice, len(open))
	for i, g := range open {
		choices[i] = g.choice()
	}
	return open[Choose(choices, roll)], time.Time{}
}

func (g *gate) choice() Choice {
	g.mu.Lock()
	defer g.mu.Unlock()
	return Choice{Weight: g.Weight, Stage: g.health.Stage, Ail: g.ail}
}

// hold takes over what is held of the gateway's health.
func (g *gate) hold(h Health, ail float64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.health, g.ail = h, ail
}

func (g *gate) holds() Health {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.health
}

// exhaust gives the gateway a rest until its next day.
func (g *gate) exhaust(until time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if until.After(g.full) {
		g.full = until
	}
}

// spent says whether the gateway has had its day's number.
func (g *gate) spent(now time.Time) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return now.Before(g.full)
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

// ailing says why the channel should be left by whoever has another way: its
// gateways are judged dead, and those that are not have been given up. Whoever
// has none is sent to by the least bad.
func (o *outlet) ailing(now time.Time) string {
	why, dead := "", 0
	for _, g := range o.gates {
		switch h := g.holds(); {
		case h.Stage == Dead:
			why, dead = cmp.Or(why, h.Why), dead+1
		case !g.givenUp(now):
			return ""
		}
	}
	switch dead {
	case 0:
		return ""
	case len(o.gates):
		return "every gateway is judged dead: " + why
	}
	return "no gateway takes messages but those judged dead: " + why
}

// other says which gateways of the channel are judged dead, and whether one of
// the rest takes messages now, or soon.
func (o *outlet) other(now time.Time) (dead tried, is bool) {
	for _, g := range o.gates {
		if g.holds().Stage == Dead {
			dead = dead.and(g.place)
			continue
		}
		is = is || !g.givenUp(now)
	}
	return dead, is
}

// share is the part of its people that the channel gets: that of its
// best gateway.
func (o *outlet) share() float64 {
	if len(o.gates) == 0 {
		return 1
	}
	best := 0.0
	for _, g := range o.gates {
		best = max(best, g.holds().Stage.Share())
	}
	return best
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

// most is how many recipients one request may have where every gateway of the
// channel takes more than one; else 0.
func (o *outlet) most() int {
	if o == nil {
		return 0
	}
	least := 0
	for _, g := range o.gates {
		m, ok := g.Gateway.(Multicaster)
		if !ok {
			return 0
		}
		if least == 0 || m.Most() < least {
			least = m.Most()
		}
	}
	return least
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

// prices is what a notice's text of the class costs through a gateway, by
// language.
func (g *gate) prices(n *Notice, class Class) map[string]int64 {
	prices := map[string]int64{}
	for i := range n.Texts {
		t := &n.Texts[i]
		if t.Class != class {
			continue
		}
		cost := g.Charge(t).Milli
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
