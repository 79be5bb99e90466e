package agent_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"bongsu/monitor"
	"bongsu/monitor/agent"
	"bongsu/probes"
	"bongsu/status"
	"bongsu/status/remote"
)

// hub is a hub in a test: it gives work, keeps what comes, and refuses as told.
type hub struct {
	*testing.T

	mu     sync.Mutex
	work   *remote.Work
	looks  map[uint64]remote.Look
	from   uint64 // the number of the first look that is missing
	lost   uint64
	refuse int  // answer with this status
	wall   bool // and it is not the hub that does, but what stands before it
	turned int  // batches that were turned away
	called []string
	serial uint64
	hellos int
}

func newHub(t *testing.T) (h *hub, url string) {
	h = &hub{T: t, looks: map[uint64]remote.Look{}, from: 1, work: &remote.Work{
		Version: "v1", Contact: "ops@status.example", Confirm: 2, Recover: 2, Secrets: map[string]string{"env:TOKEN": "from the hub", "file:key": "from a file"},
		Checks: []remote.Check{
			{ID: "pay/1", Steps: "well ${env:TOKEN} ${file:key}", Every: time.Second, Timeout: 500 * time.Millisecond, Recheck: 100 * time.Millisecond, Fresh: time.Minute},
			{ID: "night/1", Steps: "well", Every: 24 * time.Hour, Timeout: time.Second, Recheck: 100 * time.Millisecond, Fresh: 25 * time.Hour},
			{ID: "strange/1", Steps: "nonsense", Every: time.Second, Timeout: time.Second, Fresh: time.Minute},
		},
	}}
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return h, server.URL
}

