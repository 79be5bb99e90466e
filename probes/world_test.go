package probes_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bongsu/probes"
)

// A rehearsal world answers as the test says, on a clock of its own.
type world struct {
	now    time.Time
	answer answerer
}

// An answerer is what a world does with a request.
type answerer func(w *world, req *http.Request) (*http.Response, error)

func (w *world) Now() time.Time        { return w.now }
func (w *world) spend(d time.Duration) { w.now = w.now.Add(d) }

func (w *world) Wait(ctx context.Context, d time.Duration) bool {
	w.spend(d)
	return ctx.Err() == nil
}

func (w *world) RoundTrip(req *http.Request) (*http.Response, error) { return w.answer(w, req) }

// takes answers 200 with a body after a while.
func takes(d time.Duration, body string) answerer {
	return func(w *world, req *http.Request) (*http.Response, error) {
		w.spend(d)
		return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: req}, nil
	}
}

var midnight = time.Date(2030, 1, 2, 0, 0, 0, 0, time.UTC)

// rehearse looks once in a world that answers so.
func rehearse(t *testing.T, text string, answer answerer) probes.Result {
	t.Helper()
	check := newCheck(t, text)
	check.World = func(now time.Time) probes.World { return &world{now: now, answer: answer} }
	return check.Probe(t.Context(), midnight)
}

// What is measured in a world is measured by its clock alone.
func TestWorldTime(t *testing.T) {
	const portal = "http://portal.example/"
	for _, c := range []struct {
		name   string
		step   string
		answer answerer
		want   probes.Outcome
		reason string
		took   time.Duration
	}{
		{"it answers", get(portal, ", expect: [status == 200, ms == 1200, json.ok]"), takes(1200*time.Millisecond, `{"ok":true}`), probes.OK, "", 1200 * time.Millisecond},
		{"it is late", get(portal, ", slow: 1s"), takes(1200*time.Millisecond, ""), probes.Slow, "slow: 1.2s instead of 1s", 1200 * time.Millisecond},
		{"it hangs", get(portal), takes(time.Hour, ""), probes.Failed, "connected, but no answer within 5s", 5 * time.Second},
		{"it never connects", get(portal), func(w *world, req *http.Request) (*http.Response, error) {
			httptrace.ContextClientTrace(req.Context()).ConnectStart("tcp", "portal.example:80")
			return takes(time.Hour, "")(w, req)
		}, probes.Failed, "no connection within 5s", 5 * time.Second},
		{"it refuses", get(portal), func(w *world, _ *http.Request) (*http.Response, error) {
			w.spend(time.Millisecond)
			return nil, syscall.ECONNREFUSED
		}, probes.Failed, "connection refused", time.Millisecond},
		{"it trickles", get(portal), func(w *world, req *http.Request) (*http.Response, error) {
			resp, err := takes(time.Second, "")(w, req)
			resp.Body = io.NopCloser(trickle{w})
			return resp, err
		}, probes.Failed, "no complete answer within 5s", 5 * time.Second},
		{"it is polled in vain", get(portal, ", until: {within: 3s, every: 1s}, expect: [body == nonce]"), takes(0, "x"), probes.Wrong, "expected body == nonce", 3 * time.Second},
		{"it is polled until the check ends", get(portal, ", until: {within: 1m, every: 3s}, expect: [body == nonce]"), takes(0, "x"), probes.Wrong, "expected body == nonce", 5 * time.Second},
		{"it redirects for ever", get(portal, ", follow: 5"), func(w *world, req *http.Request) (*http.Response, error) {
			resp, err := takes(2*time.Second, "")(w, req)
			resp.StatusCode = http.StatusFound
			resp.Header.Set("Location", portal)
			return resp, err
		}, probes.Failed, "connected, but no answer within 5s", 5 * time.Second},
		{"a handshake the world knows nothing of", "[{tls: \"chat.example:443\"}]", nil, probes.Inconclusive, "this kind of step cannot be rehearsed", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			result := rehearse(t, c.step, c.answer)
			if result.Outcome != c.want || !strings.Contains(result.Reason, c.reason) || result.Took != c.took {
				t.Errorf("got %q %q after %s\nwant %q %q after %s", result.Outcome, result.Reason, result.Took, c.want, c.reason, c.took)
			}
			if len(result.Steps) != 1 || result.Steps[0].Took != c.took {
				t.Errorf("evidence %+v", result.Steps)
			}
		})
	}
}

