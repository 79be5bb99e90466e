package status_test

import (
	"testing"
	"time"

	"bongsu/status"
)

// Who names what is not there is told what is; who corrects reads what was to
// be corrected in words.
func TestRefusalsSayWhatToWrite(t *testing.T) {
	d := newDesk(t, model("login", "pay"))
	title := status.Text{"en": "x"}
	draft := func(component string) *status.Draft {
		return &status.Draft{Title: title, Text: title, Components: map[string]status.State{component: status.MajorOutage}}
	}
	work := func(component string) *status.Maintenance {
		return &status.Maintenance{ID: "w", Title: title, Components: []string{component}, From: d.now, Until: d.now.Add(time.Hour)}
	}
	refuses := func(c status.Command, want string) {
		t.Helper()
		if _, err := d.board.Do(c, d.now); err == nil || err.Error() != want {
			t.Errorf("it says %v, want %s", err, want)
		}
	}
	refuses(status.Command{Open: draft("mail")}, `opening an incident: "mail": no such component; there are login, pay`)
	refuses(status.Command{Maintain: work("mail")}, `planning maintenance: "mail": no such component; there are login, pay`)
	refuses(status.Command{Cancel: "x"}, `calling off maintenance "x": no such maintenance; nothing is planned`)
	if _, err := d.board.Do(status.Command{Maintain: work("pay")}, d.now); err != nil {
		t.Fatal(err)
	}
	refuses(status.Command{Cancel: "x"}, `calling off maintenance "x": no such maintenance; what is planned has the ids w`)

	incident, err := d.board.Do(status.Command{Open: draft("pay")}, d.now)
	if err != nil {
		t.Fatal(err)
	}
	end := status.Correction{Field: status.CorrectResolved, Is: d.now.Format(time.RFC3339), Reason: title}
	refuses(status.Command{Incident: incident, Correct: &end}, `correcting the end of incident "`+incident+`": `+status.ErrGoesOn.Error())
	onset := status.Correction{Field: status.CorrectBegan, Is: "noon", Reason: title}
	refuses(status.Command{Incident: incident, Correct: &onset}, `correcting the onset of incident "`+incident+`": "noon" is `+status.ErrBadTime.Error())
	nothing := status.Correction{Field: "title", Reason: title}
	refuses(status.Command{Incident: incident, Correct: &nothing}, `correcting incident "`+incident+`": `+status.ErrNoField.Error())
}
