package web_test

import (
	"crypto/rand"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"bongsu/status"
	"bongsu/web"
	"bongsu/web/account"
	"bongsu/web/sample"
)

// withReturn is the day on which a metered function is in the state.
func withReturn(state status.State, change ...func(*status.Snapshot)) *status.Snapshot {
	s := sample.Outage()
	f := &s.Apps[1].Functions[0]
	f.State = state
	if !state.Troubled() {
		f.AffectedBy, f.Incident = nil, ""
	}
	for _, c := range change {
		c(s)
	}
	return s
}

// Every state of a function, and what its app's users are told: the page of
// alternates and the API say the same.
func TestWhatAnAppsUsersAreTold(t *testing.T) {
	impaired := func(s *status.Snapshot) { s.Impaired = s.At.Add(-5 * time.Minute) }
	const stop = "If you cannot give it back, lock it, take a photograph and note the time."
	for _, c := range []struct {
		what     string
		snapshot *status.Snapshot
		says     string
		stop     string
		heading  string
		sms      string
	}{
		{"works", withReturn(status.Operational), "Returns works, as far as we measure.", "", "If it does not work", ""},
		{"slow", withReturn(status.DegradedPerformance), "Returns is slow right now.", "", "What to do instead", "[Status] City bike: Returns slow (Wallet payment failing). Leave it at a station."},
		{"in part", withReturn(status.PartialOutage), "Returns works only in part right now.", stop, "What to do instead", "[Status] City bike: Returns partly unavailable (Wallet payment failing). Leave it at a station. Cannot give it back? Lock it, photograph it, note the time."},
		{"not at all", withReturn(status.MajorOutage), "Returns is not available right now.", stop, "What to do instead", "[Status] City bike: Returns unavailable (Wallet payment failing). Leave it at a station. Cannot give it back? Lock it, photograph it, note the time."},
		{"worked on", withReturn(status.UnderMaintenance), "Returns is being worked on, as planned.", "", "What to do instead", ""},
		{"not measured", withReturn(status.Unknown), "We cannot tell right now whether Returns works.", "", "What to do instead", ""},
		{"while we cannot judge", withReturn(status.Operational, impaired), "We cannot tell right now whether Returns works.", "", "What to do instead", ""},
	} {
		t.Run(c.what, func(t *testing.T) {
			page := words(t, body(t, c.snapshot, "/apps/city-bike?lang=en"))
			for _, want := range []string{c.says, c.heading, c.stop, "Leave it at a station", "it opens when the app does not"} {
				if !strings.Contains(page, want) {
					t.Errorf("the page does not say %q but: %s", want, page)
				}
			}
			if c.stop == "" && strings.Contains(page, "Stop the loss") {
				t.Errorf("nothing goes on being charged for, and the page says: %s", page)
			}
			var app struct {
				URL       string
				Functions []struct{ Says, Stop, SMS, Instead map[string]string }
			}
			decode(t, c.snapshot, "/api/v1/apps/city-bike", &app)
			f := app.Functions[0]
			if f.Says["en"] != c.says || f.Stop["en"] != c.stop || f.SMS["en"] != c.sms || app.URL != "https://status.example/apps/city-bike" {
				t.Errorf("the API says %+v of %s", f, app.URL)
			}
			if c.sms != "" && (f.SMS["ko"] == "" || f.SMS["ja"] == "") {
				t.Errorf("there is no text in each language: %v", f.SMS)
			}
		})
	}
}

func decode(t *testing.T, s *status.Snapshot, path string, into any) {
	t.Helper()
	w := ask(serve(t, s, web.Options{}).Handler(), "GET", path)
	if w.Code != http.StatusOK {
		t.Fatalf("%s answers %d", path, w.Code)
	}
	if err := json.Unmarshal(w.Body.Bytes(), into); err != nil {
		t.Fatal(err)
	}
}

