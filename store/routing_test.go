package store_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"bongsu/notifier"
	"bongsu/status"
	"bongsu/store"
)

// balance proves the books of a notice: what the running sums say is what the
// deliveries are, every one is in one place, and everybody's last one is their
// own.
func (c *city) balance(notice string) store.Progress {
	c.t.Helper()
	p, err := c.Progress(c.t.Context(), notice)
	if err != nil {
		c.t.Fatal(err)
	}
	audit, err := c.Recount(c.t.Context(), notice)
	if err != nil {
		c.t.Fatal(err)
	}
	for _, ch := range p.Channels {
		a := audit[ch.Channel]
		if got := (store.Audited{
			Planned: ch.Planned, Handed: ch.Handed, Delivered: ch.Delivered, Failed: ch.Failed, Unknown: ch.Unknown, Moved: ch.Moved, Cancelled: ch.Cancelled,
		}); got != a.Audited {
			c.t.Errorf("%s: the sums of %s are %+v, the deliveries %+v", notice, ch.Channel, got, a.Audited)
		}
	}
	people := int64(0)
	for _, a := range audit {
		people += a.Last
	}
	if people != p.People {
		c.t.Errorf("%s: %d people have a last delivery, %d were planned", notice, people, p.People)
	}
	return p
}

// swiftly is ledgers on databases that do not wait for the disk.
func swiftly(t *testing.T, suite func(t *testing.T, s *store.Store)) {
	t.Run("sqlite", func(t *testing.T) {
		suite(t, openAt(t, filepath.Join(t.TempDir(), "bongsu.db"), store.Options{Keys: keys(), Scratch: true}))
	})
	t.Run("postgres", func(t *testing.T) {
		suite(t, openAt(t, newPostgres(t)+"&synchronous_commit=off", store.Options{Keys: keys()}))
	})
}

func (c *city) channel(p store.Progress, id string) store.ChannelProgress {
	i := slices.IndexFunc(p.Channels, func(ch store.ChannelProgress) bool { return ch.Channel == id })
	if i < 0 {
		return store.ChannelProgress{}
	}
	return p.Channels[i]
}

// receipts says what became of many messages, as a gateway's list does.
func (c *city) receipts(messages []notifier.Message, r notifier.Rank) {
	c.t.Helper()
	for part := range slices.Chunk(messages, 500) {
		list := make([]notifier.Receipt, len(part))
		for i, m := range part {
			list[i] = notifier.Receipt{Delivery: m.Delivery, Rank: r, At: c.now}
		}
		if err := c.sender.Receipts(c.t.Context(), list); err != nil {
			c.t.Fatal(err)
		}
	}
}

// usual lets the messenger show what is usual for it: a notice an hour ago whose
// receipts came after two seconds, or after another time.
func (c *city) usual() { c.usualAfter(2 * time.Second) }

func (c *city) usualAfter(d time.Duration) {
	c.t.Helper()
	n := noticeOf(status.EventOpened)
	n.ID, n.Incident, n.Made = "n-usual", "i0", c.now
	tell(c.t, c.Store, n)
	c.step(time.Second)
	c.now = c.now.Add(d)
	c.receipts(c.kakao.messages(), notifier.Delivered)
	c.step(time.Hour)
	c.kakao.mu.Lock()
	c.kakao.sent = nil
	c.kakao.mu.Unlock()
}

