//go:build bench

package main

import (
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twilio/twilio-go/client"
	api "github.com/twilio/twilio-go/rest/api/v2010"

	"bongsu/notifier"
	"bongsu/notifier/twilio"
	"bongsu/status"
	"bongsu/store"
)

const (
	benchAccount = "AC00000000000000000000000000000001"
	benchToken   = "0123456789abcdef0123456789abcdef"
	benchFrom    = "+15005550006"
	benchText    = "[Simulation] Nothing is wrong."
	benchers     = 64
)

// taker is a stand-in in Twilio's shape that takes everything at once and keeps
// where it is to report to.
type taker struct {
	*httptest.Server
	n     atomic.Int64
	first atomic.Int64
	want  int64
	done  chan struct{}
	calls chan string // addresses of callbacks; nil: they are not kept
}

func newTaker(t *testing.T, want int, keep bool) *taker {
	k := &taker{want: int64(want), done: make(chan struct{})}
	if keep {
		k.calls = make(chan string, 2*want) // some may be told again
	}
	k.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if k.calls == nil {
			_, _ = io.Copy(io.Discard, r.Body)
		} else if err := r.ParseForm(); err == nil && r.PostForm.Has("StatusCallback") {
			k.calls <- r.PostForm.Get("StatusCallback")
		} else { // the operators' own way goes here too
			w.WriteHeader(http.StatusCreated)
			return
		}
		w.WriteHeader(http.StatusCreated)
		_, _ = io.WriteString(w, `{"sid":"SM00000000000000000000000000000001","status":"queued"}`)
		n := k.n.Add(1)
		if n == 1 {
			k.first.Store(time.Now().UnixNano())
		}
		if n == k.want {
			close(k.done)
		}
	}))
	t.Cleanup(k.Close)
	return k
}

func (k *taker) wait(t *testing.T) {
	t.Helper()
	select {
	case <-k.done:
	case <-time.After(5 * time.Minute):
		t.Fatal("not through in five minutes")
	}
}

