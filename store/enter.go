package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"bongsu/notifier"
)

// Enter commits results and receipts: facts that need no lease. Committing
// them twice changes nothing.
func (s *Store) Enter(ctx context.Context, node string, results []notifier.Result, receipts []notifier.ReceiptRow) (unknown int, err error) {
	err = s.inRetriedTx(ctx, func(tx *sql.Tx) error {
		unknown = 0
		t := tallies{}
		rest, err := s.handAll(ctx, tx, results, t)
		if err != nil {
			return fmt.Errorf("recording hand-overs: %w", err)
		}
		for i := range rest {
			if err := recordResult(ctx, tx, &rest[i], t.of(rest[i].Notice, rest[i].Channel)); err != nil {
				return fmt.Errorf("recording a result of batch %d: %w", rest[i].Batch, err)
			}
		}
		for i := range receipts {
			known, err := s.recordReceipt(ctx, tx, &receipts[i], t)
			if err != nil {
				return fmt.Errorf("recording a receipt of batch %d: %w", receipts[i].Batch, err)
			}
			if !known {
				unknown++
			}
		}
		return addTally(ctx, tx, node, t)
	})
	return unknown, err
}

// handAll records plain hand-overs the fast way, and gives back all that needs
// a closer look.
func (s *Store) handAll(ctx context.Context, tx *sql.Tx, results []notifier.Result, t tallies) (rest []notifier.Result, err error) {
	var plain []notifier.Result
	for _, r := range results {
		if r.Kind == notifier.Handed && r.Rank != notifier.Delivered && r.Thread == "" {
			plain = append(plain, r)
			continue
		}
		rest = append(rest, r)
	}
	var taken map[[2]int64]bool
	if s.dialect == postgres {
		taken, err = handAtOnce(ctx, tx, plain)
	} else {
		taken, err = handEach(ctx, tx, plain)
	}
	if err != nil {
		return nil, err
	}
	for _, r := range plain {
		if taken[[2]int64{r.Batch, r.Rcpt}] {
			t.of(r.Notice, r.Channel).handed++
			continue
		}
		rest = append(rest, r)
	}
	return rest, nil
}

// handEach is SQLite's way: one prepared row after another.
func handEach(ctx context.Context, tx *sql.Tx, results []notifier.Result) (map[[2]int64]bool, error) {
	if len(results) == 0 {
		return nil, nil
	}
	update, err := tx.PrepareContext(ctx, `
		UPDATE delivery SET rank = $1, fate = CASE WHEN fate = 1 THEN 0 ELSE fate END, ref = $2, gateway = $3, at = $4, done = $4
		WHERE batch = $5 AND rcpt = $6 AND rank = 0 AND doubt = 0`)
	if err != nil {
		return nil, err
	}
	defer update.Close()
	taken := make(map[[2]int64]bool, len(results))
	for _, r := range results {
		done, err := update.ExecContext(ctx, int(r.Rank), r.Ref, r.Gateway, millis(r.At), r.Batch, r.Rcpt)
		if err != nil {
			return nil, err
		}
		if n, err := done.RowsAffected(); err != nil {
			return nil, err
		} else if n > 0 {
			taken[[2]int64{r.Batch, r.Rcpt}] = true
		}
	}
	return taken, nil
}

// handAtOnce is PostgreSQL's way: one statement, one journey.
func handAtOnce(ctx context.Context, tx *sql.Tx, results []notifier.Result) (map[[2]int64]bool, error) {
	n := len(results)
	if n == 0 {
		return nil, nil
	}
	batches, rcpts, ranks, ats := make([]int64, n), make([]int64, n), make([]int64, n), make([]int64, n)
	refs, gateways := make([]string, n), make([]string, n)
	for i, r := range results {
		batches[i], rcpts[i], ranks[i], ats[i], refs[i], gateways[i] = r.Batch, r.Rcpt, int64(r.Rank), millis(r.At), r.Ref, r.Gateway
	}
	rows, err := tx.QueryContext(ctx, `
		UPDATE delivery d SET rank = v.rank, fate = CASE WHEN d.fate = 1 THEN 0 ELSE d.fate END,
		       ref = v.ref, gateway = v.gateway, at = v.at, done = v.at
		FROM unnest(CAST($1 AS BIGINT[]), CAST($2 AS BIGINT[]), CAST($3 AS BIGINT[]), CAST($4 AS TEXT[]), CAST($5 AS TEXT[]), CAST($6 AS BIGINT[]))
		     AS v(batch, rcpt, rank, ref, gateway, at)
		WHERE d.batch = v.batch AND d.rcpt = v.rcpt AND d.rank = 0 AND d.doubt = 0
		RETURNING d.batch, d.rcpt`, batches, rcpts, ranks, refs, gateways, ats)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	taken := make(map[[2]int64]bool, n)
	for rows.Next() {
		var key [2]int64
		if err := rows.Scan(&key[0], &key[1]); err != nil {
			return nil, err
		}
		taken[key] = true
	}
	return taken, rows.Err()
}

