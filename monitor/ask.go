package monitor

import (
	"context"
	"fmt"
	"time"

	"bongsu/status"
)

// request is something an operator asks of the board, carried out by the judge.
type request struct {
	do     func(d *Desk, now time.Time) (made string, err error)
	made   string
	answer chan answer // has room for one, so the judge never waits
}

type answer struct {
	made string
	err  error
}

// Open opens an incident by hand and returns its id once it is committed. If
// ctx ends before, the incident may be on the page and be committed later.
func (m *Monitor) Open(ctx context.Context, draft status.Draft) (string, error) {
	return m.ask(ctx, func(d *Desk, now time.Time) (string, error) { return d.Open(draft, now) })
}

// Note adds an update to an incident and returns its id once it is committed.
// If ctx ends before, it may be on the page and be committed later.
func (m *Monitor) Note(ctx context.Context, incident string, draft status.NoteDraft) (string, error) {
	return m.ask(ctx, func(d *Desk, now time.Time) (string, error) { return d.Note(incident, draft, now) })
}

// Maintain plans work and returns its id once it is committed. If ctx ends
// before, it may be on the page and be committed later.
func (m *Monitor) Maintain(ctx context.Context, work status.Maintenance) (string, error) {
	return m.ask(ctx, func(d *Desk, now time.Time) (string, error) { return d.Maintain(work, now) })
}

func (m *Monitor) ask(ctx context.Context, do func(*Desk, time.Time) (string, error)) (string, error) {
	r := request{do: do, answer: make(chan answer, 1)}
	select {
	case m.asked <- r:
	case <-m.stopped:
		return "", ErrStopped
	case <-ctx.Done():
		return "", fmt.Errorf("waiting for the monitor: %w", ctx.Err())
	}
	select {
	case a := <-r.answer:
		return a.made, a.err
	case <-ctx.Done():
		return "", fmt.Errorf("waiting for the database; what you asked is shown, and kept when the database answers: %w", ctx.Err())
	}
}

// serve carries a request out. It is answered when what it did is committed,
// or at once if nothing came of it.
func (j *judge) serve(r request) {
	made, err := r.do(j.desk, j.now())
	if err != nil {
		r.answer <- answer{err: err}
		return
	}
	r.made = made
	j.waiting = append(j.waiting, r)
}

// listen brings the operators' commands from the database to the judge until
// ctx is done. Each is answered before the next look, so none is taken twice.
func (m *Monitor) listen(ctx context.Context) {
	tick := time.NewTicker(pulse)
	defer tick.Stop()
	silent := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		commands, err := m.commands(ctx)
		if err != nil && !silent && ctx.Err() == nil {
			m.Log.ErrorContext(ctx, "reading operators' commands; trying on", "error", err)
		}
		silent = err != nil
		for _, c := range commands {
			if _, err := m.ask(ctx, func(d *Desk, now time.Time) (string, error) { d.Command(c, now); return "", nil }); err != nil {
				return // we are stopping; the next run finds what has no answer
			}
		}
	}
}

func (m *Monitor) commands(ctx context.Context) ([]status.Command, error) {
	ctx, cancel := context.WithTimeout(ctx, commitTime)
	defer cancel()
	return m.Book.Commands(ctx)
}
