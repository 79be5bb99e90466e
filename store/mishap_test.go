package store_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"bongsu/notifier"
	"bongsu/status"
	"bongsu/store"
)

// What goes wrong around the ledger must cost nobody their text.

func TestAGatewayThatRecoversIsUsedAgain(t *testing.T) {
	ledgers(t, func(t *testing.T, s *store.Store) {
		subscribe(t, s, 10, "sms")
		c := newCity(t, s)
		c.sms.answer = func(notifier.Message) error { return errors.New("503") }
		tell(t, s, noticeOf(status.EventOpened))
		c.step(3 * time.Minute)
		c.sms.answer = nil
		before := len(c.sms.messages())
		tell(t, s, noticeOf(status.EventWorsened))
		c.step(10 * time.Minute)
		heard := map[string]bool{}
		for _, m := range c.sms.messages()[before:] {
			if m.Body == string(status.EventWorsened) {
				heard[m.To] = true
			}
		}
		c.want("people told once the gateway was well", len(heard), 10)
	})
}

func TestALongRestIsNotWaitedForWhereThereIsAnotherWay(t *testing.T) {
	ledgers(t, func(t *testing.T, s *store.Store) {
		subscribe(t, s, 2, "sms", "alimtalk")
		c := newCity(t, s)
		c.kakao.answer = func(notifier.Message) error {
			return &notifier.ThrottledError{After: time.Hour, Text: "quota"}
		}
		tell(t, s, noticeOf(status.EventOpened))
		c.step(time.Minute)
		c.want("texts by SMS", len(c.sms.messages()), 2)
	})
}

func TestWordsNoDatabaseTakes(t *testing.T) {
	ledgers(t, func(t *testing.T, s *store.Store) {
		subscribe(t, s, 1, "sms")
		c := newCity(t, s)
		c.sms.answer = func(notifier.Message) error {
			if len(c.sms.sent) == 1 {
				return errors.New("no\x00thing \xff")
			}
			return nil
		}
		tell(t, s, noticeOf(status.EventOpened))
		c.step(time.Minute)
		c.want("requests", len(c.sms.messages()), 2)
		c.receipt(c.sms.messages()[1], notifier.FailedRank, "a\x00b\xff")
	})
}

func TestWhatWasNotTakenCostsNothing(t *testing.T) {
	priced := func(o *notifier.Options) {
		for i := range o.Channels {
			o.Channels[i].DailyCap = notifier.Money{Milli: 60_000, Currency: "KRW"}
			o.Channels[i].Gateways[0].Price = notifier.Money{Milli: 10_000, Currency: "KRW"}
		}
	}
	wantSpent := func(t *testing.T, s *store.Store, channel string, want int64) {
		t.Helper()
		if got, err := s.Spent(t.Context(), channel, "2026-03-01"); err != nil || got != want {
			t.Errorf("%s cost %d, %v; want %d", channel, got, err, want)
		}
	}
	t.Run("because the gateway did not take it", func(t *testing.T) {
		ledgers(t, func(t *testing.T, s *store.Store) {
			subscribe(t, s, 1, "sms")
			c := newCity(t, s, priced)
			c.sms.answer = func(notifier.Message) error {
				if len(c.sms.sent) <= 10 {
					return &notifier.ThrottledError{After: 10 * time.Second, Text: "later"}
				}
				return nil
			}
			tell(t, s, noticeOf(status.EventOpened))
			c.step(10 * time.Minute)
			c.want("requests", len(c.sms.messages()), 11)
			wantSpent(t, s, "sms", 10_000)
		})
	})
	t.Run("because the channel was blocked before it left", func(t *testing.T) {
		ledgers(t, func(t *testing.T, s *store.Store) {
			subscribe(t, s, 6, "sms", "alimtalk")
			c := newCity(t, s, priced)
			c.kakao.answer = func(notifier.Message) error {
				if len(c.kakao.sent) == 2 {
					c.messager = status.MajorOutage
				}
				return nil
			}
			tell(t, s, noticeOf(status.EventOpened))
			c.step(time.Second)
			c.want("by the messenger", len(c.kakao.messages()), 2)
			wantSpent(t, s, "kakao", 20_000)
		})
	})
}

func TestAFailureDuringALookIsNotForgotten(t *testing.T) {
	ledgers(t, func(t *testing.T, s *store.Store) {
		subscribe(t, s, 2, "sms", "alimtalk")
		c := newCity(t, s, func(o *notifier.Options) {
			o.Plans["citizens"][0] = notifier.Hop{Channel: "kakao", Until: notifier.Accepted}
		})
		tell(t, s, noticeOf(status.EventOpened))
		c.step(time.Second)
		sent := c.kakao.messages()
		c.receipt(sent[0], notifier.FailedRank, "one")
		looks, err := s.Waiting(t.Context(), c.now, 10)
		if err != nil || len(looks) != 1 {
			t.Fatalf("waiting %+v, %v", looks, err)
		}
		c.receipt(sent[1], notifier.FailedRank, "two") // while somebody looks
		seen := notifier.Advance{Waiting: looks[0], Until: notifier.Accepted, Now: c.now, Moves: []notifier.NewBatch{
			{Hop: 1, Channel: "sms", Kind: "sms", People: []notifier.Mover{{Rcpt: 1}}},
		}}
		if err := s.Advance(t.Context(), "other", seen); err != nil && !errors.Is(err, notifier.ErrFenced) {
			t.Fatal(err)
		}
		c.step(time.Minute)
		c.want("texts by SMS", len(c.sms.messages()), 2)
	})
}

