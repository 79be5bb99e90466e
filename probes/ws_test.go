package probes_test

import (
	"context"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"bongsu/probes"
)

// opens a socket and does as the test says with it.
func socket(talk func(context.Context, *websocket.Conn)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{"chat"}})
		if err != nil {
			return
		}
		defer conn.CloseNow()
		talk(r.Context(), conn)
	})
}

func sends(messages ...string) func(context.Context, *websocket.Conn) {
	return func(ctx context.Context, c *websocket.Conn) {
		for _, m := range messages {
			c.Write(ctx, websocket.MessageText, []byte(m))
		}
		c.Read(ctx)
	}
}

func closes(code websocket.StatusCode, reason string) func(context.Context, *websocket.Conn) {
	return func(_ context.Context, c *websocket.Conn) { c.Close(code, reason) }
}

func opening(handler http.Handler, more ...string) func(*testing.T, *authority) string {
	return func(t *testing.T, _ *authority) string {
		return "[{ws: \"" + strings.Replace(serve(t, handler).URL, "http:", "ws:", 1) + "/chat\"" + strings.Join(more, "") + "}]"
	}
}

const anyMessage = `, expect: ["message == 'ready'"]`

var wsFaults = []faultCase{
	{name: "it opens", kind: "ws", want: probes.OK, step: opening(socket(sends()))},
	{name: "it speaks", kind: "ws", want: probes.OK, step: opening(socket(sends("hello", "ready")), anyMessage)},
	{name: "it speaks JSON", kind: "ws", want: probes.OK, step: opening(socket(sends("hello", `{"ok":true}`)), ", expect: [json.ok == true, ms < 4000]")},
	{name: "it repeats what we say", kind: "ws", want: probes.OK, step: opening(socket(func(ctx context.Context, c *websocket.Conn) {
		kind, m, _ := c.Read(ctx)
		c.Write(ctx, kind, m)
		c.Read(ctx)
	}), `, send: "ping ${nonce}", expect: ["message == 'ping ' + nonce"]`)},
	{name: "over TLS", kind: "ws", want: probes.OK, step: func(t *testing.T, a *authority) string {
		return "[{ws: \"wss://" + a.serveTLS(t, "127.0.0.1", -days, days, socket(sends("ready"))).Listener.Addr().String() + "\"" + anyMessage + "}]"
	}},
	{name: "the certificate has expired", kind: "ws", want: probes.Failed, reason: "certificate expired 1 day ago", step: func(t *testing.T, a *authority) string {
		return "[{ws: \"wss://" + a.serveTLS(t, "127.0.0.1", -30*days, -25*time.Hour, socket(sends("ready"))).Listener.Addr().String() + "\"" + anyMessage + "}]"
	}},
	{name: "it says something else", kind: "ws", timeout: 200 * time.Millisecond, want: probes.Wrong, reason: `but message is "hello"`, step: opening(socket(sends("hello")), anyMessage)},
	{name: "it says too much", kind: "ws", want: probes.Wrong, reason: `but message is "b"`, step: opening(socket(sends("a", "b", "ready")), ", messages: 2", anyMessage)},
	{name: "a message beyond its bound", kind: "ws", want: probes.Wrong, reason: "longer than 10 bytes (max_message)", step: opening(socket(sends("a long message")), ", max_message: 10", anyMessage)},
	{name: "it says nothing", kind: "ws", timeout: 100 * time.Millisecond, want: probes.Failed, reason: "no complete answer within 100ms", step: opening(socket(sends()), anyMessage)},
	{name: "it closes", kind: "ws", want: probes.Wrong, reason: "closes before what is expected comes: code 1000, bye", step: opening(socket(closes(websocket.StatusNormalClosure, "bye")), anyMessage)},
	{name: "it closes and can not", kind: "ws", want: probes.Failed, reason: "says that it can not: code 1013", step: opening(socket(closes(websocket.StatusTryAgainLater, "")), anyMessage)},
	{name: "it closes on our credential", kind: "ws", want: probes.Inconclusive, reason: "credential refused (code 1008", step: opening(socket(closes(websocket.StatusPolicyViolation, "token")), ", headers: {Authorization: '${env:TOKEN}'}", anyMessage)},
	{name: "it closes for we ask too often", kind: "ws", want: probes.Inconclusive, reason: "asked too often (code 4429", step: opening(socket(closes(4429, "")), anyMessage)},
	{name: "it breaks off", kind: "ws", want: probes.Failed, reason: "connection closed in the middle", step: opening(socket(func(_ context.Context, c *websocket.Conn) { c.CloseNow() }), anyMessage)},
	{name: "asked too often", kind: "ws", want: probes.Inconclusive, reason: "asked too often (status 429)", step: opening(says(429, "", "Retry-After", "60"))},
	{name: "the credential is refused", kind: "ws", want: probes.Inconclusive, reason: "credential refused (status 401)", step: opening(says(401, ""), ", headers: {Authorization: '${env:TOKEN}'}")},
	{name: "it says it can not", kind: "ws", want: probes.Failed, reason: "status 503", step: opening(says(503, ""))},
	{name: "a page where a socket should be", kind: "ws", want: probes.Wrong, reason: "does not open a WebSocket: status 200", step: opening(says(200, "welcome"))},
	{name: "a redirect", kind: "ws", want: probes.Wrong, reason: "does not open a WebSocket: status 302", step: opening(says(302, "", "Location", "/"))},
	{name: "another protocol", kind: "ws", want: probes.OK, step: opening(socket(sends()), ", protocol: chat")},
	{name: "nobody listens", kind: "ws", want: probes.Failed, reason: "connection refused", step: func(t *testing.T, _ *authority) string { return "[{ws: \"ws://" + closedPort(t) + "\"}]" }},
	{name: "it resets", kind: "ws", want: probes.Failed, reason: "connection reset", step: func(t *testing.T, _ *authority) string {
		return "[{ws: \"ws://" + listen(t, func(c net.Conn) { readRequest(c); c.(*net.TCPConn).SetLinger(0) }) + "\"}]"
	}},
	{name: "it hangs", kind: "ws", timeout: 100 * time.Millisecond, want: probes.Failed, reason: "connected, but no answer within 100ms", step: func(t *testing.T, _ *authority) string { return "[{ws: \"ws://" + hanging(t) + "\"}]" }},
	{name: "it is late", kind: "ws", want: probes.Slow, reason: "slow: ", step: opening(socket(sends()), ", slow: 1ns")},
	{name: "no credential at hand", kind: "ws", want: probes.Inconclusive, reason: "credential NOTHING is not set", step: opening(socket(sends()), `, send: "${env:NOTHING}"`)},
}

