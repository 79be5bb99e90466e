package webhook_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"bongsu/notifier"
	"bongsu/notifier/gatewaytest"
	"bongsu/notifier/guard"
	"bongsu/notifier/peertest"
	"bongsu/notifier/webhook"
)

// secret is a key of 24 bytes.
var secret = "whsec_" + base64.StdEncoding.EncodeToString([]byte("0123456789abcdef01234567"))

const body = `{"event":"opened","title":"카카오톡 메시지 장애","at":"2022-10-15T15:42:00+09:00"}`

// nearby is a way that reaches this machine too.
func nearby() http.RoundTripper {
	return guard.NewTransport(guard.Options{Allow: func(p netip.AddrPort) bool { return p.Addr().IsLoopback() }})
}

func to(base string) string {
	a, err := json.Marshal(webhook.Address{URL: base + "/in?room=1", Secret: secret})
	if err != nil {
		panic(err)
	}
	return string(a)
}

func message(base string) notifier.Message {
	return notifier.Message{Delivery: "1-2-abc", To: to(base), Class: notifier.ClassWebhook, Lang: "ko", Title: "Outage", Body: body}
}

func open(t *testing.T, s *webhook.Settings, now time.Time) notifier.Gateway {
	t.Helper()
	g, err := s.Open(notifier.Outside{UserAgent: "Bongsu/test", Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func TestTheSuite(t *testing.T) {
	for kind, k := range map[string]notifier.GatewayKind{"webhook": webhook.Kind(), "statuspage": webhook.StatuspageKind()} {
		t.Run(kind, func(t *testing.T) {
			if k.Kind != kind || string(k.Class) != kind {
				t.Errorf("kind %s, class %s", k.Kind, k.Class)
			}
			gatewaytest.Run(t, asAGateway(k))
		})
	}
}

func FuzzAnswers(f *testing.F) { gatewaytest.Fuzz(f, asAGateway(webhook.Kind())) }

func asAGateway(k notifier.GatewayKind) gatewaytest.Case {
	// Whatever a receiver's server says but a few words, it may say otherwise
	// soon: it is asked again.
	words := map[int]gatewaytest.Want{410: gatewaytest.Rejects(gatewaytest.Suppress, "HTTP 410")}
	for _, status := range []int{400, 401, 403, 404, 405, 413, 422, 500, 502, 503, 504, 529} {
		words[status] = gatewaytest.Is(gatewaytest.Again)
	}
	for _, status := range []int{200, 201, 202, 204} {
		words[status] = gatewaytest.Is(gatewaytest.Taken)
	}
	return gatewaytest.Case{
		Settings: func(string) notifier.Settings {
			s := k.New().(*webhook.Settings)
			s.Transport = nearby()
			return s
		},
		Message:     message,
		Classes:     []notifier.Class{k.Class},
		Secrets:     []string{secret},
		NoFixedBase: true,
		StatusTells: true,
		Taken:       gatewaytest.Answer{Status: http.StatusNoContent},
		Ref:         "1-2-abc",
		Bare:        words,
	}
}

// post sends a message and gives the request that came.
func post(t *testing.T, m func(base string) notifier.Message, now time.Time) (http.Header, string) {
	t.Helper()
	var header http.Header
	var got string
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		header, got = r.Header, string(b)
		if r.Method != http.MethodPost || r.URL.String() != "/in?room=1" {
			t.Errorf("%s %s", r.Method, r.URL)
		}
	}))
	defer s.Close()
	g := open(t, &webhook.Settings{Transport: nearby()}, now)
	if ref, err := g.Send(t.Context(), m(s.URL)); err != nil || ref != "1-2-abc" {
		t.Fatalf("ref %q, error %v", ref, err)
	}
	return header, got
}

