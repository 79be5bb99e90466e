//go:build bench

package store_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"bongsu/notifier"
	"bongsu/status"
	"bongsu/store"
)

// TestBenchHandOvers measures hand-overs with the ledger on against bare
// POSTs of the same bodies to the same stand-in over as many connections, in
// the same run, and prints what it finds.
func TestBenchHandOvers(t *testing.T) {
	const people, connections = 40_000, 64
	for _, run := range []struct {
		name string
		open func() string
	}{
		{"SQLite FULL", func() string { return filepath.Join(t.TempDir(), "bongsu.db") }},
		{"PostgreSQL", func() string { return newPostgres(t) }},
	} {
		bare := barePosts(t, people, connections)
		first, ledger := throughLedger(t, run.open(), people, connections)
		fmt.Printf("%-12s bare POST %6.0f/s   ledger %6.0f/s   ratio %.2f   first hand-over %s after the notice\n",
			run.name, bare, ledger, ledger/bare, first.Round(time.Millisecond))
	}
}

// counter is a gateway that only counts.
type counter struct {
	*httptest.Server
	n     atomic.Int64
	first atomic.Int64
}

func newCounter(t *testing.T) *counter {
	c := &counter{}
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			return
		}
		if c.n.Add(1) == 1 {
			c.first.Store(time.Now().UnixNano())
		}
		w.WriteHeader(http.StatusCreated)
	}))
	t.Cleanup(c.Close)
	return c
}

func barePosts(t *testing.T, people, connections int) float64 {
	gate := newCounter(t)
	send := newPoster(gate.URL)
	work := make(chan notifier.Message)
	var done sync.WaitGroup
	begun := time.Now()
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
	return float64(people) / time.Since(begun).Seconds()
}

func throughLedger(t *testing.T, database string, people, connections int) (first time.Duration, rate float64) {
	s := openAt(t, database, store.Options{Keys: keys()})
	subscribe(t, s, people, "sms")
	gate := newCounter(t)
	sender := notifier.NewSender(s, notifier.Options{
		Stamp: stamp, Concurrency: connections, Window: 256,
		Channels: []notifier.Channel{{ID: "sms", Kind: "sms", Class: notifier.ClassSMS, Gateways: []notifier.Route{{Name: "sms/http", Gateway: newPoster(gate.URL)}}}},
		Plans:    map[string][]notifier.Hop{"citizens": {{Channel: "sms", Until: notifier.Accepted}}},
	})
	var begun, ended time.Time
	runFor(t, sender, func() {
		time.Sleep(time.Second) // the sender is up, as it is when a notice comes
		n := noticeOf(status.EventOpened)
		n.Made = time.Now()
		begun = n.Made
		tell(t, s, n)
		sender.Wake()
		for gate.n.Load() < int64(people) {
			time.Sleep(5 * time.Millisecond)
			if time.Since(begun) > 2*time.Minute {
				t.Fatal("not through in two minutes")
			}
		}
		ended = time.Now()
		campaign{}.waitForEnd(t, s, time.Minute)
	})
	return time.Unix(0, gate.first.Load()).Sub(begun), float64(people) / ended.Sub(begun).Seconds()
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
