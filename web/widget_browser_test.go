package web_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"bongsu/status"
	"bongsu/web"
	"bongsu/web/browsertest"
	"bongsu/web/minisign"
	"bongsu/web/sample"
)

// fault answers in a site's place, or says that it has not.
type fault func(http.ResponseWriter, *http.Request) bool

// origin is a site that widgets ask, and what may be wrong with it.
type origin struct {
	*httptest.Server
	face *web.Server

	mu     sync.Mutex
	fault  fault
	asked  int
	styled bool // somebody has asked for the frame's style
}

func newOrigin(t *testing.T, o web.Options) *origin {
	t.Helper()
	face, err := web.New(o)
	if err != nil {
		t.Fatal(err)
	}
	site := &origin{face: face}
	site.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, ".json") && site.wrong(w, r) {
			return
		}
		if strings.HasPrefix(r.URL.Path, "/assets/widget-") {
			site.mu.Lock()
			site.styled = true
			site.mu.Unlock()
		}
		face.Handler().ServeHTTP(w, r)
	}))
	t.Cleanup(site.Close)
	return site
}

func (o *origin) wrong(w http.ResponseWriter, r *http.Request) bool {
	o.mu.Lock()
	o.asked++
	f := o.fault
	o.mu.Unlock()
	return f != nil && f(w, r)
}

func (o *origin) set(f fault) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.fault, o.asked = f, 0
}

func (o *origin) askedFor() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.asked
}

func (o *origin) styledFor() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.styled
}

func dead(http.ResponseWriter, *http.Request) bool { panic(http.ErrAbortHandler) }

// hanging never answers; it ends when whoever asked has gone.
func hanging(_ http.ResponseWriter, r *http.Request) bool {
	<-r.Context().Done()
	return true
}

// altered answers with the data, changed.
func (o *origin) altered(path string, change func([]byte) []byte) fault {
	return func(w http.ResponseWriter, _ *http.Request) bool {
		w.Header().Set("Access-Control-Allow-Origin", "*")
		w.Write(change(bytes.Clone(ask(o.face.Handler(), "GET", path).Body.Bytes())))
		return true
	}
}

// present is a snapshot of now, for a browser's clock.
func present(s *status.Snapshot) *status.Snapshot {
	s.At = time.Now()
	return s
}

// hostPage is a page of somebody else, as strict as a page can be. What runs
// before the widget does is in a script of its own.
type hostPage struct {
	origins    []string
	body       string
	before     string // a script
	style      string
	unmeasured bool // time goes as it goes
}

// hurried has what is due in a minute happen at once, and what may take seconds
// take no more than a few.
const hurried = `{ const later = setTimeout; window.setTimeout = (f, ms) => later(f, ms >= 60000 ? 150 : ms >= 4000 ? 400 : ms); }`

// watched notes what a host would not like.
const watched = `window.trouble = []; {
	const note = trouble.push.bind(trouble);
	addEventListener("error", (e) => note("error: " + e.message));
	addEventListener("unhandledrejection", (e) => note("rejection: " + e.reason));
	document.addEventListener("securitypolicyviolation", (e) => note("policy: " + e.violatedDirective + " " + e.blockedURI + " " + e.sample));
}`