// A socket that is asked to wait is left alone for as long as it says.
func TestSocketRetryAfter(t *testing.T) {
	now := time.Now()
	result := newCheck(t, opening(says(429, "", "Retry-After", "60"))(t, nil)).Probe(t.Context(), now)
	if wait := result.Retry.Sub(now); wait < time.Minute || wait > time.Minute+5*time.Second {
		t.Errorf("retry in %s, want a minute", wait)
	}
}

// Whatever frames come, it is an outcome with bounded evidence.
func FuzzWebSocket(f *testing.F) {
	f.Add([]byte("\x81\x05hello"))
	f.Add([]byte("\x81\x7f\x7f\xff\xff\xff\xff\xff\xff\xff"))
	f.Add([]byte("\x89\x00\x89\x00\x8a\x00\x01\x01a\x80\x01b"))
	f.Add([]byte("\x88\x02\x03\xe8"))
	f.Add([]byte("\x88\x04\x0f\xffab"))
	f.Add([]byte("\xc1\x01a"))
	f.Fuzz(func(t *testing.T, frames []byte) {
		address := listen(t, func(c net.Conn) { acceptSocket(c); c.Write(frames) })
		check := newCheck(t, "[{ws: \"ws://"+address+"\", max_message: 100, expect: [json.ok == true]}]")
		check.Timeout = 500 * time.Millisecond
		checkEvidence(t, check.Probe(t.Context(), time.Now()))
	})
}