func TestAPlanThatShrankLosesNobody(t *testing.T) {
	ledgers(t, func(t *testing.T, s *store.Store) {
		subscribe(t, s, 2, "sms", "alimtalk")
		c := newCity(t, s)
		c.messager = status.MajorOutage
		c.sms.answer = func(notifier.Message) error {
			return &notifier.ThrottledError{After: time.Minute, Text: "later"}
		}
		tell(t, s, noticeOf(status.EventOpened))
		c.step(time.Second)
		next := newCity(t, s, func(o *notifier.Options) { // a new configuration
			o.Node = "next"
			o.Plans["citizens"] = o.Plans["citizens"][:1]
		})
		next.now = c.now
		next.sms.answer = func(notifier.Message) error {
			if len(next.sms.sent) <= 2 {
				return errors.New("503")
			}
			return nil
		}
		next.step(5 * time.Minute)
		next.want("texts by SMS", len(next.sms.messages()), 4)
	})
}

func TestAGatewayLessLosesNobody(t *testing.T) {
	ledgers(t, func(t *testing.T, s *store.Store) {
		subscribe(t, s, 1, "sms")
		c := newCity(t, s, func(o *notifier.Options) {
			o.Tries = 1
			o.Channels[1].Gateways = append(o.Channels[1].Gateways, notifier.Route{Name: "sms/two", Gateway: &booth{
				answer: func(notifier.Message) error { return &notifier.ThrottledError{After: time.Minute} },
			}})
		})
		c.sms.answer = func(notifier.Message) error { return errors.New("503") }
		tell(t, s, noticeOf(status.EventOpened))
		c.step(time.Second)
		next := newCity(t, s, func(o *notifier.Options) { o.Node = "next" })
		next.now = c.now
		next.step(5 * time.Minute)
		next.want("texts", len(next.sms.messages()), 1)
	})
}

func TestAChannelLessLosesNobody(t *testing.T) {
	ledgers(t, func(t *testing.T, s *store.Store) {
		subscribe(t, s, 2, "sms", "alimtalk")
		c := newCity(t, s)
		c.kakao.answer = func(notifier.Message) error { return &notifier.ThrottledError{After: time.Second} }
		tell(t, s, noticeOf(status.EventOpened))
		c.step(time.Millisecond)
		next := newCity(t, s, func(o *notifier.Options) { // the messenger is gone from the configuration
			o.Node = "next"
			o.Channels = slices.DeleteFunc(o.Channels, func(c notifier.Channel) bool { return c.Kind == "alimtalk" })
		})
		next.now = c.now
		next.step(5 * time.Minute)
		next.want("texts by SMS", len(next.sms.messages()), 2)
	})
}

// clerk is a booth that can be asked, and takes a key only once if it dedupes.
type clerk struct {
	booth
	asked func()
	keeps time.Duration
}

func (k *clerk) Find(context.Context, notifier.Message, time.Time) (bool, string, notifier.Rank, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.asked()
	return false, "", notifier.Planned, nil
}

func (k *clerk) DedupesFor() time.Duration { return k.keeps }

func TestNoLookUpAfterTheVerdict(t *testing.T) {
	ledgers(t, func(t *testing.T, s *store.Store) {
		subscribe(t, s, 6, "sms", "alimtalk")
		desk := &clerk{}
		c := newCity(t, s, func(o *notifier.Options) { o.Channels[0].Gateways[0].Gateway = desk })
		asked := 0
		desk.asked = func() {
			if asked++; asked == 2 {
				c.messager = status.MajorOutage
			}
		}
		n := 0
		desk.answer = func(notifier.Message) error {
			if n++; n <= 4 { // five in a row would open the breaker
				return &notifier.UncertainError{Err: context.DeadlineExceeded}
			}
			return nil
		}
		tell(t, s, noticeOf(status.EventOpened))
		c.step(time.Minute)
		c.want("look-ups", asked, 2)
		c.want("texts by SMS", len(c.sms.messages()), 6)
	})
}

func TestTheSameKeyGoesToTheGatewayThatKnowsIt(t *testing.T) {
	ledgers(t, func(t *testing.T, s *store.Store) {
		subscribe(t, s, 6, "sms")
		one, two := &clerk{keeps: time.Hour}, &clerk{keeps: time.Hour}
		c := newCity(t, s, func(o *notifier.Options) {
			o.Channels[1].Gateways = []notifier.Route{{Name: "sms/one", Gateway: one}, {Name: "sms/two", Gateway: two}}
		})
		uncertain := func(notifier.Message) error {
			if len(one.sent)+len(two.sent) <= 6 {
				return &notifier.UncertainError{Err: context.DeadlineExceeded}
			}
			return nil
		}
		one.answer, two.answer = uncertain, uncertain
		tell(t, s, noticeOf(status.EventOpened))
		c.step(5 * time.Minute)
		first := map[string]*clerk{}
		for _, k := range []*clerk{one, two} {
			for _, m := range k.messages() {
				if was := first[m.To]; was != nil && was != k && !m.Again {
					t.Errorf("%s went to both gateways, not flagged", m.To)
				}
				first[m.To] = k
			}
		}
		c.want("people", len(first), 6)
	})
}
