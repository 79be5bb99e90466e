package door_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"bongsu/web/account"
	"bongsu/web/door"
	"bongsu/web/door/doortest"
)

var (
	quick = account.Cost{Memory: 64, Passes: 1, Threads: 1}
	noon  = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	home  = netip.MustParseAddr("192.0.2.7")
	hotel = netip.MustParseAddr("198.51.100.7")
)

const password = "correct horse battery"

// house is a door with its book, a clock that is set, and two accounts: hana has
// an authenticator, sora has none.
type house struct {
	t      *testing.T
	door   *door.Door
	book   *doortest.Book
	now    time.Time
	secure bool
	secret []byte
}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{t: t, book: doortest.New(), now: noon, secure: true, secret: []byte("12345678901234567890")}
	seed := [32]byte{}
	h.door = door.New(door.Options{
		Book: h.book, Random: rand.NewChaCha8(seed), ID: func(time.Time) string { return "new" },
		Now: func() time.Time { return h.now }, Secure: func() bool { return h.secure }, Cost: quick,
	})
	hash, err := account.HashPassword(password, quick, bytes.NewReader(make([]byte, 100)))
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range []account.Account{
		{ID: "a1", Name: "hana", Role: account.Admin, Lang: "ko", Password: hash, TOTP: h.secret},
		{ID: "a2", Name: "sora", Role: account.Operator, Password: hash},
		{ID: "a3", Name: "mute", Role: account.Viewer},
		{ID: "a4", Name: "gone", Role: account.Viewer, Password: hash, Disabled: noon},
	} {
		if err := h.book.AddAccount(t.Context(), a); err != nil {
			t.Fatal(err)
		}
	}
	return h
}

// browser keeps cookies, as browsers do.
type browser struct {
	*house
	from    netip.Addr
	cookies map[string]string
}

func (h *house) browser(from netip.Addr) *browser {
	return &browser{house: h, from: from, cookies: map[string]string{}}
}

// ask is a request with what the browser has.
func (b *browser) ask() *http.Request {
	r := httptest.NewRequestWithContext(b.t.Context(), "POST", "/console/login", nil)
	r.Header.Set("User-Agent", "Mozilla/5.0 (Windows NT 10.0) Firefox/150.0")
	for name, value := range b.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	return r
}

// do makes a request and takes the cookies of the answer.
func (b *browser) do(act func(w http.ResponseWriter, r *http.Request)) []*http.Cookie {
	w := httptest.NewRecorder()
	act(w, b.ask())
	for _, c := range w.Result().Cookies() {
		if b.cookies[c.Name] = c.Value; c.MaxAge < 0 {
			delete(b.cookies, c.Name)
		}
	}
	return w.Result().Cookies()
}

func (b *browser) logIn(name, password string) (in bool, err error) {
	b.do(func(w http.ResponseWriter, r *http.Request) { in, err = b.door.LogIn(w, r, b.from, name, password) })
	return in, err
}

func (b *browser) code(code string) (left int, err error) {
	b.do(func(w http.ResponseWriter, r *http.Request) { left, err = b.door.Code(w, r, b.from, code) })
	return left, err
}

// session is the cookie's value.
func (b *browser) session() string { return b.cookies["__Host-bongsu_session"] }

// is fails unless the browser is somebody's, or nobody's.
func (b *browser) is(name string) {
	b.t.Helper()
	who, err := b.door.Who(b.ask())
	if who.Name != name || (name == "") != errors.Is(err, account.ErrNobody) {
		b.t.Errorf("it is %q (%v), want %q", who.Name, err, name)
	}
}

// in is a browser that somebody has logged in by.
func (h *house) in(name string, from netip.Addr) *browser {
	h.t.Helper()
	b := h.browser(from)
	if _, err := b.logIn(name, password); err != nil {
		h.t.Fatal(err)
	}
	if name == "hana" {
		if _, err := b.code(account.TOTP(h.secret, h.now)); err != nil {
			h.t.Fatal(err)
		}
	}
	b.is(name)
	return b
}

