package main

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"bongsu/config"
	"bongsu/status"
	"bongsu/store"
	"bongsu/web"
	"bongsu/web/account"
)

// bearer keeps a token of a role and gives how it is sent.
func bearer(t *testing.T, s *server, role account.Role) string {
	t.Helper()
	text, hash, err := web.NewToken(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.store.AddToken(t.Context(), store.Token{ID: "t-" + string(role), Hash: hash, Role: string(role), Note: "night " + string(role), Made: time.Now()}); err != nil {
		t.Fatal(err)
	}
	return "Bearer " + text
}

// callAPI sends a request to a server's API and reads the answer.
func callAPI(t *testing.T, s *server, token, method, path, body string, into any) int {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, "/api/v1/"+path, strings.NewReader(body))
	r.Header.Set("Authorization", token)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	w := httptest.NewRecorder()
	s.page.Handler().ServeHTTP(w, r)
	if into != nil {
		if err := json.Unmarshal(w.Body.Bytes(), into); err != nil {
			t.Errorf("%s %s answers %d %s: %v", method, path, w.Code, w.Body, err)
		}
	}
	return w.Code
}

// What the console has besides, by the API: settings with file and line, users
// and their links, the audit log with its chain, drills.
func TestTheRoomByTheAPI(t *testing.T) {
	s := openDesk(t)
	admin := bearer(t, s, account.Admin)
	var settings web.Settings
	if code := callAPI(t, s, admin, "GET", "settings?limit=100", "", &settings); code != 200 || len(settings.Values) == 0 {
		t.Errorf("the settings: %d %+v", code, settings)
	}
	zone := slices.IndexFunc(settings.Values, func(v web.Setting) bool { return v.Path == "site.url" })
	if zone < 0 || settings.Values[zone].Line != 2 || settings.Values[zone].Value != "https://status.example" || settings.Values[zone].Default {
		t.Errorf("the site's address is not said with its line: %+v", settings.Values)
	}
	for _, v := range settings.Values {
		if v.Secret && !strings.HasPrefix(v.Value, "…") {
			t.Errorf("a secret is told: %+v", v)
		}
	}
	var checked web.CheckedFile
	if code := callAPI(t, s, admin, "POST", "settings/check", `{"file": ""}`, &checked); code != 200 || !checked.Valid || len(checked.Problems) != 0 {
		t.Errorf("the file that runs: %d %+v", code, checked)
	}
	if code := callAPI(t, s, admin, "POST", "settings/check", `{"file": "../bongsu.yaml"}`, nil); code != 422 {
		t.Errorf("a file elsewhere: %d", code)
	}
	var made struct{ Name, Link string }
	if code := callAPI(t, s, admin, "POST", "users", `{"name": "Lee", "role": "agency", "app": "report"}`, &made); code != 201 || made.Name != "lee" || !strings.HasPrefix(made.Link, "https://status.example/console/link/") {
		t.Errorf("a new user: %d %+v", code, made)
	}
	for body, want := range map[string]int{`{"name": "lee", "role": "operator"}`: 409, `{"name": "kim", "role": "agency", "app": "nobody"}`: 422} {
		if code := callAPI(t, s, admin, "POST", "users", body, nil); code != want {
			t.Errorf("%s answers %d", body, code)
		}
	}
	for request, want := range map[string]int{"PUT users/lee": 200, "PUT users/nobody": 404} {
		method, path, _ := strings.Cut(request, " ")
		if code := callAPI(t, s, admin, method, path, `{"role": "supervisor"}`, nil); code != want {
			t.Errorf("%s answers %d", request, code)
		}
	}
	callAPI(t, s, admin, "POST", "users/lee/disable", "", nil)
	var lee web.UserView
	if code := callAPI(t, s, admin, "GET", "users/lee", "", &lee); code != 200 || lee.Role != account.Supervisor || lee.Disabled == nil || lee.Password || lee.App != "" {
		t.Errorf("the user: %d %+v", code, lee)
	}
	var token struct{ Scope []account.Deed }
	if code := callAPI(t, s, admin, "POST", "tokens", `{"role": "operator", "scope": ["watch", "read-desk"]}`, &token); code != 201 || !slices.Equal(token.Scope, []account.Deed{account.Watch, account.ReadDesk}) {
		t.Errorf("a token of less scope: %d %+v", code, token)
	}
	var log struct {
		Entries []web.AuditEntry
		Chain   web.AuditChain
	}
	if code := callAPI(t, s, admin, "GET", "audit?about=user%20lee", "", &log); code != 200 || len(log.Entries) != 3 || log.Entries[0].Detail != "disabled" || log.Entries[0].Name != "night admin" {
		t.Errorf("the audit log: %d %+v", code, log)
	}
	if log.Chain.Last != log.Chain.Upto || log.Chain.Last < 4 || log.Chain.Broken != 0 {
		t.Errorf("its chain: %+v", log.Chain)
	}
	var rehearsals struct{ Scenarios []web.DrillScenario }
	if code := callAPI(t, s, admin, "GET", "drills/scenarios", "", &rehearsals); code != 200 || len(rehearsals.Scenarios) == 0 {
		t.Errorf("the scenarios: %d %+v", code, rehearsals)
	}
	for request, want := range map[string]int{"GET drills": 200, "GET drills/none": 404, "POST drills/none/cancel": 409} {
		method, path, _ := strings.Cut(request, " ")
		if code := callAPI(t, s, admin, method, path, "", nil); code != want {
			t.Errorf("%s answers %d", request, code)
		}
	}
}

