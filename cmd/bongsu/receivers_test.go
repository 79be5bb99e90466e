package main

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/serviceworker"
	"github.com/chromedp/chromedp"

	"bongsu/config"
	"bongsu/drill"
	"bongsu/notifier/peertest"
	"bongsu/notifier/webhook"
	"bongsu/notifier/webpush"
	"bongsu/store"
	"bongsu/web/browsertest"
)

const receiversConfig = `
site: {name: Status, url: "http://%[1]s", languages: [en, ko, ja], contact: ops@status.example}
listen: %[1]s
database: %[2]s
keys: env:KEYS
groups: [{id: chat, name: Chat}]
components: [{id: talk, group: chat, name: Talk, short: talk, checks: [{GET: "http://127.0.0.1:9/", every: 1h}]}]
channels:
  - {id: hooks, kind: webhook, gateways: [{kind: webhook}]}
  - {id: push, kind: webpush, gateways: [{kind: webpush, private_key: "env:PUSH", contact: ops@status.example}]}
  - {id: sms, kind: sms, gateways: [{kind: twilio, account_sid: "env:SID", auth_token: "env:TOKEN", from: "env:FROM", base_url: "%[3]s"}]}
  - {id: kakao, kind: alimtalk, gateways: [{kind: nhn, app_key: "env:NHN", secret: "env:NHN_SECRET", sender_key: "env:NHN_SENDER", base_url: "%[4]s"}]}
plans: {everybody: [{channel: hooks, wait: 1m}, {channel: push, wait: 1m}, {channel: kakao, wait: 1m}, {channel: sms}]}
routes: [{audience: subscribers, plan: everybody}]
signup:
  sms: {countries: [KR], alimtalk: true, per_number: 5/day, per_network: 50/hour, in_all: 100/day}
  webpush: {per_network: 50/hour, in_all: 100/day}
  webhook: {per_address: 5/day, per_network: 50/hour, in_all: 100/day}
`

// openReceivers runs a server whose users' own addresses, whatever host they
// name, are answered by the handler; where it is nil, by nobody.
func openReceivers(t *testing.T, answer http.Handler) *house {
	t.Helper()
	city, stop := liveCity(t, drill.Settings{Seed: 11})
	t.Cleanup(stop)
	outside := &http.Transport{}
	if answer != nil {
		outside = everywhere(t, answer)
	}
	key, err := webpush.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	k := city.Keys()
	env := map[string]string{
		"KEYS": store.NewKeys(), "PUSH": key, "SID": k.TwilioSID, "TOKEN": k.TwilioToken, "FROM": k.TwilioFrom,
		"NHN": k.AlimTalkApp, "NHN_SECRET": k.AlimTalkSecret, "NHN_SENDER": k.AlimTalkSender,
	}
	find := func(name string) (string, bool) { value, ok := env[name]; return value, ok }
	s, listen := listening(t, func(listen string) (*server, error) {
		text := fmt.Sprintf(receiversConfig, listen, filepath.Join(t.TempDir(), "bongsu.db"), city.URL(drill.SMS), city.URL(drill.AlimTalk))
		cfg, err := config.Parse("receivers.yaml", []byte(text), readOptions(find))
		if err != nil {
			return nil, err
		}
		for _, c := range cfg.Channels() {
			for _, g := range c.Gateways {
				switch settings := g.Settings.(type) {
				case *webhook.Settings:
					settings.Transport = outside
				case *webpush.Settings:
					settings.Transport = outside
				}
			}
		}
		return newServer(t.Context(), cfg, serverOptions{env: find, simulation: true, log: slog.New(slog.NewTextHandler(t.Output(), nil))})
	})
	return moveIn(t, &house{server: s, city: city, url: "http://" + listen})
}

// everywhere is a way on which the handler stands at every address.
func everywhere(t *testing.T, answer http.Handler) *http.Transport {
	t.Helper()
	s := httptest.NewTLSServer(answer)
	t.Cleanup(s.Close)
	return &http.Transport{
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, s.Listener.Addr().String())
		},
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, // the test's own server under other names
	}
}

