package store_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"bongsu/notifier"
	"bongsu/status"
	"bongsu/store"
)

// A late batch has no deliveries before there is something to say of them; who
// is in it is known all the same, and it closes with everybody.
func TestALateBatchKnowsWhoWaits(t *testing.T) {
	ledgers(t, func(t *testing.T, s *store.Store) {
		const people = 5
		subscribe(t, s, people, "sms")
		c := newCity(t, s)
		n := noticeOf(status.EventOpened)
		tell(t, s, n)
		c.pause()
		c.step(time.Second)
		rows := func() int64 {
			audit, err := s.Recount(t.Context(), n.ID)
			if err != nil {
				t.Fatal(err)
			}
			return audit["sms"].Planned
		}
		planned := int64(people)
		if early(t) < 0 {
			planned = 0
		}
		if got := rows(); got != planned {
			t.Errorf("%d deliveries before anything has left, want %d", got, planned)
		}
		for id := int64(1); id <= people; id++ {
			lines, err := s.History(t.Context(), id, 10)
			if err != nil || len(lines) != 1 || lines[0].Rank != notifier.Planned || lines[0].Channel != "sms" || lines[0].Notice != n.ID {
				t.Fatalf("%d waits for %+v, %v", id, lines, err)
			}
		}
		if lines, err := s.History(t.Context(), people+1, 10); err != nil || len(lines) != 0 {
			t.Errorf("a stranger waits for %+v, %v", lines, err)
		}
		if early(t) < 0 && s.CloseBlindly(t.Context()) == nil {
			t.Fatal("a program that does not know late batches closes one")
		}
		if err := s.Resume(t.Context(), c.now); err != nil {
			t.Fatal(err)
		}
		c.step(time.Second)
		c.want("texts", len(c.sms.messages()), people)
		if got := rows(); got != people {
			t.Errorf("%d deliveries in the end", got)
		}
		c.balance(n.ID)
	})
}

// course is what happens around a notice: the same for both ways of writing it.
type course struct {
	people  int
	kakao   []string // by person: what their message comes to
	sms     []string
	batch   int
	pausing bool
	leaver  int64 // leaves while sending is paused; 0: nobody
	blocked bool  // the messenger is judged down while sending is paused
	over    int   // seconds until a recovery is told; 0: never
	late    bool  // receipts of the messenger come after another way was taken
}

var ends = []string{"taken", "taken", "delivered", "at once", "refused", "busy", "doubt", "fails later"}

func drawCourse(r *rapid.T) course {
	c := course{people: rapid.IntRange(1, 12).Draw(r, "people"), batch: rapid.IntRange(1, 6).Draw(r, "batch")}
	for range c.people {
		c.kakao = append(c.kakao, rapid.SampledFrom(ends).Draw(r, "by messenger"))
		c.sms = append(c.sms, rapid.SampledFrom(ends).Draw(r, "by SMS"))
	}
	if c.pausing = rapid.Bool().Draw(r, "paused"); c.pausing {
		c.leaver = int64(rapid.IntRange(0, c.people).Draw(r, "who leaves"))
		c.blocked = rapid.Bool().Draw(r, "the messenger fails meanwhile")
	}
	c.over, c.late = rapid.SampledFrom([]int{0, 0, 1, 20, 90}).Draw(r, "over"), rapid.Bool().Draw(r, "late receipts")
	return c
}

// told is all that a course leaves: what went out, and what the books say.
type told struct {
	sent  []string
	lines []string
	sums  []store.ChannelProgress
}

