package web_test

import (
	"regexp"
	"strings"
	"testing"

	"bongsu/status"
	"bongsu/web"
	"bongsu/web/sample"
)

// places are values of the kinds that phrases have places for.
var places = strings.NewReplacer(
	"{Time}", "10s", "{Ago}", "2h", "{Took}", "2.4s", "{Slow}", "900ms", "{Count}", "3", "{All}", "40", "{Failed}", "20", "{Lost}", "35", "{Share}", "95",
	"{State}", "major_outage", "{Component}", "chat-text", "{Why}", "connection refused", "{Audience}", "operators",
	"{Moment}", "2 Mar 09:10:35", "{Onset}", "1 Mar 23:10:00", "{Delay}", "35s", "{Way}", "page", "{Quoted}", `"talk"`, "{Form}", "a list", "{Thing}", "group", "{Sort}", "a rate", "{Wanted}", "a number",
	"{Update}", "cause", "{Cause}", "component:pay",
	"{Clock}", "00:10:14 UTC on 2 March 2026", "{Since}", "23:10:14 UTC on 1 March 2026", "{Checks}", "3 checks", "{Components}", "chat-text, pay",
)

var place = regexp.MustCompile(`\{\w+\}`)

// Every reason that the program gives is said in each language, in words of that
// language, with what varies in it; and in English as it was.
func TestEveryReasonIsSaidInEveryLanguage(t *testing.T) {
	said := map[string]string{}
	for id, phrase := range web.Phrases() {
		english := place.ReplaceAllString(places.Replace(phrase), "db-7.example")
		for _, lang := range []string{"en", "ko", "ja"} {
			r := (&web.Reader{Voice: web.Voice(t, lang)}).Reason(english)
			switch {
			case r == nil || !r.Known || strings.Contains(r.Text, "reason_") || strings.Contains(r.Text, "<no value>"):
				t.Errorf("%s in %s: %q becomes %+v", id, lang, english, r)
				continue
			case lang == "en" && strings.Count(r.Text, " ") < strings.Count(english, " ")-2:
				t.Errorf("%s in English: %q becomes %q", id, english, r.Text)
			case lang != "en" && !strings.ContainsFunc(r.Text, func(c rune) bool { return c > 0x3000 }):
				t.Errorf("%s in %s: %q becomes %q", id, lang, english, r.Text)
			}
			if strings.Contains(english, "db-7.example") && !strings.Contains(r.Text, "db-7.example") {
				t.Errorf("%s in %s loses what varies: %q", id, lang, r.Text)
			}
			if other := said[lang+r.Text]; other != "" && other != id {
				t.Errorf("%s and %s are the same in %s: %q", id, other, lang, r.Text)
			}
			said[lang+r.Text] = id
		}
	}
	if len(said) < 250 {
		t.Errorf("only %d were said", len(said))
	}
}

func TestReasonsInOthers(t *testing.T) {
	ko := &web.Reader{Voice: web.Voice(t, "ko")}
	for english, want := range map[string]web.Reason{
		"no connection within 10s":                                      {Text: "10초 안에 연결되지 않았습니다", Known: true},
		"slow: 1.204s instead of 1s":                                    {Text: "느림: 1초 안에 와야 하는데 1.2초 걸렸습니다", Known: true},
		"20 of 25 requests failed within 1m0s":                          {Text: "1분 동안 요청 25건 중 20건이 실패했습니다", Known: true},
		"chat-text is major_outage":                                     {Text: "chat-text: 장애", Known: true},
		"kakao: chat-text is partial_outage":                            {Text: "kakao: chat-text: 일부 장애", Known: true},
		"portal: connection refused; dns: the resolver does not answer": {Text: "portal: 연결이 거부되었습니다; dns: 이름 풀이 서버가 응답하지 않습니다", Known: true},
		"every gateway is judged dead: no receipt for 97 of 100 messages after 20s; usually 95 % have one": {
			Text: "모든 게이트웨이가 불능 판정을 받았습니다: 메시지 100건 중 97건의 수신 결과가 20초 지나도 오지 않았습니다. 평소에는 95%가 옵니다", Known: true,
		},
		"bongsu.yaml:9:3: routes[0]: if kt fails, only sms/solapi is left; if dc-1 fails, only mail/smtp is left": {
			Text: "bongsu.yaml:9:3: routes[0]: kt: 장애가 나면 sms/solapi만 남습니다; dc-1: 장애가 나면 mail/smtp만 남습니다", Known: true,
		},
		"no connection within a while":        {Text: "no connection within a while"},
		"x is nonsense":                       {Text: "x is nonsense"},
		"Service Unavailable: try again":      {Text: "Service Unavailable: try again"},
		"connection refused by the doorman":   {Text: "connection refused by the doorman"},
		strings.Repeat("; ", 500) + "a: b: c": {Text: strings.Repeat("; ", 500) + "a: b: c"},
	} {
		if got := ko.Reason(english); got == nil || *got != want {
			t.Errorf("%q becomes %+v, want %+v", english, got, want)
		}
	}
	if got := ko.Reason(""); got != nil {
		t.Errorf("nothing becomes %+v", got)
	}
}

// A component's page says in its own language what a location saw, and marks as
// English what somebody else has said.
func TestThePageSaysReasonsInItsLanguage(t *testing.T) {
	s := sample.Outage()
	c, _ := s.Component("chat-text")
	if len(c.Standings) == 0 {
		t.Fatal("nothing has been looked at")
	}
	c.Standings[0].Outcome, c.Standings[0].Reason = status.Failed, "connected, but no answer within 10s"
	h := serve(t, s, web.Options{}).Handler()
	for lang, want := range map[string]string{"ko": "연결은 됐지만 10초 안에 응답이 없었습니다", "ja": "接続はできましたが、10秒以内に応答がありませんでした", "en": "connected, but no answer within 10 s"} {
		if body := ask(h, "GET", "/"+lang+"/components/chat-text").Body.String(); !strings.Contains(body, want) {
			t.Errorf("the page in %s lacks %q:\n%s", lang, want, body)
		}
	}
	c.Standings[0].Reason = "the operator's own words"
	h = serve(t, s, web.Options{}).Handler()
	if body := ask(h, "GET", "/ko/components/chat-text").Body.String(); !strings.Contains(body, `<code lang="en">the operator&#39;s own words</code>`) {
		t.Errorf("what others say is not marked:\n%s", body)
	}
}
