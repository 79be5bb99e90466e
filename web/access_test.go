package web_test

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"bongsu/notifier/signup"
	"bongsu/status"
	"bongsu/web"
	"bongsu/web/account"
	"bongsu/web/sample"
)

// desk does what it is asked, and remembers it.
type desk struct {
	opened  []status.Draft
	noted   []status.NoteDraft
	planned []status.Maintenance
	done    []status.Command
	err     error
}

func (d *desk) Do(_ context.Context, c status.Command) (string, error) {
	d.done = append(d.done, c)
	switch {
	case c.Open != nil:
		d.opened = append(d.opened, *c.Open)
		return "i1", d.err
	case c.Note != nil:
		d.noted = append(d.noted, *c.Note)
		return "u1", d.err
	case c.Maintain != nil:
		d.planned = append(d.planned, *c.Maintain)
		return "m1", d.err
	default:
		return "x1", d.err
	}
}

// tokens knows tokens by their hash.
type tokens struct {
	known map[[sha256.Size]byte]web.Bearer
	err   error
	asked int
}

func (t *tokens) Bearer(_ context.Context, hash [sha256.Size]byte, _ time.Time) (web.Bearer, error) {
	t.asked++
	if who, ok := t.known[hash]; ok && t.err == nil {
		return who, nil
	}
	return web.Bearer{}, errors.Join(t.err, cmpOr(t.err, web.ErrNoToken))
}