func (h *hostPage) serve(t *testing.T) string {
	t.Helper()
	script := watched
	if !h.unmeasured {
		script += hurried
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" {
			http.NotFound(w, r)
			return
		}
		from := strings.Join(h.origins, " ")
		w.Header().Set("Content-Security-Policy", fmt.Sprintf("default-src 'none'; script-src %[1]s 'nonce-host'; connect-src %[1]s; style-src 'nonce-host'; frame-src %[1]s; require-trusted-types-for 'script'", from))
		fmt.Fprintf(w, `<!doctype html><html lang="en"><head><title>Host</title><style nonce="host">%s</style><script nonce="host">%s</script></head>`+
			`<body><main><h1>Report</h1><input aria-label="Place" autofocus>%s<p>After</p></main></body></html>`, h.style, script+h.before, h.body)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// open opens the page on a phone.
func (h *hostPage) open(tab context.Context, t *testing.T) {
	t.Helper()
	look(tab, t, screen{Name: "phone", Width: 360, Height: 740, Dark: false}, true, h.serve(t))
}

// banners is what the widgets of the page show, and what the host noticed.
type banners struct {
	Texts   []string
	Live    []string
	Heights []float64
	Links   []string
	Trouble []string
	Focused string
}

const readBanners = `(() => {
	const found = {Texts: [], Live: [], Heights: [], Links: [], Trouble: trouble, Focused: document.activeElement.tagName};
	for (const el of document.querySelectorAll("bongsu-status")) {
		const live = el.shadowRoot && el.shadowRoot.querySelector("[role=status]");
		found.Texts.push(live ? [...live.querySelectorAll("b, p, a")].map((p) => p.textContent).join(" | ") : "");
		found.Live.push(live ? live.getAttribute("aria-live") + " " + live.lang : "");
		found.Heights.push(live ? live.getBoundingClientRect().height : 0);
		found.Links.push(live && live.querySelector("a") ? live.querySelector("a").href : "");
	}
	return found;
})()`

// until waits for what the widgets are to show, and gives what they show at
// last.
func until(tab context.Context, t *testing.T, wanted func(*banners) bool) *banners {
	t.Helper()
	var got banners
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); {
		var err error
		if got, err = chromedp.Run(tab, chromedp.Evaluate[banners](readBanners)); err != nil {
			t.Fatal(err)
		}
		if wanted(&got) {
			break
		}
	}
	return &got
}

func showing(text string) func(*banners) bool {
	return func(b *banners) bool { return len(b.Texts) > 0 && strings.Contains(b.Texts[0], text) }
}

