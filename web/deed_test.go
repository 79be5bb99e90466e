package web_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bongsu/status"
	"bongsu/web/account"
)

const (
	goodCorrection = `{"field": "began", "is": "2026-11-22T15:27:00+09:00", "reason": {"en": "The operator's log."}, "source": "https://operator.example/log"}`
	goodStatement  = `{"speaker": "Operator", "said": "2026-11-22T15:40:00+09:00", "text": {"en": "It is fixed."}, "fixed": true}`
	goodETA        = `{"speaker": "Operator", "basis": {"en": "Power is back."}, "by": "2026-11-22T18:50:00+09:00"}`
)

// Every deed arrives at the desk as it was asked for.
func TestDeeds(t *testing.T) {
	at := func(hour, minute int) time.Time {
		return time.Date(2026, 11, 22, hour, minute, 0, 0, time.FixedZone("", 9*3600))
	}
	for _, c := range []struct {
		method, path, body string
		status             int
		want               status.Command
	}{
		{"POST", "/api/v1/incidents/i1/corrections", goodCorrection, 201, status.Command{Incident: "i1", Correct: &status.Correction{
			Field: status.CorrectBegan, Is: "2026-11-22T15:27:00+09:00", Reason: status.Text{"en": "The operator's log."}, Source: "https://operator.example/log",
		}}},
		{"POST", "/api/v1/incidents/i1/statements", goodStatement, 201, status.Command{Incident: "i1", State: &status.Statement{
			Speaker: "Operator", Said: at(15, 40), Text: status.Text{"en": "It is fixed."}, Fixed: true,
		}}},
		{"POST", "/api/v1/incidents/i1/etas", goodETA, 201, status.Command{Incident: "i1", Expect: &status.ETA{
			Speaker: "Operator", Basis: status.Text{"en": "Power is back."}, By: at(18, 50),
		}}},
		{"POST", "/api/v1/incidents/i1/merge", `{"into": "i2"}`, 201, status.Command{Incident: "i1", Merge: "i2"}},
		{"POST", "/api/v1/incidents/i1/split", `{"components": ["pay"]}`, 201, status.Command{Incident: "i1", Split: []string{"pay"}}},
		{"POST", "/api/v1/incidents/i1/retraction", `{"reason": {"en": "Our mistake."}}`, 201, status.Command{Incident: "i1", Retract: status.Text{"en": "Our mistake."}}},
		{"DELETE", "/api/v1/maintenance/m1", "", 200, status.Command{Cancel: "m1"}},
		{"DELETE", "/api/v1/maintenance/config/disks", "", 200, status.Command{Cancel: "config/disks"}},
		{"PUT", "/api/v1/maintenance/m1", goodMaintenance, 200, status.Command{Maintain: &status.Maintenance{
			ID: "m1", Title: status.Text{"en": "New disks"}, Components: []string{"pay"},
			From: time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC), Until: time.Date(2030, 1, 1, 2, 0, 0, 0, time.UTC),
		}}},
	} {
		a := newAPI(t)
		w := a.do(c.method, account.Operator, c.path, c.body)
		if w.Code != c.status || w.Header().Get("Location") == "" {
			t.Errorf("%s %s answers %d, at %q: %s", c.method, c.path, w.Code, w.Header().Get("Location"), w.Body)
		}
		c.want.Author = "night shift"
		if diff := cmp.Diff([]status.Command{c.want}, a.desk.done); diff != "" {
			t.Errorf("%s %s (-want +got):\n%s", c.method, c.path, diff)
		}
		for role, want := range map[account.Role]int{account.Viewer: 403, "": 401} {
			if w := newAPI(t).do(c.method, role, c.path, c.body); w.Code != want {
				t.Errorf("%s %s as %q answers %d", c.method, c.path, role, w.Code)
			}
		}
	}
}

// do makes a request with a role's token.
func (a *api) do(method string, role account.Role, path, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	if role != "" {
		r.Header.Set("Authorization", "Bearer "+a.by[role])
	}
	w := httptest.NewRecorder()
	a.ServeHTTP(w, r)
	return w
}

