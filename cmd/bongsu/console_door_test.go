package main

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"bongsu/config"
	"bongsu/store"
)

const doorConfig = `
site: {name: Status, url: "http://%[1]s", languages: [en]}
listen: %[1]s
database: %[2]s
keys: env:KEYS
groups: [{id: chat, name: Chat}]
components: [{id: talk, group: chat, name: Talk, short: talk, checks: [{name: up, every: 1s, timeout: 1s, GET: "http://127.0.0.1:9/"}]}]
channels:
  - {id: ops, kind: slack, channel: C1, gateways: [{kind: slack, token: env:TOKEN, base_url: "http://127.0.0.1:9/"}]}
routes: [{audience: operators, channel: ops, at_least: partial_outage}]
`

// With what is watched and every gateway dead, whoever has started the server
// becomes its first user by the link on the log, logs in and sees the desk; the
// password opens it again after a restart, and what was done is on the audit log.
func TestTheFirstUserOfAServer(t *testing.T) {
	env := map[string]string{"KEYS": store.NewKeys(), "TOKEN": "xoxb-1"}
	find := func(name string) (string, bool) { value, ok := env[name]; return value, ok }
	database := filepath.Join(t.TempDir(), "bongsu.db")
	var said bytes.Buffer
	log := slog.New(slog.NewTextHandler(&said, nil))
	run := func(story func(s *server, root string, visit func(path string, form url.Values) string)) {
		t.Helper()
		s, listen := listening(t, func(listen string) (*server, error) {
			cfg, err := config.Parse("bongsu.yaml", fmt.Appendf(nil, doorConfig, listen, database), readOptions(find))
			if err != nil {
				return nil, err
			}
			return newServer(t.Context(), cfg, serverOptions{env: find, log: slog.New(slog.NewTextHandler(t.Output(), nil))})
		})
		said.Reset()
		if err := s.offerFirstUser(t.Context(), log); err != nil {
			t.Fatal(err)
		}
		defer running(t, s)()
		jar, err := cookiejar.New(nil)
		if err != nil {
			t.Fatal(err)
		}
		browser := &http.Client{Jar: jar, Timeout: 10 * time.Second}
		story(s, "http://"+listen, func(path string, form url.Values) string {
			t.Helper()
			return browse(t, browser, path, form)
		})
	}
	const passphrase = "correct horse battery"
	run(func(s *server, root string, visit func(path string, form url.Values) string) {
		link := regexp.MustCompile(`http://[0-9.:]+/console/link/[A-Za-z0-9_-]{43}`).FindString(said.String())
		if page := visit(link, nil); !strings.Contains(page, "You become the first user") {
			t.Fatalf("the link %q of %q opens\n%s", link, said.String(), page)
		}
		visit(link, url.Values{"name": {"hana"}, "password": {passphrase}})
		if page := visit(root+"/console/login", url.Values{"name": {"hana"}, "password": {passphrase}, "next": {"/console/users"}}); !strings.Contains(page, "administrator") {
			t.Errorf("the first user sees\n%s", page)
		}
		if page := visit(root+"/console", nil); !strings.Contains(page, "hana") {
			t.Errorf("the desk shows\n%s", page)
		}
		last, err := s.store.VerifyAudit(t.Context())
		if err != nil || last.Number != 2 || last.Who.Name != "hana" {
			t.Errorf("the audit log ends with %+v (%v)", last, err)
		}
	})
	run(func(_ *server, root string, visit func(path string, form url.Values) string) {
		if said.Len() > 0 {
			t.Errorf("with a user there is, it says %s", said.String())
		}
		if page := visit(root+"/console/login", url.Values{"name": {"hana"}, "password": {passphrase}}); !strings.Contains(page, "hana") {
			t.Errorf("after a restart she sees\n%s", page)
		}
	})
}

// browse opens a page, or sends a form, and gives the page that it comes to.
func browse(t *testing.T, browser *http.Client, target string, form url.Values) string {
	t.Helper()
	method, body := http.MethodGet, io.Reader(http.NoBody)
	if form != nil {
		method, body = http.MethodPost, strings.NewReader(form.Encode())
	}
	r, err := http.NewRequestWithContext(t.Context(), method, target, body)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer, err := browser.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	page, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Errorf("%s %s answers %d (%v)\n%s", method, target, answer.StatusCode, err, page)
	}
	return string(page)
}