// evaluated is what a script gives.
func evaluated[T any](tab context.Context, t *testing.T, script string) T {
	t.Helper()
	got, err := chromedp.Run(tab, chromedp.Evaluate[T](script, chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatal(err)
	}
	return got
}

const (
	bannerText = "Safety report is not available right now."
	staleText  = "Status unknown since"
)

// The lines that the console gives, on a page that allows nothing but our
// origin: code pinned by its hash, data held to the key.
func embed(o *origin, key *minisign.Signer, attributes string) string {
	m := o.face.Embedding(o.URL)
	if key != nil {
		attributes += fmt.Sprintf(` data-key="%s"`, key.Public())
	}
	return fmt.Sprintf(`<script async src="%s" integrity="%s" crossorigin="anonymous" data-app="safety-report" %s></script>`, m.Script, m.Integrity, attributes)
}

func TestTheWidgetInAPage(t *testing.T) {
	tab := browsertest.Open(t)
	key := signer(t)
	const data = "/widget/safety-report.json"
	answered := func(path string, change func([]byte) []byte) func(*origin) fault {
		return func(o *origin) fault { return o.altered(path, change) }
	}
	as := func(f fault) func(*origin) fault { return func(*origin) fault { return f } }
	old := sample.Calm()
	old.At = time.Now().Add(-2 * time.Hour)
	off := present(sample.Outage())
	off.Apps[0].WidgetOff = true
	other, err := minisign.NewSigner(bytes.Repeat([]byte{8}, 32))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		what     string
		snapshot *status.Snapshot
		fault    func(*origin) fault
		key      *minisign.Signer
		want     string // empty: nothing is shown, though it has asked twice
	}{
		{"nothing while all is well", present(sample.Calm()), nil, key, ""},
		{"a banner in an outage", present(sample.Outage()), nil, key, bannerText},
		{"without a key it is taken as it comes", present(sample.Outage()), nil, nil, bannerText},
		{"unknown when the data is old", old, nil, key, staleText},
		{"nothing when we are dead", present(sample.Outage()), as(dead), key, ""},
		{"nothing when we are slow", present(sample.Outage()), as(hanging), key, ""},
		{"a byte was flipped", present(sample.Outage()), answered(data, func(b []byte) []byte { b[bytes.Index(b, []byte("119"))] ^= 1; return b }), key, ""},
		{"the signature was flipped", present(sample.Outage()), answered(data, func(b []byte) []byte { b[20] ^= 1; return b }), key, ""},
		{"the signature was cut off", present(sample.Outage()), answered(data, func(b []byte) []byte { return append([]byte("{"), b[144:]...) }), key, ""},
		{"another has signed", present(sample.Outage()), nil, &other, ""},
		{"another app's data", present(sample.Outage()), answered("/widget/city-bike.json", func(b []byte) []byte { return b }), key, ""},
		{"no data at all", present(sample.Outage()), answered(data, func([]byte) []byte { return []byte("<html>sign in to this network") }), nil, ""},
		{"an unknown app", func() *status.Snapshot { s := present(sample.Outage()); s.Apps = s.Apps[1:]; return s }(), nil, key, ""},
		{"shut off", off, nil, key, ""},
	} {
		t.Run(c.what, func(t *testing.T) {
			site := newOrigin(t, web.Options{Valid: time.Hour, Signer: key}) //nolint:contextcheck // handlers have their request's
			site.face.Publish(c.snapshot)
			if c.fault != nil {
				site.set(c.fault(site))
			}
			(&hostPage{origins: []string{site.URL}, body: embed(site, c.key, "")}).open(tab, t)
			got := until(tab, t, func(b *banners) bool {
				if c.want == "" {
					return site.askedFor() >= 2
				}
				return showing(c.want)(b)
			})
			if site.askedFor() == 0 {
				t.Error("the widget did not ask")
			}
			if len(got.Texts) != 1 || !strings.Contains(got.Texts[0], c.want) || (c.want == "") != (got.Texts[0] == "") || (c.want == "") != (got.Heights[0] == 0) {
				t.Errorf("it shows %q, %v px high", got.Texts, got.Heights)
			}
			if len(got.Trouble) > 0 || got.Focused != "INPUT" {
				t.Errorf("the host has noticed %q; %s is focused", got.Trouble, got.Focused)
			}
			if c.want == bannerText {
				for _, part := range []string{"Not working: Place search.", "Emergency 119", "Next update", "More"} {
					if !strings.Contains(got.Texts[0], part) {
						t.Errorf("the banner %q lacks %q", got.Texts[0], part)
					}
				}
				if got.Live[0] != "polite en" || got.Links[0] != site.URL+"/en/incidents/01JD9R2W8F" {
					t.Errorf("it speaks %q and leads to %q", got.Live[0], got.Links[0])
				}
			}
		})
	}
}

// hostile is what a page has done to what the browser brings along, before the
// widget comes.
const hostile = `{
	const bad = (what) => function () { throw new Error("the host's " + what); };
	const spoil = (of, names) => { for (let i = 0; i < names.length; i++) of[names[i]] = bad(names[i]); };
	spoil(Array.prototype, ["map", "forEach", "filter", "find", "push", "join", "includes", "slice", "concat", "indexOf", "some"]);
	spoil(Promise.prototype, ["then", "catch", "finally"]);
	spoil(JSON, ["parse", "stringify"]);
	spoil(Element.prototype, ["append", "prepend", "after", "before", "attachShadow", "setAttribute", "getAttribute", "replaceChildren", "closest", "querySelector"]);
	spoil(String.prototype, ["split", "toLowerCase", "charCodeAt", "slice", "replace", "startsWith", "trim"]);
	spoil(Response.prototype, ["json", "text", "arrayBuffer"]);
	spoil(Set.prototype, ["add", "delete", "forEach", "has"]);
	spoil(Reflect, ["apply", "get", "ownKeys"]);
	spoil(window, ["fetch", "Promise", "URL", "atob", "AbortController", "TextDecoder", "Response", "Uint8Array", "encodeURIComponent"]);
	Object.defineProperty(Node.prototype, "textContent", { get: bad("text"), set: bad("text") });
	Array.prototype[Symbol.iterator] = bad("iterator");
	Object.prototype.surprise = bad("surprise");
}`

