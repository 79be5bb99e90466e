package store

import (
	"context"
	"database/sql"
	"time"

	"bongsu/status"
)

// saveSwitch keeps whether an app's widget is shut off. The latest word stands.
func (s *Store) saveSwitch(ctx context.Context, tx *sql.Tx, w *status.WidgetSwitch) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO widget_switch (app, off, author, at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (app) DO UPDATE SET off = excluded.off, author = excluded.author, at = excluded.at
		WHERE widget_switch.at <= excluded.at`,
		w.App, w.Off, w.Author, millis(w.At))
	return err
}

func loadSwitches(ctx context.Context, tx *sql.Tx, _ time.Time, m *status.Memory) error {
	return each(ctx, tx, func(rows *sql.Rows) error {
		var w status.WidgetSwitch
		if err := rows.Scan(&w.App, &w.Off, &w.Author, instant{&w.At}); err != nil {
			return err
		}
		m.Widgets = append(m.Widgets, w)
		return nil
	}, "SELECT app, off, author, at FROM widget_switch ORDER BY app")
}
