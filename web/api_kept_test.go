package web_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"

	"bongsu/status"
	"bongsu/web"
	"bongsu/web/account"
	"bongsu/web/sample"
)

func (s *shelf) KeptTexts(context.Context) ([]web.KeptText, error) {
	return []web.KeptText{
		{ID: "k1", Name: "Looking", Text: status.Text{"ko": "확인하고 있습니다.", "en": "We are looking."}, Author: "kim", At: sample.Now(), Version: s.version + 1},
		{ID: "moved", Name: "Moved", Text: status.Text{"en": "It moved."}, Author: "lee", At: sample.Now(), Version: 4},
	}, s.err
}

func (s *shelf) KeepText(_ context.Context, k web.KeptText) (string, error) {
	switch {
	case k.ID == "moved":
		return "", web.ErrTextMoved
	case k.Name == "One too many":
		return "", web.ErrTooManyTexts
	case k.Version == 0:
		k.ID = "k2"
	}
	return k.ID, s.did("keep " + k.ID + " " + k.Name + " " + k.Text["en"] + " by " + k.Author)
}

func (s *shelf) DropText(_ context.Context, id string) error {
	if id == "moved" {
		return web.ErrNone
	}
	return s.did("drop " + id)
}

const goodText = `{"name": "Half of it", "text": {"ko": "절반이 응답합니다.", "en": "Half of it answers."}}`

// A text is kept once for a key, changed as it was seen, and removed; each is on
// the log.
func TestTextsAreKeptByTheAPI(t *testing.T) {
	c := newCounter(t)
	for range 2 {
		w := c.call(account.Operator, http.MethodPost, "/api/v1/texts", goodText, "Idempotency-Key", "k")
		if w.Code != http.StatusCreated || w.Header().Get("Location") != "/api/v1/texts/k2" || !strings.Contains(w.Body.String(), `"id":"k2"`) {
			t.Fatalf("keeping answers %d at %q: %s", w.Code, w.Header().Get("Location"), w.Body)
		}
	}
	tag := c.call(account.Viewer, http.MethodGet, "/api/v1/texts/k1", "").Header().Get("ETag")
	c.shelf.version = 1
	for _, method := range []string{http.MethodPut, http.MethodDelete} {
		body := map[bool]string{true: goodText}[method == http.MethodPut]
		if w := c.call(account.Operator, method, "/api/v1/texts/k1", body, "If-Match", tag); w.Code != http.StatusPreconditionFailed || !strings.Contains(w.Body.String(), `"current"`) {
			t.Errorf("%s of one that has changed answers %d %s", method, w.Code, w.Body)
		}
	}
	c.shelf.version = 0
	for _, method := range []string{http.MethodPut, http.MethodDelete} {
		body := map[bool]string{true: goodText}[method == http.MethodPut]
		if w := c.call(account.Admin, method, "/api/v1/texts/k1", body, "If-Match", tag); w.Code != http.StatusOK {
			t.Errorf("%s answers %d %s", method, w.Code, w.Body)
		}
	}
	if want := []string{"keep k2 Half of it Half of it answers. by operator", "keep k1 Half of it Half of it answers. by admin", "drop k1"}; !slices.Equal(c.shelf.deeds, want) {
		t.Errorf("did %q", c.shelf.deeds)
	}
	if want := []string{"operator publish: text:k2 keeps Half of it", "admin publish: text:k1 keeps Half of it", "admin publish: text:k1 removes Looking"}; !slices.Equal(c.shelf.audited, want) {
		t.Errorf("on the log: %q", c.shelf.audited)
	}
}

