package web_test

import (
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"bongsu/web"
	"bongsu/web/minisign"
	"bongsu/web/sample"
)

// public are the routes that anybody may read, each with what its Cache-Control
// has to say.
func public() map[string]string {
	const (
		short   = "stale-while-revalidate=60, stale-if-error=86400"
		forever = "immutable"
	)
	return map[string]string{
		"/": short, "/en/": short, "/ja/history": short, "/components/login": short, "/incidents/01JD9R2W8F": short, "/history": short,
		"/maintenance": short, "/judging": short, "/apps": short, "/apps/safety-report": short, "/check": short, "/check/7F3K": short,
		"/api/v1/status": short, "/api/v1/locations": short, "/api/v1/apps": short, "/widget/safety-report.json": "max-age=10, stale-if-error=86400",
		"/api/v2/summary.json": short, "//api/v2/status.json": short, "/api/v2/components.json": short, "/api/v2/incidents.json": short,
		"/api/v2/incidents/unresolved.json": short, "/api/v2/scheduled-maintenances.json": short,
		"/api/v2/scheduled-maintenances/upcoming.json": short, "/api/v2/scheduled-maintenances/active.json": short,
		"/feed.atom": short, "/feed.rss": short, "/en/feed.json": short, "/feeds/groups/chat.atom": short, "/feeds/components/login.rss": short,
		"/maintenance.ics": short, "/cap.atom": short, "/cap/01JD9R2W8F.xml": short, "/badge/login.svg": short, "/badge/overall.json": short,
		"/widget.js": "stale-while-revalidate=3600, stale-if-error=86400", "/now.json": "stale-if-error=60", "/now.json.minisig": "stale-if-error=60", "/key.pub": "stale-if-error=60",
		"/robots.txt": "stale-if-error", "/sitemap.xml": "stale-if-error", "/assets/page": forever, "/assets/style": forever, "/assets/icon": forever,
	}
}

