package store_test

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"bongsu/notifier"
	"bongsu/notifier/appnotice"
	"bongsu/status"
	"bongsu/store"
)

// lots are what can become of a person's message on a channel.
var lots = []string{"taken", "taken", "delivered", "refused", "fails later"}

// Whatever becomes of people on two channels, resending goes to exactly those
// whom nothing has reached and whose last way has failed, and once.
func TestResendingReachesExactlyWhoWasMissed(t *testing.T) {
	ledgers(t, func(t *testing.T, s *store.Store) {
		const everybody = 12
		subscribe(t, s, everybody, "sms", "alimtalk")
		c, round := newCity(t, s), 0
		rapid.Check(t, func(r *rapid.T) {
			if round++; round > 12 { // each is a notice more on the same books
				return
			}
			lot := map[string]string{} // by channel and recipient
			draw := func(channel string) func(m notifier.Message) error {
				return func(m notifier.Message) error {
					drawn := rapid.SampledFrom(lots).Draw(r, channel+" "+m.To)
					lot[channel+m.To] = drawn
					if drawn == "refused" {
						return &notifier.RejectedError{Recipient: true, Code: "30005"}
					}
					return nil
				}
			}
			c.kakao.answer, c.sms.answer = draw("kakao"), draw("sms")
			n := noticeOf(status.EventOpened)
			n.ID, n.Incident, n.Update, n.Made = fmt.Sprintf("n%d", round), fmt.Sprintf("i%d", round), "u", c.now
			tell(t, s, n)
			kakao, sms := len(c.kakao.messages()), len(c.sms.messages())
			c.step(0)
			c.settle("kakao", c.kakao.messages()[kakao:], lot)
			c.step(2 * time.Minute)
			c.settle("sms", c.sms.messages()[sms:], lot)
			if rapid.Bool().Draw(r, "late receipts") { // the messenger's, after another way was taken
				for _, m := range c.kakao.messages()[kakao:] {
					if lot["kakao"+m.To] == "taken" {
						c.receipt(m, notifier.Delivered, "")
					}
				}
			}
			c.step(time.Minute)
			c.kakao.answer, c.sms.answer = nil, nil
			resent(r, c, n.ID, c.outcomes(n.ID, everybody))
		})
	})
}

// settle gives the receipts that were drawn.
func (c *city) settle(channel string, messages []notifier.Message, lot map[string]string) {
	for _, m := range messages {
		switch lot[channel+m.To] {
		case "delivered":
			c.receipt(m, notifier.Delivered, "")
		case "fails later":
			c.receipt(m, notifier.FailedRank, "30003")
		}
	}
}

// outcomes are what the books say became of each person, as an app is told it.
func (c *city) outcomes(notice string, people int) (missed []int64) {
	for id := int64(1); id <= int64(people); id++ {
		lines, err := c.History(c.t.Context(), id, 1000)
		if err != nil {
			c.t.Fatal(err)
		}
		var tries []appnotice.Try
		for _, d := range lines {
			if d.Notice == notice {
				tries = append(tries, appnotice.Try{Channel: d.Channel, Rank: d.Rank, Fate: d.Fate, InDoubt: d.InDoubt, Why: d.Why})
			}
		}
		if appnotice.Sum("", tries, true).Outcome == appnotice.OutFailed {
			missed = append(missed, id)
		}
	}
	return missed
}

func resent(r *rapid.T, c *city, notice string, want []int64) {
	m, err := c.Missed(c.t.Context(), notice, []string{"sms", "alimtalk"})
	if err != nil || m.People != int64(len(want)) || m.Turn != 1 {
		r.Fatalf("counted %+v (%v), want %d people", m, err, len(want))
	}
	id, people, err := c.ResendFailed(c.t.Context(), notice, notice+"-again", m.Turn, c.now)
	if len(want) == 0 {
		if !errors.Is(err, store.ErrNobodyMissed) {
			r.Fatalf("resent to nobody: %v", err)
		}
		return
	}
	if err != nil || people != int64(len(want)) {
		r.Fatalf("resent to %d (%v), want %d", people, err, len(want))
	}
	if twice, n, err := c.ResendFailed(c.t.Context(), notice, "another", m.Turn, c.now); err != nil || twice != id || n != people {
		r.Fatalf("asked twice: %s to %d (%v)", twice, n, err)
	}
	before := len(c.kakao.messages()) + len(c.sms.messages())
	c.step(time.Minute - time.Second)
	if sent := len(c.kakao.messages()) + len(c.sms.messages()) - before; sent != len(want) {
		r.Fatalf("%d messages left, want %d", sent, len(want))
	}
	var got []int64
	for id := int64(1); id <= 12; id++ {
		lines, err := c.History(c.t.Context(), id, 1000)
		if err != nil {
			r.Fatal(err)
		}
		if slices.ContainsFunc(lines, func(d store.Delivered) bool { return d.Notice == notice+"-again" }) {
			got = append(got, id)
		}
	}
	if !slices.Equal(got, want) {
		r.Fatalf("resent to %v, want %v", got, want)
	}
	if _, _, err := c.ResendFailed(c.t.Context(), notice, "third", 2, c.now); !errors.Is(err, store.ErrNobodyMissed) {
		r.Fatalf("resent once more: %v", err)
	}
	c.step(5 * time.Minute)
}

