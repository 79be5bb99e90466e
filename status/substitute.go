package status

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

const (
	// provenFor is how long a substitute counts as working after it was last
	// measured.
	provenFor = 5 * time.Minute
	// turnEvery is how long substitutes keep their order. It is short beside an
	// outage, so that nobody is first all through it, and long beside a
	// reader's visit.
	turnEvery = 15 * time.Minute

	// usualMemory is about how far back what is usual reaches: over the busy
	// and the quiet hours of a day.
	usualMemory = 24 * time.Hour
	// crowdedMemory is how far it reaches while the target is slower than usual.
	// A crowded day hardly counts as usual, and what has lasted for weeks does.
	crowdedMemory = 14 * usualMemory
	// usualStep is the largest part of what is usual that one look can replace.
	usualStep = usualMemory / 16

	// A target is crowded when it lately takes more than crowdedTimes what it
	// usually does, which a reader notices, and at least crowdedBy more, so that
	// 20 ms beside 8 ms are not news.
	crowdedTimes = 2
	crowdedBy    = 300 * time.Millisecond
)

// learn notes what a look took that got an answer: lately is the last few of
// them, so that one interval shows a change, and usually about a day of good
// ones.
func (s *Standing) learn(seen byte, v Vote) {
	if seen == lookFailing || v.Took <= 0 {
		return
	}
	if s.Lately == 0 {
		s.Lately = v.Took
	}
	s.Lately += (v.Took - s.Lately) / 2
	if seen != lookOK {
		return
	}
	if s.Usual == 0 {
		s.Usual = v.Took
		return
	}
	memory := usualMemory
	if s.crowded() {
		memory = crowdedMemory
	}
	weight := min(v.At.Sub(s.Said), usualStep)
	step := int64(v.Took-s.Usual) * weight.Milliseconds() / memory.Milliseconds()
	s.Usual += time.Duration(step)
}

// crowded says whether the target takes much longer than it usually does.
func (s *Standing) crowded() bool {
	return s.Usual > 0 && s.Lately > crowdedTimes*s.Usual && s.Lately-s.Usual >= crowdedBy
}

// available are the substitutes that are measured to work now, stand in no
// domain that has failed, those of the component and of what explains its
// trouble included, and need nothing that has. Their order changes every
// [turnEvery], and over time each comes as often in each place.
func (b *Board) available(s *subject, down []string, now time.Time) []Substitute {
	if len(s.Substitutes) == 0 {
		return nil
	}
	if s.condition.State.Troubled() {
		down = slices.Concat(down, s.Domains)
		if s.order < len(b.fates) {
			down = append(down, b.subjects[b.fates[s.order].root].Domains...)
		}
	}
	var found []Substitute
	for _, id := range s.Substitutes {
		if i, known := b.index[id]; known && b.proven(b.subjects[i], down, now) {
			found = append(found, b.subjects[i].substitute())
		}
	}
	slices.SortFunc(found, func(x, y Substitute) int { return strings.Compare(x.ID, y.ID) })
	return inTurn(found, now)
}

// inTurn shuffles things by the time alone, so that every node shows the same
// order, and whoever looks, however often, finds each as often.
func inTurn[T any](all []T, now time.Time) []T {
	turn := now.Unix() / int64(turnEvery/time.Second)
	order := rand.NewPCG(uint64(turn), 0) //nolint:gosec // a seed: any number will do
	for i := len(all) - 1; i > 0; i-- {
		at := order.Uint64() % uint64(i+1)
		all[i], all[at] = all[at], all[i]
	}
	return all
}

// proven says whether a component can stand in for another now.
func (b *Board) proven(s *subject, down []string, now time.Time) bool {
	return s.condition.State == Operational && !s.condition.Derived && s.answers(now) &&
		!slices.ContainsFunc(s.Domains, func(d string) bool { return slices.Contains(down, d) }) &&
		!b.graph.reaches(s.order, func(i int) bool { return b.subjects[i].condition.State.Failed() })
}

// core is the views that count of the checks that speak for the component: by
// check.
func (s *subject) core() [][]*view {
	var checks []*Check
	for _, t := range s.sights {
		if !t.check.Sandbox {
			checks = append(checks, t.check)
		}
	}
	depth := coreDepth(checks)
	var core [][]*view
	for _, t := range s.sights {
		if t.check.Sandbox || tierOf(t.check.Depth) != depth {
			continue
		}
		var counted []*view
		for i := range t.views {
			if t.views[i].counted && t.views[i].Recent != "" {
				counted = append(counted, &t.views[i])
			}
		}
		core = append(core, counted)
	}
	return core
}

// answers says whether the latest looks at the core found it well, not long
// ago: of every check from most locations that have a word, whatever their
// confirmed word is. A substitute that begins to fail is not offered until that
// is settled.
func (s *subject) answers(now time.Time) bool {
	proven := false
	for _, views := range s.core() {
		good := 0
		for _, v := range views {
			if v.latest() == lookOK && now.Sub(v.Said) <= provenFor {
				good++
			}
		}
		if 2*good <= len(views) && len(views) > 0 {
			return false
		}
		proven = proven || good > 0
	}
	return proven
}

// substitute is how the component is offered in another's place. It is crowded
// when most of the locations that have a word find it so; what they say of the
// time it takes is the middle one's word.
func (s *subject) substitute() Substitute {
	slowest := make(map[*place]*view)
	var views []*view
	for _, of := range s.core() {
		for _, v := range of {
			if old := slowest[v.at]; old == nil || v.slower(old) > 0 {
				slowest[v.at] = v
			}
			views = append(views, v)
		}
	}
	views = slices.DeleteFunc(views, func(v *view) bool { return slowest[v.at] != v })
	slices.SortStableFunc(views, (*view).slower)
	crowded := 0
	for _, v := range views {
		if v.crowded() {
			crowded++
		}
	}
	middle := views[len(views)/2]
	return Substitute{
		ID: s.ID, Crowded: 2*crowded > len(views), Usual: middle.Usual, Lately: middle.Lately,
	}
}

// slower compares how much longer things take than usually.
func (v *view) slower(than *view) int {
	return cmp.Compare(v.Lately-v.Usual, than.Lately-than.Usual)
}
