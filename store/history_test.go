package store_test

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"os"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"bongsu/notifier"
	"bongsu/status"
	"bongsu/store"
)

const fullDay = 24 * time.Hour

// An oracle keeps every look in a list and answers by going through all of it.
type oracle struct {
	looks   []status.Vote
	rawFrom time.Time
}

// record takes looks as the store is to take them: the same look once, and
// none of a day that is summed up for good.
func (o *oracle) record(votes []status.Vote) {
	for _, v := range votes {
		if !v.At.Before(o.rawFrom) && !slices.ContainsFunc(o.looks, func(x status.Vote) bool { return seriesOf(x) == seriesOf(v) && x.At.Equal(v.At) }) {
			o.looks = append(o.looks, v)
		}
	}
	slices.SortFunc(o.looks, func(a, b status.Vote) int { return a.At.Compare(b.At) })
}

func seriesOf(v status.Vote) status.Series {
	return status.Series{Check: v.Check, Location: v.Location}
}

func (o *oracle) between(s status.Series, from, until time.Time) []status.Vote {
	var found []status.Vote
	for _, v := range o.looks {
		if seriesOf(v) == s && !v.At.Before(from) && v.At.Before(until) {
			found = append(found, v)
		}
	}
	return found
}

func (o *oracle) points(q status.HistoryQuery) []status.Point {
	points := []status.Point{}
	step := store.HistoryStep(q)
	end := q.Until.Add(step - 1).Truncate(step) // steps are given whole
	votes := o.between(q.Series, q.From.Truncate(step), end)
	for len(votes) > 0 {
		at, n := votes[0].At.Truncate(step), 0
		for n < len(votes) && votes[n].At.Truncate(step).Equal(at) {
			n++
		}
		points, votes = append(points, sumUp(votes[:n], at, step)), votes[n:]
	}
	return points
}

func sumUp(votes []status.Vote, at time.Time, step time.Duration) status.Point {
	p := status.Point{At: at, Span: step}
	var took []time.Duration
	sum := time.Duration(0)
	for _, v := range votes {
		*map[status.Outcome]*int{
			status.OK: &p.OK, status.Slow: &p.Slow, status.Wrong: &p.Wrong, status.Failed: &p.Failed, status.Inconclusive: &p.Inconclusive,
		}[v.Outcome]++
		if v.Outcome == status.OK || v.Outcome == status.Slow {
			took = append(took, v.Took)
			sum += v.Took
		}
	}
	if len(took) == 0 {
		return p
	}
	// The least time within which the share of the looks were done.
	within := func(share float64) time.Duration {
		done := slices.DeleteFunc(slices.Clone(took), func(d time.Duration) bool {
			n := 0
			for _, t := range took {
				if t <= d {
					n++
				}
			}
			return float64(n) < share*float64(len(took))-1e-9
		})
		return slices.Min(done)
	}
	p.Mean = (sum / time.Duration(len(took))).Truncate(time.Microsecond)
	p.P50, p.P95, p.P99, p.Max = within(.50), within(.95), within(.99), slices.Max(took)
	return p
}

func recordLooks(t testing.TB, s *store.Store, votes []status.Vote) {
	t.Helper()
	if err := s.Record(t.Context(), notifier.Record{Looks: votes}); err != nil {
		t.Fatal(err)
	}
}

// compact calls CompactHistory until it has come to an end.
func compact(t testing.TB, s *store.Store, now time.Time) {
	t.Helper()
	for range 1000 {
		more, err := s.CompactHistory(t.Context(), now)
		if err != nil {
			t.Fatal(err)
		}
		if !more {
			return
		}
	}
	t.Fatal("compaction does not come to an end")
}

type fataler interface {
	Helper()
	Fatalf(format string, args ...any)
}

func wantPoints(t fataler, ctx testing.TB, s *store.Store, o *oracle, q status.HistoryQuery) {
	t.Helper()
	got, err := s.Points(ctx.Context(), q)
	if err != nil {
		t.Fatalf("points of %+v: %v", q, err)
	}
	if diff := gocmp.Diff(o.points(q), got); diff != "" {
		t.Fatalf("points by %s of %v (-want +got):\n%s", q.Step, q.Series, diff)
	}
}

