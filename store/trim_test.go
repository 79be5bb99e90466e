package store_test

import (
	"testing"
	"time"

	"bongsu/notifier"
	"bongsu/status"
	"bongsu/store"
)

// The end is told to whoever heard the beginning, however long ago that was: what
// an incident's notices came to is kept until its end has been told.
func TestTrimKeepsWhatAnEndIsToldBy(t *testing.T) {
	swiftly(t, func(t *testing.T, s *store.Store) {
		subscribe(t, s, 3, "sms")
		c := newCity(t, s)
		open := status.Incident{ID: "i1", Code: "K7QX", Title: status.Text{"en": "Chat"}, Began: march, Detected: march, Announced: march, Version: 1}
		record(t, s, notifier.Record{Change: status.Change{At: march, Incidents: []status.Incident{open}}, Notices: []notifier.Notice{noticeOf(status.EventOpened)}})
		c.step(time.Second)
		c.now = march.Add(5 * 24 * time.Hour)
		trim := func() {
			t.Helper()
			if _, err := s.Trim(t.Context(), c.now.Add(-24*time.Hour), c.now); err != nil {
				t.Fatal(err)
			}
		}
		trim()
		end := noticeOf(status.EventResolved)
		end.Made = c.now
		open.Resolved, open.Version = c.now, 2
		record(t, s, notifier.Record{Change: status.Change{At: c.now, Incidents: []status.Incident{open}}, Notices: []notifier.Notice{end}})
		trim()
		c.step(time.Second)
		c.want("texts", len(c.sms.messages()), 6)
		c.now = c.now.Add(2 * 24 * time.Hour)
		trim()
		if lines, err := s.History(t.Context(), 1, 5); err != nil || len(lines) != 0 {
			t.Errorf("the history is still there: %+v, %v", lines, err)
		}
	})
}

// What somebody moved on to is removed with the rest; a receipt for where they
// came from finds the way ended, and is no trouble to others.
func TestAReceiptAfterTrim(t *testing.T) {
	swiftly(t, func(t *testing.T, s *store.Store) {
		subscribe(t, s, 2, "sms", "alimtalk")
		c := newCity(t, s)
		tell(t, s, noticeOf(status.EventOpened))
		c.step(time.Hour)
		c.want("texts by SMS", len(c.sms.messages()), 2)
		batch, _, _ := stamp.ParseKey(c.sms.messages()[0].Delivery)
		if err := s.PretendTrimmed(t.Context(), batch); err != nil {
			t.Fatal(err)
		}
		for _, m := range c.kakao.messages() {
			c.receipt(m, notifier.Delivered, "")
		}
		p, err := s.Progress(t.Context(), "n-opened")
		if err != nil || c.channel(p, "kakao").Delivered != 2 {
			t.Errorf("the books: %+v, %v", p, err)
		}
	})
}

// A result that comes after its late batch was closed and removed leaves no row
// that belongs to nothing, however it is recorded.
func TestAResultAfterTrim(t *testing.T) {
	ledgers(t, func(t *testing.T, s *store.Store) {
		subscribe(t, s, 2, "sms")
		c := newCity(t, s)
		n := noticeOf(status.EventOpened)
		tell(t, s, n)
		c.step(time.Minute)
		c.want("texts", len(c.sms.messages()), 2)
		batch, rcpt, _ := stamp.ParseKey(c.sms.messages()[0].Delivery)
		if err := s.PretendTrimmed(t.Context(), batch); err != nil {
			t.Fatal(err)
		}
		r := notifier.Result{
			Batch: batch, Rcpt: rcpt, Notice: batch >> 24, Channel: "sms", Kind: notifier.Handed, Rank: notifier.Accepted,
			Ref: "SM1", Gateway: "sms/one", At: c.now, Made: march, Late: true,
		}
		doubt := r
		doubt.Kind = notifier.Doubtful
		for _, results := range [][]notifier.Result{{r}, {doubt}, {r, doubt}} {
			if _, err := s.Enter(t.Context(), "late", results, nil); err != nil {
				t.Fatal(err)
			}
			if rows, err := s.Rows(t.Context(), batch); err != nil || rows != 0 {
				t.Fatalf("%d rows of a batch that is gone, %v", rows, err)
			}
		}
	})
}
