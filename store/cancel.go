package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"bongsu/notifier"
)

// CancelNotice stops a notice: what of it has not left never will. What has is
// in the books as before. ErrNoNotice: there is none; cancelling twice changes
// nothing.
func (s *Store) CancelNotice(ctx context.Context, id string, now time.Time) error {
	var one int
	err := s.read.QueryRowContext(ctx, "SELECT 1 FROM notice WHERE id = $1", id).Scan(&one)
	if errors.Is(err, sql.ErrNoRows) {
		return ErrNoNotice
	}
	if err != nil {
		return fmt.Errorf("looking for notice %s: %w", id, err)
	}
	return s.Recall(ctx, id, now)
}

// Outlook tells what a notice still has before it on each channel, and how fast
// that has been going over the last minute.
func (s *Store) Outlook(ctx context.Context, id string, now time.Time) (map[string]notifier.Outlook, error) {
	rows, err := s.read.QueryContext(ctx, `
		SELECT b.channel, SUM(CASE WHEN b.notice = n.number THEN b.size ELSE 0 END),
		       SUM(CASE WHEN b.notice <> n.number AND b.lane <= n.priority + 1 THEN b.size ELSE 0 END)
		FROM notice n, batch b WHERE n.id = $1 AND n.number > 0 AND b.state < 2 GROUP BY b.channel`, id)
	if err != nil {
		return nil, fmt.Errorf("reading what is before notice %s: %w", id, err)
	}
	defer rows.Close()
	out := map[string]notifier.Outlook{}
	for rows.Next() {
		var channel string
		var o notifier.Outlook
		if err := rows.Scan(&channel, &o.Left, &o.Ahead); err != nil {
			return nil, fmt.Errorf("reading what is before notice %s: %w", id, err)
		}
		if o.Left > 0 {
			out[channel] = o
		}
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("reading what is before notice %s: %w", id, err)
	}
	if stop, err := paused(ctx, s.read); err != nil || stop {
		return out, err // nobody knows when it goes on
	}
	held, err := s.Held(ctx, now)
	if err != nil {
		return nil, err
	}
	beats, err := s.Pulse(ctx, now.Add(-time.Minute))
	if err != nil {
		return nil, err
	}
	for channel, o := range out {
		if held[channel] != "" {
			continue
		}
		o.Rate = notifier.RateOf(channel, beats, now)
		out[channel] = o
	}
	return out, nil
}