// Texts kept by the API and at the console are the same ones; a key keeps one
// once, and none is changed that is not there.
func TestTextsOfTheAPIAreTheConsoles(t *testing.T) {
	t.Parallel()
	h := openHouse(t)
	operator := bearer(t, h.server, account.Operator)
	const words = `{"name": "Looking", "text": {"en": "We are looking."}}`
	var made struct{ ID string }
	for range 2 {
		code, body := h.send(t, http.MethodPost, "/api/v1/texts", words, "Content-Type", "application/json", "Authorization", operator, "Idempotency-Key", "k")
		if err := json.Unmarshal([]byte(body), &made); code != http.StatusCreated || err != nil {
			t.Fatalf("keeping a text answers %d %s", code, body)
		}
	}
	desk := &storyDesk{server: h.server}
	kept, err := desk.Texts(t.Context())
	if err != nil || len(kept) != 1 || kept[0].ID != made.ID || kept[0].Author != "night operator" || kept[0].Version != 1 {
		t.Fatalf("the console offers %+v (%v)", kept, err)
	}
	kept[0].Text["en"] = "We still look."
	if err := desk.KeepText(t.Context(), kept[0]); err != nil {
		t.Fatal(err)
	}
	var list struct{ Texts []web.KeptText }
	if code := callAPI(t, h.server, operator, "GET", "texts", "", &list); code != http.StatusOK || len(list.Texts) != 1 || list.Texts[0].Version != 2 || list.Texts[0].Text["en"] != "We still look." {
		t.Errorf("the API has %d %+v", code, list)
	}
	for _, c := range []struct {
		method, id, body string
		want             int
	}{{"PUT", made.ID, words, 200}, {"PUT", "none", words, 404}, {"DELETE", made.ID, "", 200}, {"DELETE", made.ID, "", 404}} {
		if code := callAPI(t, h.server, operator, c.method, "texts/"+c.id, c.body, nil); code != c.want {
			t.Errorf("%s of %s answers %d, want %d", c.method, c.id, code, c.want)
		}
	}
	if left, err := desk.Texts(t.Context()); err != nil || len(left) != 0 {
		t.Errorf("the console still offers %+v (%v)", left, err)
	}
}

const quietConfig = `
site: {name: Status, url: "http://%[1]s", languages: [en]}
listen: %[1]s
database: %[2]s
keys: env:KEYS
groups: [{id: fares, name: Fares}]
components: [{id: card, group: fares, name: Transit card, short: card, checks: [{name: readers, every: 1s, timeout: 1s, heartbeat: readers, within: 1h}]}]
judgement: {confirm: 1, recover: 1, settle: 0s, watch: 1s, promise: 1h}
channels:
  - {id: ops, kind: slack, channel: C1, gateways: [{kind: slack, token: env:TOKEN, base_url: "http://127.0.0.1:9/"}]}
routes: [{audience: operators, channel: ops, at_least: degraded_performance}]
`