func (h *hub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	refuse, wall := h.refuse, h.wall
	if refuse != 0 && r.URL.Path == remote.VotesPath {
		h.turned++
	}
	h.mu.Unlock()
	if refuse != 0 {
		if w.Header().Set("Content-Type", "application/problem+json"); wall {
			w.Header().Set("Content-Type", "text/html")
		}
		w.WriteHeader(refuse)
		io.WriteString(w, `{"detail": "as told"}`)
		return
	}
	if got := r.Header.Get("Authorization"); got != "Bearer bongsu_test" {
		h.Errorf("it comes with %q", got)
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	switch r.URL.Path {
	case remote.HelloPath:
		json.NewEncoder(w).Encode(h.hello(body))
	case remote.VotesPath:
		json.NewEncoder(w).Encode(h.take(body))
	case remote.WakePath:
		json.NewEncoder(w).Encode(h.call(r))
	}
}

func (h *hub) hello(body []byte) remote.Welcome {
	now := time.Now()
	m, err := remote.Decode[remote.Hello](body)
	if err != nil {
		h.Error(err)
		return remote.Welcome{}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.hellos++
	w := remote.Welcome{Protocol: remote.Protocol, Location: "busan-1", Received: now, Answered: now}
	if m.Work != h.work.Version {
		w.Work = h.work
	}
	return w
}

func (h *hub) take(body []byte) remote.Ack {
	now := time.Now()
	b, err := remote.Decode[remote.Batch](body)
	if err != nil {
		h.Error(err)
		return remote.Ack{}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if b.First > h.from {
		h.from = b.First // what is before was let go
	}
	for i, l := range b.Looks {
		n := b.First + uint64(i)
		if old, twice := h.looks[n]; twice && !cmp.Equal(old, l) {
			h.Errorf("look %d changed: %v", n, cmp.Diff(old, l))
		}
		h.looks[n] = l
		h.from = max(h.from, n+1)
	}
	h.lost = b.Lost
	return remote.Ack{Protocol: remote.Protocol, Kept: h.from - 1, Received: now, Answered: now}
}

// call waits a little, as a hub does, and then says what it has to.
func (h *hub) call(r *http.Request) remote.Call {
	deadline := time.After(300 * time.Millisecond)
	for {
		h.mu.Lock()
		c := remote.Call{Protocol: remote.Protocol, Serial: h.serial, Work: h.work.Version, Checks: h.called}
		h.called = nil
		h.mu.Unlock()
		if len(c.Checks) > 0 || r.URL.Query().Get("work") != c.Work {
			return c
		}
		select {
		case <-deadline:
			return c
		case <-r.Context().Done():
			return c
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func (h *hub) set(do func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	do()
}

// of are the looks at a check that the hub has, in their order.
func (h *hub) of(check string) (looks []remote.Look) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for n := uint64(1); n < h.from; n++ {
		if l, ok := h.looks[n]; ok && l.Check == check {
			looks = append(looks, l)
		}
	}
	return looks
}

// step is a target that is well.
type step struct{}

func (step) Problems() []probes.Problem { return nil }

func (step) Look(context.Context, *probes.Run) probes.StepSeen {
	return probes.StepSeen{Outcome: probes.OK}
}

func options(t *testing.T, url string) agent.Options {
	t.Helper()
	client, err := agent.NewClient(agent.ClientOptions{Hub: url, Token: "bongsu_test", UserAgent: "test", Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	return agent.Options{
		Client: client, ID: "f00d", Program: "test", Room: 1000, Now: time.Now, Jitter: func() float64 { return 0 },
		Env: func(string) (string, bool) { return "", false },
		Steps: func(_, source string) ([]probes.Step, error) {
			if strings.HasPrefix(source, "well") {
				return []probes.Step{step{}}, nil
			}
			return nil, errors.New("no such action:\nnonsense")
		},
		Log: slog.New(slog.DiscardHandler), Metrics: monitor.NewMetrics(prometheus.NewRegistry()),
	}
}

// start runs an agent; stop stops it and gives what it ended with.
func start(t *testing.T, o agent.Options) (stop func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- agent.New(o).Run(ctx) }()
	return func() error {
		cancel()
		return <-ended
	}
}

func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	deadline := time.After(20 * time.Second)
	for !done() {
		select {
		case <-deadline:
			t.Fatal("never: " + what)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// It looks on schedule, at once when called, and tells of what it cannot read.
func TestAgentLooks(t *testing.T) {
	h, url := newHub(t)
	stop := start(t, options(t, url))
	eventually(t, "the hub has two looks", func() bool { return len(h.of("pay/1")) >= 2 })
	for _, l := range h.of("pay/1") {
		if l.Outcome != status.OK {
			t.Errorf("it saw %s: %s", l.Outcome, l.Reason)
		}
	}
	night := len(h.of("night/1"))
	h.set(func() { h.called, h.serial = []string{"night/1", "unheard/of"}, 1 })
	eventually(t, "the daily check is looked at when it is called for", func() bool { return len(h.of("night/1")) > night })
	eventually(t, "the check it cannot read is inconclusive", func() bool {
		looks := h.of("strange/1")
		return len(looks) > 0 && looks[0].Outcome == status.Inconclusive && strings.Contains(looks[0].Reason, "cannot read the check") && !strings.Contains(looks[0].Reason, "\n")
	})
	if err := stop(); err != nil {
		t.Error(err)
	}
}

// Without its hub it looks on, and nothing is lost or told twice when the hub
// is back.
func TestAgentOutlivesItsHub(t *testing.T) {
	h, url := newHub(t)
	stop := start(t, options(t, url))
	eventually(t, "the hub has a look", func() bool { return len(h.of("pay/1")) >= 1 })
	before := len(h.of("pay/1"))
	h.set(func() { h.refuse = http.StatusServiceUnavailable })
	away := time.Now()
	eventually(t, "three seconds pass", func() bool { return time.Since(away) > 3*time.Second })
	h.set(func() { h.refuse = 0 })
	eventually(t, "the hub has what was seen meanwhile", func() bool { return len(h.of("pay/1")) >= before+3 })
	looks := h.of("pay/1")
	for i := 1; i < len(looks); i++ {
		if gap := looks[i].At.Sub(looks[i-1].At); gap <= 0 || gap > 1900*time.Millisecond {
			t.Errorf("%s between two looks: one is missing, or out of order", gap)
		}
	}
	h.set(func() {
		if len(h.looks) != int(h.from-1) || h.lost != 0 {
			t.Errorf("%d looks of %d arrived, %d lost", len(h.looks), h.from-1, h.lost)
		}
	})
	stop()
}

// A secret comes from the agent's own environment, else from the hub; a file is
// always the hub's.
func TestWhereSecretsComeFrom(t *testing.T) {
	seen := make(chan http.Header, 100)
	target := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { seen <- r.Header }))
	defer target.Close()
	h, url := newHub(t)
	h.work.Secrets["env:OWN"] = "from the hub"
	o := options(t, url)
	o.Env = func(name string) (string, bool) { return "from here", name == "OWN" }
	o.Steps = func(string, string) ([]probes.Step, error) {
		for _, k := range probes.Kinds() {
			if get, ok := k.New(target.URL).(*probes.HTTP); ok && k.Key == "GET" {
				get.Headers = map[string]string{"X-Hub": "${env:TOKEN}", "X-Own": "${env:OWN}", "X-File": "${file:key}"}
				return []probes.Step{get}, nil
			}
		}
		return nil, errors.New("there is no GET")
	}
	defer start(t, o)()
	got := <-seen
	for header, want := range map[string]string{"X-Hub": "from the hub", "X-Own": "from here", "X-File": "from a file"} {
		if got.Get(header) != want {
			t.Errorf("%s: %q, want %q", header, got.Get(header), want)
		}
	}
	if agent := got.Get("User-Agent"); agent != "Bongsu/test (+ops@status.example)" {
		t.Errorf("the probe calls itself %q", agent)
	}
}

// Other work takes the place of the one before without a restart.
func TestAgentTakesUpOtherWork(t *testing.T) {
	h, url := newHub(t)
	defer start(t, options(t, url))()
	eventually(t, "the hub has a look", func() bool { return len(h.of("pay/1")) >= 1 })
	h.set(func() {
		h.work = &remote.Work{Version: "v2", Confirm: 1, Recover: 1, Checks: []remote.Check{
			{ID: "taxi/1", Steps: "well", Every: time.Second, Timeout: time.Second, Fresh: time.Minute},
		}}
	})
	eventually(t, "the hub has looks of the new work", func() bool { return len(h.of("taxi/1")) >= 1 })
	n := len(h.of("pay/1"))
	eventually(t, "more of them come", func() bool { return len(h.of("taxi/1")) >= 3 })
	if more := len(h.of("pay/1")); more > n+1 {
		t.Errorf("the old work goes on: %d looks, then %d", n, more)
	}
}

// A revoked token, a location that is not expected and another agent at it end
// the agent, and it says so.
func TestUnwantedAgentStops(t *testing.T) {
	for _, code := range []int{http.StatusUnauthorized, http.StatusForbidden, http.StatusConflict} {
		h, url := newHub(t)
		o := options(t, url)
		ended := make(chan error, 1)
		go func() { ended <- agent.New(o).Run(t.Context()) }()
		eventually(t, "it looks", func() bool { return len(h.of("pay/1")) >= 1 })
		h.set(func() { h.refuse = code })
		select {
		case err := <-ended:
			if !errors.Is(err, agent.ErrUnwanted) || !strings.Contains(err.Error(), "as told") {
				t.Errorf("%d: it ends with %v", code, err)
			}
		case <-time.After(10 * time.Second):
			t.Fatalf("%d: it does not stop", code)
		}
	}
}

// What stands between an agent and its hub cannot send it home, nor have looks
// let go: a gateway that is set up anew answers 403 or 400 for a minute.
func TestAgentOutlivesAWall(t *testing.T) {
	for _, code := range []int{http.StatusUnauthorized, http.StatusForbidden, http.StatusConflict, http.StatusBadRequest} {
		h, url := newHub(t)
		stop := start(t, options(t, url))
		eventually(t, "it looks", func() bool { return len(h.of("pay/1")) >= 1 })
		h.set(func() { h.refuse, h.wall = code, true })
		eventually(t, "looks come up against it", func() (done bool) {
			h.set(func() { done = h.turned >= 2 })
			return done
		})
		n := len(h.of("pay/1"))
		h.set(func() { h.refuse = 0 })
		eventually(t, "what it saw meanwhile comes", func() bool { return len(h.of("pay/1")) > n+1 })
		var lost uint64
		if h.set(func() { lost = h.lost }); lost != 0 {
			t.Errorf("%d: %d looks were let go", code, lost)
		}
		if err := stop(); err != nil {
			t.Errorf("%d: it ends with %v", code, err)
		}
	}
}

// Kept on a disk, work has no secrets; an agent that starts without its hub
// looks by it.
func TestAgentStartsWithoutItsHub(t *testing.T) {
	h, url := newHub(t)
	folder := t.TempDir()
	o := options(t, url)
	o.Shelf = &agent.Shelf{Folder: folder}
	stop := start(t, o)
	eventually(t, "the hub has a look", func() bool { return len(h.of("pay/1")) >= 1 })
	stop()
	text, err := os.ReadFile(filepath.Join(folder, "work.json"))
	if err != nil || strings.Contains(string(text), "from") {
		t.Fatalf("%v\n%s", err, text)
	}
	h.set(func() { h.refuse, h.looks, h.from = http.StatusServiceUnavailable, map[uint64]remote.Look{}, 1 })
	o.ID, o.Metrics = "cafe", monitor.NewMetrics(prometheus.NewRegistry())
	began := time.Now()
	stop = start(t, o)
	eventually(t, "two seconds pass", func() bool { return time.Since(began) > 2*time.Second })
	back := time.Now()
	h.set(func() { h.refuse = 0 })
	eventually(t, "the hub has a look from before it was back", func() bool {
		looks := h.of("pay/1")
		return len(looks) > 0 && looks[0].At.Before(back)
	})
	stop()
	if err := os.WriteFile(filepath.Join(folder, "work.json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := o.Shelf.Work(); err == nil {
		t.Error("a broken file was read")
	}
}

// A hub must be reached in a way that shows the token to nobody.
func TestHubAddresses(t *testing.T) {
	for address, want := range map[string]string{
		"https://status.example": "", "https://status.example/": "", "http://127.0.0.1:8080": "", "http://localhost:1": "", "http://[::1]:1": "",
		"http://status.example": "write https://", "http://10.0.0.1": "write https://", "ftp://status.example": "write https://",
		"status.example": "is not one", "https://user:pw@status.example": "is not one", "https://status.example?x": "is not one", ":": "reading",
	} {
		_, err := agent.NewClient(agent.ClientOptions{Hub: address, Token: "bongsu_test"})
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "pw")) {
			t.Errorf("%s: %v, want %q", address, err, want)
		}
	}
	if _, err := agent.NewClient(agent.ClientOptions{Hub: "https://status.example", Token: "a\nb"}); err == nil {
		t.Error("a token of two lines was taken")
	}
}

// The token does not follow a redirect.
func TestAgentIsNotLedElsewhere(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the agent came") }))
	defer elsewhere.Close()
	came := make(chan struct{}, 100)
	hub := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		came <- struct{}{}
		http.Redirect(w, r, elsewhere.URL, http.StatusTemporaryRedirect)
	}))
	defer hub.Close()
	stop := start(t, options(t, hub.URL))
	<-came
	<-came
	if err := stop(); err != nil {
		t.Error(err)
	}
}
