package nhn_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bongsu/notifier"
	"bongsu/notifier/gatewaytest"
	"bongsu/notifier/nhn"
)

const (
	appKey = "appKey0001"
	secret = "5ecret01"
	number = "+821055501234"
	words  = "[상태알림] 15:42부터 로그인 장애"
)

func settings(base string) *nhn.Settings {
	s := nhn.Kind().New().(*nhn.Settings)
	s.AppKey, s.Secret, s.From, s.BaseURL = notifier.NewSecret(appKey), notifier.NewSecret(secret), "15880000", base
	return s
}

func open(t *testing.T, base string) *nhn.Gateway {
	t.Helper()
	g, err := settings(base).Open(notifier.Outside{UserAgent: "Bongsu/test"})
	if err != nil {
		t.Fatal(err)
	}
	return g.(*nhn.Gateway)
}

func message() notifier.Message {
	return notifier.Message{Delivery: "d1", To: number, Class: notifier.ClassSMS, Lang: "ko", Body: words}
}

// refusal is an answer whose header says no.
func refusal(code int) string {
	return fmt.Sprintf(`{"header":{"isSuccessful":false,"resultCode":%d,"resultMessage":"Not %s"}}`, code, gatewaytest.Echo)
}

// line is an answer whose recipient's line says something.
func line(code int, text string) string {
	return fmt.Sprintf(`{"header":{"isSuccessful":true,"resultCode":0,"resultMessage":"SUCCESS"},"body":{"data":{"requestId":"R1","statusCode":"2","sendResultList":[{"recipientNo":"01055501234","resultCode":%d,"resultMessage":%q,"recipientSeq":1,"recipientGroupingKey":"d1"}]}}}`, code, text)
}

func TestNHNIsAGateway(t *testing.T) { gatewaytest.Run(t, asAGateway()) }

// FuzzAnswers reads whatever may come back.
func FuzzAnswers(f *testing.F) { gatewaytest.Fuzz(f, asAGateway()) }

func asAGateway() gatewaytest.Case {
	return gatewaytest.Case{
		Settings: func(base string) notifier.Settings { return settings(base) },
		Message:  func(string) notifier.Message { return message() },
		Classes:  []notifier.Class{notifier.ClassSMS, notifier.ClassLMS},
		Secrets:  []string{appKey, secret},
		Taken:    gatewaytest.JSON(200, line(0, "SUCCESS")), Ref: "sms/R1/1",
		Answers: []gatewaytest.Saying{
			{Answer: gatewaytest.JSON(200, refusal(-1000)), Want: gatewaytest.Rejects(gatewaytest.Ours, "-1000")},
			{Answer: gatewaytest.JSON(401, refusal(-1000)), Want: gatewaytest.Rejects(gatewaytest.Ours, "-1000")},
			{Answer: gatewaytest.JSON(200, refusal(-2312)), Want: gatewaytest.Rejects(gatewaytest.Ours, "-2312")},
			{Answer: gatewaytest.JSON(200, refusal(-2019)), Want: gatewaytest.Rejects(gatewaytest.Recipient, "-2019")},
			{Answer: gatewaytest.JSON(200, refusal(-2044)), Want: gatewaytest.Rejects(gatewaytest.Recipient, "-2044")},
			{Answer: gatewaytest.JSON(200, refusal(-6001)), Want: gatewaytest.Rejects(gatewaytest.Suppress, "-6001")},
			{Answer: gatewaytest.JSON(200, refusal(-2021)), Want: gatewaytest.Is(gatewaytest.Again)},
			{Answer: gatewaytest.JSON(200, refusal(-9999)), Want: gatewaytest.Is(gatewaytest.Uncertain)},
			{Answer: gatewaytest.JSON(500, refusal(-1)), Want: gatewaytest.Is(gatewaytest.Uncertain)},
			{Answer: gatewaytest.JSON(503, refusal(-2021)), Want: gatewaytest.Is(gatewaytest.Again)},
			{Answer: gatewaytest.JSON(429, refusal(-1)), Want: gatewaytest.Want{Kind: gatewaytest.Throttled, After: 7 * time.Second}},
			{Answer: gatewaytest.JSON(200, line(-2019, gatewaytest.Echo)), Want: gatewaytest.Rejects(gatewaytest.Recipient, "-2019")},
			{Answer: gatewaytest.JSON(200, line(-6001, gatewaytest.Echo)), Want: gatewaytest.Rejects(gatewaytest.Suppress, "-6001")},
			{Answer: gatewaytest.JSON(200, line(-2313, "blocked")), Want: gatewaytest.Rejects(gatewaytest.Ours, "-2313")},
			{Answer: gatewaytest.JSON(200, line(-7777, "a code of tomorrow")), Want: gatewaytest.Rejects(gatewaytest.Recipient, "-7777")},
			{Answer: gatewaytest.JSON(200, "{}"), Want: gatewaytest.Is(gatewaytest.Uncertain)},
			{Answer: gatewaytest.JSON(200, `{"header":{"isSuccessful":true,"resultCode":0},"body":{"data":{"requestId":"R1","sendResultList":[]}}}`), Want: gatewaytest.Is(gatewaytest.Uncertain)},
		},
		Text: func(seen gatewaytest.Seen) (string, string) {
			var o struct{ Title, Body string }
			json.Unmarshal(seen.Body, &o)
			return o.Title, o.Body
		},
		Find: true, Result: true,
	}
}