func cmpOr(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

// api is a server that machines may write to.
type api struct {
	http.Handler
	desk   desk
	tokens tokens
	by     map[account.Role]string
}

func newAPI(t testing.TB) *api {
	t.Helper()
	a := &api{tokens: tokens{known: map[[sha256.Size]byte]web.Bearer{}}, by: map[account.Role]string{}}
	for _, role := range []account.Role{account.Viewer, account.Operator, account.Admin} {
		token, hash, err := web.NewToken(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		a.by[role], a.tokens.known[hash] = token, web.Bearer{ID: string(role), Note: "night shift", Role: role}
	}
	a.Handler = serve(t, sample.Outage(), web.Options{Desk: &a.desk, Tokens: &a.tokens}).Handler()
	return a
}

// send posts a body. Headers are given as name, value.
func send(h http.Handler, path, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func (a *api) write(role account.Role, path, body string) *httptest.ResponseRecorder {
	return send(a, path, body, "Content-Type", "application/json", "Authorization", "Bearer "+a.by[role])
}

const (
	goodIncident    = `{"title": {"ko": "결제 장애", "en": "Payments fail"}, "text": {"en": "We are looking."}, "components": {"pay": "major_outage"}, "stage": "identified", "notify": true}`
	goodUpdate      = `{"text": {"en": "Half of it answers."}, "next": "2026-10-15T16:00:00+09:00"}`
	goodMaintenance = `{"title": {"en": "New disks"}, "components": ["pay"], "from": "2030-01-01T00:00:00Z", "until": "2030-01-01T02:00:00Z"}`
)

func TestWrites(t *testing.T) {
	a := newAPI(t)
	for _, c := range []struct{ path, body, location, want string }{
		{"/api/v1/incidents", goodIncident, "/incidents/i1", `"id":"i1"`},
		{"/api/v1/incidents/i1/updates", goodUpdate, "/incidents/i1", `"id":"u1","incident":"i1"`},
		{"/api/v1/maintenance", goodMaintenance, "/maintenance", `"id":"m1"`},
	} {
		w := a.write(account.Operator, c.path, c.body)
		if w.Code != http.StatusCreated || w.Header().Get("Location") != c.location || !strings.Contains(w.Body.String(), c.want) {
			t.Errorf("%s answers %d, at %q: %s", c.path, w.Code, w.Header().Get("Location"), w.Body)
		}
	}
	want := status.Draft{
		Title: status.Text{"ko": "결제 장애", "en": "Payments fail"}, Text: status.Text{"en": "We are looking."},
		Components: map[string]status.State{"pay": status.MajorOutage}, Stage: status.Identified, Author: "night shift", Notify: true,
	}
	if diff := cmp.Diff([]status.Draft{want}, a.desk.opened); diff != "" {
		t.Error(diff)
	}
	if len(a.desk.noted) != 1 || a.desk.noted[0].Stage != nil || a.desk.noted[0].Next.UTC().Hour() != 7 {
		t.Errorf("noted %+v", a.desk.noted)
	}
}

// Who may do what, and what everybody else is told.
func TestRoles(t *testing.T) {
	for _, path := range []string{"/api/v1/incidents", "/api/v1/incidents/i1/updates", "/api/v1/maintenance"} {
		body := map[string]string{"/api/v1/incidents": goodIncident, "/api/v1/maintenance": goodMaintenance}[path]
		if body == "" {
			body = goodUpdate
		}
		a := newAPI(t)
		for role, want := range map[account.Role]int{account.Viewer: 403, account.Operator: 201, account.Admin: 201} {
			if w := a.write(role, path, body); w.Code != want {
				t.Errorf("%s as %s answers %d, want %d", path, role, w.Code, want)
			}
		}
		for name, header := range map[string]string{
			"nobody": "", "another scheme": "Basic Ym9uZ3N1Og==", "no token": "Bearer ", "not ours": "Bearer ghp_abc",
			"unknown": "Bearer bongsu_" + strings.Repeat("A", 43), "long": "Bearer " + strings.Repeat("A", 9000),
		} {
			w := send(a, path, body, "Content-Type", "application/json", "Authorization", header)
			if w.Code != http.StatusUnauthorized || !strings.HasPrefix(w.Header().Get("WWW-Authenticate"), "Bearer") {
				t.Errorf("%s as %s answers %d, challenge %q", path, name, w.Code, w.Header().Get("WWW-Authenticate"))
			}
		}
		if n := len(a.desk.opened) + len(a.desk.noted) + len(a.desk.planned); n != 2 {
			t.Errorf("%s was done %d times, want 2", path, n)
		}
	}
	if _, err := account.ParseRole("owner"); err == nil || !strings.Contains(err.Error(), "viewer, supervisor, operator, app, agency, admin") {
		t.Errorf("an unknown role: %v", err)
	}
}

func TestWhatTheAPIRefuses(t *testing.T) {
	deep := strings.Repeat(`{"a":`, 30) + "1" + strings.Repeat("}", 30)
	for _, c := range []struct {
		name, path, body string
		want             int
		says             string
	}{
		{"no JSON", "/api/v1/incidents", "title=x", 400, "cannot be read"},
		{"half of it", "/api/v1/incidents", goodIncident[:40], 400, "cannot be read"},
		{"two values", "/api/v1/incidents", goodIncident + "{}", 400, "follows"},
		{"an array", "/api/v1/incidents", "[]", 400, "not a JSON object"},
		{"nothing", "/api/v1/incidents", "", 400, "ends early"},
		{"an unknown key", "/api/v1/incidents", `{"titel": {}}`, 400, `\"titel\" is not known; write title, text`},
		{"another spelling", "/api/v1/incidents", `{"Title": {}}`, 400, "not known"},
		{"a key twice", "/api/v1/incidents", `{"notify": false, "notify": true}`, 400, "twice"},
		{"a language twice", "/api/v1/incidents", `{"title": {"en": "a", "en": "b"}}`, 400, "twice"},
		{"too deep", "/api/v1/incidents", `{"title": ` + deep + `}`, 400, "nested"},
		{"another type", "/api/v1/incidents", `{"notify": "yes"}`, 400, "true or false"},
		{"not UTF-8", "/api/v1/incidents", "{\"title\": {\"en\": \"\xff\"}}", 400, "UTF-8"},
		{"too big", "/api/v1/incidents", `{"text": {"en": "` + strings.Repeat("x", 70_000) + `"}}`, 413, "65536"},
		{"no words", "/api/v1/incidents", `{}`, 422, `"/title"`},
		{"empty words", "/api/v1/incidents", `{"title": {"en": " "}, "text": {"en": "x"}}`, 422, `"/title/en"`},
		{"a language too many", "/api/v1/incidents", `{"title": {"fr": "x"}, "text": {"en": "x"}}`, 422, "ko, ja, en"},
		{"a turned line", "/api/v1/incidents", `{"title": {"en": "a\u202eb"}, "text": {"en": "x"}}`, 422, "control"},
		{"an endless text", "/api/v1/incidents", `{"title": {"en": "a"}, "text": {"en": "` + strings.Repeat("x", 4001) + `"}}`, 422, "4000"},
		{"an endless title", "/api/v1/incidents", `{"title": {"en": "` + strings.Repeat("x", 121) + `"}, "text": {"en": "x"}}`, 422, "120"},
		{"no such component", "/api/v1/incidents", `{"title": {"en": "a"}, "text": {"en": "x"}, "components": {"a/b": "major_outage"}}`, 422, `"/components/a~1b"`},
		{"well already", "/api/v1/incidents", `{"title": {"en": "a"}, "text": {"en": "x"}, "components": {"pay": "operational"}}`, 422, "degraded_performance"},
		{"over already", "/api/v1/incidents", `{"title": {"en": "a"}, "text": {"en": "x"}, "stage": "resolved"}`, 422, `"/stage"`},
		{"no such stage", "/api/v1/incidents/i1/updates", `{"text": {"en": "x"}, "stage": "done"}`, 422, "investigating"},
		{"no time", "/api/v1/incidents/i1/updates", `{"text": {"en": "x"}, "next": "soon"}`, 422, "2026-10-15T15:30:00+09:00"},
		{"maintenance of nothing", "/api/v1/maintenance", `{"title": {"en": "a"}, "components": [], "from": "2030-01-01T00:00:00Z", "until": "2030-01-01T00:00:00Z"}`, 422, `"/components"`},
		{"no such path", "/api/v1/incident", `{}`, 404, "/api/v1/status"},
	} {
		a := newAPI(t)
		w := a.write(account.Operator, c.path, c.body)
		if w.Code != c.want || !strings.Contains(w.Body.String(), c.says) || w.Header().Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s answers %d as %s, want %d with %q:\n%s", c.name, w.Code, w.Header().Get("Content-Type"), c.want, c.says, w.Body)
		}
		if len(a.desk.opened)+len(a.desk.noted)+len(a.desk.planned) > 0 {
			t.Errorf("%s was done", c.name)
		}
	}
	a := newAPI(t)
	if w := send(a, "/api/v1/incidents", goodIncident, "Content-Type", "text/plain", "Authorization", "Bearer "+a.by[account.Operator]); w.Code != http.StatusUnsupportedMediaType {
		t.Errorf("plain text answers %d", w.Code)
	}
	if w := ask(a, "DELETE", "/api/v1/incidents"); w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") == "" {
		t.Errorf("DELETE answers %d, allows %q", w.Code, w.Header().Get("Allow"))
	}
}

func TestWhatTheDeskRefuses(t *testing.T) {
	for err, want := range map[error]int{
		status.ErrNoIncident: 404, status.ErrClosed: 409, status.ErrMeasured: 409,
		status.ErrNoComponent: 422, status.ErrNoState: 422, status.ErrNoTime: 422,
		context.DeadlineExceeded: 503, errors.New("the monitor has stopped"): 503,
	} {
		a := newAPI(t)
		a.desk.err = fmt.Errorf("noting: %w", err)
		w := a.write(account.Operator, "/api/v1/incidents/i1/updates", goodUpdate)
		if w.Code != want || (want == http.StatusServiceUnavailable && w.Header().Get("Retry-After") == "") {
			t.Errorf("%v answers %d, want %d: %s", err, w.Code, want, w.Body)
		}
	}
	a := newAPI(t)
	a.tokens.err = errors.New("the database is away")
	if w := a.write(account.Operator, "/api/v1/incidents", goodIncident); w.Code != http.StatusServiceUnavailable {
		t.Errorf("without its database it answers %d", w.Code)
	}
}

// Whoever keeps on with wrong tokens is told to wait, network by network; a
// neighbour with a good one is not kept out.
func TestWrongTokensAreLimited(t *testing.T) {
	a := newAPI(t)
	var last *httptest.ResponseRecorder
	for i := range 30 {
		last = send(a, "/api/v1/incidents", "{}", "Authorization", "Bearer bongsu_"+strings.Repeat("A", 43), "X-Forwarded-For", fmt.Sprintf("198.51.%d.1", i))
	}
	if last.Code != http.StatusTooManyRequests || last.Header().Get("Retry-After") == "" {
		t.Errorf("the last of 30 answers %d", last.Code)
	}
	if w := a.write(account.Operator, "/api/v1/incidents", goodIncident); w.Code != http.StatusCreated {
		t.Errorf("a good token of the same network answers %d: %s", w.Code, w.Body)
	}
	r := httptest.NewRequest(http.MethodPost, "/api/v1/incidents", strings.NewReader(goodIncident))
	r.RemoteAddr = "203.0.113.9:1"
	r.Header.Set("Authorization", "Bearer "+a.by[account.Operator])
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	a.ServeHTTP(w, r)
	if w.Code != http.StatusCreated {
		t.Errorf("another network's good token answers %d", w.Code)
	}
}

func FuzzIncidentBody(f *testing.F) {
	a := newAPI(f)
	for _, seed := range []string{goodIncident, goodUpdate, "{}", "[[[[", `{"title":{"en":null}}`, `{"components":{"":""}}`, "\x00"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		if w := a.write(account.Operator, "/api/v1/incidents", body); w.Code >= 500 {
			t.Fatalf("%q answers %d: %s", body, w.Code, w.Body)
		}
	})
}

