package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// Beat is a report of something that reports in by itself.
type Beat struct {
	Check  string
	At     time.Time // when it came in
	Code   int       // as a process exits: 0 is well
	Took   time.Duration
	Reason string
}

// SaveBeat keeps the latest report of a check. An older one changes nothing.
func (s *Store) SaveBeat(ctx context.Context, b Beat) error {
	if _, err := s.write.ExecContext(ctx, `
		INSERT INTO heartbeat (checked, at, code, took_ms, reason) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (checked) DO UPDATE SET at = excluded.at, code = excluded.code, took_ms = excluded.took_ms, reason = excluded.reason
		WHERE heartbeat.at <= excluded.at`,
		b.Check, millis(b.At), b.Code, b.Took.Milliseconds(), cut(b.Reason, maxReason)); err != nil {
		return fmt.Errorf("keeping the report of %s: %w", b.Check, err)
	}
	return nil
}

// Beats are the latest reports of all checks that ever reported in, by check:
// what silence is to be counted from after a restart.
func (s *Store) Beats(ctx context.Context) ([]Beat, error) {
	var beats []Beat
	err := each(ctx, s.read, func(rows *sql.Rows) error {
		var b Beat
		var took int64
		if err := rows.Scan(&b.Check, instant{&b.At}, &b.Code, &took, &b.Reason); err != nil {
			return err
		}
		b.Took = time.Duration(took) * time.Millisecond
		beats = append(beats, b)
		return nil
	}, "SELECT checked, at, code, took_ms, reason FROM heartbeat ORDER BY checked")
	if err != nil {
		return nil, fmt.Errorf("reading reports: %w", err)
	}
	return beats, nil
}
