package store_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"bongsu/notifier"
	"bongsu/status"
	"bongsu/store"
)

func ids(list []store.Subscriber) []int64 {
	var all []int64
	for i := range list {
		all = append(all, list[i].ID)
	}
	return all
}

func TestFindingSubscribers(t *testing.T) {
	ledgers(t, func(t *testing.T, s *store.Store) {
		wisher(t, s, "+821011115678", notifier.Wishes{}, "sms")
		wisher(t, s, "+821022225678", notifier.Wishes{Topics: []string{"talk"}}, "sms", "alimtalk")
		wisher(t, s, "+821033339678", notifier.Wishes{Topics: []string{notifier.GroupTopic("maps")}}, "sms")
		wisher(t, s, "+81909995678", notifier.Wishes{}, "sms")
		if err := s.Leave(t.Context(), wisher(t, s, "+821055555555", notifier.Wishes{}, "sms"), march); err != nil {
			t.Fatal(err)
		}
		open, err := s.AddSubscriber(t.Context(), store.Subscriber{Lang: "ja", Plan: "citizens", AtLeast: status.PartialOutage, Joined: march},
			[]store.Address{{Kind: "email", Address: "jo@mail.example", Source: "test", Consented: march}})
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range []struct {
			what string
			q    store.PeopleQuery
			want []int64
		}{
			{"everybody", store.PeopleQuery{}, []int64{6, 5, 4, 3, 2, 1}},
			{"a page", store.PeopleQuery{Before: 4, Limit: 2}, []int64{3, 2}},
			{"a kind", store.PeopleQuery{Kind: "alimtalk"}, []int64{2}},
			{"a language", store.PeopleQuery{Lang: "ja"}, []int64{open}},
			{"who hears of a component", store.PeopleQuery{Topics: []string{"talk", notifier.GroupTopic("chat")}, State: store.StateTold}, []int64{4, 2, 1}},
			{"who has left", store.PeopleQuery{State: store.StateLeft}, []int64{5}},
			{"who has proven nothing", store.PeopleQuery{State: store.StateUnproven}, []int64{open}},
			{"nothing is stopped", store.PeopleQuery{State: store.StateSuppressed}, nil},
		} {
			if f.q.Limit == 0 {
				f.q.Limit = 50
			}
			if got, err := s.FindSubscribers(t.Context(), f.q); err != nil || !slices.Equal(ids(got), f.want) {
				t.Errorf("%s: %v (%v), want %v", f.what, ids(got), err, f.want)
			}
		}
		for _, f := range []struct {
			digits string
			before int64
			limit  int
			want   []int64
			next   int64
		}{
			{"678", 0, 9, []int64{4, 3, 2, 1}, 0},
			{"5678", 0, 9, []int64{4, 2, 1}, 0},
			{"5678", 0, 2, []int64{4, 2}, 2},
			{"5678", 2, 2, []int64{1}, 0},
			{"22225678", 0, 9, []int64{2}, 0},
			{"78", 0, 9, nil, 0},
			{"%'--", 0, 9, nil, 0},
			{"0000", 0, 9, nil, 0},
		} {
			got, next, err := s.SubscribersEnding(t.Context(), f.digits, f.before, f.limit)
			if err != nil || !slices.Equal(ids(got), f.want) || next != f.next {
				t.Errorf("ending in %s from %d: %v, then %d (%v), want %v, then %d", f.digits, f.before, ids(got), next, err, f.want, f.next)
			}
		}
	})
}

func TestOnesHistoryPageByPage(t *testing.T) {
	ledgers(t, func(t *testing.T, s *store.Store) {
		subscribe(t, s, 2, "sms")
		c := newCity(t, s)
		for i := range 5 {
			n := noticeOf(status.EventOpened)
			n.ID, n.Incident = fmt.Sprintf("n%d", i), fmt.Sprintf("i%d", i)
			tell(t, s, n)
			c.step(time.Second)
		}
		var got []string
		before := int64(0)
		for {
			list, err := s.HistoryBefore(t.Context(), 1, before, 2)
			if err != nil {
				t.Fatal(err)
			}
			if len(list) == 0 {
				break
			}
			for _, d := range list {
				got = append(got, d.Notice)
			}
			before = list[len(list)-1].Batch
		}
		if want := []string{"n4", "n3", "n2", "n1", "n0"}; !slices.Equal(got, want) {
			t.Errorf("told %v, want %v", got, want)
		}
		if n, err := s.HandedTo(t.Context(), 1); err != nil || n != 5 {
			t.Errorf("handed over: %d (%v)", n, err)
		}
	})
}

