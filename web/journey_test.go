package web_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"bongsu/web"
	"bongsu/web/browsertest"
	"bongsu/web/sample"
)

// The journey of somebody who signs up and leaves again, on a phone, with
// scripts off: every step by what can be seen and pressed.
func TestSigningUpAndLeavingInABrowser(t *testing.T) {
	tab := browsertest.Open(t)
	server := httptest.NewServer(serve(t, sample.Outage(), web.Options{Signup: &signups{}, Now: ever()}).Handler())
	t.Cleanup(server.Close)
	for _, lang := range []string{"ko", "ja", "en"} {
		look(tab, t, screen{"phone", 360, 740, false}, false, server.URL+"/?lang="+lang)
		for _, link := range []string{"/subscribe", "/leave"} {
			follow(tab, t, fmt.Sprintf(`.places a[href^="%s?"]`, link))
			fill(tab, t, "#number", "02-123-4567") // a landline: said beside the field, which keeps what was typed
			shows(tab, t, lang+link+" wrong number", `document.querySelector("#number").value == "02-123-4567" && document.querySelector("#number").getAttribute("aria-describedby").split(" ").every((id) => document.getElementById(id))`)
			fill(tab, t, "#number", "010-1234-5678")
			shows(tab, t, lang+link+" code", `document.querySelector("#code").autocomplete == "one-time-code" && document.querySelector("#code").inputMode == "numeric"`)
			fill(tab, t, "#code", "000000")
			shows(tab, t, lang+link+" wrong code", `document.querySelector("[role=alert] a").hash == "#code" && document.querySelector("#code[aria-invalid]")`)
			fill(tab, t, "#code", goodCode)
			shows(tab, t, lang+link+" done", `document.querySelector(".good[role=status]") && document.cookie == ""`)
			shows(tab, t, lang+link+" width", `document.documentElement.scrollWidth <= 360`)
		}
	}
}

// follow presses a link and waits for what it leads to.
func follow(tab context.Context, t *testing.T, css string) {
	t.Helper()
	if _, err := chromedp.RunResponse(tab, chromedp.Click(css)); err != nil {
		t.Fatalf("following %s: %v", css, err)
	}
}

// fill types into a field, in place of what is there, presses Enter and waits
// for the answer. It goes by the keyboard, for pages without scripts.
func fill(tab context.Context, t *testing.T, css, text string) {
	t.Helper()
	empty := kb.End + strings.Repeat(kb.Backspace, 20)
	if err := chromedp.Do(tab, chromedp.Focus(css), chromedp.KeyEvent(empty+text)); err != nil {
		t.Fatalf("filling %s: %v", css, err)
	}
	if _, err := chromedp.RunResponse(tab, chromedp.KeyEvent(kb.Enter)); err != nil {
		t.Fatalf("sending %s: %v", css, err)
	}
}

// shows asks whether something holds of the page. The page's own scripts stay
// off; the question is the test's.
func shows(tab context.Context, t *testing.T, what, question string) {
	t.Helper()
	call(tab, t, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{})
	got, err := chromedp.Run(tab, chromedp.Evaluate[bool]("!!("+question+")"))
	if err != nil || !got {
		html, _ := chromedp.Run(tab, chromedp.Evaluate[string]("document.querySelector('main').innerText"))
		t.Fatalf("%s: not as wanted (%v); the page says:\n%s", what, err, html)
	}
	call(tab, t, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
}

// The forms' steps can be read and pressed as every page can.
func TestFormsCanBeReadAndPressed(t *testing.T) {
	tab := browsertest.Open(t)
	server := httptest.NewServer(serve(t, sample.Outage(), web.Options{Signup: &signups{}, Now: ever()}).Handler())
	t.Cleanup(server.Close)
	dir := os.Getenv("BONGSU_PICTURES")
	screens, languages := []screen{{"phone-light", 360, 740, false}, {"phone-dark", 360, 740, true}}, []string{"en"}
	if dir != "" { // to be looked at
		screens, languages = append(screens, screen{"desktop-light", 1280, 900, false}), []string{"ko", "ja", "en"}
	}
	for _, s := range screens {
		for _, lang := range languages {
			for _, path := range []string{"/subscribe", "/leave"} {
				look(tab, t, s, true, server.URL+path+"?lang="+lang)
				step := func(name string) {
					faint, err := chromedp.Run(tab, chromedp.Evaluate[[]string](hardToUse))
					if err != nil || len(faint) > 0 {
						t.Errorf("%s%s, %s, %s: %v %v", path, lang, s.name, name, faint, err)
					}
					if dir != "" {
						picture(tab, t, true, filepath.Join(dir, fmt.Sprintf("%s-%s-%s-%s.png", path[1:], name, lang, s.name)))
					}
				}
				step("form")
				fill(tab, t, "#number", "02-123-4567")
				step("wrong")
				fill(tab, t, "#number", "010-1234-5678")
				step("code")
				fill(tab, t, "#code", goodCode)
				step("done")
			}
		}
	}
}
