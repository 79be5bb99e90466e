package web_test

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"iter"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"bongsu/status"
	"bongsu/web"
	"bongsu/web/sample"
)

// past is a history in which every step was looked at.
type past struct {
	asked  []status.HistoryQuery
	err    error // of points
	broken error // of intervals
}

func (p *past) Points(_ context.Context, q status.HistoryQuery) ([]status.Point, error) {
	p.asked = append(p.asked, q)
	if p.err != nil {
		return nil, p.err
	}
	var points []status.Point
	for at := q.From.UTC().Truncate(q.Step); at.Before(q.Until); at = at.Add(q.Step) {
		points = append(points, status.Point{At: at, Span: q.Step, OK: 4, Failed: 1, Mean: 20 * time.Millisecond, P50: 19 * time.Millisecond, P95: 40 * time.Millisecond, P99: 41 * time.Millisecond, Max: 42 * time.Millisecond})
	}
	return points, nil
}

func (p *past) Intervals(_ context.Context, component string, from, until time.Time) iter.Seq2[status.Interval, error] {
	return func(yield func(status.Interval, error) bool) {
		if p.broken != nil {
			yield(status.Interval{}, p.broken)
			return
		}
		middle := from.Add(until.Sub(from) / 2)
		_ = yield(status.Interval{Component: component, State: status.Operational, Since: from, Until: middle}, nil) &&
			yield(status.Interval{Component: component, State: status.MajorOutage, Since: middle}, nil)
	}
}

func withHistory(t *testing.T, p *past) http.Handler {
	t.Helper()
	return serve(t, sample.Outage(), web.Options{History: p, Now: sample.Now}).Handler()
}

func TestHistoryAsJSON(t *testing.T) {
	p := &past{}
	w := ask(withHistory(t, p), "GET", "/api/v1/components/login/history?from=2026-11-22T00:00:00Z&until=2026-11-22T02:00:00Z")
	var got struct {
		Component string
		Step      int64 `json:"step_ms"`
		States    []struct{ State, Since, Until string }
		Series    []struct {
			Check, Location string
			Points          []struct {
				At     time.Time
				OK     int
				P95    int64 `json:"p95_ms"`
				Failed int
			}
		}
	}
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
		t.Fatalf("%v: %s", err, w.Body)
	}
	if got.Component != "login" || got.Step != 300_000 || len(got.States) != 2 || got.States[1].Until != "" || len(got.Series) != 2 {
		t.Fatalf("the history is %+v", got)
	}
	s := got.Series[1]
	if s.Check != "login/function" || s.Location != "seoul-1" || len(s.Points) != 24 || s.Points[3].P95 != 40 || s.Points[3].OK != 4 {
		t.Errorf("the second series is %+v", s)
	}
	if w.Header().Get("Access-Control-Allow-Origin") != "*" {
		t.Error("other sites can not read it")
	}
}

func TestHistoryAsCSV(t *testing.T) {
	h := withHistory(t, &past{})
	table := func(query string) [][]string {
		t.Helper()
		w := ask(h, "GET", "/api/v1/components/login/history.csv?from=2026-11-22T00:00:00Z&until=2026-11-22T02:00:00Z&"+query)
		if !strings.HasPrefix(w.Header().Get("Content-Type"), "text/csv") {
			t.Fatalf("it is %s: %s", w.Header().Get("Content-Type"), w.Body)
		}
		rows, err := csv.NewReader(w.Body).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		return rows
	}
	looks := table("step=1h")
	if want := "login,login/function,busan-1,2026-11-22T01:00:00Z,3600,4,0,0,1,0,20,19,40,41,42"; len(looks) != 5 || strings.Join(looks[2], ",") != want {
		t.Errorf("the looks are %v", looks)
	}
	for _, day := range []string{"1d", "24h"} {
		if rows := table("step=" + day); len(rows) < 2 || rows[1][4] != "86400" {
			t.Errorf("by step=%s the looks are %v", day, rows)
		}
	}
	states := table("of=states")
	if want := "login,major_outage,2026-11-22T01:00:00Z,"; len(states) != 3 || strings.Join(states[2], ",") != want {
		t.Errorf("the states are %v", states)
	}
}