// signups takes people in on paper.
type signups struct {
	mu      sync.Mutex
	off     bool
	kinds   []string // offered; nil: sms
	asked   []signup.Visitor
	purpose []signup.Purpose
	member  signup.Member
	gone    bool
	chosen  []signup.Choices
	dropped []string
	bound   []string
	stopped []string
	err     error
}

const (
	goodTicket = "ticketticketticketticketticketti"
	goodCode   = "123456"
	goodToken  = "tokentokentoken"
)

func (s *signups) Offers() []signup.Offer {
	if s.off {
		return nil
	}
	var offers []signup.Offer
	for _, kind := range s.Leaves() {
		offers = append(offers, signup.Offer{Kind: kind, Joins: true})
	}
	return offers
}

func (s *signups) Leaves() []string {
	if s.kinds == nil {
		return []string{"sms"}
	}
	return s.kinds
}

func (s *signups) Ask(_ context.Context, p signup.Purpose, v signup.Visitor, _ time.Time) (signup.Asking, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if v.Kind == "line" {
		return signup.Asking{Send: "ABCD-EFGH"}, s.err
	}
	if _, err := signup.Read(v.Kind, v.Address, signup.Numbers{Countries: []string{"KR"}}); err != nil {
		return signup.Asking{}, err
	}
	s.asked, s.purpose = append(s.asked, v), append(s.purpose, p)
	a := signup.Asking{Ticket: goodTicket}
	if v.Kind == "webhook" {
		a.Secret = "whsec_shownonce"
	}
	return a, s.err
}

