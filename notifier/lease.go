package notifier

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"sync"
	"time"
)

// lease is one term of a node: from its registration under a new id until the
// node leaves or a peer declares it dead. No wall clock decides here: only
// this process's monotonic one, and whether the peers' beats move.
type lease struct {
	id  string
	ttl time.Duration

	mu      sync.Mutex
	renewed time.Time     // begin of the last successful renewal
	since   time.Time     // held without a gap since
	base    time.Time     // the database's clock …
	baseAt  time.Time     // … when it was read
	step    time.Duration // by how much it has jumped since, and is not followed
	paused  bool
	nodes   int
	watched map[string]watched
	lapsed  bool
}

// watched is what an observer knows of a peer.
type watched struct {
	beat  int64
	moved time.Time // when the observer saw it move
}

// join registers a new term.
func join(ctx context.Context, books Nodes, name string, ttl time.Duration) (*lease, error) {
	begun := time.Now()
	id := name + "-" + strconv.FormatInt(begun.UnixNano(), 36)
	r, err := books.Join(ctx, id, name)
	if err != nil {
		return nil, fmt.Errorf("registering this node: %w", err)
	}
	l := &lease{id: id, ttl: ttl, since: begun, watched: map[string]watched{}}
	l.note(r, begun)
	return l, nil
}

// note takes in a renewal that was asked for at begun.
func (l *lease) note(r Renewal, begun time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if begun.Sub(l.renewed) > l.margin() {
		// There was a gap: for all we know the database was away from
		// everybody, and everybody gets a whole term to show life again.
		l.since = begun
		l.watched = map[string]watched{}
	}
	l.renewed = begun
	l.follow(r.Clock, time.Now())
	l.paused, l.nodes = r.Paused, 1+len(r.Peers)
	seen := make(map[string]watched, len(r.Peers))
	for _, p := range r.Peers {
		w, known := l.watched[p.ID]
		if !known || w.beat != p.Beat {
			w = watched{p.Beat, time.Now()}
		}
		seen[p.ID] = w
	}
	l.watched = seen
}

// stepped is by how much a clock must be off to have been set, not read late.
const stepped = 10 * time.Second

// follow takes in the database's clock. One that has been set to another time is
// not followed while anything is queued: what is ready would wait, or expire.
// The lock is held.
func (l *lease) follow(clock, at time.Time) {
	l.step = 0
	if !l.baseAt.IsZero() {
		if off := clock.Sub(l.base.Add(at.Sub(l.baseAt))); off.Abs() > stepped {
			l.step = off
			return
		}
	}
	l.base, l.baseAt = clock, at
}

// jumped is by how much the database's clock has been set, if it is not
// followed yet.
func (l *lease) jumped() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.step
}

// adopt follows a clock that has been set.
func (l *lease) adopt() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.base, l.step = l.base.Add(l.step), 0
}

// margin is how long a node may go on after a renewal. It is less than what
// its peers wait for, so it has stopped before they begin.
func (l *lease) margin() time.Duration { return margin(l.ttl) }

func margin(ttl time.Duration) time.Duration { return ttl * 8 / 10 }

// lastRequest is how long after it was declared dead a node may still have a
// request open: it begins none later than its margin after a renewal, and is
// declared dead a whole lease after one at the earliest. Whoever looks up or
// repeats what that node left in doubt waits for this first, so that requests
// may take longer than a lease lasts.
func lastRequest(ttl, request time.Duration) time.Duration {
	return max(margin(ttl)+request-ttl, ttl)
}

// maySend says whether a hand-over may start now.
func (l *lease) maySend() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return !l.lapsed && !l.paused && time.Since(l.renewed) < l.margin()
}

// now is the database's clock, as far as this node can tell.
func (l *lease) now() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.base.Add(time.Since(l.baseAt))
}

// share is how many nodes share each gateway's rate.
func (l *lease) share() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.nodes
}

// dead lists the peers whose beat has not moved for a whole term, if this node
// has itself held its lease that long.
func (l *lease) dead() []Peer {
	l.mu.Lock()
	defer l.mu.Unlock()
	if time.Since(l.since) < l.ttl {
		return nil
	}
	var dead []Peer
	for id, w := range l.watched {
		if time.Since(w.moved) >= l.ttl {
			dead = append(dead, Peer{id, w.beat})
		}
	}
	return dead
}

// keep renews ten times a term until ctx is done or the term has lapsed, and
// each time looks for peers to bury: the more often, the sooner one is missed.
func (l *lease) keep(ctx context.Context, books Nodes, log *slog.Logger, renewed func(), failed func(error)) error {
	tick := time.NewTicker(l.ttl / 10)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		begun := time.Now()
		r, err := l.renew(ctx, books)
		switch {
		case errors.Is(err, ErrLapsed):
			l.end()
			return ErrLapsed
		case err != nil:
			log.Warn("renewing this node's lease", "error", err)
			failed(err)
			continue
		}
		l.note(r, begun)
		if err := l.bury(ctx, books, log); err != nil {
			log.Warn("taking over from a dead node", "error", err)
		}
		renewed()
	}
}

// renew asks once, for no longer than the lease itself lasts.
func (l *lease) renew(ctx context.Context, books Nodes) (Renewal, error) {
	ctx, cancel := context.WithTimeout(ctx, l.margin())
	defer cancel()
	return books.Renew(ctx, l.id)
}

// bury frees what dead peers held.
func (l *lease) bury(ctx context.Context, books Nodes, log *slog.Logger) error {
	for _, p := range l.dead() {
		buried, err := books.Bury(ctx, p.ID, p.Beat)
		if err != nil {
			return err
		}
		if buried {
			log.Info("a node is dead: its batches are taken over", "node", p.ID)
		}
	}
	return nil
}

// end stops every hand-over that has not begun.
func (l *lease) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lapsed = true
}
