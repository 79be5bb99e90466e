package store

import (
	"context"
	"database/sql"
	"fmt"

	"bongsu/notifier/signup"
	"bongsu/status"
)

// Crowd adds n people with one confirmed SMS address each, many in one
// transaction: how they came in is not what is being measured.
func (s *Store) Crowd(ctx context.Context, n int) error {
	const chunk = 10_000
	for from := 0; from < n; from += chunk {
		if err := s.crowd(ctx, from, min(from+chunk, n)); err != nil {
			return fmt.Errorf("adding a crowd: %w", err)
		}
	}
	return nil
}

func (s *Store) crowd(ctx context.Context, from, to int) error {
	return s.inTx(ctx, func(tx *sql.Tx) error {
		var last int64
		if err := tx.QueryRowContext(ctx, "UPDATE counter SET value = value + $1 WHERE name = 'subscriber' RETURNING value", to-from).Scan(&last); err != nil {
			return err
		}
		if s.dialect == postgres {
			return s.crowdAtOnce(ctx, tx, last, from, to)
		}
		for i := from; i < to; i++ {
			id := last - int64(to-1-i)
			if _, err := tx.ExecContext(ctx, "INSERT INTO subscriber (id, lang, plan, at_least, joined) VALUES ($1, 'ko', 'citizens', $2, 1)", id, int(status.PartialOutage)); err != nil {
				return err
			}
			a := Address{Kind: "sms", Address: fmt.Sprintf("+8210%08d", i), Source: "test", Consented: fromMillis(1), Confirmed: fromMillis(1)}
			if err := s.addAddress(ctx, tx, id, a); err != nil {
				return err
			}
		}
		return nil
	})
}

// crowdAtOnce is PostgreSQL's way: one journey for everybody.
func (s *Store) crowdAtOnce(ctx context.Context, tx *sql.Tx, last int64, from, to int) error {
	var ids []int64
	var ciphers [][]byte
	var lookups, hints []string
	for i := from; i < to; i++ {
		id, address := last-int64(to-1-i), fmt.Sprintf("+8210%08d", i)
		ids, ciphers = append(ids, id), append(ciphers, s.keys.seal(id, "sms", address))
		lookups, hints = append(lookups, s.keys.hash(signup.Same("sms", address))), append(hints, signup.Hint("sms", address))
	}
	if _, err := tx.ExecContext(ctx, "INSERT INTO subscriber (id, lang, plan, at_least, joined) SELECT id, 'ko', 'citizens', $2, 1 FROM unnest(CAST($1 AS BIGINT[])) AS p(id)",
		ids, int(status.PartialOutage)); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `
		INSERT INTO address (subscriber, kind, cipher, lookup, hint, source, consented, confirmed)
		SELECT id, 'sms', cipher, lookup, hint, 'test', 1, 1
		FROM unnest(CAST($1 AS BIGINT[]), CAST($2 AS BYTEA[]), CAST($3 AS TEXT[]), CAST($4 AS TEXT[])) AS p(id, cipher, lookup, hint)`,
		ids, ciphers, lookups, hints)
	return err
}
