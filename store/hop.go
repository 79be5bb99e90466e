package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"bongsu/notifier"
)

// move puts recipients of a batch into new ones: those who have failed, or
// whose rank is still at least low and below high. A receipt may have come in
// the meantime.
func (s *Store) move(ctx context.Context, tx *sql.Tx, from notifier.Claim, to []notifier.NewBatch, low, high notifier.Rank, now time.Time, t tallies) error {
	if len(to) == 0 {
		return nil
	}
	var number int64
	var priority int
	err := tx.QueryRowContext(ctx, "UPDATE notice SET batches = batches + $1 WHERE number = $2 RETURNING batches, priority",
		len(to), from.Notice).Scan(&number, &priority)
	if err != nil {
		return fmt.Errorf("numbering new batches: %w", err)
	}
	mark, err := tx.PrepareContext(ctx, `
		UPDATE delivery SET fate = 2, next = $1, why = $2, done = $3
		WHERE batch = $4 AND rcpt = $5 AND fate IN (0, 1) AND (rank = 3 OR (rank >= $6 AND rank < $7))`)
	if err != nil {
		return err
	}
	defer mark.Close()
	for i, b := range to {
		id := from.Notice*batchesPerNotice + number - int64(len(to)) + int64(i)
		var going []notifier.Mover
		for _, m := range b.People {
			marked, err := mark.ExecContext(ctx, id, m.Why, millis(now), from.Batch, m.Rcpt, int(low), int(high))
			if err != nil {
				return err
			}
			if n, err := marked.RowsAffected(); err != nil {
				return err
			} else if n > 0 {
				going = append(going, m)
				if m.Saved {
					t.of(from.Notice, from.Channel).rescued++
				}
			}
		}
		if len(going) == 0 {
			continue
		}
		b.People = going
		kept, err := heldOf(ctx, tx, from.Notice)
		if err != nil {
			return err
		}
		spared, err := s.insertBatch(ctx, tx, id, from.Notice, priority, kept, b, now)
		if err != nil {
			return fmt.Errorf("saving batch %d: %w", id, err)
		}
		t.of(from.Notice, b.Channel).cancelled += spared
		t.of(from.Notice, from.Channel).moved += int64(len(going))
		t.of(from.Notice, b.Channel).planned += int64(len(going))
	}
	return nil
}

// Waiting gives batches whose time has come to be looked at.
func (s *Store) Waiting(ctx context.Context, now time.Time, limit int) ([]notifier.Waiting, error) {
	list, err := s.waitingBatches(ctx, now, limit)
	if err != nil {
		return nil, fmt.Errorf("reading who waits: %w", err)
	}
	for i := range list {
		w := &list[i]
		if w.Over, err = over(ctx, s.read, w.Notice, now); err != nil {
			return nil, err
		}
		if w.Items, err = s.waitingItems(ctx, w.Batch); err != nil {
			return nil, fmt.Errorf("reading who waits in batch %d: %w", w.Batch, err)
		}
	}
	return list, nil
}

