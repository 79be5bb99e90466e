package store_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
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
	childManner   = "BONGSU_CRASH_MANNER" // of the gateway: empty, dedupes or many
	childBatch    = "BONGSU_CRASH_BATCH"  // recipients of a batch; empty: as many as there are outside of tests
	childEarly    = "BONGSU_CRASH_EARLY"  // people of a notice whose deliveries are written at once; empty: as many
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
	batch, err := strconv.Atoi(cmp.Or(os.Getenv(childBatch), "0"))
	if err != nil {
		return err
	}
	early, err := strconv.Atoi(cmp.Or(os.Getenv(childEarly), "0"))
	if err != nil {
		return err
	}
	return notifier.NewSender(s, notifier.Options{
		Early:    early,
		Node:     os.Getenv(childNode),
		Stamp:    stamp,
		Channels: []notifier.Channel{{ID: "sms", Kind: "sms", Class: notifier.ClassSMS, Gateways: []notifier.Route{{Name: "sms/http", Gateway: newGateway(os.Getenv(childGateway), os.Getenv(childManner)), Rate: rate}}}},
		Plans:    map[string][]notifier.Hop{"citizens": {{Channel: "sms", Until: notifier.Accepted}}},
		// A crash's doubts are settled soon, or a test would last too long.
		SettleWait: 500 * time.Millisecond,
		BatchSize:  batch,
	}).Run(ctx)
}

// newGateway is a gateway of the manner that a test is about.
func newGateway(url, manner string) notifier.Gateway {
	p := newPoster(url)
	switch manner {
	case "dedupes":
		return deduper{p}
	case "many":
		return multicaster{deduper{p}}
	}
	return p
}

// deduper is a poster whose other side drops a key that it has seen.
type deduper struct{ *poster }

func (deduper) DedupesFor() time.Duration { return time.Hour }

// multicaster is one that takes many at once.
type multicaster struct{ deduper }

func (multicaster) Most() int { return 500 }

func (m multicaster) SendMany(ctx context.Context, key string, ms []notifier.Message) (string, error) {
	to := make([]string, len(ms))
	for i, one := range ms {
		to[i] = one.To
	}
	return m.post(ctx, posted{To: to, Body: ms[0].Body, Key: key, Again: ms[0].Again})
}

// posted is what goes over the wire.
type posted struct {
	To    []string
	Body  string
	Key   string
	Again bool
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
	return p.post(ctx, posted{To: []string{m.To}, Body: m.Body, Key: m.Delivery, Again: m.Again})
}

func (p *poster) post(ctx context.Context, m posted) (string, error) {
	body, err := json.Marshal(m)
	if err != nil {
		return "", err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url, bytes.NewReader(body))
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
	delay   func() time.Duration
	dedupes bool

	mu      sync.Mutex
	heard   map[heardBy][]hearing
	keys    map[string]bool
	dropped int             // requests whose key was known
	open    int             // requests without an answer
	ended   []time.Time     // when requests were answered
	names   map[string]bool // everybody who heard anything
}

// heardBy is a person and a text.
type heardBy struct{ to, body string }

type hearing struct {
	at    time.Time
	again bool
}

func newWitness(t testing.TB, delay func() time.Duration) *witness {
	w := &witness{delay: delay, heard: map[heardBy][]hearing{}, keys: map[string]bool{}, names: map[string]bool{}}
	w.Server = httptest.NewServer(w)
	t.Cleanup(w.Close)
	return w
}

func (w *witness) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	var m posted
	if err := json.NewDecoder(r.Body).Decode(&m); err != nil {
		rw.WriteHeader(http.StatusBadRequest)
		return
	}
	w.note(m)
	defer func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.open--
		w.ended = append(w.ended, time.Now())
	}()
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

func (w *witness) note(m posted) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.open++
	if w.dedupes && w.keys[m.Key] {
		w.dropped++
		return
	}
	w.keys[m.Key] = true
	for _, to := range m.To {
		w.names[to] = true
		w.heard[heardBy{to, m.Body}] = append(w.heard[heardBy{to, m.Body}], hearing{time.Now(), m.Again})
	}
}

// count is how many texts have been heard, how many requests were repeats, and
// how many of those were flagged.
func (w *witness) count() (texts, repeats, flagged int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, all := range w.heard {
		texts++
		for _, h := range all[1:] {
			repeats++
			if h.again {
				flagged++
			}
		}
	}
	return texts, repeats, flagged
}

// unsettled is how many requests may not be in the books yet: those without an
// answer, and those answered within some time.
func (w *witness) unsettled(flush time.Duration) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := w.open
	for i := len(w.ended) - 1; i >= 0 && time.Since(w.ended[i]) < flush; i-- {
		n++
	}
	return n
}

// process is a sending process of its own.
type process struct {
	*exec.Cmd
	done chan error
}

func start(t *testing.T, database, gateway, keyText, node string, rate int, manner ...string) *process {
	t.Helper()
	p := &process{exec.Command(os.Args[0]), make(chan error, 1)}
	p.Env = append(os.Environ(), childDatabase+"="+database, childGateway+"="+gateway, childKeys+"="+keyText,
		childNode+"="+node, fmt.Sprintf("%s=%d", childRate, rate), childManner+"="+strings.Join(manner, ""), childBatch+"=100",
		fmt.Sprintf("%s=%d", childEarly, early(t)))
	p.begin(t)
	return p
}

// begin starts the process. It ends with the test.
func (p *process) begin(t *testing.T) {
	t.Helper()
	p.Stderr = os.Stderr
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { p.done <- p.Wait() }()
	t.Cleanup(p.kill)
}

// kill is kill -9: nothing of the process runs any more when it returns.
func (p *process) kill() {
	if p.ProcessState == nil {
		_ = p.Process.Kill()
		err := <-p.done
		p.done <- err
	}
}

// campaign is a notice to many.
type campaign struct {
	people, rate int
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
		list, err := s.RecentProgress(t.Context(), 1000)
		if err != nil {
			t.Fatal(err)
		}
		q, err := s.Queue(t.Context(), time.Now())
		if err != nil {
			t.Fatal(err)
		}
		return q.Depth == 0 && !slices.ContainsFunc(list, func(p store.Progress) bool { return !p.Planned })
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
func TestTakeover(t *testing.T) { modes(t, takeover) }

func takeover(t *testing.T) {
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
	stuck := mute.people()
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

func (w *witness) people() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Sorted(maps.Keys(w.names))
}

func (w *witness) hasAll(names []string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, name := range names {
		if !w.names[name] {
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
	heard map[string]int
}

func (w *stopwatch) count() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.times)
}

func (w *stopwatch) Send(_ context.Context, m notifier.Message) (string, error) {
	w.mu.Lock()
	w.times = append(w.times, time.Now())
	if w.heard != nil {
		w.heard[m.To]++
	}
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
