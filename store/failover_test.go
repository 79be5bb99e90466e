package store_test

import (
	"database/sql"
	"errors"
	"os/exec"
	"testing"
	"time"

	"bongsu/store"
	"bongsu/store/pgtest"
)

// PostgreSQL's primary is killed while a notice is being sent, and a
// synchronous standby promoted: sooner or later than a lease lasts. Nothing is
// lost, nothing repeated, and sending goes on within a second.
func TestThePrimaryIsKilled(t *testing.T) { modes(t, primaryKilled) }

func primaryKilled(t *testing.T) {
	for what, pause := range map[string]time.Duration{"promoted soon": 500 * time.Millisecond, "promoted after the lease": 3 * time.Second} {
		t.Run(what, func(t *testing.T) {
			primary, standby := pair(t)
			o := newMishap(t, openAt(t, primary.Either(standby, "bongsu"), store.Options{Keys: keys()}), 2*time.Second)
			o.run(func() {
				if err := primary.Kill(); err != nil {
					t.Fatal(err)
				}
				time.Sleep(pause) // how long whoever promotes takes
				if err := standby.Promote(); err != nil {
					t.Fatal(err)
				}
				promoted, before := time.Now(), o.gate.count()
				eventually(t, 20*time.Second, func() bool { return o.gate.count() > before })
				took := time.Since(promoted)
				t.Logf("sending went on %s after the promotion", took.Round(time.Millisecond))
				if most := atLeisure(time.Second); took > most {
					t.Errorf("sending went on after %s, want %s", took, most)
				}
			})
		})
	}
}

// pair is a primary with a database, and a standby that follows it.
func pair(t *testing.T) (primary, standby *pgtest.Cluster) {
	t.Helper()
	primary, err := pgtest.Start()
	if errors.Is(err, exec.ErrNotFound) {
		pgtest.Missing(t, "PostgreSQL")
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(primary.Stop)
	db, err := sql.Open("pgx", primary.Address())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), "CREATE DATABASE bongsu"); err != nil {
		t.Fatal(err)
	}
	if standby, err = primary.Standby(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(standby.Stop)
	return primary, standby
}
