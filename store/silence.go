package store

import (
	"context"
	"database/sql"
	"time"

	"bongsu/status"
)

// saveSilence keeps a silence while it lasts.
func saveSilence(ctx context.Context, tx *sql.Tx, s *status.Silence, now time.Time) error {
	if !s.Lasts(now) {
		_, err := tx.ExecContext(ctx, "DELETE FROM silence WHERE component = $1", s.Component)
		return err
	}
	_, err := tx.ExecContext(ctx, `
		INSERT INTO silence (component, reason, author, since, until) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (component) DO UPDATE SET reason = excluded.reason, author = excluded.author, since = excluded.since, until = excluded.until`,
		s.Component, s.Reason, s.Author, millis(s.Since), millis(s.Until))
	return err
}

func loadSilences(ctx context.Context, tx *sql.Tx, _ time.Time, m *status.Memory) error {
	return each(ctx, tx, func(rows *sql.Rows) error {
		var s status.Silence
		if err := rows.Scan(&s.Component, &s.Reason, &s.Author, instant{&s.Since}, instant{&s.Until}); err != nil {
			return err
		}
		m.Silences = append(m.Silences, s)
		return nil
	}, "SELECT component, reason, author, since, until FROM silence ORDER BY component")
}
