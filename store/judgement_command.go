package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"bongsu/status"
)

// Ask leaves a command for the server. Asking again under the same id asks
// nothing new. [Store.Answer] says what became of it.
func (s *Store) Ask(ctx context.Context, c status.Command) error {
	kind, err := kindOf(&c)
	if err != nil {
		return err
	}
	body, err := toJSON(c)
	if err != nil {
		return err
	}
	if _, err := s.write.ExecContext(ctx, "INSERT INTO command (id, kind, body, at) VALUES ($1, $2, $3, $4) ON CONFLICT (id) DO NOTHING",
		c.ID, kind, body, millis(c.At)); err != nil {
		return fmt.Errorf("leaving a command for the server: %w", err)
	}
	return nil
}

// maxCommands is how many commands are read at once: a person types them, so
// more than this is a fault, and it must not fill the memory.
const maxCommands = 100

// Commands are the oldest commands that wait, at most a hundred.
func (s *Store) Commands(ctx context.Context) ([]status.Command, error) {
	rows, err := s.read.QueryContext(ctx, "SELECT id, body, at FROM command WHERE done_at = 0 ORDER BY at, id LIMIT $1", maxCommands)
	if err != nil {
		return nil, fmt.Errorf("reading commands: %w", err)
	}
	defer rows.Close()
	var waiting []status.Command
	for rows.Next() {
		var c status.Command
		var id string
		var at time.Time
		if err := rows.Scan(&id, inJSON[status.Command]{&c}, instant{&at}); err != nil {
			return nil, fmt.Errorf("reading commands: %w", err)
		}
		c.ID, c.At = id, at
		waiting = append(waiting, c)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("reading commands: %w", err)
	}
	return waiting, nil
}

// Answer is what became of a command; false while it waits.
func (s *Store) Answer(ctx context.Context, id string) (status.Answer, bool, error) {
	a := status.Answer{Command: id}
	err := s.read.QueryRowContext(ctx, "SELECT asked, done_at, made, error FROM command WHERE id = $1", id).Scan(&a.Asked, instant{&a.At}, &a.Made, &a.Error)
	if errors.Is(err, sql.ErrNoRows) {
		return a, false, fmt.Errorf("reading command %s: %w", id, ErrNoCommand)
	}
	if err != nil {
		return a, false, fmt.Errorf("reading command %s: %w", id, err)
	}
	return a, !a.At.IsZero(), nil
}

// ErrNoCommand says that nobody asked that.
var ErrNoCommand = errors.New("no such command")

// saveAnswers marks commands done, and keeps those of commands that did not
// come by the database. The first answer stands.
func (s *Store) saveAnswers(ctx context.Context, tx *sql.Tx, answers []status.Answer) error {
	for _, a := range answers {
		if a.Asked != "" {
			if _, err := tx.ExecContext(ctx, `
				INSERT INTO command (id, kind, body, at, asked, done_at, made, error) VALUES ($1, 'direct', '{}', $2, $3, $4, $5, $6)
				ON CONFLICT (id) DO NOTHING`, a.Command, millis(a.At), a.Asked, millis(a.At), a.Made, a.Error); err != nil {
				return fmt.Errorf("keeping the answer to command %s: %w", a.Command, err)
			}
			continue
		}
		if _, err := tx.ExecContext(ctx, "UPDATE command SET done_at = $1, made = $2, error = $3 WHERE id = $4 AND done_at = 0",
			millis(a.At), a.Made, a.Error, a.Command); err != nil {
			return fmt.Errorf("answering command %s: %w", a.Command, err)
		}
	}
	return nil
}

func kindOf(c *status.Command) (string, error) {
	for kind, asked := range map[string]bool{
		"open": c.Open != nil, "note": c.Note != nil, "maintain": c.Maintain != nil, "arrange": c.Arrange != nil, "cancel": c.Cancel != "",
		"correct": c.Correct != nil, "state": c.State != nil, "expect": c.Expect != nil,
		"merge": c.Merge != "", "split": c.Split != nil, "retract": c.Retract != nil, "postmortem": c.Postmortem != nil, "words": c.Words != nil, "widget": c.Widget != nil, "suspect": c.Suspect != nil,
		"silence": c.Silence != nil, "lift": c.Lift != "",
	} {
		if asked {
			return kind, nil
		}
	}
	return "", fmt.Errorf("command %q asks for nothing", c.ID)
}