func TestLogIn(t *testing.T) {
	h := newHouse(t)
	sora := h.browser(home)
	if in, err := sora.logIn(" Sora ", password); !in || err != nil {
		t.Fatalf("in: %v (%v)", in, err)
	}
	sora.is("sora")
	hana := h.browser(home)
	if in, err := hana.logIn("hana", password); in || err != nil {
		t.Fatalf("without a code: %v (%v)", in, err)
	}
	hana.is("")
	if pending, err := h.door.Pending(hana.ask()); !pending || err != nil {
		t.Errorf("no code is asked for (%v)", err)
	}
	if left, err := hana.code(account.TOTP(h.secret, h.now)); left != -1 || err != nil {
		t.Fatalf("the code is refused: %d (%v)", left, err)
	}
	hana.is("hana")
	who, err := h.door.Who(hana.ask())
	if diff := cmp.Diff(account.Who{ID: "a1", Name: "hana", Role: account.Admin, Lang: "ko"}, who); diff != "" || err != nil {
		t.Errorf("it is %s (%v)", diff, err)
	}
	var said []string
	for _, e := range h.book.Log() {
		said = append(said, fmt.Sprint(e.Who.Name, " ", e.Deed, ": ", e.Detail))
	}
	if diff := cmp.Diff([]string{
		"sora logged-in: with a password, from 192.0.2.0/24, Firefox, Windows",
		"hana logged-in: with a password and a code, from 192.0.2.0/24, Firefox, Windows",
	}, said); diff != "" {
		t.Error(diff)
	}
}

// A name that nobody has, one without a password, one who is kept out and a wrong
// password get the same answer, for which the same is asked of the database and
// as much is computed.
func TestNobodyLearnsWhoHasAnAccount(t *testing.T) {
	h := newHouse(t)
	work := h.door.CountWork()
	type done struct {
		Calls []string
		Work  []account.Cost
		Err   string
	}
	var want *done
	for _, name := range []string{"hana", "nobody", "mute", "gone", "", strings.Repeat("x", 10000), "\x00'; DROP TABLE account"} {
		b := h.browser(home)
		h.book.Calls()
		in, err := b.logIn(name, "not the password")
		if in || !errors.Is(err, door.ErrWrong) || len(b.cookies) > 0 {
			t.Errorf("%.20q: in %v, cookies %v (%v)", name, in, b.cookies, err)
		}
		got := &done{h.book.Calls(), work(), err.Error()}
		if want == nil {
			want = got
		}
		if diff := cmp.Diff(want, got); diff != "" || len(got.Work) != 1 || got.Work[0] != quick {
			t.Errorf("%.20q differs: %s", name, diff)
		}
	}
	if in, err := h.browser(home).logIn("gone", password); in || !errors.Is(err, door.ErrWrong) {
		t.Errorf("who is kept out, with the right password: %v (%v)", in, err)
	}
}

// A code of six digits, one of an authenticator that was good once, a recovery
// code of somebody else and what is none take the same questions to the database,
// but for the one that takes a code out of use; a password is hashed once for
// whatever is typed, and no code costs a hash.
func TestACodeTellsNothingByItsTime(t *testing.T) {
	h := newHouse(t)
	work := h.door.CountWork()
	used := account.TOTP(h.secret, h.now)
	h.in("hana", home)
	var want []string
	for _, code := range []string{"000000", "999999", used, "", "x", strings.Repeat("9", 10_000), "\x00", "aaaa-aaaa-aaaa-aaaa"} {
		b := h.browser(home)
		if _, err := b.logIn("hana", password); err != nil {
			t.Fatal(err)
		}
		h.book.Calls()
		work()
		before := b.session()
		if _, err := b.code(code); !errors.Is(err, door.ErrWrong) || b.session() != before {
			t.Errorf("%.20q: %v", code, err)
		}
		got := slices.DeleteFunc(h.book.Calls(), func(call string) bool { return call == "UseTOTP" || call == "UseRecovery" })
		if want == nil {
			want = got
		}
		if diff := cmp.Diff(want, got); diff != "" || len(work()) > 0 {
			t.Errorf("%.20q differs: %s", code, diff)
		}
		h.now = h.now.Add(time.Hour) // so that nobody waits
	}
}

// The secret of a session changes at each step, and what the browser brought is
// worth nothing afterwards: who has planted it, or seen it, is nobody.
func TestSessionFixation(t *testing.T) {
	h := newHouse(t)
	mallory := h.in("sora", hotel)
	planted := mallory.session()
	hana := h.browser(home)
	hana.cookies["__Host-bongsu_session"] = planted
	if _, err := hana.logIn("hana", password); err != nil {
		t.Fatal(err)
	}
	half := hana.session()
	if _, err := hana.code(account.TOTP(h.secret, h.now)); err != nil {
		t.Fatal(err)
	}
	full := hana.session()
	if half == planted || full == half || full == "" {
		t.Errorf("secrets: %q, %q, %q", planted, half, full)
	}
	hana.is("hana")
	for _, old := range []string{planted, half, "", "made up", strings.Repeat("x", 10000)} {
		b := h.browser(hotel)
		b.cookies["__Host-bongsu_session"] = old
		b.is("")
	}
	for _, s := range h.book.Live() {
		if strings.Contains(fmt.Sprint(s), full) {
			t.Error("the book has the secret itself")
		}
	}
}

