package main

import (
	"context"
	"time"

	"bongsu/status"
)

// repeat does something for the page, with what it shows, every so often until
// ctx is done. The first of several failures in a row is told.
func (s *server) repeat(ctx context.Context, every time.Duration, do func(*status.Snapshot, time.Time) error, failed func(error)) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	failing := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		snapshot := s.latest.Load()
		if snapshot == nil {
			continue
		}
		err := do(snapshot, time.Now())
		if err != nil && !failing && ctx.Err() == nil {
			failed(err)
		}
		failing = err != nil
	}
}