// A gateway takes everything and loses it. It is judged by its silence, and
// whom it may have lost is on the next hop within half a minute.
func TestWhatADeadGatewayTookGoesOn(t *testing.T) {
	people := 600
	if os.Getenv("BONGSU_DEEP") == "1" {
		people = 50_000
	}
	swiftly(t, func(t *testing.T, s *store.Store) {
		subscribe(t, s, people, "sms", "alimtalk")
		c := newCity(t, s, func(o *notifier.Options) {
			o.Plans["citizens"][0].Wait = time.Hour // nobody waits for that
			o.Channels[0].Duplicates = 0.05
		})
		c.usual()
		n := noticeOf(status.EventWorsened)
		n.Made = c.now
		tell(t, s, n)
		c.step(time.Second)
		c.want("taken by the messenger's gateway", len(c.kakao.messages()), people)
		var verdict time.Time
		for begun := c.now; verdict.IsZero() && c.now.Sub(begun) < 5*time.Minute; {
			c.step(time.Second)
			if slices.ContainsFunc(c.alarms, func(a notifier.Alarm) bool { return a.Kind == notifier.AlarmDead }) {
				verdict = c.now
			}
		}
		if verdict.IsZero() {
			t.Fatal("the gateway was never judged dead")
		}
		for len(c.sms.messages()) < people && c.now.Sub(verdict) < time.Minute {
			c.step(time.Second)
		}
		took := c.now.Sub(verdict)
		t.Logf("%d people on the next hop %s after the verdict, %s after the hand-over", len(c.sms.messages()), took, c.now.Sub(n.Made))
		c.want("texts by SMS", len(c.sms.messages()), people)
		if took > 30*time.Second {
			t.Errorf("it took %s", took)
		}
		for _, m := range c.sms.messages() {
			if !m.Again {
				t.Fatal("a text that may be the second is not flagged")
			}
		}
		p := c.balance(n.ID)
		if k := c.channel(p, "kakao"); k.Rescued != int64(people) || k.Moved != int64(people) {
			t.Errorf("the messenger's books: %+v", k)
		}

		// Late receipts for a third of them, some twice, some out of order.
		late := c.kakao.messages()[:people/3]
		c.receipts(late, notifier.Delivered)
		c.receipts(late, notifier.Sent)
		c.receipts(late[:len(late)/2], notifier.FailedRank)
		c.step(10 * time.Minute)
		c.want("texts by SMS after the late receipts", len(c.sms.messages()), people)
		p = c.balance(n.ID)
		if k := c.channel(p, "kakao"); k.Delivered != int64(len(late)) || k.Failed != 0 || k.Twice != int64(len(late)) {
			t.Errorf("the messenger's books after the late receipts: %+v", k)
		}
	})
}

// Once too many turn out to have been reached after all, nobody more is sent a
// second text: they wait for their receipts.
func TestRescueEndsWithItsBudget(t *testing.T) {
	swiftly(t, func(t *testing.T, s *store.Store) {
		subscribe(t, s, 200, "sms", "alimtalk")
		c := newCity(t, s, func(o *notifier.Options) {
			o.Plans["citizens"][0].Wait = time.Hour
			o.Channels[0].Duplicates = 0.05
			o.BatchSize = 40
		})
		c.usual()
		n := noticeOf(status.EventWorsened)
		n.Made = c.now
		tell(t, s, n)
		c.step(time.Second)
		c.now = n.Made.Add(39 * time.Second)
		for _, m := range c.kakao.messages()[:20] { // these were sent on by hand, and are told of now
			batch, rcpt, _ := stamp.ParseKey(m.Delivery)
			if err := s.PretendRescued(t.Context(), batch, rcpt, c.now); err != nil {
				t.Fatal(err)
			}
			c.receipt(m, notifier.Delivered, "")
		}
		for range 60 {
			c.step(time.Second)
		}
		c.want("texts by SMS", len(c.sms.messages()), 0)
		kinds := map[notifier.AlarmKind]int{}
		for _, a := range c.alarms {
			kinds[a.Kind]++
		}
		if kinds[notifier.AlarmDead] != 1 || kinds[notifier.AlarmTwice] != 1 {
			t.Errorf("alarms %v", kinds)
		}
		c.step(time.Hour)
		c.want("texts by SMS once the wait has passed", len(c.sms.messages()), 180)
	})
}

// What may be sent once only stays where it was taken.
func TestADeadGatewayKeepsWhatMayBeSentOnce(t *testing.T) {
	swiftly(t, func(t *testing.T, s *store.Store) {
		subscribe(t, s, 60, "sms", "alimtalk")
		c := newCity(t, s, func(o *notifier.Options) { o.Plans["citizens"][0].Wait = 2 * time.Hour })
		c.usual()
		n := noticeOf(status.EventWorsened)
		n.Made, n.Policy = c.now, notifier.AtMostOnce
		tell(t, s, n)
		for range 90 {
			c.step(time.Second)
		}
		c.want("texts by SMS", len(c.sms.messages()), 0)
	})
}

