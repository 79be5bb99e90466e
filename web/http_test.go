package web_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"bongsu/status"
	"bongsu/web"
	"bongsu/web/sample"
)

func TestAnswers(t *testing.T) {
	handler := serve(t, sample.Outage(), web.Options{}).Handler()
	for _, c := range []struct {
		method, path string
		want         int
	}{
		{"GET", "/", 200},
		{"HEAD", "/", 200},
		{"POST", "/", 405},
		{"GET", "/components/login", 200},
		{"HEAD", "/components/login", 200},
		{"DELETE", "/components/login", 405},
		{"GET", "/components/nobody", 404},
		{"HEAD", "/components/nobody", 404},
		{"GET", "/components/", 404},
		{"GET", "/incidents/nothing", 404},
		{"GET", "/check/ZZZZ", 404},
		{"GET", "/check/7f3k", 200},
		{"GET", "/check/%00", 404},
		{"GET", "/check?code=7f-3k&lang=en", 303},
		{"GET", "/check?code=%2F%2Fevil.example", 200},
		{"GET", "//", 404},
		{"GET", "/%00ko", 404},
		{"GET", "/../etc/passwd", 404},
		{"GET", "/api/v1/status", 200},
		{"PUT", "/api/v1/status", 405},
		{"GET", "/widget/safety-report.json", 200},
		{"GET", "/widget/nothing.json", 404},
		{"GET", "/ja/widget/safety-report.json", 200},
		{"GET", "/fr/widget/safety-report.json", 404},
		{"POST", "/ja/widget/safety-report.json", 405},
		{"GET", "/widget.js", 200},
		{"GET", "/healthz", 200},
		{"GET", "/readyz", 200},
		{"GET", "/metrics", 404}, // nothing to show
		{"GET", "/favicon.ico", 404},
	} {
		w := ask(handler, c.method, c.path)
		if w.Code != c.want {
			t.Errorf("%s %s answers %d, want %d", c.method, c.path, w.Code, c.want)
		}
		if c.method == "HEAD" && w.Body.Len() > 0 {
			t.Errorf("HEAD %s has a body", c.path)
		}
		if w.Code == http.StatusMethodNotAllowed && w.Header().Get("Allow") == "" {
			t.Errorf("%s %s does not say what is allowed", c.method, c.path)
		}
		if w.Header().Get("Content-Security-Policy") == "" || w.Header().Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s %s lacks the security headers", c.method, c.path)
		}
	}
}

func TestMachinesAreToldInTheirOwnForm(t *testing.T) {
	w := ask(serve(t, sample.Outage(), web.Options{}).Handler(), "PUT", "/api/v1/status")
	if got := w.Header().Get("Content-Type"); w.Code != http.StatusMethodNotAllowed || got != "application/problem+json" {
		t.Errorf("PUT of the status answers %d as %s", w.Code, got)
	}
}

func TestTheCheckFormLeadsToTheCode(t *testing.T) {
	w := ask(serve(t, sample.Outage(), web.Options{}).Handler(), "GET", "/check?code=7f-3k&lang=en")
	if got := w.Header().Get("Location"); got != "/en/check/7F3K" {
		t.Errorf("the form leads to %q", got)
	}
}

