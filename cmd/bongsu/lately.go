package main

import (
	"context"
	"time"

	"bongsu/status"
	"bongsu/web"
)

// How the page is given what the history knows: visitors never ask the database.
const (
	latelyEvery = 2 * time.Second
	latelyBatch = 20          // series read at a time: ten thousand of them within twenty minutes
	latelyRound = time.Minute // at most once each
	latelySpan  = 24 * time.Hour
	olderEvery  = 10 * time.Minute
	olderYears  = 5
)

// latelyTurn goes round all components, a few at a time, and rests before it
// goes round again: what it reads are hours.
type latelyTurn struct {
	at    int
	began time.Time // this round
}

// next are the components whose turn it is: as many as have a batch of series
// between them, and at least one; none while it rests.
func (l *latelyTurn) next(s *status.Snapshot, now time.Time) []*status.ComponentView {
	var all []*status.ComponentView
	for g := range s.Groups {
		all = append(all, s.Groups[g].Components...)
	}
	if l.at >= len(all) {
		if now.Sub(l.began) < latelyRound {
			return nil
		}
		l.at = 0
	}
	if l.at == 0 {
		l.began = now
	}
	first, series := l.at, 0
	for ; l.at < len(all); l.at++ {
		if series += len(all[l.at].Standings); series > latelyBatch && l.at > first {
			break
		}
	}
	return all[first:l.at]
}

// runLately hands the page how long looks took, and what ended long ago, until
// ctx is done.
func runLately(ctx context.Context, s *server) {
	var turn latelyTurn
	var asked time.Time
	s.repeat(ctx, latelyEvery, func(snapshot *status.Snapshot, now time.Time) error {
		if now.Sub(asked) >= olderEvery {
			if err := handOlder(ctx, s, now); err != nil {
				return err
			}
			asked = now
		}
		for _, c := range turn.next(snapshot, now) {
			if err := handTook(ctx, s, c, now); err != nil {
				return err
			}
		}
		return nil
	}, func(err error) {
		s.log.WarnContext(ctx, "reading the history for the page; it shows what it knew before", "error", err)
	})
}

func handOlder(ctx context.Context, s *server, now time.Time) error {
	older, err := s.store.PastIncidents(ctx, now.AddDate(-olderYears, 0, 0))
	if err == nil {
		s.page.Remember(older)
	}
	return err
}

func handTook(ctx context.Context, s *server, c *status.ComponentView, now time.Time) error {
	took := make([]web.Took, 0, len(c.Standings))
	for i := range c.Standings {
		of := status.Series{Check: c.Standings[i].Check, Location: c.Standings[i].Location}
		points, err := s.store.Points(ctx, status.HistoryQuery{Series: of, From: now.Add(-latelySpan), Until: now, Step: status.StepHourly, Settled: true})
		if err != nil {
			return err
		}
		if len(points) > 0 {
			took = append(took, web.Took{Series: of, Points: points})
		}
	}
	s.page.Time(c.ID, took)
	return nil
}