func (s *signups) Confirm(_ context.Context, _ signup.Purpose, _, ticket, code string, _ time.Time) (string, error) {
	if s.err == nil && (ticket != goodTicket || code != goodCode) {
		return "", signup.ErrCode
	}
	return goodToken, s.err
}

func (s *signups) Bind(_ context.Context, kind, address, text string, _ time.Time) error {
	if text != "ABCD-EFGH" {
		return signup.ErrCode
	}
	s.bound = append(s.bound, kind+" "+address)
	return s.err
}

func (s *signups) Stop(_ context.Context, kind, address, ref string, _, _ time.Time) error {
	s.stopped = append(s.stopped, kind+" "+address+" "+ref)
	return s.err
}

func (s *signups) Member(_ context.Context, token string) (signup.Member, string, error) {
	switch {
	case s.err != nil:
		return signup.Member{}, "", s.err
	case token != goodToken:
		return signup.Member{}, "", signup.ErrLink
	case s.gone:
		return signup.Member{}, "email", signup.ErrGone
	}
	return s.member, "email", nil
}

func (s *signups) Choose(_ context.Context, token string, c signup.Choices) error {
	if token != goodToken {
		return signup.ErrLink
	}
	s.chosen = append(s.chosen, c)
	s.member.Lang, s.member.AtLeast, s.member.Wishes = c.Lang, c.AtLeast, c.Wishes
	return s.err
}

