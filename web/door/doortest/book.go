// Package doortest has a book of accounts in memory, for tests of doors and of
// what stands behind them.
package doortest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"bongsu/web/account"
	"bongsu/web/door"
)

// Book keeps accounts in memory. It notes the name of every method that is
// called, and answers with Err if that is set.
type Book struct {
	mu       sync.Mutex
	err      error
	calls    []string
	accounts map[string]*account.Account
	recovery map[string][]string // by account
	devices  map[string][]account.Device
	sessions map[string]account.Session
	ended    map[string]bool
	links    map[string]account.Link
	tries    map[string]account.Misses
	log      []account.Entry
}

var _ door.Book = (*Book)(nil)

// New makes an empty book.
func New() *Book {
	return &Book{
		accounts: map[string]*account.Account{}, recovery: map[string][]string{}, devices: map[string][]account.Device{},
		sessions: map[string]account.Session{}, ended: map[string]bool{}, links: map[string]account.Link{}, tries: map[string]account.Misses{},
	}
}

// begin locks the book for a method and notes it.
func (b *Book) begin(method string) (func(), error) {
	b.mu.Lock()
	b.calls = append(b.calls, method)
	return b.mu.Unlock, b.err
}

// Fail has every method answer with an error from now on; nil ends that.
func (b *Book) Fail(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.err = err
}

// Calls are the methods called since it was asked last.
func (b *Book) Calls() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	calls := b.calls
	b.calls = nil
	return calls
}

// Log is what was audited.
func (b *Book) Log() []account.Entry {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.log)
}

// Live are the sessions that have not ended.
func (b *Book) Live() []account.Session {
	b.mu.Lock()
	defer b.mu.Unlock()
	var list []account.Session
	for hash, s := range b.sessions {
		if !b.ended[hash] {
			list = append(list, s)
		}
	}
	return list
}

func (b *Book) find(id string) (account.Account, error) {
	if a := b.accounts[id]; a != nil {
		found := *a
		found.Recovery = len(b.recovery[id])
		return found, nil
	}
	return account.Account{}, account.ErrNoAccount
}

func (b *Book) named(name string) (account.Account, error) {
	for id, a := range b.accounts {
		if a.Name == name {
			return b.find(id)
		}
	}
	return account.Account{}, account.ErrNoAccount
}

// change changes an account.
func (b *Book) change(method, id string, do func(*account.Account)) error {
	leave, err := b.begin(method)
	defer leave()
	if err != nil {
		return err
	}
	a := b.accounts[id]
	if a == nil {
		return account.ErrNoAccount
	}
	do(a)
	return nil
}

// Account implements door.Accounts, as do those after it.
func (b *Book) Account(_ context.Context, id string) (account.Account, error) {
	leave, err := b.begin("Account")
	defer leave()
	if err != nil {
		return account.Account{}, err
	}
	return b.find(id)
}

// AccountByName finds an account.
func (b *Book) AccountByName(_ context.Context, name string) (account.Account, error) {
	leave, err := b.begin("AccountByName")
	defer leave()
	if err != nil {
		return account.Account{}, err
	}
	return b.named(name)
}

// Accounts lists the accounts.
func (b *Book) Accounts(context.Context) ([]account.Account, error) {
	leave, err := b.begin("Accounts")
	defer leave()
	var list []account.Account
	for _, id := range slices.Sorted(maps.Keys(b.accounts)) {
		a, _ := b.find(id)
		list = append(list, a)
	}
	return list, err
}

// AddAccount keeps an account.
func (b *Book) AddAccount(_ context.Context, a account.Account) error {
	leave, err := b.begin("AddAccount")
	defer leave()
	if err != nil {
		return err
	}
	return b.add(a)
}

func (b *Book) add(a account.Account) error {
	if _, err := b.named(a.Name); err == nil {
		return account.ErrNameTaken
	}
	b.accounts[a.ID] = &a
	return nil
}

// SetRole sets a role and ends the account's sessions.
func (b *Book) SetRole(_ context.Context, id string, role account.Role, app string) error {
	if b.lastAdmin(id) && role != account.Admin {
		return account.ErrLastAdmin
	}
	return b.change("SetRole", id, func(a *account.Account) {
		a.Role, a.App = role, app
		b.endAll(id, "")
	})
}

