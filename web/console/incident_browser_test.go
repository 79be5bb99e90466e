package console_test

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"bongsu/web/browsertest"
	"bongsu/web/console"
	"bongsu/web/sample"
)

// deskInBrowser is the pages of incidents on a real socket, for an operator.
func deskInBrowser(t testing.TB) (*httptest.Server, *storyDesk) {
	t.Helper()
	s := sample.Outage()
	d := newStoryDesk(s)
	started := time.Now()
	c := furnished(t, s, func(o *console.Options) {
		o.Stories, o.Recorder = d, d
		o.Now = func() time.Time { return sample.Now().Add(time.Since(started)) }
	})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.AddCookie(&http.Cookie{Name: "who", Value: "operator"})
		c.ServeHTTP(w, r)
	}))
	t.Cleanup(func() { c.Close(); server.Close() })
	return server, d
}

// onPhone opens a page on a screen of 360 px.
func onPhone(tab context.Context, t testing.TB, scripts bool, address string) {
	t.Helper()
	if _, err := chromedp.Call(tab, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !scripts}); err != nil {
		t.Fatal(err)
	}
	if err := chromedp.Do(tab, chromedp.EmulateViewport(360, 740), chromedp.Navigate(address)); err != nil {
		t.Fatal(err)
	}
}

// tabTo presses Tab until what is wanted has the focus: as somebody does who has
// a keyboard and nothing else.
func tabTo(tab context.Context, t *testing.T, scripts bool, css string) {
	t.Helper()
	for range 150 {
		if err := chromedp.Do(tab, chromedp.KeyEvent(kb.Tab)); err != nil {
			t.Fatal(err)
		}
		if holds(tab, t, scripts, fmt.Sprintf("document.activeElement.matches(%q)", css)) {
			return
		}
	}
	t.Fatalf("Tab does not lead to %s", css)
}

func sendKeys(tab context.Context, t *testing.T, keys string, leads bool) {
	t.Helper()
	var err error
	if leads {
		_, err = chromedp.RunResponse(tab, chromedp.KeyEvent(keys))
	} else {
		err = chromedp.Do(tab, chromedp.KeyEvent(keys))
	}
	if err != nil {
		t.Fatal(err)
	}
}

// An incident is opened with the keyboard alone, on a phone, with and without
// scripts: fields, preview, publish.
func TestAnIncidentIsOpenedWithTheKeyboard(t *testing.T) {
	tab := browsertest.Open(t)
	for _, scripts := range []bool{true, false} {
		server, d := deskInBrowser(t)
		onPhone(tab, t, scripts, server.URL+console.Root+"/incidents?lang=en")
		tabTo(tab, t, scripts, `a[href$="/new-incident"]`)
		sendKeys(tab, t, kb.Enter, true)
		for _, field := range []struct{ name, text string }{
			{"title.ko", "지도 지연"}, {"title.ja", "地図の遅れ"}, {"title.en", "Maps are slow"}, {"text.ko", "확인하고 있습니다."}, {"text.en", "We look into it."},
		} {
			tabTo(tab, t, scripts, fmt.Sprintf(`[name="%s"]`, field.name))
			sendKeys(tab, t, field.text, false)
		}
		tabTo(tab, t, scripts, `button[value="preview"]`)
		sendKeys(tab, t, kb.Enter, true)
		if !holds(tab, t, scripts, "document.documentElement.scrollWidth <= innerWidth") || len(d.done) > 0 {
			t.Errorf("scripts %t: the preview is wider than the phone, or something was done: %v", scripts, d.done)
		}
		tabTo(tab, t, scripts, `button[value="publish"]`)
		sendKeys(tab, t, kb.Enter, true)
		if len(d.done) != 1 || d.done[0].Open == nil || d.done[0].Open.Title["ja"] != "地図の遅れ" || d.done[0].Open.Text["en"] != "We look into it." || !d.done[0].Open.Notify {
			t.Errorf("scripts %t: done %+v", scripts, d.done)
		}
	}
}

