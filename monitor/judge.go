package monitor

import (
	"context"
	"fmt"
	"sync"
	"time"

	"bongsu/notifier"
)

// commitTime bounds a commit; a database that takes longer is treated as away.
const commitTime = 10 * time.Second

// judge drives the desk: looks and requests in, pages and records out.
type judge struct {
	*Monitor

	desk    *Desk
	waiting []request // answered when what they did is committed
	riding  []request // with the record that is on its way
	notices bool      // that record has some
	writer  sync.WaitGroup
}

// run judges until ctx is done, then commits what is left.
func (j *judge) run(ctx context.Context) error {
	defer close(j.pages)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		timer.Reset(j.turn(ctx))
		select {
		case <-ctx.Done():
			return j.close(ctx)
		case o := <-j.looked:
			j.take(o)
		case r := <-j.asked:
			j.serve(r)
		case err := <-j.written:
			j.committed(ctx, err)
		case <-timer.C:
		}
	}
}

// turn does what is due and returns how long there is nothing to do.
func (j *judge) turn(ctx context.Context) time.Duration {
	now := j.now()
	j.judgeBeat.Store(now.UnixNano())
	if j.Self != nil {
		j.desk.Believe(j.Location, j.Self.Doubts(now), now)
	}
	began := time.Now()
	agenda, next := j.desk.Due(now)
	if agenda.Judged {
		j.Metrics.judging.Observe(time.Since(began).Seconds())
	}
	j.do(ctx, &agenda)
	return min(pulse, next.Sub(now))
}

func (j *judge) do(ctx context.Context, agenda *Agenda) {
	for _, err := range agenda.Problems {
		j.Log.ErrorContext(ctx, "judging", "error", err)
	}
	if agenda.Publish != nil {
		select {
		case <-j.pages: // overtaken before the page could show it
		default:
		}
		j.pages <- agenda.Publish // only this goroutine sends, so there is room
	}
	if agenda.Record != nil {
		j.commit(ctx, *agenda.Record)
	}
	j.Metrics.unrecorded.Set(float64(j.desk.Unrecorded()))
	j.Metrics.dropped.Add(float64(j.desk.Dropped()))
}

// take folds in a look, and those that ended with it: they are judged at once.
func (j *judge) take(o Outcome) {
	for range cap(j.looked) {
		j.report(o)
		select {
		case o = <-j.looked:
		default:
			return
		}
	}
}

func (j *judge) report(o Outcome) {
	now := j.now()
	v := o.Vote(j.Location)
	next := j.desk.Vote(v, now)
	j.rounds.Report(&o, next.Again, now)
	j.follow(&v, next, now)
	j.Metrics.voted(j.Location, 1, o.Began)
	if j.Self != nil {
		j.Self.Looked(o.Check, o.Began, now)
	}
}

// commit writes beside the loop. A stop does not break it off half-way: its
// outcome would be unknown without need.
func (j *judge) commit(ctx context.Context, r notifier.Record) {
	j.riding, j.waiting = append(j.riding, j.waiting...), nil
	j.notices = len(r.Notices) > 0
	j.writer.Go(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitTime)
		defer cancel()
		j.written <- j.Book.Record(ctx, r)
	})
}

// committed takes note of how the commit went. What a failed one held rides
// with the next.
func (j *judge) committed(ctx context.Context, err error) {
	j.desk.Recorded(err, j.now())
	if err != nil {
		j.Metrics.failures.Inc()
		j.Log.ErrorContext(ctx, "recording a judgement; it is kept and tried again", "error", err)
		return
	}
	for _, r := range j.riding {
		r.answer <- answer{made: r.made}
	}
	j.riding = nil
	if j.notices && j.Woke != nil {
		j.Woke()
	}
}

// close waits for the commit on its way and makes a last one for the rest.
func (j *judge) close(ctx context.Context) error {
	j.writer.Wait()
	select {
	case err := <-j.written:
		j.committed(ctx, err)
	default:
	}
	err := j.last(ctx)
	for _, r := range append(j.riding, j.waiting...) {
		r.answer <- answer{err: ErrStopped}
	}
	return err
}

func (j *judge) last(ctx context.Context) error {
	r := j.desk.Flush(j.now())
	if r == nil {
		return nil
	}
	j.commit(ctx, *r)
	j.writer.Wait()
	err := <-j.written
	j.committed(ctx, err)
	if err != nil {
		return fmt.Errorf("recording the last %d changes: %w", j.desk.Unrecorded(), err)
	}
	return nil
}
