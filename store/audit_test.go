package store_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"bongsu/store"
	"bongsu/web/account"
)

// writeLog puts entries into the log, some at once.
func writeLog(t *testing.T, s *store.Store, n int) {
	t.Helper()
	who := account.Who{ID: "a1", Name: "hana", Role: account.Operator, App: "safety"}
	var wait sync.WaitGroup
	for i := range n {
		wait.Go(func() {
			e := account.Entry{At: march.Add(time.Duration(i) * time.Second), Who: who, Deed: account.Publish, About: "incident 7F3K", Detail: fmt.Sprint("update ", i, strings.Repeat("가", 900))}
			if err := s.Audit(t.Context(), e); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
}

func TestAuditLog(t *testing.T) {
	ledgers(t, func(t *testing.T, s *store.Store) {
		if last, err := s.VerifyAudit(t.Context()); last.Number != 0 || err != nil {
			t.Errorf("an empty log: %+v (%v)", last, err)
		}
		writeLog(t, s, 5)
		last, err := s.VerifyAudit(t.Context())
		if err != nil || last.Number != 5 || last.Hash == "" {
			t.Fatalf("the log ends with %+v (%v)", last, err)
		}
		list, err := s.Entries(t.Context(), 3, 10)
		if err != nil || len(list) != 2 || list[1].Hash != last.Hash || list[0].Who.Name != "hana" || len(list[0].Detail) > 2000 {
			t.Errorf("read %+v (%v)", list, err)
		}
	})
}

// Whatever is changed in one entry, taken out or cut off is found, and where.
func TestOneChangedByteIsFound(t *testing.T) {
	for name, change := range map[string]struct {
		sql string
		at  int64
	}{
		"when":               {"UPDATE audit SET at = at + 1 WHERE id = 3", 3},
		"who":                {"UPDATE audit SET who = 'a2' WHERE id = 3", 3},
		"name":               {"UPDATE audit SET name = 'sora' WHERE id = 1", 1},
		"role":               {"UPDATE audit SET role = 'viewer' WHERE id = 2", 2},
		"app":                {"UPDATE audit SET app = '' WHERE id = 2", 2},
		"deed":               {"UPDATE audit SET deed = 'steer' WHERE id = 4", 4},
		"about":              {"UPDATE audit SET about = 'incident 7F3J' WHERE id = 4", 4},
		"one letter":         {"UPDATE audit SET detail = 'U' || substr(detail, 2) WHERE id = 4", 4},
		"a moved border":     {"UPDATE audit SET about = about || 'u', detail = substr(detail, 2) WHERE id = 4", 4},
		"its own hash":       {"UPDATE audit SET hash = '0' || substr(hash, 2) || '0' WHERE id = 4", 4},
		"taken out":          {"DELETE FROM audit WHERE id = 2", 2},
		"the first":          {"DELETE FROM audit WHERE id = 1", 1},
		"the end cut off":    {"DELETE FROM audit WHERE id = 5", 5},
		"all of it":          {"DELETE FROM audit", 1},
		"put somewhere else": {"UPDATE audit SET id = 6 WHERE id = 5", 5},
	} {
		t.Run(name, func(t *testing.T) {
			s := openSQLite(t)
			writeLog(t, s, 5)
			if err := s.Do(t.Context(), change.sql); err != nil {
				t.Fatal(err)
			}
			_, err := s.VerifyAudit(t.Context())
			if broken, ok := errors.AsType[*store.BrokenLogError](err); !ok || broken.Number != change.at {
				t.Errorf("found %v, want it at %d", err, change.at)
			}
		})
	}
}
