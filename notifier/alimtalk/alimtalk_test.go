package alimtalk_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
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
)

const (
	appKey = "appKey0001"
	secret = "5ecret01"
	sender = "senderKey0123456789"
	number = "+821055501234"
	words  = "[상태알림] 장애 안내"
)

func open(t *testing.T, base string) *alimtalk.Gateway {
	t.Helper()
	s := alimtalk.Kind().New().(*alimtalk.Settings)
	s.AppKey, s.Secret, s.SenderKey = notifier.NewSecret(appKey), notifier.NewSecret(secret), notifier.NewSecret(sender)
	s.Templates = map[string]string{"opened.ko": "BS_OPENED_KO"}
	s.BaseURL = base
	g, err := s.Open(notifier.Outside{UserAgent: "Bongsu/test"})
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
	if _, err := g.Send(t.Context(), message()); shape(err) != "uncertain" {
		t.Errorf("lost answer: %v", err)
	}
	if _, err := g.Send(t.Context(), message()); err != nil {
		t.Errorf("again: %v", err)
	}
	if len(n.seen) != 1 {
		t.Errorf("taken %d times, want once", len(n.seen))
	}
}

func shape(err error) string {
	if e, ok := errors.AsType[*notifier.RejectedError](err); ok {
		return fmt.Sprintf("rejected %s recipient=%t", e.Code, e.Recipient)
	}
	if e, ok := errors.AsType[*notifier.ThrottledError](err); ok {
		return "throttled " + e.After.String()
	}
	if _, ok := errors.AsType[*notifier.UncertainError](err); ok {
		return "uncertain"
	}
	if err == nil {
		return "taken"
	}
	return "again"
}

func header(code int) string {
	return fmt.Sprintf(`{"header":{"isSuccessful":false,"resultCode":%d,"resultMessage":"%s of %s by %s to %s"}}`, code, secret, appKey, sender, number)
}

func TestKindsOfNo(t *testing.T) {
	line := `{"header":{"isSuccessful":true,"resultCode":0},"message":{"requestId":"R1","sendResults":[{"recipientSeq":1,"resultCode":%d,"resultMessage":"no 01055501234"}]}}`
	for _, c := range []struct {
		status     int
		body, want string
	}{
		{200, header(-1000), "rejected -1000 recipient=false"},
		{200, header(-3005), "rejected -3005 recipient=false"},
		{200, header(-1005), "taken"},
		{200, header(400305), "taken"},
		{400, header(400305), "taken"},
		{200, header(-9999), "again"},
		{500, header(-1), "again"},
		{429, header(-1), "throttled 2s"},
		{429, "", "throttled 2s"},
		{200, fmt.Sprintf(line, -2019), "rejected -2019 recipient=true"},
		{200, "{}", "uncertain"},
		{200, `{"header":{"isSuccessful":true,"resultCode":0}}`, "uncertain"},
		{200, "<html>", "uncertain"},
		{502, "<html>", "uncertain"},
		{404, "<html>", "rejected HTTP 404 recipient=false"},
		{301, "", "again"},
	} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "2")
			w.WriteHeader(c.status)
			io.WriteString(w, c.body)
		}))
		_, err := open(t, s.URL).Send(t.Context(), message())
		_, _, _, findErr := open(t, s.URL).Find(t.Context(), message(), time.Now())
		s.Close()
		if got := shape(err); got != c.want {
			t.Errorf("%d %s: %s, want %s: %v", c.status, c.body, got, c.want, err)
		}
		leaksNothing(t, err)
		leaksNothing(t, findErr)
	}
}

func leaksNothing(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		return
	}
	said := fmt.Sprintf("%v %+v", err, err)
	for _, s := range []string{secret, appKey, sender, number, number[3:], words} {
		if strings.Contains(said, s) {
			t.Errorf("an error tells %q: %s", s, said)
		}
	}
}

func TestFaultsOfTheWayThere(t *testing.T) {
	door, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		if c, err := door.Accept(); err == nil {
			if r, err := http.ReadRequest(bufio.NewReader(c)); err == nil {
				io.Copy(io.Discard, r.Body)
			}
			c.(*net.TCPConn).SetLinger(0)
			c.Close()
		}
	}()
	_, err = open(t, "http://"+door.Addr().String()).Send(t.Context(), message())
	door.Close()
	<-done
	if shape(err) != "uncertain" {
		t.Errorf("reset after the request: %v", err)
	}
	leaksNothing(t, err)
	if _, err = open(t, "http://127.0.0.1:1").Send(t.Context(), message()); shape(err) != "again" {
		t.Errorf("nobody listening: %v", err)
	}
	leaksNothing(t, err)
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
