package agent

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"bongsu/monitor"
	"bongsu/probes"
	"bongsu/status"
	"bongsu/status/remote"
)

// ErrUnwanted says that the hub does not want this agent: its token is not, or
// no longer, good for a location, or another agent speaks for it.
var ErrUnwanted = errors.New("the hub does not want this agent; it has stopped looking")

const (
	// gather is how long a look waits for others to travel with.
	gather = 200 * time.Millisecond

	firstPause   = 500 * time.Millisecond
	longestPause = 30 * time.Second

	// DefaultRoom is how many looks an agent keeps while it is cut off: half a
	// day of sixty checks that are looked at twice a minute.
	DefaultRoom = 100_000
)

// Options are what an agent is made of. All of them are needed but Shelf and
// Roots.
type Options struct {
	Client  *Client
	ID      string // names this start of the agent; random
	Program string // its version
	Steps   func(check, source string) ([]probes.Step, error)
	Env     func(name string) (string, bool)
	Roots   *x509.CertPool // whom the probes trust; nil: the system
	Shelf   *Shelf         // keeps the last work over a restart; nil: nothing does
	Room    int            // looks to keep while the hub is away
	Now     func() time.Time
	Jitter  func() float64 // in [0, 1), so that agents do not come back together
	Log     *slog.Logger
	Metrics *monitor.Metrics
}

// Agent looks on behalf of a hub.
type Agent struct {
	Options

	buffer *buffer
	works  chan *remote.Work
	crew   atomic.Pointer[crew] // that works now; nil before the first work

	mu    sync.Mutex
	clock *remote.Sample // of the latest exchange; nil before the first
}

// New makes an agent.
func New(o Options) *Agent {
	return &Agent{Options: o, buffer: newBuffer(o.Room), works: make(chan *remote.Work)}
}

// Run looks and tells the hub until ctx is done. [ErrUnwanted] ends it earlier.
// What the hub does not have by then is lost.
func (a *Agent) Run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return a.carryOut(ctx) })
	group.Go(func() error { return a.listen(ctx) })
	group.Go(func() error { return a.report(ctx) })
	return group.Wait()
}

// carryOut does the work that was given last until ctx is done. Work that cannot
// be done leaves the one before in its place.
func (a *Agent) carryOut(ctx context.Context) error {
	current := a.employ(ctx, a.remembered(ctx))
	for {
		inner, end := context.WithCancel(ctx)
		ended := make(chan error, 1)
		go func() { ended <- current.run(inner) }()
		var next *crew
		for next == nil && ctx.Err() == nil {
			select {
			case <-ctx.Done():
			case work := <-a.works:
				next = a.employ(ctx, work)
			}
		}
		end()
		if err := <-ended; err != nil || next == nil {
			return err
		}
		current = next
	}
}

// remembered is the work of the last run, if it was kept.
func (a *Agent) remembered(ctx context.Context) *remote.Work {
	if a.Shelf == nil {
		return nil
	}
	work, err := a.Shelf.Work()
	if err != nil {
		a.Log.WarnContext(ctx, "reading the kept work; waiting for the hub's", "error", err)
	}
	return work
}

// employ has a crew for the work; nil if there is no work, or it cannot be done.
func (a *Agent) employ(ctx context.Context, work *remote.Work) *crew {
	if work == nil {
		return nil
	}
	var standings []status.Standing
	if last := a.crew.Load(); last != nil {
		standings = last.standings()
	}
	c, err := a.newCrew(work, standings)
	if err != nil {
		a.Log.ErrorContext(ctx, "taking up work", "version", work.Version, "error", err)
		return nil
	}
	a.crew.Store(c)
	a.Log.InfoContext(ctx, "looking", "checks", len(work.Checks), "version", work.Version)
	return c
}

// listen says hello, and then waits to be called, until ctx is done.
func (a *Agent) listen(ctx context.Context) error {
	version := ""
	for {
		next, err := a.greet(ctx, version)
		if err != nil || ctx.Err() != nil {
			return err
		}
		version = next
		if err := a.await(ctx, version); err != nil || ctx.Err() != nil {
			return err
		}
	}
}

// greet says hello until it is answered, and returns the version of the work.
func (a *Agent) greet(ctx context.Context, version string) (string, error) {
	var answer *remote.Welcome
	err := a.persist(ctx, "saying hello to the hub", func() error {
		w, clock, err := a.Client.hello(ctx, &remote.Hello{Protocol: remote.Protocol, Program: a.Program, Run: a.ID, Work: version})
		if err == nil {
			answer = w
			a.note(ctx, clock)
		}
		return err
	})
	if err != nil || answer == nil || answer.Work == nil {
		return version, err
	}
	a.Log.InfoContext(ctx, "welcome", "location", answer.Location, "work", answer.Work.Version)
	if a.Shelf != nil {
		if err := a.Shelf.Keep(answer.Work); err != nil {
			a.Log.ErrorContext(ctx, "keeping the work for a restart without the hub", "error", err)
		}
	}
	select {
	case a.works <- answer.Work:
	case <-ctx.Done():
	}
	return answer.Work.Version, nil
}