func wantLooks(t fataler, ctx testing.TB, s *store.Store, o *oracle, v status.Series, from, until time.Time) {
	t.Helper()
	var got []status.Vote
	for look, err := range s.Looks(ctx.Context(), v, from, until) {
		if err != nil {
			t.Fatalf("looks of %v: %v", v, err)
		}
		got = append(got, look)
	}
	if from.Before(o.rawFrom) {
		from = o.rawFrom
	}
	if diff := gocmp.Diff(o.between(v, from, until), got); diff != "" {
		t.Fatalf("looks of %v (-want +got):\n%s", v, diff)
	}
}

func checkNo(n int) status.Series {
	return status.Series{Check: fmt.Sprintf("service-%02d/front door", n), Location: []string{"seoul-1", "busan-1"}[n%2]}
}

// anyLook is a look that began at a time.
func anyLook(t *rapid.T, at time.Time) status.Vote {
	s := checkNo(rapid.IntRange(0, 39).Draw(t, "check")) // of three blocks
	v := status.Vote{
		Check: s.Check, Location: s.Location, At: at.Truncate(time.Millisecond),
		Outcome: rapid.SampledFrom([]status.Outcome{status.OK, status.OK, status.OK, status.Slow, status.Wrong, status.Failed, status.Inconclusive}).Draw(t, "outcome"),
		Took:    time.Duration(rapid.Int64Range(0, 12_000_000).Draw(t, "took")) * time.Microsecond,
	}
	if v.Outcome != status.OK {
		v.Reason = rapid.SampledFrom([]string{"", "timeout", "status == 200: was 503", "응답 없음"}).Draw(t, "reason")
	}
	return v
}

// Whatever is recorded, in whatever order, however late, and however compaction
// is broken off: what is read is what going through all looks would find.
func TestHistoryIsWhatWasSeen(t *testing.T) {
	exercise(t, func(t *testing.T, open func(*testing.T) *store.Store) {
		s := open(t)
		f := &faults{}
		f.arm(0, false)
		s.Through(f.wrap)
		rapid.Check(t, func(r *rapid.T) {
			if err := s.ForgetHistory(t.Context()); err != nil {
				r.Fatal(err)
			}
			o, now := &oracle{}, noon
			steps := rapid.IntRange(1, 12).Draw(r, "steps")
			for range steps {
				now = now.Add(time.Duration(rapid.SampledFrom([]int{7, 70, 600, 4000, 30_000, 100_000, 400_000}).Draw(r, "seconds")) * time.Second)
				var votes []status.Vote
				for range rapid.IntRange(0, 30).Draw(r, "looks") {
					late := time.Duration(rapid.SampledFrom([]int{0, 3, 10, 400, 5000, 90_000, 700_000}).Draw(r, "late")) * time.Second
					votes = append(votes, anyLook(r, now.Add(-late-time.Duration(rapid.IntRange(0, 3000).Draw(r, "ms"))*time.Millisecond)))
				}
				if len(o.looks) > 0 && rapid.Bool().Draw(r, "again") { // a commit whose answer was lost
					votes = append(votes, rapid.SampledFrom(o.looks).Draw(r, "same"))
				}
				votes = unlike(o.looks, votes)
				recordLooks(t, s, votes)
				o.record(votes)

				f.arm(rapid.Int64Range(0, 60).Draw(r, "fault"), rapid.Bool().Draw(r, "after"))
				_, err := s.CompactHistory(t.Context(), now)
				f.arm(0, false)
				if err != nil && !errors.Is(err, errFault) {
					r.Fatal(err)
				}
				if err == nil && rapid.Bool().Draw(r, "whole") {
					compact(t, s, now)
				}
				if o.rawFrom, err = s.RawFrom(t.Context()); err != nil {
					r.Fatal(err)
				}
				look := checkNo(rapid.IntRange(0, 40).Draw(r, "of")) // one of them was never looked at
				from := now.Add(-time.Duration(rapid.IntRange(0, 1_000_000).Draw(r, "from")) * time.Second)
				until := from.Add(time.Duration(rapid.IntRange(1, 1_100_000).Draw(r, "until")) * time.Second)
				for _, step := range []time.Duration{status.StepFine, status.StepHourly, status.StepDaily, 0} {
					wantPoints(r, t, s, o, status.HistoryQuery{Series: look, From: from, Until: until, Step: step})
				}
				wantLooks(r, t, s, o, look, from, until)
			}
		})
	})
}

