package alimtalk_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bongsu/notifier"
	"bongsu/notifier/alimtalk"
	"bongsu/notifier/gatewaytest"
)

const (
	appKey = "appKey0001"
	secret = "5ecret01"
	sender = "senderKey0123456789"
	number = "+821055501234"
	words  = "[상태알림] 장애 안내"
)

func settings(base string) *alimtalk.Settings {
	s := alimtalk.Kind().New().(*alimtalk.Settings)
	s.AppKey, s.Secret, s.SenderKey = notifier.NewSecret(appKey), notifier.NewSecret(secret), notifier.NewSecret(sender)
	s.Templates = map[string]string{"opened.ko": "BS_OPENED_KO"}
	s.BaseURL = base
	return s
}

func open(t *testing.T, base string) *alimtalk.Gateway {
	t.Helper()
	g, err := settings(base).Open(notifier.Outside{UserAgent: "Bongsu/test"})
	if err != nil {
		t.Fatal(err)
	}
	return g.(*alimtalk.Gateway)
}

func message() notifier.Message {
	return notifier.Message{Delivery: "d1", To: number, Lang: "ko", Body: words, Template: "opened.ko", Params: map[string]string{"what": "톡"}}
}

// nhn is a stand-in that keeps its word: a key is taken once.
type nhn struct {
	mu    sync.Mutex
	taken map[string]string // key → request id
	lose  bool              // takes the next one and loses the answer
	seen  []map[string]any
	heads []http.Header
}

func (n *nhn) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n.mu.Lock()
	defer n.mu.Unlock()
	key := r.Header.Get("X-NC-API-IDEMPOTENCY-KEY")
	if r.URL.Path != "/alimtalk/v2.3/appkeys/"+appKey+"/messages" || r.Method != http.MethodPost {
		http.NotFound(w, r)
		return
	}
	if _, ok := n.taken[key]; ok {
		io.WriteString(w, `{"header":{"isSuccessful":false,"resultCode":-1005,"resultMessage":"The same key was used"}}`)
		return
	}
	var body map[string]any
	json.NewDecoder(r.Body).Decode(&body)
	n.seen, n.heads = append(n.seen, body), append(n.heads, r.Header)
	n.taken[key] = fmt.Sprintf("R%d", len(n.seen))
	if n.lose {
		n.lose = false
		panic(http.ErrAbortHandler)
	}
	fmt.Fprintf(w, `{"header":{"isSuccessful":true,"resultCode":0,"resultMessage":"SUCCESS"},"message":{"requestId":%q,"sendResults":[{"recipientSeq":1,"resultCode":0,"resultMessage":"SUCCESS"}]}}`, n.taken[key])
}

func TestSendSaysAllThatNHNNeeds(t *testing.T) {
	n := &nhn{taken: map[string]string{}}
	s := httptest.NewServer(n)
	defer s.Close()
	ref, err := open(t, s.URL).Send(t.Context(), message())
	if err != nil || ref != "R1/1" {
		t.Fatalf("ref %q, error %v", ref, err)
	}
	want := map[string]any{
		"senderKey": sender, "templateCode": "BS_OPENED_KO",
		"recipientList": []any{map[string]any{
			"recipientNo": "01055501234", "templateParameter": map[string]any{"what": "톡"},
			"resendParameter": map[string]any{"isResend": false}, "recipientGroupingKey": "d1",
		}},
	}
	if diff := cmp.Diff(want, n.seen[0]); diff != "" {
		t.Errorf("body (-want +got):\n%s", diff)
	}
	if h := n.heads[0]; h.Get("X-Secret-Key") != secret || h.Get("X-Nc-Api-Idempotency-Key") != "d1" {
		t.Errorf("headers %v", h)
	}
}

// The answer to a hand-over is lost; handing over again is safe and says that
// it was taken.
func TestALostAnswerIsSettledByTheKey(t *testing.T) {
	n := &nhn{taken: map[string]string{}, lose: true}
	s := httptest.NewServer(n)
	defer s.Close()
	g := open(t, s.URL)
	if _, err := g.Send(t.Context(), message()); err == nil {
		t.Error("the answer was not lost")
	}
	if _, err := g.Send(t.Context(), message()); err != nil {
		t.Errorf("again: %v", err)
	}
	if len(n.seen) != 1 {
		t.Errorf("taken %d times, want once", len(n.seen))
	}
}

