package notifier

import (
	"context"
	"sync"
	"time"
)

// limits gives requests the time that they may take. Those that begin soon after
// one another share a limit, the first one's: one timer for each request costs as
// much as some requests do.
type limits struct {
	each time.Duration

	mu    sync.Mutex
	ctx   context.Context //nolint:containedctx // it is of requests that begin within a moment, not of this
	until time.Time       // nobody joins after that
	end   context.CancelFunc
}

// sharedFor is the part of its time by which a request's limit may be shorter.
const sharedFor = 100

// of is the limit of a request that begins now. A request that has begun is not
// broken off by the end of ctx: its answer is worth having.
func (l *limits) of(ctx context.Context) context.Context {
	now := time.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ctx == nil || now.After(l.until) {
		l.ctx, l.end = context.WithDeadline(context.WithoutCancel(ctx), now.Add(l.each)) //nolint:gosec // it ends by itself
		l.until = now.Add(l.each / sharedFor)
	}
	return l.ctx
}
