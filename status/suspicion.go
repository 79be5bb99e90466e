package status

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Suspicion is what somebody else's monitoring holds against a component. It is
// for operators to look at, and a reason to look at once: it is no vote, colours
// nothing, opens no incident and is told to nobody. It ends by itself.
type Suspicion struct {
	Component string
	Source    string // the id of what raised it
	Key       string // what the source calls the one thing it speaks of
	State     State  // how bad it is said to be
	Summary   string // in the source's words
	Since     time.Time
	Until     time.Time // then nobody holds it any more
	Ended     time.Time // when the source took it back; zero while it stands
}

// mostSuspicions bounds how many are known at a time, those taken back included.
const mostSuspicions = 1000

// Errors of a suspicion.
var (
	ErrSuspects = errors.New("too many suspicions stand already; look at them, or let them pass")
	ErrSaidWell = errors.New("a suspicion is of degraded_performance, partial_outage or major_outage, and lasts for a while")
)

// Suspect takes a suspicion in, or takes it back if it has ended. The same one
// again keeps its beginning and lasts longer. What was taken back is not raised
// anew by a message of the same beginning or an earlier one, nor does the end of
// an earlier one take back what began later: messages may come twice and in any
// order.
//
// The error is [ErrNoComponent], [ErrSaidWell] or [ErrSuspects].
func (b *Board) Suspect(s Suspicion, now time.Time) (string, error) {
	now = b.clock(now)
	if _, known := b.index[s.Component]; !known {
		return "", fmt.Errorf("suspecting: %w", b.unknownComponent(s.Component))
	}
	if s.Ended.IsZero() && (!s.State.Troubled() || !s.Until.After(now)) {
		return "", fmt.Errorf("suspecting %q: %w", s.Component, ErrSaidWell)
	}
	if s.Since.IsZero() || s.Since.After(now) {
		s.Since = now
	}
	at, found := slices.BinarySearchFunc(b.suspicions, s, compareSuspicion)
	switch {
	case found && !b.suspicions[at].overtakes(&s):
		b.suspicions[at] = s.after(&b.suspicions[at])
	case found, !s.Ended.IsZero():
		return s.Component, nil // nothing to take back, or an old message
	case len(b.suspicions) >= mostSuspicions:
		return "", fmt.Errorf("suspecting %q: %w", s.Component, ErrSuspects)
	default:
		b.suspicions = slices.Insert(b.suspicions, at, s)
	}
	b.suspected = append(b.suspected, b.suspicions[at])
	return s.Component, nil
}

// overtakes says whether a message is older than what is known.
func (s *Suspicion) overtakes(next *Suspicion) bool {
	if next.Ended.IsZero() && !s.Ended.IsZero() {
		return !next.Since.After(s.Since)
	}
	return next.Since.Before(s.Since)
}

// after is the suspicion that takes the place of an older one.
func (s *Suspicion) after(old *Suspicion) Suspicion {
	next := *s
	if !next.Ended.IsZero() { // what was taken back is remembered for as long as it might have stood
		next.State, next.Summary, next.Until = old.State, old.Summary, old.Until
		return next
	}
	if old.Ended.IsZero() {
		next.Since = old.Since
	}
	return next
}

// Stands says whether the suspicion is held at now.
func (s *Suspicion) Stands(now time.Time) bool { return s.Ended.IsZero() && s.Until.After(now) }

// forgetSuspicions drops those whose time has passed.
func (b *Board) forgetSuspicions(now time.Time) {
	b.suspicions = slices.DeleteFunc(b.suspicions, func(s Suspicion) bool {
		past := !s.Until.After(now)
		if past {
			s.Ended = latest(s.Ended, s.Until)
			b.suspected = append(b.suspected, s)
		}
		return past
	})
}

// suspicionDue is when the next one passes; zero if none does.
func (b *Board) suspicionDue() time.Time {
	var due time.Time
	for i := range b.suspicions {
		due = sooner(due, b.suspicions[i].Until)
	}
	return due
}

// suspicionsNow are those that stand, the newest first.
func (b *Board) suspicionsNow(now time.Time) []Suspicion {
	var all []Suspicion
	for i := range b.suspicions {
		if b.suspicions[i].Stands(now) {
			all = append(all, b.suspicions[i])
		}
	}
	slices.SortStableFunc(all, func(x, y Suspicion) int { return y.Since.Compare(x.Since) })
	return all
}

// compareSuspicion orders suspicions by what they are of.
func compareSuspicion(a, b Suspicion) int {
	return cmp.Or(cmp.Compare(a.Component, b.Component), cmp.Compare(a.Source, b.Source), cmp.Compare(a.Key, b.Key))
}

// applySuspicions keeps those whose time has not passed.
func (m *Memory) applySuspicions(news []Suspicion, now time.Time) {
	for _, s := range news {
		at, found := slices.BinarySearchFunc(m.Suspicions, s, compareSuspicion)
		if found {
			m.Suspicions[at] = s
		} else {
			m.Suspicions = slices.Insert(m.Suspicions, at, s)
		}
	}
	m.Suspicions = slices.DeleteFunc(m.Suspicions, func(s Suspicion) bool { return !s.Until.After(now) })
}

// restoreSuspicions goes on with those of components in the model.
func (b *Board) restoreSuspicions(all []Suspicion) {
	for _, s := range all {
		if _, known := b.index[s.Component]; known {
			b.suspicions = append(b.suspicions, s)
		}
	}
	slices.SortFunc(b.suspicions, compareSuspicion)
}
