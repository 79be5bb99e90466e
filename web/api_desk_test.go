package web_test

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"bongsu/notifier/appnotice"
	"bongsu/status"
	"bongsu/web"
	"bongsu/web/account"
	"bongsu/web/sample"
)

// shelf is what operators read and steer, on paper.
type shelf struct {
	mu      sync.Mutex
	kept    map[appnotice.Key]*web.KeptAnswer // nil: begun
	made    []web.Delivery                    // newest first
	deeds   []string
	audited []string
	lang    string // of the one subscriber
	version int64  // of the texts
	err     error
}

func (s *shelf) did(what string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.deeds = append(s.deeds, what)
	return s.err
}

func (s *shelf) BeginAnswer(_ context.Context, k appnotice.Key, now time.Time) (*web.KeptAnswer, time.Time, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for known, kept := range s.kept {
		switch {
		case known.Token != k.Token || known.Text != k.Text:
		case known.Hash != k.Hash:
			return nil, now, appnotice.ErrKeyReused
		case kept == nil:
			return nil, now, appnotice.ErrBusy
		default:
			return kept, now, nil
		}
	}
	if s.kept == nil {
		s.kept = map[appnotice.Key]*web.KeptAnswer{}
	}
	s.kept[k] = nil
	return nil, now, nil
}

func (s *shelf) EndAnswer(_ context.Context, k appnotice.Key, a web.KeptAnswer) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.kept[k] = &a
	return nil
}

func (s *shelf) DropAnswer(_ context.Context, k appnotice.Key) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.kept, k)
	return nil
}

func (s *shelf) Deliveries(_ context.Context, before string, limit int) ([]web.Delivery, error) {
	page := append([]web.Delivery{}, s.made...)
	for i, d := range s.made {
		if d.ID == before {
			page = append([]web.Delivery{}, s.made[i+1:]...)
		}
	}
	return page[:min(len(page), limit)], s.err
}

func (s *shelf) Delivery(_ context.Context, id string, _ time.Time) (web.Delivery, error) {
	if id != "n1" {
		return web.Delivery{}, web.ErrNone
	}
	left := int64(3)
	return web.Delivery{ID: id, Channels: []web.OnChannel{{Channel: "sms", Planned: 3}}, Left: &left, Texts: []web.SentText{{Lang: "en", Class: "sms", Body: "x"}}}, s.err
}

func (s *shelf) CancelDelivery(_ context.Context, id string, _ time.Time) error {
	return s.did("cancel " + id)
}

func (s *shelf) Unreached(context.Context, string) ([]web.Unreached, error) {
	return []web.Unreached{{Hop: 1, Channel: "sms", Ended: "number", People: 2}}, s.err
}

func (s *shelf) Hold(_ context.Context, id string, hold bool, _ time.Time) error {
	if id == "over" {
		return web.ErrOver
	}
	return s.did(fmt.Sprint("hold ", id, " ", hold))
}

func (s *shelf) Resend(_ context.Context, id string, _ time.Time) (string, int64, error) {
	return "n2", 2, s.did("resend " + id)
}

func (s *shelf) Sending(context.Context, time.Time) (web.Sending, error) {
	return web.Sending{Held: []web.Held{{Channel: "sms", Why: "daily cap"}}}, s.err
}

func (s *shelf) Pause(_ context.Context, stop bool, _ time.Time) error {
	return s.did(fmt.Sprint("pause ", stop))
}

func (s *shelf) ResumeChannel(_ context.Context, channel string, _ time.Time) error {
	return s.did("resume " + channel)
}

func (s *shelf) Gateways(context.Context, time.Time) ([]web.Gateway, error) {
	return []web.Gateway{{Gateway: "sms/twilio", Channel: "sms", Health: "well"}}, s.err
}

