package web_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"bongsu/notifier"
	"bongsu/status"
	"bongsu/web"
	"bongsu/web/sample"
)

// sent is what was sent: of the sample's outage, and by an app under 2PQRTX.
type sent struct {
	err   error
	asked []string
}

func (s *sent) Told(_ context.Context, incident string) ([]web.Proof, error) {
	s.asked = append(s.asked, incident)
	if s.err != nil {
		return nil, s.err
	}
	return []web.Proof{
		{Event: "opened", At: time.Date(2022, 10, 15, 6, 42, 0, 0, time.UTC), Texts: []notifier.Text{
			{Lang: "ko", Class: notifier.ClassSMS, Body: "[상태알림]15:30부터 톡 장애. 코드 7F3K"},
			{Lang: "en", Class: notifier.ClassSMS, Body: "[Status] Outage since 15:30 KST: <Talk>. Code 7F3K"},
			{Lang: "en", Class: notifier.ClassMail, Title: "[Status] Outage: Talk", Body: "Get no more of these: " + notifier.LeaveMark},
			{Lang: "en", Class: notifier.ClassWebhook, Body: `{"version":1}`},
			{Lang: "en", Class: notifier.ClassChat, Body: "for operators"},
		}},
		{Event: "resolved", At: time.Date(2022, 10, 15, 13, 40, 0, 0, time.UTC), Texts: []notifier.Text{{Lang: "en", Class: notifier.ClassSMS, Body: "[Status] Back to normal. Code 7F3K"}}},
	}, nil
}

func (s *sent) Coded(_ context.Context, code string) (web.Proof, error) {
	s.asked = append(s.asked, code)
	if s.err != nil {
		return web.Proof{}, s.err
	}
	if code != "2PQRTX" {
		return web.Proof{}, web.ErrNoCode
	}
	return web.Proof{
		App: status.Text{"ko": "안전신고", "en": "Safety report"}, At: time.Date(2022, 10, 15, 7, 0, 0, 0, time.UTC),
		Texts: []notifier.Text{{Lang: "ko", Class: notifier.ClassSMS, Body: "[안전신고]접수 완료. 코드 2PQRTX"}},
	}, nil
}

func TestACodeShowsTheTextsThemselves(t *testing.T) {
	handler := serve(t, sample.Outage(), web.Options{Proofs: &sent{}}).Handler()
	for _, c := range []struct {
		path string
		code int
		has  []string
		not  []string
	}{
		{"/check/7f3k?lang=en", 200, []string{
			"This code belongs to a notice of ours.", "[Status] Outage since 15:30 KST: &lt;Talk&gt;. Code 7F3K", "[Status] Outage: Talk", "Get no more of these: …",
			"What we sent in other languages", `lang="ko"`, "[상태알림]15:30부터 톡 장애. 코드 7F3K", "E-mail", "never ask you to log in",
		}, []string{"for operators", "&#34;version", "<Talk>"}},
		{"/check/7F3K?lang=ko", 200, []string{"저희가 보낸 문구 그대로입니다.", "[상태알림]15:30부터 톡 장애. 코드 7F3K", "문자(SMS)", "로그인이나 앱 설치를 요구하지 않습니다"}, nil},
		{"/check/7F3K?lang=ja", 200, []string{"当方が送った文面そのものです。", "ほかの言語で送った文面", "求めることはありません"}, nil},
		{"/check/2pqr-tx?lang=en", 200, []string{"This code belongs to a notice of ours.", "Safety report", "[안전신고]접수 완료. 코드 2PQRTX"}, nil},
		{"/check/2PQRTX?lang=ko", 200, []string{"안전신고", "저희를 통해 보낸"}, nil},
		{"/check/2PQRTY?lang=en", 404, []string{"We have never sent this code."}, []string{"Safety report"}},
		{"/check/%00", 404, nil, nil},
	} {
		w := ask(handler, http.MethodGet, c.path)
		if w.Code != c.code {
			t.Errorf("%s answers %d, want %d", c.path, w.Code, c.code)
		}
		for _, text := range c.has {
			if !strings.Contains(w.Body.String(), text) {
				t.Errorf("%s lacks %q", c.path, text)
			}
		}
		for _, text := range c.not {
			if strings.Contains(w.Body.String(), text) {
				t.Errorf("%s shows %q", c.path, text)
			}
		}
	}
	body := ask(handler, http.MethodGet, "/check/7F3K?lang=en").Body.String()
	if strings.Index(body, "Back to normal. Code") > strings.Index(body, "Outage since 15:30") {
		t.Error("the latest does not come first")
	}
}

// The page outlives the database: an incident's code is known without it.
func TestCodesWithoutADatabase(t *testing.T) {
	handler := serve(t, sample.Outage(), web.Options{Proofs: &sent{err: errors.New("the database is away")}}).Handler()
	if w := ask(handler, http.MethodGet, "/check/7F3K?lang=en"); w.Code != 200 || !strings.Contains(w.Body.String(), "This is what the notice under this code is about.") {
		t.Errorf("an incident's code: %d", w.Code)
	}
	w := ask(handler, http.MethodGet, "/check/2PQRTX?lang=en")
	if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" || strings.Contains(w.Body.String(), "never sent this code") {
		t.Errorf("another code: %d; nobody can say that it is not ours", w.Code)
	}
}

func TestCodesAreNotGuessedByTheThousand(t *testing.T) {
	s := &sent{}
	handler := serve(t, sample.Outage(), web.Options{Proofs: s, Now: func() time.Time { return time.Date(2022, 10, 15, 8, 0, 0, 0, time.UTC) }}).Handler()
	from := func(address string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodGet, "/check/2PQRTY", nil)
		r.RemoteAddr = address
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		return w
	}
	codes := map[int]int{}
	for range 1000 {
		codes[from("203.0.113.9:4000").Code]++
	}
	if codes[404] != 30 || codes[429] != 970 || len(s.asked) != 30 {
		t.Errorf("answers %v, looked up %d times", codes, len(s.asked))
	}
	if w := from("203.0.113.77:4000"); w.Code != 429 || w.Header().Get("Retry-After") == "" {
		t.Errorf("the same network: %d", w.Code)
	}
	if w := from("198.51.100.1:4000"); w.Code != 404 {
		t.Errorf("another network: %d", w.Code)
	}
	if codes := ask(handler, http.MethodGet, "/check/"); codes.Code == 429 {
		t.Error("the form itself is limited")
	}
}
