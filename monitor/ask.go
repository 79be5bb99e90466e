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

// Do carries out what an operator asks and returns the id of what came of it
// once that is committed. If ctx ends before, it may be on the page and be
// committed later. The errors are those of [status.Board.Do]. A command with an
// id is carried out once: see [Desk.Once].
func (m *Monitor) Do(ctx context.Context, c status.Command) (string, error) {
	return m.ask(ctx, func(d *Desk, now time.Time) (string, error) {
		made, err := d.Once(c, now)
		if err == nil && c.Suspect != nil && c.Suspect.Ended.IsZero() {
			m.lookInto(c.Suspect.Component, now)
		}
		return made, err
	})
}

// lookInto has every location look at a component at once, within the limits of
// its checks: somebody else holds something against it.
func (m *Monitor) lookInto(component string, now time.Time) {
	var ids []string
	for i := range m.Model.Components {
		if m.Model.Components[i].ID != component {
			continue
		}
		for _, check := range m.Model.Components[i].Checks {
			ids = append(ids, check.ID)
			m.posts.call(check.ID, "")
		}
	}
	m.rounds.AtOnce(ids, now)
}

// LookNow has every location look at the checks at once, this node and agents
// alike: as soon as the pause since their last look is over, and within their
// limits. It returns when they have been asked, not when they have looked.
func (m *Monitor) LookNow(ctx context.Context, checks []string) error {
	_, err := m.ask(ctx, func(_ *Desk, now time.Time) (string, error) {
		m.rounds.AtOnce(checks, now)
		for _, check := range checks {
			m.posts.call(check, m.Location)
		}
		return "", nil
	})
	return err
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
	switch {
	case j.desk.Pending():
		j.waiting = append(j.waiting, r)
	case j.desk.Writing():
		j.riding = append(j.riding, r)
	default:
		r.answer <- answer{made: made}
	}
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
