package notifier

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
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
	// Leave is the address where a recipient leaves with one request; nil: there
	// is none.
	Leave func(rcpt int64, kind string) string
	// Mark marks a text that is sent once more, when an earlier hand-over may
	// have arrived; nil: texts go out as they are.
	Mark func(Text) Text
	// Refuse says why a text must not leave now, though it might when it was
	// made, or nil. It is asked once for every window of recipients.
	Refuse func(*Notice, *Text) error
	// Alarm tells operators. It must not block.
	Alarm   func(Alarm)
	Log     *slog.Logger
	Metrics *Metrics
	Zone    *time.Location // whose days the daily caps count by; UTC
	Rand    *rand.Rand     // spreads retries; seeded in a drill

	TTL         time.Duration // of a node's lease: 5 s
	Flush       time.Duration // results are committed together that come within it: 5 ms
	SettleWait  time.Duration // a doubt is left to callbacks that long: until no request of a dead node can be open, 9 s
	SendTimeout time.Duration // of one hand-over: 10 s
	Poll        time.Duration // the ledger is looked at this often without being woken: 250 ms
	Concurrency int           // requests open at a gateway: 64
	BatchSize   int           // recipients of a batch: 500
	Window      int           // most recipients authorised at once, where no rate makes it fewer: a whole batch
	Chunk       int           // recipients planned in one transaction: 5,000
	Early       int           // people of a notice whose deliveries are written when they are planned, not only with their results: 500; -1: nobody
	Tries       int           // at one gateway: 3
}

// Alarm is what operators must hear of the sending itself.
type Alarm struct {
	Kind    AlarmKind
	Subject string // channel, gateway or notice
	Text    string
	At      time.Time
}

// Words are the alarm in a line, with what it is about before it.
func (a *Alarm) Words() string {
	switch a.Kind {
	case AlarmLedger, AlarmBack, AlarmClock: // there is one database
		return a.Text
	case AlarmNoPlan, AlarmNoText, AlarmRefused, AlarmTwice:
		return "notice " + a.Subject + ": " + a.Text
	case AlarmCap, AlarmGateway, AlarmDead:
	}
	return a.Subject + ": " + a.Text
}

// AlarmKind says what is wrong.
type AlarmKind string

// The alarms.
const (
	AlarmCap     AlarmKind = "daily_cap"       // a channel is held until an operator resumes it, or the day is over
	AlarmGateway AlarmKind = "gateway_failing" // consecutive errors: it is given rests, and tried once after each
	AlarmLedger  AlarmKind = "ledger_away"     // the database does not answer, or takes nothing: nothing is sent meanwhile
	AlarmBack    AlarmKind = "ledger_back"     // it does again
	AlarmClock   AlarmKind = "clock_set"       // its clock has jumped
	AlarmNoPlan  AlarmKind = "no_plan"         // a notice names a plan that is not configured: nobody was told
	AlarmNoText  AlarmKind = "no_text"         // a notice has no text for a channel's class
	AlarmRefused AlarmKind = "text_refused"    // a text must not leave now: nobody was told by that channel
	AlarmDead    AlarmKind = "gateway_dead"    // judged by its errors or its silence: others carry its people
	AlarmTwice   AlarmKind = "heard_twice"     // more people than allowed were rescued in vain: the rest are not
)

// Sender carries out what the ledger says is to be done. Several senders, on
// several nodes, may work on one ledger.
type Sender struct {
	ledger  Ledger
	o       Options
	outlets map[string]*outlet
	order   []string // ids of the channels, in the configuration's order
	desk    desk
	limits  limits

	toPlan, toSend, toSweep chan struct{}

	mu      sync.Mutex
	rand    *rand.Rand
	notices map[int64]*Notice
	inline  *term // the one term of a drill
	silent  silence
	leapt   bool // the ledger's clock has been set, and operators know

	workers sync.WaitGroup
}

// NewSender prepares a sender. It does no I/O.
func NewSender(ledger Ledger, o Options) *Sender {
	o = o.withDefaults()
	s := &Sender{
		ledger: ledger, o: o, outlets: map[string]*outlet{}, rand: o.Rand, notices: map[int64]*Notice{},
		toPlan: make(chan struct{}, 1), toSend: make(chan struct{}, 1), toSweep: make(chan struct{}, 1),
	}
	for _, c := range o.Channels {
		s.outlets[c.ID] = newOutlet(c, o.Concurrency)
		s.order = append(s.order, c.ID)
	}
	s.limits.each = o.SendTimeout
	s.desk = desk{
		window: o.Flush, enough: 4 * o.Concurrency, giveUp: o.TTL, log: o.Log, enter: s.enter, full: make(chan struct{}, 1),
	}
	return s
}