// What is not in order yet can be left out: its hour stands once it is.
func TestSettledPointsLeaveOutTheLatestMinutes(t *testing.T) {
	exercise(t, func(t *testing.T, open func(*testing.T) *store.Store) {
		s, of := open(t), checkNo(1)
		look := func(at time.Time) []status.Vote {
			return []status.Vote{{Check: of.Check, Location: of.Location, At: at, Outcome: status.OK, Took: time.Second}}
		}
		looks := func(settled bool) (n int) {
			t.Helper()
			points, err := s.Points(t.Context(), status.HistoryQuery{Series: of, From: noon.Add(-3 * time.Hour), Until: noon.Add(time.Hour), Step: status.StepHourly, Settled: settled})
			if err != nil {
				t.Fatal(err)
			}
			for i := range points {
				n += points[i].Looks()
			}
			return n
		}
		recordLooks(t, s, look(noon.Add(-2*time.Hour)))
		compact(t, s, noon)
		recordLooks(t, s, look(noon))
		if all, settled := looks(false), looks(true); all != 2 || settled != 1 {
			t.Errorf("%d looks, settled %d; want 2 and 1", all, settled)
		}
		compact(t, s, noon.Add(time.Hour))
		if settled := looks(true); settled != 2 {
			t.Errorf("once in order %d looks are settled, want 2", settled)
		}
	})
}

// unlike leaves out looks that are named as an earlier one is but differ, or that
// come twice in one commit: nobody looks twice in one millisecond.
func unlike(earlier, votes []status.Vote) []status.Vote {
	name := func(v status.Vote) string { return fmt.Sprint(seriesOf(v), v.At.UnixMilli()) }
	known, seen := map[string]status.Vote{}, map[string]bool{}
	for _, v := range earlier {
		known[name(v)] = v
	}
	return slices.DeleteFunc(slices.Clone(votes), func(v status.Vote) bool {
		was, again := known[name(v)]
		drop := seen[name(v)] || again && !reflect.DeepEqual(was, v)
		seen[name(v)] = true
		return drop
	})
}

// someDays are looks of two checks and more, in two blocks, on three days; the
// last batch comes late.
func someDays() (batches [][]status.Vote, end time.Time) {
	for _, after := range []time.Duration{0, time.Minute, time.Hour, 23 * time.Hour, 25 * time.Hour, 50 * time.Hour} {
		var votes []status.Vote
		for n := range 18 { // numbers one series after another: 17 and 18 begin a block
			if n > 0 && n < 17 && after > 0 {
				continue
			}
			s := checkNo(n)
			for i := range 3 {
				votes = append(votes, status.Vote{
					Check: s.Check, Location: s.Location, At: noon.Add(after + time.Duration(i)*10*time.Second + time.Duration(n)*time.Millisecond),
					Took: time.Duration(100+10*i+n) * time.Millisecond, Outcome: []status.Outcome{status.OK, status.Failed, status.Slow}[i], Reason: []string{"", "timeout", "slow"}[i],
				})
			}
		}
		batches = append(batches, votes)
	}
	late := make([]status.Vote, 0, 70) // what an agent sends that was cut off: more blocks than one commit takes
	for i := range cap(late) {
		v := batches[0][0]
		v.At = noon.Add(20*time.Hour + time.Duration(i)*5*time.Minute)
		late = append(late, v)
	}
	return append(batches, late), noon.Add(9 * fullDay)
}

