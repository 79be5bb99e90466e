package console_test

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"bongsu/notifier/peertest"
	"bongsu/status"
	"bongsu/web/browsertest"
	"bongsu/web/console"
	"bongsu/web/sample"
)

// languages are those of the console.
var languages = []string{"ko", "ja", "en"}

var phone = browsertest.Screen{Name: "phone", Width: 360, Height: 740}

var desktop = browsertest.Screen{Name: "desktop", Width: 1280, Height: 900}

// served is a furnished console on a real socket, for a browser in which
// an admin has logged in. Its time goes on from the sample's.
func served(t testing.TB, s *status.Snapshot, change ...func(*console.Options)) (*httptest.Server, *console.Console) {
	t.Helper()
	started := time.Now()
	c := furnished(t, s, append([]func(*console.Options){func(o *console.Options) {
		o.Now = func() time.Time { return sample.Now().Add(time.Since(started)) }
		o.Site.URL = ""
	}}, change...)...)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.AddCookie(&http.Cookie{Name: "who", Value: "admin"})
		c.ServeHTTP(w, r)
	}))
	t.Cleanup(func() { c.Close(); server.Close() })
	return server, c
}

// aFile is the path of what is no page of the console but a file to keep.
var aFile = regexp.MustCompile(`\.\w+$|/file$`)

// pages are the addresses of every page that there is, by a name for files.
func pages(t testing.TB, c *console.Console) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, r := range c.Routes() {
		path := cmp.Or(examples[r.Path], r.Path)
		if r.Method != http.MethodGet || r.Path == console.Root+"/live" || aFile.MatchString(r.Path) {
			continue
		}
		if strings.Contains(path, "{") {
			t.Errorf("%s has no example; add one to examples", r.Path)
			continue
		}
		if ask(c, http.MethodGet, path, "admin").Code == http.StatusSeeOther {
			continue // whoever has come in already is led on from there
		}
		name := strings.NewReplacer("{", "", "}", "", "/", "-").Replace(strings.TrimPrefix(r.Path, console.Root))
		all[cmp.Or(strings.TrimPrefix(name, "-"), "now")] = path
	}
	all["nowhere"] = console.Root + "/nowhere"
	return all
}

// audit runs axe-core on what the tab shows and says what is serious.
func audit(tab context.Context, t *testing.T, axe, name string) {
	t.Helper()
	type finding struct {
		ID, Impact, Help string
		Nodes            []struct{ HTML, FailureSummary string }
	}
	got, err := chromedp.Run(tab, chromedp.Evaluate[[]finding](axe+`;
		axe.run(document, {resultTypes: ["violations"]}).then((r) => r.violations.map((v) => ({
			ID: v.id, Impact: v.impact, Help: v.help, Nodes: v.nodes.slice(0, 3).map((n) => ({HTML: n.html, FailureSummary: n.failureSummary})),
		})))`, chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	for _, f := range got {
		if f.Impact == "serious" || f.Impact == "critical" {
			t.Errorf("%s: %s (%s): %s\n%+v", name, f.ID, f.Impact, f.Help, f.Nodes)
		}
	}
}

func axeCore(t *testing.T) string {
	t.Helper()
	axe, err := os.ReadFile(filepath.Join(peertest.Dir(t, "axe-core"), "axe.min.js"))
	if err != nil {
		t.Fatal(err)
	}
	return string(axe)
}

// Every page of the table in every language, light on a phone and dark on a
// desktop: nothing that axe-core calls serious or critical, nothing wider than
// the phone, one h1.
func TestEveryPageCanBeUsedByEverybody(t *testing.T) {
	axe := axeCore(t)
	server, c := served(t, sample.Outage())
	tab := browsertest.Open(t)
	for name, path := range pages(t, c) {
		for i, lang := range languages {
			screen := phone
			if screen.Dark = i == 1; screen.Dark {
				screen.Width = desktop.Width
			}
			browsertest.Look(tab, t, screen, true, server.URL+path+"?lang="+lang)
			audit(tab, t, axe, name+" in "+lang)
			fits, err := chromedp.Run(tab, chromedp.Evaluate[[]int](`[document.documentElement.scrollWidth, innerWidth, document.querySelectorAll("h1").length]`))
			if err != nil {
				t.Fatal(err)
			}
			if fits[0] > fits[1] || fits[2] != 1 {
				t.Errorf("%s in %s is %d wide on a screen of %d, and has %d h1", name, lang, fits[0], fits[1], fits[2])
			}
		}
	}
}

// The console as operators see it, to be looked at.
func TestConsolePictures(t *testing.T) {
	dir := cmp.Or(os.Getenv("BONGSU_PICTURES"), t.TempDir()) // `make pictures` keeps them
	server, c := served(t, sample.Outage())
	calm, _ := served(t, sample.Calm())
	tab := browsertest.Open(t)
	screens := browsertest.Screens()
	if os.Getenv("BONGSU_PICTURES") == "" {
		screens = screens[:1]
	}
	for _, s := range screens {
		for i, lang := range languages {
			for name, path := range pages(t, c) {
				if i > 0 && os.Getenv("BONGSU_PICTURES") == "" {
					break
				}
				browsertest.Look(tab, t, s, false, server.URL+path+"?lang="+lang)
				browsertest.Picture(tab, t, true, filepath.Join(dir, fmt.Sprintf("console-%s-%s-%s.png", name, lang, s.Name)))
			}
		}
		browsertest.Look(tab, t, s, false, calm.URL+"/console?lang=en")
		browsertest.Picture(tab, t, true, filepath.Join(dir, "console-calm-en-"+s.Name+".png"))
	}
}
