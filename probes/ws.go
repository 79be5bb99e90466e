package probes

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"
	"github.com/expr-lang/expr/types"
)

// WebSocket opens a connection, and perhaps sends a message and waits for one.
type WebSocket struct {
	Headers    map[string]string `yaml:"headers" doc:"Headers to send while opening. User-Agent and Host may be set here too."`
	Protocol   string            `yaml:"protocol" doc:"The subprotocol to ask for."`
	Send       string            `yaml:"send" doc:"A text message to send once open; ${nonce}, ${saved} and ${env:NAME} are filled in."`
	Expect     []string          `yaml:"expect" doc:"What must hold for one message, each in one expression over message, json, ms, nonce and saved values. Messages for which it does not are passed over."`
	Messages   int               `yaml:"messages" must:"min=0 max=100" doc:"How many messages to look at, at most; 10 by default."`
	MaxMessage int               `yaml:"max_message" must:"min=0 max=1048576" doc:"How many bytes a message may have; 65536 by default."`
	Slow       time.Duration     `yaml:"slow" doc:"A connection, with what is expected on it, that takes longer is slow."`
	Way        `yaml:",inline"`

	target string
	book   *phrasebook

	once     sync.Once
	plan     wsPlan
	problems []Problem
}

type wsPlan struct {
	address    text
	send       text
	headers    []header
	expect     []*expression
	way        way
	credential bool // a secret is sent
	needsJSON  bool
}

const (
	defaultMessages   = 10
	maxMessages       = 100
	defaultMaxMessage = 64 << 10
	maxMaxMessage     = 1 << 20
)

func wsKind() Kind {
	book := newPhrasebook(wsWords)
	return Kind{
		Key:     "ws",
		Doc:     "Open a WebSocket, and perhaps send a message and look at what comes back.",
		Example: "{ws: \"wss://chat.example/socket\", send: \"ping ${nonce}\", expect: [\"message contains nonce\"]}",
		New:     func(target string) Step { return &WebSocket{target: target, book: book} },
	}
}

var wsWords = vocabulary{"message": types.String, "json": types.Any, "ms": types.Int, "nonce": types.String}

// Problems implements [Step].
func (s *WebSocket) Problems() []Problem {
	s.prepare()
	return s.problems
}

func (s *WebSocket) prepare() {
	s.once.Do(func() {
		p := &planner{}
		u := p.planAddress(&s.plan, s.target)
		s.plan.send = p.text("send", s.Send)
		s.plan.headers = p.headers(s.Headers)
		s.plan.expect = p.conditions(s.Expect, s.book)
		s.plan.way = p.planWay(s.Way, u.Hostname())
		if s.Cert != "" && u.Scheme == "ws" {
			p.complain("cert", errors.New("needs wss; write a wss:// address or leave it out"))
		}
		p.checkSlow(s.Slow)
		if s.Messages < 0 || s.Messages > maxMessages {
			p.complain("messages", fmt.Errorf("is %d; write 1 to %d", s.Messages, maxMessages))
		}
		if s.MaxMessage < 0 || s.MaxMessage > maxMaxMessage {
			p.complain("max_message", fmt.Errorf("is %d; write 1 to %d bytes", s.MaxMessage, maxMaxMessage))
		}
		s.plan.summarise()
		s.problems = p.problems
	})
}

// planAddress compiles the address. It returns it with a stand-in for each
// value.
func (p *planner) planAddress(plan *wsPlan, target string) *url.URL {
	t, err := parseURL(target)
	if err != nil {
		p.complain("ws", err)
		return &url.URL{}
	}
	u, err := url.Parse(t.example())
	switch {
	case err != nil || u.Scheme != "ws" && u.Scheme != "wss" || u.Hostname() == "":
		p.complain("ws", errors.New("is not a WebSocket's address; write one like wss://chat.example/socket"))
		return &url.URL{}
	case u.User != nil:
		p.complain("ws", errors.New("carries a user or password; write an Authorization header with ${env:NAME}"))
	}
	plan.address = t
	return u
}

