package notifier_test

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"bongsu/notifier"
)

// A gateway's hands make every request once, no more at a time than they are, and
// go home when there is no batch left. What somebody waits for in another lane
// stands behind one message of an outage for each hand, not behind hundreds.
func TestHandsTakeLanesInTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const most, people = 4, 200
		c := notifier.NewCrew(most)
		var made, open atomic.Int64
		request := func() {
			if n := open.Add(1); n > most {
				t.Errorf("%d requests at once", n)
			}
			time.Sleep(10 * time.Millisecond)
			open.Add(-1)
			made.Add(1)
		}
		for range 3 {
			go c.Send(notifier.LaneOf(notifier.PriorityOutage), people, request)
		}
		time.Sleep(time.Second)
		before := made.Load()
		code := make(chan time.Time, 1)
		asked := time.Now()
		c.Send(notifier.LaneOf(notifier.PriorityAlarm), 1, func() { code <- time.Now(); request() })
		if waited := (<-code).Sub(asked); waited > 20*time.Millisecond {
			t.Errorf("a code waited %s", waited)
		}
		c.Send(notifier.LaneOf(notifier.PriorityOutage), 1, request) // behind the others of its lane
		c.Leave()
		time.Sleep(time.Minute)
		if got := made.Load(); got != 3*people+2 || before > 4*100 {
			t.Errorf("%d requests made, %d of them in the first second", got, before)
		}
	})
}
