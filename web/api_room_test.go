package web_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"bongsu/status"
	"bongsu/web"
	"bongsu/web/account"
	"bongsu/web/sample"
)

func (s *shelf) Scenarios() ([]web.DrillScenario, error) {
	return []web.DrillScenario{{ID: "flapping", Title: status.Text{"en": "Flapping"}, About: status.Text{"en": "It comes and goes."}, LastsS: 3600, Targets: 2, Expectations: 3}}, s.err
}

func (s *shelf) Drills(context.Context) ([]web.DrillView, error) {
	var all []web.DrillView
	for _, id := range []string{"d5", "d4", "d3"} {
		d, _ := s.drill(id)
		all = append(all, d)
	}
	return all, s.err
}

func (s *shelf) drill(id string) (web.DrillView, error) {
	at := sample.Now()
	switch id {
	case "d5":
		return web.DrillView{ID: id, Scenario: "flapping", By: "kim", Began: at, State: "running", Part: .5, Clock: &at}, nil
	case "d4", "d3":
		return web.DrillView{ID: id, Scenario: "flapping", By: "kim", Began: at, Ended: &at, State: "passed", Kept: 3}, nil
	}
	return web.DrillView{}, web.ErrNone
}

func (s *shelf) Drill(_ context.Context, id string) (web.DrillView, error) { return s.drill(id) }

func (s *shelf) Scorecard(_ context.Context, id string) (web.Scorecard, error) {
	if _, err := s.drill(id); err != nil || id == "d5" {
		return web.Scorecard{}, err
	}
	return web.Scorecard{JSON: []byte(`{"passed": true}`), HTML: []byte("<p>passed"), SVG: []byte("<svg/>")}, nil
}

func (s *shelf) Begin(_ context.Context, scenario string, ours bool, by string) (string, error) {
	switch scenario {
	case "flapping":
		return "d5", s.did(fmt.Sprint("drill ", scenario, " ", ours, " by ", by))
	case "second":
		return "", web.ErrRuns
	}
	return "", web.ErrNone
}

func (s *shelf) EndDrill(_ context.Context, id string) error {
	if id != "d5" {
		return web.ErrNone
	}
	return s.did("cancel " + id)
}

func (s *shelf) Settings(context.Context) (web.Settings, error) {
	now := web.Settings{Path: "bongsu.yaml", Loaded: sample.Now()}
	for i := range 5 {
		now.Values = append(now.Values, web.Setting{Path: fmt.Sprintf("channels[%d].id", i), Value: "sms", File: "bongsu.yaml", Line: 10 + i})
	}
	return now, s.err
}

func (s *shelf) CheckFile(_ context.Context, name string) (web.CheckedFile, error) {
	if strings.Contains(name, "/") {
		return web.CheckedFile{}, web.ErrOutside
	}
	return web.CheckedFile{File: name, Valid: false, Problems: []string{name + ":3:1: sites: no such setting"}}, s.did("check " + name)
}

func (s *shelf) ReadAnew(context.Context) error {
	if s.lang == "stays" {
		return &web.StaysError{Why: "bongsu.yaml:3:1: sites: no such setting"}
	}
	return s.did("reload")
}

func (s *shelf) Users(context.Context) ([]web.UserView, error) {
	return []web.UserView{{Name: "kim", Role: account.Operator, Language: s.lang, Password: true, Made: sample.Now()}}, s.err
}

func (s *shelf) user(name string) error {
	switch name {
	case "kim", "lee":
		return nil
	case "last":
		return account.ErrLastAdmin
	}
	return account.ErrNoAccount
}

func (s *shelf) AddUser(_ context.Context, by account.Who, name string, role account.Role, app string) (string, error) {
	if name == "kim" {
		return "", account.ErrNameTaken
	}
	if app == "nobody" {
		return "", &web.ForWhatError{Pointer: "/app", Text: "no such app"}
	}
	return "https://status.example/console/link/x", s.did(fmt.Sprint("add ", name, " ", role, " by ", by.Name))
}

func (s *shelf) LinkUser(_ context.Context, _ account.Who, name string) (string, error) {
	if err := s.user(name); err != nil {
		return "", err
	}
	return "https://status.example/console/link/x", s.did("link " + name)
}

func (s *shelf) SetUser(_ context.Context, _ account.Who, name string, role account.Role, _ string) error {
	if err := s.user(name); err != nil {
		return err
	}
	return s.did(fmt.Sprint("make ", name, " ", role))
}

func (s *shelf) KeepOut(_ context.Context, _ account.Who, name string, out bool) error {
	if err := s.user(name); err != nil {
		return err
	}
	return s.did(fmt.Sprint("out ", name, " ", out))
}

func (s *shelf) DropTOTP(_ context.Context, _ account.Who, name string) error {
	if err := s.user(name); err != nil {
		return err
	}
	return s.did("totp " + name)
}