func TestTheRequest(t *testing.T) {
	header, got := post(t, message, time.Unix(1665816120, 999))
	if got != body {
		t.Errorf("body %s", got)
	}
	for name, want := range map[string]string{
		"Content-Type": "application/json", "User-Agent": "Bongsu/test", "Webhook-Id": "1-2-abc", "Webhook-Timestamp": "1665816120",
		// Made with: printf '1-2-abc.1665816120.%s' "$BODY" | openssl dgst -sha256 -hmac 0123456789abcdef01234567 -binary | base64
		"Webhook-Signature": "v1,w8jOqklK1bSqA+FnPHX605vQg25hRgj74d2MXD+//OQ=",
	} {
		if header.Get(name) != want {
			t.Errorf("%s: %q, want %q", name, header.Get(name), want)
		}
	}
	header, _ = post(t, func(base string) notifier.Message {
		m := message(base)
		m.To = fmt.Sprintf(`{"url":%q}`, base+"/in?room=1")
		return m
	}, time.Unix(1665816120, 0))
	if header.Values("Webhook-Signature") != nil || header.Get("Webhook-Id") == "" {
		t.Errorf("without a secret: %v", header)
	}
}

// The receivers' own library takes our signature, and no other.
func TestStandardWebhooksVerifiesIt(t *testing.T) {
	now := time.Now() // the library has a clock of its own
	header, got := post(t, message, now)
	script := `
		const { Webhook } = require("standardwebhooks");
		const { secret, body, headers } = JSON.parse(require("fs").readFileSync(0, "utf8"));
		const verdict = (b, h) => { try { return new Webhook(secret).verify(b, h).event } catch (e) { return e.message } };
		process.stdout.write([
			verdict(body, headers),
			verdict(body + " ", headers),
			verdict(body, { ...headers, "webhook-id": "another" }),
			verdict(body, { ...headers, "webhook-timestamp": String(headers["webhook-timestamp"] - 1) }),
			verdict(body, { ...headers, "webhook-timestamp": String(headers["webhook-timestamp"] - 3600) }),
		].join("\n"));`
	input, err := json.Marshal(map[string]any{"secret": secret, "body": got, "headers": map[string]string{
		"webhook-id": header.Get("Webhook-Id"), "webhook-timestamp": header.Get("Webhook-Timestamp"), "webhook-signature": header.Get("Webhook-Signature"),
	}})
	if err != nil {
		t.Fatal(err)
	}
	want := "opened\nNo matching signature found\nNo matching signature found\nNo matching signature found\nMessage timestamp too old"
	if got := peertest.Node(t, script, string(input), "standardwebhooks"); got != want {
		t.Errorf("the library says\n%s\nwant\n%s", got, want)
	}
}

// What the program itself opens reaches nobody on this machine or beside it.
func TestOnlyPublicAddresses(t *testing.T) {
	reached := false
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached = true }))
	defer s.Close()
	port := s.Listener.Addr().(*net.TCPAddr).Port
	g := open(t, webhook.Kind().New().(*webhook.Settings), time.Unix(0, 0))
	for _, address := range []string{
		s.URL, fmt.Sprintf("http://localhost:%d", port), "http://127.0.0.1", "https://127.0.0.1", "http://localhost", "http://[::1]/",
		"http://[::ffff:127.0.0.1]/", "https://10.0.0.1/", "http://169.254.169.254/latest/meta-data/", "http://0x7f000001/", "https://[fd00:ec2::254]/",
		"ftp://127.0.0.1/", "https://user:pass@hooks.example/",
	} {
		m := message("")
		m.To = fmt.Sprintf(`{"url":%q}`, address)
		_, err := g.Send(t.Context(), m)
		no, rejected := errors.AsType[*notifier.RejectedError](err)
		_, own := errors.AsType[*notifier.RecipientError](err)
		if reached || err == nil || rejected && !no.Recipient || !rejected && !own {
			t.Errorf("%s: reached %t, %v", address, reached, err)
		}
	}
}

