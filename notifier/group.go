package notifier

import (
	"context"
	"sync"
	"time"
)

// group turns many small commits into few: whoever comes first waits a moment
// for others and commits for all of them. Nobody runs in the background.
type group[T any] struct {
	window time.Duration
	enough int // do not wait longer once so many have come
	commit func(ctx context.Context, all []T) error

	mu      sync.Mutex
	waiting []*member[T]
	led     bool
}

type member[T any] struct {
	items []T
	wake  chan bool // true: lead; false: err is set
	err   error
}

// do returns when the items are committed, together with what others brought.
// The leader's context carries the transaction for everybody, so callers pass
// one that outlives a single request.
func (g *group[T]) do(ctx context.Context, items ...T) error {
	me := &member[T]{items: items, wake: make(chan bool, 1)}
	g.mu.Lock()
	g.waiting = append(g.waiting, me)
	if !g.led {
		g.led = true
		me.wake <- true
	}
	g.mu.Unlock()
	if lead := <-me.wake; !lead {
		return me.err
	}
	g.lead(ctx)
	return me.err
}

// lead commits what has gathered and names the next leader.
func (g *group[T]) lead(ctx context.Context) {
	g.gather()
	g.mu.Lock()
	batch := g.waiting
	g.waiting = nil
	g.mu.Unlock()
	var all []T
	for _, m := range batch {
		all = append(all, m.items...)
	}
	err := g.commit(ctx, all)

	g.mu.Lock()
	defer g.mu.Unlock()
	g.led = len(g.waiting) > 0
	if g.led {
		g.waiting[0].wake <- true
	}
	for _, m := range batch {
		m.err = err
		m.wake <- false // the leader is among them, and reads no more
	}
}

// gather waits for company.
func (g *group[T]) gather() {
	if g.window <= 0 {
		return
	}
	g.mu.Lock()
	plenty := len(g.waiting) >= g.enough
	g.mu.Unlock()
	if !plenty {
		time.Sleep(g.window)
	}
}