func (s *signups) Drop(_ context.Context, token, kind string, _ time.Time) (bool, error) {
	if token != goodToken {
		return false, signup.ErrLink
	}
	s.dropped = append(s.dropped, kind)
	s.member.Addresses = slices.DeleteFunc(s.member.Addresses, func(h signup.Held) bool { return kind == "" || h.Kind == kind })
	s.gone = len(s.member.Addresses) == 0
	return s.gone, s.err
}

const formType = "application/x-www-form-urlencoded"

func submit(h http.Handler, path string, values url.Values, headers ...string) *httptest.ResponseRecorder {
	return send(h, path, values.Encode(), append([]string{"Content-Type", formType}, headers...)...)
}

func TestSigningUp(t *testing.T) {
	s := &signups{}
	h := serve(t, sample.Outage(), web.Options{Signup: s}).Handler()
	if w := ask(h, "GET", "/subscribe?lang=en"); w.Code != 200 || !strings.Contains(w.Body.String(), `for="address"`) {
		t.Fatalf("the form answers %d", w.Code)
	}
	if body := ask(h, "GET", "/?lang=en").Body.String(); !strings.Contains(body, "/en/subscribe") || !strings.Contains(body, "/en/leave") {
		t.Error("the first page does not lead to the forms")
	}
	for _, c := range []struct {
		name, path string
		values     url.Values
		want       int
		says       []string
	}{
		{"no number", "/subscribe?lang=en", url.Values{}, 422, []string{"Write your mobile number", `aria-invalid="true"`, `href="#address"`}},
		{"a landline", "/subscribe?lang=ko", url.Values{"address": {"02-123-4567"}}, 422, []string{"문자를 받을 수 없는", `value="02-123-4567"`}},
		{"markup", "/subscribe?lang=en", url.Values{"address": {`"><script>`}}, 422, []string{"&lt;script&gt;"}},
		{"a number", "/subscribe?lang=en", url.Values{"address": {"010-1234-5678"}, "at_least": {"major_outage"}, "text_lang": {"ja"}}, 200, []string{`autocomplete="one-time-code"`, goodTicket}},
		{"a wrong code", "/subscribe/confirm?lang=ja", url.Values{"ticket": {goodTicket}, "code": {"000000"}}, 422, []string{"確認番号が違うか", goodTicket, `aria-describedby="code-hint code-wrong"`}},
		{"the code", "/subscribe/confirm?lang=en", url.Values{"ticket": {goodTicket}, "code": {goodCode}}, 200, []string{"You are signed up"}},
		{"to leave", "/leave?lang=en", url.Values{"address": {"01012345678"}}, 200, []string{`action="/en/leave/confirm"`}},
		{"and gone", "/leave/confirm?lang=ko", url.Values{"ticket": {goodTicket}, "code": {goodCode}}, 200, []string{"해지되었습니다"}},
	} {
		w := submit(h, c.path, c.values)
		if w.Code != c.want {
			t.Errorf("%s answers %d, want %d", c.name, w.Code, c.want)
		}
		for _, says := range c.says {
			if !strings.Contains(w.Body.String(), says) {
				t.Errorf("%s does not say %q:\n%s", c.name, says, w.Body)
			}
		}
		if w.Header().Get("Cache-Control") != "no-store" || w.Header().Get("Set-Cookie") != "" {
			t.Errorf("%s: Cache-Control %q, Set-Cookie %q", c.name, w.Header().Get("Cache-Control"), w.Header().Get("Set-Cookie"))
		}
	}
	want := []signup.Purpose{signup.Join, signup.Leave}
	if diff := cmp.Diff(want, s.purpose); diff != "" || s.asked[0].AtLeast != status.MajorOutage || s.asked[0].Lang != "ja" {
		t.Errorf("asked as %+v: %s", s.asked, diff)
	}
}

