package store

import (
	"context"
	"database/sql"
	"errors"
)

// Migrate is migrate, for tests that migrate twice.
func (s *Store) Migrate(ctx context.Context) error { return s.migrate(ctx) }

// PretendNewer records a migration that only a later program can have made.
func (s *Store) PretendNewer(ctx context.Context) error {
	_, err := s.write.ExecContext(ctx, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, $1)", true)
	return err
}

// Do does something on the connection that writes.
func (s *Store) Do(ctx context.Context, text string) error {
	_, err := s.write.ExecContext(ctx, text)
	return err
}

// CloseBlindly closes every batch, as a program does that knows of no late ones.
func (s *Store) CloseBlindly(ctx context.Context) error {
	return s.Do(ctx, "UPDATE batch SET state = 2, owner = ''")
}

// Quoted is whatever the books still quote of addresses and of gateways' words.
func (s *Store) Quoted(ctx context.Context) ([]string, error) {
	return texts(ctx, s.read, `
		SELECT text FROM attempt WHERE text <> '' UNION ALL SELECT hint FROM address
		UNION ALL SELECT why FROM delivery WHERE why IS NOT NULL UNION ALL SELECT ref FROM delivery WHERE ref IS NOT NULL`)
}

// ErrTried is why a transaction of Try fails.
var ErrTried = errors.New("tried")

// Undo undoes, as SQLite does when a caller hangs up in the middle of a
// statement, the transaction that it shares with others.
func (s *Store) Undo(ctx context.Context) error {
	return s.inTx(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, "ROLLBACK"); err != nil {
			return err
		}
		return ErrTried
	})
}

// Insist tries as Try does, once more where others undid it.
func (s *Store) Insist(ctx context.Context, name string) error {
	return s.inRetriedTx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "INSERT INTO setting (name, value, at) VALUES ($1, 'x', 0)", name)
		return err
	})
}

// Try writes a setting in a transaction, which then fails if it is to.
func (s *Store) Try(ctx context.Context, name string, fail bool) error {
	return s.inTx(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, "INSERT INTO setting (name, value, at) VALUES ($1, 'x', 0)", name); err != nil {
			return err
		}
		if fail {
			return ErrTried
		}
		return nil
	})
}

// TryPanic is Try that panics after it has written.
func (s *Store) TryPanic(ctx context.Context, name string) (said any) {
	defer func() { said = recover() }()
	return s.inTx(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, "INSERT INTO setting (name, value, at) VALUES ($1, 'x', 0)", name); err != nil {
			return err
		}
		panic("out of range")
	})
}
