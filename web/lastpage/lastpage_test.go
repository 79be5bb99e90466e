package lastpage_test

import (
	"bytes"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"bongsu/status"
	"bongsu/web"
	"bongsu/web/lastpage"
	"bongsu/web/sample"
)

// handler serves a snapshot.
func handler(t *testing.T, s *status.Snapshot) http.Handler {
	t.Helper()
	server, err := web.New(web.Options{})
	if err != nil {
		t.Fatal(err)
	}
	server.Publish(s)
	return server.Handler()
}

func get(h http.Handler, path string) string {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	return w.Body.String()
}

// What comes back reads the same on every page, to the byte, and holds nothing
// that the public may not see.
func TestWhatComesBackReadsTheSame(t *testing.T) {
	for name, s := range map[string]*status.Snapshot{
		"calm": sample.Calm(), "outage": sample.Outage(), "eventful": sample.Eventful(), "impaired": sample.Impaired(),
		"crowded": sample.Crowded(60), "empty": {At: sample.Now()},
	} {
		s.Suspicions = []status.Suspicion{{}}
		file := filepath.Join(t.TempDir(), "page")
		for range 2 { // the second takes the place of the first
			if err := lastpage.Write(file, s); err != nil {
				t.Fatal(err)
			}
		}
		back, err := lastpage.Read(file)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if len(back.Suspicions) > 0 {
			t.Errorf("%s: what operators alone may see is kept", name)
		}
		back.Site.Zone = s.Site.Zone
		wantEveryField(t, s, back)
		before, after := handler(t, s), handler(t, back)
		for _, path := range []string{
			"/?lang=ko", "/?lang=ja", "/?lang=en", "/components/login?lang=en", "/components/chat-text?lang=ja", "/incidents/01JD9R2W8F?lang=en",
			"/history?lang=ko", "/maintenance?lang=en", "/judging?lang=en", "/apps?lang=en", "/api/v1/status", "/api/v1/locations",
			"/api/v2/summary.json", "/api/v2/incidents.json", "/feed.atom", "/maintenance.ics", "/widget/safety-report.json", "/en/widget/safety-report.json",
		} {
			if get(before, path) != get(after, path) {
				t.Errorf("%s: %s reads otherwise", name, path)
			}
		}
	}
}

// wantEveryField says when something is in the snapshot and not in what came back.
func wantEveryField(t *testing.T, s, back *status.Snapshot) {
	t.Helper()
	for _, of := range []struct{ before, after reflect.Value }{
		{reflect.ValueOf(*s), reflect.ValueOf(*back)}, {reflect.ValueOf(s.Site), reflect.ValueOf(back.Site)},
	} {
		for i := range of.before.NumField() {
			name := of.before.Type().Field(i).Name
			if !of.before.Field(i).IsZero() && of.after.Field(i).IsZero() && name != "Suspicions" && !isEmpty(of.before.Field(i)) {
				t.Errorf("%s is lost", name)
			}
		}
	}
}

func isEmpty(v reflect.Value) bool {
	return (v.Kind() == reflect.Slice || v.Kind() == reflect.Map) && v.Len() == 0
}

// A file that is not whole is no page: one flipped byte anywhere, or one less.
func TestAFileThatIsNotWholeIsRefused(t *testing.T) {
	file := filepath.Join(t.TempDir(), "page")
	if _, err := lastpage.Read(file); !errors.Is(err, lastpage.ErrNone) {
		t.Errorf("without a file: %v", err)
	}
	if err := lastpage.Write(file, sample.Outage()); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for at := 0; at < len(whole); at += 1 + len(whole)/200 {
		flipped := bytes.Clone(whole)
		flipped[at] ^= 1
		for _, body := range [][]byte{flipped, whole[:at]} {
			if err := os.WriteFile(file, body, 0o600); err != nil {
				t.Fatal(err)
			}
			if s, err := lastpage.Read(file); err == nil {
				t.Fatalf("with byte %d of %d wrong or the last it gives the page of %s", at, len(whole), s.At.Format(time.RFC3339))
			}
		}
	}
	if err := lastpage.Write(filepath.Join(t.TempDir(), "no", "folder"), sample.Calm()); err == nil {
		t.Error("a page is kept where there is no folder")
	}
}
