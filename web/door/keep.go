package door

import (
	"context"
	"fmt"
	"io"
	"time"

	"bongsu/web/account"
)

// LinkLasts is how long a one-time link is good.
const LinkLasts = time.Hour

// Keeper keeps the accounts of others: an administrator's part, in the console
// and at the shell.
type Keeper struct {
	Book   Book
	Random io.Reader
	ID     func(now time.Time) string
	Now    func() time.Time
}

// Keeper keeps accounts with what the door is made of.
func (d *Door) Keeper() Keeper {
	return Keeper{d.options.Book, d.options.Random, d.options.ID, d.options.Now}
}

// Add makes an account without a password and gives the text of a link by which
// its owner chooses one. Errors: [account.ErrNameTaken], or why name or role
// cannot be.
func (k Keeper) Add(ctx context.Context, by account.Who, name string, role account.Role, app string) (link string, err error) {
	name = account.FoldName(name)
	if err := account.CheckName(name); err != nil {
		return "", &NameError{err}
	}
	if err := account.CheckRole(role, app); err != nil {
		return "", err
	}
	now := k.Now()
	a := account.Account{ID: k.ID(now), Name: name, Role: role, App: app, Made: now}
	if err := k.Book.AddAccount(ctx, a); err != nil {
		return "", err
	}
	if err := k.audit(ctx, by, name, "added as "+as(role, app)); err != nil {
		return "", err
	}
	return k.link(ctx, account.SetPassword, a.ID)
}

func as(role account.Role, app string) string {
	if app == "" {
		return string(role)
	}
	return string(role) + " of " + app
}

// Accounts lists the accounts by name.
func (k Keeper) Accounts(ctx context.Context) ([]account.Account, error) { return k.Book.Accounts(ctx) }

// SetRole gives somebody another role.
func (k Keeper) SetRole(ctx context.Context, by account.Who, name string, role account.Role, app string) error {
	if err := account.CheckRole(role, app); err != nil {
		return err
	}
	return k.change(ctx, by, name, "made "+as(role, app), func(a *account.Account) error {
		return k.Book.SetRole(ctx, a.ID, role, app)
	})
}

// Disable keeps somebody out and ends their sessions.
func (k Keeper) Disable(ctx context.Context, by account.Who, name string) error {
	return k.change(ctx, by, name, "disabled", func(a *account.Account) error { return k.Book.SetDisabled(ctx, a.ID, k.Now()) })
}

// Enable lets somebody in again.
func (k Keeper) Enable(ctx context.Context, by account.Who, name string) error {
	return k.change(ctx, by, name, "enabled", func(a *account.Account) error { return k.Book.SetDisabled(ctx, a.ID, time.Time{}) })
}

// ResetTOTP takes somebody's authenticator away, who has lost it and the
// recovery codes, and ends their sessions.
func (k Keeper) ResetTOTP(ctx context.Context, by account.Who, name string) error {
	return k.change(ctx, by, name, "authenticator taken away", func(a *account.Account) error {
		if err := k.Book.SetTOTP(ctx, a.ID, nil, 0, nil); err != nil {
			return err
		}
		return k.Book.EndSessions(ctx, a.ID, "")
	})
}

// SetPassword sets somebody's password and ends their sessions.
func (k Keeper) SetPassword(ctx context.Context, by account.Who, name, password string, cost account.Cost) error {
	return k.change(ctx, by, name, "password set", func(a *account.Account) error {
		if err := account.CheckPassword(password, a.Name); err != nil {
			return err
		}
		hash, err := account.HashPassword(password, cost, k.Random)
		if err != nil {
			return err
		}
		return k.Book.SetPassword(ctx, a.ID, hash, k.Now(), "")
	})
}

// Link makes a link by which somebody chooses a password.
func (k Keeper) Link(ctx context.Context, by account.Who, name string) (link string, err error) {
	err = k.change(ctx, by, name, "link to choose a password", func(a *account.Account) (err error) {
		link, err = k.link(ctx, account.SetPassword, a.ID)
		return err
	})
	return link, err
}

// FirstLink makes a link by which the first account is made; empty if there is
// an account already.
func (k Keeper) FirstLink(ctx context.Context) (link string, err error) {
	if some, err := k.Book.AnyAccount(ctx); err != nil || some {
		return "", err
	}
	return k.link(ctx, account.FirstUser, "")
}

func (k Keeper) link(ctx context.Context, purpose account.Purpose, id string) (string, error) {
	text, hash, err := account.NewSecret(k.Random)
	if err != nil {
		return "", err
	}
	now := k.Now()
	return text, k.Book.AddLink(ctx, account.Link{Hash: hash, Purpose: purpose, Account: id, Made: now, Expires: now.Add(LinkLasts)})
}

func (k Keeper) change(ctx context.Context, by account.Who, name, detail string, do func(*account.Account) error) error {
	a, err := k.Book.AccountByName(ctx, account.FoldName(name))
	if err != nil {
		return err
	}
	if err := do(&a); err != nil {
		return err
	}
	return k.audit(ctx, by, a.Name, detail)
}

func (k Keeper) audit(ctx context.Context, by account.Who, name, detail string) error {
	return k.Book.Audit(ctx, account.Entry{At: k.Now(), Who: by, Deed: account.KeepAccounts, About: fmt.Sprint("user ", name), Detail: detail})
}
