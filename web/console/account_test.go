package console_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"bongsu/status"
	"bongsu/web/account"
	"bongsu/web/console"
	"bongsu/web/door"
	"bongsu/web/door/doortest"
	"bongsu/web/sample"
)

// newEntry is a real door over a book, whose passwords cost little.
func newEntry(book door.Book) *door.Door {
	made := 0
	return door.New(door.Options{
		Book: book, Random: rand.Reader, Now: sample.Now, Secure: func() bool { return true }, Cost: account.Cost{Memory: 64, Passes: 1, Threads: 1},
		ID: func(time.Time) string { made++; return fmt.Sprint("user-", made) },
	})
}

// tokenBook keeps tokens in memory.
type tokenBook struct{ all []console.Token }

func (b *tokenBook) Tokens(context.Context) ([]console.Token, error) { return b.all, nil }

func (b *tokenBook) MakeToken(_ context.Context, _ account.Who, t console.Token) (string, error) {
	t.ID = fmt.Sprint("t", len(b.all))
	b.all = append(b.all, t)
	return "bongsu_secret", nil
}

func (b *tokenBook) RevokeToken(_ context.Context, _ account.Who, id string) error {
	i := slices.IndexFunc(b.all, func(t console.Token) bool { return t.ID == id })
	if i < 0 {
		return console.ErrNoToken
	}
	b.all = slices.Delete(b.all, i, i+1)
	return nil
}

const passphrase = "correct horse battery"

// inhabited is a console with a real door, and a browser that keeps cookies.
type inhabited struct {
	t       *testing.T
	console *console.Console
	book    *doortest.Book
	lent    *lentBook
	entry   *door.Door
	tokens  *tokenBook
	cookies map[string]string
	lang    string
	from    int // which network
}

func inhabit(t *testing.T) *inhabited {
	t.Helper()
	h := &inhabited{t: t, lent: &lentBook{}, tokens: &tokenBook{}, lang: "en"}
	h.moveOut()
	h.entry = newEntry(h.lent)
	h.console = open(t, sample.Outage(), func(o *console.Options) {
		o.Door, o.Entry, o.Tokens, o.TrustedProxies = h.entry, h.entry, h.tokens, []string{"192.0.2.0/24"}
	})
	return h
}

// lentBook is a book that can be taken away for an empty one.
type lentBook struct{ door.Book }

// moveOut leaves the house as it was before anybody came, and comes from another
// network: making another house takes long.
func (h *inhabited) moveOut() {
	h.from++
	h.book, h.cookies = doortest.New(), map[string]string{}
	h.lent.Book, h.tokens.all = h.book, nil
}

// visit asks for a page, or posts a form, and follows where it leads.
func (h *inhabited) visit(method, target string, form url.Values, headers ...string) *httptest.ResponseRecorder {
	h.t.Helper()
	for range 5 {
		w := h.once(method, target, form, headers...)
		if w.Code != http.StatusSeeOther {
			return w
		}
		method, target, form = http.MethodGet, w.Header().Get("Location"), nil
	}
	h.t.Fatal("it leads in a circle")
	return nil
}

func (h *inhabited) once(method, target string, form url.Values, headers ...string) *httptest.ResponseRecorder {
	r := request(method, target, "", form.Encode(), append([]string{"Accept-Language", h.lang, "X-Forwarded-For", fmt.Sprintf("198.51.%d.1", h.from)}, headers...)...)
	for name, value := range h.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	w := httptest.NewRecorder()
	h.console.ServeHTTP(w, r)
	for _, c := range w.Result().Cookies() {
		if h.cookies[c.Name] = c.Value; c.MaxAge < 0 {
			delete(h.cookies, c.Name)
		}
	}
	return w
}

func (h *inhabited) get(target string) *httptest.ResponseRecorder { return h.visit("GET", target, nil) }

// post posts a form of name, value pairs.
func (h *inhabited) post(target string, pairs ...string) *httptest.ResponseRecorder {
	form := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	return h.visit("POST", target, form)
}

// shows fails unless an answer has a status and says something.
func (h *inhabited) shows(w *httptest.ResponseRecorder, status int, says ...string) {
	h.t.Helper()
	for _, s := range says {
		if !strings.Contains(w.Body.String(), s) {
			h.t.Errorf("the answer does not say %q:\n%s", s, w.Body)
		}
	}
	if w.Code != status {
		h.t.Errorf("the answer is %d, want %d:\n%s", w.Code, status, w.Body)
	}
}

