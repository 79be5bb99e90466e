package web_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"bongsu/status"
	"bongsu/web"
	"bongsu/web/sample"
)

// What was seen, by whom, and what came of it, in words.
func TestThePagesShowTheEvidence(t *testing.T) {
	for _, c := range []struct{ what, path, want string }{
		{"who sees what", "/components/route?lang=en", "no verdict · fails from 1 of 3 locations (Seoul); answers from 1 of 3 (Jeju); not counted now: 1 of 3 (Busan)."},
		{"what each saw", "/components/route?lang=en", "Seoul 15:51 · gave a wrong answer · 61 ms (usually 190 ms) expected status == 200, but status is 503 fails"},
		{"who is not believed, and why", "/components/route?lang=en", "connected, but no answer within 10 s Not counted since 15:21: what it looks at to test itself fails too. Not counted"},
		{"why nobody can judge", "/components/route?lang=en", "The locations disagree, and too few of them say the same to decide. Not measurable means neither working nor failing."},
		{"the rule that applies", "/components/login?lang=en", "The rule that applies: All checks of the function fail, from every location that answers. → Failing"},
		{"the rule of what is derived", "/components/bank-linked?lang=en", "The rule that applies: It cannot be measured, and something it cannot do without fails. → Partly failing"},
		{"this site's numbers", "/components/login?lang=en", "Bad looks until a location counts as failing 3 looks in a row"},
		{"how long a word counts", "/components/login?lang=en", "What a location says counts for 3 min."},
		{"how crowded a substitute is", "/components/chat-text?lang=en", "Other chat crowded: slower than its own usual (2.4 s, usually 600 ms) Working"},
		{"the same on the first page", "/?lang=ja", "別のチャット(混雑: ふだんより遅い、現在2.4秒、ふだん600ms)"},
		{"a promise that passed", "/?lang=en", "Next update promised by 15:48 : overdue"},
		{"a promise that passed, in Korean", "/?lang=ko", "다음 안내를 15:48 까지 약속했으나 늦어지고 있습니다"},
		{"a promise missed before", "/incidents/01JD9R2W8F?lang=en", "Promises not kept in time promised 15:40 · came 15:49"},
		{"a false alarm, as loud as it was", "/?lang=en", "Taken back, it was a false alarm – Bank transfer: outage We raised this alarm and it was wrong."},
		{"why it was one", "/incidents/01JD9Q7RTR?lang=ko", "이유: 시험용 계좌의 인증이 만료되어 있었습니다."},
		{"what others said", "/incidents/01JD9R2W8F?lang=en", "Login has been restored. Example Operator · 15:36 · Source: operator.example It says that the service works again. We are checking. A statement, not a measurement."},
		{"an end that did not come", "/incidents/01JD9R2W8F?lang=en", "15:45 Two hours after power returns Example Operator · Source: operator.example not met"},
		{"an end that is still expected", "/incidents/01JD9R2W8F?lang=en", "Expected end 16:42 Example Operator: Switching to the spare login servers"},
		{"an onset that was corrected", "/incidents/01JD9R2W8F?lang=en", "Began was 15:30 corrected to 15:27"},
		{"a duration from each onset", "/incidents/01JD9R2W8F?lang=en", "was 22 min counted from 15:30 corrected to 25 min counted from 15:27"},
		{"a cause that was corrected", "/incidents/01JD9R2W8F?lang=en", "Cause was Chat messages corrected to Shared login"},
		{"why", "/incidents/01JD9R2W8F?lang=en", "Reason: The operator's own records show it."},
		{"what was merged", "/incidents/01JD9R2W8F?lang=en", "“Place search: outage” has the same cause and goes on here. Nothing of it is lost. The other story: Place search: outage"},
		{"into what", "/incidents/01JD9R3AAA?lang=en", "This story has been merged into another outage. Shared login: outage"},
		{"what was split", "/incidents/01JD9R2W8F?lang=en", "A part of this goes on as a story of its own. The other story: Taxi: partial outage"},
		{"from what", "/incidents/01JD9R3BBB?lang=en", "Shared login: outage the story this was split from"},
		{"work that was called off", "/maintenance?lang=en", "Map update Called off 14:22"},
		{"our rules", "/judging?lang=en", "Locations that must agree the majority, 2 of 3"},
		{"where we look from", "/judging?lang=en", "Busan last heard 15:51 · Not counted since 15:21"},
		{"how long we watch", "/judging?lang=ja", "1時間のあいだ失敗なし"},
	} {
		t.Run(c.what, func(t *testing.T) {
			if page := words(t, body(t, sample.Eventful(), c.path)); !strings.Contains(page, c.want) {
				t.Errorf("%s does not say %q but: %s", c.path, c.want, page)
			}
		})
	}
}