// Compaction may be killed between any two of its statements, before a commit
// or after one that nobody learnt of. Nothing is lost and nothing is counted
// twice, neither then nor once it has gone on. Most statements are one of many
// alike; each of them has its turn with BONGSU_DEEP=1.
func TestCompactionKilledAtEachStatement(t *testing.T) {
	exercise(t, func(t *testing.T, open func(*testing.T) *store.Store) {
		s := open(t)
		f := &faults{}
		f.arm(0, false)
		s.Through(f.wrap)
		batches, end := someDays()
		o := &oracle{}
		for _, votes := range batches {
			o.record(votes)
		}
		hold := func(n int64) {
			t.Helper()
			for _, series := range []status.Series{checkNo(0), checkNo(17)} {
				for _, step := range []time.Duration{status.StepFine, status.StepDaily} {
					wantPoints(t, t, s, o, status.HistoryQuery{Series: series, From: noon.Add(-fullDay), Until: end, Step: step})
				}
				var err error
				if o.rawFrom, err = s.RawFrom(t.Context()); err != nil {
					t.Fatal(err)
				}
				wantLooks(t, t, s, o, series, noon.Add(-fullDay), end)
			}
			if t.Failed() {
				t.Fatalf("killed at statement %d", n)
			}
		}
		kill := func(n int64, after bool) {
			t.Helper()
			if err := s.ForgetHistory(t.Context()); err != nil {
				t.Fatal(err)
			}
			for _, votes := range batches[:len(batches)-1] {
				recordLooks(t, s, votes)
			}
			compact(t, s, noon.Add(51*time.Hour)) // two days are summed up when a look of the first comes
			recordLooks(t, s, batches[len(batches)-1])
			f.arm(n, after)
			if _, err := s.CompactHistory(t.Context(), end); err != nil && !errors.Is(err, errFault) {
				t.Fatal(err)
			}
			struck := f.struck.Load()
			f.arm(0, false)
			hold(n)
			compact(t, s, end)
			hold(n)
			f.struck.Store(struck)
		}
		n, stride := int64(1), int64(1)
		for n == 1 || f.struck.Load() {
			if kill(n, false); f.commit {
				kill(n, true)
			}
			if os.Getenv("BONGSU_DEEP") == "" {
				stride = 1 + n/8
			}
			n += stride
		}
		segments, blocks, packs, err := s.CountHistory(t.Context())
		if err != nil || segments != 0 || blocks == 0 || packs == 0 {
			t.Errorf("in the end %d segments, %d blocks, %d packs (%v)", segments, blocks, packs, err)
		}
	})
}

// Several nodes may compact at once, while others record.
func TestSeveralCompact(t *testing.T) {
	exercise(t, func(t *testing.T, open func(*testing.T) *store.Store) {
		s := open(t)
		batches, _ := someDays()
		o := &oracle{}
		var nodes sync.WaitGroup
		for _, votes := range batches {
			o.record(votes)
			nodes.Go(func() { recordLooks(t, s, votes) })
		}
		for range 3 {
			nodes.Go(func() {
				for range 40 {
					if _, err := s.CompactHistory(t.Context(), noon.Add(4*fullDay)); err != nil {
						t.Error(err)
					}
				}
			})
		}
		nodes.Wait()
		compact(t, s, noon.Add(4*fullDay))
		for n := range 18 {
			wantPoints(t, t, s, o, status.HistoryQuery{Series: checkNo(n), From: noon, Until: noon.Add(4 * fullDay), Step: status.StepHourly})
			wantLooks(t, t, s, o, checkNo(n), noon.Add(-fullDay), noon.Add(4*fullDay))
		}
	})
}

// Two years of it, and a query still reads what it read after a day.
func TestAQueryReadsBoundedRows(t *testing.T) {
	exercise(t, func(t *testing.T, open func(*testing.T) *store.Store) {
		s := open(t)
		f := &faults{}
		f.arm(0, false)
		s.Through(f.wrap)
		now := noon.Truncate(fullDay)
		series := checkNo(0)
		look := func(at time.Time) status.Vote {
			return status.Vote{Check: series.Check, Location: series.Location, At: at, Took: time.Second, Outcome: status.OK}
		}
		days := 30
		if os.Getenv("BONGSU_DEEP") != "" {
			days = 730
		}
		for range days {
			var votes []status.Vote
			for hour := range 24 {
				votes = append(votes, look(now.Add(time.Duration(hour)*time.Hour)))
			}
			recordLooks(t, s, votes)
			now = now.Add(fullDay)
			compact(t, s, now.Add(time.Hour))
		}
		for at := range 24 * 60 { // a day that is not summed up yet, committed each minute
			recordLooks(t, s, []status.Vote{look(now.Add(time.Duration(at) * time.Minute))})
			if at%5 == 0 {
				compact(t, s, now.Add(time.Duration(at)*time.Minute))
			}
		}
		now = now.Add(fullDay)
		for range 90 { // and what a minute of commits leaves
			now = now.Add(time.Second)
			recordLooks(t, s, []status.Vote{look(now)})
		}
		for _, q := range []struct {
			step, back time.Duration
			points     int
		}{
			{status.StepFine, fullDay, 288},
			{status.StepFine, 30 * fullDay, 288},
			{status.StepHourly, 400 * fullDay, 24 * days},
			{status.StepDaily, 3 * 365 * fullDay, days},
			{0, 2 * 365 * fullDay, days},
		} {
			f.rows.Store(0)
			points, err := s.Points(t.Context(), status.HistoryQuery{Series: series, From: now.Add(-q.back), Until: now.Add(time.Second), Step: q.step})
			if err != nil || len(points) < min(q.points, 30) {
				t.Errorf("by %s %s back: %d points (%v)", q.step, q.back, len(points), err)
			}
			if n := f.rows.Load(); n > 400 {
				t.Errorf("by %s %s back: read %d rows", q.step, q.back, n)
			}
		}
	})
}

