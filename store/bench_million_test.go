//go:build bench

package store_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"bongsu/status"
	"bongsu/store"
)

// TestBenchMillion sends to a million people from a process of its own, at a
// rate, and prints what it took of memory, how much of the rate it used and how
// much left in the busiest second, by the gateway's own clock.
// BONGSU_BENCH_PEOPLE and BONGSU_BENCH_RATE change what is asked of it.
func TestBenchMillion(t *testing.T) {
	people, rate := asked(t, "BONGSU_BENCH_PEOPLE", 1_000_000), asked(t, "BONGSU_BENCH_RATE", 10_000)
	for _, run := range benchDatabases {
		t.Run(run.name, func(t *testing.T) {
			keyText := store.NewKeys()
			keyring, err := store.ParseKeys(keyText)
			if err != nil {
				t.Fatal(err)
			}
			database := run.open(t)
			s := openAt(t, database, store.Options{Keys: keyring})
			begun := time.Now()
			if err := s.Crowd(t.Context(), people); err != nil {
				t.Fatal(err)
			}
			created := time.Since(begun)
			gate := newClock(t, people)
			p := &process{exec.Command(os.Args[0]), make(chan error, 1)}
			p.Env = append(os.Environ(), childDatabase+"="+database, childGateway+"="+gate.URL, childKeys+"="+keyText, childNode+"=a", fmt.Sprintf("%s=%d", childRate, rate))
			p.begin(t)
			time.Sleep(2 * time.Second) // it is up, as it is when a notice comes
			n := noticeOf(status.EventOpened)
			n.Made = time.Now()
			tell(t, s, n)
			told := time.Now()
			planned := make(chan time.Duration, 1)
			go func() {
				for {
					p, err := s.Progress(t.Context(), n.ID)
					if err != nil || p.Planned {
						planned <- time.Since(told)
						return
					}
					time.Sleep(20 * time.Millisecond)
				}
			}()
			gate.wait(t)
			campaign{}.waitForEnd(t, s, time.Minute)
			span := gate.times[len(gate.times)-1].Sub(gate.times[0])
			fmt.Printf("%-12s %d people (created in %.1f s) planned in %.1f s, first hand-over after %d ms, sent in %.1f s: %.1f %% of %d/s, %d in the busiest second; memory at most %d MB\n",
				run.name, people, created.Seconds(), (<-planned).Seconds(), gate.times[0].Sub(told).Milliseconds(), span.Seconds(),
				100*float64(people-1)/span.Seconds()/float64(rate), rate, mostInASecond(gate.times), peakMemory(t, p.Process.Pid))
		})
	}
}

func asked(t *testing.T, name string, usual int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return usual
	}
	n, err := strconv.Atoi(strings.ReplaceAll(text, "_", ""))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// clock is a gateway that notes when each request came.
type clock struct {
	*httptest.Server
	want int
	done chan struct{}

	mu    sync.Mutex
	times []time.Time
}

func newClock(t *testing.T, want int) *clock {
	c := &clock{want: want, done: make(chan struct{}), times: make([]time.Time, 0, want)}
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.note()
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			return
		}
		w.Header().Set("X-Ref", "SM0123456789abcdef0123456789abcdef")
		w.WriteHeader(http.StatusCreated)
	}))
	t.Cleanup(c.Close)
	return c
}

func (c *clock) note() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.times = append(c.times, time.Now()); len(c.times) == c.want {
		close(c.done)
	}
}

func (c *clock) wait(t *testing.T) {
	t.Helper()
	select {
	case <-c.done:
	case <-time.After(30 * time.Minute):
		t.Fatal("not through in half an hour")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	slices.SortFunc(c.times, time.Time.Compare)
}

// peakMemory is the most a process has had of memory, in MB.
func peakMemory(t *testing.T, pid int) int {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`VmHWM:\s+(\d+) kB`).FindSubmatch(text)
	if found == nil {
		t.Fatal("the kernel does not say how much memory it had")
	}
	kb, err := strconv.Atoi(string(found[1]))
	if err != nil {
		t.Fatal(err)
	}
	return kb / 1024
}
