package store

import (
	"context"
	"database/sql"
	"time"

	"bongsu/status"
)

// saveSuspicion keeps a suspicion until its time has passed.
func saveSuspicion(ctx context.Context, tx *sql.Tx, s *status.Suspicion, now time.Time) error {
	if !s.Until.After(now) {
		_, err := tx.ExecContext(ctx, "DELETE FROM suspicion WHERE component = $1 AND source = $2 AND name = $3", s.Component, s.Source, s.Key)
		return err
	}
	_, err := tx.ExecContext(ctx, `
		INSERT INTO suspicion (component, source, name, state, summary, since, until, ended) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (component, source, name) DO UPDATE SET state = excluded.state, summary = excluded.summary,
			since = excluded.since, until = excluded.until, ended = excluded.ended`,
		s.Component, s.Source, s.Key, s.State.String(), s.Summary, millis(s.Since), millis(s.Until), millis(s.Ended))
	return err
}

func loadSuspicions(ctx context.Context, tx *sql.Tx, _ time.Time, m *status.Memory) error {
	return each(ctx, tx, func(rows *sql.Rows) error {
		var s status.Suspicion
		if err := rows.Scan(&s.Component, &s.Source, &s.Key, named(&s.State), &s.Summary, instant{&s.Since}, instant{&s.Until}, instant{&s.Ended}); err != nil {
			return err
		}
		m.Suspicions = append(m.Suspicions, s)
		return nil
	}, "SELECT component, source, name, state, summary, since, until, ended FROM suspicion ORDER BY component, source, name")
}
