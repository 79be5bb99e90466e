package main

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"bongsu/status"
	"bongsu/web/lastpage"
)

// The page is kept no more often than keepEvery, and writing it takes no more
// than a fiftieth of the time.
const (
	keepEvery = 10 * time.Second
	keepShare = 50
)

// pageKeeper keeps the last page in a file, for a start without the database.
type pageKeeper struct {
	file   string
	log    *slog.Logger
	latest atomic.Pointer[status.Snapshot] // that is yet to be kept
	told   time.Time                       // of which instant the page spoke that was last handed in
	wake   chan struct{}
}

func newPageKeeper(file string, log *slog.Logger) *pageKeeper {
	return &pageKeeper{file: file, log: log, wake: make(chan struct{}, 1)}
}

// Keep has a snapshot kept, if the page reads otherwise than when it was last
// handed in: told says so. It never blocks, and belongs to one goroutine.
func (k *pageKeeper) Keep(s *status.Snapshot, told time.Time) {
	if told.Equal(k.told) {
		return
	}
	k.told = told
	k.latest.Store(s)
	select {
	case k.wake <- struct{}{}:
	default:
	}
}

// Run keeps what is handed in until ctx ends.
func (k *pageKeeper) Run(ctx context.Context) {
	failing := false
	for {
		select {
		case <-ctx.Done():
			k.keep(&failing)
			return
		case <-k.wake:
		}
		began := time.Now()
		k.keep(&failing)
		select {
		case <-ctx.Done():
		case <-time.After(max(keepEvery, keepShare*time.Since(began))):
		}
	}
}

// keep writes what is yet to be kept. What fails is told once.
func (k *pageKeeper) keep(failing *bool) {
	s := k.latest.Swap(nil)
	if s == nil {
		return
	}
	err := lastpage.Write(k.file, s)
	switch {
	case err != nil && !*failing:
		k.log.Warn("a start without the database will have no page to show; last_page: in the configuration names another place", "error", err)
	case err == nil && *failing:
		k.log.Info("the last page is kept again", "file", k.file)
	}
	*failing = err != nil
}
