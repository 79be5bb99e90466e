package store_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"bongsu/notifier"
	"bongsu/status"
	"bongsu/store"
)

// The world of these tests: people reached by a messenger first, then by SMS.
var (
	march = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	stamp = notifier.NewStamp([]byte("sixteen bytes or more"))
	keys  = sync.OnceValue(func() *store.Keys {
		k, err := store.ParseKeys(store.NewKeys())
		if err != nil {
			panic(err)
		}
		return k
	})
)

// ledgers runs a suite over both databases, with keys. What is written late is on
// one of them here, and on both in the kills.
func ledgers(t *testing.T, suite func(t *testing.T, s *store.Store)) {
	t.Run("sqlite", func(t *testing.T) {
		suite(t, openAt(t, filepath.Join(t.TempDir(), "bongsu.db"), store.Options{Keys: keys()}))
	})
	t.Run("postgres", func(t *testing.T) { suite(t, openAt(t, newPostgres(t), store.Options{Keys: keys()})) })
	t.Run("postgres, late", func(t *testing.T) { suite(t, openAt(t, newPostgres(t), store.Options{Keys: keys()})) })
}

// modes runs a test with deliveries that are written when they are planned, and
// with those that are written late.
func modes(t *testing.T, test func(t *testing.T)) {
	t.Run("planned", test)
	if os.Getenv("BONGSU_DEEP") != "" {
		t.Run("planned, late", test)
	}
}

// early is [notifier.Options.Early] for a test: its name says whether its batches
// are late ones.
func early(t testing.TB) int {
	if strings.Contains(t.Name(), ",_late") {
		return -1
	}
	return 0
}

func openAt(t testing.TB, address string, o store.Options) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), address, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// subscribe adds n people with the kinds of address given.
func subscribe(t testing.TB, s *store.Store, n int, kinds ...string) {
	t.Helper()
	for i := range n {
		number := fmt.Sprintf("+8210%08d", i)
		var addresses []store.Address
		for _, k := range kinds {
			addresses = append(addresses, store.Address{Kind: k, Address: number, Source: "test", Consented: march, Confirmed: march})
		}
		if _, err := s.AddSubscriber(t.Context(), store.Subscriber{Lang: "ko", Plan: "citizens", AtLeast: status.PartialOutage, Joined: march}, addresses); err != nil {
			t.Fatal(err)
		}
	}
}

// noticeOf is a notice of an incident's event.
func noticeOf(event status.EventKind) notifier.Notice {
	n := notifier.Notice{
		ID: "n-" + string(event), Incident: "i1", Event: string(event), Update: "u-" + string(event),
		Audience: "subscribers", Plan: "citizens", From: status.Operational, To: status.MajorOutage, Made: march,
	}
	for _, class := range []notifier.Class{notifier.ClassSMS, notifier.ClassAlimTalk, notifier.ClassChat} {
		n.Texts = append(n.Texts, notifier.Text{Lang: "ko", Class: class, Body: string(event), Segments: 1})
	}
	return n
}

func tell(t testing.TB, s *store.Store, n notifier.Notice) {
	t.Helper()
	if err := s.AddNotices(t.Context(), []notifier.Notice{n}); err != nil {
		t.Fatal(err)
	}
}

// booth is a gateway that keeps what it was given and answers as it is told.
type booth struct {
	mu     sync.Mutex
	sent   []notifier.Message
	answer func(m notifier.Message) error
}

func (b *booth) Send(_ context.Context, m notifier.Message) (string, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.sent = append(b.sent, m)
	if b.answer != nil {
		if err := b.answer(m); err != nil {
			return "", err
		}
	}
	return "ref-" + strconv.Itoa(len(b.sent)), nil
}

func (b *booth) messages() []notifier.Message {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]notifier.Message(nil), b.sent...)
}

// city is a ledger, two channels and a sender that steps through time.
type city struct {
	*store.Store
	t        *testing.T
	sender   *notifier.Sender
	kakao    *booth
	sms      *booth
	messager status.State
	alarms   []notifier.Alarm
	now      time.Time
}