func TestARedirectIsARefusal(t *testing.T) {
	reached := false
	within := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached = true }))
	defer within.Close()
	for _, status := range []int{301, 302, 303, 307, 308} {
		s := httptest.NewServer(http.RedirectHandler(within.URL, status))
		_, err := open(t, &webhook.Settings{Transport: nearby()}, time.Unix(0, 0)).Send(t.Context(), message(s.URL))
		s.Close()
		if _, own := errors.AsType[*notifier.RecipientError](err); !own || reached {
			t.Errorf("%d: reached %t, %v", status, reached, err)
		}
	}
}

// A receiver in trouble is its own trouble: nothing of it is the gateway's.
func TestTheReceiversTroubleIsItsOwn(t *testing.T) {
	g := open(t, &webhook.Settings{Transport: nearby()}, time.Unix(0, 0))
	if d, ok := g.(notifier.Direct); !ok || d.HandedOver() != notifier.Delivered {
		t.Error("a 2xx is no delivery")
	}
	for status := 300; status < 600; status++ {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
		_, err := g.Send(t.Context(), message(s.URL))
		s.Close()
		_, own := errors.AsType[*notifier.RecipientError](err)
		no, final := errors.AsType[*notifier.RejectedError](err)
		if !own && (!final || !no.Recipient) {
			t.Errorf("%d: %v", status, err)
		}
	}
}

func TestTextsAndAddressesThatAreNone(t *testing.T) {
	g := open(t, &webhook.Settings{Transport: nearby()}, time.Unix(0, 0))
	for _, c := range []struct {
		to, body  string
		recipient bool
	}{
		{"", body, true},
		{"{}", body, true},
		{"https://hooks.example", body, true},
		{`{"url":":"}`, body, true},
		{`{"url":"http://\u0000"}`, body, true},
		{`{"url":"https://hooks.example","secret":"x"}`, body, true},
		{to("https://hooks.example"), "no JSON", false},
		{to("https://hooks.example"), "", false},
	} {
		m := message("")
		m.To, m.Body = c.to, c.body
		_, err := g.Send(t.Context(), m)
		if no, ok := errors.AsType[*notifier.RejectedError](err); !ok || no.Recipient != c.recipient {
			t.Errorf("%+v: %v", c, err)
		}
	}
	if _, err := (&webhook.Settings{}).Open(notifier.Outside{}); err == nil {
		t.Error("opened without a clock")
	}
}

func TestParseAddress(t *testing.T) {
	short := "whsec_" + base64.StdEncoding.EncodeToString(make([]byte, 23))
	long := "whsec_" + base64.StdEncoding.EncodeToString(make([]byte, 65))
	for text, want := range map[string]string{
		to("https://hooks.example"):             "",
		`{"url":"https://hooks.example/in"}`:    "",
		`{"url":"http://127.0.0.1/"}`:           "inside",
		`{"url":"https://hooks.example:8443/"}`: "port",
		`{}`:                                    "no address",
		`https://hooks.example`:                 "form",
		`{"url":"https://hooks.example","secret":"` + short + `"}`:      "whsec_",
		`{"url":"https://hooks.example","secret":"` + long + `"}`:       "whsec_",
		`{"url":"https://hooks.example","secret":"whsec_!"}`:            "whsec_",
		`{"url":"https://hooks.example","secret":"` + secret[6:] + `"}`: "whsec_",
	} {
		_, err := webhook.ParseAddress(text)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
		if err != nil && strings.Contains(err.Error(), secret[6:]) {
			t.Errorf("the error tells a secret: %v", err)
		}
	}
}

func FuzzParseAddress(f *testing.F) {
	f.Add(to("https://hooks.example"))
	f.Add(`{"url":"http://127.0.0.1/","secret":"whsec_"}`)
	f.Fuzz(func(t *testing.T, text string) {
		a, err := webhook.ParseAddress(text)
		if err != nil {
			return
		}
		if _, err := guard.Parse(a.URL); err != nil || a.Secret != "" && !strings.HasPrefix(a.Secret, "whsec_") {
			t.Errorf("%q passes: %v", text, err)
		}
	})
}