// reset hides and spoils all that it can reach.
const reset = `*, *::before { all: unset !important; display: none !important; color: #eee !important; background: #eee !important; font-size: 1px !important; visibility: hidden !important }
html { font-size: 1px !important } html, body, main { display: block !important }`

// In a page that has spoilt all the browser brings along, and all that its
// style can reach, the banner is as elsewhere.
func TestTheWidgetInAHostilePage(t *testing.T) {
	tab := browsertest.Open(t)
	key := signer(t)
	site := newOrigin(t, web.Options{Signer: key})
	site.face.Publish(present(sample.Outage()))
	// What looks is made before the page spoils it, and makes no use of what is spoilt.
	const eyes = `{
		const text = Object.getOwnPropertyDescriptor(Node.prototype, "textContent").get, find = Element.prototype.querySelector, write = JSON.stringify, box = Element.prototype.getBoundingClientRect;
		const shadow = Object.getOwnPropertyDescriptor(Element.prototype, "shadowRoot").get, all = DocumentFragment.prototype.querySelector, style = getComputedStyle, first = document.querySelector.bind(document);
		const call = Function.prototype.call.bind(Function.prototype.call), copy = String;
		window.seen = () => {
			const el = first("bongsu-status"), root = el && call(shadow, el), live = root && call(all, root, "[role=status]"), b = live && call(find, live, "b");
			const s = b && style(b);
			return live ? copy(call(text, live)) + "|" + (b ? s.fontSize + "|" + s.color + "|" + s.visibility + "|" + call(box, live).height : "") + "|" + trouble.length + (trouble.length ? trouble[0] : "") : "";
		};
	}`
	for what, body := range map[string]string{
		"the script":  embed(site, key, ""),
		"the element": fmt.Sprintf(`<bongsu-status app="safety-report" key="%s"></bongsu-status><script async src="%s/widget.js"></script>`, key.Public(), site.URL),
	} {
		site.set(nil)
		(&hostPage{origins: []string{site.URL}, body: body, before: eyes + hostile, style: reset}).open(tab, t)
		var got string
		for end := time.Now().Add(10 * time.Second); time.Now().Before(end) && !strings.Contains(got, bannerText); {
			got = evaluated[string](tab, t, "seen()")
		}
		parts := strings.Split(got, "|")
		if len(parts) != 6 || !strings.Contains(parts[0], "Emergency 119") {
			t.Errorf("%s: it shows %q", what, got)
			continue
		}
		if parts[1] != "16px" || parts[2] != "rgb(29, 27, 24)" || parts[3] != "visible" || parts[4] == "0" || parts[5] != "0" {
			t.Errorf("%s: letters are %s high, %s and %s; it is %s px high; noticed: %s", what, parts[1], parts[2], parts[3], parts[4], parts[5])
		}
	}
}

// Two widgets on a page, by script and by element, of one app and of two: each
// shows its own, in its own language, and each app is asked for once in each:
// first in the site's language, to learn which there are.
func TestSeveralWidgetsOnAPage(t *testing.T) {
	tab := browsertest.Open(t)
	site := newOrigin(t, web.Options{})
	site.face.Publish(present(sample.Outage()))
	plain := fmt.Sprintf(`<script async src="%s/widget.js" data-app="safety-report"></script>`, site.URL)
	page := hostPage{origins: []string{site.URL}, unmeasured: true, body: plain + plain +
		`<bongsu-status app="safety-report" lang="ko"></bongsu-status><div lang="ja-JP"><bongsu-status app="city-bike"></bongsu-status></div><bongsu-status app="nobody"></bongsu-status>`}
	page.open(tab, t)
	got := until(tab, t, func(b *banners) bool {
		filled := 0
		for _, text := range b.Texts {
			if text != "" {
				filled++
			}
		}
		return filled == 4
	})
	all := strings.Join(got.Texts, "\n")
	for _, want := range []string{bannerText, "지금 안전 신고를 이용할 수 없습니다.", "ただいま返却"} {
		if !strings.Contains(all, want) {
			t.Errorf("%q lacks %q", all, want)
		}
	}
	if strings.Count(all, bannerText) != 2 || len(got.Texts) != 5 || len(got.Trouble) > 0 {
		t.Errorf("shown is %q; noticed: %q", all, got.Trouble)
	}
	if n := site.askedFor(); n != 6 {
		t.Errorf("it asked %d times: English and Japanese take two, Korean and the app that is not there one", n)
	}
}