func newCity(t *testing.T, s *store.Store, adjust ...func(o *notifier.Options)) *city {
	c := &city{Store: s, t: t, kakao: &booth{}, sms: &booth{}, messager: status.Operational, now: march}
	o := notifier.Options{
		Stamp: stamp,
		Channels: []notifier.Channel{
			{ID: "kakao", Kind: "alimtalk", Class: notifier.ClassAlimTalk, Follows: "messenger", Gateways: []notifier.Route{{Name: "kakao/one", Gateway: c.kakao}}},
			{ID: "sms", Kind: "sms", Class: notifier.ClassSMS, Gateways: []notifier.Route{{Name: "sms/one", Gateway: c.sms}}},
		},
		Plans: map[string][]notifier.Hop{"citizens": {
			{Channel: "kakao", Wait: time.Minute, Until: notifier.Delivered},
			{Channel: "sms", Until: notifier.Accepted},
		}},
		Audiences:  []notifier.Audience{{Audience: "subscribers", Plan: "citizens", AtLeast: status.PartialOutage}},
		State:      func(string) status.State { return c.messager },
		Alarm:      func(a notifier.Alarm) { c.alarms = append(c.alarms, a) },
		SettleWait: 5 * time.Second,
		Early:      early(t),
	}
	for _, f := range adjust {
		f(&o)
	}
	c.sender = notifier.NewSender(s, o)
	return c
}

// step lives through some time, doing what becomes due on the way.
func (c *city) step(d time.Duration) {
	c.t.Helper()
	end := c.now.Add(d)
	for range 10_000 {
		next, err := c.sender.Step(c.t.Context(), c.now)
		if err != nil {
			c.t.Fatal(err)
		}
		if next.IsZero() || next.After(end) {
			c.now = end
			return
		}
		c.now = next
	}
	c.t.Fatal("the sender never comes to rest")
}

// receipt says what became of a message.
func (c *city) receipt(m notifier.Message, r notifier.Rank, code string) {
	c.t.Helper()
	if err := c.sender.Receipts(c.t.Context(), []notifier.Receipt{{Delivery: m.Delivery, Rank: r, Code: code, At: c.now}}); err != nil {
		c.t.Fatal(err)
	}
}

func (c *city) want(what string, got, want int) {
	c.t.Helper()
	if got != want {
		c.t.Errorf("%s: %d, want %d", what, got, want)
	}
}

func TestEverybodyHearsOnce(t *testing.T) {
	ledgers(t, func(t *testing.T, s *store.Store) {
		c := newCity(t, s, func(o *notifier.Options) { o.BatchSize, o.Chunk = 7, 20 })
		subscribe(t, s, 50, "sms", "alimtalk")
		tell(t, s, noticeOf(status.EventOpened))
		tell(t, s, noticeOf(status.EventOpened)) // a judgement made twice
		c.step(time.Second)
		c.want("texts by the messenger", len(c.kakao.messages()), 50)
		seen := map[string]bool{}
		for _, m := range c.kakao.messages() {
			seen[m.To] = true
			c.receipt(m, notifier.Delivered, "")
		}
		c.want("people", len(seen), 50)
		c.step(time.Hour)
		c.want("texts by SMS", len(c.sms.messages()), 0)
		p, err := s.Progress(t.Context(), "n-opened")
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Channels[0]; got.Planned != 50 || got.Handed != 50 || got.Delivered != 50 || got.Failed+got.Unknown+got.Moved != 0 {
			t.Errorf("progress %+v", got)
		}
	})
}

// door is a gateway at the recipient's own end.
type door struct{ booth }

func (*door) HandedOver() notifier.Rank { return notifier.Delivered }

