package gatewaytest

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptrace"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"bongsu/notifier"
)

// dying closes a connection that was kept, once the second request on it was
// heard. An HTTP client may send such a request again by itself; here that
// would be a text sent twice.
func (c *Case) dying(t *testing.T) {
	heard := 0
	r := listen(t, func(conn net.Conn) {
		in := bufio.NewReader(conn)
		for hearOn(in) {
			if heard++; heard == 2 {
				reset(conn)
				return
			}
			answer := &http.Response{
				StatusCode: max(c.Taken.Status, http.StatusOK), ProtoMajor: 1, ProtoMinor: 1, Header: c.Taken.Header,
				Body: io.NopCloser(strings.NewReader(c.Taken.Body)), ContentLength: int64(len(c.Taken.Body)),
			}
			if answer.Write(conn) != nil {
				return
			}
		}
	})
	g := c.open(t, r.base())
	m := c.Message(r.base())
	if _, err := g.Send(t.Context(), m); err != nil {
		t.Fatalf("the first: %v", err)
	}
	_, err := g.Send(t.Context(), m)
	check(t, "the second", err, Is(Uncertain))
	if r.stop(); heard != 2 {
		t.Errorf("two messages came as %d requests", heard)
	}
}

// oversize answers say more than a gateway has to say, or lie about how much.
func (c *Case) oversize(t *testing.T) {
	const giga = 1 << 30
	flood := func(c net.Conn, chunk string) (sent int) {
		for n := 0; sent < giga; sent += n {
			var err error
			if n, err = io.WriteString(c, chunk); err != nil {
				return sent
			}
		}
		return sent
	}
	block := strings.Repeat("x", 64<<10)
	for _, o := range []struct {
		what, head, chunk string
		want              Kind
	}{
		{"a gigabyte, announced", fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", giga), block, c.cut()},
		{"a gigabyte, to the end of the connection", "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", block, c.cut()},
		{"chunks without end", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", fmt.Sprintf("%x\r\n%s\r\n", len(block), block), c.cut()},
		{"a head without end", "HTTP/1.1 200 OK\r\n", "X-Long: " + block + "\r\n", Uncertain},
		{"less than announced", "HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n{}", "", c.cut()},
		{"announced by a lie", "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n{}", "", Uncertain},
		{"early hints without end", "", "HTTP/1.1 103 Early Hints\r\nLink: " + strings.Repeat("x", 1<<10) + "\r\n\r\n", Uncertain},
	} {
		read := 0
		r := listen(t, func(conn net.Conn) {
			hear(conn)
			io.WriteString(conn, o.head)
			if o.chunk != "" {
				read = max(read, flood(conn, o.chunk))
			}
		})
		sent := c.each(t, r.base(), func(t *testing.T, err error) {
			t.Helper()
			check(t, o.what, err, Is(o.want))
		})
		if r.stop(); read > 16<<20 || r.came != sent { // what buffers on the way may hold, and plenty more
			t.Errorf("%s: %d connections for %d messages, %d bytes were read of one", o.what, r.came, sent, read)
		}
	}
}

// time is the caller's to give, and the gateway's own to bound.
func (c *Case) time(t *testing.T) {
	t.Run("ended before it began", func(t *testing.T) {
		s := stand(t, c.says(c.Taken))
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := c.open(t, s.base()).Send(ctx, c.Message(s.base()))
		check(t, "cancelled", err, Is(Again))
		if !errors.Is(err, context.Canceled) || len(s.requests()) != 0 {
			t.Errorf("%d requests, error %v", len(s.requests()), err)
		}
	})
	t.Run("no answer", func(t *testing.T) {
		release := make(chan struct{})
		s := stand(t, func(http.ResponseWriter, *http.Request) { <-release })
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		_, err := c.open(t, s.base()).Send(ctx, c.Message(s.base()))
		close(release)
		check(t, "a silent gateway", err, Is(Uncertain))
		if !errors.Is(err, context.DeadlineExceeded) || len(s.requests()) != 1 {
			t.Errorf("%d requests, error %v", len(s.requests()), err)
		}
	})
	if !c.NoFixedBase {
		t.Run("no handshake", func(t *testing.T) {
			release := make(chan struct{})
			r := listen(t, func(net.Conn) { <-release })
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			base := strings.Replace(r.base(), "http:", "https:", 1)
			_, err := c.open(t, base).Send(ctx, c.Message(base))
			close(release)
			check(t, "a silent handshake", err, Is(Again))
		})
	}
	t.Run("its own bound", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			const base = "http://127.0.0.1:1" + prefix
			began := time.Now()
			_, err := c.openWith(t, base, silence{}).Send(t.Context(), c.Message(base))
			check(t, "a silent gateway", err, Is(Uncertain))
			if took := time.Since(began); took <= 0 || took > longest {
				t.Errorf("waited %s, want at most %s", took, longest)
			}
		})
	})
}

