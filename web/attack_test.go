package web_test

import (
	"encoding/csv"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"bongsu/notifier/appnotice"
	"bongsu/status"
	"bongsu/web"
	"bongsu/web/account"
	"bongsu/web/browsertest"
	"bongsu/web/incoming"
	"bongsu/web/sample"
)

// open is a server with everything that takes something from outside.
type open struct {
	*web.Server

	counter *counter
	people  signups
	heard   beats
	asked   int
}

func newOpen(t *testing.T) *open {
	t.Helper()
	o := &open{counter: newCounter(t), heard: beats{known: "tok"}}
	v := &verdict{err: web.ErrForged}
	nobody := func(incoming.Kind, string) *incoming.Source { return nil }
	o.Server = serve(t, sample.Outage(), web.Options{
		Desk: &o.counter.desk, Tokens: &o.counter.tokens, History: &past{}, Books: &o.counter.shelf, Holds: &o.counter.shelf, People: &o.counter.shelf,
		Keyring: &o.counter.shelf, Answers: &o.counter.shelf, Looker: &o.counter.shelf, KeptTexts: &o.counter.shelf, Drills: &o.counter.shelf, Settings: &o.counter.shelf,
		Users: &o.counter.shelf, AuditLog: &o.counter.shelf, Audit: o.counter.shelf.audit, Now: ever(), TrustedProxies: []string{"192.0.2.0/24"},
		Apps:   appnotice.NewDesk(appnotice.Wiring{Rules: func() *appnotice.Rules { return nil }, Book: noBook{}}),
		Signup: &o.people, Beats: &o.heard, Hooks: v.hooks(), Incoming: nobody, Slack: &workspace{forged: true}, Hub: &switchboard{},
	})
	return o
}

// do makes a request, from a network of its own so that no limit answers first.
func (o *open) do(method, path, body string, headers ...string) *httptest.ResponseRecorder {
	o.asked++
	r := httptest.NewRequest(method, "/", strings.NewReader(body))
	if target, err := url.ParseRequestURI(path); err == nil { // else no server would get as far
		r.URL, r.RequestURI = target, path
	}
	r.Header.Set("X-Forwarded-For", fmt.Sprintf("10.%d.%d.1", o.asked>>8&255, o.asked&255))
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	o.Handler().ServeHTTP(w, r)
	return w
}

// done counts what was done by whatever came.
func (o *open) done() int {
	p := &o.people
	return o.counter.did() + len(p.asked) + len(p.chosen) + len(p.dropped) + len(p.bound) + len(p.stopped) + len(o.heard.heard)
}

// everyRoute are all routes there are, with their places filled.
func (o *open) everyRoute(t *testing.T) []string {
	t.Helper()
	routes, err := o.Routes("/")
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(routes)
	fill := strings.NewReplacer(":id", "n1", "*id", "n1", ":token", goodToken, ":code", "7", ":name", "n1", "*path", "status.json", ":ref", "r1", ":function", "f1")
	for i, r := range routes {
		if routes[i] = fill.Replace(r); strings.ContainsAny(routes[i], ":*") {
			t.Errorf("%s has a place that this test does not fill", r)
		}
	}
	return routes
}

// defences are why a write that another site has a browser send does nothing, by
// the beginning of its path. A new route needs one.
var defences = []struct {
	path, why string
	answers   []int
}{
	{"/api/v1/", "it needs a token, which browsers do not send by themselves", []int{401}},
	{"/api/agent/", "it needs an agent's token", []int{401}},
	{"/hooks/", "it needs the signature or token of who calls", []int{403}},
	{"/subscribe", "a form of ours comes from us", []int{403}},
	{"/leave/" + goodToken, "mail programs post it from anywhere, with the words of RFC 8058; the token is the leave, and only lets go", []int{400}},
	{"/leave", "a form of ours comes from us", []int{403}},
	{"/s/", "a form of ours comes from us", []int{403}},
	{"/beat/", "machines report by it; the token is the leave", []int{200, 204}},
	{"/api/v2/subscribers.json", "programs sign people up, and browsers only from our own pages", []int{403}},
}

