package console_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"bongsu/web/browsertest"
	"bongsu/web/console"
	"bongsu/web/sample"
)

// deskOn is a console with a desk on a real socket, opened on a phone by
// somebody with the role, with the page's scripts or without.
func deskOn(tab context.Context, t *testing.T, desk *fakeDesk, role, path string, scripts bool) *console.Console {
	t.Helper()
	c := open(t, sample.Outage(), withDesk(desk), func(o *console.Options) { o.Site.URL, o.Now = "", time.Now }) //nolint:contextcheck // handlers have their request's
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.AddCookie(&http.Cookie{Name: "who", Value: role})
		c.ServeHTTP(w, r)
	}))
	t.Cleanup(func() { c.Close(); server.Close() })
	let(tab, t, scripts)
	if err := chromedp.Do(tab, chromedp.EmulateViewport(360, 740), chromedp.Navigate(server.URL+path)); err != nil {
		t.Fatal(err)
	}
	return c
}

// let lets scripts run, or not.
func let(tab context.Context, t *testing.T, scripts bool) {
	t.Helper()
	if _, err := chromedp.Call(tab, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !scripts}); err != nil {
		t.Fatal(err)
	}
}

// press presses a link or a button and waits for what it leads to.
func press(tab context.Context, t *testing.T, css string) {
	t.Helper()
	if _, err := chromedp.RunResponse(tab, chromedp.Click(css)); err != nil {
		t.Fatalf("pressing %s: %v", css, err)
	}
}

// holds asks whether something is true of what is shown. Where the page's own
// scripts are off, the question is the test's.
func holds(tab context.Context, t *testing.T, scripts bool, question string) bool {
	t.Helper()
	if !scripts {
		let(tab, t, true)
		defer let(tab, t, false)
	}
	got, err := chromedp.Run(tab, chromedp.Evaluate[bool]("!!("+question+")"))
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func wantShown(tab context.Context, t *testing.T, scripts bool, what, question string) {
	t.Helper()
	if !holds(tab, t, scripts, question) {
		said, _ := chromedp.Run(tab, chromedp.Evaluate[string]("document.querySelector('main').innerText"))
		t.Errorf("%s: not as wanted; the page says:\n%s", what, said)
	}
}

// Somebody on the telephone reads out the end of their number: they are found,
// what was sent to them is seen, and they are forgotten. On a phone, by keys and
// presses, with scripts and without.
func TestFindingAndErasingSomebodyInABrowser(t *testing.T) {
	tab := browsertest.Open(t)
	for _, scripts := range []bool{true, false} {
		desk := &fakeDesk{}
		deskOn(tab, t, desk, "admin", "/console/subscribers?lang=en", scripts)
		if err := chromedp.Do(tab, chromedp.Focus("#who"), chromedp.KeyEvent("5678")); err != nil {
			t.Fatal(err)
		}
		press(tab, t, "#find form button")
		wantShown(tab, t, scripts, "found", `location.search == "" && document.querySelectorAll("#people .rows > li").length == 2`)
		press(tab, t, "#people .rows a")
		wantShown(tab, t, scripts, "history", `document.querySelectorAll("#told .rows > li").length == 7 && document.querySelector("#told .badge.ok")`)
		press(tab, t, "a.grave")
		wantShown(tab, t, scripts, "asked", `document.querySelector("main form button.grave") && !document.querySelector(".said")`)
		press(tab, t, "main form button.grave")
		wantShown(tab, t, scripts, "erased", `document.querySelector(".said.good").innerText.includes("4711")`)
		if !desk.erased {
			t.Error("nobody was erased")
		}
	}
}

// A notice is kept back by a press, with scripts and without; with them the open
// page follows what others do, and keeps its place.
func TestDeliveriesInABrowser(t *testing.T) {
	tab := browsertest.Open(t)
	for _, scripts := range []bool{true, false} {
		desk := &fakeDesk{}
		c := deskOn(tab, t, desk, "operator", "/console/deliveries?lang=en", scripts)
		press(tab, t, "#notices .rows a")
		wantShown(tab, t, scripts, "progress", `document.querySelector("progress").value == 800000 && document.querySelectorAll("#misses tbody tr").length == 15`)
		press(tab, t, `form[action$="/hold"] button`)
		wantShown(tab, t, scripts, "held", `document.querySelector(".said.good")`)
		press(tab, t, `form[action$="/free"] button`)
		wantShown(tab, t, scripts, "resumed", `document.querySelector(".said.good") && document.querySelector('form[action$="/hold"]') && !document.querySelector('form[action$="/free"]')`)
		if got := strings.Join(desk.did, "; "); got != "hold n1; free n1" {
			t.Errorf("scripts %t: did %q", scripts, got)
		}
		if !scripts {
			wantShown(tab, t, scripts, "it is loaded anew by itself", `document.querySelector("noscript meta[http-equiv=refresh], meta[http-equiv=refresh]")`)
			continue
		}
		follows(tab, t, c, desk)
	}
}

// follows waits until the open page shows what somebody else has done.
func follows(tab context.Context, t *testing.T, c *console.Console, desk *fakeDesk) {
	t.Helper()
	if err := chromedp.Do(tab, chromedp.WaitVisible(`#link[data-state="on"]`)); err != nil {
		t.Fatal(err)
	}
	desk.mu.Lock()
	desk.over = true
	desk.mu.Unlock()
	c.Changed(console.Deliveries)
	if err := chromedp.Do(tab, chromedp.WaitVisible("#progress .badge.none")); err != nil {
		t.Errorf("the page does not follow: %v", err)
	}
}
