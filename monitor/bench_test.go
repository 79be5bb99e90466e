//go:build bench

package monitor_test

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"bongsu/monitor"
	"bongsu/probes"
	"bongsu/status"
)

// TestBenchSchedule looks at BONGSU_BENCH_CHECKS loopback targets (1,000 if not
// set) every ten seconds for half a minute, with the history in SQLite on disk,
// and prints what the targets saw. Beside it stands what bare net/http needs
// for the same number of requests, each on a fresh connection.
//
// `make bench` runs it. The targets, the client and the database share this
// process, so the CPU figures are of all of them.
func TestBenchSchedule(t *testing.T) {
	n, err := strconv.Atoi(cmp.Or(os.Getenv("BONGSU_BENCH_CHECKS"), "1000"))
	if err != nil {
		t.Fatal(err)
	}
	const interval, rounds = 10 * time.Second, 3
	target := &witness{seen: map[string][]time.Time{}}
	server := httptest.NewServer(target)
	defer server.Close()

	bare := cpuPer1000(n, func() { fetchAll(t, server.URL, n) })
	target.forget()

	db := database(t, newPath(t))
	defer db.Close()
	c := benchCity(t, server.URL, n, interval)
	c.book.Book = db
	began := cpu()
	c.live(rounds*interval + interval/2)
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)

	late, looks := target.lateness(interval)
	ours := (cpu() - began).Seconds() / float64(looks) * 1000
	t.Logf("%d checks every %s: %d looks, lateness p50 %s p99 %s max %s", n, interval, looks, rank(late, 50), rank(late, 99), rank(late, 100))
	t.Logf("most looks in 100ms: %d (mean %.1f)", target.burst(), float64(n)/float64(interval/(100*time.Millisecond)))
	t.Logf("CPU-s per 1,000 checks: %.3f, targets and database included (bare net/http on fresh connections, targets included: %.3f)", ours, bare)
	t.Logf("memory from the system: %d MB", memory.Sys>>20)
}

// benchCity watches n targets of one server by real HTTP probes.
func benchCity(t *testing.T, url string, n int, interval time.Duration) *city {
	t.Helper()
	services := make([]look, n)
	c := newCity(t, nil, services...)
	var get probes.Kind
	for _, k := range probes.Kinds() {
		if k.Key == "GET" {
			get = k
		}
	}
	for i := range c.wiring.Checks {
		check := &c.wiring.Checks[i]
		check.Every = interval
		check.Prober = &probes.Check{ID: check.ID, Steps: []probes.Step{get.New(fmt.Sprintf("%s/%d", url, i))}, Timeout: check.Timeout}
	}
	c.wiring.Publish = func(*status.Snapshot) {}
	return c
}

var _ monitor.Prober = (*probes.Check)(nil)

// witness is the target: it notes when each path was asked for.
type witness struct {
	mu   sync.Mutex
	seen map[string][]time.Time
}

func (w *witness) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	now := time.Now()
	w.mu.Lock()
	w.seen[r.URL.Path] = append(w.seen[r.URL.Path], now)
	w.mu.Unlock()
	rw.Write([]byte(`{"ok":true}`))
}

func (w *witness) forget() {
	w.mu.Lock()
	defer w.mu.Unlock()
	clear(w.seen)
}

// lateness is by how much each wait departed from the interval, sorted.
func (w *witness) lateness(interval time.Duration) (late []time.Duration, looks int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, times := range w.seen {
		looks += len(times)
		for i := 1; i < len(times); i++ {
			late = append(late, (times[i].Sub(times[i-1]) - interval).Abs())
		}
	}
	slices.Sort(late)
	return late, looks
}

// burst is the most requests in any 100 ms.
func (w *witness) burst() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	var all []time.Time
	for _, times := range w.seen {
		all = append(all, times...)
	}
	slices.SortFunc(all, time.Time.Compare)
	most, first := 0, 0
	for i := range all {
		for all[i].Sub(all[first]) >= 100*time.Millisecond {
			first++
		}
		most = max(most, i-first+1)
	}
	return most
}

func rank(sorted []time.Duration, percent int) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[min(len(sorted)*percent/100, len(sorted)-1)].Round(10 * time.Microsecond)
}

// fetchAll asks n times with 64 workers, each request on its own connection.
func fetchAll(t *testing.T, url string, n int) {
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	var workers sync.WaitGroup
	for range 64 {
		workers.Go(func() {
			for range n / 64 {
				fetch(t.Context(), client, url)
			}
		})
	}
	workers.Wait()
}

func fetch(ctx context.Context, client *http.Client, url string) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return
	}
	if answer, err := client.Do(request); err == nil {
		answer.Body.Close()
	}
}

func cpuPer1000(n int, do func()) float64 {
	began := cpu()
	do()
	return (cpu() - began).Seconds() / float64(n) * 1000
}

// cpu is the processor time this process has used.
func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
