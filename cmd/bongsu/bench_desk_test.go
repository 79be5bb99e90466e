//go:build bench

package main

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"bongsu/status"
	"bongsu/store"
)

// TestBenchDesk opens an incident by hand for a million subscribers and prints
// how long the preview and the answer took, and when the page and the first text
// were there, from the click on. BONGSU_BENCH_PEOPLE changes how many there are.
func TestBenchDesk(t *testing.T) {
	people := 1_000_000
	if text := os.Getenv("BONGSU_BENCH_PEOPLE"); text != "" {
		var err error
		if people, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	k := newTaker(t, people, false)
	s := openStation(t,
		map[string]string{"SID": benchAccount, "TOKEN": benchToken, "SLACK": "xoxb-1"},
		map[string]any{"From": benchFrom, "Rate": 2000, "SMS": k.URL, "Slack": k.URL + "/api", "SlackChannel": "#outages"},
		func(db *store.Store) { settle(t, db, people) })

	form := s.fill("/console/new-incident", "title.en", "Transit cards fail", "text.ko", "교통카드로 결제되지 않습니다.", "text.en", "Transit cards are refused. Carry cash.", "state.card", "major_outage", "notify", "yes")
	preview := func() (time.Duration, string) {
		begun := time.Now()
		code, body, _ := s.ask(http.MethodPost, "/console/new-incident?lang=en", form)
		if code != http.StatusOK {
			t.Fatalf("%d\n%s", code, body)
		}
		return time.Since(begun), body
	}
	cold, _ := preview()
	counted := func() store.Counted {
		s.server.crowds.mu.Lock()
		defer s.server.crowds.mu.Unlock()
		return s.server.crowds.latest
	}
	eventually(t, time.Minute, "the subscribers to be counted", func() bool { return !counted().At.IsZero() })
	_, body := preview()
	if !strings.Contains(body, grouped(people)) {
		t.Errorf("the preview does not count %d people:\n%s", people, body)
	}
	var warm time.Duration
	for range 5 {
		took, _ := preview()
		warm = max(warm, took)
	}
	form.Set("do", "publish")
	click := time.Now()
	code, _, to := s.ask(http.MethodPost, "/console/new-incident", form)
	answer := time.Since(click)
	if code != http.StatusSeeOther {
		t.Fatalf("publishing: %d", code)
	}
	id := to[strings.LastIndex(to, "/")+1:]
	s.get("/incidents/" + url.PathEscape(id))
	page := time.Since(click)
	eventually(t, time.Minute, "the first text", func() bool { return k.first.Load() > 0 })
	first := time.Unix(0, k.first.Load()).Sub(click)
	progress := time.Now()
	shown := s.get(to + "?lang=en")
	took := time.Since(progress)
	eventually(t, time.Minute, "the progress to be shown", func() bool { shown = s.get(to + "?lang=en"); return strings.Contains(shown, "<progress") })
	fmt.Printf("%d subscribers: preview at first %s (counting beside it takes %s), then at most %s (budget 300ms); creating answers in %s (budget 300ms), on the page after %s (p50 300ms), first text handed over after %s (p50 1s); the incident's page with its progress %s\n",
		people, cold.Round(time.Millisecond), counted().Took.Round(time.Millisecond), warm.Round(time.Millisecond), answer.Round(time.Millisecond), page.Round(time.Millisecond), first.Round(time.Millisecond), took.Round(time.Millisecond))
}

// settle puts people into the books, each with one number.
func settle(t *testing.T, db *store.Store, people int) {
	t.Helper()
	const chunk = 20_000
	now := time.Now()
	for from := 0; from < people; from += chunk {
		list := make([]store.Newcomer, 0, chunk)
		for i := from; i < min(from+chunk, people); i++ {
			list = append(list, store.Newcomer{
				Subscriber: store.Subscriber{Lang: []string{"ko", "ja", "en"}[i%3], Plan: "citizens", AtLeast: status.PartialOutage, Joined: now},
				Addresses:  []store.Address{{Kind: "sms", Address: fmt.Sprintf("+8210%08d", i), Source: "bench", Consented: now, Confirmed: now}},
			})
		}
		if _, err := db.Import(t.Context(), list, false); err != nil {
			t.Fatal(err)
		}
	}
}

// grouped writes a number as the console does.
func grouped(n int) string {
	text := strconv.Itoa(n)
	for at := len(text) - 3; at > 0; at -= 3 {
		text = text[:at] + "," + text[at:]
	}
	return text
}
