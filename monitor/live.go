package monitor

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"github.com/robfig/cron/v3"

	"bongsu/probes"
)

// pulse is the longest sleep of a loop. It bounds what a clock that was set
// can do to the wake-ups below, and lets the watchdog see that the loop lives.
const pulse = 250 * time.Millisecond

// schedule begins looks when they are due until ctx is done, then waits for
// those in flight. Each runs in a goroutine of its own, bounded by its timeout
// and not by how many there are: a target that hangs holds up nobody else.
//
// What is due is the roster's to say; this loop only has to ask in time. One
// cron, with an entry for each interval and slot in use, rings at the slots. A
// timer leads from look to look within a slot, and to the rechecks: these come
// and go with every surprise, and adding an entry to a running cron sorts all
// of them.
func (m *Monitor) schedule(ctx context.Context) {
	bell := m.bell()
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
		case <-m.wake:
		case <-timer.C:
		}
		start, sleep := m.due()
		for _, w := range start {
			looks.Go(func() { m.look(ctx, w) })
		}
		timer.Reset(sleep)
	}
}

func (m *Monitor) bell() *cron.Cron {
	c := cron.New(cron.WithLogger(cron.DiscardLogger))
	for _, s := range m.roster.Schedules() {
		c.Schedule(s, cron.FuncJob(m.ring))
	}
	return c
}

func (m *Monitor) ring() {
	select {
	case m.wake <- struct{}{}:
	default: // it is awake
	}
}

// due asks the roster, and returns how long the timer may sleep.
func (m *Monitor) due() (start []Work, sleep time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.now()
	m.scheduleBeat.Store(now.UnixNano())
	start, next := m.roster.Due(now)
	m.Metrics.skipped.Add(float64(m.roster.Skipped()))
	sleep = pulse
	if extra := m.roster.Extra(); !extra.IsZero() {
		sleep = min(sleep, extra.Sub(now))
	}
	// This also covers a bell that rings a moment before its slot, because the
	// wall clock is being slowed down under it.
	if soon := next.Sub(now); !next.IsZero() && soon < slot {
		sleep = min(sleep, soon)
	}
	return start, sleep
}

// look probes once and hands the outcome to the judge. What ends because we
// stop says nothing about anybody and is dropped.
func (m *Monitor) look(ctx context.Context, w Work) {
	m.Metrics.lateness.Observe(w.Late.Seconds())
	m.Metrics.running.Inc()
	defer m.Metrics.running.Dec()
	began := w.Due.Add(w.Late)
	result := m.probe(ctx, w.Check, began)
	if ctx.Err() != nil {
		return
	}
	m.Metrics.ended(w.Check, &result, began.Add(result.Took))
	select {
	case m.looked <- Outcome{Check: w.Check, Began: began, Result: result}:
	case <-ctx.Done():
	}
}

// grace is how long after its timeout a probe that does not keep it is stopped.
const grace = 2 * time.Second

// probe runs the check's probe. A panic in one is our fault: it is
// inconclusive, and ends no other.
func (m *Monitor) probe(ctx context.Context, check string, now time.Time) (result probes.Result) {
	c := m.checks[check]
	ctx, cancel := context.WithTimeout(ctx, c.Timeout+grace)
	defer cancel()
	defer func() {
		if fault := recover(); fault != nil {
			m.Metrics.panics.Inc()
			m.Log.ErrorContext(ctx, "probe panicked", "check", check, "fault", fault, "stack", string(debug.Stack()))
			result = probes.Result{Reason: fmt.Sprintf("a fault in this program ended the probe: %v", fault)}
		}
	}()
	return c.Prober.Probe(ctx, now)
}
