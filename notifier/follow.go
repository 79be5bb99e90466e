package notifier

import (
	"context"
	"fmt"
	"time"
)

// How often gateways that call nobody back are asked about what they took, and
// about how many batches at a time.
const (
	followEvery = time.Second
	followMost  = 64
)

// follow hears of deliveries while their batch is still being worked, or waits:
// whoever is known to have it when a channel fails is not told again by
// another. Where many are unheard of that is one list for all of them. A drill
// asks when a wait is over, and no sooner.
func (s *Sender) follow(ctx context.Context, t *term) error {
	if t.inline || t.tick().Sub(t.followed) < followEvery {
		return nil
	}
	t.followed = t.tick()
	for _, id := range s.order {
		if !s.outlets[id].reports() || s.blocked(id, t.tick()) != "" {
			continue
		}
		unheard, err := s.ledger.Unheard(ctx, t.id, id, t.now(), followMost)
		if err != nil {
			return fmt.Errorf("looking for what nobody has reported on: %w", err)
		}
		if err := s.ask(ctx, t, unheard); err != nil {
			return err
		}
	}
	return nil
}

// reports says whether one of the channel's gateways has to be asked.
func (o *outlet) reports() bool {
	for _, g := range o.gates {
		if _, ok := g.Gateway.(Reporter); ok {
			return true
		}
	}
	return false
}