func header(code int) string {
	return fmt.Sprintf(`{"header":{"isSuccessful":false,"resultCode":%d,"resultMessage":"Not %s"}}`, code, gatewaytest.Echo)
}

func TestAlimTalkIsAGateway(t *testing.T) { gatewaytest.Run(t, asAGateway()) }

// FuzzAnswers reads whatever may come back.
func FuzzAnswers(f *testing.F) { gatewaytest.Fuzz(f, asAGateway()) }

func asAGateway() gatewaytest.Case {
	ok := `{"header":{"isSuccessful":true,"resultCode":0,"resultMessage":"SUCCESS"},"message":{"requestId":"R1","sendResults":[{"recipientSeq":1,"resultCode":%d,"resultMessage":"%s"}]}}`
	return gatewaytest.Case{
		Settings: func(base string) notifier.Settings { return settings(base) },
		Message:  func(string) notifier.Message { return message() },
		Classes:  []notifier.Class{notifier.ClassAlimTalk},
		Secrets:  []string{appKey, secret, sender},
		Taken:    gatewaytest.JSON(200, fmt.Sprintf(ok, 0, "SUCCESS")), Ref: "R1/1",
		Answers: []gatewaytest.Saying{
			{Answer: gatewaytest.JSON(200, header(-1000)), Want: gatewaytest.Rejects(gatewaytest.Ours, "-1000")},
			{Answer: gatewaytest.JSON(401, header(-1001)), Want: gatewaytest.Rejects(gatewaytest.Ours, "-1001")},
			{Answer: gatewaytest.JSON(200, header(-3005)), Want: gatewaytest.Rejects(gatewaytest.Ours, "-3005")},
			{Answer: gatewaytest.JSON(200, header(-1005)), Want: gatewaytest.Is(gatewaytest.Taken)},
			{Answer: gatewaytest.JSON(200, header(400305)), Want: gatewaytest.Is(gatewaytest.Taken)},
			{Answer: gatewaytest.JSON(400, header(400305)), Want: gatewaytest.Is(gatewaytest.Taken)},
			{Answer: gatewaytest.JSON(200, header(-9999)), Want: gatewaytest.Is(gatewaytest.Again)},
			{Answer: gatewaytest.JSON(500, header(-1)), Want: gatewaytest.Is(gatewaytest.Again)},
			{Answer: gatewaytest.JSON(429, header(-1)), Want: gatewaytest.Want{Kind: gatewaytest.Throttled, After: 7 * time.Second}},
			{Answer: gatewaytest.JSON(200, fmt.Sprintf(ok, -2019, gatewaytest.Echo)), Want: gatewaytest.Rejects(gatewaytest.Recipient, "-2019")},
			{Answer: gatewaytest.JSON(200, "{}"), Want: gatewaytest.Is(gatewaytest.Uncertain)},
			{Answer: gatewaytest.JSON(200, `{"header":{"isSuccessful":true,"resultCode":0}}`), Want: gatewaytest.Is(gatewaytest.Uncertain)},
		},
		Find: true, Result: true,
	}
}

