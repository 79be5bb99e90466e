package appnotice_test

import (
	"strings"
	"testing"

	"bongsu/notifier"
	"bongsu/notifier/appnotice"
	"bongsu/status"
)

var (
	site = appnotice.Site{Languages: []string{"ko", "ja", "en"}, Failing: status.Text{"ko": "톡", "ja": "通話", "en": "chat"}}
	app  = &appnotice.App{
		ID: "safety-report", Name: status.Text{"ko": "안전신고", "ja": "安全通報", "en": "Safety report"},
		Origins: []string{"https://report.example"}, Daily: 100, Plans: []string{"people"},
	}
)

// worded is a template with one text, and parameters.
func worded(lang string, class notifier.Class, w appnotice.Words, params map[string]appnotice.Param) *appnotice.Template {
	return &appnotice.Template{
		App: app.ID, ID: "moved", Params: params,
		Texts: map[string]map[notifier.Class]appnotice.Words{
			"ko": {notifier.ClassPush: {Title: "예약", Body: "바뀌었습니다"}}, lang: {class: w},
		},
	}
}

// What is proposed is read as it would go out, with the longest parameters.
func TestTemplates(t *testing.T) {
	number, link := appnotice.Param{Kind: appnotice.KindNumber, Max: 11}, appnotice.Param{Kind: appnotice.KindLink, Max: 60}
	for _, c := range []struct {
		name  string
		lang  string
		class notifier.Class
		words appnotice.Words
		with  map[string]appnotice.Param
		want  string // of the complaint; empty: none
	}{
		{"a short text fits", "ko", "sms", appnotice.Words{Body: "예약이 #{when}로 바뀜"}, map[string]appnotice.Param{"when": number}, ""},
		{"name, code and the longest parameter count", "ko", "sms", appnotice.Words{Body: "예약하신 날짜와 시간이 #{when}로 바뀌었음을 알려드림"}, map[string]appnotice.Param{"when": number}, "bytes"},
		{"a text in a code that does not have it", "ko", "sms", appnotice.Words{Body: "똠 예약"}, nil, "not in EUC-KR"},
		{"an address in the text", "en", "sms", appnotice.Words{Body: "Read report.example now"}, nil, "is an address"},
		{"a link in an SMS", "en", "sms", appnotice.Words{Body: "Read #{where}"}, map[string]appnotice.Param{"where": link}, "is a link"},
		{"a link in an LMS", "en", "lms", appnotice.Words{Title: "Moved", Body: "Read #{where}"}, map[string]appnotice.Param{"where": link}, "is a link"},
		{"a link in a mail", "en", "mail", appnotice.Words{Title: "Moved", Body: "All about it: #{where}"}, map[string]appnotice.Param{"where": link}, ""},
		{"a mail without a title", "en", "mail", appnotice.Words{Body: "Moved"}, nil, "is missing; texts of class mail have one"},
		{"a title on an SMS", "en", "sms", appnotice.Words{Title: "Moved", Body: "Moved"}, nil, "have none"},
		{"a parameter nobody listed", "en", "sms", appnotice.Words{Body: "Moved to #{when}"}, nil, "is no parameter"},
		{"a parameter nobody uses", "en", "sms", appnotice.Words{Body: "Moved"}, map[string]appnotice.Param{"when": number}, "is used in no text"},
		{"a mark of the program's own", "en", "sms", appnotice.Words{Body: "Moved #{code}"}, nil, "added by itself"},
		{"a mark without an end", "en", "sms", appnotice.Words{Body: "Moved #{when"}, nil, "without its }"},
		{"a parameter without bound", "en", "sms", appnotice.Words{Body: "Moved #{when}"}, map[string]appnotice.Param{"when": {Kind: "number"}}, "write 1 to 40"},
		{"a kind that is none", "en", "sms", appnotice.Words{Body: "Moved #{when}"}, map[string]appnotice.Param{"when": {Kind: "html", Max: 5}}, "is no kind"},
		{"a registered template", "en", "alimtalk", appnotice.Words{Registered: "moved-en", Body: "#{app}: moved. Check #{code}"}, nil, ""},
		{"one that does not name the app", "en", "alimtalk", appnotice.Words{Registered: "moved-en", Body: "Moved. Check #{code}"}, nil, "has not both"},
		{"one without a code", "en", "alimtalk", appnotice.Words{Body: "#{app}: moved. Check #{code}"}, nil, "write the code"},
		{"a class for machines", "en", "webhook", appnotice.Words{Body: "{}"}, nil, "is no class"},
		{"a language of nobody", "fr", "sms", appnotice.Words{Body: "Non"}, nil, "not in this language"},
		{"a text that hides something", "en", "sms", appnotice.Words{Body: "Moved\u202e"}, nil, "control characters"},
		{"a text with a letter that nobody sees", "ko", "push", appnotice.Words{Title: "예약", Body: "할\u3164인"}, nil, "control characters"},
		{"a text that turns over", "en", "push", appnotice.Words{Title: "a\nb", Body: "Moved"}, nil, "one line"},
	} {
		t.Run(c.name, func(t *testing.T) {
			found := worded(c.lang, c.class, c.words, c.with).Check(site, app)
			if c.want == "" && len(found) > 0 {
				t.Errorf("it complains: %v", found)
			}
			if c.want != "" && (len(found) == 0 || !strings.Contains(found[0].Detail, c.want)) {
				t.Errorf("it says %v, want %q", found, c.want)
			}
		})
	}
}

