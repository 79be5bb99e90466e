//go:build bench

package web_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"golang.org/x/sync/errgroup"

	"bongsu/web"
	"bongsu/web/sample"
)

const (
	benchConnections = 64
	benchTime        = 3 * time.Second
)

// Page requests a second: our handler beside bare gin writing the same bytes,
// in one run, each with the same client over loopback.
func TestBenchPage(t *testing.T) {
	ours := serve(t, sample.Crowded(60), web.Options{}).Handler()
	page := ask(ours, "GET", "/", browserHeaders...).Body.Bytes()
	gin.SetMode(gin.ReleaseMode)
	bare := gin.New()
	bare.GET("/", func(c *gin.Context) {
		c.Header("Content-Encoding", "br")
		c.Data(http.StatusOK, "text/html; charset=utf-8", page)
	})
	load(t, bare, benchTime/6) // warms the client up
	for round := range 2 {
		limit, limitSlow := load(t, bare, benchTime)
		got, slow := load(t, ours, benchTime)
		fmt.Printf("page of %d bytes, %d connections, round %d: bare gin %.0f/s (p99 %s), ours %.0f/s (p99 %s), ratio %.2f\n",
			len(page), benchConnections, round+1, limit, limitSlow, got, slow, got/limit)
	}
	publishing(t)
}

// publishing prints what a change costs.
func publishing(t *testing.T) {
	t.Helper()
	for _, n := range []int{60, 2000} {
		server, s := serve(t, sample.Calm(), web.Options{}), sample.Crowded(n)
		const times = 5
		start := time.Now()
		for range times {
			s.At = s.At.Add(time.Minute)
			server.Publish(s)
		}
		size := ask(server.Handler(), "GET", "/", "Accept-Encoding", "gzip").Body.Len()
		fmt.Printf("publishing %d components in three languages: %s; page %d bytes gzip\n", n, (time.Since(start) / times).Round(time.Millisecond), size)
	}
}

var browserHeaders = []string{
	"Accept-Encoding", "gzip, deflate, br, zstd", "Accept-Language", "ko-KR,ko;q=0.9,en-US;q=0.8,en;q=0.7", "User-Agent", "Mozilla/5.0",
}

// load asks for the page over and over and returns answers a second and the
// time that 99 of 100 stay under.
func load(t *testing.T, handler http.Handler, during time.Duration) (rate float64, p99 time.Duration) {
	t.Helper()
	server := httptest.NewServer(handler)
	defer server.Close()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: benchConnections, DisableCompression: true}}
	defer client.CloseIdleConnections()
	ctx, cancel := context.WithTimeout(t.Context(), during)
	defer cancel()
	var mu sync.Mutex
	var took []time.Duration
	var group errgroup.Group
	start := time.Now()
	for range benchConnections {
		group.Go(func() error {
			mine, err := visit(ctx, client, server.URL)
			mu.Lock()
			defer mu.Unlock()
			took = append(took, mine...)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	elapsed := time.Since(start)
	slices.Sort(took)
	return float64(len(took)) / elapsed.Seconds(), took[len(took)*99/100].Round(100 * time.Microsecond)
}

func visit(ctx context.Context, client *http.Client, url string) (took []time.Duration, err error) {
	for {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/", http.NoBody)
		if err != nil {
			return nil, err
		}
		for i := 0; i < len(browserHeaders); i += 2 {
			r.Header.Set(browserHeaders[i], browserHeaders[i+1])
		}
		start := time.Now()
		answer, err := client.Do(r)
		if err == nil {
			_, err = io.Copy(io.Discard, answer.Body)
			answer.Body.Close()
		}
		if ctx.Err() != nil {
			return took, nil //nolint:nilerr // The end of the time ends a request, too.
		}
		if err != nil {
			return nil, err
		}
		took = append(took, time.Since(start))
	}
}
