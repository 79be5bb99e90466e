package store_test

import (
	"testing"
	"time"

	"bongsu/notifier"
	"bongsu/status"
	"bongsu/store"
)

// A message that was handed over twice under the same key, as after a lapse of the
// lease, may be answered twice at the same moment: it counts once.
func TestTwoAnswersAtOnceCountOnce(t *testing.T) {
	ledgers(t, func(t *testing.T, s *store.Store) {
		subscribe(t, s, 3, "sms")
		c := newCity(t, s)
		n := noticeOf(status.EventOpened)
		tell(t, s, n)
		c.pause()
		c.step(time.Second)
		lines, err := s.History(t.Context(), 1, 1)
		if err != nil || len(lines) != 1 {
			t.Fatalf("planned %+v, %v", lines, err)
		}
		var results []notifier.Result
		for _, rcpt := range []int64{1, 1, 2, 3, 3} {
			results = append(results, notifier.Result{
				Batch: lines[0].Batch, Rcpt: rcpt, Notice: lines[0].Batch >> 24, Channel: "sms", Kind: notifier.Handed, Rank: notifier.Accepted,
				Ref: "SM1", Gateway: "sms/one", At: c.now, Made: march, Late: early(t) < 0,
			})
		}
		if _, err := s.Enter(t.Context(), "one", results, nil); err != nil {
			t.Fatal(err)
		}
		c.want("hand-overs", int(c.balance(n.ID).Channels[0].Handed), 3)
	})
}
