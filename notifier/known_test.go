package notifier_test

import (
	"context"
	"errors"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bongsu/notifier"
)

// lists is a gateway that notes what it is asked about and says what it has.
type lists struct {
	asked []string
	says  func(from, until time.Time, each func(notifier.Receipt)) error
}

func (*lists) Result(context.Context, string, time.Time) (notifier.Receipt, error) {
	return notifier.Receipt{}, errors.New("not asked")
}

func (l *lists) Results(_ context.Context, from, until time.Time, each func(notifier.Receipt)) error {
	l.asked = append(l.asked, from.Format("15:04:05")+"–"+until.Format("15:04:05"))
	if l.says == nil {
		return nil
	}
	return l.says(from, until, each)
}

// Lists are read on from where the last one ended, a minute at a time; what was
// read is not read again, but for a minute before it.
func TestListsAreReadOn(t *testing.T) {
	noon := time.Date(2022, 10, 15, 12, 0, 0, 0, time.UTC)
	after := func(d time.Duration) time.Time { return noon.Add(d) }
	broken := errors.New("away")
	for _, c := range []struct {
		what string
		do   func(k *notifier.Known, l *lists)
		want []string
	}{
		{"two and a half minutes", func(k *notifier.Known, l *lists) {
			k.Read(t.Context(), l, noon, after(150*time.Second))
		}, []string{"12:00:00–12:01:00", "12:01:00–12:02:00", "12:02:00–12:03:30"}},
		{"what comes later", func(k *notifier.Known, l *lists) {
			k.Read(t.Context(), l, noon, after(30*time.Second))
			k.Read(t.Context(), l, after(10*time.Second), after(90*time.Second))
		}, []string{"12:00:00–12:01:30", "11:59:30–12:02:30"}},
		{"again at once", func(k *notifier.Known, l *lists) {
			k.Read(t.Context(), l, noon, after(30*time.Second))
			k.Read(t.Context(), l, noon, after(31*time.Second))
		}, []string{"12:00:00–12:01:30"}},
		{"something older", func(k *notifier.Known, l *lists) {
			k.Read(t.Context(), l, noon, after(30*time.Second))
			k.Read(t.Context(), l, after(-time.Second), after(30*time.Second))
		}, []string{"12:00:00–12:01:30", "11:59:59–12:01:30"}},
		{"a clock set back", func(k *notifier.Known, l *lists) {
			k.Read(t.Context(), l, noon, after(30*time.Second))
			k.Read(t.Context(), l, noon, after(20*time.Second))
		}, []string{"12:00:00–12:01:30", "12:00:00–12:01:20"}},
		{"an error half way", func(k *notifier.Known, l *lists) {
			l.says = func(from, _ time.Time, _ func(notifier.Receipt)) error {
				if from.Equal(after(time.Minute)) && len(l.asked) == 2 {
					return broken
				}
				return nil
			}
			k.Read(t.Context(), l, noon, after(90*time.Second))
			k.Read(t.Context(), l, noon, after(91*time.Second))
		}, []string{"12:00:00–12:01:00", "12:01:00–12:02:30", "12:00:00–12:02:31"}},
	} {
		t.Run(c.what, func(t *testing.T) {
			var k notifier.Known
			l := &lists{}
			c.do(&k, l)
			if diff := cmp.Diff(c.want, l.asked); diff != "" {
				t.Errorf("questions (-want +got):\n%s", diff)
			}
		})
	}
}

// Whatever order results come in, the one that says most is kept; of very many,
// the newest.
func TestWhatListsSaidIsKept(t *testing.T) {
	noon := time.Date(2022, 10, 15, 12, 0, 0, 0, time.UTC)
	var k notifier.Known
	l := &lists{says: func(_, _ time.Time, each func(notifier.Receipt)) error {
		for _, rank := range []notifier.Rank{notifier.Sent, notifier.Delivered, notifier.FailedRank, notifier.Sent} {
			each(notifier.Receipt{Ref: "a", Rank: rank, Code: rank.String(), Suppress: true, At: noon})
		}
		each(notifier.Receipt{Ref: "b", Rank: notifier.Accepted})
		return errors.New("and no more")
	}}
	k.Read(t.Context(), l, noon, noon.Add(time.Second))
	want := notifier.Receipt{Ref: "a", Rank: notifier.Delivered, Code: "delivered", Suppress: true, At: noon}
	if got, ok := k.Of("a"); !ok || cmp.Diff(want, got) != "" {
		t.Errorf("kept %+v", got)
	}
	if _, ok := k.Of("b"); ok {
		t.Error("that it was taken is kept as news")
	}
	for minute := range 4 {
		l.says = func(_, _ time.Time, each func(notifier.Receipt)) error {
			for n := range notifier.ListKept / 2 {
				each(notifier.Receipt{Ref: strconv.Itoa(minute) + "/" + strconv.Itoa(n), Rank: notifier.Delivered})
			}
			return nil
		}
		k.Read(t.Context(), l, noon.Add(time.Duration(minute)*time.Minute), noon.Add(time.Duration(minute+1)*time.Minute))
		if k.Kept() > notifier.ListKept {
			t.Fatalf("%d results are kept", k.Kept())
		}
	}
	if _, ok := k.Of("3/7"); !ok {
		t.Error("the newest is forgotten")
	}
	if _, ok := k.Of("0/7"); ok {
		t.Error("the oldest is kept")
	}
}
