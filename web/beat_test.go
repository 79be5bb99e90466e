package web_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bongsu/web"
	"bongsu/web/sample"
)

// beats keeps what reports in to the tokens it knows.
type beats struct {
	known string
	heard []web.Beat
	err   error
}

func (b *beats) Beat(_ context.Context, token string, beat web.Beat) error {
	switch {
	case b.err != nil:
		return b.err
	case !strings.HasPrefix(token, b.known):
		return fmt.Errorf("finding a check: %w", web.ErrNoBeat)
	}
	b.heard = append(b.heard, beat)
	return nil
}

func reporting(t *testing.T, b *beats) (http.Handler, *time.Time) {
	t.Helper()
	now := sample.Now()
	return serve(t, sample.Calm(), web.Options{Beats: b, Now: func() time.Time { return now }}).Handler(), &now
}

func TestBeats(t *testing.T) {
	for _, c := range []struct {
		method, path, body string
		want               web.Beat
	}{
		{"GET", "/beat/tok", "", web.Beat{}},
		{"HEAD", "/beat/tok", "", web.Beat{}},
		{"POST", "/beat/tok", "", web.Beat{}},
		{"POST", "/beat/tok/fail", "", web.Beat{Code: 1}},
		{"GET", "/beat/tok/0", "", web.Beat{}},
		{"GET", "/beat/tok/137?ms=2500", "", web.Beat{Code: 137, Took: 2500 * time.Millisecond}},
		{"POST", "/beat/tok", `{"code": 3, "ms": 1234, "reason": "disk full"}`, web.Beat{Code: 3, Took: 1234 * time.Millisecond, Reason: "disk full"}},
		{"POST", "/beat/tok/7", `{"code": 3}`, web.Beat{Code: 7}},
		{"POST", "/beat/tok", `{"reason": "` + strings.Repeat("가", 100) + `"}`, web.Beat{Reason: strings.Repeat("가", 66)}},
	} {
		b := &beats{known: "tok"}
		h, now := reporting(t, b)
		w := report(h, c.method, c.path, c.body)
		if w.Code != http.StatusOK || c.method != "HEAD" && w.Body.String() != "ok\n" || w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s %s answers %d: %s", c.method, c.path, w.Code, w.Body)
		}
		c.want.At = *now
		if diff := cmp.Diff([]web.Beat{c.want}, b.heard); diff != "" {
			t.Errorf("%s %s (-want +got):\n%s", c.method, c.path, diff)
		}
	}
}

// report sends one as a job would, with whatever content type curl gives it.
func report(h http.Handler, method, path, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestWhatIsNoBeat(t *testing.T) {
	for _, c := range []struct {
		method, path, body string
		want               int
	}{
		{"POST", "/beat/other", "", 404},
		{"POST", "/beat/" + strings.Repeat("tok", 100), "", 404},
		{"POST", "/beat/tok/256", "", 400},
		{"POST", "/beat/tok/-1", "", 400},
		{"POST", "/beat/tok/done", "", 400},
		{"POST", "/beat/tok?ms=soon", "", 400},
		{"POST", "/beat/tok?ms=-1", "", 400},
		{"POST", "/beat/tok?ms=9999999999999", "", 400},
		{"POST", "/beat/tok", "well", 400},
		{"POST", "/beat/tok", `{"code": 999}`, 400},
		{"POST", "/beat/tok", `{"exit": 1}`, 400},
		{"POST", "/beat/tok", `{"code": 1.5}`, 400},
		{"POST", "/beat/tok", `{"reason": "\u202e"}`, 400},
		{"POST", "/beat/tok", strings.Repeat(" ", 5000), 400},
		{"PUT", "/beat/tok", "", 405},
		{"GET", "/beat/", "", 404},
		{"GET", "/beat/tok/1/2", "", 404},
	} {
		b := &beats{known: "tok"}
		h, _ := reporting(t, b)
		if w := report(h, c.method, c.path, c.body); w.Code != c.want {
			t.Errorf("%s %.40s %.40q answers %d, want %d: %.200s", c.method, c.path, c.body, w.Code, c.want, w.Body)
		}
		if len(b.heard) > 0 {
			t.Errorf("%s %.40s was heard", c.method, c.path)
		}
	}
}

// What is not kept is not said to be.
func TestABeatThatIsNotKept(t *testing.T) {
	b := &beats{err: errors.New("the database is away")}
	h, _ := reporting(t, b)
	if w := report(h, "POST", "/beat/tok", ""); w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" {
		t.Errorf("it answers %d: %s", w.Code, w.Body)
	}
	without := serve(t, sample.Calm(), web.Options{}).Handler()
	if w := report(without, "GET", "/beat/tok", ""); w.Code != http.StatusNotFound {
		t.Errorf("without anybody to hear it answers %d", w.Code)
	}
}

// One job that runs wild, and whoever tries tokens, are told to wait; the next
// job of the same house is heard.
func TestBeatsAreLimited(t *testing.T) {
	b := &beats{known: "tok"}
	h, now := reporting(t, b)
	codes := map[int]int{}
	for range 30 {
		codes[report(h, "GET", "/beat/tok-wild", "").Code]++
	}
	if codes[200] != 10 || codes[429] != 20 {
		t.Errorf("a wild job is answered %v", codes)
	}
	codes = map[int]int{}
	for i := range 30 {
		codes[report(h, "GET", fmt.Sprintf("/beat/guess-%d", i), "").Code]++
	}
	if codes[404] != 10 || codes[429] != 20 {
		t.Errorf("guesses are answered %v", codes)
	}
	if w := report(h, "GET", "/beat/tok-2", ""); w.Code != http.StatusOK {
		t.Errorf("the next job is answered %d", w.Code)
	}
	*now = now.Add(time.Minute)
	if w := report(h, "GET", "/beat/tok-wild", ""); w.Code != http.StatusOK {
		t.Errorf("a minute later it is answered %d", w.Code)
	}
}

// Whatever is sent as a report is heard within its bounds, or refused.
func FuzzBeats(f *testing.F) {
	f.Add("tok", "fail", "ms=1", `{"code":0,"ms":1234,"reason":"done"}`)
	f.Add("tok", "255", "ms=-1", `{"code":`)
	f.Add("%2f", "", "ms=1&ms=2", `{"code":0,"code":1}`)
	f.Fuzz(func(t *testing.T, token, code, query, body string) {
		b := &beats{}
		h := serve(t, sample.Calm(), web.Options{Beats: b}).Handler()
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
		r.URL.Path, r.URL.RawQuery = "/beat/"+token+"/"+code, query
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code >= 500 {
			t.Fatalf("it answers %d", w.Code)
		}
		for _, heard := range b.heard {
			if heard.Code < 0 || heard.Code > 255 || heard.Took < 0 || len(heard.Reason) > 200 || !web.Plain(heard.Reason) {
				t.Fatalf("heard %+v", heard)
			}
		}
	})
}
