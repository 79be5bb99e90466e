package web_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"bongsu/status"
	"bongsu/web"
	"bongsu/web/account"
	"bongsu/web/sample"
)

const goodSilence = `{"reason": "a known fault", "until": "2030-01-01T00:00:00Z"}`

func TestAComponentIsSilencedByTheAPI(t *testing.T) {
	c := newCounter(t)
	const path = "/api/v1/components/chat-text/silence"
	if w := c.call(account.Operator, http.MethodPut, path, goodSilence, "Idempotency-Key", "k"); w.Code != 200 {
		t.Fatalf("answers %d %s", w.Code, w.Body)
	}
	if w := c.call(account.Operator, http.MethodPut, path, goodSilence, "Idempotency-Key", "k"); w.Code != 200 || len(c.desk.done) != 1 {
		t.Errorf("again it answers %d %s, asked %d times", w.Code, w.Body, len(c.desk.done))
	}
	asked := c.desk.done[0]
	if asked.Author != "operator" || asked.Silence == nil || asked.Silence.Component != "chat-text" || asked.Silence.Reason != "a known fault" ||
		!asked.Silence.Until.Equal(time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("asked %+v", asked)
	}
	if w := c.call(account.Admin, http.MethodDelete, path, ""); w.Code != 200 || c.desk.done[1].Lift != "chat-text" {
		t.Errorf("lifting answers %d %s", w.Code, w.Body)
	}
	want := []string{"operator watch: component:chat-text silences it until 2030-01-01T00:00:00Z: a known fault", "admin watch: component:chat-text ends its silence"}
	if !slices.Equal(c.shelf.audited, want) {
		t.Errorf("on the log: %q", c.shelf.audited)
	}
}

func TestWhatIsNoSilenceForTheAPI(t *testing.T) {
	c := newCounter(t)
	for _, tt := range []struct {
		body, says string
		err        error
		want       int
	}{
		{`{"reason": "x", "until": "soon"}`, `"/until"`, nil, 422},
		{`{"reason": "a\u202eb", "until": "2030-01-01T00:00:00Z"}`, `"/reason"`, nil, 422},
		{`{"why": "x"}`, "not known", nil, 400},
		{goodSilence, `"/until"`, status.ErrSilenceSpan, 422},
		{goodSilence, `"/reason"`, status.ErrNoSilenceReason, 422},
		{goodSilence, "no component", status.ErrNoComponent, 404},
		{"", "not silenced", status.ErrNotSilenced, 409},
	} {
		c.shelf.audited, c.desk.err = nil, nil
		if tt.err != nil {
			c.desk.err = fmt.Errorf("silencing: %w", tt.err)
		}
		method := http.MethodPut
		if tt.body == "" {
			method = http.MethodDelete
		}
		w := c.call(account.Operator, method, "/api/v1/components/chat-text/silence", tt.body)
		if w.Code != tt.want || !strings.Contains(w.Body.String(), tt.says) || len(c.shelf.audited) != 0 {
			t.Errorf("%s with %v answers %d %s, on the log %v", tt.body, tt.err, w.Code, w.Body, c.shelf.audited)
		}
	}
}

// Silences are the desk's to read, with a tag to change them by, and the public
// face tells nothing of them.
func TestSilencesAreForTheDeskAlone(t *testing.T) {
	s := sample.Outage()
	s.Silences = []status.Silence{{Component: "chat-text", Reason: "hearsay", Author: "kimxyz", Since: s.At, Until: s.At.Add(time.Hour)}}
	c := newCounter(t)
	plain := serve(t, sample.Outage(), web.Options{Tokens: &c.tokens, Desk: &c.desk, Now: sample.Now}).Handler()
	c.Handler = serve(t, s, web.Options{Tokens: &c.tokens, Desk: &c.desk, Audit: c.shelf.audit, Now: sample.Now}).Handler()
	one := c.call(account.Viewer, http.MethodGet, "/api/v1/components/chat-text/silence", "")
	if list := c.call(account.Viewer, http.MethodGet, "/api/v1/silences", ""); one.Code != 200 || !strings.Contains(one.Body.String(), "kimxyz") || !strings.Contains(list.Body.String(), "hearsay") {
		t.Errorf("%d %s, %d %s", one.Code, one.Body, list.Code, list.Body)
	}
	for tag, want := range map[string]int{one.Header().Get("ETag"): 200, `"other"`: 412} {
		if w := c.call(account.Operator, http.MethodDelete, "/api/v1/components/chat-text/silence", "", "If-Match", tag); w.Code != want {
			t.Errorf("If-Match %s answers %d %s", tag, w.Code, w.Body)
		}
	}
	if w := c.call(account.Operator, http.MethodPut, "/api/v1/components/pay/silence", goodSilence, "If-Match", `"other"`); w.Code != 412 {
		t.Errorf("of one that is not silenced, If-Match answers %d", w.Code)
	}
	v := readDocument(t, true)
	holdTo(t, v, c, http.MethodGet, "silences", "")
	holdTo(t, v, c, http.MethodGet, "components/chat-text/silence", "")
	for _, path := range []string{"/", "/history", "/components/chat-text", "/judging", "/api/v1/status", "/api/v1/components/chat-text", "/api/v1/incidents", "/api/v2/summary.json", "/feed.json", "/cap.atom"} {
		silenced, without := c.call("", http.MethodGet, path, ""), ask(plain, "GET", path)
		if silenced.Code != 200 || silenced.Body.String() != without.Body.String() {
			t.Errorf("%s answers %d, and otherwise than without a silence", path, silenced.Code)
		}
	}
}

func TestAComponentIsLookedAtNow(t *testing.T) {
	c := newCounter(t)
	c.Handler = serve(t, sample.Outage(), web.Options{Tokens: &c.tokens, Desk: &c.desk, Looker: &c.shelf, Audit: c.shelf.audit, Now: sample.Now}).Handler()
	const path = "/api/v1/components/chat-text/look"
	for _, tt := range []struct {
		role account.Role
		path string
		want int
	}{{account.Viewer, path, 403}, {account.Operator, path, 200}, {account.Admin, path, 429}, {account.Admin, "/api/v1/components/nothing/look", 404}} {
		if w := c.call(tt.role, http.MethodPost, tt.path, ""); w.Code != tt.want {
			t.Errorf("%s as %s answers %d %s", tt.path, tt.role, w.Code, w.Body)
		}
	}
	if !slices.Equal(c.shelf.deeds, []string{"look at chat-text/function"}) || !slices.Equal(c.shelf.audited, []string{"operator watch: component:chat-text has it looked at now"}) {
		t.Errorf("did %v, on the log %v", c.shelf.deeds, c.shelf.audited)
	}
}
