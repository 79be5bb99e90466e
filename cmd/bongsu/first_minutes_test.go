package main

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"bongsu/drill"
	"bongsu/status"
	"bongsu/store"
	"bongsu/web/account"
	"bongsu/web/browsertest"
)

// mostKeys is how many keys can be pressed in five minutes by somebody who is in
// no hurry.
const mostKeys = 1000

// typist is somebody with a keyboard and nothing else, before a screen of 360 px.
type typist struct {
	*testing.T

	tab     context.Context //nolint:containedctx // it is the browser
	scripts bool
	keys    int
}

// asks evaluates something of the page that is shown. Where the page's own
// scripts are off, the question is the test's.
func asks[T any](w *typist, question string) T {
	w.Helper()
	if !w.scripts {
		browsertest.Scripts(w.tab, w, true)
		defer browsertest.Scripts(w.tab, w, false)
	}
	got, err := chromedp.Run(w.tab, chromedp.Evaluate[T](question))
	if err != nil {
		w.Fatalf("%s: %v", question, err)
	}
	return got
}

func (w *typist) open(address string) {
	w.Helper()
	browsertest.Look(w.tab, w, browsertest.Screens()[0], w.scripts, address)
}

// to presses Tab until something has the focus.
func (w *typist) to(css string) {
	w.Helper()
	for range 150 {
		if asks[bool](w, fmt.Sprintf("document.activeElement.matches(%q)", css)) {
			return
		}
		w.press(kb.Tab)
	}
	w.Fatalf("Tab does not lead to %s on\n%s", css, asks[string](w, "document.body.innerText"))
}

// press presses keys, one after another.
func (w *typist) press(keys string) {
	w.Helper()
	w.keys += len([]rune(keys))
	if err := chromedp.Do(w.tab, chromedp.KeyEvent(keys)); err != nil {
		w.Fatal(err)
	}
}

// follow presses Enter and waits for where it leads.
func (w *typist) follow(css string) {
	w.Helper()
	w.to(css)
	w.keys++
	if _, err := chromedp.RunResponse(w.tab, chromedp.KeyEvent(kb.Enter)); err != nil {
		w.Fatalf("following %s: %v", css, err)
	}
	if wide := asks[bool](w, "document.documentElement.scrollWidth > innerWidth"); wide {
		w.Errorf("%s leads to a page that is wider than the phone", css)
	}
}

// fill types into the field of a name.
func (w *typist) fill(name, text string) {
	w.Helper()
	w.to(fmt.Sprintf("[name=%q]", name))
	w.press(text)
}

// choose goes down a list until it has the value.
func (w *typist) choose(name, value string) {
	w.Helper()
	w.to(fmt.Sprintf("[name=%q]", name))
	for range 12 {
		if asks[string](w, "document.activeElement.value") == value {
			return
		}
		w.press(kb.ArrowDown)
	}
	w.Fatalf("%s has no %s", name, value)
}

// words are texts by language.
func (w *typist) words(name, ko, ja, en string) {
	w.Helper()
	w.fill(name+".ko", ko)
	w.fill(name+".ja", ja)
	w.fill(name+".en", en)
}

// comeIn makes the first user by the link of the server's log, sets up an
// authenticator, and comes in once more by its code.
func (w *typist) comeIn(s *station, link string) {
	w.Helper()
	const passphrase = "correct horse battery"
	w.open(link)
	w.fill("name", "hana")
	w.fill("password", passphrase)
	w.follow("form.door button")
	logIn := func() {
		w.fill("name", "hana")
		w.fill("password", passphrase)
		w.follow("form.door button")
	}
	logIn()
	w.open(s.url + "/console/account/authenticator?lang=en")
	secret, ok := account.ParseTOTP(asks[string](w, `document.querySelector("[name=secret]").value`))
	if !ok {
		w.Fatal("there is no secret for an authenticator")
	}
	w.fill("code", account.TOTP(secret, time.Now()))
	w.fill("password", passphrase)
	w.follow("form.door button")
	if n := asks[int](w, `document.querySelectorAll(".codes li").length`); n != account.RecoveryCodes {
		w.Fatalf("%d recovery codes are shown on\n%s", n, asks[string](w, "document.body.innerText"))
	}
	w.follow("main a.button")
	w.follow(`form[action$="/logout"] button`)
	logIn()
	w.fill("code", account.TOTP(secret, time.Now().Add(30*time.Second))) // a code is good once
	w.follow("form.door button")
	if at := asks[string](w, "location.pathname"); at != "/console" {
		w.Fatalf("the code leads to %s:\n%s", at, asks[string](w, "document.body.innerText"))
	}
}