// The next gateway of the channel comes before the next hop.
func TestTheChannelsNextGatewayTakesOver(t *testing.T) {
	swiftly(t, func(t *testing.T, s *store.Store) {
		subscribe(t, s, 60, "alimtalk", "sms")
		second := &booth{}
		c := newCity(t, s, func(o *notifier.Options) {
			o.Plans["citizens"][0].Wait = 2 * time.Hour
			o.Channels[0].Gateways = append(o.Channels[0].Gateways, notifier.Route{Name: "kakao/two", Gateway: second})
		})
		c.usual()
		n := noticeOf(status.EventWorsened)
		n.Made = c.now
		tell(t, s, n)
		for range 60 {
			c.step(time.Second)
		}
		c.want("texts by the second gateway", len(second.messages()), 60)
		c.want("texts by SMS", len(c.sms.messages()), 0)
		c.balance(n.ID)

		// It comes back by a hundredth, a tenth, and whole.
		c.step(10 * time.Minute)
		before := len(c.kakao.messages())
		end := noticeOf(status.EventResolved)
		end.Made = c.now
		tell(t, s, end)
		c.step(time.Second)
		c.want("texts by the first gateway, well again", len(c.kakao.messages())-before, 60)
	})
}

// Every gateway is judged dead and there is no other way: the least bad goes on.
func TestSendingNeverStops(t *testing.T) {
	swiftly(t, func(t *testing.T, s *store.Store) {
		subscribe(t, s, 30, "sms")
		c := newCity(t, s)
		for _, gateway := range []string{"kakao/one", "sms/one"} {
			if _, err := s.SetHealth(t.Context(), gateway, notifier.Health{Stage: notifier.Dead, Since: c.now, Lost: c.now, Why: "a test"}); err != nil {
				t.Fatal(err)
			}
		}
		tell(t, s, noticeOf(status.EventOpened))
		c.step(time.Second)
		c.want("texts by SMS", len(c.sms.messages()), 30)
	})
}

// A sender number that may send 500 texts a day: the urgent first, never more
// than 500, the second takes the rest.
func TestADaysNumberGoesToTheMostUrgent(t *testing.T) {
	swiftly(t, func(t *testing.T, s *store.Store) {
		const people, daily = 300, 500
		subscribe(t, s, people, "sms")
		second := &booth{}
		c := newCity(t, s, func(o *notifier.Options) {
			o.BatchSize, o.Window = 50, 20
			o.Channels[1].Gateways[0].PerDay = daily
			o.Channels[1].Gateways[0].Price = notifier.Money{Milli: 10_000, Currency: "KRW"}
			o.Channels[1].DailyCap = notifier.Money{Milli: 1_000_000_000, Currency: "KRW"}
			o.Channels[1].Gateways = append(o.Channels[1].Gateways, notifier.Route{
				Name: "sms/two", Gateway: second, Price: notifier.Money{Milli: 30_000, Currency: "KRW"},
			})
		})
		var order []string
		c.sms.answer = func(m notifier.Message) error {
			order = append(order, m.Body)
			return nil
		}
		for _, e := range []struct {
			event    status.EventKind
			priority int
		}{{status.EventDigest, notifier.PriorityDigest}, {status.EventOpened, notifier.PriorityOutage}, {status.EventNote, notifier.PriorityUpdate}} {
			n := noticeOf(e.event)
			n.Priority, n.Incident = e.priority, "i-"+string(e.event)
			tell(t, s, n)
		}
		c.step(10 * time.Minute)
		given, err := s.Given(t.Context(), "sms/one", "2026-03-01")
		if err != nil {
			t.Fatal(err)
		}
		c.want("texts that the first number sent", len(order), given)
		if given != daily {
			t.Errorf("the first number sent %d texts of at most %d", given, daily)
		}
		c.want("texts by both", len(order)+len(second.messages()), 3*people)
		count := map[string]int{}
		for i, body := range order {
			count[body]++
			if body == string(status.EventDigest) && count[string(status.EventOpened)] < people/2 {
				t.Fatalf("text %d is a digest, after %d first words", i, count[string(status.EventOpened)])
			}
		}
		t.Logf("by the number with a cap: %v", count)
		if count["opened"] != people || count["note"] <= count["digest"] {
			t.Errorf("who came first: %v", count)
		}
		spent, err := s.Spent(t.Context(), "sms", "2026-03-01")
		if want := int64(10_000*len(order) + 30_000*len(second.messages())); err != nil || spent != want {
			t.Errorf("spent %d, %v; want %d", spent, err, want)
		}
	})
}

