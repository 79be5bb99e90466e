package monitor_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"bongsu/monitor"
	"bongsu/notifier"
	"bongsu/probes"
	"bongsu/status"
)

// A third of the targets hang. Nobody else is looked at less often, or later.
func TestHangingThird(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		healthy := make([]service, 20)
		var services []look
		for i := range healthy {
			services = append(services, healthy[i].look)
		}
		for range 10 {
			services = append(services, func(ctx context.Context) probes.Result {
				ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
				defer cancel()
				<-ctx.Done()
				return probes.Result{Outcome: probes.Failed, Reason: "no answer within 5s"}
			})
		}
		c := newCity(t, nil, services...)
		c.live(time.Minute)
		for i := range healthy {
			looks := healthy[i].looks()
			if len(looks) != 6 {
				t.Errorf("healthy target %d was looked at %d times in a minute, want 6", i, len(looks))
			}
			for n := 1; n < len(looks); n++ {
				if gap := looks[n].Sub(looks[n-1]); gap != 10*time.Second {
					t.Errorf("healthy target %d waited %s for look %d", i, gap, n)
				}
			}
		}
		for i := range services {
			if want := map[bool]status.State{true: status.Operational, false: status.MajorOutage}[i < len(healthy)]; c.state(i) != want {
				t.Errorf("service %d is %s, want %s", i, c.state(i), want)
			}
		}
	})
}

// Three looks a second apart: two seconds after the first failing one the page
// shows it.
func TestConfirmedWithinThreeSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s service
		c := newCity(t, nil, s.look)
		_, stop := c.run()
		time.Sleep(time.Minute)
		before := len(s.looks())
		s.become(dead)
		time.Sleep(20 * time.Second)
		stop()
		first, shown := s.looks()[before], c.firstShown(0, status.MajorOutage)
		if took := shown.Sub(first); shown.IsZero() || took > 3*time.Second {
			t.Errorf("shown %s after the first failing look, want at most 3s", took)
		}
		if len(c.book.notices()) == 0 || c.wokes.Load() == 0 {
			t.Errorf("committed notices %q, woke the sender %d times", c.book.notices(), c.wokes.Load())
		}
	})
}

// Each check's latest success is a metric; one that never was ok has none.
func TestLastSuccess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var good, bad service
		bad.become(dead)
		c := newCity(t, nil, good.look, bad.look)
		c.live(time.Minute)
		looks := good.looks()
		want := float64(looks[len(looks)-1].UnixMilli()) / 1000
		if got := c.metric("bongsu_check_last_success_timestamp_seconds", ""); math.Abs(got-want) > 0.001 {
			t.Errorf("the successes add up to %.3f, want the only one's %.3f", got, want)
		}
	})
}

// One blip is looked at again at once, and then forgiven.
func TestBlipIsForgiven(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n atomic.Int32
		c := newCity(t, nil, func(context.Context) probes.Result {
			if n.Add(1) == 3 {
				return dead
			}
			return probes.Result{Outcome: probes.OK}
		})
		c.live(time.Minute)
		if got := n.Load(); got < 7 {
			t.Errorf("%d looks in a minute, want one more than the schedule's six", got)
		}
		if at := c.firstShown(0, status.MajorOutage); !at.IsZero() || c.state(0) != status.Operational {
			t.Errorf("shown as an outage at %s, now %s", at, c.state(0))
		}
	})
}

