package drill_test

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"time"

	"bongsu/drill"
)

// quick is a city whose waits are short.
var quick = drill.Settings{
	Seed:      7,
	Slow:      150 * time.Millisecond,
	Late:      300 * time.Millisecond,
	Travel:    drill.Span{Min: 10 * time.Millisecond, Max: 30 * time.Millisecond},
	SlackPace: -1,
}

// spaced is a city whose receipts are far enough apart to come in order on a
// busy machine.
func spaced() drill.Settings {
	s := quick
	s.Travel = drill.Span{Min: 400 * time.Millisecond, Max: 400 * time.Millisecond}
	return s
}

// runCity runs a city for the length of the test.
func runCity(t testing.TB, settings drill.Settings) *drill.City {
	t.Helper()
	city, err := drill.New(t.Context(), settings)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- city.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("the city ended with: %v", err)
		}
	})
	return city
}

func set(t testing.TB, city *drill.City, s drill.Service, m drill.Mode) {
	t.Helper()
	if err := city.Set(t.Context(), s, m); err != nil {
		t.Fatal(err)
	}
}

// fresh makes a client with a connection of its own for every request, as a
// probe does.
func fresh(city *drill.City, patience time.Duration) *http.Client {
	return &http.Client{Timeout: patience, Transport: &http.Transport{
		DisableKeepAlives: true,
		TLSClientConfig:   &tls.Config{RootCAs: city.Authority(), MinVersion: tls.VersionTLS12},
	}}
}

// task is what a client of a service wants, and what it gets when all is well.
type task struct {
	method, path, body, kind string
	auth                     func(*http.Request, drill.Keys)
	status                   int
	want                     string // part of the healthy body
}

func bearer(r *http.Request, k drill.Keys) { r.Header.Set("Authorization", "Bearer "+k.Token) }

const (
	jsonBody = "application/json"
	formBody = "application/x-www-form-urlencoded"
)

// tasks has one request for each service.
func tasks(k drill.Keys) map[drill.Service]task {
	sms := url.Values{"To": {"+821000000001"}, "From": {k.TwilioFrom}, "Body": {"hello"}}
	token := url.Values{"grant_type": {"client_credentials"}, "client_id": {k.ClientID}, "client_secret": {k.ClientSecret}}
	alimtalk := fmt.Sprintf(`{"senderKey":%q,"templateCode":"t","recipientList":[{"recipientNo":"01000000001","templateParameter":{"a":"hello"}}]}`, k.AlimTalkSender)
	nhnText := fmt.Sprintf(`{"body":"hello","sendNo":%q,"recipientList":[{"recipientNo":"01000000001"}]}`, k.NHNFrom)
	lineText := `{"to":"U00000000000000000000000000000001","messages":[{"type":"text","text":"hello"}]}`
	solapiText := fmt.Sprintf(`{"messages":[{"to":"01000000001","from":%q,"text":"hello","type":"SMS"}]}`, k.SolapiFrom)
	return map[drill.Service]task{
		drill.Login:    {"POST", "/oauth/token", token.Encode(), formBody, nil, 200, `"access_token"`},
		drill.Chat:     {"POST", "/v1/send", `{"to":"canary","text":"hello"}`, jsonBody, bearer, 200, `"ok":true`},
		drill.Places:   {"GET", "/v1/search?query=station", "", "", bearer, 200, `"total_count":1`},
		drill.Route:    {"GET", "/v1/directions?origin=0,0&destination=0.1,0", "", "", nil, 200, `"duration":1335`},
		drill.Pay:      {"POST", "/v1/payment/ready", `{"order":"o-1","amount":1000}`, jsonBody, bearer, 200, `"status":"READY"`},
		drill.Taxi:     {"GET", "/v1/quote?from=0,0&to=0.1,0", "", "", bearer, 200, `"fare":15932`},
		drill.Bank:     {"GET", "/v1/accounts/test/balance", "", "", nil, 200, `"balance_amt":"1000000"`},
		drill.BankLink: {"POST", "/v1/link/ready", `{"amount":1000}`, jsonBody, bearer, 200, `"status":"READY"`},
		drill.SMS: {"POST", "/2010-04-01/Accounts/" + k.TwilioSID + "/Messages.json", sms.Encode(), formBody, func(r *http.Request, k drill.Keys) {
			r.SetBasicAuth(k.TwilioSID, k.TwilioToken)
		}, 201, `"status":"queued"`},
		drill.AlimTalk: {"POST", "/alimtalk/v2.3/appkeys/" + k.AlimTalkApp + "/messages", alimtalk, jsonBody, func(r *http.Request, k drill.Keys) {
			r.Header.Set("X-Secret-Key", k.AlimTalkSecret)
		}, 200, `"isSuccessful":true`},
		drill.Slack: {"POST", "/api/chat.postMessage", "channel=%23outages&text=hello", formBody, func(r *http.Request, k drill.Keys) {
			r.Header.Set("Authorization", "Bearer "+k.SlackToken)
		}, 200, `"ok":true`},
		drill.NHN: {"POST", "/sms/v3.0/appKeys/" + k.NHNApp + "/sender/sms", nhnText, jsonBody, func(r *http.Request, k drill.Keys) {
			r.Header.Set("X-Secret-Key", k.NHNSecret)
		}, 200, `"isSuccessful":true`},
		drill.Line: {"POST", "/v2/bot/message/push", lineText, jsonBody, func(r *http.Request, k drill.Keys) {
			r.Header.Set("Authorization", "Bearer "+k.LineToken)
		}, 200, `"sentMessages"`},
		drill.Solapi: {"POST", "/messages/v4/send-many/detail", solapiText, jsonBody, signSolapi, 200, `"registeredSuccess":1`},
	}
}