// Whatever another site has a browser send, with the cookies of an administrator's
// console: no write does anything that its route is not for.
func TestNoWriteIsTakenFromElsewhere(t *testing.T) {
	o := newOpen(t)
	writes := 0
	for _, r := range o.everyRoute(t) {
		method, path, _ := strings.Cut(r, " ")
		if method == http.MethodGet || method == http.MethodHead {
			continue
		}
		writes++
		at := slices.IndexFunc(defences, func(d struct {
			path, why string
			answers   []int
		},
		) bool {
			return strings.HasPrefix(path, d.path)
		})
		if at < 0 {
			t.Errorf("%s has no defence; say which, in defences", r)
			continue
		}
		for _, headers := range [][]string{
			{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Origin", "https://evil.example"}, {"Origin", "null"}, {"Origin", "https://example.com.evil.example"},
		} {
			before := o.done()
			w := o.do(method, path, "", append([]string{"Cookie", "bongsu_session=x; __Host-bongsu_session=x", "Content-Type", formType}, headers...)...)
			if !slices.Contains(defences[at].answers, w.Code) {
				t.Errorf("%s with %q answers %d, though %s", r, headers, w.Code, defences[at].why)
			}
			if o.done() > before && w.Code >= 300 {
				t.Errorf("%s with %q was done", r, headers)
			}
		}
	}
	if writes < 40 {
		t.Errorf("only %d writes were tried", writes)
	}
}

// What nobody may do, nobody may do by another spelling, another method's name or
// another host; and no answer believes what a request says of its host.
func TestNoSpellingOrHeaderOpensTheAPI(t *testing.T) {
	o := newOpen(t)
	before := o.counter.did()
	for operation, deed := range web.DeedOf() {
		method, path, _ := strings.Cut(operation, " ")
		path = strings.NewReplacer("{id}", "n1", "{ref}", "r1", "{function}", "f1", "{name}", "n1").Replace(path)
		if deed == "" {
			continue
		}
		below := strings.TrimPrefix(path, "/api/v1")
		for _, spelled := range []string{
			"/" + path, path + "/", path + "//", path + "%2f", path + "%00", path + ";a=b", path + ".json", path + "%20", "/api//v1" + below, "/api/./v1" + below, "/api/v1/../v1" + below, "/api/v1/status/.." + below, "/api/v1/status/..;" + below,
			"/api/v1/%2e%2e/v1" + below, "/api/v1/status%2f.." + below, "/API/v1" + below, strings.ToUpper(path), "/ko" + path, "/x/.." + path, "/" + strings.ReplaceAll(path[1:], "/", "%2f"), "/api/v2/.." + strings.TrimPrefix(path, "/api"),
		} {
			if w := o.do(method, spelled, "{}", "Content-Type", "application/json"); w.Code < 300 || w.Code >= 500 || strings.HasPrefix(w.Header().Get("Location"), "//") {
				t.Errorf("%s %s answers nobody with %d %s", method, spelled, w.Code, w.Header().Get("Location"))
			}
		}
		for _, headers := range [][]string{{"X-HTTP-Method-Override", method}, {"X-Original-URL", path}, {"X-Rewrite-URL", path}, {"X-Forwarded-Prefix", path}, {"Authorization", "Basic YWRtaW46YWRtaW4="}} {
			if w := o.do("GET", "/api/v1/status?_method="+method, "", headers...); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `"components"`) {
				t.Errorf("the status with %q answers %d", headers, w.Code)
			}
			if w := o.do(method, path, "", headers...); w.Code != http.StatusUnauthorized {
				t.Errorf("%s with %q answers %d", operation, headers, w.Code)
			}
		}
	}
	for _, r := range o.everyRoute(t) {
		path, get := strings.CutPrefix(r, "GET ")
		if !get || path == "/metrics" {
			continue
		}
		for _, headers := range [][]string{{"X-Forwarded-Host", "evil.example"}, {"Forwarded", "host=evil.example;proto=http"}, {"X-Host", "evil.example"}, {"Referer", "https://evil.example/"}, {"X-Forwarded-Proto", "evil.example"}} {
			if w := o.do("GET", path, "", headers...); strings.Contains(w.Body.String()+fmt.Sprint(w.Header()), "evil.example") {
				t.Errorf("%s believes %q", path, headers)
			}
		}
	}
	if did := o.counter.did(); did > before {
		t.Errorf("%d things were done", did-before)
	}
}

// Bodies that are none, to every write of the API by somebody who may: each is
// refused in the API's own form, none is our own mistake, none takes long, and
// nothing is done by it.
func TestBodiesThatAreNone(t *testing.T) {
	bodies := map[string]string{
		"deep objects": strings.Repeat(`{"a":`, 100_000), "deep lists": strings.Repeat("[", 500_000), "deep and whole": strings.Repeat("[", 5000) + strings.Repeat("]", 5000),
		"deep in a field": `{"title": ` + strings.Repeat(`{"a":`, 40) + "1" + strings.Repeat("}", 40) + "}", "endless text": `{"title": {"en": "` + strings.Repeat("x", 2<<20) + `"}}`,
		"endless number": `{"title": ` + strings.Repeat("9", 100_000) + `}`, "a huge number": `{"duration": 1e400, "days": 1e400}`, "not UTF-8": "{\"title\": \"\xff\xfe\"}",
		"half a surrogate": `{"title": {"en": "\ud800"}}`, "a byte order mark": "\ufeff{}", "NUL": "\x00", "many keys": "{" + strings.Repeat(`"a":1,`, 100_000) + `"b":1}`, "XML": `<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>`,
		"__proto__": `{"__proto__": {"role": "admin"}, "constructor": {}}`, "a form": "title=x&text=y", "an array": "[]", "null": "null", "a word": `"x"`,
	}
	c := newCounter(t)
	for operation, deed := range web.DeedOf() {
		method, path, _ := strings.Cut(operation, " ")
		if method == http.MethodGet {
			continue
		}
		path = strings.NewReplacer("{id}", "n1", "{ref}", "r1", "{function}", "f1", "{name}", "n1").Replace(path)
		role := account.Admin
		if !role.May(deed) {
			role = deed.Least()
		}
		for name, body := range bodies {
			began := time.Now()
			before := len(c.desk.done)
			w := c.call(role, method, path, body)
			if w.Code >= 500 && w.Code != http.StatusServiceUnavailable || w.Code >= 400 && w.Header().Get("Content-Type") != "application/problem+json" {
				t.Errorf("%s with %s answers %d as %s", operation, name, w.Code, w.Header().Get("Content-Type"))
			}
			if len(c.desk.done) > before && strings.Contains(method, "POST") {
				t.Errorf("%s with %s was done: %+v", operation, name, c.desk.done[before:])
			}
			if took := time.Since(began); took > 10*time.Second {
				t.Errorf("%s with %s took %s", operation, name, took)
			}
		}
	}
}