// Every route that anybody may read answers HEAD as GET without a body, has a
// strong tag and heeds it, may be kept while we are away, and gives the whole of
// itself to whoever asks for a part.
func TestEveryPublicRoute(t *testing.T) {
	signer, err := minisign.NewSigner(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	server := serve(t, sample.Outage(), web.Options{Signer: &signer})
	handler := server.Handler()
	routes, err := server.Routes("/")
	if err != nil {
		t.Fatal(err)
	}
	for path, keep := range public() {
		if strings.HasPrefix(path, "/assets/") {
			path = shelved(t, routes, path)
		}
		get := ask(handler, http.MethodGet, path)
		h := get.Header()
		tag := h.Get("Etag")
		if get.Code != http.StatusOK || !strings.HasPrefix(tag, `"`) || !strings.Contains(h.Get("Cache-Control"), keep) || h.Get("Content-Type") == "" || h.Get("Set-Cookie") != "" {
			t.Errorf("%s answers %d with %v", path, get.Code, h)
		}
		head := ask(handler, http.MethodHead, path)
		if head.Code != http.StatusOK || head.Body.Len() > 0 || head.Header().Get("Etag") != tag || head.Header().Get("Content-Length") != h.Get("Content-Length") {
			t.Errorf("HEAD %s answers %d with %v", path, head.Code, head.Header())
		}
		if same := ask(handler, http.MethodGet, path, "If-None-Match", tag); same.Code != http.StatusNotModified || same.Body.Len() > 0 || same.Header().Get("Etag") != tag {
			t.Errorf("%s with its own tag answers %d with %v", path, same.Code, same.Header())
		}
		for _, part := range []string{"bytes=0-9", "bytes=-5", "bytes=9999999-", "bytes=0-1,5-6", "lines=1-2"} {
			w := ask(handler, http.MethodGet, path, "Range", part, "If-Range", tag)
			if w.Code != http.StatusOK || w.Body.String() != get.Body.String() || w.Header().Get("Content-Range") != "" {
				t.Errorf("%s of %s answers %d with %d bytes", part, path, w.Code, w.Body.Len())
			}
		}
		for _, method := range []string{http.MethodPut, http.MethodDelete, "BREW"} {
			if w := ask(handler, method, path); w.Code != http.StatusMethodNotAllowed {
				t.Errorf("%s %s answers %d", method, path, w.Code)
			}
		}
		wrong := path + "x"
		if w := ask(handler, http.MethodGet, wrong); w.Code != http.StatusNotFound || strings.Contains(w.Header().Get("Cache-Control"), "max-age") {
			t.Errorf("%s answers %d and may be kept: %s", wrong, w.Code, w.Header().Get("Cache-Control"))
		}
	}
}

// shelved is the path on the shelf that begins so.
func shelved(t *testing.T, routes []string, begin string) string {
	t.Helper()
	for _, r := range routes {
		if path := strings.TrimPrefix(r, "GET "); strings.HasPrefix(path, begin+"-") {
			return path
		}
	}
	t.Fatalf("there is no %s", begin)
	return ""
}

// Crawlers are told every page in every language, and kept out of what is no page.
func TestCrawlersAreToldThePages(t *testing.T) {
	handler := serve(t, sample.Outage(), web.Options{}).Handler()
	robots := ask(handler, http.MethodGet, "/robots.txt").Body.String()
	for _, line := range []string{"User-agent: *\n", "Disallow: /api/\n", "Disallow: /en/s/\n", "Sitemap: https://status.example/sitemap.xml\n"} {
		if !strings.Contains(robots, line) {
			t.Errorf("robots.txt lacks %q:\n%s", line, robots)
		}
	}
	_, list, _ := strings.Cut(ask(handler, http.MethodGet, "/sitemap.xml").Body.String(), "<url>")
	pages := strings.Split(list, "<loc>")[1:]
	for _, p := range pages {
		address, _, _ := strings.Cut(p, "</loc>")
		path, ours := strings.CutPrefix(address, "https://status.example")
		if w := ask(handler, http.MethodGet, path); !ours || w.Code != http.StatusOK || strings.Contains(robots, "Disallow: "+path+"\n") || strings.Contains(w.Body.String(), `content="noindex"`) {
			t.Errorf("%s answers %d", address, w.Code)
		}
	}
	if len(pages) < 3*15 || len(pages)%3 != 0 {
		t.Errorf("the sitemap has %d pages", len(pages))
	}
	s := sample.Calm()
	s.Site.URL = ""
	if w := ask(serve(t, s, web.Options{}).Handler(), http.MethodGet, "/sitemap.xml"); w.Code != http.StatusNotFound {
		t.Errorf("without an address the sitemap answers %d", w.Code)
	}
}

// The instant is signed, and its signature lies beside it.
func TestTheInstantIsSigned(t *testing.T) {
	signer, err := minisign.NewSigner(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	handler := serve(t, sample.Outage(), web.Options{Signer: &signer}).Handler()
	key, err := minisign.ParsePublicKey(ask(handler, http.MethodGet, "/key.pub").Body.String())
	if err != nil {
		t.Fatal(err)
	}
	now, signature := ask(handler, http.MethodGet, "/now.json").Body.Bytes(), ask(handler, http.MethodGet, "/now.json.minisig").Body.Bytes()
	if comment, err := key.Verify(now, signature); err != nil || comment != "now.json at 2026-11-22T06:52:00Z" {
		t.Errorf("%q: %v", comment, err)
	}
	if got, want := string(now), `{"generated_at":"2026-11-22T06:52:00Z","valid_until":"2026-11-22T07:02:00Z","page_at":"2026-11-22T06:52:00Z"}`+"\n"; got != want {
		t.Errorf("it says %s", got)
	}
	if w := ask(serve(t, sample.Outage(), web.Options{}).Handler(), http.MethodGet, "/now.json.minisig"); w.Code != http.StatusNotFound {
		t.Errorf("without a key there is a signature: %d", w.Code)
	}
}

// Whatever asks a database panics here.
type (
	noDesk    struct{ web.Desk }
	noTokens  struct{ web.Tokens }
	noAnswers struct{ web.Answers }
	noBooks   struct{ web.Books }
	holder    = web.Holds
	noHolds   struct{ holder }
	noPeople  struct{ web.People }
	noKeyring struct{ web.Keyring }
	noHub     struct{ web.Hub }
	noHistory struct{ web.History }
	noProofs  struct{ web.Proofs }
	noBeats   struct{ web.Beats }
	noSlack   struct{ web.Slack }
)

// No page, feed or read of what goes on asks a database: of each part that could
// ask one, the first call would be our mistake.
func TestReadersAskNoDatabase(t *testing.T) {
	h := &hall{}
	handler := serve(t, sample.Outage(), web.Options{
		Desk: noDesk{}, Tokens: noTokens{}, Answers: noAnswers{}, Books: noBooks{}, Holds: noHolds{}, People: noPeople{}, Keyring: noKeyring{}, Hub: noHub{},
		History: noHistory{}, Proofs: noProofs{}, Beats: noBeats{}, Slack: noSlack{}, Log: slog.New(h),
	}).Handler()
	for path := range public() {
		if strings.HasPrefix(path, "/assets/") || path == "/check/7F3K" || strings.HasSuffix(path, ".minisig") || path == "/key.pub" {
			continue // what was sent is in the books; and there is no key here
		}
		for _, headers := range [][]string{nil, {"Accept-Language", "ja", "Accept-Encoding", "br", "Cookie", "a=b", "Authorization", "Bearer x"}} {
			if w := ask(handler, http.MethodGet, path, headers...); w.Code != http.StatusOK {
				t.Errorf("%s answers %d", path, w.Code)
			}
		}
	}
	if n := h.errors.Load(); n > 0 {
		t.Errorf("%d calls", n)
	}
}
