//go:build bench

package twilio_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twilio/twilio-go/client"
	api "github.com/twilio/twilio-go/rest/api/v2010"
)

// TestBenchHandOvers measures what our gateway costs beside the library it
// uses and beside a bare client, in one run against one stand-in:
//
//	go test -tags bench -run Bench -v ./notifier/twilio
func TestBenchHandOvers(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		w.WriteHeader(http.StatusCreated)
		io.WriteString(w, `{"sid":"SM00000000000000000000000000000001","status":"queued"}`)
	}))
	defer s.Close()
	ways := []struct {
		name string
		send func(context.Context) error
	}{
		{"bare net/http", bare(s.URL)}, {"bare twilio-go", library(s.URL)}, {"our gateway", ours(t, s.URL)},
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

func pooled() *http.Transport { return &http.Transport{MaxIdleConnsPerHost: senders} }

func bare(base string) func(context.Context) error {
	c := &http.Client{Transport: pooled()}
	form := url.Values{"To": {number}, "From": {sender}, "Body": {words}}.Encode()
	return func(ctx context.Context) error {
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, base+"/2010-04-01/Accounts/"+account+"/Messages.json", strings.NewReader(form))
		if err != nil {
			return err
		}
		r.SetBasicAuth(account, token)
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		answer, err := c.Do(r)
		if err != nil {
			return err
		}
		defer answer.Body.Close()
		_, err = io.Copy(io.Discard, answer.Body)
		return err
	}
}

// elsewhere is the least that turns the library to a stand-in.
type elsewhere struct {
	http.RoundTripper
	host string
}

func (e elsewhere) RoundTrip(r *http.Request) (*http.Response, error) {
	r.URL.Scheme, r.URL.Host = "http", e.host
	return e.RoundTripper.RoundTrip(r)
}

func library(base string) func(context.Context) error {
	c := &client.Client{
		Credentials: client.NewCredentials(account, token),
		HTTPClient:  &http.Client{Transport: elsewhere{pooled(), strings.TrimPrefix(base, "http://")}},
	}
	c.SetAccountSid(account)
	service := api.NewApiServiceWithClient(c)
	return func(context.Context) error {
		p := &api.CreateMessageParams{}
		p.SetTo(number).SetFrom(sender).SetBody(words)
		_, err := service.CreateMessage(p)
		return err
	}
}

func ours(t *testing.T, base string) func(context.Context) error {
	g, m := open(t, base), message()
	return func(ctx context.Context) error {
		_, err := g.Send(ctx, m)
		return err
	}
}
