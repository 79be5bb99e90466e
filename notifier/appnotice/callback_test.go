package appnotice_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bongsu/notifier"
	"bongsu/notifier/appnotice"
	"bongsu/notifier/webhook"
)

// calls is a book of one notice whose app is to be called.
type calls struct {
	appnotice.Book

	call  appnotice.Call
	ahead map[string]notifier.Outlook
}

func (c *calls) NoticeOf(_ context.Context, app, id string) (appnotice.View, error) {
	if app != c.call.App || id != c.call.ID {
		return appnotice.View{}, appnotice.ErrNone
	}
	return c.call.View, nil
}

func (c *calls) Outlook(context.Context, string, time.Time) (map[string]notifier.Outlook, error) {
	return c.ahead, nil
}

func (c *calls) DueCalls(_ context.Context, now, until time.Time, _ int) ([]appnotice.Call, error) {
	if c.call.At.IsZero() || now.Before(c.call.At) {
		return nil, nil
	}
	due := c.call
	c.call.At = until
	return []appnotice.Call{due}, nil
}

func (c *calls) SetCall(_ context.Context, call appnotice.Call) error {
	c.call.At, c.call.Tries, c.call.Number, c.call.Said = call.At, call.Tries, call.Number, call.Said
	return nil
}

// receiver is an app's server.
type receiver struct {
	*httptest.Server

	status int
	heads  []http.Header
	bodies []string
}

func newReceiver(t *testing.T) *receiver {
	r := &receiver{status: http.StatusNoContent}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		body, err := io.ReadAll(q.Body)
		if err != nil {
			t.Error(err)
		}
		r.heads, r.bodies = append(r.heads, q.Header), append(r.bodies, string(body))
		w.WriteHeader(r.status)
	}))
	t.Cleanup(r.Close)
	return r
}

// An app is told of progress and of the end, signed; what it does not take it is
// told again, under the same id; what says nothing new is not told.
func TestCallbacks(t *testing.T) {
	key := []byte("0123456789abcdef0123456789abcdef")
	r := newReceiver(t)
	begin := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	now := begin
	gateway, err := (&webhook.Settings{Transport: http.DefaultTransport}).Open(notifier.Outside{Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	book := &calls{call: appnotice.Call{
		View: appnotice.View{ID: "n1", App: "safety-report", State: appnotice.StateSending, Channels: []appnotice.ByChannel{{Channel: "sms"}}}, Callback: r.URL + "/told", At: begin,
	}}
	rules := &appnotice.Rules{Apps: map[string]*appnotice.App{
		"safety-report": {ID: "safety-report", Callbacks: notifier.NewSecret("whsec_" + base64.StdEncoding.EncodeToString(key))},
	}}
	d := appnotice.NewDesk(appnotice.Wiring{Rules: func() *appnotice.Rules { return rules }, Book: book, Poster: gateway, Log: slog.New(slog.DiscardHandler)})
	at := func(after time.Duration) int {
		t.Helper()
		now = begin.Add(after)
		if err := d.Callbacks(t.Context(), now); err != nil {
			t.Fatal(err)
		}
		return len(r.bodies)
	}
	if n := at(0); n != 1 {
		t.Fatalf("%d calls at first", n)
	}
	if n := at(2 * time.Minute); n != 1 {
		t.Errorf("nothing is new, and the app is called: %d", n)
	}
	book.call.Channels = []appnotice.ByChannel{{Channel: "sms", Counts: appnotice.Counts{Handed: 5}}}
	r.status = http.StatusServiceUnavailable
	at(4 * time.Minute)
	r.status = http.StatusNoContent
	if n := at(4*time.Minute + 3*time.Second); n != 2 {
		t.Errorf("called again too soon: %d", n)
	}
	if n := at(4*time.Minute + 6*time.Second); n != 3 || r.heads[1].Get("webhook-id") != r.heads[2].Get("webhook-id") {
		t.Errorf("%d calls, with ids %q and %q", n, r.heads[1].Get("webhook-id"), r.heads[2].Get("webhook-id"))
	}
	book.call.State, book.call.Ended = appnotice.StateEnded, now
	if n := at(10 * time.Minute); n != 4 || r.heads[3].Get("webhook-id") == r.heads[2].Get("webhook-id") {
		t.Errorf("%d calls at the end", n)
	}
	if n := at(time.Hour); n != 4 || !book.call.At.IsZero() {
		t.Errorf("called after the end: %d", n)
	}
	for i, body := range r.bodies {
		h := r.heads[i]
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(h.Get("webhook-id") + "." + h.Get("webhook-timestamp") + "." + body))
		if want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)); h.Get("webhook-signature") != want {
			t.Errorf("call %d is signed %q, want %q", i, h.Get("webhook-signature"), want)
		}
		if !json.Valid([]byte(body)) || strings.Contains(body, "+82") {
			t.Errorf("call %d says %s", i, body)
		}
	}
	if !strings.Contains(r.bodies[0], `"type":"notice.progress"`) || !strings.Contains(r.bodies[3], `"type":"notice.ended"`) || !strings.Contains(r.bodies[0], `"eta_s":0`) {
		t.Errorf("the first and the last call say %s and %s", r.bodies[0], r.bodies[3])
	}
}

