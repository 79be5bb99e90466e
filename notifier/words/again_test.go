package words_test

import (
	"strings"
	"testing"

	"bongsu/notifier"
	"bongsu/notifier/words"
)

func TestAgain(t *testing.T) {
	full := "[상태알림]" + strings.Repeat("가", 37) + " 코드"
	for _, c := range []struct {
		what        string
		text        notifier.Text
		title, body string
	}{
		{"behind the tag", notifier.Text{Lang: "ko", Class: notifier.ClassSMS, Body: "[상태알림]톡 장애"}, "", "[상태알림](재발송)톡 장애"},
		{"behind two", notifier.Text{Lang: "ko", Class: notifier.ClassSMS, Body: "[모의][운영경보]점검"}, "", "[모의][운영경보](재발송)점검"},
		{"where there is none", notifier.Text{Lang: "ko", Class: notifier.ClassSMS, Body: "톡 장애"}, "", "(재발송)톡 장애"},
		{"Japanese", notifier.Text{Lang: "ja", Class: notifier.ClassSMS, Body: "【状況通知】トーク障害"}, "", "【状況通知】(再送)トーク障害"},
		{"English", notifier.Text{Lang: "en", Class: notifier.ClassSMS, Body: "[Status] Outage"}, "", "[Status] (resent) Outage"},
		{"in place of our tag where there is no room", notifier.Text{Lang: "ko", Class: notifier.ClassSMS, Body: full}, "", "(재발송)" + full[len("[상태알림]"):]},
		{"an exercise stays one", notifier.Text{Lang: "ko", Class: notifier.ClassSMS, Body: "[훈련]" + strings.Repeat("가", 39)}, "", "[훈련재송]" + strings.Repeat("가", 39)},
		{"another's text without room is not cut", notifier.Text{Lang: "ko", Class: notifier.ClassSMS, Body: "[가온]" + strings.Repeat("가", 42)}, "", "[가온]" + strings.Repeat("가", 42)},
		{"a mail by its title", notifier.Text{Lang: "en", Class: notifier.ClassMail, Title: "[Status] Outage", Body: "b", HTML: "<title>[Status] Outage</title><h1>[Status] Outage</h1>"}, "[Status] (resent) Outage", "b"},
		{"a language without words", notifier.Text{Lang: "fr", Class: notifier.ClassSMS, Body: "Panne"}, "", "Panne"},
		{"our document", notifier.Text{Lang: "ko", Class: notifier.ClassWebhook, Body: `{"resent":false,"x":"\"resent\":false"}`}, "", `{"resent":true,"x":"\"resent\":false"}`},
		{"Statuspage has no word for it", notifier.Text{Lang: "ko", Class: notifier.ClassStatuspage, Body: `{}`}, "", `{}`},
	} {
		got := words.Again(c.text)
		if got.Title != c.title || got.Body != c.body {
			t.Errorf("%s: %q, %q", c.what, got.Title, got.Body)
		}
		if c.text.HTML != "" && strings.Count(got.HTML, "(resent)") != 2 {
			t.Errorf("%s: %s", c.what, got.HTML)
		}
	}
}

func TestAgainMarksATemplatesParameter(t *testing.T) {
	was := notifier.Text{
		Lang: "ko", Class: notifier.ClassAlimTalk, Body: "[상태알림] 서비스 장애 안내", Template: "opened-ko", Params: map[string]string{"mark": "[상태알림]"},
	}
	got := words.Again(was)
	if got.Params["mark"] != "[상태알림](재발송)" || got.Body != "[상태알림](재발송) 서비스 장애 안내" || was.Params["mark"] != "[상태알림]" {
		t.Errorf("%+v, of %+v", got, was)
	}
	if got := words.Again(notifier.Text{Lang: "ko", Class: notifier.ClassAlimTalk, Body: "등록된 문구", Template: "other"}); got.Body != "등록된 문구" {
		t.Errorf("a registered text was altered: %q", got.Body)
	}
}
