package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"bongsu/config"
	"bongsu/notifier/signup"
	"bongsu/store"
)

const peopleConfig = `
site: {name: Status, url: "https://status.example", languages: [en, ko, ja]}
listen: %[1]s
database: %[2]s
keys: env:KEYS
groups: [{id: chat, name: Chat}]
components: [{id: talk, group: chat, name: Talk, short: talk, checks: [{GET: "http://127.0.0.1:9/", every: 1h}]}]
channels:
  - {id: mail, kind: email, gateways: [{kind: smtp, url: "env:SMTP", from: status@status.example}]}
  - {id: line, kind: line, gateways: [{kind: line, token: "env:TOKEN", secret: "env:SECRET", base_url: "%[3]s"}]}
plans: {everybody: [{channel: line, wait: 1m}, {channel: mail}]}
routes: [{audience: subscribers, plan: everybody}]
signup:
  email: {per_address: 5/day, per_network: 50/hour, in_all: 100/day}
  line: {account: "@status", per_network: 50/hour, in_all: 100/day}
`

// letters are what a mail server was given.
type letters struct {
	mu  sync.Mutex
	all []*mail.Message
}

// NewSession is part of the server's interface, as the methods below are.
func (l *letters) NewSession(*smtp.Conn) (smtp.Session, error) { return l, nil }

func (*letters) Mail(string, *smtp.MailOptions) error { return nil }
func (*letters) Rcpt(string, *smtp.RcptOptions) error { return nil }
func (*letters) Reset()                               {}
func (*letters) Logout() error                        { return nil }

func (l *letters) Data(r io.Reader) error {
	m, err := mail.ReadMessage(r)
	if err != nil {
		return err
	}
	body, err := io.ReadAll(m.Body)
	if err != nil {
		return err
	}
	m.Body = strings.NewReader(string(body))
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, m)
	return nil
}

// nth waits for a letter and gives its header and its plain words.
func (l *letters) nth(t *testing.T, n int) (mail.Header, string) {
	t.Helper()
	var m *mail.Message
	eventually(t, 20*time.Second, fmt.Sprintf("letter %d", n), func() bool {
		l.mu.Lock()
		defer l.mu.Unlock()
		if len(l.all) >= n {
			m = l.all[n-1]
		}
		return m != nil
	})
	_, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	part, err := multipart.NewReader(m.Body, params["boundary"]).NextRawPart()
	if err != nil {
		t.Fatal(err)
	}
	words, err := io.ReadAll(quotedprintable.NewReader(part))
	if err != nil {
		t.Fatal(err)
	}
	return m.Header, string(words)
}

// openPeople runs a server with a mail server and LINE beside it.
func openPeople(t *testing.T) (*house, *letters) {
	t.Helper()
	inbox := &letters{}
	post := smtp.NewServer(inbox)
	post.Domain = "mx.example"
	door, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		_ = post.Serve(door) // until it is closed
	}()
	t.Cleanup(func() {
		post.Close()
		<-closed
	})
	chat := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `{"sentMessages":[{"id":"1"}]}`)
	}))
	t.Cleanup(chat.Close)
	env := map[string]string{"KEYS": store.NewKeys(), "SMTP": "smtp://" + door.Addr().String(), "TOKEN": "line-token", "SECRET": "line-secret"}
	find := func(name string) (string, bool) { value, ok := env[name]; return value, ok }
	s, listen := listening(t, func(listen string) (*server, error) {
		text := fmt.Sprintf(peopleConfig, listen, filepath.Join(t.TempDir(), "bongsu.db"), chat.URL)
		cfg, err := config.Parse("people.yaml", []byte(text), readOptions(find))
		if err != nil {
			return nil, err
		}
		return newServer(t.Context(), cfg, serverOptions{env: find, log: slog.New(slog.NewTextHandler(t.Output(), nil))})
	})
	return moveIn(t, &house{server: s, url: "http://" + listen}), inbox
}

var (
	mailLink = regexp.MustCompile(`https://status\.example(/subscribe/confirm\?\S+)`)
	ownPage  = regexp.MustCompile(`/s/([a-z2-7]+)`)
	lineCode = regexp.MustCompile(`<code>([A-Z2-7]{4}-[A-Z2-7]{4})</code>`)
)

func (h *house) has(t *testing.T, kind, address string) bool {
	t.Helper()
	found, err := h.store.FindSubscriber(t.Context(), kind, address)
	return err == nil && !found.Reach[0].Confirmed.IsZero()
}

