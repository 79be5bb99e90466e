package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"bongsu/status"
)

// Ask leaves a command for the server. Asking again under the same id asks
// nothing new. [Store.Answer] says what became of it.
func (s *Store) Ask(ctx context.Context, c status.Command) error {
	kind, err := kindOf(&c)
	if err != nil {
		return err
	}
	body, err := toJSON(commandRow{c.Open, c.Incident, c.Note, c.Maintain})
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
		var body commandRow
		if err := rows.Scan(&c.ID, inJSON[commandRow]{&body}, instant{&c.At}); err != nil {
			return nil, fmt.Errorf("reading commands: %w", err)
		}
		c.Open, c.Incident, c.Note, c.Maintain = body.Open, body.Incident, body.Note, body.Maintain
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
	err := s.read.QueryRowContext(ctx, "SELECT done_at, made, error FROM command WHERE id = $1", id).Scan(instant{&a.At}, &a.Made, &a.Error)
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

// saveAnswers marks commands done. The first answer stands.
func (s *Store) saveAnswers(ctx context.Context, tx *sql.Tx, answers []status.Answer) error {
	for _, a := range answers {
		if _, err := tx.ExecContext(ctx, "UPDATE command SET done_at = $1, made = $2, error = $3 WHERE id = $4 AND done_at = 0",
			millis(a.At), a.Made, a.Error, a.Command); err != nil {
			return fmt.Errorf("answering command %s: %w", a.Command, err)
		}
	}
	return nil
}

type commandRow struct {
	Open     *status.Draft       `json:"open,omitempty"`
	Incident string              `json:"incident,omitempty"`
	Note     *status.NoteDraft   `json:"note,omitempty"`
	Maintain *status.Maintenance `json:"maintain,omitempty"`
}

func kindOf(c *status.Command) (string, error) {
	switch {
	case c.Open != nil:
		return "open", nil
	case c.Note != nil:
		return "note", nil
	case c.Maintain != nil:
		return "maintain", nil
	default:
		return "", fmt.Errorf("command %q asks for nothing: set Open, Note or Maintain", c.ID)
	}
}