func TestWhatADirectGatewayHasHandedOverIsDelivered(t *testing.T) {
	ledgers(t, func(t *testing.T, s *store.Store) {
		d := &door{}
		c := newCity(t, s, func(o *notifier.Options) { o.Channels[0].Gateways[0].Gateway = d })
		subscribe(t, s, 5, "sms", "alimtalk")
		tell(t, s, noticeOf(status.EventOpened))
		c.step(time.Hour)
		c.want("messages", len(d.messages()), 5)
		c.want("next hop", len(c.sms.messages()), 0)
		p, err := s.Progress(t.Context(), "n-opened")
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Channels[0]; got.Handed != 5 || got.Delivered != 5 {
			t.Errorf("progress %+v", got)
		}
	})
}

// One recipient's own end fails, and wants two minutes: that recipient waits,
// and nobody else does.
func TestARecipientsOwnTroubleHoldsNobodyElseUp(t *testing.T) {
	ledgers(t, func(t *testing.T, s *store.Store) {
		subscribe(t, s, 20, "sms", "alimtalk")
		c := newCity(t, s, func(o *notifier.Options) {
			o.Plans["citizens"][0].Wait = 0
			o.Plans["citizens"] = o.Plans["citizens"][:1]
		})
		const ill = "+821000000007"
		refusals := 0
		c.kakao.answer = func(m notifier.Message) error {
			if m.To != ill || refusals == 2 {
				return nil
			}
			refusals++
			return &notifier.RecipientError{Err: &notifier.ThrottledError{After: 2 * time.Minute}}
		}
		reached := func() (ill, others int) {
			for _, m := range c.kakao.messages() {
				if m.To == "+821000000007" {
					ill++
				} else {
					others++
				}
			}
			return ill, others
		}
		tell(t, s, noticeOf(status.EventOpened))
		c.step(5 * time.Second)
		tries, others := reached()
		c.want("the others, at once", others, 19)
		c.want("tries of the one", tries, 1)
		c.step(time.Minute)
		tries, _ = reached()
		c.want("tries within the pause", tries, 1)
		c.step(4 * time.Minute)
		tries, others = reached()
		c.want("tries after it", tries, 3)
		c.want("the others, still once", others, 19)
		p, err := s.Progress(t.Context(), "n-opened")
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Channels[0]; got.Handed != 20 || got.Failed+got.Unknown != 0 {
			t.Errorf("progress %+v", got)
		}
		if len(c.alarms) != 0 {
			t.Errorf("alarms %v", c.alarms)
		}
	})
}

func TestHops(t *testing.T) {
	ledgers(t, func(t *testing.T, s *store.Store) {
		subscribe(t, s, 4, "sms", "alimtalk")
		c := newCity(t, s)
		tell(t, s, noticeOf(status.EventOpened))
		c.step(time.Second)
		sent := c.kakao.messages()
		c.want("first hop", len(sent), 4)

		c.receipt(sent[0], notifier.Delivered, "")
		c.receipt(sent[1], notifier.FailedRank, "no such user")
		c.step(time.Second)
		c.want("who failed goes on at once", len(c.sms.messages()), 1)

		c.receipt(sent[2], notifier.Sent, "")
		c.step(time.Minute)
		c.want("who was not reached goes on when the wait has passed", len(c.sms.messages()), 3)
		c.receipt(sent[2], notifier.Delivered, "") // too late: the SMS has left
		c.receipt(sent[2], notifier.Sent, "")      // and out of order
		c.step(time.Hour)
		c.want("nobody hears a third time", len(c.sms.messages()), 3)

		lines, err := s.History(t.Context(), 2, 10)
		if err != nil || len(lines) != 2 {
			t.Fatalf("history %+v, %v", lines, err)
		}
		if lines[0].Fate != notifier.FateMoved || lines[0].Why != "failed: no such user" || lines[1].Channel != "sms" {
			t.Errorf("history %+v", lines)
		}
	})
}

