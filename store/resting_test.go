package store_test

import (
	"errors"
	"testing"
	"time"

	"bongsu/notifier"
	"bongsu/status"
	"bongsu/store"
)

// Two gateways of SMS: the first is judged dead, the second works. While the
// second asks for a pause it is waited for, and once it has had its day's number
// people go by the next hop: nothing goes to the dead one meanwhile.
func TestADeadGatewayIsNoStandIn(t *testing.T) {
	for _, c := range []struct {
		name   string
		kinds  []string
		perDay int
		pause  bool
		second int // texts by the second gateway, and …
		kakao  int // … by the next hop
	}{
		{name: "the other asks for a pause", kinds: []string{"sms"}, pause: true, second: 31},
		{name: "the other has had its day's number", kinds: []string{"sms", "alimtalk"}, perDay: 10, second: 10, kakao: 20},
	} {
		t.Run(c.name, func(t *testing.T) {
			swiftly(t, func(t *testing.T, s *store.Store) {
				subscribe(t, s, 30, c.kinds...)
				second := &booth{}
				city := newCity(t, s, func(o *notifier.Options) {
					o.Channels[1].Gateways = append(o.Channels[1].Gateways, notifier.Route{Name: "sms/two", Gateway: second, PerDay: c.perDay})
					o.Plans["citizens"] = []notifier.Hop{{Channel: "sms"}, {Channel: "kakao"}}
				})
				if c.pause {
					second.answer = func(notifier.Message) error {
						if len(second.sent) == 5 {
							return &notifier.ThrottledError{After: 3 * time.Second, Text: "slower"}
						}
						return nil
					}
				}
				if _, err := s.SetHealth(t.Context(), "sms/one", notifier.Health{Stage: notifier.Dead, Since: city.now, Lost: city.now, Why: "a test"}); err != nil {
					t.Fatal(err)
				}
				tell(t, s, noticeOf(status.EventOpened))
				city.step(40 * time.Second)
				city.want("texts by the dead gateway", len(city.sms.messages()), 0)
				city.want("texts by the other", len(second.messages()), c.second)
				city.want("messages by the next hop", len(city.kakao.messages()), c.kakao)
				city.balance("n-opened")
			})
		})
	}
}

// Whom a dead gateway took goes to the channel's other one though it asked for a
// pause: it is waited for, not looked for again.
func TestTheRescuedWaitForAPause(t *testing.T) {
	swiftly(t, func(t *testing.T, s *store.Store) {
		subscribe(t, s, 20, "alimtalk")
		first := &booth{}
		c := newCity(t, s, func(o *notifier.Options) {
			o.Channels[0].Gateways = []notifier.Route{{Name: "kakao/first", Gateway: first}, {Name: "kakao/one", Gateway: o.Channels[0].Gateways[0].Gateway}}
			o.Channels[0].Duplicates = 1
			o.Plans["citizens"][0].Wait = time.Hour
		})
		first.answer = func(notifier.Message) error {
			if len(first.sent) == 1 {
				return &notifier.ThrottledError{After: 8 * time.Second, Text: "slower"}
			}
			return nil
		}
		tell(t, s, noticeOf(status.EventOpened))
		c.step(time.Second)
		taken := len(c.kakao.messages())
		if taken == 0 {
			t.Fatal("nobody was taken by the gateway that dies")
		}
		if _, err := s.SetHealth(t.Context(), "kakao/one", notifier.Health{Stage: notifier.Dead, Since: c.now, Lost: march, Why: "a test"}); err != nil {
			t.Fatal(err)
		}
		for range 9 {
			c.step(time.Second)
		}
		c.want("messages by the other gateway", len(first.messages()), 21)
		c.balance("n-opened")
	})
}

// What must not leave costs nothing, and is none of the gateway's day's number.
func TestARefusedTextCostsNothing(t *testing.T) {
	swiftly(t, func(t *testing.T, s *store.Store) {
		subscribe(t, s, 5, "sms")
		c := newCity(t, s, func(o *notifier.Options) {
			o.Channels[1].DailyCap = notifier.Money{Milli: 100_000, Currency: "KRW"}
			o.Channels[1].Gateways[0].Price = notifier.Money{Milli: 9000, Currency: "KRW"}
			o.Channels[1].Gateways[0].PerDay = 10
			o.Refuse = func(*notifier.Notice, *notifier.Text) error { return errors.New("it sends people to what fails") }
		})
		tell(t, s, noticeOf(status.EventOpened))
		c.step(time.Minute)
		c.want("texts", len(c.sms.messages()), 0)
		p := c.balance("n-opened")
		c.want("failed", int(c.channel(p, "sms").Failed), 5)
		day := march.Format(time.DateOnly)
		spent, err := s.Spent(t.Context(), "sms", day)
		if err != nil {
			t.Fatal(err)
		}
		c.want("spent", int(spent), 0)
		given, err := s.Given(t.Context(), "sms/one", day)
		if err != nil {
			t.Fatal(err)
		}
		c.want("given", given, 0)
	})
}
