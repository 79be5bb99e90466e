package monitor_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"bongsu/monitor"
	"bongsu/status"
	"bongsu/status/remote"
)

const there, yonder = "busan-1", "jeju-1"

// newLand is a city that is looked at from two other locations too, each by an
// agent. Two of the three must agree.
func newLand(t *testing.T, services ...look) *city {
	c := newCity(t, nil, services...)
	m := c.wiring.Model
	m.Locations = []status.Location{{ID: there}, {ID: yonder}, {ID: here}}
	work := &remote.Work{Version: "v1", Confirm: 3, Recover: 3}
	for _, check := range c.wiring.Checks {
		work.Checks = append(work.Checks, remote.Check{ID: check.ID, Steps: "x", Every: check.Every, Timeout: check.Timeout, Fresh: 30 * time.Second})
	}
	c.wiring.Works = map[string]*remote.Work{there: work, yonder: work}
	return c
}

// batch is what an agent whose clock is behind by so much sends now.
func batch(run string, first uint64, behind time.Duration, looks ...remote.Look) *remote.Batch {
	now := time.Now()
	return &remote.Batch{
		Protocol: remote.Protocol, Run: run, First: first, Looks: looks, Sent: now.Add(-behind),
		Clock: remote.Sample{Sent: now.Add(-behind - 2*time.Millisecond), Received: now.Add(-time.Millisecond), Answered: now.Add(-time.Millisecond), Got: now.Add(-behind)},
	}
}

func failing(at time.Time) remote.Look {
	return remote.Look{Check: "service-0/1", Outcome: status.Failed, At: at, Took: time.Millisecond, Reason: "connection refused"}
}

// looks are the looks of a location that were committed.
func (b *book) looks(location string) (votes []status.Vote) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, r := range b.commits {
		for _, v := range r.Looks {
			if v.Location == location {
				votes = append(votes, v)
			}
		}
	}
	return votes
}

// What several locations see is judged together. An agent's looks are kept when
// that is said, and none counts twice however often it is sent.
func TestVotesOfAgents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s service
		s.become(dead)
		c := newLand(t, s.look)
		m, stop := c.run()
		defer stop()
		time.Sleep(25 * time.Second)
		if c.state(0) != status.Unknown {
			t.Errorf("one of three locations says that it fails, and the page says %s", c.state(0))
		}
		for n := range uint64(3) {
			b := batch("a", n+1, 0, failing(time.Now()))
			for range 2 {
				ack, err := m.Take(t.Context(), there, b, time.Now())
				if err != nil || ack.Kept != n+1 {
					t.Fatalf("kept up to %d, %v; want %d", ack.Kept, err, n+1)
				}
			}
			time.Sleep(time.Second)
		}
		if got := c.book.looks(there); len(got) != 3 {
			t.Errorf("the history has %d looks of %s, want 3: %v", len(got), there, got)
		}
		if c.state(0) != status.PartialOutage && c.state(0) != status.MajorOutage {
			t.Errorf("two of three locations say that it fails, and the page says %s", c.state(0))
		}
		if sent := c.metric("bongsu_location_votes_total", there); sent != 3 {
			t.Errorf("%v votes counted, want 3", sent)
		}
	})
}

// What comes late is history: a hundred failures of an hour ago accuse nobody.
func TestLateVotesAreHistory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s service
		c := newLand(t, s.look)
		m, stop := c.run()
		defer stop()
		time.Sleep(15 * time.Second)
		for _, location := range []string{there, yonder} {
			var old []remote.Look
			for i := range 100 {
				old = append(old, failing(time.Now().Add(-time.Hour+time.Duration(i)*10*time.Second)))
			}
			if _, err := m.Take(t.Context(), location, batch(location, 1, 0, old...), time.Now()); err != nil {
				t.Fatal(err)
			}
			if got := c.book.looks(location); len(got) != 100 {
				t.Errorf("the history has %d looks of %s", len(got), location)
			}
		}
		time.Sleep(20 * time.Second)
		if c.state(0).Troubled() || len(c.book.notices()) != 0 {
			t.Errorf("the page says %s, notices %q", c.state(0), c.book.notices())
		}
	})
}