func TestLateReceiptClosesTheNextHop(t *testing.T) {
	ledgers(t, func(t *testing.T, s *store.Store) {
		subscribe(t, s, 2, "sms", "alimtalk")
		c := newCity(t, s)
		c.sms.answer = func(notifier.Message) error { return &notifier.ThrottledError{After: time.Minute, Text: "later"} }
		tell(t, s, noticeOf(status.EventOpened))
		c.step(time.Second)
		c.step(61 * time.Second) // both move to SMS, which takes nothing yet
		tried := len(c.sms.messages())
		c.receipt(c.kakao.messages()[1], notifier.Delivered, "")
		c.sms.answer = nil
		c.step(time.Hour)
		for _, m := range c.sms.messages()[tried:] {
			if m.To == c.kakao.messages()[1].To {
				t.Error("whom the messenger had reached got an SMS as well")
			}
		}
		c.want("the other one", len(c.sms.messages())-tried, 1)
	})
}

func TestBlockedChannelIsLeft(t *testing.T) {
	ledgers(t, func(t *testing.T, s *store.Store) {
		subscribe(t, s, 6, "sms", "alimtalk")
		subscribe2 := func() { // one with the messenger only
			if _, err := s.AddSubscriber(t.Context(), store.Subscriber{Lang: "ko", Plan: "citizens", AtLeast: status.PartialOutage, Joined: march},
				[]store.Address{{Kind: "alimtalk", Address: "+821099999999", Source: "test", Consented: march, Confirmed: march}}); err != nil {
				t.Fatal(err)
			}
		}
		subscribe2()
		c := newCity(t, s)
		tell(t, s, noticeOf(status.EventOpened))
		n := 0
		c.kakao.answer = func(notifier.Message) error { // dies after three
			if n++; n == 3 {
				c.messager = status.MajorOutage
				return &notifier.UncertainError{Err: context.DeadlineExceeded}
			}
			return nil
		}
		c.step(time.Second)
		c.want("requests to the messenger", len(c.kakao.messages()), 3)
		c.want("SMS to those it had not reached", len(c.sms.messages()), 5)
		c.step(10 * time.Second)
		c.want("SMS, the doubtful one included", len(c.sms.messages()), 6)
		again := 0
		for _, m := range c.sms.messages() {
			if m.Again {
				again++
			}
		}
		c.want("flagged", again, 1)
		c.want("requests to the messenger after the verdict", len(c.kakao.messages()), 3)

		other := noticeOf(status.EventWorsened)
		tell(t, s, other)
		c.step(time.Second)
		lines, err := s.History(t.Context(), 1, 1)
		if err != nil || len(lines) != 1 || lines[0].Skipped != "kakao: messenger is major_outage" {
			t.Errorf("the reason of the skipped hop: %+v, %v", lines, err)
		}

		c.messager = status.Operational
		before := len(c.kakao.messages())
		c.step(10 * time.Second)
		c.want("who has only the messenger waited for it", len(c.kakao.messages())-before, 2)
	})
}

// The end of an outage, or of a false alarm, overtakes the bad news: who has
// heard nothing yet hears nothing.
func TestRecoveryOvertakes(t *testing.T) {
	for _, end := range []status.EventKind{status.EventResolved, status.EventRetracted} {
		t.Run(string(end), func(t *testing.T) { overtakes(t, end) })
	}
}

func overtakes(t *testing.T, end status.EventKind) {
	ledgers(t, func(t *testing.T, s *store.Store) {
		subscribe(t, s, 5, "sms", "alimtalk")
		c := newCity(t, s, func(o *notifier.Options) { o.Window = 2 })
		n := 0
		c.kakao.answer = func(notifier.Message) error {
			if n++; n == 2 {
				c.pause() // an operator stops all sending after two
			}
			return nil
		}
		tell(t, s, noticeOf(status.EventOpened))
		c.step(500 * time.Millisecond)
		c.want("before the pause", len(c.kakao.messages()), 2)
		over := noticeOf(end)
		over.Made = march.Add(time.Minute)
		tell(t, s, over)
		c.step(time.Second)
		if err := s.Resume(t.Context(), c.now); err != nil {
			t.Fatal(err)
		}
		c.step(time.Hour)
		got := map[string][]string{}
		for _, m := range append(c.kakao.messages(), c.sms.messages()...) {
			got[m.To] = append(got[m.To], m.Body)
		}
		c.want("people who heard anything", len(got), 2)
		for to, texts := range got {
			if texts[0] != "opened" || texts[1] != string(end) {
				t.Errorf("%s heard %v", to, texts)
			}
		}
	})
}