func (s *shelf) AuditEntries(_ context.Context, q web.AuditQuery) ([]web.AuditEntry, error) {
	var all []web.AuditEntry
	from := int64(5)
	if q.Before > 0 {
		from = q.Before - 1
	}
	for n := from; n > 0 && len(all) < q.Limit; n-- {
		all = append(all, web.AuditEntry{Number: n, At: sample.Now(), Who: "a1", Name: "kim", Role: "operator", Deed: account.Publish, About: q.About, Detail: "x"})
	}
	return all, s.err
}

func (s *shelf) AuditChain(context.Context) (web.AuditChain, error) {
	return web.AuditChain{Last: 5, Upto: 5}, s.err
}

// What the rest of the desk's routes answer is what the document says, both ways.
func TestTheRoomsAnswersAreAsTheDocumentSays(t *testing.T) {
	v := readDocument(t, true)
	c := newCounter(t)
	for _, path := range []string{
		"drills", "drills?limit=1", "drills/scenarios", "drills/d5", "drills/none", "drills/d4/scorecard", "drills/d5/scorecard", "drills/d4/scorecard.html", "drills/d4/scorecard.svg",
		"settings", "settings?limit=2", "audit", "audit?limit=2&who=kim&deed=publish&from=2026-01-01T00:00:00Z", "audit?deed=nonsense", "audit?from=soon",
		"users", "users/kim", "users/nobody", "silences", "components/chat-text/silence", "tokens",
	} {
		holdTo(t, v, c, http.MethodGet, path, "")
	}
	for request, body := range map[string]string{
		"POST drills": `{"scenario": "flapping", "own_configuration": true}`, "POST drills?x=1": `{"scenario": "none"}`, "POST drills/d5/cancel": "", "POST drills/d4/cancel": "",
		"POST settings/check": `{"file": "next.yaml"}`, "POST settings/check?x=1": `{"file": "../next.yaml"}`, "POST settings/reload": "",
		"POST users": `{"name": "lee", "role": "operator"}`, "POST users?x=1": `{"name": "kim", "role": "operator"}`, "PUT users/kim": `{"role": "viewer"}`, "PUT users/last": `{"role": "viewer"}`,
		"POST users/kim/link": "", "POST users/kim/disable": "", "POST users/kim/enable": "", "DELETE users/kim/totp": "",
		"PUT components/chat-text/silence": goodSilence, "DELETE components/chat-text/silence": "", "POST components/chat-text/look": "", "POST tokens": `{"role": "operator", "scope": ["publish", "watch"]}`,
	} {
		method, path, _ := strings.Cut(request, " ")
		holdTo(t, v, c, method, path, body)
	}
}

// Each deed is done once, by whom the token speaks for, and is on the log; who
// keeps accounts puts that there themselves.
func TestDeedsOfTheRoom(t *testing.T) {
	c := newCounter(t)
	for _, tt := range []struct {
		method, path, body string
		want               int
		did, kept          string
	}{
		{"POST", "drills", `{"scenario": "flapping", "own_configuration": true}`, 201, "drill flapping true by admin", "admin drill: drill d5 began flapping, own configuration: true"},
		{"POST", "drills", `{"scenario": "second"}`, 409, "", ""},
		{"POST", "drills", `{"scenario": "../x"}`, 422, "", ""},
		{"POST", "drills/d5/cancel", "", 200, "cancel d5", "admin drill: drill d5 cancelled"},
		{"POST", "drills/d4/cancel", "", 409, "", ""},
		{"POST", "settings/check", `{"file": "next.yaml"}`, 200, "check next.yaml", "admin configure: settings checked next.yaml"},
		{"POST", "settings/check", `{"file": "/etc/passwd"}`, 422, "", ""},
		{"POST", "settings/reload", "", 200, "reload", "admin configure: settings reloaded"},
		{"POST", "users", `{"name": "lee", "role": "agency", "app": "n1"}`, 201, "add lee agency by admin", ""},
		{"POST", "users", `{"name": "lee", "role": "agency", "app": "nobody"}`, 422, "", ""},
		{"POST", "users", `{"name": "lee", "role": "agency"}`, 422, "", ""},
		{"POST", "users", `{"name": "l", "role": "operator"}`, 422, "", ""},
		{"POST", "users", `{"name": "lee", "role": "agent"}`, 422, "", ""},
		{"POST", "users", `{"name": "kim", "role": "operator"}`, 409, "", ""},
		{"PUT", "users/kim", `{"role": "viewer"}`, 200, "make kim viewer", ""},
		{"PUT", "users/last", `{"role": "viewer"}`, 409, "", ""},
		{"PUT", "users/nobody", `{"role": "viewer"}`, 404, "", ""},
		{"PUT", "users/kim", `{"role": "owner"}`, 422, "", ""},
		{"POST", "users/kim/link", "", 200, "link kim", ""},
		{"POST", "users/last/disable", "", 409, "", ""},
		{"POST", "users/kim/disable", "", 200, "out kim true", ""},
		{"POST", "users/kim/enable", "", 200, "out kim false", ""},
		{"DELETE", "users/kim/totp", "", 200, "totp kim", ""},
		{"POST", "tokens", `{"role": "operator", "scope": ["publish", "watch"]}`, 201, "make operator publish watch", "admin keep-accounts: token t2 made for operator, publish, watch"},
		{"PUT", "apps/safety-report/functions/report", `{"name": {"ko": "신고", "ja": "通報", "en": "Report"}}`, 200, "", "admin keep-app: function safety-report/report says name.en: Report; name.ja: 通報; name.ko: 신고"},
		{"PUT", "apps/safety-report/functions/report", `{}`, 200, "", "admin keep-app: function safety-report/report says what the configuration says"},
	} {
		c.shelf.deeds, c.shelf.audited, c.shelf.kept = nil, nil, nil
		for range 2 { // the same key is answered again, and does nothing
			w := c.call(account.Admin, tt.method, "/api/v1/"+tt.path, tt.body, "Idempotency-Key", "k")
			if w.Code != tt.want {
				t.Errorf("%s %s %s answers %d %s", tt.method, tt.path, tt.body, w.Code, w.Body)
			}
		}
		if did, kept := strings.Join(c.shelf.deeds, "; "), strings.Join(c.shelf.audited, "; "); did != tt.did || kept != tt.kept {
			t.Errorf("%s %s did %q, kept %q", tt.method, tt.path, did, kept)
		}
	}
}

