package remote_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"bongsu/status/remote"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// exchange is what both sides note when the hub's clock is ahead by so much and
// the line takes so long on the way there and back.
func exchange(ahead, there, back time.Duration) remote.Sample {
	received := noon.Add(there + ahead)
	answered := received.Add(3 * time.Millisecond)
	return remote.Sample{Sent: noon, Received: received, Answered: answered, Got: answered.Add(back - ahead)}
}

func TestDifference(t *testing.T) {
	for _, c := range []struct {
		name               string
		ahead, there, back time.Duration
		certain            time.Duration
		refused            bool
	}{
		{"same clocks, short line", 0, time.Millisecond, time.Millisecond, 0, false},
		{"two seconds off are corrected", 2 * time.Second, 5 * time.Millisecond, 5 * time.Millisecond, 1995 * time.Millisecond, false},
		{"and behind as well as ahead", -2 * time.Second, 5 * time.Millisecond, 5 * time.Millisecond, -1995 * time.Millisecond, false},
		{"five seconds of delay each way are no difference", 0, 5 * time.Second, 5 * time.Second, 0, false},
		{"nor are five seconds on one way only", 0, 5 * time.Second, 0, 0, false},
		{"nor on the way back", 0, 0, 5 * time.Second, 0, false},
		{"ten minutes are refused", 10 * time.Minute, time.Millisecond, time.Millisecond, 10*time.Minute - time.Millisecond, true},
		{"on a slow line too", -10 * time.Minute, 5 * time.Second, 5 * time.Second, -10*time.Minute + 5*time.Second, true},
		{"what may be less than the limit is not", 7 * time.Second, 2 * time.Second, 2 * time.Second, 5 * time.Second, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := exchange(c.ahead, c.there, c.back)
			if err := s.Problem(); err != nil {
				t.Fatal(err)
			}
			d := s.Difference()
			if d.Certain() != c.certain || d.Refused() != c.refused {
				t.Errorf("%s: certain %s, refused %v; want %s, %v", d, d.Certain(), d.Refused(), c.certain, c.refused)
			}
		})
	}
}

// However the line divides its delay, the true difference is within the error,
// and what is corrected is never more than it.
func TestDelayNeverLooksLikeDifference(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ahead := time.Duration(rapid.Int64Range(-int64(time.Hour), int64(time.Hour)).Draw(t, "ahead"))
		var clock remote.Clock
		for range rapid.IntRange(1, 20).Draw(t, "exchanges") {
			there := time.Duration(rapid.Int64Range(0, int64(20*time.Second)).Draw(t, "there"))
			back := time.Duration(rapid.Int64Range(0, int64(20*time.Second)).Draw(t, "back"))
			clock.Add(exchange(ahead, there, back))
			d, known := clock.Difference()
			if off := (d.Ahead - ahead).Abs(); !known || off > d.Error+1 {
				t.Fatalf("%s is off by %s", d, off)
			}
			if certain := d.Certain(); certain.Abs() > ahead.Abs()+1 || (certain > 0) != (ahead > 0) && certain != 0 {
				t.Fatalf("corrected by %s, the difference is %s", certain, ahead)
			}
			if d.Refused() && ahead.Abs() <= remote.MaxDifference {
				t.Fatalf("a difference of %s is refused", ahead)
			}
		}
	})
}

// The shortest exchange counts, until a clock is set.
func TestClockThatIsSet(t *testing.T) {
	var clock remote.Clock
	if _, known := clock.Difference(); known {
		t.Error("a clock nobody asked is known")
	}
	clock.Add(exchange(time.Second, time.Millisecond, time.Millisecond))
	clock.Add(exchange(time.Second, 3*time.Second, 0))
	if d, _ := clock.Difference(); d.Ahead != time.Second || d.Error != time.Millisecond {
		t.Errorf("a slow exchange took the place of a short one: %s", d)
	}
	clock.Add(exchange(10*time.Minute, 2*time.Second, 2*time.Second))
	if d, _ := clock.Difference(); !d.Refused() {
		t.Errorf("the clock was set by ten minutes, and the old sample still counts: %s", d)
	}
	clock.Add(exchange(0, time.Millisecond, time.Millisecond))
	if d, _ := clock.Difference(); d.Refused() {
		t.Errorf("the clock is right again, and it still is refused: %s", d)
	}
	for range 20 {
		clock.Add(exchange(0, 2*time.Second, 2*time.Second))
	}
	if d, _ := clock.Difference(); d.Error != 2*time.Second {
		t.Errorf("a sample of long ago still counts: %s", d)
	}
}
