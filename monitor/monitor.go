package monitor

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"bongsu/notifier"
	"bongsu/status"
	"bongsu/status/remote"
)

// Book is what survives a restart. It must be safe for concurrent use.
type Book interface {
	// Memory is what a board needs to go on where the last one ended, with
	// what is over since then.
	Memory(ctx context.Context, since time.Time) (status.Memory, error)
	// Record commits all of it or nothing; the same again changes nothing.
	Record(ctx context.Context, r notifier.Record) error
	// Commands are the operators' commands that have no answer yet, oldest first.
	Commands(ctx context.Context) ([]status.Command, error)
}

// Wiring is what a monitor is made of. All of it is needed but Woke, Works and
// Self.
type Wiring struct {
	Model    *status.Model
	Names    status.Names
	Location string // where this node looks from; one of the model's
	Checks   []Check
	Works    map[string]*remote.Work // by location: what agents look at; not changed any more
	Self     *Self                   // watches over this node; nil: it trusts itself
	Book     Book
	Writer   Writer
	Publish  func(*status.Snapshot) // makes it what visitors see; called by one goroutine at a time
	Woke     func()                 // wakes the sender: notices were committed; must not block, and be safe for concurrent use
	Now      func() time.Time
	Log      *slog.Logger
	Metrics  *Metrics
}

// Monitor is the live loop around a [Roster] and a [Desk].
type Monitor struct {
	Wiring

	checks   map[string]*Check
	controls []string // ids
	posts    *posts
	rounds   *Rounds // beside the judge, so that a long judgement makes no look late

	looked  chan Outcome
	asked   chan request
	written chan error
	pages   chan *status.Snapshot
	stopped chan struct{}

	judgeBeat atomic.Int64 // when the judge last turned, in nanoseconds
}

// New makes a monitor, or says what is wrong with its checks.
func New(w Wiring) (*Monitor, error) {
	m := &Monitor{
		Wiring:  w,
		checks:  make(map[string]*Check, len(w.Checks)),
		posts:   newPosts(w.Works),
		looked:  make(chan Outcome, 1024), // more than end in a breath; beyond it probes wait, not the loop
		asked:   make(chan request),
		written: make(chan error, 1),
		pages:   make(chan *status.Snapshot, 1),
		stopped: make(chan struct{}),
	}
	if !slices.ContainsFunc(w.Model.Locations, func(l status.Location) bool { return l.ID == w.Location }) {
		return nil, fmt.Errorf("location %q is not among the locations whose votes count", w.Location)
	}
	known := map[string]bool{}
	for i := range w.Model.Components {
		for _, c := range w.Model.Components[i].Checks {
			known[c.ID] = true
		}
	}
	for i := range w.Model.Controls {
		known[w.Model.Controls[i].ID] = true
		m.controls = append(m.controls, w.Model.Controls[i].ID)
	}
	for i := range w.Checks {
		c := &w.Checks[i]
		if !known[c.ID] {
			return nil, fmt.Errorf("check %q belongs to no component and is no control", c.ID)
		}
		m.checks[c.ID] = c
	}
	// Run plans anew; this finds what is wrong before anything starts.
	if _, err := NewRoster(w.Checks, w.Now()); err != nil {
		return nil, err
	}
	return m, nil
}

// ErrStopped says that the monitor no longer takes requests.
var ErrStopped = errors.New("the monitor has stopped")

// Run looks, judges, keeps and publishes until ctx is done. Then it lets the
// looks in flight end, commits what is judged and returns. The error says what
// could not be committed. Run is called once.
func (m *Monitor) Run(ctx context.Context) error {
	defer close(m.stopped)
	memory, ok := m.remember(ctx)
	if !ok {
		return nil // stopped before it began: there is nothing to end
	}
	now := m.now()
	desk := NewDesk(status.NewBoard(m.Model, memory, m.Names), m.Location, m.Writer)
	var err error
	m.rounds, err = NewRounds(RoundsOptions{Checks: m.Checks, Ended: m.ended, Now: m.Now, Log: m.Log, Metrics: m.Metrics})
	if err != nil {
		return err
	}
	m.resume(&memory, now)
	m.judgeBeat.Store(now.UnixNano())

	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { m.rounds.Run(ctx); return nil })
	group.Go(func() error { return (&judge{Monitor: m, desk: desk}).run(ctx) })
	group.Go(func() error { m.publish(); return nil })
	group.Go(func() error { m.listen(ctx); return nil })
	group.Go(func() error { m.watch(ctx); return nil })
	if m.Self != nil {
		group.Go(func() error { return m.Self.Watch(ctx, m.Now) })
	}
	return group.Wait()
}

func (m *Monitor) now() time.Time { return m.Now().Round(0) } // what is kept and compared has no monotonic reading

// ended hands what a look came to to the judge.
func (m *Monitor) ended(ctx context.Context, o Outcome) {
	select {
	case m.looked <- o:
	case <-ctx.Done():
	}
}

// history is how far back the page shows what was.
const history = 91 * 24 * time.Hour

// remember reads the memory, for as long as it takes: judging without it would
// open every incident a second time. Meanwhile the page stays what it was. It
// is false if ctx was done first.
func (m *Monitor) remember(ctx context.Context) (status.Memory, bool) {
	for pause := firstPause; ; pause = min(2*pause, longestPause) {
		memory, err := m.Book.Memory(ctx, m.now().Add(-history))
		if err == nil || ctx.Err() != nil {
			return memory, err == nil
		}
		m.Log.ErrorContext(ctx, "remembering where the last run ended", "error", err, "retry_in", pause)
		select {
		case <-ctx.Done():
			return memory, false
		case <-time.After(pause):
		}
	}
}

// resume plans the looks that the last run left open: the next one of a
// confirmation it had begun, and a first one where nothing fresh is known.
func (m *Monitor) resume(memory *status.Memory, now time.Time) {
	fresh := map[string]time.Duration{}
	for i := range m.Model.Components {
		for _, c := range m.Model.Components[i].Checks {
			fresh[c.ID] = c.Fresh
		}
	}
	for i := range m.Model.Controls {
		fresh[m.Model.Controls[i].ID] = m.Model.Controls[i].Fresh
	}
	known := map[string]bool{}
	for i := range memory.Standings {
		s := &memory.Standings[i]
		if s.Location != m.Location || m.checks[s.Check] == nil {
			continue
		}
		if s.Outcome == status.OK {
			m.Metrics.succeeded(s.Check, s.At.Add(s.Took))
		}
		known[s.Check] = now.Sub(s.Said) < fresh[s.Check]
		if unsettled(s) {
			m.rounds.Again(s.Check, now)
		}
	}
	for i := range m.Checks {
		if id := m.Checks[i].ID; !known[id] {
			m.rounds.Greet(id, now)
		}
	}
}

// unsettled says whether the latest conclusive look disagrees with the
// location's confirmed word.
func unsettled(s *status.Standing) bool {
	if s.Recent == "" {
		return false
	}
	return status.Level(s.Recent[len(s.Recent)-1]-'0')+status.LevelOK != s.Level
}

// publish hands snapshots to the page until the judge has ended. It is apart
// from the judge because rendering and compressing a page takes its time; what
// is overtaken meanwhile is never rendered.
func (m *Monitor) publish() {
	for page := range m.pages {
		m.Publish(page)
		m.Metrics.publishings.Inc()
	}
}
