package door

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"slices"

	"bongsu/web/account"
	"bongsu/web/limit"
)

// LogIn tries a name and a password. In: they are in; else a code is asked for
// next. The session is a new one whatever the browser brought. Errors:
// [ErrWrong], a [*WaitError], [ErrBusy]; any other says that it cannot be known
// now.
func (d *Door) LogIn(w http.ResponseWriter, r *http.Request, from netip.Addr, name, password string) (in bool, err error) {
	ctx := r.Context()
	g, err := d.guess(ctx, r, from, account.FoldName(name))
	if err != nil {
		return false, err
	}
	a, err := d.try(ctx, g, password)
	if err != nil {
		return false, err
	}
	second := len(a.TOTP) > 0
	s := account.Session{
		Account: a.ID, Second: second, Network: g.Network, Browser: browser(r.UserAgent()), Made: d.options.Now(), Seen: d.options.Now(),
	}
	if err := d.begin(ctx, w, r, s); err != nil || second {
		return false, err
	}
	return true, d.arrived(ctx, w, g, &a, s, "with a password")
}

// guess is what speaks for and against whoever tries to come in.
func (d *Door) guess(ctx context.Context, r *http.Request, from netip.Addr, name string) (account.Guess, error) {
	g := account.Guess{Name: name, Network: limit.Network(from).String()}
	devices, err := d.options.Book.Devices(ctx, name)
	if err != nil {
		return g, err
	}
	hash, ok := account.SecretHash(d.cookie(r, deviceCookie))
	for _, known := range devices {
		if ok && known.Hash == hash {
			g.Device = hash
		}
		g.Known = g.Known || known.Network == g.Network
	}
	return g, nil
}

// try gives the account that a guess is right for. Whoever is called so, or
// nobody, the same is asked of the database and the same work is done.
func (d *Door) try(ctx context.Context, g account.Guess, password string) (account.Account, error) {
	locks := g.Locks()
	wait, err := d.options.Book.TakeTry(ctx, locks, d.options.Now())
	if err != nil {
		return account.Account{}, err
	}
	if wait > 0 {
		return account.Account{}, &WaitError{wait}
	}
	leave, err := d.gate.enter(ctx, g.Device != "" || g.Known)
	if err != nil {
		return account.Account{}, err
	}
	defer leave()
	a, err := d.options.Book.AccountByName(ctx, g.Name)
	if err != nil && !errors.Is(err, account.ErrNoAccount) {
		return account.Account{}, err
	}
	hash := a.Password
	if !a.Disabled.IsZero() {
		hash = ""
	}
	right, rehash := d.verify(hash, password, d.options.Cost)
	if !right {
		d.options.Log.InfoContext(ctx, "a log-in was refused", "network", g.Network)
		return account.Account{}, ErrWrong
	}
	if rehash {
		d.rehash(ctx, &a, password)
	}
	return a, d.options.Book.ForgiveTry(ctx, locks)
}

// rehash hashes a password anew, as its hash is cheaper than it should be. If
// that fails they are in nevertheless.
func (d *Door) rehash(ctx context.Context, a *account.Account, password string) {
	anew, err := account.HashPassword(password, d.options.Cost, d.options.Random)
	if err == nil {
		err = d.options.Book.Rehash(ctx, a.ID, a.Password, anew)
	}
	if err != nil {
		d.options.Log.WarnContext(ctx, "hashing a password anew", "error", err)
	}
}

// Pending says whether a code is asked for: the password was right.
func (d *Door) Pending(r *http.Request) (bool, error) {
	s, err := d.session(r.Context(), r)
	if errors.Is(err, account.ErrNobody) {
		return false, nil
	}
	return err == nil && s.Second, err
}

// Code tries a code of the authenticator, or a recovery code; left is how many of
// those there are then, if it was one, else -1. Errors as of LogIn, and
// [account.ErrNobody] when the password's time is over.
func (d *Door) Code(w http.ResponseWriter, r *http.Request, from netip.Addr, code string) (left int, err error) {
	ctx := r.Context()
	s, err := d.session(ctx, r)
	if err != nil {
		return -1, err
	}
	a, err := d.owner(ctx, s)
	if err != nil || !s.Second {
		return -1, errors.Join(err, unless(s.Second, account.ErrNobody))
	}
	g, err := d.guess(ctx, r, from, a.Name)
	if err != nil {
		return -1, err
	}
	g.Second = true
	recovery, err := d.tryCode(ctx, g, &a, code)
	if err != nil {
		return -1, err
	}
	s.Second, s.Seen, s.Network = false, d.options.Now(), g.Network
	if err := d.raise(ctx, w, r, s); err != nil {
		return -1, err
	}
	if recovery {
		return a.Recovery - 1, d.arrived(ctx, w, g, &a, s, fmt.Sprintf("with a password and a recovery code; %d are left", a.Recovery-1))
	}
	return -1, d.arrived(ctx, w, g, &a, s, "with a password and a code")
}