func TestDrillsAndImportsAreKept(t *testing.T) {
	ledgers(t, func(t *testing.T, s *store.Store) {
		card := store.DrillCard{HTML: bytes.Repeat([]byte("<p>훈련</p>"), 5000), JSON: []byte("{}"), SVG: []byte("<svg/>")}
		for i := range 52 {
			d := store.DrillRun{ID: fmt.Sprintf("d%02d", i), Scenario: "flapping", Ours: i%2 == 1, By: "Kim", Began: march.Add(time.Duration(i) * time.Second)}
			if err := s.BeginDrill(t.Context(), d); err != nil {
				t.Fatal(err)
			}
			d.Ended, d.State, d.Kept, d.Broken = march.Add(time.Hour), store.DrillBroken, 3, 1
			if i < 51 {
				if err := s.EndDrill(t.Context(), d, card); err != nil {
					t.Fatal(err)
				}
			}
		}
		list, err := s.DrillRuns(t.Context())
		if err != nil || len(list) != 50 || list[0].State != store.DrillRunning || list[1].State != store.DrillBroken || list[1].Kept != 3 {
			t.Fatalf("kept %d, the first two %+v (%v)", len(list), list[:2], err)
		}
		if d, got, err := s.DrillRun(t.Context(), "d50"); err != nil || d.By != "Kim" || !bytes.Equal(got.HTML, card.HTML) || !bytes.Equal(got.SVG, card.SVG) {
			t.Errorf("read %+v with %d bytes (%v)", d, len(got.HTML), err)
		}
		if _, _, err := s.DrillRun(t.Context(), "d01"); !errors.Is(err, store.ErrNoDrill) {
			t.Errorf("the oldest is still there: %v", err)
		}
		for i := range 22 {
			r := store.ImportRun{ID: fmt.Sprintf("r%02d", i), Name: "a.csv", By: "Kim", Began: march.Add(time.Duration(i) * time.Second), Ended: march, Dry: true, Added: 7}
			if err := s.KeepImport(t.Context(), r, []byte("what was wrong")[:i%2*14]); err != nil {
				t.Fatal(err)
			}
		}
		if runs, err := s.Imports(t.Context()); err != nil || len(runs) != 20 || runs[0].ID != "r21" || !runs[0].Dry {
			t.Errorf("imports: %+v (%v)", runs, err)
		}
		if r, report, err := s.ImportReport(t.Context(), "r21"); err != nil || r.Added != 7 || string(report) != "what was wrong" {
			t.Errorf("import %+v: %q (%v)", r, report, err)
		}
		if _, report, err := s.ImportReport(t.Context(), "r20"); err != nil || len(report) != 0 {
			t.Errorf("an import without a word: %q (%v)", report, err)
		}
		if _, _, err := s.ImportReport(t.Context(), "r00"); !errors.Is(err, store.ErrNoImport) {
			t.Errorf("the oldest is still there: %v", err)
		}
	})
}

func TestWhatAppsHaveUsed(t *testing.T) {
	ledgers(t, func(t *testing.T, s *store.Store) {
		l, _ := listOf(t, s, "l", people(1, 2))
		if err := s.Place(t.Context(), order("a", l.Number, 2, "k")); err != nil {
			t.Fatal(err)
		}
		for i, expires := range []time.Time{{}, march.Add(time.Hour), march.Add(-time.Hour)} {
			if err := s.AddToken(t.Context(), store.Token{ID: strconv.Itoa(i), Hash: [32]byte{byte(i)}, Role: "app", App: "report", Made: march, Expires: expires}); err != nil {
				t.Fatal(err)
			}
		}
		got, err := s.AppUses(t.Context(), "2026-03-01", march)
		want := store.AppUse{Today: 2, Notices: 1, Last: march, Tokens: 2}
		if err != nil || got["report"] != want || len(got) != 1 {
			t.Errorf("%+v (%v), want %+v", got, err, want)
		}
		if list, err := s.Notices(t.Context(), store.NoticeQuery{App: "report", Limit: 5}); err != nil || len(list) != 1 || list[0].App != "report" {
			t.Errorf("its notices: %+v (%v)", list, err)
		}
	})
}
