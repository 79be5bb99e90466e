package status_test

import (
	"testing"
	"time"

	"bongsu/status"
)

// Nobody has measured that what the configuration drops has recovered, so
// nobody is told so.
func TestWhatIsDroppedHasNotRecovered(t *testing.T) {
	m := model("pay", "maps")
	d := newDesk(t, m)
	d.keep(10*time.Minute, world(m, status.OK, map[string]status.Outcome{"pay": status.Failed}))
	wantHeard(t, d, "opened operational>major_outage")
	d.model = model("maps")
	d.restart()
	d.judge()
	dropped := d.now
	d.keep(2*time.Hour, world(d.model, status.OK, nil))
	i := d.only()
	if last := i.Updates[len(i.Updates)-1]; i.Open() || !i.Resolved.Equal(dropped) || !i.Dropped() || last.Kind != status.UpdateDropped || last.Stage != status.Resolved {
		t.Errorf("dropped at %s, it ended %s: %v", dropped, i.Resolved, tale(i))
	}
	wantHeard(t, d, "opened operational>major_outage")
}

// What goes on being measured ends by measurement.
func TestWhatIsDroppedInPartRecovers(t *testing.T) {
	m := model("login", "chat needs login")
	d := newDesk(t, m)
	d.keep(10*time.Minute, world(m, status.Failed, nil))
	d.model = model("chat")
	d.restart()
	d.keep(2*time.Hour, world(d.model, status.OK, nil))
	if i := d.only(); i.Open() || i.Dropped() {
		t.Errorf("the incident is told as %v", tale(i))
	}
	wantHeard(t, d, "opened operational>major_outage", "resolved major_outage>operational")
}
