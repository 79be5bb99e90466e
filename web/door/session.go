package door

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/alexedwards/scs/v2"

	"bongsu/web/account"
)

// newSessions is scs over our database: it draws the secrets, hashes them and
// renews them; what a session holds is an account.Session and nothing else. It
// is made by hand because scs.New starts a goroutine for a store in memory that
// nobody would ever end.
func newSessions(book Sessions, now func() time.Time) *scs.SessionManager {
	return &scs.SessionManager{Store: sessionStore{book, now}, Codec: codec{}, HashTokenInStore: true, Lifetime: Lifetime}
}

// held is the one value in a session of scs.
const held = "session"

// codec writes a session as scs's store gets it.
type codec struct{}

func (codec) Encode(deadline time.Time, values map[string]any) ([]byte, error) {
	s, ok := values[held].(account.Session)
	if !ok {
		return nil, errors.New("a session that is nobody's")
	}
	s.Deadline = deadline
	return json.Marshal(s)
}

func (codec) Decode(b []byte) (time.Time, map[string]any, error) {
	var s account.Session
	if err := json.Unmarshal(b, &s); err != nil {
		return time.Time{}, nil, err
	}
	return s.Deadline, map[string]any{held: s}, nil
}

// sessionStore is the database as scs asks for it. Times are ours, not scs's.
type sessionStore struct {
	book Sessions
	now  func() time.Time
}

func (s sessionStore) FindCtx(ctx context.Context, hash string) ([]byte, bool, error) {
	one, found, err := s.book.Session(ctx, hash, s.now())
	if err != nil || !found {
		return nil, false, err
	}
	b, err := json.Marshal(one)
	return b, err == nil, err
}

func (s sessionStore) CommitCtx(ctx context.Context, hash string, b []byte, _ time.Time) error {
	var one account.Session
	if err := json.Unmarshal(b, &one); err != nil {
		return fmt.Errorf("reading a session: %w", err)
	}
	one.Hash, one.Expires = hash, earlier(one.Deadline, s.now().Add(Idle))
	return s.book.KeepSession(ctx, one)
}

func (s sessionStore) DeleteCtx(ctx context.Context, hash string) error {
	return s.book.EndSession(ctx, hash)
}

// scs asks for these too, and uses those above where there are both.

func (s sessionStore) Find(hash string) ([]byte, bool, error) {
	return s.FindCtx(context.Background(), hash)
}

func (s sessionStore) Commit(hash string, b []byte, until time.Time) error {
	return s.CommitCtx(context.Background(), hash, b, until)
}
func (s sessionStore) Delete(hash string) error { return s.DeleteCtx(context.Background(), hash) }

// session is the one a request's cookie names; [account.ErrNobody] if none.
func (d *Door) session(ctx context.Context, r *http.Request) (account.Session, error) {
	ctx, err := d.load(ctx, r)
	if err != nil {
		return account.Session{}, err
	}
	s, ok := d.sessions.Get(ctx, held).(account.Session)
	if !ok {
		return s, account.ErrNobody
	}
	return s, nil
}

// maxCookie bounds a cookie that is looked at, in bytes.
const maxCookie = 100

func (d *Door) load(ctx context.Context, r *http.Request) (context.Context, error) {
	token := d.cookie(r, sessionCookie)
	if len(token) > maxCookie {
		token = ""
	}
	return d.sessions.Load(ctx, token)
}

// begin starts a new session, ends the one the browser had, whoever gave it to
// it, and sets its cookie.
func (d *Door) begin(ctx context.Context, w http.ResponseWriter, r *http.Request, s account.Session) error {
	if err := d.end(ctx, r); err != nil {
		return err
	}
	fresh, err := d.sessions.Load(ctx, "")
	if err != nil {
		return err
	}
	return d.commit(fresh, w, s)
}

// raise lets in whoever a half-done log-in belongs to: the session goes on
// under a new secret.
func (d *Door) raise(ctx context.Context, w http.ResponseWriter, r *http.Request, s account.Session) error {
	ctx, err := d.load(ctx, r)
	if err != nil {
		return err
	}
	if err := d.sessions.RenewToken(ctx); err != nil {
		return err
	}
	return d.commit(ctx, w, s)
}

func (d *Door) commit(ctx context.Context, w http.ResponseWriter, s account.Session) error {
	lasts := Lifetime
	if s.Second {
		lasts = secondTime
	}
	d.sessions.Put(ctx, held, s)
	d.sessions.SetDeadline(ctx, d.options.Now().Add(lasts))
	token, _, err := d.sessions.Commit(ctx)
	if err != nil {
		return err
	}
	d.setCookie(w, sessionCookie, token, 0)
	return nil
}

// end ends the session the browser has, if any.
func (d *Door) end(ctx context.Context, r *http.Request) error {
	ctx, err := d.load(ctx, r)
	if err != nil || d.sessions.Token(ctx) == "" {
		return err
	}
	return d.sessions.Destroy(ctx)
}

// The cookies. The one of the session goes when the browser does.
const (
	sessionCookie = "bongsu_session"
	deviceCookie  = "bongsu_device"
	deviceAge     = 180 * 24 * 60 * 60 // seconds
)

// cookieName is a cookie's name as browsers have it: with https nobody but this
// very host can set one.
func (d *Door) cookieName(name string) string {
	if d.options.Secure() {
		return "__Host-" + name
	}
	return name
}

func (d *Door) cookie(r *http.Request, name string) string {
	c, err := r.Cookie(d.cookieName(name))
	if err != nil {
		return ""
	}
	return c.Value
}

// setCookie sets a cookie for so many seconds; zero: until the browser goes;
// negative: it is taken away.
func (d *Door) setCookie(w http.ResponseWriter, name, value string, age int) {
	http.SetCookie(w, &http.Cookie{ //nolint:gosec // it is Secure where the site is
		Name: d.cookieName(name), Value: value, Path: "/", MaxAge: age,
		HttpOnly: true, Secure: d.options.Secure(), SameSite: http.SameSiteLaxMode,
	})
}