// signSolapi signs a request as that API wants it.
func signSolapi(r *http.Request, k drill.Keys) {
	date, salt := time.Now().UTC().Format(time.RFC3339), rand.Text()
	mac := hmac.New(sha256.New, []byte(k.SolapiSecret))
	io.WriteString(mac, date+salt)
	r.Header.Set("Authorization", fmt.Sprintf("HMAC-SHA256 apiKey=%s, date=%s, salt=%s, signature=%x", k.SolapiKey, date, salt, mac.Sum(nil)))
}

// answer is what a client got.
type answer struct {
	status int
	header http.Header
	body   string
	took   time.Duration
	err    error
}

func do(t testing.TB, client *http.Client, base string, task task, keys drill.Keys) answer {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), task.method, base+task.path, strings.NewReader(task.body))
	if err != nil {
		t.Fatal(err)
	}
	if task.kind != "" {
		request.Header.Set("Content-Type", task.kind)
	}
	if task.auth != nil {
		task.auth(request, keys)
	}
	began := time.Now()
	response, err := client.Do(request)
	if err != nil {
		return answer{err: err, took: time.Since(began)}
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return answer{response.StatusCode, response.Header, string(body), time.Since(began), err}
}

// ask does the service's task with a fresh connection.
func ask(t testing.TB, city *drill.City, s drill.Service) answer {
	t.Helper()
	return do(t, fresh(city, 5*time.Second), city.URL(s), tasks(city.Keys())[s], city.Keys())
}

// Every service in every mode does on the wire what the mode is named for, and
// is well again when it is mended.
func TestEveryServiceInEveryMode(t *testing.T) {
	t.Parallel()
	for _, service := range drill.Services() {
		t.Run(string(service), func(t *testing.T) {
			t.Parallel()
			city := runCity(t, quick)
			for _, mode := range service.Modes() {
				set(t, city, service, mode)
				checkMode(t, city, service, mode)
				set(t, city, service, drill.OK)
				checkWell(t, city, service, ask(t, city, service))
			}
		})
	}
}

