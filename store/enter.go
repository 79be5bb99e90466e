package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"bongsu/notifier"
)

// Enter commits results and receipts: facts that need no lease. Committing
// them twice changes nothing.
func (s *Store) Enter(ctx context.Context, node string, results []notifier.Result, receipts []notifier.ReceiptRow) (unknown int, err error) {
	ctx = s.calm(ctx)
	err = s.inRetriedTx(ctx, func(tx *sql.Tx) error {
		unknown = 0
		t, p, waits := tallies{}, pulses{}, spreads{}
		for i := range results {
			p.result(&results[i])
		}
		rest, err := s.handAll(ctx, tx, results, t)
		if err != nil {
			return fmt.Errorf("recording hand-overs: %w", err)
		}
		waits.handed(results, rest)
		for i := range rest {
			if err := recordResult(ctx, tx, rest[i], t.of(rest[i].Notice, rest[i].Channel)); err != nil {
				return fmt.Errorf("recording a result of batch %d: %w", rest[i].Batch, err)
			}
		}
		if unknown, err = s.takeReceipts(ctx, tx, receipts, t, p, waits); err != nil {
			return fmt.Errorf("recording receipts: %w", err)
		}
		return cmpErr(addTally(ctx, tx, node, t), addPulses(ctx, tx, node, p), addSpreads(ctx, tx, node, waits))
	})
	return unknown, err
}

// handAll records plain hand-overs the fast way, and gives back all that needs
// a closer look.
func (s *Store) handAll(ctx context.Context, tx *sql.Tx, results []notifier.Result, t tallies) (rest []*notifier.Result, err error) {
	plain := make([]*notifier.Result, 0, len(results))
	late := make([]*notifier.Result, 0, len(results))
	for i := range results {
		r := &results[i]
		switch {
		case r.Kind != notifier.Handed || r.Thread != "":
			rest = append(rest, r)
		case r.Late:
			late = append(late, r)
		default:
			plain = append(plain, r)
		}
	}
	take, takeLate := handEach, handEachLate
	if s.dialect == postgres {
		take, takeLate = handAtOnce, handLateAtOnce
	}
	left, err := take(ctx, tx, plain, t)
	if err != nil {
		return nil, err
	}
	more, err := takeLate(ctx, tx, late, t)
	return slices.Concat(rest, left, more), err
}

// handEach is SQLite's way: one prepared row after another.
func handEach(ctx context.Context, tx *sql.Tx, results []*notifier.Result, t tallies) (left []*notifier.Result, err error) {
	return handPrepared(ctx, tx, results, t, `
		UPDATE delivery SET rank = $1, fate = CASE WHEN fate = 1 THEN 0 ELSE fate END, ref = $2, gateway = $3, at = $4, done = $4
		WHERE batch = $5 AND rcpt = $6 AND rank = 0 AND doubt = 0`)
}

// handEachLate is the same for those who may have no row yet.
func handEachLate(ctx context.Context, tx *sql.Tx, results []*notifier.Result, t tallies) (left []*notifier.Result, err error) {
	return handPrepared(ctx, tx, results, t, `
		INSERT INTO delivery (rank, ref, gateway, at, done, batch, rcpt) VALUES ($1, $2, $3, $4, $4, $5, $6)
		ON CONFLICT (batch, rcpt) DO UPDATE SET rank = excluded.rank, fate = CASE WHEN delivery.fate = 1 THEN 0 ELSE delivery.fate END,
		  ref = excluded.ref, gateway = excluded.gateway, at = excluded.at, done = excluded.done
		WHERE delivery.rank = 0 AND delivery.doubt = 0`)
}

func handPrepared(ctx context.Context, tx *sql.Tx, results []*notifier.Result, t tallies, text string) (left []*notifier.Result, err error) {
	if len(results) == 0 {
		return nil, nil
	}
	hand, err := tx.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	defer hand.Close()
	for _, r := range results {
		done, err := hand.ExecContext(ctx, int(r.Rank), r.Ref, r.Gateway, millis(r.At), r.Batch, r.Rcpt)
		if err != nil {
			return nil, err
		}
		if n, err := done.RowsAffected(); err != nil {
			return nil, err
		} else if n == 0 {
			left = append(left, r)
			continue
		}
		t.hand(r)
	}
	return left, nil
}