// An agent speaks of what its location looks at, and of the week behind it. What
// else it says is kept nowhere, called out to nobody, and counted.
func TestVotesOfWhatIsNotTheirs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s service
		c := newLand(t, s.look)
		m, stop := c.run()
		defer stop()
		time.Sleep(15 * time.Second)
		var looks []remote.Look
		for i := range 20 {
			looks = append(looks, remote.Look{Check: fmt.Sprintf("invented/%d", i), At: time.Now(), Reason: "made up"})
		}
		looks = append(looks, failing(time.Now().AddDate(-20, 0, 0)), failing(time.Now().Add(-8*24*time.Hour)))
		ack, err := m.Take(t.Context(), there, batch("a", 1, 0, looks...), time.Now())
		if err != nil || ack.Kept != 22 {
			t.Errorf("refused looks come again: kept up to %d, %v", ack.Kept, err)
		}
		time.Sleep(time.Second)
		if got := c.book.looks(there); len(got) != 0 {
			t.Errorf("the history has %v", got)
		}
		if bodies := c.book.bodies(); slices.ContainsFunc(bodies, func(b string) bool { return strings.Contains(b, "invented") }) {
			t.Errorf("operators hear %q", bodies)
		}
		if refused := c.metric("bongsu_location_votes_refused_total", there); refused != 22 {
			t.Errorf("%v looks are counted as refused, want 22", refused)
		}
	})
}

// That a check could not be measured hours ago is no reason to wake anybody.
func TestLateVotesAlarmNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s service
		c := newLand(t, s.look)
		m, stop := c.run()
		defer stop()
		time.Sleep(15 * time.Second)
		heard := func(n uint64, ago time.Duration) bool {
			look := remote.Look{Check: "service-0/1", At: time.Now().Add(-ago), Reason: "credential refused"}
			if _, err := m.Take(t.Context(), there, batch("a", n, 0, look), time.Now()); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Second)
			return slices.ContainsFunc(c.book.bodies(), func(b string) bool { return strings.Contains(b, "credential refused") })
		}
		if heard(1, 5*time.Hour) {
			t.Errorf("operators hear of five hours ago: %q", c.book.bodies())
		}
		if !heard(2, time.Second) {
			t.Errorf("operators do not hear of now: %q", c.book.bodies())
		}
	})
}

// A location that can measure nothing does not drown what operators must hear of
// the others.
func TestAlarmsOfOneLocationLeaveRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s service
		looks := make([]look, 15)
		for i := range looks {
			looks[i] = s.look
		}
		c := newLand(t, looks...)
		m, stop := c.run()
		defer stop()
		time.Sleep(15 * time.Second)
		var unsure []remote.Look
		for i := range looks {
			unsure = append(unsure, remote.Look{Check: fmt.Sprintf("service-%d/1", i), At: time.Now(), Reason: "credential CANARY is not set"})
		}
		if _, err := m.Take(t.Context(), there, batch("a", 1, 0, unsure...), time.Now()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(3 * time.Minute)
		told, missed := 0, false
		for _, b := range c.book.bodies() {
			if strings.Contains(b, "CANARY") {
				told++
			}
			missed = missed || strings.Contains(b, "jeju-1 has not been heard of")
		}
		if told != 11 || !missed {
			t.Errorf("operators hear %d of 15 alarms of one location, and of the other one that is missing: %t; %q", told, missed, c.book.bodies())
		}
	})
}

// Clocks that differ a little are corrected; one that differs much makes its
// location doubted, and what it sees counts nowhere.
func TestClocksOfAgents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s service
		c := newLand(t, s.look)
		m, stop := c.run()
		defer stop()
		time.Sleep(15 * time.Second)
		behind, now := 2*time.Second, time.Now()
		if _, err := m.Take(t.Context(), there, batch("a", 1, behind, failing(time.Now().Add(-behind))), time.Now()); err != nil {
			t.Fatal(err)
		}
		if got := c.book.looks(there); len(got) != 1 || now.Sub(got[0].At).Abs() > 10*time.Millisecond {
			t.Errorf("it looked at %s by the hub's clock, and the history says %v", now, got)
		}
		behind = 10 * time.Minute
		ack, err := m.Take(t.Context(), yonder, batch("b", 1, behind, failing(time.Now().Add(-behind)), failing(time.Now())), time.Now())
		if err != nil || ack.Kept != 2 {
			t.Errorf("refused looks come again: kept up to %d, %v", ack.Kept, err)
		}
		time.Sleep(time.Second)
		if got := c.book.looks(yonder); len(got) != 0 {
			t.Errorf("the history has looks by a wrong clock: %v", got)
		}
		doubts := c.latest().Locations[1].Doubts
		if len(doubts) != 1 || doubts[0].Kind != status.DoubtClock || !strings.Contains(doubts[0].Reason, "10m0s behind") {
			t.Errorf("the page doubts %v", doubts)
		}
		if bodies := c.book.bodies(); !slices.ContainsFunc(bodies, func(b string) bool { return strings.Contains(b, "jeju-1 has not been believed") }) {
			t.Errorf("operators hear %q", bodies)
		}
		if _, err := m.Take(t.Context(), yonder, batch("b", 3, 0), time.Now()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		if doubts := c.latest().Locations[1].Doubts; len(doubts) != 0 {
			t.Errorf("its clock is right again, and the page doubts %v", doubts)
		}
	})
}

