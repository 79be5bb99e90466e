package words_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"bongsu/notifier"
	"bongsu/notifier/words"
	"bongsu/status"
)

var classes = []notifier.Class{notifier.ClassSMS, notifier.ClassAlimTalk, notifier.ClassChat}

func TestOneNoticePerEventAndAudience(t *testing.T) {
	type seen struct {
		Event, Audience, Plan, Update string
		From, To                      status.State
		Texts                         int
		Lasts                         time.Duration
	}
	var got []seen
	priority := -1
	c := composer(city())
	for _, step := range story() {
		notices, err := c.Notices(page(city(), step.incident), []status.Event{step.event}, step.now)
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range notices {
			got = append(got, seen{n.Event, n.Audience, n.Plan, n.Update, n.From, n.To, len(n.Texts), n.Expires.Sub(n.Made)})
			if n.Event != string(status.EventDigest) { // told between the others, sent after them
				if n.Priority < priority {
					t.Errorf("%s goes before what should go first", n.Event)
				}
				priority = n.Priority
			}
		}
	}
	var want []seen
	for _, e := range []seen{
		{Event: "opened", Update: "u1", From: status.Operational, To: status.PartialOutage, Lasts: 6 * time.Hour},
		{Event: "worsened", Update: "u2", From: status.PartialOutage, To: status.MajorOutage, Lasts: 6 * time.Hour},
		{Event: "note", Update: "u3", From: status.Operational, To: status.MajorOutage, Lasts: 6 * time.Hour},
		{Event: "note", Update: "u4", From: status.Operational, To: status.MajorOutage, Lasts: 6 * time.Hour},
		{Event: "digest", Update: "u5", From: status.Operational, To: status.MajorOutage, Lasts: 6 * time.Hour},
		{Event: "resolved", Update: "u6", From: status.Unknown, To: status.MajorOutage, Lasts: 24 * time.Hour},
	} {
		e.Audience, e.Plan, e.Texts = "subscribers", "citizens", 6
		want = append(want, e)
		e.Audience, e.Plan, e.Texts = "operators", "ops", 3
		want = append(want, e)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("notices (-want +got):\n%s", diff)
	}
}

func TestWhatIsBelowARoutesThresholdIsNotTold(t *testing.T) {
	step := story()[0]
	step.event.To, step.incident.Impact, step.incident.Worst = status.DegradedPerformance, status.DegradedPerformance, status.DegradedPerformance
	notices, err := composer(city()).Notices(page(city(), step.incident), []status.Event{step.event}, step.now)
	if err != nil || len(notices) != 1 || notices[0].Audience != "operators" {
		t.Errorf("notices %+v, error %v", notices, err)
	}
}

func TestAnUnknownIncidentIsAnErrorAndTheRestGoesOut(t *testing.T) {
	step := story()[0]
	lost := step.event
	lost.Incident = "i9"
	notices, err := composer(city()).Notices(page(city(), step.incident), []status.Event{lost, step.event}, step.now)
	if err == nil || len(notices) != 2 {
		t.Errorf("%d notices, error %v", len(notices), err)
	}
}

func TestAlarmsAreForOperators(t *testing.T) {
	c := composer(city())
	c.Classes["ops"] = []notifier.Class{notifier.ClassChat, notifier.ClassSMS}
	long := status.Text{"ko": strings.Repeat("점검이 늦어지고 있습니다. ", 10)}
	notices, err := c.Alarm("watchdog", long, at(15, 15, 42))
	if err != nil || len(notices) != 1 || notices[0].Audience != "operators" || notices[0].Event != "alarm" || notices[0].Update != "watchdog" {
		t.Fatalf("notices %+v, error %v", notices, err)
	}
	for _, text := range notices[0].Texts {
		want := strings.TrimSpace(long["ko"])
		if text.Class == notifier.ClassSMS { // too long for it
			want = "watchdog"
		}
		if !strings.HasSuffix(text.Body, want) {
			t.Errorf("%s %s: %q", text.Lang, text.Class, text.Body)
		}
	}
	if _, err := c.Alarm(strings.Repeat("k", 61), long, at(15, 15, 42)); err == nil {
		t.Error("a key without end is taken")
	}
}

