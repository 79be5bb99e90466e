package web_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"bongsu/status"
	"bongsu/web"
	"bongsu/web/browsertest"
	"bongsu/web/sample"
)

func outageOf(name string) *status.Snapshot {
	s := sample.Outage()
	c, _ := s.Component("login")
	c.Name = status.Text{"ko": name, "ja": name, "en": name}
	return s
}

func TestTheWidgetIsSmall(t *testing.T) {
	handler := serve(t, sample.Outage(), web.Options{}).Handler()
	for path, budget := range map[string]int{"/widget.js": 3 << 10, "/widget/safety-report.json": 1 << 10} {
		w := ask(handler, "GET", path, "Accept-Encoding", "gzip")
		t.Logf("%s: %d bytes", path, w.Body.Len())
		if w.Body.Len() > budget || w.Body.Len() == 0 {
			t.Errorf("%s is %d bytes gzipped, over %d", path, w.Body.Len(), budget)
		}
		if w.Header().Get("Access-Control-Allow-Origin") != "*" {
			t.Errorf("%s can not be used by other sites", path)
		}
	}
}

func TestWhatTheWidgetIsTold(t *testing.T) {
	type function struct {
		ID                             string
		State                          status.State
		Name, Why, Instead, Next, Link map[string]string
	}
	var got struct {
		GeneratedAt time.Time `json:"generated_at"`
		ValidUntil  time.Time `json:"valid_until"`
		Functions   []function
	}
	fetch := func(s *status.Snapshot) {
		w := ask(serve(t, s, web.Options{Valid: 5 * time.Minute}).Handler(), "GET", "/widget/safety-report.json")
		got.Functions = nil
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
			t.Fatal(err)
		}
	}
	fetch(sample.Calm())
	if len(got.Functions) != 0 || got.ValidUntil.Sub(got.GeneratedAt) != 5*time.Minute {
		t.Errorf("on a calm day: %+v", got)
	}
	fetch(sample.Outage())
	if len(got.Functions) != 1 {
		t.Fatalf("affected are %+v, want one function", got.Functions)
	}
	f := got.Functions[0]
	for _, c := range []struct{ got, want string }{
		{f.Name["ko"], "지금 안전 신고를 이용할 수 없습니다."},
		{f.Why["ko"], "장소 검색 장애 때문입니다. 공통 로그인이 응답하지 않습니다."},
		{f.Why["ja"], "場所検索の障害のためです。共通ログインの応答がありません。"},
		{f.Instead["en"], "Emergency 119 · civil affairs 110"},
		{f.Next["en"], "Next update 16:30"},
		{f.Link["en"], "https://status.example/en/incidents/01JD9R2W8F"},
	} {
		if c.got != c.want {
			t.Errorf("the widget is told %q, want %q", c.got, c.want)
		}
	}
}

// host is a page of somebody else, as strict as a page can be, with the two
// lines that embed the widget.
func host(t *testing.T, origin string) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Security-Policy", fmt.Sprintf("default-src 'none'; script-src %[1]s; connect-src %[1]s", origin))
		fmt.Fprintf(w, `<!doctype html><html lang="en"><title>Host</title><body><h1>Report</h1>`+
			`<script async src="%s/widget.js" data-app="safety-report"></script><p>After</p></body></html>`, origin)
	}))
	t.Cleanup(server.Close)
	return server
}

// The widget in a browser, on a page that allows nothing but our origin.
func TestTheWidgetInAPage(t *testing.T) {
	tab := browsertest.Open(t)
	face, err := web.New(web.Options{Valid: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	var dead atomic.Bool
	var asked atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, ".json") {
			asked.Add(1)
			if dead.Load() {
				panic(http.ErrAbortHandler)
			}
		}
		face.Handler().ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	page := host(t, server.URL)
	present := func(s *status.Snapshot, at time.Time) *status.Snapshot { s.At = at; return s }
	for _, c := range []struct {
		what     string
		snapshot *status.Snapshot
		dead     bool
		want     []string
	}{
		{"nothing while all is well", present(sample.Calm(), time.Now()), false, nil},
		{
			"a banner in an outage", present(sample.Outage(), time.Now()), false,
			[]string{"Safety report is not available right now.", "Emergency 119", "Next update", "More"},
		},
		{"unknown when the data is old", present(sample.Calm(), time.Now().Add(-2*time.Hour)), false, []string{"Status unknown since"}},
		{"nothing when we are dead", present(sample.Outage(), time.Now()), true, nil},
	} {
		face.Publish(c.snapshot)
		dead.Store(c.dead)
		before := asked.Load()
		look(tab, t, screen{Name: "phone", Width: 360, Height: 740, Dark: false}, true, page.URL)
		got, err := chromedp.Run(tab, chromedp.Evaluate[string](`(async () => {
			const box = () => document.querySelector("[role=status]");
			for (let i = 0; i < 40 && !box(); i++) await new Promise((go) => setTimeout(go, 25));
			return box() ? box().getAttribute("aria-live") + " " + box().shadowRoot.textContent : "";
		})()`, chromedp.EvalAwaitPromise))
		if err != nil {
			t.Fatal(err)
		}
		if asked.Load() == before {
			t.Errorf("%s: the widget did not ask", c.what)
		}
		if c.want == nil && got != "" {
			t.Errorf("%s: it shows %q", c.what, got)
		}
		for _, want := range c.want {
			if !strings.Contains(got, want) || !strings.HasPrefix(got, "polite") {
				t.Errorf("%s: it shows %q, which lacks %q", c.what, got, want)
			}
		}
	}
}

// A page that draws itself anew takes the banner away with all the rest. It is
// back with the next look, which comes sooner here than in a minute.
func TestTheWidgetComesBack(t *testing.T) {
	tab := browsertest.Open(t)
	s := sample.Outage()
	s.At = time.Now()
	origin := site(t, s)
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `<!doctype html><html lang="en"><title>Host</title><body>`+
			`<script>const later = setTimeout; window.setTimeout = (f, ms) => later(f, ms >= 60000 ? 100 : ms)</script>`+
			`<script async src="%s/widget.js" data-app="safety-report"></script></body></html>`, origin.URL)
	}))
	t.Cleanup(page.Close)
	look(tab, t, screen{Name: "phone", Width: 360, Height: 740, Dark: false}, true, page.URL)
	got, err := chromedp.Run(tab, chromedp.Evaluate[string](`(async () => {
		const box = async () => {
			for (let i = 0; i < 100 && !document.querySelector("[role=status]"); i++) await new Promise((go) => setTimeout(go, 50));
			return document.querySelector("[role=status]");
		};
		await box();
		document.body.innerHTML = "<main>Drawn anew</main>";
		const again = await box();
		return again ? again.shadowRoot.textContent : "";
	})()`, chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatal(err)
	}
	if want := "Safety report is not available right now."; !strings.Contains(got, want) {
		t.Errorf("drawn anew, the page shows %q, want %q", got, want)
	}
}
