package status

import (
	"slices"
	"time"
)

const (
	// digestEvery is the least time between two messages to subscribers about
	// an incident that goes on and gets no worse.
	digestEvery = 24 * time.Hour

	// promiseGrace is how late a promised word may come and still keep the
	// promise: the page gives times in minutes.
	promiseGrace = time.Minute
)

// Missed is a promise that passed before word came: the program was away.
type Missed struct {
	Incident string
	Code     string
	Promised time.Time
	Came     time.Time // when word came after all
}

// write adds an update to the story and makes the next promise.
func (b *Board) write(s *story, kind UpdateKind, now time.Time) *Update {
	missed := b.miss(s, now)
	s.Next = b.promise(s, now)
	s.Updates = append(s.Updates, Update{
		ID: b.names.ID(now), At: now, Kind: kind, Stage: s.Stage, Cause: s.Cause,
		Components: slices.Clone(s.Components), Next: s.Next, Missed: missed,
	})
	s.touched = true
	return s.last()
}

func (b *Board) promise(s *story, now time.Time) time.Time {
	if !s.Open() || b.model.Rules.Promise <= 0 {
		return time.Time{}
	}
	return now.Add(b.model.Rules.Promise)
}

// miss is the story's promise if it has passed unkept, for the page; it is
// noted for the operators too, unless the story is silenced.
func (b *Board) miss(s *story, now time.Time) time.Time {
	if s.Next.IsZero() || !now.After(s.Next.Add(promiseGrace)) {
		return time.Time{}
	}
	if !b.silenced(s) {
		b.missed = append(b.missed, Missed{Incident: s.ID, Code: s.Code, Promised: s.Next, Came: now})
	}
	return s.Next
}

// keepPromise says that nothing has changed when word was promised and none
// came, or what has, if that was to wait for longer.
func (b *Board) keepPromise(s *story, now time.Time) {
	if !s.Open() || s.Next.IsZero() || now.Before(s.Next) {
		return
	}
	kind := UpdateNoChange
	if !s.manual() && s.changed() {
		kind = UpdateChanged
	}
	b.write(s, kind, now)
}

// digest tells people that the story goes on if the first update in a day is
// among those written just now, the given one and what follows it.
func (b *Board) digest(s *story, written int, now time.Time) {
	if !s.Open() || s.Announced.IsZero() || len(s.Updates) == written || b.silenced(s) {
		return
	}
	if s.lastDigest() >= written {
		b.emit(s, EventDigest, Operational, s.Told, now)
	}
}

// lastDigest is the update with which people were last told that the story
// goes on, or -1: the first one in a day since they heard that it began, that it
// is worse, or that it goes on. It follows from the updates, so a restart cannot
// repeat a digest.
func (s *story) lastDigest() (update int) {
	update = -1
	heard := s.Announced
	_, told := outline(s.Updates[0].Components)
	for i := range s.Updates {
		u := &s.Updates[i]
		_, impact := outline(u.Components)
		worsens := worst(told, impact) != told
		switch {
		case !u.At.After(s.Announced):
			told = worst(told, impact)
		case worsens && u.Kind == UpdateChanged:
			told, heard = impact, u.At
		case u.goesOn() && u.At.Sub(heard) >= digestEvery:
			update, heard = i, u.At
		}
	}
	return update
}

// goesOn says whether a digest may go out with the update. While all answers
// none does: a text that says "not over" would frighten, and one that says
// "answering" would be a recovery told too early. News that nothing can be
// measured says neither.
func (u *Update) goesOn() bool {
	switch u.Kind {
	case UpdateNoChange:
		return u.Stage < Monitoring
	case UpdateCause, UpdateChanged, UpdateRelapse:
		_, impact := outline(u.Components)
		return u.Stage < Monitoring && impact.Troubled()
	default:
		return false
	}
}