// A cause in a person's words has no state of its own: the sentences are about
// what it has hit.
func TestAStatedCauseIsNotSaidToFail(t *testing.T) {
	s := sample.Outage()
	s.Incidents[0].Cause = "stated:a fire in the battery room"
	for lang, headline := range map[string]string{
		"ko": "공통 로그인이 응답하지 않습니다.", "ja": "共通ログインの応答がありません。", "en": "Shared login is not answering.",
	} {
		for _, path := range []string{"/", "/incidents/01JD9R2W8F"} {
			if page := words(t, body(t, s, path+"?lang="+lang)); !strings.Contains(page, headline) || strings.Contains(page, "battery room is not") {
				t.Errorf("%s in %s does not say %q but: %s", path, lang, headline, page)
			}
		}
	}
	if page := words(t, body(t, s, "/incidents/01JD9R2W8F?lang=en")); !strings.Contains(page, "Cause a fire in the battery room") {
		t.Errorf("the page does not name the cause: %s", page)
	}
}

// Of several that fail by themselves, the story is named after the first that
// did, wherever it stands in the list.
func TestAStatedCauseIsNamedAfterWhatFailedFirst(t *testing.T) {
	s := sample.Outage()
	i := &s.Incidents[0]
	i.Cause = "stated:a fire in the battery room"
	login := slices.IndexFunc(i.Components, func(a status.Affected) bool { return a.Component == "login" })
	later := i.Components[login]
	later.Component, later.Since = "bank-core", later.Since.Add(time.Minute)
	i.Components = slices.Insert(i.Components, 0, later)
	if page := words(t, body(t, s, "/incidents/"+i.ID+"?lang=en")); !strings.Contains(page, "Shared login: outage Failing Shared login is not answering.") {
		t.Errorf("the page names another: %s", page)
	}
}

// While what is being watched cannot be measured, nobody can say that it answers.
func TestWhatCannotBeMeasuredIsNotSaidToAnswer(t *testing.T) {
	s := sample.Outage()
	s.Incidents[0].Stage = status.Monitoring
	for g := range s.Groups {
		for c := range s.Groups[g].Components {
			s.Groups[g].Components[c].State = status.Unknown
		}
	}
	for lang, headline := range map[string]string{
		"ko": "공통 로그인이 다시 응답하고 있었으나 지금은 측정할 수 없습니다.", "ja": "共通ログインは再び応答していましたが、現在は測定できません。",
		"en": "Shared login was answering again. Right now we cannot measure it.",
	} {
		if page := words(t, body(t, s, "/?lang="+lang)); !strings.Contains(page, headline) {
			t.Errorf("the page in %s does not say %q but: %s", lang, headline, page)
		}
	}
}

// While it is worked on, nobody can say either that it answers, or when that
// will be confirmed.
func TestWhatIsWorkedOnIsNotSaidToAnswer(t *testing.T) {
	s := sample.Outage()
	s.Incidents[0].Stage = status.Monitoring
	for g := range s.Groups {
		for c := range s.Groups[g].Components {
			s.Groups[g].Components[c].State = status.UnderMaintenance
		}
	}
	for lang, headline := range map[string]string{
		"ko": "공통 로그인이 다시 응답하고 있었으나 지금은 작업 중이어서 정상인지 확인할 수 없습니다.",
		"ja": "共通ログインは再び応答していましたが、現在は作業中のため、正常かどうかを確認できません。",
		"en": "Shared login was answering again. Maintenance is under way now, so we cannot confirm that it works.",
	} {
		if page := words(t, body(t, s, "/?lang="+lang)); !strings.Contains(page, headline) {
			t.Errorf("the page in %s does not say %q but: %s", lang, headline, page)
		}
	}
}