func TestCookies(t *testing.T) {
	for _, secure := range []bool{true, false} {
		h := newHouse(t)
		h.secure = secure
		b := h.browser(home)
		cookies := b.do(func(w http.ResponseWriter, r *http.Request) {
			if _, err := h.door.LogIn(w, r, home, "sora", password); err != nil {
				t.Fatal(err)
			}
		})
		if len(cookies) != 2 {
			t.Fatalf("cookies: %v", cookies)
		}
		for _, c := range cookies {
			if !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" || c.Secure != secure || strings.HasPrefix(c.Name, "__Host-") != secure {
				t.Errorf("cookie %s", c.Raw)
			}
			if device := strings.HasSuffix(c.Name, "device"); device != (c.MaxAge > 0) {
				t.Errorf("cookie %s lasts %d s", c.Name, c.MaxAge)
			}
		}
		cookies = b.do(func(w http.ResponseWriter, r *http.Request) {
			if err := h.door.LogOut(w, r); err != nil {
				t.Error(err)
			}
		})
		if len(cookies) != 1 || cookies[0].MaxAge >= 0 || cookies[0].Secure != secure {
			t.Errorf("logging out sets %v", cookies)
		}
		b.is("")
	}
}

// Sessions end by themselves: when they are not used, when they are, and when
// the code does not come. Pages that follow by themselves are no use.
func TestTimeOuts(t *testing.T) {
	h := newHouse(t)
	used, idle, watched := h.in("sora", home), h.in("sora", home), h.in("sora", home)
	half := h.browser(home)
	if _, err := half.logIn("hana", password); err != nil {
		t.Fatal(err)
	}
	step := 30 * time.Minute
	for past := step; past < door.Lifetime; past += step {
		h.now = noon.Add(past)
		used.is("sora")
		r := watched.ask()
		r.Header.Set("Sec-Fetch-Dest", "empty")
		if _, err := h.door.Who(r); (err == nil) != (past < door.Idle) {
			t.Errorf("after %s a page that is only watched gets %v", past, err)
		}
		if pending, _ := h.door.Pending(half.ask()); pending {
			t.Errorf("after %s a code is still waited for", past)
		}
	}
	idle.is("")
	h.now = noon.Add(door.Lifetime)
	used.is("")
}

func TestLogOutEverywhere(t *testing.T) {
	h := newHouse(t)
	here, there, other := h.in("sora", home), h.in("sora", hotel), h.in("hana", home)
	list, err := h.door.Sessions(here.ask())
	if err != nil || len(list) != 2 || !list[0].Current || list[1].Current || list[1].Network != "198.51.100.0/24" || list[1].Browser != "Firefox, Windows" {
		t.Fatalf("sessions: %+v (%v)", list, err)
	}
	theirs, err := h.door.Sessions(other.ask())
	if err != nil || len(theirs) != 1 {
		t.Fatal(theirs, err)
	}
	if err := h.door.EndSession(here.ask(), theirs[0].Hash); err != nil {
		t.Error(err)
	}
	other.is("hana")
	here.do(func(w http.ResponseWriter, r *http.Request) {
		if err := h.door.LogOutEverywhere(w, r); err != nil {
			t.Error(err)
		}
	})
	here.is("")
	there.is("")
	other.is("hana")
}