func TestTextsOfASubscription(t *testing.T) {
	for _, simulation := range []bool{false, true} {
		site := city().Site
		site.Simulation = simulation
		mark := map[string]string{"ko": "[모의]", "ja": "【模擬】", "en": "[Simulation]"}
		for _, lang := range site.Languages {
			for _, class := range classes {
				code, err1 := words.Code(site, lang, class, "483920", 10*time.Minute)
				welcome, err2 := words.Welcome(site, lang, class)
				left, err3 := words.Left(site, lang, class)
				if err := errors.Join(err1, err2, err3); err != nil {
					t.Errorf("%s %s: %v", lang, class, err)
				}
				if !strings.Contains(code.Body, "483920") || !strings.Contains(code.Body, "10") {
					t.Errorf("%s %s: %q", lang, class, code.Body)
				}
				for _, text := range []notifier.Text{code, welcome, left} {
					if simulation != strings.Contains(text.Body, mark[lang]) {
						t.Errorf("%s %s: %q", lang, class, text.Body)
					}
				}
			}
		}
	}
}

func TestLint(t *testing.T) {
	for _, c := range []struct {
		lang, text string
		ok         bool
	}{
		{"ko", "[상태알림]15:42부터 톡 장애. 전화·문자 가능. 다음 16:42 코드 7F3K", true},
		{"ko", "카카오톡 메시지가 전송되지 않습니다", true},
		{"ko", "자세한 내용은 카카오톡 채널에서 확인하세요", false},
		{"ko", "다음 앱에서 확인 바랍니다", false},
		{"ko", "https://status.example/i/1", false},
		{"ko", "상황은 status.example 참고", false},
		{"ko", "홈페이지 접속하세요", false},
		{"ko", "booking.com 예약 장애", true}, // the name of what fails
		{"ja", "詳細はアプリでご確認ください", false},
		{"ja", "22:40 トークの正常を確認、終了", true},
		{"en", "See it in the app.", false},
		{"en", "Outage since 15:42: Talk.Next update 16:42", false}, // reads as a host to a phone, too
		{"en", "Call 119. Carry cash, e.g. coins.", true},
	} {
		if err := words.Lint(c.lang, notifier.ClassSMS, c.text, "booking.com"); (err == nil) != c.ok {
			t.Errorf("%s %q: %v", c.lang, c.text, err)
		}
	}
	if err := words.Lint("ko", notifier.ClassChat, "https://status.example"); err != nil {
		t.Errorf("operators get no links: %v", err)
	}
}

func TestProve(t *testing.T) {
	for _, c := range []struct {
		what  string
		spoil func(*status.Model)
		paths []string
	}{
		{"a good model", func(*status.Model) {}, nil},
		{"a simulation", func(m *status.Model) { m.Site.Simulation = true }, nil},
		{"a language without words", func(m *status.Model) { m.Site.Languages = []string{"ko", "fr"} }, []string{"site.languages[1]"}},
		{"a short that is too long", func(m *status.Model) {
			m.Components[2].Short["ko"] = "아주 긴 이름의 물결 메신저 서비스의 메시지"
		}, []string{"components[2].short.ko"}},
		{"a syllable that EUC-KR lacks", func(m *status.Model) { m.Components[1].Short["ko"] = "똠톡" }, []string{"components[1].short.ko"}},
		{"a letter that GSM-7 lacks", func(m *status.Model) { m.Components[1].Short["en"] = "naïve" }, []string{"components[1].short.en"}},
		{"a missing name", func(m *status.Model) { m.Components[1].Name = status.Text{"ko": "톡", "en": "Talk"} }, []string{"components[1].name.ja"}},
		{"advice with an address", func(m *status.Model) { m.Components[0].Advice["ko"] = "www.status.example 참고" }, []string{"components[0].advice.ko"}},
		{"advice that cannot be sent", func(m *status.Model) { m.Components[0].Advice["ko"] = "전화로 ☎️" }, []string{"components[0].advice.ko"}},
		{"advice that seldom fits", func(m *status.Model) { m.Components[0].Advice["ko"] = strings.Repeat("전화로. ", 30) }, nil},
	} {
		m := city()
		c.spoil(m)
		seen := map[string]bool{}
		var paths []string
		for _, p := range words.Prove(m, classes) {
			if !seen[p.Path] {
				seen[p.Path] = true
				paths = append(paths, p.Path)
			}
		}
		if diff := cmp.Diff(c.paths, paths); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.what, diff)
		}
	}
}

func TestCheckNote(t *testing.T) {
	site := city().Site
	good := status.Text{"ko": "복구 시각 미정.", "ja": "復旧時刻は未定。", "en": "No time of repair is known."}
	if got := words.CheckNote(site, good, classes); got != nil {
		t.Errorf("a good note: %v", got)
	}
	bad := status.Text{"ko": strings.Repeat("길다", 30), "en": "See it in the app."}
	var paths []string
	for _, p := range words.CheckNote(site, bad, []notifier.Class{notifier.ClassSMS}) {
		paths = append(paths, p.Path)
	}
	if diff := cmp.Diff([]string{"ko", "ja", "en"}, paths); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}