// A parameter's value has its kind's characters, and no more than its bound.
func TestParameters(t *testing.T) {
	for _, c := range []struct {
		kind  appnotice.Kind
		max   int
		value string
		want  string
	}{
		{"text", 10, "보건소 2층", ""},
		{"text", 3, "보건소 2층", "at most 3"},
		{"text", 10, " ", "is empty"},
		{"text", 10, "a\nb", "plain punctuation"},
		{"text", 10, "a<b", "plain punctuation"},
		{"text", 10, "#{code}", "plain punctuation"},
		{"text", 10, "a\u200bb", "plain punctuation"},
		{"text", 10, "a\xffb", "not UTF-8"},
		{"text", 10, "a\u3164b", "plain punctuation"}, // the Hangul filler: a letter that nobody sees
		{"text", 10, "a\ufe0fb", "plain punctuation"},
		{"number", 11, "10/15 14:00", ""},
		{"number", 11, "10월 15일", "no digits"},
		{"link", 60, "https://report.example/a?b=1", ""},
		{"link", 60, "https://report.example.evil.test/a", "none of the app's origins"},
		{"link", 60, "https://report.example@evil.test/a", "is no address"},
		{"link", 60, "http://report.example/a", "none of the app's origins"},
		{"link", 60, "https://report.example:8443/a", "none of the app's origins"},
		{"link", 60, "javascript:alert(1)", "is no address"},
		{"link", 60, "//report.example/a", "none of the app's origins"},
		{"link", 60, "https://report.example/#" + notifier.LeaveMark, "is no address"}, // somebody's way out
	} {
		err := appnotice.Param{Kind: c.kind, Max: c.max}.Value(c.value, app)
		if (c.want == "") != (err == nil) || (err != nil && !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s %q: %v, want %q", c.kind, c.value, err, c.want)
		}
	}
}

// Each of an app's links can be followed as it is, whichever begins like another.
func TestLinksInMail(t *testing.T) {
	link := appnotice.Param{Kind: appnotice.KindLink, Max: 60}
	tmpl := worded("en", notifier.ClassMail, appnotice.Words{Title: "Moved", Body: "All: #{a}\nMore: #{b}\nAgain: #{c}"}, map[string]appnotice.Param{"a": link, "b": link, "c": link})
	const a, b = "https://report.example/x", "https://report.example/x/y?z=1&w=2"
	text, err := appnotice.Render(tmpl, site, app, "en", notifier.ClassMail, map[string]string{"a": a, "b": b, "c": a}, "K7Q2MX")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`All: <a href="` + a + `">` + a + `</a></p>`,
		`More: <a href="https://report.example/x/y?z=1&amp;w=2">https://report.example/x/y?z=1&amp;w=2</a></p>`,
		`Again: <a href="` + a + `">` + a + `</a></p>`,
	} {
		if !strings.Contains(text.HTML, want) {
			t.Errorf("%s\nhas no %s", text.HTML, want)
		}
	}
}

// Whatever an app proposes and fills in: what comes out names the app and the
// code, and never an address in an SMS.
func FuzzParameter(f *testing.F) {
	for _, seed := range []string{"보건소", "https://evil.test", "evil.test", "a b", "＃{code}", "١٢٣", "\u202e", "톡에서 확인하세요"} {
		f.Add(seed)
	}
	tmpl := worded("en", notifier.ClassSMS, appnotice.Words{Body: "Moved to #{where}."}, map[string]appnotice.Param{"where": {Kind: appnotice.KindText, Max: 20}})
	f.Fuzz(func(t *testing.T, value string) {
		if tmpl.Params["where"].Value(value, app) != nil {
			return
		}
		text, err := appnotice.Render(tmpl, site, app, "en", notifier.ClassSMS, map[string]string{"where": value}, "K7Q2MX")
		if err != nil {
			return
		}
		if !strings.HasPrefix(text.Body, "Safety report: ") || !strings.Contains(text.Body, "K7Q2MX") || strings.Contains(text.Body, "://") {
			t.Errorf("%q makes %q", value, text.Body)
		}
	})
}
