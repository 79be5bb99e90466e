package web_test

import (
	"context"
	"maps"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"bongsu/notifier/signup"
	"bongsu/web"
	"bongsu/web/browsertest"
	"bongsu/web/sample"
)

// publicPages are the pages for people by their routes, each as it is asked for
// in tests. A route that gives a page and is not here fails the walk.
var publicPages = map[string][]string{
	"/":                  {"/"},
	"/components/:id":    {"/components/login", "/components/route", "/components/bank-linked"},
	"/incidents/:id":     {"/incidents/01JD9R2W8F", "/incidents/01JD9Q7RTR"},
	"/history":           {"/history", "/history?min=2h"},
	"/maintenance":       {"/maintenance"},
	"/needs":             {"/needs"},
	"/measured":          {"/measured"},
	"/judging":           {"/judging"},
	"/find":              {"/find?q=a", "/find?q=zzz"},
	"/design":            {"/design"},
	"/apps":              {"/apps"},
	"/apps/:id":          {"/apps/safety-report"},
	"/check":             {"/check"},
	"/check/:code":       {"/check/7F3K"},
	"/subscribe":         {"/subscribe"},
	"/subscribe/confirm": {"/subscribe/confirm?by=email&ticket=" + goodTicket + "&code=" + goodCode},
	"/leave/confirm":     {"/leave/confirm?by=email&ticket=" + goodTicket + "&code=" + goodCode},
	"/s/:token/drop":     {"/s/" + goodToken + "/drop"},
	"/leave":             {"/leave"},
	"/leave/:token":      {"/leave/" + goodToken},
	"/s/:token":          {"/s/" + goodToken},
	"/nowhere":           {"/nowhere"},
}

// noPages are the first parts of paths at which there is nothing for people to
// read, or what other tests open.
var noPages = []string{"api", "hooks", "hub", "beat", "badge", "widget", "assets", "feeds", "cap", "healthz", "readyz", "metrics"}

// everything is a site at which every page there is can be opened.
func everything(t *testing.T) (*web.Server, string) {
	t.Helper()
	s := sample.Eventful()
	page := serve(t, s, web.Options{Signup: &signups{member: member(), kinds: signup.KindIDs()}, PushKey: "BKey", LINEBot: "@status", Now: ever()})
	page.Count(tallied(1_447_293))
	tellLately(page, s)
	server := httptest.NewServer(page.Handler())
	t.Cleanup(server.Close)
	return page, server.URL
}

func TestEveryPageIsInTheWalk(t *testing.T) {
	page, _ := everything(t)
	routes, err := page.Routes("/")
	if err != nil {
		t.Fatal(err)
	}
	walked := 0
	for _, route := range routes {
		path, isGet := strings.CutPrefix(route, "GET ")
		room, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
		if !isGet || slices.Contains(noPages, room) || strings.Contains(room, ".") || strings.HasPrefix(room, "widget") {
			continue
		}
		if publicPages[path] != nil {
			walked++
			continue
		}
		if ask(page.Handler(), "GET", path).Header().Get("Content-Type") == "text/html; charset=utf-8" {
			t.Errorf("%s is a page that no test opens; put it into publicPages", path)
		}
	}
	if want := len(publicPages) - 2; walked < want { // the first page and the one that is not there are no routes
		t.Errorf("only %d of the %d pages are routes of the server", walked, want)
	}
}

// theme is how somebody has set up their screen.
type theme struct {
	name     string
	features []*emulation.MediaFeature
}

func themes() []theme {
	set := func(pairs ...string) []*emulation.MediaFeature {
		var features []*emulation.MediaFeature
		for i := 0; i < len(pairs); i += 2 {
			features = append(features, &emulation.MediaFeature{Name: pairs[i], Value: pairs[i+1]})
		}
		return features
	}
	return []theme{
		{"light", set("prefers-color-scheme", "light")},
		{"dark", set("prefers-color-scheme", "dark")},
		{"high contrast", set("prefers-color-scheme", "light", "prefers-contrast", "more")},
		{"forced colours", set("prefers-color-scheme", "dark", "forced-colors", "active")},
	}
}

// openIn opens a page in a theme.
func openIn(tab context.Context, t *testing.T, th theme, width, height int64, url string) {
	t.Helper()
	call(tab, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: th.features})
	if err := chromedp.Do(tab, chromedp.EmulateViewport(width, height)); err != nil {
		t.Fatal(err)
	}
	if err := chromedp.Do(tab, chromedp.Navigate(url)); err != nil {
		t.Fatal(err)
	}
}

