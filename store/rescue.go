package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

const (
	// strandWithin is how old a notice may be whose people are rescued.
	strandWithin = 24 * time.Hour
	// strandAtOnce is how many batches one transaction marks.
	strandAtOnce = 200
)

// Strand has the batches looked at now from which a gateway took messages since
// a time that it has told nothing of. It looks notice by notice, with the
// readers, and writes little at a time.
func (s *Store) Strand(ctx context.Context, channel, gateway string, since, now time.Time) error {
	live, err := numbers(ctx, s.read, `
		SELECT number FROM notice
		WHERE number > 0 AND policy = 0 AND recalled = 0 AND (expires = 0 OR expires > $1) AND made > $2 ORDER BY priority, number`,
		millis(now), millis(now.Add(-strandWithin)))
	if err != nil {
		return fmt.Errorf("reading whose messages %s may have lost: %w", gateway, err)
	}
	for _, number := range live {
		batches, err := numbers(ctx, s.read, `
			SELECT b.id FROM batch b
			WHERE b.id >= $1 AND b.id < $2 AND b.channel = $3 AND (b.check_at = 0 OR b.check_at > $4)
			  AND EXISTS (SELECT 1 FROM delivery d WHERE d.batch = b.id AND d.rank = 1 AND d.fate = 0 AND d.gateway = $5 AND d.at >= $6)
			ORDER BY b.id`,
			number*batchesPerNotice, (number+1)*batchesPerNotice, channel, millis(now), gateway, millis(since))
		if err != nil {
			return fmt.Errorf("reading what %s may have lost of notice %d: %w", gateway, number, err)
		}
		for len(batches) > 0 {
			part := batches[:min(len(batches), strandAtOnce)]
			batches = batches[len(part):]
			if err := s.lookAt(ctx, part, now); err != nil {
				return fmt.Errorf("having those looked at whom %s may have lost: %w", gateway, err)
			}
		}
	}
	return nil
}

func (s *Store) lookAt(ctx context.Context, batches []int64, now time.Time) error {
	return s.inTx(ctx, func(tx *sql.Tx) error {
		for _, id := range batches {
			if _, err := tx.ExecContext(ctx, "UPDATE batch SET check_at = $1 WHERE id = $2 AND (check_at = 0 OR check_at > $1)", millis(now), id); err != nil {
				return err
			}
		}
		return nil
	})
}

// Twice tells how many of a notice's people on a channel were delivered to
// after another way had been taken, and how many were planned.
func (s *Store) Twice(ctx context.Context, notice int64, channel string) (twice, planned int64, err error) {
	err = s.read.QueryRowContext(ctx, "SELECT COALESCE(SUM(twice), 0), COALESCE(SUM(planned), 0) FROM tally WHERE notice = $1 AND channel = $2",
		notice, channel).Scan(&twice, &planned)
	if err != nil {
		return 0, 0, fmt.Errorf("counting who heard twice: %w", err)
	}
	return twice, planned, nil
}
