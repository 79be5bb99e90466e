package console_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"bongsu/status"
	"bongsu/web/console"
	"bongsu/web/sample"
)

func TestTheFirstScreenShowsWhatOthersSuspect(t *testing.T) {
	s := sample.Outage()
	for i := range 10 {
		s.Suspicions = append(s.Suspicions, status.Suspicion{
			Component: "chat-text", Source: "city-prom", Key: fmt.Sprintf("alert-%d", i), State: status.PartialOutage, Summary: "5xx <script>alert(1)</script>",
			Since: sample.Now().Add(-time.Minute), Until: sample.Now().Add(time.Hour),
		})
	}
	w := ask(furnished(t, s), "GET", "/console?lang=en", "viewer")
	page := read(t, w.Body.String())
	for _, say := range []string{"raised by city-prom: alert-0", "5xx", "Nothing of this is confirmed", "alert-7"} {
		if !strings.Contains(page, say) {
			t.Errorf("it does not say %q:\n%s", say, page)
		}
	}
	if strings.Contains(page, "alert-8") || strings.Contains(w.Body.String(), "<script>alert") {
		t.Errorf("too many, or markup:\n%s", page)
	}
	if public := read(t, ask(furnished(t, sample.Outage()), "GET", "/console?lang=en", "viewer").Body.String()); !strings.Contains(public, "No other monitoring suspects anything.") {
		t.Errorf("with none it says:\n%s", public)
	}
}

// "I have it" works as a form, leads back, is on the audit log, and is shown to
// the others.
func TestAnIncidentIsTakenFromTheFirstScreen(t *testing.T) {
	s := sample.Outage()
	d := newStoryDesk(s)
	c := open(t, s, func(o *console.Options) { o.Stories, o.Recorder = d, d })
	id := s.Incidents[0].ID
	if page := ask(c, "GET", "/console?lang=en", "viewer").Body.String(); strings.Contains(page, "/hold") {
		t.Error("a viewer is shown the button")
	}
	where, page := follow(t, c, "/console/incidents/"+id+"/hold", "operator", url.Values{"from": {"now"}, "do": {"take"}})
	if where != "/console" || !strings.Contains(page, "Kim operator has it") || !strings.Contains(page, "Give it up") {
		t.Errorf("leads to %s:\n%s", where, page)
	}
	if page := read(t, ask(c, "GET", "/console?lang=en", "admin").Body.String()); !strings.Contains(page, "Kim operator has it") || !strings.Contains(page, "I have it") {
		t.Errorf("somebody else reads:\n%s", page)
	}
	if _, page := follow(t, c, "/console/incidents/"+id+"/hold", "operator", url.Values{"from": {"now"}, "do": {"leave"}}); strings.Contains(page, "has it") {
		t.Errorf("given up it says:\n%s", page)
	}
	if len(d.audited) != 2 {
		t.Errorf("the audit log has %v", d.audited)
	}
}

// awayStories are stories whose books do not answer.
type awayStories struct{ *storyDesk }

func (awayStories) Holds(ctx context.Context) (map[string]console.StoryHold, error) {
	if _, bounded := ctx.Deadline(); !bounded {
		return nil, errors.New("it would wait for ever")
	}
	return nil, errAway
}

func TestTheFirstScreenStandsWithoutKnowingWhoseIncidentsAre(t *testing.T) {
	s := sample.Outage()
	c := open(t, s, func(o *console.Options) { o.Stories = awayStories{newStoryDesk(s)} })
	if w := ask(c, "GET", "/console?lang=en", "operator"); w.Code != 200 || !strings.Contains(w.Body.String(), "I have it") {
		t.Errorf("%d:\n%s", w.Code, w.Body)
	}
}