func (c *city) pause() {
	if err := c.Pause(c.t.Context(), c.now); err != nil {
		c.t.Fatal(err)
	}
}

func TestDoubtsAreSettled(t *testing.T) {
	for _, test := range []struct {
		name    string
		policy  notifier.Policy
		receipt bool
		sent    int
		fate    notifier.Fate
	}{
		{"by a receipt", notifier.AtLeastOnce, true, 1, notifier.FateOpen},
		{"by sending again, flagged", notifier.AtLeastOnce, false, 2, notifier.FateOpen},
		{"by leaving it unknown", notifier.AtMostOnce, false, 1, notifier.FateUnknown},
	} {
		t.Run(test.name, func(t *testing.T) {
			ledgers(t, func(t *testing.T, s *store.Store) {
				subscribe(t, s, 1, "sms")
				c := newCity(t, s, func(o *notifier.Options) {
					o.Mark = func(text notifier.Text) notifier.Text {
						text.Body = "(again) " + text.Body
						return text
					}
				})
				c.sms.answer = func(notifier.Message) error {
					if len(c.sms.sent) == 1 {
						return &notifier.UncertainError{Err: context.DeadlineExceeded}
					}
					return nil
				}
				n := noticeOf(status.EventOpened)
				n.Policy = test.policy
				tell(t, s, n)
				c.step(time.Second)
				if test.receipt {
					c.receipt(c.sms.messages()[0], notifier.Sent, "")
				}
				c.step(time.Minute)
				sent := c.sms.messages()
				c.want("requests", len(sent), test.sent)
				if test.sent == 2 && (!sent[1].Again || sent[1].Delivery != sent[0].Delivery) {
					t.Errorf("the second was not flagged or had another key: %+v", sent[1])
				}
				for i, m := range sent {
					if strings.HasPrefix(m.Body, "(again) ") != (i > 0) {
						t.Errorf("request %d says %q", i+1, m.Body)
					}
				}
				lines, err := s.History(t.Context(), 1, 5)
				if err != nil || len(lines) != 1 || lines[0].Fate != test.fate {
					t.Fatalf("history %+v, %v", lines, err)
				}
				tries, err := s.Attempts(t.Context(), lines[0].Batch, 1)
				if err != nil || len(tries) != 1 || tries[0].Kind != "in_doubt" {
					t.Errorf("attempts %+v, %v", tries, err)
				}
			})
		})
	}
}

func TestFailuresAreTriedAgainThenPassedOn(t *testing.T) {
	ledgers(t, func(t *testing.T, s *store.Store) {
		subscribe(t, s, 2, "sms", "alimtalk")
		second := &booth{}
		c := newCity(t, s, func(o *notifier.Options) {
			o.Channels[0].Gateways = append(o.Channels[0].Gateways, notifier.Route{Name: "kakao/two", Gateway: second})
		})
		c.kakao.answer = func(notifier.Message) error { return context.DeadlineExceeded }
		second.answer = func(notifier.Message) error {
			return &notifier.RejectedError{Code: "K1", Text: "no such user", Recipient: true, Suppress: true}
		}
		tell(t, s, noticeOf(status.EventOpened))
		c.step(3 * time.Minute)
		if n := len(c.kakao.messages()); n < 5 || n > 6 {
			t.Errorf("%d requests to the first gateway, want three for each, or a breaker in between", n)
		}
		c.want("second gateway", len(second.messages()), 2)
		c.want("next hop", len(c.sms.messages()), 2)
		people, err := s.Subscribers(t.Context(), 0, 10)
		if err != nil || people[0].Reach[0].Suppressed != "K1" {
			t.Errorf("the address was not suppressed: %+v, %v", people, err)
		}
	})
}

