package console_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"bongsu/web/browsertest"
	"bongsu/web/console"
)

// set fills fields of a form. Where the page's own scripts are off, the filling is
// the test's.
func set(tab context.Context, t *testing.T, scripts bool, pairs ...string) {
	t.Helper()
	if !scripts {
		let(tab, t, true)
		defer let(tab, t, false)
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		if err := chromedp.Do(tab, chromedp.SetValue(pairs[i], pairs[i+1])); err != nil {
			t.Fatalf("filling %s: %v", pairs[i], err)
		}
	}
}

// place is the address of what is shown.
func place(tab context.Context, t *testing.T) string {
	t.Helper()
	at, err := chromedp.Run(tab, chromedp.Location())
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// Work is planned on a phone, is refused for what is missing with what was typed
// still there, and is planned; then it is called off. With scripts and without.
func TestWorkIsPlannedInABrowser(t *testing.T) {
	tab := browsertest.Open(t)
	for _, scripts := range []bool{true, false} {
		p := &planner{}
		c := open(t, calendar(), func(o *console.Options) { o.Planner, o.Site.URL = p, "" })
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			r.AddCookie(&http.Cookie{Name: "who", Value: "operator"})
			c.ServeHTTP(w, r)
		}))
		t.Cleanup(func() { c.Close(); server.Close() })
		browsertest.Look(tab, t, phone, scripts, server.URL+"/console/maintenance?lang=en")
		set(tab, t, scripts, "#from", "2030-01-06T02:00", "#until", "2030-01-06T04:00", "#remind", "24h 1h")
		press(tab, t, `#plan form > button`)
		wantShown(tab, t, scripts, "refused", `document.querySelector("#plan .said.bad") && document.querySelector("#remind").value == "24h 1h" && document.documentElement.scrollWidth <= innerWidth`)
		if len(p.asked) > 0 {
			t.Fatalf("planned without a title: %+v", p.asked)
		}
		set(tab, t, scripts, "#title_ko", "디스크 교체", "#title_ja", "ディスク交換", "#title_en", "New disks")
		if err := chromedp.Do(tab, chromedp.Click(`[name="component"][value="bank-core"]`)); err != nil {
			t.Fatal(err)
		}
		press(tab, t, `#plan form > button`)
		wantShown(tab, t, scripts, "planned", `document.querySelector(".said.good")`)
		press(tab, t, `form[action$="/cancel"] button`)
		wantShown(tab, t, scripts, "called off", `document.querySelector(".said.good")`)
		if len(p.asked) != 2 || p.asked[0].Maintain == nil || p.asked[0].Maintain.Title["ja"] != "ディスク交換" || p.asked[1].Cancel == "" {
			t.Errorf("scripts %t: asked %+v", scripts, p.asked)
		}
	}
}

// Those who were not reached are told again, and all sending is stopped and goes
// on, by presses on a phone; with scripts and without.
func TestDeliveriesAreSteeredInABrowser(t *testing.T) {
	tab := browsertest.Open(t)
	for _, scripts := range []bool{true, false} {
		desk := &fakeDesk{}
		deskOn(tab, t, desk, "operator", "/console/deliveries/n1?lang=en", scripts)
		press(tab, t, `a[href$="/n1/resend"]`)
		wantShown(tab, t, scripts, "what it costs", `document.querySelector("main").innerText.includes("22140 KRW") || document.querySelector("main").innerText.includes("22,140 KRW")`)
		press(tab, t, "main form button")
		wantShown(tab, t, scripts, "told again", `location.pathname == "/console/deliveries/n91" && document.querySelector(".said.good")`)
		if err := chromedp.Do(tab, chromedp.Navigate(strings.Replace(place(tab, t), "/n91", "", 1))); err != nil {
			t.Fatal(err)
		}
		press(tab, t, `form[action$="/sending/pause"] button`)
		wantShown(tab, t, scripts, "stopped", `document.querySelector(".said.good")`)
		press(tab, t, `form[action$="/sending/resume"] button`)
		wantShown(tab, t, scripts, "it goes on", `document.querySelector(".said.good") && document.querySelector('form[action$="/sending/pause"]') && !document.querySelector('form[action$="/sending/resume"]')`)
		press(tab, t, `form[action$="/channels/sms/resume"] button`)
		wantShown(tab, t, scripts, "the channel goes on", `document.querySelector(".said.good") && !document.querySelector('form[action$="/channels/sms/resume"]')`)
		if got := strings.Join(desk.did, "; "); got != "pause; resume; resume sms" || desk.resent != 1 {
			t.Errorf("scripts %t: did %q, resent %d", scripts, got, desk.resent)
		}
	}
}
