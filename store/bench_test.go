//go:build bench

package store_test

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"bongsu/notifier"
	"bongsu/status"
	"bongsu/store"
)

// TestBenchHandOvers measures hand-overs with the ledger on against bare
// POSTs of the same bodies to the same stand-in over as many connections, in
// turn in the same run, and prints what it finds: the middle of three rounds.
func TestBenchHandOvers(t *testing.T) {
	const people, connections, rounds = 40_000, 64, 3
	for _, run := range benchDatabases {
		t.Run(run.name, func(t *testing.T) {
			var bare []pass
			ledger := map[string][]pass{}
			for range rounds {
				bare = append(bare, barePosts(t, people, connections))
				for _, mode := range benchModes {
					ledger[mode.name] = append(ledger[mode.name], throughLedger(t, run.open(t), people, connections, mode.early))
				}
			}
			b := middle(bare)
			for _, mode := range benchModes {
				l := middle(ledger[mode.name])
				fmt.Printf("%-10s %-7s bare POST %6.0f/s (%2.0f µs)   ledger %6.0f/s (%2.0f + %2.0f µs)   ratio %.2f   first hand-over %s after the notice\n",
					run.name, mode.name, b.rate, b.cpu, l.rate, l.cpu, l.server, l.rate/b.rate, l.first.Round(time.Millisecond))
			}
		})
	}
}

// benchDatabases are the databases as an operator would have them.
var benchDatabases = []struct {
	name string
	open func(t *testing.T) string
}{
	{"SQLite", func(t *testing.T) string { return filepath.Join(t.TempDir(), "bongsu.db") }}, // synchronous=FULL
	{"PostgreSQL", func(t *testing.T) string { return newPostgres(t) }},
}

// benchModes are the two ways in which deliveries are written.
var benchModes = []struct {
	name  string
	early int
}{{"planned", 1 << 40}, {"late", -1}}

// pass is one measured pass.
type pass struct {
	rate   float64       // hand-overs a second
	cpu    float64       // µs of this process for each, the stand-in's included
	server float64       // µs of the database's processes for each, if it has any
	first  time.Duration // from the notice to the first request
}

// middle is the pass of middling rate.
func middle(passes []pass) pass {
	slices.SortFunc(passes, func(a, b pass) int { return cmp.Compare(a.rate, b.rate) })
	return passes[len(passes)/2]
}

// used is the processor time this process has taken.
func used() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// usedBy is the processor time that a PostgreSQL server on this machine has
// taken, as far as its processes still run. The kernel counts it in hundredths
// of a second.
func usedBy(t *testing.T, database string) time.Duration {
	t.Helper()
	u, err := url.Parse(database)
	if err != nil || u.Port() == "" {
		return 0
	}
	all, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		t.Fatal(err)
	}
	parents := map[string]string{}
	ticks := map[string]int64{}
	server := ""
	for _, dir := range all {
		stat, err := os.ReadFile(dir + "/stat")
		if err != nil {
			continue // it has ended
		}
		fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
		pid := filepath.Base(dir)
		parents[pid] = fields[1]
		user, _ := strconv.ParseInt(fields[11], 10, 64)
		system, _ := strconv.ParseInt(fields[12], 10, 64)
		ticks[pid] = user + system
		if line, err := os.ReadFile(dir + "/cmdline"); err == nil && bytes.Contains(line, []byte("-p\x00"+u.Port()+"\x00")) && bytes.Contains(line, []byte("postgres")) {
			server = pid
		}
	}
	total := ticks[server]
	for pid, parent := range parents {
		if parent == server {
			total += ticks[pid]
		}
	}
	return time.Duration(total) * 10 * time.Millisecond
}

// counter is a gateway that only counts.
type counter struct {
	*httptest.Server
	n     atomic.Int64
	first atomic.Int64
	want  int64
	done  chan struct{} // closed once as many have come as are wanted
}

func newCounter(t *testing.T, want int) *counter {
	c := &counter{want: int64(want), done: make(chan struct{})}
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			return
		}
		w.Header().Set("X-Ref", "SM0123456789abcdef0123456789abcdef")
		w.WriteHeader(http.StatusCreated)
		c.count()
	}))
	t.Cleanup(c.Close)
	return c
}

func (c *counter) count() {
	n := c.n.Add(1)
	if n == 1 {
		c.first.Store(time.Now().UnixNano())
	}
	if n == c.want {
		close(c.done)
	}
}

// wait waits until all have come.
func (c *counter) wait(t *testing.T) {
	t.Helper()
	select {
	case <-c.done:
	case <-time.After(5 * time.Minute):
		t.Fatal("not through in five minutes")
	}
}

