package monitor_test

import (
	"errors"
	"testing"
	"time"

	"bongsu/monitor"
	"bongsu/status"
)

// Who presses a button twice has pressed it once; who changed the words in
// between is told what came of the first.
func TestAFormThatIsSentTwiceIsCarriedOutOnce(t *testing.T) {
	m := &status.Model{Site: status.Site{Zone: time.UTC}, Locations: []status.Location{{ID: here}}}
	d := monitor.NewDesk(status.NewBoard(m, status.Memory{}, &names{}), here, writer{})
	open := status.Command{ID: "form-1", Author: "kim", Open: &status.Draft{Title: status.Text{"en": "Maps"}, Text: status.Text{"en": "Slow."}}}
	first, err := d.Once(open, noon)
	if err != nil {
		t.Fatal(err)
	}
	agenda, _ := d.Due(noon)
	if agenda.Record == nil || len(agenda.Record.Answers) != 1 || agenda.Record.Answers[0].Made != first || agenda.Record.Answers[0].Asked != open.Digest() || len(agenda.Record.Change.Incidents) != 1 {
		t.Fatalf("kept %+v", agenda.Record)
	}
	d.Recorded(nil, noon)
	if again, err := d.Once(open, noon.Add(time.Second)); err != nil || again != first {
		t.Errorf("the second time came of it %q (%v), want %q", again, err, first)
	}
	open.Open = &status.Draft{Title: status.Text{"en": "Maps"}, Text: status.Text{"en": "Very slow."}}
	if again, err := d.Once(open, noon.Add(2*time.Second)); !errors.Is(err, status.ErrAsked) || again != first {
		t.Errorf("with other words came of it %q (%v)", again, err)
	}
	agenda, _ = d.Due(noon.Add(3 * time.Second))
	if agenda.Record != nil && len(agenda.Record.Change.Incidents)+len(agenda.Record.Answers) > 0 {
		t.Errorf("something happened: %+v", agenda.Record)
	}
	// What the board refused may be asked again under the same id.
	wrong := status.Command{ID: "form-2", Incident: "i9", Note: &status.NoteDraft{Text: status.Text{"en": "?"}}}
	for range 2 {
		if _, err := d.Once(wrong, noon.Add(4*time.Second)); !errors.Is(err, status.ErrNoIncident) {
			t.Errorf("noting on nothing: %v", err)
		}
	}
}
