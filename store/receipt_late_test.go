package store_test

import (
	"database/sql"
	"testing"
	"time"

	"bongsu/notifier"
	"bongsu/status"
	"bongsu/store"
)

// A receipt that another node takes in while the gateway's answer is recorded and
// the late batch closes finds the row that there is by then.
func TestAReceiptWhileALateBatchCloses(t *testing.T) {
	address := newPostgres(t)
	s := openAt(t, address, store.Options{Keys: keys()})
	subscribe(t, s, 2, "sms")
	c := newCity(t, s, func(o *notifier.Options) { o.Early, o.BatchSize = -1, 1 })
	n := noticeOf(status.EventOpened)
	tell(t, s, n)
	c.pause()
	c.step(time.Second)
	if err := s.Resume(t.Context(), c.now); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Join(t.Context(), "one", "one"); err != nil {
		t.Fatal(err)
	}
	claims, err := s.Claim(t.Context(), notifier.ClaimQuery{Node: "one", Now: c.now, Channel: "sms", Lane: notifier.LaneOf(n.Priority), Limit: 2})
	if err != nil || len(claims) != 2 {
		t.Fatalf("claimed %+v, %v", claims, err)
	}

	answer := func(batch, rcpt int64) {
		r := notifier.Result{
			Batch: batch, Rcpt: rcpt, Notice: batch >> 24, Channel: "sms", Kind: notifier.Handed, Rank: notifier.Accepted,
			Ref: "SM1", Gateway: "sms/one", At: c.now, Made: march, Late: true,
		}
		if _, err := s.Enter(t.Context(), "one", []notifier.Result{r}, nil); err != nil {
			t.Fatal(err)
		}
	}
	answer(claims[0].Batch, 1)

	// The other node waits for somebody of the first batch …
	db, err := sql.Open("pgx", address)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	if _, err := tx.ExecContext(t.Context(), "SELECT rank FROM delivery WHERE batch = $1 FOR UPDATE", claims[0].Batch); err != nil {
		t.Fatal(err)
	}
	strangers := make(chan int, 1)
	go func() {
		var rows []notifier.ReceiptRow
		for i, k := range claims {
			rows = append(rows, notifier.ReceiptRow{Batch: k.Batch, Rcpt: int64(i + 1), Receipt: notifier.Receipt{Rank: notifier.Delivered, At: c.now}})
		}
		unknown, err := s.Enter(t.Context(), "two", nil, rows)
		if err != nil {
			t.Error(err)
		}
		strangers <- unknown
	}()
	eventually(t, time.Minute, func() (waits bool) {
		if err := db.QueryRowContext(t.Context(), "SELECT COUNT(*) > 0 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'").Scan(&waits); err != nil {
			t.Fatal(err)
		}
		return waits
	})
	// … while all of the second is recorded, and it closes.
	answer(claims[1].Batch, 2)
	if err := s.Finish(t.Context(), notifier.Finish{Claim: claims[1], Leaving: notifier.Leaving{Now: c.now}}); err != nil {
		t.Fatal(err)
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	c.want("receipts of nobody", <-strangers, 0)
	lines, err := s.History(t.Context(), 2, 10)
	if err != nil || len(lines) != 1 || lines[0].Rank != notifier.Delivered {
		t.Errorf("told %+v, %v", lines, err)
	}
}
