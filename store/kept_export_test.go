package store

import (
	"context"
	"database/sql"
)

// ReadWithin reads a table's rows and, at each of them, the same rows again by
// the same text. It says how many it has read in all.
func (s *Store) ReadWithin(ctx context.Context) (n int, err error) {
	const text = "SELECT name FROM counter ORDER BY name"
	err = s.inTx(ctx, func(tx *sql.Tx) error {
		return each(ctx, tx, func(*sql.Rows) error {
			n++
			return each(ctx, tx, func(*sql.Rows) error { n++; return nil }, text)
		}, text)
	})
	return n, err
}

// ReadHalf reads the first of some rows and leaves the rest.
func (s *Store) ReadHalf(ctx context.Context) (name string, err error) {
	err = s.inTx(ctx, func(tx *sql.Tx) error {
		return tx.QueryRowContext(ctx, "SELECT name FROM counter ORDER BY name").Scan(&name)
	})
	return name, err
}
