package notifier

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"bongsu/status"
)

// Options are what a [Sender] works with. Ledger, Stamp and the routing are
// needed; the rest has defaults.
type Options struct {
	Node      string // this server's name
	Channels  []Channel
	Plans     map[string][]Hop // a plan that is not here may be a channel's id: the plan of that one hop
	Audiences []Audience
	Stamp     Stamp

	// State is the latest judged state of a component. It is asked before every
	// hand-over of a channel that follows one, so it must be cheap.
	State func(component string) status.State
	// Alarm tells operators. It must not block.
	Alarm   func(Alarm)
	Log     *slog.Logger
	Metrics *Metrics
	Zone    *time.Location // whose days the daily caps count by; UTC
	Rand    *rand.Rand     // spreads retries; seeded in a drill

	TTL         time.Duration // of a node's lease: 5 s
	Flush       time.Duration // results are committed together that come within it: 5 ms
	SettleWait  time.Duration // a doubt is left to callbacks that long: 5 s
	SendTimeout time.Duration // of one hand-over: 10 s
	Poll        time.Duration // the ledger is looked at this often without being woken: 250 ms
	Concurrency int           // requests open at a gateway: 64
	BatchSize   int           // recipients of a batch: 500
	Window      int           // most recipients authorised at once: 128
	Chunk       int           // recipients planned in one transaction: 5,000
	Tries       int           // at one gateway: 3
}

// Alarm is what operators must hear of the sending itself.
type Alarm struct {
	Kind    AlarmKind
	Subject string // channel, gateway or notice
	Text    string
	At      time.Time
}

// AlarmKind says what is wrong.
type AlarmKind string

// The alarms.
const (
	AlarmCap     AlarmKind = "daily_cap"       // a channel is held until an operator resumes it, or the day is over
	AlarmGateway AlarmKind = "gateway_failing" // consecutive errors: it is given rests, and tried once after each
	AlarmNoPlan  AlarmKind = "no_plan"         // a notice names a plan that is not configured: nobody was told
	AlarmNoText  AlarmKind = "no_text"         // a notice has no text for a channel's class
)

// Sender carries out what the ledger says is to be done. Several senders, on
// several nodes, may work on one ledger.
type Sender struct {
	ledger  Ledger
	o       Options
	outlets map[string]*outlet
	order   []string // ids of the channels, in the configuration's order
	results group[entry]

	toPlan, toSend, toSweep chan struct{}

	mu      sync.Mutex
	rand    *rand.Rand
	notices map[int64]*Notice
	inline  *term // the one term of a drill

	workers sync.WaitGroup
}

// entry is one thing to commit: a result or a receipt.
type entry struct {
	node    string
	result  *Result
	receipt *ReceiptRow
}

// NewSender prepares a sender. It does no I/O.
func NewSender(ledger Ledger, o Options) *Sender {
	o = o.withDefaults()
	s := &Sender{
		ledger: ledger, o: o, outlets: map[string]*outlet{}, rand: o.Rand, notices: map[int64]*Notice{},
		toPlan: make(chan struct{}, 1), toSend: make(chan struct{}, 1), toSweep: make(chan struct{}, 1),
	}
	for _, c := range o.Channels {
		out := &outlet{Channel: c}
		for i, r := range c.Gateways {
			out.gates = append(out.gates, newGate(r, i, o.Concurrency))
		}
		s.outlets[c.ID] = out
		s.order = append(s.order, c.ID)
	}
	s.results = group[entry]{window: o.Flush, enough: 2 * o.Concurrency, commit: s.commit}
	return s
}

func (o Options) withDefaults() Options {
	o.Node = cmp.Or(o.Node, "bongsu")
	o.TTL = cmp.Or(o.TTL, 5*time.Second)
	o.Flush = cmp.Or(o.Flush, 5*time.Millisecond)
	o.SettleWait = cmp.Or(o.SettleWait, 5*time.Second)
	o.SendTimeout = cmp.Or(o.SendTimeout, 10*time.Second)
	o.Poll = cmp.Or(o.Poll, 250*time.Millisecond)
	o.Concurrency = cmp.Or(o.Concurrency, 64)
	o.BatchSize = cmp.Or(o.BatchSize, 500)
	o.Window = cmp.Or(o.Window, 128)
	o.Chunk = cmp.Or(o.Chunk, 5000)
	o.Tries = cmp.Or(o.Tries, 3)
	o.Zone = cmp.Or(o.Zone, time.UTC)
	if o.State == nil {
		o.State = func(string) status.State { return status.Unknown }
	}
	if o.Alarm == nil {
		o.Alarm = func(Alarm) {}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Metrics == nil {
		o.Metrics = NewMetrics(nil)
	}
	if o.Rand == nil {
		o.Rand = rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64())) //nolint:gosec // spreads retries, guards nothing
	}
	return o
}