// handAtOnce is PostgreSQL's way: one statement, one journey.
func handAtOnce(ctx context.Context, tx *sql.Tx, results []*notifier.Result, t tallies) (left []*notifier.Result, err error) {
	return handTogether(ctx, tx, results, t, `
		  UPDATE delivery d SET rank = v.rank, fate = CASE WHEN d.fate = 1 THEN 0 ELSE d.fate END,
		         ref = v.ref, gateway = v.gateway, at = v.at, done = v.at
		  FROM v WHERE d.batch = v.batch AND d.rcpt = v.rcpt AND d.rank = 0 AND d.doubt = 0
		  RETURNING d.batch, d.rcpt`)
}

// handLateAtOnce is the same for those who may have no row yet.
func handLateAtOnce(ctx context.Context, tx *sql.Tx, results []*notifier.Result, t tallies) (left []*notifier.Result, err error) {
	return handTogether(ctx, tx, results, t, `
		  INSERT INTO delivery (batch, rcpt, rank, ref, gateway, at, done)
		  SELECT v.batch, v.rcpt, v.rank, v.ref, v.gateway, v.at, v.at FROM v ORDER BY v.n
		  ON CONFLICT (batch, rcpt) DO UPDATE SET rank = excluded.rank, fate = CASE WHEN delivery.fate = 1 THEN 0 ELSE delivery.fate END,
		    ref = excluded.ref, gateway = excluded.gateway, at = excluded.at, done = excluded.done
		  WHERE delivery.rank = 0 AND delivery.doubt = 0
		  RETURNING batch, rcpt`)
}

// handTogether runs a statement over results v that gives back whose it took.
// Only who was not taken is worth the journey back.
func handTogether(ctx context.Context, tx *sql.Tx, results []*notifier.Result, t tallies, text string) (left []*notifier.Result, err error) {
	if len(results) == 0 {
		return nil, nil
	}
	n := len(results)
	batches, rcpts, ranks, ats := make([]int64, n), make([]int64, n), make([]int64, n), make([]int64, n)
	refs, gateways := make([]string, n), make([]string, n)
	for i, r := range results {
		batches[i], rcpts[i], ranks[i], ats[i], refs[i], gateways[i] = r.Batch, r.Rcpt, int64(r.Rank), millis(r.At), r.Ref, r.Gateway
	}
	//nolint:gosec // text is a constant
	rows, err := tx.QueryContext(ctx, `
		WITH v AS MATERIALIZED (
		  SELECT batch, rcpt, rank, ref, gateway, at, n
		  FROM unnest(CAST($1 AS BIGINT[]), CAST($2 AS BIGINT[]), CAST($3 AS BIGINT[]), CAST($4 AS TEXT[]), CAST($5 AS TEXT[]), CAST($6 AS BIGINT[]))
		         WITH ORDINALITY AS v(batch, rcpt, rank, ref, gateway, at, n)),
		u AS (`+text+`)
		SELECT v.n FROM v WHERE (v.batch, v.rcpt) NOT IN (SELECT u.batch, u.rcpt FROM u) ORDER BY v.n`, batches, rcpts, ranks, refs, gateways, ats)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	missed := make([]bool, n)
	for rows.Next() {
		var place int
		if err := rows.Scan(&place); err != nil {
			return nil, err
		}
		missed[place-1] = true
		left = append(left, results[place-1])
	}
	for i, r := range results {
		if !missed[i] {
			t.hand(r)
		}
	}
	return left, rows.Err()
}

// recordResult records one result, whatever is known of the delivery already.
func recordResult(ctx context.Context, tx *sql.Tx, r *notifier.Result, t *tallied) error {
	if r.Late {
		if _, err := tx.ExecContext(ctx, "INSERT INTO delivery (batch, rcpt) VALUES ($1, $2) ON CONFLICT (batch, rcpt) DO NOTHING", r.Batch, r.Rcpt); err != nil {
			return err
		}
	}
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
