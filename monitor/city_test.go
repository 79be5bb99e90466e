package monitor_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"bongsu/monitor"
	"bongsu/notifier"
	"bongsu/probes"
	"bongsu/status"
	"bongsu/store" //nolint:depguard // a restart is tested on the database that the program has
)

// city is a monitor in a test: services that behave as told, a page that keeps
// what it was given, a database that can be taken away.
type city struct {
	t      *testing.T
	wiring monitor.Wiring
	book   *book
	*page
	wokes   atomic.Int32
	metrics *prometheus.Registry
}

const here = "seoul-1"

// newCity has a component for each probe, looked at every ten seconds,
// confirmed by three looks a second apart.
func newCity(t *testing.T, keeper monitor.Book, services ...look) *city {
	c := &city{t: t, book: &book{Book: keeper}, page: &page{}, metrics: prometheus.NewRegistry()}
	m := &status.Model{
		Site:      status.Site{Zone: time.UTC, Languages: []string{"en"}},
		Groups:    []status.Group{{ID: "city"}},
		Rules:     status.Rules{Confirm: 3, Recover: 3, Watch: 10 * time.Minute, Promise: time.Hour},
		Locations: []status.Location{{ID: here}},
	}
	for i, s := range services {
		id := fmt.Sprintf("service-%d", i)
		check := status.Check{ID: id + "/1", Depth: status.Function, Fresh: 30 * time.Second}
		m.Components = append(m.Components, status.Component{ID: id, Group: "city", Checks: []status.Check{check}})
		c.wiring.Checks = append(c.wiring.Checks, monitor.Check{
			ID: check.ID, Every: 10 * time.Second, Timeout: 5 * time.Second, Recheck: monitor.Recheck{After: time.Second}, Prober: s,
		})
	}
	c.wiring.Model, c.wiring.Location = m, here
	c.wiring.Names, c.wiring.Writer = &names{}, writer{}
	c.wiring.Book, c.wiring.Publish = c.book, c.publish
	c.wiring.Woke = func() { c.wokes.Add(1) }
	c.wiring.Now, c.wiring.Log = time.Now, slog.New(slog.DiscardHandler)
	c.wiring.Metrics = monitor.NewMetrics(c.metrics)
	return c
}

// run runs a monitor; stop stops it and waits until it has ended.
func (c *city) run() (m *monitor.Monitor, stop func() error) {
	c.t.Helper()
	m, err := monitor.New(c.wiring)
	if err != nil {
		c.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(c.t.Context())
	ended := make(chan error, 1)
	go func() { ended <- m.Run(ctx) }()
	return m, func() error {
		cancel()
		return <-ended
	}
}

// until lives for a while, then stops.
func (c *city) live(d time.Duration) {
	c.t.Helper()
	_, stop := c.run()
	time.Sleep(d)
	if err := stop(); err != nil {
		c.t.Error(err)
	}
}

// metric is the value of the counter or gauge with this label, "" for one without.
func (c *city) metric(name, label string) (value float64) {
	c.t.Helper()
	families, err := c.metrics.Gather()
	if err != nil {
		c.t.Fatal(err)
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if f.GetName() == name && (label == "" || m.GetLabel()[0].GetValue() == label) {
				value += m.GetCounter().GetValue() + m.GetGauge().GetValue()
			}
		}
	}
	return value
}

// names are counted.
type names struct{ n int }

func (n *names) ID(time.Time) string { n.n++; return fmt.Sprintf("id-%06d", n.n) }
func (n *names) Code() string        { n.n++; return fmt.Sprintf("%04d", n.n) }

// writer words nothing: it says which notices there are.
type writer struct{}

func (writer) Compose(_ *status.Snapshot, events []status.Event, now time.Time) ([]notifier.Notice, error) {
	var notices []notifier.Notice
	for _, e := range events {
		notices = append(notices, notifier.Notice{
			ID: string(e.Kind) + " " + e.Update, Incident: e.Incident, Event: string(e.Kind), Update: e.Update,
			Audience: "subscribers", Plan: "citizens", From: e.From, To: e.To, Made: now,
		})
	}
	return notices, nil
}

