package store_test

import (
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"bongsu/store"
	"bongsu/store/pgtest"
)

// The two databases pass the same tests, or one of them is wrong. A suite is a
// function of an opener; each call of the opener gives a new, empty database,
// which does not wait for the disk: what survives a crash is other tests' matter.
func exercise(t *testing.T, suite func(t *testing.T, open func(t *testing.T) *store.Store)) {
	t.Run("sqlite", func(t *testing.T) { suite(t, openSQLite) })
	t.Run("postgres", func(t *testing.T) { suite(t, openPostgres) })
}

func openSQLite(t *testing.T) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "bongsu.db"), store.Options{Scratch: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func openPostgres(t *testing.T) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), newPostgres(t)+"&synchronous_commit=off", store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// newPostgres makes an empty database in the package's one cluster.
func newPostgres(t *testing.T) string {
	t.Helper()
	c, err := cluster()
	if errors.Is(err, exec.ErrNotFound) {
		pgtest.Missing(t, "PostgreSQL")
	}
	if err != nil {
		t.Fatal(err)
	}
	name := fmt.Sprintf("test_%d", databases.Add(1))
	admin, err := sql.Open("pgx", c.Address())
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	if _, err := admin.ExecContext(t.Context(), "CREATE DATABASE "+name); err != nil {
		t.Fatal(err)
	}
	return c.Database(name)
}

var (
	databases atomic.Int64
	cluster   = sync.OnceValues(pgtest.Start)
)

func TestMain(m *testing.M) {
	if child() { // a crash test's sending process
		return
	}
	code := m.Run()
	if databases.Load() > 0 { // else asking would start one
		if c, err := cluster(); err == nil {
			c.Stop()
		}
	}
	os.Exit(code)
}
