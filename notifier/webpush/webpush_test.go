package webpush_test

import (
	"crypto/ecdh"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bongsu/notifier"
	"bongsu/notifier/gatewaytest"
	"bongsu/notifier/guard"
	"bongsu/notifier/peertest"
	"bongsu/notifier/webpush"
)

// private was made with NewKey.
const private = "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"

const body = "카카오톡 메시지 장애 15:42"

// nearby is a way that reaches this machine too.
func nearby() http.RoundTripper {
	return guard.NewTransport(guard.Options{Allow: func(p netip.AddrPort) bool { return p.Addr().IsLoopback() }})
}

func settings() *webpush.Settings {
	s := webpush.Kind().New().(*webpush.Settings)
	s.PrivateKey, s.Contact, s.Transport = notifier.NewSecret(private), "ops@status.example", nearby()
	return s
}

func open(t *testing.T, s *webpush.Settings) notifier.Gateway {
	t.Helper()
	if found := s.Problems(); found != nil {
		t.Fatal(found)
	}
	g, err := s.Open(notifier.Outside{UserAgent: "Bongsu/test", PublicURL: "https://status.example"})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// browserKey is the public half of a browser's key, p256dh.
var browserKey = func() string {
	key, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		panic(err)
	}
	return base64.RawURLEncoding.EncodeToString(key.PublicKey().Bytes())
}()

const auth = "MDEyMzQ1Njc4OWFiY2RlZg"

func subscription(endpoint string) string {
	return fmt.Sprintf(`{"endpoint":%q,"expirationTime":null,"keys":{"p256dh":%q,"auth":%q}}`, endpoint, browserKey, auth)
}

func message(base string) notifier.Message {
	return notifier.Message{
		Delivery: "1-2-abc", To: subscription(base + "/push/v2/abc"), Class: notifier.ClassPush,
		Lang: "ko", Title: "장애", Body: body, Incident: "i1",
	}
}

func TestTheSuite(t *testing.T) { gatewaytest.Run(t, asAGateway()) }

func FuzzAnswers(f *testing.F) { gatewaytest.Fuzz(f, asAGateway()) }

func asAGateway() gatewaytest.Case {
	return gatewaytest.Case{
		Settings:    func(string) notifier.Settings { return settings() },
		Message:     message,
		Classes:     []notifier.Class{notifier.ClassPush},
		Secrets:     []string{private},
		NoFixedBase: true,
		StatusTells: true,
		Taken:       gatewaytest.Answer{Status: http.StatusCreated, Header: http.Header{"Location": {"/message/1"}}},
		Answers: []gatewaytest.Saying{
			{Answer: gatewaytest.JSON(403, `{"reason":"BadJwtToken"}`), Want: gatewaytest.Rejects(gatewaytest.Recipient, "HTTP 403")},
			{Answer: gatewaytest.JSON(401, `{"message":"`+gatewaytest.Echo+`"}`), Want: gatewaytest.Rejects(gatewaytest.Ours, "HTTP 401")},
			{Answer: gatewaytest.JSON(413, `{}`), Want: gatewaytest.Rejects(gatewaytest.Ours, "HTTP 413")},
		},
		Bare: map[int]gatewaytest.Want{
			200: gatewaytest.Is(gatewaytest.Taken), 201: gatewaytest.Is(gatewaytest.Taken), 202: gatewaytest.Is(gatewaytest.Taken), 204: gatewaytest.Is(gatewaytest.Taken),
			403: gatewaytest.Is(gatewaytest.Recipient), 404: gatewaytest.Is(gatewaytest.Suppress), 410: gatewaytest.Rejects(gatewaytest.Suppress, "HTTP 410"),
		},
	}
}