// A story that the configuration has dropped ended without a recovery, and
// nowhere says that there was one.
func TestWhatIsDroppedIsNotSaidToHaveRecovered(t *testing.T) {
	s := sample.Calm()
	past := &s.Past[0]
	past.Updates[len(past.Updates)-1].Kind = status.UpdateDropped
	for lang, say := range map[string]struct{ is, never []string }{
		"ko": {[]string{"더 이상 측정하지 않습니다. 복구를 확인하지 못한 채 기록을 마칩니다.", "측정 종료"}, []string{"정상으로 확인", "관찰 중"}},
		"ja": {[]string{"の測定を終了しました。復旧を確認しないまま、記録を終えます。", "測定終了"}, []string{"正常を確認", "観察中"}},
		"en": {[]string{"is no longer measured. We stop telling of it without having confirmed a recovery.", "No longer measured"}, []string{"confirmed to be working", "Confirmed working", "being watched"}},
	} {
		page := words(t, body(t, s, "/incidents/"+past.ID+"?lang="+lang))
		for _, want := range say.is {
			if !strings.Contains(page, want) {
				t.Errorf("the page in %s does not say %q but: %s", lang, want, page)
			}
		}
		for _, no := range say.never {
			if strings.Contains(page, no) {
				t.Errorf("the page in %s says %q: %s", lang, no, page)
			}
		}
	}
}

// A check that waits for reports asks nothing, and only the server hears them.
func TestACheckThatAwaitsReports(t *testing.T) {
	s := sample.Calm()
	s.Locations = append(s.Locations, status.LocationView{Location: status.Location{ID: "busan-2"}}, status.LocationView{Location: status.Location{ID: "jeju-2"}})
	check := &s.Groups[0].Components[0].Checks[0]
	check.Awaits, check.From = true, []string{"busan-2"}
	page := words(t, body(t, s, "/components/"+s.Groups[0].Components[0].ID+"?lang=en"))
	for _, want := range []string{"Waits for it to report in by itself.", "Locations that must agree the majority, 1 of 1"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q but: %s", want, page)
		}
	}
}

// Work over several days says on which day it ends, also if that is today.
func TestWorkOfSeveralDaysNamesItsLast(t *testing.T) {
	s := sample.Calm()
	s.Maintenance = s.Maintenance[:1]
	s.Maintenance[0].From, s.Maintenance[0].Until = s.At.Add(-26*time.Hour), s.At.Add(time.Hour)
	until := s.At.Add(time.Hour).In(s.Site.Zone)
	want := "– " + until.Format("Mon 2 January, 15:04")
	if page := words(t, body(t, s, "/maintenance?lang=en")); !strings.Contains(page, want) {
		t.Errorf("the page does not say %q but: %s", want, page)
	}
}

// Whatever was corrected can be told apart without seeing the line through it.
func TestCorrectionsAreMarkedUp(t *testing.T) {
	counts := map[string]int{}
	for n := range parse(t, body(t, sample.Eventful(), "/incidents/01JD9R2W8F?lang=en")).Descendants() {
		if n.Data != "del" && n.Data != "ins" {
			continue
		}
		counts[n.Data]++
		before := n.PrevSibling
		for before != nil && (before.Type == html.TextNode || attribute(before, "class") != "hear") {
			before = before.PrevSibling
		}
		if before == nil {
			t.Errorf("<%s> has no words for who does not see it", n.Data)
		}
	}
	if counts["del"] < 5 || counts["del"] != counts["ins"] {
		t.Errorf("the page has %v", counts)
	}
}

// While we cannot judge, nothing anywhere is well: not the page, not the data,
// not the widget in somebody else's app.
func TestOurOwnTroubleIsNeitherGoodNorBad(t *testing.T) {
	early := sample.Calm() // the first instant: states have not caught up
	early.Impaired = early.At
	for name, s := range map[string]*status.Snapshot{"at once": early, "later": sample.Impaired()} {
		handler := serve(t, s, web.Options{}).Handler()
		page := ask(handler, "GET", "/?lang=en").Body.String()
		if !strings.Contains(page, `class="overall none"`) || !strings.Contains(page, "neither that they work nor that they fail") {
			t.Errorf("%s: the page does not say that we cannot judge", name)
		}
		if api := ask(handler, "GET", "/api/v1/status").Body.String(); !strings.Contains(api, `"overall":"unknown","impaired_since":"2026-`) {
			t.Errorf("%s: the API says %.300s", name, api)
		}
		for lang, says := range map[string]string{"en": "We cannot tell right now whether Safety report works.", "ja": ""} {
			widget := toldIn(t, s, "safety-report", lang)
			if len(widget.Functions) != 2 || widget.Functions[0].State != status.Unknown || !strings.Contains(widget.Functions[0].Name, says) ||
				!strings.Contains(widget.Functions[0].Why, "15:") {
				t.Errorf("%s: in %s the widget is told %+v", name, lang, widget.Functions)
			}
		}
	}
}