// A code is good once, in any browser; so is a recovery code.
func TestCodesAreGoodOnce(t *testing.T) {
	h := newHouse(t)
	hana := h.in("hana", home)
	shoulder := h.browser(home)
	if _, err := shoulder.logIn("hana", password); err != nil {
		t.Fatal(err)
	}
	if _, err := shoulder.code(account.TOTP(h.secret, h.now)); !errors.Is(err, door.ErrWrong) {
		t.Errorf("a code seen over a shoulder: %v", err)
	}
	shoulder.is("")
	h.now = h.now.Add(time.Minute)
	codes, err := h.door.RenewRecovery(hana.ask(), home, password)
	if err != nil || len(codes) != account.RecoveryCodes {
		t.Fatal(codes, err)
	}
	if left, err := shoulder.code(strings.ToUpper(codes[3])); left != account.RecoveryCodes-1 || err != nil {
		t.Errorf("a recovery code: %d left (%v)", left, err)
	}
	shoulder.is("hana")
	again := h.browser(home)
	if _, err := again.logIn("hana", password); err != nil {
		t.Fatal(err)
	}
	for _, code := range []string{codes[3], "", "000000", strings.Repeat("0", 1<<20)} {
		if _, err := again.code(code); !errors.Is(err, door.ErrWrong) {
			t.Errorf("%.30q: %v", code, err)
		}
	}
	if _, err := h.browser(home).code(codes[4]); !errors.Is(err, account.ErrNobody) {
		t.Errorf("a code without a password: %v", err)
	}
}

// Others who guess from elsewhere never make the owner wait, whom their browser
// or network speaks for; they themselves soon do.
func TestLockOut(t *testing.T) {
	h := newHouse(t)
	phone := h.in("sora", home)
	waits := 0
	for i := range 600 {
		from := netip.AddrFrom4([4]byte{203, 0, byte(i / 20), 1})
		if _, err := h.browser(from).logIn("sora", fmt.Sprint("guess ", i)); err != nil {
			if _, wait := errors.AsType[*door.WaitError](err); wait {
				waits++
			}
		}
	}
	if waits < 400 {
		t.Errorf("of 600 guesses %d had to wait", waits)
	}
	phone.from = hotel
	for _, b := range []*browser{phone, h.browser(home), h.browser(hotel)} {
		if in, err := b.logIn("sora", password); !in || err != nil {
			t.Errorf("the owner is not in: %v (%v)", in, err)
		}
	}
}

// While strangers fill every place where passwords are hashed, whoever is known
// still gets in.
func TestAFloodOfLogInsLeavesALaneForTheOwner(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		sora := h.in("sora", home)
		leave := h.door.FillStrangerLanes()
		defer leave()
		if in, err := sora.logIn("sora", password); !in || err != nil {
			t.Errorf("the owner: %v (%v)", in, err)
		}
		if _, err := h.browser(hotel).logIn("sora", password); !errors.Is(err, door.ErrBusy) {
			t.Errorf("a stranger: %v", err)
		}
	})
}

// A secret that a stranger has put into somebody's browser does not become what
// speaks for them: the stranger has it too.
func TestAPlantedDeviceDoesNotSpeakForTheOwner(t *testing.T) {
	h := newHouse(t)
	mallory := h.in("hana", hotel)
	victim := h.browser(home)
	planted := mallory.cookies["__Host-bongsu_device"]
	victim.cookies["__Host-bongsu_device"] = planted
	if _, err := victim.logIn("sora", password); err != nil {
		t.Fatal(err)
	}
	if victim.cookies["__Host-bongsu_device"] == planted {
		t.Error("the planted secret is kept")
	}
	mine := victim.cookies["__Host-bongsu_device"]
	if _, err := victim.logIn("sora", password); err != nil || victim.cookies["__Host-bongsu_device"] != mine {
		t.Errorf("the browser's own secret is not kept (%v)", err)
	}
}

func TestChangePassword(t *testing.T) {
	h := newHouse(t)
	here, there := h.in("sora", home), h.in("sora", hotel)
	for _, c := range []struct {
		old, anew string
		want      error
	}{
		{"wrong", "another horse battery", door.ErrWrong},
		{password, "short", account.ErrPasswordShort},
		{password, "my sora password", account.ErrPasswordName},
		{password, "another horse battery", nil},
	} {
		if err := h.door.ChangePassword(here.ask(), home, c.old, c.anew); !errors.Is(err, c.want) {
			t.Errorf("%q for %q: %v", c.anew, c.old, err)
		}
	}
	here.is("sora")
	there.is("")
	if _, err := h.browser(home).logIn("sora", password); !errors.Is(err, door.ErrWrong) {
		t.Errorf("the old one: %v", err)
	}
	if in, err := h.browser(home).logIn("sora", "another horse battery"); !in {
		t.Errorf("the new one: %v", err)
	}
}

