package store

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// statement is one that is to be run for what it does.
type statement struct {
	text string
	args []any
}

// execer is what runs statements.
type execer interface {
	ExecContext(ctx context.Context, text string, args ...any) (sql.Result, error)
}

// runAll runs statements one after another.
func runAll(ctx context.Context, q execer, what string, all []statement) error {
	for _, st := range all {
		if _, err := q.ExecContext(ctx, st.text, st.args...); err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
	}
	return nil
}

// sendAll runs statements as one transaction of PostgreSQL in one journey: it
// begins with the first and is committed by the end of what was sent. Any error
// undoes all of them.
func (s *Store) sendAll(ctx context.Context, all []statement) error {
	conn, err := s.write.Conn(ctx)
	if err != nil {
		return fmt.Errorf("beginning a transaction: %w", err)
	}
	defer conn.Close()
	return conn.Raw(func(c any) error {
		var batch pgx.Batch
		for _, st := range all {
			batch.Queue(st.text, st.args...)
		}
		return c.(interface{ Conn() *pgx.Conn }).Conn().SendBatch(ctx, &batch).Close()
	})
}