func TestFormsThatAreNotTaken(t *testing.T) {
	number := url.Values{"address": {"010-1234-5678"}}
	for _, c := range []struct {
		name    string
		signup  *signups
		path    string
		body    string
		headers []string
		want    int
	}{
		{"not offered", &signups{off: true}, "/subscribe", number.Encode(), nil, 404},
		{"leaving is", &signups{off: true}, "/leave", number.Encode(), nil, 200},
		{"from elsewhere", &signups{}, "/subscribe", number.Encode(), []string{"Sec-Fetch-Site", "cross-site"}, 403},
		{"from elsewhere, long ago", &signups{}, "/subscribe", number.Encode(), []string{"Origin", "https://evil.example"}, 403},
		{"from nowhere", &signups{}, "/subscribe", number.Encode(), []string{"Origin", "null"}, 403},
		{"from here", &signups{}, "/subscribe", number.Encode(), []string{"Sec-Fetch-Site", "same-origin"}, 200},
		{"too big", &signups{}, "/subscribe", "address=" + strings.Repeat("1", 20000), nil, 413},
		{"broken", &signups{}, "/subscribe", "address=%zz", nil, 400},
		{"JSON", &signups{}, "/subscribe", "{}", []string{"Content-Type", "application/json"}, 400},
		{"the database is away", &signups{err: errors.New("away")}, "/subscribe", number.Encode(), nil, 503},
		{"nor the code", &signups{err: errors.New("away")}, "/leave/confirm", "ticket=x&code=123456", nil, 503},
	} {
		h := serve(t, sample.Outage(), web.Options{Signup: c.signup}).Handler()
		w := send(h, c.path, c.body, append([]string{"Content-Type", formType}, c.headers...)...)
		if w.Code != c.want {
			t.Errorf("%s answers %d, want %d", c.name, w.Code, c.want)
		}
	}
	h := serve(t, sample.Outage(), web.Options{}).Handler()
	if w := submit(h, "/leave", number); w.Code != http.StatusNotFound {
		t.Errorf("without a channel leaving answers %d", w.Code)
	}
	if w := ask(h, "GET", "/subscribe?lang=en"); w.Code != 200 || !strings.Contains(w.Body.String(), "not offered") {
		t.Errorf("without a channel the page answers %d", w.Code)
	}
	if strings.Contains(ask(h, "GET", "/?lang=en").Body.String(), "/leave") {
		t.Error("the footer leads where nothing is")
	}
}

// Only a trusted proxy is believed about where a visitor comes from.
func TestAForgedOriginChangesNoLimit(t *testing.T) {
	wrong := url.Values{"address": {""}}
	try := func(trusted []string) (refused int) {
		h := serve(t, sample.Outage(), web.Options{Signup: &signups{}, TrustedProxies: trusted}).Handler()
		for i := range 250 {
			w := submit(h, "/subscribe", wrong, "X-Forwarded-For", fmt.Sprintf("198.51.%d.1", i), "X-Real-IP", fmt.Sprintf("203.0.%d.1", i))
			if w.Code == http.StatusTooManyRequests {
				refused++
			}
		}
		return refused
	}
	if n := try(nil); n < 100 {
		t.Errorf("%d of 250 were refused; their headers were believed", n)
	}
	if n := try([]string{"192.0.2.0/24"}); n != 0 { // where httptest's requests come from
		t.Errorf("%d of 250 were refused behind a trusted proxy", n)
	}
}

