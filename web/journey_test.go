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

	"bongsu/notifier/signup"
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
		look(tab, t, screen{Name: "phone", Width: 360, Height: 740, Dark: false}, false, server.URL+"/?lang="+lang)
		for _, link := range []string{"/subscribe", "/leave"} {
			follow(tab, t, fmt.Sprintf(`.places a[href="/%s%s"]`, lang, link))
			fill(tab, t, "#address", "02-123-4567") // a landline: said beside the field, which keeps what was typed
			shows(tab, t, lang+link+" wrong number", `document.querySelector("#address").value == "02-123-4567" && document.querySelector("#address").getAttribute("aria-describedby").split(" ").every((id) => document.getElementById(id))`)
			fill(tab, t, "#address", "010-1234-5678")
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
	screens, languages := []screen{{Name: "phone-light", Width: 360, Height: 740, Dark: false}, {Name: "phone-dark", Width: 360, Height: 740, Dark: true}}, []string{"en"}
	if dir != "" { // to be looked at
		screens, languages = append(screens, screen{Name: "desktop-light", Width: 1280, Height: 900, Dark: false}), []string{"ko", "ja", "en"}
	}
	for _, s := range screens {
		for _, lang := range languages {
			for _, path := range []string{"/subscribe", "/leave"} {
				look(tab, t, s, true, server.URL+path+"?lang="+lang)
				step := func(name string) {
					faint, err := chromedp.Run(tab, chromedp.Evaluate[[]string](hardToUse))
					if err != nil || len(faint) > 0 {
						t.Errorf("%s%s, %s, %s: %v %v", path, lang, s.Name, name, faint, err)
					}
					if dir != "" {
						picture(tab, t, true, filepath.Join(dir, fmt.Sprintf("%s-%s-%s-%s.png", path[1:], name, lang, s.Name)))
					}
				}
				step("form")
				fill(tab, t, "#address", "02-123-4567")
				step("wrong")
				fill(tab, t, "#address", "010-1234-5678")
				step("code")
				fill(tab, t, "#code", goodCode)
				step("done")
			}
		}
	}
}

// The pages of who is told, and the forms for every kind of address, can be read
// and pressed; every field has its label, and nothing is wider than a phone.
func TestOwnPagesCanBeReadAndPressed(t *testing.T) {
	tab := browsertest.Open(t)
	s := &signups{member: member(), kinds: signup.KindIDs()}
	s.member.Wishes.Topics = []string{"chat-text"}
	server := httptest.NewServer(serve(t, sample.Outage(), web.Options{Signup: s, PushKey: "BKey", LINEBot: "@status", Now: ever()}).Handler())
	t.Cleanup(server.Close)
	dir := os.Getenv("BONGSU_PICTURES")
	screens, languages := []screen{{Name: "phone-light", Width: 360, Height: 740, Dark: false}, {Name: "phone-dark", Width: 360, Height: 740, Dark: true}}, []string{"en"}
	if dir != "" { // to be looked at
		screens, languages = append(screens, screen{Name: "desktop-light", Width: 1280, Height: 900, Dark: false}), []string{"ko", "ja", "en"}
	}
	for _, s := range screens {
		for _, lang := range languages {
			for name, path := range map[string]string{
				"own": "/s/" + goodToken + "?", "goodbye": "/leave/" + goodToken + "?", "nobody": "/s/other?",
				"email": "/subscribe?by=email&", "line": "/subscribe?by=line&", "webpush": "/subscribe?by=webpush&", "webhook": "/subscribe?by=webhook&for=" + goodToken + "&",
				"press": "/subscribe/confirm?by=email&ticket=" + goodTicket + "&code=" + goodCode + "&",
			} {
				look(tab, t, s, true, server.URL+path+"lang="+lang)
				faint, err := chromedp.Run(tab, chromedp.Evaluate[[]string](hardToUse))
				if err != nil || len(faint) > 0 {
					t.Errorf("%s, %s, %s: %v %v", name, lang, s.Name, faint, err)
				}
				bad, err := chromedp.Run(tab, chromedp.Evaluate[[]string](hardToHear))
				if err != nil || len(bad) > 0 {
					t.Errorf("%s, %s, %s: %v %v", name, lang, s.Name, bad, err)
				}
				if dir != "" {
					picture(tab, t, true, filepath.Join(dir, fmt.Sprintf("people-%s-%s-%s.png", name, lang, s.Name)))
				}
			}
		}
	}
}

// hardToHear lists what who hears a page, or goes by keys alone, would miss.
const hardToHear = `(() => {
	const bad = [];
	for (const el of document.querySelectorAll("input:not([type=hidden]), select, textarea")) {
		if (!el.labels.length && !el.getAttribute("aria-label")) bad.push("no label: " + el.outerHTML.slice(0, 80));
		for (const id of (el.getAttribute("aria-describedby") || "").split(" ").filter(Boolean))
			if (!document.getElementById(id)) bad.push("described by nothing: " + id);
	}
	for (const el of document.querySelectorAll("fieldset")) if (!el.querySelector("legend")) bad.push("a set without a legend");
	for (const el of document.querySelectorAll("button, main a")) if (!(el.textContent.trim() || el.getAttribute("aria-label"))) bad.push("no name: " + el.outerHTML.slice(0, 80));
	let level = 0;
	for (const h of document.querySelectorAll("h1, h2, h3")) {
		const now = Number(h.tagName[1]);
		if (now > level + 1) bad.push("a heading leaps: " + h.textContent);
		level = now;
	}
	if (document.querySelectorAll("h1").length != 1) bad.push("not one h1");
	const ids = [...document.querySelectorAll("[id]")].map((el) => el.id);
	for (const id of ids) if (ids.indexOf(id) != ids.lastIndexOf(id)) bad.push("twice: " + id);
	if (document.documentElement.scrollWidth > innerWidth) bad.push("scrolls sideways: " + document.documentElement.scrollWidth);
	return bad;
})()`

// A browser that gives no subscription is told so, beside the other ways; with
// scripts off the page says that it needs them.
func TestABrowserThatGivesNoSubscription(t *testing.T) {
	tab := browsertest.Open(t)
	s := &signups{kinds: []string{"sms", "webpush"}}
	server := httptest.NewServer(serve(t, sample.Outage(), web.Options{Signup: s, PushKey: "BKey", Now: ever()}).Handler())
	t.Cleanup(server.Close)
	phone := screen{Name: "phone", Width: 360, Height: 740, Dark: false}
	look(tab, t, phone, false, server.URL+"/subscribe?by=webpush&lang=en")
	shows(tab, t, "without scripts", `document.querySelector("form[data-push]").hidden && !document.querySelector("[data-push-off]").hidden`)
	look(tab, t, phone, true, server.URL+"/subscribe?by=webpush&lang=en")
	if err := chromedp.Do(tab, chromedp.Click("form[data-push] button"), chromedp.WaitVisible("[data-push-no]")); err != nil {
		t.Fatal(err)
	}
	shows(tab, t, "refused", `!document.querySelector("[data-push-no]").hidden && document.querySelector("[data-push-no]").getAttribute("role") == "alert"`)
	if len(s.asked) > 0 {
		t.Errorf("a form without a subscription was sent: %+v", s.asked)
	}
}
