package solapi_test

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
	"bongsu/notifier/solapi"
)

const (
	key     = "NCSTESTKEY000001"
	secret  = "5ECRETOFTHEKEY000000000000000001"
	webhook = "5ecret-of-the-webhook"
	number  = "+821055501234"
	words   = "[상태알림] 15:42부터 로그인 장애"
)

var since = time.Date(2022, 10, 15, 6, 42, 0, 0, time.UTC)

func settings(base string) *solapi.Settings {
	s := solapi.Kind().New().(*solapi.Settings)
	s.Key, s.Secret, s.Webhook = notifier.NewSecret(key), notifier.NewSecret(secret), notifier.NewSecret(webhook)
	s.From, s.BaseURL = "15880000", base
	return s
}

func open(t *testing.T, base string) *solapi.Gateway {
	t.Helper()
	g, err := settings(base).Open(notifier.Outside{
		UserAgent: "Bongsu/test", Now: func() time.Time { return since.In(time.FixedZone("KST", 9*60*60)) },
		Nonce: func() string { return "jqsba2jxjnrjor" },
	})
	if err != nil {
		t.Fatal(err)
	}
	return g.(*solapi.Gateway)
}

func message() notifier.Message {
	return notifier.Message{Delivery: "d1", To: number, Class: notifier.ClassSMS, Lang: "ko", Body: words}
}

const taken = `{"groupInfo":{"groupId":"G1","count":{"total":1,"registeredFailed":0,"registeredSuccess":1}},"failedMessageList":[],
	"messageList":[{"messageId":"M1","statusCode":"2000","statusMessage":"정상 접수","customFields":{"delivery":"d1"}}]}`

func failed(code string) string {
	return fmt.Sprintf(`{"groupInfo":{"groupId":"G1","count":{"total":1,"registeredFailed":1,"registeredSuccess":0}},
		"failedMessageList":[{"to":"01055501234","messageId":"M1","statusCode":%q,"statusMessage":"Not %s"}],"messageList":[]}`, code, gatewaytest.Echo)
}

func refusal(code string) string {
	return fmt.Sprintf(`{"errorCode":%q,"errorMessage":"Not %s"}`, code, gatewaytest.Echo)
}

func TestSolapiIsAGateway(t *testing.T) { gatewaytest.Run(t, asAGateway()) }

// FuzzAnswers reads whatever may come back.
func FuzzAnswers(f *testing.F) { gatewaytest.Fuzz(f, asAGateway()) }

func asAGateway() gatewaytest.Case {
	return gatewaytest.Case{
		Settings: func(base string) notifier.Settings { return settings(base) },
		Message:  func(string) notifier.Message { return message() },
		Classes:  []notifier.Class{notifier.ClassSMS, notifier.ClassLMS},
		Secrets:  []string{key, secret, webhook},
		Taken:    gatewaytest.JSON(200, taken), Ref: "M1",
		Answers: []gatewaytest.Saying{
			{Answer: gatewaytest.JSON(200, failed("1061")), Want: gatewaytest.Rejects(gatewaytest.Suppress, "1061")},
			{Answer: gatewaytest.JSON(200, failed("1060")), Want: gatewaytest.Rejects(gatewaytest.Recipient, "1060")},
			{Answer: gatewaytest.JSON(200, failed("1058")), Want: gatewaytest.Rejects(gatewaytest.Recipient, "1058")},
			{Answer: gatewaytest.JSON(200, failed("1030")), Want: gatewaytest.Rejects(gatewaytest.Ours, "1030")},
			{Answer: gatewaytest.JSON(200, failed("1062")), Want: gatewaytest.Rejects(gatewaytest.Ours, "1062")},
			{Answer: gatewaytest.JSON(200, failed("1024")), Want: gatewaytest.Is(gatewaytest.Again)},
			{Answer: gatewaytest.JSON(403, refusal("SignatureDoesNotMatch")), Want: gatewaytest.Rejects(gatewaytest.Ours, "SignatureDoesNotMatch")},
			{Answer: gatewaytest.JSON(403, refusal("RequestTimeTooSkewed")), Want: gatewaytest.Rejects(gatewaytest.Ours, "RequestTimeTooSkewed")},
			{Answer: gatewaytest.JSON(400, refusal("ValidationError")), Want: gatewaytest.Rejects(gatewaytest.Ours, "ValidationError")},
			{Answer: gatewaytest.JSON(200, refusal("ValidationError")), Want: gatewaytest.Rejects(gatewaytest.Ours, "ValidationError")},
			{Answer: gatewaytest.JSON(429, refusal("TooManyRequests")), Want: gatewaytest.Want{Kind: gatewaytest.Throttled, After: 7 * time.Second}},
			{Answer: gatewaytest.JSON(500, refusal("InternalError")), Want: gatewaytest.Is(gatewaytest.Uncertain)},
			{Answer: gatewaytest.JSON(503, refusal("Unavailable")), Want: gatewaytest.Is(gatewaytest.Uncertain)},
			{Answer: gatewaytest.JSON(200, `{}`), Want: gatewaytest.Is(gatewaytest.Uncertain)},
			{Answer: gatewaytest.JSON(200, `[]`), Want: gatewaytest.Is(gatewaytest.Uncertain)},
			{Answer: gatewaytest.JSON(200, `{"groupInfo":{"groupId":"G1"}}`), Want: gatewaytest.Is(gatewaytest.Taken)},
		},
		Text: func(seen gatewaytest.Seen) (string, string) {
			var o struct {
				Messages []struct{ Subject, Text string }
			}
			json.Unmarshal(seen.Body, &o)
			return o.Messages[0].Subject, o.Messages[0].Text
		},
		Find: true, Result: true,
	}
}