// A step that nobody asks for is the finest of which there are not too many.
func TestHistoryChoosesItsStep(t *testing.T) {
	for from, want := range map[string]time.Duration{
		"": 5 * time.Minute, "2026-11-20T00:00:00Z": 5 * time.Minute, "2026-11-10T00:00:00Z": time.Hour, "2025-11-20T00:00:00Z": 24 * time.Hour,
	} {
		p := &past{}
		query := ""
		if from != "" {
			query = "?from=" + from
		}
		if w := ask(withHistory(t, p), "GET", "/api/v1/components/login/history"+query); w.Code != http.StatusOK || p.asked[0].Step != want {
			t.Errorf("from %q it answers %d by %v, want %s", from, w.Code, p.asked, want)
		}
	}
}

func TestWhatHistoryRefuses(t *testing.T) {
	for _, c := range []struct {
		path string
		want int
	}{
		{"none/history", 404},
		{"login/history?from=yesterday", 400},
		{"login/history?from=2026-11-22T02:00:00Z&until=2026-11-22T01:00:00Z", 400},
		{"login/history?from=2020-01-01T00:00:00Z", 400},
		{"login/history?from=-9999-01-01T00:00:00Z", 400},
		{"login/history?step=1s", 400},
		{"login/history?step=5m&from=2025-01-01T00:00:00Z", 422},
	} {
		p := &past{}
		if w := ask(withHistory(t, p), "GET", "/api/v1/components/"+c.path); w.Code != c.want || w.Header().Get("Content-Type") != "application/problem+json" || len(p.asked) > 0 {
			t.Errorf("%s answers %d: %s", c.path, w.Code, w.Body)
		}
	}
	h := withHistory(t, &past{err: errors.New("the database is away")})
	if w := ask(h, "GET", "/api/v1/components/login/history"); w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" {
		t.Errorf("without its database it answers %d", w.Code)
	}
	h = withHistory(t, &past{})
	var last *httptest.ResponseRecorder
	for range 25 {
		last = ask(h, "GET", "/api/v1/components/login/history")
	}
	if last.Code != http.StatusTooManyRequests || last.Header().Get("Retry-After") == "" {
		t.Errorf("the last of 25 answers %d", last.Code)
	}
}

// What breaks on the way is cut off: nobody takes a part for the whole.
func TestABrokenHistoryIsCutOff(t *testing.T) {
	server := httptest.NewServer(withHistory(t, &past{broken: errors.New("the database went away")}))
	t.Cleanup(server.Close)
	answer, err := http.Get(server.URL + "/api/v1/components/login/history")
	if err == nil {
		answer.Body.Close()
		t.Errorf("it answers %s", answer.Status)
	}
}

// slow is a history that takes until it is let go.
type slow struct {
	past
	entered, let chan struct{}
}

func (s *slow) Points(context.Context, status.HistoryQuery) ([]status.Point, error) {
	s.entered <- struct{}{}
	<-s.let
	return nil, nil
}

// Who reads slowly keeps two places and no more: there is room for another
// network, and again for theirs once they are done.
func TestHistoryHasRoomForOthers(t *testing.T) {
	s := &slow{entered: make(chan struct{}), let: make(chan struct{})}
	server := serve(t, sample.Outage(), web.Options{History: s, Now: sample.Now}).Handler()
	read := func(from string) int {
		r := httptest.NewRequest(http.MethodGet, "/api/v1/components/login/history", http.NoBody)
		r.RemoteAddr = from
		w := httptest.NewRecorder()
		server.ServeHTTP(w, r)
		return w.Code
	}
	codes := make(chan int)
	for _, from := range []string{"192.0.2.1:1", "192.0.2.2:1", "198.51.100.1:1"} {
		go func() { codes <- read(from) }()
		<-s.entered
		if from == "192.0.2.2:1" {
			if code := read("192.0.2.3:1"); code != http.StatusServiceUnavailable {
				t.Errorf("a third reader of a network is answered %d", code)
			}
		}
	}
	go func() {
		for range s.entered { // of the series that follow
		}
	}()
	close(s.let)
	for range 3 {
		if code := <-codes; code != http.StatusOK {
			t.Errorf("a reader is answered %d", code)
		}
	}
	if code := read("192.0.2.3:1"); code != http.StatusOK {
		t.Errorf("once they are done another is answered %d", code)
	}
	close(s.entered)
}
