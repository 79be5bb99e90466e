package notifier_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"bongsu/notifier"
	"bongsu/status"
)

var plan = []notifier.Hop{
	{Channel: "kakao", Wait: time.Minute, Until: notifier.Delivered},
	{Channel: "sms", Wait: 10 * time.Minute, Until: notifier.Delivered},
	{Channel: "mail"},
}

func TestNextWay(t *testing.T) {
	for _, test := range []struct {
		name    string
		from    int
		has     string
		blocked string
		want    notifier.Way
		ok      bool
	}{
		{"the first hop", 0, "kakao sms mail", "", notifier.Way{Hop: 0, Free: true}, true},
		{"the first with an address", 0, "sms mail", "", notifier.Way{Hop: 1, Free: true}, true},
		{"a blocked one is skipped, and said", 0, "kakao sms", "kakao", notifier.Way{Hop: 1, Free: true, Skipped: "kakao: down"}, true},
		{"so is one that ails", 0, "kakao sms", "~kakao", notifier.Way{Hop: 1, Free: true, Skipped: "kakao: ailing"}, true},
		{"one that ails is better than one that is down", 0, "kakao sms", "kakao ~sms", notifier.Way{Hop: 1}, true},
		{"all blocked: wait at the first", 0, "kakao sms", "kakao sms mail", notifier.Way{Hop: 0}, true},
		{"the next after a hop", 1, "kakao sms mail", "", notifier.Way{Hop: 1, Free: true}, true},
		{"nothing after the last", 3, "kakao sms mail", "", notifier.Way{Hop: -1}, false},
		{"no address at all", 0, "", "", notifier.Way{Hop: -1}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			has := func(c string) bool { return slices.Contains(strings.Fields(test.has), c) }
			blocked := func(c string) notifier.Block {
				switch {
				case slices.Contains(strings.Fields(test.blocked), c):
					return notifier.Block{Why: "down"}
				case slices.Contains(strings.Fields(test.blocked), "~"+c):
					return notifier.Block{Why: "ailing", Soft: true}
				}
				return notifier.Block{}
			}
			if got, ok := notifier.NextWay(plan, test.from, has, blocked); got != test.want || ok != test.ok {
				t.Errorf("got %+v, %t, want %+v, %t", got, ok, test.want, test.ok)
			}
		})
	}
}

func TestBlockedBy(t *testing.T) {
	for _, s := range status.States() {
		free := s == status.Operational || s == status.Unknown
		if got := notifier.BlockedBy("messenger", s); (got == "") != free {
			t.Errorf("a channel that follows a component in %s: %q", s, got)
		}
	}
}

func TestHears(t *testing.T) {
	const degraded, partial, major = status.DegradedPerformance, status.PartialOutage, status.MajorOutage
	for _, test := range []struct {
		name             string
		event            status.EventKind
		from, to         status.State
		route, threshold status.State
		want             bool
	}{
		{"who asked for partial hears of major", status.EventOpened, status.Operational, major, degraded, partial, true},
		{"who asked for major does not hear of partial", status.EventOpened, status.Operational, partial, degraded, major, false},
		{"who has heard of partial does not hear it again", status.EventWorsened, partial, major, partial, partial, false},
		{"who asked for major hears when it gets so far", status.EventWorsened, partial, major, partial, major, true},
		{"who asked for less than the route hears when the route does", status.EventWorsened, degraded, partial, partial, degraded, true},
		{"whoever was concerned hears of the end", status.EventResolved, major, major, partial, partial, true},
		{"and that it was a false alarm", status.EventRetracted, major, major, partial, partial, true},
		{"who was not concerned hears nothing of it", status.EventRetracted, partial, partial, partial, major, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			n := notifier.Notice{Event: string(test.event), From: test.from, To: test.to}
			if got := n.Hears(test.route, test.threshold); got != test.want {
				t.Errorf("got %t", got)
			}
		})
	}
}

func TestAfterFailure(t *testing.T) {
	for _, test := range []struct {
		name      string
		kind      notifier.ResultKind
		recipient bool
		tries     int
		left      bool
		want      notifier.Next
	}{
		{"a first error", notifier.Retry, false, 1, true, notifier.SameGateway},
		{"tries used up, another gateway", notifier.Retry, false, 3, true, notifier.NextGateway},
		{"tries used up at the last gateway", notifier.Retry, false, 3, false, notifier.NextHop},
		{"no such person", notifier.Refused, true, 1, true, notifier.NextHop},
		{"our credential is refused", notifier.Refused, false, 1, true, notifier.NextGateway},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := notifier.AfterFailure(test.kind, test.recipient, test.tries, 3, test.left); got != test.want {
				t.Errorf("got %d, want %d", got, test.want)
			}
		})
	}
}