// An operator who asks has all locations look at once.
func TestEverybodyLooksWhenAnOperatorAsks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s service
		c := newLand(t, s.look)
		m, stop := c.run()
		defer stop()
		time.Sleep(12 * time.Second)
		before := len(s.looks())
		at := time.Now()
		if err := m.LookNow(t.Context(), []string{"service-0/1"}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		if looks := s.looks(); len(looks) == before || looks[before].Sub(at) > 500*time.Millisecond {
			t.Errorf("the node itself looked at %v after %s", looks[before:], at)
		}
		call, err := m.Call(t.Context(), yonder, "b", "v1", 0)
		if err != nil || len(call.Checks) != 1 || call.Checks[0] != "service-0/1" {
			t.Errorf("an agent is called for %v, %v", call.Checks, err)
		}
	})
}

// When one location sees a failure, the others look at once: this node itself,
// and agents as soon as they are called.
func TestOthersLookAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s service
		c := newLand(t, s.look)
		m, stop := c.run()
		defer stop()
		time.Sleep(12 * time.Second)
		before := len(s.looks())
		called := make(chan remote.Call, 1)
		go func() {
			call, err := m.Call(t.Context(), yonder, "b", "v1", 0)
			if err != nil {
				t.Error(err)
			}
			called <- call
		}()
		synctest.Wait()
		at := time.Now()
		if _, err := m.Take(t.Context(), there, batch("a", 1, 0, failing(time.Now())), time.Now()); err != nil {
			t.Fatal(err)
		}
		call := <-called
		if diff := cmp.Diff(remote.Call{Serial: 1, Work: "v1", Checks: []string{"service-0/1"}}, call); diff != "" {
			t.Errorf("the call (-want +got):\n%s", diff)
		}
		time.Sleep(time.Second)
		if looks := s.looks(); len(looks) == before || looks[before].Sub(at) > 500*time.Millisecond {
			t.Errorf("the node itself looked at %v after %s", looks[before:], at)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if again, err := m.Call(ctx, yonder, "b", "v1", call.Serial); err != nil || len(again.Checks) != 0 {
			t.Errorf("a call that was heard comes again: %+v, %v", again, err)
		}
	})
}

// An agent gets its work once, hears at once when it has another, and gives way
// to the next agent of its location.
func TestAgentsOfALocation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s service
		c := newLand(t, s.look)
		m, stop := c.run()
		hello := func(run, work string) (remote.Welcome, error) {
			return m.Welcome(there, &remote.Hello{Protocol: remote.Protocol, Run: run, Work: work}, time.Now())
		}
		if w, err := hello("a", ""); err != nil || w.Work == nil || w.Work.Version != "v1" {
			t.Errorf("the first hello: %+v, %v", w, err)
		}
		if w, err := hello("a", "v1"); err != nil || w.Work != nil {
			t.Errorf("it has the work already: %+v, %v", w, err)
		}
		if call, err := m.Call(t.Context(), there, "a", "v0", 0); err != nil || call.Work != "v1" {
			t.Errorf("it has other work: %+v, %v", call, err)
		}
		if _, err := hello("b", ""); err != nil {
			t.Error(err)
		}
		_, err := m.Take(t.Context(), there, batch("a", 1, 0), time.Now())
		if !errors.Is(err, remote.ErrReplaced) {
			t.Errorf("the agent before is not refused: %v", err)
		}
		if _, err := hello("a", ""); !errors.Is(err, remote.ErrReplaced) {
			t.Errorf("it takes its place back: %v", err)
		}
		for _, location := range []string{here, "nowhere"} {
			if _, err := m.Welcome(location, &remote.Hello{Run: "c"}, time.Now()); !errors.Is(err, remote.ErrNoLocation) {
				t.Errorf("an agent at %s: %v", location, err)
			}
		}
		ended := make(chan error, 1)
		go func() {
			_, err := m.Call(context.WithoutCancel(t.Context()), there, "b", "v1", 0)
			ended <- err
		}()
		synctest.Wait()
		stop()
		if err := <-ended; !errors.Is(err, monitor.ErrStopped) {
			t.Errorf("who waits is told %v", err)
		}
		if _, err := m.Take(t.Context(), there, batch("b", 1, 0), time.Now()); !errors.Is(err, monitor.ErrStopped) {
			t.Errorf("who comes is told %v", err)
		}
	})
}