func (s *shelf) Subscribers(_ context.Context, after int64, limit int) ([]web.Subscriber, error) {
	list := []web.Subscriber{}
	for n := after + 1; n <= 3 && len(list) < limit; n++ {
		list = append(list, s.subscriber(n))
	}
	return list, s.err
}

func (s *shelf) subscriber(n int64) web.Subscriber {
	return web.Subscriber{Number: n, Lang: s.lang, Plan: "citizens", AtLeast: status.PartialOutage, Topics: []string{}, Order: []string{}, Addresses: []web.Masked{{Kind: "sms", Masked: "+82*******678"}}}
}

func (s *shelf) Subscriber(_ context.Context, n int64) (web.Subscriber, error) {
	if n > 3 {
		return web.Subscriber{}, web.ErrNone
	}
	return s.subscriber(n), s.err
}

func (s *shelf) Find(_ context.Context, who string, _ int) ([]web.Subscriber, error) {
	return []web.Subscriber{s.subscriber(1)}, s.did("find " + who)
}

func (s *shelf) Told(context.Context, int64, int) ([]web.ToldOnce, error) {
	return []web.ToldOnce{{Notice: "n1", Channel: "sms", Outcome: "delivered"}}, s.err
}

func (s *shelf) Disclose(_ context.Context, n int64) (web.Disclosure, error) {
	return web.Disclosure{Subscriber: s.subscriber(n), Clear: []web.Clear{{Kind: "sms", Address: "+821012345678"}}}, s.err
}

func (s *shelf) Import(_ context.Context, o web.ImportOrder) (web.ImportRun, error) {
	body, err := io.ReadAll(o.Body)
	return web.ImportRun{ID: "r1", Dry: o.Dry, Added: int64(strings.Count(string(body), "\n")), First: []web.ImportLine{}}, errors.Join(err, s.did("import "+o.Format))
}

func (s *shelf) Imports(context.Context) ([]web.ImportView, error) {
	return []web.ImportView{{ID: "r1", Name: "list.csv", By: "kim", Began: sample.Now(), Ended: sample.Now(), Added: 7, Refused: 5}}, s.err
}

func (s *shelf) ImportReport(ctx context.Context, id string) (web.ImportView, []web.ImportLine, error) {
	if id != "r1" {
		return web.ImportView{}, nil, web.ErrNone
	}
	all, err := s.Imports(ctx)
	lines := make([]web.ImportLine, 5)
	for i := range lines {
		lines[i] = web.ImportLine{Line: i + 1, Text: "is no number"}
	}
	return all[0], lines, err
}

func (s *shelf) Erase(_ context.Context, n int64, _ time.Time) error {
	return s.did("erase " + strconv.FormatInt(n, 10))
}

func (s *shelf) Take(_ context.Context, incident string, who account.Who, _ time.Time) error {
	return s.did("take " + incident + " " + who.Name)
}

func (s *shelf) Leave(_ context.Context, incident string) error { return s.did("leave " + incident) }

func (s *shelf) Holds(context.Context) ([]web.Hold, error) {
	return []web.Hold{{Incident: "i1", Name: "kim"}}, s.err
}

func (s *shelf) LookNow(_ context.Context, checks []string) error {
	return s.did("look at " + strings.Join(checks, " "))
}

func (s *shelf) Keys(context.Context) ([]web.TokenView, error) {
	return []web.TokenView{{ID: "t1", Role: account.Operator, Scope: []account.Deed{}}}, s.err
}

func (s *shelf) MakeKey(_ context.Context, w web.TokenWish, _ time.Time) (web.TokenView, string, error) {
	if w.App == "nobody" {
		return web.TokenView{}, "", &web.ForWhatError{Pointer: "/app", Text: "no such app"}
	}
	scope := append([]account.Deed{}, w.Scope...)
	what := []string{"make", string(w.Role)}
	for _, d := range scope {
		what = append(what, string(d))
	}
	return web.TokenView{ID: "t2", Role: w.Role, Scope: scope}, "bongsu_new", s.did(strings.Join(what, " "))
}

