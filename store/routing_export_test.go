package store

import (
	"context"
	"database/sql"
	"time"

	"bongsu/notifier"
)

// Audited is what the deliveries of a channel are.
type Audited struct {
	Planned, Handed, Delivered, Failed, Unknown, Moved, Cancelled int64
}

// Audit is that, and how many of them are somebody's last.
type Audit struct {
	Audited
	Last int64
}

// Recount counts a notice's deliveries by channel, one by one.
func (s *Store) Recount(ctx context.Context, notice string) (map[string]Audit, error) {
	rows, err := s.read.QueryContext(ctx, `
		SELECT b.channel, COUNT(*),
		       SUM(CASE WHEN d.rank IN (1, 2, 4) OR (d.rank = 3 AND d.at > 0) THEN 1 ELSE 0 END),
		       SUM(CASE WHEN d.rank = 4 THEN 1 ELSE 0 END), SUM(CASE WHEN d.rank = 3 THEN 1 ELSE 0 END),
		       SUM(CASE WHEN d.rank = 0 AND (d.doubt > 0 OR d.fate = 4) THEN 1 ELSE 0 END),
		       SUM(CASE WHEN d.fate = 2 THEN 1 ELSE 0 END), SUM(CASE WHEN d.fate = 3 THEN 1 ELSE 0 END),
		       SUM(CASE WHEN d.fate <> 2 THEN 1 ELSE 0 END)
		FROM notice n JOIN batch b ON b.notice = n.number JOIN delivery d ON d.batch = b.id
		WHERE n.id = $1 GROUP BY b.channel`, notice)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[string]Audit{}
	for rows.Next() {
		var channel string
		var a Audit
		if err := rows.Scan(&channel, &a.Planned, &a.Handed, &a.Delivered, &a.Failed, &a.Unknown, &a.Moved, &a.Cancelled, &a.Last); err != nil {
			return nil, err
		}
		out[channel] = a
	}
	return out, rows.Err()
}

// PretendRescued has somebody's delivery have moved on, to a batch that has
// left.
func (s *Store) PretendRescued(ctx context.Context, batch, rcpt int64, now time.Time) error {
	return s.inTx(ctx, func(tx *sql.Tx) error {
		t := tallies{}
		err := s.move(ctx, tx, notifier.Claim{Batch: batch, Notice: batch / batchesPerNotice, Channel: "kakao"}, []notifier.NewBatch{{
			Hop: 1, Channel: "sms", Kind: "sms", People: []notifier.Mover{{Rcpt: rcpt, Again: true, Saved: true}},
		}}, notifier.Accepted, notifier.Delivered, now, t)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `
			UPDATE batch SET state = 2, auth = hi WHERE id = (SELECT next FROM delivery WHERE batch = $1 AND rcpt = $2)`, batch, rcpt); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `
			UPDATE delivery SET rank = 1, at = $3 WHERE batch = (SELECT d.next FROM delivery d WHERE d.batch = $1 AND d.rcpt = $2) AND rcpt = $2`,
			batch, rcpt, millis(now)); err != nil {
			return err
		}
		return addTally(ctx, tx, "test", t)
	})
}

// PretendTrimmed removes a batch as [Store.Trim] does, but not those before it.
func (s *Store) PretendTrimmed(ctx context.Context, batch int64) error {
	return s.inTx(ctx, func(tx *sql.Tx) error { return dropBatch(ctx, tx, batch) })
}

// Rows counts the deliveries that are there of a batch, whether it is or not.
func (s *Store) Rows(ctx context.Context, batch int64) (n int, err error) {
	err = s.read.QueryRowContext(ctx, "SELECT COUNT(*) FROM delivery WHERE batch = $1", batch).Scan(&n)
	return n, err
}
