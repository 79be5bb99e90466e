package notifier

import (
	"context"
	"errors"
	"time"
)

// leave has those who have not been tried go on by another way, because this
// channel is blocked. If there is none for anybody, the batch waits; or stays,
// where the block is soft.
func (r *run) leave(ctx context.Context, why string, soft bool) error {
	r.flights.Wait()
	if err := r.save(ctx); err != nil {
		return err
	}
	if err := r.readReaches(ctx); err != nil {
		return err
	}
	rest, err := r.s.ledger.Unfinished(ctx, r.claim, true)
	if err != nil {
		return err
	}
	var going []setback
	free := false
	for _, i := range rest {
		if i.Rcpt <= r.sent || i.Rank != Planned || i.Fate != FateOpen {
			continue
		}
		b := setback{Mover: Mover{Rcpt: i.Rcpt, Again: i.Again, Why: r.o.ID + ": " + why}, next: NextHop}
		if way, ok := r.wayOn(i.Rcpt); ok && way.Free {
			free = true
		} else {
			b.next, b.ready = SameGateway, r.t.now()
			if !soft {
				b.ready = b.ready.Add(lookAgain)
			}
		}
		going = append(going, b)
	}
	if soft && !free {
		r.stays = true
		return nil
	}
	if len(going) > 0 && !free {
		r.comeBack(r.t.now().Add(r.pause()))
		return nil
	}
	for _, b := range going {
		r.setback(b)
	}
	r.through = true
	return nil
}

func (r *run) readReaches(ctx context.Context) (err error) {
	if r.reach == nil {
		r.reach, err = r.s.ledger.Reaches(ctx, r.claim.Batch)
	}
	return err
}

// wayOn is a recipient's way by the hops after this one.
func (r *run) wayOn(rcpt int64) (Way, bool) {
	return r.s.wayOn(r.t, r.ownPlan(rcpt), r.claim.Hop, rcpt, r.reach[rcpt].Kinds)
}

// ownPlan is the plan in the recipient's own order.
func (r *run) ownPlan(rcpt int64) []Hop { return OwnPlan(r.plan, r.reach[rcpt], r.s.kind) }

func (s *Sender) wayOn(t *term, plan []Hop, hop int, rcpt int64, kinds []string) (Way, bool) {
	has := s.has(kinds)
	if rcpt == 0 {
		has = s.hasTarget
	}
	return NextWay(plan, hop+1, has, t.blocks(s))
}

// leaving sorts out who goes on from here, and who ends here.
func (r *run) leaving(ctx context.Context) (Leaving, error) {
	l := Leaving{Now: r.t.now(), Ends: r.ends, Refund: r.unspent, Unused: r.unused, Day: r.day}
	if r.more() && r.plan[r.claim.Hop].Wait > 0 {
		l.Due = l.Now.Add(r.plan[r.claim.Hop].Wait)
	}
	if len(r.setbacks) == 0 {
		return l, nil
	}
	if err := r.s.insist(ctx, r.readReaches); err != nil {
		return l, err
	}
	to := r.s.newMoves(r.t, r.notice, r.claim.Channel)
	for _, b := range r.setbacks {
		r.place(to, b, &l)
	}
	l.Moves = to.batches(r.s.batchSize(r.plan))
	return l, nil
}

// finish closes the claim: everybody is somewhere.
func (r *run) finish(ctx context.Context) error {
	l, err := r.leaving(ctx)
	if err != nil {
		return err
	}
	f := Finish{Claim: r.claim, Leaving: l, More: r.more()}
	return r.s.insist(ctx, func(ctx context.Context) error { return r.s.ledger.Finish(ctx, f) })
}

// more says whether the plan has further hops.
func (r *run) more() bool { return r.claim.Hop+1 < len(r.plan) }

// place puts one setback on its way, or ends it.
func (r *run) place(to *moves, b setback, l *Leaving) {
	here := Way{Hop: r.claim.Hop, Skipped: r.claim.Skipped}
	switch {
	case r.claim.Over:
		l.Ends = append(l.Ends, Ending{Rcpt: b.Rcpt, Fate: FateCancelled, Why: "over"})
		return
	case b.next == SameGateway:
		to.add(r.claim.Channel, here, r.claim.Route, b.Mover, coarse(b.ready))
		return
	case b.next == NextGateway:
		b.Tries, b.Singly = 0, false
		to.add(r.claim.Channel, here, int(b.tried), b.Mover, time.Time{})
		return
	}
	b.Tries, b.Singly = 0, false
	if way, ok := r.wayOn(b.Rcpt); ok {
		reach := r.reach[b.Rcpt]
		to.add(r.ownPlan(b.Rcpt)[way.Hop].Channel, way, 0, b.Mover, reach.later(r.notice, r.t.now()))
		return
	}
	l.Ends = append(l.Ends, b.lost)
}

// coarse lets recipients whose retries fall close together share a batch.
func coarse(t time.Time) time.Time {
	return t.Truncate(200 * time.Millisecond).Add(200 * time.Millisecond)
}

// release gives the claim back. Nothing above the last request can have been
// sent, so nothing above it is in doubt.
func (r *run) release(ctx context.Context) {
	if r.again.IsZero() {
		r.again = r.t.now()
	}
	if r.t.inline && !r.again.After(r.t.now()) {
		r.again = r.t.now().Add(time.Millisecond) // a drill's clock moves only between steps
	}
	l, err := r.leaving(ctx)
	if err != nil {
		l = Leaving{Now: r.t.now(), Refund: r.unspent, Unused: r.unused, Day: r.day} // they are known by their rows, and wait for the next claim
	}
	err = r.s.insist(ctx, func(ctx context.Context) error {
		return r.s.ledger.Release(ctx, Release{
			Claim: r.claim, Leaving: l, ReadyAt: r.again, Auth: r.sent,
		})
	})
	if err != nil && !errors.Is(err, ErrFenced) {
		r.s.o.Log.Error("giving a batch back: a peer will take it over", "batch", r.claim.Batch, "error", err)
	}
}
