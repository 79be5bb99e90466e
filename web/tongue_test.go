package web_test

import (
	"strings"
	"testing"

	"bongsu/web"
	"bongsu/web/sample"
)

// Every page is below its language's path, and nothing else is.
func TestTheLanguageIsInThePath(t *testing.T) {
	handler := serve(t, sample.Outage(), web.Options{}).Handler()
	for _, c := range []struct {
		path string
		code int
		lang string
	}{
		{"/ko/", 200, "ko"},
		{"/ja/", 200, "ja"},
		{"/en/history", 200, "en"},
		{"/ja/components/login", 200, "ja"},
		{"/ja/components/login?lang=en", 200, "ja"},
		{"/en/check/7F3K", 200, "en"},
		{"/ja/nowhere", 404, "ja"},
		{"/ja/components/nowhere", 404, "ja"},
		{"/en/api/v1/status", 404, "en"},
		{"/en/healthz", 404, "en"},
		{"/en/ja/", 404, "en"},
		{"/en//", 404, "en"},
		{"/fr/", 404, "ko"},
	} {
		w := ask(handler, "GET", c.path)
		if w.Code != c.code || w.Header().Get("Content-Language") != c.lang {
			t.Errorf("%s is answered %d in %q", c.path, w.Code, w.Header().Get("Content-Language"))
		}
		if head := ask(handler, "HEAD", c.path); head.Code != c.code {
			t.Errorf("HEAD %s: %d", c.path, head.Code)
		}
	}
	if w := ask(handler, "GET", "/ja"); w.Code != 308 || w.Header().Get("Location") != "/ja/" {
		t.Errorf("/ja leads to %q with %d", w.Header().Get("Location"), w.Code)
	}
	if page := ask(handler, "GET", "/ja/").Body.String(); !strings.Contains(page, `<link rel="canonical" href="https://status.example/ja/">`) {
		t.Error("the page does not say where it is")
	}
}
