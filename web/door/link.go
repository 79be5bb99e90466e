package door

import (
	"context"
	"errors"
	"net/http"

	"bongsu/web/account"
)

// Link finds a one-time link that is still good, and whose password it sets; it
// is not used up by that. [account.ErrNoLink] if there is none.
func (d *Door) Link(ctx context.Context, text string) (link account.Link, name string, err error) {
	hash, ok := account.SecretHash(text)
	if !ok {
		return link, "", account.ErrNoLink
	}
	if link, err = d.options.Book.Link(ctx, hash, d.options.Now()); err != nil || link.Account == "" {
		return link, "", err
	}
	a, err := d.options.Book.Account(ctx, link.Account)
	if errors.Is(err, account.ErrNoAccount) || err == nil && !a.Disabled.IsZero() {
		err = account.ErrNoLink
	}
	return link, a.Name, err
}

// Choose uses a one-time link up: the first account is made, with a name, or a
// password is set for the link's account. Then they log in as always. Errors:
// [account.ErrNoLink], an [account.PasswordError], what [account.CheckName]
// says, [ErrBusy].
func (d *Door) Choose(r *http.Request, text, name, password string) error {
	ctx := r.Context()
	link, owner, err := d.Link(ctx, text)
	if err != nil {
		return err
	}
	if link.Purpose == account.SetPassword {
		hash, err := d.hash(ctx, password, owner)
		if err != nil {
			return err
		}
		if err := d.options.Book.UsePasswordLink(ctx, link, hash, d.options.Now()); err != nil {
			return err
		}
		return d.audit(ctx, account.Who{ID: link.Account, Name: owner}, account.OwnAccount, "user "+owner, "password chosen by a link")
	}
	return d.first(ctx, link, account.FoldName(name), password)
}

func (d *Door) first(ctx context.Context, link account.Link, name, password string) error {
	if err := account.CheckName(name); err != nil {
		return &NameError{err}
	}
	hash, err := d.hash(ctx, password, name)
	if err != nil {
		return err
	}
	now := d.options.Now()
	a := account.Account{ID: d.options.ID(now), Name: name, Role: account.Admin, Password: hash, Made: now, Changed: now}
	if err := d.options.Book.UseFirstLink(ctx, link.Hash, a, now); err != nil {
		return err
	}
	return d.audit(ctx, a.Who(), account.KeepAccounts, "user "+name, "first user, made by a link")
}

// NameError says that a name cannot be a user's.
type NameError struct{ Err error }

func (e *NameError) Error() string { return e.Err.Error() }

// Unwrap is why.
func (e *NameError) Unwrap() error { return e.Err }
