package store

import (
	"context"
	"database/sql"
	"time"

	"bongsu/status"
)

// saveWords keeps what an app's people say of a function. The latest stand.
func (s *Store) saveWords(ctx context.Context, tx *sql.Tx, w *status.FunctionWords) error {
	name, err := toJSON(w.Name)
	if err != nil {
		return err
	}
	instead, err := toJSON(w.Instead)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `
		INSERT INTO function_words (app, func, name, instead, author, at) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (app, func) DO UPDATE SET name = excluded.name, instead = excluded.instead, author = excluded.author, at = excluded.at
		WHERE function_words.at <= excluded.at`,
		w.App, w.Function, name, instead, w.Author, millis(w.At))
	return err
}

func loadWords(ctx context.Context, tx *sql.Tx, _ time.Time, m *status.Memory) error {
	return each(ctx, tx, func(rows *sql.Rows) error {
		var w status.FunctionWords
		if err := rows.Scan(&w.App, &w.Function, inJSON[status.Text]{&w.Name}, inJSON[status.Text]{&w.Instead}, &w.Author, instant{&w.At}); err != nil {
			return err
		}
		m.Words = append(m.Words, w)
		return nil
	}, "SELECT app, func, name, instead, author, at FROM function_words ORDER BY app, func")
}
