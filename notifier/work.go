package notifier

import (
	"cmp"
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
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
// node that still knows the channel may die at any time.
func (s *Sender) claimStrays(ctx context.Context, t *term) error {
	if !t.strays.IsZero() && t.tick().Sub(t.strays) < lookAgain {
		return nil
	}
	t.strays = t.tick()
	channels, err := s.ledger.Ready(ctx)
	if err != nil {
		return err
	}
	for _, id := range channels {
		if s.outlets[id] != nil {
			continue
		}
		if err := s.claim(ctx, t, &outlet{Channel: Channel{ID: id}}); err != nil {
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
	if g, _ := o.pick(t.tick(), 0); g == nil && s.blocked(o.ID, t.tick()) == "" && !t.inline {
		return nil // it would only be given back
	}
	most := slots
	if rate := o.rate(); rate == 0 || rate > fast {
		most = fastSlots
	}
	q := ClaimQuery{Node: t.id, Now: t.now(), Channel: o.ID, Limit: most - t.held(o.ID)}
	if q.Limit <= 0 {
		q.Limit, q.Taken = q.Limit+most, true
	}
	if q.Limit <= 0 {
		return nil
	}
	claims, err := s.ledger.Claim(ctx, q)
	if err != nil {
		t.mu.Lock()
		t.lost = true
		t.mu.Unlock()
		return err
	}
	for _, c := range claims {
		t.hold(c)
		if t.inline {
			s.work(ctx, t, o, c)
			continue
		}
		s.workers.Go(func() { s.work(ctx, t, o, c) })
	}
	return nil
}

// run is one claim being worked.
type run struct {
	s      *Sender
	t      *term
	o      *outlet
	claim  Claim
	notice *Notice
	plan   []Hop
	kinds  map[int64][]string // read when somebody has to go on

	sent    int64     // the highest recipient a request was made for
	through bool      // nobody is left who has not been tried
	again   time.Time // when to come back; zero: no need to
	flights sync.WaitGroup

	mu       sync.Mutex
	unspent  int64  // reserved for messages that no gateway took …
	day      string // … on that day
	setbacks []setback
	ends     []Ending
	unsaved  []Result // of a drill's window
}

// setback is somebody whom this batch did not reach.
type setback struct {
	Mover
	next  Next
	place int // the gateway's, in the channel
	ready time.Time
	lost  Ending // how it ends if there is no other way
}

// work carries a claim as far as it can be carried now, then closes it or
// gives it back. It ends only when the ledger knows, or ctx is done.
func (s *Sender) work(ctx context.Context, t *term, o *outlet, c Claim) {
	defer poke(s.toSend)
	defer t.drop(c)
	r := &run{s: s, t: t, o: o, claim: c, sent: c.Auth}
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

// comeBack has the batch claimed again at a time, or sooner.
func (r *run) comeBack(at time.Time) {
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
	return r.windows(ctx)
}

// windows authorises and sends, window by window, until nobody is left or
// something is in the way.
func (r *run) windows(ctx context.Context) error {
	for {
		if why := r.s.blocked(r.o.ID, r.t.tick()); why != "" && !r.claim.Over {
			return r.leave(ctx, why)
		}
		if !r.t.open() {
			r.comeBack(r.t.now())
			return nil
		}
		g, until := r.o.pick(r.t.tick(), r.claim.Route)
		if g == nil {
			return r.noGateway(until)
		}
		w := r.window(g)
		grant, err := r.s.ledger.Authorise(context.WithoutCancel(ctx), w)
		if err != nil {
			return err
		}
		if grant.Stop != Go {
			return r.stopped(grant.Stop)
		}
		whole := r.sendAll(ctx, g, w, grant.Items, false)
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

// stopped follows up on a window that was not granted.
func (r *run) stopped(why Stop) error {
	r.comeBack(r.t.now().Add(time.Second))
	if why == OverCap {
		r.s.alarm(AlarmCap, r.o.ID, "the daily cap is reached: the channel is held until it is resumed or the day is over", r.t.now())
	}
	return nil
}

func (r *run) window(g *gate) Window {
	w := Window{
		Claim: r.claim, Now: r.t.now(), Limit: g.window(r.s.o.Window), Gateway: g.Name,
		Kind: r.o.Kind, Target: r.o.Target, Prices: r.o.prices(r.notice, g), Cap: r.o.DailyCap.Milli,
	}
	day := r.t.now().In(r.s.o.Zone)
	w.Day, w.DayEnds = day.Format(time.DateOnly), time.Date(day.Year(), day.Month(), day.Day()+1, 0, 0, 0, 0, r.s.o.Zone)
	if r.o.Class == ClassChat {
		w.Thread = r.notice.Incident
	}
	return w
}

// sendAll hands items over in the order of their recipients. It says false if
// it had to stop before the last.
func (r *run) sendAll(ctx context.Context, g *gate, w Window, items []Item, again bool) bool {
	for n, i := range items {
		text, ok := r.notice.TextFor(r.o.Class, i.Lang)
		if i.To == "" || !ok {
			r.skip(ctx, g, i, ok)
			continue
		}
		if !r.turn(ctx, g) {
			r.refund(w, items[n:])
			return false
		}
		r.sent = max(r.sent, i.Rcpt)
		m := r.message(i, text, again)
		hand := func() {
			if !r.hand(ctx, g, i, m) {
				r.refund(w, items[n:n+1])
			}
		}
		if r.t.inline {
			hand()
			continue
		}
		r.flights.Go(hand)
	}
	return true
}

// refund takes back what was reserved for those whose message no gateway has
// now. Nothing was for those without an address.
func (r *run) refund(w Window, items []Item) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.day = w.Day
	for _, i := range items {
		if i.To != "" {
			r.unspent += w.Price(i.Lang)
		}
	}
}

// skip passes over somebody this channel cannot carry the notice to.
func (r *run) skip(ctx context.Context, g *gate, i Item, hasText bool) {
	r.sent = max(r.sent, i.Rcpt)
	code := "no_address"
	if !hasText {
		code = "no_text"
		r.s.alarm(AlarmNoText, r.notice.ID, "no text for class "+string(r.o.Class), r.t.now())
	}
	r.setback(setback{Mover: Mover{Rcpt: i.Rcpt, Again: i.Again, Why: code}, next: NextHop, place: g.place, lost: Ending{Rcpt: i.Rcpt, Why: code}})
	r.record(ctx, Result{Kind: Retry, Rcpt: i.Rcpt, Gateway: g.Name, Code: code})
}

// turn waits for a place at the gateway. It says false when nothing may be
// sent: that is asked last of all, just before the first byte.
func (r *run) turn(ctx context.Context, g *gate) bool {
	if r.t.inline {
		at := g.when(r.t.tick())
		if at.Sub(r.t.tick()) > ahead {
			r.comeBack(r.t.now().Add(at.Sub(r.t.tick())))
			return false
		}
		g.slots <- struct{}{}
		g.take(at)
	} else {
		select {
		case g.slots <- struct{}{}:
		case <-ctx.Done():
			return false
		}
		if g.turn(ctx) != nil {
			<-g.slots
			return false
		}
	}
	if _, closed := g.closed(r.t.tick()); closed || !r.t.open() || r.s.blocked(r.o.ID, r.t.tick()) != "" {
		<-g.slots
		return false
	}
	return true
}

func (r *run) message(i Item, text Text, again bool) Message {
	m := Message{
		Delivery: r.s.o.Stamp.Key(r.claim.Batch, i.Rcpt), To: i.To, Lang: text.Lang,
		Title: text.Title, Body: text.Body, Template: text.Template, Params: text.Params,
		Incident: r.notice.Incident, ReplyTo: i.ReplyTo, Again: again || i.Again,
	}
	if !r.notice.Expires.IsZero() {
		m.Valid = r.notice.Expires.Sub(r.t.now())
	}
	return m
}

// hand makes one request, and records what came of it. A request that has
// begun is not broken off by the end of ctx: its answer is worth having. It
// reports whether the gateway has the message, or may have it.
func (r *run) hand(ctx context.Context, g *gate, i Item, m Message) (taken bool) {
	request, cancel := context.WithTimeout(context.WithoutCancel(ctx), r.s.o.SendTimeout)
	begun := time.Now()
	ref, err := g.Gateway.Send(request, m)
	cancel()
	<-g.slots
	v := judge(err)
	r.s.o.Metrics.answered(g.Name, v, time.Since(begun))
	if g.heard(v, r.t.tick()) {
		r.s.alarm(AlarmGateway, g.Name, clip(v.text), r.t.now())
	}
	res := Result{Kind: v.kind, Rank: Accepted, Rcpt: i.Rcpt, Ref: ref, Gateway: g.Name, Code: v.code, Text: clip(v.text)}
	switch v.kind {
	case Handed:
		if r.o.Class == ClassChat {
			res.Thread = r.notice.Incident
		}
	case Doubtful:
		r.doubt(r.t.now().Add(r.wait(g)))
	case Retry, Refused:
		r.failed(g, i, v, &res)
	}
	r.record(ctx, res)
	return v.kind == Handed || v.kind == Doubtful
}

// wait is how long a doubt at a gateway is left to callbacks.
func (r *run) wait(g *gate) time.Duration {
	if dedupes(g) > 0 {
		return 0
	}
	return r.s.o.SettleWait
}

// doubt has the batch come back to settle somebody.
func (r *run) doubt(at time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.comeBack(at)
}

// failed decides what follows a try that left nothing.
func (r *run) failed(g *gate, i Item, v verdict, res *Result) {
	tries := i.Tries
	if v.rest == 0 {
		tries++
	}
	next := AfterFailure(v.kind, v.recipient, tries, r.s.o.Tries, g.place, len(r.o.gates))
	if v.suppress {
		res.Suppress = r.o.Kind
	}
	if v.kind == Refused && !v.recipient {
		res.Kind, tries = Retry, r.s.o.Tries // the next gateway may take it
	}
	res.Tries = tries
	r.setback(setback{
		Mover: Mover{Rcpt: i.Rcpt, Tries: tries, Again: i.Again, Why: g.Name + ": " + v.code},
		next:  next, place: g.place, ready: r.t.now().Add(max(min(v.rest, giveUpAfter), Backoff(tries, r.s.jitter()))), // the gate knows of a longer rest
		lost: Ending{Rcpt: i.Rcpt, Why: v.code},
	})
}

func (r *run) setback(b setback) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.setbacks = append(r.setbacks, b)
}

// record commits a result with whatever else is being committed. It asks again
// while the database is away: what is known must not be lost.
func (r *run) record(ctx context.Context, res Result) {
	res.Batch, res.Notice, res.Channel, res.At = r.claim.Batch, r.claim.Notice, r.claim.Channel, r.t.now()
	res.Ref, res.Code = printable(res.Ref), printable(res.Code)
	if r.t.inline {
		r.unsaved = append(r.unsaved, res)
		return
	}
	err := r.s.insist(ctx, func(ctx context.Context) error {
		return r.s.results.do(ctx, entry{node: r.t.id, result: &res})
	})
	if err != nil {
		r.s.o.Log.Error("recording a result: it will be in doubt", "batch", res.Batch, "error", err)
	}
}

// save commits what a drill's window came to.
func (r *run) save(ctx context.Context) error {
	if len(r.unsaved) == 0 {
		return nil
	}
	results := r.unsaved
	r.unsaved = nil
	_, err := r.s.ledger.Enter(ctx, r.t.id, results, nil)
	return err
}

// insist does something until it succeeds or is refused, and says so each time
// it does not. When ctx is done it gives up after one more lease; a drill does
// not insist.
func (s *Sender) insist(ctx context.Context, do func(context.Context) error) error {
	pause := 20 * time.Millisecond
	var deadline time.Time
	for {
		err := do(context.WithoutCancel(ctx))
		if err == nil || errors.Is(err, ErrFenced) || errors.Is(err, ErrOpen) || s.inline != nil {
			return err
		}
		s.o.Log.Warn("working on the ledger: asking again", "error", err, "in", pause)
		if ctx.Err() != nil && deadline.IsZero() {
			deadline = time.Now().Add(s.o.TTL)
		}
		if !deadline.IsZero() && time.Now().After(deadline) {
			return err
		}
		_ = sleep(context.WithoutCancel(ctx), pause) // never done
		pause = min(2*pause, time.Second)
	}
}

// resume takes up what the batch's last owner, or this node, left unfinished.
func (r *run) resume(ctx context.Context) error {
	items, err := r.s.ledger.Unfinished(ctx, r.claim, false)
	if err != nil {
		return err
	}
	if len(items) == 0 {
		return nil
	}
	if err := r.readKinds(ctx); err != nil {
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
	place := r.claim.Route
	if g := r.o.gateway(i.Gateway); g != nil {
		place = g.place
	}
	next := NextHop
	if i.Rank != FailedRank {
		next = AfterFailure(Retry, false, i.Tries, r.s.o.Tries, place, len(r.o.gates))
	}
	r.setback(setback{
		Mover: Mover{Rcpt: i.Rcpt, Tries: i.Tries, Again: i.Again, Why: i.Gateway + ": " + i.Code},
		next:  next, place: place, ready: r.t.now().Add(Backoff(i.Tries, r.s.jitter())),
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
			again = append(again, i)
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
		d.Dedupes = dedupes(g)
		_, d.Finds = g.Gateway.(Finder)
	}
	if r.s.blocked(r.o.ID, r.t.tick()) != "" {
		d.Blocked = true
		if way, ok := r.wayOn(i.Rcpt); !ok || !way.Free {
			d.Wait = r.t.now().Sub(d.Since) + time.Millisecond // wait on: there is no other way yet
		}
	}
	return d
}

func dedupes(g *gate) time.Duration {
	if d, ok := g.Gateway.(Deduper); ok {
		return d.DedupesFor()
	}
	return 0
}

// goOn sends somebody in doubt on by another way, flagged.
func (r *run) goOn(i Item) {
	place, next := r.claim.Route, NextHop
	if g := r.o.gateway(i.Gateway); g != nil {
		place = g.place
	}
	if place+1 < len(r.o.gates) && r.s.blocked(r.o.ID, r.t.tick()) == "" {
		next = NextGateway
	}
	why := "in doubt at " + i.Gateway
	r.setback(setback{
		Mover: Mover{Rcpt: i.Rcpt, Again: true, Why: why}, next: next, place: place,
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
		r.doubt(r.t.now())
		return false
	}
	g := r.o.gateway(i.Gateway)
	text, _ := r.notice.TextFor(r.o.Class, i.Lang)
	request, cancel := context.WithTimeout(ctx, r.s.o.SendTimeout)
	defer cancel()
	found, ref, rank, err := g.Gateway.(Finder).Find(request, r.message(i, text, false), i.Doubt.Add(-r.s.o.SendTimeout))
	switch {
	case err != nil && r.t.now().Sub(i.Doubt) > r.s.o.SettleWait+askFor:
		return true
	case err != nil:
		r.doubt(r.t.now().Add(askAgain))
		return false
	case !found:
		return true
	}
	res := Result{Kind: Handed, Rank: max(rank, Accepted), Rcpt: i.Rcpt, Ref: ref, Gateway: g.Name}
	if rank == FailedRank {
		res.Kind, res.Code = Refused, "looked_up"
		r.setback(setback{
			Mover: Mover{Rcpt: i.Rcpt, Why: g.Name + ": failed"}, next: NextHop, place: g.place,
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
	g, until := r.o.pick(r.t.tick(), r.claim.Route)
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
	grant, err := r.s.ledger.Resend(context.WithoutCancel(ctx), w, rcpts)
	if err != nil {
		return err
	}
	if grant.Stop != Go {
		return r.stopped(grant.Stop)
	}
	if !r.sendAll(ctx, g, w, grant.Items, flagged) {
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

// leave has those who have not been tried go on by another way, because this
// channel is blocked. If there is none for anybody, the batch waits.
func (r *run) leave(ctx context.Context, why string) error {
	r.flights.Wait()
	if err := r.save(ctx); err != nil {
		return err
	}
	if err := r.readKinds(ctx); err != nil {
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
			b.next, b.ready = SameGateway, r.t.now().Add(lookAgain)
		}
		going = append(going, b)
	}
	if len(going) > 0 && !free {
		r.comeBack(r.t.now().Add(lookAgain))
		return nil
	}
	for _, b := range going {
		r.setback(b)
	}
	r.through = true
	return nil
}

func (r *run) readKinds(ctx context.Context) (err error) {
	if r.kinds == nil {
		r.kinds, err = r.s.ledger.Kinds(ctx, r.claim.Batch)
	}
	return err
}

// wayOn is a recipient's way by the hops after this one.
func (r *run) wayOn(rcpt int64) (Way, bool) {
	return r.s.wayOn(r.t, r.plan, r.claim.Hop, rcpt, r.kinds[rcpt])
}

func (s *Sender) wayOn(t *term, plan []Hop, hop int, rcpt int64, kinds []string) (Way, bool) {
	has := s.has(kinds)
	if rcpt == 0 {
		has = s.hasTarget
	}
	return NextWay(plan, hop+1, has, t.blocks(s))
}

// leaving sorts out who goes on from here, and who ends here.
func (r *run) leaving(ctx context.Context) (Leaving, error) {
	l := Leaving{Now: r.t.now(), Ends: r.ends, Refund: r.unspent, Day: r.day}
	if r.more() && r.plan[r.claim.Hop].Wait > 0 {
		l.Due = l.Now.Add(r.plan[r.claim.Hop].Wait)
	}
	if len(r.setbacks) == 0 {
		return l, nil
	}
	if err := r.s.insist(ctx, r.readKinds); err != nil {
		return l, err
	}
	to := r.s.newMoves(r.t)
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
		b.Tries = 0
		to.add(r.claim.Channel, here, b.place+1, b.Mover, time.Time{})
		return
	}
	b.Tries = 0
	if way, ok := r.wayOn(b.Rcpt); ok {
		to.add(r.plan[way.Hop].Channel, way, 0, b.Mover, time.Time{})
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
		l = Leaving{Now: r.t.now(), Refund: r.unspent, Day: r.day} // they are known by their rows, and wait for the next claim
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

// printable leaves out of a gateway's words what a database does not take.
func printable(text string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "\uFFFD")
}

// printable is the receipt in words that a database takes.
func (r Receipt) printable() Receipt {
	r.Ref, r.Code, r.Text = printable(r.Ref), printable(r.Code), printable(r.Text)
	return r
}

// clip keeps a gateway's words to a line.
func clip(text string) string {
	text = printable(text)
	const most = 200
	if len(text) <= most {
		return text
	}
	for i := range text {
		if i > most {
			return text[:i] + "…"
		}
	}
	return text
}