// The signature is that of the standard tool:
//
//	printf 2022-10-15T06:42:00Zjqsba2jxjnrjor | openssl dgst -sha256 -hmac 5ECRETOFTHEKEY000000000000000001
func TestSendSaysAllThatSolapiNeeds(t *testing.T) {
	for _, c := range []struct {
		what   string
		make   func(*notifier.Message)
		answer string
		ref    string
		want   map[string]any
	}{
		{"a short text", func(m *notifier.Message) { m.Title = "not for an SMS" }, taken, "M1", map[string]any{
			"to": "01055501234", "from": "15880000", "text": words, "type": "SMS", "autoTypeDetect": false, "customFields": map[string]any{"delivery": "d1"},
		}},
		{"a long one", func(m *notifier.Message) { m.Class, m.Title = notifier.ClassLMS, "상태알림" }, taken, "M1", map[string]any{
			"to": "01055501234", "from": "15880000", "text": words, "type": "LMS", "subject": "상태알림", "autoTypeDetect": false, "customFields": map[string]any{"delivery": "d1"},
		}},
		{"an answer without messages", func(*notifier.Message) {}, `{"groupInfo":{"groupId":"G1"},"failedMessageList":[]}`, "G1", map[string]any{
			"to": "01055501234", "from": "15880000", "text": words, "type": "SMS", "autoTypeDetect": false, "customFields": map[string]any{"delivery": "d1"},
		}},
	} {
		t.Run(c.what, func(t *testing.T) {
			var got struct {
				Messages        []map[string]any
				ShowMessageList bool
			}
			var path, auth string
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				json.NewDecoder(r.Body).Decode(&got)
				path, auth = r.Method+" "+r.URL.Path, r.Header.Get("Authorization")
				io.WriteString(w, c.answer)
			}))
			defer s.Close()
			m := message()
			c.make(&m)
			if ref, err := open(t, s.URL).Send(t.Context(), m); err != nil || ref != c.ref {
				t.Errorf("reference %q, want %q; error %v", ref, c.ref, err)
			}
			if diff := cmp.Diff([]map[string]any{c.want}, got.Messages); diff != "" || !got.ShowMessageList {
				t.Errorf("list wanted: %t; messages (-want +got):\n%s", got.ShowMessageList, diff)
			}
			want := "HMAC-SHA256 apiKey=" + key + ", date=2022-10-15T06:42:00Z, salt=jqsba2jxjnrjor, signature=1122ac98c1326f4c991b6de28c4ce2b3dfeb43a886ea0df95e949a7968c695f8"
			if path != "POST /messages/v4/send-many/detail" || auth != want {
				t.Errorf("%s\n%s, want\n%s", path, auth, want)
			}
		})
	}
}

