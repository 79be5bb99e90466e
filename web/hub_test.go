package web_test

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"bongsu/status"
	"bongsu/status/remote"
	"bongsu/web"
	"bongsu/web/account"
)

// switchboard is a hub that notes who spoke and answers as told.
type switchboard struct {
	heard []string
	err   error
}

func (s *switchboard) Welcome(location string, h *remote.Hello, _ time.Time) (remote.Welcome, error) {
	s.heard = append(s.heard, "hello "+location+" "+h.Run)
	return remote.Welcome{}, s.err
}

func (s *switchboard) Take(_ context.Context, location string, b *remote.Batch, _ time.Time) (remote.Ack, error) {
	s.heard = append(s.heard, fmt.Sprintf("votes %s %d", location, len(b.Looks)))
	return remote.Ack{Kept: uint64(len(b.Looks))}, s.err
}

func (s *switchboard) Call(_ context.Context, location, run, work string, after uint64) (remote.Call, error) {
	s.heard = append(s.heard, fmt.Sprintf("wake %s %s %s %d", location, run, work, after))
	return remote.Call{Work: "v1", Serial: after + 1, Checks: []string{"pay/1"}}, s.err
}

// agentsDoor is a server with a hub, and a token of an agent and of an operator.
type agentsDoor struct {
	http.Handler
	hub             switchboard
	agent, operator string
}

func newAgentsDoor(t *testing.T, now func() time.Time) *agentsDoor {
	t.Helper()
	d := &agentsDoor{}
	known := &tokens{known: map[[sha256.Size]byte]web.Bearer{}}
	for _, one := range []struct {
		token *string
		who   web.Bearer
	}{{&d.agent, web.Bearer{Role: account.Agent, Location: "busan-1"}}, {&d.operator, web.Bearer{Role: account.Operator}}} {
		token, hash, err := web.NewToken(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		*one.token, known.known[hash] = token, one.who
	}
	s, err := web.New(web.Options{Hub: &d.hub, Tokens: known, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	d.Handler = s.Handler()
	return d
}

func (d *agentsDoor) ask(method, path, token, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	w := httptest.NewRecorder()
	d.ServeHTTP(w, r)
	return w
}

func helloText(t *testing.T) string {
	t.Helper()
	text, err := json.Marshal(remote.Hello{Protocol: remote.Protocol, Run: "f00d", Sent: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func batchText(t *testing.T, looks int) string {
	t.Helper()
	now := time.Now()
	b := remote.Batch{Protocol: remote.Protocol, Run: "f00d", First: 1, Sent: now, Clock: remote.Sample{Sent: now, Received: now, Answered: now, Got: now}}
	for range looks {
		b.Looks = append(b.Looks, remote.Look{Check: "pay/1", Outcome: status.OK, At: now})
	}
	text, err := json.Marshal(b)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Each token speaks for its own location, and every answer has the times from
// which the clocks' difference follows.
func TestAgentsSpeakForTheirLocation(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	d := newAgentsDoor(t, func() time.Time { return now })
	welcome, err := remote.Decode[remote.Welcome](d.ask(http.MethodPost, remote.HelloPath, d.agent, helloText(t)).Body.Bytes())
	if err != nil || welcome.Location != "busan-1" || !welcome.Received.Equal(now) || !welcome.Answered.Equal(now) {
		t.Errorf("welcome: %+v, %v", welcome, err)
	}
	ack, err := remote.Decode[remote.Ack](d.ask(http.MethodPost, remote.VotesPath, d.agent, batchText(t, 2)).Body.Bytes())
	if err != nil || ack.Kept != 2 || !ack.Received.Equal(now) {
		t.Errorf("ack: %+v, %v", ack, err)
	}
	call, err := remote.Decode[remote.Call](d.ask(http.MethodGet, remote.WakePath+"?run=f00d&work=v0&after=7", d.agent, "").Body.Bytes())
	if err != nil || call.Serial != 8 || len(call.Checks) != 1 {
		t.Errorf("call: %+v, %v", call, err)
	}
	want := "hello busan-1 f00d; votes busan-1 2; wake busan-1 f00d v0 7"
	if got := strings.Join(d.hub.heard, "; "); got != want {
		t.Errorf("the hub heard %q, want %q", got, want)
	}
}

func TestAgentsThatAreTurnedAway(t *testing.T) {
	for _, c := range []struct {
		name, method, path, body string
		token                    func(d *agentsDoor) string
		err                      error
		code                     int
		says                     string
	}{
		{"no token", "POST", remote.HelloPath, helloText(t), nil, nil, 401, "Send a token"},
		{"an operator's token", "POST", remote.VotesPath, batchText(t, 1), func(d *agentsDoor) string { return d.operator }, nil, 403, "with the role agent"},
		{"an agent who would publish", "POST", "/api/v1/incidents", "{}", own, nil, 405, ""},
		{"no message", "POST", remote.HelloPath, "{}", own, nil, 400, "another version of the protocol"},
		{"a key too many", "POST", remote.VotesPath, `{"more": 1}`, own, nil, 400, "unknown field"},
		{"too many looks", "POST", remote.VotesPath, batchText(t, remote.MaxLooks+1), own, nil, 400, "2001 of at most 2000"},
		{"a big body", "POST", remote.HelloPath, strings.Repeat(" ", remote.MaxHello+1), own, nil, 413, "at most 4096 bytes"},
		{"no serial", "GET", remote.WakePath, "", own, nil, 400, "after="},
		{"a long name", "GET", remote.WakePath + "?after=0&run=" + strings.Repeat("x", 201), "", own, nil, 400, "run="},
		{"a location nobody expects", "POST", remote.HelloPath, helloText(t), own, remote.ErrNoLocation, 403, "under locations:"},
		{"a second agent", "POST", remote.VotesPath, batchText(t, 1), own, remote.ErrReplaced, 409, "one agent"},
		{"a hub that stops", "GET", remote.WakePath + "?after=0", "", own, errors.New("the monitor has stopped"), 503, "Try again soon"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := newAgentsDoor(t, nil)
			d.hub.err = c.err
			token := ""
			if c.token != nil {
				token = c.token(d)
			}
			w := d.ask(c.method, c.path, token, c.body)
			if w.Code != c.code || !strings.Contains(w.Body.String(), c.says) {
				t.Errorf("it answers %d: %s", w.Code, w.Body)
			}
			if c.err == nil && len(d.hub.heard) != 0 {
				t.Errorf("the hub heard %q", d.hub.heard)
			}
		})
	}
}

func own(d *agentsDoor) string { return d.agent }

// A location that comes without end is told to wait, and after a while let in
// again.
func TestAgentsThatComeTooOften(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	d := newAgentsDoor(t, func() time.Time { return now })
	codes := map[int]int{}
	for range 200 {
		codes[d.ask(http.MethodPost, remote.VotesPath, d.agent, batchText(t, 0)).Code]++
	}
	if codes[200] != 50 || codes[429] != 150 {
		t.Errorf("200 requests at once: %v", codes)
	}
	now = now.Add(time.Minute)
	if w := d.ask(http.MethodPost, remote.VotesPath, d.agent, batchText(t, 0)); w.Code != http.StatusOK {
		t.Errorf("a minute later it answers %d", w.Code)
	}
}