// Who has had enough for a day is spared news, never first words or the end.
func TestPersonCap(t *testing.T) {
	swiftly(t, func(t *testing.T, s *store.Store) {
		subscribe(t, s, 3, "sms")
		c := newCity(t, s, func(o *notifier.Options) { o.Channels[1].PerPerson = 2 })
		tellAs := func(id string, event status.EventKind, priority int, policy notifier.Policy) {
			n := noticeOf(event)
			n.ID, n.Update, n.Incident, n.Priority, n.Policy, n.Made = id, id, id, priority, policy, c.now
			tell(t, s, n)
			c.step(time.Minute)
		}
		for _, step := range []struct {
			id       string
			event    status.EventKind
			priority int
			policy   notifier.Policy
			sent     int
		}{
			{"first", status.EventOpened, notifier.PriorityOutage, notifier.AtLeastOnce, 3},
			{"note1", status.EventNote, notifier.PriorityUpdate, notifier.AtLeastOnce, 6},
			{"note2", status.EventNote, notifier.PriorityUpdate, notifier.AtLeastOnce, 6},
			{"digest", status.EventDigest, notifier.PriorityDigest, notifier.AtLeastOnce, 6},
			{"bill", status.EventNote, notifier.PriorityApp, notifier.AtMostOnce, 6},
			{"alert", status.EventNote, notifier.PriorityApp, notifier.AtLeastOnce, 9},
			{"worse", status.EventWorsened, notifier.PriorityWorse, notifier.AtLeastOnce, 12},
		} {
			tellAs(step.id, step.event, step.priority, step.policy)
			c.want("texts after "+step.id, len(c.sms.messages()), step.sent)
			c.balance(step.id)
		}
		lines, err := s.History(t.Context(), 1, 10)
		if err != nil {
			t.Fatal(err)
		}
		var spared []string
		for _, l := range lines {
			if l.Fate == notifier.FateCancelled {
				spared = append(spared, l.Notice+" "+l.Why)
			}
		}
		if got := strings.Join(spared, ", "); got != "bill cap, digest cap, note2 cap" {
			t.Errorf("spared: %s", got)
		}
		c.now = c.now.Add(24 * time.Hour)
		tellAs("next day", status.EventNote, notifier.PriorityUpdate, notifier.AtLeastOnce)
		c.want("texts on the next day", len(c.sms.messages()), 15)
	})
}

// Nothing leaves after its time, whatever it waited for.
func TestNothingLeavesAfterItsTime(t *testing.T) {
	for _, test := range []struct {
		name string
		wait func(c *city)
		end  func(c *city)
	}{
		{"while sending is paused", (*city).pause, func(c *city) {
			if err := c.Resume(c.t.Context(), c.now); err != nil {
				c.t.Fatal(err)
			}
		}},
		{"while the messenger is down", func(c *city) { c.messager = status.MajorOutage }, func(c *city) { c.messager = status.Operational }},
		{"while its gateway wants to be left alone", func(c *city) {
			c.kakao.answer = func(notifier.Message) error { return &notifier.ThrottledError{After: 30 * time.Second, Text: "later"} }
		}, func(c *city) { c.kakao.answer = nil }},
	} {
		t.Run(test.name, func(t *testing.T) {
			swiftly(t, func(t *testing.T, s *store.Store) {
				subscribe(t, s, 5, "alimtalk")
				c := newCity(t, s)
				n := noticeOf(status.EventOpened)
				n.Expires = march.Add(10 * time.Minute)
				tell(t, s, n)
				test.wait(c)
				c.step(9 * time.Minute)
				before := len(c.kakao.messages())
				c.step(2 * time.Minute)
				for _, m := range c.kakao.messages()[before:] {
					if m.Valid < 0 {
						t.Errorf("sent %s after its time", -m.Valid)
					}
				}
				tried := len(c.kakao.messages())
				test.end(c)
				c.step(time.Hour)
				c.want("requests after its time", len(c.kakao.messages()), tried)
				p := c.balance(n.ID)
				if k := c.channel(p, "kakao"); k.Cancelled != 5 {
					t.Errorf("the books: %+v", k)
				}
			})
		})
	}
}

