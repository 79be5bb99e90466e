package notifier

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// sweep moves on those who wait at a hop in vain: who failed, whose wait has
// passed, and everybody at a channel that is blocked now.
func (s *Sender) sweep(ctx context.Context, t *term) error {
	if err := s.examine(ctx, t); err != nil {
		return err
	}
	for _, id := range s.order {
		if err := s.nudge(ctx, t, id); err != nil {
			return err
		}
	}
	if err := s.follow(ctx, t); err != nil {
		return err
	}
	for ctx.Err() == nil {
		const most = 32
		waiting, err := s.ledger.Waiting(ctx, t.now(), most)
		if err != nil {
			return err
		}
		if err := s.ask(ctx, t, waiting); err != nil {
			return err
		}
		for _, w := range waiting {
			if err := s.advance(ctx, t, w); err != nil && !errors.Is(err, ErrFenced) {
				return fmt.Errorf("moving on from batch %d: %w", w.Batch, err)
			}
			t.worked()
		}
		if len(waiting) > 0 {
			poke(s.toSend)
		}
		if len(waiting) < most {
			return nil
		}
	}
	return ctx.Err()
}

// nudge has those who wait at a channel looked at as soon as it is blocked, and
// in a while again for as long as it is: another way may have become free.
func (s *Sender) nudge(ctx context.Context, t *term, channel string) error {
	if s.blocked(channel, t.tick()) == "" {
		delete(t.nudged, channel)
		return nil
	}
	if last, done := t.nudged[channel]; done && t.tick().Sub(last) < lookAgain {
		return nil
	}
	if err := s.ledger.Nudge(ctx, channel, t.now()); err != nil {
		return err
	}
	t.nudged[channel] = t.tick()
	return nil
}

// advance looks at one waiting batch.
func (s *Sender) advance(ctx context.Context, t *term, w Waiting) error {
	n, err := s.notice(ctx, w.Notice)
	if err != nil {
		return err
	}
	a := Advance{Waiting: w, Now: t.now()}
	plan := s.planOf(n.Plan)
	if w.Over || w.Hop >= len(plan) {
		return s.ledger.Advance(ctx, t.id, a) // who has not been reached stays so
	}
	hop := hopAt(plan, w.Hop, w.Channel)
	a.Until = until(hop)
	reaches, err := s.ledger.Reaches(ctx, w.Batch)
	if err != nil {
		return err
	}
	to := s.newMoves(t, n, w.Channel)
	saved, err := s.rescueAll(ctx, t, n, w, plan, reaches, to)
	if err != nil {
		return err
	}
	if len(saved) > 0 {
		a.Until = Delivered // that it was taken is worth nothing
	}
	waits := false
	for _, i := range w.Items {
		if !saved[i.Rcpt] && !s.leaves(t, w, plan, i, reaches[i.Rcpt], to) {
			waits = waits || (i.Rank != FailedRank && i.Fate == FateOpen && !Reached(i.Rank, until(hop)))
		}
	}
	a.Moves = to.batches(s.batchSize(plan))
	if waits && w.Due.After(a.Now) {
		a.Next = w.Due
	}
	if err := s.ledger.Advance(ctx, t.id, a); err != nil {
		return err
	}
	s.o.Metrics.rescued.WithLabelValues(w.Channel).Add(float64(len(saved)))
	return nil
}

// leaves moves one recipient on if it is time and there is a way.
func (s *Sender) leaves(t *term, w Waiting, plan []Hop, i Item, reach Reach, to *moves) bool {
	own, hop := OwnPlan(plan, reach, s.kind), hopAt(plan, w.Hop, w.Channel)
	way, ok := s.wayOn(t, own, w.Hop, i.Rcpt, reach.Kinds)
	if !ok {
		return false
	}
	blocked := s.blocked(w.Channel, t.tick())
	due := w.Due
	if due.IsZero() {
		due = t.now().Add(time.Hour) // no wait: only the failed go on
	}
	if !LeavesHop(i, until(hop), due, t.now(), blocked != "", way.Free) {
		return false
	}
	why := "not " + until(hop).String() + " in time"
	switch {
	case i.Rank == FailedRank:
		why = "failed: " + i.Code
	case blocked != "" && t.now().Before(due):
		why = w.Channel + ": " + blocked
	}
	to.add(own[way.Hop].Channel, way, 0, Mover{Rcpt: i.Rcpt, Again: i.Again, Why: why}, reach.later(to.n, t.now()))
	return true
}

// until is what a hop counts as success; at least a hand-over.
func until(h Hop) Rank { return max(h.Until, Accepted) }
