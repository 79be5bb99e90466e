package notifier

import (
	"context"
	"fmt"
	"time"
)

const (
	// examineEvery is how often gateways are looked at, usualEvery how often what
	// is usual for them is read anew, and usualSpan over how long it lies.
	examineEvery = time.Second
	usualEvery   = 10 * time.Minute
	usualSpan    = 30 * 24 * time.Hour
	// rescueAgain is when a dead gateway's people are looked for again: results
	// may have come in since. Each time the pause doubles.
	rescueAgain, rescueSeldom = 5 * time.Second, 5 * time.Minute
)

// vitals is what a node knows of gateways; the sweep's alone.
type vitals struct {
	examined time.Time
	read     time.Time
	usual    map[string]Beat
	rescues  map[string]rescue // by gateway
	watching bool              // a gateway is not well, or owes receipts
	alarmed  int64             // the notice over its budget that operators were told of last
}

// rescue is when a dead gateway's people are looked for next.
type rescue struct {
	since time.Time // of the death
	next  time.Time
	pause time.Duration
}

// examine judges every gateway's health from what all nodes have seen of it.
func (s *Sender) examine(ctx context.Context, t *term) error {
	v := &t.vitals
	if !v.examined.IsZero() && t.tick().Sub(v.examined) < examineEvery {
		return nil
	}
	v.examined = t.tick()
	now := t.now()
	if err := s.readHeld(ctx, t); err != nil {
		return err
	}
	healths, err := s.ledger.Healths(ctx)
	if err != nil {
		return err
	}
	if err := s.readUsual(ctx, v, healths, now); err != nil {
		return err
	}
	beats, err := s.ledger.Pulse(ctx, now.Add(-ExamineSpan))
	if err != nil {
		return err
	}
	v.watching = false
	for _, id := range s.order {
		o := s.outlets[id]
		down := ""
		if o.Follows != "" {
			down = BlockedBy(o.Follows, s.o.State(o.Follows))
		}
		for _, g := range o.gates {
			h := healths[g.Name]
			signs := Examine(v.usual[g.Name], beats[g.Name], h.Since, now, h.Stage == Canary || h.Stage == Tenth)
			if h, err = s.decide(ctx, g, h, signs, down, now); err != nil {
				return err
			}
			g.hold(h, signs.Ail)
			v.watching = v.watching || h.Stage != Well || owes(v.usual[g.Name], beats[g.Name])
			s.o.Metrics.stages.WithLabelValues(g.Name).Set(float64(h.Stage))
			if err := s.strand(ctx, t, o, g, h); err != nil {
				return err
			}
		}
	}
	return nil
}

// owes says whether a gateway that usually tells has not told of everything.
func owes(usual Beat, beats []Beat) bool {
	var sum Beat
	for _, b := range beats {
		sum.add(b)
	}
	return usual.Told > 0 && sum.Taken > sum.Told
}

// readUsual reads what is usual now and then: it changes slowly.
func (s *Sender) readUsual(ctx context.Context, v *vitals, healths map[string]Health, now time.Time) error {
	if !v.read.IsZero() && now.Sub(v.read) < usualEvery && now.After(v.read.Add(-usualEvery)) {
		return nil
	}
	past, err := s.ledger.Pulse(ctx, now.Add(-usualSpan))
	if err != nil {
		return err
	}
	v.read, v.usual = now, map[string]Beat{}
	for gateway, beats := range past {
		for len(beats) > 0 && beats[len(beats)-1].At.After(now.Add(-ExamineSpan)) {
			beats = beats[:len(beats)-1]
		}
		v.usual[gateway] = Usual(beats, healths[gateway])
	}
	return nil
}