func (k course) run(t *testing.T, early int) told {
	s := openAt(t, filepath.Join(t.TempDir(), fmt.Sprintf("bongsu%d.db", early)), store.Options{Keys: keys(), Scratch: true})
	defer s.Close()
	subscribe(t, s, k.people, "sms", "alimtalk")
	c := newCity(t, s, func(o *notifier.Options) {
		o.Early, o.BatchSize, o.Rand = early, k.batch, rand.New(rand.NewPCG(1, 2))
	})
	answers := func(lots []string) func(m notifier.Message) error {
		return func(m notifier.Message) error {
			switch lots[k.number(m)-1] {
			case "refused":
				return &notifier.RejectedError{Recipient: true, Code: "30005"}
			case "busy":
				return errors.New("HTTP 503")
			case "doubt":
				return &notifier.UncertainError{Err: errors.New("no answer")}
			case "at once":
				c.receipt(m, notifier.Delivered, "") // faster than the answer
			}
			return nil
		}
	}
	c.kakao.answer, c.sms.answer = answers(k.kakao), answers(k.sms)
	n := noticeOf(status.EventOpened)
	tell(t, s, n)
	if k.pausing {
		c.pause()
		c.step(time.Second)
		if k.leaver > 0 {
			if err := s.Leave(t.Context(), k.leaver, c.now); err != nil {
				t.Fatal(err)
			}
		}
		if k.blocked {
			c.messager = status.MajorOutage
		}
		if err := s.Resume(t.Context(), c.now); err != nil {
			t.Fatal(err)
		}
	}
	c.step(time.Second)
	k.receipts(c, c.kakao.messages(), k.kakao)
	if k.over > 0 {
		c.step(time.Duration(k.over) * time.Second)
		end := noticeOf(status.EventResolved)
		end.Made = c.now
		tell(t, s, end)
	}
	c.step(3 * time.Minute)
	k.receipts(c, c.sms.messages(), k.sms)
	if k.late {
		for _, m := range c.kakao.messages() {
			if k.kakao[k.number(m)-1] == "taken" {
				c.receipt(m, notifier.Delivered, "")
			}
		}
	}
	c.step(10 * time.Minute)
	return k.books(c, n.ID)
}

// number is the person a message is for.
func (k course) number(m notifier.Message) int {
	_, rcpt, ok := stamp.ParseKey(m.Delivery)
	if !ok {
		panic("a key that is not ours: " + m.Delivery)
	}
	return int(rcpt)
}

func (k course) receipts(c *city, messages []notifier.Message, lots []string) {
	for _, m := range messages {
		switch lots[k.number(m)-1] {
		case "delivered":
			c.receipt(m, notifier.Delivered, "")
		case "fails later":
			c.receipt(m, notifier.FailedRank, "30003")
		}
	}
}

func (k course) books(c *city, notice string) (all told) {
	for _, m := range slices.Concat(c.kakao.messages(), c.sms.messages()) {
		all.sent = append(all.sent, fmt.Sprintf("%s %s %s %v", m.Class, m.To, m.Body, m.Again))
	}
	slices.Sort(all.sent)
	for id := int64(1); id <= int64(k.people); id++ {
		lines, err := c.History(c.t.Context(), id, 1000)
		if err != nil {
			c.t.Fatal(err)
		}
		for _, d := range lines {
			d.Batch, d.Ref = 0, "" // retries share batches as they fall, and references count up
			all.lines = append(all.lines, fmt.Sprintf("%d: %+v", id, d))
		}
	}
	all.sums = c.balance(notice).Channels
	return all
}

// Whatever happens, late batches tell the same people the same, and leave the
// same books.
func TestLateBatchesLeaveTheSameBooks(t *testing.T) {
	round := 0
	rapid.Check(t, func(r *rapid.T) {
		if round++; round > 60 {
			return
		}
		k := drawCourse(r)
		early, late := k.run(t, 0), k.run(t, -1)
		if !slices.Equal(early.sent, late.sent) {
			r.Fatalf("%+v\nsent  %q\nlate  %q", k, early.sent, late.sent)
		}
		if !slices.Equal(early.lines, late.lines) {
			r.Fatalf("%+v\nbooks %q\nlate  %q", k, early.lines, late.lines)
		}
		if !slices.Equal(early.sums, late.sums) {
			r.Fatalf("%+v\nsums  %+v\nlate  %+v", k, early.sums, late.sums)
		}
	})
}
