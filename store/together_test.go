package store_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"bongsu/store"
)

// Transactions that come at once are committed together, and each is undone by
// itself: of fifty, those that fail leave nothing, and all others everything.
func TestTransactionsTogether(t *testing.T) {
	exercise(t, func(t *testing.T, open func(*testing.T) *store.Store) {
		s := open(t)
		gone, end := context.WithCancel(t.Context())
		end()
		here := t.Context()
		var all sync.WaitGroup
		errs := make([]error, 50)
		for i := range errs {
			all.Go(func() {
				name, fails := fmt.Sprintf("try-%d", i), i%5 == 0
				if i%7 == 3 { // its caller has hung up
					errs[i] = s.Try(gone, name, fails)
					return
				}
				errs[i] = s.Try(here, name, fails)
			})
		}
		all.Wait()
		for i, err := range errs {
			value, readErr := s.Setting(here, fmt.Sprintf("try-%d", i))
			found := value != ""
			switch {
			case readErr != nil:
				t.Fatal(readErr)
			case i%7 == 3 && (!errors.Is(err, context.Canceled) || found):
				t.Errorf("%d, whose caller was gone: %v, kept %q", i, err, value)
			case i%7 != 3 && i%5 == 0 && (!errors.Is(err, store.ErrTried) || found):
				t.Errorf("%d, which failed: %v, kept %q", i, err, value)
			case i%7 != 3 && i%5 != 0 && (err != nil || !found):
				t.Errorf("%d: %v, kept %q", i, err, value)
			}
		}
	})
}

// A panic is its own caller's: the others of its commit are kept, and whoever
// comes later is served.
func TestAPanicHoldsNobodyElseUp(t *testing.T) {
	exercise(t, func(t *testing.T, open func(*testing.T) *store.Store) {
		s := open(t)
		var all sync.WaitGroup
		said := make([]any, 30)
		for i := range said {
			all.Go(func() {
				name := fmt.Sprintf("try-%d", i)
				if i%3 == 0 {
					said[i] = s.TryPanic(t.Context(), name)
				} else if err := s.Try(t.Context(), name, false); err != nil {
					said[i] = err
				}
			})
		}
		all.Wait()
		if err := s.Try(t.Context(), "later", false); err != nil {
			t.Fatal(err)
		}
		for i, v := range said {
			value, err := s.Setting(t.Context(), fmt.Sprintf("try-%d", i))
			if err != nil {
				t.Fatal(err)
			}
			panics := i%3 == 0
			if (value == "") != panics || (v != nil) != panics || panics && !strings.Contains(fmt.Sprint(v), "out of range") {
				t.Errorf("%d: kept %q, said %v", i, value, v)
			}
		}
	})
}

// SQLite undoes a transaction as a whole when a caller hangs up in the middle of
// a statement. Those who shared it are tried once more.
func TestWhatWasUndoneWithAnothersIsDoneAgain(t *testing.T) {
	s := openSQLite(t)
	var all sync.WaitGroup
	undone := make([]error, 3)
	kept := make([]error, 60)
	for i := range kept {
		all.Go(func() { kept[i] = s.Insist(t.Context(), fmt.Sprintf("kept-%d", i)) })
		if i%20 == 10 {
			all.Go(func() { undone[i/20] = s.Undo(t.Context()) })
		}
	}
	all.Wait()
	for i, err := range kept {
		value, readErr := s.Setting(t.Context(), fmt.Sprintf("kept-%d", i))
		if err != nil || readErr != nil || value == "" {
			t.Errorf("%d: %v, kept %q (%v)", i, err, value, readErr)
		}
	}
	for i, err := range undone {
		if err == nil {
			t.Errorf("undoing %d went unnoticed", i)
		}
	}
}
