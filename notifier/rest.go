package notifier

import (
	"context"
	"time"
)

// settled is how long after its notice a batch is trusted to leave when it was
// planned to: quiet hours were asked then.
const settled = time.Minute

// hush has those who have not been tried and whose quiet hours have begun since
// they were planned wait for the end of these, as a pause or a cap may have kept
// the batch until night. The others go on in a batch of their own.
func (r *run) hush(ctx context.Context) error {
	now := r.t.now()
	if r.notice.Safety() || r.o.Target != "" || r.claim.Over || now.Sub(r.notice.Made) < settled {
		return nil
	}
	if err := r.readReaches(ctx); err != nil {
		return err
	}
	asleep := false
	for _, reach := range r.reach {
		asleep = asleep || reach.later(r.notice, now).After(now)
	}
	if !asleep {
		return nil
	}
	rest, err := r.s.ledger.Unfinished(ctx, r.claim, true)
	if err != nil {
		return err
	}
	var going []setback
	asleep = false
	for _, i := range rest {
		if i.Rcpt <= r.sent || i.Rank != Planned || i.Fate != FateOpen {
			continue
		}
		b := setback{Mover: Mover{Rcpt: i.Rcpt, Tries: i.Tries, Again: i.Again, Why: "goes on without who sleeps"}, next: SameGateway, ready: now}
		reach := r.reach[i.Rcpt]
		if until := reach.later(r.notice, now); until.After(now) {
			asleep, b.ready, b.Why = true, until, "quiet hours"
		}
		going = append(going, b)
	}
	if !asleep {
		return nil
	}
	for _, b := range going {
		r.setback(b)
	}
	r.through = true
	return nil
}