func checkWell(t *testing.T, city *drill.City, s drill.Service, got answer) {
	t.Helper()
	want := tasks(city.Keys())[s]
	if got.err != nil || got.status != want.status || !strings.Contains(got.body, want.want) {
		t.Errorf("%s, %s: got %d %q, %v; want %d with %q", s, city.Mode(s), got.status, got.body, got.err, want.status, want.want)
		return
	}
	var body struct{ Simulation bool }
	if err := json.Unmarshal([]byte(got.body), &body); err != nil || !body.Simulation || got.header.Get("X-Simulation") != "true" {
		t.Errorf("%s does not say that it is a simulation: %v %s", s, got.header, got.body)
	}
}

func checkMode(t *testing.T, city *drill.City, s drill.Service, mode drill.Mode) {
	t.Helper()
	refused := func(status int) {
		t.Helper()
		got := ask(t, city, s)
		if got.err != nil || got.status != status || got.header.Get("X-Simulation") == "" {
			t.Errorf("%s, %s: got %d %q, %v; want %d", s, mode, got.status, got.body, got.err, status)
		}
		if status == http.StatusTooManyRequests && got.header.Get("Retry-After") == "" {
			t.Errorf("%s, %s: 429 without Retry-After", s, mode)
		}
	}
	failed := func(want error) {
		t.Helper()
		if got := ask(t, city, s); !errors.Is(got.err, want) {
			t.Errorf("%s, %s: got %d, %v; want %v", s, mode, got.status, got.err, want)
		}
	}
	switch mode {
	case drill.OK, drill.Lose, drill.Late, drill.Shuffled:
		checkWell(t, city, s, ask(t, city, s))
	case drill.Slow:
		got := ask(t, city, s)
		checkWell(t, city, s, got)
		if got.took < quick.Slow {
			t.Errorf("%s, slow: answered after %s", s, got.took)
		}
	case drill.Refused:
		failed(syscall.ECONNREFUSED)
	case drill.Reset, drill.LostAnswer:
		failed(syscall.ECONNRESET)
	case drill.ServerError:
		refused(http.StatusServiceUnavailable)
	case drill.Credential:
		refused(http.StatusUnauthorized)
	case drill.Quota, drill.Throttled:
		refused(http.StatusTooManyRequests)
	case drill.QuotaCode:
		if got := ask(t, city, s); got.status != http.StatusBadRequest || !strings.Contains(got.body, `"code":-10`) {
			t.Errorf("%s, %s: got %d %q", s, mode, got.status, got.body)
		}
	case drill.WrongBody:
		if got := ask(t, city, s); got.status != http.StatusOK || !strings.Contains(got.body, "<!doctype html>") {
			t.Errorf("%s, %s: got %d %q", s, mode, got.status, got.body)
		}
	case drill.Hang:
		got := do(t, fresh(city, 200*time.Millisecond), city.URL(s), tasks(city.Keys())[s], city.Keys())
		if late, ok := errors.AsType[net.Error](got.err); !ok || !late.Timeout() {
			t.Errorf("%s, hang: got %d, %v; want a timeout", s, got.status, got.err)
		}
	case drill.ExpiredCert:
		checkWell(t, city, s, ask(t, city, s)) // the plain address is well
		got := do(t, fresh(city, 5*time.Second), city.SecureURL(s), tasks(city.Keys())[s], city.Keys())
		if bad, ok := errors.AsType[x509.CertificateInvalidError](got.err); !ok || bad.Reason != x509.Expired {
			t.Errorf("%s, expired certificate: got %d, %v", s, got.status, got.err)
		}
	default:
		t.Errorf("%s knows a mode %q that this test does not", s, mode)
	}
}

func TestSecureAddressesAreSignedByTheCity(t *testing.T) {
	t.Parallel()
	city := runCity(t, quick)
	for _, s := range drill.Services() {
		checkWell(t, city, s, do(t, fresh(city, 5*time.Second), city.SecureURL(s), tasks(city.Keys())[s], city.Keys()))
	}
}

