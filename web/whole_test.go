package web_test

import (
	"testing"

	"bongsu/web"
)

// TestTextsAndTemplatesAreWhole reads what the server reads only when somebody
// asks: every language has every text, and no page calls for a text or template
// that is not there.
func TestTextsAndTemplatesAreWhole(t *testing.T) {
	pages, err := web.Whole()
	if err != nil {
		t.Fatal(err)
	}
	if pages < 20 {
		t.Errorf("only %d pages were read: are the templates elsewhere?", pages)
	}
}