func TestSendSaysAllThatNHNNeeds(t *testing.T) {
	for _, c := range []struct {
		what string
		make func(*notifier.Message)
		path string
		ref  string
		want map[string]any
	}{
		{"a short text", func(*notifier.Message) {}, "sms", "sms/R1/1", map[string]any{
			"body": words, "sendNo": "15880000",
			"recipientList": []any{map[string]any{"recipientNo": "01055501234", "recipientGroupingKey": "d1"}},
		}},
		{"a long one", func(m *notifier.Message) { m.Class, m.Title = notifier.ClassLMS, "상태알림" }, "mms", "mms/R1/1", map[string]any{
			"title": "상태알림", "body": words, "sendNo": "15880000",
			"recipientList": []any{map[string]any{"recipientNo": "01055501234", "recipientGroupingKey": "d1"}},
		}},
		{"a long one without a title", func(m *notifier.Message) {
			m.Class, m.Body = notifier.ClassLMS, "제목이 되는 첫 줄은 스무 자에서 잘립니다\n둘째 줄"
		}, "mms", "mms/R1/1", map[string]any{
			"title": "제목이 되는 첫 줄은 스무 자에서 잘", "body": "제목이 되는 첫 줄은 스무 자에서 잘립니다\n둘째 줄", "sendNo": "15880000",
			"recipientList": []any{map[string]any{"recipientNo": "01055501234", "recipientGroupingKey": "d1"}},
		}},
		{"another country", func(m *notifier.Message) { m.To = "+819012345678" }, "sms", "sms/R1/1", map[string]any{
			"body": words, "sendNo": "15880000",
			"recipientList": []any{map[string]any{"internationalRecipientNo": "819012345678", "recipientGroupingKey": "d1"}},
		}},
	} {
		t.Run(c.what, func(t *testing.T) {
			var got map[string]any
			var path, key string
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				json.NewDecoder(r.Body).Decode(&got)
				path, key = r.Method+" "+r.URL.Path, r.Header.Get("X-Secret-Key")
				io.WriteString(w, line(0, "SUCCESS"))
			}))
			defer s.Close()
			m := message()
			c.make(&m)
			if ref, err := open(t, s.URL).Send(t.Context(), m); err != nil || ref != c.ref {
				t.Errorf("reference %q, want %q; error %v", ref, c.ref, err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("body (-want +got):\n%s", diff)
			}
			if want := "POST /sms/v3.0/appKeys/" + appKey + "/sender/" + c.path; path != want || key != secret {
				t.Errorf("%s with key %q, want %s", path, key, want)
			}
		})
	}
}

var since = time.Date(2022, 10, 15, 15, 30, 0, 0, time.UTC) // 00:30 the next day in Seoul