func (s *shelf) RevokeKey(_ context.Context, id string) error { return s.did("revoke " + id) }

func (s *shelf) audit(_ context.Context, who account.Who, d account.Deed, about, detail string, _ time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.audited = append(s.audited, fmt.Sprintf("%s %s: %s %s", who.Name, string(d), about, detail))
	return nil
}

// counter is a server with everything that the API has, and a token of each role.
type counter struct {
	*api
	shelf shelf
}

func newCounter(t testing.TB) *counter {
	t.Helper()
	c := &counter{api: &api{tokens: tokens{known: map[[sha256.Size]byte]web.Bearer{}}, by: map[account.Role]string{}}, shelf: shelf{lang: "ko"}}
	for _, role := range account.Roles() {
		token, hash, err := web.NewToken(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		c.by[role], c.tokens.known[hash] = token, web.Bearer{ID: string(role), Note: string(role), Role: role, App: map[bool]string{true: "n1"}[role.OfOneApp()]}
	}
	c.Handler = serve(t, sample.Outage(), web.Options{
		Desk: &c.desk, Tokens: &c.tokens, History: &past{}, Apps: appnotice.NewDesk(appnotice.Wiring{Rules: func() *appnotice.Rules { return nil }, Book: noBook{}}),
		Books: &c.shelf, Holds: &c.shelf, People: &c.shelf, Keyring: &c.shelf, Answers: &c.shelf, Looker: &c.shelf, KeptTexts: &c.shelf, Drills: &c.shelf, Settings: &c.shelf, Users: &c.shelf, AuditLog: &c.shelf, Audit: c.shelf.audit, Now: ever(),
	}).Handler()
	return c
}

// noBook keeps nothing of apps.
type noBook struct{ appnotice.Book }

var errNoBook = errors.New("away")

func (noBook) TemplatesOf(context.Context, string) ([]appnotice.Template, error) {
	return nil, errNoBook
}

func (noBook) ListNamed(context.Context, string, string) (appnotice.List, error) {
	return appnotice.List{}, errNoBook
}

func (noBook) NoticesOf(context.Context, string, string, int) ([]appnotice.View, error) {
	return nil, errNoBook
}

func (noBook) NoticeOf(context.Context, string, string) (appnotice.View, error) {
	return appnotice.View{}, errNoBook
}
func (noBook) ErasePerson(context.Context, string, string, time.Time) error { return errNoBook }

// call sends a request with a role's token. Headers are given as name, value.
func (c *counter) call(role account.Role, method, path, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if role != "" {
		r.Header.Set("Authorization", "Bearer "+c.by[role])
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	c.ServeHTTP(w, r)
	return w
}

// Every operation of the API, as every role and as nobody: who may get past the
// door, who may not is told so, and nothing is done for them.
func TestEveryRouteByEveryRole(t *testing.T) {
	deeds, c := web.DeedOf(), newCounter(t)
	for operation, deed := range deeds {
		method, path, _ := strings.Cut(operation, " ")
		path = strings.NewReplacer("{id}", "n1", "{ref}", "r1", "{function}", "f1", "{name}", "kim").Replace(path)
		methods := []string{method}
		if method == http.MethodGet {
			methods = append(methods, http.MethodHead)
		}
		for _, method := range methods {
			for _, role := range append(account.Roles(), "") {
				before := c.did()
				w := c.call(role, method, path, map[bool]string{true: "{}", false: ""}[method == http.MethodPost || method == http.MethodPut])
				refused := w.Code == http.StatusUnauthorized || w.Code == http.StatusForbidden
				want := deed != "" && !role.May(deed)
				if refused != want || want && (w.Code == http.StatusUnauthorized) != (role == "") {
					t.Errorf("%s %s as %q answers %d; it needs %q", method, path, role, w.Code, deed)
				}
				if w.Code == http.StatusMethodNotAllowed {
					t.Errorf("%s %s is not served", method, path)
				}
				if refused && c.did() > before {
					t.Errorf("%s %s as %q was done", method, path, role)
				}
			}
		}
	}
	if len(deeds) < 86 {
		t.Errorf("only %d operations were tried", len(deeds))
	}
}

// did counts what was done.
func (c *counter) did() int { return len(c.desk.done) + len(c.shelf.deeds) + len(c.shelf.audited) }

// With a key, a write is done once however often it is sent.
func TestIdempotencyKeys(t *testing.T) {
	c := newCounter(t)
	send := func(role account.Role, path, body, key string) *httptest.ResponseRecorder {
		return c.call(role, http.MethodPost, path, body, "Idempotency-Key", key)
	}
	first := send(account.Operator, "/api/v1/incidents", goodIncident, "a")
	again := send(account.Operator, "/api/v1/incidents", goodIncident, "a")
	if first.Code != 201 || again.Code != 201 || first.Body.String() != again.Body.String() || len(c.desk.opened) != 1 ||
		again.Header().Get("Idempotency-Replayed") != "true" || again.Header().Get("Location") != first.Header().Get("Location") {
		t.Errorf("first %d %s, again %d %s, opened %d times", first.Code, first.Body, again.Code, again.Body, len(c.desk.opened))
	}
	for _, tt := range []struct {
		name            string
		role            account.Role
		path, body, key string
		want            int
	}{
		{"another body", account.Operator, "/api/v1/incidents", goodIncident + " ", "a", 422},
		{"another path", account.Operator, "/api/v1/maintenance", goodIncident, "a", 422},
		{"another token", account.Admin, "/api/v1/incidents", goodIncident, "a", 201},
		{"a bad request", account.Operator, "/api/v1/incidents", `{}`, "b", 422},
		{"mended, under the same key", account.Operator, "/api/v1/incidents", goodIncident, "b", 201},
		{"no key", account.Operator, "/api/v1/incidents", goodIncident, "two words", 400},
		{"a key too long", account.Operator, "/api/v1/incidents", goodIncident, strings.Repeat("k", 201), 400},
		{"too big", account.Operator, "/api/v1/incidents", strings.Repeat("x", 2<<20), "c", 413},
	} {
		if w := send(tt.role, tt.path, tt.body, tt.key); w.Code != tt.want {
			t.Errorf("%s answers %d, want %d: %s", tt.name, w.Code, tt.want, w.Body)
		}
	}
}

// Where nobody can tell what became of a request, its key is spent and the answer
// says what to do; what the board does goes by the key's own name, under which it
// is carried out once, so that may be asked again.
func TestAKeyIsNeverDoneTwice(t *testing.T) {
	c := newCounter(t)
	send := func(path, body string) int {
		return c.call(account.Operator, http.MethodPost, "/api/v1/"+path, body, "Idempotency-Key", path).Code
	}
	c.desk.err, c.shelf.err = context.DeadlineExceeded, context.DeadlineExceeded
	if a, b := send("incidents", goodIncident), send("sending/pause", ""); a != 503 || b != 503 {
		t.Errorf("without an answer: %d, %d", a, b)
	}
	c.desk.err, c.shelf.err = nil, nil
	if a, b := send("incidents", goodIncident), send("sending/pause", ""); a != 201 || b != 409 {
		t.Errorf("asked again: %d, %d", a, b)
	}
	if first, again := c.desk.done[0].ID, c.desk.done[1].ID; first == "" || first != again {
		t.Errorf("the board was asked as %q and as %q", first, again)
	}
}

func TestATokenIsShownAgainToItsKeyAlone(t *testing.T) {
	c := newCounter(t)
	body := `{"role": "operator", "note": "night"}`
	for range 2 {
		w := c.call(account.Admin, http.MethodPost, "/api/v1/tokens", body, "Idempotency-Key", "k")
		if w.Code != 201 || !strings.Contains(w.Body.String(), "bongsu_new") {
			t.Errorf("%d %s", w.Code, w.Body)
		}
	}
	if !slices.Equal(c.shelf.deeds, []string{"make operator"}) {
		t.Errorf("did %v", c.shelf.deeds)
	}
	for body, at := range map[string]string{
		`{"role": "god"}`: "/role", `{"role": "viewer", "scope": ["publish"]}`: "/scope", `{"role": "app"}`: "/app", `{"role": "operator", "app": "a"}`: "/app", `{"role": "agent"}`: "/location",
		`{"role": "app", "app": "nobody"}`: "/app", `{"role": "viewer", "expires": "2020-01-01T00:00:00Z"}`: "/expires", `{"role": "viewer", "note": "a\u0007b"}`: "/note",
	} {
		if w := c.call(account.Admin, http.MethodPost, "/api/v1/tokens", body); w.Code != 422 || !strings.Contains(w.Body.String(), `"pointer":"`+at+`"`) {
			t.Errorf("%s answers %d %s", body, w.Code, w.Body)
		}
	}
}

// Who has seen another version than there is changes nothing.
func TestIfMatch(t *testing.T) {
	c := newCounter(t)
	id := sample.Outage().Incidents[0].ID
	read := c.call("", http.MethodGet, "/api/v1/incidents/"+id, "")
	tag := read.Header().Get("ETag")
	for _, tt := range []struct {
		tag  string
		want int
	}{
		{tag, 201},
		{"*", 201},
		{`"other", ` + tag, 201},
		{"", 201},
		{`"other"`, 412},
		{"W/" + tag, 412},
		{strings.Trim(tag, `"`), 412},
	} {
		headers := []string{"If-Match", tt.tag}
		if tt.tag == "" {
			headers = nil
		}
		w := c.call(account.Operator, http.MethodPost, "/api/v1/incidents/"+id+"/updates", goodUpdate, headers...)
		if w.Code != tt.want {
			t.Errorf("If-Match: %s answers %d, want %d: %s", tt.tag, w.Code, tt.want, w.Body)
		}
		if w.Code == 412 && (!strings.Contains(w.Body.String(), "has changed since: it is") || !strings.Contains(w.Body.String(), strings.Trim(tag, `"`))) {
			t.Errorf("what has changed is not said: %s", w.Body)
		}
	}
	updates := sample.Outage().Incidents[0].Updates
	if first := c.desk.done[0]; first.Known != updates[len(updates)-1].ID {
		t.Errorf("the board was not told what was seen: %+v", first)
	}
	if c.desk.done[3].Known != "" {
		t.Error("without If-Match something was said to be seen")
	}
	c.desk.err = fmt.Errorf("noting: %w", status.ErrMeanwhile)
	if w := c.call(account.Operator, http.MethodPost, "/api/v1/incidents/"+id+"/updates", goodUpdate, "If-Match", tag); w.Code != 412 {
		t.Errorf("changed in between it answers %d", w.Code)
	}
	seen := c.call(account.Admin, http.MethodGet, "/api/v1/subscribers/1", "").Header().Get("ETag")
	c.shelf.lang = "ja"
	if w := c.call(account.Admin, http.MethodDelete, "/api/v1/subscribers/1", "", "If-Match", seen); w.Code != 412 || len(c.shelf.deeds) > 0 {
		t.Errorf("a subscriber who chose anew: %d, did %v", w.Code, c.shelf.deeds)
	}
	if w := c.call(account.Admin, http.MethodDelete, "/api/v1/subscribers/1", ""); w.Code != 204 || len(c.shelf.audited) == 0 {
		t.Errorf("erasing answers %d, on the log %v", w.Code, c.shelf.audited)
	}
}

// A list read page by page shows each once, also when more come meanwhile; a
// cursor that we have not made is refused.
func TestCursors(t *testing.T) {
	c := newCounter(t)
	at := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	for i := range 7 { // some were made at the same instant
		c.shelf.made = append(c.shelf.made, web.Delivery{ID: fmt.Sprintf("n%d", 9-i), Made: at.Add(-time.Duration(i/3) * time.Second), Channels: []web.OnChannel{}})
	}
	var seen []string
	cursor := ""
	for page := 0; page == 0 || cursor != ""; page++ {
		w := c.call(account.Viewer, http.MethodGet, "/api/v1/deliveries?limit=2&cursor="+cursor, "")
		var a struct {
			Deliveries []struct{ ID string }
			Next       *string
		}
		decodeAnswer(t, w, &a)
		for _, d := range a.Deliveries {
			seen = append(seen, d.ID)
		}
		if cursor = ""; a.Next != nil {
			cursor = *a.Next
		}
		c.shelf.made = append([]web.Delivery{{ID: fmt.Sprint("new", page), Made: at.Add(time.Minute), Channels: []web.OnChannel{}}}, c.shelf.made...)
	}
	if want := []string{"n9", "n8", "n7", "n6", "n5", "n4", "n3"}; !slices.Equal(seen, want) {
		t.Errorf("read %v, want %v", seen, want)
	}
	var list struct{ Next string }
	decodeAnswer(t, c.call(account.Operator, http.MethodGet, "/api/v1/subscribers?limit=1", ""), &list)
	for name, query := range map[string]string{
		"another list's": "deliveries?cursor=" + list.Next, "changed": "subscribers?cursor=A" + list.Next[1:], "no cursor": "subscribers?cursor=1",
		"endless": "subscribers?cursor=" + strings.Repeat("A", 5000), "no limit": "subscribers?limit=0", "too many": "subscribers?limit=101",
	} {
		if w := c.call(account.Operator, http.MethodGet, "/api/v1/"+query, ""); w.Code != 400 {
			t.Errorf("%s answers %d", name, w.Code)
		}
	}
}

func TestListsAreTakenIn(t *testing.T) {
	c := newCounter(t)
	list := "kind,address,source,consented\nsms,010,web,2026-01-01T00:00:00Z\n"
	for _, tt := range []struct {
		query, kind string
		want        int
	}{
		{"", "text/csv", 200},
		{"?dry_run=true&format=statuspage", "text/csv; charset=utf-8", 200},
		{"", "application/json", 415},
		{"?format=xlsx", "text/csv", 400},
		{"?dry_run=yes", "text/csv", 400},
		{"?country=Korea", "text/csv", 400},
	} {
		if w := c.call(account.Admin, http.MethodPost, "/api/v1/subscribers/import"+tt.query, list, "Content-Type", tt.kind); w.Code != tt.want {
			t.Errorf("%s as %s answers %d %s", tt.query, tt.kind, w.Code, w.Body)
		}
	}
	if !slices.Equal(c.shelf.deeds, []string{"import csv", "import statuspage"}) || len(c.shelf.audited) != 1 {
		t.Errorf("did %v, on the log %v", c.shelf.deeds, c.shelf.audited)
	}
}

// What operators do goes on the log, and what they only read does not.
func TestDeedsAreOnTheLog(t *testing.T) {
	c := newCounter(t)
	for _, path := range []string{"sending/pause", "sending/resume", "channels/sms/resume", "deliveries/n1/cancel"} {
		if w := c.call(account.Operator, http.MethodPost, "/api/v1/"+path, ""); w.Code != 200 {
			t.Errorf("%s answers %d %s", path, w.Code, w.Body)
		}
	}
	c.call(account.Operator, http.MethodGet, "/api/v1/sending", "")
	c.call(account.Admin, http.MethodGet, "/api/v1/subscribers/1/export", "")
	c.call(account.Operator, http.MethodPost, "/api/v1/incidents", goodIncident)
	want := []string{
		"operator steer: all sending paused", "operator steer: all sending resumed", "operator steer: channel sms resumed; it may spend its daily cap once more",
		"operator steer: notice n1 cancelled", "admin keep-people: subscriber 1 exported in clear", "operator publish: incidents/i1 POST incidents",
	}
	if !slices.Equal(c.shelf.audited, want) {
		t.Errorf("on the log: %q", c.shelf.audited)
	}
}

// Who acknowledges an open incident has it until they give it back.
func TestAcknowledging(t *testing.T) {
	c := newCounter(t)
	id := sample.Outage().Incidents[0].ID
	for _, tt := range []struct {
		method, id string
		want       int
	}{{http.MethodPut, id, 200}, {http.MethodDelete, id, 200}, {http.MethodPut, "nothing", 404}, {http.MethodDelete, "nothing", 404}} {
		if w := c.call(account.Operator, tt.method, "/api/v1/incidents/"+tt.id+"/acknowledgement", ""); w.Code != tt.want {
			t.Errorf("%s of %s answers %d %s", tt.method, tt.id, w.Code, w.Body)
		}
	}
	if !slices.Equal(c.shelf.deeds, []string{"take " + id + " operator", "leave " + id}) || len(c.shelf.audited) != 2 {
		t.Errorf("did %v, on the log %v", c.shelf.deeds, c.shelf.audited)
	}
}

// What others suspect is the desk's to see, and nobody else's.
func TestSuspicionsAreForTheDeskAlone(t *testing.T) {
	s := sample.Outage()
	s.Suspicions = []status.Suspicion{{Component: "pay", Source: "prom", Key: "k1", State: status.MajorOutage, Summary: "hearsay <b>", Since: s.At, Until: s.At.Add(time.Hour)}}
	c := newCounter(t)
	c.Handler = serve(t, s, web.Options{Tokens: &c.tokens, Desk: &c.desk}).Handler()
	if w := c.call(account.Viewer, http.MethodGet, "/api/v1/suspicions", ""); w.Code != 200 || !strings.Contains(w.Body.String(), "hearsay") {
		t.Errorf("the desk sees %d %s", w.Code, w.Body)
	}
	for _, path := range []string{"/", "/history", "/components/pay", "/judging", "/api/v1/status", "/api/v1/components/pay", "/api/v1/incidents"} {
		if w := c.call("", http.MethodGet, path, ""); w.Code != 200 || strings.Contains(w.Body.String(), "hearsay") || strings.Contains(w.Body.String(), "prom") {
			t.Errorf("%s answers %d and tells it", path, w.Code)
		}
	}
}

// What the desk's routes answer is what the document says.
func TestTheDesksAnswersAreAsTheDocumentSays(t *testing.T) {
	v := readDocument(t, true)
	c := newCounter(t)
	id := sample.Outage().Incidents[0].ID
	for _, path := range []string{
		"incidents", "incidents?state=past&limit=1", "maintenance", "suspicions", "acknowledgements", "deliveries", "deliveries/n1", "deliveries/none", "deliveries/n1/unreached", "sending", "gateways",
		"subscribers", "subscribers/1", "subscribers/9", "subscribers/x", "subscribers/1/deliveries", "subscribers/1/export", "imports", "imports/r1", "imports/r1?limit=2", "imports/none", "tokens",
	} {
		holdTo(t, v, c, http.MethodGet, path, "")
	}
	for path, body := range map[string]string{
		"deliveries/n1/resend": "", "deliveries/n1/pause": "", "deliveries/over/resume": "", "sending/pause": "", "channels/sms/resume": "", "subscribers/search": `{"who": "+82*******678"}`, "tokens": `{"role": "viewer"}`,
		"incidents": goodIncident, "incidents/" + id + "/updates": `{"text": {}}`,
	} {
		holdTo(t, v, c, http.MethodPost, path, body)
	}
}