// What is too old goes: looks after seven days, points after two years.
func TestOldHistoryGoes(t *testing.T) {
	exercise(t, func(t *testing.T, open func(*testing.T) *store.Store) {
		s := open(t)
		batches, _ := someDays()
		for _, votes := range batches {
			recordLooks(t, s, votes)
		}
		for _, v := range []struct {
			after         time.Duration
			blocks, packs bool
		}{
			{6 * fullDay, true, true},
			{12 * fullDay, false, true},
			{700 * fullDay, false, true},
			{1300 * fullDay, false, false},
		} {
			compact(t, s, noon.Add(v.after))
			segments, blocks, packs, err := s.CountHistory(t.Context())
			if err != nil || segments != 0 || blocks > 0 != v.blocks || packs > 0 != v.packs {
				t.Errorf("after %s: %d segments, %d blocks, %d packs (%v)", v.after, segments, blocks, packs, err)
			}
		}
		late := batches[0][:1]
		recordLooks(t, s, late)
		compact(t, s, noon.Add(1300*fullDay))
		for v, err := range s.Looks(t.Context(), seriesOf(late[0]), noon.Add(-fullDay), noon.Add(2000*fullDay)) {
			t.Errorf("a look of a time long forgotten was taken: %v (%v)", v, err)
		}
	})
}

func TestHistoryRefusesTooMuch(t *testing.T) {
	exercise(t, func(t *testing.T, open func(*testing.T) *store.Store) {
		s := open(t)
		for _, c := range []struct {
			step, back time.Duration
			want       error
		}{
			{status.StepFine, 60 * fullDay, store.ErrTooManyPoints},
			{time.Minute, time.Hour, store.ErrNoStep},
			{-status.StepFine, time.Hour, store.ErrNoStep},
			{0, 100 * 365 * fullDay, store.ErrTooManyPoints},
			{0, 20 * 365 * fullDay, nil},
		} {
			_, err := s.Points(t.Context(), status.HistoryQuery{Series: checkNo(1), From: noon.Add(-c.back), Until: noon, Step: c.step})
			if !errors.Is(err, c.want) {
				t.Errorf("by %s %s back: %v, want %v", c.step, c.back, err, c.want)
			}
		}
	})
}

// Reasons are kept, short ones whole, and not without bound.
func TestReasonsAreBounded(t *testing.T) {
	exercise(t, func(t *testing.T, open func(*testing.T) *store.Store) {
		s := open(t)
		var votes []status.Vote
		for i := range 100 {
			votes = append(votes, status.Vote{Check: "a/1", Location: "x", At: noon.Add(time.Duration(i) * time.Second), Outcome: status.Failed, Reason: fmt.Sprintf("took %d ms", i)})
		}
		long := status.Vote{Check: "a/2", Location: "x", At: noon, Outcome: status.Wrong, Reason: strings.Repeat("응", 200) + "\x00\xff"}
		recordLooks(t, s, append(votes, long))
		compact(t, s, noon.Add(time.Minute))
		kept := 0
		for v, err := range s.Looks(t.Context(), seriesOf(votes[0]), noon, noon.Add(time.Hour)) {
			if err != nil {
				t.Fatal(err)
			}
			if v.Reason != "" {
				kept++
			}
		}
		if kept != 32 {
			t.Errorf("%d reasons were kept", kept)
		}
		for v, err := range s.Looks(t.Context(), seriesOf(long), noon, noon.Add(time.Hour)) {
			if err != nil || v.Reason != strings.Repeat("응", 66) {
				t.Errorf("kept %q (%v)", v.Reason, err)
			}
		}
	})
}

