package speech_test

import (
	"testing"
	"testing/fstest"

	"bongsu/web/speech"
)

// Counted things are in the form that goes with their number, and the number is
// as people read it.
func TestCountsAreSaidInTheirForm(t *testing.T) {
	const texts = `
weekdays: a b c d e f g
months: a b c d e f g h i j k l
people: {one: "{{.Count}} person", other: "{{.Count}} people"}
errors: "{{.N}} {{plural .N \"error\" \"errors\"}}"
`
	v := speech.Open([]string{"en"}, fstest.MapFS{"en.yaml": {Data: []byte(texts)}}).Voice("en")
	for n, want := range map[int]string{0: "0 people", 1: "1 person", 2: "2 people", 48213: "48,213 people", 1_000_001: "1,000,001 people"} {
		if got := v.Count("people", n); got != want {
			t.Errorf("%d: %q, want %q", n, got, want)
		}
	}
	for n, want := range map[any]string{1: "1 error", int64(1): "1 error", "1": "1 error", 0: "0 errors", "1,000": "1,000 errors", int64(21): "21 errors"} {
		if got := v.Say("errors", "N", n); got != want {
			t.Errorf("%v: %q, want %q", n, got, want)
		}
	}
	for n, want := range map[int64]string{-1234: "-1,234", -123: "-123", 999: "999", 1000: "1,000"} {
		if got := speech.Grouped(n); got != want {
			t.Errorf("%d: %q, want %q", n, got, want)
		}
	}
}
