package store_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bongsu/notifier/appnotice"
	"bongsu/store"
)

// A key is begun once, then answers the same for a day.
func TestAnswersAreKept(t *testing.T) {
	exercise(t, func(t *testing.T, open func(*testing.T) *store.Store) {
		s := open(t)
		ctx := t.Context()
		key, other := appnotice.NewKey("t1", "k", []byte("open")), appnotice.NewKey("t1", "k", []byte("close"))
		if kept, _, err := s.BeginAnswer(ctx, key, march); kept != nil || err != nil {
			t.Fatalf("the first: %v, %v", kept, err)
		}
		if _, begun, err := s.BeginAnswer(ctx, key, march.Add(time.Second)); !errors.Is(err, appnotice.ErrBusy) || !begun.Equal(march) {
			t.Errorf("while it is in hand: begun %s, %v", begun, err)
		}
		if _, _, err := s.BeginAnswer(ctx, other, march); !errors.Is(err, appnotice.ErrKeyReused) {
			t.Errorf("another request: %v", err)
		}
		want := store.KeptAnswer{Code: 201, Location: "/incidents/i1", ETag: `"x"`, Body: []byte(`{"token":"bongsu_"}`)}
		if err := s.EndAnswer(ctx, key, want); err != nil {
			t.Fatal(err)
		}
		got, _, err := s.BeginAnswer(ctx, key, march.Add(time.Hour))
		if err != nil || cmp.Diff(&want, got) != "" {
			t.Errorf("again: %v\n%s", err, cmp.Diff(&want, got))
		}
		if err := s.DropAnswer(ctx, key); err != nil {
			t.Fatal(err)
		}
		if got, _, _ := s.BeginAnswer(ctx, key, march.Add(time.Hour)); got == nil {
			t.Error("what was answered was given back")
		}
		if _, _, err := s.Answered(ctx, key); err != nil {
			t.Errorf("as a notice's: %v", err)
		}
		if err := s.TidyLists(ctx, march.Add(25*time.Hour), march.Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		if kept, _, err := s.BeginAnswer(ctx, other, march.Add(25*time.Hour)); kept != nil || err != nil {
			t.Errorf("a day later: %v, %v", kept, err)
		}
		if err := s.DropAnswer(ctx, other); err != nil {
			t.Fatal(err)
		}
		if kept, _, err := s.BeginAnswer(ctx, other, march.Add(25*time.Hour)); kept != nil || err != nil {
			t.Errorf("given back: %v, %v", kept, err)
		}
	})
}

func TestRequestsAreSeenOnce(t *testing.T) {
	exercise(t, func(t *testing.T, open func(*testing.T) *store.Store) {
		s := open(t)
		for i, want := range []bool{true, false, false} {
			if first, err := s.FirstTime(t.Context(), "slack 1", march); first != want || err != nil {
				t.Errorf("time %d: %v, %v", i+1, first, err)
			}
		}
		if first, err := s.FirstTime(t.Context(), "slack 2", march); !first || err != nil {
			t.Errorf("another one: %v, %v", first, err)
		}
	})
}
