package console_test

import (
	"context"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bongsu/status"
	"bongsu/web/console"
	"bongsu/web/sample"
)

// planner keeps what it is asked for, and answers as it is told.
type planner struct {
	asked []status.Command
	err   error
}

func (p *planner) Do(_ context.Context, c status.Command) (string, error) {
	p.asked = append(p.asked, c)
	return "w1", p.err
}

// calendar is a page with work that goes on, work that comes again and work that
// was called off.
func calendar() *status.Snapshot {
	s := sample.Outage()
	s.Maintenance = []status.Maintenance{
		{
			ID: "disks", Title: status.Text{"en": "New disks"}, Components: []string{"bank-core"}, From: s.At.Add(-2 * time.Hour), Until: s.At.Add(time.Hour),
			Meant: s.At.Add(-time.Minute), Extend: status.Extension{Step: 15 * time.Minute, Most: 2 * time.Hour},
		},
		{ID: "r/1", Routine: "r", Title: status.Text{"en": "Upkeep <b>"}, Components: []string{"gone"}, From: s.At.Add(time.Hour), Until: s.At.Add(2 * time.Hour), Remind: []time.Duration{24 * time.Hour}},
		{ID: "off", Title: status.Text{"en": "Not now"}, Components: []string{"bank-core"}, From: s.At.Add(time.Hour), Until: s.At.Add(2 * time.Hour), Cancelled: s.At.Add(-time.Minute)},
	}
	return s
}

// plan is a form that plans work on the bank.
func plan(change url.Values) url.Values {
	form := url.Values{
		"title_en": {"New disks"}, "component": {"bank-core"}, "from": {"2030-01-06T02:00"}, "until": {"2030-01-06T04:00"},
		"zone": {"Asia/Seoul"}, "remind": {"24h 1h"}, "step": {"15m"}, "most": {"2h"},
	}
	maps.Copy(form, change)
	return form
}

func TestTheCalendarIsShown(t *testing.T) {
	c := open(t, calendar(), func(o *console.Options) { o.Planner = &planner{} })
	page := ask(c, "GET", "/console/maintenance?lang=en", "operator").Body.String()
	for _, want := range []string{"It takes longer. It was to end:", "by 15 min at a time, 2 h in all", "Upkeep &lt;b&gt;", "Comes again", "Called off", "Call off every time"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if n := strings.Count(page, `name="id" value="off"`); n != 0 {
		t.Error("what was called off can be called off")
	}
	if page := ask(c, "GET", "/console/maintenance?lang=en", "viewer").Body.String(); strings.Contains(page, `id="rrule"`) {
		t.Error("a viewer is shown the form")
	}
	if page := ask(c, "GET", "/console/maintenance?lang=en&id=disks", "operator").Body.String(); !strings.Contains(page, `value="New disks"`) || !strings.Contains(page, `name="id" value="disks"`) || strings.Contains(page, `id="rrule"`) {
		t.Error("the form does not have the work that is to be changed")
	}
}

func TestWorkIsPlannedByTheForm(t *testing.T) {
	seoul := sample.Now().Location()
	if zone := calendar().Site.Zone; zone != nil {
		seoul = zone
	}
	from := time.Date(2030, 1, 6, 2, 0, 0, 0, seoul)
	remind, extend := []time.Duration{24 * time.Hour, time.Hour}, status.Extension{Step: 15 * time.Minute, Most: 2 * time.Hour}
	once := &status.Maintenance{
		Title: status.Text{"en": "New disks"}, Text: status.Text{}, Components: []string{"bank-core"},
		From: from, Until: from.Add(2 * time.Hour), Remind: remind, Extend: extend,
	}
	anew := *once
	anew.ID = "disks"
	for _, tt := range []struct {
		name   string
		path   string
		change url.Values
		want   status.Command
	}{
		{"once", "", nil, status.Command{Maintain: once}},
		{"anew", "", url.Values{"id": {"disks"}}, status.Command{Maintain: &anew}},
		{"again", "", url.Values{"rrule": {" FREQ=WEEKLY "}}, status.Command{Arrange: &status.Routine{
			Title: once.Title, Text: once.Text, Components: once.Components, Rule: "FREQ=WEEKLY", First: from, Zone: "Asia/Seoul", Lasts: 2 * time.Hour, Remind: remind, Extend: extend,
		}}},
		{"called off", "/cancel", url.Values{"id": {"config/r/1"}}, status.Command{Cancel: "config/r/1"}},
	} {
		p := &planner{}
		c := open(t, calendar(), func(o *console.Options) { o.Planner = p })
		w := send(c, "/console/maintenance"+tt.path, "operator", plan(tt.change))
		if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/console/maintenance" {
			t.Errorf("%s: %d to %q: %s", tt.name, w.Code, w.Header().Get("Location"), w.Body)
		}
		tt.want.Author = "Kim operator"
		if diff := cmp.Diff([]status.Command{tt.want}, p.asked); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

func TestWhatIsWrongWithAPlanIsSaidAtItsField(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change url.Values
		err    error
		says   string
	}{
		{"no title", url.Values{"title_en": {" "}}, nil, "Write a title in one language at least."},
		{"a long title", url.Values{"title_en": {strings.Repeat("a", 121)}}, nil, "a title of at most 120 characters"},
		{"unseen letters", url.Values{"text_en": {"a\u202eb"}}, nil, "Write plain text"},
		{"nothing chosen", url.Values{"component": {"gone"}}, nil, "Choose what the work is done on."},
		{"no time", url.Values{"from": {"soon"}}, nil, "Write when it begins"},
		{"no reminder", url.Values{"remind": {"1h 2h 3h 4h 5h"}}, nil, "at most four times"},
		{"no extension", url.Values{"most": {""}}, nil, "at most 24h in all"},
		{"it has ended", nil, status.ErrNoTime, "The end lies ahead"},
		{"no rule", url.Values{"rrule": {"weekly"}}, status.ErrNoRule, "This is no rule"},
		{"too often", url.Values{"rrule": {"FREQ=DAILY"}}, status.ErrOverlap, "begin again before it has ended"},
	} {
		p := &planner{err: tt.err}
		c := open(t, calendar(), func(o *console.Options) { o.Planner = p })
		w := send(c, "/console/maintenance?lang=en", "operator", plan(tt.change))
		if w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), tt.says) || !strings.Contains(w.Body.String(), `value="2030-01-06T04:00"`) {
			t.Errorf("%s: %d, want %q:\n%s", tt.name, w.Code, tt.says, w.Body)
		}
		if tt.err == nil && len(p.asked) > 0 {
			t.Errorf("%s: it was planned all the same", tt.name)
		}
	}
}
