package drill

import (
	"container/heap"
	"context"
	"sync"
	"time"
)

// courier does errands at their times. It holds a bounded number of them.
type courier struct {
	limit   int
	workers int
	now     func() time.Time

	mu      sync.Mutex
	errands errandHeap
	made    uint64
	wake    chan struct{} // holds one token when an earlier errand came
}

type errand struct {
	at     time.Time
	number uint64 // equal times go in the order they came
	do     func(ctx context.Context)
}

func newCourier(workers, limit int, now func() time.Time) *courier {
	return &courier{limit: limit, workers: workers, now: now, wake: make(chan struct{}, 1)}
}

// after takes an errand for d from now. It says whether there was room.
func (c *courier) after(d time.Duration, do func(ctx context.Context)) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.errands) >= c.limit {
		return false
	}
	c.made++
	heap.Push(&c.errands, errand{c.now().Add(d), c.made, do})
	if c.errands[0].number == c.made {
		select {
		case c.wake <- struct{}{}:
		default:
		}
	}
	return true
}

// waiting says how many errands are not yet due.
func (c *courier) waiting() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.errands)
}

// run does errands until ctx ends, then waits for those under way. Those not
// yet due are forgotten.
func (c *courier) run(ctx context.Context) {
	work := make(chan errand)
	var workers sync.WaitGroup
	defer workers.Wait()
	defer close(work)
	for range c.workers {
		workers.Go(func() {
			for e := range work {
				e.do(ctx)
			}
		})
	}
	for {
		e, pause := c.next(c.now())
		if e.do == nil {
			if !c.rest(ctx, pause) {
				return
			}
			continue
		}
		select {
		case work <- e:
		case <-ctx.Done():
			return
		}
	}
}

// next takes the first errand that is due, or says how long it may rest.
func (c *courier) next(now time.Time) (errand, time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.errands) == 0 {
		return errand{}, time.Hour
	}
	if pause := c.errands[0].at.Sub(now); pause > 0 {
		return errand{}, pause
	}
	return heap.Pop(&c.errands).(errand), 0
}

func (c *courier) rest(ctx context.Context, pause time.Duration) bool {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-c.wake:
	case <-ctx.Done():
		return false
	}
	return true
}

// errandHeap has the earliest errand first.
type errandHeap []errand

func (h errandHeap) Len() int { return len(h) }
func (h errandHeap) Less(i, j int) bool {
	if !h[i].at.Equal(h[j].at) {
		return h[i].at.Before(h[j].at)
	}
	return h[i].number < h[j].number
}
func (h errandHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *errandHeap) Push(x any)   { *h = append(*h, x.(errand)) }
func (h *errandHeap) Pop() any {
	last := len(*h) - 1
	e := (*h)[last]
	(*h)[last] = errand{}
	*h = (*h)[:last]
	return e
}
