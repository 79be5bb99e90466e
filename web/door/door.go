// Package door lets people in: log-in with a password and a code, sessions,
// one-time links, and what somebody may change of an account.
//
// It depends on our own database and on nothing else: whoever runs the desk
// gets in while the login providers, messengers and mirrors of the world are
// down. What is right and what is too often is decided in web/account; this
// package asks, keeps and writes cookies.
package door

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/alexedwards/scs/v2"

	"bongsu/web/account"
)

// Accounts keeps accounts. Its errors are those of web/account; any other says
// that it cannot be known or done now.
type Accounts interface {
	Account(ctx context.Context, id string) (account.Account, error)
	AccountByName(ctx context.Context, name string) (account.Account, error)
	Accounts(ctx context.Context) ([]account.Account, error)
	AddAccount(ctx context.Context, a account.Account) error
	SetRole(ctx context.Context, id string, role account.Role, app string) error
	SetDisabled(ctx context.Context, id string, since time.Time) error
	SetLang(ctx context.Context, id, lang string) error
	SetPassword(ctx context.Context, id, password string, now time.Time, but string) error
	Rehash(ctx context.Context, id, old, anew string) error
	SetTOTP(ctx context.Context, id string, secret []byte, step int64, recovery []string) error
	SetRecovery(ctx context.Context, id string, hashes []string) error
	UseTOTP(ctx context.Context, id string, step int64) (bool, error)
	UseRecovery(ctx context.Context, id, hash string) (bool, error)
	Devices(ctx context.Context, name string) ([]account.Device, error)
	NoteEntry(ctx context.Context, id string, by account.Device) error
}

// Links keeps one-time links.
type Links interface {
	AnyAccount(ctx context.Context) (bool, error)
	AddLink(ctx context.Context, l account.Link) error
	Link(ctx context.Context, hash string, now time.Time) (account.Link, error)
	UseFirstLink(ctx context.Context, hash string, a account.Account, now time.Time) error
	UsePasswordLink(ctx context.Context, l account.Link, password string, now time.Time) error
}

// Tries counts tries.
type Tries interface {
	TakeTry(ctx context.Context, locks []account.Lock, now time.Time) (wait time.Duration, err error)
	ForgiveTry(ctx context.Context, locks []account.Lock) error
}

// Sessions keeps sessions.
type Sessions interface {
	Session(ctx context.Context, hash string, now time.Time) (account.Session, bool, error)
	Sessions(ctx context.Context, id string, now time.Time) ([]account.Session, error)
	KeepSession(ctx context.Context, s account.Session) error
	TouchSession(ctx context.Context, hash string, seen, expires time.Time) error
	EndSession(ctx context.Context, hash string) error
	EndSessions(ctx context.Context, id, but string) error
}

// Log takes entries of the audit log.
type Log interface {
	Audit(ctx context.Context, e account.Entry) error
}

// Book is the database.
type Book interface {
	Accounts
	Links
	Tries
	Sessions
	Log
}

// Options are what a Door is made of.
type Options struct {
	Book   Book
	Random io.Reader                  // secrets come from here
	ID     func(now time.Time) string // a new account's id
	Now    func() time.Time
	Secure func() bool // whether browsers come by https
	Cost   account.Cost
	Log    *slog.Logger
}

// How long somebody is in, and how long a half-done log-in waits for its code.
const (
	Lifetime   = 12 * time.Hour // however much it is used
	Idle       = 4 * time.Hour  // unless it is used; a page that follows what happens by itself is no use
	secondTime = 5 * time.Minute
	touchEvery = time.Minute
	askTime    = 5 * time.Second // for the database to answer
)

// Door lets people in. It is safe for concurrent use.
type Door struct {
	options  Options
	sessions *scs.SessionManager
	gate     *gate
	verify   func(hash, password string, cost account.Cost) (right, rehash bool)
}

// New makes a door.
func New(o Options) *Door {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Door{options: o, sessions: newSessions(o.Book, o.Now), gate: newGate(), verify: account.VerifyPassword}
}

// ErrWrong says that name, password or code are not right; which of them, it
// does not say.
var ErrWrong = errors.New("the name, the password or the code is wrong")

// ErrBusy says that too many log in at once.
var ErrBusy = errors.New("too many log in at once")

// WaitError says how long somebody has to wait who was wrong too often.
type WaitError struct{ For time.Duration }

func (e *WaitError) Error() string { return fmt.Sprintf("wait %s", e.For.Round(time.Second)) }

// Who has sent the request; [account.ErrNobody] if nobody has logged in. Any
// other error means that it cannot be known now.
func (d *Door) Who(r *http.Request) (account.Who, error) {
	ctx, cancel := context.WithTimeout(r.Context(), askTime)
	defer cancel()
	s, owner, err := d.inside(ctx, r)
	if err != nil {
		return account.Who{}, err
	}
	now := d.options.Now()
	if now.Sub(s.Seen) >= touchEvery && isUse(r) {
		if err := d.options.Book.TouchSession(ctx, s.Hash, now, earlier(s.Deadline, now.Add(Idle))); err != nil {
			d.options.Log.WarnContext(ctx, "noting the use of a session", "error", err)
		}
	}
	return owner.Who(), nil
}

// isUse says whether a person asks: what a script fetches is no document.
func isUse(r *http.Request) bool { return r.Header.Get("Sec-Fetch-Dest") != "empty" }

// inside is the session of a request that somebody is in by, and whose it is.
func (d *Door) inside(ctx context.Context, r *http.Request) (account.Session, account.Account, error) {
	s, err := d.session(ctx, r)
	if err == nil && s.Second {
		err = account.ErrNobody
	}
	if err != nil {
		return account.Session{}, account.Account{}, err
	}
	owner, err := d.owner(ctx, s)
	return s, owner, err
}

// owner is whose a session is, unless they are kept out.
func (d *Door) owner(ctx context.Context, s account.Session) (account.Account, error) {
	a, err := d.options.Book.Account(ctx, s.Account)
	if errors.Is(err, account.ErrNoAccount) || err == nil && !a.Disabled.IsZero() {
		err = account.ErrNobody
	}
	return a, err
}

// audit puts on the log what somebody did.
func (d *Door) audit(ctx context.Context, who account.Who, deed account.Deed, about, detail string) error {
	return d.options.Book.Audit(ctx, account.Entry{At: d.options.Now(), Who: who, Deed: deed, About: about, Detail: detail})
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