func TestWhatIsKeptIsNotSentTwice(t *testing.T) {
	server := serve(t, sample.Outage(), web.Options{})
	handler := server.Handler()
	for _, path := range []string{"/", "/components/login", "/api/v1/status", "/widget.js"} {
		tags := map[string]bool{}
		for _, encoding := range []string{"", "gzip", "br, gzip"} {
			first := ask(handler, "GET", path, "Accept-Encoding", encoding)
			tag := first.Header().Get("ETag")
			if tags[tag] || strings.HasPrefix(tag, "W/") || tag == "" {
				t.Errorf("%s in %q: tag %q is weak, missing or shared with another encoding", path, encoding, tag)
			}
			tags[tag] = true
			for _, asked := range []string{tag, "W/" + tag, `"other", ` + tag, "*"} {
				again := ask(handler, "GET", path, "Accept-Encoding", encoding, "If-None-Match", asked)
				if again.Code != http.StatusNotModified || again.Body.Len() > 0 || again.Header().Get("ETag") != tag {
					t.Errorf("%s with If-None-Match %s answers %d with %d bytes", path, asked, again.Code, again.Body.Len())
				}
			}
		}
	}
	before := ask(handler, "GET", "/").Header().Get("ETag")
	server.Publish(sample.Outage())
	if after := ask(handler, "GET", "/").Header().Get("ETag"); after != before {
		t.Error("the same page has another tag after it was published again")
	}
	server.Publish(sample.Calm())
	if after := ask(handler, "GET", "/").Header().Get("ETag"); after == before {
		t.Error("another page has the same tag")
	}
}

func TestEncodings(t *testing.T) {
	handler := serve(t, sample.Outage(), web.Options{}).Handler()
	plain := ask(handler, "GET", "/").Body.Bytes()
	for accepted, want := range map[string]string{
		"": "", "gzip": "gzip", "gzip, deflate, br": "br", "br;q=0, gzip": "gzip", "gzip;q=0.0": "",
		"gzip;q=0.5": "gzip", "identity": "", "x-gzip": "",
	} {
		w := ask(handler, "GET", "/", "Accept-Encoding", accepted)
		if got := w.Header().Get("Content-Encoding"); got != want {
			t.Errorf("Accept-Encoding %q is answered with %q, want %q", accepted, got, want)
		}
		if got := w.Body.Bytes(); want == "gzip" && string(gunzip(t, got)) != string(plain) {
			t.Error("unpacked, the page is another")
		}
	}
	if vary := ask(handler, "GET", "/").Header().Get("Vary"); vary != "Accept-Encoding, Accept-Language" {
		t.Errorf("Vary: %s", vary)
	}
	if keep := ask(handler, "GET", "/").Header().Get("Cache-Control"); !strings.Contains(keep, "stale-if-error") {
		t.Errorf("Cache-Control: %s", keep)
	}
	if keep := ask(handler, "GET", stylesheet(t, handler)).Header().Get("Cache-Control"); !strings.Contains(keep, "immutable") {
		t.Errorf("Cache-Control of the style: %s", keep)
	}
}

func TestThePageSpeaksTheVisitorsLanguage(t *testing.T) {
	handler := serve(t, sample.Outage(), web.Options{}).Handler()
	for _, c := range []struct{ query, accepted, want string }{
		{"", "", "ko"},
		{"", "ja", "ja"},
		{"", "en-GB,en;q=0.9", "en"},
		{"", "fr-FR,fr;q=0.9,ja;q=0.5", "ja"},
		{"", "fr", "ko"},
		{"", "ko;q=0.1,en;q=0.9", "en"},
		{"", "ja-JP-x-mac", "ja"},
		{"", "*", "ko"},
		{"", ";;;,,,q=9", "ko"},
		{"", strings.Repeat("en,", 5000), "ko"},
		{"?lang=en", "ja", "en"},
		{"?lang=xx", "ja", "ja"},
		{"?lang=", "ja", "ja"},
		{"?lang=%zz", "ja", "ja"},
		{"?lang=en&from=%zz", "ja", "en"},
		{"?other=1&lang=ja", "en", "ja"},
	} {
		for _, path := range []string{"/", "/history", "/nowhere"} {
			w := ask(handler, "GET", path+c.query, "Accept-Language", c.accepted)
			if got := w.Header().Get("Content-Language"); got != c.want {
				t.Errorf("%s%s for %.40q speaks %q, want %q", path, c.query, c.accepted, got, c.want)
			}
		}
	}
}

