package notifier

import (
	"context"
	"time"

	"golang.org/x/sync/errgroup"
)

// resume takes up what the batch's last owner, or this node, left unfinished.
func (r *run) resume(ctx context.Context) error {
	items, err := r.s.ledger.Unfinished(ctx, r.claim, false)
	if err != nil {
		return err
	}
	if len(items) == 0 {
		return nil
	}
	if err := r.readReaches(ctx); err != nil {
		return err
	}
	var doubts []Item
	for _, i := range items {
		if i.Rank == Planned && i.Fate == FateOpen {
			doubts = append(doubts, i)
			continue
		}
		r.takeUp(i)
	}
	return r.settleAll(ctx, doubts)
}

// takeUp decides anew what follows a failure that an earlier owner recorded.
func (r *run) takeUp(i Item) {
	done := r.triedWith(i.Gateway)
	next := NextHop
	if i.Rank != FailedRank {
		next = AfterFailure(Retry, false, i.Tries, r.s.o.Tries, r.o.left(done))
	}
	r.setback(setback{
		Mover: Mover{Rcpt: i.Rcpt, Tries: i.Tries, Again: i.Again, Singly: r.claim.Manner == MannerMany, Why: i.Gateway + ": " + i.Code},
		next:  next, tried: done, ready: r.t.now().Add(Backoff(i.Tries, r.s.jitter())),
		lost: Ending{Rcpt: i.Rcpt, Why: i.Code},
	})
}

// settleAll settles doubts, each by the surest means there is now.
func (r *run) settleAll(ctx context.Context, doubts []Item) error {
	var again, ask []Item
	same := map[string][]Item{} // by gateway: only the one that may have it knows the key
	sort := func(i Item, s Settlement) {
		switch s {
		case SendSameKey:
			same[i.Gateway] = append(same[i.Gateway], i)
		case SendAgain:
			if !r.goesOnHeld(i) {
				again = append(again, i)
			}
		case LookUp:
			ask = append(ask, i)
		case GoOn:
			r.goOn(i)
		case LeaveUnknown:
			r.end(Ending{Rcpt: i.Rcpt, Fate: FateUnknown, Why: "in doubt at " + i.Gateway})
		case WaitForReceipt:
			r.comeBack(i.Doubt.Add(r.s.o.SettleWait))
			if !i.Doubt.Add(r.s.o.SettleWait).After(r.t.now()) {
				r.again = r.t.now().Add(lookAgain)
			}
		}
	}
	for _, i := range doubts {
		sort(i, r.inDoubt(i).Settle(r.t.now()))
	}
	for _, i := range r.lookUp(ctx, ask) {
		d := r.inDoubt(i)
		d.Finds = false
		sort(i, d.Settle(r.t.now()))
	}
	if err := r.saveFound(ctx); err != nil {
		return err
	}
	for _, g := range r.o.gates {
		if err := r.resend(ctx, same[g.Name], false); err != nil {
			return err
		}
	}
	return r.resend(ctx, again, true)
}

// inDoubt says what is known of a doubt.
func (r *run) inDoubt(i Item) InDoubt {
	d := InDoubt{
		Since: i.Doubt, Wait: r.s.o.SettleWait, Policy: r.notice.Policy, Over: r.claim.Over,
		Tries: i.Doubts, Limit: r.s.o.Tries,
	}
	if g := r.o.gateway(i.Gateway); g != nil {
		if d.Dedupes = dedupes(g); r.o.held() != "" || g.spent(r.t.tick()) {
			d.Dedupes = 0 // repeating it would wait for the next day
		}
		_, d.Finds = g.Gateway.(Finder)
	}
	if r.s.blocked(r.o.ID, r.t.tick()) != "" || r.deadEnd(i) {
		d.Blocked = true
		if way, ok := r.wayOn(i.Rcpt); (!ok || !way.Free) && !r.deadEnd(i) {
			d.Wait = r.t.now().Sub(d.Since) + time.Millisecond // wait on: there is no other way yet
		}
	}
	return d
}

// deadEnd says whether somebody's gateway is judged dead and another of the
// channel takes messages.
func (r *run) deadEnd(i Item) bool {
	g := r.o.gateway(i.Gateway)
	if g == nil || g.holds().Stage != Dead {
		return false
	}
	_, other := r.o.other(r.t.tick())
	return other
}

// goesOnHeld has somebody who is to be sent to once more, by a channel that is
// held, go on by another way if there is one.
func (r *run) goesOnHeld(i Item) bool {
	if r.o.held() == "" {
		return false
	}
	way, ok := r.wayOn(i.Rcpt)
	if !ok || !way.Free {
		return false
	}
	r.goOn(i)
	return true
}

// triedWith is which gateways have been tried for the batch, with one more.
func (r *run) triedWith(gateway string) tried {
	done := tried(r.claim.Route)
	if g := r.o.gateway(gateway); g != nil {
		done = done.and(g.place)
	}
	return done
}

