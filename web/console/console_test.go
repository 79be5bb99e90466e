package console_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"bongsu/status"
	"bongsu/web/account"
	"bongsu/web/console"
	"bongsu/web/door/doortest"
	"bongsu/web/sample"
)

// fakeDoor lets in whom the cookie "who" names, by role: the door of every test
// that is not about doors.
type fakeDoor struct {
	err  error
	lang string
}

func (d fakeDoor) Who(r *http.Request) (account.Who, error) {
	cookie, err := r.Cookie("who")
	switch {
	case d.err != nil:
		return account.Who{}, d.err
	case err != nil:
		return account.Who{}, console.ErrNobody
	}
	who := account.Who{ID: "u-" + cookie.Value, Name: "Kim " + cookie.Value, Role: account.Role(cookie.Value), Lang: d.lang}
	if who.Role.OfOneApp() {
		who.App = "safety-report"
	}
	return who, nil
}

// open is a console over a snapshot, with what change makes of its options.
func open(t testing.TB, s *status.Snapshot, change ...func(*console.Options)) *console.Console {
	t.Helper()
	o := console.Options{Door: fakeDoor{}, Entry: newEntry(doortest.New()), Tokens: &tokenBook{}, Snapshot: func() *status.Snapshot { return s }, Site: sample.Calm().Site, Now: sample.Now}
	for _, c := range change {
		c(&o)
	}
	c, err := console.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// request is one request as somebody with a role; an empty role is nobody.
// Headers are given as name, value.
func request(method, target, role, body string, headers ...string) *http.Request {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	if role != "" {
		r.AddCookie(&http.Cookie{Name: "who", Value: role})
	}
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return r
}

// ask makes one such request in memory.
func ask(h http.Handler, method, target, role string, headers ...string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, request(method, target, role, "", headers...))
	return w
}

// answer is what a console says to a request.
func answer(h http.Handler, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// send posts a form as somebody.
func send(h http.Handler, target, role string, form url.Values) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, request(http.MethodPost, target, role, form.Encode()))
	return w
}

// Every route lets in exactly those roles that have its deed; nobody is led to
// where they log in.
func TestEveryRouteAsksForItsDeed(t *testing.T) {
	c := furnished(t, sample.Outage(), func(o *console.Options) { o.TrustedProxies = []string{"192.0.2.0/24"} })
	asked := 0
	ask := func(method, path, role string) *httptest.ResponseRecorder {
		asked++ // each from a network of its own, so that no limit answers first
		return ask(c, method, path, role, "X-Forwarded-For", fmt.Sprintf("10.%d.%d.1", asked>>8, asked&255))
	}
	for _, r := range c.Routes() {
		if r.Path == console.Root+"/live" {
			continue // a stream does not end by itself
		}
		path := address(t, r.Path)
		nobody := ask(r.Method, path, "")
		if r.Deed != "" && r.Method == http.MethodGet &&
			(nobody.Code != http.StatusSeeOther || !strings.HasPrefix(nobody.Header().Get("Location"), console.Root+"/login?next=")) {
			t.Errorf("%s %s answers nobody with %d %s", r.Method, path, nobody.Code, nobody.Header().Get("Location"))
		}
		for _, role := range account.Roles() {
			got := ask(r.Method, path, string(role)).Code
			if r.Path == console.Root && role == account.Agency && got == http.StatusSeeOther {
				continue // led to its app
			}
			if may := r.Deed == "" || role.May(r.Deed); may == (got == http.StatusForbidden) || got >= http.StatusInternalServerError {
				t.Errorf("%s %s answers a %s with %d", r.Method, path, role, got)
			}
		}
	}
}

