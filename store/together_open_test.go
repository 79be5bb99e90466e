package store_test

import (
	"path/filepath"
	"testing"

	"golang.org/x/sync/errgroup"

	"bongsu/store"
)

// Who opens a new file beside others waits for whoever makes its tables.
func TestANewDatabaseIsOpenedByManyAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bongsu.db")
	var all errgroup.Group
	for range 6 {
		all.Go(func() error {
			s, err := store.Open(t.Context(), path, store.Options{})
			if err != nil {
				return err
			}
			return s.Close()
		})
	}
	if err := all.Wait(); err != nil {
		t.Error(err)
	}
}
