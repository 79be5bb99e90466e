package words_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"bongsu/notifier"
	"bongsu/notifier/words"
	"bongsu/status"
)

// plans are the events of planned work.
var plans = []status.EventKind{
	status.EventUpcoming, status.EventMoved, status.EventExtended, status.EventFinished, status.EventCalledOff,
}

// workPage is a page with one piece of planned work.
func workPage(m *status.Model, w status.Maintenance) *status.Snapshot {
	s := page(m, status.Incident{ID: "none"})
	s.Maintenance = []status.Maintenance{w}
	return s
}

// night is work on two components, the night after the given day.
func night(day int) status.Maintenance {
	return status.Maintenance{
		ID: "config/upkeep", Components: []string{"login", "wave"}, From: at(day+1, 2, 0), Until: at(day+1, 4, 30),
		Title: status.Text{"ko": "인증 서버 교체", "ja": "認証サーバーの交換", "en": "New login servers"},
	}
}

// What is told of planned work, in every language and class.
func TestTheTextsOfPlannedWork(t *testing.T) {
	m := city()
	c := composer(m)
	out := map[string]*strings.Builder{}
	for _, kind := range plans {
		w, now := night(15), at(15, 2, 0)
		switch kind {
		case status.EventExtended, status.EventFinished:
			w.Meant, w.Until, now = w.Until, w.Until.Add(time.Hour), at(16, 5, 30)
		case status.EventCalledOff:
			w.Cancelled = now
		default:
		}
		notices, err := c.Notices(workPage(m, w), []status.Event{{Kind: kind, Work: w.ID, Update: "u1", From: status.Operational, To: status.MajorOutage}}, now)
		if err != nil || len(notices) != 1 {
			t.Fatalf("%s: %d notices, %v", kind, len(notices), err)
		}
		n := notices[0]
		if n.Audience != "subscribers" || n.Priority != notifier.PriorityUpdate || n.Safety() || n.Incident != w.ID || !slices.Contains(n.About, "login") {
			t.Errorf("the notice is %+v", n)
		}
		if kind == status.EventUpcoming && !n.Expires.Equal(w.From) {
			t.Errorf("that it begins is told until %s", n.Expires)
		}
		for _, text := range n.Texts {
			if out[text.Lang] == nil {
				out[text.Lang] = &strings.Builder{}
			}
			size, err := words.Fit(text.Lang, text.Class, text.Body)
			if err != nil {
				t.Error(err)
			}
			fmt.Fprintf(out[text.Lang], "== %s %s, %d of %d %s\n", n.Event, text.Class, size.Units, size.Limit, size.Unit)
			if text.Title != "" {
				fmt.Fprintln(out[text.Lang], text.Title)
			}
			fmt.Fprintf(out[text.Lang], "%s\n\n", text.Body)
		}
	}
	for lang, got := range out {
		golden(t, filepath.Join("testdata", "work."+lang+".txt"), got.String())
	}
}

// What machines get of planned work.
func TestTheDocumentOfPlannedWork(t *testing.T) {
	m := city()
	c := composer(m)
	c.Classes["citizens"] = []notifier.Class{notifier.ClassWebhook}
	w := night(15)
	notices, err := c.Notices(workPage(m, w), []status.Event{{Kind: status.EventUpcoming, Work: w.ID, Update: "u1"}}, at(15, 2, 0))
	if err != nil {
		t.Fatal(err)
	}
	var indented bytes.Buffer
	if err := json.Indent(&indented, []byte(notices[0].Texts[2].Body), "", "  "); err != nil {
		t.Fatal(err)
	}
	golden(t, filepath.Join("testdata", "work.en.json"), indented.String()+"\n")
}

// Whatever work is planned on whatever model that Prove accepts: it can be told
// in every language and class, and what its title must not say is left out.
func TestNoTextOfWorkBreaksTheRules(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := anyModel(t)
		c := composer(m)
		c.Audiences = []notifier.Audience{{Audience: "subscribers", Plan: "all"}}
		c.Classes = map[string][]notifier.Class{"all": classes}
		w := status.Maintenance{ID: "w", From: at(1, 0, 0).Add(time.Duration(rapid.IntRange(0, 400*24*60).Draw(t, "from")) * time.Minute)}
		w.Until = w.From.Add(time.Duration(rapid.IntRange(1, 31*24*60).Draw(t, "minutes")) * time.Minute)
		if rapid.Bool().Draw(t, "prolonged") {
			w.Meant = w.Until.Add(-time.Minute)
		}
		title := rapid.SampledFrom([]string{"", "서버 교체", "똠", "www.gaon.example", "앱에서 확인하세요", "할인 이벤트", strings.Repeat("긴 제목 ", 60)}).Draw(t, "title")
		w.Title = status.Text{"ko": title, "ja": title, "en": title}
		for _, component := range m.Components {
			if rapid.Bool().Draw(t, component.ID) {
				w.Components = append(w.Components, component.ID)
			}
		}
		kind := rapid.SampledFrom(plans).Draw(t, "event")
		now := w.From.Add(-time.Duration(rapid.IntRange(0, 30*24*60).Draw(t, "before")) * time.Minute)
		notices, err := c.Notices(workPage(m, w), []status.Event{{Kind: kind, Work: "w", Update: "u1"}}, now)
		if err != nil || len(notices) != 1 || len(notices[0].Texts) != 3*len(classes) {
			t.Fatalf("%s: %d notices, error %v", kind, len(notices), err)
		}
		for _, text := range notices[0].Texts {
			keepsTheRule(t, m, text)
		}
	})
}
