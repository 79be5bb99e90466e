package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"bongsu/drill"
	"bongsu/notifier"
	"bongsu/notifier/guard"
	"bongsu/notifier/line"
	"bongsu/notifier/webhook"
	"bongsu/status"
	"bongsu/store"
)

// receivers are subscribers' own servers, each with its own way to fail.
type receivers struct {
	*httptest.Server
	mu    sync.Mutex
	asked map[string]int             // by path
	ids   map[string]map[string]bool // that a receiver has taken
}

func newReceivers(t *testing.T) *receivers {
	t.Helper()
	r := &receivers{asked: map[string]int{}, ids: map[string]map[string]bool{}}
	r.Server = httptest.NewServer(r)
	t.Cleanup(r.Close)
	return r
}

// ServeHTTP takes a message, or the first time takes it without a word, or says
// that it is busy, as the receiver's number wants it. What it has taken it takes
// once.
func (r *receivers) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	io.Copy(io.Discard, q.Body)
	r.mu.Lock()
	defer r.mu.Unlock()
	first := r.asked[q.URL.Path] == 0
	r.asked[q.URL.Path]++
	switch manner := q.URL.Query().Get("manner"); {
	case first && manner == "busy":
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	case manner == "dead":
		w.WriteHeader(http.StatusInternalServerError)
		return
	default:
		if r.ids[q.URL.Path] == nil {
			r.ids[q.URL.Path] = map[string]bool{}
		}
		r.ids[q.URL.Path][q.Header.Get("Webhook-Id")] = true
		if first && manner == "mute" {
			panic(http.ErrAbortHandler)
		}
	}
}

// losesOneAnswer stands before a service: its first answer never comes back,
// though the request was done.
func losesOneAnswer(t *testing.T, service string) (address string, asked *atomic.Int64) {
	t.Helper()
	to, err := url.Parse(service)
	if err != nil {
		t.Fatal(err)
	}
	proxy := forward(t, to.Host)
	asked = &atomic.Int64{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if asked.Add(1) > 1 {
			proxy.ServeHTTP(w, r)
			return
		}
		proxy.ServeHTTP(httptest.NewRecorder(), r)
		panic(http.ErrAbortHandler)
	}))
	t.Cleanup(s.Close)
	return s.URL, asked
}

