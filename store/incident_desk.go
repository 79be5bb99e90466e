package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"bongsu/status"
)

// IncidentHold says whose an incident is.
type IncidentHold struct {
	Incident string
	Who      string // an account's id
	Name     string // as it was called then
	Since    time.Time
}

// TakeIncident notes that an incident is somebody's, in place of whoever had it.
// It tells nobody.
func (s *Store) TakeIncident(ctx context.Context, h IncidentHold) error {
	if _, err := s.write.ExecContext(ctx, `
		INSERT INTO incident_hold (incident, who, name, since) VALUES ($1, $2, $3, $4)
		ON CONFLICT (incident) DO UPDATE SET who = excluded.who, name = excluded.name, since = excluded.since
		WHERE incident_hold.who <> excluded.who`, h.Incident, h.Who, h.Name, millis(h.Since)); err != nil {
		return fmt.Errorf("noting whose incident %s is: %w", h.Incident, err)
	}
	return nil
}

// LeaveIncident notes that an incident is nobody's any more.
func (s *Store) LeaveIncident(ctx context.Context, incident string) error {
	if _, err := s.write.ExecContext(ctx, "DELETE FROM incident_hold WHERE incident = $1", incident); err != nil {
		return fmt.Errorf("noting that incident %s is nobody's: %w", incident, err)
	}
	return nil
}

// IncidentHolds says whose incidents are, by id: the latest thousand.
func (s *Store) IncidentHolds(ctx context.Context) (map[string]IncidentHold, error) {
	rows, err := s.read.QueryContext(ctx, "SELECT incident, who, name, since FROM incident_hold ORDER BY since DESC LIMIT 1000")
	if err != nil {
		return nil, fmt.Errorf("reading whose incidents are: %w", err)
	}
	defer rows.Close()
	holds := map[string]IncidentHold{}
	for rows.Next() {
		var h IncidentHold
		if err := rows.Scan(&h.Incident, &h.Who, &h.Name, instant{&h.Since}); err != nil {
			return nil, fmt.Errorf("reading whose incidents are: %w", err)
		}
		holds[h.Incident] = h
	}
	return holds, rows.Err()
}

// KeptText is a text that operators keep ready.
type KeptText struct {
	ID      string
	Name    string
	Text    status.Text
	Author  string
	At      time.Time
	Version int64 // rises with every change
}

// Errors about kept texts.
var (
	ErrNoKeptText = errors.New("no such text is kept")
	ErrTextMoved  = errors.New("somebody else has changed the text meanwhile")
	ErrTooMany    = errors.New("there are 200 texts already; remove one that nobody uses")
)

// mostKept is how many texts may be kept: more than anybody finds his way in.
const mostKept = 200

// KeptTexts are all of them, by name.
func (s *Store) KeptTexts(ctx context.Context) ([]KeptText, error) {
	rows, err := s.read.QueryContext(ctx, "SELECT id, name, body, author, at, version FROM kept_text ORDER BY name, id LIMIT $1", mostKept)
	if err != nil {
		return nil, fmt.Errorf("reading the texts that are kept: %w", err)
	}
	defer rows.Close()
	var list []KeptText
	for rows.Next() {
		var k KeptText
		if err := rows.Scan(&k.ID, &k.Name, inJSON[status.Text]{&k.Text}, &k.Author, instant{&k.At}, &k.Version); err != nil {
			return nil, fmt.Errorf("reading the texts that are kept: %w", err)
		}
		list = append(list, k)
	}
	return list, rows.Err()
}

// KeepText adds a text, or changes the one with its id if that still is of its
// Version; a new one is of version 0. Adding the same again changes nothing.
func (s *Store) KeepText(ctx context.Context, k KeptText) error {
	body, err := toJSON(k.Text)
	if err != nil {
		return err
	}
	return s.inTx(ctx, func(tx *sql.Tx) error {
		if k.Version == 0 {
			return addKept(ctx, tx, &k, body)
		}
		changed, err := tx.ExecContext(ctx, "UPDATE kept_text SET name = $1, body = $2, author = $3, at = $4, version = version + 1 WHERE id = $5 AND version = $6",
			k.Name, body, k.Author, millis(k.At), k.ID, k.Version)
		if err != nil {
			return fmt.Errorf("keeping a text: %w", err)
		}
		if n, err := changed.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, ErrTextMoved)
		}
		return nil
	})
}

func addKept(ctx context.Context, tx *sql.Tx, k *KeptText, body string) error {
	var n int
	if err := tx.QueryRowContext(ctx, "SELECT COUNT(*) FROM kept_text").Scan(&n); err != nil {
		return fmt.Errorf("counting the texts that are kept: %w", err)
	}
	if n >= mostKept {
		return ErrTooMany
	}
	if _, err := tx.ExecContext(ctx, `
		INSERT INTO kept_text (id, name, body, author, at, version) VALUES ($1, $2, $3, $4, $5, 1) ON CONFLICT (id) DO NOTHING`,
		k.ID, k.Name, body, k.Author, millis(k.At)); err != nil {
		return fmt.Errorf("keeping a text: %w", err)
	}
	return nil
}

// DropText removes a text.
func (s *Store) DropText(ctx context.Context, id string) error {
	gone, err := s.write.ExecContext(ctx, "DELETE FROM kept_text WHERE id = $1", id)
	if err != nil {
		return fmt.Errorf("removing a text: %w", err)
	}
	if n, err := gone.RowsAffected(); err != nil || n == 0 {
		return errors.Join(err, ErrNoKeptText)
	}
	return nil
}
