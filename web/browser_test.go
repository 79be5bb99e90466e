package web_test

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"bongsu/web/browsertest"
	"bongsu/web/sample"
)

// screen is a size and a colour scheme.
type screen = browsertest.Screen

// look opens a page as the screen shows it.
func look(tab context.Context, t *testing.T, s screen, scripts bool, url string) {
	t.Helper()
	browsertest.Look(tab, t, s, scripts, url)
}

func picture(tab context.Context, t *testing.T, whole bool, name string) {
	t.Helper()
	browsertest.Picture(tab, t, whole, name)
}

// The pages as people see them, to be looked at: three languages, phone and
// desktop, light and dark, with scripts off.
func TestPictures(t *testing.T) {
	kept := os.Getenv("BONGSU_PICTURES")
	dir := cmp.Or(kept, t.TempDir()) // `make pictures` keeps them
	outage := site(t, sample.Outage()).URL
	calm := site(t, sample.Calm()).URL
	impaired := site(t, sample.Impaired()).URL
	eventful := site(t, sample.Eventful()).URL
	_, open := everything(t)
	pages := []struct {
		name, path, url string
	}{
		{"overview", "/", outage},
		{"calm", "/", calm},
		{"component", "/components/chat-text", outage},
		{"incident", "/incidents/01JD9R2W8F", outage},
		{"impaired", "/", impaired},
		{"eventful", "/", eventful},
		{"evidence", "/components/route", eventful},
		{"crowded", "/components/chat-text", eventful},
		{"told", "/incidents/01JD9R2W8F", eventful},
		{"retracted", "/incidents/01JD9Q7RTR", eventful},
		{"maintenance", "/maintenance", eventful},
		{"judging", "/judging", eventful},
		{"apps", "/apps", outage},
		{"app", "/apps/safety-report", outage},
		{"metered", "/apps/city-bike", outage},
		{"history", "/history", outage},
		{"history-long", "/history?min=2h", outage},
		{"needs", "/needs", eventful},
		{"measured", "/measured", outage},
		{"find", "/find?q=a", outage},
		{"check", "/check/7F3K", outage},
		{"not-found", "/nowhere", outage},
		{"subscribe", "/subscribe?by=email", open},
		{"confirm", "/subscribe/confirm?by=email&ticket=" + goodTicket + "&code=" + goodCode, open},
		{"preferences", "/s/" + goodToken, open},
		{"leave", "/leave/" + goodToken, open},
		{"design", "/design", outage},
		{"hundreds", "/", site(t, sample.Crowded(400)).URL},
	}
	tab := browsertest.OpenFor(t, 20*time.Minute)
	for i, s := range browsertest.Screens() {
		for n, p := range pages {
			for l, lang := range []string{"ko", "ja", "en"} {
				if kept == "" && (n%4 != i || n%3 != l) {
					continue // one of each page is enough to see that it can be drawn
				}
				look(tab, t, s, false, p.url+inLanguage(p.path, lang))
				picture(tab, t, true, filepath.Join(dir, fmt.Sprintf("%s-%s-%s.png", p.name, lang, s.Name)))
			}
		}
	}
	look(tab, t, screen{Name: "phone", Width: 360, Height: 740, Dark: false}, false, outage+"/?lang=ko")
	picture(tab, t, false, filepath.Join(dir, "first-screen-ko.png"))
}

// The pictures of the README.
func TestPicturesForTheReadme(t *testing.T) {
	dir := cmp.Or(os.Getenv("BONGSU_PICTURES"), t.TempDir())
	outage, calm := site(t, sample.Outage()), site(t, sample.Calm())
	tab := browsertest.Open(t)
	for _, p := range []struct {
		name, url string
		screen    screen
	}{
		{"readme-phone", outage.URL + "/?lang=ko", screen{Name: "phone", Width: 360, Height: 740, Dark: false}},
		{"readme-desktop", outage.URL + "/?lang=en", screen{Name: "desktop", Width: 960, Height: 740, Dark: true}},
		{"readme-calm", calm.URL + "/?lang=ja", screen{Name: "desktop", Width: 960, Height: 560, Dark: false}},
	} {
		look(tab, t, p.screen, false, p.url)
		picture(tab, t, false, filepath.Join(dir, p.name+".png"))
	}
}

// inLanguage asks for a path in a language.
func inLanguage(path, lang string) string {
	if strings.Contains(path, "?") {
		return path + "&lang=" + lang
	}
	return path + "?lang=" + lang
}

// first is what of the page is where, in CSS pixels.
type first struct {
	Bottoms map[string]float64 // of the parts of the story, from the top
	Wide    float64            // the page's own width
	Texts   map[string]string
}

