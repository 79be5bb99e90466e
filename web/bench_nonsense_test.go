//go:build bench

package web_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/time/rate"

	"bongsu/web"
)

// How long readers wait while strangers send nonsense, beside how long they wait
// without. Strangers, readers and the server share the machine.
func TestBenchNonsense(t *testing.T) {
	h := openHall(t, web.Options{})
	reads(t, h, time.Second) // warms up
	calm, calmSlow := reads(t, h, 3*time.Second)
	for _, want := range []int{2_000, 10_000} {
		ctx, stop := context.WithCancel(t.Context())
		var sent atomic.Int64
		var strangers errgroup.Group
		pace := rate.NewLimiter(rate.Limit(want), want/20)
		for n := range 64 {
			strangers.Go(func() error { return molest(ctx, h, n, pace, &sent) })
		}
		began := time.Now()
		middle, slow := reads(t, h, 4*time.Second)
		got := float64(sent.Load()) / time.Since(began).Seconds()
		stop()
		if err := strangers.Wait(); err != nil {
			t.Fatal(err)
		}
		fmt.Printf("nonsense at %d/s (sent %.0f/s): readers p50 %s, p99 %s; without %s, %s; ratio %.2f, %.2f\n",
			want, got, middle, slow, calm, calmSlow, float64(middle)/float64(calm), float64(slow)/float64(calmSlow))
	}
}

// reads is how long readers wait, who come back every few milliseconds.
func reads(t *testing.T, h *hall, during time.Duration) (p50, p99 time.Duration) {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 8, DisableCompression: true}}
	defer client.CloseIdleConnections()
	ctx, cancel := context.WithTimeout(t.Context(), during)
	defer cancel()
	var all [8][]time.Duration
	var group errgroup.Group
	for n := range all {
		group.Go(func() error {
			tick := time.NewTicker(5 * time.Millisecond)
			defer tick.Stop()
			for range tick.C {
				r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+h.address+"/", http.NoBody)
				if err != nil {
					return err
				}
				start := time.Now()
				answer, err := client.Do(r)
				if err == nil {
					_, err = io.Copy(io.Discard, answer.Body)
					answer.Body.Close()
				}
				if ctx.Err() != nil {
					return nil // the end of the time ends a request, too
				}
				if err != nil || answer.StatusCode != http.StatusOK {
					return fmt.Errorf("a reader is turned away: %w", err)
				}
				all[n] = append(all[n], time.Since(start))
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	took := slices.Concat(all[:]...)
	slices.Sort(took)
	return took[len(took)/2].Round(10 * time.Microsecond), took[len(took)*99/100].Round(10 * time.Microsecond)
}

// molest sends nonsense at a pace, on a connection for as long as the server
// keeps it. Every hundredth is sent a byte at a time and left.
func molest(ctx context.Context, h *hall, n int, pace *rate.Limiter, sent *atomic.Int64) error {
	all := nonsense()
	var conn net.Conn
	var answers *bufio.Reader
	defer func() {
		if conn != nil {
			conn.Close()
		}
	}()
	for i := n * 7; ; i++ {
		if pace.Wait(ctx) != nil {
			return nil
		}
		sent.Add(1)
		if conn == nil {
			var err error
			if conn, err = net.Dial("tcp", h.address); err != nil {
				return err
			}
			answers = bufio.NewReader(conn)
		}
		request := all[i%len(all)]
		if i%100 == 0 { // it stays half sent until the server has had enough
			_, _ = io.WriteString(conn, request[:min(len(request), 20)])
			left := conn
			time.AfterFunc(10*time.Second, func() { left.Close() })
			conn = nil
			continue
		}
		_ = conn.SetDeadline(time.Now().Add(200 * time.Millisecond))
		_, err := io.WriteString(conn, request)
		var answer *http.Response
		if err == nil {
			answer, err = http.ReadResponse(answers, nil)
		}
		if err == nil {
			_, err = io.Copy(io.Discard, answer.Body)
			_ = answer.Body.Close() // it has no other end than the connection's
		}
		if err != nil || answer.Close {
			conn.Close()
			conn = nil
		}
	}
}