// A component silenced at the console is so in the books and for the API at
// once. Its failure is on the page and told to nobody, after a restart too, until
// the silence ends.
func TestASilencedComponentIsNotTold(t *testing.T) {
	env := map[string]string{"KEYS": store.NewKeys(), "TOKEN": "xoxb-1"}
	find := func(name string) (string, bool) { value, ok := env[name]; return value, ok }
	database := filepath.Join(t.TempDir(), "bongsu.db")
	var operator string
	run := func(story func(h *house)) {
		t.Helper()
		s, listen := listening(t, func(listen string) (*server, error) {
			cfg, err := config.Parse("bongsu.yaml", fmt.Appendf(nil, quietConfig, listen, database), readOptions(find))
			if err != nil {
				return nil, err
			}
			return newServer(t.Context(), cfg, serverOptions{env: find, log: slog.New(slog.DiscardHandler), consoleDoor: oneDoor{}})
		})
		defer running(t, s)()
		eventually(t, 10*time.Second, "the page is up", func() bool { return s.latest.Load() != nil })
		story(&house{server: s, url: "http://" + listen})
	}
	story := func(h *house) *status.Incident {
		if open := h.latest.Load().Incidents; len(open) == 1 {
			return &open[0]
		}
		return nil
	}
	run(func(h *house) {
		operator = bearer(t, h.server, account.Operator)
		if code, page := h.send(t, http.MethodPost, "/console/components/card/silence", url.Values{"reason": {"A known fault."}, "span": {"4h0m0s"}}.Encode()); code != http.StatusOK || !strings.Contains(page, "Silenced by Kim") {
			t.Fatalf("silencing answers %d\n%s", code, page)
		}
		if _, page := h.send(t, http.MethodGet, "/console/components/card?lang=en", ""); !strings.Contains(page, "Silenced by Kim") || !strings.Contains(page, "A known fault.") {
			t.Fatalf("the console shows\n%s", page)
		}
		var list struct {
			Silences []struct{ Component, Author string }
		}
		if code := callAPI(t, h.server, operator, "GET", "silences", "", &list); code != 200 || len(list.Silences) != 1 || list.Silences[0].Author != "Kim" {
			t.Errorf("the API has %d %+v", code, list)
		}
		h.send(t, http.MethodPost, "/beat/"+beatToken(h.beats.key, "card/readers"), `{"code": 3, "reason": "no reader answers"}`)
		eventually(t, 10*time.Second, "the page tells of it", func() bool { return story(h) != nil })
		if i := story(h); !h.latest.Load().Silenced(i) || !i.Announced.IsZero() || h.latest.Load().Overall != status.MajorOutage {
			t.Errorf("it is announced, or not on the page: %+v", i)
		}
	})
	run(func(h *house) {
		eventually(t, 10*time.Second, "the page tells of it", func() bool { return story(h) != nil })
		if i := story(h); !h.latest.Load().Silenced(i) || !i.Announced.IsZero() {
			t.Errorf("after a restart it is announced: %+v", i)
		}
		if sent, err := h.store.Notices(t.Context(), store.NoticeQuery{Limit: 10}); err != nil || slices.ContainsFunc(sent, func(p store.Progress) bool { return p.Event == "opened" }) {
			t.Errorf("in silence there are the notices %+v (%v)", sent, err)
		}
		if code := callAPI(t, h.server, operator, "DELETE", "components/card/silence", "", nil); code != 200 {
			t.Errorf("lifting answers %d", code)
		}
		eventually(t, 10*time.Second, "it is told", func() bool { return story(h) != nil && !story(h).Announced.IsZero() })
		eventually(t, 10*time.Second, "there is a notice of it", func() bool {
			sent, err := h.store.Notices(t.Context(), store.NoticeQuery{Limit: 10})
			return err == nil && slices.ContainsFunc(sent, func(p store.Progress) bool { return p.Event == "opened" })
		})
		entries, err := h.store.FindEntries(t.Context(), store.EntryQuery{About: "component:card", Limit: 10})
		if err != nil || len(entries) != 2 || entries[0].Detail != "ends its silence" || !strings.HasSuffix(entries[1].Detail, ": A known fault.") {
			t.Errorf("the audit log has %+v (%v)", entries, err)
		}
	})
}
