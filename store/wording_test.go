package store_test

import (
	"errors"
	"testing"
	"time"

	"bongsu/notifier"
	"bongsu/status"
	"bongsu/store"
)

// A text that must not leave any more is passed over for the next hop's, and
// operators hear of it.
func TestATextIsRefusedAtTheLastMoment(t *testing.T) {
	ledgers(t, func(t *testing.T, s *store.Store) {
		subscribe(t, s, 20, "sms", "alimtalk")
		asked := 0
		c := newCity(t, s, func(o *notifier.Options) {
			o.Refuse = func(n *notifier.Notice, text *notifier.Text) error {
				asked++
				if n.ID != "n-opened" || text.Class == notifier.ClassAlimTalk {
					return errors.New("it sends the reader to what fails now")
				}
				return nil
			}
		})
		tell(t, s, noticeOf(status.EventOpened))
		c.step(time.Minute)
		c.want("texts by the messenger", len(c.kakao.messages()), 0)
		c.want("texts by SMS", len(c.sms.messages()), 20)
		if len(c.alarms) == 0 || c.alarms[0].Kind != notifier.AlarmRefused {
			t.Errorf("alarms %+v", c.alarms)
		}
		if asked > 10 {
			t.Errorf("it was asked %d times for 20 people", asked)
		}
	})
}

// A hop may send long texts in place of SMS: the ledger keeps what each kind
// costs, and reserves that much of the daily cap.
func TestALongTextHasItsOwnPrice(t *testing.T) {
	won := func(n int64) notifier.Money { return notifier.Money{Milli: n * 1000, Currency: "KRW"} }
	for _, test := range []struct {
		name  string
		long  bool
		parts bool
		class notifier.Class
		spent int64 // won, for two people
	}{
		{"short", false, false, notifier.ClassSMS, 40},
		{"long", true, false, notifier.ClassLMS, 100},
		{"short, paid by parts", false, true, notifier.ClassSMS, 80},
		{"long, paid by parts", true, true, notifier.ClassLMS, 300},
	} {
		t.Run(test.name, func(t *testing.T) {
			ledgers(t, func(t *testing.T, s *store.Store) {
				subscribe(t, s, 2, "sms")
				c := newCity(t, s, func(o *notifier.Options) {
					o.Plans["citizens"] = []notifier.Hop{{Channel: "sms", Until: notifier.Accepted, Long: test.long}}
					sms := &o.Channels[1]
					sms.DailyCap = won(1000)
					sms.Gateways[0].Price, sms.Gateways[0].PriceLong, sms.Gateways[0].Parts = won(20), won(50), test.parts
				})
				n := noticeOf(status.EventOpened)
				n.Texts = []notifier.Text{
					{Lang: "ko", Class: notifier.ClassSMS, Body: "short", Segments: 1, Parts: 2},
					{Lang: "ko", Class: notifier.ClassLMS, Title: "title", Body: "long", Segments: 1, Parts: 3},
				}
				tell(t, s, n)
				c.step(time.Second)
				for _, m := range c.sms.messages() {
					if m.Class != test.class {
						t.Errorf("sent %+v", m)
					}
				}
				spent, err := s.Spent(t.Context(), "sms", c.now.UTC().Format(time.DateOnly))
				if err != nil || spent != test.spent*1000 || len(c.sms.messages()) != 2 {
					t.Errorf("spent %d for %d texts, %v; want %d won", spent, len(c.sms.messages()), err, test.spent)
				}
			})
		})
	}
}