func unless(good bool, err error) error {
	if good {
		return nil
	}
	return err
}

func (d *Door) tryCode(ctx context.Context, g account.Guess, a *account.Account, code string) (recovery bool, err error) {
	locks := g.Locks()
	wait, err := d.options.Book.TakeTry(ctx, locks, d.options.Now())
	switch {
	case err != nil:
		return false, err
	case wait > 0:
		return false, &WaitError{wait}
	}
	right := false
	if step, ok := account.VerifyTOTP(a.TOTP, code, a.Used, d.options.Now()); ok {
		right, err = d.options.Book.UseTOTP(ctx, a.ID, step)
	} else if hash, ok := account.RecoveryHash(code); ok {
		right, err = d.options.Book.UseRecovery(ctx, a.ID, hash)
		recovery = right
	}
	if err != nil || !right {
		return false, errors.Join(err, unless(err != nil, ErrWrong))
	}
	return recovery, d.options.Book.ForgiveTry(ctx, locks)
}

// arrived notes that somebody is in, and lets the browser speak for them from
// now on. One that they did not come in by before gets a secret of its own,
// whatever it brought: nobody else may have put it there.
func (d *Door) arrived(ctx context.Context, w http.ResponseWriter, g account.Guess, a *account.Account, s account.Session, how string) error {
	device := account.Device{Hash: g.Device, Network: g.Network, Seen: d.options.Now()}
	if device.Hash == "" {
		text, hash, err := account.NewSecret(d.options.Random)
		if err != nil {
			return err
		}
		device.Hash = hash
		d.setCookie(w, deviceCookie, text, deviceAge)
	}
	if err := d.options.Book.NoteEntry(ctx, a.ID, device); err != nil {
		return err
	}
	return d.audit(ctx, a.Who(), account.LoggedIn, "user "+a.Name, how+", from "+g.Network+", "+s.Browser)
}

// LogOut ends the browser's session.
func (d *Door) LogOut(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	_, a, err := d.inside(ctx, r)
	if err != nil && !errors.Is(err, account.ErrNobody) {
		return err
	}
	if err := d.end(ctx, r); err != nil {
		return err
	}
	d.setCookie(w, sessionCookie, "", -1)
	if a.ID == "" {
		return nil
	}
	return d.audit(ctx, a.Who(), account.LoggedOut, "user "+a.Name, "")
}

// LogOutEverywhere ends every session of whoever asks.
func (d *Door) LogOutEverywhere(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	_, a, err := d.inside(ctx, r)
	if err != nil {
		return err
	}
	if err := d.options.Book.EndSessions(ctx, a.ID, ""); err != nil {
		return err
	}
	d.setCookie(w, sessionCookie, "", -1)
	return d.audit(ctx, a.Who(), account.LoggedOut, "user "+a.Name, "everywhere")
}

// Session is one of somebody's, as they see it.
type Session struct {
	account.Session
	Current bool // the one they ask by
}

// Sessions lists those of whoever asks.
func (d *Door) Sessions(r *http.Request) ([]Session, error) {
	ctx := r.Context()
	s, a, err := d.inside(ctx, r)
	if err != nil {
		return nil, err
	}
	all, err := d.options.Book.Sessions(ctx, a.ID, d.options.Now())
	if err != nil {
		return nil, err
	}
	list := make([]Session, 0, len(all))
	for _, one := range all {
		list = append(list, Session{one, one.Hash == s.Hash})
	}
	slices.SortStableFunc(list, func(x, y Session) int {
		switch {
		case x.Current == y.Current:
			return 0
		case x.Current:
			return -1
		}
		return 1
	})
	return list, nil
}

// EndSession ends one of whoever asks; that it is not theirs, or none, is no
// error.
func (d *Door) EndSession(r *http.Request, hash string) error {
	all, err := d.Sessions(r)
	if err != nil {
		return err
	}
	for _, one := range all {
		if one.Hash == hash {
			return d.options.Book.EndSession(r.Context(), hash)
		}
	}
	return nil
}
