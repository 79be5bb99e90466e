package web_test

import (
	"testing"

	"bongsu/web"
)

// One app's uploads leave places for the others'.
func TestNoAppHasAllPlacesForUploads(t *testing.T) {
	var p web.UploadPlaces
	for i, step := range []struct {
		app   string
		taken bool
	}{{"report", true}, {"report", true}, {"report", false}, {"clinic", true}, {"clinic", true}, {"benefit", false}} {
		if got := p.Take(step.app); got != step.taken {
			t.Errorf("upload %d, of %s: %v, want %v", i+1, step.app, got, step.taken)
		}
	}
	p.Leave("report")
	if !p.Take("benefit") {
		t.Error("a place that was given back is not free")
	}
}
