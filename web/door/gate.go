package door

import (
	"context"
	"sync/atomic"
	"time"
)

// gate bounds how many passwords are hashed at once, each with the memory of
// its cost. Whoever is known has a lane that strangers cannot fill.
type gate struct {
	strangers, known chan struct{}
	waiting          atomic.Int32
}

const (
	strangerLanes = 2
	knownLanes    = 1
	mostWaiting   = 32
	gateTime      = 10 * time.Second
)

func newGate() *gate {
	return &gate{strangers: make(chan struct{}, strangerLanes), known: make(chan struct{}, knownLanes)}
}

// enter waits for a place; [ErrBusy] if there is none soon.
func (g *gate) enter(ctx context.Context, known bool) (leave func(), err error) {
	lane := g.known
	if !known {
		lane = nil // never ready
		if g.waiting.Add(1) > mostWaiting {
			g.waiting.Add(-1)
			return nil, ErrBusy
		}
		defer g.waiting.Add(-1)
	}
	ctx, cancel := context.WithTimeout(ctx, gateTime)
	defer cancel()
	select {
	case g.strangers <- struct{}{}:
		return func() { <-g.strangers }, nil
	case lane <- struct{}{}:
		return func() { <-g.known }, nil
	case <-ctx.Done():
		return nil, ErrBusy
	}
}