func TestProblemsAreSaidInWords(t *testing.T) {
	c := open(t, sample.Outage())
	away := open(t, sample.Outage(), func(o *console.Options) { o.Door = fakeDoor{err: errors.New("no database")} })
	for _, p := range []struct {
		name   string
		answer *httptest.ResponseRecorder
		status int
		says   string
	}{
		{"no such page", ask(c, "GET", "/console/nowhere?lang=en", "viewer"), 404, "There is nothing here"},
		{"outside of the console", ask(c, "GET", "/elsewhere?lang=en", "viewer"), 404, "There is nothing here"},
		{"wrong method", ask(c, "DELETE", "/console?lang=en", "viewer"), 405, "That cannot be done here"},
		{"not with this role", ask(c, "GET", "/console?lang=en", "agent"), 403, "You may not do this"},
		{"from another site", ask(c, "POST", "/console?lang=en", "admin", "Sec-Fetch-Site", "cross-site"), 403, "This did not come from the console"},
		{"no database", ask(away, "GET", "/console?lang=en", "viewer"), 503, "We cannot tell who you are right now"},
		{"in Korean", ask(c, "GET", "/console/nowhere", "viewer", "Accept-Language", "ko"), 404, "여기에는 아무것도 없습니다"},
		{"in Japanese", ask(c, "GET", "/console/nowhere", "viewer", "Accept-Language", "ja"), 404, "ここには何もありません"},
	} {
		if p.answer.Code != p.status || !strings.Contains(p.answer.Body.String(), p.says) {
			t.Errorf("%s: %d, want %d and %q:\n%s", p.name, p.answer.Code, p.status, p.says, p.answer.Body)
		}
	}
}

func TestTheLanguageIsTheChosenOneThenTheAccountsThenTheBrowsers(t *testing.T) {
	plain := open(t, sample.Outage())
	japanese := open(t, sample.Outage(), func(o *console.Options) { o.Door = fakeDoor{lang: "ja"} })
	for _, l := range []struct {
		name    string
		console *console.Console
		target  string
		headers []string
		want    string
	}{
		{"nothing said: the site's first", plain, "/console", nil, "ko"},
		{"the browser's", plain, "/console", []string{"Accept-Language", "fr, en;q=0.8"}, "en"},
		{"none that we speak", plain, "/console", []string{"Accept-Language", "fr"}, "ko"},
		{"no language at all", plain, "/console", []string{"Accept-Language", strings.Repeat("en,", 500)}, "ko"},
		{"the account's", japanese, "/console", []string{"Accept-Language", "en"}, "ja"},
		{"the chosen one", japanese, "/console?lang=en", nil, "en"},
		{"one that is none", japanese, "/console?lang=../en", nil, "ja"},
	} {
		w := ask(l.console, "GET", l.target, "viewer", l.headers...)
		if !strings.Contains(w.Body.String(), `<html lang="`+l.want+`">`) {
			t.Errorf("%s: not in %s", l.name, l.want)
		}
	}
	chosen := ask(plain, "GET", "/console?lang=ja", "viewer").Result().Cookies()
	if len(chosen) != 1 || chosen[0].Value != "ja" || !chosen[0].HttpOnly || !chosen[0].Secure {
		t.Errorf("the choice is kept as %v", chosen)
	}
}

// One network may ask often, but not without end; others do not suffer for it.
func TestOneNetworkCannotKeepTheConsoleBusy(t *testing.T) {
	c := open(t, sample.Calm(), func(o *console.Options) { o.TrustedProxies = []string{"192.0.2.0/24"} })
	from := func(address string) int {
		return ask(c, "GET", "/console", "viewer", "X-Forwarded-For", address).Code
	}
	last := 0
	for range 300 {
		last = from("203.0.113.1")
	}
	if other := from("198.51.100.1"); last != http.StatusTooManyRequests || other != http.StatusOK {
		t.Errorf("after 300 requests at once the network gets %d, another %d", last, other)
	}
}

// The policy allows nothing inline and no other host; no page needs more.
func TestNoPageNeedsAnythingInlineOrFromElsewhere(t *testing.T) {
	c := open(t, sample.Outage())
	w := ask(c, "GET", "/console", "operator")
	for name, want := range map[string]string{
		"Content-Security-Policy":   "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
		"X-Content-Type-Options":    "nosniff",
		"X-Frame-Options":           "DENY",
		"Cache-Control":             "no-store",
		"Strict-Transport-Security": "max-age=31536000",
	} {
		if got := w.Header().Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}