// Every page in three languages and four themes: nothing that axe-core calls
// serious or critical. The quick run sees every page once, each in another
// language and theme; the deep one sees all of it.
func TestEveryPageCanBeUsedByEverybody(t *testing.T) {
	deep := os.Getenv("BONGSU_DEEP") != ""
	axe := browsertest.AxeCore(t)
	_, url := everything(t)
	tab := browsertest.Open(t)
	n := 0
	for _, route := range slices.Sorted(maps.Keys(publicPages)) {
		for _, path := range publicPages[route] {
			n++
			for l, lang := range []string{"ko", "ja", "en"} {
				for h, th := range themes() {
					if deep || (n%3 == l && n%4 == h) {
						openIn(tab, t, th, 360, 740, url+inLanguage(path, lang))
						browsertest.Audit(tab, t, axe, path+" in "+lang+", "+th.name)
					}
				}
			}
		}
	}
}

// The reader who goes by keys alone reaches every link and field in the order in
// which they stand, each seen when it has the focus; 90 days are no stops.
func TestThePagesByKeysAlone(t *testing.T) {
	_, url := everything(t)
	tab := browsertest.Open(t)
	for _, path := range []string{"/", "/components/login", "/history", "/find?q=a"} {
		openIn(tab, t, themes()[0], 360, 740, url+inLanguage(path, "en"))
		stops, err := chromedp.Run(tab, chromedp.Evaluate[int](`document.querySelectorAll("a[href], button, input:not([type=hidden]), select, summary, [tabindex='0']").length`))
		if err != nil {
			t.Fatal(err)
		}
		seen := map[string]bool{}
		for range stops {
			if err := chromedp.Do(tab, chromedp.KeyEvent(kb.Tab)); err != nil {
				t.Fatal(err)
			}
			at, err := chromedp.Run(tab, chromedp.Evaluate[string](whereIsTheFocus))
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(at, "unseen") {
				t.Errorf("%s: the focus cannot be seen at %s", path, at)
			}
			seen[at] = true
			if strings.HasPrefix(at, "BODY") {
				break
			}
		}
		hidden, err := chromedp.Run(tab, chromedp.Evaluate[int](`[...document.querySelectorAll("details:not([open]) > *:not(summary)")].reduce((n, el) => n + el.querySelectorAll("a, button, [tabindex='0']").length, 0)`))
		if err != nil {
			t.Fatal(err)
		}
		if want := stops - hidden; len(seen) < want-1 { // links to one place in one word are one
			t.Logf("%s: %d places of %d", path, len(seen), want)
		}
		if len(seen) < 10 {
			t.Errorf("%s: only %d places have the focus: %v", path, len(seen), seen)
		}
	}
}

const whereIsTheFocus = `(() => {
	const el = document.activeElement, box = el.getBoundingClientRect(), style = getComputedStyle(el);
	const ringed = el === document.body || (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2);
	const inView = el === document.body || (box.bottom > 0 && box.top < innerHeight && box.width > 0);
	return el.tagName + " " + (el.href || el.name || el.textContent.trim().slice(0, 40)) + " @" + Math.round(box.top + scrollY) + "," + Math.round(box.left) + (ringed && inView ? "" : " unseen");
})()`

// With scripts off every page says what it has to, and nothing scrolls sideways
// on the narrowest phone, nor at twice the size on a small desktop.
func TestEveryPageFits(t *testing.T) {
	_, url := everything(t)
	tab := browsertest.Open(t)
	for _, route := range slices.Sorted(maps.Keys(publicPages)) {
		for _, path := range publicPages[route] {
			for _, width := range []int64{320, 512} { // 512: a desktop of 1,024 at 200 %
				call(tab, t, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
				openIn(tab, t, themes()[0], width, 640, url+inLanguage(path, "en"))
				call(tab, t, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{})
				got, err := chromedp.Run(tab, chromedp.Evaluate[[]int64]("[document.documentElement.scrollWidth, document.querySelector('main').innerText.length]"))
				if err != nil {
					t.Fatal(err)
				}
				if got[0] > width || got[1] < 40 {
					t.Errorf("%s is %d px wide on %d and has %d letters", path, got[0], width, got[1])
				}
			}
		}
	}
}
