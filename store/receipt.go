package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"maps"
	"slices"

	"bongsu/notifier"
)

// deliveryKey is where a delivery is in the books.
type deliveryKey struct{ batch, rcpt int64 }

// standing is what the books say of a delivery, and what receipts make of it.
type standing struct {
	deliveryKey
	rank    notifier.Rank
	fate    notifier.Fate
	next    int64
	doubt   int64
	number  int64 // the notice's
	made    int64 // when the notice was
	channel string
	kind    string
	gateway string
	at      int64 // handed over

	raised bool
	done   int64
	ref    string
	why    sql.NullString
}

// takeReceipts raises ranks, never lowers them, and does what that calls for.
// It reports how many receipts are of deliveries that are not there.
func (s *Store) takeReceipts(ctx context.Context, tx *sql.Tx, receipts []notifier.ReceiptRow, t tallies, p pulses, waits spreads) (unknown int, err error) {
	if len(receipts) == 0 {
		return 0, nil
	}
	all, err := s.standings(ctx, tx, receipts)
	if err != nil {
		return 0, err
	}
	if err := s.seeLate(ctx, tx, receipts, all); err != nil {
		return 0, err
	}
	var raised []*standing
	failed := map[int64]bool{} // batches to be looked at
	for i := range receipts {
		r := &receipts[i]
		d := all[deliveryKey{r.Batch, r.Rcpt}]
		if d == nil {
			unknown++
			continue
		}
		if r.Rank <= d.rank {
			continue
		}
		if !d.raised {
			raised = append(raised, d)
		}
		if d.rank < notifier.FailedRank && r.Rank >= notifier.FailedRank {
			p.receipt(d.gateway, d.at, millis(r.At))
		}
		if r.Rank == notifier.Delivered {
			waits.add(d.number, d.channel, spreadDelivered, r.At.Sub(fromMillis(d.made)))
		}
		d.raise(r, t.of(d.number, d.channel))
		if r.Suppress {
			if err := suppress(ctx, tx, r.Rcpt, d.kind, r.Code); err != nil {
				return 0, err
			}
		}
		switch {
		case r.Rank == notifier.FailedRank && d.fate != notifier.FateMoved:
			failed[r.Batch] = true
		case r.Rank == notifier.Delivered && d.fate == notifier.FateMoved:
			if err := s.closeLater(ctx, tx, r, d.next, d.channel, t); err != nil {
				return 0, err
			}
		}
	}
	if err := s.saveRaised(ctx, tx, raised); err != nil {
		return 0, err
	}
	for _, batch := range slices.Sorted(maps.Keys(failed)) {
		if err := checkNow(ctx, tx, batch); err != nil {
			return 0, err
		}
	}
	return unknown, nil
}

// seeLate adds the standings of those of late batches who get their row only now,
// from us or, since we looked, from another node.
func (s *Store) seeLate(ctx context.Context, tx *sql.Tx, receipts []notifier.ReceiptRow, all map[deliveryKey]*standing) error {
	var strange []notifier.ReceiptRow
	for _, r := range receipts {
		if all[deliveryKey{r.Batch, r.Rcpt}] == nil {
			strange = append(strange, r)
		}
	}
	if len(strange) == 0 {
		return nil
	}
	if err := s.spellKnown(ctx, tx, strange); err != nil {
		return err
	}
	more, err := s.standings(ctx, tx, strange)
	maps.Copy(all, more)
	return err
}

// raise takes a receipt in. What is already known of the reference stays.
func (d *standing) raise(r *notifier.ReceiptRow, t *tallied) {
	t.rise(d.rank, r.Rank)
	if d.doubt > 0 {
		t.unknown--
	}
	if d.fate == notifier.FateAgain || d.fate == notifier.FateUnknown {
		d.fate = notifier.FateOpen
	}
	d.rank, d.doubt, d.done, d.raised = r.Rank, 0, millis(r.At), true
	d.ref = cmp.Or(d.ref, r.Ref)
	if r.Rank == notifier.FailedRank {
		d.why = sql.NullString{String: r.Code, Valid: true}
	}
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

const standingColumns = `d.batch, d.rcpt, d.rank, d.fate, d.next, d.doubt, b.notice, b.channel, b.kind, n.made, d.at, COALESCE(d.gateway, '')`

// standings reads what the books say of the deliveries that receipts are of,
// and holds them for the transaction.
func (s *Store) standings(ctx context.Context, tx *sql.Tx, receipts []notifier.ReceiptRow) (map[deliveryKey]*standing, error) {
	all := make(map[deliveryKey]*standing, len(receipts))
	if s.dialect == sqlite {
		return all, standingsEach(ctx, tx, receipts, all)
	}
	batches, rcpts := make([]int64, len(receipts)), make([]int64, len(receipts))
	for i, r := range receipts {
		batches[i], rcpts[i] = r.Batch, r.Rcpt
	}
	rows, err := tx.QueryContext(ctx, `
		SELECT `+standingColumns+`
		FROM unnest(CAST($1 AS BIGINT[]), CAST($2 AS BIGINT[])) AS v(batch, rcpt)
		JOIN delivery d ON d.batch = v.batch AND d.rcpt = v.rcpt JOIN batch b ON b.id = d.batch JOIN notice n ON n.number = b.notice
		ORDER BY d.batch, d.rcpt FOR UPDATE OF d`, batches, rcpts)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		if err := scanStanding(rows, all); err != nil {
			return nil, err
		}
	}
	return all, rows.Err()
}