// What needs login fails with it in its own words, however login died; what
// does not need it goes on. Without login's own fault the failure is real: the
// log shows the introspection that every request made.
func TestLoginTakesItsDependentsWithIt(t *testing.T) {
	t.Parallel()
	ownWords := map[drill.Service]string{
		drill.Chat:     `"error":"login_unavailable"`,
		drill.Places:   `"errorType":"LOGIN_UNAVAILABLE"`,
		drill.Pay:      `"error_code":"LOGIN_UNAVAILABLE"`,
		drill.Taxi:     `"reason":"LOGIN_UNAVAILABLE"`,
		drill.BankLink: `"rsp_code":"ELOGIN_UNAVAILABLE"`,
	}
	for _, death := range []drill.Mode{drill.Refused, drill.Reset, drill.ServerError, drill.WrongBody, drill.Hang} {
		t.Run(string(death), func(t *testing.T) {
			t.Parallel()
			city := runCity(t, quick)
			for s := range ownWords {
				checkWell(t, city, s, ask(t, city, s))
			}
			introspected := city.Log().Count(drill.Query{Kind: drill.Request, Service: drill.Login, Action: "POST /oauth/introspect"})
			if introspected != len(ownWords) {
				t.Errorf("login was asked %d times for %d requests", introspected, len(ownWords))
			}
			set(t, city, drill.Login, death)
			for s, words := range ownWords {
				if got := ask(t, city, s); got.status != http.StatusServiceUnavailable || !strings.Contains(got.body, words) {
					t.Errorf("%s without login: got %d %q, %v; want 503 with %s", s, got.status, got.body, got.err, words)
				}
			}
			for _, s := range []drill.Service{drill.Route, drill.Bank, drill.SMS, drill.Slack} {
				checkWell(t, city, s, ask(t, city, s))
			}
			set(t, city, drill.Login, drill.OK)
			for s := range ownWords {
				checkWell(t, city, s, ask(t, city, s))
			}
		})
	}
}

func TestWrongTokensAreRefused(t *testing.T) {
	t.Parallel()
	city := runCity(t, quick)
	for name, token := range map[string]string{
		"none": "", "nonsense": "x", "forged": city.Keys().Token + "0", "ended": strings.Replace(city.Keys().Token, "7fffffffffffffff", "1", 1),
	} {
		task := tasks(city.Keys())[drill.Chat]
		task.auth = func(r *http.Request, _ drill.Keys) { r.Header.Set("Authorization", "Bearer "+token) }
		if got := do(t, fresh(city, 5*time.Second), city.URL(drill.Chat), task, city.Keys()); got.status != http.StatusUnauthorized {
			t.Errorf("%s token: got %d %q", name, got.status, got.body)
		}
	}
}

// A token from login's token endpoint opens the others, as a probe with steps
// wants it.
func TestIssuedTokenIsGood(t *testing.T) {
	t.Parallel()
	city := runCity(t, quick)
	var issued struct {
		Token string `json:"access_token"`
	}
	if err := json.Unmarshal([]byte(ask(t, city, drill.Login).body), &issued); err != nil {
		t.Fatal(err)
	}
	task := tasks(city.Keys())[drill.Places]
	task.auth = func(r *http.Request, _ drill.Keys) { r.Header.Set("Authorization", "Bearer "+issued.Token) }
	checkWell(t, city, drill.Places, do(t, fresh(city, 5*time.Second), city.URL(drill.Places), task, city.Keys()))
}

// The canary answers right behind each message, whoever else is writing.
func TestCanaryRoundTrip(t *testing.T) {
	t.Parallel()
	city := runCity(t, quick)
	keys, client := city.Keys(), fresh(city, 5*time.Second)
	ids := map[string]string{}
	for _, text := range []string{"one", "two", "three"} {
		sent := do(t, client, city.URL(drill.Chat), task{"POST", "/v1/send", `{"to":"canary","text":"` + text + `"}`, jsonBody, bearer, 0, ""}, keys)
		var body struct{ Message struct{ ID string } }
		if err := json.Unmarshal([]byte(sent.body), &body); err != nil {
			t.Fatalf("reading %q: %v", sent.body, err)
		}
		ids[text] = body.Message.ID
	}
	for text, id := range ids {
		got := do(t, client, city.URL(drill.Chat), task{"GET", "/v1/inbox?after=" + id, "", "", bearer, 0, ""}, keys)
		var body struct{ Messages []struct{ Text string } }
		if err := json.Unmarshal([]byte(got.body), &body); err != nil || len(body.Messages) == 0 || body.Messages[0].Text != text {
			t.Errorf("after %s: got %s, %v; want %q first", id, got.body, err, text)
		}
	}
}

