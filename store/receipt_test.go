package store_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"bongsu/notifier"
	"bongsu/status"
	"bongsu/store"
)

// Receipts come late, twice, out of order and many at a time. In whatever order
// and company they come, each delivery ends at the highest rank anybody gave
// it, and the sums are those of the deliveries.
func TestReceiptsInAnyOrder(t *testing.T) {
	ledgers(t, func(t *testing.T, s *store.Store) {
		const people = 60
		subscribe(t, s, people, "sms")
		c := newCity(t, s)
		tell(t, s, noticeOf(status.EventOpened))
		c.step(time.Second)
		random := rand.New(rand.NewPCG(1, 2))
		want := map[string]notifier.Rank{}
		var receipts []notifier.Receipt
		for i, m := range c.sms.messages() {
			want[m.To] = notifier.Accepted
			for range i % 5 {
				r := []notifier.Rank{notifier.Planned, notifier.Accepted, notifier.Sent, notifier.FailedRank, notifier.Delivered}[random.IntN(5)]
				receipts = append(receipts, notifier.Receipt{Delivery: m.Delivery, Rank: r, Code: "30008", Ref: "another", At: c.now})
				want[m.To] = max(want[m.To], r)
			}
			receipts = append(receipts, notifier.Receipt{Delivery: stamp.Key(1, int64(1000+i)), Rank: notifier.Delivered}) // ours, but not there
		}
		random.Shuffle(len(receipts), func(i, j int) { receipts[i], receipts[j] = receipts[j], receipts[i] })
		for len(receipts) > 0 {
			n := min(1+random.IntN(40), len(receipts))
			if err := c.sender.Receipts(t.Context(), receipts[:n]); err != nil {
				t.Fatal(err)
			}
			receipts = receipts[n:]
		}
		var failed, delivered int64
		for _, m := range c.sms.messages() {
			sub, err := s.FindSubscriber(t.Context(), "sms", m.To)
			if err != nil {
				t.Fatal(err)
			}
			lines, err := s.History(t.Context(), sub.ID, 1)
			if err != nil || len(lines) != 1 {
				t.Fatalf("history %+v, %v", lines, err)
			}
			if lines[0].Rank != want[m.To] {
				t.Errorf("subscriber %d: %s, want %s", sub.ID, lines[0].Rank, want[m.To])
			}
			if want[m.To] == notifier.FailedRank {
				failed++
			}
			if want[m.To] == notifier.Delivered {
				delivered++
			}
		}
		p, err := s.Progress(t.Context(), "n-opened")
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Channels[0]; got.Handed != people || got.Failed != failed || got.Delivered != delivered || got.Unknown != 0 {
			t.Errorf("progress %+v, want %d failed and %d delivered of %d", got, failed, delivered, people)
		}
	})
}