// While a notice is being sent its app hears when the last of it will have
// left, to the second above; where nobody can say, nothing is said.
func TestExpectedEnd(t *testing.T) {
	moving, still := notifier.Outlook{Left: 100, Ahead: 1, Rate: 10}, notifier.Outlook{Left: 1}
	second := func(n int64) *int64 { return &n }
	for _, test := range []struct {
		name  string
		state appnotice.Progress
		ahead map[string]notifier.Outlook
		want  *int64
	}{
		{"it moves", appnotice.StateSending, map[string]notifier.Outlook{"sms": moving}, second(11)},
		{"all has left", appnotice.StateSending, nil, second(0)},
		{"a channel stands still", appnotice.StateSending, map[string]notifier.Outlook{"sms": moving, "mail": still}, nil},
		{"its people are being counted out", appnotice.StatePlanning, map[string]notifier.Outlook{"sms": moving}, nil},
		{"it is over", appnotice.StateEnded, nil, nil},
		{"it was taken back", appnotice.StateCancelled, nil, nil},
	} {
		book := &calls{call: appnotice.Call{View: appnotice.View{ID: "n1", App: "a", State: test.state}}, ahead: test.ahead}
		v, err := appnotice.NewDesk(appnotice.Wiring{Book: book}).Notice(t.Context(), "a", "n1", time.Time{})
		if diff := cmp.Diff(test.want, v.ETA); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got)\n%s", test.name, err, diff)
		}
	}
	if _, err := appnotice.NewDesk(appnotice.Wiring{Book: &calls{}}).Notice(t.Context(), "a", "n1", time.Time{}); !errors.Is(err, appnotice.ErrNone) {
		t.Errorf("of a notice that is not there: %v", err)
	}
}

// What never takes a call is given up.
func TestCallbacksGiveUp(t *testing.T) {
	r := newReceiver(t)
	r.status = http.StatusInternalServerError
	now := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	gateway, err := (&webhook.Settings{Transport: http.DefaultTransport}).Open(notifier.Outside{Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	book := &calls{call: appnotice.Call{View: appnotice.View{ID: "n1", App: "a", State: appnotice.StateEnded}, Callback: r.URL, At: now}}
	rules := &appnotice.Rules{Apps: map[string]*appnotice.App{"a": {ID: "a", Callbacks: notifier.NewSecret("whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3")}}}
	d := appnotice.NewDesk(appnotice.Wiring{Rules: func() *appnotice.Rules { return rules }, Book: book, Poster: gateway, Log: slog.New(slog.DiscardHandler)})
	began := now
	for range 100 {
		if book.call.At.IsZero() {
			break
		}
		now = book.call.At
		if err := d.Callbacks(t.Context(), now); err != nil {
			t.Fatal(err)
		}
	}
	if took := now.Sub(began); len(r.bodies) != 12 || took < 12*time.Hour || took > 48*time.Hour {
		t.Errorf("%d calls over %s", len(r.bodies), took)
	}
}