func barePosts(t *testing.T, people, connections int) pass {
	t.Helper()
	gate := newCounter(t, people)
	defer gate.Close()
	send := newPoster(gate.URL)
	work := make(chan notifier.Message)
	var done sync.WaitGroup
	begun, cpu := time.Now(), used()
	for range connections {
		done.Go(func() {
			for m := range work {
				if _, err := send.Send(t.Context(), m); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for i := range people {
		work <- notifier.Message{To: fmt.Sprintf("+8210%08d", i), Body: "opened", Delivery: "1234567-12345-abcdefghijklmnop"}
	}
	close(work)
	done.Wait()
	return pass{rate: float64(people) / time.Since(begun).Seconds(), cpu: micros(used()-cpu) / float64(people)}
}

func micros(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }

func throughLedger(t *testing.T, database string, people, connections, early int) pass {
	t.Helper()
	gate := newCounter(t, people)
	defer gate.Close()
	return sendAll(t, database, people, newPoster(gate.URL), gate, connections, early)
}

// nowhere is a gateway that takes everything at once, without a request.
type nowhere struct{ counter }

func (n *nowhere) Send(context.Context, notifier.Message) (string, error) {
	n.count()
	return "SM0123456789abcdef0123456789abcdef", nil
}

// TestBenchLedger measures the ledger alone: everything but the request.
func TestBenchLedger(t *testing.T) {
	const people = 100_000
	for _, run := range benchDatabases {
		t.Run(run.name, func(t *testing.T) {
			for _, mode := range benchModes {
				gate := &nowhere{counter{want: people, done: make(chan struct{})}}
				p := sendAll(t, run.open(t), people, gate, &gate.counter, 64, mode.early)
				fmt.Printf("%-10s %-7s ledger without requests %6.0f/s (%2.0f µs here, %2.0f µs of the database's)\n", run.name, mode.name, p.rate, p.cpu, p.server)
			}
		})
	}
}

// TestBenchReceipts measures receipts, each brought by itself and answered when
// it is durable, by as many callers as a gateway has connections.
func TestBenchReceipts(t *testing.T) {
	const people, connections = 20_000, 64
	for _, run := range benchDatabases {
		t.Run(run.name, func(t *testing.T) {
			s := openAt(t, run.open(t), store.Options{Keys: keys()})
			if err := s.Crowd(t.Context(), people); err != nil {
				t.Fatal(err)
			}
			gate := &keeper{nowhere: nowhere{counter{want: people, done: make(chan struct{})}}, keys: make(chan string, people)}
			sender := notifier.NewSender(s, notifier.Options{
				Stamp:    stamp,
				Channels: []notifier.Channel{{ID: "sms", Kind: "sms", Class: notifier.ClassSMS, Gateways: []notifier.Route{{Name: "sms/none", Gateway: gate}}}},
				Plans:    map[string][]notifier.Hop{"citizens": {{Channel: "sms", Until: notifier.Delivered}}},
			})
			runFor(t, sender, func() {
				n := noticeOf(status.EventOpened)
				n.Made = time.Now()
				tell(t, s, n)
				sender.Wake()
				gate.wait(t)
				close(gate.keys)
				campaign{}.waitForEnd(t, s, time.Minute)
				var callers sync.WaitGroup
				begun, cpu := time.Now(), used()
				for range connections {
					callers.Go(func() {
						for key := range gate.keys {
							r := notifier.Receipt{Delivery: key, Ref: "SM0123456789abcdef0123456789abcdef", Rank: notifier.Delivered, At: time.Now()}
							if err := sender.Receipts(t.Context(), []notifier.Receipt{r}); err != nil {
								t.Error(err)
							}
						}
					})
				}
				callers.Wait()
				rate := people / time.Since(begun).Seconds()
				p, err := s.Progress(t.Context(), n.ID)
				if err != nil {
					t.Fatal(err)
				}
				fmt.Printf("%-12s receipts, one at a time from %d callers: %6.0f/s (%2.0f µs), %d settled\n",
					run.name, connections, rate, micros(used()-cpu)/people, p.Channels[0].Delivered)
			})
		})
	}
}

// keeper keeps the keys of what it took.
type keeper struct {
	nowhere
	keys chan string
}

func (k *keeper) Send(ctx context.Context, m notifier.Message) (string, error) {
	k.keys <- m.Delivery
	return k.nowhere.Send(ctx, m)
}

// sendAll tells a notice to a crowd through a gateway that the counter stands
// behind, and waits until the books are closed.
func sendAll(t *testing.T, database string, people int, g notifier.Gateway, gate *counter, connections, early int) pass {
	t.Helper()
	s := openAt(t, database, store.Options{Keys: keys()})
	defer s.Close()
	if err := s.Crowd(t.Context(), people); err != nil {
		t.Fatal(err)
	}
	sender := notifier.NewSender(s, notifier.Options{
		Stamp: stamp, Concurrency: connections, Early: early,
		Channels: []notifier.Channel{{ID: "sms", Kind: "sms", Class: notifier.ClassSMS, Gateways: []notifier.Route{{Name: "sms/http", Gateway: g}}}},
		Plans:    map[string][]notifier.Hop{"citizens": {{Channel: "sms", Until: notifier.Accepted}}},
	})
	var p pass
	runFor(t, sender, func() {
		time.Sleep(time.Second) // the sender is up, as it is when a notice comes
		n := noticeOf(status.EventOpened)
		n.Made = time.Now()
		begun, cpu, server := n.Made, used(), usedBy(t, database)
		tell(t, s, n)
		sender.Wake()
		gate.wait(t)
		p.rate = float64(people) / time.Since(begun).Seconds()
		campaign{}.waitForEnd(t, s, time.Minute)
		p.cpu = micros(used()-cpu) / float64(people)
		p.server = micros(usedBy(t, database)-server) / float64(people)
		p.first = time.Unix(0, gate.first.Load()).Sub(begun)
	})
	return p
}

// No number is in the database's files in clear, nor in what is shown.
func TestNumbersAreNowhereInClear(t *testing.T) {
	dir := t.TempDir()
	s := openAt(t, filepath.Join(dir, "bongsu.db"), store.Options{Keys: keys()})
	subscribe(t, s, 3, "sms", "alimtalk")
	c := newCity(t, s)
	c.kakao.answer = func(notifier.Message) error { return &notifier.RejectedError{Code: "K1", Recipient: true} }
	tell(t, s, noticeOf(status.EventOpened))
	c.step(time.Minute)
	people, err := s.Subscribers(t.Context(), 0, 10)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(fmt.Sprintf("%+v", people), "00000001") {
		t.Error("a listing shows a number")
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(content), "1000000001") || strings.Contains(string(content), "1000000002") {
			t.Errorf("%s holds a number in clear", filepath.Base(file))
		}
	}
}