// A recovery cancels what waits for another try, or at another hop.
func TestRecoveryCancelsWhatWaits(t *testing.T) {
	swiftly(t, func(t *testing.T, s *store.Store) {
		subscribe(t, s, 4, "sms", "alimtalk")
		c := newCity(t, s)
		c.kakao.answer = func(m notifier.Message) error {
			if strings.HasSuffix(m.To, "0") {
				return &notifier.RejectedError{Code: "nobody", Recipient: true} // goes on to SMS
			}
			return errors.New("503") // waits for another try
		}
		c.sms.answer = func(notifier.Message) error { return &notifier.ThrottledError{After: 5 * time.Second, Text: "later"} }
		tell(t, s, noticeOf(status.EventOpened))
		c.step(500 * time.Millisecond)
		tries := len(c.kakao.messages()) + len(c.sms.messages())
		c.kakao.answer, c.sms.answer = nil, nil
		end := noticeOf(status.EventResolved)
		end.Made = c.now
		tell(t, s, end)
		c.step(time.Hour)
		c.want("requests after the end", len(c.kakao.messages())+len(c.sms.messages()), tries)
		c.balance("n-opened")
	})
}

// A running batch gives way to what is more urgent, and none waits for ever.
func TestUrgentNoticesOvertake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const people, rate = 900, 100
		s := openAt(t, filepath.Join(t.TempDir(), "bongsu.db"), store.Options{Keys: keys(), Scratch: true})
		defer s.Close() // within the bubble
		subscribe(t, s, people, "sms")
		gate := &booth{}
		begun := time.Now()
		opened := map[time.Duration]map[string]int{} // by second
		gate.answer = func(m notifier.Message) error {
			second := time.Since(begun).Truncate(time.Second)
			if opened[second] == nil {
				opened[second] = map[string]int{}
			}
			opened[second][m.Body]++
			return nil
		}
		tellAt := func(event status.EventKind, priority int) {
			n := noticeOf(event)
			n.Incident, n.Priority, n.Made = "i-"+string(event), priority, time.Now()
			tell(t, s, n)
		}
		tellAt(status.EventNote, notifier.PriorityApp)
		runFor(t, notifier.NewSender(s, notifier.Options{
			Stamp:    stamp,
			Channels: []notifier.Channel{{ID: "sms", Kind: "sms", Class: notifier.ClassSMS, Gateways: []notifier.Route{{Name: "sms/one", Gateway: gate, Rate: rate}}}},
			Plans:    map[string][]notifier.Hop{"citizens": {{Channel: "sms", Until: notifier.Accepted}}},
		}), func() {
			time.Sleep(3500 * time.Millisecond)
			tellAt(status.EventOpened, notifier.PriorityOutage)
			time.Sleep(30 * time.Second)
		})
		first, last, app := time.Duration(-1), time.Duration(0), 0
		for second := time.Duration(0); second < 34*time.Second; second += time.Second {
			if n := opened[second]["opened"]; n > 0 {
				if first < 0 {
					first = second
				}
				last = second
			}
			if first >= 0 && second <= first+9*time.Second {
				app += opened[second]["note"]
			}
		}
		t.Logf("%d first words to all from second %v to %v; the app's in between: %d", people, first, last, app)
		if first > 4*time.Second || last > 16*time.Second {
			t.Errorf("first words from %s to %s after the start", first, last)
		}
		if total := len(gate.messages()); total != 2*people {
			t.Errorf("%d texts of %d", total, 2*people)
		}
		if app == 0 {
			t.Error("the app got nothing meanwhile")
		}
	})
}

