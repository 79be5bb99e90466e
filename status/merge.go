package status

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Errors of those who merge and split by hand.
var (
	ErrItself    = errors.New("an incident cannot be merged into itself; name another")
	ErrStated    = errors.New("what is measured does not go into what was opened by hand; merge the other way round")
	ErrNotTold   = errors.New("the incident does not tell of this component now")
	ErrNoRest    = errors.New("nothing would be left; name some of the incident's components, not all of them")
	ErrCauseUsed = errors.New("another open incident has this cause; merge the two")
)

// merge lets another story go on with what this one tells. Both stay readable:
// this one ends, with its timeline and its code, and each says which is the
// other.
func (b *Board) merge(s, into *story, now time.Time) {
	b.handOver(s, into)
	if s.Began.Before(into.Began) && !into.corrected(CorrectBegan) {
		into.Began = s.Began
	}
	into.Worst, into.Told = worst(into.Worst, s.Worst), worst(into.Told, s.Told)
	if into.Announced.IsZero() { // who has heard of it under another name need not hear of it again
		into.Announced = s.Announced
	}
	into.arrange()
	s.MergedInto, s.Resolved = into.ID, now
	b.write(s, UpdateMerged, now).Other = into.ID
	if len(into.Updates) > 0 {
		b.write(into, UpdateMerged, now).Other = s.ID
	}
	b.carryETAs(s, into, now)
}

// handOver has the other story tell of what this one tells of.
func (b *Board) handOver(s, into *story) {
	from, to := b.tellers(s), b.tellers(into)
	for _, a := range s.Components {
		if from[a.Component] != s {
			continue
		}
		delete(from, a.Component)
		to[a.Component] = into
		into.receive(a)
	}
}

// receive lists a component as the other story told of it. What this one told
// of it before counts towards its worst.
func (s *story) receive(a Affected) {
	at := slices.IndexFunc(s.Components, func(x Affected) bool { return x.Component == a.Component })
	if at < 0 {
		s.Components = append(s.Components, a)
		return
	}
	a.Worst = worst(a.Worst, s.Components[at].Worst)
	s.Components[at] = a
}

// tellers says which story tells of a component: of those that are measured,
// or of those opened by hand.
func (b *Board) tellers(s *story) map[string]*story {
	if s.manual() {
		return b.claimed
	}
	return b.teller
}

// mergeInto merges one open incident into another by hand. It returns the id of
// the one that goes on.
func (b *Board) mergeInto(id, other string, now time.Time) (string, error) {
	s, err := b.openStory(id)
	if err != nil {
		return "", fmt.Errorf("merging incident %q: %w", id, err)
	}
	into, err := b.openStory(other)
	if err != nil {
		return "", fmt.Errorf("merging into incident %q: %w", other, err)
	}
	switch {
	case s == into:
		err = ErrItself
	case into.manual() && !s.manual():
		err = ErrStated
	}
	if err != nil {
		return "", fmt.Errorf("merging incident %q into %q: %w", id, other, err)
	}
	b.merge(s, into, now)
	b.stale = true
	return into.ID, nil
}

// split lets some of an open incident's components go on as a story of their
// own. It returns the new incident's id. What people have heard of the one they
// have heard of the other, so nobody hears twice that it began.
func (b *Board) split(id string, components []string, now time.Time) (string, error) {
	components = slices.Compact(slices.Sorted(slices.Values(components)))
	s, err := b.openStory(id)
	if err == nil {
		err = b.divisible(s, components)
	}
	if err != nil {
		return "", fmt.Errorf("splitting incident %q: %w", id, err)
	}
	part := b.part(s, components)
	if err := b.nameCauses(s, part); err != nil {
		return "", fmt.Errorf("splitting incident %q: %w", id, err)
	}
	part.ID, part.Code = b.names.ID(now), b.code()
	if s.manual() {
		part.Cause = causeManual + part.ID
	}
	tellers := b.tellers(s)
	for _, c := range components {
		s.release(c, now)
		tellers[c] = part
	}
	b.open = append(b.open, part)
	s.arrange()
	part.arrange()
	if !part.manual() && b.causeKnown(part) {
		part.Stage = Identified
	}
	b.write(s, UpdateSplit, now).Other = part.ID
	b.write(part, UpdateOpened, now).Other = s.ID
	b.stale = true
	return part.ID, nil
}

// divisible says why the components cannot leave the story.
func (b *Board) divisible(s *story, components []string) error {
	tellers := b.tellers(s)
	for _, id := range components {
		told := slices.ContainsFunc(s.Components, func(a Affected) bool { return a.Component == id && a.Until.IsZero() })
		if !told || tellers[id] != s {
			return fmt.Errorf("%q: %w", id, ErrNotTold)
		}
	}
	rest := slices.ContainsFunc(s.Components, func(a Affected) bool {
		return a.Until.IsZero() && tellers[a.Component] == s && !slices.Contains(components, a.Component)
	})
	if len(components) == 0 || !rest {
		return ErrNoRest
	}
	return nil
}

// part is the story that some of another's components make. It has no name yet.
func (b *Board) part(s *story, components []string) *story {
	part := &story{Incident: Incident{
		Title: s.Title, Stage: Investigating, Impact: Operational, Began: s.Began, Detected: s.Detected,
		Announced: s.Announced, Told: s.Told, Apart: true,
	}}
	if s.manual() {
		part.Stage = s.Stage
	}
	for _, id := range components {
		a := s.component(id)
		part.Components = append(part.Components, a)
		part.Worst = worst(part.Worst, a.Worst)
	}
	return part
}

// nameCauses gives the part a cause of its own, and the rest another if the
// part has taken its.
func (b *Board) nameCauses(s, part *story) error {
	if s.manual() {
		return nil
	}
	cause, err := b.ownCause(part, nil, s.Cause)
	if err != nil {
		return err
	}
	keeps := s.Cause
	if s.Cause == cause {
		if keeps, err = b.ownCause(s, part, cause); err != nil {
			return err
		}
	}
	part.Cause, s.Cause = cause, keeps
	return nil
}

// ownCause is what a story that is being split is told with: that of its
// components which explains most of the others, and is no open incident's
// cause but the one that is given up. What the other part takes is left out.
func (b *Board) ownCause(s, other *story, given string) (string, error) {
	best, most := "", -1
	for _, a := range s.Components {
		id := causeComponent + a.Component
		if !a.Until.IsZero() || other != nil && (id == given || other.lists(a.Component)) {
			continue
		}
		if taken := b.storyWithCause(id); taken != nil && id != given {
			continue
		}
		if n := b.explainedBy(a.Component, s); n > most || n == most && id < best {
			best, most = id, n
		}
	}
	if best == "" {
		return "", fmt.Errorf("%s: %w", s.list(), ErrCauseUsed)
	}
	return best, nil
}

// explainedBy counts the story's components that the component explains.
func (b *Board) explainedBy(component string, s *story) (n int) {
	at, judged := b.index[component]
	for _, a := range s.Components {
		if i, known := b.index[a.Component]; known && judged && i < len(b.fates) && b.fates[i].root == at {
			n++
		}
	}
	return n
}

func (s *story) lists(component string) bool {
	return slices.ContainsFunc(s.Components, func(a Affected) bool { return a.Component == component })
}

func (s *story) list() string {
	var ids []string
	for _, a := range s.Components {
		ids = append(ids, a.Component)
	}
	return strings.Join(ids, ", ")
}