func TestDailyCap(t *testing.T) {
	ledgers(t, func(t *testing.T, s *store.Store) {
		subscribe(t, s, 10, "sms")
		c := newCity(t, s, func(o *notifier.Options) {
			o.Channels[1].DailyCap = notifier.Money{Milli: 65_000, Currency: "KRW"}
			o.Channels[1].Gateways[0].Price = notifier.Money{Milli: 10_000, Currency: "KRW"}
		})
		tell(t, s, noticeOf(status.EventOpened))
		c.step(time.Hour)
		c.want("texts within the cap", len(c.sms.messages()), 6)
		if len(c.alarms) != 1 || c.alarms[0].Kind != notifier.AlarmCap {
			t.Errorf("alarms %+v", c.alarms)
		}
		holds, err := s.Holds(t.Context(), c.now)
		if err != nil || len(holds) != 1 || holds[0].Channel != "sms" {
			t.Errorf("holds %+v, %v", holds, err)
		}
		if err := s.ResumeChannel(t.Context(), "sms", "2026-03-01"); err != nil {
			t.Fatal(err)
		}
		c.step(time.Minute)
		c.want("texts after the operator said yes", len(c.sms.messages()), 10)
		spent, err := s.Spent(t.Context(), "sms", "2026-03-01")
		if err != nil || spent != 100_000 {
			t.Errorf("spent %d, %v", spent, err)
		}
	})
}

func TestOperatorsHearInOneThread(t *testing.T) {
	ledgers(t, func(t *testing.T, s *store.Store) {
		slack := &booth{}
		c := newCity(t, s, func(o *notifier.Options) {
			o.Channels = append(o.Channels, notifier.Channel{
				ID: "ops", Kind: "slack", Class: notifier.ClassChat, Target: "#outages",
				Gateways: []notifier.Route{{Name: "ops/slack", Gateway: slack}},
			})
		})
		for _, event := range []status.EventKind{status.EventOpened, status.EventWorsened} {
			n := noticeOf(event)
			n.Audience, n.Plan = "operators", "ops"
			tell(t, s, n)
			c.step(time.Second)
		}
		sent := slack.messages()
		if len(sent) != 2 || sent[0].To != "#outages" || sent[0].ReplyTo != "" || sent[1].ReplyTo != "ref-1" {
			t.Errorf("sent %+v", sent)
		}
	})
}

func TestWhoLeavesHearsNoMore(t *testing.T) {
	ledgers(t, func(t *testing.T, s *store.Store) {
		subscribe(t, s, 3, "sms", "alimtalk")
		c := newCity(t, s)
		tell(t, s, noticeOf(status.EventOpened))
		c.pause()
		c.step(time.Second)
		if err := s.Leave(t.Context(), 2, c.now); err != nil {
			t.Fatal(err)
		}
		if err := s.Resume(t.Context(), c.now); err != nil {
			t.Fatal(err)
		}
		c.step(time.Hour)
		c.want("texts", len(c.kakao.messages()), 2)
	})
}

func TestForgedReceiptsChangeNothing(t *testing.T) {
	ledgers(t, func(t *testing.T, s *store.Store) {
		subscribe(t, s, 1, "sms", "alimtalk")
		c := newCity(t, s)
		tell(t, s, noticeOf(status.EventOpened))
		c.step(time.Second)
		forged := c.kakao.messages()[0]
		forged.Delivery = forged.Delivery[:len(forged.Delivery)-1] + "?"
		c.receipt(forged, notifier.Delivered, "")
		c.receipt(notifier.Message{Delivery: stamp.Key(1, 1)}, notifier.Delivered, "") // ours, but not there
		lines, err := s.History(t.Context(), 1, 1)
		if err != nil || lines[0].Rank != notifier.Accepted {
			t.Errorf("history %+v, %v", lines, err)
		}
	})
}