// recordResult records one result, whatever is known of the delivery already.
func recordResult(ctx context.Context, tx *sql.Tx, r *notifier.Result, t *tallied) error {
	switch r.Kind {
	case notifier.Handed:
		return recordHanded(ctx, tx, r, t)
	case notifier.Doubtful:
		n, err := change(ctx, tx, "UPDATE delivery SET doubt = $1, gateway = $2 WHERE batch = $3 AND rcpt = $4 AND rank = 0 AND fate = 0 AND doubt = 0",
			millis(r.At), r.Gateway, r.Batch, r.Rcpt)
		if err != nil || n == 0 {
			return err
		}
		t.unknown++
		return addAttempt(ctx, tx, r, 1)
	case notifier.Retry:
		return recordRetry(ctx, tx, r, t)
	case notifier.Refused:
	}
	return recordRefused(ctx, tx, r, t)
}

func change(ctx context.Context, tx *sql.Tx, text string, args ...any) (int64, error) {
	done, err := tx.ExecContext(ctx, text, args...)
	if err != nil {
		return 0, err
	}
	return done.RowsAffected()
}

// settled ends a doubt in the books, if there was one.
func settled(ctx context.Context, tx *sql.Tx, batch, rcpt int64, t *tallied) error {
	n, err := change(ctx, tx, "UPDATE delivery SET doubt = 0 WHERE batch = $1 AND rcpt = $2 AND doubt > 0", batch, rcpt)
	t.unknown -= n
	return err
}

func recordHanded(ctx context.Context, tx *sql.Tx, r *notifier.Result, t *tallied) error {
	n, err := change(ctx, tx, `
		UPDATE delivery SET rank = $1, fate = CASE WHEN fate IN (1, 4) THEN 0 ELSE fate END, ref = $2, gateway = $3, at = $4, done = $4
		WHERE batch = $5 AND rcpt = $6 AND rank = 0`, int(r.Rank), r.Ref, r.Gateway, millis(r.At), r.Batch, r.Rcpt)
	if err != nil {
		return err
	}
	t.handed += n
	if n > 0 && r.Rank == notifier.Delivered {
		t.delivered++
	}
	if n == 0 { // a receipt was faster than the gateway's own answer
		if _, err := change(ctx, tx, `
			UPDATE delivery SET ref = COALESCE(NULLIF(ref, ''), $1), gateway = COALESCE(gateway, $2), at = CASE WHEN at = 0 THEN $3 ELSE at END
			WHERE batch = $4 AND rcpt = $5`, r.Ref, r.Gateway, millis(r.At), r.Batch, r.Rcpt); err != nil {
			return err
		}
	}
	if err := settled(ctx, tx, r.Batch, r.Rcpt, t); err != nil || r.Thread == "" || r.Ref == "" {
		return err
	}
	_, err = tx.ExecContext(ctx, "INSERT INTO thread (incident, channel, rcpt, ref) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
		r.Thread, r.Channel, r.Rcpt, r.Ref)
	return err
}

func recordRetry(ctx context.Context, tx *sql.Tx, r *notifier.Result, t *tallied) error {
	n, err := change(ctx, tx, "UPDATE delivery SET fate = 1, tries = $1, gateway = $2, why = $3 WHERE batch = $4 AND rcpt = $5 AND rank = 0 AND fate = 0",
		r.Tries, r.Gateway, r.Code, r.Batch, r.Rcpt)
	if err != nil || n == 0 {
		return err
	}
	if err := settled(ctx, tx, r.Batch, r.Rcpt, t); err != nil {
		return err
	}
	return addAttempt(ctx, tx, r, 2)
}

func recordRefused(ctx context.Context, tx *sql.Tx, r *notifier.Result, t *tallied) error {
	if r.Suppress != "" {
		if err := suppress(ctx, tx, r.Rcpt, r.Suppress, r.Code); err != nil {
			return err
		}
	}
	n, err := change(ctx, tx, `
		UPDATE delivery SET rank = 3, fate = CASE WHEN fate = 1 THEN 0 ELSE fate END, gateway = $1, why = $2, done = $3
		WHERE batch = $4 AND rcpt = $5 AND rank = 0`, r.Gateway, r.Code, millis(r.At), r.Batch, r.Rcpt)
	if err != nil || n == 0 {
		return err
	}
	t.failed++
	if err := settled(ctx, tx, r.Batch, r.Rcpt, t); err != nil {
		return err
	}
	return addAttempt(ctx, tx, r, 3)
}

func suppress(ctx context.Context, tx *sql.Tx, rcpt int64, kind, why string) error {
	if why == "" {
		why = "refused"
	}
	_, err := tx.ExecContext(ctx, "UPDATE address SET suppressed = $1 WHERE subscriber = $2 AND kind = $3 AND suppressed = ''", why, rcpt, kind)
	return err
}

