package web_test

import (
	"net/http"
	"strings"
	"testing"

	"bongsu/status"
	"bongsu/web"
	"bongsu/web/sample"
)

// lately is a server that also knows the history.
func lately(t testing.TB, s *status.Snapshot) http.Handler {
	t.Helper()
	page := serve(t, s, web.Options{})
	tellLately(page, s)
	return page.Handler()
}

// With two thousand services the first page stays small: what is not well stands
// in full, the rest is folded up, and there is a search.
func TestTwoThousandServicesFitAndCanBeFound(t *testing.T) {
	const budget = 60 << 10
	handler := serve(t, sample.Crowded(2000), web.Options{}).Handler()
	css := len(ask(handler, "GET", stylesheet(t, handler), "Accept-Encoding", "gzip").Body.Bytes())
	for _, lang := range []string{"ko", "ja", "en"} {
		page := ask(handler, "GET", "/?lang="+lang, "Accept-Encoding", "gzip").Body.Bytes()
		t.Logf("%s: page %d bytes, style %d bytes", lang, len(page), css)
		if whole := len(page) + css; whole > budget {
			t.Errorf("the page in %s and its style are %d bytes gzipped, over %d", lang, whole, budget)
		}
	}
	page := ask(handler, "GET", "/?lang=en").Body.String()
	if n := strings.Count(page, `<details class="well">`); n != 5 {
		t.Errorf("%d groups are folded up", n)
	}
	if n := strings.Count(page, `<svg class="strip"`); n != 6 {
		t.Errorf("%d services stand in full; six are not well", n)
	}
	if !strings.Contains(page, `role="search"`) || !strings.Contains(page, "Regional service 1999") {
		t.Error("a service cannot be found")
	}
	found := words(t, ask(handler, "GET", "/find?q=SERVICE+1999&lang=en").Body.String())
	if !strings.Contains(found, "Regional service 1999 Working") || strings.Contains(found, "Regional service 1998") {
		t.Errorf("the search says: %s", found)
	}
}

func TestTheSearch(t *testing.T) {
	handler := serve(t, sample.Outage(), web.Options{}).Handler()
	for target, want := range map[string]string{
		"/find?q=login&lang=en":                 "Shared login since 15:30 Failing",
		"/find?q=%EB%A1%9C%EA%B7%B8&lang=en":    "Shared login since 15:30 Failing", // its name in another language
		"/find?q=nothing+like+it&lang=en":       "No service here is called “nothing like it”.",
		"/find?q=%3Cscript%3E&lang=en":          "“<script>”",
		"/find?q=" + strings.Repeat("a", 4_000): "a",
		"/find":                                 "",
	} {
		w := ask(handler, "GET", target)
		if got := words(t, w.Body.String()); w.Code != http.StatusOK || !strings.Contains(got, want) || strings.Contains(w.Body.String(), "<script>") {
			t.Errorf("%.60s answers %d: %s", target, w.Code, got)
		}
	}
	if got := words(t, ask(handler, "GET", "/find?q=example+operator&lang=en").Body.String()); strings.Index(got, "Failing") > strings.Index(got, "Working") {
		t.Errorf("what works comes before what does not: %s", got)
	}
}

