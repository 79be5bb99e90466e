package wire_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bongsu/notifier"
	"bongsu/notifier/gatewaytest"
	"bongsu/notifier/wire"
)

func line(t *testing.T, base string) *wire.Line {
	t.Helper()
	u, err := wire.ParseBase(base)
	if err != nil {
		t.Fatal(err)
	}
	return wire.NewLine(u, notifier.Outside{UserAgent: "test/1"})
}

// plain is the least that a gateway can be: what it does beyond a line and an
// exchange is nothing.
type plain struct{ base string }

func (*plain) Problems() []notifier.Problem { return nil }

func (p *plain) Open(o notifier.Outside) (notifier.Gateway, error) {
	base, err := wire.ParseBase(p.base)
	return &plainGateway{wire.NewLine(base, o)}, err
}

type plainGateway struct{ line *wire.Line }

func (g *plainGateway) Send(ctx context.Context, m notifier.Message) (string, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "/send?key=SECRET", strings.NewReader(m.To+"\n"+m.Body))
	if err != nil {
		return "", err
	}
	x := &wire.Exchange{}
	if err := g.line.Do(r, x); err != nil || string(x.Body) != "taken" {
		return "", x.Fault(err, "SECRET", m.To, m.Body)
	}
	return "1", nil
}

func TestALineIsMostOfAGateway(t *testing.T) {
	gatewaytest.Run(t, gatewaytest.Case{
		Settings: func(base string) notifier.Settings { return &plain{base} },
		Message: func(string) notifier.Message {
			return notifier.Message{Delivery: "d1", To: "+821055501234", Body: "login is down"}
		},
		Classes: []notifier.Class{notifier.ClassSMS},
		Secrets: []string{"SECRET"},
		Taken:   gatewaytest.Answer{Body: "taken"}, Ref: "1",
		Text: func(seen gatewaytest.Seen) (string, string) {
			_, body, _ := strings.Cut(string(seen.Body), "\n")
			return "", body
		},
	})
}

// A refusal is one by its status, however little of its words came.
func TestARefusalCutShort(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "99")
		w.WriteHeader(http.StatusBadRequest)
		io.WriteString(w, "{")
	}))
	defer s.Close()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "/send", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	x := &wire.Exchange{}
	fault := x.Fault(line(t, s.URL).Do(r, x))
	if _, rejected := errors.AsType[*notifier.RejectedError](fault); !rejected || x.Whole {
		t.Errorf("whole %t: %v", x.Whole, fault)
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
		{"two\nlines\x00of s3cret", "two lines of …"},
		{"Basic czNjcmV0 and %2B1", "Basic … and …"},
		{strings.Repeat("가", 100), strings.Repeat("가", 66) + "…"},
	} {
		if got := wire.Scrub(c.text, "s3cret", "", "+1"); got != c.want {
			t.Errorf("Scrub(%q) = %q, want %q", c.text, got, c.want)
		}
	}
}

// An open line goes where each request says, but not around the transport that
// the outside brings.
func TestAnOpenLine(t *testing.T) {
	var agents []string
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		agents = append(agents, r.Method+" "+r.URL.String()+" "+r.UserAgent())
	}))
	defer s.Close()
	send := func(o notifier.Outside) (int, error) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+"/in?a=b", strings.NewReader("x"))
		if err != nil {
			t.Fatal(err)
		}
		x := &wire.Exchange{}
		err = wire.NewOpenLine(http.DefaultTransport, o).Do(r, x)
		return x.Status, err
	}
	if status, err := send(notifier.Outside{UserAgent: "test/1"}); status != 200 || err != nil {
		t.Errorf("status %d, %v", status, err)
	}
	if _, err := send(notifier.Outside{Transport: nowhere{}}); !errors.Is(err, errNowhere) {
		t.Errorf("around the outside's transport: %v", err)
	}
	if diff := cmp.Diff([]string{"POST /in?a=b test/1"}, agents); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
}

var errNowhere = errors.New("nowhere")

type nowhere struct{}

func (nowhere) RoundTrip(*http.Request) (*http.Response, error) { return nil, errNowhere }

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