func TestOtherCountriesAreNotSentTo(t *testing.T) {
	m := message()
	m.To = "+819012345678"
	_, err := open(t, "http://127.0.0.1:1").Send(t.Context(), m)
	if no, ok := errors.AsType[*notifier.RejectedError](err); !ok || !no.Recipient || no.Suppress {
		t.Errorf("got %v", err)
	}
	if found, _, _, err := open(t, "http://127.0.0.1:1").Find(t.Context(), m, since); found || err != nil {
		t.Errorf("found %t, error %v", found, err)
	}
}

func TestResultsAreAskedFor(t *testing.T) {
	for code, want := range map[string]struct {
		rank     notifier.Rank
		suppress bool
	}{
		"2000": {notifier.Accepted, false}, "3000": {notifier.Sent, false}, "4000": {notifier.Delivered, false}, "": {notifier.Accepted, false},
		"3042": {notifier.FailedRank, false}, "3032": {notifier.FailedRank, true}, "2061": {notifier.FailedRank, true}, "2230": {notifier.FailedRank, false},
		"TEST1000": {notifier.Accepted, false}, "5000": {notifier.Accepted, false},
	} {
		one := fmt.Sprintf(`{"messageId":"M1","groupId":"G1","statusCode":%q,"statusMessage":"결과","customFields":{"delivery":"d1"},"log":[]}`, code)
		var asked []string
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			asked = append(asked, r.URL.Path+"?"+r.URL.RawQuery)
			fmt.Fprintf(w, `{"startKey":null,"nextKey":null,"limit":100,"messageList":{"M1":%s}}`, one)
		}))
		g := open(t, s.URL)
		for _, ref := range []string{"M1", "G1"} {
			got, err := g.Result(t.Context(), ref, since)
			receipt := notifier.Receipt{Delivery: "d1", Ref: ref, Rank: want.rank, Code: code, Text: "결과", Suppress: want.suppress, At: since}
			if diff := cmp.Diff(receipt, got); err != nil || diff != "" {
				t.Errorf("%s: error %v, receipt (-want +got):\n%s", code, err, diff)
			}
		}
		found, ref, rank, err := g.Find(t.Context(), message(), since)
		if !found || ref != "M1" || rank != want.rank || err != nil {
			t.Errorf("%s: found %t %q %s, error %v", code, found, ref, rank, err)
		}
		other := message()
		other.Delivery = "d2"
		if found, _, _, err := g.Find(t.Context(), other, since); found || err != nil {
			t.Errorf("another delivery: found %t, error %v", found, err)
		}
		s.Close()
		look := url.Values{"to": {"01055501234"}, "limit": {"100"}, "dateType": {"CREATED"}, "startDate": {"2022-10-15T06:41:00Z"}, "endDate": {"2022-10-16T06:42:00Z"}}
		wantAsked := []string{"/messages/v4/list?limit=2&messageId=M1", "/messages/v4/list?groupId=G1&limit=2", "/messages/v4/list?" + look.Encode()}
		if diff := cmp.Diff(wantAsked, asked[:3]); diff != "" {
			t.Errorf("questions (-want +got):\n%s", diff)
		}
	}
	if _, err := open(t, "http://127.0.0.1:1").Result(t.Context(), "", since); err == nil {
		t.Error("an empty reference: no error")
	}
}

// A look-up that could not read all there is does not say no.
func TestFindReadsNoFurther(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, `{"nextKey":"M2","messageList":{"M1":{"messageId":"M1","customFields":{"delivery":7}}}}`)
	}))
	defer s.Close()
	if found, _, _, err := open(t, s.URL).Find(t.Context(), message(), since); found || err == nil {
		t.Errorf("found %t, error %v", found, err)
	}
}

