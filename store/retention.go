package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

const (
	// trimAtOnce is how many batches one transaction removes: a sender beside it
	// waits for some ten thousand rows at most.
	trimAtOnce = 20
	// pulseKept is how long what gateways did is kept, and countsKept how many
	// notices a person got in a day.
	pulseKept, countsKept = 31 * 24 * time.Hour, 3 * 24 * time.Hour
)

// Trim removes the next deliveries and tries of notices made before a time, a
// few at once, and says whether there are more. What they came to in numbers
// stays; nobody can tell any more who they were. Those of an incident stay while
// it is open, or something of it was told since that time: its end goes to
// whoever heard the beginning.
func (s *Store) Trim(ctx context.Context, before, now time.Time) (more bool, err error) {
	batches, err := numbers(ctx, s.read, `
		SELECT b.id FROM notice n JOIN batch b ON b.id >= n.number * $1 AND b.id < (n.number + 1) * $1
		WHERE n.number > 0 AND n.made < $2 AND n.state = 2 AND b.state = 2
		  AND (n.incident = '' OR NOT (
		    EXISTS (SELECT 1 FROM incident i WHERE i.id = n.incident AND i.resolved = 0 AND i.merged_into = '')
		    OR EXISTS (SELECT 1 FROM notice l WHERE l.incident = n.incident AND (l.state < 2 OR l.made >= $2))))
		ORDER BY b.id LIMIT $3`,
		batchesPerNotice, millis(before), trimAtOnce)
	if err != nil {
		return false, fmt.Errorf("reading what is too old: %w", err)
	}
	err = s.inTx(ctx, func(tx *sql.Tx) error {
		for _, batch := range batches {
			if err := dropBatch(ctx, tx, batch); err != nil {
				return err
			}
		}
		if len(batches) == trimAtOnce {
			return nil
		}
		if _, err := tx.ExecContext(ctx, "DELETE FROM pulse WHERE slot < $1", millis(now.Add(-pulseKept))); err != nil {
			return err
		}
		day := now.Add(-countsKept).Format(time.DateOnly)
		if _, err := tx.ExecContext(ctx, "DELETE FROM gateway_day WHERE day < $1", day); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "DELETE FROM person_day WHERE day < $1", day); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `
			DELETE FROM resend_person WHERE origin IN (SELECT r.origin FROM resend r JOIN notice n ON n.id = r.id WHERE n.made < $1 AND n.state = 2)`, millis(before))
		return err
	})
	if err != nil {
		return false, fmt.Errorf("removing what is too old: %w", err)
	}
	return len(batches) == trimAtOnce, nil
}

func dropBatch(ctx context.Context, tx *sql.Tx, batch int64) error {
	for _, text := range []string{"DELETE FROM attempt WHERE batch = $1", "DELETE FROM delivery WHERE batch = $1", "DELETE FROM batch_people WHERE batch = $1", "DELETE FROM batch WHERE id = $1"} {
		if _, err := tx.ExecContext(ctx, text, batch); err != nil {
			return err
		}
	}
	return nil
}

// erase takes what names somebody out of the books of what was sent: gateways'
// references, and what gateways wrote of failed tries. The counts stay.
func erase(ctx context.Context, tx *sql.Tx, id int64) error {
	for _, text := range []string{
		"UPDATE delivery SET ref = NULL WHERE rcpt = $1 AND batch IN (SELECT id FROM batch WHERE lo <= $1 AND hi >= $1)",
		"UPDATE attempt SET text = '' WHERE rcpt = $1 AND batch IN (SELECT id FROM batch WHERE lo <= $1 AND hi >= $1)",
		"DELETE FROM person_day WHERE rcpt = $1",
	} {
		if _, err := tx.ExecContext(ctx, text, id); err != nil {
			return fmt.Errorf("erasing subscriber %d from the books: %w", id, err)
		}
	}
	return nil
}
