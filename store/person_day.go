package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"bongsu/notifier"
)

// spare counts a batch's notice to each of its people, and cancels it for those
// who have had their day's number, unless it always passes. It says how many
// were spared.
func (s *Store) spare(ctx context.Context, tx *sql.Tx, batch int64, b notifier.NewBatch, now time.Time) (spared int64, err error) {
	if s.dialect == postgres {
		err = countAtOnce(ctx, tx, b)
	} else {
		err = countEach(ctx, tx, b)
	}
	if err != nil {
		return 0, fmt.Errorf("counting what people get in a day: %w", err)
	}
	if b.Cap.Passes {
		return 0, nil
	}
	spared, err = change(ctx, tx, `
		UPDATE delivery SET fate = 3, why = 'cap', done = $1
		WHERE batch = $2 AND EXISTS (SELECT 1 FROM person_day p WHERE p.channel = $3 AND p.day = $4 AND p.rcpt = delivery.rcpt AND p.notices > $5)`,
		millis(now), batch, b.Channel, b.Cap.Day, b.Cap.Most)
	if err != nil || spared == 0 {
		return spared, err
	}
	_, err = tx.ExecContext(ctx, `
		UPDATE person_day SET notices = notices - 1
		WHERE channel = $1 AND day = $2 AND notices > $3 AND rcpt IN (SELECT rcpt FROM delivery WHERE batch = $4 AND fate = 3)`,
		b.Channel, b.Cap.Day, b.Cap.Most, batch)
	return spared, err
}

// countEach is SQLite's way: one prepared row after another.
func countEach(ctx context.Context, tx *sql.Tx, b notifier.NewBatch) error {
	add, err := tx.PrepareContext(ctx, `
		INSERT INTO person_day (channel, day, rcpt, notices) VALUES ($1, $2, $3, 1)
		ON CONFLICT (channel, day, rcpt) DO UPDATE SET notices = person_day.notices + 1`)
	if err != nil {
		return err
	}
	defer add.Close()
	for _, m := range b.People {
		if _, err := add.ExecContext(ctx, b.Channel, b.Cap.Day, m.Rcpt); err != nil {
			return err
		}
	}
	return nil
}

// countAtOnce is PostgreSQL's way: one statement, one journey. A batch's people
// are in rising order, so two transactions never wait for each other in a
// circle.
func countAtOnce(ctx context.Context, tx *sql.Tx, b notifier.NewBatch) error {
	rcpts := make([]int64, len(b.People))
	for i, m := range b.People {
		rcpts[i] = m.Rcpt
	}
	_, err := tx.ExecContext(ctx, `
		INSERT INTO person_day (channel, day, rcpt, notices)
		SELECT CAST($1 AS TEXT), CAST($2 AS TEXT), r, 1 FROM unnest(CAST($3 AS BIGINT[])) AS r ORDER BY r
		ON CONFLICT (channel, day, rcpt) DO UPDATE SET notices = person_day.notices + 1`, b.Channel, b.Cap.Day, rcpts)
	return err
}
