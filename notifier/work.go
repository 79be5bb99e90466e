package notifier

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"time"
)

const (
	// slots is how many batches of a channel a node works at once: while one
	// waits for its last answers and one for its window, one sends. A fast
	// channel needs more, for it sends faster than a commit takes. As many again
	// are kept for what was taken over: it has waited longest.
	slots, fastSlots = 3, 8
	// fast is from how many hand-overs a second on a channel is fast.
	fast = 1000
	// lookAgain is when a batch that can go nowhere is looked at again.
	lookAgain = 5 * time.Second
	// askAgain is when a gateway that could not be asked is asked again, and
	// askFor how long.
	askAgain = 2 * time.Second
	askFor   = time.Minute
	// ahead is how far a drill's pace may run ahead of its clock in one step.
	ahead = 100 * time.Millisecond
)

// claimAll takes batches of every channel and has them worked.
func (s *Sender) claimAll(ctx context.Context, t *term) error {
	if err := s.forget(ctx, t); err != nil {
		return err
	}
	var errs []error
	for _, id := range s.order {
		if err := s.claim(ctx, t, s.outlets[id]); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(append(errs, s.claimStrays(ctx, t))...)
}

// claimStrays takes batches of channels that the configuration has no more:
// whoever is in them goes on by the next hop. It looks now and then, since a
// node that still knows the channel may die at any time; and lets go what has
// expired while it was kept back.
func (s *Sender) claimStrays(ctx context.Context, t *term) error {
	if !t.strays.IsZero() && t.tick().Sub(t.strays) < lookAgain {
		return nil
	}
	t.strays = t.tick()
	freed, err := s.ledger.FreeExpired(ctx, t.now())
	if err != nil {
		return err
	}
	if freed {
		t.worked()
		poke(s.toPlan)
		poke(s.toSend)
	}
	channels, err := s.ledger.Ready(ctx)
	if err != nil {
		return err
	}
	for _, id := range channels {
		if s.outlets[id] != nil {
			continue
		}
		if err := s.claim(ctx, t, newOutlet(Channel{ID: id}, 0)); err != nil {
			return err
		}
	}
	return nil
}

// forget frees batches whose claim succeeded without our hearing of it.
func (s *Sender) forget(ctx context.Context, t *term) error {
	t.mu.Lock()
	lost := t.lost
	inHand := make([]int64, 0, len(t.inHand))
	for id := range t.inHand {
		inHand = append(inHand, id)
	}
	t.mu.Unlock()
	if !lost {
		return nil
	}
	if err := s.ledger.Forget(ctx, t.id, inHand); err != nil {
		return err
	}
	t.mu.Lock()
	t.lost = false
	t.mu.Unlock()
	return nil
}

func (s *Sender) claim(ctx context.Context, t *term, o *outlet) error {
	if !t.open() {
		return nil
	}
	if o.held() != "" && !s.onward(o.ID) {
		return nil // nobody there has another way
	}
	if g, _ := o.pick(t.tick(), 0, never); g == nil && s.blocked(o.ID, t.tick()) == "" && !t.inline {
		return nil // it would only be given back
	}
	waiting, err := s.ledger.Lanes(ctx, o.ID, t.now())
	if err != nil {
		return err
	}
	o.lanes.see(waiting)
	most := slots
	if rate := o.rate(); rate == 0 || rate > fast {
		most = fastSlots
	}
	free := most - t.held(o.ID)
	if slices.Contains(waiting, TakenLane) {
		more := free
		if more <= 0 {
			more += most
		}
		n, err := s.claimLane(ctx, t, o, TakenLane, more)
		if err != nil {
			return err
		}
		free -= n
	}
	for _, lane := range o.lanes.order() {
		if free <= 0 {
			break
		}
		n, err := s.claimLane(ctx, t, o, lane, free)
		if err != nil {
			return err
		}
		free -= n
	}
	return nil
}

// never is a roll without luck: only whether there is a gateway matters.
func never() float64 { return 1 }

// claimLane takes batches of one lane and has them worked. It says how many.
func (s *Sender) claimLane(ctx context.Context, t *term, o *outlet, lane, most int) (int, error) {
	if most <= 0 {
		return 0, nil
	}
	claims, err := s.ledger.Claim(ctx, ClaimQuery{Node: t.id, Now: t.now(), Channel: o.ID, Lane: lane, Limit: most})
	if err != nil {
		t.mu.Lock()
		t.lost = true
		t.mu.Unlock()
		return 0, err
	}
	for _, c := range claims {
		t.hold(c)
		if t.inline {
			s.work(ctx, t, o, c)
			continue
		}
		s.workers.Go(func() { s.work(ctx, t, o, c) })
	}
	return len(claims), nil
}

// run is one claim being worked.
type run struct {
	s      *Sender
	t      *term
	o      *outlet
	claim  Claim
	notice *Notice
	plan   []Hop
	reach  map[int64]Reach // read when somebody has to go on

	sent    int64          // the highest recipient a request was made for
	through bool           // nobody is left who has not been tried
	stays   bool           // nobody has a better way, though every gateway is judged dead
	flights sync.WaitGroup // requests that have begun, until their results are durable

	mu       sync.Mutex
	again    time.Time      // when to come back; zero: no need to
	unspent  int64          // reserved for messages that no gateway took …
	unused   map[string]int // … and how many there were, at gateways that count …
	day      string         // … on that day
	setbacks []setback
	ends     []Ending
	unsaved  []Result // of a drill's window
}

// setback is somebody whom this batch did not reach.
type setback struct {
	Mover
	next  Next
	tried tried // the channel's gateways that have been
	ready time.Time
	lost  Ending // how it ends if there is no other way
}

// work carries a claim as far as it can be carried now, then closes it or
// gives it back. It ends only when the ledger knows, or ctx is done.
func (s *Sender) work(ctx context.Context, t *term, o *outlet, c Claim) {
	defer poke(s.toSend)
	defer t.drop(c)
	r := &run{s: s, t: t, o: o, claim: c, sent: c.Auth}
	defer o.man()()
	err := r.carry(ctx)
	r.flights.Wait()
	if err == nil && r.through && r.again.IsZero() {
		err = r.finish(ctx)
		if err == nil || errors.Is(err, ErrFenced) {
			poke(s.toSweep)
			return
		}
		r.setbacks, r.ends = nil, nil // their rows tell the next owner
	}
	if err != nil && ctx.Err() == nil {
		s.o.Log.Warn("working a batch", "batch", c.Batch, "channel", c.Channel, "error", err)
		if t.inline {
			t.err = cmp.Or(t.err, err)
		}
		r.comeBack(t.now().Add(time.Second))
	}
	r.release(ctx)
}

// comeBack has the batch claimed again at a time, or sooner. Answers ask for it
// too, while the batch is being worked.
func (r *run) comeBack(at time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.again.IsZero() || at.Before(r.again) {
		r.again = at
	}
}

func (r *run) carry(ctx context.Context) (err error) {
	if r.notice, err = r.s.notice(ctx, r.claim.Notice); err != nil {
		return err
	}
	r.plan = r.s.planOf(r.notice.Plan)
	if r.claim.Auth >= 0 {
		if err := r.resume(ctx); err != nil {
			return err
		}
	}
	if err := r.hush(ctx); err != nil || r.through {
		return err
	}
	return r.windows(ctx)
}

// windows authorises and sends, window by window, until nobody is left or
// something is in the way.
func (r *run) windows(ctx context.Context) error {
	r.o.lanes.begin(r.claim.Lane)
	defer r.o.lanes.end(r.claim.Lane)
	for {
		if why := r.shut(); why != "" && !r.claim.Over {
			return r.leave(ctx, why, false)
		}
		if why := r.o.ailing(r.t.tick()); why != "" && !r.stays && !r.claim.Over {
			if err := r.leave(ctx, why, true); err != nil || r.through {
				return err
			}
		}
		if !r.t.open() {
			r.comeBack(r.t.now())
			return nil
		}
		if !r.t.inline && !r.o.lanes.turn(ctx, r.claim.Lane) {
			r.comeBack(r.t.now())
			return nil
		}
		g, until := r.o.pick(r.t.tick(), tried(r.claim.Route), r.s.jitter)
		if g == nil {
			return r.noGateway(until)
		}
		w := r.window(g)
		grant, err := r.s.ledger.Authorise(context.WithoutCancel(ctx), w)
		if err != nil {
			return err
		}
		if grant.Stop == Exhausted {
			r.exhausted(g, w)
			continue
		}
		if grant.Stop != Go {
			return r.stopped(grant.Stop)
		}
		r.o.lanes.charge(r.claim.Lane, len(grant.Items))
		var whole bool
		if m, ok := r.multicaster(g); ok && grant.Many {
			r.claim.Manner = MannerMany
			whole = r.sendMany(ctx, g, m, w, grant.Items, false)
		} else {
			whole = r.sendAll(ctx, g, w, grant.Items, false)
		}
		if err := r.save(ctx); err != nil {
			return err
		}
		if whole && grant.Last {
			r.through = true
			return nil
		}
		if !whole && r.s.blocked(r.o.ID, r.t.tick()) == "" {
			r.comeBack(r.t.now())
			return nil
		}
	}
}

// noGateway waits until a gateway takes messages again. If the configuration
// has none left at that place, the recipients go on.
func (r *run) noGateway(until time.Time) error {
	if until.IsZero() {
		until = r.t.now().Add(lookAgain)
	} else {
		until = r.t.now().Add(until.Sub(r.t.tick()))
	}
	r.comeBack(until)
	return nil
}

// exhausted gives a gateway that has had its day's number a rest until the next
// day: the channel's others take over, and without one its next hop does.
func (r *run) exhausted(g *gate, w Window) {
	g.exhaust(r.t.tick().Add(w.DayEnds.Sub(w.Now)))
}

// stopped follows up on a window that was not granted.
func (r *run) stopped(why Stop) error {
	r.comeBack(r.t.now().Add(time.Second))
	if why == OverCap || why == Held {
		r.o.hold("daily cap") // as the next look will tell
	}
	if why == OverCap {
		r.s.alarm(AlarmCap, r.o.ID, "the daily cap is reached: the channel is held until it is resumed or the day is over", r.t.now())
	}
	return nil
}

func (r *run) window(g *gate) Window {
	w := Window{
		Claim: r.claim, Now: r.t.now(), Limit: g.window(r.s.o.Window), Gateway: g.Name,
		Kind: r.o.Kind, Target: r.o.Target, Prices: g.prices(r.notice, r.class()), Cap: r.o.DailyCap.Milli, PerDay: g.PerDay,
	}
	day := r.t.now().In(r.s.o.Zone)
	w.Day, w.DayEnds = day.Format(time.DateOnly), time.Date(day.Year(), day.Month(), day.Day()+1, 0, 0, 0, 0, r.s.o.Zone)
	if r.o.Class == ClassChat {
		w.Thread = r.notice.Incident
	}
	if m, ok := r.multicaster(g); ok {
		w.Many = r.claim.Manner == MannerMany || (r.claim.Manner == MannerOpen && r.claim.Auth < 0)
		if w.Many {
			w.Limit = m.Most()
		}
	}
	return w
}
