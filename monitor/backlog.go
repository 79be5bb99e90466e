package monitor

import (
	"cmp"
	"slices"
	"time"

	"bongsu/notifier"
	"bongsu/status"
)

const (
	// firstPause and longestPause bound the wait before a commit that did not
	// succeed is tried again; each wait doubles the one before.
	firstPause   = 100 * time.Millisecond
	longestPause = 5 * time.Second
)

// backlog is what is judged and not yet committed. While a commit is on its
// way, or the database away, what comes is merged: states and standings take
// each other's place, and of intervals, updates, events and notices nothing is
// left out. So it grows with what happens; only single looks, which the history
// can spare, come as often as things are looked at, and are bounded.
type backlog struct {
	waiting   notifier.Record
	standings map[view]status.Standing
	looks     []status.Vote
	dropped   int       // looks that the history will lack, since it was last asked
	since     time.Time // of the oldest standing or look that waits
	urgent    bool      // more than these waits

	writing *notifier.Record // on its way
	pause   time.Duration
	retry   time.Time // not before this, after a commit that did not succeed
}

// view is what a standing is of.
type view struct{ check, location string }

// mostLooks bounds the looks that wait while the database is away: the history
// then lacks the oldest of them.
const mostLooks = 100_000

// keep adds to what waits.
func (b *backlog) keep(r notifier.Record, now time.Time) {
	for _, s := range r.Standings {
		b.keepStanding(s, now)
	}
	r.Standings = nil
	b.waiting = merge(b.waiting, r)
	b.urgent = true
}

func (b *backlog) keepStanding(s status.Standing, now time.Time) {
	b.gather(now)
	if b.standings == nil {
		b.standings = map[view]status.Standing{}
	}
	b.standings[view{s.Check, s.Location}] = s
}

func (b *backlog) keepLook(v status.Vote, now time.Time) {
	b.gather(now)
	if len(b.looks) == mostLooks {
		const tenth = mostLooks / 10 // so that the rest is not moved each time
		b.looks = slices.Delete(b.looks, 0, tenth)
		b.dropped += tenth
	}
	b.looks = append(b.looks, v)
}

// Dropped is how many looks were given up since it was last asked: the database
// was away for longer than they can wait.
func (b *backlog) Dropped() int {
	n := b.dropped
	b.dropped = 0
	return n
}

// gather notes when the first of what may wait together came.
func (b *backlog) gather(now time.Time) {
	if !b.gathering() {
		b.since = now
	}
}

func (b *backlog) gathering() bool { return len(b.standings)+len(b.looks) > 0 }

// releaseAt is when there will be something to commit; zero if nothing waits
// or the writer is busy.
func (b *backlog) releaseAt() time.Time {
	switch {
	case b.writing != nil, !b.urgent && !b.gathering():
		return time.Time{}
	case b.urgent:
		return later(b.retry, time.Unix(0, 0))
	default:
		return later(b.retry, b.since.Add(gather))
	}
}

// release gives out all that waits as one record, if it is time.
func (b *backlog) release(now time.Time) *notifier.Record {
	if at := b.releaseAt(); at.IsZero() || at.After(now) {
		return nil
	}
	r := b.waiting
	r.Standings = make([]status.Standing, 0, len(b.standings))
	for _, s := range b.standings {
		r.Standings = append(r.Standings, s)
	}
	slices.SortFunc(r.Standings, func(x, y status.Standing) int {
		return cmp.Or(cmp.Compare(x.Check, y.Check), cmp.Compare(x.Location, y.Location))
	})
	r.Looks, b.looks = b.looks, nil
	b.waiting, b.urgent = notifier.Record{}, false
	clear(b.standings)
	b.writing = &r
	return b.writing
}

// Recorded says how the commit went. What was not committed, as far as one can
// tell, waits again, in front of what came since.
func (b *backlog) Recorded(err error, now time.Time) {
	if b.writing == nil {
		return
	}
	r := *b.writing
	b.writing = nil
	if err == nil {
		b.pause, b.retry = 0, time.Time{}
		return
	}
	b.pause = min(max(2*b.pause, firstPause), longestPause)
	b.retry = now.Add(b.pause)
	for _, s := range r.Standings {
		if _, newer := b.standings[view{s.Check, s.Location}]; !newer {
			b.keepStanding(s, now)
		}
	}
	since := b.looks
	b.looks = nil
	for _, v := range append(r.Looks, since...) {
		b.keepLook(v, now)
	}
	r.Standings, r.Looks = nil, nil
	b.waiting = merge(r, b.waiting)
	b.urgent = true
}

// Writing says whether a commit is on its way.
func (b *backlog) Writing() bool { return b.writing != nil }

// Flush gives out all that waits, whatever the time: the last commit.
func (b *backlog) Flush(now time.Time) *notifier.Record {
	b.since, b.retry = time.Time{}, time.Time{}
	return b.release(now)
}

// Unrecorded is how many changes, notices and answers wait to be committed or
// are on their way.
func (b *backlog) Unrecorded() int {
	n := size(&b.waiting)
	if b.writing != nil {
		n += size(b.writing)
	}
	return n
}

func size(r *notifier.Record) int {
	c := &r.Change
	return len(c.Conditions) + len(c.Closed) + len(c.Incidents) + len(c.Maintenance) + len(c.Words) + len(c.Routines) + len(c.Events) +
		len(c.Suspicions) + len(c.Silences) + len(r.Notices) + len(r.Answers)
}

// merge makes one record of two that follow each other: committing it leaves
// what committing both would have left.
func merge(older, newer notifier.Record) notifier.Record {
	a, b := older.Change, newer.Change
	return notifier.Record{
		Standings: append(older.Standings, newer.Standings...),
		Change: status.Change{
			At:          later(a.At, b.At),
			Conditions:  latest(a.Conditions, b.Conditions, func(c *status.Condition) string { return c.Component }),
			Closed:      append(a.Closed, b.Closed...),
			Incidents:   latest(a.Incidents, b.Incidents, func(i *status.Incident) string { return i.ID }),
			Maintenance: latest(a.Maintenance, b.Maintenance, func(w *status.Maintenance) string { return w.ID }),
			Words:       latest(a.Words, b.Words, func(w *status.FunctionWords) string { return w.App + "/" + w.Function }),
			Routines:    latest(a.Routines, b.Routines, func(r *status.Routine) string { return r.ID }),
			Events:      append(a.Events, b.Events...),
			Suspicions:  latest(a.Suspicions, b.Suspicions, func(s *status.Suspicion) string { return s.Component + "\x00" + s.Source + "\x00" + s.Key }),
			Silences:    latest(a.Silences, b.Silences, func(s *status.Silence) string { return s.Component }),
		},
		Notices: append(older.Notices, newer.Notices...),
		Answers: append(older.Answers, newer.Answers...),
	}
}

// latest is both lists in one, with the newer value in the place of an older
// one of the same id.
func latest[T any](older, newer []T, id func(*T) string) []T {
	if len(older) == 0 {
		return newer
	}
	at := make(map[string]int, len(older))
	all := slices.Clone(older)
	for i := range all {
		at[id(&all[i])] = i
	}
	for i := range newer {
		if place, ok := at[id(&newer[i])]; ok {
			all[place] = newer[i]
		} else {
			all = append(all, newer[i])
		}
	}
	return all
}