// What happens meanwhile comes to an open page by itself, and leaves alone what
// somebody is typing.
func TestAnOpenIncidentFollowsWhatHappens(t *testing.T) {
	tab := browsertest.Open(t)
	s := sample.Outage()
	d := newStoryDesk(s)
	c := open(t, s, func(o *console.Options) { o.Stories, o.Recorder, o.Now = d, d, time.Now })
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.AddCookie(&http.Cookie{Name: "who", Value: "operator"})
		c.ServeHTTP(w, r)
	}))
	t.Cleanup(func() { c.Close(); server.Close() })
	onPhone(tab, t, true, server.URL+console.Root+"/incidents/"+s.Incidents[0].ID+"?lang=en")
	tabTo(tab, t, true, `[name="text.en"]`)
	sendKeys(tab, t, "half a sentence", false)
	for c.Streams() == 0 {
		if err := chromedp.Do(tab, chromedp.Sleep(20*time.Millisecond)); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.Take(t.Context(), console.StoryHold{Incident: s.Incidents[0].ID, Who: "u2", Name: "Sato", Since: time.Now()}); err != nil {
		t.Fatal(err)
	}
	c.Changed(console.Incidents)
	if _, err := chromedp.Run(tab, chromedp.Poll[bool](`document.querySelector("#head").textContent.includes("Sato has it")`)); err != nil {
		t.Fatal(err)
	}
	typed, err := chromedp.Run(tab, chromedp.Evaluate[string](`document.querySelector("[name='text.en']").value`))
	if err != nil || typed != "half a sentence" {
		t.Errorf("what was typed is %q (%v)", typed, err)
	}
}

// The pages of an outage as the runbook shows them.
func TestPicturesOfTheRunbook(t *testing.T) {
	dir := cmp.Or(os.Getenv("BONGSU_PICTURES"), t.TempDir()) // `make pictures` keeps them
	server, d := deskInBrowser(t)
	i := outage(t)
	d.sendings = []console.StorySending{{
		Notice: "n1", Event: "opened", Audience: "subscribers", Plan: "citizens", Made: sample.Now().Add(-20 * time.Minute), Planned: true, People: 999_900, ETA: 4 * time.Minute, ETAKnown: true,
		Channels: []console.StorySendingBy{{Channel: "talk", Planned: 700_000, Handed: 700_000, Delivered: 655_120, Failed: 1204}, {Channel: "sms", Planned: 250_000, Handed: 131_000, Delivered: 118_400}},
	}}
	tab := browsertest.Open(t)
	at := server.URL + console.Root + "/incidents/" + i.ID
	for _, p := range []struct {
		name, path string
		width      int64
	}{
		{"desk-now", server.URL + console.Root, 1280},
		{"desk-now-phone", server.URL + console.Root, 360},
		{"desk-notice", server.URL + console.Root + "/deliveries/n1", 1280},
		{"desk-map", server.URL + console.Root + "/map", 1280},
		{"desk-incidents", server.URL + console.Root + "/incidents", 1280},
		{"desk-incident", at, 1280},
		{"desk-incident-phone", at, 360},
		{"desk-retraction", at + "/retraction", 1280},
	} {
		if err := chromedp.Do(tab, chromedp.EmulateViewport(p.width, 900), chromedp.Navigate(p.path+"?lang=en")); err != nil {
			t.Fatal(err)
		}
		keepPicture(tab, t, filepath.Join(dir, p.name+".png"))
	}
	tabTo(tab, t, true, `a.brand`)
	if err := chromedp.Do(tab, chromedp.Navigate(at+"/update?lang=en")); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"text.ko": "사진 전송은 됩니다.", "text.ja": "写真は送れます。", "text.en": strings.Repeat("Photos work again. ", 9)} {
		if err := chromedp.Do(tab, chromedp.Focus(fmt.Sprintf(`[name="%s"]`, name)), chromedp.KeyEvent(text)); err != nil {
			t.Fatal(err)
		}
	}
	tabTo(tab, t, true, `button[value="preview"]`)
	sendKeys(tab, t, kb.Enter, true)
	keepPicture(tab, t, filepath.Join(dir, "desk-preview.png"))
}

func keepPicture(tab context.Context, t *testing.T, name string) {
	t.Helper()
	shot, err := chromedp.Run(tab, chromedp.FullScreenshot(100))
	if err != nil {
		t.Fatal(err)
	}
	if len(shot) < 5000 {
		t.Errorf("%s is %d bytes: nothing is drawn", filepath.Base(name), len(shot))
	}
	if err := os.WriteFile(name, shot, 0o600); err != nil {
		t.Fatal(err)
	}
}