// longest is how long a hand-over may take: an address that works takes a
// second at most, and a sender that waits works for nobody else.
const longest = 10 * time.Second

// silence is a way on which requests leave and nothing comes back.
type silence struct{}

func (silence) RoundTrip(r *http.Request) (*http.Response, error) {
	if trace := httptrace.ContextClientTrace(r.Context()); trace != nil && trace.GotConn != nil {
		trace.GotConn(httptrace.GotConnInfo{})
	}
	if r.Body != nil {
		r.Body.Close()
	}
	<-r.Context().Done()
	return nil, r.Context().Err()
}

// hostiles are texts that try to be something else.
var hostiles = []string{
	"a\r\nX-Injected: 1\r\n\r\nGET /injected HTTP/1.1\r\n\r\n",
	"nul \x00 bell \x07 escape \x1b[31m",
	`quote " apostrophe ' backslash \ brace } bracket ] "},{"to":"+821000000000`,
	"&To=%2B821000000000&Body=injected#fragment?query=1;semicolon",
	"</script><script>alert(1)</script><!-- & -->",
	"line\u2028paragraph\u2029bidi\u202e zero\u200bwidth",
	"##key## #{leave} ${env:HOME} {{.}} %s %n",
	"not UTF-8: \xff\xfe\xed\xa0\x80",
	strings.Repeat("긴 글 ", 20_000),
}

// hostile puts texts that try to be something else everywhere a text of others
// may come in.
func (c *Case) hostile(t *testing.T) {
	for _, text := range hostiles {
		for name, set := range map[string]func(*notifier.Message){
			"title":     func(m *notifier.Message) { m.Title = text },
			"body":      func(m *notifier.Message) { m.Body = text },
			"HTML":      func(m *notifier.Message) { m.HTML = text },
			"parameter": func(m *notifier.Message) { m.Params = map[string]string{"what": text, text: "x"} },
			"recipient": func(m *notifier.Message) { m.To = text },
			"leave":     func(m *notifier.Message) { m.Leave = text },
			"language":  func(m *notifier.Message) { m.Lang = text },
			"incident":  func(m *notifier.Message) { m.Incident = text },
			"reply to":  func(m *notifier.Message) { m.ReplyTo = text },
			"delivery":  func(m *notifier.Message) { m.Delivery = text },
			"template":  func(m *notifier.Message) { m.Template = text },
		} {
			s := stand(t, c.says(c.Taken))
			m := c.Message(s.base())
			set(&m)
			_, err := c.open(t, s.base()).Send(t.Context(), m)
			s.Close()
			c.harmless(t, name, text, err, s.requests(), m)
		}
	}
}

func (c *Case) harmless(t *testing.T, name, text string, err error, seen []Seen, m notifier.Message) {
	t.Helper()
	short := text[:min(len(text), 40)]
	if err != nil {
		c.quiet(t, err, m)
	}
	if len(seen) > 1 || len(seen) == 0 && err == nil {
		t.Errorf("%s %q: %d requests, error %v", name, short, len(seen), err)
	}
	for _, r := range seen {
		if r.Header.Get("X-Injected") != "" || strings.Contains(r.Path, "injected") {
			t.Errorf("%s %q came through as more: %s %s %v", name, short, r.Method, r.Path, r.Header)
		}
		if c.Text == nil || name != "body" || strings.ToValidUTF8(text, "") != text {
			continue
		}
		if _, got := c.Text(r); got != text {
			t.Errorf("body %q came through as %q", short, got[:min(len(got), 60)])
		}
	}
}