func TestResultsAreAskedFor(t *testing.T) {
	for _, c := range []struct {
		state, code string
		want        notifier.Rank
		suppress    bool
	}{
		{"1", "", notifier.Accepted, false},
		{"2", "", notifier.Accepted, false},
		{"3", "", notifier.Sent, false},
		{"3", "1000", notifier.Delivered, false},
		{"0", "2003", notifier.FailedRank, false},
		{"0", "3001", notifier.FailedRank, true},
		{"0", "3003", notifier.FailedRank, true},
		{"4", "", notifier.FailedRank, false},
		{"5", "", notifier.FailedRank, false},
		{"9", "", notifier.Accepted, false},
	} {
		one := fmt.Sprintf(`{"requestId":"R1","recipientSeq":1,"recipientGroupingKey":"d1","messageType":"SMS","msgStatus":%q,"resultCode":%q,"resultCodeName":"결과"}`, c.state, c.code)
		var asked []string
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			asked = append(asked, r.URL.Path+"?"+r.URL.RawQuery)
			if strings.HasSuffix(r.URL.Path, "/R1") {
				fmt.Fprintf(w, `{"header":{"isSuccessful":true,"resultCode":0},"body":{"data":%s}}`, one)
				return
			}
			fmt.Fprintf(w, `{"header":{"isSuccessful":true,"resultCode":0},"body":{"pageNum":1,"pageSize":15,"totalCount":1,"data":[%s]}}`, one)
		}))
		g := open(t, s.URL)
		got, err := g.Result(t.Context(), "sms/R1/1", since)
		want := notifier.Receipt{Delivery: "d1", Ref: "sms/R1/1", Rank: c.want, Code: c.code, Text: "결과", Suppress: c.suppress, At: since}
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s %s: error %v, receipt (-want +got):\n%s", c.state, c.code, err, diff)
		}
		found, ref, rank, err := g.Find(t.Context(), message(), since)
		if !found || ref != "sms/R1/1" || rank != c.want || err != nil {
			t.Errorf("%s %s: found %t %q %s, error %v", c.state, c.code, found, ref, rank, err)
		}
		other := message()
		other.Delivery = "d2"
		if found, _, _, err := g.Find(t.Context(), other, since); found || err != nil {
			t.Errorf("another delivery: found %t, error %v", found, err)
		}
		s.Close()
		root := "/sms/v3.0/appKeys/" + appKey + "/sender/sms"
		query := url.Values{"recipientGroupingKey": {"d1"}, "startCreateDate": {"2022-10-16 00:29:00"}, "endCreateDate": {"2022-10-17 00:30:00"}}
		if diff := cmp.Diff([]string{root + "/R1?recipientSeq=1", root + "?" + query.Encode()}, asked[:2]); diff != "" {
			t.Errorf("questions (-want +got):\n%s", diff)
		}
	}
	for _, ref := range []string{"", "R1/1", "sms/R1", "sms/R1/x", "sms//1", "fax/R1/1"} {
		if _, err := open(t, "http://127.0.0.1:1").Result(t.Context(), ref, since); err == nil || strings.Contains(err.Error(), "127.0.0.1") {
			t.Errorf("reference %q: %v", ref, err)
		}
	}
}

// All that became known in a time is asked for a thousand at once.
func TestManyResultsAtOnce(t *testing.T) {
	const all = 2500
	var asked []string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.RawQuery)
		var page int
		fmt.Sscan(r.URL.Query().Get("pageNum"), &page)
		var rows []string
		for n := (page - 1) * 1000; n < min(page*1000, all); n++ {
			kind, code := "SMS", "1000"
			if n%2 == 1 {
				kind, code = "LMS", "2003"
			}
			rows = append(rows, fmt.Sprintf(`{"messageType":%q,"requestId":"20230914101505oAJTbxHkIB%d","recipientSeq":1,"resultCode":%q,"resultCodeName":"성공","requestDate":"2023-09-14 10:15:05.0","resultDate":"2023-09-14 10:15:08.0","updateDate":"2023-09-14 10:15:12.0","telecomCode":"10002","telecomCodeName":"KT","senderGroupingKey":"","recipientGroupingKey":"d%d"}`, kind, n, code, n))
		}
		fmt.Fprintf(w, `{"header":{"isSuccessful":true,"resultCode":0},"body":{"pageNum":%d,"pageSize":1000,"totalCount":%d,"data":[%s]}}`, page, all, strings.Join(rows, ","))
	}))
	defer s.Close()
	ranks := map[notifier.Rank]int{}
	refs := map[string]string{}
	err := open(t, s.URL).Results(t.Context(), since.Add(-48*time.Hour), since, func(r notifier.Receipt) {
		ranks[r.Rank]++
		refs[r.Ref] = r.Delivery
	})
	if err != nil || len(refs) != all || ranks[notifier.Delivered] != all/2 || ranks[notifier.FailedRank] != all/2 {
		t.Errorf("%d results, ranks %v, error %v", len(refs), ranks, err)
	}
	if refs["sms/20230914101505oAJTbxHkIB0/1"] != "d0" || refs["mms/20230914101505oAJTbxHkIB2499/1"] != "d2499" {
		t.Error("references are not those of hand-overs")
	}
	day := url.Values{"startUpdateDate": {"2022-10-15 00:30:00"}, "endUpdateDate": {"2022-10-16 00:30:00"}, "pageSize": {"1000"}, "pageNum": {"3"}}
	if len(asked) != 3 || asked[2] != day.Encode() {
		t.Errorf("asked %v", asked)
	}
}

// What came before an error holds, and the error says where it came.
func TestResultsThatStopHalfWay(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("pageNum") == "2" {
			w.Header().Set("Retry-After", "4")
			w.WriteHeader(http.StatusTooManyRequests)
			return
		}
		rows := strings.Repeat(`{"messageType":"SMS","requestId":"R","recipientSeq":1,"resultCode":"1000"},`, 1000)
		fmt.Fprintf(w, `{"header":{"isSuccessful":true,"resultCode":0},"body":{"data":[%s]}}`, strings.TrimSuffix(rows, ","))
	}))
	defer s.Close()
	n := 0
	err := open(t, s.URL).Results(t.Context(), since.Add(-time.Hour), since, func(notifier.Receipt) { n++ })
	if slow, ok := errors.AsType[*notifier.ThrottledError](err); !ok || slow.After != 4*time.Second || n != 1000 || !strings.Contains(err.Error(), "page 2") {
		t.Errorf("%d results, error %v", n, err)
	}
}