// The evening of a great outage: every carrier takes 2.7 times as long to
// answer, and one number may send 500 texts a day.
func TestASlowEvening(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const people, daily = 400, 500
		s := openAt(t, filepath.Join(t.TempDir(), "bongsu.db"), store.Options{Keys: keys(), Scratch: true})
		defer s.Close() // within the bubble
		subscribe(t, s, people, "sms")
		one, two := &slowBooth{}, &slowBooth{}
		price := func(won int64) notifier.Money { return notifier.Money{Milli: 1000 * won, Currency: "KRW"} }
		sender := notifier.NewSender(s, notifier.Options{
			Stamp: stamp, BatchSize: 100,
			Channels: []notifier.Channel{{ID: "sms", Kind: "sms", Class: notifier.ClassSMS, DailyCap: price(100_000), Gateways: []notifier.Route{
				{Name: "sms/one", Gateway: one, Rate: 50, PerDay: daily, Price: price(10)}, {Name: "sms/two", Gateway: two, Rate: 50, Price: price(30)},
			}}},
			Plans: map[string][]notifier.Hop{"citizens": {{Channel: "sms", Until: notifier.Delivered}}},
		})
		for _, e := range []struct {
			event    status.EventKind
			priority int
		}{{status.EventDigest, notifier.PriorityDigest}, {status.EventOpened, notifier.PriorityOutage}} {
			n := noticeOf(e.event)
			n.Incident, n.Priority, n.Made = "i-"+string(e.event), e.priority, time.Now()
			tell(t, s, n)
		}
		runFor(t, sender, func() { time.Sleep(time.Minute) })
		count := map[string]int{}
		for _, m := range one.messages() {
			count[m.Body]++
		}
		t.Logf("by the number with a cap: %v; by the other: %d", count, len(two.messages()))
		if got := len(one.messages()); got != daily {
			t.Errorf("the first number sent %d texts of at most %d", got, daily)
		}
		if got := len(one.messages()) + len(two.messages()); got != 2*people {
			t.Errorf("%d texts of %d", got, 2*people)
		}
		if count["opened"] < 2*count["digest"] {
			t.Errorf("who came first: %v", count)
		}
	})
}

// slowBooth takes 2.7 times as long as a gateway does on other days.
type slowBooth struct{ booth }

func (b *slowBooth) Send(ctx context.Context, m notifier.Message) (string, error) {
	time.Sleep(108 * time.Millisecond)
	return b.booth.Send(ctx, m)
}

// Receipts that take 2.7 times as long as usual are no failure.
func TestSlowReceiptsAreNoFailure(t *testing.T) {
	swiftly(t, func(t *testing.T, s *store.Store) {
		subscribe(t, s, 200, "sms", "alimtalk")
		c := newCity(t, s, func(o *notifier.Options) { o.Plans["citizens"][0].Wait = time.Hour })
		c.usualAfter(30 * time.Second)
		n := noticeOf(status.EventWorsened)
		n.Made = c.now
		tell(t, s, n)
		for range 81 {
			c.step(time.Second)
		}
		for _, m := range c.kakao.messages() {
			c.receipt(m, notifier.Delivered, "")
		}
		c.step(20 * time.Minute)
		c.want("texts by SMS", len(c.sms.messages()), 0)
		if len(c.alarms) > 0 {
			t.Errorf("alarms %+v", c.alarms)
		}
	})
}

