package store

import (
	"context"
	"fmt"
	"time"

	"bongsu/notifier"
)

// Unheard gives batches of a channel that a node works, or that wait for a time
// to come, with whom of them something was handed over and nothing is known
// since.
func (s *Store) Unheard(ctx context.Context, node, channel string, now time.Time, limit int) ([]notifier.Waiting, error) {
	rows, err := s.read.QueryContext(ctx, `
		SELECT id, notice, hop, channel FROM (
			SELECT id, notice, hop, channel FROM batch WHERE state = 1 AND owner = $1 AND channel = $2
			UNION
			SELECT id, notice, hop, channel FROM batch WHERE check_at > 0 AND check_at > $3 AND channel = $2) unheard
		ORDER BY id LIMIT $4`, node, channel, millis(now), limit)
	if err != nil {
		return nil, fmt.Errorf("looking for unheard batches: %w", err)
	}
	defer rows.Close()
	var list []notifier.Waiting
	for rows.Next() {
		var w notifier.Waiting
		if err := rows.Scan(&w.Batch, &w.Notice, &w.Hop, &w.Channel); err != nil {
			return nil, fmt.Errorf("looking for unheard batches: %w", err)
		}
		list = append(list, w)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("looking for unheard batches: %w", err)
	}
	for i := range list {
		if list[i].Items, err = s.waitingItems(ctx, list[i].Batch); err != nil {
			return nil, fmt.Errorf("reading whom of batch %d nothing is known: %w", list[i].Batch, err)
		}
	}
	return list, nil
}