// All that tells of a function tells the same, in each language.
func TestTheWidgetAndThePageAgree(t *testing.T) {
	s := sample.Outage()
	for _, app := range []string{"safety-report", "city-bike"} {
		for _, lang := range []string{"ko", "ja", "en"} {
			widget := toldIn(t, s, app, lang)
			if len(widget.Functions) != 1 {
				t.Fatalf("the widget of %s has %d functions", app, len(widget.Functions))
			}
			f := widget.Functions[0]
			if (app == "city-bike") != (f.Stop != "") {
				t.Errorf("in %s the widget of %s says how to stop the loss: %q", lang, app, f.Stop)
			}
			page := words(t, body(t, s, "/apps/"+app+"?lang="+lang))
			first := words(t, body(t, s, "/?lang="+lang))
			for _, line := range []string{f.Name, f.Why, f.Instead, f.Stop} {
				if !strings.Contains(page, line) {
					t.Errorf("the page of %s in %s does not say %q", app, lang, line)
				}
			}
			if !strings.Contains(first, f.Instead) || !strings.Contains(first, f.Stop) {
				t.Errorf("the first page in %s does not say %q and %q", lang, f.Instead, f.Stop)
			}
		}
	}
}

// Numbers can be called from the page, without a script.
func TestNumbersCanBeCalled(t *testing.T) {
	page := parse(t, body(t, sample.Outage(), "/apps/safety-report?lang=ko"))
	var numbers []string
	for n := range page.Descendants() {
		if href := attribute(n, "href"); strings.HasPrefix(href, "tel:") {
			numbers = append(numbers, href)
		}
	}
	if strings.Join(numbers, " ") != "tel:119 tel:110" {
		t.Errorf("numbers %v", numbers)
	}
}

// What to do instead never sends people to what is not operational itself.
func TestInsteadSendsNobodyToWhatFails(t *testing.T) {
	s := withReturn(status.MajorOutage, func(s *status.Snapshot) {
		s.Apps[1].Functions[0].Instead = status.Text{
			"ko": "메신저 글 보내기에서 확인하세요", "ja": "チャットの送信で確認してください", "en": "See it in Chat messages",
		}
	})
	for _, lang := range []string{"ko", "ja", "en"} {
		if page := words(t, body(t, s, "/apps/city-bike?lang="+lang)); strings.Contains(page, s.Apps[1].Functions[0].Instead[lang]) {
			t.Errorf("in %s: %s", lang, page)
		}
	}
}

// A site without apps has no page for them, and no link to one.
func TestNoApps(t *testing.T) {
	s := sample.Calm()
	s.Apps = nil
	handler := serve(t, s, web.Options{}).Handler()
	for path, want := range map[string]int{"/apps": 404, "/apps/city-bike": 404, "/api/v1/apps/city-bike": 404, "/api/v1/apps": 200, "/": 200} {
		w := ask(handler, "GET", path)
		if w.Code != want || strings.Contains(w.Body.String(), `href="/apps`) {
			t.Errorf("%s answers %d, want %d", path, w.Code, want)
		}
	}
}

// An agency says what its own app's functions are called; nobody else's.
func TestAnAgencyRewords(t *testing.T) {
	const words = `{"instead": {"ko": "119", "ja": "119", "en": "119"}}`
	for _, c := range []struct {
		role       account.Role
		app        string
		path, body string
		want       int
	}{
		{account.Agency, "safety-report", "/api/v1/apps/safety-report/functions/report", words, 200},
		{account.Admin, "", "/api/v1/apps/safety-report/functions/report", words, 200},
		{account.Agency, "city-bike", "/api/v1/apps/safety-report/functions/report", words, 403},
		{account.Operator, "", "/api/v1/apps/safety-report/functions/report", words, 403},
		{account.App, "safety-report", "/api/v1/apps/safety-report/functions/report", words, 403},
		{account.Agency, "safety-report", "/api/v1/apps/safety-report/functions/report", `{"name": {"fr": "x"}}`, 422},
		{account.Agency, "safety-report", "/api/v1/apps/safety-report/functions/report", `{"metered": "rental"}`, 400},
	} {
		a := newAPI(t)
		token, hash, err := web.NewToken(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		a.by[c.role], a.tokens.known[hash] = token, web.Bearer{ID: "t", Note: "the agency", Role: c.role, App: c.app}
		w := a.do("PUT", c.role, c.path, c.body)
		if w.Code != c.want || (w.Code == 200) != (len(a.desk.done) == 1) {
			t.Errorf("%s of %q: %d, %d done: %s", c.role, c.app, w.Code, len(a.desk.done), w.Body)
		}
		if w.Code == 200 {
			if got := a.desk.done[0]; got.Author != "the agency" || got.Words.Instead["ko"] != "119" || got.Words.Function != "report" {
				t.Errorf("asked for %+v", got)
			}
		}
	}
}
