package web_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"bongsu/status"
	"bongsu/web"
	"bongsu/web/sample"
)

const story = "01JD9R2W8F"

// tallied is what the books say of the sample's outage.
func tallied(handed int64) map[string]*web.Sent {
	at := sample.Now().Add(-20 * time.Minute)
	return map[string]*web.Sent{story: {Changed: sample.Now().Add(-time.Minute), Least: 10, Notices: []web.SentNotice{
		{
			Event: string(status.EventOpened), Update: "u1", Made: at, Withheld: 1,
			Channels: []web.SentBy{
				{Channel: "messenger", Kind: "alimtalk", Planned: 1_200_000, Handed: 41_000, Delivered: 40_100, Unknown: 312, Moved: 1_159_588},
				{
					Channel: "sms", Kind: "sms", Planned: 1_450_210, Handed: handed, Delivered: 1_430_008, Failed: 2_900, Unknown: 17,
					HandedP50: 4200 * time.Millisecond, HandedP99: 19 * time.Second, DeliveredP50: 7 * time.Second, DeliveredP99: 1234 * time.Second,
				},
			},
		},
		{Event: string(status.EventNote), Update: "u3", Made: at.Add(13 * time.Minute), Withheld: 2},
	}}}
}

// The page says what became of each notice in every language, newest first:
// unknown as unknown, and no number that few people share.
func TestThePageCountsNotices(t *testing.T) {
	s := serve(t, sample.Outage(), web.Options{})
	s.Count(tallied(1_447_293))
	for lang, want := range map[string][]string{
		"ko": {
			"알림 발송 결과", "‘전달’은 통신사가 받았다는 뜻이며, 읽었다는 뜻이 아닙니다.", "담당자 안내", "10명 미만인 수단은 표시하지 않습니다.", "장애 확인",
			"알림톡 messenger", "예정 1,200,000 1,450,210", "전달 41,000 1,447,293", "도착(통신사 보고) 40,100 1,430,008", "실패 0 2,900", "알 수 없음 312 17",
			"다른 수단으로 1,159,588 0", "발송 불필요 0 0", "절반 전달까지 – 4.2초", "99% 전달까지 – 19초", "절반 도착까지 – 7초", "99% 도착까지 – 1,234초",
		},
		"ja": {
			"お知らせの送信結果", "読まれたことを示すものではありません。", "10人に満たない手段は表示しません。",
			"引き渡し 41,000 1,447,293", "配達（事業者の報告） 40,100 1,430,008", "不明 312 17", "99%の引き渡しまで – 19",
		},
		"en": {
			"What became of our notices", "“Handed over” means that the carrier took it, not that anybody has read it", "From the team 15:45",
			"Ways with fewer than 10 people are not shown.", "Confirmed 15:32", "AlimTalk messenger SMS",
			"Handed over 41,000 1,447,293", "Delivered, says the carrier 40,100 1,430,008", "Unknown 312 17", "Half handed over within – 4.2 s",
		},
	} {
		rest := words(t, ask(s.Handler(), "GET", "/incidents/"+story+"?lang="+lang).Body.String())
		for _, part := range want {
			_, after, found := strings.Cut(rest, part)
			if !found {
				t.Fatalf("%s: %q is missing, or not in its place, in: %s", lang, part, rest)
			}
			rest = after
		}
	}
	if page := body(t, sample.Outage(), "/incidents/"+story+"?lang=en"); strings.Contains(page, "What became of our notices") {
		t.Error("a page without counts has the heading")
	}
}

// New numbers change the pages and answers that show them, and no other.
func TestCountsChangeOnlyWhatShowsThem(t *testing.T) {
	s := serve(t, sample.Outage(), web.Options{})
	shown := []string{"/incidents/" + story + "?lang=en", "/api/v1/incidents/" + story + "/notices"}
	others := []string{"/", "/incidents/01JC8Z6Q4T?lang=en", "/api/v1/status", "/api/v1/incidents/" + story, "/history"}
	tags := func() map[string]string {
		all := map[string]string{}
		for _, path := range append(shown, others...) {
			w := ask(s.Handler(), "GET", path)
			if w.Code != http.StatusOK {
				t.Fatalf("%s answers %d", path, w.Code)
			}
			all[path] = w.Header().Get("Etag")
		}
		return all
	}
	compare := func(what string, before map[string]string, change bool) map[string]string {
		t.Helper()
		now := tags()
		for _, path := range shown {
			if (now[path] != before[path]) != change {
				t.Errorf("%s: %s changed: %t", what, path, !change)
			}
		}
		for _, path := range others {
			if now[path] != before[path] {
				t.Errorf("%s: %s changed", what, path)
			}
		}
		return now
	}
	none := tags()
	first := tallied(5)
	s.Count(first)
	five := compare("counted", none, true)
	s.Count(map[string]*web.Sent{story: first[story]})
	compare("counted the same", five, false)
	s.Publish(sample.Outage())
	compare("published again", five, false)
	s.Count(tallied(6))
	compare("counted anew", five, true)
	s.Count(nil)
	compare("forgotten", none, false)
}

// Machines get the same numbers, as the document says; of an incident without
// notices, none.
func TestNoticesForMachines(t *testing.T) {
	v := readDocument(t, true)
	s := serve(t, sample.Outage(), web.Options{})
	s.Count(tallied(1_447_293))
	for path, want := range map[string]string{
		story: `{"incident":"01JD9R2W8F","changed":"2026-11-22T06:51:00Z","least":10,"notices":[` +
			`{"event":"opened","update":"u1","made":"2026-11-22T06:32:00Z","channels":[` +
			`{"channel":"messenger","kind":"alimtalk","planned":1200000,"handed":41000,"delivered":40100,"failed":0,"unknown":312,"moved":1159588,"cancelled":0,` +
			`"handed_median_s":null,"handed_p99_s":null,"delivered_median_s":null,"delivered_p99_s":null},` +
			`{"channel":"sms","kind":"sms","planned":1450210,"handed":1447293,"delivered":1430008,"failed":2900,"unknown":17,"moved":0,"cancelled":0,` +
			`"handed_median_s":4.2,"handed_p99_s":19,"delivered_median_s":7,"delivered_p99_s":1234}],"withheld":1},` +
			`{"event":"note","update":"u3","made":"2026-11-22T06:45:00Z","channels":[],"withheld":2}]}`,
		"01JC8Z6Q4T": `{"incident":"01JC8Z6Q4T","changed":null,"least":0,"notices":[]}`,
		"nobody":     "",
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/api/v1/incidents/"+path+"/notices", nil)
		w := httptest.NewRecorder()
		s.Handler().ServeHTTP(w, r)
		if got := strings.TrimSpace(w.Body.String()); want != "" && got != want {
			t.Errorf("%s:\n got %s\nwant %s", path, got, want)
		}
		if want == "" && w.Code != http.StatusNotFound {
			t.Errorf("%s answers %d", path, w.Code)
		}
		if ok, errs := v.ValidateHttpResponse(r, w.Result()); !ok {
			t.Errorf("%s: %v", path, errs)
		}
	}
}