func TestTheRequest(t *testing.T) {
	var got []*http.Request
	var sizes []int
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		got, sizes = append(got, r), append(sizes, len(b))
		w.WriteHeader(http.StatusCreated)
	}))
	defer s.Close()
	g := open(t, settings())
	for i, change := range []func(*notifier.Message){
		func(*notifier.Message) {},
		func(m *notifier.Message) { m.Body, m.Valid = strings.Repeat("가", 400), 90*time.Second },
		func(m *notifier.Message) { m.Body, m.Valid = strings.Repeat("가", 1200), 90*24*time.Hour },
		func(m *notifier.Message) { m.Incident = "" },
		func(m *notifier.Message) { m.Incident = "i2" },
	} {
		m := message(s.URL)
		change(&m)
		if ref, err := g.Send(t.Context(), m); err != nil || ref != "" {
			t.Fatalf("%d: ref %q, error %v", i, ref, err)
		}
	}
	if diff := cmp.Diff([]int{1024, 2048, 4096, 1024, 1024}, sizes); diff != "" {
		t.Errorf("sizes (-want +got):\n%s", diff)
	}
	for i, want := range []struct{ ttl, urgency string }{{"14400", "high"}, {"90", "high"}, {"2419200", "high"}, {"14400", "normal"}, {"14400", "high"}} {
		h := got[i].Header
		if h.Get("TTL") != want.ttl || h.Get("Urgency") != want.urgency || h.Get("Content-Encoding") != "aes128gcm" || got[i].URL.Path != "/push/v2/abc" {
			t.Errorf("%d: %s %v", i, got[i].URL, h)
		}
	}
	topics := []string{got[0].Header.Get("Topic"), got[1].Header.Get("Topic"), got[3].Header.Get("Topic"), got[4].Header.Get("Topic")}
	if topics[0] != topics[1] || topics[2] != "" || topics[3] == topics[0] || !regexp.MustCompile(`^[A-Za-z0-9_-]{32}$`).MatchString(topics[0]) {
		t.Errorf("topics %q", topics)
	}
	claims := claimsOf(t, got[0].Header.Get("Authorization"))
	expires := time.Unix(int64(claims["exp"].(float64)), 0)
	if claims["sub"] != "mailto:ops@status.example" || claims["aud"] != s.URL || time.Until(expires) <= 0 || time.Until(expires) > 24*time.Hour {
		t.Errorf("claims %v", claims)
	}
}

// claimsOf reads what a VAPID header claims, "vapid t=…, k=…".
func claimsOf(t *testing.T, header string) map[string]any {
	t.Helper()
	token := regexp.MustCompile(`^vapid t=[^.]+\.([^.]+)\.[^.,]+, k=`).FindStringSubmatch(header)
	if token == nil {
		t.Fatalf("Authorization %q", header)
	}
	raw, err := base64.RawURLEncoding.DecodeString(token[1])
	if err != nil {
		t.Fatal(err)
	}
	var claims map[string]any
	if err := json.Unmarshal(raw, &claims); err != nil {
		t.Fatal(err)
	}
	return claims
}

// Somebody else's push service takes our pushes, and somebody else's browser
// reads them.
func TestAnotherDecryptsIt(t *testing.T) {
	service := peertest.Push(t, "")
	public, err := webpush.PublicKey(private)
	if err != nil {
		t.Fatal(err)
	}
	to, client := service.Subscribe(t, public)
	g := open(t, settings())
	var want []string
	for _, text := range []string{body, "ジオコーダ障害 😀 \u2028 \"x\" </script>", strings.Repeat("가", 1200), ""} {
		m := message("")
		m.To, m.Body = to, text
		if _, err := g.Send(t.Context(), m); err != nil {
			t.Fatalf("%.20q: %v", text, err)
		}
		want = append(want, text)
	}
	var read []string
	for _, raw := range service.Pushed(t, client) {
		var n struct{ Title, Body, Lang, Incident, URL string }
		if err := json.Unmarshal([]byte(raw), &n); err != nil {
			t.Fatalf("%q: %v", raw, err)
		}
		if n.Title != "장애" || n.Lang != "ko" || n.Incident != "i1" || n.URL != "https://status.example/incidents/i1" {
			t.Errorf("read %+v", n)
		}
		read = append(read, n.Body)
	}
	if diff := cmp.Diff(want, read); diff != "" {
		t.Errorf("what the browser read (-want +got):\n%s", diff)
	}

	other, err := webpush.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	otherPublic, err := webpush.PublicKey(other)
	if err != nil {
		t.Fatal(err)
	}
	m := message("")
	m.To, _ = service.Subscribe(t, otherPublic)
	if _, err := g.Send(t.Context(), m); err == nil {
		t.Error("a push under another key was taken")
	}
	service.Expire(t, client)
	m.To = to
	_, err = g.Send(t.Context(), m)
	if no, ok := errors.AsType[*notifier.RejectedError](err); !ok || !no.Suppress {
		t.Errorf("an ended subscription: %v", err)
	}
}