func (b *Book) lastAdmin(id string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	others, itself := 0, false
	for _, a := range b.accounts {
		if a.Role == account.Admin && a.Disabled.IsZero() {
			others++
			itself = itself || a.ID == id
		}
	}
	return itself && others == 1
}

// SetDisabled keeps somebody out.
func (b *Book) SetDisabled(_ context.Context, id string, since time.Time) error {
	if !since.IsZero() && b.lastAdmin(id) {
		return account.ErrLastAdmin
	}
	return b.change("SetDisabled", id, func(a *account.Account) {
		a.Disabled = since
		if !since.IsZero() {
			b.endAll(id, "")
		}
	})
}

// SetLang sets a language.
func (b *Book) SetLang(_ context.Context, id, lang string) error {
	return b.change("SetLang", id, func(a *account.Account) { a.Lang = lang })
}

// SetPassword sets a password.
func (b *Book) SetPassword(_ context.Context, id, password string, now time.Time, but string) error {
	return b.change("SetPassword", id, func(a *account.Account) {
		a.Password, a.Changed = password, now
		b.endAll(id, but)
	})
}

// Rehash sets another hash of the same password.
func (b *Book) Rehash(_ context.Context, id, old, anew string) error {
	return b.change("Rehash", id, func(a *account.Account) {
		if a.Password == old {
			a.Password = anew
		}
	})
}

// SetTOTP sets an authenticator.
func (b *Book) SetTOTP(_ context.Context, id string, secret []byte, step int64, recovery []string) error {
	return b.change("SetTOTP", id, func(a *account.Account) { a.TOTP, a.Used, b.recovery[id] = secret, step, recovery })
}

// SetRecovery sets recovery codes.
func (b *Book) SetRecovery(_ context.Context, id string, hashes []string) error {
	return b.change("SetRecovery", id, func(*account.Account) { b.recovery[id] = hashes })
}

// UseTOTP uses a step.
func (b *Book) UseTOTP(_ context.Context, id string, step int64) (ok bool, err error) {
	err = b.change("UseTOTP", id, func(a *account.Account) {
		if ok = step > a.Used; ok {
			a.Used = step
		}
	})
	return ok, err
}

// UseRecovery uses a code.
func (b *Book) UseRecovery(_ context.Context, id, hash string) (ok bool, err error) {
	err = b.change("UseRecovery", id, func(*account.Account) {
		if i := slices.Index(b.recovery[id], hash); i >= 0 {
			ok, b.recovery[id] = true, slices.Delete(b.recovery[id], i, i+1)
		}
	})
	return ok, err
}

// Devices lists known browsers.
func (b *Book) Devices(_ context.Context, name string) ([]account.Device, error) {
	leave, err := b.begin("Devices")
	defer leave()
	a, _ := b.named(name)
	return slices.Clone(b.devices[a.ID]), err
}

// NoteEntry notes a browser.
func (b *Book) NoteEntry(_ context.Context, id string, by account.Device) error {
	return b.change("NoteEntry", id, func(a *account.Account) {
		a.LastIn = by.Seen
		b.devices[id] = append(slices.DeleteFunc(b.devices[id], func(d account.Device) bool { return d.Hash == by.Hash }), by)
	})
}

// AnyAccount implements door.Links, as do those after it.
func (b *Book) AnyAccount(context.Context) (bool, error) {
	leave, err := b.begin("AnyAccount")
	defer leave()
	return len(b.accounts) > 0, err
}

// AddLink keeps a link.
func (b *Book) AddLink(_ context.Context, l account.Link) error {
	leave, err := b.begin("AddLink")
	defer leave()
	b.links[l.Hash] = l
	return err
}

// Link finds a link.
func (b *Book) Link(_ context.Context, hash string, now time.Time) (account.Link, error) {
	leave, err := b.begin("Link")
	defer leave()
	l, found := b.links[hash]
	if err == nil && (!found || !now.Before(l.Expires)) {
		err = account.ErrNoLink
	}
	return l, err
}

