package web_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"bongsu/web"
	"bongsu/web/sample"
)

// nonsense is what no reader sends: bad paths, odd methods, huge headers, ranges,
// tricks with paths and bodies. Each is one request as it goes over the wire.
func nonsense() []string {
	get := func(target string, headers ...string) string {
		return "GET " + target + " HTTP/1.1\r\nHost: status.example\r\n" + strings.Join(append(headers, ""), "\r\n") + "\r\n"
	}
	all := []string{
		get("/" + strings.Repeat("a", 4000)), get("/" + strings.Repeat("../", 500) + "etc/passwd"), get("/" + strings.Repeat("x", 20_000)),
		get("/", "X-Huge: "+strings.Repeat("h", 30_000)), get("/", slices.Repeat([]string{"X-Many: 1"}, 900)...),
		get("/", "Accept-Language: "+strings.Repeat("en;q=0.1,", 900)), get("/", "Cookie: "+strings.Repeat("a=b;", 2000)),
		get("/", "If-None-Match: "+strings.Repeat(`"x", W/`, 1500)),
		get("*"), get("http://other.example/"), get("status.example:443"), get("/", "Content-Length: 5"), get("/", "Content-Length: -1"),
		"\r\n\r\n", "\x00\x01\x02\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/9.9\r\nHost: a\r\n\r\n", "GET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: a\r\nBad Header: x\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc",
		"POST /subscribe HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"POST /nowhere HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nx", "GET / HTTP/1.1\r\nHost: a\r\nExpect: 200-maybe\r\nContent-Length: 3\r\n\r\n",
	}
	for _, path := range []string{
		"/..", "/%2e%2e/%2e%2e/etc/passwd", "/..%2f..%2fetc%2fpasswd", "/..%5c..%5cwin.ini", "//", "///api/v2/summary.json", "//api//v2/summary.json", "/./", "/ko//", "/ko/../en/",
		"/components/..%2fincidents", "/components/%00", "/components/%zz", "/assets/../now.json", "/assets/%2e%2e/%2e%2e/key.pub", "/badge/..%2f..%2f.svg", "/cap/%ff.xml",
		"/check/%E2%80%AE", "/s/" + strings.Repeat("t", 3000), "/en/en/en/", "/.git/config", "/wp-login.php", "/now.json/", "/now.json%00.html", "/index.html", "/;/", "/?lang=%", "/?%%%&&&===",
		"/hooks/twilio/status", "/beat/x", "/api/v1/incidents?after=%00", "/widget/%2e%2e.json", "/feeds/components/../../x.atom", "/metrics", "/healthz/../metrics",
	} {
		all = append(all, get(path))
	}
	for _, ranges := range []string{"bytes=0-", "bytes=-1", "bytes=5-2", "bytes=999999999-", "bytes=" + strings.Repeat("0-1,", 1000) + "2-3", "items=0-1", "bytes=a-b"} {
		all = append(all, get("/", "Range: "+ranges), get("/widget.js", "Range: "+ranges, `If-Range: "x"`))
	}
	for _, method := range []string{"BREW", "TRACE", "CONNECT", "OPTIONS", "PROPFIND", "get", "PUT", "DELETE", "PATCH", "POST", strings.Repeat("M", 300)} {
		all = append(all, method+" / HTTP/1.1\r\nHost: a\r\n\r\n", method+" /components/login HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nabcd", method+" /api/v2/summary.json HTTP/1.1\r\nHost: a\r\n\r\n")
	}
	return all
}

// hall is a server on a socket, within the limits of what a stranger may send.
type hall struct {
	address string
	errors  atomic.Int64 // what the server logged as its own mistake
}

func (h *hall) Enabled(context.Context, slog.Level) bool { return true }
func (h *hall) Handle(_ context.Context, r slog.Record) error {
	if r.Level >= slog.LevelError {
		h.errors.Add(1)
	}
	return nil
}
func (h *hall) WithAttrs([]slog.Attr) slog.Handler { return h }
func (h *hall) WithGroup(string) slog.Handler      { return h }

