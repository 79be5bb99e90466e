package drill_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"bongsu/drill"
)

// Errands are done at their times, whatever order they came in.
func TestCourierIsOnTime(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		delays := rapid.SliceOfN(rapid.IntRange(0, 5000), 1, 40).Draw(rt, "delays")
		workers := rapid.IntRange(1, 4).Draw(rt, "workers")
		synctest.Test(t, func(t *testing.T) {
			ctx, stop := context.WithCancel(t.Context())
			courier := drill.NewCourier(workers, 100)
			began := time.Now()
			var mu sync.Mutex
			var done []time.Duration
			var running sync.WaitGroup
			running.Go(func() { courier.Run(ctx) })
			for _, ms := range delays {
				after := time.Duration(ms) * time.Millisecond
				courier.After(after, func(context.Context) {
					mu.Lock()
					defer mu.Unlock()
					if took := time.Since(began); took != after {
						t.Errorf("done after %s instead of %s", took, after)
					}
					done = append(done, after)
				})
			}
			time.Sleep(6 * time.Second)
			stop()
			running.Wait()
			if len(done) != len(delays) || !slices.IsSorted(done) {
				t.Errorf("%d of %d errands done, in the order %v", len(done), len(delays), done)
			}
		})
	})
}

// A courier takes only so many errands, ends with its context, and waits for
// the errand under way.
func TestCourierIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		courier := drill.NewCourier(1, 2)
		finished := false
		first := courier.After(time.Second, func(context.Context) {
			time.Sleep(time.Minute)
			finished = true
		})
		second := courier.After(time.Hour, func(context.Context) { t.Error("done after the end") })
		if third := courier.After(0, func(context.Context) {}); !first || !second || third {
			t.Errorf("there was room for %v, %v, %v", first, second, third)
		}
		time.AfterFunc(2*time.Second, stop)
		courier.Run(ctx)
		if !finished {
			t.Error("it did not wait for the errand under way")
		}
	})
}
