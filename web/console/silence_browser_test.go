package console_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"bongsu/status"
	"bongsu/web/browsertest"
	"bongsu/web/console"
	"bongsu/web/sample"
)

// hushed is the sample's outage with all that fails in it silenced, and with
// something that others suspect.
func hushed() *status.Snapshot {
	s := sample.Outage()
	for _, a := range s.Incidents[0].Components {
		s.Silences = append(s.Silences, status.Silence{
			Component: a.Component, Reason: "Known fault 4711.", Author: "Lee", Since: sample.Now().Add(-time.Hour), Until: sample.Now().Add(time.Hour),
		})
	}
	s.Suspicions = []status.Suspicion{{
		Component: "chat-text", Source: "city-prom", Key: "alert-1", State: status.PartialOutage, Summary: "5xx on three of nine",
		Since: sample.Now().Add(-time.Minute), Until: sample.Now().Add(time.Hour),
	}}
	return s
}

// What is silenced, and what others suspect, is shown so that everybody can use
// it, in every language and on a phone.
func TestASilencedDeskCanBeUsedByEverybody(t *testing.T) {
	axe := browsertest.AxeCore(t)
	s := hushed()
	server, _ := served(t, s, func(o *console.Options) { o.Stories = newStoryDesk(s) })
	tab := browsertest.Open(t)
	for _, path := range []string{"/console", "/console/components", "/console/components/" + s.Silences[0].Component, "/console/incidents/" + s.Incidents[0].ID} {
		for i, lang := range languages {
			screen := phone
			screen.Dark = i == 1
			browsertest.Look(tab, t, screen, true, server.URL+path+"?lang="+lang)
			browsertest.Audit(tab, t, axe, path+" in "+lang)
			fits, err := chromedp.Run(tab, chromedp.Evaluate[[]int](`[document.documentElement.scrollWidth, innerWidth]`))
			if err != nil {
				t.Fatal(err)
			}
			if fits[0] > fits[1] {
				t.Errorf("%s in %s is %d wide on a screen of %d", path, lang, fits[0], fits[1])
			}
		}
	}
}

// quietDesk silences as the server does: what it shows changes.
type quietDesk struct {
	*storyDesk

	shown atomic.Pointer[status.Snapshot]
}

func (q *quietDesk) Do(_ context.Context, c status.Command) (string, error) {
	next := *q.shown.Load()
	next.Silences = nil
	if c.Silence != nil {
		made := *c.Silence
		made.Author, made.Since = c.Author, time.Now()
		next.Silences = []status.Silence{made}
	}
	q.shown.Store(&next)
	return "", nil
}

// Somebody takes an incident from the first screen, silences a component with a
// reason and ends the silence: on a phone, with scripts and without.
func TestSilencingAndTakingInABrowser(t *testing.T) {
	tab := browsertest.Open(t)
	for _, scripts := range []bool{true, false} {
		s := sample.Outage()
		desk := &quietDesk{storyDesk: newStoryDesk(s)}
		desk.shown.Store(s)
		c := open(t, s, func(o *console.Options) {
			o.Stories, o.Silencer, o.Snapshot, o.Recorder, o.Site.URL = desk.storyDesk, desk, desk.shown.Load, desk, ""
			o.Now = func() time.Time { return sample.Now() }
		})
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			r.AddCookie(&http.Cookie{Name: "who", Value: "operator"})
			c.ServeHTTP(w, r)
		}))
		t.Cleanup(func() { c.Close(); server.Close() })
		let(tab, t, scripts)
		if err := chromedp.Do(tab, chromedp.EmulateViewport(360, 740), chromedp.Navigate(server.URL+"/console?lang=en")); err != nil {
			t.Fatal(err)
		}
		press(tab, t, `#stories button[value="take"]`)
		wantShown(tab, t, scripts, "taken", `location.pathname == "/console" && document.querySelector("#stories").innerText.includes("Kim operator has it") && document.querySelector('#stories button[value="leave"]')`)
		if err := chromedp.Do(tab, chromedp.Navigate(server.URL+"/console/components/chat-text?lang=en"), chromedp.Click("details summary"), chromedp.SendKeys("#reason", "Known fault 4711.")); err != nil {
			t.Fatal(err)
		}
		press(tab, t, `form[action$="/silence"] button`)
		wantShown(tab, t, scripts, "silenced", `document.querySelector("#silence").innerText.includes("Known fault 4711.") && document.querySelector("#silence").innerText.includes("Silenced by Kim operator")`)
		press(tab, t, `form[action$="/lift"] button`)
		wantShown(tab, t, scripts, "told again", `document.querySelector("#silence").innerText.includes("It is not silenced")`)
	}
}
