package store_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"bongsu/notifier"
	"bongsu/status"
	"bongsu/store"
)

// The environment by which the test binary becomes a sending process.
const (
	childDatabase = "BONGSU_CRASH_DATABASE"
	childGateway  = "BONGSU_CRASH_GATEWAY"
	childKeys     = "BONGSU_CRASH_KEYS"
	childNode     = "BONGSU_CRASH_NODE"
	childRate     = "BONGSU_CRASH_RATE"
)

// child runs the test binary as a server that does nothing but send. It says
// so when this process is one.
func child() bool {
	if os.Getenv(childDatabase) == "" {
		return false
	}
	if err := serve(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	return true
}

func serve(ctx context.Context) error {
	keyring, err := store.ParseKeys(os.Getenv(childKeys))
	if err != nil {
		return err
	}
	address := os.Getenv(childDatabase)
	s, err := store.Open(ctx, address, store.Options{Keys: keyring, Sole: !strings.HasPrefix(address, "postgres")})
	if err != nil {
		return err
	}
	defer s.Close()
	var rate float64
	if _, err := fmt.Sscan(os.Getenv(childRate), &rate); err != nil {
		return err
	}
	return notifier.NewSender(s, notifier.Options{
		Node:     os.Getenv(childNode),
		Stamp:    stamp,
		Channels: []notifier.Channel{{ID: "sms", Kind: "sms", Class: notifier.ClassSMS, Gateways: []notifier.Route{{Name: "sms/http", Gateway: newPoster(os.Getenv(childGateway)), Rate: rate}}}},
		Plans:    map[string][]notifier.Hop{"citizens": {{Channel: "sms", Until: notifier.Accepted}}},
		// A crash's doubts are settled soon, or a test would last too long.
		SettleWait: 500 * time.Millisecond,
		BatchSize:  100,
	}).Run(ctx)
}

// poster is a gateway over HTTP: one request per message, no idempotency.
type poster struct {
	client *http.Client
	url    string
}

func newPoster(url string) *poster {
	return &poster{&http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 128}}, url}
}

func (p *poster) Send(ctx context.Context, m notifier.Message) (string, error) {
	body, err := json.Marshal(map[string]any{"to": m.To, "body": m.Body, "key": m.Delivery, "again": m.Again})
	if err != nil {
		return "", err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url, strings.NewReader(string(body)))
	if err != nil {
		return "", err
	}
	answer, err := p.client.Do(r)
	if err != nil {
		return "", &notifier.UncertainError{Err: err}
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusCreated {
		return "", fmt.Errorf("HTTP %d", answer.StatusCode)
	}
	return answer.Header.Get("X-Ref"), nil
}

// witness is the gateway's own log: it outlives every process it serves.
type witness struct {
	*httptest.Server
	delay func() time.Duration

	mu    sync.Mutex
	heard map[string][]hearing
	last  time.Time
}

type hearing struct {
	at    time.Time
	again bool
}

func newWitness(t testing.TB, delay func() time.Duration) *witness {
	w := &witness{delay: delay, heard: map[string][]hearing{}}
	w.Server = httptest.NewServer(w)
	t.Cleanup(w.Close)
	return w
}

func (w *witness) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	var m struct {
		To    string
		Again bool
	}
	if err := json.NewDecoder(r.Body).Decode(&m); err != nil {
		rw.WriteHeader(http.StatusBadRequest)
		return
	}
	w.mu.Lock()
	w.last = time.Now()
	w.heard[m.To] = append(w.heard[m.To], hearing{w.last, m.Again})
	w.mu.Unlock()
	if w.delay != nil {
		select {
		case <-time.After(w.delay()):
		case <-r.Context().Done():
			return
		}
	}
	rw.Header().Set("X-Ref", "r")
	rw.WriteHeader(http.StatusCreated)
}

// count is how many have heard, how many requests were repeats, and how many
// of those were flagged.
func (w *witness) count() (people, repeats, flagged int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, all := range w.heard {
		people++
		for _, h := range all[1:] {
			repeats++
			if h.again {
				flagged++
			}
		}
	}
	return people, repeats, flagged
}

// process is a sending process of its own.
type process struct {
	*exec.Cmd
	done chan error
}

func start(t *testing.T, database, gateway, keyText, node string, rate int) *process {
	t.Helper()
	p := &process{exec.Command(os.Args[0]), make(chan error, 1)}
	p.Env = append(os.Environ(), childDatabase+"="+database, childGateway+"="+gateway, childKeys+"="+keyText,
		childNode+"="+node, fmt.Sprintf("%s=%d", childRate, rate))
	p.Stderr = os.Stderr
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { p.done <- p.Wait() }()
	t.Cleanup(p.kill)
	return p
}