func TestSettle(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	young, old := now.Add(-time.Second), now.Add(-time.Minute)
	for _, test := range []struct {
		name  string
		doubt notifier.InDoubt
		want  notifier.Settlement
	}{
		{"a callback may still come", notifier.InDoubt{Since: young}, notifier.WaitForReceipt},
		{"a gateway that dedupes is simply asked again", notifier.InDoubt{Since: young, Dedupes: time.Minute, Tries: 1}, notifier.SendSameKey},
		{"not once it has forgotten", notifier.InDoubt{Since: old, Dedupes: time.Second, Tries: 1}, notifier.SendAgain},
		{"a gateway that can be asked is asked", notifier.InDoubt{Since: old, Finds: true}, notifier.LookUp},
		{"else again, flagged", notifier.InDoubt{Since: old, Tries: 1}, notifier.SendAgain},
		{"but not for ever", notifier.InDoubt{Since: old, Tries: 3}, notifier.GoOn},
		{"nor against the policy", notifier.InDoubt{Since: old, Tries: 1, Policy: notifier.AtMostOnce}, notifier.LeaveUnknown},
		{"a blocked channel is left", notifier.InDoubt{Since: old, Finds: true, Blocked: true}, notifier.GoOn},
		{"what is over is not sent again", notifier.InDoubt{Since: old, Over: true}, notifier.LeaveUnknown},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.doubt.Wait, test.doubt.Limit = 5*time.Second, 3
			if got := test.doubt.Settle(now); got != test.want {
				t.Errorf("got %d, want %d", got, test.want)
			}
		})
	}
}

// Under at-most-once nothing is ever sent a second time unless the gateway
// itself drops it.
func TestAtMostOnceNeverSendsAgain(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := time.Unix(1_800_000_000, 0)
		d := notifier.InDoubt{
			Since: now.Add(-time.Duration(rapid.Int64Range(0, int64(time.Hour)).Draw(t, "age"))), Wait: 5 * time.Second,
			Policy: notifier.AtMostOnce, Finds: rapid.Bool().Draw(t, "finds"), Blocked: rapid.Bool().Draw(t, "blocked"),
			Over: rapid.Bool().Draw(t, "over"), Tries: rapid.IntRange(0, 9).Draw(t, "tries"), Limit: 3,
		}
		if s := d.Settle(now); s == notifier.SendAgain || s == notifier.GoOn {
			t.Fatalf("%+v settles as %d", d, s)
		}
	})
}

func TestBackoff(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tries := rapid.IntRange(1, 100).Draw(t, "tries")
		d := notifier.Backoff(tries, rapid.Float64Range(0, 0.999).Draw(t, "jitter"))
		if d < 500*time.Millisecond || d > time.Minute {
			t.Fatalf("after %d tries: %s", tries, d)
		}
	})
}

func TestDeliveryKeys(t *testing.T) {
	stamp := notifier.NewStamp([]byte("sixteen bytes or more"))
	rapid.Check(t, func(t *rapid.T) {
		batch, rcpt := rapid.Int64Min(0).Draw(t, "batch"), rapid.Int64Min(0).Draw(t, "rcpt")
		key := stamp.Key(batch, rcpt)
		if len(key) > 44 {
			t.Fatalf("%q has %d characters", key, len(key))
		}
		b, r, ok := stamp.ParseKey(key)
		if !ok || b != batch || r != rcpt {
			t.Fatalf("%q reads %d, %d, %t", key, b, r, ok)
		}
		if _, _, ok := notifier.NewStamp([]byte("another secret altogether")).ParseKey(key); ok {
			t.Fatal("another's key was accepted")
		}
	})
}

func FuzzParseKey(f *testing.F) {
	stamp := notifier.NewStamp([]byte("sixteen bytes or more"))
	f.Add(stamp.Key(1<<24, 7))
	f.Add("--")
	f.Add("1-2-3")
	f.Fuzz(func(t *testing.T, key string) {
		if b, r, ok := stamp.ParseKey(key); ok && stamp.Key(b, r) != key {
			t.Errorf("%q was accepted for %q", key, stamp.Key(b, r))
		}
	})
}

