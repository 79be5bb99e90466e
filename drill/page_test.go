package drill_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"bongsu/drill"
)

// visit asks the control page's handler on a real socket.
func visit(t *testing.T, site *httptest.Server, path string) (status int, header http.Header, body string) {
	t.Helper()
	got := do(t, site.Client(), site.URL, task{method: "GET", path: path}, drill.Keys{})
	if got.err != nil {
		t.Fatal(got.err)
	}
	return got.status, got.header, got.body
}

func control(t *testing.T, city *drill.City) *httptest.Server {
	t.Helper()
	site := httptest.NewServer(city.Handler())
	t.Cleanup(site.Close)
	return site
}

func TestPageSpeaksThreeLanguages(t *testing.T) {
	t.Parallel()
	site := control(t, runCity(t, quick))
	for lang, want := range map[string][]string{
		"ko": {`lang="ko"`, "모의 시험입니다", "공통 로그인", "메신저 먼저"},
		"ja": {`lang="ja"`, "模擬訓練です", "共通ログイン", "メッセンジャー優先"},
		"en": {`lang="en"`, "This is a simulation", "Shared login", "messenger first"},
	} {
		status, header, page := visit(t, site, "/demo?lang="+lang)
		if status != http.StatusOK || header.Get("X-Simulation") != "true" {
			t.Errorf("%s: %d %v", lang, status, header)
		}
		for _, words := range want {
			if !strings.Contains(page, words) {
				t.Errorf("the page in %s does not say %q", lang, words)
			}
		}
		if strings.Contains(page, "<script") || strings.Contains(page, "style=") {
			t.Errorf("the page in %s has what the site's policy forbids", lang)
		}
	}
	for _, s := range drill.Services() {
		for _, lang := range []string{"ko", "ja", "en"} {
			if s.Name()[lang] == "" {
				t.Errorf("%s has no name in %s", s, lang)
			}
			for _, m := range s.Modes() {
				if m.Name()[lang] == "" {
					t.Errorf("%s has no name in %s", m, lang)
				}
			}
		}
	}
}

func TestPageFollowsTheBrowsersLanguage(t *testing.T) {
	t.Parallel()
	site := control(t, runCity(t, quick))
	for accepted, want := range map[string]string{"": "ko", "ja-JP,ja;q=0.9": "ja", "fr, en-GB;q=0.8": "en", "fr": "ko"} {
		speak := func(r *http.Request, _ drill.Keys) { r.Header.Set("Accept-Language", accepted) }
		got := do(t, site.Client(), site.URL, task{method: "GET", path: "/demo", auth: speak}, drill.Keys{})
		if !strings.Contains(got.body, `<html lang="`+want+`">`) {
			t.Errorf("%q is answered in another language than %s", accepted, want)
		}
	}
}

// What people and programs write into texts is shown, never run.
func TestPageEscapes(t *testing.T) {
	t.Parallel()
	city := runCity(t, quick)
	site := control(t, city)
	const nasty = `</li><script>alert(1)</script>"'&`
	if _, err := twilioAPI(city).CreateMessage(text(city, "+821000000001", nasty, "")); err != nil {
		t.Fatal(err)
	}
	await(t, "the text", func() bool { return city.Log().Count(drill.Query{Kind: drill.Arrival}) == 1 })
	_, _, page := visit(t, site, "/demo?lang=en&break=%22%3E%3Cscript%3E")
	if strings.Contains(page, "<script") || !strings.Contains(page, "&lt;script&gt;alert(1)") {
		t.Error("a text is not escaped on the page")
	}
	_, header, body := visit(t, site, "/demo/inbox.json")
	var inbox struct {
		Simulation bool
		Phones     []drill.Inbox
	}
	if err := json.Unmarshal([]byte(body), &inbox); err != nil || strings.Contains(body, "<script") {
		t.Errorf("the inboxes as JSON: %v", err)
	}
	if !inbox.Simulation || !strings.HasPrefix(header.Get("Content-Type"), "application/json") {
		t.Errorf("the inboxes: simulation %v, %v", inbox.Simulation, header)
	}
	if len(inbox.Phones) != 10 || len(inbox.Phones[0].SMS) != 1 || inbox.Phones[0].SMS[0].Body != nasty {
		t.Errorf("the inboxes are %+v", inbox.Phones)
	}
}

