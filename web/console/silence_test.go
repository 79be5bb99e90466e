package console_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"bongsu/status"
	"bongsu/web/console"
	"bongsu/web/sample"
)

// silencer remembers what it was asked, and refuses as the rules do.
type silencer struct {
	done []status.Command
	err  error
}

func (s *silencer) Do(_ context.Context, c status.Command) (string, error) {
	if s.err != nil {
		return "", s.err
	}
	s.done = append(s.done, c)
	return "", nil
}

// follow presses a button and reads the page that it leads to.
func follow(t *testing.T, c *console.Console, path, role string, form url.Values) (where, page string) {
	t.Helper()
	w := send(c, path, role, form)
	if w.Code != http.StatusSeeOther {
		return "", http.StatusText(w.Code)
	}
	where = w.Header().Get("Location")
	next := request(http.MethodGet, where+"?lang=en", role, "")
	for _, cookie := range w.Result().Cookies() {
		next.AddCookie(cookie)
	}
	return where, read(t, answer(c, next).Body.String())
}

func TestAnOperatorSilencesAComponent(t *testing.T) {
	s, desk := &silencer{}, &fakeDesk{}
	c := furnished(t, sample.Outage(), func(o *console.Options) { o.Silencer, o.Recorder = s, desk })
	form := url.Values{"reason": {" a known fault "}, "span": {"4h0m0s"}}
	for _, role := range []string{"viewer", "supervisor", "agency"} {
		if _, got := follow(t, c, "/console/components/chat-text/silence", role, form); got != "Forbidden" {
			t.Errorf("a %s may: %s", role, got)
		}
	}
	where, page := follow(t, c, "/console/components/chat-text/silence", "operator", form)
	if where != "/console/components/chat-text" || !strings.Contains(page, "It is silenced. It ends by itself.") {
		t.Fatalf("leads to %s:\n%s", where, page)
	}
	if len(s.done) != 1 || s.done[0].Author != "Kim operator" || s.done[0].Silence.Component != "chat-text" ||
		s.done[0].Silence.Reason != "a known fault" || !s.done[0].Silence.Until.Equal(sample.Now().Add(4*time.Hour)) {
		t.Errorf("asked %+v", s.done)
	}
	if _, page = follow(t, c, "/console/components/chat-text/lift", "admin", url.Values{}); !strings.Contains(page, "The silence has ended.") || s.done[1].Lift != "chat-text" {
		t.Errorf("%+v:\n%s", s.done, page)
	}
	if len(desk.record) != 2 || desk.record[0].About != "component:chat-text" || desk.record[0].Deed != "watch" ||
		!strings.HasSuffix(desk.record[0].Detail, ": a known fault") || desk.record[1].Detail != "ends its silence" {
		t.Errorf("the audit log has %+v", desk.record)
	}
}

// What the rules refuse is said, and nothing is on the audit log.
func TestWhatIsNoSilenceIsSaid(t *testing.T) {
	for _, tt := range []struct {
		form url.Values
		err  error
		says string
	}{
		{url.Values{"reason": {"x"}, "span": {"soon"}}, nil, "Nothing was changed."},
		{url.Values{"reason": {"a\u202eb"}, "span": {"1h"}}, nil, "Nothing was changed."},
		{url.Values{"span": {"1h"}}, status.ErrNoSilenceReason, "Nothing was changed."},
		{url.Values{"reason": {"x"}, "span": {"9000h"}}, status.ErrSilenceSpan, "Nothing was changed."},
		{url.Values{"reason": {"x"}, "span": {"1h"}}, status.ErrNotSilenced, "It is not silenced any more."},
		{url.Values{"reason": {"x"}, "span": {"1h"}}, status.ErrNoComponent, "Not Found"},
	} {
		desk := &fakeDesk{}
		c := furnished(t, sample.Outage(), func(o *console.Options) { o.Silencer, o.Recorder = &silencer{err: tt.err}, desk })
		if _, page := follow(t, c, "/console/components/chat-text/silence", "operator", tt.form); !strings.Contains(page, tt.says) {
			t.Errorf("%v, %v:\n%s", tt.form, tt.err, page)
		}
		if len(desk.record) != 0 {
			t.Errorf("the audit log has %+v", desk.record)
		}
	}
}

// A silence is shown with who, why and until when, wherever the component is,
// and turns nothing another colour.
func TestASilenceIsShown(t *testing.T) {
	s := sample.Outage()
	i := &s.Incidents[0]
	for _, a := range i.Components {
		s.Silences = append(s.Silences, status.Silence{
			Component: a.Component, Reason: "known <b>fault</b>", Author: "Lee", Since: sample.Now().Add(-time.Hour), Until: sample.Now().Add(time.Hour),
		})
	}
	c := furnished(t, s, func(o *console.Options) { o.Stories = newStoryDesk(s) })
	failing := i.Components[0].Component
	for path, says := range map[string][]string{
		"/console":                        {"Silenced: nobody is sent anything about this", "Silenced by Lee · known <b>fault</b> · until", "I have it"},
		"/console/components":             {"silenced until "},
		"/console/components?only=silent": {"silenced until "},
		"/console/components/" + failing:  {"Silenced by Lee", "known <b>fault</b>", "End the silence now"},
		"/console/incidents/" + i.ID:      {"Silenced: nobody is sent anything about this"},
		"/console/components/route":       {"It is not silenced: what fails is told."},
	} {
		page := read(t, ask(c, "GET", path+map[bool]string{true: "&", false: "?"}[strings.Contains(path, "?")]+"lang=en", "operator").Body.String())
		for _, say := range says {
			if !strings.Contains(page, say) {
				t.Errorf("%s does not say %q:\n%s", path, say, page)
			}
		}
	}
	page := read(t, ask(c, "GET", "/console/components?only=silent&lang=en", "operator").Body.String())
	if lines := strings.Count(page, "silenced until"); lines != len(i.Components) {
		t.Errorf("%d of %d silenced components:\n%s", lines, len(i.Components), page)
	}
	if viewer := ask(c, "GET", "/console/components/"+failing, "viewer").Body.String(); strings.Contains(viewer, "/lift") || strings.Contains(viewer, "/silence\"") {
		t.Error("a viewer is shown the buttons")
	}
}