// Whenever hand-overs are asked for, no second holds more than the rate; and
// when they are always asked for, the rate is used.
func TestPace(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rate := rapid.IntRange(1, 400).Draw(t, "rate")
		p := notifier.NewPace(float64(rate))
		now := time.Unix(1_800_000_000, 0)
		var times []time.Time
		for range 3 * rate {
			now = now.Add(time.Duration(rapid.SampledFrom([]int{0, 0, 0, 0, 0, 0, 3, 40, 700}).Draw(t, "late")) * time.Millisecond)
			now = p.Next(now)
			times = append(times, now)
		}
		for i := rate; i < len(times); i++ {
			if times[i].Sub(times[i-rate]) < time.Second {
				t.Fatalf("%d hand-overs within %s", rate+1, times[i].Sub(times[i-rate]))
			}
		}
	})
	p, now := notifier.NewPace(250), time.Unix(1_800_000_000, 0)
	begun := now
	for range 2500 {
		now = p.Next(now).Add(300 * time.Microsecond) // a wake-up is always a little late
	}
	if used := 2500 / now.Sub(begun).Seconds() / 250; used < 0.98 {
		t.Errorf("%.1f %% of the rate used", 100*used)
	}
}

func TestBreaker(t *testing.T) {
	var b notifier.Breaker
	now := time.Unix(1_800_000_000, 0)
	for range 4 {
		b.Fail(now)
	}
	if b.Open(now) {
		t.Fatal("open after four errors")
	}
	b.Fail(now)
	if !b.Open(now) || !b.Trial() {
		t.Fatal("closed after five errors")
	}
	now = now.Add(2 * time.Second)
	if b.Open(now) || !b.Trial() {
		t.Fatal("no trial after the pause")
	}
	b.Fail(now)
	if !b.Open(now.Add(3 * time.Second)) {
		t.Fatal("the pause did not double after a failed trial")
	}
	b.Succeed()
	if b.Open(now) || b.Trial() {
		t.Fatal("open after a success")
	}
}

// What fails at one recipient's own end must not stop the gateway for all.
func TestARecipientsEndNeverClosesTheGateway(t *testing.T) {
	now := time.Unix(0, 0)
	for _, own := range []error{
		errors.New("connection refused"),
		&notifier.UncertainError{Err: errors.New("HTTP 502")},
		&notifier.ThrottledError{After: time.Hour},
		&notifier.RejectedError{Code: "HTTP 404"},
	} {
		g := notifier.NewGate()
		for range 100 {
			if class, opened := g.Heard(&notifier.RecipientError{Err: own}, now); class != "recipient" || opened {
				t.Errorf("%v: class %s, opened %t", own, class, opened)
			}
		}
		if g.Closed(now) {
			t.Errorf("%v at a recipient's end closed the gateway", own)
		}
		for range 10 {
			g.Heard(own, now)
		}
		if !g.Closed(now) {
			t.Errorf("%v of the gateway's own left it open", own)
		}
	}
}

// Neither well nor ill: an error at a recipient's end does not end a gateway's
// own trouble either.
func TestARecipientsEndIsNoSuccess(t *testing.T) {
	now := time.Unix(0, 0)
	g := notifier.NewGate()
	for range 10 {
		g.Heard(errors.New("refused"), now)
		g.Heard(&notifier.RecipientError{Err: errors.New("refused")}, now)
	}
	if !g.Closed(now) {
		t.Error("the gateway counts as well")
	}
}

// A request may take longer than a lease lasts: what a dead node left in doubt
// is looked up, or repeated, when none of its requests can be open any more.
func TestNoDoubtIsSettledWhileARequestMayBeOpen(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ttl := time.Duration(rapid.IntRange(1, 60_000).Draw(t, "lease ms")) * time.Millisecond
		request := time.Duration(rapid.IntRange(1, 60_000).Draw(t, "request ms")) * time.Millisecond
		began := time.Duration(rapid.Float64Range(0, 1).Draw(t, "began") * float64(notifier.Margin(ttl))) // after the last renewal
		ends := began + request
		if settled := ttl + notifier.LastRequest(ttl, request); ends > settled {
			t.Fatalf("a request ends %s after the last renewal, and is settled %s after it", ends, settled)
		}
	})
}
