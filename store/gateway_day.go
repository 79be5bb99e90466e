package store

import (
	"context"
	"database/sql"
	"maps"
	"slices"

	"bongsu/notifier"
)

// places is how many messages more the window's gateway may be given today.
func (s *Store) places(ctx context.Context, tx *sql.Tx, w *notifier.Window) (int, error) {
	if w.PerDay == 0 {
		return 0, nil
	}
	if _, err := tx.ExecContext(ctx, "INSERT INTO gateway_day (gateway, day, given) VALUES ($1, $2, 0) ON CONFLICT DO NOTHING", w.Gateway, w.Day); err != nil {
		return 0, err
	}
	var given int
	err := tx.QueryRowContext(ctx, s.q("SELECT given FROM gateway_day WHERE gateway = $1 AND day = $2 {{lock}}"), w.Gateway, w.Day).Scan(&given)
	return w.PerDay - given, err
}

// give notes that the window's gateway is given so many messages.
func give(ctx context.Context, tx *sql.Tx, w *notifier.Window, n int) error {
	if w.PerDay == 0 || n == 0 {
		return nil
	}
	_, err := tx.ExecContext(ctx, "UPDATE gateway_day SET given = given + $1 WHERE gateway = $2 AND day = $3", n, w.Gateway, w.Day)
	return err
}

// takeBack has what no gateway took not count.
func takeBack(ctx context.Context, tx *sql.Tx, l notifier.Leaving) error {
	for _, gateway := range slices.Sorted(maps.Keys(l.Unused)) {
		if _, err := tx.ExecContext(ctx, "UPDATE gateway_day SET given = given - $1 WHERE gateway = $2 AND day = $3",
			l.Unused[gateway], gateway, l.Day); err != nil {
			return err
		}
	}
	return nil
}

// Given is how many messages a gateway that counts has been given on a day.
func (s *Store) Given(ctx context.Context, gateway, day string) (int, error) {
	var given int
	err := s.read.QueryRowContext(ctx, "SELECT COALESCE(SUM(given), 0) FROM gateway_day WHERE gateway = $1 AND day = $2", gateway, day).Scan(&given)
	return given, err
}