// While the database is away agents' looks are judged, and said to be kept only
// when they are.
func TestAgentsWhileTheDatabaseIsAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s service
		s.become(dead)
		c := newLand(t, s.look)
		m, stop := c.run()
		defer stop()
		time.Sleep(25 * time.Second)
		c.book.set(true, false)
		var looks []remote.Look
		for range 3 {
			looks = append(looks, failing(time.Now()))
			ack, err := m.Take(t.Context(), there, batch("a", 1, 0, looks...), time.Now())
			if err != nil || ack.Kept != 0 {
				t.Errorf("kept up to %d, %v", ack.Kept, err)
			}
		}
		if !c.state(0).Failed() {
			t.Errorf("the page says %s", c.state(0))
		}
		c.book.set(false, false)
		time.Sleep(10 * time.Second)
		ack, err := m.Take(t.Context(), there, batch("a", 1, 0, looks...), time.Now())
		if err != nil || ack.Kept != 3 || len(c.book.looks(there)) != 3 {
			t.Errorf("kept up to %d, %v; the history has %d", ack.Kept, err, len(c.book.looks(there)))
		}
	})
}

// Operators hear of a location from which nothing comes, and when it is back.
func TestMissingLocation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s service
		c := newLand(t, s.look)
		m, stop := c.run()
		defer stop()
		heard := func(text string) bool {
			return slices.ContainsFunc(c.book.bodies(), func(b string) bool { return strings.Contains(b, text) })
		}
		for n := range uint64(10) {
			if _, err := m.Take(t.Context(), there, batch("a", n+1, 0, remote.Look{Check: "service-0/1", Outcome: status.OK, At: time.Now()}), time.Now()); err != nil {
				t.Fatal(err)
			}
			time.Sleep(remote.KeepAlive)
		}
		if !heard("jeju-1 has not been heard of since it came under judgement") || heard("busan-1") {
			t.Errorf("operators hear %q", c.book.bodies())
		}
		time.Sleep(2 * time.Minute)
		if !heard("busan-1 has not been heard of since") {
			t.Errorf("operators hear %q", c.book.bodies())
		}
		if _, err := m.Take(t.Context(), there, batch("a", 11, 0), time.Now()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(20 * time.Second)
		if !heard("busan-1 is heard of again") {
			t.Errorf("operators hear %q", c.book.bodies())
		}
	})
}

// A clock that is set is held against the node until all its looks are by the
// new time; one that drifts is not.
func TestOwnClock(t *testing.T) {
	checks := every(10*time.Second, 2)
	checks = append(checks, monitor.Check{ID: "rare/1", Cron: "0 0 1 1 *", Timeout: time.Second})
	s := monitor.NewSelf(checks)
	s.Tick(noon, 0)
	s.Tick(noon.Add(time.Second+20*time.Millisecond), time.Second)
	if got := s.Doubts(noon.Add(time.Second)); got != nil {
		t.Errorf("a clock that drifts is doubted: %v", got)
	}
	for name, by := range map[string]time.Duration{"forward by 10m0s": 10 * time.Minute, "back by 20m0s": -20 * time.Minute} {
		t.Run(name, func(t *testing.T) {
			s := monitor.NewSelf(checks)
			s.Tick(noon, 0)
			set := noon.Add(by + time.Second)
			s.Tick(set, time.Second)
			want := []remote.SelfDoubt{{Kind: status.DoubtClock, Reason: "its clock was set " + name}}
			if diff := cmp.Diff(want, s.Doubts(set)); diff != "" {
				t.Errorf("doubts (-want +got):\n%s", diff)
			}
			s.Looked(checks[0].ID, noon, set.Add(time.Second)) // began by the old time
			s.Looked(checks[0].ID, set.Add(time.Second), set.Add(2*time.Second))
			if len(s.Doubts(set.Add(2*time.Second))) != 1 {
				t.Error("trusted before the second check was looked at")
			}
			s.Looked(checks[1].ID, set.Add(3*time.Second), set.Add(4*time.Second))
			if got := s.Doubts(set.Add(4 * time.Second)); got != nil {
				t.Errorf("all was looked at, and it is doubted: %v", got)
			}
		})
	}
}