// trickle gives a byte a second.
type trickle struct{ world *world }

func (s trickle) Read(p []byte) (int, error) {
	s.world.spend(time.Second)
	if s.world.now.After(midnight.Add(time.Minute)) {
		return 0, io.EOF
	}
	p[0] = 'x'
	return 1, nil
}

// Patience that is asked for counts from the world's time.
func TestWorldRetry(t *testing.T) {
	result := rehearse(t, get("http://portal.example/"), func(w *world, req *http.Request) (*http.Response, error) {
		resp, err := takes(2*time.Second, "")(w, req)
		resp.StatusCode = http.StatusTooManyRequests
		resp.Header.Set("Retry-After", "60")
		return resp, err
	})
	if want := midnight.Add(62 * time.Second); !result.Retry.Equal(want) || result.Outcome != probes.Inconclusive {
		t.Errorf("%q until %s, want until %s", result.Outcome, result.Retry, want)
	}
}

func TestWorldPhases(t *testing.T) {
	result := rehearse(t, get("https://portal.example/"), func(w *world, req *http.Request) (*http.Response, error) {
		hooks := httptrace.ContextClientTrace(req.Context())
		hooks.ConnectStart("tcp", "portal.example:443")
		w.spend(10 * time.Millisecond)
		hooks.ConnectDone("tcp", "portal.example:443", nil)
		hooks.WroteRequest(httptrace.WroteRequestInfo{})
		return takes(20*time.Millisecond, "")(w, req)
	})
	want := []probes.Phase{{Name: "connect", Took: 10 * time.Millisecond}, {Name: "first byte", Took: 20 * time.Millisecond}, {Name: "total", Took: 30 * time.Millisecond}}
	if diff := cmp.Diff(want, result.Steps[0].Phases); diff != "" {
		t.Errorf("phases (-want +got):\n%s", diff)
	}
}

// A shaking world knows of TLS.
type shaking struct {
	world
	state tls.ConnectionState
	err   error
	takes time.Duration
}

func (w *shaking) Handshake(_ context.Context, address, name string) (tls.ConnectionState, error) {
	if address != "chat.example:443" || name != "chat.example" {
		return tls.ConnectionState{}, errors.New("no such host in this world")
	}
	w.spend(w.takes)
	return w.state, w.err
}

func TestWorldHandshake(t *testing.T) {
	for _, c := range []struct {
		world  shaking
		want   probes.Outcome
		reason string
	}{
		{shaking{state: tls.ConnectionState{Version: tls.VersionTLS13}}, probes.OK, ""},
		{shaking{err: syscall.ECONNRESET}, probes.Failed, "connection reset"},
		{shaking{takes: time.Minute}, probes.Failed, "no TLS handshake within 5s"},
	} {
		check := newCheck(t, "[{tls: \"chat.example:443\", expect: [\"version == 1.3\"]}]")
		check.World = func(now time.Time) probes.World { w := c.world; w.now = now; return &w }
		if result := check.Probe(t.Context(), midnight); result.Outcome != c.want || result.Reason != c.reason {
			t.Errorf("got %q %q, want %q %q", result.Outcome, result.Reason, c.want, c.reason)
		}
	}
}

// Being stopped is not the target's doing in a world either.
func TestWorldStopped(t *testing.T) {
	check := newCheck(t, get("http://portal.example/"))
	ctx, stop := context.WithCancel(t.Context())
	check.World = func(now time.Time) probes.World {
		return &world{now: now, answer: func(*world, *http.Request) (*http.Response, error) { stop(); return nil, ctx.Err() }}
	}
	if r := check.Probe(ctx, midnight); r.Outcome != probes.Inconclusive || r.Reason != "the check was stopped before it ended" {
		t.Errorf("got %q %q", r.Outcome, r.Reason)
	}
}