func TestAuthenticator(t *testing.T) {
	h := newHouse(t)
	sora := h.in("sora", home)
	secret, err := h.door.NewTOTP()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.door.SetTOTP(sora.ask(), home, password, secret, "000000"); !errors.Is(err, door.ErrWrong) {
		t.Errorf("a wrong code: %v", err)
	}
	if _, err := h.door.SetTOTP(sora.ask(), home, "wrong", secret, account.TOTP(secret, h.now)); !errors.Is(err, door.ErrWrong) {
		t.Errorf("a wrong password: %v", err)
	}
	codes, err := h.door.SetTOTP(sora.ask(), home, password, secret, account.TOTP(secret, h.now))
	if err != nil || len(codes) != account.RecoveryCodes {
		t.Fatal(codes, err)
	}
	if in, err := h.browser(home).logIn("sora", password); in || err != nil {
		t.Errorf("without a code: %v (%v)", in, err)
	}
	if err := h.door.DropTOTP(sora.ask(), home, password); err != nil {
		t.Fatal(err)
	}
	if in, err := h.browser(home).logIn("sora", password); !in {
		t.Errorf("taken away: %v", err)
	}
	if codes, err := h.door.RenewRecovery(sora.ask(), home, password); len(codes) > 0 || err != nil {
		t.Errorf("recovery codes of no authenticator: %v (%v)", codes, err)
	}
	if err := h.door.DropTOTP(h.browser(home).ask(), home, password); !errors.Is(err, account.ErrNobody) {
		t.Errorf("nobody: %v", err)
	}
}

// A password whose hash is cheaper than it should be is hashed anew when it is
// next known.
func TestRehash(t *testing.T) {
	h := newHouse(t)
	old, err := account.HashPassword(password, account.Cost{Memory: 32, Passes: 1, Threads: 1}, bytes.NewReader(make([]byte, 100)))
	if err != nil {
		t.Fatal(err)
	}
	if err := h.book.SetPassword(t.Context(), "a2", old, noon, ""); err != nil {
		t.Fatal(err)
	}
	h.in("sora", home)
	a, err := h.book.Account(t.Context(), "a2")
	if err != nil || !strings.Contains(a.Password, "m=64,") {
		t.Errorf("the hash is %q (%v)", a.Password, err)
	}
	h.in("sora", home)
}

func TestWhoIsKeptOutIsOutAtOnce(t *testing.T) {
	h := newHouse(t)
	sora := h.in("sora", home)
	hana := h.door.Keeper()
	by := account.Who{ID: "a1", Name: "hana", Role: account.Admin}
	if err := hana.SetRole(t.Context(), by, "sora", account.Supervisor, ""); err != nil {
		t.Fatal(err)
	}
	sora.is("") // what was seen of a session before is worth nothing in another role
	sora = h.in("sora", home)
	if who, err := h.door.Who(sora.ask()); who.Role != account.Supervisor || err != nil {
		t.Errorf("it is %+v (%v)", who, err)
	}
	if err := hana.Disable(t.Context(), by, "sora"); err != nil {
		t.Fatal(err)
	}
	sora.is("")
	if err := hana.Enable(t.Context(), by, "sora"); err != nil {
		t.Fatal(err)
	}
	sora.is("")
	if err := hana.Disable(t.Context(), by, "hana"); !errors.Is(err, account.ErrLastAdmin) {
		t.Errorf("the last administrator: %v", err)
	}
}

func TestLinks(t *testing.T) {
	h := newHouse(t)
	keeper, by := h.door.Keeper(), account.Who{ID: "a1", Name: "hana"}
	if _, err := keeper.Add(t.Context(), by, "sora", account.Viewer, ""); !errors.Is(err, account.ErrNameTaken) {
		t.Errorf("a name that is taken: %v", err)
	}
	if _, err := keeper.Add(t.Context(), by, "duri", account.Agency, ""); err == nil {
		t.Error("an agency of no app")
	}
	text, err := keeper.Add(t.Context(), by, "Duri", account.Agency, "safety")
	if err != nil {
		t.Fatal(err)
	}
	if _, name, err := h.door.Link(t.Context(), text); name != "duri" || err != nil {
		t.Errorf("the link is %q's (%v)", name, err)
	}
	choose := func(text, name, password string, want error) {
		t.Helper()
		if err := h.door.Choose(h.browser(home).ask(), text, name, password); !errors.Is(err, want) {
			t.Errorf("choosing %q: %v, want %v", password, err, want)
		}
	}
	choose(text, "", "short", account.ErrPasswordShort)
	choose("made up", "", password, account.ErrNoLink)
	choose(text, "mallory", password, nil)
	choose(text, "", "another horse battery", account.ErrNoLink)
	h.in("duri", home)

	if first, err := keeper.FirstLink(t.Context()); first != "" || err != nil {
		t.Errorf("a link for the first user where there are some: %q (%v)", first, err)
	}
	text, err = keeper.Link(t.Context(), by, "duri")
	if err != nil {
		t.Fatal(err)
	}
	h.now = h.now.Add(door.LinkLasts)
	choose(text, "", password, account.ErrNoLink)
}

