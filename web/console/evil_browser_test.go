package console_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"bongsu/web/browsertest"
	"bongsu/web/console"
)

// alarm notes in a page whether what was to be a word has run, and what the policy
// of the page had to stop. A dialog rings too.
const alarm = `
window.rang = [];
for (const name of ["alert", "confirm", "prompt", "print"]) window[name] = () => rang.push(name);
addEventListener("securitypolicyviolation", (e) => rang.push(e.violatedDirective + " " + e.blockedURI + " " + (e.sample || "")));
`

// Words that mean harm, in every text that others can choose, on every page of the
// console in a browser: no dialog, no script of theirs, nothing that the policy
// would have to stop.
func TestNoPageRunsWhatOthersWrite(t *testing.T) {
	bad := `"'><img src=x onerror=alert(1)><script>alert(2)</script><svg onload=alert(3)><a href="javascript:alert(4)" style="color:red">x</a>`
	f := newFort(t, bad)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.AddCookie(&http.Cookie{Name: "who", Value: "admin"})
		r.Header.Set("X-Forwarded-For", "10.0.0.1")
		f.ServeHTTP(w, r)
	}))
	t.Cleanup(func() { f.Close(); server.Close() })
	tab := browsertest.Open(t)
	browsertest.Call(tab, t, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: alarm})
	seen := 0
	for _, r := range f.Routes() {
		if r.Method != http.MethodGet || r.Path == console.Root+"/live" || aFile.MatchString(r.Path) {
			continue
		}
		path := address(t, r.Path)
		if f.ask(request(http.MethodGet, path, "admin", "")).Code != http.StatusOK {
			continue // what is somebody's own is not here: nobody has come in by this door
		}
		browsertest.Look(tab, t, phone, true, server.URL+path+"?lang=en")
		if rang := see[[]string](tab, t, `window.rang`); len(rang) > 0 {
			t.Errorf("%s: %q", path, rang)
		}
		if shows, err := chromedp.Run(tab, chromedp.Evaluate[string](`document.body.innerText`)); err != nil {
			t.Fatal(err)
		} else if strings.Contains(shows, "onerror=alert(1)") {
			seen++
		}
	}
	if seen < 15 {
		t.Errorf("only %d pages show what others write", seen)
	}
	// The alarm itself rings.
	rang, err := chromedp.Run(tab, chromedp.Evaluate[[]string](`
		alert(1);
		document.body.insertAdjacentHTML("beforeend", '<p onclick="alert(2)" style="color:red">x</p>');
		new Promise((done) => setInterval(() => rang.length > 1 && done(rang), 10))`, chromedp.EvalAwaitPromise))
	if err != nil || len(rang) < 2 {
		t.Errorf("the alarm does not ring: %q (%v)", rang, err)
	}
}