func TestSeriesOf(t *testing.T) {
	exercise(t, func(t *testing.T, open func(*testing.T) *store.Store) {
		s := open(t)
		named := []status.Series{{Check: "control/dns", Location: "b"}, {Check: "pay/1", Location: "a"}, {Check: "pay/1", Location: "b"}, {Check: "pay/2", Location: "a"}, {Check: "payments/1", Location: "a"}}
		for _, v := range named {
			recordLooks(t, s, []status.Vote{{Check: v.Check, Location: v.Location, At: noon}})
		}
		for name, want := range map[string][]status.Series{"pay": named[1:4], "pay/1": named[1:3], "control/dns": named[:1], "pa": nil, "%": nil} {
			got, err := s.SeriesOf(t.Context(), name)
			if err != nil {
				t.Fatal(err)
			}
			if diff := gocmp.Diff(want, got); diff != "" {
				t.Errorf("series of %s (-want +got):\n%s", name, diff)
			}
		}
	})
}

func TestIntervals(t *testing.T) {
	exercise(t, func(t *testing.T, open func(*testing.T) *store.Store) {
		s := open(t)
		const many = 1200 // more than two pages
		all := make([]status.Interval, 0, many+1)
		for i := range many {
			since := noon.Add(time.Duration(i) * time.Minute)
			all = append(all, status.Interval{Component: "pay", State: status.States()[1+i%2], Since: since, Until: since.Add(time.Minute)})
		}
		end := noon.Add(many * time.Minute)
		record(t, s, notifier.Record{Change: status.Change{
			Closed:     append(slices.Clone(all), status.Interval{Component: "taxi", State: status.Unknown, Since: noon, Until: end}),
			Conditions: []status.Condition{{Component: "pay", State: status.MajorOutage, Since: end, Version: 1}},
		}})
		all = append(all, status.Interval{Component: "pay", State: status.MajorOutage, Since: end})
		for _, c := range []struct {
			name        string
			from, until time.Duration
			want        []status.Interval
		}{
			{"all", -time.Hour, 2000 * time.Minute, all},
			{"from the middle of one to the middle of another", 90 * time.Second, 210 * time.Second, all[1:4]},
			{"from an edge to an edge", 2 * time.Minute, 3 * time.Minute, all[2:3]},
			{"the one that goes on", 1300 * time.Minute, 1400 * time.Minute, all[many:]},
			{"before all", -2 * time.Hour, -time.Hour, nil},
		} {
			var got []status.Interval
			for v, err := range s.Intervals(t.Context(), "pay", noon.Add(c.from), noon.Add(c.until)) {
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, v)
			}
			if diff := gocmp.Diff(c.want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", c.name, diff)
			}
		}
	})
}