// Every reason not to know has words of its own.
func TestWhyNothingIsKnown(t *testing.T) {
	for want, spoil := range map[string]func(*status.Snapshot, *status.ComponentView){
		"No look has told anything yet.": func(_ *status.Snapshot, c *status.ComponentView) { c.Standings, c.Measured = nil, time.Time{} },
		"The reason lies with us or with a quota.": func(_ *status.Snapshot, c *status.ComponentView) {
			for i := range c.Standings {
				c.Standings[i].Outcome, c.Standings[i].Reason = status.Inconclusive, "quota used up"
			}
		},
		"The latest look that told something was at 15:22": func(s *status.Snapshot, c *status.ComponentView) {
			c.Measured = s.At.Add(-30 * time.Minute)
		},
		"Our own measurement has been impaired since 15:51.": func(s *status.Snapshot, _ *status.ComponentView) { s.Impaired = s.At.Add(-time.Minute) },
		"Not measured directly.":                             func(_ *status.Snapshot, c *status.ComponentView) { c.Checks = nil },
	} {
		s := sample.Calm()
		c, _ := s.Component("route")
		c.State = status.Unknown
		for i := range c.Standings {
			c.Standings[i].Said = s.At.Add(-30 * time.Minute)
		}
		c.Why = []status.Finding{{Check: "route/function", Silent: []string{"busan-1", "seoul-1"}}}
		spoil(s, c)
		if page := words(t, body(t, s, "/components/route?lang=en")); !strings.Contains(page, want) {
			t.Errorf("the page does not say %q but: %.1500s", want, page)
		}
	}
}

// A word that waits for the controls is shown as one that waits.
func TestAWordThatWaits(t *testing.T) {
	s := sample.Calm()
	c, _ := s.Component("route")
	c.Why = []status.Finding{{Check: "route/function", Level: status.LevelUnknown, Doubted: []string{"seoul-1"}, Passing: []string{"busan-1"}}}
	want := "answers from 1 of 2 (busan-1); not counted now: 1 of 2 (seoul-1)."
	if page := words(t, body(t, s, "/components/route?lang=en")); !strings.Contains(page, want) || !strings.Contains(page, "It waits: a bad word counts only once") {
		t.Errorf("the page does not say %q but: %.1500s", want, page)
	}
}

// A source leads to the web or nowhere, and never runs.
func TestSourcesLeadToTheWebOrNowhere(t *testing.T) {
	for source, link := range map[string]bool{
		"https://operator.example/a?b=c&d": true, "http://operator.example/": true,
		"javascript:alert(1)": false, "data:text/html,x": false, "//operator.example/": false,
		"https://user:secret@operator.example/": false, "see the paper": false, "\x00": false, "https://": false,
	} {
		s := sample.Outage()
		s.Incidents[0].Updates = append(s.Incidents[0].Updates, status.Update{
			ID: "x", At: s.At, Kind: status.UpdateStatement,
			Statement: &status.Statement{Speaker: "A", Said: s.At, Text: status.Text{"en": "x"}, Source: source},
		})
		var hrefs []string
		for n := range parse(t, body(t, s, "/incidents/01JD9R2W8F?lang=en")).Descendants() {
			if href := attribute(n, "href"); n.Data == "a" && !strings.HasPrefix(href, "/") && !strings.HasPrefix(href, "#") {
				hrefs = append(hrefs, href)
				if attribute(n, "rel") != "nofollow noopener" {
					t.Errorf("%q leads there with rel=%q", source, attribute(n, "rel"))
				}
			}
		}
		if slices.Contains(hrefs, source) != link || !link && len(hrefs) > 0 {
			t.Errorf("%q leads to %q", source, hrefs)
		}
	}
}