// await heeds the hub's calls until there is other work than this.
func (a *Agent) await(ctx context.Context, version string) error {
	after := uint64(0)
	for ctx.Err() == nil {
		var call *remote.Call
		err := a.persist(ctx, "waiting for the hub's calls", func() (err error) {
			call, err = a.Client.wait(ctx, a.ID, version, after)
			return err
		})
		switch {
		case err != nil || call == nil:
			return err
		case call.Work != version:
			return nil
		}
		after = call.Serial
		if c := a.crew.Load(); c != nil && len(call.Checks) > 0 {
			c.rounds.AtOnce(call.Checks, a.Now())
		}
	}
	return nil
}

// report sends what was seen until ctx is done.
func (a *Agent) report(ctx context.Context) error {
	alive := time.NewTicker(remote.KeepAlive)
	defer alive.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-a.buffer.bell:
			a.rest(ctx, gather)
		case <-alive.C:
		}
		if err := a.deliver(ctx); err != nil {
			return err
		}
	}
}

// deliver sends the looks there are, oldest first, until none is left.
func (a *Agent) deliver(ctx context.Context) error {
	for more := true; more && ctx.Err() == nil; {
		clock := a.exchanged()
		if clock == nil {
			return nil // no hello was answered yet
		}
		err := a.persist(ctx, "sending looks to the hub", func() (err error) {
			more, err = a.deliverOne(ctx, *clock)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (a *Agent) deliverOne(ctx context.Context, clock remote.Sample) (more bool, err error) {
	b := &remote.Batch{Protocol: remote.Protocol, Run: a.ID, Clock: clock}
	b.Looks, b.First, b.Lost, more = a.buffer.batch()
	if c := a.crew.Load(); c != nil {
		b.Doubts = c.self.Doubts(a.Now())
		for i := range b.Doubts {
			b.Doubts[i].Reason = oneLine(b.Doubts[i].Reason)
		}
	}
	ack, next, err := a.Client.send(ctx, b)
	if r, ok := errors.AsType[*refusal](err); ok && r.useless() {
		a.Log.ErrorContext(ctx, "the hub refuses looks; they are let go", "looks", len(b.Looks), "error", err)
		a.buffer.refused(b.First, len(b.Looks))
		return more, nil
	}
	if err != nil {
		return more, err
	}
	a.note(ctx, next)
	a.buffer.kept(ack.Kept)
	if ack.Kept+1 < b.First+uint64(len(b.Looks)) {
		more = false // the hub's database is slow or away: give it time
		a.buffer.ring()
	}
	return more, nil
}

// note remembers the times of the latest exchange, and says when they tell of a
// clock that is off.
func (a *Agent) note(ctx context.Context, s remote.Sample) {
	if err := s.Problem(); err != nil {
		a.Log.WarnContext(ctx, "the times of an exchange with the hub make no sense", "error", err)
		return
	}
	a.mu.Lock()
	before := a.clock
	a.clock = &s
	a.mu.Unlock()
	if d := s.Difference(); d.Refused() && (before == nil || !before.Difference().Refused()) {
		a.Log.ErrorContext(ctx, "the clocks differ too much: nothing from here counts", "hub_ahead", d.Ahead, "error_bound", d.Error)
	}
}

func (a *Agent) exchanged() *remote.Sample {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.clock
}

// persist does something until it succeeds or ctx is done, with longer and
// longer pauses. It is an error only if the hub does not want the agent.
func (a *Agent) persist(ctx context.Context, what string, do func() error) error {
	failed := time.Time{}
	for pause := firstPause; ; pause = min(2*pause, longestPause) {
		err := do()
		switch {
		case err == nil && !failed.IsZero():
			a.Log.InfoContext(ctx, "the hub answers again", "while", what, "away_for", time.Since(failed).Round(time.Second))
			return nil
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return nil //nolint:nilerr // it fails because we are stopping
		}
		wait := pause/2 + time.Duration(a.Jitter()*float64(pause/2))
		if r, ok := errors.AsType[*refusal](err); ok {
			if r.final() {
				return fmt.Errorf("%w: %w", ErrUnwanted, err)
			}
			wait = max(wait, r.after)
		}
		if failed.IsZero() {
			failed = time.Now()
			a.Log.WarnContext(ctx, "the hub does not answer; looking on", "while", what, "error", err, "looks_kept", a.buffer.waiting())
		}
		a.rest(ctx, wait)
	}
}

// rest waits, unless ctx is done before.
func (a *Agent) rest(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