// What README says, by somebody who has never seen it before: the configuration
// that init writes is good once it has a contact; the log's link makes the first
// user; the first incident is written by hand in three languages and is on the
// page, on phones and in the operators' chat; then an update, and its end. On a
// phone of 360 px, with the keyboard alone, in no more keys than five minutes
// have; with the page's scripts and without.
func TestTheFirstMinutesOfAnOperator(t *testing.T) {
	folder := t.TempDir()
	var said bytes.Buffer
	if code := run(t.Context(), []string{"init", folder}, &said, &said); code != 0 {
		t.Fatalf("init: %d %s", code, &said)
	}
	path := filepath.Join(folder, "bongsu.yaml")
	written, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, bytes.Replace(written, []byte("# contact: you@example.org"), []byte("contact: hana@city.example"), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	if code := run(t.Context(), []string{"validate", "-c", path}, &said, &said); code != 0 {
		t.Fatalf("validate: %d %s", code, &said)
	}
	for _, scripts := range []bool{true, false} {
		t.Run(fmt.Sprintf("scripts %t", scripts), func(t *testing.T) { firstMinutes(t, scripts) })
	}
}

func firstMinutes(t *testing.T, scripts bool) {
	city, stop := liveCity(t, drill.Settings{Seed: 21, Keep: 10_000})
	t.Cleanup(stop)
	keys := city.Keys()
	numbers := map[string]string{"ko": officeNumber(1), "ja": officeNumber(2), "en": officeNumber(3)}
	s := openStationOn(t, stationConfig, nil,
		map[string]string{"SID": keys.TwilioSID, "TOKEN": keys.TwilioToken, "SLACK": keys.SlackToken},
		map[string]any{"From": keys.TwilioFrom, "Rate": 100, "SMS": city.URL(drill.SMS), "Slack": city.URL(drill.Slack) + "/api", "SlackChannel": keys.SlackChannel},
		func(db *store.Store) { subscribe(t, db, numbers) })
	var log bytes.Buffer
	if err := s.server.offerFirstUser(t.Context(), slog.New(slog.NewTextHandler(&log, nil))); err != nil {
		t.Fatal(err)
	}
	w := &typist{T: t, tab: browsertest.Open(t), scripts: scripts}
	w.comeIn(s, regexp.MustCompile(`http://[0-9.:]+/console/link/[A-Za-z0-9_-]{43}`).FindString(log.String())+"?lang=en")

	w.follow(`.menu a[href$="/incidents"]`)
	w.follow(`a[href$="/new-incident"]`)
	w.words("title", "교통카드 결제 불가", "交通カード決済不可", "Transit cards fail")
	w.words("text", "현금을 준비해 주십시오.", "現金をご用意ください。", "Carry cash.")
	w.to("details.states summary")
	w.press(kb.Enter)
	w.choose("state.card", "major_outage")
	w.follow(`button[value="preview"]`)
	if n := len(s.server.latest.Load().Incidents); n != 0 {
		t.Fatalf("the preview has opened %d incidents", n)
	}
	w.follow(`button[value="publish"]`)
	if w.keys > mostKeys {
		t.Errorf("it took %d keys", w.keys)
	}
	t.Logf("%d keys to the first incident", w.keys)
	at := asks[string](w, "location.pathname")
	for lang, want := range map[string]string{"ko": "현금을 준비해", "ja": "現金をご用意", "en": "Carry cash."} {
		if page := s.get(strings.TrimPrefix(at, "/console") + "?lang=" + lang); !strings.Contains(page, want) {
			t.Errorf("the page in %s lacks %q", lang, want)
		}
	}
	for lang, want := range map[string]string{"ko": "교통카드 장애", "ja": "交通カード", "en": "card"} {
		eventually(t, slowly, "a text in "+lang, func() bool { return arrived(city, drill.SMS, numbers[lang], want) })
	}
	eventually(t, slowly, "a message in the operators' chat", func() bool { return arrived(city, drill.Slack, "", "") })

	w.open(s.url + at + "/update?lang=en")
	w.words("text", "일부 역에서 다시 됩니다.", "一部の駅で使えます。", "Cards work again at some stations.")
	w.follow(`button[value="preview"]`)
	w.follow(`button[value="publish"]`)
	eventually(t, slowly, "the update on a phone", func() bool { return arrived(city, drill.SMS, numbers["en"], "at some stations") })
	w.open(s.url + at + "/update?lang=en")
	w.words("text", "모든 역에서 됩니다.", "すべての駅で使えます。", "All stations take cards again.")
	w.choose("stage", "resolved")
	w.follow(`button[value="preview"]`)
	w.follow(`button[value="publish"]`)
	eventually(t, slowly, "the end on a phone", func() bool { return arrived(city, drill.SMS, numbers["ko"], "정상 확인") })
}

// subscribe takes people in, one for each language.
func subscribe(t *testing.T, db *store.Store, numbers map[string]string) {
	t.Helper()
	for lang, number := range numbers {
		if _, err := db.AddSubscriber(t.Context(), store.Subscriber{Lang: lang, Plan: "citizens", AtLeast: status.PartialOutage, Joined: time.Now()},
			[]store.Address{{Kind: "sms", Address: number, Source: "test", Consented: time.Now(), Confirmed: time.Now()}}); err != nil {
			t.Fatal(err)
		}
	}
}
