package console_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"bongsu/web/console"
	"bongsu/web/sample"
)

// looker remembers what it was asked to look at.
type looker struct{ asked []string }

func (l *looker) LookNow(_ context.Context, checks []string) error {
	l.asked = append(l.asked, checks...)
	return nil
}

func TestAnOperatorHasAComponentLookedAtNow(t *testing.T) {
	l, desk := &looker{}, &fakeDesk{}
	c := furnished(t, sample.Outage(), func(o *console.Options) { o.Looker, o.Recorder = l, desk })
	press := func(role string) string {
		w := send(c, "/console/components/chat-text/look?lang=en", role, url.Values{})
		if w.Code != http.StatusSeeOther {
			return http.StatusText(w.Code)
		}
		next := request(http.MethodGet, w.Header().Get("Location")+"?lang=en", role, "")
		for _, cookie := range w.Result().Cookies() {
			next.AddCookie(cookie)
		}
		return read(t, answer(c, next).Body.String())
	}
	if got := press("viewer"); got != "Forbidden" {
		t.Errorf("a viewer may: %s", got)
	}
	if got := press("operator"); !strings.Contains(got, "All locations have been asked to look now.") {
		t.Errorf("an operator reads:\n%s", got)
	}
	if got := press("admin"); !strings.Contains(got, "It has just been looked at. Once in 15 s is enough.") {
		t.Errorf("somebody else at the same time reads:\n%s", got)
	}
	if len(l.asked) != 1 || l.asked[0] != "chat-text/function" {
		t.Errorf("asked to look at %v", l.asked)
	}
}