func (plan *wsPlan) summarise() {
	texts := []text{plan.address, plan.send}
	for _, h := range plan.headers {
		texts = append(texts, h.value)
	}
	plan.credential = plan.way.cert != "" || slices.ContainsFunc(texts, text.secret)
	plan.needsJSON = slices.ContainsFunc(plan.expect, func(e *expression) bool { return e.speaksOf("json") })
}

// Look implements [Step].
func (s *WebSocket) Look(ctx context.Context, run *Run) StepSeen {
	if seen := unfit(s); seen.Reason != "" {
		return seen
	}
	t := newTrace(run)
	seen := StepSeen{}
	scene, err := s.talk(ctx, run, t, &seen)
	if err != nil {
		seen = run.gaveUp(ctx, err, t)
	}
	seen.Action = run.mask.clip("ws "+s.plan.address.shown(run), maxAction)
	seen.Phases, seen.Took = t.end()
	if seen.Outcome == OK {
		scene["ms"] = int(seen.Took.Milliseconds())
		judgeSlow(seen.Took, s.Slow, &seen)
		judgeLate(s.plan.expect, scene, &seen)
	}
	return seen
}

// talk opens the socket, sends and listens.
func (s *WebSocket) talk(ctx context.Context, run *Run, t *trace, seen *StepSeen) (map[string]any, error) {
	if run.rehearsal != nil {
		return nil, errNotRehearsed
	}
	word, err := s.plan.send.render(run)
	if err != nil {
		return nil, err
	}
	conn, done, err := s.open(ctx, run, t, seen)
	if err != nil || conn == nil {
		return nil, err
	}
	defer done()
	if s.Send != "" {
		if err := conn.Write(ctx, websocket.MessageText, []byte(word)); err != nil {
			return nil, fmt.Errorf("sending: %w", err)
		}
	}
	return s.listen(ctx, conn, run, t, seen)
}

