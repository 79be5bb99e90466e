package wire_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bongsu/notifier"
	"bongsu/notifier/wire"
)

// kind names what an error asks of the sender.
func kind(err error) string {
	if err == nil {
		return "taken"
	}
	if _, ok := errors.AsType[*notifier.RejectedError](err); ok {
		return "rejected"
	}
	if _, ok := errors.AsType[*notifier.ThrottledError](err); ok {
		return "throttled"
	}
	if _, ok := errors.AsType[*notifier.UncertainError](err); ok {
		return "uncertain"
	}
	return "again"
}

func line(t *testing.T, base string) *wire.Line {
	t.Helper()
	u, err := wire.ParseBase(base)
	if err != nil {
		t.Fatal(err)
	}
	return wire.NewLine(u, "test/1")
}

func post(t *testing.T, l *wire.Line) (*wire.Exchange, error) {
	t.Helper()
	x := &wire.Exchange{}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "/send?key=SECRET", strings.NewReader("to=+821012345678"))
	if err != nil {
		t.Fatal(err)
	}
	return x, l.Do(r, x)
}

// raw is a server that does to a connection whatever talk does.
func raw(t *testing.T, talk func(net.Conn)) string {
	t.Helper()
	door, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := door.Accept()
			if err != nil {
				return
			}
			talk(c)
			c.Close()
		}
	}()
	t.Cleanup(func() { door.Close(); <-done })
	return "http://" + door.Addr().String()
}

// hear reads one request whole, as a server that then does something odd.
func hear(c net.Conn) {
	if r, err := http.ReadRequest(bufio.NewReader(c)); err == nil {
		io.Copy(io.Discard, r.Body)
	}
}

func reset(c net.Conn) { c.(*net.TCPConn).SetLinger(0) }

func TestHowFarARequestCame(t *testing.T) {
	closed := func() string {
		s := httptest.NewServer(nil)
		s.Close()
		return s.URL
	}
	for _, c := range []struct {
		what, base, want string
	}{
		{"nobody listens", closed(), "again"},
		{"no such host", "https://gateway.invalid", "again"},
		{"TLS that is none", strings.Replace(raw(t, func(c net.Conn) { io.WriteString(c, "no\n") }), "http:", "https:", 1), "again"},
		{"hangs up after the request", raw(t, hear), "uncertain"},
		{"resets after the request", raw(t, func(c net.Conn) { hear(c); reset(c) }), "uncertain"},
		{"resets at the first byte", raw(t, func(c net.Conn) { c.Read(make([]byte, 1)); reset(c) }), "uncertain"},
		{"answers garbage", raw(t, func(c net.Conn) { hear(c); io.WriteString(c, "SSH-2.0-x\r\n\r\n") }), "uncertain"},
		{"cuts a good answer short", raw(t, func(c net.Conn) {
			hear(c)
			io.WriteString(c, "HTTP/1.1 201 Created\r\nContent-Length: 99\r\n\r\n{")
		}), "uncertain"},
		{"cuts a refusal short", raw(t, func(c net.Conn) {
			hear(c)
			io.WriteString(c, "HTTP/1.1 400 Bad Request\r\nContent-Length: 99\r\n\r\n{")
		}), "rejected"},
		{"never stops talking", raw(t, func(c net.Conn) {
			hear(c)
			fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", 10*wire.MaxAnswer, strings.Repeat("x", 2*wire.MaxAnswer))
		}), "uncertain"},
		{"endless header", raw(t, func(c net.Conn) {
			hear(c)
			fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nX: %s\r\n\r\n", strings.Repeat("x", 128<<10))
		}), "uncertain"},
	} {
		t.Run(c.what, func(t *testing.T) {
			x, err := post(t, line(t, c.base))
			if err == nil {
				t.Fatalf("no error; status %d", x.Status)
			}
			fault := x.Fault(err)
			if got := kind(fault); got != c.want {
				t.Errorf("%s, want %s: %v", got, c.want, fault)
			}
			for _, secret := range []string{"SECRET", "821012345678"} {
				if strings.Contains(fault.Error(), secret) {
					t.Errorf("the error tells %s: %v", secret, fault)
				}
			}
			if x.Whole {
				t.Error("called whole")
			}
		})
	}
}

func TestStatusAlone(t *testing.T) {
	for status, want := range map[int]string{
		200: "uncertain", 201: "uncertain", 302: "again", 307: "again", 400: "rejected", 401: "rejected", 404: "rejected",
		408: "again", 429: "throttled", 500: "uncertain", 502: "uncertain", 503: "uncertain", 504: "uncertain",
	} {
		seen := 0
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			seen++
			w.Header().Set("Location", "/elsewhere")
			w.WriteHeader(status)
		}))
		x, err := post(t, line(t, s.URL))
		s.Close()
		if got := kind(x.Fault(err)); got != want {
			t.Errorf("%d: %s, want %s", status, got, want)
		}
		if seen != 1 {
			t.Errorf("%d: sent %d times", status, seen)
		}
	}
}