// The database is away for a minute in which services fail and heal. The page
// goes on, and when the database is back it holds what it would have held.
func TestDatabaseGoneForAMinute(t *testing.T) {
	history := func(t *testing.T, path string, disturb func(*book)) (m status.Memory, notices []string) {
		synctest.Test(t, func(t *testing.T) {
			db := database(t, path)
			defer db.Close()
			var a, b service
			c := newCity(t, db, a.look, b.look)
			_, stop := c.run()
			time.Sleep(time.Minute)
			disturb(c.book)
			a.become(dead)
			time.Sleep(20 * time.Second)
			if c.state(0) != status.MajorOutage {
				t.Errorf("without the database the page shows %s", c.state(0))
			}
			b.become(dead)
			time.Sleep(20 * time.Second)
			a.become(healed)
			time.Sleep(20 * time.Second)
			c.book.set(false, false)
			time.Sleep(15 * time.Minute)
			if err := stop(); err != nil {
				t.Error(err)
			}
			var err error
			if m, err = db.Memory(t.Context(), time.Time{}); err != nil {
				t.Fatal(err)
			}
			notices = c.book.notices()
		})
		return m, notices
	}
	want, wantNotices := history(t, newPath(t), func(*book) {})
	if len(want.Incidents) != 2 || len(wantNotices) < 3 {
		t.Fatalf("the undisturbed run has %d incidents and the notices %q", len(want.Incidents), wantNotices)
	}
	for name, disturb := range map[string]func(*book){
		"away":     func(b *book) { b.set(true, false) },
		"in doubt": func(b *book) { b.set(false, true) },
	} {
		t.Run(name, func(t *testing.T) {
			got, notices := history(t, newPath(t), disturb)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("the database holds (-undisturbed +got):\n%s", diff)
			}
			if diff := cmp.Diff(wantNotices, notices); diff != "" {
				t.Errorf("notices (-undisturbed +got):\n%s", diff)
			}
		})
	}
}

// Run returns when the looks in flight have ended, and not before.
func TestRunWaitsForItsLooks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var running atomic.Int32
		c := newCity(t, nil, func(ctx context.Context) probes.Result {
			running.Add(1)
			defer running.Add(-1)
			<-ctx.Done()
			time.Sleep(700 * time.Millisecond) // its cleaning up
			return probes.Result{Outcome: probes.Failed}
		})
		_, stop := c.run()
		time.Sleep(12 * time.Second)
		if running.Load() != 1 {
			t.Fatal("nothing runs")
		}
		if err := stop(); err != nil || running.Load() != 0 {
			t.Errorf("ended with %v while %d looks ran", err, running.Load())
		}
		if got := c.latest(); got.Incidents != nil {
			t.Error("a look that was broken off accused its target")
		}
	})
}

// What is judged and could not be committed before the stop is said.
func TestRunSaysWhatIsLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s service
		c := newCity(t, nil, s.look)
		_, stop := c.run()
		time.Sleep(time.Minute)
		c.book.set(true, false)
		s.become(dead)
		time.Sleep(20 * time.Second)
		if err := stop(); !errors.Is(err, errGone) {
			t.Errorf("ended with %v", err)
		}
	})
}

// A look that is inconclusive tells operators, once an hour, and nobody else.
func TestInconclusiveReachesOperatorsOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s, other service
		c := newCity(t, nil, s.look, other.look)
		s.become(probes.Result{Reason: "HTTP 401: the key is refused"})
		c.live(150 * time.Minute)
		if c.state(0) != status.Unknown || c.state(1) != status.Operational {
			t.Errorf("the page shows %s and %s", c.state(0), c.state(1))
		}
		want := []string{"service-0/1 cannot be measured: HTTP 401: the key is refused"}
		want = append(want, want[0], want[0])
		if diff := cmp.Diff(want, c.book.bodies()); diff != "" {
			t.Errorf("alarms (-want +got):\n%s", diff)
		}
		if got := c.latest(); len(got.Incidents)+len(got.Past) != 0 {
			t.Error("there is an incident")
		}
	})
}

// When our own network is gone every check is inconclusive: operators hear of
// the first ten, and once of all the others.
func TestAlarmsDoNotFlood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		services := make([]look, 100)
		for i := range services {
			services[i] = func(context.Context) probes.Result { return probes.Result{Reason: "no route to any host"} }
		}
		c := newCity(t, nil, services...)
		c.live(50 * time.Minute)
		if got := c.book.bodies(); len(got) != 11 || !strings.HasPrefix(got[10], "more than 10 things") {
			t.Errorf("%d alarms, the last is %q", len(got), got[len(got)-1])
		}
	})
}

