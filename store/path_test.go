package store_test

import (
	"os"
	"path/filepath"
	"testing"

	"bongsu/store"
)

// A database is in the file that it was named after, and in no other.
func TestADatabaseIsInItsFile(t *testing.T) {
	for _, name := range []string{"bongsu.db", "a#b.db", "a?b.db", "50%25 of it.db", "상황판.db", "a&_pragma=b;c.db", "a:b.db"} {
		path := filepath.Join(t.TempDir(), name)
		s := openAt(t, path, store.Options{Keys: keys()})
		subscribe(t, s, 1, "sms")
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(path); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
	t.Chdir(t.TempDir())
	s := openAt(t, "beside.db", store.Options{Keys: keys()})
	subscribe(t, s, 1, "sms")
	if _, err := os.Stat("beside.db"); err != nil {
		t.Error(err)
	}
}
