package store

import "context"

// Migrate is migrate, for tests that migrate twice.
func (s *Store) Migrate(ctx context.Context) error { return s.migrate(ctx) }

// PretendNewer records a migration that only a later program can have made.
func (s *Store) PretendNewer(ctx context.Context) error {
	_, err := s.write.ExecContext(ctx, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, $1)", true)
	return err
}