func TestOwnEcho(t *testing.T) {
	s := monitor.NewSelf(nil)
	s.Echoed(errors.New("connection refused"))
	if s.Doubts(noon) != nil {
		t.Error("one echo that is missing is no doubt")
	}
	s.Echoed(errors.New("connection refused"))
	want := []remote.SelfDoubt{{Kind: status.DoubtSelf, Reason: "it does not reach even itself: connection refused"}}
	if diff := cmp.Diff(want, s.Doubts(noon)); diff != "" {
		t.Errorf("doubts (-want +got):\n%s", diff)
	}
	s.Echoed(nil)
	if s.Doubts(noon) != nil {
		t.Error("it reaches itself, and is doubted")
	}
}

// This node doubts itself when its own clock is set: a page that is asked for
// shows it, and nobody is told of an outage.
func TestStepOfTheHubsClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s service
		c := newCity(t, nil, s.look)
		began := time.Now()
		c.wiring.Now = func() time.Time {
			if time.Since(began) > 30*time.Second {
				return time.Now().Add(10 * time.Minute)
			}
			return time.Now()
		}
		c.wiring.Self = monitor.NewSelf(c.wiring.Checks)
		_, stop := c.run()
		defer stop()
		time.Sleep(33 * time.Second)
		if doubts := c.latest().Locations[0].Doubts; len(doubts) != 1 || doubts[0].Kind != status.DoubtClock {
			t.Errorf("the clock was set, and the page doubts %v", doubts)
		}
		time.Sleep(30 * time.Second)
		if doubts := c.latest().Locations[0].Doubts; len(doubts) != 0 || c.state(0) != status.Operational {
			t.Errorf("the page says %s, and doubts %v", c.state(0), doubts)
		}
		for _, id := range c.book.notices() {
			if !strings.HasPrefix(id, "alarm") {
				t.Errorf("people are told: %s", id)
			}
		}
	})
}

// AtOnce keeps the pause that the target was promised, and all other limits.
func TestAtOnce(t *testing.T) {
	base := monitor.Check{ID: atPhase(t, 30*time.Second, 0), Every: 30 * time.Second, Timeout: time.Second, Prober: look(well)}
	for name, c := range map[string]struct {
		recheck monitor.Recheck
		after   time.Duration // the last look's end
		want    string
	}{
		"long after a look":       {monitor.Recheck{After: time.Second}, 5 * time.Second, "5r"},
		"just after a look":       {monitor.Recheck{After: 3 * time.Second}, time.Second, "3r"},
		"without rechecks":        {monitor.Recheck{}, 5 * time.Second, ""},
		"the slot is as near":     {monitor.Recheck{After: time.Second}, 29900 * time.Millisecond, "29.9r"},
		"the budget is exhausted": {monitor.Recheck{After: time.Second, PerDay: 1}, 5 * time.Second, ""},
	} {
		t.Run(name, func(t *testing.T) {
			check := base
			check.Recheck = c.recheck
			r := roster(t, []monitor.Check{check}, noon.Add(-time.Second))
			r.Due(noon)
			r.Report(check.ID, false, time.Time{}, noon)
			now := noon.Add(c.after)
			for range 3 { // asked again and again, it looks once
				r.AtOnce(check.ID, now)
			}
			r.AtOnce("unheard/of", now)
			var got []string
			for at := now; at.Before(noon.Add(30 * time.Second)); at = at.Add(100 * time.Millisecond) {
				start, _ := r.Due(at)
				for range start {
					got = append(got, fmt.Sprintf("%gr", at.Sub(noon).Seconds()))
				}
			}
			if strings.Join(got, " ") != c.want {
				t.Errorf("looks at %v, want %q", got, c.want)
			}
		})
	}
}