// first makes the first user, hana, by a link, as somebody does who starts the server
// for the first time, and logs in.
func (h *inhabited) first() {
	h.t.Helper()
	const name = "hana"
	link, err := h.entry.Keeper().FirstLink(h.t.Context())
	if err != nil {
		h.t.Fatal(err)
	}
	h.shows(h.get("/console/link/"+link), 200, "You become the first user")
	h.shows(h.post("/console/link/"+link, "name", name, "password", "short"), 422, "at least 12 characters", `value="`+name+`"`)
	h.shows(h.post("/console/link/"+link, "name", "x y", "password", passphrase), 422, "cannot be a name")
	h.shows(h.post("/console/link/"+link, "name", name, "password", passphrase), 200, "That is set", `name="password"`)
	h.shows(h.post("/console/link/"+link, "name", "mallory", "password", passphrase), 404, "not good any more")
	h.shows(h.post("/console/login", "name", name, "password", passphrase, "next", "/console/account"), 200, "My account", name)
}

func TestTheFirstUserComesInByALink(t *testing.T) {
	h := inhabit(t)
	h.first()
	h.shows(h.get("/console"), 200, "hana", "administrator")
	h.shows(h.post("/console/logout"), 200, "You are logged out.", `name="password"`)
	h.shows(h.get("/console/account"), 200, `name="password"`, `value="/console/account"`)
}

func TestAWrongPasswordIsToldAndThenMadeToWait(t *testing.T) {
	h := inhabit(t)
	h.first()
	h.cookies = map[string]string{}
	for range 5 {
		h.shows(h.post("/console/login", "name", "hana", "password", "wrong"), 422, "That is not right", `value="hana"`)
	}
	w := h.post("/console/login", "name", "hana", "password", passphrase)
	h.shows(w, 429, "Wait")
	if w.Header().Get("Retry-After") == "" {
		t.Error("it does not say when to come back")
	}
}

var secretField = regexp.MustCompile(`name="secret" value="([A-Z2-7]+)"`)

func TestAnAuthenticatorIsSetUpAndAskedFor(t *testing.T) {
	h := inhabit(t)
	h.first()
	page := h.get("/console/account/authenticator")
	h.shows(page, 200, `<svg viewBox="0 0 `, `class="ink" d="M4 4h7v1h-7z`)
	if strings.Contains(page.Body.String(), "http://") || strings.Contains(page.Body.String(), "data:") {
		t.Error("the picture comes from elsewhere")
	}
	text := secretField.FindStringSubmatch(page.Body.String())[1]
	secret, _ := account.ParseTOTP(text)
	code := account.TOTP(secret, sample.Now())
	h.shows(h.post("/console/account/authenticator", "secret", text, "code", "000000", "password", passphrase), 422, "That is not right", text)
	h.shows(h.post("/console/account/authenticator", "secret", "junk", "code", code, "password", passphrase), 400, "did not arrive whole")
	w := h.post("/console/account/authenticator", "secret", text, "code", code, "password", passphrase)
	h.shows(w, 200, "shown this once only")
	codes := regexp.MustCompile(`[a-z2-7]{4}(?:-[a-z2-7]{4}){3}`).FindAllString(w.Body.String(), -1)
	if len(codes) != account.RecoveryCodes {
		t.Fatalf("%d recovery codes", len(codes))
	}
	h.shows(h.get("/console/account"), 200, "10 recovery codes are left")
	h.post("/console/logout")
	h.shows(h.post("/console/login", "name", "hana", "password", passphrase, "next", "/console/users"), 200, "six digits", `value="/console/users"`)
	h.shows(h.get("/console"), 200, "six digits") // the password alone opens nothing
	h.shows(h.post("/console/login/code", "code", code), 422, "a code is good once")
	h.shows(h.post("/console/login/code", "code", codes[0], "next", "/console/users"), 200, "9 are left", "Add a user")
	h.shows(h.post("/console/account/recovery", "password", "wrong"), 422, "That is not right")
	h.shows(h.post("/console/account/authenticator/drop", "password", passphrase), 200, "Your password alone lets you in now")
}

