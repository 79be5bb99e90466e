package web_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bongsu/status"
	"bongsu/web"
	"bongsu/web/account"
	"bongsu/web/sample"
)

// work is a body that plans work, with further keys.
func work(more string) string {
	return `{"title": {"en": "Upkeep"}, "components": ["pay"], "from": "2030-01-06T00:00:00Z", "until": "2030-01-06T02:00:00Z"` + more + `}`
}

// Work that comes again, reminds people and is prolonged arrives at the desk as
// it was asked for.
func TestPlannedWorkByTheAPI(t *testing.T) {
	first := status.Maintenance{
		Title: status.Text{"en": "Upkeep"}, Components: []string{"pay"},
		From: time.Date(2030, 1, 6, 0, 0, 0, 0, time.UTC), Until: time.Date(2030, 1, 6, 2, 0, 0, 0, time.UTC),
		Remind: []time.Duration{24 * time.Hour, time.Hour}, Extend: status.Extension{Step: 15 * time.Minute, Most: 2 * time.Hour},
	}
	const manner = `, "remind": ["24h", "1h"], "extend": {"step": "15m", "most": "2h"}`
	for _, c := range []struct {
		more string
		want status.Command
	}{
		{manner, status.Command{Maintain: &first}},
		{manner + `, "rrule": "FREQ=WEEKLY", "zone": "Europe/Berlin"`, status.Command{Arrange: &status.Routine{
			Title: first.Title, Components: first.Components, Rule: "FREQ=WEEKLY", First: first.From, Zone: "Europe/Berlin", Lasts: 2 * time.Hour,
			Remind: first.Remind, Extend: first.Extend,
		}}},
	} {
		a := newAPI(t)
		if w := a.write(account.Operator, "/api/v1/maintenance", work(c.more)); w.Code != 201 {
			t.Errorf("%s answers %d: %s", c.more, w.Code, w.Body)
		}
		c.want.Author = "night shift"
		if diff := cmp.Diff([]status.Command{c.want}, a.desk.done); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.more, diff)
		}
	}
	for more, pointer := range map[string]string{
		`, "zone": "Asia/Seoul"`:                   "/zone",
		`, "remind": ["soon"]`:                     "/remind",
		`, "remind": ["1000h"]`:                    "/remind",
		`, "remind": ["1h","2h","3h","4h","5h"]`:   "/remind",
		`, "extend": {"step": "2h", "most": "1h"}`: "/extend",
		`, "extend": {"step": "15m"}`:              "/extend",
	} {
		if w := newAPI(t).write(account.Operator, "/api/v1/maintenance", work(more)); w.Code != 422 || !strings.Contains(w.Body.String(), `"`+pointer+`"`) {
			t.Errorf("%s answers %d: %s", more, w.Code, w.Body)
		}
	}
}

// What comes again is planned anew as a whole by a rule, and each time of it
// without one.
func TestARoutineIsNoneOfItsTimes(t *testing.T) {
	s := sample.Outage()
	s.Maintenance = []status.Maintenance{{ID: "r/1", Routine: "r", Components: []string{"pay"}, From: s.At.Add(time.Hour), Until: s.At.Add(2 * time.Hour)}}
	for _, c := range []struct {
		id, more string
		status   int
	}{
		{"r", `, "rrule": "FREQ=WEEKLY"`, 200},
		{"r/1", "", 200},
		{"r", "", 422},
		{"r/1", `, "rrule": "FREQ=WEEKLY"`, 422},
		{"q", `, "rrule": "FREQ=WEEKLY"`, 404},
	} {
		a := newAPI(t)
		a.Handler = serve(t, s, web.Options{Desk: &a.desk, Tokens: &a.tokens}).Handler()
		if w := a.do("PUT", account.Operator, "/api/v1/maintenance/"+c.id, work(c.more)); w.Code != c.status {
			t.Errorf("PUT %s with %q answers %d: %s", c.id, c.more, w.Code, w.Body)
		}
	}
}

// Work that takes longer says so, and what comes again does not hide the rest.
func TestThePageOfPlannedWork(t *testing.T) {
	s := sample.Outage()
	s.Maintenance = []status.Maintenance{{
		ID: "w", Title: status.Text{"en": "New disks"}, Components: []string{"pay"},
		From: s.At.Add(-2 * time.Hour), Until: s.At.Add(time.Hour), Meant: s.At.Add(-15 * time.Minute),
	}}
	for day := range 30 {
		from := s.At.AddDate(0, 0, day+1)
		s.Maintenance = append(s.Maintenance, status.Maintenance{
			ID: fmt.Sprintf("r/%d", day), Routine: "r", Title: status.Text{"en": "Daily upkeep"}, Components: []string{"pay"},
			From: from, Until: from.Add(time.Hour),
		})
	}
	for lang, want := range map[string][2]string{
		"en": {"It takes longer. It was to end:", "Comes again"}, "ja": {"予定より長引いています。当初の終了予定:", "定期作業"}, "ko": {"예정보다 길어지고 있습니다. 당초 종료 예정:", "정기 작업"},
	} {
		page := words(t, body(t, s, "/maintenance?lang="+lang))
		if !strings.Contains(page, want[0]) || strings.Count(page, want[1]) != 3 {
			t.Errorf("in %s the page says: %s", lang, page)
		}
	}
	if first := words(t, body(t, s, "/?lang=en")); strings.Count(first, "Daily upkeep") > 1 {
		t.Errorf("the first page says: %s", first)
	}
}