// open shakes hands. No connection and no error is an answer that has been
// judged.
func (s *WebSocket) open(ctx context.Context, run *Run, t *trace, seen *StepSeen) (*websocket.Conn, func(), error) {
	address, err := s.plan.address.render(run)
	if err != nil {
		return nil, nil, err
	}
	headers := http.Header{"User-Agent": {cmp.Or(run.check.UserAgent, UserAgent("dev", ""))}}
	host, err := fillHeaders(s.plan.headers, run, headers, "")
	if err != nil {
		return nil, nil, err
	}
	transport, done, err := s.plan.way.transport(run, t, false)
	if err != nil {
		return nil, nil, err
	}
	options := &websocket.DialOptions{
		Host: host, HTTPHeader: headers,
		HTTPClient: &http.Client{
			Transport:     transport,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
	if s.Protocol != "" {
		options.Subprotocols = []string{s.Protocol}
	}
	conn, resp, err := websocket.Dial(t.follow(ctx), address, options) //nolint:bodyclose // the library closes it
	if err != nil {
		done()
		if resp == nil {
			return nil, nil, withoutURL(err)
		}
		s.refused(resp, run, seen)
		return nil, nil, nil
	}
	conn.SetReadLimit(int64(cmp.Or(s.MaxMessage, defaultMaxMessage)))
	seen.Status = resp.StatusCode
	return conn, func() { _ = conn.CloseNow(); done() }, nil // it is closed, however it ended
}

// refused judges an answer that opens no socket.
func (s *WebSocket) refused(resp *http.Response, run *Run, seen *StepSeen) {
	seen.Status = resp.StatusCode
	seen.Patience = patience(resp.StatusCode, resp.Header, run.instant())
	f := statusFault(resp.StatusCode, s.plan.credential)
	if f == nil {
		f = &fault{Wrong, fmt.Sprintf("it does not open a WebSocket: status %d", resp.StatusCode)}
	}
	if f.outcome == Wrong && resp.StatusCode == http.StatusSwitchingProtocols {
		f.reason = "it opens a WebSocket in another way than was asked for"
	}
	seen.Outcome, seen.Reason = f.outcome, f.reason
}

// listen reads messages until what is expected holds for one.
func (s *WebSocket) listen(ctx context.Context, conn *websocket.Conn, run *Run, t *trace, seen *StepSeen) (map[string]any, error) {
	scene := savedScene(run, 0)
	if !slices.ContainsFunc(s.plan.expect, func(e *expression) bool { return !e.onlyAboutTime() }) {
		seen.Outcome = OK
		return scene, nil
	}
	t.enter("message")
	var unmet *miss
	for range cmp.Or(s.Messages, defaultMessages) {
		_, message, err := conn.Read(ctx)
		if err != nil {
			return scene, s.ended(ctx, err, unmet, run, seen)
		}
		if unmet = s.unmet(scene, message); unmet == nil {
			t.leave("message", nil)
			seen.Outcome = OK
			return scene, nil
		}
		if unmet.outcome == Inconclusive {
			break
		}
	}
	unmet.tell(run, seen)
	return scene, nil
}

func (s *WebSocket) unmet(scene map[string]any, message []byte) *miss {
	a := &answer{body: message, whole: true}
	if s.plan.needsJSON {
		a.json, a.jsonErr = decodeJSON(message)
	}
	scene["message"], scene["json"] = string(message), a.json
	for _, e := range s.plan.expect {
		if e.onlyAboutTime() {
			continue
		}
		if m := ask(e, a, scene); m != nil {
			return m
		}
	}
	return nil
}

// ended is what it comes to that no more messages come: wrong where there were
// some, unless the target says why.
func (s *WebSocket) ended(ctx context.Context, err error, unmet *miss, run *Run, seen *StepSeen) error {
	if farewell, ok := errors.AsType[websocket.CloseError](err); ok {
		f := s.closed(farewell)
		seen.Outcome, seen.Reason = f.outcome, run.mask.clip(f.reason, maxReason)
		return nil
	}
	if errors.Is(err, websocket.ErrMessageTooBig) {
		seen.Outcome = Wrong
		seen.Reason = fmt.Sprintf("a message is longer than %d bytes (max_message)", cmp.Or(s.MaxMessage, defaultMaxMessage))
		return nil
	}
	if unmet != nil && (ctx.Err() == nil || errors.Is(context.Cause(ctx), errTimeout)) {
		unmet.tell(run, seen)
		return nil
	}
	return fmt.Errorf("reading: %w", err)
}

// Codes with which servers close that refuse a credential or have had enough.
// Those from 3000 are registered with IANA, those from 4000 are the status of
// HTTP by custom.
var (
	closedForCredential = []websocket.StatusCode{websocket.StatusPolicyViolation, 3000, 3003, 4401, 4403}
	closedForQuota      = []websocket.StatusCode{4429}
)

func (s *WebSocket) closed(e websocket.CloseError) fault {
	said := fmt.Sprintf("code %d", e.Code)
	if e.Reason != "" {
		said += ", " + e.Reason
	}
	switch {
	case slices.Contains(closedForQuota, e.Code):
		return fault{Inconclusive, "we have asked too often (" + said + ")"}
	case s.plan.credential && slices.Contains(closedForCredential, e.Code):
		return fault{Inconclusive, "credential refused (" + said + ")"}
	case e.Code == websocket.StatusInternalError, e.Code == websocket.StatusTryAgainLater, e.Code == websocket.StatusServiceRestart, e.Code == websocket.StatusBadGateway:
		return fault{Failed, "it closes and says that it can not: " + said}
	default:
		return fault{Wrong, "it closes before what is expected comes: " + said}
	}
}

// uses implements speaker.
func (s *WebSocket) uses() []use {
	s.prepare()
	uses := append(valuesOf("ws", s.plan.address), valuesOf("send", s.plan.send)...)
	for _, h := range s.plan.headers {
		uses = append(uses, valuesOf("headers."+strings.ToLower(h.name), h.value)...)
	}
	return append(uses, usesOf(s.Expect, s.plan.expect, wsWords)...)
}

// saves implements speaker.
func (*WebSocket) saves() []string { return nil }
