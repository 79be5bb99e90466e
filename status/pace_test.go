package status_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bongsu/status"
)

// turns lets the component do well and fail in turns of three minutes, while the
// rest of the world stays as it is.
func (d *desk) turns(id string, well status.Outcome, span time.Duration, rest map[string]status.Outcome) {
	for until := d.now.Add(span); d.now.Before(until); {
		for _, o := range []status.Outcome{well, status.Failed} {
			rest[id+"/1"] = o
			d.keep(3*time.Minute, rest)
		}
	}
}

// tellings are the times, since the first words, of the updates that tell of
// changed components.
func tellings(i *status.Incident) (at []time.Duration) {
	for _, u := range i.Updates {
		if u.Kind == status.UpdateChanged {
			at = append(at, u.At.Sub(i.Announced))
		}
	}
	return at
}

func failing(components []status.Affected) (ids []string) {
	for _, a := range components {
		if a.Until.IsZero() && a.State.Troubled() {
			ids = append(ids, a.Component)
		}
	}
	slices.Sort(ids)
	return ids
}

// A component that comes and goes is news at first. Later it is told now and
// then, as it is then, and no promise is broken over it.
func TestTheSameChangeIsToldEverMoreSlowly(t *testing.T) {
	const hours = 6
	var without []string
	for _, restart := range []time.Duration{0, 18 * time.Minute, 3 * time.Hour} {
		t.Run(fmt.Sprintf("restart after %s", restart), func(t *testing.T) {
			m := model("login", "text needs login", "files needs login")
			d := newDesk(t, m)
			all := world(m, status.Failed, nil)
			d.keep(5*time.Minute, all)
			d.turns("text", status.OK, restart, all)
			if restart > 0 {
				d.restart()
			}
			d.turns("text", status.OK, hours*time.Hour-restart, all)
			i := d.only()
			at := tellings(i)
			if len(at) < 3*hours || len(at) > 5*hours {
				t.Errorf("120 changes are told %d times: %s", len(at), at)
			}
			for n := 1; n < 4; n++ {
				if gap := at[n] - at[n-1]; gap > 4*time.Minute {
					t.Errorf("telling %d comes %s after the last", n, gap)
				}
			}
			for n := 9; n < len(at); n++ {
				if gap := at[n] - at[n-1]; gap < 10*time.Minute {
					t.Errorf("telling %d comes %s after the last", n, gap)
				}
			}
			for n := 1; n < len(i.Updates); n++ {
				was, is := &i.Updates[n-1], &i.Updates[n]
				if is.At.After(was.Next) {
					t.Errorf("word was promised by %s and came at %s", was.Next, is.At)
				}
				if same := slices.Equal(failing(was.Components), failing(is.Components)); n > 1 && same != (is.Kind == status.UpdateNoChange) {
					t.Errorf("at %s %s tells of %v after %v", is.At, is.Kind, failing(is.Components), failing(was.Components))
				}
			}
			wantHeard(t, d, "opened operational>major_outage")

			told := fmt.Sprint(at)
			without = append(without, told)
			if diff := cmp.Diff(without[0], told); diff != "" {
				t.Errorf("told (-without a restart +with):\n%s", diff)
			}
		})
	}
}

// What flaps does not hold up the news of another component.
func TestAnotherChangeIsToldAtOnce(t *testing.T) {
	m := model("login", "text needs login", "calls needs login")
	d := newDesk(t, m)
	rest := world(m, status.Failed, nil)
	rest["calls/1"] = status.OK
	d.keep(5*time.Minute, rest)
	d.turns("text", status.OK, 2*time.Hour, rest)
	rest["text/1"] = status.OK
	d.keep(20*time.Minute, rest) // told as answering, for a while
	rest["text/1"] = status.Failed
	d.keep(5*time.Minute, rest)
	if before := d.only(); d.now.Sub(before.Updates[len(before.Updates)-1].At) > 10*time.Minute {
		t.Fatalf("nothing was told of late: %+v", before.Updates[len(before.Updates)-1])
	}
	rest["text/1"] = status.OK
	d.keep(4*time.Minute, rest)
	rest["calls/1"] = status.Failed
	d.keep(4*time.Minute, rest)
	i := d.only()
	last := i.Updates[len(i.Updates)-1]
	if wait := last.At.Sub(d.component("calls").Since); wait < 0 || wait > 10*time.Second || !slices.Contains(failing(last.Components), "calls") {
		t.Errorf("calls fails since %s; the last word is %s at %s, of %v", d.component("calls").Since, last.Kind, last.At, failing(last.Components))
	}
}

// What is worse than told does not wait; what is better does.
func TestWorseIsToldAtOnceHoweverOften(t *testing.T) {
	m := model("chat")
	d := newDesk(t, m)
	rest := world(m, status.Failed, nil)
	d.keep(5*time.Minute, rest)
	d.turns("chat", status.Slow, 6*time.Hour, rest)
	i := d.only()
	at := tellings(i)
	if len(at) < 24 || len(at) > 60 {
		t.Errorf("120 changes are told %d times: %s", len(at), at)
	}
	var last *status.Update
	for n := range i.Updates {
		u := &i.Updates[n]
		if u.Kind != status.UpdateChanged {
			continue
		}
		if u.Components[0].State == status.MajorOutage && u.At.Sub(last.At) > 4*time.Minute {
			t.Errorf("that it is worse is told at %s, that it was better at %s", u.At, last.At)
		}
		if n > 20 && u.Components[0].State == status.DegradedPerformance && u.At.Sub(last.At) < 10*time.Minute {
			t.Errorf("that it is better is told at %s, that it was worse at %s", u.At, last.At)
		}
		last = u
	}
	wantHeard(t, d, "opened operational>major_outage")
}

// What waits is told when it is due, without another look; and a promise that
// comes first is not kept with "nothing has changed".
func TestWhatWaitsIsToldInTime(t *testing.T) {
	for _, tt := range []struct {
		name    string
		promise time.Duration
		atMost  time.Duration
	}{
		{"when it is due", time.Hour, 15 * time.Minute},
		{"when word was promised", 7 * time.Minute, 7 * time.Minute},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := model("login", "text needs login")
			m.Rules.Promise = tt.promise
			for i := range m.Components {
				m.Components[i].Checks[0].Fresh = time.Hour
			}
			d := newDesk(t, m)
			rest := world(m, status.Failed, nil)
			d.keep(5*time.Minute, rest)
			d.turns("text", status.OK, 2*time.Hour, rest)
			was := d.only()
			told := was.Updates[len(was.Updates)-1]
			now := status.OK
			if !slices.Contains(failing(told.Components), "text") {
				now = status.Failed
			}
			d.rounds(3, world(m, status.Failed, map[string]status.Outcome{"text": now}))
			d.pass(tt.atMost)
			is := d.only()
			next := is.Updates[len(was.Updates)]
			if next.Kind != status.UpdateChanged || next.At.Sub(told.At) > tt.atMost {
				t.Errorf("after %s comes %s", next.At.Sub(told.At), next.Kind)
			}
		})
	}
}