func TestWhatIsNoTextForTheAPI(t *testing.T) {
	c := newCounter(t)
	for _, tt := range []struct {
		method, path, body string
		want               int
		says               string
	}{
		{"POST", "texts", `{}`, 422, `"/name"`},
		{"POST", "texts", `{"name": "x"}`, 422, `"/text"`},
		{"POST", "texts", `{"name": "` + strings.Repeat("x", 61) + `", "text": {"en": "x"}}`, 422, "at most 60"},
		{"POST", "texts", `{"name": "a\nb", "text": {"en": "x"}}`, 422, "one line"},
		{"POST", "texts", `{"name": "a\u202eb", "text": {"en": "x"}}`, 422, `"/name"`},
		{"POST", "texts", `{"name": "x", "text": {"fr": "x"}}`, 422, `"/text/fr"`},
		{"POST", "texts", `{"name": "x", "text": {"en": " "}}`, 422, `"/text/en"`},
		{"POST", "texts", `{"name": "x", "text": {"en": "` + strings.Repeat("x", 4001) + `"}}`, 422, "at most 4000"},
		{"POST", "texts", `{"name": "x", "text": {"en": "x"}, "author": "me"}`, 400, "not known"},
		{"POST", "texts", `{"name": 1}`, 400, "a string"},
		{"POST", "texts", `{"name": "One too many", "text": {"en": "x"}}`, 409, "remove one"},
		{"GET", "texts/none", "", 404, "GET /api/v1/texts"},
		{"PUT", "texts/none", goodText, 404, "GET /api/v1/texts"},
		{"PUT", "texts/k1", `{"name": ""}`, 422, `"/name"`},
		{"PUT", "texts/moved", goodText, 412, "just changed"},
		{"DELETE", "texts/none", "", 404, "GET /api/v1/texts"},
		{"DELETE", "texts/moved", "", 404, "GET /api/v1/texts"},
	} {
		w := c.call(account.Operator, tt.method, "/api/v1/"+tt.path, tt.body)
		if w.Code != tt.want || !strings.Contains(w.Body.String(), tt.says) {
			t.Errorf("%s %s %.60s answers %d %s; want %d, with %q", tt.method, tt.path, tt.body, w.Code, w.Body, tt.want, tt.says)
		}
	}
	if c.did() > 0 {
		t.Errorf("did %q, on the log %q", c.shelf.deeds, c.shelf.audited)
	}
}

func TestTheAnswersOfTextsAndTheMapAreAsTheDocumentSays(t *testing.T) {
	v, c := readDocument(t, true), newCounter(t)
	for _, path := range []string{"texts", "texts/k1", "texts/none", "map"} {
		holdTo(t, v, c, http.MethodGet, path, "")
	}
	for request, body := range map[string]string{"POST texts": goodText, "POST texts?x=1": `{"name": "x", "text": {"fr": "x"}}`, "PUT texts/k1": goodText, "PUT texts/moved": goodText, "DELETE texts/k1": ""} {
		method, path, _ := strings.Cut(request, " ")
		holdTo(t, v, c, method, path, body)
	}
}

// The map has every component of the page once, each need of each with its kind,
// and no end of an edge that is no node.
func TestTheMapByTheAPI(t *testing.T) {
	s := sample.Outage()
	s.Domains = map[string][]string{"dc-2": {"pay"}, "dc-1": {"chat-text", "login"}}
	c := newCounter(t)
	c.Handler = serve(t, s, web.Options{Tokens: &c.tokens, Desk: &c.desk}).Handler()
	var got struct {
		Nodes []struct {
			ID, State  string
			Derived    bool
			AffectedBy *string `json:"affected_by"`
		}
		Edges   []struct{ From, To, How string }
		Domains []struct {
			ID         string
			Components []string
		}
	}
	w := c.call("", http.MethodGet, "/api/v1/map", "")
	decodeAnswer(t, w, &got)
	states, edges, soft := map[string]string{}, 0, 0
	for _, n := range got.Nodes {
		states[n.ID] = n.State
	}
	for g := range s.Groups {
		for _, one := range s.Groups[g].Components {
			if states[one.ID] != one.State.String() {
				t.Errorf("%s is %q, and %s on the page", one.ID, states[one.ID], one.State)
			}
			edges += len(one.Needs)
			for _, n := range one.Needs {
				how := map[bool]string{true: "soft", false: "hard"}[n.Soft]
				if !slices.Contains(got.Edges, struct{ From, To, How string }{one.ID, n.ID, how}) {
					t.Errorf("%s needs %s, %s: not on the map", one.ID, n.ID, how)
				}
				if n.Soft {
					soft++
				}
			}
		}
	}
	if len(got.Edges) != edges || soft == 0 || soft == edges {
		t.Errorf("%d edges for %d needs, %d of them soft", len(got.Edges), edges, soft)
	}
	for _, e := range got.Edges {
		if states[e.From] == "" || states[e.To] == "" {
			t.Errorf("%+v hangs in the air", e)
		}
	}
	if len(got.Domains) != 2 || got.Domains[0].ID != "dc-1" || !slices.Equal(got.Domains[0].Components, s.Domains["dc-1"]) {
		t.Errorf("the domains are %+v, of %v", got.Domains, s.Domains)
	}
	if again := c.call("", http.MethodGet, "/api/v1/map", "", "If-None-Match", w.Header().Get("ETag")); again.Code != http.StatusNotModified {
		t.Errorf("the same map again answers %d", again.Code)
	}
}
