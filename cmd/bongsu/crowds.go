package main

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"bongsu/config"
	"bongsu/store"
)

// How old a count of the subscribers may be before a preview has them counted
// again, how long it waits for that, and how much longer than a count took the
// next one stays away: with millions of subscribers counting takes seconds.
const (
	crowdsFresh = 2 * time.Second
	crowdsWait  = 100 * time.Millisecond
	crowdsRest  = 20
)

// crowds is the latest count of the subscribers, for previews. It is counted
// beside them, and kept in the database for the next start.
type crowds struct {
	ctx   context.Context //nolint:containedctx // of counting, which outlives the request that began it
	end   context.CancelFunc
	books *store.Store
	log   *slog.Logger

	counts sync.WaitGroup
	mu     sync.Mutex
	latest store.Counted
	known  bool
	busy   chan struct{} // closed when the count that runs ends; nil: none runs
}

func newCrowds(ctx context.Context, books *store.Store, log *slog.Logger) *crowds {
	c := &crowds{books: books, log: log}
	c.ctx, c.end = context.WithCancel(ctx)
	return c
}

// Close ends the count that runs, if one does.
func (c *crowds) Close() {
	c.end()
	c.counts.Wait()
}

// now is the latest count, or a fresh one if that comes soon. Without any its
// time is zero.
func (c *crowds) now(ctx context.Context, cfg *config.Config) store.Counted {
	c.mu.Lock()
	if !c.known {
		c.mu.Unlock()
		kept, known, err := c.books.Counted(ctx)
		c.mu.Lock()
		if err == nil && known && !c.known {
			c.latest = kept
		}
		c.known = c.known || err == nil
	}
	if age := time.Since(c.latest.At); c.busy == nil && age > max(crowdsFresh, crowdsRest*c.latest.Took) {
		c.busy = make(chan struct{})
		kinds, done := addressKinds(cfg), c.busy
		c.counts.Go(func() { c.count(kinds, done) })
	}
	busy := c.busy
	c.mu.Unlock()
	if busy != nil {
		timer := time.NewTimer(crowdsWait)
		defer timer.Stop()
		select {
		case <-busy:
		case <-timer.C:
		case <-ctx.Done():
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.latest
}

func (c *crowds) count(kinds []string, done chan struct{}) {
	counted, err := c.books.CountCrowds(c.ctx, kinds, time.Now())
	c.mu.Lock()
	if err == nil {
		c.latest = counted
	} else if c.ctx.Err() == nil {
		c.log.WarnContext(c.ctx, "counting subscribers for previews", "error", err)
	}
	c.busy = nil
	c.mu.Unlock()
	close(done)
}