// Who cancels a notice stops what has not left; how it goes is told until then.
func TestCancelNotice(t *testing.T) {
	swiftly(t, func(t *testing.T, s *store.Store) {
		subscribe(t, s, 6, "sms")
		c := newCity(t, s, func(o *notifier.Options) { o.Window = 2 })
		c.sms.answer = func(notifier.Message) error {
			if len(c.sms.sent) == 2 {
				c.pause()
			}
			return nil
		}
		tell(t, s, noticeOf(status.EventOpened))
		c.step(500 * time.Millisecond)
		if err := s.Resume(t.Context(), c.now); err != nil {
			t.Fatal(err)
		}
		ahead, err := s.Outlook(t.Context(), "n-opened", c.now)
		if err != nil || ahead["sms"].Left == 0 || ahead["sms"].Rate == 0 {
			t.Errorf("outlook %+v, %v", ahead, err)
		}
		c.pause()
		paused, err := s.Outlook(t.Context(), "n-opened", c.now)
		if err != nil || paused["sms"].Left == 0 || paused["sms"].Rate != 0 {
			t.Errorf("while all sending is paused: %+v, %v; want no rate, so no end that would be promised", paused, err)
		}
		for range 2 {
			if err := s.CancelNotice(t.Context(), "n-opened", c.now); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.CancelNotice(t.Context(), "another", c.now); !errors.Is(err, store.ErrNoNotice) {
			t.Errorf("another notice: %v", err)
		}
		if err := s.Resume(t.Context(), c.now); err != nil {
			t.Fatal(err)
		}
		c.step(time.Hour)
		c.want("texts", len(c.sms.messages()), 2)
		p := c.balance("n-opened")
		if got := c.channel(p, "sms"); got.Cancelled != 4 || got.Handed != 2 {
			t.Errorf("the books: %+v", got)
		}
		took, err := s.Waited(t.Context(), "n-opened")
		if err != nil || took.Handed["sms"].Quantile(1) == 0 {
			t.Errorf("waited %v, %v", took, err)
		}
	})
}

// What is too old goes, bit by bit, and what names who has left; counts stay.
func TestTrimAndErase(t *testing.T) {
	swiftly(t, func(t *testing.T, s *store.Store) {
		subscribe(t, s, 60, "sms")
		c := newCity(t, s, func(o *notifier.Options) { o.BatchSize = 2 })
		tell(t, s, noticeOf(status.EventOpened))
		c.step(time.Minute)
		before := c.balance("n-opened")
		if err := s.Leave(t.Context(), 1, c.now); err != nil {
			t.Fatal(err)
		}
		for id, ref := range map[int64]bool{1: false, 2: true} {
			lines, err := s.History(t.Context(), id, 5)
			if err != nil || len(lines) != 1 || (lines[0].Ref != "") != ref {
				t.Errorf("the history of %d: %+v, %v", id, lines, err)
			}
		}
		c.balance("n-opened")
		rounds := 0
		for more := true; more; rounds++ {
			var err error
			if more, err = s.Trim(t.Context(), march.Add(time.Hour), march.Add(91*24*time.Hour)); err != nil {
				t.Fatal(err)
			}
		}
		c.want("rounds", rounds, 2)
		after, err := s.Progress(t.Context(), "n-opened")
		if err != nil || len(after.Channels) != 1 || after.Channels[0] != before.Channels[0] || after.People != before.People {
			t.Errorf("the counts were %+v and are %+v, %v", before, after, err)
		}
		if lines, err := s.History(t.Context(), 2, 5); err != nil || len(lines) != 0 {
			t.Errorf("the history is still there: %+v, %v", lines, err)
		}
	})
}

func TestCrowds(t *testing.T) {
	swiftly(t, func(t *testing.T, s *store.Store) {
		subscribe(t, s, 3, "sms", "alimtalk")
		if _, err := s.AddSubscriber(t.Context(), store.Subscriber{Lang: "en", Plan: "citizens", AtLeast: status.PartialOutage, Joined: march},
			[]store.Address{{Kind: "sms", Address: "+821099999999", Source: "test", Consented: march, Confirmed: march}}); err != nil {
			t.Fatal(err)
		}
		got, err := s.Crowds(t.Context(), []string{"alimtalk", "sms"})
		want := []notifier.Crowd{
			{Plan: "citizens", Lang: "en", Kinds: []string{"sms"}, People: 1},
			{Plan: "citizens", Lang: "ko", Kinds: []string{"alimtalk", "sms"}, People: 3},
		}
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("error %v (-want +got):\n%s", err, diff)
		}
	})
}