// A 429 with a time is obeyed.
func TestPatienceIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var looks []time.Duration
		begin := time.Now()
		c := newCity(t, nil, func(context.Context) probes.Result {
			looks = append(looks, time.Since(begin))
			return probes.Result{Reason: "HTTP 429", Retry: time.Now().Add(55 * time.Second)}
		})
		c.live(3 * time.Minute)
		for i := 1; i < len(looks); i++ {
			if gap := looks[i] - looks[i-1]; gap != time.Minute {
				t.Errorf("the next look after %s, want the first slot 55s later", gap)
			}
		}
		if len(looks) < 3 {
			t.Errorf("%d looks in three minutes", len(looks))
		}
	})
}

func TestPanickingProbe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s service
		c := newCity(t, nil, func(context.Context) probes.Result { panic("index out of range") }, s.look)
		c.live(30 * time.Second)
		if c.state(0) != status.Unknown || c.state(1) != status.Operational {
			t.Errorf("the page shows %s and %s", c.state(0), c.state(1))
		}
		if n := c.metric("bongsu_check_panics_total", ""); n < 3 {
			t.Errorf("%g panics are counted", n)
		}
	})
}

// A page that takes long to render holds up no look, and shows the newest
// snapshot next.
func TestSlowPage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s service
		c := newCity(t, nil, s.look)
		c.slow = 7 * time.Second
		_, stop := c.run()
		time.Sleep(time.Minute)
		s.become(dead)
		time.Sleep(time.Minute)
		stop()
		looks := s.looks()
		for i := 1; i < len(looks); i++ {
			if gap := looks[i].Sub(looks[i-1]); gap > 10*time.Second {
				t.Errorf("look %d came %s after the one before", i, gap)
			}
		}
		if at := c.firstShown(0, status.MajorOutage); at.IsZero() {
			t.Error("the outage was never shown")
		}
	})
}

