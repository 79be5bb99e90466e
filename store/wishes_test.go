package store_test

import (
	"slices"
	"testing"
	"time"

	"bongsu/notifier"
	"bongsu/status"
	"bongsu/store"
)

// wisher adds somebody with a number and wishes.
func wisher(t testing.TB, s *store.Store, number string, w notifier.Wishes, kinds ...string) int64 {
	t.Helper()
	var addresses []store.Address
	for _, k := range kinds {
		addresses = append(addresses, store.Address{Kind: k, Address: number, Source: "test", Consented: march, Confirmed: march})
	}
	sub := store.Subscriber{Lang: "ko", Plan: "citizens", AtLeast: status.PartialOutage, Joined: march, Wishes: w}
	id, err := s.AddSubscriber(t.Context(), sub, addresses)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func quiet(t testing.TB, text string) notifier.Quiet {
	t.Helper()
	q, err := notifier.ParseQuiet(text)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// to lists the recipients of messages.
func to(messages []notifier.Message) []string {
	var all []string
	for _, m := range messages {
		all = append(all, m.To)
	}
	slices.Sort(all)
	return all
}

func TestPeopleHearWhatTheyWant(t *testing.T) {
	ledgers(t, func(t *testing.T, s *store.Store) {
		wisher(t, s, "+821000000001", notifier.Wishes{}, "sms")
		wisher(t, s, "+821000000002", notifier.Wishes{Topics: []string{"talk"}}, "sms")
		wisher(t, s, "+821000000003", notifier.Wishes{Topics: []string{notifier.GroupTopic("chat")}}, "sms")
		wisher(t, s, "+821000000004", notifier.Wishes{Topics: []string{"route", notifier.GroupTopic("maps")}}, "sms")
		c := newCity(t, s)
		n := noticeOf(status.EventOpened)
		n.About = []string{"talk", notifier.GroupTopic("chat")}
		tell(t, s, n)
		c.step(0)
		want := []string{"+821000000001", "+821000000002", "+821000000003"}
		if got := to(c.sms.messages()); !slices.Equal(got, want) {
			t.Errorf("told %v, want %v", got, want)
		}
	})
}

// At noon in UTC it is nine in the evening in Seoul.
func TestQuietHoursHoldWhatCanWait(t *testing.T) {
	ledgers(t, func(t *testing.T, s *store.Store) {
		wisher(t, s, "+821000000001", notifier.Wishes{Quiet: quiet(t, "20:00-23:00 Asia/Seoul")}, "sms")
		wisher(t, s, "+821000000002", notifier.Wishes{Quiet: quiet(t, "20:00-07:00 Asia/Seoul")}, "sms")
		wisher(t, s, "+821000000003", notifier.Wishes{}, "sms")
		c := newCity(t, s)
		n := noticeOf(status.EventOpened)
		n.To, n.Expires = status.PartialOutage, march.Add(6*time.Hour)
		tell(t, s, n)
		c.step(0)
		if got := to(c.sms.messages()); !slices.Equal(got, []string{"+821000000003"}) {
			t.Fatalf("at once: %v", got)
		}
		c.step(2*time.Hour + time.Second)
		if got := to(c.sms.messages()); !slices.Equal(got, []string{"+821000000001", "+821000000003"}) {
			t.Fatalf("after the first one's quiet hours: %v", got)
		}
		// It is over before the second one's hours are: they never heard, and hear no end.
		end := noticeOf(status.EventResolved)
		end.To, end.Made = status.PartialOutage, c.now
		tell(t, s, end)
		c.step(12 * time.Hour)
		if got := to(c.sms.messages()); !slices.Equal(got, []string{"+821000000001", "+821000000001", "+821000000003", "+821000000003"}) {
			t.Errorf("at the end: %v", got)
		}
	})
}

func TestWhatIsGravePassesQuietHours(t *testing.T) {
	ledgers(t, func(t *testing.T, s *store.Store) {
		wisher(t, s, "+821000000001", notifier.Wishes{Quiet: quiet(t, "20:00-07:00 Asia/Seoul")}, "sms")
		c := newCity(t, s)
		tell(t, s, noticeOf(status.EventOpened))
		c.step(0)
		end := noticeOf(status.EventResolved)
		end.Made = c.now
		tell(t, s, end)
		c.step(time.Second)
		if n := len(c.sms.messages()); n != 2 {
			t.Errorf("heard %d times of a major outage, want its beginning and its end", n)
		}
	})
}

func TestOwnOrderOfWays(t *testing.T) {
	ledgers(t, func(t *testing.T, s *store.Store) {
		wisher(t, s, "+821000000001", notifier.Wishes{Order: []string{"sms", "alimtalk"}}, "sms", "alimtalk")
		c := newCity(t, s)
		tell(t, s, noticeOf(status.EventOpened))
		c.step(0)
		if len(c.sms.messages()) != 1 || len(c.kakao.messages()) != 0 {
			t.Fatalf("%d texts and %d messages; SMS was to come first", len(c.sms.messages()), len(c.kakao.messages()))
		}
		c.sms.answer = func(notifier.Message) error {
			return &notifier.RejectedError{Code: "30003", Text: "unreachable", Recipient: true}
		}
		worse := noticeOf(status.EventWorsened)
		worse.Made = c.now
		tell(t, s, worse)
		c.step(time.Second)
		c.step(time.Second)
		if len(c.kakao.messages()) != 1 {
			t.Errorf("what SMS could not carry did not go on by the messenger: %d", len(c.kakao.messages()))
		}
	})
}

// A minute before quiet hours the messenger takes it and reports nothing; what
// follows by SMS waits until they are over.
func TestQuietHoursHoldForLaterHops(t *testing.T) {
	ledgers(t, func(t *testing.T, s *store.Store) {
		wisher(t, s, "+821000000001", notifier.Wishes{Quiet: quiet(t, "21:01-23:00 Asia/Seoul")}, "sms", "alimtalk")
		c := newCity(t, s)
		n := noticeOf(status.EventOpened)
		n.To, n.Expires = status.PartialOutage, march.Add(6*time.Hour)
		tell(t, s, n)
		c.step(90 * time.Minute)
		if len(c.kakao.messages()) != 1 || len(c.sms.messages()) != 0 {
			t.Fatalf("by then %d messages and %d texts", len(c.kakao.messages()), len(c.sms.messages()))
		}
		c.step(time.Hour)
		c.want("texts after the quiet hours", len(c.sms.messages()), 1)
	})
}

// A plan's long text stays with its channel, at whatever place people have it.
func TestLongTextsInOwnOrder(t *testing.T) {
	for _, c := range []struct {
		name string
		plan []notifier.Hop
	}{
		{"the messenger first", []notifier.Hop{{Channel: "kakao", Wait: time.Minute, Until: notifier.Delivered}, {Channel: "sms", Long: true}}},
		{"SMS first", []notifier.Hop{{Channel: "sms", Long: true}, {Channel: "kakao", Until: notifier.Delivered}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			swiftly(t, func(t *testing.T, s *store.Store) {
				wisher(t, s, "+821000000001", notifier.Wishes{Order: []string{"sms", "alimtalk"}}, "sms", "alimtalk")
				wisher(t, s, "+821000000002", notifier.Wishes{Order: []string{"alimtalk", "sms"}}, "sms", "alimtalk")
				city := newCity(t, s, func(o *notifier.Options) { o.Plans["citizens"] = c.plan })
				city.kakao.answer = func(notifier.Message) error {
					return &notifier.RejectedError{Code: "3016", Text: "no such friend", Recipient: true}
				}
				n := noticeOf(status.EventOpened)
				n.Texts = []notifier.Text{
					{Lang: "ko", Class: notifier.ClassLMS, Body: "long", Segments: 1}, {Lang: "ko", Class: notifier.ClassAlimTalk, Body: "talk", Segments: 1},
				}
				tell(t, s, n)
				city.step(time.Minute)
				city.want("texts", len(city.sms.messages()), 2)
				for _, m := range city.sms.messages() {
					if m.Class != notifier.ClassLMS {
						t.Errorf("%s has the text for %s", m.To, m.Class)
					}
				}
			})
		})
	}
}

// A minute before quiet hours the messenger takes it, and is judged dead in
// them: by SMS it comes when they are over.
func TestQuietHoursHoldForTheRescued(t *testing.T) {
	swiftly(t, func(t *testing.T, s *store.Store) {
		subscribe(t, s, 60, "sms", "alimtalk")
		c := newCity(t, s, func(o *notifier.Options) {
			o.Plans["citizens"][0].Wait = 12 * time.Hour
			o.Channels[0].Duplicates = 1
		})
		c.usual()
		c.step(c.now.Truncate(time.Minute).Add(50 * time.Second).Sub(c.now)) // the verdict comes later than ten seconds
		hours := c.now.UTC().Add(10*time.Second).Format("15:04") + "-" + c.now.UTC().Add(2*time.Hour).Format("15:04") + " UTC"
		wisher(t, s, "+821000009999", notifier.Wishes{Quiet: quiet(t, hours)}, "sms", "alimtalk")
		n := noticeOf(status.EventNote)
		n.Made, n.To = c.now, status.MajorOutage
		tell(t, s, n)
		c.step(time.Second)
		c.want("taken by the messenger's gateway", len(c.kakao.messages()), 61)
		for range 300 {
			c.step(time.Second)
		}
		c.want("texts by SMS in the quiet hours", len(c.sms.messages()), 60)
		c.step(3 * time.Hour)
		c.want("texts by SMS after them", len(c.sms.messages()), 61)
		c.balance(n.ID)
	})
}

// Planned work is for those who chose what it is on. It wakes nobody, and who
// heard that it would be hears that it will not.
func TestPlannedWorkIsToldToThoseWhoChoseIt(t *testing.T) {
	ledgers(t, func(t *testing.T, s *store.Store) {
		wisher(t, s, "+821000000001", notifier.Wishes{}, "sms")
		wisher(t, s, "+821000000002", notifier.Wishes{Topics: []string{"talk"}}, "sms")
		wisher(t, s, "+821000000003", notifier.Wishes{Topics: []string{notifier.GroupTopic("chat")}, Quiet: quiet(t, "20:00-23:00 Asia/Seoul")}, "sms")
		wisher(t, s, "+821000000004", notifier.Wishes{Topics: []string{"route"}}, "sms")
		c := newCity(t, s)
		n := noticeOf(status.EventUpcoming)
		n.Incident, n.About, n.Expires = "config/move", []string{"talk", notifier.GroupTopic("chat")}, march.Add(12*time.Hour)
		tell(t, s, n)
		c.step(0)
		if got := to(c.sms.messages()); !slices.Equal(got, []string{"+821000000002"}) {
			t.Fatalf("at once: %v", got)
		}
		off := noticeOf(status.EventCalledOff)
		off.Incident, off.About, off.Made, off.Expires = n.Incident, n.About, c.now, n.Expires
		tell(t, s, off)
		c.step(6 * time.Hour)
		if got := to(c.sms.messages()); !slices.Equal(got, []string{"+821000000002", "+821000000002"}) {
			t.Errorf("in the end: %v; who had not heard of it hears of no end", got)
		}
	})
}
