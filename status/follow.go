package status

import (
	"slices"
	"time"
)

// follow tells the story up to now.
func (b *Board) follow(s *story, now time.Time) {
	written, heard := len(s.Updates), len(b.events)
	if !s.manual() {
		s.arrange()
		b.turn(s, now)
		b.announce(s, now)
		b.tellChange(s, now)
	}
	b.settleETAs(s, now)
	b.keepPromise(s, now)
	if len(b.events) == heard {
		b.digest(s, written, now)
	}
}

// turn moves the story to the stage that its components call for.
func (b *Board) turn(s *story, now time.Time) {
	switch {
	case len(s.Updates) == 0:
		if b.causeKnown(s) {
			s.Stage = Identified
		}
		b.write(s, UpdateOpened, now)
	case b.abandoned(s):
		b.drop(s, now)
	case s.troubled():
		b.relapse(s, now)
		b.findCause(s, now)
	case s.unwell():
		s.touched = s.touched || !s.Watching.IsZero()
		s.Watching = time.Time{}
	default:
		b.recover(s, now)
	}
}

// causeKnown says whether the cause is more than the only component that fails.
func (b *Board) causeKnown(s *story) bool {
	return isDomain(s.Cause) || s.corrected(CorrectCause) || slices.ContainsFunc(s.Components, func(a Affected) bool { return a.troubled() && !a.Cause })
}

// abandoned says whether the configuration has dropped all that the story is
// about, so that nothing will ever be measured of it again.
func (b *Board) abandoned(s *story) bool {
	return !slices.ContainsFunc(s.Components, func(a Affected) bool {
		_, judged := b.index[a.Component]
		return judged
	})
}

func (b *Board) relapse(s *story, now time.Time) {
	if s.Stage != Monitoring {
		return
	}
	s.Stage, s.Watching = Identified, time.Time{}
	b.write(s, UpdateRelapse, now)
}

func (b *Board) findCause(s *story, now time.Time) {
	found := b.betterCause(s)
	if found == s.Cause && (s.Stage != Investigating || !b.causeKnown(s)) {
		return
	}
	s.Cause = found
	if b.causeKnown(s) {
		s.Stage = Identified
	}
	b.write(s, UpdateCause, now)
}

// recover watches a story whose components all answer, and ends it when they
// have for long enough.
func (b *Board) recover(s *story, now time.Time) {
	switch {
	case s.Stage != Monitoring:
		s.Stage, s.Watching = Monitoring, now
		b.write(s, UpdateMonitoring, now)
	case s.Watching.IsZero():
		s.Watching, s.touched = now, true
	}
	if !now.Before(s.Watching.Add(b.model.Rules.Watch)) {
		b.close(s, now)
		if !s.Announced.IsZero() {
			b.emit(s, EventResolved, s.Told, Operational, now)
		}
	}
}

func (b *Board) close(s *story, now time.Time) {
	s.Stage, s.Resolved = Resolved, now
	b.write(s, UpdateResolved, now)
}

// settled is when the first words are due. They wait a little for the cause,
// and never longer: the time in which the story has failed untold adds up, so
// that an outage which comes and goes is told as well.
func (b *Board) settled(s *story) time.Time {
	from, left := s.Detected, b.model.Rules.Settle
	for i := range s.Updates {
		switch u := &s.Updates[i]; u.Kind {
		case UpdateMonitoring:
			left -= max(u.At.Sub(from), 0)
		case UpdateRelapse:
			from = earlier(u.At, b.now) // a clock that was ahead may have dated it
		default:
		}
	}
	return from.Add(max(left, 0))
}

// announce tells people of an outage that has settled, and of one that is
// worse than they know. What recovered before is never told, and what cannot be
// measured just now waits, as does what is silenced.
func (b *Board) announce(s *story, now time.Time) {
	if !s.Open() || !s.Impact.Troubled() || b.silenced(s) {
		return
	}
	switch {
	case s.Announced.IsZero():
		if now.Before(b.settled(s)) {
			return
		}
		if s.changed() {
			b.write(s, UpdateChanged, now)
		}
		b.emit(s, EventOpened, Operational, s.Impact, now)
		s.Announced, s.Told = now, s.Impact
	case worse(s.Told, s.Impact) != s.Told:
		b.write(s, UpdateChanged, now)
		b.emit(s, EventWorsened, s.Told, s.Impact, now)
		s.Told = s.Impact
	}
}

// tellChange writes that the story's components have changed, once that is due.
func (b *Board) tellChange(s *story, now time.Time) {
	if !s.Open() {
		return
	}
	if due := s.changeDue(); !due.IsZero() && !now.Before(due) {
		b.write(s, UpdateChanged, now)
	}
}

// emit notes an event. It is named by the story's latest update.
func (b *Board) emit(s *story, kind EventKind, from, to State, now time.Time) {
	s.touched = true
	b.events = append(b.events, Event{
		Kind: kind, Incident: s.ID, From: from, To: to, Update: s.last().ID, At: now,
	})
}

// storyDue is when the story has something new to say if nothing changes.
func (b *Board) storyDue(s *story) time.Time {
	due := sooner(s.Next, s.etaDue())
	if s.manual() {
		return due
	}
	if s.Announced.IsZero() && s.Impact.Troubled() && !b.silenced(s) {
		due = sooner(due, b.settled(s))
	}
	due = sooner(due, s.changeDue())
	if !s.Watching.IsZero() {
		due = sooner(due, s.Watching.Add(b.model.Rules.Watch))
	}
	return due
}

// sooner is the earlier of two times, either of which may be none.
func sooner(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