func TestTheStatusForMachines(t *testing.T) {
	w := ask(serve(t, sample.Outage(), web.Options{}).Handler(), "GET", "/api/v1/status")
	if w.Header().Get("Access-Control-Allow-Origin") != "*" {
		t.Error("other sites can not read it")
	}
	type component struct {
		ID         string  `json:"id"`
		State      string  `json:"state"`
		AffectedBy *string `json:"affected_by"`
		Derived    bool    `json:"derived"`
	}
	type incident struct {
		ID         string   `json:"id"`
		Status     string   `json:"status"`
		Cause      string   `json:"cause"`
		Impact     string   `json:"impact"`
		Components []string `json:"components"`
	}
	var got struct {
		GeneratedAt time.Time   `json:"generated_at"`
		Overall     string      `json:"overall"`
		Components  []component `json:"components"`
		Incidents   []incident  `json:"incidents"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if !got.GeneratedAt.Equal(sample.Now()) || got.Overall != "major_outage" {
		t.Errorf("generated at %s, overall %s", got.GeneratedAt, got.Overall)
	}
	cause := "component:login"
	want := []component{
		{"login", "major_outage", nil, false},
		{"chat-text", "major_outage", &cause, false},
		{"other-chat", "operational", nil, false},
		{"place-search", "major_outage", &cause, false},
		{"route", "operational", nil, false},
		{"pay", "partial_outage", &cause, false},
		{"bank-core", "operational", nil, false},
		{"bank-linked", "partial_outage", &cause, true},
		{"taxi", "partial_outage", &cause, false},
	}
	if diff := cmp.Diff(want, got.Components); diff != "" {
		t.Errorf("components (-want +got):\n%s", diff)
	}
	wantStory := []incident{{
		"01JD9R2W8F", "identified", cause, "major_outage",
		[]string{"login", "chat-text", "place-search", "pay", "bank-linked", "taxi"},
	}}
	if diff := cmp.Diff(wantStory, got.Incidents); diff != "" {
		t.Errorf("incidents (-want +got):\n%s", diff)
	}
}

// An empty site is empty lists, never null, and still a page.
func TestAnEmptySiteIsAPage(t *testing.T) {
	handler := serve(t, &status.Snapshot{At: sample.Now()}, web.Options{}).Handler()
	if api := ask(handler, "GET", "/api/v1/status").Body.String(); !strings.Contains(api, `"components":[],"incidents":[]`) {
		t.Errorf("lists: %s", api)
	}
	if w := ask(handler, "GET", "/"); w.Code != http.StatusOK {
		t.Errorf("the page answers %d", w.Code)
	}
}

func TestBeforeTheFirstSnapshot(t *testing.T) {
	server, err := web.New(web.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]int{"/": 503, "/history": 503, "/nowhere": 503, "/readyz": 503, "/healthz": 200} {
		if w := ask(server.Handler(), "GET", path); w.Code != want {
			t.Errorf("%s answers %d, want %d", path, w.Code, want)
		}
	}
	if w := ask(server.Handler(), "GET", "/"); w.Header().Get("Retry-After") == "" {
		t.Error("it does not say when to come again")
	}
}

func TestReadyAsksItsParts(t *testing.T) {
	answer := errors.New("database at db.example: refused")
	server := serve(t, sample.Calm(), web.Options{Ready: func(context.Context) error { return answer }})
	w := ask(server.Handler(), "GET", "/readyz")
	if w.Code != http.StatusServiceUnavailable || strings.Contains(w.Body.String(), "db.example") {
		t.Errorf("answers %d: %s", w.Code, w.Body)
	}
	answer = nil
	if w := ask(server.Handler(), "GET", "/readyz"); w.Code != http.StatusOK {
		t.Errorf("answers %d: %s", w.Code, w.Body)
	}
}

func TestMetrics(t *testing.T) {
	registry := prometheus.NewRegistry()
	registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "bongsu_test_gauge", Help: "A number."}, func() float64 { return 7 }))
	w := ask(serve(t, sample.Calm(), web.Options{Metrics: registry}).Handler(), "GET", "/metrics")
	if !strings.Contains(w.Body.String(), "bongsu_test_gauge 7") {
		t.Errorf("metrics: %s", w.Body)
	}
}

func TestExtraHandlersAndLinks(t *testing.T) {
	extra := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/panic") {
			panic("on purpose")
		}
		io.WriteString(w, "city at "+r.URL.Path)
	})
	var log strings.Builder
	server := serve(t, sample.Calm(), web.Options{
		Extra: map[string]http.Handler{"/demo": extra},
		Links: []web.Link{{Text: status.Text{"ko": "모의 도시", "en": "The city"}, Href: "/demo"}},
		Log:   slog.New(slog.NewTextHandler(&log, nil)),
	})
	for _, path := range []string{"/demo", "/demo/inbox"} {
		if got := ask(server.Handler(), "POST", path).Body.String(); got != "city at "+path {
			t.Errorf("%s answers %q", path, got)
		}
	}
	if page := ask(server.Handler(), "GET", "/?lang=en").Body.String(); !strings.Contains(page, `<a href="/demo">The city</a>`) {
		t.Error("the link is missing")
	}
	w := ask(server.Handler(), "GET", "/demo/panic?lang=en")
	if w.Code != http.StatusInternalServerError || !strings.Contains(w.Body.String(), "The fault is ours") || strings.Contains(w.Body.String(), "on purpose") {
		t.Errorf("a panic is answered with %d: %.200s", w.Code, w.Body)
	}
	if !strings.Contains(log.String(), "on purpose") {
		t.Errorf("the panic is not logged: %s", log.String())
	}
	for _, path := range []string{"", "/", "demo", "/demo/"} {
		if _, err := web.New(web.Options{Extra: map[string]http.Handler{path: extra}}); err == nil {
			t.Errorf("a handler may be mounted at %q", path)
		}
	}
	if _, err := web.New(web.Options{TrustedProxies: []string{"everybody"}}); err == nil {
		t.Error("a proxy called everybody is trusted")
	}
}

// A request in flight when the end comes is answered.
func TestServeDrains(t *testing.T) {
	entered, leave := make(chan struct{}), make(chan struct{})
	server := serve(t, sample.Calm(), web.Options{Extra: map[string]http.Handler{"/slow": http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		close(entered)
		<-leave
		io.WriteString(w, "done")
	})}})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var group errgroup.Group
	group.Go(func() error { return server.Serve(ctx, listener) })
	group.Go(func() error {
		answer, err := http.Get("http://" + listener.Addr().String() + "/slow")
		if err != nil {
			return err
		}
		defer answer.Body.Close()
		body, err := io.ReadAll(answer.Body)
		if string(body) != "done" {
			t.Errorf("the last request got %q", body)
		}
		return err
	})
	<-entered
	stop()
	close(leave)
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
}

// Whatever strangers ask for, nothing panics and nothing is our mistake.
func FuzzRequests(f *testing.F) {
	handler := serve(f, sample.Outage(), web.Options{}).Handler()
	for _, path := range paths {
		f.Add(path, "lang=ja", "en", "gzip", `"x"`)
	}
	f.Add("/%2e%2e/", "lang=%00&code=7F3K", ";;q=", "gzip;q=", "W/")
	f.Add("/check/7F3K/../../x", "code=%ff", "xx-yy-zz-aa-bb", "br;;", ",,")
	f.Fuzz(func(t *testing.T, path, query, language, encoding, match string) {
		r := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
		r.URL.Path, r.URL.RawQuery = "/"+strings.TrimPrefix(path, "/"), query
		r.Header.Set("Accept-Language", language)
		r.Header.Set("Accept-Encoding", encoding)
		r.Header.Set("If-None-Match", match)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		if w.Code >= 500 {
			t.Errorf("%q?%q answers %d", path, query, w.Code)
		}
	})
}