// secrets are asked for in every way that logs and debuggers know.
func (c *Case) secrets(t *testing.T) {
	var logged bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&logged, &slog.HandlerOptions{Level: slog.LevelDebug})))
	t.Cleanup(func() { slog.SetDefault(before) })

	s := stand(t, c.says(Answer{Status: http.StatusInternalServerError, Body: page}))
	settings := c.Settings(s.base())
	g, err := settings.Open(outside(nil))
	if err != nil {
		t.Fatal(err)
	}
	m := c.Message(s.base())
	g.Send(t.Context(), m)
	if logged.Len() > 0 {
		t.Errorf("a gateway leaves the log to its sender: %s", logged.String())
	}
	for what, v := range map[string]any{"settings": settings, "gateway": g, "problems": settings.Problems()} {
		said := fmt.Sprintf("%v %+v %#v %s %q %d %x", v, v, v, v, v, v, v)
		if text, err := json.Marshal(v); err == nil {
			said += string(text)
		}
		slog.Info("printed", "value", v)
		said += logged.String()
		logged.Reset()
		for _, secret := range c.Secrets {
			if strings.Contains(said, secret) || strings.Contains(said, fmt.Sprintf("%x", secret)) {
				t.Errorf("the %s tell %q: %s", what, secret, said)
			}
		}
	}
}

// lookups meet the same faults as hand-overs, and must not take one for an
// answer.
func (c *Case) lookups(t *testing.T) {
	for _, a := range []Answer{
		{Status: 200, Body: page},
		{Status: 200},
		JSON(200, "[]"), JSON(200, "null"), JSON(200, `"x"`),
		{Status: 302, Body: page},
		{Status: 401, Body: page},
		{Status: 429, Body: page},
		{Status: 500, Body: page},
		{Status: 503},
	} {
		c.lookup(t, fmt.Sprintf("%d %s", a.Status, a.Body), c.says(a))
	}
	for _, said := range c.Answers {
		s := stand(t, c.says(said.Answer))
		g, m := c.open(t, s.base()), c.Message(s.base())
		if c.Find {
			_, _, _, err := g.(notifier.Finder).Find(t.Context(), m, time.Now())
			c.quiet(t, err, m)
		}
		if c.Result {
			_, err := g.(notifier.Reporter).Result(t.Context(), c.Ref, time.Now())
			c.quiet(t, err, m)
		}
	}
	c.lookup(t, "a reset", func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		reset(conn)
		conn.Close()
	})
	c.lookup(t, "more than an answer", func(w http.ResponseWriter, _ *http.Request) {
		for range 1 << 10 {
			if _, err := io.WriteString(w, strings.Repeat("x", 16<<10)); err != nil {
				return
			}
		}
	})
}

func (c *Case) lookup(t *testing.T, what string, answer http.HandlerFunc) {
	t.Helper()
	s := stand(t, answer)
	g, m := c.open(t, s.base()), c.Message(s.base())
	if c.Find {
		found, ref, rank, err := g.(notifier.Finder).Find(t.Context(), m, time.Now())
		if err == nil || found || ref != "" || rank != notifier.Planned {
			t.Errorf("Find, %s: found %t %q %s, error %v", what, found, ref, rank, err)
		}
		c.quiet(t, err, m)
		if n := len(s.requests()); n > 1 {
			t.Errorf("Find, %s: %d requests", what, n)
		}
	}
	if c.Result {
		s.mu.Lock()
		s.seen = nil
		s.mu.Unlock()
		receipt, err := g.(notifier.Reporter).Result(t.Context(), c.Ref, time.Now())
		if err == nil || receipt.Rank > notifier.Accepted {
			t.Errorf("Result, %s: %+v, error %v", what, receipt, err)
		}
		c.quiet(t, err, m)
		if n := len(s.requests()); n > 1 {
			t.Errorf("Result, %s: %d requests", what, n)
		}
	}
}
