package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

const (
	// heldLane is added to the lane of a batch that an operator keeps back, and
	// heldUntil, in milliseconds, to when it is ready: nobody claims it, whoever
	// counts or cancels open batches finds it as before, and taking both off again
	// leaves it as it was.
	heldLane  = 1000
	heldUntil = int64(1) << 50
)

// ErrNoticeOver says that a notice has been cancelled, or called untrue by a
// later one.
var ErrNoticeOver = errors.New("the notice is over")

// HoldNotice keeps back what of a notice has not left, until [Store.FreeNotice].
// Windows that are under way end. It goes on being planned later. ErrNoNotice:
// there is none. ErrNoticeOver: nothing of it is going to leave. Holding twice
// changes nothing.
func (s *Store) HoldNotice(ctx context.Context, id string, now time.Time) error {
	return s.setHeld(ctx, id, millis(now), "lane = lane + 1000, ready_at = ready_at + 1125899906842624", "lane < 1000")
}

// FreeNotice lets a notice go on that was kept back.
func (s *Store) FreeNotice(ctx context.Context, id string) error {
	return s.setHeld(ctx, id, 0, freed, "lane >= 1000")
}

// FreeExpired lets notices go on that are kept back and not worth sending any
// more: whoever takes up their people ends them as over. It says whether there
// were any.
func (s *Store) FreeExpired(ctx context.Context, now time.Time) (bool, error) {
	ids, err := texts(ctx, s.read, `
		SELECT id FROM notice WHERE state < 2 AND held > 0 AND expires > 0 AND expires <= $1
		UNION
		SELECT id FROM notice WHERE number > 0 AND number IN (SELECT notice FROM batch WHERE state = 0 AND lane >= 1000)
		  AND held > 0 AND expires > 0 AND expires <= $1
		ORDER BY id`, millis(now))
	if err != nil {
		return false, fmt.Errorf("looking for notices that expired while they were held: %w", err)
	}
	for _, id := range ids {
		if err := s.FreeNotice(ctx, id); err != nil && !errors.Is(err, ErrNoticeOver) {
			return false, err
		}
	}
	return len(ids) > 0, nil
}

// freed takes off what holding has added.
const freed = "lane = lane - 1000, ready_at = ready_at - 1125899906842624"

func (s *Store) setHeld(ctx context.Context, id string, held int64, change, which string) error {
	err := s.inRetriedTx(ctx, func(tx *sql.Tx) error {
		var number int64
		// A code that another has replaced may still be held: it can be freed.
		err := tx.QueryRowContext(ctx, `
			UPDATE notice SET held = CAST($1 AS BIGINT) WHERE id = $2 AND (recalled = 0 OR (held > 0 AND CAST($1 AS BIGINT) = 0))
			RETURNING number`, held, id).Scan(&number)
		if errors.Is(err, sql.ErrNoRows) {
			return s.whyNot(ctx, tx, id)
		}
		if err != nil || number == 0 {
			return err
		}
		//nolint:gosec // both texts are constants
		_, err = tx.ExecContext(ctx, "UPDATE batch SET "+change+" WHERE id >= $1 AND id < $2 AND state = 0 AND "+which,
			number*batchesPerNotice, (number+1)*batchesPerNotice)
		return err
	})
	if err != nil {
		return fmt.Errorf("holding or freeing notice %s: %w", id, err)
	}
	return nil
}

// whyNot says why a notice was not found among those that are not over.
func (s *Store) whyNot(ctx context.Context, q querier, id string) error {
	var one int
	err := q.QueryRowContext(ctx, "SELECT 1 FROM notice WHERE id = $1", id).Scan(&one)
	if errors.Is(err, sql.ErrNoRows) {
		return ErrNoNotice
	}
	if err != nil {
		return err
	}
	return ErrNoticeOver
}

// freeBatch lets a batch go on, so that whoever claims it closes it.
func freeBatch(ctx context.Context, tx *sql.Tx, batch int64) error {
	_, err := tx.ExecContext(ctx, "UPDATE batch SET "+freed+" WHERE id = $1 AND lane >= 1000", batch)
	return err
}

// heldNow is heldOf for a batch that is given back: an operator who frees the
// notice meanwhile finds it, or comes first.
func (s *Store) heldNow(ctx context.Context, tx *sql.Tx, number int64) (keptBack, error) {
	if kept, err := heldOf(ctx, tx, number); err != nil || kept.lane == 0 {
		return keptBack{}, err
	}
	if _, err := tx.ExecContext(ctx, s.q("SELECT id FROM notice WHERE number = $1 {{lock}}"), number); err != nil {
		return keptBack{}, err
	}
	return heldOf(ctx, tx, number)
}

// keptBack is what a batch of a notice that is held has on top of its lane and its
// time.
type keptBack struct {
	lane  int
	later int64
}

// heldOf says what a new batch of a notice has on top.
func heldOf(ctx context.Context, tx *sql.Tx, number int64) (keptBack, error) {
	var held int64
	if err := tx.QueryRowContext(ctx, "SELECT held FROM notice WHERE number = $1", number).Scan(&held); err != nil || held == 0 {
		return keptBack{}, err
	}
	return keptBack{heldLane, heldUntil}, nil
}