// drum keeps what a machine was sent.
type drum struct {
	mu   sync.Mutex
	sent []string
	head []http.Header
}

func (d *drum) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.sent, d.head = append(d.sent, string(body)), append(d.head, r.Header)
}

func (d *drum) nth(t *testing.T, n int) (string, http.Header) {
	t.Helper()
	var body string
	var head http.Header
	eventually(t, 20*time.Second, fmt.Sprintf("post %d", n), func() bool {
		d.mu.Lock()
		defer d.mu.Unlock()
		if len(d.sent) < n {
			return false
		}
		body, head = d.sent[n-1], d.head[n-1]
		return true
	})
	return body, head
}

// A machine proves its address with the challenge that is posted there, signed
// with the secret that the form showed.
func TestByChallengeInAndOut(t *testing.T) {
	t.Parallel()
	receiver := &drum{}
	h := openReceivers(t, receiver)
	const address = "https://hooks.example/outages"
	code, body := h.send(t, http.MethodPost, "/subscribe?lang=en", url.Values{"by": {"webhook"}, "address": {address}}.Encode())
	ticket := ticketField.FindStringSubmatch(body)
	if code != http.StatusOK || ticket == nil || !strings.Contains(body, "whsec_") {
		t.Fatalf("the form answers %d:\n%s", code, body)
	}
	challenge, head := receiver.nth(t, 1)
	if head.Get("Webhook-Signature") == "" || !strings.Contains(challenge, ticket[1]) {
		t.Errorf("the challenge is %s\n%v", challenge, head)
	}
	if got := h.confirm(t, "/subscribe", ticket[1], "000000"); got != http.StatusUnprocessableEntity {
		t.Errorf("a guess answers %d", got)
	}
	if got := h.confirm(t, "/subscribe", ticket[1], codeText.FindString(challenge)); got != http.StatusOK || !h.has(t, "webhook", address) {
		t.Errorf("the code answers %d; there: %t", got, h.has(t, "webhook", address))
	}
	if _, welcomed := receiver.nth(t, 2); welcomed.Get("Webhook-Id") == head.Get("Webhook-Id") {
		t.Error("two messages have one id")
	}
}

// Whoever proves a number gets what follows by AlimTalk, where the site offers
// that: the code itself and the welcome come as texts.
func TestANumberIsGoodForAlimTalkToo(t *testing.T) {
	t.Parallel()
	h := openReceivers(t, nil)
	h.join(t)
	if !h.has(t, "alimtalk", resident) {
		t.Fatal("the number is not reached by AlimTalk")
	}
	eventually(t, 60*time.Second, "the outage by AlimTalk", func() bool {
		return h.city.Log().Count(drill.Query{Kind: drill.Arrival, Service: drill.AlimTalk, To: resident}) > 0
	})
	for _, e := range h.city.Log().Find(drill.Query{Kind: drill.Request, Service: drill.SMS, To: resident}) {
		if !strings.Contains(e.Body, "Your code") && !strings.Contains(e.Body, "signed up") {
			t.Errorf("a text beside it: %q", e.Body)
		}
	}
}

