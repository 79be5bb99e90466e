package gatewaytest

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"bongsu/notifier"
)

// bare is what a status says by itself, where the body is a page of HTML. What
// something behind the gateway may have taken is uncertain; what is told off
// at its door was not taken.
var bare = map[int]Want{
	200: Is(Uncertain), 201: Is(Uncertain), 202: Is(Uncertain), 204: Is(Uncertain),
	301: Is(Again), 302: Is(Again), 307: Is(Again), 308: Is(Again),
	400: Is(Ours), 401: Is(Ours), 403: Is(Ours), 404: Is(Ours), 405: Is(Ours), 408: Is(Again), 413: Is(Ours), 422: Is(Ours),
	429: {Kind: Throttled, After: 7 * time.Second},
	500: Is(Uncertain), 502: Is(Uncertain), 503: Is(Uncertain), 504: Is(Uncertain), 529: Is(Uncertain),
}

// page is what a balancer, a login wall or a hotel's network shows.
const page = `<!doctype html><html><head><title>Sorry</title></head><body>` + Echo + `</body></html>`

// Run tests a gateway.
func Run(t *testing.T, c Case) {
	t.Helper()
	t.Run("a message is taken", c.taken)
	t.Run("its own words", c.sayings)
	t.Run("a status and a page", c.statuses)
	t.Run("how far a request came", c.wire)
	t.Run("a connection that dies under a request", c.dying)
	t.Run("answers without measure", c.oversize)
	t.Run("time", c.time)
	t.Run("hostile texts", c.hostile)
	t.Run("secrets", c.secrets)
	if c.Find || c.Result {
		t.Run("look-ups", c.lookups)
	}
}

// open makes the gateway as the program does.
func (c *Case) open(t *testing.T, base string) notifier.Gateway {
	t.Helper()
	return c.openWith(t, base, nil)
}