// Registered templates ask for parameters that texts fill, all of them.
func TestAlimTalkTextsAreTheirTemplatesFilledIn(t *testing.T) {
	c := composer(city())
	for _, step := range story() {
		notices, err := c.Notices(page(city(), step.incident), []status.Event{step.event}, step.now)
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range notices[0].Texts {
			if text.Class != notifier.ClassAlimTalk {
				continue
			}
			event, lang, _ := strings.Cut(text.Template, "-")
			filled, err := words.AlimTalkTemplate(event, lang)
			if err != nil || lang != text.Lang || len(text.Template) > 20 {
				t.Errorf("template %q: %v", text.Template, err)
			}
			for name, value := range text.Params {
				if value == "" {
					t.Errorf("%s: parameter %s is empty", text.Template, name)
				}
				filled = strings.ReplaceAll(filled, "#{"+name+"}", value)
			}
			if filled != text.Body {
				t.Errorf("%s gives\n%s\nnot\n%s", text.Template, filled, text.Body)
			}
		}
	}
}

func TestEveryTemplateCanBeRegistered(t *testing.T) {
	templates, err := words.AlimTalkTemplates()
	if err != nil || len(templates) != 27 {
		t.Fatalf("%d templates, error %v", len(templates), err)
	}
	for name, text := range templates {
		if len(name) > 20 || strings.Contains(text, "{{") || !strings.Contains(text, "#{mark}") {
			t.Errorf("%s: %s", name, text)
		}
	}
}

// anyModel is a model that Prove accepts, or so one hopes.
func anyModel(t *rapid.T) *status.Model {
	m := city()
	m.Site.Simulation = rapid.Bool().Draw(t, "simulation")
	m.Site.Zone = rapid.SampledFrom([]*time.Location{seoul, time.UTC, time.FixedZone("", -(3*60+30)*60), nil}).Draw(t, "zone")
	word := func(letters string, most int) *rapid.Generator[string] {
		return rapid.StringOfN(rapid.RuneFrom([]rune(letters)), 1, most, -1).Filter(func(s string) bool { return strings.TrimSpace(s) != "" })
	}
	for n := rapid.IntRange(0, 12).Draw(t, "more components"); n > 0; n-- {
		c := status.Component{ID: fmt.Sprintf("c%d", n), Group: "maps"}
		c.Name = status.Text{"ko": word("가나다 라", 20).Draw(t, "ko"), "ja": word("アイウ図", 20).Draw(t, "ja"), "en": word("abc D", 30).Draw(t, "en")}
		c.Short = status.Text{"ko": word("가나다라", 6).Draw(t, "ko"), "ja": word("アイウ図", 7).Draw(t, "ja"), "en": word("abcD", 12).Draw(t, "en")}
		if rapid.Bool().Draw(t, "has advice") {
			c.Advice = status.Text{"ko": word("전화로 ", 30).Draw(t, "ko"), "ja": word("電話で", 40).Draw(t, "ja"), "en": word("call us ", 90).Draw(t, "en")}
		}
		m.Components = append(m.Components, c)
	}
	return m
}

func anyIncident(t *rapid.T, m *status.Model) status.Incident {
	states := rapid.SampledFrom([]status.State{status.DegradedPerformance, status.PartialOutage, status.MajorOutage})
	i := status.Incident{
		ID: "i1", Code: rapid.StringMatching(`[0-9A-Z]{4}`).Draw(t, "code"),
		Cause: rapid.SampledFrom([]string{"component:login", "component:wave", "component:gone", "domain:dc-sangam", "domain:a-very-long-failure-domain", "manual:i1"}).Draw(t, "cause"),
		Began: at(1, 0, 0).Add(time.Duration(rapid.IntRange(0, 40*24*60).Draw(t, "began")) * time.Minute),
	}
	i.Title = status.Text{"ko": "손으로 연 장애", "en": "Opened by hand"}
	for _, c := range m.Components {
		if rapid.Bool().Draw(t, c.ID) {
			a := status.Affected{Component: c.ID, State: states.Draw(t, "state"), Worst: status.MajorOutage}
			if rapid.Bool().Draw(t, "over") {
				a.State, a.Until = status.Operational, i.Began.Add(time.Hour)
			}
			i.Components = append(i.Components, a)
		}
	}
	i.Impact = states.Draw(t, "impact")
	i.Worst = i.Impact
	return i
}

