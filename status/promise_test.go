package status_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bongsu/status"
)

func TestAMissedPromiseShows(t *testing.T) {
	m := model("login")
	for _, tt := range []struct {
		name string
		away time.Duration
		miss bool
	}{
		{"in time", time.Hour - time.Second, false},
		{"to the second", time.Hour, false},
		{"a minute late is in time", time.Hour + time.Minute, false},
		{"more than a minute late", time.Hour + time.Minute + time.Second, true},
		{"a night late", 9 * time.Hour, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := newDesk(t, m)
			d.rounds(3, world(m, status.Failed, nil))
			i := d.only()
			promised := i.Next
			d.restart()
			d.now = d.now.Add(tt.away)
			c := d.judge()
			d.pass(time.Hour)
			var want []status.Missed
			var shown time.Time
			if tt.miss {
				came := promised.Add(tt.away - time.Hour)
				want, shown = []status.Missed{{Incident: i.ID, Code: i.Code, Promised: promised, Came: came}}, promised
			}
			if diff := cmp.Diff(want, c.Missed); diff != "" {
				t.Errorf("operators hear of (-want +got):\n%s", diff)
			}
			if got := d.only().Updates[1]; !got.Missed.Equal(shown) {
				t.Errorf("%s says that the promise of %s was missed", got.Kind, got.Missed)
			}
			for _, u := range d.only().Updates[2:] {
				if !u.Missed.IsZero() {
					t.Errorf("%s at %s says so again", u.Kind, u.At)
				}
			}
		})
	}
}

// While it answers, nobody is texted that it is not over.
func TestNoDigestWhileItAnswers(t *testing.T) {
	m := model("login")
	m.Rules.Watch = 30 * time.Hour
	d := newDesk(t, m)
	d.keep(5*time.Minute, world(m, status.Failed, nil))
	d.keep(26*time.Hour, world(m, status.OK, nil))
	wantHeard(t, d, "opened operational>major_outage")
	if i := d.only(); i.Stage != status.Monitoring || len(i.Updates) < 20 {
		t.Errorf("it is %s after %d updates", i.Stage, len(i.Updates))
	}
	d.keep(10*time.Minute, world(m, status.Failed, nil))
	d.keep(2*time.Hour, world(m, status.Failed, nil))
	wantHeard(t, d, "opened operational>major_outage", "digest operational>major_outage")
}

// Text is back while files are not: told by capability, on the page.
func TestRecoveryByCapability(t *testing.T) {
	m := model("text in dc", "files in dc", "login in dc")
	d := newDesk(t, m)
	d.keep(30*time.Minute, world(m, status.Failed, nil))
	d.keep(20*time.Minute, world(m, status.OK, fails("files")))
	i := d.only()
	wantTale(t, i, "opened/identified changed/identified")
	last := i.Updates[len(i.Updates)-1]
	var back []string
	for _, a := range last.Components {
		if !a.Until.IsZero() {
			back = append(back, a.Component)
		}
	}
	if diff := cmp.Diff([]string{"login", "text"}, back); diff != "" {
		t.Errorf("told as back (-want +got):\n%s", diff)
	}
	// It fails again: the same incident, and still no text.
	d.keep(10*time.Minute, world(m, status.OK, fails("files", "text")))
	if got := d.component("text").Incident; got != i.ID {
		t.Errorf("text is told of by %q", got)
	}
	wantHeard(t, d, "opened operational>major_outage")
}

// An outage with news in every hour has no update that says "nothing has
// changed"; people hear once a day that it goes on all the same, and a restart
// repeats nothing.
func TestTheDigestComesWithWhateverIsNew(t *testing.T) {
	const opened, digest = "opened operational>major_outage", "digest operational>major_outage"
	for _, tt := range []struct {
		name          string
		first, second map[string]status.Outcome // the world in turns
		hours         int
		heard         []string
	}{
		{"the list changes", fails("login", "text", "files"), fails("login", "text"), 54, []string{opened, digest, digest}},
		{"it falls back", fails("login", "text", "files"), nil, 54, []string{opened, digest, digest}},
		{"not before its time", fails("login", "text", "files"), fails("login", "text"), 24, []string{opened}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := model("login", "text needs login", "files needs login")
			d := newDesk(t, m)
			for range tt.hours {
				d.keep(30*time.Minute, world(m, status.OK, tt.first))
				d.restart()
				d.keep(30*time.Minute, world(m, status.OK, tt.second))
			}
			wantHeard(t, d, tt.heard...)
			i := d.only()
			for _, u := range i.Updates {
				if u.Kind == status.UpdateNoChange {
					t.Errorf("nothing has changed at %s", u.At)
				}
			}
			for n := 1; n < len(d.events); n++ {
				if gap := d.events[n].At.Sub(d.events[n-1].At); gap < 24*time.Hour || gap > 25*time.Hour {
					t.Errorf("%s comes %s after the words before it", d.events[n].Kind, gap)
				}
			}
		})
	}
}

// Who has just heard that it is worse need not hear that it goes on.
func TestTheDigestCountsFromTheWorstNews(t *testing.T) {
	m := model("chat")
	d := newDesk(t, m)
	d.keep(20*time.Hour, world(m, status.Slow, nil))
	d.keep(20*time.Hour, world(m, status.Failed, nil))
	d.restart()
	wantHeard(t, d, "opened operational>degraded_performance", "worsened degraded_performance>major_outage")
	d.keep(6*time.Hour, world(m, status.Failed, nil))
	wantHeard(t, d, "opened operational>degraded_performance", "worsened degraded_performance>major_outage", "digest operational>major_outage")
	if gap := d.events[2].At.Sub(d.events[1].At); gap < 24*time.Hour {
		t.Errorf("the digest comes %s after the bad news", gap)
	}
}
