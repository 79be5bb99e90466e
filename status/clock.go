package status

import (
	"container/heap"
	"slices"
	"time"
)

// standstill is how far back the time may seem to go and count as standing
// still: readings that crossed on their way. What is more is a clock that was
// ahead and has been set right.
const standstill = time.Second

// clock is the board's time at now.
func (b *Board) clock(now time.Time) time.Time {
	now = now.Round(0) // without the monotonic reading, which no database keeps
	if b.now.Sub(now) > standstill {
		b.setBack(now)
	}
	b.seen(now)
	return b.now
}

func (b *Board) seen(t time.Time) {
	if t.After(b.now) {
		b.now = t
	}
}

// setBack has the board go on from now, after a time that never came. Looks
// dated in it say nothing any more; what began in it counts as begun now, or the
// board would judge nothing, and tell nobody, until that time has come after
// all. What was written stays as it was written.
func (b *Board) setBack(now time.Time) {
	b.now = now
	for _, p := range b.places {
		b.setPlaceBack(p, now)
	}
	for i := range b.lapses {
		b.lapses[i].at = b.lapses[i].view.lapse()
	}
	heap.Init(&b.lapses)
	for _, s := range b.subjects {
		s.condition.Since = earlier(s.condition.Since, now)
		s.condition.Measured = earlier(s.condition.Measured, now)
		s.history.setBack(now)
	}
	for _, s := range b.open {
		s.setBack(now, b.model.Rules.Promise)
	}
	b.setPlansBack(now)
	b.setSilencesBack(now)
	b.workDue, b.growDue, b.stale, b.retell = now, now, true, true
}

// setPlansBack has work that was called off in a time that never came be called
// off now.
func (b *Board) setPlansBack(now time.Time) {
	for _, w := range slices.Clone(b.maintenance) {
		if w.Cancelled.After(now) {
			w.Cancelled = now
			b.plan(w, now)
		}
	}
}

func (b *Board) setPlaceBack(p *place, now time.Time) {
	for _, views := range [][]*view{p.views, p.controls} {
		for _, v := range views {
			if v.Said.After(now) {
				v.forget()
				v.waiting = false
			}
		}
	}
	b.rewind(p, now)
	p.trusted, p.uneasy = earlier(p.trusted, now), true
	for i := range p.doubts {
		p.doubts[i].Since = earlier(p.doubts[i].Since, now)
	}
}

// setBack leaves out what would lie ahead.
func (h *history) setBack(now time.Time) {
	h.closed = slices.DeleteFunc(h.closed, func(i Interval) bool { return !i.Since.Before(now) })
	for i := range h.closed {
		h.closed[i].Until = earlier(h.closed[i].Until, now)
	}
	h.past = pastDays{}
}

// setBack has the story go on from now; its next word comes no later than it
// would have been promised now.
func (s *story) setBack(now time.Time, promise time.Duration) {
	for _, t := range []*time.Time{&s.Began, &s.Detected, &s.Announced, &s.Watching} {
		*t = earlier(*t, now)
	}
	for i := range s.Components {
		a := &s.Components[i]
		a.Since, a.Until = earlier(a.Since, now), earlier(a.Until, now)
	}
	if !s.Next.IsZero() {
		s.Next = earlier(s.Next, now.Add(promise))
	}
	s.touched = true
}