// standingsEach is SQLite's way: one prepared look after another.
func standingsEach(ctx context.Context, tx *sql.Tx, receipts []notifier.ReceiptRow, all map[deliveryKey]*standing) error {
	look, err := tx.PrepareContext(ctx, "SELECT "+standingColumns+" FROM delivery d JOIN batch b ON b.id = d.batch JOIN notice n ON n.number = b.notice WHERE d.batch = $1 AND d.rcpt = $2")
	if err != nil {
		return err
	}
	defer look.Close()
	for _, r := range receipts {
		err := scanStanding(look.QueryRowContext(ctx, r.Batch, r.Rcpt), all)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
	}
	return nil
}

func scanStanding(row interface{ Scan(into ...any) error }, all map[deliveryKey]*standing) error {
	d := &standing{}
	if err := row.Scan(&d.batch, &d.rcpt, &d.rank, &d.fate, &d.next, &d.doubt, &d.number, &d.channel, &d.kind, &d.made, &d.at, &d.gateway); err != nil {
		return err
	}
	all[d.deliveryKey] = d
	return nil
}

// saveRaised writes what receipts have raised.
func (s *Store) saveRaised(ctx context.Context, tx *sql.Tx, raised []*standing) error {
	if len(raised) == 0 {
		return nil
	}
	if s.dialect == sqlite {
		return saveRaisedEach(ctx, tx, raised)
	}
	n := len(raised)
	batches, rcpts, ranks, fates, dones := make([]int64, n), make([]int64, n), make([]int64, n), make([]int64, n), make([]int64, n)
	refs, whys := make([]string, n), make([]sql.NullString, n)
	for i, d := range raised {
		batches[i], rcpts[i], ranks[i], fates[i], dones[i] = d.batch, d.rcpt, int64(d.rank), int64(d.fate), d.done
		refs[i], whys[i] = d.ref, d.why
	}
	_, err := tx.ExecContext(ctx, `
		UPDATE delivery d SET rank = v.rank, fate = v.fate, done = v.done, doubt = 0,
		       ref = COALESCE(NULLIF(d.ref, ''), v.ref), why = COALESCE(v.why, d.why)
		FROM unnest(CAST($1 AS BIGINT[]), CAST($2 AS BIGINT[]), CAST($3 AS BIGINT[]), CAST($4 AS BIGINT[]), CAST($5 AS BIGINT[]), CAST($6 AS TEXT[]), CAST($7 AS TEXT[]))
		     AS v(batch, rcpt, rank, fate, done, ref, why)
		WHERE d.batch = v.batch AND d.rcpt = v.rcpt`, batches, rcpts, ranks, fates, dones, refs, whys)
	return err
}

// saveRaisedEach is SQLite's way: one prepared row after another.
func saveRaisedEach(ctx context.Context, tx *sql.Tx, raised []*standing) error {
	raise, err := tx.PrepareContext(ctx, `
		UPDATE delivery SET rank = $1, fate = $2, done = $3, doubt = 0, ref = COALESCE(NULLIF(ref, ''), $4), why = COALESCE($5, why)
		WHERE batch = $6 AND rcpt = $7`)
	if err != nil {
		return err
	}
	defer raise.Close()
	for _, d := range raised {
		if _, err := raise.ExecContext(ctx, int(d.rank), int(d.fate), d.done, d.ref, d.why, d.batch, d.rcpt); err != nil {
			return err
		}
	}
	return nil
}

// closeLater cancels what a recipient still has before them of a notice that
// has reached them, unless it may have left.
func (s *Store) closeLater(ctx context.Context, tx *sql.Tx, r *notifier.ReceiptRow, batch int64, by string, t tallies) error {
	for batch > 0 {
		var auth, number, next int64
		var channel string
		var rank notifier.Rank
		var fate notifier.Fate
		err := tx.QueryRowContext(ctx, s.q("SELECT auth, notice, channel FROM batch WHERE id = $1 {{lock}}"), batch).Scan(&auth, &number, &channel)
		if errors.Is(err, sql.ErrNoRows) {
			return nil // it was so long ago that it has been removed
		}
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
		if err := tx.QueryRowContext(ctx, "SELECT next, rank, fate FROM delivery WHERE batch = $1 AND rcpt = $2", batch, r.Rcpt).Scan(&next, &rank, &fate); err != nil {
			return err
		}
		if r.Rcpt <= auth && rank != notifier.FailedRank && fate != notifier.FateMoved && fate != notifier.FateCancelled {
			t.of(number, by).twice++ // it has left, or may have
		}
		batch = next
	}
	return nil
}