// An evening on open networks: LINE takes messages and loses an answer,
// receivers are busy, hang up or are dead for good. Nobody misses the notice,
// nobody reads it twice, and the dead ones hold nobody up.
func TestOpenNetworks(t *testing.T) {
	t.Parallel()
	const readers, servers = 200, 40
	city, stop := liveCity(t, drill.Settings{Seed: 7, Travel: drill.Span{Min: time.Millisecond, Max: 5 * time.Millisecond}})
	defer stop()
	hooks := newReceivers(t)
	chat, asked := losesOneAnswer(t, city.URL(drill.Line))
	db := openBooks(t)
	person := func(kind, address string) {
		_, err := db.AddSubscriber(t.Context(), store.Subscriber{Lang: "en", Plan: "people", AtLeast: status.PartialOutage, Joined: time.Now()},
			[]store.Address{{Kind: kind, Address: address, Source: "test", Consented: time.Now(), Confirmed: time.Now()}})
		if err != nil {
			t.Fatal(err)
		}
	}
	for i := range readers {
		person("line", fmt.Sprintf("U%032x", i+1))
	}
	key := "whsec_" + base64.StdEncoding.EncodeToString([]byte("0123456789abcdef01234567"))
	manners := []string{"well", "busy", "mute", "dead"}
	for i := range servers {
		address, err := json.Marshal(webhook.Address{URL: fmt.Sprintf("%s/%d?manner=%s", hooks.URL, i, manners[i%len(manners)]), Secret: key})
		if err != nil {
			t.Fatal(err)
		}
		person("webhook", string(address))
	}
	notice := notifier.Notice{
		ID: "n1", Incident: "i1", Event: "opened", Update: "u1", Audience: "subscribers", Plan: "people",
		From: status.Operational, To: status.MajorOutage, Made: time.Now(),
		Texts: []notifier.Text{
			{Lang: "en", Class: notifier.ClassMessenger, Body: "Messages are down since 15:42.", Segments: 1},
			{Lang: "en", Class: notifier.ClassWebhook, Body: `{"event":"opened"}`, Segments: 1},
		},
	}
	if err := db.AddNotices(t.Context(), []notifier.Notice{notice}); err != nil {
		t.Fatal(err)
	}
	sender := notifier.NewSender(db, notifier.Options{
		Stamp: notifier.NewStamp([]byte("0123456789abcdef")), Channels: openChannelsOf(t, chat, city.Keys().LineToken),
		Plans: map[string][]notifier.Hop{"people": {{Channel: "line", Until: notifier.Accepted}, {Channel: "hooks", Until: notifier.Delivered}}},
	})
	ctx, end := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- sender.Run(ctx) }()
	dead := int64(servers / len(manners))
	var line, rest tally
	eventually(t, time.Minute, "everybody", func() bool {
		line, rest = tallyOf(t, db, "line"), tallyOf(t, db, "hooks")
		return line.Handed == readers && rest.Delivered == servers-dead && rest.Failed == dead
	})
	end()
	if err := <-ended; err != nil && !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if line.Unknown != 0 || rest.Unknown != 0 {
		t.Errorf("left in doubt: %d and %d", line.Unknown, rest.Unknown)
	}
	if asked.Load() < 2 {
		t.Errorf("LINE was asked %d times: no answer was lost", asked.Load())
	}
	arrived := city.Log().CountByRecipient(drill.Query{Kind: drill.Arrival, Service: drill.Line})
	if len(arrived) != readers {
		t.Errorf("%d of %d read it", len(arrived), readers)
	}
	for to, n := range arrived {
		if n != 1 {
			t.Errorf("%s read it %d times", to, n)
		}
	}
	hooks.mu.Lock()
	defer hooks.mu.Unlock()
	if len(hooks.ids) != servers-int(dead) {
		t.Errorf("%d servers took it", len(hooks.ids))
	}
	for path, ids := range hooks.ids {
		if len(ids) != 1 {
			t.Errorf("%s took %d messages", path, len(ids))
		}
	}
}

// tally is what the books say of a channel.
type tally struct{ Handed, Delivered, Failed, Unknown int64 }

func tallyOf(t *testing.T, db *store.Store, channel string) tally {
	t.Helper()
	p, err := db.Progress(t.Context(), "n1")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range p.Channels {
		if c.Channel == channel {
			return tally{c.Handed, c.Delivered, c.Failed, c.Unknown}
		}
	}
	return tally{}
}

func openBooks(t *testing.T) *store.Store {
	t.Helper()
	keys, err := store.ParseKeys(store.NewKeys())
	if err != nil {
		t.Fatal(err)
	}
	db, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "bongsu.db"), store.Options{Keys: keys, Sole: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// openChannelsOf are LINE at an address, and webhooks that may go to this machine.
func openChannelsOf(t *testing.T, chat, token string) []notifier.Channel {
	t.Helper()
	nearby := guard.NewTransport(guard.Options{Allow: func(p netip.AddrPort) bool { return p.Addr().IsLoopback() }})
	open := func(s notifier.Settings) notifier.Gateway {
		g, err := s.Open(notifier.Outside{UserAgent: "Bongsu/test", Now: time.Now})
		if err != nil {
			t.Fatal(err)
		}
		return g
	}
	return []notifier.Channel{
		{ID: "line", Kind: "line", Class: notifier.ClassMessenger, Gateways: []notifier.Route{{
			Name: "line/line", Gateway: open(&line.Settings{Token: notifier.NewSecret(token), BaseURL: chat}),
		}}},
		{ID: "hooks", Kind: "webhook", Class: notifier.ClassWebhook, Gateways: []notifier.Route{{
			Name: "hooks/webhook", Gateway: open(&webhook.Settings{Transport: nearby}),
		}}},
	}
}
