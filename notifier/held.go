package notifier

import (
	"context"
	"time"
)

// A channel is held for its daily cap, or by an operator. No request goes there
// meanwhile; whoever can be reached otherwise need not wait for the day's end.
// What it took before is not touched by that: its receipts still come.

// readHeld learns which channels are held.
func (s *Sender) readHeld(ctx context.Context, t *term) error {
	held, err := s.ledger.Held(ctx, t.now())
	if err != nil {
		return err
	}
	for _, id := range s.order {
		s.outlets[id].hold(held[id])
	}
	return nil
}

// hold keeps why the channel is held; empty: it is not.
func (o *outlet) hold(why string) { o.heldFor.Store(&why) }

// held says why the channel is held, as far as this node knows.
func (o *outlet) held() string {
	if why := o.heldFor.Load(); why != nil && *why != "" {
		return "held: " + *why
	}
	return ""
}

// heldAgain is when a batch at a held channel is looked at again: that lasts for
// hours, and nobody else changes it but an operator.
const heldAgain = 10 * time.Second

// pause is when a batch that can go nowhere is looked at again.
func (r *run) pause() time.Duration {
	if r.o.held() != "" {
		return heldAgain
	}
	return lookAgain
}

// shut says why no request goes to a channel: it is blocked, or held.
func (r *run) shut() string {
	if why := r.s.blocked(r.o.ID, r.t.tick()); why != "" {
		return why
	}
	return r.o.held()
}

// onward says whether a plan goes on beyond a channel, in whatever order its
// people have put their own ways.
func (s *Sender) onward(channel string) bool {
	for _, plan := range s.o.Plans {
		if len(plan) < 2 {
			continue
		}
		for _, h := range plan {
			if h.Channel == channel {
				return true
			}
		}
	}
	return false
}
