package web_test

import (
	"context"
	"net/http/httptest"
	"strconv"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"bongsu/status"
	"bongsu/web"
	"bongsu/web/browsertest"
	"bongsu/web/sample"
)

// at is a snapshot of another instant.
func at(s *status.Snapshot, when time.Time) *status.Snapshot {
	s.At = when
	return s
}

func holds(tab context.Context, t *testing.T, what, expression string) {
	t.Helper()
	if _, err := chromedp.Run(tab, chromedp.Poll[bool](expression)); err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

func does(tab context.Context, t *testing.T, script string) {
	t.Helper()
	if _, err := chromedp.Run(tab, chromedp.Evaluate[bool](script)); err != nil {
		t.Fatal(err)
	}
}

// A page that stays open takes over what changed, leaves the focus where it is,
// and says what is new once.
func TestAnOpenPageKeepsUp(t *testing.T) {
	now := time.Now()
	page := serve(t, at(sample.Calm(), now.Add(-time.Minute)), web.Options{})
	server := httptest.NewServer(page.Handler())
	t.Cleanup(server.Close)
	tab := browsertest.Open(t)
	look(tab, t, screen{Name: "phone", Width: 360, Height: 740, Dark: false}, true, server.URL+"/en/")
	does(tab, t, `(() => {
		window.said = [];
		new MutationObserver(() => said.push(document.querySelector("#age .news").textContent)).observe(document.querySelector("#age .news"), {childList: true, characterData: true, subtree: true});
		document.querySelector("main a[href$='/components/login']").focus();
		return document.querySelector("#age .late").hidden;
	})()`)
	page.Publish(at(sample.Outage(), now))
	does(tab, t, `document.dispatchEvent(new Event("visibilitychange"))`)
	holds(tab, t, "the page takes over what changed", `document.querySelector("main h1").textContent.includes("An outage is confirmed")`)
	holds(tab, t, "its age is told anew", `Date.parse(document.querySelector("footer time").dateTime) >= `+strconv.FormatInt(now.UnixMilli(), 10)+` - 1000`)
	holds(tab, t, "the focus stays", `document.activeElement.getAttribute("href") === "/en/components/login"`)
	holds(tab, t, "what is new is said once", `said.length === 1 && said[0].includes("An outage is confirmed")`)
	holds(tab, t, "nothing is called old", `document.querySelector("#age .late").hidden`)
}

// A page past its time says so by itself, and stops when word comes.
func TestAnOpenPageSaysThatItIsOld(t *testing.T) {
	page := serve(t, at(sample.Calm(), time.Now().Add(-time.Hour)), web.Options{})
	server := httptest.NewServer(page.Handler())
	t.Cleanup(server.Close)
	tab := browsertest.Open(t)
	for _, path := range []string{"/en/", "/en/components/login", "/en/history"} {
		look(tab, t, screen{Name: "phone", Width: 360, Height: 740, Dark: false}, true, server.URL+path)
		holds(tab, t, path+" says that it is old", `document.querySelector("#age .late").checkVisibility()`)
	}
	page.Publish(at(sample.Calm(), time.Now()))
	does(tab, t, `document.dispatchEvent(new Event("visibilitychange"))`)
	holds(tab, t, "it is new again", `document.querySelector("#age .late").hidden`)
}
