package console_test

import (
	"context"
	"net/url"
	"sync/atomic"
	"testing"

	"github.com/chromedp/chromedp"

	"bongsu/status"
	"bongsu/web/browsertest"
	"bongsu/web/console"
	"bongsu/web/sample"
)

// see evaluates an expression in the page.
func see[T any](tab context.Context, t *testing.T, expression string) T {
	t.Helper()
	got, err := chromedp.Run(tab, chromedp.Evaluate[T](expression))
	if err != nil {
		t.Fatalf("%s: %v", expression, err)
	}
	return got
}

// hit types keys, one after another.
func hit(tab context.Context, t *testing.T, keys string) {
	t.Helper()
	for _, key := range keys {
		if err := chromedp.Do(tab, chromedp.KeyEvent(string(key))); err != nil {
			t.Fatal(err)
		}
	}
}

// toSearch goes to the search field by its key. Unlike somebody's own browser, one
// that is driven types the key as well, so the field is emptied.
func toSearch(tab context.Context, t *testing.T) {
	t.Helper()
	hit(tab, t, "/")
	if got := see[string](tab, t, `(() => { const a = document.activeElement; a.value = ""; return a.id; })()`); got != "find" {
		t.Errorf("/ leads to %q", got)
	}
}

// await waits for an expression to be true.
func await(tab context.Context, t *testing.T, expression string) {
	t.Helper()
	if _, err := chromedp.Run(tab, chromedp.Poll[bool](expression)); err != nil {
		t.Fatalf("waiting for %s: %v", expression, err)
	}
}

// A walk with the keyboard alone: keys lead to places and through lists, and
// do nothing while somebody types.
func TestTheConsoleIsWalkedByKeys(t *testing.T) {
	server, _ := served(t, sample.Outage())
	tab := browsertest.Open(t)
	browsertest.Look(tab, t, desktop, true, server.URL+"/console?lang=en")
	hit(tab, t, "g")
	if _, err := chromedp.RunResponse(tab, chromedp.KeyEvent("c")); err != nil {
		t.Fatal(err)
	}
	await(tab, t, `location.pathname === "/console/components" && document.documentElement.dataset.ready === "yes"`)
	hit(tab, t, "jj")
	if got := see[string](tab, t, `document.activeElement.closest("[data-key]").dataset.key`); got != see[string](tab, t, `document.querySelectorAll("main [data-key]")[1].dataset.key`) {
		t.Errorf("j twice leads to %s", got)
	}
	hit(tab, t, "k?")
	if !see[bool](tab, t, `document.getElementById("keys").open`) {
		t.Error("? does not show the keys")
	}
	toSearch(tab, t)
	hit(tab, t, "gn?j")
	if got := see[string](tab, t, `location.pathname + " " + document.getElementById("find").value`); got != "/console/components gn?j" {
		t.Errorf("typing into the search field leads to %q", got)
	}
}

// What changes is shown without loading the page anew, and what somebody is
// typing stays.
func TestPagesFollowWhatChangesAndKeepWhatIsTyped(t *testing.T) {
	var now atomic.Pointer[status.Snapshot]
	now.Store(sample.Calm())
	server, c := served(t, nil, func(o *console.Options) { o.Snapshot = now.Load })
	tab := browsertest.Open(t)
	browsertest.Look(tab, t, desktop, true, server.URL+"/console/components?"+url.Values{"lang": {"en"}, "only": {"trouble"}}.Encode())
	await(tab, t, `document.getElementById("link").dataset.state === "on"`)
	if got := see[string](tab, t, `document.getElementById("link").innerText`); got != "This page follows what happens." {
		t.Errorf("it says %q", got)
	}
	toSearch(tab, t)
	hit(tab, t, "chat")
	now.Store(sample.Outage())
	c.Changed(console.States)
	await(tab, t, `document.querySelectorAll("main [data-key]").length === 6`)
	if got := see[string](tab, t, `document.activeElement.id + " " + document.activeElement.value`); got != "find chat" {
		t.Errorf("the field holds %q", got)
	}
}