// A gateway that takes the request and then says nothing costs the caller's
// patience and no more, and leaves the message in doubt.
func TestASilentGateway(t *testing.T) {
	release := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	defer s.Close()
	defer close(release)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "/", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	x := &wire.Exchange{}
	fault := x.Fault(line(t, s.URL).Do(r, x))
	if kind(fault) != "uncertain" || !errors.Is(fault, context.DeadlineExceeded) {
		t.Errorf("got %s: %v", kind(fault), fault)
	}
}

// A context that has ended before anything left is no reason for doubt.
func TestACancelledHandOver(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "/", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	x := &wire.Exchange{}
	if fault := x.Fault(line(t, "http://127.0.0.1:9").Do(r, x)); kind(fault) != "again" || !errors.Is(fault, context.Canceled) {
		t.Errorf("got %s: %v", kind(fault), fault)
	}
}

func TestOneRequestPerExchange(t *testing.T) {
	seen := 0
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { seen++ }))
	defer s.Close()
	x := &wire.Exchange{}
	client := line(t, s.URL).Client(t.Context(), x)
	for range 3 {
		if answer, err := client.Post("https://api.invalid/send", "text/plain", http.NoBody); err == nil {
			answer.Body.Close()
		}
	}
	if seen != 1 {
		t.Errorf("the gateway saw %d requests, want 1", seen)
	}
}

// An idle connection that the gateway has closed is no reason for doubt while
// nothing was written to it: the request goes out on a new one.
func TestADeadIdleConnection(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer s.Close()
	l := line(t, s.URL)
	for i := range 20 {
		if x, err := post(t, l); err != nil {
			if got := kind(x.Fault(err)); got == "taken" || got == "rejected" {
				t.Fatalf("request %d: %s", i, got)
			}
		}
		s.CloseClientConnections()
	}
}

func TestRequestsGoTheLinesWay(t *testing.T) {
	var got *http.Request
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r }))
	defer s.Close()
	client := line(t, s.URL+"/stand-in/").Client(t.Context(), &wire.Exchange{})
	answer, err := client.Get("https://api.invalid/2010/Messages.json?To=%2B1")
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	seen := []string{got.URL.String(), got.Host, got.UserAgent()}
	u, _ := url.Parse(s.URL)
	if diff := cmp.Diff([]string{"/stand-in/2010/Messages.json?To=%2B1", u.Host, "test/1"}, seen); diff != "" {
		t.Errorf("request (-want +got):\n%s", diff)
	}
}

func TestRetryAfter(t *testing.T) {
	for wish, want := range map[string]time.Duration{
		"":                              time.Second,
		"0":                             time.Second,
		"-5":                            time.Second,
		"7":                             7 * time.Second,
		"99999999999999999999":          time.Second, // no number
		"86400":                         time.Hour,
		"soon":                          time.Second,
		"Sat, 15 Oct 2022 06:30:30 GMT": 30 * time.Second,
	} {
		x := &wire.Exchange{Header: http.Header{"Retry-After": {wish}, "Date": {"Sat, 15 Oct 2022 06:30:00 GMT"}}}
		if got := x.Throttled("").After; got != want {
			t.Errorf("Retry-After %q: %s, want %s", wish, got, want)
		}
	}
}

func TestScrub(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"The 'To' number +821012345678 is not valid", "The 'To' number … is not valid"},
		{"010-1234-5678 and (02) 123 4567", "… and (…"},
		{"code 21211 of 2026", "code 21211 of 2026"},
		{"two\nlines\x00of s3cret", "two lines\x00of …"},
		{strings.Repeat("가", 100), strings.Repeat("가", 66) + "…"},
	} {
		if got := wire.Scrub(c.text, "s3cret", ""); got != c.want {
			t.Errorf("Scrub(%q) = %q, want %q", c.text, got, c.want)
		}
	}
}

func TestParseBase(t *testing.T) {
	for base, ok := range map[string]bool{
		"https://api.example": true, "https://api.example/v1/": true, "http://127.0.0.1:8081": true, "http://localhost:1/x": true,
		"http://[::1]:9": true, "http://api.example": false, "api.example": false, "": false, "ftp://x": false,
		"https://u:p@api.example": false, "https://api.example/?a=b": false, "https://api.example/#a": false, "http://10.0.0.1": false,
	} {
		if _, err := wire.ParseBase(base); (err == nil) != ok {
			t.Errorf("ParseBase(%q): %v", base, err)
		}
	}
}
