package main

import (
	"context"
	"log/slog"
	"time"

	"bongsu/store"
)

const (
	tidyEvery = time.Hour
	tidyAgain = 200 * time.Millisecond // a sender beside it comes first
)

// keepBooks removes deliveries that are older than they are kept, until ctx is
// done; zero keeps them for ever.
func keepBooks(ctx context.Context, s *store.Store, keep time.Duration, now func() time.Time, log *slog.Logger) {
	if keep == 0 {
		return
	}
	timer := time.NewTimer(tidyAgain)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		more, err := s.Trim(ctx, now().Add(-keep), now())
		if err != nil && ctx.Err() == nil {
			log.ErrorContext(ctx, "removing old deliveries; it is tried again", "error", err)
		}
		pause := tidyEvery
		if more {
			pause = tidyAgain
		}
		timer.Reset(pause)
	}
}