func TestOperatorsRequests(t *testing.T) {
	draft := status.Draft{
		Title: status.Text{"en": "Fire in the data centre"}, Text: status.Text{"en": "We know"}, Author: "duty", Notify: true,
		Components: map[string]status.State{"service-0": status.MajorOutage},
	}
	path := newPath(t)
	synctest.Test(t, func(t *testing.T) {
		db := database(t, path)
		defer db.Close()
		var s service
		c := newCity(t, db, s.look)
		m, stop := c.run()
		time.Sleep(time.Minute)
		ctx := t.Context()

		id, err := m.Do(ctx, status.Command{Open: &draft})
		if err != nil {
			t.Fatal(err)
		}
		memory, err := db.Memory(ctx, time.Time{})
		if err != nil || len(memory.Incidents) != 1 || memory.Incidents[0].ID != id {
			t.Fatalf("the answer came before the commit: %v, %v", memory.Incidents, err)
		}
		if _, ok := c.latest().Incident(id); !ok {
			t.Error("it is not on the page")
		}
		if _, err := m.Do(ctx, status.Command{Incident: "nowhere", Note: &status.NoteDraft{Text: status.Text{"en": "?"}}}); !errors.Is(err, status.ErrNoIncident) {
			t.Errorf("a note to no incident: %v", err)
		}
		if _, err := m.Do(ctx, status.Command{Maintain: &status.Maintenance{Title: status.Text{"en": "Move"}, Components: []string{"service-0"}, From: time.Now().Add(time.Hour), Until: time.Now().Add(2 * time.Hour)}}); err != nil {
			t.Errorf("maintenance: %v", err)
		}

		c.book.set(true, false)
		short, cancel := context.WithTimeout(ctx, 3*time.Second)
		defer cancel()
		if _, err := m.Do(short, status.Command{Incident: id, Note: &status.NoteDraft{Text: status.Text{"en": "Still burning"}}}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("with the database away: %v", err)
		}
		time.AfterFunc(20*time.Second, func() { c.book.set(false, false) })
		if _, err := m.Do(ctx, status.Command{Incident: id, Note: &status.NoteDraft{Text: status.Text{"en": "The fire is out"}}}); err != nil {
			t.Errorf("a note that waits for the database: %v", err)
		}
		if memory, err = db.Memory(ctx, time.Time{}); err != nil || len(memory.Incidents[0].Updates) != 3 {
			t.Errorf("updates in the database: %v, %v", memory.Incidents[0].Updates, err)
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
		if _, err := m.Do(ctx, status.Command{Open: &draft}); !errors.Is(err, monitor.ErrStopped) {
			t.Errorf("after the stop: %v", err)
		}
	})
}

// A command from a shell is carried out once, whatever the commit looks like,
// and its answer is in the database.
func TestCommandsFromTheShell(t *testing.T) {
	path := newPath(t)
	synctest.Test(t, func(t *testing.T) {
		db := database(t, path)
		defer db.Close()
		var s service
		c := newCity(t, db, s.look)
		_, stop := c.run()
		time.Sleep(time.Minute)
		ctx := t.Context()
		c.book.set(false, true)
		for _, command := range []status.Command{
			{ID: "c1", At: time.Now(), Open: &status.Draft{Title: status.Text{"en": "Fire"}, Text: status.Text{"en": "We know"}, Components: map[string]status.State{"service-0": status.MajorOutage}}},
			{ID: "c2", At: time.Now(), Incident: "nowhere", Note: &status.NoteDraft{Text: status.Text{"en": "?"}}},
		} {
			if err := db.Ask(ctx, command); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(10 * time.Second)
		c.book.set(false, false)
		time.Sleep(10 * time.Second)
		if err := stop(); err != nil {
			t.Error(err)
		}
		memory, err := db.Memory(ctx, time.Time{})
		if err != nil || len(memory.Incidents) != 1 {
			t.Fatalf("%d incidents, %v", len(memory.Incidents), err)
		}
		for id, want := range map[string]status.Answer{
			"c1": {Command: "c1", Made: memory.Incidents[0].ID},
			"c2": {Command: "c2", Error: status.ErrNoIncident.Error()},
		} {
			got, done, err := db.Answer(ctx, id)
			if err != nil || !done || got.Made != want.Made || !strings.Contains(got.Error, want.Error) {
				t.Errorf("answer to %s: %+v, %t, %v", id, got, done, err)
			}
		}
	})
}

// stuckWriter keeps the judge from going on.
type stuckWriter struct {
	writer
	time.Duration
}

func (w stuckWriter) Compose(*status.Snapshot, []status.Event, time.Time) ([]notifier.Notice, error) {
	time.Sleep(w.Duration)
	return nil, errors.New("no template")
}

func TestWatchdog(t *testing.T) {
	for name, c := range map[string]struct {
		spoil  func(c *city, s *service)
		reason string
		alarm  string
	}{
		"the judge stands still": {
			func(c *city, s *service) { c.wiring.Writer = stuckWriter{Duration: 30 * time.Second}; s.become(dead) },
			"judge", "the judge has stood still for ",
		},
		"a look hangs": {
			func(c *city, _ *service) {
				c.wiring.Checks[0].Prober = look(func(context.Context) probes.Result { time.Sleep(40 * time.Second); return dead })
			},
			"hanging", "1 check did not end when their time was up; the worst is service-0/1, by ",
		},
		"the clock leaps": {
			func(c *city, _ *service) {
				begin := time.Now()
				c.wiring.Now = func() time.Time {
					if time.Since(begin) > 30*time.Second {
						return time.Now().Add(time.Hour)
					}
					return time.Now()
				}
			},
			"late", "2 checks began late: this machine was suspended, or has too much to do; the worst is service-",
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var s, other service
				city := newCity(t, nil, s.look, other.look)
				c.spoil(city, &s)
				city.live(time.Minute)
				told := strings.Join(city.book.bodies(), "\n")
				if !strings.Contains(told, c.alarm) {
					t.Errorf("operators were told\n%s\nwant %s", told, c.alarm)
				}
				if city.metric("bongsu_watchdog_total", c.reason) == 0 {
					t.Errorf("%s is not counted", c.reason)
				}
			})
		})
	}
}