// Wake has the sender look at the ledger now: a notice was committed, or a
// component's state has changed.
func (s *Sender) Wake() {
	for _, c := range []chan struct{}{s.toPlan, s.toSend, s.toSweep} {
		poke(c)
	}
}

func poke(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Run plans and sends until ctx is done; then it lets the hand-overs in flight
// end, commits what they came to, gives back its batches and returns. While
// the database is away nothing new leaves, and Run keeps asking.
func (s *Sender) Run(ctx context.Context) error {
	defer s.workers.Wait()
	for ctx.Err() == nil {
		l, err := join(ctx, s.ledger, s.o.Node, s.o.TTL)
		if err != nil {
			s.o.Log.Warn("joining the ledger", "error", err)
			_ = sleep(ctx, s.o.Poll) // ctx's end is the loop's
			continue
		}
		if err := s.term(ctx, l); err != nil && !errors.Is(err, ErrLapsed) {
			return err
		}
	}
	return nil
}

// term works under one lease until ctx is done or the lease has lapsed.
func (s *Sender) term(ctx context.Context, l *lease) error {
	t := &term{id: l.id, now: l.now, tick: time.Now, maySend: l.maySend, inHand: map[int64]string{}, nudged: map[string]time.Time{}}
	parts, ctx := errgroup.WithContext(ctx)
	parts.Go(func() error {
		return l.keep(ctx, s.ledger, s.o.Log, func() { s.renewed(ctx, l) })
	})
	parts.Go(func() error {
		return s.every(ctx, s.toPlan, "planning notices", func() error { return s.planAll(ctx, t) })
	})
	parts.Go(func() error {
		// A newcomer lets the others learn of it before it takes its share.
		if l.share() > 1 {
			_ = sleep(ctx, l.ttl/5) // ctx's end is every's
		}
		s.share(l)
		return s.every(ctx, s.toSend, "claiming batches", func() error { return s.claimAll(ctx, t) })
	})
	parts.Go(func() error {
		return s.every(ctx, s.toSweep, "looking at who waits", func() error { return s.sweep(ctx, t) })
	})
	err := parts.Wait()
	t.stop()
	if errors.Is(err, ErrLapsed) {
		return err // the workers commit what they know; their batches are others' already
	}
	s.workers.Wait()
	leave, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.o.TTL)
	defer cancel()
	if e := s.ledger.Retire(leave, l.id); e != nil && err == nil {
		err = fmt.Errorf("leaving the ledger: %w", e)
	}
	return err
}

// renewed follows up on what a renewal told.
func (s *Sender) renewed(ctx context.Context, l *lease) {
	s.share(l)
	poke(s.toSend)
	q, err := s.ledger.Queue(ctx, l.now())
	if err != nil {
		s.o.Log.Warn("measuring the queue", "error", err)
		return
	}
	s.o.Metrics.queue(q, l.now())
}

func (s *Sender) share(l *lease) {
	for _, id := range s.order {
		for _, g := range s.outlets[id].gates {
			g.split(l.share())
		}
	}
}

