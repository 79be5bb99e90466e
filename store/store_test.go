package store_test

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"bongsu/store"
)

func TestOpen(t *testing.T) {
	exercise(t, func(t *testing.T, open func(*testing.T) *store.Store) {
		if err := open(t).Ping(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
}

// A second server on one SQLite file would send everything twice.
func TestOnlyOneServerPerFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bongsu.db")
	first, err := store.Open(t.Context(), path, store.Options{Sole: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err = store.Open(t.Context(), path, store.Options{Sole: true}); err == nil || !strings.Contains(err.Error(), "another bongsu") {
		t.Fatalf("the second server got %v", err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := store.Open(t.Context(), path, store.Options{Sole: true})
	if err != nil {
		t.Fatalf("after the first closed: %v", err)
	}
	again.Close()
}

func TestNewerSchemaIsRefused(t *testing.T) {
	exercise(t, func(t *testing.T, open func(*testing.T) *store.Store) {
		s := open(t)
		if err := s.PretendNewer(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := s.Migrate(t.Context()); !errors.Is(err, store.ErrNewerSchema) {
			t.Fatalf("got %v", err)
		}
	})
}
