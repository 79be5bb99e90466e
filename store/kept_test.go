package store_test

import (
	"path/filepath"
	"testing"

	"bongsu/store"
)

// A statement that is kept for its text begins anew each time, whether its rows
// were read to the end or not, and does not disturb the one whose rows are being
// read by the same text.
func TestKeptStatementsBeginAnew(t *testing.T) {
	s := openAt(t, filepath.Join(t.TempDir(), "bongsu.db"), store.Options{Keys: keys()})
	first, err := s.ReadWithin(t.Context())
	if err != nil || first < 2 {
		t.Fatalf("%d rows, %v", first, err)
	}
	name, err := s.ReadHalf(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for range 3 { // it is kept from the second time on
		if n, err := s.ReadWithin(t.Context()); err != nil || n != first {
			t.Errorf("%d rows, %v; want %d", n, err, first)
		}
		if half, err := s.ReadHalf(t.Context()); err != nil || half != name {
			t.Errorf("%q, %v; want %q", half, err, name)
		}
	}
}