func TestEvidenceForMachines(t *testing.T) {
	handler := serve(t, sample.Eventful(), web.Options{}).Handler()
	type look struct {
		Location, Level, Outcome string
		Counts, Doubted          bool
		UsualMS                  int64 `json:"usual_ms"`
	}
	var component struct {
		State, Line string
		Checks      []struct {
			Failing, Passing, Silent, Doubted []string
			Looks                             []look
		}
	}
	get := func(path string, into any) {
		t.Helper()
		w := ask(handler, "GET", path)
		if w.Code != http.StatusOK || w.Header().Get("Access-Control-Allow-Origin") != "*" {
			t.Fatalf("%s answers %d: %s", path, w.Code, w.Body)
		}
		if err := json.Unmarshal(w.Body.Bytes(), into); err != nil {
			t.Fatal(err)
		}
	}
	get("/api/v1/components/route", &component)
	check := component.Checks[0]
	if component.State != "unknown" || component.Line != "nothing" || !slices.Equal(check.Doubted, []string{"busan-1"}) ||
		!slices.Equal(check.Failing, []string{"seoul-1"}) || len(check.Looks) != 3 {
		t.Errorf("route is %+v", component)
	}
	if want := (look{"busan-1", "unknown", "failed", false, true, 190}); check.Looks[0] != want {
		t.Errorf("busan-1 saw %+v, want %+v", check.Looks[0], want)
	}
	var locations struct {
		Locations []struct {
			ID     string
			Counts bool
			Doubts []struct{ Kind, Since string }
		}
	}
	get("/api/v1/locations", &locations)
	if l := locations.Locations; len(l) != 3 || l[0].Counts || l[0].Doubts[0].Kind != "controls" || !l[2].Counts {
		t.Errorf("locations are %+v", l)
	}
	var incident struct {
		Missed      []struct{ Promised, Came time.Time }
		Corrections []struct{ Field, Was, Is string }
		Statements  []struct {
			Speaker string
			Fixed   bool
		}
		ETAs []struct{ ID, Outcome string }
	}
	get("/api/v1/incidents/01JD9R2W8F", &incident)
	if len(incident.Missed) != 1 || len(incident.Corrections) != 2 || len(incident.Statements) != 1 || !incident.Statements[0].Fixed ||
		len(incident.ETAs) != 2 || incident.ETAs[0].Outcome != "not_met" || incident.ETAs[1].Outcome != "pending" {
		t.Errorf("the incident is %+v", incident)
	}
	for _, path := range []string{"/api/v1/components/none", "/api/v1/incidents/none"} {
		if w := ask(handler, "GET", path); w.Code != http.StatusNotFound || w.Header().Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s answers %d", path, w.Code)
		}
	}
}

// What people enter stays text, wherever it is shown.
func TestWhatPeopleEnterIsEscaped(t *testing.T) {
	const sharp = `<script>alert(1)</script>"'&`
	all := status.Text{"ko": sharp, "ja": sharp, "en": sharp}
	s := sample.Eventful()
	for i := range s.Incidents[0].Updates {
		u := &s.Incidents[0].Updates[i]
		u.Text, u.Author = all, sharp
		if u.Statement != nil {
			u.Statement = &status.Statement{Speaker: sharp, Said: s.At, Text: all, Source: sharp}
		}
		if u.ETA != nil {
			u.ETA = &status.ETA{ID: u.ETA.ID, Speaker: sharp, Basis: all, Expires: u.ETA.Expires, Source: "https://operator.example/" + sharp}
		}
		if u.Correction != nil {
			u.Correction = &status.Correction{Field: status.CorrectCause, Was: "stated:" + sharp, Is: sharp, Reason: all}
		}
	}
	for l := range s.Locations {
		s.Locations[l].Name = all
	}
	s.Past[1].Updates[1].Text = all
	handler := serve(t, s, web.Options{}).Handler()
	for _, path := range []string{"/", "/incidents/01JD9R2W8F", "/incidents/01JD9Q7RTR", "/components/route", "/judging", "/api/v1/locations", "/api/v1/incidents/01JD9R2W8F"} {
		if page := ask(handler, "GET", path).Body.String(); strings.Contains(page, "<script>") || !strings.Contains(page, "alert(1)") {
			t.Errorf("%s lets what people enter become markup, or loses it", path)
		}
	}
}