func TestReports(t *testing.T) {
	h := &nhn.Hooks{Signatures: []notifier.Secret{{}, notifier.NewSecret("5ignature")}}
	const kept = `"hookId":"h","requestId":"R1","requestDate":"2024-04-29T20:58:02","sendNo":"15880000","recipientNo":"01055501234"`
	call := func(event, hooks string) string {
		return fmt.Sprintf(`{"hooksId":"1","webhookConfigId":"c","productName":"SMS","appKey":%q,"event":%q,"hooks":[%s]}`, appKey, event, hooks)
	}
	report := func(kind, state, code, key string) string {
		return call("MESSAGE_RESULT_UPDATE", fmt.Sprintf(`{%s,"senderType":%q,"recipientSeq":1,"messageStatus":%q,"resultCode":%q,%s}`, kept, kind, state, code, key))
	}
	ours := `"recipientGroupingKey":"d1"`
	one := func(ref string, rank notifier.Rank, code string, suppress bool) []notifier.Receipt {
		return []notifier.Receipt{{Delivery: "d1", Ref: ref, Rank: rank, Code: code, Suppress: suppress, At: since}}
	}
	for _, c := range []struct {
		what, signature, body string
		want                  []notifier.Receipt
		err                   error
	}{
		{"a text that has arrived", "5ignature", report("NORMAL_SMS", "COMPLETED", "1000", ours), one("sms/R1/1", notifier.Delivered, "1000", false), nil},
		{"the key as the guide spells it", "5ignature", report("NORMAL_SMS", "COMPLETED", "1000", `"recipientGropuingKey":"d1"`), one("sms/R1/1", notifier.Delivered, "1000", false), nil},
		{"a long one that has not", "5ignature", report("NORMAL_LMS", "FAILED", "2003", ours), one("mms/R1/1", notifier.FailedRank, "2003", false), nil},
		{"nobody at the number", "5ignature", report("NORMAL_SMS", "FAILED", "3001", ours), one("sms/R1/1", notifier.FailedRank, "3001", true), nil},
		{"one under way", "5ignature", report("NORMAL_SMS", "SENDING", "", ours), one("sms/R1/1", notifier.Accepted, "", false), nil},
		{"one of somebody else", "5ignature", report("NORMAL_SMS", "COMPLETED", "1000", `"senderGroupingKey":"x"`), nil, nil},
		{"an opt-out", "5ignature", call("UNSUBSCRIBE", `{"hookId":"h","recipientNo":"01012341234"}`), nil, nil},
		{"a wrong signature", "5ignaturf", report("NORMAL_SMS", "COMPLETED", "1000", ours), nil, nhn.ErrForged},
		{"none", "", report("NORMAL_SMS", "COMPLETED", "1000", ours), nil, nhn.ErrForged},
		{"no JSON", "5ignature", "{", nil, nhn.ErrMalformed},
		{"a list", "5ignature", "[]", nil, nhn.ErrMalformed},
		{"too many", "5ignature", call("MESSAGE_RESULT_UPDATE", strings.Repeat("{},", 10_000)+"{}"), nil, nhn.ErrMalformed},
	} {
		r := httptest.NewRequest(http.MethodPost, nhn.ReportPath, http.NoBody)
		r.Header.Set("X-Toast-Webhook-Signature", c.signature)
		got, err := h.Reports(r, []byte(c.body), since)
		if diff := cmp.Diff(c.want, got); diff != "" || !errors.Is(err, c.err) {
			t.Errorf("%s: error %v; receipts (-want +got):\n%s", c.what, err, diff)
		}
	}
}

// FuzzReports reads what anybody may send: it must not fall over, and must give
// nothing that has no key.
func FuzzReports(f *testing.F) {
	gatewaytest.FuzzReports(f, &nhn.Hooks{Signatures: []notifier.Secret{notifier.NewSecret("s")}}, nhn.ReportPath, [2]string{"X-Toast-Webhook-Signature", "s"},
		`{"event":"MESSAGE_RESULT_UPDATE","hooks":[{"requestId":"R1","recipientSeq":"1","resultCode":"1000","recipientGroupingKey":"d1"}]}`,
		`{"event":"MESSAGE_RESULT_UPDATE","hooks":[null,{"recipientSeq":{"a":[1e999]}}]}`)
}

func TestProblems(t *testing.T) {
	gatewaytest.Problems(t, settings("https://api.example"), &nhn.Settings{AppKey: notifier.NewSecret("a/b"), From: "1588-0000", BaseURL: "ftp://x"},
		"app_key", "secret", "from", "base_url")
}