// A configuration that is not taken is said, and why.
func TestAReloadThatFailsIsSaid(t *testing.T) {
	c := newCounter(t)
	c.shelf.lang = "stays"
	w := c.call(account.Admin, http.MethodPost, "/api/v1/settings/reload", "")
	if w.Code != 409 || !strings.Contains(w.Body.String(), "bongsu.yaml:3:1") || !slices.Equal(c.shelf.audited, []string{"admin configure: settings reload failed"}) {
		t.Errorf("%d %s, on the log %v", w.Code, w.Body, c.shelf.audited)
	}
}

func TestAUserIsChangedAsSeen(t *testing.T) {
	c := newCounter(t)
	tag := c.call(account.Admin, http.MethodGet, "/api/v1/users/kim", "").Header().Get("ETag")
	for given, want := range map[string]int{tag: 200, `"other"`: 412, "*": 200} {
		if w := c.call(account.Admin, http.MethodPut, "/api/v1/users/kim", `{"role": "viewer"}`, "If-Match", given); w.Code != want {
			t.Errorf("If-Match %s answers %d %s", given, w.Code, w.Body)
		}
	}
}

// The lists of the room, page by page, hold each once.
func TestPagesOfTheRoom(t *testing.T) {
	c := newCounter(t)
	for path, want := range map[string]int{"drills": 3, "settings": 5, "audit": 5, "imports/r1": 5} {
		var seen []string
		for cursor, page := "", 0; page == 0 || cursor != ""; page++ {
			var a struct {
				Drills  []struct{ ID string }
				Values  []struct{ Path string }
				Entries []struct{ Number int }
				Lines   []struct{ Line int }
				Next    *string
			}
			decodeAnswer(t, c.call(account.Admin, http.MethodGet, "/api/v1/"+path+"?limit=2&cursor="+cursor, ""), &a)
			for _, d := range a.Drills {
				seen = append(seen, d.ID)
			}
			for _, v := range a.Values {
				seen = append(seen, v.Path)
			}
			for _, e := range a.Entries {
				seen = append(seen, strconv.Itoa(e.Number))
			}
			for _, l := range a.Lines {
				seen = append(seen, strconv.Itoa(l.Line))
			}
			if cursor = ""; a.Next != nil {
				cursor = *a.Next
			}
		}
		once := slices.Compact(slices.Sorted(slices.Values(seen)))
		if len(seen) != want || len(once) != want {
			t.Errorf("%s: %v", path, seen)
		}
		if w := c.call(account.Admin, http.MethodGet, "/api/v1/"+path+"?cursor=1", ""); w.Code != 400 {
			t.Errorf("%s with a cursor that is none answers %d", path, w.Code)
		}
	}
}

// A token of less scope than its role reaches the room's routes as far as that
// goes.
func TestScopesOfTheRoom(t *testing.T) {
	c := newCounter(t)
	for hash, b := range c.tokens.known {
		if b.Role == account.Operator {
			b.Scope = []account.Deed{account.Watch, account.ReadDesk}
			c.tokens.known[hash] = b
		}
	}
	for request, want := range map[string]int{
		"PUT components/chat-text/silence": 200, "POST components/chat-text/look": 200, "GET silences": 200, "GET drills": 200,
		"POST drills": 403, "GET settings": 403, "GET audit": 403, "POST settings/reload": 403, "GET users": 403, "POST sending/pause": 403,
	} {
		method, path, _ := strings.Cut(request, " ")
		body := map[bool]string{true: goodSilence}[method == http.MethodPut]
		if w := c.call(account.Operator, method, "/api/v1/"+path, body); w.Code != want {
			t.Errorf("%s answers %d, want %d: %s", request, w.Code, want, w.Body)
		}
	}
}