// kill is kill -9: nothing of the process runs any more when it returns.
func (p *process) kill() {
	if p.ProcessState == nil {
		_ = p.Process.Kill()
		err := <-p.done
		p.done <- err
	}
}

// campaign is a notice to many, and a process killed again and again.
type campaign struct {
	people, kills, rate int
}

// deep says whether the long tests run.
func deep() bool { return os.Getenv("BONGSU_DEEP") == "1" }

func TestKilledAtAnyInstantNobodyIsMissed(t *testing.T) {
	c := campaign{people: 300, kills: 3, rate: 250}
	if deep() {
		c = campaign{people: 5000, kills: 20, rate: 250}
	}
	t.Run("sqlite", func(t *testing.T) { c.run(t, filepath.Join(t.TempDir(), "bongsu.db")) })
	t.Run("postgres", func(t *testing.T) { c.run(t, newPostgres(t)) })
}

func (c campaign) run(t *testing.T, database string) {
	keyText := store.NewKeys()
	keyring, err := store.ParseKeys(keyText)
	if err != nil {
		t.Fatal(err)
	}
	s := openAt(t, database, store.Options{Keys: keyring})
	subscribe(t, s, c.people, "sms")
	gate := newWitness(t, func() time.Duration { return time.Duration(50+rand.IntN(250)) * time.Millisecond })
	n := noticeOf(status.EventOpened)
	n.Made = time.Now()
	tell(t, s, n)

	whole := time.Duration(c.people) * time.Second / time.Duration(c.rate)
	for i := range c.kills {
		p := start(t, database, gate.URL, keyText, "a", c.rate)
		c.waitFor(t, gate, (i+1)*c.people/(c.kills+2), whole+20*time.Second)
		time.Sleep(rand.N(100 * time.Millisecond)) // the instant is what is random here
		p.kill()
	}
	last := start(t, database, gate.URL, keyText, "a", c.rate)
	c.waitForEnd(t, s, whole+60*time.Second)
	last.kill()

	people, repeats, flagged := gate.count()
	bound := c.kills * (c.rate*300/1000 + c.rate*20/1000 + 1) // in flight, and the flush window with room for the disk
	t.Logf("%d people, %d kills: %d heard, %d repeats (at most %d), %d of them flagged in the message", c.people, c.kills, people, repeats, bound, flagged)
	if people != c.people {
		t.Errorf("%d of %d people heard", people, c.people)
	}
	if repeats > bound {
		t.Errorf("%d repeats, want at most %d", repeats, bound)
	}
	if flagged != repeats {
		t.Errorf("%d of %d repeats were flagged", flagged, repeats)
	}
	c.wantDoubtsFirst(t, s, keyring, gate)
}

// wantDoubtsFirst checks that every repeat was in doubt in the books before
// its second request left.
func (c campaign) wantDoubtsFirst(t *testing.T, s *store.Store, keyring *store.Keys, gate *witness) {
	t.Helper()
	_ = keyring
	gate.mu.Lock()
	defer gate.mu.Unlock()
	for number, all := range gate.heard {
		if len(all) < 2 {
			continue
		}
		sub, err := s.FindSubscriber(t.Context(), "sms", number)
		if err != nil {
			t.Fatal(err)
		}
		lines, err := s.History(t.Context(), sub.ID, 10)
		if err != nil || len(lines) == 0 {
			t.Fatalf("history: %v", err)
		}
		tries, err := s.Attempts(t.Context(), lines[0].Batch, sub.ID)
		if err != nil {
			t.Fatal(err)
		}
		for i, again := range all[1:] {
			if i >= len(tries) || tries[i].Kind != "in_doubt" || tries[i].At.After(again.at) {
				t.Errorf("repeat %d to subscriber %d left before it was in doubt: %+v", i+1, sub.ID, tries)
			}
		}
	}
}

// waitFor waits until so many have heard.
func (c campaign) waitFor(t *testing.T, gate *witness, people int, most time.Duration) {
	t.Helper()
	eventually(t, most, func() bool { n, _, _ := gate.count(); return n >= people })
}

// waitForEnd waits until the queue is empty.
func (c campaign) waitForEnd(t *testing.T, s *store.Store, most time.Duration) {
	t.Helper()
	eventually(t, most, func() bool {
		p, err := s.Progress(t.Context(), "n-opened")
		if err != nil {
			t.Fatal(err)
		}
		q, err := s.Queue(t.Context(), time.Now())
		if err != nil {
			t.Fatal(err)
		}
		return p.Planned && q.Depth == 0
	})
}

func eventually(t *testing.T, most time.Duration, done func() bool) {
	t.Helper()
	deadline := time.Now().Add(most)
	for !done() {
		if time.Now().After(deadline) {
			t.Fatalf("not within %s", most)
		}
		time.Sleep(10 * time.Millisecond) // polling other processes: there is nothing to wait on
	}
}