// The same seed makes the same accounts, tokens and message ids.
func TestSeedDecides(t *testing.T) {
	t.Parallel()
	first, second := runCity(t, quick), runCity(t, quick)
	if first.Keys() != second.Keys() {
		t.Errorf("keys differ: %+v and %+v", first.Keys(), second.Keys())
	}
	if a, b := sid(t, ask(t, first, drill.SMS)), sid(t, ask(t, second, drill.SMS)); a != b || a == "" {
		t.Errorf("the first message is %q and %q", a, b)
	}
	other := quick
	other.Seed++
	if runCity(t, other).Keys() == first.Keys() {
		t.Error("another seed makes the same keys")
	}
}

func sid(t *testing.T, got answer) string {
	t.Helper()
	var body struct{ Sid string }
	if err := json.Unmarshal([]byte(got.body), &body); err != nil {
		t.Fatalf("reading %q: %v", got.body, err)
	}
	return body.Sid
}

func TestSetRefusesWhatThereIsNot(t *testing.T) {
	t.Parallel()
	city := runCity(t, quick)
	for _, bad := range []struct {
		service drill.Service
		mode    drill.Mode
	}{{"nowhere", drill.OK}, {drill.Login, "sideways"}, {drill.Login, drill.Lose}, {drill.Slack, drill.Late}, {drill.SMS, drill.WrongBody}} {
		if err := city.Set(t.Context(), bad.service, bad.mode); !errors.Is(err, drill.ErrNoSuch) {
			t.Errorf("setting %s to %s: %v", bad.service, bad.mode, err)
		}
	}
}

// Run returns only when its servers and the senders of receipts have ended,
// even while requests hang and a callback gets no answer.
func TestRunEndsWhole(t *testing.T) {
	t.Parallel()
	asked, left := make(chan struct{}), make(chan struct{})
	deaf := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		close(asked)
		<-r.Context().Done()
		close(left)
	}))
	defer deaf.Close()
	city, err := drill.New(t.Context(), quick)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- city.Run(ctx) }()
	set(t, city, drill.Bank, drill.Hang)
	hung := make(chan answer, 1)
	go func() { hung <- ask(t, city, drill.Bank) }()
	if err := city.SetInbound(deaf.URL); err != nil {
		t.Fatal(err)
	}
	if err := city.Reply("+821000000001", "hello"); err != nil {
		t.Fatal(err)
	}
	<-asked
	await(t, "the hanging request", func() bool { return city.Log().Count(drill.Query{Kind: drill.Request, Service: drill.Bank}) == 1 })
	began := time.Now()
	stop()
	if err := <-ended; err != nil {
		t.Errorf("the city ended with: %v", err)
	}
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("ending took %s", took)
	}
	if got := <-hung; got.err == nil {
		t.Errorf("the hanging request got %d", got.status)
	}
	<-left
	for _, s := range drill.Services() {
		if got := ask(t, city, s); !errors.Is(got.err, syscall.ECONNREFUSED) {
			t.Errorf("%s still answers: %d, %v", s, got.status, got.err)
		}
	}
}

// await waits until something is so, which takes as long as it takes up to a
// bound.
func await(t testing.TB, what string, so func() bool) {
	t.Helper()
	deadline := time.NewTimer(10 * time.Second)
	defer deadline.Stop()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !so() {
		select {
		case <-tick.C:
		case <-deadline.C:
			t.Fatalf("waiting for %s took too long", what)
		}
	}
}
