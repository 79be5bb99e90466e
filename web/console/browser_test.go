package console_test

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"bongsu/status"
	"bongsu/web/browsertest"
	"bongsu/web/console"
	"bongsu/web/door/doortest"
	"bongsu/web/sample"
)

// languages are those of the console.
var languages = []string{"ko", "ja", "en"}

var phone = browsertest.Screen{Name: "phone", Width: 360, Height: 740}

var desktop = browsertest.Screen{Name: "desktop", Width: 1280, Height: 900}

// served is a furnished console on a real socket, for a browser in which
// an administrator has logged in by the door. Its time goes on from the sample's.
func served(t testing.TB, s *status.Snapshot, change ...func(*console.Options)) (*httptest.Server, *console.Console) {
	t.Helper()
	started := time.Now()
	book := doortest.New()
	if err := book.AddAccount(t.Context(), userWithPassword(t)); err != nil {
		t.Fatal(err)
	}
	entry := newEntry(book)
	c := furnished(t, s, append([]func(*console.Options){func(o *console.Options) {
		o.Now = func() time.Time { return sample.Now().Add(time.Since(started)) }
		o.Site.URL = ""
		o.Door, o.Entry = entry, entry
	}}, change...)...)
	var inside []*http.Cookie
	if w := send(c, console.Root+"/login", "", url.Values{"name": {"hana"}, "password": {passphrase}}); w.Code == http.StatusSeeOther {
		inside = w.Result().Cookies()
	} else {
		t.Fatalf("logging in: %d\n%s", w.Code, w.Body)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, cookie := range inside {
			r.AddCookie(cookie)
		}
		c.ServeHTTP(w, r)
	}))
	t.Cleanup(func() { c.Close(); server.Close() })
	return server, c
}

// aFile is the path of what is no page of the console but a file to keep.
var aFile = regexp.MustCompile(`\.\w+$|/file$`)

// pages are the addresses of every page that there is, by a name for files, as
// whoever a handler lets in sees them.
func pages(t testing.TB, c *console.Console, inside http.Handler) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, r := range c.Routes() {
		path := address(t, r.Path)
		if r.Method != http.MethodGet || r.Path == console.Root+"/live" || aFile.MatchString(r.Path) {
			continue
		}
		switch code := ask(inside, http.MethodGet, path, "").Code; {
		case r.Deed == "" && code != http.StatusOK:
			continue // whoever has come in already is led on from there: see entrances
		case code != http.StatusOK:
			t.Errorf("%s answers %d", path, code)
		}
		name := strings.NewReplacer("{", "", "}", "", "/", "-").Replace(strings.TrimPrefix(r.Path, console.Root))
		all[cmp.Or(strings.TrimPrefix(name, "-"), "now")] = path
	}
	all["nowhere"] = console.Root + "/nowhere"
	return all
}

// usable looks at a page: nothing that axe-core calls serious or critical, nothing
// wider than the screen, one h1.
func usable(tab context.Context, t *testing.T, axe, name, lang, address string) {
	t.Helper()
	screen := phone
	if screen.Dark = lang == "ja"; screen.Dark {
		screen.Width = desktop.Width
	}
	browsertest.Look(tab, t, screen, true, address)
	browsertest.Audit(tab, t, axe, name+" in "+lang)
	fits, err := chromedp.Run(tab, chromedp.Evaluate[[]int](`[document.documentElement.scrollWidth, innerWidth, document.querySelectorAll("h1").length]`))
	if err != nil {
		t.Fatal(err)
	}
	if fits[0] > fits[1] || fits[2] != 1 {
		t.Errorf("%s in %s is %d wide on a screen of %d, and has %d h1", name, lang, fits[0], fits[1], fits[2])
	}
}

// Every page of the table in every language, light on a phone and dark on a
// desktop.
func TestEveryPageCanBeUsedByEverybody(t *testing.T) {
	axe := browsertest.AxeCore(t)
	for _, lang := range languages {
		t.Run(lang, func(t *testing.T) {
			server, c := served(t, sample.Outage())
			tab := browsertest.Open(t)
			for name, path := range pages(t, c, server.Config.Handler) {
				usable(tab, t, axe, name, lang, server.URL+path+"?lang="+lang)
			}
		})
	}
}

// And so can those that come of forms: log-in, codes, links, previews, what is
// refused.
func TestEveryFormCanBeUsedByEverybody(t *testing.T) {
	axe := browsertest.AxeCore(t)
	server, names := shown(t, furnished(t, sample.Outage()))
	for _, lang := range languages {
		t.Run(lang, func(t *testing.T) {
			tab := browsertest.Open(t)
			for _, name := range names {
				usable(tab, t, axe, name, lang, server.URL+"/shown/"+name+"/"+lang)
			}
		})
	}
}

// The console as operators see it, to be looked at.
func TestConsolePictures(t *testing.T) {
	dir, all := os.Getenv("BONGSU_PICTURES"), true
	if dir == "" { // `make pictures` keeps them
		dir, all = t.TempDir(), false
	}
	for _, s := range browsertest.Screens() {
		if !all && s.Name != "phone-light" {
			continue
		}
		for _, lang := range languages {
			if !all && lang != "en" {
				continue
			}
			t.Run(s.Name+" "+lang, func(t *testing.T) { takePictures(t, dir, s, lang) })
		}
	}
}

// takePictures takes one of every page on a screen in a language.
func takePictures(t *testing.T, dir string, s browsertest.Screen, lang string) {
	server, c := served(t, sample.Outage())
	calm, _ := served(t, sample.Calm())
	forms, names := shown(t, furnished(t, sample.Outage()))
	addresses := map[string]string{"calm": calm.URL + "/console?lang=" + lang}
	for name, path := range pages(t, c, server.Config.Handler) {
		addresses[name] = server.URL + path + "?lang=" + lang
	}
	for _, name := range names {
		addresses["form-"+name] = forms.URL + "/shown/" + name + "/" + lang
	}
	tab := browsertest.Open(t)
	for name, address := range addresses {
		browsertest.Look(tab, t, s, false, address)
		browsertest.Picture(tab, t, true, filepath.Join(dir, fmt.Sprintf("console-%s-%s-%s.png", name, lang, s.Name)))
	}
}
