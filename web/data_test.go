package web_test

import (
	"flag"
	"html"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bongsu/status"
	"bongsu/web"
	"bongsu/web/sample"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares with a file in testdata/data.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", "data", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

// What each document looks like on the eventful day, to be read.
func TestDocumentsForPrograms(t *testing.T) {
	handler := serve(t, sample.Eventful(), web.Options{}).Handler()
	for name, path := range map[string]string{
		"status.json":       "/api/v2/status.json",
		"upcoming.json":     "/api/v2/scheduled-maintenances/upcoming.json",
		"taxi.atom":         "/en/feeds/components/taxi.atom",
		"taxi.rss":          "/ko/feeds/components/taxi.rss",
		"taxi.feed.json":    "/feeds/components/taxi.json?lang=ja",
		"maintenance.ics":   "/en/maintenance.ics",
		"retracted.cap.xml": "/cap/01JD9Q7RTR.xml",
		"login.ko.svg":      "/badge/login.svg?lang=ko",
		"login.ja.svg":      "/ja/badge/login.svg",
		"login.en.svg":      "/badge/login.svg?lang=en",
		"overall.json":      "/badge/overall.json?lang=en",
	} {
		w := ask(handler, "GET", path)
		if w.Code != http.StatusOK {
			t.Fatalf("%s answers %d", path, w.Code)
		}
		golden(t, name, w.Body.String())
	}
}

// Every document for programs may be read by any site, has no body for HEAD, a
// strong tag, and a type; what is not there is a real 404.
func TestDocumentsAreServedAsSuch(t *testing.T) {
	server := serve(t, sample.Eventful(), web.Options{})
	handler := server.Handler()
	for path, kind := range map[string]string{
		"/api/v2/summary.json":              "application/json; charset=utf-8",
		"//api/v2/incidents.json":           "application/json; charset=utf-8",
		"/api/v2/incidents/unresolved.json": "application/json; charset=utf-8",
		"/feed.atom":                        "application/atom+xml; charset=utf-8",
		"/feed.rss?lang=ja":                 "application/rss+xml; charset=utf-8",
		"/feeds/groups/chat.json":           "application/feed+json; charset=utf-8",
		"/ko/feeds/components/login.atom":   "application/atom+xml; charset=utf-8",
		"/maintenance.ics":                  "text/calendar; charset=utf-8",
		"/cap.atom":                         "application/atom+xml; charset=utf-8",
		"/cap/01JD9R2W8F.xml":               "application/cap+xml; charset=utf-8",
		"/cap/01JD9R2W8F-2.xml":             "application/cap+xml; charset=utf-8",
		"/badge/chat.svg":                   "image/svg+xml",
		"/badge/taxi.json":                  "application/json; charset=utf-8",
	} {
		w := ask(handler, "GET", path)
		tag := w.Header().Get("ETag")
		if w.Code != http.StatusOK || w.Header().Get("Content-Type") != kind || w.Header().Get("Access-Control-Allow-Origin") != "*" || !strings.HasPrefix(tag, `"`) {
			t.Errorf("%s answers %d with %v", path, w.Code, w.Header())
		}
		if head := ask(handler, "HEAD", path); head.Code != http.StatusOK || head.Body.Len() > 0 {
			t.Errorf("HEAD %s answers %d with %d bytes", path, head.Code, head.Body.Len())
		}
		later := sample.Eventful()
		later.At = later.At.Add(15 * time.Minute)
		server.Publish(later)
		if same := ask(handler, "GET", path, "If-None-Match", tag); same.Code != http.StatusNotModified {
			t.Errorf("%s has changed where nothing has", path)
		}
	}
	for _, path := range []string{
		"/api/v2/", "/api/v2/summary", "/api/v2/nothing.json", "/api/v2/incidents/aaaaaaaaaaaa.json", "/api/v1/../v2/summary.json", "//feed.atom",
		"/feeds/components/nobody.atom", "/feeds/groups/nobody.rss", "/feeds/components/login", "/feeds/components/login.xml", "/feeds/login.atom", "/en/cap/01JD9R2W8F.xml", "/en/api/v2/summary.json",
		"/cap/01JD9R2W8F", "/cap/01JD9R2W8F-0.xml", "/cap/01JD9R2W8F-99.xml", "/cap/01JD9R2W8F-01.xml", "/cap/-1.xml", "/cap/.xml",
		"/badge/nobody.svg", "/badge/login", "/badge/login.svg.json", "/badge/.svg",
	} {
		if w := ask(handler, "GET", path); w.Code != http.StatusNotFound {
			t.Errorf("%s answers %d", path, w.Code)
		}
	}
}

func TestTheStatuspageAPIRefusesInItsOwnForm(t *testing.T) {
	handler := serve(t, sample.Calm(), web.Options{}).Handler()
	for _, c := range []struct {
		method, path string
		code         int
	}{
		{"GET", "/api/v2/nothing.json", 404}, {"PUT", "/api/v2/summary.json", 405}, {"DELETE", "/api/v2/incidents.json", 405},
	} {
		w := ask(handler, c.method, c.path)
		if w.Code != c.code || !strings.HasPrefix(w.Body.String(), `{"error":"`) || w.Header().Get("Access-Control-Allow-Origin") != "*" {
			t.Errorf("%s %s answers %d: %s", c.method, c.path, w.Code, w.Body)
		}
	}
	server, err := web.New(web.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if w := ask(server.Handler(), "GET", "/api/v2/summary.json"); w.Code != http.StatusServiceUnavailable {
		t.Errorf("before the first snapshot it answers %d", w.Code)
	}
}

// Everything that may be read alone says that it is an exercise or a simulation,
// in its own language.
func TestDocumentsSayThatNothingIsReal(t *testing.T) {
	for _, c := range []struct {
		name  string
		site  func(*status.Site)
		words map[string]string
		cap   string
	}{
		{"simulation", func(s *status.Site) { s.Simulation = true }, map[string]string{"ko": "[훈련]", "ja": "[訓練]", "en": "[SIMULATION]"}, "Test"},
		{"exercise", func(s *status.Site) { s.Simulation, s.Exercise = true, true }, map[string]string{"ko": "[훈련]", "ja": "[訓練]", "en": "[EXERCISE]"}, "Exercise"},
	} {
		s := sample.Eventful()
		c.site(&s.Site)
		handler := serve(t, s, web.Options{}).Handler()
		for lang, mark := range c.words {
			for path, before := range map[string]string{
				"/feed.atom": "<title>", "/feed.rss": "<title>", "/feed.json": `"title": "`, "/cap.atom": "<title>", "/cap/01JD9R2W8F.xml": "<headline>",
				"/maintenance.ics": "SUMMARY;LANGUAGE=" + lang + ":", "/badge/login.svg": "<title>", "/badge/login.json": `"label":"`,
			} {
				body := ask(handler, "GET", path+"?lang="+lang).Body.String()
				all, marked := strings.Count(body, before), strings.Count(body, before+mark)
				if strings.HasPrefix(path, "/cap/") {
					all /= 3 // of each language one
				}
				if all == 0 || all != marked {
					t.Errorf("%s: %s in %s says it %d times of %d", c.name, path, lang, marked, all)
				}
			}
		}
		if body := ask(handler, "GET", "/cap/01JD9R2W8F.xml").Body.String(); !strings.Contains(body, "<status>"+c.cap+"</status>") || !strings.Contains(body, "<note>") {
			t.Errorf("%s: an alert is not marked: %s", c.name, body)
		}
		body := ask(handler, "GET", "/api/v2/summary.json").Body.String()
		if n := strings.Count(body, `"name":"[훈련] `); n != 1+2+1 || !strings.Contains(body, `"description":"[`) { // the page, two incidents, one maintenance
			t.Errorf("%s: the summary says it %d times", c.name, n)
		}
	}
}

// The head of a page names the feed that tells the same.
func TestPagesNameTheirFeeds(t *testing.T) {
	handler := serve(t, sample.Outage(), web.Options{}).Handler()
	for path, feeds := range map[string][]string{
		"/en/":                 {"/en/feed.atom"},
		"/ja/components/login": {"/ja/feeds/components/login.atom", "/ja/feed.atom"},
	} {
		body := html.UnescapeString(ask(handler, "GET", path).Body.String())
		for _, feed := range feeds {
			if !strings.Contains(body, `<link rel="alternate" type="application/atom+xml" title="`) || !strings.Contains(body, ` href="`+feed+`">`) {
				t.Errorf("%s does not name %s", path, feed)
			}
			if w := ask(handler, "GET", feed); w.Code != http.StatusOK {
				t.Errorf("%s answers %d", feed, w.Code)
			}
		}
	}
}

// A feed holds a hundred entries, the newest, however much has happened.
func TestFeedsAreBounded(t *testing.T) {
	s := sample.Outage()
	i := &s.Incidents[0]
	for len(i.Updates) < 400 {
		u := i.Updates[2]
		u.ID += "x"
		i.Updates = append(i.Updates, u)
	}
	body := ask(serve(t, s, web.Options{}).Handler(), "GET", "/feed.atom").Body.String()
	if n := strings.Count(body, "<entry>"); n != 100 {
		t.Errorf("the feed has %d entries", n)
	}
}

// Nobody is woken for what nobody was told of.
func TestAlertsWaitForTheFirstWords(t *testing.T) {
	s := sample.Outage()
	s.Incidents[0].Announced = status.Incident{}.Announced
	handler := serve(t, s, web.Options{}).Handler()
	if w := ask(handler, "GET", "/cap/01JD9R2W8F.xml"); w.Code != http.StatusNotFound {
		t.Errorf("the alert answers %d", w.Code)
	}
	if body := ask(handler, "GET", "/cap.atom").Body.String(); strings.Contains(body, "01JD9R2W8F") {
		t.Error("the feed of alerts tells of it")
	}
}