// Every answer of the public face carries a policy that lets nothing in, whatever
// was asked.
func TestEveryPublicAnswerHasAPolicy(t *testing.T) {
	o := newOpen(t)
	const want = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
	others := map[string]string{} // what is embedded by others, and what is no document
	for _, r := range append(o.everyRoute(t), "GET /nowhere", "POST /nowhere", "DELETE /", "PUT /api/v1/status", "GET /ko/nowhere") {
		method, path, _ := strings.Cut(r, " ")
		w := o.do(method, path, "")
		if w.Header().Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s may be taken for something else: %v", r, w.Header())
		}
		policy := w.Header().Get("Content-Security-Policy")
		if policy != want {
			others[path] = policy
		}
		if strings.Contains(policy, "unsafe") || !strings.Contains(policy, "default-src 'none'") && policy != "" {
			t.Errorf("%s has the policy %q", r, policy)
		}
	}
	for path, policy := range others {
		if !strings.HasPrefix(path, "/widget/") {
			t.Errorf("%s has the policy %q, not the page's", path, policy)
		}
	}
}

// No table of the API holds what a spreadsheet takes for a formula.
func TestNoTableOfTheAPIHoldsAFormula(t *testing.T) {
	o := newOpen(t)
	tables := 0
	for _, r := range o.everyRoute(t) {
		path, get := strings.CutPrefix(r, "GET ")
		if !get || !strings.HasSuffix(path, ".csv") {
			continue
		}
		tables++
		w := o.do("GET", strings.Replace(path, "n1", "chat-text", 1), "")
		lines, err := csv.NewReader(strings.NewReader(w.Body.String())).ReadAll()
		if w.Code != http.StatusOK || err != nil || len(lines) < 2 {
			t.Fatalf("%s: %d, %d lines (%v)", path, w.Code, len(lines), err)
		}
		for _, cell := range slices.Concat(lines...) {
			if cell != "" && strings.ContainsAny(cell[:1], "=+-@\t\r") {
				t.Errorf("%s: %q", path, cell)
			}
		}
	}
	if tables == 0 {
		t.Error("there is no table")
	}
}

// Words that mean harm, in every text of the page, in a browser: no dialog, no
// script of theirs, nothing that the policy would have to stop.
func TestNoPublicPageRunsWhatOthersWrite(t *testing.T) {
	bad := `"'><img src=x onerror=alert(1)><script>alert(2)</script><svg onload=alert(3)>[x](javascript:alert(4))<b style="color:red">`
	s := sample.Renamed(bad)
	for i := range s.Incidents {
		s.Incidents[i].Updates = append(s.Incidents[i].Updates, status.Update{ID: "u99", At: s.At, Kind: status.UpdateNote, Author: bad, Text: status.Text{"ko": bad, "ja": bad, "en": bad}})
	}
	server := httptest.NewServer(serve(t, s, web.Options{Signup: &signups{}}).Handler())
	t.Cleanup(server.Close)
	tab := browsertest.Open(t)
	browsertest.Call(tab, t, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: `
		window.rang = [];
		for (const name of ["alert", "confirm", "prompt", "print"]) window[name] = () => rang.push(name);
		addEventListener("securitypolicyviolation", (e) => rang.push(e.violatedDirective + " " + e.blockedURI));`})
	seen := 0
	for _, path := range append(slices.Clone(paths), "/subscribe", "/apps", "/judging") {
		browsertest.Look(tab, t, browsertest.Screens()[0], true, server.URL+path)
		if rang, err := chromedp.Run(tab, chromedp.Evaluate[[]string]("window.rang")); err != nil || len(rang) > 0 {
			t.Errorf("%s: %q (%v)", path, rang, err)
		}
		if text, err := chromedp.Run(tab, chromedp.Evaluate[string]("document.body.innerText")); err == nil && strings.Contains(text, "onerror=alert(1)") {
			seen++
		}
	}
	if seen < 5 {
		t.Errorf("only %d pages show what others write", seen)
	}
}