// A dead node's batches are worked by another within seven seconds.
func TestTakeover(t *testing.T) {
	database := newPostgres(t)
	keyText := store.NewKeys()
	keyring, err := store.ParseKeys(keyText)
	if err != nil {
		t.Fatal(err)
	}
	s := openAt(t, database, store.Options{Keys: keyring})
	c := campaign{people: 1500, rate: 200}
	subscribe(t, s, c.people, "sms")
	n := noticeOf(status.EventOpened)
	n.Made = time.Now()
	tell(t, s, n)
	mute := newWitness(t, func() time.Duration { return time.Hour }) // the first node's requests are never answered
	gate := newWitness(t, nil)
	first := start(t, database, mute.URL, keyText, "a", c.rate)
	c.waitFor(t, mute, 20, 20*time.Second)
	second := start(t, database, gate.URL, keyText, "b", c.rate)
	c.waitFor(t, gate, 20, 20*time.Second)
	stuck := mute.names()
	first.kill()
	killed := time.Now()
	eventually(t, 20*time.Second, func() bool { // the next owner names the doubts as soon as it has a batch
		p, err := s.Progress(t.Context(), "n-opened")
		if err != nil {
			t.Fatal(err)
		}
		return p.Channels[0].Unknown > 0
	})
	took := time.Since(killed)
	eventually(t, 20*time.Second, func() bool { return gate.hasAll(stuck) })
	t.Logf("the dead node's batches were worked %.1f s after its death, the last of its %d doubts was sent again after %.1f s", took.Seconds(), len(stuck), time.Since(killed).Seconds())
	if took > 7*time.Second {
		t.Errorf("take-over took %s", took)
	}
	c.waitForEnd(t, s, 60*time.Second)
	second.kill()
	if people, repeats, _ := gate.count(); people != c.people || repeats != 0 {
		t.Errorf("%d of %d heard, %d twice", people, c.people, repeats)
	}
}

func (w *witness) names() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var names []string
	for name := range w.heard {
		names = append(names, name)
	}
	return names
}

func (w *witness) hasAll(names []string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, name := range names {
		if len(w.heard[name]) == 0 {
			return false
		}
	}
	return true
}

var errStopped = errors.New("stopped")

// runFor runs a sender until done, then stops it and waits.
func runFor(t testing.TB, s *notifier.Sender, done func()) {
	t.Helper()
	ctx, stop := context.WithCancelCause(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	done()
	stop(errStopped)
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
}

// The configured rate is used, and never exceeded in any second.
func TestRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const people, rate = 2000, 300
		s := openAt(t, filepath.Join(t.TempDir(), "bongsu.db"), store.Options{Keys: keys()})
		defer s.Close() // within the bubble
		subscribe(t, s, people, "sms")
		n := noticeOf(status.EventOpened)
		n.Made = time.Now()
		tell(t, s, n)
		gate := &stopwatch{}
		runFor(t, notifier.NewSender(s, notifier.Options{
			Stamp:    stamp,
			Channels: []notifier.Channel{{ID: "sms", Kind: "sms", Class: notifier.ClassSMS, Gateways: []notifier.Route{{Name: "sms/one", Gateway: gate, Rate: rate}}}},
			Plans:    map[string][]notifier.Hop{"citizens": {{Channel: "sms", Until: notifier.Accepted}}},
		}), func() { time.Sleep(20 * time.Second) })
		if len(gate.times) != people {
			t.Fatalf("%d of %d sent", len(gate.times), people)
		}
		span := gate.times[people-1].Sub(gate.times[0])
		used := float64(people-1) / span.Seconds() / rate
		busiest := mostInASecond(gate.times)
		t.Logf("%.1f %% of the rate used, %d in the busiest second", 100*used, busiest)
		if busiest > rate || used < 0.98 {
			t.Errorf("%d in one second of at most %d, %.1f %% used", busiest, rate, 100*used)
		}
	})
}

// stopwatch is a gateway that takes 40 ms and notes when it was called.
type stopwatch struct {
	mu    sync.Mutex
	times []time.Time
}

func (w *stopwatch) Send(context.Context, notifier.Message) (string, error) {
	w.mu.Lock()
	w.times = append(w.times, time.Now())
	w.mu.Unlock()
	time.Sleep(40 * time.Millisecond)
	return "r", nil
}

// mostInASecond is the most of the times that lie within any one second.
func mostInASecond(times []time.Time) int {
	slices.SortFunc(times, time.Time.Compare)
	most, from := 0, 0
	for i, t := range times {
		for t.Sub(times[from]) >= time.Second {
			from++
		}
		most = max(most, i-from+1)
	}
	return most
}
