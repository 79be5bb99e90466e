package store

import "context"

// NoticeCount counts the notices that were saved.
func (s *Store) NoticeCount(ctx context.Context) (n int, err error) {
	err = s.read.QueryRowContext(ctx, "SELECT count(*) FROM notice").Scan(&n)
	return n, err
}