// Whose language does not answer is told in the site's first; a page that
// changes its language, or what an element names, or moves an element, has one
// banner of what it is now.
func TestTheWidgetFollowsItsPage(t *testing.T) {
	tab := browsertest.Open(t)
	key := signer(t)
	site := newOrigin(t, web.Options{Signer: key})
	site.face.Publish(present(sample.Outage()))
	site.set(func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.HasPrefix(r.URL.Path, "/en/") {
			return false
		}
		body := bytes.Clone(ask(site.face.Handler(), "GET", r.URL.Path).Body.Bytes())
		body[bytes.Index(body, []byte("119"))] ^= 1
		w.Header().Set("Access-Control-Allow-Origin", "*")
		w.Write(body)
		return true
	})
	const korean, japanese, bike = "지금 안전 신고를 이용할 수 없습니다.", "ただいま安全の通報", "ただいま返却"
	(&hostPage{origins: []string{site.URL}, body: fmt.Sprintf(
		`<p id="there"></p><bongsu-status app="safety-report" key="%s"></bongsu-status><script async src="%s/widget.js"></script>`, key.Public(), site.URL)}).open(tab, t)
	for _, c := range []struct{ what, change, want, lang string }{
		{"the language was tampered with", "", korean, "ko"},
		{"all is well again", "", bannerText, "en"},
		{"the page speaks Japanese", `document.documentElement.lang = "ja"`, japanese, "ja"},
		{"the element speaks Korean", `el.lang = "ko"`, korean, "ko"},
		{"the element has moved", `there.append(el)`, korean, "ko"},
		{"it names another app", `el.removeAttribute("lang"), el.setAttribute("app", "city-bike")`, bike, "ja"},
	} {
		if c.what == "all is well again" {
			site.set(nil)
		}
		evaluated[bool](tab, t, `((el, there) => { `+c.change+`; return true; })(document.querySelector("bongsu-status"), document.getElementById("there"))`)
		got := until(tab, t, showing(c.want))
		if !showing(c.want)(got) || got.Live[0] != "polite "+c.lang || len(got.Trouble) > 0 {
			t.Errorf("%s: it shows %q in %q; noticed: %q", c.what, got.Texts, got.Live, got.Trouble)
		}
		if n := evaluated[int](tab, t, `document.querySelector("bongsu-status").shadowRoot.querySelectorAll("[role=status]").length`); n != 1 {
			t.Errorf("%s: it has %d banners", c.what, n)
		}
	}
}