func TestAnAdministratorKeepsUsers(t *testing.T) {
	h := inhabit(t)
	h.first()
	h.shows(h.post("/console/users/add", "name", "hana", "role", "viewer"), 422, "with this name already")
	h.shows(h.post("/console/users/add", "name", "x", "role", "viewer"), 422, "cannot be a name")
	h.shows(h.post("/console/users/add", "name", "duri", "role", "agency", "app", "nowhere"), 422, "looks after one app", `value="duri"`)
	h.shows(h.post("/console/users/add", "name", "duri", "role", "agent"), 422, "no such role")
	w := h.post("/console/users/add", "name", "Sora", "role", "operator")
	h.shows(w, 200, "Send this to sora", "good for 1 h", "has no password yet")
	link := regexp.MustCompile(`https://[^<]+(/console/link/[A-Za-z0-9_-]{43})<`).FindStringSubmatch(w.Body.String())
	if link == nil {
		t.Fatalf("no link in\n%s", w.Body)
	}
	sora := *h
	sora.cookies = map[string]string{}
	sora.shows(sora.post(link[1], "password", "my sora password"), 422, "your name in it")
	sora.shows(sora.post(link[1], "password", passphrase), 200, "That is set")
	sora.shows(sora.post("/console/login", "name", "sora", "password", passphrase), 200, "sora", "operator")
	sora.shows(sora.get("/console/users"), 403, "You may not do this")

	h.shows(h.post("/console/users/role", "name", "sora", "role", "supervisor"), 200, "sora: supervisor.")
	h.shows(h.post("/console/users/role", "name", "hana", "role", "viewer"), 422, "last administrator")
	h.shows(h.post("/console/users/disable", "name", "hana"), 422, "last administrator")
	h.shows(h.post("/console/users/disable", "name", "nobody"), 422, "no such user")
	h.shows(h.post("/console/users/disable", "name", "sora"), 200, "sora is kept out.")
	sora.shows(sora.get("/console"), 200, `name="password"`)
	h.shows(h.post("/console/users/enable", "name", "sora"), 200, "sora may come in again.")
	h.shows(h.post("/console/users/totp", "name", "sora"), 200, "password alone")
	h.shows(h.post("/console/users/link", "name", "sora"), 200, "Send this to sora")
	var log []string
	for _, e := range h.book.Log() {
		if e.Deed == account.KeepAccounts {
			log = append(log, e.Who.Name+" "+e.About+" "+e.Detail)
		}
	}
	if len(log) != 7 || log[1] != "hana user sora added as operator" {
		t.Errorf("the log says %q", log)
	}
}

func TestAnAdministratorKeepsTokens(t *testing.T) {
	h := inhabit(t)
	h.first()
	h.shows(h.get("/console/tokens"), 200, "There is no token.")
	for _, c := range []struct{ role, app, note, days, says string }{
		{"agent", "", "", "90", "no such role"},
		{"owner", "", "", "90", "no such role"},
		{"app", "nowhere", "", "90", "looks after one app"},
		{"viewer", "", "two\nlines", "90", "one line"},
		{"viewer", "", strings.Repeat("x", 81), "90", "one line"},
		{"viewer", "", "", "91", "how long"},
	} {
		h.shows(h.post("/console/tokens/add", "role", c.role, "app", c.app, "note", c.note, "days", c.days), 422, c.says)
	}
	h.shows(h.post("/console/tokens/add", "role", "operator", "note", "<b>pager</b>", "days", "30"), 200, "bongsu_secret", "&lt;b&gt;pager")
	if len(h.tokens.all) != 1 || !h.tokens.all[0].Expires.Equal(sample.Now().AddDate(0, 0, 30)) {
		t.Errorf("made %+v", h.tokens.all)
	}
	if strings.Contains(h.get("/console/tokens").Body.String(), "bongsu_secret") {
		t.Error("the token is shown again")
	}
	h.shows(h.post("/console/tokens/revoke", "id", "t0"), 200, "worthless now")
	h.shows(h.post("/console/tokens/revoke", "id", "t0"), 200, "no such token")
}