// TestBenchTwilio measures hand-overs through our Twilio gateway with the
// ledger on against twilio-go in a bare loop, in turn in the same run.
func TestBenchTwilio(t *testing.T) {
	const people = 20_000
	for _, run := range []struct {
		name string
		open func(t *testing.T) string
	}{
		{"SQLite", func(t *testing.T) string { return filepath.Join(t.TempDir(), "bongsu.db") }},
		{"PostgreSQL", newPostgres},
	} {
		t.Run(run.name, func(t *testing.T) {
			bare := bareTwilio(t, people)
			ledger, first := twilioLedger(t, run.open(t), people)
			fmt.Printf("%-12s bare twilio-go %6.0f/s   our gateway with the ledger %6.0f/s   ratio %.2f   first hand-over %s after the notice\n",
				run.name, bare, ledger, ledger/bare, first.Round(time.Millisecond))
		})
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

func bareTwilio(t *testing.T, people int) float64 {
	t.Helper()
	k := newTaker(t, people, false)
	defer k.Close()
	c := &client.Client{
		Credentials: client.NewCredentials(benchAccount, benchToken),
		HTTPClient:  &http.Client{Transport: elsewhere{&http.Transport{MaxIdleConnsPerHost: benchers}, strings.TrimPrefix(k.URL, "http://")}},
	}
	c.SetAccountSid(benchAccount)
	service := api.NewApiServiceWithClient(c)
	var left atomic.Int64
	left.Store(int64(people))
	var all sync.WaitGroup
	begun := time.Now()
	for range benchers {
		all.Go(func() {
			for left.Add(-1) >= 0 {
				p := &api.CreateMessageParams{}
				p.SetTo("+821000000000").SetFrom(benchFrom).SetBody(benchText)
				if _, err := service.CreateMessage(p); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	return float64(people) / time.Since(begun).Seconds()
}

func twilioLedger(t *testing.T, database string, people int) (rate float64, first time.Duration) {
	t.Helper()
	keys := store.NewKeys()
	db := crowd(t, database, keys, people)
	k := newTaker(t, people, false)
	defer k.Close()
	settings := twilio.Kind().New().(*twilio.Settings)
	settings.AccountSID, settings.AuthToken, settings.From = notifier.NewSecret(benchAccount), notifier.NewSecret(benchToken), benchFrom
	settings.BaseURL = k.URL
	gateway, err := settings.Open(notifier.Outside{PublicURL: "https://status.example", UserAgent: "Bongsu/bench", Token: func(string) string { return "token" }})
	if err != nil {
		t.Fatal(err)
	}
	sender := notifier.NewSender(db, notifier.Options{
		Stamp:    notifier.NewStamp([]byte("sixteen bytes or more")),
		Channels: []notifier.Channel{{ID: "sms", Kind: "sms", Class: notifier.ClassSMS, Gateways: []notifier.Route{{Name: "sms/twilio", Gateway: gateway}}}},
		Plans:    map[string][]notifier.Hop{"citizens": {{Channel: "sms", Until: notifier.Accepted}}},
	})
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- sender.Run(ctx) }()
	<-time.After(time.Second) // the sender is up, as it is when a notice comes
	begun := time.Now()
	tellCrowd(t, db)
	sender.Wake()
	k.wait(t)
	rate = float64(people) / time.Since(begun).Seconds()
	stop()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	return rate, time.Unix(0, k.first.Load()).Sub(begun)
}

// crowd signs people up, many at once.
func crowd(t *testing.T, database, keys string, people int) *store.Store {
	t.Helper()
	keyring, err := store.ParseKeys(keys)
	if err != nil {
		t.Fatal(err)
	}
	db, err := store.Open(t.Context(), database, store.Options{Keys: keyring})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	var next atomic.Int64
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			for i := next.Add(1); i <= int64(people); i = next.Add(1) {
				now := time.Now()
				sub := store.Subscriber{Lang: "en", Plan: "citizens", AtLeast: status.PartialOutage, Joined: now}
				address := store.Address{Kind: "sms", Address: fmt.Sprintf("+8210%08d", i), Source: "bench", Consented: now, Confirmed: now}
				if _, err := db.AddSubscriber(t.Context(), sub, []store.Address{address}); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	return db
}

func tellCrowd(t *testing.T, db *store.Store) {
	t.Helper()
	err := db.AddNotices(t.Context(), []notifier.Notice{{
		ID: "bench", Event: "notice", Update: "bench", Audience: "subscribers", Plan: "citizens", To: status.MajorOutage, Made: time.Now(),
		Texts: []notifier.Text{{Lang: "en", Class: notifier.ClassSMS, Body: benchText, Segments: 1}},
	}})
	if err != nil {
		t.Fatal(err)
	}
}

// TestBenchHook measures receipts through the whole server: each a signed
// callback over HTTP, answered when it is durable.
func TestBenchHook(t *testing.T) {
	const people = 20_000
	for _, run := range []struct {
		name string
		open func(t *testing.T) string
	}{
		{"SQLite", func(t *testing.T) string { return filepath.Join(t.TempDir(), "bongsu.db") }},
		{"PostgreSQL", newPostgres},
	} {
		t.Run(run.name, func(t *testing.T) {
			k := newTaker(t, people, true)
			keys, database, listen := store.NewKeys(), run.open(t), freeAddress(t)
			db := crowd(t, database, keys, people)
			path := filepath.Join(t.TempDir(), "bongsu.yaml")
			writeConfig(t, path, map[string]any{
				"Listen": listen, "Database": database, "From": benchFrom, "Rate": 100_000, "Route": k.URL, "SMS": k.URL,
			})
			startServer(t, path, append(os.Environ(), "BONGSU_TEST_KEYS="+keys, "BONGSU_TEST_SID="+benchAccount, "BONGSU_TEST_TOKEN="+benchToken))
			tellCrowd(t, db)
			k.wait(t)
			calls := make(chan string, people)
			for range people {
				calls <- <-k.calls
			}
			close(calls)
			begun := time.Now()
			report(t, calls)
			took := time.Since(begun)
			p, err := db.Progress(t.Context(), "bench")
			if err != nil {
				t.Fatal(err)
			}
			fmt.Printf("%-12s receipts by signed callbacks over HTTP, %d connections: %6.0f/s, %d of %d delivered in the books when the last was answered\n",
				run.name, benchers, people/took.Seconds(), p.Channels[0].Delivered, people)
		})
	}
}

// report says of each delivery that it has arrived, as Twilio does.
func report(t *testing.T, calls <-chan string) {
	t.Helper()
	web := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: benchers}}
	form := url.Values{"MessageSid": {"SM00000000000000000000000000000001"}, "MessageStatus": {"delivered"}, "AccountSid": {benchAccount}}
	signed := "AccountSid" + benchAccount + "MessageSid" + form.Get("MessageSid") + "MessageStatusdelivered"
	var all sync.WaitGroup
	for range benchers {
		all.Go(func() {
			for address := range calls {
				mac := hmac.New(sha1.New, []byte(benchToken))
				mac.Write([]byte(address + signed))
				r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, strings.NewReader(form.Encode()))
				if err != nil {
					t.Error(err)
					return
				}
				r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				r.Header.Set("X-Twilio-Signature", base64.StdEncoding.EncodeToString(mac.Sum(nil)))
				answer, err := web.Do(r)
				if err != nil {
					t.Error(err)
					return
				}
				_, _ = io.Copy(io.Discard, answer.Body)
				answer.Body.Close()
				if answer.StatusCode >= http.StatusMultipleChoices {
					t.Errorf("HTTP %d", answer.StatusCode)
					return
				}
			}
		})
	}
	all.Wait()
}