// From the form by mail to one's own page, and out again by the mail's header:
// what opens links confirms nothing and lets nobody go.
func TestByMailInAndOut(t *testing.T) {
	t.Parallel()
	h, inbox := openPeople(t)
	const jo = "jo@mail.example"
	code, body := h.send(t, http.MethodPost, "/subscribe?lang=en", url.Values{"by": {"email"}, "address": {jo}, "topic": {"talk"}}.Encode())
	if code != http.StatusOK {
		t.Fatalf("the form answers %d:\n%s", code, body)
	}
	_, text := inbox.nth(t, 1)
	link := mailLink.FindStringSubmatch(text)
	if link == nil || codeText.FindString(text) == "" {
		t.Fatalf("the mail has no link or no code:\n%s", text)
	}
	if code, _ := h.send(t, http.MethodGet, link[1], ""); code != http.StatusOK || h.has(t, "email", jo) {
		t.Fatalf("opening the link answers %d and confirms: %t", code, h.has(t, "email", jo))
	}
	query, err := url.ParseQuery(strings.TrimPrefix(link[1], "/subscribe/confirm?"))
	if err != nil {
		t.Fatal(err)
	}
	code, body = h.send(t, http.MethodPost, "/subscribe/confirm?lang=en", query.Encode())
	token := ownPage.FindStringSubmatch(body)
	if code != http.StatusOK || token == nil || !h.has(t, "email", jo) {
		t.Fatalf("the button answers %d:\n%s", code, body)
	}
	if code, body := h.send(t, http.MethodGet, "/s/"+token[1]+"?lang=en", ""); code != http.StatusOK || !strings.Contains(body, "j***@mail.example") {
		t.Errorf("their own page answers %d:\n%s", code, body)
	}
	header, _ := inbox.nth(t, 2) // the welcome
	leave, err := url.Parse(strings.Trim(strings.SplitN(header.Get("List-Unsubscribe"), ">", 2)[0], "<> "))
	if err != nil || header.Get("List-Unsubscribe-Post") != "List-Unsubscribe=One-Click" {
		t.Fatalf("the way out is %q, %q (%v)", header.Get("List-Unsubscribe"), header.Get("List-Unsubscribe-Post"), err)
	}
	if code, _ := h.send(t, http.MethodGet, leave.Path, ""); code != http.StatusOK || !h.has(t, "email", jo) {
		t.Errorf("opening the way out answers %d", code)
	}
	if code, _ := h.send(t, http.MethodPost, leave.Path, "List-Unsubscribe=One-Click", "Sec-Fetch-Site", "cross-site"); code != http.StatusOK || h.has(t, "email", jo) {
		t.Errorf("one click answers %d; still there: %t", code, h.has(t, "email", jo))
	}
}

// The code of the page, sent by LINE, joins; blocking the account leaves.
func TestByLINEInAndOut(t *testing.T) {
	t.Parallel()
	h, _ := openPeople(t)
	user := "U" + strings.Repeat("0a", 16)
	_, body := h.send(t, http.MethodPost, "/subscribe?lang=en", url.Values{"by": {"line"}}.Encode())
	code := lineCode.FindStringSubmatch(body)
	if code == nil || !strings.Contains(body, "@status") {
		t.Fatalf("the page shows no code:\n%s", body)
	}
	call := func(secret, event string) int {
		body := `{"destination":"x","events":[` + event + `]}`
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write([]byte(body))
		status, _ := h.send(t, http.MethodPost, "/hooks/line", body, "Content-Type", "application/json", "X-Line-Signature", base64.StdEncoding.EncodeToString(mac.Sum(nil)))
		return status
	}
	event := func(kind, id, text string) string {
		return fmt.Sprintf(`{"type":%q,"mode":"active","timestamp":%d,"webhookEventId":%q,"source":{"type":"user","userId":%q},"message":{"type":"text","id":"1","text":%q}}`,
			kind, time.Now().UnixMilli(), id, user, text)
	}
	if got := call("another", event("message", "e0", code[1])); got != http.StatusForbidden || h.has(t, "line", user) {
		t.Errorf("a forged call answers %d", got)
	}
	for _, text := range []string{"hello", "AAAA-AAAA", strings.ToLower(code[1])} {
		if got := call("line-secret", event("message", "e1", text)); got != http.StatusOK {
			t.Errorf("%q answers %d", text, got)
		}
	}
	if !h.has(t, "line", user) {
		t.Fatal("the code did not join them")
	}
	if got := call("line-secret", event("unfollow", "e2", "")); got != http.StatusOK || h.has(t, "line", user) {
		t.Errorf("blocking answers %d", got)
	}
	if _, err := h.store.FindSubscriber(t.Context(), "line", signup.Same("line", user)); err == nil {
		t.Error("still there")
	}
}