func TestOwnAccount(t *testing.T) {
	h := inhabit(t)
	h.first()
	other := *h
	other.cookies = map[string]string{}
	other.post("/console/login", "name", "hana", "password", passphrase)
	h.shows(h.get("/console/account"), 200, "this browser", "Log out everywhere")
	h.shows(h.post("/console/account/password", "old", "wrong", "password", "another horse battery"), 422, "That is not right")
	h.shows(h.post("/console/account/password", "old", passphrase, "password", "aaaaaaaaaaaaaaaaa"), 422, "at least five different ones")
	h.shows(h.post("/console/account/password", "old", passphrase, "password", "another horse battery"), 200, "The password is changed")
	other.shows(other.get("/console"), 200, `name="password"`)
	h.shows(h.post("/console/account/language", "lang", "ja"), 200, "保存しました")
	h.shows(h.post("/console/account/language", "lang", "../en"), 400)
	h.shows(h.post("/console/account/everywhere"), 200, "logged out in every browser")
}

// Whoever is led to log in is led back into the console, and nowhere else.
func TestNobodyIsLedElsewhere(t *testing.T) {
	for next, want := range map[string]string{
		"/console/users":                     "/console/users",
		"/console/x?y=z&a=b":                 "/console/x?y=z&a=b",
		"":                                   "/console",
		"//evil.example/":                    "/console",
		"https://evil.example/console/users": "/console",
		"/\\evil.example":                    "/console",
		"/console/../../evil":                "/console",
		"/consoleevil":                       "/console",
		"/console/login":                     "/console",
		"javascript:alert(1)":                "/console",
		"/console/\nSet-Cookie: a=b":         "/console",
		"/" + strings.Repeat("x", 5000):      "/console",
	} {
		h := inhabit(t)
		if err := h.book.AddAccount(t.Context(), userWithPassword(t)); err != nil {
			t.Fatal(err)
		}
		w := h.once("POST", "/console/login", url.Values{"name": {"hana"}, "password": {passphrase}, "next": {next}})
		if got := w.Header().Get("Location"); w.Code != http.StatusSeeOther || got != want {
			t.Errorf("%.40q leads to %q (%d), want %q", next, got, w.Code, want)
		}
	}
}

func userWithPassword(t testing.TB) account.Account {
	t.Helper()
	hash, err := account.HashPassword(passphrase, account.Cost{Memory: 64, Passes: 1, Threads: 1}, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return account.Account{ID: "u1", Name: "hana", Role: account.Admin, Password: hash}
}

// With everything that is watched, told and mirrored gone, an operator gets in:
// the door asks nothing but the book of accounts.
func TestTheDoorOpensWhenAllElseIsDead(t *testing.T) {
	h := inhabit(t)
	h.console = open(t, nil, func(o *console.Options) {
		o.Door, o.Entry, o.Tokens = h.entry, h.entry, nil
		o.Snapshot = func() *status.Snapshot { return nil }
	})
	h.first()
	h.shows(h.get("/console"), 200, "hana")
}

func TestTheDatabaseOfAccountsIsAway(t *testing.T) {
	h := inhabit(t)
	h.first()
	h.book.Fail(errors.New("no database"))
	for _, w := range []*httptest.ResponseRecorder{
		h.get("/console"), h.get("/console/login"), h.get("/console/account"), h.get("/console/users"),
		h.post("/console/login", "name", "hana", "password", passphrase), h.get("/console/link/" + strings.Repeat("A", 43)),
	} {
		h.shows(w, 503, "We cannot tell who you are")
	}
}

// What people are called and what they send shows as text in every language,
// and nothing is too odd for a form to be answered.
func FuzzEntryForms(f *testing.F) {
	f.Add("/console/login", "name=hana&password=x")
	f.Add("/console/login/code", "code=000000")
	f.Add("/console/link/"+strings.Repeat("A", 43), "password=%00%ff")
	f.Add("/console/login", "name=%3Cscript%3Ealert(1)%3C/script%3E&next=%2F%2Fevil")
	f.Fuzz(func(t *testing.T, target, body string) {
		if u, err := url.ParseRequestURI(target); err != nil || u.Host != "" || !strings.HasPrefix(u.Path, "/console/") || strings.ContainsAny(target, " \x7f") || len(target) > 2000 {
			return
		}
		h := inhabit(t)
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, target, strings.NewReader(body))
		if err != nil {
			return
		}
		r.RemoteAddr = "192.0.2.1:1"
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		h.console.ServeHTTP(w, r)
		if w.Code >= 500 && w.Code != 503 {
			t.Fatalf("%q with %q answers %d", target, body, w.Code)
		}
		if strings.Contains(w.Body.String(), "<script>") || strings.HasPrefix(w.Header().Get("Location"), "//") {
			t.Fatalf("%q with %q answers\n%s", target, body, w.Body)
		}
	})
}
