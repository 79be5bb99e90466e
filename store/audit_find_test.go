package store_test

import (
	"slices"
	"strconv"
	"testing"
	"time"

	"bongsu/store"
	"bongsu/web/account"
)

func TestLookingThroughTheAuditLog(t *testing.T) {
	ledgers(t, func(t *testing.T, s *store.Store) {
		for i := range 6 {
			e := account.Entry{
				At: march.Add(time.Duration(i) * time.Hour), Who: account.Who{ID: "u" + strconv.Itoa(i%2), Name: "Kim " + strconv.Itoa(i%2), Role: account.Operator},
				Deed: []account.Deed{account.Steer, account.Drill}[i/3], About: "notice n" + strconv.Itoa(i), Detail: "50 % of 'it'",
			}
			if err := s.Audit(t.Context(), e); err != nil {
				t.Fatal(err)
			}
		}
		for _, f := range []struct {
			what string
			q    store.EntryQuery
			want []int64
		}{
			{"all", store.EntryQuery{}, []int64{6, 5, 4, 3, 2, 1}},
			{"a page", store.EntryQuery{Before: 5, Limit: 2}, []int64{4, 3}},
			{"one person", store.EntryQuery{Who: "u1"}, []int64{6, 4, 2}},
			{"by name", store.EntryQuery{Who: "Kim 0"}, []int64{5, 3, 1}},
			{"a deed", store.EntryQuery{Deed: account.Drill}, []int64{6, 5, 4}},
			{"about", store.EntryQuery{About: "notice n4"}, []int64{5}},
			{"about all notices", store.EntryQuery{About: "notice "}, []int64{6, 5, 4, 3, 2, 1}},
			{"no pattern", store.EntryQuery{About: "%"}, nil},
			{"some hours", store.EntryQuery{From: march.Add(time.Hour), Until: march.Add(3 * time.Hour)}, []int64{3, 2}},
		} {
			if f.q.Limit == 0 {
				f.q.Limit = 50
			}
			list, err := s.FindEntries(t.Context(), f.q)
			var got []int64
			for i := range list {
				got = append(got, list[i].Number)
			}
			if err != nil || !slices.Equal(got, f.want) {
				t.Errorf("%s: %v (%v), want %v", f.what, got, err, f.want)
			}
		}
	})
}