func TestWhatIsNotResent(t *testing.T) {
	ledgers(t, func(t *testing.T, s *store.Store) {
		subscribe(t, s, 1, "sms")
		c := newCity(t, s)
		c.sms.answer = func(notifier.Message) error { return &notifier.RejectedError{Recipient: true, Code: "21614"} }
		n := noticeOf(status.EventOpened)
		n.Expires = march.Add(time.Hour)
		tell(t, s, n)
		ops := noticeOf(status.EventWorsened)
		ops.Audience = "operators"
		tell(t, s, ops)
		c.step(time.Minute)
		for _, refused := range []struct {
			what, id string
			at       time.Time
			want     error
		}{
			{"one that is not there", "none", march, store.ErrNoNotice},
			{"one to operators", ops.ID, march, store.ErrNotResent},
			{"one that has expired", n.ID, march.Add(time.Hour), store.ErrNotResent},
		} {
			if _, _, err := s.ResendFailed(t.Context(), refused.id, "again", 1, refused.at); !errors.Is(err, refused.want) {
				t.Errorf("%s: %v, want %v", refused.what, err, refused.want)
			}
		}
		if _, _, err := s.ResendFailed(t.Context(), n.ID, "again", 1, march.Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
		if p, err := s.Progress(t.Context(), "again"); err != nil || p.Origin != n.ID || !p.Expires.Equal(march.Add(61*time.Minute)) {
			t.Errorf("resent as %+v (%v)", p, err)
		}
		// The end recalls the resending with the rest.
		end := noticeOf(status.EventResolved)
		end.Made = march.Add(2 * time.Minute)
		tell(t, s, end)
		c.step(time.Minute)
		if _, _, err := s.ResendFailed(t.Context(), n.ID, "late", 2, march.Add(3*time.Minute)); !errors.Is(err, store.ErrNotResent) {
			t.Errorf("after the end: %v", err)
		}
		if ids, err := s.Resendings(t.Context(), n.ID); err != nil || len(ids) != 1 {
			t.Errorf("resendings %v (%v)", ids, err)
		}
	})
}

func TestHoldingANotice(t *testing.T) {
	ledgers(t, func(t *testing.T, s *store.Store) {
		subscribe(t, s, 30, "sms")
		c := newCity(t, s, func(o *notifier.Options) { o.BatchSize, o.Chunk, o.Window = 10, 10, 5 })
		n, other := noticeOf(status.EventOpened), noticeOf(status.EventWorsened)
		other.ID, other.Incident = "other", "i2"
		c.holdAfter(n.ID, 3)
		tell(t, s, n)
		c.step(3 * time.Second)
		c.want("left of the window that was under way", len(c.sms.messages()), 5)
		tell(t, s, other)
		c.step(time.Minute)
		c.want("left with another's", len(c.sms.messages()), 35)
		if p, err := s.Progress(t.Context(), n.ID); err != nil || p.Held.IsZero() {
			t.Errorf("held: %+v (%v)", p, err)
		}
		if due, err := s.NextDue(t.Context(), c.now); err != nil || due.Before(c.now.Add(24*time.Hour)) {
			t.Errorf("what is held is looked at again at %s (%v), want not before it is freed", due, err)
		}
		if err := s.FreeNotice(t.Context(), n.ID); err != nil {
			t.Fatal(err)
		}
		c.step(time.Minute)
		c.want("in all", len(c.sms.messages()), 60)
		if err := s.CancelNotice(t.Context(), n.ID, c.now); err != nil {
			t.Fatal(err)
		}
		if err := s.HoldNotice(t.Context(), n.ID, c.now); !errors.Is(err, store.ErrNoticeOver) {
			t.Errorf("holding what is over: %v", err)
		}
		if err := s.HoldNotice(t.Context(), "none", c.now); !errors.Is(err, store.ErrNoNotice) {
			t.Errorf("holding what is not there: %v", err)
		}
	})
}

// holdAfter has an operator keep a notice back when so many of it have left.
func (c *city) holdAfter(notice string, messages int) {
	left := 0
	c.sms.answer = func(notifier.Message) error {
		if left++; left == messages {
			return c.HoldNotice(c.t.Context(), notice, c.now)
		}
		return nil
	}
}

// What is cancelled while it is held closes: nothing of it is open for ever.
func TestCancellingWhatIsHeld(t *testing.T) {
	ledgers(t, func(t *testing.T, s *store.Store) {
		subscribe(t, s, 20, "sms")
		c := newCity(t, s, func(o *notifier.Options) { o.BatchSize, o.Chunk, o.Window = 10, 10, 5 })
		n := noticeOf(status.EventOpened)
		c.holdAfter(n.ID, 3)
		tell(t, s, n)
		c.step(3 * time.Second)
		if err := s.CancelNotice(t.Context(), n.ID, c.now); err != nil {
			t.Fatal(err)
		}
		c.step(time.Minute)
		q, err := s.Queue(t.Context(), c.now)
		if err != nil || q.Depth != 0 {
			t.Errorf("still waiting: %+v (%v)", q, err)
		}
		p, err := s.Progress(t.Context(), n.ID)
		if err != nil || !p.Held.IsZero() || p.Channels[0].Cancelled == 0 {
			t.Errorf("now %+v (%v)", p, err)
		}
	})
}

func TestNoticesAreListedPageByPage(t *testing.T) {
	ledgers(t, func(t *testing.T, s *store.Store) {
		subscribe(t, s, 1, "sms")
		var want []string
		for i := range 7 {
			n := noticeOf(status.EventOpened)
			n.ID, n.Update, n.Incident, n.Made = fmt.Sprintf("n%d", i), strconv.Itoa(i), fmt.Sprintf("i%d", i%2), march.Add(time.Duration(i/2)*time.Second)
			tell(t, s, n)
			want = append([]string{n.ID}, want...)
		}
		code := noticeOf(status.EventOpened)
		code.ID, code.Incident, code.Recipient = "code", "", 1
		tell(t, s, code)
		var got []string
		q := store.NoticeQuery{Limit: 3}
		for {
			list, err := s.Notices(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			if len(list) == 0 {
				break
			}
			for i := range list {
				got = append(got, list[i].Notice)
			}
			q.Before = list[len(list)-1].Notice
		}
		if !slices.Equal(got, want) {
			t.Errorf("listed %v, want %v", got, want)
		}
		for _, filtered := range []struct {
			q    store.NoticeQuery
			want int
		}{
			{store.NoticeQuery{Incident: "i1", Limit: 10}, 3},
			{store.NoticeQuery{App: "report", Limit: 10}, 0},
			{store.NoticeQuery{Audience: "operators", Limit: 10}, 0},
			{store.NoticeQuery{Audience: "subscribers", Limit: 10}, 7},
		} {
			if list, err := s.Notices(t.Context(), filtered.q); err != nil || len(list) != filtered.want {
				t.Errorf("%+v: %d (%v), want %d", filtered.q, len(list), err, filtered.want)
			}
		}
		if list, err := s.OpenNotices(t.Context(), 10); err != nil || len(list) != 7 {
			t.Errorf("on their way: %d (%v)", len(list), err)
		}
		if _, err := s.Notices(t.Context(), store.NoticeQuery{Before: "none", Limit: 1}); !errors.Is(err, store.ErrNoNotice) {
			t.Errorf("from nowhere: %v", err)
		}
	})
}

func TestWhyPeopleWereNotReached(t *testing.T) {
	ledgers(t, func(t *testing.T, s *store.Store) {
		subscribe(t, s, 6, "sms", "alimtalk")
		c := newCity(t, s)
		c.kakao.answer = func(m notifier.Message) error {
			if strings.HasSuffix(m.To, "1") || strings.HasSuffix(m.To, "2") {
				return &notifier.RejectedError{Recipient: true, Code: "3008"}
			}
			return nil
		}
		c.sms.answer = func(m notifier.Message) error {
			if strings.HasSuffix(m.To, "2") {
				return &notifier.RejectedError{Recipient: true, Code: "30005"}
			}
			return nil
		}
		tell(t, s, noticeOf(status.EventOpened))
		c.step(10 * time.Second)
		list, err := s.Unreached(t.Context(), "n-opened")
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, u := range list {
			got = append(got, fmt.Sprintf("%d %s %s %s %s %q %d", u.Hop, u.Channel, u.Gateway, u.Rank, u.Fate, u.Why, u.People))
		}
		want := []string{
			`0 kakao kakao/one failed moved "kakao/one: 3008" 2`,
			`1 sms sms/one failed open "30005" 1`,
		}
		if !slices.Equal(got, want) {
			t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	})
}
