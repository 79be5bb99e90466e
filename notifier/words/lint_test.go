package words_test

import (
	"errors"
	"strings"
	"testing"

	"bongsu/notifier"
	"bongsu/notifier/words"
	"bongsu/status"
)

// The text that the Korean government sent to every phone at 09:01 on
// 17 October 2022, two days into the outage of KakaoTalk.
const emergency = "카카오톡 메시지, 카카오T, 카카오내비 주요 기능의 이용에 불편이 없습니다. 메일·검색 등 복구 중입니다. 상세 내용은 카카오톡 상단에서 확인 가능합니다"

// failing is a page on which one component is in the given state.
func failing(state status.State) *status.Snapshot {
	return &status.Snapshot{Groups: []status.GroupView{{Components: []*status.ComponentView{{
		Component: &status.Component{ID: "talk", Name: status.Text{"ko": "카카오톡 메시지", "ja": "カカオトークのメッセージ", "en": "KakaoTalk messages"}},
		Condition: status.Condition{State: state},
	}}}}}
}

func TestNobodyIsSentIntoTheFire(t *testing.T) {
	for _, c := range []struct {
		what, lang, text string
		state            status.State
		elsewhere        bool // an app's text may point somewhere
		refused          string
	}{
		{"the emergency text of 2022", "ko", emergency, status.PartialOutage, true, "카카오톡"},
		{"the same, to whoever points nowhere", "ko", emergency, status.Operational, false, "에서 확인"},
		{"the same, had it worked", "ko", emergency, status.Operational, true, ""},
		{"nobody knows whether it works", "ko", emergency, status.Unknown, true, "카카오톡"},
		{"merely naming what fails", "ko", "카카오톡 메시지 장애를 확인했습니다. 급하면 전화로.", status.MajorOutage, false, ""},
		{"merely naming it, beside another place", "ko", "카카오톡 장애. 상세 내용은 상황판에서 확인하세요.", status.MajorOutage, true, ""},
		{"naming it is no place for an outage's text", "ko", "카카오톡 장애. 상세 내용은 상황판에서 확인하세요.", status.MajorOutage, false, "에서 확인"},
		{"Japanese", "ja", "詳細はカカオトークでご確認ください。", status.MajorOutage, true, "カカオトーク"},
		{"Japanese, merely named", "ja", "カカオトークの障害を確認しました。", status.MajorOutage, false, ""},
		{"English", "en", "See details in KakaoTalk.", status.MajorOutage, true, "KakaoTalk"},
		{"English, another word", "en", "See details in KakaoTalking.", status.MajorOutage, true, ""},
		{"English, merely named", "en", "KakaoTalk is not answering our checks.", status.MajorOutage, false, ""},
	} {
		rules := words.Rules{Down: words.Down(failing(c.state), true), Elsewhere: c.elsewhere}
		err := rules.Lint(notifier.Text{Lang: c.lang, Class: notifier.ClassLMS, Body: c.text})
		found := ""
		if problem, ok := errors.AsType[*words.LintError](err); ok {
			found = problem.Found
		}
		if found != c.refused || (err == nil) != (c.refused == "") {
			t.Errorf("%s: %v, want it refused for %q", c.what, err, c.refused)
		}
	}
}

func TestATextMayTurnWrongBeforeItLeaves(t *testing.T) {
	text := notifier.Text{Lang: "ko", Class: notifier.ClassLMS, Body: "[안전신고]접수 결과는 카카오톡에서 확인하세요."}
	for state, ok := range map[status.State]bool{
		status.Operational: true, status.Unknown: true, status.MajorOutage: false, status.DegradedPerformance: false, status.UnderMaintenance: false,
	} {
		if err := words.SendsInto(text, words.Down(failing(state), false)); (err == nil) != ok {
			t.Errorf("%s: %v", state, err)
		}
	}
	for event, outside := range map[string]bool{"app": true, "opened": false, "resolved": false, "alarm": false, "code": false, "welcome": false, "left": false} {
		if words.Outside(event) != outside {
			t.Errorf("%s is of somebody else: %t", event, !outside)
		}
	}
}

