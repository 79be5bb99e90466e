package words_test

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"bongsu/notifier"
	"bongsu/notifier/words"
	"bongsu/status"
)

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
		ID: "i1", Code: rapid.StringMatching(`[234679ACDEFGHJKMNPQRTUVWXYZ]{4}`).Draw(t, "code"),
		Cause: rapid.SampledFrom([]string{"component:login", "component:wave", "component:gone", "domain:dc-sangam", "domain:a-very-long-failure-domain", "manual:i1"}).Draw(t, "cause"),
		Began: at(1, 0, 0).Add(time.Duration(rapid.IntRange(0, 40*24*60).Draw(t, "began")) * time.Minute),
	}
	if rapid.Bool().Draw(t, "cause found") {
		i.Announced = i.Began.Add(time.Minute)
		i.Updates = append(i.Updates, status.Update{ID: "u0", Kind: status.UpdateCause, At: i.Announced.Add(time.Minute)})
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

// events are all that texts tell of.
var events = []status.EventKind{
	status.EventOpened, status.EventWorsened, status.EventNote, status.EventResolved, status.EventRetracted, status.EventDigest,
}

// Whatever happens to whatever model that Prove accepts: every text fits its
// channel, marked as sent again too, points nowhere, and says what its event
// asks for.
func TestNoTextBreaksTheRules(t *testing.T) {
	counted := map[string]int{}
	rounds, most, least := 1, 1, 2_700 // of 100 models each, with 27 texts of each event and 108 others of some
	switch {
	case os.Getenv("BONGSU_DEEP") == "1":
		rounds, most, least = 3, len(events), 50_000
	case testing.Short(): // a fifth of the models
		most, least = 2, 1_000
	}
	for range rounds {
		rapid.Check(t, func(t *rapid.T) {
			m := anyModel(t)
			if problems := words.Prove(m, classes); problems != nil {
				t.Fatalf("not proved: %v", problems)
			}
			keepsTheRules(t, m, most, counted)
			if rapid.IntRange(0, 2).Draw(t, "others") == 0 {
				keepsTheOthers(t, m, counted)
			}
		})
	}
	total := 0
	for _, event := range []string{"opened", "worsened", "note", "resolved", "retracted", "digest", "alarm", "code", "welcome", "left"} {
		for _, lang := range []string{"ko", "ja", "en"} {
			for _, class := range classes {
				n := counted[event+" "+lang+" "+string(class)]
				if total += n; n == 0 {
					t.Errorf("no %s in %s by %s was tried", event, lang, class)
				}
			}
		}
	}
	if counted["news"] == 0 || total < least || least > 10_000 && counted["cause"] == 0 {
		t.Errorf("%d texts, of which %d told a cause first and %d that there is news", total, counted["cause"], counted["news"])
	}
	t.Logf("%d texts, of which %d told a cause first and %d that there is news", total, counted["cause"], counted["news"])
}

func keepsTheRules(t *rapid.T, m *status.Model, most int, counted map[string]int) {
	c := composer(m)
	c.Audiences = []notifier.Audience{{Audience: "subscribers", Plan: "all"}}
	c.Classes = map[string][]notifier.Class{"all": classes}
	for _, kind := range rapid.Permutation(events).Draw(t, "events")[:most] {
		i := anyIncident(t, m)
		now := i.Began.Add(time.Duration(rapid.IntRange(0, 8*24*60).Draw(t, "after")) * time.Minute)
		i.Next = now.Add(time.Duration(rapid.IntRange(1, 24*60).Draw(t, "next")) * time.Minute)
		if kind.Ends() {
			i.Resolved, i.Retracted, i.Next = now, now, time.Time{}
		}
		i.Updates = append(i.Updates, status.Update{ID: "u1", Kind: status.UpdateNote, Text: status.Text{
			"ko": rapid.SampledFrom([]string{"", "복구 중.", "똠", strings.Repeat("긴 말 ", 40), "앱에서 확인하세요", "18:00 복구 예정", "할인 이벤트 중"}).Draw(t, "note"),
			"en": rapid.SampledFrom([]string{"", "We know more at noon.", "“quoted”", "www.gaon.example"}).Draw(t, "note"),
		}})
		event := status.Event{Kind: kind, Incident: i.ID, Update: "u1", From: status.Operational, To: status.MajorOutage, At: now}
		notices, err := c.Notices(page(m, i), []status.Event{event}, now)
		if err != nil || len(notices) != 1 || len(notices[0].Texts) != 3*len(classes) {
			t.Fatalf("%s: %d notices, error %v", kind, len(notices), err)
		}
		for _, text := range notices[0].Texts {
			keepsTheRule(t, m, text)
			saysItAll(t, m, i, text, kind, now)
			counted[string(kind)+" "+text.Lang+" "+string(text.Class)]++
			if kind == status.EventWorsened && text.Class == notifier.ClassSMS && !strings.Contains(text.Body, i.Began.In(zoneOf(m)).Format("15:04")) {
				counted["cause"]++
			}
			if strings.Contains(text.Body, "소식 있음") {
				counted["news"]++
			}
		}
	}
}

// keepsTheOthers tries what tells of no incident.
func keepsTheOthers(t *rapid.T, m *status.Model, counted map[string]int) {
	c := composer(m)
	c.Classes["ops"] = classes
	alarm := rapid.SampledFrom([]string{"점검이 늦어집니다", "every gateway fails", "똠", strings.Repeat("long ", 650)}).Draw(t, "alarm")
	notices, err := c.Alarm("gateway sms", status.Text{"ko": alarm, "ja": alarm, "en": alarm}, at(15, 15, 42))
	if err != nil || len(notices) != 1 || len(notices[0].Texts) != 3*len(classes) {
		t.Fatalf("%d alarms, error %v", len(notices), err)
	}
	tried := map[string][]notifier.Text{"alarm": notices[0].Texts}
	for _, lang := range m.Site.Languages {
		for _, class := range classes {
			link := m.Site.URL + "/s/abc"
			code, err1 := words.Code(m.Site, lang, class, "483920", link, 10*time.Minute)
			welcome, err2 := words.Welcome(m.Site, lang, class)
			left, err3 := words.Left(m.Site, lang, class)
			if err1 != nil || err2 != nil || err3 != nil {
				t.Fatalf("%s %s: %v, %v, %v", lang, class, err1, err2, err3)
			}
			for event, text := range map[string]notifier.Text{"code": code, "welcome": welcome, "left": left} {
				tried[event] = append(tried[event], text)
			}
		}
	}
	for event, all := range tried {
		for _, text := range all {
			keepsTheRule(t, m, text)
			counted[event+" "+text.Lang+" "+string(text.Class)]++
		}
	}
}

// keepsTheRule holds a text against the linter and its limits, as it is and
// marked as sent again.
func keepsTheRule(t *rapid.T, m *status.Model, text notifier.Text) {
	rules := words.Rules{Links: []string{m.Site.URL}}
	again := words.Again(text)
	for _, form := range []notifier.Text{text, again} {
		size, err := words.Fit(form.Lang, form.Class, form.Body)
		if err != nil || size.Segments != 1 && form.Class != notifier.ClassLMS {
			t.Fatalf("%s %s: %+v, %v: %s", form.Lang, form.Class, size, err, form.Body)
		}
		if err := rules.Lint(form); err != nil {
			t.Fatalf("%s %s: %v: %s", form.Lang, form.Class, err, form.Body)
		}
	}
	marked := text.Title+text.Body != again.Title+again.Body
	if marked == (text.Class == notifier.ClassStatuspage) {
		t.Fatalf("%s %s sent again: %s\n%s", text.Lang, text.Class, again.Title, again.Body)
	}
	if machine(text.Class) && !json.Valid([]byte(text.Body)) {
		t.Fatalf("%s %s is no JSON: %s", text.Lang, text.Class, text.Body)
	}
	if (text.Class == notifier.ClassMail) != (text.HTML != "") {
		t.Fatalf("%s %s: HTML %q", text.Lang, text.Class, text.HTML)
	}
}

func zoneOf(m *status.Model) *time.Location {
	if m.Site.Zone == nil {
		return time.UTC
	}
	return m.Site.Zone
}

// saysItAll looks for what the event has to say, without the help of the
// program's own table.
func saysItAll(t *rapid.T, m *status.Model, i status.Incident, text notifier.Text, kind status.EventKind, now time.Time) {
	zone := zoneOf(m)
	parts := []string{i.Code}
	if machine(text.Class) {
		if text.Class == notifier.ClassWebhook {
			parts = append(parts, fmt.Sprintf("%q:%q", "type", kind))
		}
		says(t, text, kind, parts)
		return
	}
	switch {
	case !kind.Ends():
		parts = append(parts, i.Next.In(zone).Format("15:04"))
	case kind == status.EventResolved:
		parts = append(parts, now.In(zone).Format("15:04"))
	}
	since := slices.Contains([]status.EventKind{status.EventOpened, status.EventDigest, status.EventRetracted}, kind) ||
		kind == status.EventWorsened && text.Class != notifier.ClassSMS
	if since {
		began := i.Began.In(zone)
		parts = append(parts, began.Format("15:04"))
		if began.Format(time.DateOnly) != now.In(zone).Format(time.DateOnly) {
			date := began.Format("1/2 ")
			if text.Lang == "en" {
				date = began.Format("2 Jan ")
			}
			parts = append(parts, date)
		}
	}
	if m.Site.Simulation {
		parts = append(parts, map[string]string{"ko": "모의", "ja": "模擬", "en": "Simulation"}[text.Lang])
	}
	says(t, text, kind, parts)
}

func says(t *rapid.T, text notifier.Text, kind status.EventKind, parts []string) {
	for _, part := range parts {
		if !strings.Contains(text.Title+"\n"+text.Body, part) {
			t.Fatalf("%s %s %s lacks %q: %s\n%s", kind, text.Lang, text.Class, part, text.Title, text.Body)
		}
	}
}