// With its first origin dead, slow or stale it asks the next, and keeps to those
// that the data names; what it knows it keeps.
func TestTheWidgetAsksElsewhere(t *testing.T) {
	tab := browsertest.Open(t)
	key := signer(t)
	second := newOrigin(t, web.Options{Signer: key})
	outage := present(sample.Outage())
	second.face.Publish(outage)
	first := newOrigin(t, web.Options{Signer: key})
	old := sample.Calm()
	old.At = time.Now().Add(-time.Hour)
	first.face.Publish(old)
	listed := fmt.Sprintf(`data-origins="%s"`, second.URL)
	for what, f := range map[string]fault{"dead": dead, "slow": hanging, "stale": nil} {
		first.set(f)
		(&hostPage{origins: []string{first.URL, second.URL}, body: embed(first, key, listed)}).open(tab, t)
		if got := until(tab, t, showing(bannerText)); !showing(bannerText)(got) || got.Links[0] != second.URL+"/en/incidents/01JD9R2W8F" {
			t.Errorf("the first origin is %s: it shows %q and leads to %q", what, got.Texts, got.Links)
		}
	}

	calm := present(sample.Calm())
	calm.Site.Mirrors = []string{second.URL + "/"}
	first.face.Publish(calm)
	first.set(nil)
	(&hostPage{origins: []string{first.URL, second.URL}, body: embed(first, key, "")}).open(tab, t)
	until(tab, t, func(*banners) bool { return first.askedFor() > 0 })
	second.face.Publish(present(sample.Outage())) // newer than what the first said
	first.set(dead)
	if got := until(tab, t, showing(bannerText)); !showing(bannerText)(got) {
		t.Errorf("with the first origin dead it shows %q", got.Texts)
	}
	second.set(dead)
	until(tab, t, func(*banners) bool { return second.askedFor() > 2 })
	if got := until(tab, t, showing(bannerText)); !showing(bannerText)(got) {
		t.Errorf("with all origins dead it shows %q", got.Texts)
	}
}

// What is known runs out: then the state is unknown, never well.
func TestTheWidgetNeverTurnsWell(t *testing.T) {
	tab := browsertest.Open(t)
	site := newOrigin(t, web.Options{Valid: 8 * time.Second})
	site.face.Publish(present(sample.Outage()))
	(&hostPage{origins: []string{site.URL}, body: embed(site, nil, "")}).open(tab, t)
	if got := until(tab, t, showing(bannerText)); !showing(bannerText)(got) {
		t.Fatalf("it shows %q", got.Texts)
	}
	site.set(dead)
	if got := until(tab, t, showing(staleText)); !showing(staleText)(got) {
		t.Errorf("past its end it shows %q", got.Texts)
	}
}

// Nobody looks, nobody asks; what does not change is said once; whoever is on
// our link stays there, and a page drawn anew has its banner again.
func TestTheWidgetIsQuiet(t *testing.T) {
	tab := browsertest.Open(t)
	site := newOrigin(t, web.Options{})
	s := present(sample.Outage())
	site.face.Publish(s)
	(&hostPage{origins: []string{site.URL}, body: embed(site, nil, "")}).open(tab, t)
	if got := until(tab, t, showing(bannerText)); !showing(bannerText)(got) {
		t.Fatalf("it shows %q", got.Texts)
	}
	evaluated[bool](tab, t, `(() => {
		const live = document.querySelector("bongsu-status").shadowRoot.querySelector("[role=status]");
		window.changes = 0;
		new MutationObserver(() => changes++).observe(live, {childList: true, subtree: true, characterData: true});
		live.querySelector("a").focus();
		return true;
	})()`)
	again := *s
	again.At = s.At.Add(time.Second) // the same words
	site.face.Publish(&again)
	site.set(nil)
	until(tab, t, func(*banners) bool { return site.askedFor() >= 3 })
	if n := evaluated[int](tab, t, "changes"); n != 0 {
		t.Errorf("the same words came %d times", n)
	}
	changed := present(sample.Outage())
	changed.At = again.At.Add(time.Second) // what is older is not believed
	changed.Apps[0].Functions[0].State = status.PartialOutage
	site.face.Publish(changed)
	const part = "works only in part"
	if got := until(tab, t, showing(part)); !showing(part)(got) {
		t.Fatalf("it shows %q", got.Texts)
	}
	if n := evaluated[int](tab, t, "changes"); n != 1 {
		t.Errorf("a change was told %d times", n)
	}
	if tag := evaluated[string](tab, t, `(document.activeElement.shadowRoot || document).activeElement.tagName`); tag != "A" {
		t.Errorf("whoever was on the link is on %s", tag)
	}

	hide := func(hidden bool) {
		evaluated[bool](tab, t, fmt.Sprintf(`(Object.defineProperty(document, "hidden", {value: %t, configurable: true}), document.dispatchEvent(new Event("visibilitychange")))`, hidden))
	}
	hide(true)
	evaluated[bool](tab, t, `new Promise((go) => setTimeout(() => go(true), 500))`) // a look that was on its way ends
	site.set(nil)
	evaluated[bool](tab, t, `new Promise((go) => setTimeout(() => go(true), 1500))`)
	if n := site.askedFor(); n != 0 {
		t.Errorf("hidden, it asked %d times", n)
	}
	hide(false)
	until(tab, t, func(*banners) bool { return site.askedFor() > 0 })
	if site.askedFor() == 0 {
		t.Error("seen again, it does not ask")
	}

	evaluated[bool](tab, t, `(document.body.replaceChildren(document.createElement("main")), true)`)
	if got := until(tab, t, showing(part)); !showing(part)(got) || len(got.Trouble) > 0 {
		t.Errorf("drawn anew, the page shows %q; noticed: %q", got.Texts, got.Trouble)
	}
}