// An evil hour: nothing is heard of a stopped confirmation, nor of a watch,
// when the program is started anew in the middle of it.
func TestRestart(t *testing.T) {
	for name, when := range map[string]struct {
		stopAfter time.Duration // the first failing look
		heal      time.Duration
	}{
		"in the middle of a confirmation": {1500 * time.Millisecond, 5 * time.Minute},
		"before the outage is over":       {time.Minute, 5 * time.Minute},
		"in the middle of the watch":      {4 * time.Minute, 2 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			end := func(path string, restart bool) (incidents []status.Incident, looks []time.Time) {
				synctest.Test(t, func(t *testing.T) {
					var s service
					ids := &names{}
					begin := func() func() error {
						db := database(t, path)
						c := newCity(t, db, s.look)
						c.wiring.Names = ids
						_, stop := c.run()
						return func() error { return errors.Join(stop(), db.Close()) }
					}
					stop := begin()
					// A millisecond before a slot, so that the first failing look comes with it.
					time.Sleep(time.Until(nextLook(&s).Add(-time.Millisecond)))
					s.become(dead)
					fails := time.Now()
					time.AfterFunc(when.heal, func() { s.become(healed) })
					time.Sleep(when.stopAfter)
					if restart {
						if err := stop(); err != nil {
							t.Error(err)
						}
						stop = begin()
					}
					time.Sleep(time.Until(fails.Add(30 * time.Minute)))
					if err := stop(); err != nil {
						t.Error(err)
					}
					db := database(t, path)
					defer db.Close()
					memory, err := db.Memory(t.Context(), time.Time{})
					if err != nil {
						t.Fatal(err)
					}
					incidents, looks = memory.Incidents, s.looks()
				})
				return incidents, looks
			}
			whole, wholeLooks := end(newPath(t), false)
			got, looks := end(newPath(t), true)
			if diff := cmp.Diff(tale(whole), tale(got)); diff != "" {
				t.Errorf("incidents (-without +with a restart):\n%s", diff)
			}
			if a, b := wholeLooks[len(wholeLooks)-1], looks[len(looks)-1]; !a.Equal(b) {
				t.Errorf("the last look began %s, with a restart %s", a, b)
			}
		})
	}
}

// nextLook waits for a look to begin and says when the next one is due.
func nextLook(s *service) time.Time {
	time.Sleep(time.Minute)
	looks := s.looks()
	return looks[len(looks)-1].Add(10 * time.Second)
}

// tale is what people read of incidents: the times to the second, since a
// restart moves a confirmation by less.
func tale(incidents []status.Incident) []string {
	var lines []string
	for _, i := range incidents {
		lines = append(lines, fmt.Sprintf("%s %s %s began %s resolved %t next %t", i.Cause, i.Stage, i.Worst, i.Began.Format(time.TimeOnly), !i.Resolved.IsZero(), !i.Next.IsZero()))
		for _, u := range i.Updates {
			lines = append(lines, fmt.Sprintf("  %s %s at %s", u.Kind, u.Stage, u.At.Round(5*time.Second).Format(time.TimeOnly)))
		}
	}
	return lines
}

func TestImpossibleWirings(t *testing.T) {
	for want, spoil := range map[string]func(*monitor.Wiring){
		`location "mars" is not among`:                func(w *monitor.Wiring) { w.Location = "mars" },
		`check "service-9/1" belongs to no component`: func(w *monitor.Wiring) { w.Checks[0].ID = "service-9/1" },
		"has no timeout":                              func(w *monitor.Wiring) { w.Checks[0].Timeout = 0 },
	} {
		c := newCity(t, nil, well)
		spoil(&c.wiring)
		if _, err := monitor.New(c.wiring); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}