func TestLogAsJSON(t *testing.T) {
	t.Parallel()
	city := runCity(t, quick)
	ask(t, city, drill.Bank)
	_, _, body := visit(t, control(t, city), "/demo/log.json")
	var log struct{ Requests []drill.Entry }
	if err := json.Unmarshal([]byte(body), &log); err != nil || len(log.Requests) != 1 || log.Requests[0].Service != drill.Bank {
		t.Errorf("the log as JSON: %v, %+v", err, log)
	}
}

// A person breaks and mends by forms alone; another site's page can not.
func TestControlForm(t *testing.T) {
	t.Parallel()
	city := runCity(t, quick)
	site := control(t, city)
	browser := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for _, post := range []struct {
		name          string
		service, mode string
		header        [2]string
		status        int
		then          drill.Mode
	}{
		{"break", "login", "refused", [2]string{"Sec-Fetch-Site", "same-origin"}, http.StatusSeeOther, drill.Refused},
		{"mend", "login", "ok", [2]string{"Origin", site.URL}, http.StatusSeeOther, drill.OK},
		{"from a shell", "login", "hang", [2]string{}, http.StatusSeeOther, drill.Hang},
		{"from another site", "login", "ok", [2]string{"Sec-Fetch-Site", "cross-site"}, http.StatusForbidden, drill.Hang},
		{"from another origin", "login", "ok", [2]string{"Origin", "https://evil.example"}, http.StatusForbidden, drill.Hang},
		{"no such service", "moon", "ok", [2]string{}, http.StatusBadRequest, drill.Hang},
		{"no such mode", "login", "lose", [2]string{}, http.StatusBadRequest, drill.Hang},
	} {
		form := url.Values{"service": {post.service}, "mode": {post.mode}, "lang": {"ja"}}
		from := func(r *http.Request, _ drill.Keys) {
			if post.header[0] != "" {
				r.Header.Set(post.header[0], post.header[1])
			}
		}
		got := do(t, browser, site.URL, task{method: "POST", path: "/demo/fault", body: form.Encode(), kind: formBody, auth: from}, drill.Keys{})
		if got.status != post.status || city.Mode(drill.Login) != post.then {
			t.Errorf("%s: %d %q, login is %s; want %d and %s", post.name, got.status, got.body, city.Mode(drill.Login), post.status, post.then)
		}
		if got.status == http.StatusSeeOther && got.header.Get("Location") != "/demo?lang=ja" {
			t.Errorf("%s leads to %s", post.name, got.header.Get("Location"))
		}
	}
	if status, _, _ := visit(t, site, "/demo/fault"); status != http.StatusMethodNotAllowed {
		t.Errorf("GET /demo/fault: %d", status)
	}
}

// The page says what is broken, what is broken by it, and stands still while a
// person chooses.
func TestPageShowsTheState(t *testing.T) {
	t.Parallel()
	city := runCity(t, quick)
	site := control(t, city)
	set(t, city, drill.Login, drill.Refused)
	_, _, page := visit(t, site, "/demo?lang=en")
	if got := strings.Count(page, "because of Shared login"); got != 6 {
		t.Errorf("%d services are down because of login, want chat, places, pay, taxi, the bank's link and AlimTalk", got)
	}
	if !strings.Contains(page, `http-equiv="refresh"`) || strings.Contains(page, `value="hang"`) {
		t.Error("the live page does not refresh, or shows every mode")
	}
	_, _, choosing := visit(t, site, "/demo?lang=en&break=chat")
	if strings.Contains(choosing, `http-equiv="refresh"`) || strings.Count(choosing, `value="hang"`) != 1 {
		t.Error("the page does not stand still with the ways to break chat")
	}
}
