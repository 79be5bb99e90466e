package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"bongsu/web/account"
)

const accountColumns = `a.id, a.name, a.role, a.app, a.lang, a.password, a.totp, a.totp_step, a.made, a.changed, a.last_in, a.disabled,
	(SELECT COUNT(*) FROM account_recovery r WHERE r.account = a.id)`

func (s *Store) scanAccount(row interface{ Scan(into ...any) error }) (account.Account, error) {
	var a account.Account
	var sealed []byte
	var made, changed, in, disabled int64
	if err := row.Scan(&a.ID, &a.Name, &a.Role, &a.App, &a.Lang, &a.Password, &sealed, &a.Used, &made, &changed, &in, &disabled, &a.Recovery); err != nil {
		return a, err
	}
	a.Made, a.Changed, a.LastIn, a.Disabled = fromMillis(made), fromMillis(changed), fromMillis(in), fromMillis(disabled)
	if len(sealed) == 0 {
		return a, nil
	}
	if s.keys == nil {
		return a, ErrNoKeys
	}
	secret, err := s.keys.open(0, totpPlace(a.ID), sealed)
	a.TOTP = []byte(secret)
	return a, err
}

// totpPlace is what an authenticator's secret is sealed for: in another
// account's row it does not open.
func totpPlace(id string) string { return "authenticator of " + id }

// Accounts lists the accounts by name.
func (s *Store) Accounts(ctx context.Context) ([]account.Account, error) {
	rows, err := s.read.QueryContext(ctx, "SELECT "+accountColumns+" FROM account a ORDER BY a.name")
	if err != nil {
		return nil, fmt.Errorf("listing accounts: %w", err)
	}
	defer rows.Close()
	var list []account.Account
	for rows.Next() {
		a, err := s.scanAccount(rows)
		if err != nil {
			return nil, fmt.Errorf("listing accounts: %w", err)
		}
		list = append(list, a)
	}
	return list, rows.Err()
}

// Account finds an account by its id; [account.ErrNoAccount] if there is none.
func (s *Store) Account(ctx context.Context, id string) (account.Account, error) {
	return s.accountWhere(ctx, "a.id = $1", id)
}

// AccountByName finds an account by its name, as [account.FoldName] gives it.
func (s *Store) AccountByName(ctx context.Context, name string) (account.Account, error) {
	return s.accountWhere(ctx, "a.name = $1", name)
}

func (s *Store) accountWhere(ctx context.Context, where string, value string) (account.Account, error) {
	a, err := s.scanAccount(s.read.QueryRowContext(ctx, "SELECT "+accountColumns+" FROM account a WHERE "+where, value))
	if errors.Is(err, sql.ErrNoRows) {
		return account.Account{}, account.ErrNoAccount
	}
	if err != nil {
		return account.Account{}, fmt.Errorf("finding an account: %w", err)
	}
	return a, nil
}

// AnyAccount says whether there is an account at all.
func (s *Store) AnyAccount(ctx context.Context) (bool, error) {
	var n int
	if err := s.read.QueryRowContext(ctx, "SELECT COUNT(*) FROM (SELECT 1 FROM account LIMIT 1) a").Scan(&n); err != nil {
		return false, fmt.Errorf("counting accounts: %w", err)
	}
	return n > 0, nil
}

// AddAccount keeps a new account, without an authenticator.
// [account.ErrNameTaken]: there is one with its name.
func (s *Store) AddAccount(ctx context.Context, a account.Account) error {
	return s.inRetriedTx(ctx, func(tx *sql.Tx) error { return addAccount(ctx, tx, &a) })
}

func addAccount(ctx context.Context, tx *sql.Tx, a *account.Account) error {
	added, err := tx.ExecContext(ctx, `INSERT INTO account (id, name, role, app, lang, password, made, changed)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (name) DO NOTHING`,
		a.ID, a.Name, string(a.Role), a.App, a.Lang, a.Password, millis(a.Made), millis(a.Changed))
	return happened(added, err, "keeping an account", account.ErrNameTaken)
}

// happened gives why a statement changed nothing, if it did not.
func happened(done sql.Result, err error, what string, unless error) error {
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	n, err := done.RowsAffected()
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	if n == 0 {
		return unless
	}
	return nil
}

// Devices are the browsers an account has come in by, the latest first; none if
// nobody is called so.
func (s *Store) Devices(ctx context.Context, name string) ([]account.Device, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT d.hash, d.network, d.seen FROM account_device d
		WHERE d.account = (SELECT id FROM account WHERE name = $1) ORDER BY d.seen DESC, d.hash LIMIT $2`, name, maxDevices)
	if err != nil {
		return nil, fmt.Errorf("reading known devices: %w", err)
	}
	defer rows.Close()
	var list []account.Device
	for rows.Next() {
		var d account.Device
		var seen int64
		if err := rows.Scan(&d.Hash, &d.Network, &seen); err != nil {
			return nil, fmt.Errorf("reading known devices: %w", err)
		}
		d.Seen = fromMillis(seen)
		list = append(list, d)
	}
	return list, rows.Err()
}

// maxDevices is how many browsers of an account are remembered.
const maxDevices = 20

// NoteEntry remembers that somebody came in, and by which browser.
func (s *Store) NoteEntry(ctx context.Context, id string, by account.Device) error {
	err := s.inRetriedTx(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, "UPDATE account SET last_in = $1 WHERE id = $2", millis(by.Seen), id); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO account_device (account, hash, network, seen) VALUES ($1, $2, $3, $4)
			ON CONFLICT (account, hash) DO UPDATE SET network = excluded.network, seen = excluded.seen`,
			id, by.Hash, by.Network, millis(by.Seen)); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `DELETE FROM account_device WHERE account = $1 AND hash NOT IN
			(SELECT hash FROM account_device WHERE account = $1 ORDER BY seen DESC, hash LIMIT $2)`, id, maxDevices)
		return err
	})
	if err != nil {
		return fmt.Errorf("noting who came in: %w", err)
	}
	return nil
}

// TidyAccounts removes sessions, links and tries whose time is over.
func (s *Store) TidyAccounts(ctx context.Context, now time.Time) error {
	err := s.inRetriedTx(ctx, func(tx *sql.Tx) error {
		for _, text := range []string{
			"DELETE FROM session WHERE expires <= $1", "DELETE FROM account_link WHERE expires <= $1", "DELETE FROM account_try WHERE gone <= $1",
		} {
			if _, err := tx.ExecContext(ctx, text, millis(now)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("removing what of accounts is over: %w", err)
	}
	return nil
}