func (writer) Alarm(key, text string, now time.Time) ([]notifier.Notice, error) {
	return []notifier.Notice{{
		ID: "alarm " + key + now.Format(" 15:04"), Event: "alarm", Update: key + now.Format(" 15"), Audience: "operators", Plan: "ops",
		Texts: []notifier.Text{{Lang: "en", Class: "chat", Body: text}}, Made: now,
	}}, nil
}

// page keeps every snapshot with the time it came.
type page struct {
	mu    sync.Mutex
	shown []*status.Snapshot
	slow  time.Duration
}

func (p *page) publish(s *status.Snapshot) {
	time.Sleep(p.slow)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.shown = append(p.shown, s)
}

func (p *page) latest() *status.Snapshot {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.shown[len(p.shown)-1]
}

// state is what the page shows of a service.
func (p *page) state(service int) status.State {
	view, ok := p.latest().Component(fmt.Sprintf("service-%d", service))
	if !ok {
		return status.Unknown
	}
	return view.State
}

// firstShown is when the page first showed the service in the state.
func (p *page) firstShown(service int, want status.State) time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, s := range p.shown {
		if v, ok := s.Component(fmt.Sprintf("service-%d", service)); ok && v.State == want {
			return s.At
		}
	}
	return time.Time{}
}

// book notes what is committed, and can be away.
type book struct {
	monitor.Book
	mu      sync.Mutex
	gone    bool
	doubt   bool // commits happen, and look as if they had not
	commits []notifier.Record
}

var errGone = errors.New("the database is away")

func (b *book) Record(ctx context.Context, r notifier.Record) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.gone {
		return errGone
	}
	if b.Book != nil {
		if err := b.Book.Record(ctx, r); err != nil {
			return err
		}
	}
	b.commits = append(b.commits, r)
	if b.doubt {
		return errGone
	}
	return nil
}

func (b *book) Memory(ctx context.Context, since time.Time) (status.Memory, error) {
	if b.Book == nil {
		return status.Memory{}, nil
	}
	return b.Book.Memory(ctx, since)
}

func (b *book) Commands(ctx context.Context) ([]status.Command, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.gone {
		return nil, errGone
	}
	if b.Book == nil {
		return nil, nil
	}
	return b.Book.Commands(ctx)
}

func (b *book) set(gone, doubt bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.gone, b.doubt = gone, doubt
}

// notices are the ids of the notices that were committed, each once.
func (b *book) notices() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var ids []string
	for _, r := range b.commits {
		for _, n := range r.Notices {
			if !slices.Contains(ids, n.ID) {
				ids = append(ids, n.ID)
			}
		}
	}
	return ids
}

// bodies are the words of the alarms that were committed.
func (b *book) bodies() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var bodies []string
	for _, r := range b.commits {
		for _, n := range r.Notices {
			for _, t := range n.Texts {
				bodies = append(bodies, t.Body)
			}
		}
	}
	return bodies
}

// database is a SQLite file. Inside a bubble its path must come from outside.
func database(t *testing.T, path string) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), path, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func newPath(t *testing.T) string { return filepath.Join(t.TempDir(), "bongsu.db") }

// service is a target that is well, or fails, as told.
type service struct {
	mu    sync.Mutex
	fault probes.Result
	began []time.Time
}

func (s *service) look(context.Context) probes.Result {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.began = append(s.began, time.Now())
	if s.fault.Outcome == probes.Inconclusive && s.fault.Reason == "" {
		return probes.Result{Outcome: probes.OK}
	}
	return s.fault
}

func (s *service) become(r probes.Result) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = r
}

func (s *service) looks() []time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.began)
}

var (
	dead   = probes.Result{Outcome: probes.Failed, Reason: "connection refused"}
	healed = probes.Result{}
)
