package web_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"bongsu/notifier"
	"bongsu/web"
	"bongsu/web/sample"
)

// callbacks are signed by whoever says so.
type callbacks struct{}

func (callbacks) verify(form url.Values) error {
	switch form.Get("signature") {
	case "good":
		return nil
	case "away":
		return errors.New("nobody is there yet")
	case "odd":
		return web.ErrMalformed
	}
	return web.ErrForged
}

func (c callbacks) Status(_ *http.Request, form url.Values, at time.Time) (notifier.Receipt, error) {
	return notifier.Receipt{Delivery: form.Get("d"), At: at}, c.verify(form)
}

func (c callbacks) Inbound(_ *http.Request, form url.Values, _ time.Time) (web.Inbound, error) {
	return web.Inbound{From: form.Get("From"), Ref: "SM1", Stop: form.Get("Body") == "STOP"}, c.verify(form)
}

func TestCallbacks(t *testing.T) {
	var taken []notifier.Receipt
	var broken error
	counters := prometheus.NewRegistry()
	h := serve(t, sample.Outage(), web.Options{
		Signup: &signups{}, Register: counters,
		Hooks: &web.Hooks{Twilio: callbacks{}, Receipts: func(_ context.Context, r []notifier.Receipt) error {
			if broken == nil {
				taken = append(taken, r...)
			}
			return broken
		}},
	}).Handler()
	for _, c := range []struct {
		name, path, body string
		broken           error
		want             int
	}{
		{"a report", "/hooks/twilio/status", "signature=good&d=1", nil, 204},
		{"the same again", "/hooks/twilio/status", "signature=good&d=1", nil, 204},
		{"while the database is away", "/hooks/twilio/status", "signature=good&d=1", errors.New("away"), 503},
		{"forged", "/hooks/twilio/status", "signature=bad&d=1", nil, 403},
		{"odd", "/hooks/twilio/status", "signature=odd", nil, 400},
		{"no form", "/hooks/twilio/status", "signature=%zz", nil, 400},
		{"huge", "/hooks/twilio/status", "signature=good&d=" + strings.Repeat("1", 40<<10), nil, 413},
		{"too early", "/hooks/twilio/status", "signature=away", nil, 503},
		{"stop", "/hooks/twilio/inbound", "signature=good&From=1&Body=STOP", nil, 200},
		{"chatter", "/hooks/twilio/inbound", "signature=good&From=1&Body=hello", nil, 200},
		{"forged stop", "/hooks/twilio/inbound", "signature=bad&From=1&Body=STOP", nil, 403},
	} {
		broken = c.broken
		w := send(h, c.path, c.body, "Content-Type", formType)
		if w.Code != c.want {
			t.Errorf("%s answers %d, want %d", c.name, w.Code, c.want)
		}
		if c.want == 200 && !strings.Contains(w.Body.String(), "<Response></Response>") {
			t.Errorf("%s answers %s", c.name, w.Body)
		}
	}
	if len(taken) != 2 {
		t.Errorf("%d receipts were taken, want 2", len(taken))
	}
	if w := send(h, "/hooks/twilio/status", "{}", "Content-Type", "application/json"); w.Code != http.StatusBadRequest {
		t.Errorf("JSON answers %d", w.Code)
	}
	for outcome, want := range map[string]float64{"taken": 2, "forged": 1, "malformed": 3, "too_big": 1, "away": 2} {
		if got := counted(t, counters, "twilio_status", outcome); got != want {
			t.Errorf("%s is counted %g times, want %g", outcome, got, want)
		}
	}
	if got := counted(t, counters, "twilio_inbound", "ignored"); got != 1 {
		t.Errorf("chatter is counted %g times", got)
	}
}

// A callback with many results is taken whole or not at all.
func TestReports(t *testing.T) {
	var taken []notifier.Receipt
	var broken error
	counters := prometheus.NewRegistry()
	h := serve(t, sample.Outage(), web.Options{
		Register: counters,
		Hooks: &web.Hooks{
			Twilio: callbacks{},
			Reports: map[string]web.Reports{"one-sms": func(r *http.Request, body []byte, _ time.Time) ([]notifier.Receipt, error) {
				switch r.Header.Get("X-Secret") {
				case "":
					return nil, web.ErrForged
				case "odd":
					return nil, web.ErrMalformed
				}
				return make([]notifier.Receipt, len(body)), nil
			}},
			Receipts: func(_ context.Context, r []notifier.Receipt) error {
				if broken == nil {
					taken = append(taken, r...)
				}
				return broken
			},
		},
	}).Handler()
	for _, c := range []struct {
		name, secret, body string
		broken             error
		want               int
	}{
		{"two results", "good", "12", nil, 200},
		{"none of ours", "good", "", nil, 200},
		{"forged", "", "12", nil, 403},
		{"odd", "odd", "12", nil, 400},
		{"while the database is away", "good", "12", errors.New("away"), 503},
		{"as large as can be", "good", strings.Repeat("1", 1<<20), nil, 200},
		{"huge", "good", strings.Repeat("1", 1<<20+1), nil, 413},
	} {
		broken = c.broken
		if w := send(h, "/hooks/one-sms/report", c.body, "Content-Type", "application/json", "X-Secret", c.secret); w.Code != c.want {
			t.Errorf("%s answers %d, want %d", c.name, w.Code, c.want)
		}
	}
	if want := 2 + 1<<20; len(taken) != want {
		t.Errorf("%d receipts were taken, want %d", len(taken), want)
	}
	for outcome, want := range map[string]float64{"taken": 3, "forged": 1, "malformed": 1, "too_big": 1, "away": 1} {
		if got := counted(t, counters, "one_sms_report", outcome); got != want {
			t.Errorf("%s is counted %g times, want %g", outcome, got, want)
		}
	}
}

func counted(t *testing.T, from prometheus.Gatherer, hook, outcome string) float64 {
	t.Helper()
	families, err := from.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			labels := map[string]string{}
			for _, l := range m.GetLabel() {
				labels[l.GetName()] = l.GetValue()
			}
			if labels["hook"] == hook && labels["outcome"] == outcome {
				return m.GetCounter().GetValue()
			}
		}
	}
	return 0
}
