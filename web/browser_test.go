package web_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"bongsu/web/browsertest"
	"bongsu/web/sample"
)

// screen is a size and a colour scheme.
type screen struct {
	name          string
	width, height int64
	dark          bool
}

// look opens a page as the screen shows it.
func look(t *testing.T, tab context.Context, s screen, scripts bool, url string) {
	t.Helper()
	scheme := "light"
	if s.dark {
		scheme = "dark"
	}
	call(t, tab, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
	})
	if err := chromedp.Do(tab, chromedp.EmulateViewport(s.width, s.height)); err != nil {
		t.Fatal(err)
	}
	call(t, tab, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !scripts})
	if err := chromedp.Do(tab, chromedp.Navigate(url)); err != nil {
		t.Fatal(err)
	}
}

func picture(t *testing.T, tab context.Context, whole bool, name string) {
	t.Helper()
	take := chromedp.CaptureScreenshot()
	if whole {
		take = chromedp.FullScreenshot(100)
	}
	png, err := chromedp.Run(tab, take)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, png, 0o644); err != nil {
		t.Fatal(err)
	}
}

// The pages as people see them, to be looked at: three languages, phone and
// desktop, light and dark, with scripts off.
func TestPictures(t *testing.T) {
	dir := os.Getenv("BONGSU_PICTURES")
	if dir == "" {
		t.Skip("pictures are made by `make pictures`")
	}
	outage := site(t, sample.Outage())
	calm := site(t, sample.Calm())
	pages := []struct {
		name, path string
		server     *httptest.Server
	}{
		{"overview", "/", outage},
		{"calm", "/", calm},
		{"component", "/components/chat-text", outage},
		{"incident", "/incidents/01JD9R2W8F", outage},
	}
	tab := browsertest.Open(t)
	for _, s := range []screen{
		{"phone-light", 360, 740, false},
		{"phone-dark", 360, 740, true},
		{"desktop-light", 1280, 900, false},
		{"desktop-dark", 1280, 900, true},
	} {
		for _, p := range pages {
			for _, lang := range []string{"ko", "ja", "en"} {
				look(t, tab, s, false, p.server.URL+p.path+"?lang="+lang)
				picture(t, tab, true, filepath.Join(dir, fmt.Sprintf("%s-%s-%s.png", p.name, lang, s.name)))
			}
		}
	}
	look(t, tab, screen{"phone", 360, 740, false}, false, outage.URL+"/?lang=ko")
	picture(t, tab, false, filepath.Join(dir, "first-screen-ko.png"))
}