func TestThePastCanBeLookedThrough(t *testing.T) {
	handler := lately(t, sample.Outage())
	for target, want := range map[string]string{
		"/history?lang=en":                                 "outages, since March 2022",
		"/history?min=2h&lang=en":                          "August 2023 Shared login: outage Sun 20 August 2023, 15:52 · 5 d 7 h 30 min",
		"/history?group=payments&min=2h&lang=en":           "Wallet payment: partial outage",
		"/history?month=2023-08&lang=en":                   "1 outages, August 2023",
		"/history?operator=Example+Operator&lang=en":       "11 outages",
		"/history?group=maps&month=2023-08&lang=en":        "No outage matches.",
		"/history?group=nosuch&operator=x&month=1&lang=en": "Going on now", // which chooses nothing out
	} {
		if got := figuresFirst(words(t, ask(handler, "GET", target).Body.String())); !strings.Contains(got, want) {
			t.Errorf("%s does not say %q but: %s", target, want, got)
		}
	}
	long := words(t, ask(handler, "GET", "/history?min=2h&lang=en").Body.String())
	if strings.Contains(long, "41 min") || strings.Count(long, "h ") < 6 {
		t.Errorf("the long ones are: %s", long)
	}
	filtered := ask(handler, "GET", "/history?min=2h").Body.String()
	if !strings.Contains(filtered, `<meta name="robots" content="noindex">`) || !strings.Contains(filtered, `value="2h" selected`) {
		t.Error("a part of the history does not say which part it is")
	}
}

// figuresFirst has the figures as they are read: the value after its name on the
// page, before it in the text.
func figuresFirst(page string) string {
	for _, name := range []string{"outages, since March 2022", "outages, August 2023"} {
		if before, after, found := strings.Cut(page, name+" "); found {
			value, rest, _ := strings.Cut(after, " ")
			page = before + value + " " + name + " " + rest
			if value == "11" {
				page += " 11 outages"
			}
		}
	}
	return page
}

func TestWhatLeansOnWhat(t *testing.T) {
	handler := lately(t, sample.Outage())
	page := ask(handler, "GET", "/needs?lang=en").Body.String()
	got := words(t, page)
	for _, want := range []string{"Shared login Failing 5 services depend on it.", "Send money by chat depends on Chat messages", "Taxi depends on Shared login"} {
		if !strings.Contains(got, want) {
			t.Errorf("the page does not say %q but: %s", want, got)
		}
	}
	if !strings.Contains(page, `<svg class="tree"`) {
		t.Error("there is no picture")
	}
	component := ask(handler, "GET", "/components/chat-text?lang=en").Body.String()
	if !strings.Contains(component, `<svg class="tree"`) || !strings.Contains(component, ">Shared login</text>") || !strings.Contains(component, ">Send money by chat</text>") {
		t.Error("a component's page does not draw what it leans on and what leans on it")
	}
}

// A circle of needs, which a configuration cannot have, does not hang the page.
func TestACircleOfNeedsEnds(t *testing.T) {
	s := sample.Calm()
	a, _ := s.Component("login")
	a.NeededBy, a.Needs = append(a.NeededBy, "taxi"), []status.Need{{ID: "taxi"}}
	b, _ := s.Component("taxi")
	b.NeededBy = []string{"login"}
	if w := ask(lately(t, s), "GET", "/needs"); w.Code != http.StatusOK {
		t.Errorf("the answer is %d", w.Code)
	}
}

func TestHowLongAnswersTookIsDrawnAndListed(t *testing.T) {
	handler := lately(t, sample.Outage())
	page := ask(handler, "GET", "/components/login?lang=en").Body.String()
	if !strings.Contains(page, `<svg class="curve"`) {
		t.Fatal("there is no curve")
	}
	got := words(t, page)
	for _, want := range []string{"1 s", "15:00 314 ms 598 ms 60 0", "no answer no answer 60 60"} {
		if !strings.Contains(got, want) {
			t.Errorf("the page does not say %q but: %s", want, got)
		}
	}
	if n := strings.Count(page, `class="dot"`); n != 22 {
		t.Errorf("%d hours are drawn; two of 24 had no answer", n)
	}
	if without := body(t, sample.Outage(), "/components/login"); strings.Contains(without, `<svg class="curve"`) {
		t.Error("a curve is drawn of nothing")
	}
}