func dedupes(g *gate) time.Duration {
	if d, ok := g.Gateway.(Deduper); ok {
		return d.DedupesFor()
	}
	return 0
}

// goOn sends somebody in doubt on by another way, flagged.
func (r *run) goOn(i Item) {
	done, next := r.triedWith(i.Gateway), NextHop
	if r.o.left(done) && r.shut() == "" {
		next = NextGateway
	}
	why := "in doubt at " + i.Gateway
	r.setback(setback{
		Mover: Mover{Rcpt: i.Rcpt, Again: true, Why: why}, next: next, tried: done,
		lost: Ending{Rcpt: i.Rcpt, Fate: FateUnknown, Why: why},
	})
}

func (r *run) end(e Ending) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ends = append(r.ends, e)
}

// lookUp asks gateways what became of messages in doubt, and records what they
// say. It returns those of which they know nothing.
func (r *run) lookUp(ctx context.Context, items []Item) []Item {
	asked := make([]bool, len(items)) // and the message is not there
	parts := errgroup.Group{}
	parts.SetLimit(8)
	if r.t.inline {
		parts.SetLimit(1)
	}
	for n, i := range items {
		parts.Go(func() error {
			asked[n] = r.find(ctx, i)
			return nil
		})
	}
	_ = parts.Wait() // nobody returns an error
	var missing []Item
	for n, i := range items {
		if asked[n] {
			missing = append(missing, i)
		}
	}
	return missing
}

// find asks for one message. It says true when the gateway does not have it,
// or could not be asked for too long. Not even a question goes to a channel
// that has been blocked since.
func (r *run) find(ctx context.Context, i Item) (missing bool) {
	if r.s.blocked(r.o.ID, r.t.tick()) != "" {
		r.comeBack(r.t.now())
		return false
	}
	g := r.o.gateway(i.Gateway)
	text, _ := r.notice.TextFor(r.class(), i.Lang)
	request, cancel := context.WithTimeout(ctx, r.s.o.SendTimeout)
	defer cancel()
	found, ref, rank, err := g.Gateway.(Finder).Find(request, r.message(&i, text, false), i.Doubt.Add(-r.s.o.SendTimeout))
	switch {
	case err != nil && r.t.now().Sub(i.Doubt) > r.s.o.SettleWait+askFor:
		return true
	case err != nil:
		r.comeBack(r.t.now().Add(askAgain))
		return false
	case !found:
		return true
	}
	res := Result{Kind: Handed, Rank: max(rank, Accepted), Rcpt: i.Rcpt, Ref: ref, Gateway: g.Name}
	if rank == FailedRank {
		res.Kind, res.Code = Refused, "looked_up"
		r.setback(setback{
			Mover: Mover{Rcpt: i.Rcpt, Why: g.Name + ": failed"}, next: NextHop,
			lost: Ending{Rcpt: i.Rcpt, Why: "looked_up"},
		})
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.unsaved = append(r.unsaved, res)
	return false
}

// resend hands over once more what is in doubt, under the same key; without a
// flag through the one gateway that may have it.
func (r *run) resend(ctx context.Context, items []Item, flagged bool) error {
	if len(items) == 0 {
		return nil
	}
	g, until := r.o.pick(r.t.tick(), tried(r.claim.Route), r.s.jitter)
	if !flagged {
		g, until = r.o.gateway(items[0].Gateway), time.Time{}
		if rest, closed := g.closed(r.t.tick()); closed {
			g, until = nil, rest
		}
	}
	if g == nil {
		return r.noGateway(until)
	}
	rcpts := make([]int64, len(items))
	for n, i := range items {
		rcpts[n] = i.Rcpt
	}
	w := r.window(g)
	m, many := r.multicaster(g)
	w.Many = many && r.claim.Manner == MannerMany && !flagged
	grant, err := r.s.ledger.Resend(context.WithoutCancel(ctx), w, rcpts)
	if err != nil {
		return err
	}
	if grant.Stop == Exhausted {
		r.exhausted(g, w)
		r.comeBack(r.t.now())
		return nil
	}
	if grant.Stop != Go {
		return r.stopped(grant.Stop)
	}
	whole := false
	if w.Many {
		whole = r.sendMany(ctx, g, m, w, grant.Items, true)
	} else {
		whole = r.sendAll(ctx, g, w, grant.Items, flagged)
	}
	if !whole {
		r.comeBack(r.t.now())
	}
	return r.save(ctx)
}

// saveFound commits what a look-up found.
func (r *run) saveFound(ctx context.Context) error {
	r.mu.Lock()
	found := r.unsaved
	r.unsaved = nil
	r.mu.Unlock()
	if r.t.inline {
		for _, res := range found {
			r.record(ctx, res)
		}
		return r.save(ctx)
	}
	for _, res := range found {
		r.record(ctx, res)
	}
	return nil
}