// A browser signs up with a press of a button and shows what is pushed to it.
// Chromium's own push service is not on this machine: the subscription is given
// out by another, which also decrypts what we push, and the browser gets it from
// there. The rest of the way is the real one.
func TestByPushInABrowser(t *testing.T) {
	t.Parallel()
	tab := browsertest.Open(t)
	service := peertest.Push(t, "https://push.example")
	h := openReceivers(t, forward(t, strings.TrimPrefix(service.URL, "http://")))
	subscription, client := service.Subscribe(t, pushKey(h.cfg))
	workers := heedWorkers(tab, t)
	if _, err := chromedp.CallBrowser(tab, browser.SetPermission, browser.SetPermissionParams{
		Permission: &browser.PermissionDescriptor{Name: "notifications"}, Setting: browser.PermissionSettingGranted, Origin: h.url,
	}); err != nil {
		t.Fatal(err)
	}
	browsertest.Call(tab, t, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{
		Source: fmt.Sprintf(`PushManager.prototype.subscribe = async (asked) => {
			if (!asked.userVisibleOnly || !asked.applicationServerKey.length) throw new Error("not as asked");
			return %s;
		};`, subscription),
	})
	if err := chromedp.Do(tab, chromedp.Navigate(h.url+"/subscribe?by=webpush&lang=en"),
		chromedp.Click("form[data-push] button"), chromedp.WaitVisible(`input[name="code"]`)); err != nil {
		t.Fatal(err)
	}
	message := func(n int) string { return pushed(t, service, client, n) }
	code := codeText.FindString(message(1))
	if shown := workers.show(tab, t, h.url, message(1)); !strings.Contains(shown, code) {
		t.Errorf("the browser shows %q", shown)
	}
	if err := chromedp.Do(tab, chromedp.SendKeys(`input[name="code"]`, code+"\r"), chromedp.WaitVisible(`a[href*="/s/"]`)); err != nil {
		t.Fatal(err)
	}
	if shown := workers.show(tab, t, h.url, message(2)); !strings.Contains(shown, "signed up") {
		t.Errorf("the browser shows %q", shown)
	}
}

// forward hands everything on to a host.
func forward(t *testing.T, host string) http.Handler {
	t.Helper()
	return &httputil.ReverseProxy{
		Rewrite:  func(r *httputil.ProxyRequest) { r.SetURL(&url.URL{Scheme: "http", Host: host}) },
		ErrorLog: slog.NewLogLogger(slog.NewTextHandler(t.Output(), nil), slog.LevelWarn),
	}
}

// pushed waits for the nth message to a subscription, decrypted.
func pushed(t *testing.T, service *peertest.PushService, client string, n int) string {
	t.Helper()
	var got []string
	eventually(t, 20*time.Second, fmt.Sprintf("push %d", n), func() bool {
		got = service.Pushed(t, client)
		return len(got) >= n
	})
	return got[n-1]
}

// workers are the service workers that a browser has registered.
type workers struct {
	mu sync.Mutex
	id serviceworker.RegistrationID
}

func heedWorkers(tab context.Context, t *testing.T) *workers {
	t.Helper()
	w := &workers{}
	if err := chromedp.Listen(tab, func(event any) {
		if e, ok := event.(*serviceworker.EventWorkerRegistrationUpdated); ok {
			w.mu.Lock()
			defer w.mu.Unlock()
			for _, r := range e.Registrations {
				w.id = r.RegistrationID
			}
		}
	}); err != nil {
		t.Fatal(err)
	}
	browsertest.Call(tab, t, serviceworker.Enable, cdp.Empty{})
	return w
}

// show brings a message to the browser's worker, again until it is awake, and
// gives what the browser then shows.
func (w *workers) show(tab context.Context, t *testing.T, origin, message string) (shown string) {
	t.Helper()
	var said struct{ Title, Body string }
	if err := json.Unmarshal([]byte(message), &said); err != nil {
		t.Fatal(err)
	}
	eventually(t, 20*time.Second, "a notification", func() bool {
		w.mu.Lock()
		push := serviceworker.DeliverPushMessageParams{Origin: origin, RegistrationID: w.id, Data: message}
		w.mu.Unlock()
		if _, err := chromedp.Call(tab, serviceworker.DeliverPushMessage, push); err != nil {
			return false
		}
		var err error
		shown, err = chromedp.Run(tab, chromedp.Evaluate[string](
			`navigator.serviceWorker.ready.then((r) => r.getNotifications()).then((all) => all.map((n) => n.title + "\n" + n.body).join("\n"))`,
			chromedp.EvalAwaitPromise))
		return err == nil && strings.Contains(shown, said.Title+"\n"+said.Body)
	})
	return shown
}
