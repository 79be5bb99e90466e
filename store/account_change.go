package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"bongsu/web/account"
)

// SetRole gives an account another role and app, and ends its sessions: what was
// seen of one before is worth nothing in the other role. [account.ErrLastAdmin]: nobody
// could keep accounts any more.
func (s *Store) SetRole(ctx context.Context, id string, role account.Role, app string) error {
	return s.keepAnAdmin(ctx, func(tx *sql.Tx) error {
		done, err := tx.ExecContext(ctx, "UPDATE account SET role = $1, app = $2 WHERE id = $3", string(role), app, id)
		if err := happened(done, err, "setting a role", account.ErrNoAccount); err != nil {
			return err
		}
		return endSessions(ctx, tx, id, "")
	})
}

// SetDisabled keeps an account's owner out since a time and ends their sessions;
// the zero time lets them in again. [account.ErrLastAdmin] as with SetRole.
func (s *Store) SetDisabled(ctx context.Context, id string, since time.Time) error {
	return s.keepAnAdmin(ctx, func(tx *sql.Tx) error {
		done, err := tx.ExecContext(ctx, "UPDATE account SET disabled = $1 WHERE id = $2", millis(since), id)
		if err := happened(done, err, "disabling an account", account.ErrNoAccount); err != nil || since.IsZero() {
			return err
		}
		return endSessions(ctx, tx, id, "")
	})
}

// keepAnAdmin does what may take an administrator away, unless it was the last
// one.
func (s *Store) keepAnAdmin(ctx context.Context, do func(tx *sql.Tx) error) error {
	return s.inRetriedTx(ctx, func(tx *sql.Tx) error {
		// Two administrators who disable each other at once wait for one another here.
		if _, err := tx.ExecContext(ctx, "UPDATE counter SET value = value WHERE name = 'audit'"); err != nil {
			return fmt.Errorf("waiting for other changes: %w", err)
		}
		before, err := admins(ctx, tx)
		if err != nil {
			return err
		}
		if err := do(tx); err != nil {
			return err
		}
		after, err := admins(ctx, tx)
		if err == nil && before > 0 && after == 0 {
			err = account.ErrLastAdmin
		}
		return err
	})
}

func admins(ctx context.Context, tx *sql.Tx) (n int, err error) {
	if err := tx.QueryRowContext(ctx, "SELECT COUNT(*) FROM account WHERE role = $1 AND disabled = 0", string(account.Admin)).Scan(&n); err != nil {
		return 0, fmt.Errorf("counting administrators: %w", err)
	}
	return n, nil
}

// SetLang notes which language an account's owner reads.
func (s *Store) SetLang(ctx context.Context, id, lang string) error {
	done, err := s.write.ExecContext(ctx, "UPDATE account SET lang = $1 WHERE id = $2", lang, id)
	return happened(done, err, "setting a language", account.ErrNoAccount)
}

// SetPassword keeps a new password's hash and ends every session of the account
// but the one with a hash; links for it are worth nothing any more.
func (s *Store) SetPassword(ctx context.Context, id, password string, now time.Time, but string) error {
	return s.inRetriedTx(ctx, func(tx *sql.Tx) error { return setPassword(ctx, tx, id, password, now, but) })
}

func setPassword(ctx context.Context, tx *sql.Tx, id, password string, now time.Time, but string) error {
	done, err := tx.ExecContext(ctx, "UPDATE account SET password = $1, changed = $2 WHERE id = $3", password, millis(now), id)
	if err := happened(done, err, "setting a password", account.ErrNoAccount); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, "DELETE FROM account_link WHERE account = $1", id); err != nil {
		return fmt.Errorf("removing links: %w", err)
	}
	return endSessions(ctx, tx, id, but)
}

// Rehash keeps another hash of the same password, unless the password has been
// changed since.
func (s *Store) Rehash(ctx context.Context, id, old, anew string) error {
	if _, err := s.write.ExecContext(ctx, "UPDATE account SET password = $1 WHERE id = $2 AND password = $3", anew, id, old); err != nil {
		return fmt.Errorf("hashing a password anew: %w", err)
	}
	return nil
}

// SetTOTP keeps an authenticator's secret, the step of the code that proved it,
// and the recovery codes' hashes in place of those before. No secret takes the
// authenticator and the codes away.
func (s *Store) SetTOTP(ctx context.Context, id string, secret []byte, step int64, recovery []string) error {
	var sealed []byte
	if len(secret) > 0 {
		if s.keys == nil {
			return ErrNoKeys
		}
		sealed = s.keys.seal(0, totpPlace(id), string(secret))
	}
	return s.inRetriedTx(ctx, func(tx *sql.Tx) error {
		done, err := tx.ExecContext(ctx, "UPDATE account SET totp = $1, totp_step = $2 WHERE id = $3", sealed, step, id)
		if err := happened(done, err, "setting an authenticator", account.ErrNoAccount); err != nil {
			return err
		}
		return setRecovery(ctx, tx, id, recovery)
	})
}

// SetRecovery keeps recovery codes' hashes in place of those before.
func (s *Store) SetRecovery(ctx context.Context, id string, hashes []string) error {
	return s.inRetriedTx(ctx, func(tx *sql.Tx) error { return setRecovery(ctx, tx, id, hashes) })
}

func setRecovery(ctx context.Context, tx *sql.Tx, id string, hashes []string) error {
	if _, err := tx.ExecContext(ctx, "DELETE FROM account_recovery WHERE account = $1", id); err != nil {
		return fmt.Errorf("removing recovery codes: %w", err)
	}
	for _, hash := range hashes {
		if _, err := tx.ExecContext(ctx, "INSERT INTO account_recovery (account, hash) VALUES ($1, $2)", id, hash); err != nil {
			return fmt.Errorf("keeping recovery codes: %w", err)
		}
	}
	return nil
}

// UseTOTP notes that a step's code was used, and says whether it had not been,
// nor one after it: of two who come with one code at once, one is in.
func (s *Store) UseTOTP(ctx context.Context, id string, step int64) (bool, error) {
	done, err := s.write.ExecContext(ctx, "UPDATE account SET totp_step = $1 WHERE id = $2 AND totp_step < $1", step, id)
	return once(happened(done, err, "noting a code", errNothing))
}

// UseRecovery uses a recovery code up, and says whether there was one.
func (s *Store) UseRecovery(ctx context.Context, id, hash string) (bool, error) {
	done, err := s.write.ExecContext(ctx, "DELETE FROM account_recovery WHERE account = $1 AND hash = $2", id, hash)
	return once(happened(done, err, "using a recovery code", errNothing))
}

var errNothing = errors.New("nothing was changed")

func once(err error) (bool, error) {
	if errors.Is(err, errNothing) {
		return false, nil
	}
	return err == nil, err
}