// decide takes a gateway's next step, unless another node has been faster: then
// the next look shows what it decided.
func (s *Sender) decide(ctx context.Context, g *gate, h Health, signs Signs, down string, now time.Time) (Health, error) {
	next := h.Step(signs, down, now)
	if next.Stage == h.Stage {
		return h, nil
	}
	won, err := s.ledger.SetHealth(ctx, g.Name, next)
	if err != nil || !won {
		return h, err
	}
	next.Version++
	s.o.Log.Info("a gateway's health", "gateway", g.Name, "stage", next.Stage.String(), "why", next.Why)
	if next.Stage == Dead && down == "" {
		s.alarm(AlarmDead, g.Name, "judged dead: "+next.Why, now)
	}
	return next, nil
}

// strand has those looked at whose messages a dead gateway took.
func (s *Sender) strand(ctx context.Context, t *term, o *outlet, g *gate, h Health) error {
	if h.Stage != Dead {
		delete(t.vitals.rescues, g.Name)
		return nil
	}
	r, known := t.vitals.rescues[g.Name]
	if !known || !r.since.Equal(h.Since) {
		r = rescue{since: h.Since, pause: rescueAgain}
	} else if t.tick().Before(r.next) {
		return nil
	}
	if err := s.ledger.Strand(ctx, o.ID, g.Name, h.Lost, t.now()); err != nil {
		return err
	}
	r.next = t.tick().Add(r.pause)
	r.pause = min(2*r.pause, rescueSeldom)
	t.vitals.rescues[g.Name] = r
	return nil
}

// rescueAll moves on whom a dead gateway has told nothing of, to the channel's
// next gateway or to the next hop, flagged; in their quiet hours not before
// these are over. It says whom it moved.
func (s *Sender) rescueAll(ctx context.Context, t *term, n *Notice, w Waiting, plan []Hop, reaches map[int64]Reach, to *moves) (map[int64]bool, error) {
	o := s.outlets[w.Channel]
	if o == nil || n.Policy == AtMostOnce {
		return nil, nil
	}
	var saved map[int64]bool
	for _, i := range w.Items {
		g := o.gateway(i.Gateway)
		if g == nil || i.Rank != Accepted || i.Fate != FateOpen || !g.holds().Stranded(i.At) {
			continue
		}
		if saved == nil {
			over, err := s.overBudget(ctx, t, o, n, w.Notice)
			if err != nil || over {
				return nil, err
			}
			saved = map[int64]bool{}
		}
		m := Mover{Rcpt: i.Rcpt, Again: true, Saved: true, Why: g.Name + ": judged dead"}
		reach := reaches[i.Rcpt]
		ready := reach.later(n, t.now())
		dead, other := o.other(t.tick())
		if other && s.blocked(w.Channel, t.tick()) == "" {
			to.add(w.Channel, Way{Hop: w.Hop}, int(dead), m, ready)
			saved[i.Rcpt] = true
			continue
		}
		own := OwnPlan(plan, reach, s.kind)
		if way, ok := s.wayOn(t, own, w.Hop, i.Rcpt, reach.Kinds); ok && way.Free {
			to.add(own[way.Hop].Channel, way, 0, m, ready)
			saved[i.Rcpt] = true
		}
	}
	return saved, nil
}

// overBudget says whether so many of a notice's people on a channel have turned
// out to hear twice that nobody more is rescued.
func (s *Sender) overBudget(ctx context.Context, t *term, o *outlet, n *Notice, number int64) (bool, error) {
	twice, planned, err := s.ledger.Twice(ctx, number, o.ID)
	if err != nil || planned == 0 {
		return false, err
	}
	part := float64(twice) / float64(planned)
	s.o.Metrics.twice.WithLabelValues(o.ID).Set(part)
	if o.Duplicates <= 0 || part <= o.Duplicates {
		return false, nil
	}
	if t.vitals.alarmed == number {
		return true, nil
	}
	t.vitals.alarmed = number
	s.alarm(AlarmTwice, n.ID, fmt.Sprintf("%d of %d people on %s were delivered to after all; the rest wait for their receipts", twice, planned, o.ID), t.now())
	return true, nil
}