func TestSubscriptionsThatAreNone(t *testing.T) {
	bad := map[string]string{
		"":                         "form",
		"{}":                       "form",
		"https://push.example/abc": "form",
		`{"endpoint":"https://push.example/abc"}`:                                                "p256dh",
		strings.Replace(subscription("https://push.example/abc"), browserKey[:8], "AAAAAAAA", 1): "p256dh",
		strings.Replace(subscription("https://push.example/abc"), browserKey, "!", 1):            "p256dh",
		strings.Replace(subscription("https://push.example/abc"), auth, "MDEy", 1):               "auth",
		subscription("https://push.example/" + strings.Repeat("x", 4096)):                        "longer",
	}
	g := open(t, settings())
	for text, want := range bad {
		if _, err := webpush.ParseSubscription(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.80s: %v, want %q", text, err, want)
		}
		m := message("")
		m.To = text
		_, err := g.Send(t.Context(), m)
		if no, ok := errors.AsType[*notifier.RejectedError](err); !ok || !no.Suppress {
			t.Errorf("sending to %.80s: %v", text, err)
		}
	}
	for endpoint, want := range map[string]string{
		"https://push.example/abc": "", "http://push.example/abc": "https", "https://127.0.0.1/": "inside", "https://push.example:8443/": "port",
	} {
		_, err := webpush.ParseSubscription(subscription(endpoint))
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, want %q", endpoint, err, want)
		}
	}
	padded := strings.Replace(subscription("https://push.example/abc"), auth, auth+"==", 1)
	if _, err := webpush.ParseSubscription(padded); err != nil {
		t.Errorf("with padding: %v", err)
	}
}

// What the program itself opens reaches nobody on this machine.
func TestOnlyPublicAddresses(t *testing.T) {
	reached := false
	s := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached = true }))
	defer s.Close()
	set := settings()
	set.Transport = nil
	g := open(t, set)
	for _, endpoint := range []string{s.URL, "https://127.0.0.1/", "https://localhost/", "https://[::1]/", "http://169.254.169.254/"} {
		m := message("")
		m.To = subscription(endpoint)
		_, err := g.Send(t.Context(), m)
		if no, ok := errors.AsType[*notifier.RejectedError](err); !ok || !no.Recipient || reached {
			t.Errorf("%s: reached %t, %v", endpoint, reached, err)
		}
	}
}

func TestATextTooLongIsRefusedWhole(t *testing.T) {
	m := message("https://push.example")
	m.Body = strings.Repeat("가", 1400)
	_, err := open(t, settings()).Send(t.Context(), m)
	if no, ok := errors.AsType[*notifier.RejectedError](err); !ok || no.Recipient || no.Code != "too long" {
		t.Errorf("got %v", err)
	}
}

func TestKeys(t *testing.T) {
	one, err := webpush.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	other, err := webpush.NewKey()
	if err != nil || one == other {
		t.Errorf("the same key twice, or %v", err)
	}
	if public, err := webpush.PublicKey(one); err != nil || len(public) != 87 {
		t.Errorf("public key %q, %v", public, err)
	}
	for _, key := range []string{"", "!", "AAAA", strings.Repeat("A", 43), private + private} {
		if _, err := webpush.PublicKey(key); err == nil {
			t.Errorf("%q passes", key)
		}
	}
}

func TestProblems(t *testing.T) {
	for _, c := range []struct {
		change func(*webpush.Settings)
		want   string
	}{
		{func(*webpush.Settings) {}, ""},
		{func(s *webpush.Settings) { s.Contact = "https://status.example/contact" }, ""},
		{func(s *webpush.Settings) { s.Validity = 0 }, ""},
		{func(s *webpush.Settings) { s.PrivateKey = notifier.Secret{} }, "private_key"},
		{func(s *webpush.Settings) { s.PrivateKey = notifier.NewSecret("x") }, "private_key"},
		{func(s *webpush.Settings) { s.Contact = "" }, "contact"},
		{func(s *webpush.Settings) { s.Contact = "http://status.example" }, "contact"},
		{func(s *webpush.Settings) { s.Contact = "Ops <ops@status.example>" }, "contact"},
		{func(s *webpush.Settings) { s.Validity = -time.Second }, "validity"},
		{func(s *webpush.Settings) { s.Validity = 29 * 24 * time.Hour }, "validity"},
	} {
		s := settings()
		c.change(s)
		got := s.Problems()
		if c.want == "" && got != nil || c.want != "" && (len(got) != 1 || got[0].Path != c.want) {
			t.Errorf("problems %v, want %q", got, c.want)
		}
	}
}

func FuzzParseSubscription(f *testing.F) {
	f.Add(subscription("https://push.example/abc"))
	f.Add(subscription("http://127.0.0.1/"))
	f.Fuzz(func(t *testing.T, text string) {
		s, err := webpush.ParseSubscription(text)
		if err != nil {
			return
		}
		if u, err := guard.Parse(s.Endpoint); err != nil || u.Scheme != "https" {
			t.Errorf("%q passes: %v", text, err)
		}
	})
}
