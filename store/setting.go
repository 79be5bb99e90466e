package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// Setting is a switch or small fact that every node obeys; empty when it was
// never set.
func (s *Store) Setting(ctx context.Context, name string) (string, error) {
	var value string
	err := s.read.QueryRowContext(ctx, "SELECT value FROM setting WHERE name = $1", name).Scan(&value)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("reading setting %s: %w", name, err)
	}
	return value, nil
}

// SetSetting sets it, as of now.
func (s *Store) SetSetting(ctx context.Context, name, value string, now time.Time) error {
	if _, err := s.write.ExecContext(ctx, `
		INSERT INTO setting (name, value, at) VALUES ($1, $2, $3)
		ON CONFLICT (name) DO UPDATE SET value = excluded.value, at = excluded.at`, name, value, millis(now)); err != nil {
		return fmt.Errorf("setting %s: %w", name, err)
	}
	return nil
}
