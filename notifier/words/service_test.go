package words_test

import (
	"strings"
	"testing"

	"bongsu/notifier"
	"bongsu/notifier/words"
	"bongsu/status"
)

func all(text string) status.Text { return status.Text{"ko": text, "ja": text, "en": text} }

// serviceModel is a site with one function.
func serviceModel(f status.AppFunction) *status.Model {
	return &status.Model{
		Site: status.Site{Languages: []string{"ko", "ja", "en"}},
		Apps: []status.App{{ID: "app", Name: status.Text{"ko": "안전신문고", "ja": "安全通報", "en": "Safety e-Report"}, Functions: []status.AppFunction{f}}},
	}
}

// The text of a function, in each language, says what does not work, what to do
// instead and how to stop the loss; the cause gives way where there is no room.
func TestServiceTexts(t *testing.T) {
	report := status.AppFunction{
		ID: "report", Name: status.Text{"ko": "신고", "ja": "通報", "en": "Reports"},
		Instead: status.Text{"ko": "긴급 119, 생활민원 110", "ja": "緊急119・生活相談110", "en": "Emergency 119 · civil affairs 110"},
	}
	bike := status.AppFunction{
		ID: "return", Name: status.Text{"ko": "반납", "ja": "返却", "en": "Returns"}, Metered: status.MeteredRental,
		Instead: status.Text{"ko": "대여소에 두기", "ja": "駐輪場に停める", "en": "Leave it at a station"},
	}
	for _, c := range []struct {
		what  string
		f     status.AppFunction
		state status.State
		want  status.Text
	}{
		{"unavailable", report, status.MajorOutage, status.Text{
			"ko": "[상태알림]안전신문고 신고 이용 불가(지도 장애). 긴급 119, 생활민원 110.",
			"ja": "【状況通知】安全通報の通報は利用不可(地図の障害)。緊急119・生活相談110。",
			"en": "[Status] Safety e-Report: Reports unavailable (maps failing). Emergency 119, civil affairs 110.",
		}},
		{"in part, and metered", bike, status.PartialOutage, status.Text{
			"ko": "[상태알림]안전신문고 반납 일부 이용 불가. 반납 불가 시 잠금·사진·시각 기록.",
			"ja": "【状況通知】安全通報の返却は一部利用不可(地図の障害)。駐輪場に停める。返却不可なら施錠・撮影・時刻を記録。",
			"en": "[Status] Safety e-Report: Returns partly unavailable (maps failing). Leave it at a station. Cannot give it back? Lock it, photograph it, note the time.",
		}},
		{"slow, and metered: it can be ended", bike, status.DegradedPerformance, status.Text{
			"ko": "[상태알림]안전신문고 반납 지연(지도 장애). 대여소에 두기.",
			"ja": "【状況通知】安全通報の返却は遅延(地図の障害)。駐輪場に停める。",
			"en": "[Status] Safety e-Report: Returns slow (maps failing). Leave it at a station.",
		}},
	} {
		m := serviceModel(c.f)
		s := &status.Snapshot{Site: m.Site, Groups: []status.GroupView{{Components: []*status.ComponentView{{
			Component: &status.Component{ID: "maps", Name: status.Text{"ko": "지도", "ja": "地図", "en": "maps"}},
			Condition: status.Condition{State: status.MajorOutage},
		}}}}}
		v := status.AppView{App: m.Apps[0], Functions: []status.FunctionView{{AppFunction: c.f, State: c.state, AffectedBy: []string{"maps"}}}}
		for _, lang := range m.Site.Languages {
			got, err := words.Service(s, &v, &v.Functions[0], lang)
			if err != nil || got.Body != c.want[lang] {
				t.Errorf("%s in %s: %q, %v\nwant %q", c.what, lang, got.Body, err, c.want[lang])
			}
		}
	}
}

// Every kind of meter has its line in each language, and fits beside long names.
func TestEveryMeterHasItsLine(t *testing.T) {
	seen := map[string]bool{}
	for _, m := range status.Meters() {
		model := serviceModel(status.AppFunction{Name: all("X"), Metered: m})
		v := status.AppView{App: model.Apps[0], Functions: []status.FunctionView{{AppFunction: model.Apps[0].Functions[0], State: status.MajorOutage}}}
		for _, lang := range model.Site.Languages {
			got, err := words.Service(&status.Snapshot{Site: model.Site}, &v, &v.Functions[0], lang)
			if err != nil || seen[got.Body] {
				t.Errorf("%s in %s: %q, %v", m, lang, got.Body, err)
			}
			seen[got.Body] = true
		}
	}
}

// What cannot go to phones is a problem of the configuration, at its place.
func TestServicesAreProven(t *testing.T) {
	for _, c := range []struct {
		what    string
		f       status.AppFunction
		classes []notifier.Class
		want    string
	}{
		{"short enough", status.AppFunction{Name: all("X"), Instead: all("119")}, []notifier.Class{notifier.ClassSMS}, ""},
		{"too long", status.AppFunction{Name: all("X"), Instead: all(strings.Repeat("x", 200))}, []notifier.Class{notifier.ClassSMS}, "apps[0].functions[0].instead.ko"},
		{"an address", status.AppFunction{Name: all("X"), Instead: all("https://evil.example")}, []notifier.Class{notifier.ClassSMS}, "apps[0].functions[0].instead.ko"},
		{"a letter no phone has", status.AppFunction{Name: all("\U0001F6B2"), Metered: status.MeteredRental}, []notifier.Class{notifier.ClassSMS}, "apps[0].functions[0].name.ko"},
		{"no phones to tell", status.AppFunction{Name: all("X"), Instead: all(strings.Repeat("x", 200))}, []notifier.Class{notifier.ClassChat}, ""},
	} {
		found := words.Prove(serviceModel(c.f), c.classes)
		switch {
		case c.want == "" && len(found) > 0:
			t.Errorf("%s: %v", c.what, found)
		case c.want != "" && (len(found) == 0 || found[0].Path != c.want):
			t.Errorf("%s: %v, want %s", c.what, found, c.want)
		}
	}
}
