//go:build bench

package webhook_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"bongsu/notifier/webhook"
)

// TestBenchHandOvers measures what our gateway costs beside a bare client, in
// one run against one receiver:
//
//	go test -tags bench -run Bench -v ./notifier/webhook
func TestBenchHandOvers(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		w.WriteHeader(http.StatusNoContent)
	}))
	defer s.Close()
	c := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: senders}}
	g, m := open(t, &webhook.Settings{Transport: nearby()}, time.Unix(1665816120, 0)), message(s.URL)
	ways := []struct {
		name string
		send func(context.Context) error
	}{
		{"bare net/http", func(ctx context.Context) error {
			r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL+"/in?room=1", strings.NewReader(body))
			if err != nil {
				return err
			}
			r.Header.Set("Content-Type", "application/json")
			answer, err := c.Do(r)
			if err != nil {
				return err
			}
			defer answer.Body.Close()
			_, err = io.Copy(io.Discard, answer.Body)
			return err
		}},
		{"our gateway", func(ctx context.Context) error {
			_, err := g.Send(ctx, m)
			return err
		}},
	}
	best := make([]float64, len(ways))
	for range 3 { // the best of three, taken in turn
		for i, way := range ways {
			best[i] = max(best[i], perSecond(t, way.send))
		}
	}
	for i, way := range ways {
		fmt.Printf("%-16s %7.0f/s  %3.0f %%\n", way.name, best[i], 100*best[i]/best[0])
	}
}

const senders = 64

func perSecond(t *testing.T, send func(context.Context) error) float64 {
	t.Helper()
	const lasts = 2 * time.Second
	var sent atomic.Int64
	var all sync.WaitGroup
	begin := time.Now()
	for range senders {
		all.Go(func() {
			for time.Since(begin) < lasts {
				if err := send(t.Context()); err != nil {
					t.Error(err)
					return
				}
				sent.Add(1)
			}
		})
	}
	all.Wait()
	return float64(sent.Load()) / time.Since(begin).Seconds()
}