func TestTheFirstUser(t *testing.T) {
	h := &house{t: t, book: doortest.New(), now: noon}
	h.door = door.New(door.Options{
		Book: h.book, Random: rand.NewChaCha8([32]byte{}), ID: func(time.Time) string { return "a1" },
		Now: func() time.Time { return h.now }, Secure: func() bool { return true }, Cost: quick,
	})
	text, err := h.door.Keeper().FirstLink(t.Context())
	if err != nil || text == "" {
		t.Fatal(text, err)
	}
	if err := h.door.Choose(h.browser(home).ask(), text, "하나", password); err == nil || !strings.Contains(err.Error(), "cannot be a user's name") {
		t.Errorf("a name that cannot be: %v", err)
	}
	if err := h.door.Choose(h.browser(home).ask(), text, "Hana", password); err != nil {
		t.Fatal(err)
	}
	b := h.browser(home)
	if in, err := b.logIn("hana", password); !in || err != nil {
		t.Errorf("the first user: %v (%v)", in, err)
	}
	if who, err := h.door.Who(b.ask()); who.Role != account.Admin || err != nil {
		t.Errorf("it is %+v (%v)", who, err)
	}
	if err := h.door.Choose(h.browser(home).ask(), text, "mallory", password); !errors.Is(err, account.ErrNoLink) {
		t.Errorf("the link again: %v", err)
	}
}

// When the database is away it is said so: nobody is let in, and nobody is told
// that a password is wrong.
func TestTheDatabaseIsAway(t *testing.T) {
	h := newHouse(t)
	sora := h.in("sora", home)
	away := errors.New("no database")
	h.book.Fail(away)
	_, who := h.door.Who(sora.ask())
	_, login := h.browser(home).logIn("sora", password)
	_, pending := h.door.Pending(sora.ask())
	_, _, link := h.door.Link(context.Background(), strings.Repeat("A", 43))
	for i, err := range []error{who, login, pending, link} {
		if !errors.Is(err, away) {
			t.Errorf("%d: %v", i, err)
		}
	}
	h.book.Fail(nil)
	sora.is("sora")
}

func TestBrowser(t *testing.T) {
	for header, want := range map[string]string{
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Safari/537.36 Edg/150.0": "Edge, Windows",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 Version/19.0 Mobile Safari/604.1":              "Safari, iPhone",
		"Mozilla/5.0 (Linux; Android 16) AppleWebKit/537.36 SamsungBrowser/30.0 Chrome/140.0 Mobile Safari/537.36":                  "Samsung Internet, Android",
		"curl/8.9": "curl", "": "?", "<script>alert(1)</script>": "?", strings.Repeat("x", 1<<20): "?",
	} {
		if got := door.Browser(header); got != want {
			t.Errorf("%.40q is %q, want %q", header, got, want)
		}
	}
	if slices.Contains([]string{door.Browser("Firefox/1 \n")}, "\n") {
		t.Error("a line end goes through")
	}
}

// Whatever comes in the forms and cookies, nobody gets in who does not know.
func FuzzLogIn(f *testing.F) {
	f.Add("hana", "password", "000000", "cookie", "device")
	f.Add("sora", "", "", "", "")
	f.Add("\x00\xff", strings.Repeat("x", 300), "٠٠٠٠٠٠", "=;,", "\"")
	f.Fuzz(func(t *testing.T, name, word, code, session, device string) {
		h := newHouse(t)
		b := h.browser(home)
		b.cookies["__Host-bongsu_session"], b.cookies["__Host-bongsu_device"] = session, device
		in, err := b.logIn(name, word)
		if (in || err == nil) && word != password {
			t.Fatalf("%q is in by %q", name, word)
		}
		if _, err := b.code(code); err == nil && word != password {
			t.Fatalf("%q is in by the code %q", name, code)
		}
		if err := h.door.Choose(b.ask(), code, name, word); err == nil {
			t.Fatalf("%q is a link", code)
		}
	})
}