// UseFirstLink makes the first account.
func (b *Book) UseFirstLink(_ context.Context, hash string, a account.Account, now time.Time) error {
	leave, err := b.begin("UseFirstLink")
	defer leave()
	if err != nil {
		return err
	}
	if err := b.take(hash, now); err != nil || len(b.accounts) > 0 {
		return account.ErrNoLink
	}
	return b.add(a)
}

// UsePasswordLink sets a password.
func (b *Book) UsePasswordLink(_ context.Context, l account.Link, password string, now time.Time) error {
	var used error
	err := b.change("UsePasswordLink", l.Account, func(a *account.Account) {
		if used = b.take(l.Hash, now); used == nil {
			a.Password, a.Changed = password, now
			b.endAll(a.ID, "")
		}
	})
	if err == nil {
		err = used
	}
	return err
}

func (b *Book) take(hash string, now time.Time) error {
	l, found := b.links[hash]
	if !found || !now.Before(l.Expires) {
		return account.ErrNoLink
	}
	delete(b.links, hash)
	return nil
}

// TakeTry implements door.Tries.
func (b *Book) TakeTry(_ context.Context, locks []account.Lock, now time.Time) (wait time.Duration, err error) {
	leave, err := b.begin(fmt.Sprint("TakeTry ", len(locks)))
	defer leave()
	for _, l := range locks {
		wait = max(wait, l.Wait(b.tries[l.Key], now))
	}
	for _, l := range locks {
		if wait == 0 {
			b.tries[l.Key], _ = l.Try(b.tries[l.Key], now)
		}
	}
	return wait, err
}

// ForgiveTry takes tries back.
func (b *Book) ForgiveTry(_ context.Context, locks []account.Lock) error {
	leave, err := b.begin("ForgiveTry")
	defer leave()
	for i, l := range locks {
		m := b.tries[l.Key]
		m.Count--
		if b.tries[l.Key] = m; i == 0 {
			delete(b.tries, l.Key)
		}
	}
	return err
}

// Session implements door.Sessions, as do those after it.
func (b *Book) Session(_ context.Context, hash string, now time.Time) (account.Session, bool, error) {
	leave, err := b.begin("Session")
	defer leave()
	s, found := b.sessions[hash]
	return s, err == nil && found && !b.ended[hash] && now.Before(s.Expires) && now.Before(s.Deadline), err
}

// Sessions lists sessions.
func (b *Book) Sessions(_ context.Context, id string, now time.Time) ([]account.Session, error) {
	leave, err := b.begin("Sessions")
	defer leave()
	var list []account.Session
	for _, hash := range slices.Sorted(maps.Keys(b.sessions)) {
		if s := b.sessions[hash]; s.Account == id && !s.Second && !b.ended[hash] && now.Before(s.Expires) {
			list = append(list, s)
		}
	}
	return list, err
}

// KeepSession keeps a session.
func (b *Book) KeepSession(_ context.Context, s account.Session) error {
	leave, err := b.begin("KeepSession")
	defer leave()
	if err == nil && !b.ended[s.Hash] {
		b.sessions[s.Hash] = s
	}
	return err
}

// TouchSession puts off a session's end.
func (b *Book) TouchSession(_ context.Context, hash string, seen, expires time.Time) error {
	leave, err := b.begin("TouchSession")
	defer leave()
	if s, found := b.sessions[hash]; found {
		s.Seen, s.Expires = seen, expires
		b.sessions[hash] = s
	}
	return err
}

// EndSession ends a session.
func (b *Book) EndSession(_ context.Context, hash string) error {
	leave, err := b.begin("EndSession")
	defer leave()
	b.ended[hash] = true
	return err
}

// EndSessions ends those of an account.
func (b *Book) EndSessions(_ context.Context, id, but string) error {
	leave, err := b.begin("EndSessions")
	defer leave()
	b.endAll(id, but)
	return err
}

func (b *Book) endAll(id, but string) {
	for hash, s := range b.sessions {
		if s.Account == id && hash != but {
			b.ended[hash] = true
		}
	}
}

// Audit implements door.Log.
func (b *Book) Audit(_ context.Context, e account.Entry) error {
	leave, err := b.begin("Audit")
	defer leave()
	e.Number = int64(len(b.log) + 1)
	b.log = append(b.log, e)
	return err
}