// The frame, in a page that is listed and in one that is not, and without
// scripts. A browser that refuses it asks for none of what it needs.
func TestTheFrameInAPage(t *testing.T) {
	tab := browsertest.Open(t)
	for _, c := range []struct {
		what, sandbox   string
		listed, scripts bool
	}{{"listed", "allow-scripts allow-popups", true, true}, {"listed, without scripts", "allow-popups", true, false}, {"not listed", "allow-scripts", false, true}} {
		site := newOrigin(t, web.Options{})
		page := hostPage{origins: []string{site.URL}, body: fmt.Sprintf(
			`<iframe src="%s/en/widget/safety-report" title="Service status" width="340" height="200" sandbox="%s"></iframe>`, site.URL, c.sandbox)}
		address := page.serve(t)
		s := present(sample.Outage())
		if c.listed {
			s.Apps[0].Origins = []string{address}
		}
		site.face.Publish(s)
		look(tab, t, screen{Name: "desktop", Width: 800, Height: 600, Dark: false}, true, address)
		wanted := func() bool { return site.styledFor() == c.listed && (site.askedFor() > 0) == (c.listed && c.scripts) }
		for end := time.Now().Add(5 * time.Second); time.Now().Before(end) && !wanted(); {
			if _, err := chromedp.Run(tab, chromedp.CaptureScreenshot()); err != nil { // and gives it time
				t.Fatal(err)
			}
		}
		if !wanted() {
			t.Errorf("%s: its style is asked for: %t, its data %d times", c.what, site.styledFor(), site.askedFor())
		}
	}
}

// Nothing that axe-core calls serious or critical: a page with banners, light
// and dark, and the frame by itself.
func TestTheWidgetCanBeUsedByEverybody(t *testing.T) {
	tab := browsertest.Open(t)
	axe := browsertest.AxeCore(t)
	site := newOrigin(t, web.Options{})
	s := crowded()
	site.face.Publish(present(s))
	page := hostPage{origins: []string{site.URL}, unmeasured: true, body: embed(site, nil, `data-lang="ko"`)}
	for _, address := range []string{page.serve(t), site.URL + "/ja/widget/safety-report"} {
		for _, dark := range []bool{false, true} {
			look(tab, t, screen{Name: "phone", Width: 320, Height: 740, Dark: dark}, true, address)
			evaluated[bool](tab, t, `(async () => { for (let i = 0; i < 200; i++) {
				const el = document.querySelector("bongsu-status"), a = el && el.shadowRoot && el.shadowRoot.querySelector("a");
				if (a) return true;
				await new Promise((go) => setTimeout(go, 25));
			} return false; })()`)
			browsertest.Audit(tab, t, axe, fmt.Sprintf("%s (dark: %t)", address, dark))
			if wide := evaluated[float64](tab, t, "document.documentElement.scrollWidth"); wide > 320 {
				t.Errorf("%s is %.0f px wide", address, wide)
			}
			if dir := os.Getenv("BONGSU_PICTURES"); dir != "" {
				picture(tab, t, true, filepath.Join(dir, fmt.Sprintf("widget-%d-%t.png", len(address)%7, dark)))
			}
		}
	}
}
