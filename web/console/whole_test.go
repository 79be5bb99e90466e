package console_test

import (
	"testing"

	"bongsu/web/console"
)

// TestTextsAndTemplatesAreWhole reads what the console reads only when somebody
// asks: every language has every text, and no page calls for a text or template
// that is not there.
func TestTextsAndTemplatesAreWhole(t *testing.T) {
	pages, err := console.Whole()
	if err != nil {
		t.Fatal(err)
	}
	if pages < 30 {
		t.Errorf("only %d pages were read: are the templates elsewhere?", pages)
	}
}