func TestLint(t *testing.T) {
	plain, none := words.Rules{Names: []string{"booking.com", "쿠폰 서비스"}}, ""
	ours := words.Rules{Links: []string{"https://status.example"}}
	expected := words.Rules{Expected: true}
	ad := words.Rules{Ad: true}
	for _, c := range []struct {
		rules   words.Rules
		lang    string
		class   notifier.Class
		text    string
		refused string // for this
	}{
		{plain, "ko", notifier.ClassSMS, "[상태알림]15:42부터 톡 장애. 전화·문자 가능. 다음 16:42 코드 7F3K", none},
		{plain, "ko", notifier.ClassSMS, "자세한 내용은 채널에서 확인하세요", "에서 확인"},
		{plain, "ko", notifier.ClassSMS, "홈페이지 접속하세요", "접속하세"},
		{plain, "ko", notifier.ClassSMS, "https://status.example/i/1", "https://status.example/i/1"},
		{plain, "ko", notifier.ClassSMS, "상황은 status.example 참고", "status.example"},
		{plain, "ko", notifier.ClassSMS, "booking.com 예약 장애", none}, // the name of what fails
		{plain, "ja", notifier.ClassSMS, "詳細はアプリでご確認ください", "でご確認"},
		{plain, "ja", notifier.ClassSMS, "22:40 トークの正常を確認、終了", none},
		{plain, "en", notifier.ClassSMS, "See it in the app.", "See it in"},
		{plain, "en", notifier.ClassSMS, "Outage since 15:42: Talk.Next update 16:42", "Talk.Next"}, // reads as a host to a phone, too
		{plain, "en", notifier.ClassSMS, "Call 119. Carry cash, e.g. coins.", none},
		{plain, "ko", notifier.ClassChat, "https://status.example", none}, // operators get links

		{ours, "ko", notifier.ClassMail, "https://status.example/check/7F3K", none},
		{ours, "ko", notifier.ClassMail, "수신 해지: " + notifier.LeaveMark, none},
		{ours, "ko", notifier.ClassSMS, "https://status.example/check/7F3K", "https://status.example/check/7F3K"},
		{ours, "ko", notifier.ClassMail, "https://status.example.evil.example/", "https://status.example.evil.example/"},
		{ours, "ko", notifier.ClassMail, "https://status.example@evil.example/", "https://status.example@evil.example/"},
		{ours, "ko", notifier.ClassMail, "http://status.example/", "http://status.example/"},

		{ours, "ko", notifier.ClassMail, "https://status.example/a와 https://status.example/b", none},
		{ours, "ko", notifier.ClassMail, "https://status.example/a와https://status.example/b", none},
		{ours, "ko", notifier.ClassMail, "https://status.example/a보다https://evil.example/b", "https://evil.example/b"},
		{ours, "ko", notifier.ClassMail, "https://status.example/,https://evil.example/b", "https://status.example/,https://evil.example/b"},
		{ours, "ko", notifier.ClassMail, "//evil.example/b", "evil.example"},
		{plain, "ko", notifier.ClassSMS, "접수는 안전신고.com으로", "안전신고.com"}, // names in other letters are names too
		{plain, "ko", notifier.ClassSMS, "접수는 안전신고.한국", "안전신고.한국"},
		{plain, "ja", notifier.ClassSMS, "受付は通報.jp/aへ", "受付は通報.jp"},
		{plain, "ko", notifier.ClassSMS, "장애 확인.다음 16:42", none},
		{plain, "ko", notifier.ClassSMS, "장애를 확인했습니다.SMS로 알림", none},

		{plain, "ko", notifier.ClassSMS, "18:00까지 복구 예정", "까지 복구"},
		{plain, "ko", notifier.ClassSMS, "2시간 뒤 정상화", "뒤 정상화"},
		{plain, "ko", notifier.ClassSMS, "복구 예정 시각은 미정", none},
		{expected, "ko", notifier.ClassSMS, "18:00까지 복구 예정", none},
		{plain, "ja", notifier.ClassSMS, "18時に復旧の見込み", "復旧の見込み"},
		{plain, "ja", notifier.ClassSMS, "復旧の見込みは立っていません", none},
		{plain, "en", notifier.ClassSMS, "It should be back by 18:00", "should be back"},
		{plain, "en", notifier.ClassSMS, "No time of repair is known", none},
		{expected, "en", notifier.ClassSMS, "It should be back by 18:00", none},

		{plain, "ko", notifier.ClassSMS, "장애 사과 할인 쿠폰 증정", "할인"},
		{plain, "ko", notifier.ClassSMS, "( 광 고 ) 새 요금", "( 광 고 )"},
		{plain, "ko", notifier.ClassSMS, "관광고속 예매 장애", none},
		{plain, "ko", notifier.ClassSMS, "쿠폰 서비스 장애", none}, // the name of what fails
		{plain, "ja", notifier.ClassSMS, "お詫びのクーポン", "クーポン"},
		{plain, "en", notifier.ClassSMS, "A 20% off coupon for you", "0% off"},
		{ad, "ko", notifier.ClassSMS, "(광고)가온 할인 행사. 무료거부 0801234567", none},
		{ad, "ko", notifier.ClassSMS, "가온 할인 행사", "(광고)"},
	} {
		err := c.rules.Lint(notifier.Text{Lang: c.lang, Class: c.class, Body: c.text})
		found := ""
		if problem, ok := errors.AsType[*words.LintError](err); ok {
			found = problem.Found
		}
		if found != c.refused || (err == nil) != (c.refused == "") {
			t.Errorf("%s %s %q: %v, want it refused for %q", c.lang, c.class, c.text, err, c.refused)
		}
	}
}