func TestResultsAreAskedFor(t *testing.T) {
	since := time.Date(2022, 10, 15, 15, 30, 0, 0, time.UTC) // 00:30 the next day in Seoul
	for status, want := range map[string]notifier.Rank{
		"COMPLETED": notifier.Delivered, "FAILED": notifier.FailedRank, "CANCEL": notifier.FailedRank, "READY": notifier.Accepted, "": notifier.Accepted,
	} {
		one := fmt.Sprintf(`{"requestId":"R1","recipientSeq":1,"recipientGroupingKey":"d1","messageStatus":%q,"resultCode":"1000","resultCodeName":"성공"}`, status)
		var query url.Values
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, "/messages/R1/1") {
				fmt.Fprintf(w, `{"header":{"isSuccessful":true,"resultCode":0},"message":%s}`, one)
				return
			}
			query = r.URL.Query()
			fmt.Fprintf(w, `{"header":{"isSuccessful":true,"resultCode":0},"messageSearchResultResponse":{"messages":[%s],"totalCount":1}}`, one)
		}))
		g := open(t, s.URL)
		got, err := g.Result(t.Context(), "R1/1", since)
		if diff := cmp.Diff(notifier.Receipt{Delivery: "d1", Ref: "R1/1", Rank: want, Code: "1000", Text: "성공", At: since}, got); err != nil || diff != "" {
			t.Errorf("%s: error %v, receipt (-want +got):\n%s", status, err, diff)
		}
		found, ref, rank, err := g.Find(t.Context(), message(), since)
		if !found || ref != "R1/1" || rank != want || err != nil {
			t.Errorf("%s: found %t %q %s, error %v", status, found, ref, rank, err)
		}
		wantQuery := url.Values{"recipientGroupingKey": {"d1"}, "startRequestDate": {"2022-10-16 00:29"}, "endRequestDate": {"2022-10-17 00:30"}}
		if diff := cmp.Diff(wantQuery, query); diff != "" {
			t.Errorf("query (-want +got):\n%s", diff)
		}
		other := message()
		other.Delivery = "d2"
		if found, _, _, err := g.Find(t.Context(), other, since); found || err != nil {
			t.Errorf("another delivery: found %t, error %v", found, err)
		}
		s.Close()
	}
	for _, ref := range []string{"", "R1", "R1/x", "/1"} {
		if _, err := open(t, "http://127.0.0.1:1").Result(t.Context(), ref, since); err == nil {
			t.Errorf("reference %q: no error", ref)
		}
	}
}

// All that became known in a time is asked for a thousand at once; the receipts
// are those of references, since the list tells no key of ours.
func TestManyResultsAtOnce(t *testing.T) {
	const all = 1500
	var asked []url.Values
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.Query())
		if r.URL.Path != "/alimtalk/v2.3/appkeys/"+appKey+"/message-results" {
			t.Errorf("asked %s", r.URL.Path)
		}
		first := 1000 * (len(asked) - 1)
		var rows []string
		for n := first; n < min(first+1000, all); n++ {
			status := []string{"COMPLETED", "FAILED"}[n%2]
			rows = append(rows, fmt.Sprintf(`{"requestId":"R%d","recipientSeq":1,"requestDate":"2022-10-16 00:30:00.0","createDate":"2022-10-16 00:30:00.0","receiveDate":"2022-10-16 00:30:01.0","resendStatus":"RSC01","resendStatusName":"-","messageStatus":%q,"resultCode":"1000","resultCodeName":"성공"}`, n, status))
		}
		fmt.Fprintf(w, `{"header":{"isSuccessful":true,"resultCode":0},"messages":[%s]}`, strings.Join(rows, ","))
	}))
	defer s.Close()
	since := time.Date(2022, 10, 15, 15, 30, 0, 0, time.UTC)
	got := map[string]notifier.Rank{}
	err := open(t, s.URL).Results(t.Context(), since, since.Add(time.Minute), func(r notifier.Receipt) { got[r.Ref] = r.Rank })
	if err != nil || len(got) != all || got["R1498/1"] != notifier.Delivered || got["R1499/1"] != notifier.FailedRank {
		t.Errorf("%d results, error %v", len(got), err)
	}
	want := url.Values{"startUpdateDate": {"2022-10-16 00:30"}, "endUpdateDate": {"2022-10-16 00:31"}, "pageSize": {"1000"}, "pageNum": {"2"}}
	if diff := cmp.Diff(want, asked[1]); diff != "" || len(asked) != 2 {
		t.Errorf("%d questions; the second (-want +got):\n%s", len(asked), diff)
	}
}

func TestProblems(t *testing.T) {
	s := &alimtalk.Settings{Templates: map[string]string{"opened.ko": strings.Repeat("x", 21)}, BaseURL: "ftp://x", AppKey: notifier.NewSecret("a/b")}
	var paths []string
	for _, p := range s.Problems() {
		paths = append(paths, p.Path)
	}
	if diff := cmp.Diff([]string{"app_key", "secret", "sender_key", "templates.opened.ko", "base_url"}, paths); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
	if got := open(t, "https://api.example").DedupesFor(); got != 10*time.Minute {
		t.Errorf("dedupes for %s", got)
	}
}