// A look that is as the ones before writes no standing, and a restart knows of
// it all the same.
func TestQuietStandingsAreNotForgotten(t *testing.T) {
	exercise(t, func(t *testing.T, open func(*testing.T) *store.Store) {
		s := open(t)
		rapid.Check(t, func(r *rapid.T) {
			if err := s.ForgetHistory(t.Context()); err != nil {
				r.Fatal(err)
			}
			run := rapid.StringMatching(`[a-z]{12}`).Draw(r, "run") // the standings of other runs are other checks'
			check := status.Check{ID: run + "/1", Fresh: time.Minute}
			model := &status.Model{
				Locations: []status.Location{{ID: "seoul-1"}}, Site: status.Site{Zone: time.UTC}, Rules: status.Rules{Confirm: 2, Recover: 2},
				Components: []status.Component{{ID: run, Checks: []status.Check{check}}},
			}
			board := status.NewBoard(model, status.Memory{}, nil)
			now, written := noon, map[int64]bool{}
			looks := rapid.SliceOfN(rapid.SampledFrom([]status.Outcome{status.OK, status.OK, status.OK, status.OK, status.OK, status.OK, status.Failed, status.Inconclusive}), 1, 60).Draw(r, "looks")
			for _, outcome := range looks {
				now = now.Add(10 * time.Second)
				v := status.Vote{Check: check.ID, Location: "seoul-1", At: now, Took: time.Duration(now.UnixMilli()%1000) * time.Millisecond, Outcome: outcome}
				board.Vote(v)
				standing, _ := board.Standing(v.Check, v.Location)
				if err := s.Record(t.Context(), notifier.Record{Standings: []status.Standing{standing}, Looks: []status.Vote{v}}); err != nil {
					r.Fatal(err)
				}
				at, err := s.StandingAt(t.Context(), seriesOf(v))
				if err != nil {
					r.Fatal(err)
				}
				written[at.UnixMilli()] = true
				if rapid.IntRange(0, 4).Draw(r, "compact") == 0 {
					compact(t, s, now)
				}
				memory, err := s.Memory(t.Context(), long)
				if err != nil {
					r.Fatal(err)
				}
				got := memory.Standings[slices.IndexFunc(memory.Standings, func(x status.Standing) bool { return x.Check == check.ID })]
				standing.Usual, standing.Lately, got.Usual, got.Lately = 0, 0, 0, 0 // learnt anew within a minute
				if diff := gocmp.Diff(standing, got); diff != "" {
					r.Fatalf("after a restart (-want +got):\n%s", diff)
				}
			}
			if steady := !slices.ContainsFunc(looks, func(o status.Outcome) bool { return o != status.OK }); steady && len(written) > 3+len(looks)/6 {
				r.Fatalf("%d looks of the same wrote %d standings", len(looks), len(written))
			}
		})
	})
}

// A standing whose look is in no record's history is written: nothing else
// would know of it.
func TestStandingWithoutLookIsWritten(t *testing.T) {
	exercise(t, func(t *testing.T, open func(*testing.T) *store.Store) {
		s := open(t)
		r := outage()
		for i := range 3 {
			r.Standings[0].At = noon.Add(time.Duration(i) * time.Second)
			record(t, s, notifier.Record{Standings: r.Standings})
		}
		wantMemory(t, s, status.Memory{Standings: r.Standings})
	})
}

func FuzzLookBody(f *testing.F) {
	batches, _ := someDays()
	for _, votes := range batches {
		f.Add(store.Body(votes))
	}
	f.Add([]byte{1, 0, 255, 255, 255, 255, 15})
	f.Fuzz(func(t *testing.T, body []byte) {
		once, err := store.Recode(body)
		if err != nil {
			return
		}
		twice, err := store.Recode(once)
		if err != nil || !slices.Equal(once, twice) {
			t.Errorf("%x became %x (%v)", once, twice, err)
		}
	})
}

func FuzzPointBody(f *testing.F) {
	f.Add([]byte{1, 1, 0, 2, 1, 1, 1, 1, 0})
	f.Add([]byte{1, 255, 255, 255, 255, 15})
	f.Fuzz(func(t *testing.T, body []byte) {
		once, err := store.RecodePoints(body)
		if err != nil {
			return
		}
		if twice, err := store.RecodePoints(once); err != nil || !slices.Equal(once, twice) {
			t.Errorf("%x became %x (%v)", once, twice, err)
		}
	})
}

// A million looks are some megabytes: of regular ones each takes about four
// bytes in a block.
func TestLooksAreSmall(t *testing.T) {
	var votes []status.Vote
	for n := range 16 {
		s := checkNo(n)
		for i := range 360 {
			jitter := time.Duration(math.Sin(float64(i*n))*3) * time.Millisecond
			votes = append(votes, status.Vote{Check: s.Check, Location: s.Location, At: noon.Add(time.Duration(i)*10*time.Second + jitter), Took: time.Duration(20_000+i*371) * time.Microsecond, Outcome: status.OK})
		}
	}
	slices.SortFunc(votes, func(a, b status.Vote) int { return cmp.Compare(a.Check, b.Check) })
	if each := float64(len(store.Body(votes))) / float64(len(votes)); each > 5 {
		t.Errorf("a look takes %.1f bytes", each)
	}
}