// What cannot be taken is named by where it stands in the body.
func TestWhatDeedsRefuse(t *testing.T) {
	for _, c := range []struct{ name, deed, body, pointer string }{
		{"another field", "corrections", `{"field": "impact", "is": "x", "reason": {"en": "x"}}`, "/field"},
		{"no time", "corrections", `{"field": "began", "is": "three o'clock", "reason": {"en": "x"}}`, "/is"},
		{"no reason", "corrections", `{"field": "cause", "is": "component:pay"}`, "/reason"},
		{"a script as source", "corrections", `{"field": "cause", "is": "x", "reason": {"en": "x"}, "source": "javascript:alert(1)"}`, "/source"},
		{"a source with a password", "statements", `{"speaker": "A", "said": "2026-11-22T15:40:00Z", "text": {"en": "x"}, "source": "https://a:b@operator.example/"}`, "/source"},
		{"an endless source", "statements", `{"speaker": "A", "said": "2026-11-22T15:40:00Z", "text": {"en": "x"}, "source": "https://operator.example/` + strings.Repeat("x", 500) + `"}`, "/source"},
		{"nobody speaks", "statements", `{"said": "2026-11-22T15:40:00Z", "text": {"en": "x"}}`, "/speaker"},
		{"a turned name", "statements", `{"speaker": "A\u202e", "said": "2026-11-22T15:40:00Z", "text": {"en": "x"}}`, "/speaker"},
		{"said never", "statements", `{"speaker": "A", "text": {"en": "x"}}`, "/said"},
		{"no words", "statements", `{"speaker": "A", "said": "2026-11-22T15:40:00Z"}`, "/text"},
		{"no basis", "etas", `{"speaker": "A", "by": "2026-11-22T18:50:00Z"}`, "/basis"},
		{"no expiry that is a time", "etas", `{"speaker": "A", "basis": {"en": "x"}, "expires": "soon"}`, "/expires"},
		{"into nothing", "merge", `{}`, "/into"},
		{"of nothing", "split", `{"components": []}`, "/components"},
		{"why", "retraction", `{}`, "/reason"},
	} {
		a := newAPI(t)
		w := a.do("POST", account.Operator, "/api/v1/incidents/i1/"+c.deed, c.body)
		if w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), fmt.Sprintf("%q:%q", "pointer", c.pointer)) {
			t.Errorf("%s answers %d: %s", c.name, w.Code, w.Body)
		}
		if len(a.desk.done) > 0 {
			t.Errorf("%s was done", c.name)
		}
	}
	if w := newAPI(t).do("DELETE", account.Operator, "/api/v1/maintenance/", ""); w.Code != http.StatusNotFound {
		t.Errorf("calling off nothing answers %d: %s", w.Code, w.Body)
	}
	if w := newAPI(t).do("PUT", account.Operator, "/api/v1/maintenance/none", goodMaintenance); w.Code != http.StatusNotFound {
		t.Errorf("planning anew what is not planned answers %d", w.Code)
	}
}

// What the desk says of a deed is an answer to act on.
func TestWhatTheDeskSaysOfDeeds(t *testing.T) {
	for _, c := range []struct {
		err     error
		status  int
		pointer string
	}{
		{status.ErrNoMaintenance, 404, ""},
		{status.ErrMerged, 409, ""},
		{status.ErrByHand, 409, ""},
		{status.ErrGoesOn, 409, "/field"},
		{status.ErrCauseUsed, 409, "/is"},
		{status.ErrStated, 409, "/into"},
		{status.ErrStillFails, 409, ""},
		{status.ErrRetracted, 409, ""},
		{status.ErrOver, 409, ""},
		{status.ErrAsTold, 409, "/is"},
		{status.ErrNotTold, 422, "/components"},
		{status.ErrNoRest, 422, "/components"},
		{status.ErrNoField, 422, "/field"},
		{status.ErrNoReason, 422, "/reason"},
		{status.ErrNoWhy, 422, "/reason"},
		{status.ErrBadTime, 422, "/is"},
		{status.ErrTooEarly, 422, "/is"},
		{status.ErrAfterEnd, 422, "/is"},
		{status.ErrNoCause, 422, "/is"},
		{status.ErrFuture, 422, ""},
		{status.ErrTooLong, 422, ""},
		{status.ErrNoSpeaker, 422, "/speaker"},
		{status.ErrNoWords, 422, "/text"},
		{status.ErrTooOld, 422, "/said"},
		{status.ErrNoBasis, 422, "/basis"},
		{status.ErrNoExpiry, 422, "/expires"},
		{status.ErrPassed, 422, "/by"},
		{status.ErrTooFar, 422, "/by"},
		{status.ErrItself, 422, "/into"},
		{status.ErrNoTime, 422, "/until"},
	} {
		a := newAPI(t)
		a.desk.err = fmt.Errorf("amending incident %q: %w", "i1", c.err)
		w := a.do("POST", account.Operator, "/api/v1/incidents/i1/retraction", `{"reason": {"en": "x"}}`)
		var p struct {
			Status int
			Detail string
			Errors []struct{ Pointer, Detail string }
		}
		if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
			t.Fatal(err)
		}
		if w.Code != c.status || p.Status != c.status || p.Detail == "" || w.Header().Get("Content-Type") != "application/problem+json" {
			t.Errorf("%v answers %d: %s", c.err, w.Code, w.Body)
		}
		if (c.pointer == "") != (len(p.Errors) == 0) || c.pointer != "" && p.Errors[0].Pointer != c.pointer {
			t.Errorf("%v points at %+v, want %q", c.err, p.Errors, c.pointer)
		}
	}
}