func TestLintMeasuresToo(t *testing.T) {
	for _, c := range []struct {
		what string
		text notifier.Text
		ok   bool
	}{
		{"90 bytes", notifier.Text{Lang: "ko", Class: notifier.ClassSMS, Body: strings.Repeat("가", 45)}, true},
		{"91 bytes", notifier.Text{Lang: "ko", Class: notifier.ClassSMS, Body: strings.Repeat("가", 45) + "a"}, false},
		{"an emoji", notifier.Text{Lang: "ko", Class: notifier.ClassSMS, Body: "장애 😀"}, false},
		{"a dash that Korea has not", notifier.Text{Lang: "ko", Class: notifier.ClassSMS, Body: "장애 — 확인"}, false},
		{"an emoji to a messenger", notifier.Text{Lang: "ko", Class: notifier.ClassMessenger, Body: "장애 😀"}, true},
		{"a title of 40 bytes", notifier.Text{Lang: "ko", Class: notifier.ClassLMS, Title: strings.Repeat("가", 20), Body: "장애"}, true},
		{"a longer one", notifier.Text{Lang: "ko", Class: notifier.ClassLMS, Title: strings.Repeat("가", 20) + "a", Body: "장애"}, false},
		{"half a character", notifier.Text{Lang: "en", Class: notifier.ClassMail, Title: "t", Body: "a\xff"}, false},
	} {
		if err := (words.Rules{}).Lint(c.text); (err == nil) != c.ok {
			t.Errorf("%s: %v", c.what, err)
		}
	}
}

func TestWhatATextHasToSay(t *testing.T) {
	for _, c := range []struct {
		event string
		class notifier.Class
		want  string
	}{
		{"opened", notifier.ClassSMS, "what since next code"},
		{"worsened", notifier.ClassSMS, "what since next code"},
		{"cause", notifier.ClassSMS, "what cause code"},
		{"note", notifier.ClassSMS, "change next code"},
		{"news", notifier.ClassSMS, "change next code"},
		{"resolved", notifier.ClassSMS, "what span code"},
		{"opened", notifier.ClassMail, "what cause since works do next code"},
		{"note", notifier.ClassLMS, "change what cause since works do next code"},
		{"resolved", notifier.ClassMessenger, "what span code"},
		{"welcome", notifier.ClassSMS, ""},
	} {
		var got []string
		for _, part := range words.Required(c.event, c.class) {
			got = append(got, string(part))
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s by %s: %v, want %s", c.event, c.class, got, c.want)
		}
	}
}

func FuzzLint(f *testing.F) {
	f.Add("ko", emergency, "카카오톡")
	f.Add("en", "See it in the app.", "app")
	f.Add("ja", "アプリでご確認ください\xff", "")
	f.Fuzz(func(t *testing.T, lang, body, name string) {
		text := notifier.Text{Lang: lang, Class: notifier.ClassSMS, Body: body}
		err := (words.Rules{Names: []string{name}, Down: []string{name}, Elsewhere: true}).Lint(text)
		if strict := (words.Rules{Down: []string{name}}).Lint(text); err != nil && strict == nil && name == "" {
			t.Errorf("the strictest rules pass what others refuse: %v", err)
		}
		if again := words.Again(text); err == nil && again.Body != body {
			if _, err := words.Fit(lang, text.Class, again.Body); err != nil {
				t.Errorf("marked as sent again it does not fit: %v", err)
			}
		}
	})
}