// every does something now, whenever it is poked, and once per poll. What goes
// wrong is told and tried again.
func (s *Sender) every(ctx context.Context, poked <-chan struct{}, what string, do func() error) error {
	tick := time.NewTicker(s.o.Poll)
	defer tick.Stop()
	for {
		if err := do(); err != nil && ctx.Err() == nil {
			s.o.Log.Warn("working on the ledger", "what", what, "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		case <-poked:
		}
	}
}

// Receipts takes in what gateways say of earlier hand-overs. It returns when
// that is durable. Receipts come late, twice and out of order: ranks only
// rise. A receipt whose key is not ours, or whose delivery is gone, is counted
// and otherwise ignored.
func (s *Sender) Receipts(ctx context.Context, receipts []Receipt) error {
	var entries []entry
	for _, r := range receipts {
		batch, rcpt, ok := s.o.Stamp.ParseKey(r.Delivery)
		if !ok {
			s.o.Metrics.strangers.Inc()
			continue
		}
		entries = append(entries, entry{receipt: &ReceiptRow{Batch: batch, Rcpt: rcpt, Receipt: r.printable()}})
	}
	if len(entries) == 0 {
		return nil
	}
	// The group's leader commits for others too: its visitor's hanging up must
	// not undo that.
	if err := s.results.do(context.WithoutCancel(ctx), entries...); err != nil {
		return fmt.Errorf("recording receipts: %w", err)
	}
	poke(s.toSweep)
	poke(s.toSend)
	return nil
}

// commit enters what has gathered, ordered by batch so that two nodes never
// wait for each other in a circle.
func (s *Sender) commit(ctx context.Context, all []entry) error {
	slices.SortStableFunc(all, func(a, b entry) int {
		return cmp.Or(cmp.Compare(a.batch(), b.batch()), cmp.Compare(a.rcpt(), b.rcpt()))
	})
	var results []Result
	var receipts []ReceiptRow
	node := ""
	for _, e := range all {
		if e.result != nil {
			results = append(results, *e.result)
			node = e.node
			continue
		}
		receipts = append(receipts, *e.receipt)
	}
	strangers, err := s.ledger.Enter(ctx, cmp.Or(node, s.o.Node), results, receipts)
	s.o.Metrics.strangers.Add(float64(strangers))
	return err
}

func (e entry) batch() int64 {
	if e.result != nil {
		return e.result.Batch
	}
	return e.receipt.Batch
}

func (e entry) rcpt() int64 {
	if e.result != nil {
		return e.result.Rcpt
	}
	return e.receipt.Rcpt
}

// notice gives a notice by its number. What it says never changes, so it is
// kept for a while.
func (s *Sender) notice(ctx context.Context, number int64) (*Notice, error) {
	s.mu.Lock()
	n := s.notices[number]
	s.mu.Unlock()
	if n != nil {
		return n, nil
	}
	read, err := s.ledger.Notice(ctx, number)
	if err != nil {
		return nil, fmt.Errorf("reading notice %d: %w", number, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.notices) >= 64 {
		clear(s.notices)
	}
	s.notices[number] = &read
	return &read, nil
}

// onlyBy marks a plan that is one channel.
const onlyBy = "channel:"

// OnlyBy is the plan of one hop by a channel, whatever plans are configured.
func OnlyBy(channel string) string { return onlyBy + channel }

// planOf is the plan of that name, or of the one channel of that name.
func (s *Sender) planOf(id string) []Hop {
	if plan, ok := s.o.Plans[id]; ok {
		return plan
	}
	channel := strings.TrimPrefix(id, onlyBy)
	if _, ok := s.outlets[channel]; ok {
		return []Hop{{Channel: channel, Until: Accepted}}
	}
	return nil
}

// blocked says why a channel carries nothing now, or nothing itself.
func (s *Sender) blocked(channel string, tick time.Time) string {
	o := s.outlets[channel]
	if o == nil {
		return "no longer configured"
	}
	if o.Follows != "" {
		if why := BlockedBy(o.Follows, s.o.State(o.Follows)); why != "" {
			return why
		}
	}
	return o.failing(tick)
}

func (s *Sender) jitter() float64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.rand.Float64()
}

func (s *Sender) alarm(k AlarmKind, subject, text string, at time.Time) {
	s.o.Alarm(Alarm{Kind: k, Subject: subject, Text: text, At: at})
}

// term is the time under one lease, or the whole of a drill.
type term struct {
	id      string
	now     func() time.Time // the ledger's
	tick    func() time.Time // for pace and health: only differences count
	maySend func() bool
	inline  bool
	err     error                // a drill's first trouble
	strays  time.Time            // when batches of channels that are no more were looked for; the claiming's alone
	nudged  map[string]time.Time // blocked channels, by when their waiting was looked at; the sweep's alone

	mu      sync.Mutex
	stopped bool
	inHand  map[int64]string // batch → channel
	lost    bool             // a claim's answer was lost
	done    int              // pieces of work, for a drill to know when it is through
}

// stop lets no further hand-over begin.
func (t *term) stop() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.stopped = true
}

// open says whether a hand-over may begin.
func (t *term) open() bool {
	t.mu.Lock()
	stopped := t.stopped
	t.mu.Unlock()
	return !stopped && t.maySend()
}

// held counts the batches in hand of a channel.
func (t *term) held(channel string) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := 0
	for _, c := range t.inHand {
		if c == channel {
			n++
		}
	}
	return n
}

func (t *term) hold(c Claim) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.inHand[c.Batch] = c.Channel
	t.done++
}

// worked notes a piece of work.
func (t *term) worked() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.done++
}

func (t *term) drop(c Claim) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.inHand, c.Batch)
}