const measure = `(() => {
	const parts = {state: ".overall h1", asof: ".overall p", what: ".story h2", affected: ".story h2 + p", them: ".story .them"};
	const found = {Bottoms: {}, Texts: {}, Wide: document.documentElement.scrollWidth};
	for (const [name, css] of Object.entries(parts)) {
		const el = document.querySelector(css);
		found.Bottoms[name] = el ? el.getBoundingClientRect().bottom : 1e9;
		found.Texts[name] = el ? el.textContent : "";
	}
	document.querySelectorAll(".story .facts > div").forEach((el, i) => {
		found.Bottoms["fact" + i] = el.getBoundingClientRect().bottom;
		found.Texts["fact" + i] = el.textContent;
	});
	return found;
})()`

// On a phone, without a scroll and without scripts: the state, what fails,
// since when, what still works, what to do, and when the next word comes.
func TestTheFirstScreenOfAPhone(t *testing.T) {
	tab := browsertest.Open(t)
	s := sample.Outage()
	s.Site.Simulation = true // the banner takes room too
	server := site(t, s)
	for _, dark := range []bool{false, true} {
		phone := screen{Name: "phone", Width: 360, Height: 740, Dark: dark}
		for _, lang := range []string{"ko", "ja", "en"} {
			look(tab, t, phone, false, server.URL+"/?lang="+lang)
			call(tab, t, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{})
			got, err := chromedp.Run(tab, chromedp.Evaluate[first](measure))
			if err != nil {
				t.Fatal(err)
			}
			if len(got.Bottoms) != 9 {
				t.Errorf("%s: the story has the parts %v", lang, got.Texts)
			}
			for part, bottom := range got.Bottoms {
				if bottom > float64(phone.Height) {
					t.Errorf("%s: %s (%q) ends at %.0f px, below the first screen", lang, part, got.Texts[part], bottom)
				}
			}
		}
	}
}

// Nothing is wider than the narrowest phone.
func TestNoPageScrollsSideways(t *testing.T) {
	tab := browsertest.Open(t)
	s := sample.Renamed("Averyveryveryveryveryveryveryverylongnamewithoutanyspaceinit 아주아주아주아주아주긴이름")
	s.Site.Simulation = true
	server := site(t, s)
	for _, path := range paths {
		look(tab, t, screen{Name: "narrow", Width: 320, Height: 640, Dark: false}, true, server.URL+path+"?lang=en")
		got, err := chromedp.Run(tab, chromedp.Evaluate[first](measure))
		if err != nil {
			t.Fatal(err)
		}
		if got.Wide > 320 {
			t.Errorf("%s is %.0f px wide", path, got.Wide)
		}
	}
}

// Whatever is read has at least 4.5:1 against what is behind it, light and
// dark, and whatever is pressed is 24 px high.
func TestPagesCanBeReadAndPressed(t *testing.T) {
	tab := browsertest.Open(t)
	server := site(t, sample.Outage())
	for _, dark := range []bool{false, true} {
		for _, path := range paths {
			look(tab, t, screen{Name: "phone", Width: 360, Height: 740, Dark: dark}, true, server.URL+path+"?lang=en")
			faint, err := chromedp.Run(tab, chromedp.Evaluate[[]string](hardToUse))
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range faint {
				t.Errorf("%s (dark: %t): %s", path, dark, f)
			}
		}
	}
}

const hardToUse = `(() => {
	const channels = (c) => c.match(/[\d.]+/g).map(Number);
	const light = (c) => {
		const [r, g, b] = c.slice(0, 3).map((v) => { v /= 255; return v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4; });
		return .2126 * r + .7152 * g + .0722 * b;
	};
	const behind = (el) => {
		for (; el; el = el.parentElement) {
			const c = channels(getComputedStyle(el).backgroundColor);
			if (c.length < 4 || c[3] > 0) return c;
		}
		return [255, 255, 255];
	};
	const bad = new Set();
	const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
	while (walk.nextNode()) {
		const el = walk.currentNode.parentElement;
		if (!walk.currentNode.data.trim() || !el.checkVisibility() || el.closest(".skip")) continue;
		const [a, b] = [light(channels(getComputedStyle(el).color)), light(behind(el))];
		const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
		if (ratio < 4.5) bad.add(ratio.toFixed(2) + ":1 " + el.textContent.trim().slice(0, 40));
	}
	for (const el of document.querySelectorAll("a, button, input, summary")) {
		const high = el.getBoundingClientRect().Height;
		const inText = getComputedStyle(el).display === "inline"; // links within sentences may be as high as their line
		if (high > 0 && high < 24 && !inText && !el.closest(".skip")) bad.add(high.toFixed(0) + " px high: " + el.textContent);
	}
	return [...bad];
})()`
