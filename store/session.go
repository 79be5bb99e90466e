package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"bongsu/web/account"
)

const sessionColumns = "hash, account, second, network, browser, made, seen, deadline, expires"

func scanSession(row interface{ Scan(into ...any) error }) (account.Session, error) {
	var s account.Session
	var second int
	var made, seen, deadline, expires int64
	err := row.Scan(&s.Hash, &s.Account, &second, &s.Network, &s.Browser, &made, &seen, &deadline, &expires)
	s.Second = second == 1
	s.Made, s.Seen, s.Deadline, s.Expires = fromMillis(made), fromMillis(seen), fromMillis(deadline), fromMillis(expires)
	return s, err
}

// Session finds a session that has not ended; false if there is none.
func (s *Store) Session(ctx context.Context, hash string, now time.Time) (account.Session, bool, error) {
	one, err := scanSession(s.read.QueryRowContext(ctx,
		"SELECT "+sessionColumns+" FROM session WHERE hash = $1 AND ended = 0 AND expires > $2 AND deadline > $2", hash, millis(now)))
	if errors.Is(err, sql.ErrNoRows) {
		return account.Session{}, false, nil
	}
	if err != nil {
		return account.Session{}, false, fmt.Errorf("finding a session: %w", err)
	}
	return one, true, nil
}

// Sessions lists an account's sessions that somebody is in by, the latest used
// first.
func (s *Store) Sessions(ctx context.Context, id string, now time.Time) ([]account.Session, error) {
	rows, err := s.read.QueryContext(ctx, "SELECT "+sessionColumns+` FROM session
		WHERE account = $1 AND ended = 0 AND second = 0 AND expires > $2 AND deadline > $2 ORDER BY seen DESC, hash`, id, millis(now))
	if err != nil {
		return nil, fmt.Errorf("listing sessions: %w", err)
	}
	defer rows.Close()
	var list []account.Session
	for rows.Next() {
		one, err := scanSession(rows)
		if err != nil {
			return nil, fmt.Errorf("listing sessions: %w", err)
		}
		list = append(list, one)
	}
	return list, rows.Err()
}

// KeepSession keeps a session, new or changed. One that has ended stays ended.
func (s *Store) KeepSession(ctx context.Context, one account.Session) error {
	second := 0
	if one.Second {
		second = 1
	}
	if _, err := s.write.ExecContext(ctx, `
		INSERT INTO session (hash, account, second, network, browser, made, seen, deadline, expires) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
		ON CONFLICT (hash) DO UPDATE SET account = excluded.account, second = excluded.second, network = excluded.network,
			browser = excluded.browser, seen = excluded.seen, deadline = excluded.deadline, expires = excluded.expires
		WHERE session.ended = 0`,
		one.Hash, one.Account, second, one.Network, one.Browser, millis(one.Made), millis(one.Seen), millis(one.Deadline), millis(one.Expires)); err != nil {
		return fmt.Errorf("keeping a session: %w", err)
	}
	return nil
}

// TouchSession notes that a session was used, and puts off its end.
func (s *Store) TouchSession(ctx context.Context, hash string, seen, expires time.Time) error {
	if _, err := s.write.ExecContext(ctx, "UPDATE session SET seen = $1, expires = $2 WHERE hash = $3 AND ended = 0 AND seen < $1",
		millis(seen), millis(expires), hash); err != nil {
		return fmt.Errorf("noting the use of a session: %w", err)
	}
	return nil
}

// EndSession ends a session; that there is none is no error.
func (s *Store) EndSession(ctx context.Context, hash string) error {
	if _, err := s.write.ExecContext(ctx, "UPDATE session SET ended = 1 WHERE hash = $1", hash); err != nil {
		return fmt.Errorf("ending a session: %w", err)
	}
	return nil
}

// EndSessions ends every session of an account but the one with a hash.
func (s *Store) EndSessions(ctx context.Context, id, but string) error {
	return s.inRetriedTx(ctx, func(tx *sql.Tx) error { return endSessions(ctx, tx, id, but) })
}

func endSessions(ctx context.Context, tx *sql.Tx, id, but string) error {
	if _, err := tx.ExecContext(ctx, "UPDATE session SET ended = 1 WHERE account = $1 AND hash <> $2", id, but); err != nil {
		return fmt.Errorf("ending sessions: %w", err)
	}
	return nil
}
