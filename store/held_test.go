package store_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"bongsu/notifier"
	"bongsu/notifier/signup"
	"bongsu/status"
	"bongsu/store"
)

// A channel that is held for its daily cap keeps only those who have no other
// way; they are not forgotten.
func TestWhoHasAnotherWayDoesNotWaitOutTheDay(t *testing.T) {
	ledgers(t, func(t *testing.T, s *store.Store) {
		subscribe(t, s, 7, "sms", "alimtalk")
		wisher(t, s, "+821000000099", notifier.Wishes{}, "alimtalk")
		c := newCity(t, s, func(o *notifier.Options) {
			o.Channels[0].DailyCap = notifier.Money{Milli: 35_000, Currency: "KRW"}
			o.Channels[0].Gateways[0].Price = notifier.Money{Milli: 10_000, Currency: "KRW"}
		})
		n := noticeOf(status.EventOpened)
		tell(t, s, n)
		c.step(30 * time.Second)
		c.want("texts by the messenger within the cap", len(c.kakao.messages()), 3)
		c.want("texts by SMS, within half a minute", len(c.sms.messages()), 4)
		for _, m := range c.sms.messages() {
			if m.Again {
				t.Error("somebody to whom nothing had gone hears it as sent again")
			}
		}
		// What the messenger took is not told again because the channel is held.
		c.receipts(c.kakao.messages(), notifier.Delivered)
		c.now = c.now.Add(19 * time.Hour) // every few seconds of a day would be asked about otherwise
		c.step(time.Hour)
		c.want("texts by SMS in the end", len(c.sms.messages()), 4)
		c.want("texts by the messenger, the next day", len(c.kakao.messages()), 4)
		c.balance(n.ID)
	})
}

// spender drops a key that it has seen, and may be given one message a day.
type spender struct{ booth }

func (*spender) DedupesFor() time.Duration { return time.Hour }

// What is in doubt at a gateway that has had its day's number is not repeated
// there the next day, but settled by what is left.
func TestADoubtDoesNotWaitForTheNextDaysNumber(t *testing.T) {
	ledgers(t, func(t *testing.T, s *store.Store) {
		subscribe(t, s, 1, "sms", "alimtalk")
		full := &spender{}
		full.answer = func(notifier.Message) error { return &notifier.UncertainError{Err: context.DeadlineExceeded} }
		c := newCity(t, s, func(o *notifier.Options) {
			o.Channels[0].Gateways = []notifier.Route{{Name: "kakao/one", Gateway: full, PerDay: 1}}
		})
		n := noticeOf(status.EventOpened)
		tell(t, s, n)
		c.step(time.Minute)
		c.want("requests to the full gateway", len(full.messages()), 1)
		sent := c.sms.messages()
		if len(sent) != 1 || !sent[0].Again {
			t.Errorf("by the next hop: %+v; want one text, flagged", sent)
		}
		c.balance(n.ID)
	})
}

// A pause keeps a batch until its people sleep: who sleeps is not woken when it
// leaves, and nobody else waits for that.
func TestQuietHoursHoldWhatWasHeld(t *testing.T) {
	ledgers(t, func(t *testing.T, s *store.Store) {
		wisher(t, s, "+821000000001", notifier.Wishes{Quiet: quiet(t, "22:00-07:00 Asia/Seoul")}, "sms")
		wisher(t, s, "+821000000002", notifier.Wishes{}, "sms")
		c := newCity(t, s)
		n := noticeOf(status.EventNote)
		n.To, n.Expires = status.PartialOutage, march.Add(48*time.Hour)
		tell(t, s, n)
		c.pause()
		c.step(2 * time.Hour) // 23:00 in Seoul
		if err := s.Resume(t.Context(), c.now); err != nil {
			t.Fatal(err)
		}
		c.step(time.Minute)
		if got := to(c.sms.messages()); len(got) != 1 || got[0] != "+821000000002" {
			t.Fatalf("at night: %v", got)
		}
		c.step(8 * time.Hour)
		c.want("texts by the morning", len(c.sms.messages()), 2)
		c.balance(n.ID)
	})
}

// What expires while an operator keeps it back ends as expired, wholly planned or
// not: it does not wait to be freed.
func TestAHeldNoticeExpires(t *testing.T) {
	ledgers(t, func(t *testing.T, s *store.Store) {
		subscribe(t, s, 30, "sms")
		c := newCity(t, s, func(o *notifier.Options) { o.BatchSize, o.Chunk, o.Window = 10, 10, 5 })
		n, unplanned := noticeOf(status.EventOpened), noticeOf(status.EventWorsened)
		n.Expires = march.Add(time.Hour)
		unplanned.ID, unplanned.Incident, unplanned.Expires = "unplanned", "i2", march.Add(time.Hour)
		c.holdAfter(n.ID, 3)
		tell(t, s, n)
		c.step(3 * time.Second)
		tell(t, s, unplanned)
		if err := s.HoldNotice(t.Context(), unplanned.ID, c.now); err != nil {
			t.Fatal(err)
		}
		c.step(time.Minute)
		c.now = march.Add(time.Hour)
		c.step(time.Minute)
		c.want("texts before it was held", len(c.sms.messages()), 5)
		for _, id := range []string{n.ID, unplanned.ID} {
			c.balance(id)
			p, err := s.Progress(t.Context(), id)
			if err != nil || !p.Planned || !p.Held.IsZero() || p.Channels[0].Cancelled+p.Channels[0].Handed != 30 {
				t.Errorf("%s: %+v, %v", id, p, err)
			}
		}
		if q, err := s.Queue(t.Context(), c.now); err != nil || q.Depth != 0 {
			t.Errorf("waiting: %+v, %v", q, err)
		}
	})
}

// A code that was replaced while an operator kept it back ends too.
func TestAHeldCodeThatWasReplacedExpires(t *testing.T) {
	ledgers(t, func(t *testing.T, s *store.Store) {
		c := newCity(t, s, func(o *notifier.Options) { o.Plans[notifier.OnlyBy("sms")] = []notifier.Hop{{Channel: "sms"}} })
		askCode(t, s, codeFor(signup.Join, "a", somebody, march), signup.Sent)
		c.pause()
		c.step(time.Second)
		if err := s.HoldNotice(t.Context(), "a", c.now); err != nil {
			t.Fatal(err)
		}
		if err := s.Resume(t.Context(), c.now); err != nil {
			t.Fatal(err)
		}
		askCode(t, s, codeFor(signup.Join, "b", somebody, c.now), signup.Sent)
		c.step(signup.CodeLasts + time.Minute)
		c.step(time.Second)
		c.want("codes", len(c.sms.messages()), 1)
		if q, err := s.Queue(t.Context(), c.now); err != nil || q.Depth != 0 {
			t.Errorf("waiting: %+v, %v", q, err)
		}
		if more, err := s.FreeExpired(t.Context(), c.now); err != nil || more {
			t.Errorf("there is something to free for ever: %v, %v", more, err)
		}
		if err := s.FreeNotice(t.Context(), "a"); !errors.Is(err, store.ErrNoticeOver) {
			t.Errorf("what is over is freed: %v", err)
		}
	})
}