func addAttempt(ctx context.Context, tx *sql.Tx, r *notifier.Result, kind int) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO attempt (batch, rcpt, try, at, gateway, kind, code, text)
		VALUES ($1, $2, COALESCE((SELECT MAX(try) FROM attempt WHERE batch = $1 AND rcpt = $2), 0) + 1, $3, $4, $5, $6, $7)`,
		r.Batch, r.Rcpt, millis(r.At), r.Gateway, kind, r.Code, r.Text)
	return err
}

// recordReceipt raises a delivery's rank, never lowers it. It reports whether
// the delivery is there.
func (s *Store) recordReceipt(ctx context.Context, tx *sql.Tx, r *notifier.ReceiptRow, t tallies) (known bool, err error) {
	var rank notifier.Rank
	var fate notifier.Fate
	var next, number int64
	var channel, kind string
	err = tx.QueryRowContext(ctx, s.q("SELECT rank, fate, next FROM delivery WHERE batch = $1 AND rcpt = $2 {{lock}}"), r.Batch, r.Rcpt).Scan(&rank, &fate, &next)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if r.Rank <= rank {
		return true, nil
	}
	if err := tx.QueryRowContext(ctx, "SELECT notice, channel, kind FROM batch WHERE id = $1", r.Batch).Scan(&number, &channel, &kind); err != nil {
		return false, err
	}
	if err := raise(ctx, tx, r); err != nil {
		return false, err
	}
	mine := t.of(number, channel)
	mine.rise(rank, r.Rank)
	if err := settled(ctx, tx, r.Batch, r.Rcpt, mine); err != nil {
		return false, err
	}
	return true, s.followReceipt(ctx, tx, r, fate, next, channel, kind, t)
}

func raise(ctx context.Context, tx *sql.Tx, r *notifier.ReceiptRow) error {
	why := sql.NullString{String: r.Code, Valid: r.Rank == notifier.FailedRank}
	_, err := tx.ExecContext(ctx, `
		UPDATE delivery SET rank = $1, fate = CASE WHEN fate IN (1, 4) THEN 0 ELSE fate END, done = $2,
		       ref = COALESCE(NULLIF(ref, ''), $3), why = COALESCE($4, why)
		WHERE batch = $5 AND rcpt = $6`, int(r.Rank), millis(r.At), r.Ref, why, r.Batch, r.Rcpt)
	return err
}

// rise counts a delivery whose rank rises.
func (t *tallied) rise(from, to notifier.Rank) {
	if from == notifier.Planned && to != notifier.FailedRank {
		t.handed++
	}
	if from == notifier.FailedRank {
		t.failed--
	}
	switch to {
	case notifier.FailedRank:
		t.failed++
	case notifier.Delivered:
		t.delivered++
	default:
	}
}

// followReceipt does what a receipt calls for: a failure sends the recipient
// on, a late success closes the hops after it that have not been sent.
func (s *Store) followReceipt(ctx context.Context, tx *sql.Tx, r *notifier.ReceiptRow, fate notifier.Fate, next int64, channel, kind string, t tallies) error {
	if r.Suppress {
		if err := suppress(ctx, tx, r.Rcpt, kind, r.Code); err != nil {
			return err
		}
	}
	switch {
	case r.Rank == notifier.FailedRank && fate != notifier.FateMoved:
		return checkNow(ctx, tx, r.Batch)
	case r.Rank == notifier.Delivered && fate == notifier.FateMoved:
		return s.closeLater(ctx, tx, r, next, channel, t)
	}
	return nil
}

// closeLater cancels what a recipient still has before them of a notice that
// has reached them, unless it may have left.
func (s *Store) closeLater(ctx context.Context, tx *sql.Tx, r *notifier.ReceiptRow, batch int64, by string, t tallies) error {
	for batch > 0 {
		var auth, number, next int64
		var channel string
		err := tx.QueryRowContext(ctx, s.q("SELECT auth, notice, channel FROM batch WHERE id = $1 {{lock}}"), batch).Scan(&auth, &number, &channel)
		if err != nil {
			return err
		}
		if r.Rcpt > auth {
			n, err := change(ctx, tx, "UPDATE delivery SET fate = 3, why = $1, done = $2 WHERE batch = $3 AND rcpt = $4 AND rank = 0 AND fate = 0",
				"delivered by "+by, millis(r.At), batch, r.Rcpt)
			if err != nil {
				return err
			}
			t.of(number, channel).cancelled += n
		}
		if err := tx.QueryRowContext(ctx, "SELECT next FROM delivery WHERE batch = $1 AND rcpt = $2", batch, r.Rcpt).Scan(&next); err != nil {
			return err
		}
		batch = next
	}
	return nil
}
