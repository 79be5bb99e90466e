package web_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"bongsu/notifier"
	"bongsu/web"
	"bongsu/web/sample"
)

// verdict is what every gateway's reader says of every callback.
type verdict struct {
	err   error
	taken int
}

func (v *verdict) Status(_ *http.Request, _ url.Values, at time.Time) (notifier.Receipt, error) {
	return notifier.Receipt{Delivery: "d", At: at}, v.err
}

func (v *verdict) Inbound(*http.Request, url.Values, time.Time) (web.Inbound, error) {
	return web.Inbound{From: "1", Ref: "r", Stop: true}, v.err
}

func (v *verdict) reports(_ *http.Request, _ []byte, at time.Time) ([]notifier.Receipt, error) {
	return []notifier.Receipt{{Delivery: "d", At: at}}, v.err
}

func (v *verdict) chats(*http.Request, []byte) ([]web.Chat, error) {
	return []web.Chat{{User: "u", Ref: "r", Gone: true}}, v.err
}

// leavers counts who was let go.
type leavers struct {
	signups

	stopped int
}

func (l *leavers) Stop(context.Context, string, string, string, time.Time, time.Time) error {
	l.stopped++
	return nil
}

// hooks is every callback there is.
func (v *verdict) hooks() *web.Hooks {
	return &web.Hooks{
		Twilio: v, Reports: map[string]web.Reports{"solapi": v.reports, "nhn-sms": v.reports}, LINE: v.chats,
		Receipts: func(_ context.Context, r []notifier.Receipt) error {
			v.taken += len(r)
			return nil
		},
	}
}

// mediaTypes are those of callbacks, each with a body of the kind.
var mediaTypes = map[string]string{formType: "a=b", "application/json": `[]`}

// Whatever comes to any hook that there is: what is not the gateway's own
// changes nothing, is answered rightly, and is counted.
func TestEveryHook(t *testing.T) {
	v := &verdict{}
	fields := reflect.ValueOf(v.hooks()).Elem()
	for i := range fields.NumField() {
		if fields.Field(i).IsZero() {
			t.Fatalf("this test leaves out Hooks.%s", fields.Type().Field(i).Name)
		}
	}
	counters, people := prometheus.NewRegistry(), &leavers{}
	s := serve(t, sample.Outage(), web.Options{Hooks: v.hooks(), Signup: people, Register: counters})
	paths, err := s.Routes("/hooks/")
	if err != nil || len(paths) < 3 {
		t.Fatalf("hooks: %v, %v", paths, err)
	}
	all := func() (sum float64) {
		for _, path := range paths {
			name := strings.NewReplacer("/", "_", "-", "_").Replace(strings.TrimPrefix(path, "POST /hooks/"))
			for _, outcome := range []string{"taken", "ignored", "forged", "malformed", "too_big", "away"} {
				sum += counted(t, counters, name, outcome)
			}
		}
		return sum
	}
	for _, path := range paths {
		path, found := strings.CutPrefix(path, "POST ")
		if !found {
			t.Errorf("%s is a hook that is not posted to", path)
			continue
		}
		for _, c := range []struct {
			name string
			err  error
			body string // in place of the kind's
			want int
		}{
			{"forged", web.ErrForged, "", http.StatusForbidden},
			{"malformed", web.ErrMalformed, "", http.StatusBadRequest},
			{"not to be known now", errors.New("away"), "", http.StatusServiceUnavailable},
			{"too big", nil, strings.Repeat("x", 3<<20), http.StatusRequestEntityTooLarge},
		} {
			before, count := v.taken, all()
			v.err = c.err
			answers := map[int]bool{}
			for kind, body := range mediaTypes {
				if c.body != "" {
					body = c.body
				}
				w := send(s.Handler(), path, body, "Content-Type", kind)
				answers[w.Code] = true
				if w.Code == http.StatusServiceUnavailable && w.Header().Get("Retry-After") == "" {
					t.Errorf("%s, %s: 503 without saying when to come back", path, c.name)
				}
				if w.Code < 400 || w.Code >= 500 && w.Code != http.StatusServiceUnavailable {
					t.Errorf("%s, %s as %s: answered %d", path, c.name, kind, w.Code)
				}
			}
			if !answers[c.want] {
				t.Errorf("%s, %s: answered %v, want %d", path, c.name, answers, c.want)
			}
			if v.taken != before || people.stopped > 0 {
				t.Errorf("%s, %s: it changed something", path, c.name)
			}
			if all()-count != float64(len(mediaTypes)) {
				t.Errorf("%s, %s: %g of %d are counted", path, c.name, all()-count, len(mediaTypes))
			}
		}
		r := httptest.NewRecorder()
		s.Handler().ServeHTTP(r, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
		if r.Code != http.StatusMethodNotAllowed {
			t.Errorf("GET %s answers %d", path, r.Code)
		}
	}
}