// A proxy that is trusted has not written every header it passes on.
func TestATrustedProxyVouchesForOneHeader(t *testing.T) {
	for _, forwarded := range []string{"", "unknown", "198.51.100.7:4711", "10.9.8.7, 198.51.100.7"} {
		h := serve(t, sample.Outage(), web.Options{Signup: &signups{}, TrustedProxies: []string{"192.0.2.0/24"}}).Handler()
		refused := 0
		for i := range 250 {
			w := submit(h, "/subscribe", url.Values{"address": {""}}, "X-Forwarded-For", forwarded, "X-Real-IP", fmt.Sprintf("203.0.%d.1", i))
			if w.Code == http.StatusTooManyRequests {
				refused++
			}
		}
		if refused < 39 {
			t.Errorf("with X-Forwarded-For %q, %d of 250 were refused; X-Real-IP was believed", forwarded, refused)
		}
	}
}

// Only a code that was sent can be tried and counted. The time an answer takes
// must not tell, or it tells whose numbers are known.
func TestAWrongCodeTakesItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := serve(t, sample.Outage(), web.Options{Signup: &signups{}}).Handler()
		for _, path := range []string{"/leave", "/leave/confirm"} {
			began := time.Now()
			submit(h, path, url.Values{"address": {"010-1234-5678"}, "ticket": {"never given"}, "code": {"000000"}})
			if took := time.Since(began); took < 300*time.Millisecond {
				t.Errorf("%s answers after %s", path, took)
			}
		}
	})
}

// Who has a code keeps it while the database is away: another costs a text.
func TestACodeOutlivesTheDatabase(t *testing.T) {
	h := serve(t, sample.Outage(), web.Options{Signup: &signups{err: errors.New("away")}}).Handler()
	w := submit(h, "/leave/confirm?lang=en", url.Values{"ticket": {goodTicket}, "code": {goodCode}})
	for _, says := range []string{"in a few minutes", goodTicket, `autocomplete="one-time-code"`} {
		if !strings.Contains(w.Body.String(), says) {
			t.Errorf("the page lacks %q:\n%s", says, w.Body)
		}
	}
}

func TestTheSecondStepLeadsBackInTheSameLanguage(t *testing.T) {
	h := serve(t, sample.Outage(), web.Options{Signup: &signups{}}).Handler()
	for target, want := range map[string]string{
		"/leave/confirm?lang=ja":                   "/ja/leave",
		"/subscribe/confirm":                       "/subscribe",
		"/subscribe/confirm?lang=//evil.example/%": "/subscribe",
	} {
		if got := ask(h, "GET", target).Header().Get("Location"); got != want {
			t.Errorf("%s leads to %q, want %q", target, got, want)
		}
	}
}

func FuzzForm(f *testing.F) {
	s := &signups{err: signup.ErrCode} // no waiting for codes
	h := serve(f, sample.Outage(), web.Options{Signup: s, Now: ever()}).Handler()
	for _, seed := range []string{"address=010-1234-5678", "address=%00&text_lang=xx&topic=x&by=webpush", "code=123456&ticket=a", "&&=;", "address=" + "9"} {
		f.Add("/subscribe", seed)
		f.Add("/leave/confirm", seed)
	}
	f.Fuzz(func(t *testing.T, path, body string) {
		if path != "/subscribe" && path != "/leave/confirm" {
			return
		}
		synctest.Test(t, func(t *testing.T) { // wrong codes take their time
			if w := send(h, path, body, "Content-Type", formType); w.Code == http.StatusInternalServerError {
				t.Errorf("%q answers %d", body, w.Code)
			}
		})
	})
}

// ever is a clock on which every moment is a minute after the last, so that no
// limit is reached.
func ever() func() time.Time {
	now := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	var mu sync.Mutex
	return func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		now = now.Add(time.Minute)
		return now
	}
}
