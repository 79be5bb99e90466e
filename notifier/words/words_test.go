package words_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bongsu/notifier"
	"bongsu/notifier/words"
	"bongsu/status"
)

var classes = []notifier.Class{
	notifier.ClassSMS, notifier.ClassLMS, notifier.ClassAlimTalk, notifier.ClassMessenger, notifier.ClassMail, notifier.ClassPush,
	notifier.ClassWebhook, notifier.ClassStatuspage, notifier.ClassChat,
}

func TestOneNoticePerEventAndAudience(t *testing.T) {
	type seen struct {
		Event, Audience, Plan, Update string
		From, To                      status.State
		Texts                         int
		Lasts                         time.Duration
	}
	var got []seen
	lanes := map[string]int{
		"opened": notifier.PriorityOutage, "worsened": notifier.PriorityWorse, "note": notifier.PriorityUpdate, "digest": notifier.PriorityDigest,
		"resolved": notifier.PriorityRecovery, "retracted": notifier.PriorityRecovery,
	}
	c := composer(city())
	for _, step := range story() {
		notices, err := c.Notices(page(city(), step.incident), []status.Event{step.event}, step.now)
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range notices {
			got = append(got, seen{n.Event, n.Audience, n.Plan, n.Update, n.From, n.To, len(n.Texts), n.Expires.Sub(n.Made)})
			if n.Priority != lanes[n.Event] {
				t.Errorf("%s has priority %d, want %d", n.Event, n.Priority, lanes[n.Event])
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
		{Event: "retracted", Update: "u7", From: status.Unknown, To: status.MajorOutage, Lasts: 24 * time.Hour},
	} {
		e.Audience, e.Plan, e.Texts = "subscribers", "citizens", 3*len(people)
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
			want = map[string]string{"ko": "]점검이 늦어지고 있습니다. 점검이 늦어지고 있습니다. 점검이 늦어지고...", "en": "] watchdog"}[text.Lang]
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
				code, err1 := words.Code(site, lang, class, "483920", "", 10*time.Minute)
				welcome, err2 := words.Welcome(site, lang, class)
				left, err3 := words.Left(site, lang, class)
				if err := errors.Join(err1, err2, err3); err != nil {
					t.Errorf("%s %s: %v", lang, class, err)
				}
				if !strings.Contains(code.Body, "483920") || !strings.Contains(code.Body, "10") {
					t.Errorf("%s %s: %q", lang, class, code.Body)
				}
				for _, text := range []notifier.Text{code, welcome, left} {
					marked := strings.Contains(text.Title+text.Body, mark[lang])
					if machine(class) {
						marked = marked || strings.Contains(text.Body, `"exercise":true`)
					}
					if simulation != marked {
						t.Errorf("%s %s: %q", lang, class, text.Body)
					}
				}
			}
		}
	}
}

// On the day the telephone network fails, no text says that phones work.
func TestPhonesAreNotSaidToWorkWhenTheyFail(t *testing.T) {
	phone := map[string][]string{"ko": {"전화·문자", "전화나"}, "ja": {"電話・SMS", "電話か"}, "en": {"phone calls, SMS", "call or send"}}
	for _, failing := range []bool{false, true} {
		m, step := city(), story()[0]
		m.Components[0].Advice = nil
		if failing {
			m.Components[1].Name = status.Text{"ko": "이동통신 음성", "ja": "携帯の音声通話", "en": "Mobile voice"}
		}
		c := composer(m)
		c.Classes["citizens"] = slices.DeleteFunc(slices.Clone(classes), func(class notifier.Class) bool { return class == notifier.ClassChat })
		notices, err := c.Notices(page(m, step.incident), []status.Event{step.event}, step.now)
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range notices[0].Texts {
			said := strings.Contains(text.Body, phone[text.Lang][0]) || strings.Contains(text.Body, phone[text.Lang][1])
			if said && failing || !said && !failing && text.Class != notifier.ClassSMS {
				t.Errorf("failing %t, %s by %s: %s", failing, text.Lang, text.Class, text.Body)
			}
		}
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
	if got := words.CheckNote(site, &status.Incident{}, good, classes); got != nil {
		t.Errorf("a good note: %v", got)
	}
	bad := status.Text{"ko": strings.Repeat("길다", 30), "en": "See it in the app."}
	var paths []string
	for _, p := range words.CheckNote(site, &status.Incident{}, bad, []notifier.Class{notifier.ClassSMS}) {
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
	if err != nil || len(templates) != 45 {
		t.Fatalf("%d templates, error %v", len(templates), err)
	}
	for name, text := range templates {
		if len(name) > 20 || strings.Contains(text, "{{") || !strings.Contains(text, "#{mark}") {
			t.Errorf("%s: %s", name, text)
		}
	}
}

// What people can use instead is on the page; texts name it only where the
// operator wants that.
func TestSubstitutesAreNamedOnlyWhenAsked(t *testing.T) {
	step := story()[0]
	names := map[string]string{"ko": "물결", "ja": "ムルキョル", "en": "Mulgyeol"}
	for _, asked := range []bool{false, true} {
		c := composer(city())
		c.Substitutes = asked
		notices, err := c.Notices(page(city(), step.incident), []status.Event{step.event}, step.now)
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range notices {
			for _, text := range n.Texts {
				if named := strings.Contains(text.Body, names[text.Lang]); named != asked {
					t.Errorf("asked %t, %s by %s: %s", asked, text.Lang, text.Class, text.Body)
				}
			}
		}
	}
}

func machine(class notifier.Class) bool {
	return class == notifier.ClassWebhook || class == notifier.ClassStatuspage
}