// Whatever happens to whatever model that Prove accepts: every text fits its
// channel, points nowhere, and says what its event asks for.
func TestNoTextBreaksTheRules(t *testing.T) {
	counted := map[string]int{}
	rounds := 3 // of 100 models each, and 45 texts a model: 13,500
	if testing.Short() {
		rounds = 1
	}
	for range rounds {
		rapid.Check(t, func(t *rapid.T) {
			m := anyModel(t)
			if problems := words.Prove(m, classes); problems != nil {
				t.Fatalf("not proved: %v", problems)
			}
			keepsTheRules(t, m, counted)
		})
	}
	total := 0
	for _, event := range []string{"opened", "worsened", "note", "resolved", "digest"} {
		for _, lang := range []string{"ko", "ja", "en"} {
			for _, class := range classes {
				n := counted[event+" "+lang+" "+string(class)]
				if total += n; n == 0 {
					t.Errorf("no %s in %s by %s was tried", event, lang, class)
				}
			}
		}
	}
	t.Logf("%d texts", total)
}

func keepsTheRules(t *rapid.T, m *status.Model, counted map[string]int) {
	c := composer(m)
	c.Audiences = []notifier.Audience{{Audience: "subscribers", Plan: "all"}}
	c.Classes = map[string][]notifier.Class{"all": classes}
	for _, kind := range []status.EventKind{status.EventOpened, status.EventWorsened, status.EventNote, status.EventResolved, status.EventDigest} {
		i := anyIncident(t, m)
		now := i.Began.Add(time.Duration(rapid.IntRange(0, 8*24*60).Draw(t, "after")) * time.Minute)
		i.Next = now.Add(time.Duration(rapid.IntRange(1, 24*60).Draw(t, "next")) * time.Minute)
		if kind == status.EventResolved {
			i.Resolved, i.Next = now, time.Time{}
		}
		i.Updates = []status.Update{{ID: "u1", Kind: status.UpdateNote, Text: status.Text{
			"ko": rapid.SampledFrom([]string{"", "복구 중.", "똠", strings.Repeat("긴 말 ", 40), "앱에서 확인하세요"}).Draw(t, "note"),
			"en": rapid.SampledFrom([]string{"", "We know more at noon.", "“quoted”", "www.gaon.example"}).Draw(t, "note"),
		}}}
		event := status.Event{Kind: kind, Incident: i.ID, Update: "u1", From: status.Operational, To: status.MajorOutage, At: now}
		notices, err := c.Notices(page(m, i), []status.Event{event}, now)
		if err != nil || len(notices) != 1 || len(notices[0].Texts) != 9 {
			t.Fatalf("%s: %d notices, error %v", kind, len(notices), err)
		}
		for _, text := range notices[0].Texts {
			keepsTheRule(t, m, i, text, kind, now)
			counted[string(kind)+" "+text.Lang+" "+string(text.Class)]++
		}
	}
}

func keepsTheRule(t *rapid.T, m *status.Model, i status.Incident, text notifier.Text, kind status.EventKind, now time.Time) {
	size, err := words.Fit(text.Lang, text.Class, text.Body)
	if err != nil || size.Segments != 1 || text.Segments != 1 {
		t.Fatalf("%s %s: %+v, %v: %s", text.Lang, text.Class, size, err, text.Body)
	}
	if err := words.Lint(text.Lang, text.Class, text.Body); err != nil {
		t.Fatalf("%s %s: %v: %s", text.Lang, text.Class, err, text.Body)
	}
	zone := m.Site.Zone
	if zone == nil {
		zone = time.UTC
	}
	parts := []string{i.Code}
	if kind != status.EventResolved {
		parts = append(parts, i.Next.In(zone).Format("15:04"))
	} else {
		parts = append(parts, now.In(zone).Format("15:04"))
	}
	if kind == status.EventOpened || kind == status.EventWorsened || kind == status.EventDigest {
		since := i.Began.In(zone)
		parts = append(parts, since.Format("15:04"))
		if since.Format(time.DateOnly) != now.In(zone).Format(time.DateOnly) {
			date := since.Format("1/2 ")
			if text.Lang == "en" {
				date = since.Format("2 Jan ")
			}
			parts = append(parts, date)
		}
	}
	if m.Site.Simulation {
		parts = append(parts, map[string]string{"ko": "모의", "ja": "模擬", "en": "Simulation"}[text.Lang])
	}
	for _, part := range parts {
		if !strings.Contains(text.Title+"\n"+text.Body, part) {
			t.Fatalf("%s %s %s lacks %q: %s\n%s", kind, text.Lang, text.Class, part, text.Title, text.Body)
		}
	}
}
