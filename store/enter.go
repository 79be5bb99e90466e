package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"bongsu/notifier"
)

// Enter commits results and receipts: facts that need no lease. Committing
// them twice changes nothing.
func (s *Store) Enter(ctx context.Context, node string, results []notifier.Result, receipts []notifier.ReceiptRow) (unknown int, err error) {
	ctx = s.calm(ctx)
	if s.closely.Add(-1) < 0 {
		if s.dialect == postgres && len(receipts) == 0 && arePlain(results) {
			err = s.enterPlain(ctx, node, results)
		} else {
			unknown, err = s.enter(ctx, node, results, receipts, false)
		}
		if !errors.Is(err, errLookClosely) {
			return unknown, err
		}
		s.closely.Store(lookClosely)
	}
	return s.enter(ctx, node, results, receipts, true)
}

// lookClosely is for how many commits results are looked at one by one after some
// of them had to be: where a receipt was faster than an answer, others will be too.
const lookClosely = 100

func (s *Store) enter(ctx context.Context, node string, results []notifier.Result, receipts []notifier.ReceiptRow, closely bool) (unknown int, err error) {
	err = s.inRetriedTx(ctx, func(tx *sql.Tx) error {
		unknown = 0
		t, p, waits := tallies{}, pulses{}, spreads{}
		for i := range results {
			p.result(&results[i])
		}
		rest, err := s.handAll(ctx, tx, results, t, closely)
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
		return runAll(ctx, tx, "counting", slices.Concat(t.statements(node), p.statements(node), waits.statements(node)))
	})
	return unknown, err
}

// recordResult records one result, whatever is known of the delivery already.
func recordResult(ctx context.Context, tx *sql.Tx, r *notifier.Result, t *tallied) error {
	if r.Late {
		// Of a batch that is closed everybody has a row, or it has been removed.
		if _, err := tx.ExecContext(ctx, `
			INSERT INTO delivery (batch, rcpt) SELECT id, CAST($2 AS BIGINT) FROM batch WHERE id = $1 AND state < 2
			ON CONFLICT (batch, rcpt) DO NOTHING`, r.Batch, r.Rcpt); err != nil {
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
