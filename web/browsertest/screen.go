package browsertest

import (
	"bytes"
	"context"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// Screen is a size and a colour scheme.
type Screen struct {
	Name          string
	Width, Height int64
	Dark          bool
}

// Screens are those that pictures are taken of.
func Screens() []Screen {
	return []Screen{
		{"phone-light", 360, 740, false},
		{"phone-dark", 360, 740, true},
		{"desktop-light", 1280, 900, false},
		{"desktop-dark", 1280, 900, true},
	}
}

// Look opens a page as the screen shows it.
func Look(tab context.Context, t testing.TB, s Screen, scripts bool, url string) {
	t.Helper()
	scheme := "light"
	if s.Dark {
		scheme = "dark"
	}
	Call(tab, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
	})
	if err := chromedp.Do(tab, chromedp.EmulateViewport(s.Width, s.Height)); err != nil {
		t.Fatal(err)
	}
	Scripts(tab, t, scripts)
	if err := chromedp.Do(tab, chromedp.Navigate(url)); err != nil {
		t.Fatal(err)
	}
}

// Scripts lets the scripts of pages run, or not.
func Scripts(tab context.Context, t testing.TB, run bool) {
	t.Helper()
	Call(tab, t, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !run})
}

// Call gives the browser a command of its protocol.
func Call[P, R any](tab context.Context, t testing.TB, command cdp.Command[P, R], params P) {
	t.Helper()
	if _, err := chromedp.Call(tab, command, params); err != nil {
		t.Fatal(err)
	}
}

// Picture keeps what is seen in a PNG file: the whole page, or the screen. It is
// an error if nothing is drawn.
func Picture(tab context.Context, t testing.TB, whole bool, name string) {
	t.Helper()
	take := chromedp.CaptureScreenshot()
	if whole {
		take = chromedp.FullScreenshot(100)
	}
	shot, err := chromedp.Run(tab, take)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, shot, 0o600); err != nil {
		t.Fatal(err)
	}
	wantDrawn(t, filepath.Base(name), shot)
}

// wantDrawn says when a picture shows nothing: a page that did not render is
// one flat colour.
func wantDrawn(t testing.TB, name string, shot []byte) {
	t.Helper()
	picture, err := png.Decode(bytes.NewReader(shot))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	seen := map[color.Color]bool{}
	for y := range picture.Bounds().Dy() {
		for x := 0; x < picture.Bounds().Dx(); x += 7 {
			seen[picture.At(x, y)] = true
		}
	}
	if len(seen) < 10 {
		t.Errorf("%s has %d colours: nothing is drawn", name, len(seen))
	}
}
