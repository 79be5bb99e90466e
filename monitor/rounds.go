package monitor

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/robfig/cron/v3"

	"bongsu/probes"
)

// pulse is the longest sleep of a loop. It bounds what a clock that was set
// can do to the wake-ups below, and lets the watchdog see that the loop lives.
const pulse = 250 * time.Millisecond

// Rounds is the live loop around a [Roster]: it makes the looks that are due.
// Its methods may be used from several goroutines.
type Rounds struct {
	RoundsOptions

	checks map[string]*Check
	mu     sync.Mutex
	roster *Roster
	wake   chan struct{} // the roster may have something to start
	beat   atomic.Int64  // when the loop last turned, in nanoseconds
}

// RoundsOptions are what rounds are made of. All of them are needed.
type RoundsOptions struct {
	Checks  []Check
	Ended   func(ctx context.Context, o Outcome) // takes what a look came to; may wait as long as ctx lives
	Now     func() time.Time
	Log     *slog.Logger
	Metrics *Metrics
}

// NewRounds plans the looks that follow from now on, or says what is wrong with
// a check.
func NewRounds(o RoundsOptions) (*Rounds, error) {
	r := &Rounds{RoundsOptions: o, checks: make(map[string]*Check, len(o.Checks)), wake: make(chan struct{}, 1)}
	for i := range o.Checks {
		r.checks[o.Checks[i].ID] = &o.Checks[i]
	}
	now := r.now()
	var err error
	r.roster, err = NewRoster(o.Checks, now)
	r.beat.Store(now.UnixNano())
	return r, err
}

func (r *Rounds) now() time.Time { return r.Now().Round(0) } // what is kept and compared has no monotonic reading

// Report says what follows from a look that has ended: whether another one is
// wanted soon, and how long its target wants to be left alone.
func (r *Rounds) Report(o *Outcome, again bool, now time.Time) {
	r.mu.Lock()
	r.roster.Report(o.Check, again, o.Result.Retry, now)
	r.mu.Unlock()
	if again {
		r.ring()
	}
}

// Again asks for another look after the check's pause; see [Roster.Again].
func (r *Rounds) Again(check string, now time.Time) {
	r.plan(func(roster *Roster) { roster.Again(check, now) })
}

// Greet asks for a first look; see [Roster.Greet].
func (r *Rounds) Greet(check string, now time.Time) {
	r.plan(func(roster *Roster) { roster.Greet(check, now) })
}

// AtOnce asks for a look at each of the checks now; see [Roster.AtOnce].
func (r *Rounds) AtOnce(checks []string, now time.Time) {
	r.plan(func(roster *Roster) {
		for _, id := range checks {
			roster.AtOnce(id, now)
		}
	})
}

// Watch returns the checks that were due and did not run; see [Roster.Watch].
func (r *Rounds) Watch(now time.Time) []Overdue {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.roster.Watch(now)
}

// Turned is when the loop last turned. It does so several times a second.
func (r *Rounds) Turned() time.Time { return time.Unix(0, r.beat.Load()) }

func (r *Rounds) plan(do func(*Roster)) {
	r.mu.Lock()
	do(r.roster)
	r.mu.Unlock()
	r.ring()
}

// Run begins looks when they are due until ctx is done, then waits for
// those in flight. Each runs in a goroutine of its own, bounded by its timeout
// and not by how many there are: a target that hangs holds up nobody else.
//
// What is due is the roster's to say; this loop only has to ask in time. One
// cron, with an entry for each interval and slot in use, rings at the slots. A
// timer leads from look to look within a slot, and to the rechecks: these come
// and go with every surprise, and adding an entry to a running cron sorts all
// of them.
func (r *Rounds) Run(ctx context.Context) {
	bell := r.bell()
	bell.Start()
	defer func() { <-bell.Stop().Done() }()
	var looks sync.WaitGroup
	defer looks.Wait()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-r.wake:
		case <-timer.C:
		}
		start, sleep := r.due()
		for _, w := range start {
			looks.Go(func() { r.look(ctx, w) })
		}
		timer.Reset(sleep)
	}
}

func (r *Rounds) bell() *cron.Cron {
	c := cron.New(cron.WithLogger(cron.DiscardLogger))
	for _, s := range r.roster.Schedules() {
		c.Schedule(s, cron.FuncJob(r.ring))
	}
	return c
}

func (r *Rounds) ring() {
	select {
	case r.wake <- struct{}{}:
	default: // it is awake
	}
}

// due asks the roster, and returns how long the timer may sleep.
func (r *Rounds) due() (start []Work, sleep time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.now()
	r.beat.Store(now.UnixNano())
	start, next := r.roster.Due(now)
	r.Metrics.skipped.Add(float64(r.roster.Skipped()))
	sleep = pulse
	if extra := r.roster.Extra(); !extra.IsZero() {
		sleep = min(sleep, extra.Sub(now))
	}
	// This also covers a bell that rings a moment before its slot, because the
	// wall clock is being slowed down under it.
	if soon := next.Sub(now); !next.IsZero() && soon < slot {
		sleep = min(sleep, soon)
	}
	return start, sleep
}

// look probes once and hands the outcome on. What ends because we stop says
// nothing about anybody and is dropped.
func (r *Rounds) look(ctx context.Context, w Work) {
	r.Metrics.lateness.Observe(w.Late.Seconds())
	r.Metrics.running.Inc()
	defer r.Metrics.running.Dec()
	began := w.Due.Add(w.Late)
	result := r.probe(ctx, w.Check, began)
	if ctx.Err() != nil {
		return
	}
	r.Metrics.ended(w.Check, &result, began.Add(result.Took))
	r.Ended(ctx, Outcome{Check: w.Check, Began: began, Result: result})
}

// grace is how long after its timeout a probe that does not keep it is stopped.
const grace = 2 * time.Second

// probe runs the check's probe. A panic in one is our fault: it is
// inconclusive, and ends no other.
func (r *Rounds) probe(ctx context.Context, check string, now time.Time) (result probes.Result) {
	c := r.checks[check]
	ctx, cancel := context.WithTimeout(ctx, c.Timeout+grace)
	defer cancel()
	defer func() {
		if fault := recover(); fault != nil {
			r.Metrics.panics.Inc()
			r.Log.ErrorContext(ctx, "probe panicked", "check", check, "fault", fault, "stack", string(debug.Stack()))
			result = probes.Result{Reason: fmt.Sprintf("a fault in this program ended the probe: %v", fault)}
		}
	}()
	return c.Prober.Probe(ctx, now)
}
