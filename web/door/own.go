package door

import (
	"context"
	"net/http"
	"net/netip"

	"bongsu/web/account"
)

// What somebody changes of their own account. Whatever makes it stronger or
// weaker asks for the password again: a browser left open is not enough.

// proven is who asks, once they have given their password again.
func (d *Door) proven(ctx context.Context, r *http.Request, from netip.Addr, password string) (account.Session, account.Account, error) {
	s, a, err := d.inside(ctx, r)
	if err != nil {
		return s, a, err
	}
	g, err := d.guess(ctx, r, from, a.Name)
	if err != nil {
		return s, a, err
	}
	a, err = d.try(ctx, g, password)
	return s, a, err
}

// Account is that of whoever asks.
func (d *Door) Account(r *http.Request) (account.Account, error) {
	_, a, err := d.inside(r.Context(), r)
	return a, err
}

// SetLang notes which language whoever asks reads.
func (d *Door) SetLang(r *http.Request, lang string) error {
	_, a, err := d.inside(r.Context(), r)
	if err != nil {
		return err
	}
	return d.options.Book.SetLang(r.Context(), a.ID, lang)
}

// ChangePassword sets another password and ends the account's other sessions.
// Errors as of [Door.LogIn], and an [account.PasswordError].
func (d *Door) ChangePassword(r *http.Request, from netip.Addr, old, anew string) error {
	ctx := r.Context()
	s, a, err := d.proven(ctx, r, from, old)
	if err != nil {
		return err
	}
	hash, err := d.hash(ctx, anew, a.Name)
	if err != nil {
		return err
	}
	if err := d.options.Book.SetPassword(ctx, a.ID, hash, d.options.Now(), s.Hash); err != nil {
		return err
	}
	return d.audit(ctx, a.Who(), account.OwnAccount, "user "+a.Name, "password changed")
}

// hash checks a new password and hashes it.
func (d *Door) hash(ctx context.Context, password, name string) (string, error) {
	if err := account.CheckPassword(password, name); err != nil {
		return "", err
	}
	leave, err := d.gate.enter(ctx, true)
	if err != nil {
		return "", err
	}
	defer leave()
	return account.HashPassword(password, d.options.Cost, d.options.Random)
}

// NewTOTP makes a secret for the authenticator of whoever asks. It is kept once
// [Door.SetTOTP] has seen a code of it.
func (d *Door) NewTOTP() ([]byte, error) { return account.NewTOTP(d.options.Random) }

// SetTOTP sets the authenticator, with a code that it shows, and gives recovery
// codes, which are shown once. Errors as of [Door.LogIn].
func (d *Door) SetTOTP(r *http.Request, from netip.Addr, password string, secret []byte, code string) (recovery []string, err error) {
	ctx := r.Context()
	_, a, err := d.proven(ctx, r, from, password)
	if err != nil {
		return nil, err
	}
	step, ok := account.VerifyTOTP(secret, code, 0, d.options.Now())
	if !ok {
		return nil, ErrWrong
	}
	codes, hashes, err := account.NewRecoveryCodes(d.options.Random)
	if err != nil {
		return nil, err
	}
	if err := d.options.Book.SetTOTP(ctx, a.ID, secret, step, hashes); err != nil {
		return nil, err
	}
	return codes, d.audit(ctx, a.Who(), account.OwnAccount, "user "+a.Name, "authenticator set")
}

// DropTOTP takes the authenticator away.
func (d *Door) DropTOTP(r *http.Request, from netip.Addr, password string) error {
	ctx := r.Context()
	_, a, err := d.proven(ctx, r, from, password)
	if err != nil {
		return err
	}
	if err := d.options.Book.SetTOTP(ctx, a.ID, nil, 0, nil); err != nil {
		return err
	}
	return d.audit(ctx, a.Who(), account.OwnAccount, "user "+a.Name, "authenticator taken away")
}

// RenewRecovery gives new recovery codes in place of those before; none without
// an authenticator.
func (d *Door) RenewRecovery(r *http.Request, from netip.Addr, password string) ([]string, error) {
	ctx := r.Context()
	_, a, err := d.proven(ctx, r, from, password)
	if err != nil || len(a.TOTP) == 0 {
		return nil, err
	}
	codes, hashes, err := account.NewRecoveryCodes(d.options.Random)
	if err != nil {
		return nil, err
	}
	if err := d.options.Book.SetRecovery(ctx, a.ID, hashes); err != nil {
		return nil, err
	}
	return codes, d.audit(ctx, a.Who(), account.OwnAccount, "user "+a.Name, "new recovery codes")
}