func (c *Case) openWith(t *testing.T, base string, transport http.RoundTripper) notifier.Gateway {
	t.Helper()
	g, err := c.Settings(base).Open(outside(transport))
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func outside(transport http.RoundTripper) notifier.Outside {
	return notifier.Outside{
		PublicURL: "https://status.example", UserAgent: "Bongsu/test (+https://status.example)", Transport: transport,
		Token: func(delivery string) string { return "token-of-" + delivery },
		Now:   time.Now, Nonce: func() string { return "0123456789abcdef0123456789abcdef" },
	}
}

// ways are how a gateway may be asked to send one message.
func ways(g notifier.Gateway) map[string]func(context.Context, notifier.Message) (string, error) {
	all := map[string]func(context.Context, notifier.Message) (string, error){"Send": g.Send}
	if many, ok := g.(notifier.Multicaster); ok {
		all["SendMany"] = func(ctx context.Context, m notifier.Message) (string, error) {
			return many.SendMany(ctx, m.Delivery, []notifier.Message{m})
		}
	}
	return all
}

// each sends the message in every way the gateway has, each time through a new
// gateway, and hands over what came of it.
func (c *Case) each(t *testing.T, base string, check func(t *testing.T, err error)) (sent int) {
	t.Helper()
	for _, way := range slices.Sorted(maps.Keys(ways(c.open(t, base)))) {
		send := ways(c.open(t, base))[way]
		_, err := send(t.Context(), c.Message(base))
		sent++
		c.quiet(t, err, c.Message(base))
		check(t, err)
	}
	return sent
}

// check complains if an error asks for something else.
func check(t *testing.T, what string, err error, want Want) {
	t.Helper()
	if got := kindOf(err); !want.meets(got) {
		t.Errorf("%s: %s, want %s: %v", what, got, want, err)
	}
}

// quiet complains if an error tells what it must not.
func (c *Case) quiet(t *testing.T, err error, m notifier.Message) {
	t.Helper()
	if err != nil {
		c.tellsNothing(t, "an error", fmt.Sprintf("%v %+v %#v %s", err, err, err, err.Error()), m)
	}
}

func (c *Case) tellsNothing(t *testing.T, what, said string, m notifier.Message) {
	t.Helper()
	for _, s := range c.hidden(m) {
		if strings.Contains(said, s) {
			t.Errorf("%s tells %q: %.300s", what, s, said)
			return
		}
	}
	if strings.ContainsAny(said, "\x00\r\n") {
		t.Errorf("%s breaks a line of the log: %q", what, said)
	}
}

func (c *Case) taken(t *testing.T) {
	s := stand(t, c.says(c.Taken))
	g := c.open(t, s.base())
	ref, err := g.Send(t.Context(), c.Message(s.base()))
	if err != nil || ref != c.Ref {
		t.Fatalf("reference %q, want %q; error %v", ref, c.Ref, err)
	}
	seen := s.requests()
	if len(seen) != 1 {
		t.Fatalf("%d requests, want 1", len(seen))
	}
	if agent := seen[0].Header.Get("User-Agent"); agent != outside(nil).UserAgent {
		t.Errorf("User-Agent %q", agent)
	}
	for _, class := range c.Classes {
		c.arrives(t, class, "제목 Title", "본문 Body ①\n둘째 줄")
	}
	if slices.Contains(c.Classes, notifier.ClassLMS) {
		c.arrives(t, notifier.ClassLMS, strings.Repeat("제", 20), strings.Repeat("가", 1000)) // 40 and 2,000 bytes in EUC-KR
	}
}

// arrives sends a text of a class and looks for it in the request.
func (c *Case) arrives(t *testing.T, class notifier.Class, title, body string) {
	t.Helper()
	if c.Text == nil {
		return
	}
	s := stand(t, c.says(c.Taken))
	m := c.Message(s.base())
	m.Class, m.Title, m.Body = class, title, body
	if class == notifier.ClassSMS {
		m.Title = ""
	}
	if _, err := c.open(t, s.base()).Send(t.Context(), m); err != nil {
		t.Errorf("%s: %v", class, err)
		return
	}
	gotTitle, gotBody := c.Text(s.requests()[0])
	if gotBody != m.Body || gotTitle != m.Title && gotTitle != "" {
		t.Errorf("%s: title %q, body %q, want %q, %q", class, gotTitle, gotBody, m.Title, m.Body)
	}
}

func (c *Case) sayings(t *testing.T) {
	for _, said := range c.Answers {
		a := said.Answer
		a.Header = a.Header.Clone()
		if a.Header == nil {
			a.Header = http.Header{}
		}
		if a.Header.Get("Retry-After") == "" {
			a.Header.Set("Retry-After", "7")
		}
		s := stand(t, c.says(a))
		sent := c.each(t, s.base(), func(t *testing.T, err error) {
			t.Helper()
			check(t, fmt.Sprintf("%d %s", a.Status, a.Body), err, said.Want)
		})
		if got := len(s.requests()); got > sent {
			t.Errorf("%d %s: %d requests for %d messages", a.Status, a.Body, got, sent)
		}
	}
}

func (c *Case) statuses(t *testing.T) {
	wants := maps.Clone(bare)
	maps.Copy(wants, c.Bare)
	for _, status := range slices.Sorted(maps.Keys(wants)) {
		a := Answer{Status: status, Body: page, Header: http.Header{"Retry-After": {"7"}, "Location": {"/elsewhere"}, "Content-Type": {"text/html"}}}
		if status == http.StatusNoContent {
			a.Body = ""
		}
		s := stand(t, c.says(a))
		sent := c.each(t, s.base(), func(t *testing.T, err error) {
			t.Helper()
			check(t, fmt.Sprintf("%d with a page", status), err, wants[status])
		})
		if got := len(s.requests()); got != sent {
			t.Errorf("%d: %d requests for %d messages", status, got, sent)
		}
	}
	if want := wants[http.StatusTooManyRequests]; want.Kind == Throttled {
		s := stand(t, c.says(Answer{Status: http.StatusTooManyRequests}))
		c.each(t, s.base(), func(t *testing.T, err error) {
			t.Helper()
			if got := kindOf(err); got.Kind != Throttled || got.After < time.Second {
				t.Errorf("429 without Retry-After: %s: %v", got, err)
			}
		})
	}
}

// cut is what an answer means that has a good status and breaks off after it.
func (c *Case) cut() Kind {
	if c.StatusTells {
		return Taken
	}
	return Uncertain
}

func (c *Case) wire(t *testing.T) {
	for _, w := range []struct {
		what string
		want Kind
		talk func(net.Conn)
	}{
		{"hangs up at once", Uncertain, func(net.Conn) {}},
		{"resets at the first byte", Uncertain, func(c net.Conn) { io.ReadFull(c, make([]byte, 1)); reset(c) }},
		{"takes it and hangs up", Uncertain, hear},
		{"takes it and resets", Uncertain, func(c net.Conn) { hear(c); reset(c) }},
		{"answers garbage", Uncertain, func(c net.Conn) { hear(c); io.WriteString(c, "SSH-2.0-x\r\n\r\n") }},
		{"loses the end of a good answer", c.cut(), func(c net.Conn) {
			hear(c)
			io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 400\r\n\r\n{\"")
		}},
		{"resets in the middle of a good answer", c.cut(), func(c net.Conn) {
			hear(c)
			io.WriteString(c, "HTTP/1.1 201 Created\r\nContent-Length: 400\r\n\r\n{\"")
			reset(c)
		}},
	} {
		r := listen(t, w.talk)
		sent := c.each(t, r.base(), func(t *testing.T, err error) {
			t.Helper()
			check(t, w.what, err, Is(w.want))
		})
		if r.stop(); r.came != sent {
			t.Errorf("%s: %d connections for %d messages", w.what, r.came, sent)
		}
	}
	closed := listen(t, func(net.Conn) {})
	closed.stop()
	c.each(t, closed.base(), func(t *testing.T, err error) {
		t.Helper()
		check(t, "nobody listens", err, Is(Again))
	})
	if c.NoFixedBase {
		return
	}
	deaf := listen(t, func(c net.Conn) { io.WriteString(c, "no TLS here\n") })
	c.each(t, strings.Replace(deaf.base(), "http:", "https:", 1), func(t *testing.T, err error) {
		t.Helper()
		check(t, "TLS that is none", err, Is(Again))
	})
	c.each(t, "https://gateway.invalid"+prefix, func(t *testing.T, err error) {
		t.Helper()
		check(t, "no such host", err, Is(Again))
	})
}