func (o Options) withDefaults() Options {
	o.Node = cmp.Or(o.Node, "bongsu")
	o.TTL = cmp.Or(o.TTL, 5*time.Second)
	o.Flush = cmp.Or(o.Flush, 5*time.Millisecond)
	o.SendTimeout = cmp.Or(o.SendTimeout, 10*time.Second)
	o.SettleWait = cmp.Or(o.SettleWait, lastRequest(o.TTL, o.SendTimeout))
	o.Poll = cmp.Or(o.Poll, 250*time.Millisecond)
	o.Concurrency = cmp.Or(o.Concurrency, 64)
	o.BatchSize = cmp.Or(o.BatchSize, 500)
	o.Window = cmp.Or(o.Window, o.BatchSize)
	o.Chunk = cmp.Or(o.Chunk, 5000)
	o.Early = cmp.Or(o.Early, early)
	o.Tries = cmp.Or(o.Tries, 3)
	o.Zone = cmp.Or(o.Zone, time.UTC)
	if o.State == nil {
		o.State = func(string) status.State { return status.Unknown }
	}
	if o.Leave == nil {
		o.Leave = func(int64, string) string { return "" }
	}
	if o.Mark == nil {
		o.Mark = func(t Text) Text { return t }
	}
	if o.Refuse == nil {
		o.Refuse = func(*Notice, *Text) error { return nil }
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
	defer context.AfterFunc(ctx, s.desk.close)()
	for ctx.Err() == nil {
		l, err := join(ctx, s.ledger, s.o.Node, s.o.TTL)
		if err != nil {
			s.o.Log.Warn("joining the ledger", "error", err)
			s.away(err, time.Now())
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
	t := newTerm(l.id)
	t.now, t.tick, t.maySend = l.now, time.Now, l.maySend
	parts, ctx := errgroup.WithContext(ctx)
	parts.Go(func() error {
		return l.keep(ctx, s.ledger, s.o.Log, func() { s.renewed(ctx, l) }, func(err error) { s.away(err, time.Now()) })
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
	s.back(time.Now())
	poke(s.toSend)
	q, err := s.ledger.Queue(ctx, l.now())
	if err != nil {
		s.o.Log.Warn("measuring the queue", "error", err)
		return
	}
	s.clock(l, q)
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
	rows := make([]ReceiptRow, 0, len(receipts))
	for _, r := range receipts {
		batch, rcpt, ok := s.o.Stamp.ParseKey(r.Delivery)
		if !ok {
			s.o.Metrics.strangers.Inc()
			continue
		}
		rows = append(rows, ReceiptRow{Batch: batch, Rcpt: rcpt, Receipt: r.printable()})
	}
	if len(rows) == 0 {
		return nil
	}
	if err := s.desk.bring(ctx, rows); err != nil {
		return fmt.Errorf("recording receipts: %w", err)
	}
	poke(s.toSweep)
	poke(s.toSend)
	return nil
}

// enter commits what has gathered at the desk.
func (s *Sender) enter(ctx context.Context, node string, results []Result, receipts []ReceiptRow) error {
	strangers, err := s.ledger.Enter(ctx, cmp.Or(node, s.o.Node), results, receipts)
	s.o.Metrics.strangers.Add(float64(strangers))
	return err
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
	err     error     // a drill's first trouble
	strays  time.Time // when batches of channels that are no more were looked for; the claiming's alone
	// followed is when gateways were last asked about what they took; the sweep's alone.
	followed time.Time
	nudged   map[string]time.Time // blocked channels, by when their waiting was looked at; the sweep's alone
	known    map[way]*known       // what gateways' lists of results have said; the sweep's alone
	vitals   vitals               // what the sweep knows of gateways
	stepped  time.Time            // when a drill's sender last stepped
	ahead    time.Duration        // by how much the drill's clock has been set back since it began

	mu      sync.Mutex
	stopped bool
	inHand  map[int64]string // batch → channel
	lost    bool             // a claim's answer was lost
	done    int              // pieces of work, for a drill to know when it is through
}

func newTerm(id string) *term {
	return &term{id: id, inHand: map[int64]string{}, nudged: map[string]time.Time{}, vitals: vitals{rescues: map[string]rescue{}}}
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