func TestManyResultsAtOnce(t *testing.T) {
	var asked []url.Values
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.Query())
		first, next := 0, `"M500"`
		if r.URL.Query().Get("startKey") != "" {
			first, next = 500, "null"
		}
		var rows []string
		for n := first; n < first+500; n++ {
			rows = append(rows, fmt.Sprintf(`"M%d":{"messageId":"M%d","statusCode":"4000","text":%q,"customFields":{"delivery":"d%d"}}`, n, n, strings.Repeat("가", 1000), n))
		}
		fmt.Fprintf(w, `{"limit":500,"nextKey":%s,"messageList":{%s}}`, next, strings.Join(rows, ","))
	}))
	defer s.Close()
	refs := map[string]string{}
	err := open(t, s.URL).Results(t.Context(), since.Add(-time.Hour), since, func(r notifier.Receipt) {
		if r.Rank == notifier.Delivered {
			refs[r.Ref] = r.Delivery
		}
	})
	if err != nil || len(refs) != 1000 || refs["M999"] != "d999" {
		t.Errorf("%d results, error %v", len(refs), err)
	}
	want := url.Values{"dateType": {"UPDATED"}, "startDate": {"2022-10-15T05:42:00Z"}, "endDate": {"2022-10-15T06:42:00Z"}, "limit": {"500"}, "startKey": {"M500"}}
	if diff := cmp.Diff(want, asked[1]); diff != "" || len(asked) != 2 {
		t.Errorf("%d questions; the second (-want +got):\n%s", len(asked), diff)
	}
}

func TestReports(t *testing.T) {
	h := &solapi.Hooks{Secrets: []notifier.Secret{{}, notifier.NewSecret("test-secret")}}
	const sha1 = "fe1bae27cb7c1fb823f496f286e78f1d2ae87734" // printf test-secret | sha1sum
	ours := `{"messageId":"M1","groupId":"G1","type":"SMS","statusCode":"4000","statusMessage":"수신 완료","customFields":{"delivery":"d1"}}`
	want := []notifier.Receipt{{Delivery: "d1", Ref: "M1", Rank: notifier.Delivered, Code: "4000", Text: "수신 완료", At: since}}
	for _, c := range []struct {
		what, secret, body string
		want               []notifier.Receipt
		err                error
	}{
		{"a report", sha1, "[" + ours + "]", want, nil},
		{"with the secret as it is", "test-secret", "[" + ours + "]", want, nil},
		{"one deeper", sha1, `[{"eventId":"e","data":` + ours + `}]`, want, nil},
		{"among others' messages", sha1, `[{"messageId":"M9","customFields":{"delivery":{"a":1}}},{"messageId":"M8","customFields":null},` + ours + `]`, want, nil},
		{"nothing", sha1, `[]`, nil, nil},
		{"another secret", "fe1bae27cb7c1fb823f496f286e78f1d2ae87735", "[" + ours + "]", nil, solapi.ErrForged},
		{"no secret", "", "[" + ours + "]", nil, solapi.ErrForged},
		{"the empty secret's", "da39a3ee5e6b4b0d3255bfef95601890afd80709", "[" + ours + "]", nil, solapi.ErrForged},
		{"an object", sha1, ours, nil, solapi.ErrMalformed},
		{"no JSON", sha1, "[", nil, solapi.ErrMalformed},
		{"too many", sha1, "[" + strings.Repeat("{},", 10_000) + "{}]", nil, solapi.ErrMalformed},
	} {
		r := httptest.NewRequest(http.MethodPost, solapi.ReportPath, strings.NewReader(c.body))
		r.Header.Set("X-Solapi-Secret", c.secret)
		got, err := h.Reports(r, []byte(c.body), since)
		if diff := cmp.Diff(c.want, got); diff != "" || !errors.Is(err, c.err) {
			t.Errorf("%s: error %v; receipts (-want +got):\n%s", c.what, err, diff)
		}
	}
}

// FuzzReports reads what anybody may send: it must not fall over, and must give
// nothing that has no key.
func FuzzReports(f *testing.F) {
	gatewaytest.FuzzReports(f, &solapi.Hooks{Secrets: []notifier.Secret{notifier.NewSecret("s")}}, solapi.ReportPath, [2]string{"X-Solapi-Secret", "s"},
		`[{"messageId":"M1","statusCode":"4000","customFields":{"delivery":"d1"}}]`,
		`[{"data":{"messageId":"M1","customFields":{"delivery":"d1"}}},null]`,
		`[[]]`)
}

func TestProblems(t *testing.T) {
	gatewaytest.Problems(t, settings("https://api.example"), &solapi.Settings{Key: notifier.NewSecret("a, salt=b"), From: "02", BaseURL: "x"},
		"key", "secret", "from", "base_url")
	if _, err := settings("https://api.example").Open(notifier.Outside{}); err == nil {
		t.Error("opened without a clock")
	}
}