// openHall serves until the test ends, and says when a goroutine is left behind.
func openHall(t testing.TB, o web.Options) *hall {
	t.Helper()
	h := &hall{}
	o.Log = slog.New(h)
	page := serve(t, sample.Outage(), o)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h.address = listener.Addr().String()
	before := runtime.NumGoroutine()
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- page.Serve(ctx, listener) }()
	t.Cleanup(func() {
		waitFor(t, "every connection's goroutine has ended", func() bool { return runtime.NumGoroutine() <= before+2 }) // the server's own
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return h
}

func waitFor(t testing.TB, what string, done func() bool) {
	t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for !done() {
		if time.Now().After(deadline) {
			t.Fatalf("it did not come to pass: %s", what)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// send sends bytes on a connection of their own and gives the answer's status; 0
// if the server hangs up without one.
func (h *hall) send(request string) (int, http.Header, error) {
	conn, err := net.Dial("tcp", h.address)
	if err != nil {
		return 0, nil, err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		return 0, nil, err
	}
	_, _ = io.WriteString(conn, request) // a server that has seen enough hangs up
	if half, isTCP := conn.(*net.TCPConn); isTCP {
		_ = half.CloseWrite()
	}
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return 0, nil, nil // it hung up: that is an answer, too
	}
	defer answer.Body.Close()
	_, _ = io.Copy(io.Discard, answer.Body)
	return answer.StatusCode, answer.Header, nil
}

// Whatever nonsense is sent, nothing panics, nothing is left behind, and nothing
// is called our mistake. The same holds for a page that was left.
func TestNonsenseIsNobodysMistake(t *testing.T) {
	for name, o := range map[string]web.Options{"serving": {}, "left": {Left: true}} {
		t.Run(name, func(t *testing.T) {
			h := openHall(t, o)
			var group errgroup.Group
			group.SetLimit(16)
			for _, request := range slices.Repeat(nonsense(), 3) {
				group.Go(func() error {
					code, header, err := h.send(request)
					if err != nil {
						return err
					}
					fine := code < 500 || code == http.StatusNotImplemented || code == http.StatusHTTPVersionNotSupported ||
						(o.Left && code == http.StatusServiceUnavailable && header.Get("Retry-After") != "")
					if !fine {
						t.Errorf("%.120q is answered with %d", request, code)
					}
					return nil
				})
			}
			if err := group.Wait(); err != nil {
				t.Fatal(err)
			}
			if code, _, err := h.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"); err != nil || code != http.StatusOK {
				t.Errorf("then a reader gets %d, %v", code, err)
			}
			if n := h.errors.Load(); n > 0 {
				t.Errorf("the server called %d things its own mistake", n)
			}
		})
	}
}

// Who sends slowly is hung up on within the limits, and readers are answered
// meanwhile. A body that nobody reads is not waited for.
func TestSlowSendersKeepNobodyOut(t *testing.T) {
	h := openHall(t, web.Options{})
	var slow []net.Conn
	for i := range 200 {
		conn, err := net.Dial("tcp", h.address)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		begin := "GET / HTTP/1.1\r\nHost: a\r\nX-Slow: "
		if i%2 == 1 {
			begin = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\nx"
		}
		if _, err := io.WriteString(conn, begin); err != nil {
			t.Fatal(err)
		}
		slow = append(slow, conn)
	}
	for range 20 {
		if code, _, err := h.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"); err != nil || code != http.StatusOK {
			t.Errorf("a reader gets %d, %v", code, err)
		}
	}
	began := time.Now()
	for i, conn := range slow {
		if err := conn.SetDeadline(began.Add(14 * time.Second)); err != nil { // headers have 5 s, and a body that nobody reads none
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, conn); err != nil && strings.Contains(err.Error(), "timeout") {
			t.Fatalf("slow sender %d is still waited for", i)
		}
	}
}

// Beyond as many connections as may be, the longest silent makes room.
func TestTheLongestSilentMakesRoom(t *testing.T) {
	const most = 10
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "page") }))
	server.Config.ConnState = web.FollowCrowd(most)
	server.Start()
	t.Cleanup(server.Close)
	var closed [5 * most]atomic.Bool // by the server
	for n := range closed {
		conn, err := net.Dial("tcp", server.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		go func() {
			_, _ = conn.Read(make([]byte, 1)) // nothing is ever said on it
			closed[n].Store(true)
		}()
	}
	answer, err := http.Get(server.URL)
	if err != nil {
		t.Fatalf("a reader is kept out: %v", err)
	}
	answer.Body.Close()
	waitFor(t, "the longest silent are closed", func() bool {
		for n := range 4 * most {
			if !closed[n].Load() {
				return false
			}
		}
		return true
	})
	if closed[len(closed)-1].Load() {
		t.Error("the newest is closed too")
	}
}

// stuck is a database that does not answer.
type stuck struct {
	sent

	free    chan struct{}
	waiting atomic.Int64
}

func (s *stuck) Coded(ctx context.Context, _ string) (web.Proof, error) {
	s.waiting.Add(1)
	defer s.waiting.Add(-1)
	select {
	case <-s.free:
	case <-ctx.Done():
	}
	return web.Proof{}, web.ErrNoCode
}

// When one kind of request is stuck, more of it is sent away at once, and the
// page and every other kind are answered.
func TestWhatIsStuckDoesNotStopThePage(t *testing.T) {
	s := &stuck{free: make(chan struct{})}
	handler := serve(t, sample.Outage(), web.Options{Proofs: s}).Handler()
	from := func(n int, path string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodGet, path, nil)
		r.RemoteAddr = fmt.Sprintf("198.51.%d.9:4000", n)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		return w
	}
	var group errgroup.Group
	const most = 64
	for n := range most {
		group.Go(func() error { from(n, "/check/2PQRTY"); return nil })
	}
	waitFor(t, "as many are stuck as may be", func() bool { return s.waiting.Load() == most })
	w := from(200, "/check/2PQRTY?lang=en")
	if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" || !strings.Contains(w.Body.String(), "This cannot be done now") {
		t.Errorf("one more is answered with %d: %.300s", w.Code, w.Body)
	}
	for _, path := range []string{"/", "/ko/", "/components/login", "/incidents/01JD9R2W8F", "/history", "/api/v1/status", "/api/v2/summary.json", "/feed.atom", "/now.json", "/healthz", "/widget/safety-report.json"} {
		if w := from(200, path); w.Code != http.StatusOK {
			t.Errorf("meanwhile %s answers %d", path, w.Code)
		}
	}
	close(s.free)
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	if w := from(200, "/check/2PQRTY"); w.Code != http.StatusNotFound {
		t.Errorf("afterwards one more is answered with %d", w.Code)
	}
}
