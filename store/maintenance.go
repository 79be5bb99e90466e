package store

import (
	"context"
	"database/sql"
	"time"

	"bongsu/status"
)

// saveMaintenance keeps planned work as it is now.
func (s *Store) saveMaintenance(ctx context.Context, tx *sql.Tx, w *status.Maintenance) error {
	title, body, components, remind, err := work(w.Title, w.Text, w.Components, w.Remind)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `
		INSERT INTO maintenance (id, title, body, components, starts, ends, cancelled, planned, routine, remind, reminded, step, most, meant, done)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
		ON CONFLICT (id) DO UPDATE SET title = excluded.title, body = excluded.body, components = excluded.components,
			starts = excluded.starts, ends = excluded.ends, cancelled = excluded.cancelled, planned = excluded.planned,
			routine = excluded.routine, remind = excluded.remind, reminded = excluded.reminded, step = excluded.step, most = excluded.most,
			meant = excluded.meant, done = excluded.done`,
		w.ID, title, body, components, millis(w.From), millis(w.Until), millis(w.Cancelled), w.Planned,
		w.Routine, remind, millis(w.Reminded), int64(w.Extend.Step), int64(w.Extend.Most), millis(w.Meant), millis(w.Done))
	return err
}

// saveRoutine keeps planned work that comes again.
func (s *Store) saveRoutine(ctx context.Context, tx *sql.Tx, r *status.Routine) error {
	title, body, components, remind, err := work(r.Title, r.Text, r.Components, r.Remind)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `
		INSERT INTO routine (id, title, body, components, rule, begins, zone, lasts, remind, step, most, ended, planned)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
		ON CONFLICT (id) DO UPDATE SET title = excluded.title, body = excluded.body, components = excluded.components,
			rule = excluded.rule, begins = excluded.begins, zone = excluded.zone, lasts = excluded.lasts,
			remind = excluded.remind, step = excluded.step, most = excluded.most, ended = excluded.ended, planned = excluded.planned`,
		r.ID, title, body, components, r.Rule, millis(r.First), r.Zone, int64(r.Lasts),
		remind, int64(r.Extend.Step), int64(r.Extend.Most), millis(r.Ended), r.Planned)
	return err
}

// work is what planned work and work that comes again have in common, as JSON.
func work(title, text status.Text, components []string, remind []time.Duration) (t, b, c, r string, err error) {
	for _, part := range []struct {
		into *string
		from any
	}{{&t, title}, {&b, text}, {&c, components}, {&r, remind}} {
		if *part.into, err = toJSON(part.from); err != nil {
			return "", "", "", "", err
		}
	}
	return t, b, c, r, nil
}

func loadMaintenance(ctx context.Context, tx *sql.Tx, since time.Time, m *status.Memory) error {
	return each(ctx, tx, func(rows *sql.Rows) error {
		var w status.Maintenance
		if err := rows.Scan(&w.ID, inJSON[status.Text]{&w.Title}, inJSON[status.Text]{&w.Text}, inJSON[[]string]{&w.Components},
			instant{&w.From}, instant{&w.Until}, instant{&w.Cancelled}, &w.Planned, &w.Routine, inJSON[[]time.Duration]{&w.Remind},
			instant{&w.Reminded}, &w.Extend.Step, &w.Extend.Most, instant{&w.Meant}, instant{&w.Done}); err != nil {
			return err
		}
		m.Maintenance = append(m.Maintenance, w)
		return nil
	}, `SELECT id, title, body, components, starts, ends, cancelled, planned, routine, remind, reminded, step, most, meant, done
		FROM maintenance WHERE ends >= $1 ORDER BY id`, millis(since))
}

func loadRoutines(ctx context.Context, tx *sql.Tx, since time.Time, m *status.Memory) error {
	return each(ctx, tx, func(rows *sql.Rows) error {
		var r status.Routine
		if err := rows.Scan(&r.ID, inJSON[status.Text]{&r.Title}, inJSON[status.Text]{&r.Text}, inJSON[[]string]{&r.Components},
			&r.Rule, instant{&r.First}, &r.Zone, &r.Lasts, inJSON[[]time.Duration]{&r.Remind},
			&r.Extend.Step, &r.Extend.Most, instant{&r.Ended}, &r.Planned); err != nil {
			return err
		}
		m.Routines = append(m.Routines, r)
		return nil
	}, `SELECT id, title, body, components, rule, begins, zone, lasts, remind, step, most, ended, planned
		FROM routine WHERE ended = 0 OR ended >= $1 ORDER BY id`, millis(since))
}