func (s *Store) waitingBatches(ctx context.Context, now time.Time, limit int) ([]notifier.Waiting, error) {
	rows, err := s.read.QueryContext(ctx, `
		SELECT id, notice, hop, channel, due, check_at FROM batch
		WHERE check_at > 0 AND check_at <= $1 ORDER BY check_at, id LIMIT $2`, millis(now), limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []notifier.Waiting
	for rows.Next() {
		var w notifier.Waiting
		var due, check int64
		if err := rows.Scan(&w.Batch, &w.Notice, &w.Hop, &w.Channel, &due, &check); err != nil {
			return nil, err
		}
		w.Due, w.CheckAt = fromMillis(due), fromMillis(check)
		list = append(list, w)
	}
	return list, rows.Err()
}

func (s *Store) waitingItems(ctx context.Context, batch int64) ([]notifier.Item, error) {
	rows, err := s.read.QueryContext(ctx, `
		SELECT rcpt, rank, fate, again, COALESCE(why, ''), COALESCE(ref, ''), COALESCE(gateway, ''), at FROM delivery
		WHERE batch = $1 AND fate = 0 AND rank IN (1, 2, 3) ORDER BY rcpt`, batch)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var items []notifier.Item
	for rows.Next() {
		var i notifier.Item
		var at int64
		if err := rows.Scan(&i.Rcpt, &i.Rank, &i.Fate, &i.Again, &i.Code, &i.Ref, &i.Gateway, &at); err != nil {
			return nil, err
		}
		i.At = fromMillis(at)
		items = append(items, i)
	}
	return items, rows.Err()
}

// Advance moves on those who wait in vain.
func (s *Store) Advance(ctx context.Context, node string, a notifier.Advance) error {
	err := s.inRetriedTx(ctx, func(tx *sql.Tx) error {
		seen, err := tx.ExecContext(ctx, "UPDATE batch SET check_at = $1 WHERE id = $2 AND check_at = $3",
			millis(a.Next), a.Batch, millis(a.CheckAt))
		if err != nil {
			return err
		}
		if rows, err := seen.RowsAffected(); err != nil || rows == 0 {
			return cmpErr(err, notifier.ErrFenced)
		}
		t := tallies{}
		from := notifier.Claim{Batch: a.Batch, Notice: a.Notice, Channel: a.Channel}
		if err := s.move(ctx, tx, from, a.Moves, notifier.Accepted, a.Until, a.Now, t); err != nil {
			return err
		}
		return addTally(ctx, tx, node, t)
	})
	if err != nil {
		return fmt.Errorf("moving on from batch %d: %w", a.Batch, err)
	}
	return nil
}

// checkNow has a batch looked at as soon as can be: its time is long past. It
// is another one each time, so that whoever is looking already, and has not
// seen what this is for, is fenced.
func checkNow(ctx context.Context, tx *sql.Tx, batch int64) error {
	_, err := tx.ExecContext(ctx, "UPDATE batch SET check_at = CASE WHEN check_at BETWEEN 1 AND 1000 THEN check_at + 1 ELSE 1 END WHERE id = $1", batch)
	return err
}

// Nudge has the waiting batches of a channel looked at now.
func (s *Store) Nudge(ctx context.Context, channel string, now time.Time) error {
	_, err := s.write.ExecContext(ctx, "UPDATE batch SET check_at = $1 WHERE check_at > $1 AND channel = $2", millis(now), channel)
	if err != nil {
		return fmt.Errorf("having those who wait at %s looked at: %w", channel, err)
	}
	return nil
}

// Reaches tells how the recipients of a batch can be reached.
func (s *Store) Reaches(ctx context.Context, batch int64) (map[int64]notifier.Reach, error) {
	late, err := latePeople(ctx, s.read, batch)
	if err != nil {
		return nil, err
	}
	from, args := "(SELECT rcpt FROM delivery WHERE batch = $2) AS p", []any{batch / batchesPerNotice, batch}
	if late != nil {
		list, arg := s.list(late, 2)
		from, args = list, append(args[:1], arg...)
	}
	//nolint:gosec // from is a constant, or made of numbers
	rows, err := s.read.QueryContext(ctx, `
		SELECT a.subscriber, a.kind, s.ways, s.quiet FROM `+from+`
		JOIN subscriber s ON s.id = p.rcpt
		JOIN address a ON a.subscriber = p.rcpt
		  AND ((a.confirmed > 0 AND a.suppressed = '') OR EXISTS (SELECT 1 FROM notice n WHERE n.number = $1 AND n.recipient = p.rcpt))
		ORDER BY a.subscriber, a.kind`, args...)
	if err != nil {
		return nil, fmt.Errorf("reading how batch %d can be reached: %w", batch, err)
	}
	defer rows.Close()
	kinds, wanted, hours := map[int64][]string{}, map[int64]notifier.Wishes{}, quietHours{}
	for rows.Next() {
		var rcpt int64
		var kind string
		var w wishes
		if err := rows.Scan(&rcpt, &kind, &w.ways, &w.quiet); err != nil {
			return nil, fmt.Errorf("reading how batch %d can be reached: %w", batch, err)
		}
		kinds[rcpt], wanted[rcpt] = append(kinds[rcpt], kind), w.read(hours)
	}
	reaches := make(map[int64]notifier.Reach, len(kinds))
	for rcpt, list := range kinds {
		reach := notifier.InOrder(list, wanted[rcpt].Order)
		reach.Quiet = wanted[rcpt].Quiet
		reaches[rcpt] = reach
	}
	return reaches, rows.Err()
}