func TestWhatIsMeasuredAndWhatIsNot(t *testing.T) {
	s := sample.Calm()
	c, _ := s.Component("taxi")
	c.Checks = nil
	got := words(t, body(t, s, "/measured?lang=en"))
	for _, want := range []string{"services shown 9", "not measured directly 1", "Taxi Not measured directly; it follows from what it needs.", "Chat messages Canary", "Wallet payment Edge", "What we cannot know"} {
		if !strings.Contains(got, want) {
			t.Errorf("the page does not say %q but: %s", want, got)
		}
	}
}

func TestIsItMeOrThem(t *testing.T) {
	if got := words(t, body(t, sample.Outage(), "/?lang=en")); !strings.Contains(got, "It is not you: we see it too, from 2 of 2 places.") {
		t.Errorf("the first page does not say whose trouble it is: %s", got)
	}
	if got := words(t, body(t, sample.Calm(), "/?lang=en")); !strings.Contains(got, "your device, your connection or your account") {
		t.Errorf("a calm page does not say where else to look: %s", got)
	}
	blind := sample.Outage()
	for _, hit := range blind.Incidents[0].Components {
		c, _ := blind.Component(hit.Component)
		c.Why = nil
	}
	if got := words(t, body(t, blind, "/?lang=en")); strings.Contains(got, "It is not you") {
		t.Errorf("it is said without being known: %s", got)
	}
}

// What the site's owner adds to the look is on every page, and nowhere else.
func TestTheOwnersLook(t *testing.T) {
	s := sample.Calm()
	s.Site.Look = status.Look{
		Logo: []byte(`<svg xmlns="http://www.w3.org/2000/svg"/>`), Colour: "#0a5c36", Dark: "#6fd3a3",
		Footer: status.Text{"en": "Run by the <city>."}, Style: ".overall { border-radius: 0 }",
	}
	handler := serve(t, s, web.Options{}).Handler()
	for _, path := range []string{"/?lang=en", "/components/login?lang=en", "/nowhere?lang=en"} {
		page := ask(handler, "GET", path).Body.String()
		root := parse(t, page)
		var logo, style string
		for n := range root.Descendants() {
			if n.Data == "img" {
				logo = attribute(n, "src")
			}
			if href := attribute(n, "href"); n.Data == "link" && strings.HasPrefix(href, "/assets/site-") {
				style = href
			}
		}
		if got := ask(handler, "GET", logo); got.Code != http.StatusOK || got.Header().Get("Content-Type") != "image/svg+xml" {
			t.Errorf("%s: the logo %q answers %d", path, logo, got.Code)
		}
		if css := ask(handler, "GET", style).Body.String(); !strings.Contains(css, "--brand:#0a5c36") || !strings.Contains(css, "border-radius: 0") {
			t.Errorf("%s: the style %q is %q", path, style, css)
		}
		if !strings.Contains(page, "Run by the &lt;city&gt;.") {
			t.Errorf("%s has no footer", path)
		}
	}
	if page := body(t, sample.Calm(), "/"); strings.Contains(page, "<img") || strings.Contains(page, "/assets/site-") {
		t.Error("a site without a look of its own has one")
	}
}

// Who passes a link on sees what it says; search engines find every language.
func TestPagesSayWhatTheyAreToOthers(t *testing.T) {
	page := body(t, sample.Outage(), "/?lang=en")
	for _, want := range []string{
		`<meta name="description" content="An outage is confirmed – Shared login is not answering.">`,
		`<meta property="og:title" content="Service status">`, `<meta property="og:url" content="https://status.example/en/">`,
		`<link rel="alternate" hreflang="ja" href="https://status.example/ja/">`, `<link rel="alternate" hreflang="x-default" href="https://status.example/ko/">`,
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the first page has no %s", want)
		}
	}
	if lost := body(t, sample.Outage(), "/nowhere?lang=en"); strings.Contains(lost, "og:") || !strings.Contains(lost, "An outage is confirmed") || !strings.Contains(lost, `role="search"`) {
		t.Error("a page that is not there does not help on, or offers itself to be passed on")
	}
}
