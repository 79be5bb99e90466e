package notifier

import (
	"cmp"
	"context"
	"fmt"
	"time"
)

// Step does all that is due at now and returns when it next has something to
// do; zero if never. It is the sender of a drill: the same rules and the same
// books, but one node, one thing after another in the order of their ids, and
// no time of its own. A sender either steps or runs.
func (s *Sender) Step(ctx context.Context, now time.Time) (time.Time, error) {
	t, err := s.drill(ctx)
	if err != nil {
		return time.Time{}, err
	}
	clock := func() time.Time { return now }
	if back := t.stepped.Sub(now); back > 0 {
		t.ahead += back
	}
	t.stepped = now
	tick := now.Add(t.ahead) // as live, where a clock that is set back does not take paces with it
	t.now, t.tick = clock, func() time.Time { return tick }
	for {
		before := t.done
		for _, do := range []func(context.Context, *term) error{s.planAll, s.sweep, s.claimAll} {
			if err := cmp.Or(do(ctx, t), t.err); err != nil {
				return time.Time{}, fmt.Errorf("sending at %s: %w", now.Format(time.RFC3339), err)
			}
		}
		if t.done == before {
			break
		}
	}
	next, err := s.ledger.NextDue(ctx, now)
	if err != nil {
		return time.Time{}, fmt.Errorf("asking what is due next: %w", err)
	}
	if watch := now.Add(watchEvery); t.vitals.watching && (next.IsZero() || watch.Before(next)) {
		return watch, nil
	}
	return next, nil
}

// watchEvery is how often a drill looks at gateways when nothing else happens.
const watchEvery = PulseSlot

// drill is the one term of a stepping sender.
func (s *Sender) drill(ctx context.Context) (*term, error) {
	if s.inline != nil {
		return s.inline, nil
	}
	id := s.o.Node + "-steps"
	if _, err := s.ledger.Join(ctx, id, s.o.Node); err != nil {
		return nil, fmt.Errorf("registering the drill: %w", err)
	}
	s.desk.window = 0
	s.inline = newTerm(id)
	s.inline.inline, s.inline.maySend = true, func() bool { return true }
	return s.inline, nil
}
