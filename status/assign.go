package status

import (
	"slices"
	"time"
)

// assign finds the incident that tells each cause, or begins one. Components
// move to it, and an incident that is left with nothing of its own merges. No
// two open incidents ever have the same cause or tell of the same component. It
// says whether any component moved.
func (b *Board) assign(causes []cause, now time.Time) (moved bool) {
	var moves []move
	for k := range causes {
		c := &causes[k]
		members := b.keepApart(c, now)
		if len(members) == 0 {
			continue
		}
		same := b.storyWithCause(c.id)
		if apart := b.apartWith(same, c, members); apart != nil {
			b.joinApart(apart, c, members, now)
			continue
		}
		s := b.storyOf(same, c, members)
		begun := s == nil
		if begun {
			s = b.begin(c.id, now)
		} else if same != nil && same != s {
			moves = append(moves, move{from: same, to: s, whole: true})
		}
		s.causes = append(s.causes, c)
		for _, i := range members {
			if from := b.teller[b.subjects[i].ID]; from != nil && from != s {
				from.release(b.subjects[i].ID, now)
				moves = append(moves, move{from: from, to: s, begun: begun})
			}
			b.take(s, b.subjects[i], now)
		}
	}
	b.carryOut(moves, now)
	return len(moves) > 0
}

// move is components going from one story to another.
type move struct {
	from, to *story
	whole    bool // the other tells the very cause that this one told
	begun    bool // the other began with it
}

// carryOut ends the stories that have nothing left to tell, and has those that
// one began from say so.
func (b *Board) carryOut(moves []move, now time.Time) {
	for k, m := range moves {
		switch {
		case !m.from.Open() || !m.to.Open():
		case !m.from.unwell() && (m.whole || !b.watches(m.from)):
			b.merge(m.from, m.to, now)
		case m.begun && !slices.Contains(moves[:k], m):
			b.write(m.from, UpdateSplit, now).Other = m.to.ID
		}
	}
}

// watches says whether the story still watches something that failed by
// itself: then it goes on to its own end, whatever was taken from it.
func (b *Board) watches(s *story) bool {
	return slices.ContainsFunc(s.Components, func(a Affected) bool { return a.Cause && b.teller[a.Component] == s })
}

// keepApart has the stories that people split off take what they tell of, and
// returns the other members of the cause that a measured story can tell of.
func (b *Board) keepApart(c *cause, now time.Time) (rest []int) {
	for _, i := range c.members {
		id := b.subjects[i].ID
		switch s := b.teller[id]; {
		case b.claimed[id] != nil:
		case s != nil && s.Apart:
			b.explain(s, c, i, now)
		default:
			rest = append(rest, i)
		}
	}
	return rest
}

// apartWith is the story that was split off with the cause, by its name or with
// all that fails by itself of it; nil if there is none.
func (b *Board) apartWith(same *story, c *cause, members []int) *story {
	if same != nil {
		if same.Apart {
			return same
		}
		return nil
	}
	if slices.ContainsFunc(c.roots, func(i int) bool { return slices.Contains(members, i) }) {
		return nil
	}
	return b.teller[b.subjects[c.roots[0]].ID]
}

// joinApart has a story that was split off take those of its cause that nobody
// tells of yet. The others stay where they are told of: what people have
// parted, the rules do not join.
func (b *Board) joinApart(s *story, c *cause, members []int, now time.Time) {
	for _, i := range members {
		teller := b.teller[b.subjects[i].ID]
		if teller == nil {
			teller = s
		}
		b.explain(teller, c, i, now)
	}
}

// explain makes the story tell of a component that the cause explains.
func (b *Board) explain(s *story, c *cause, i int, now time.Time) {
	if !slices.Contains(s.causes, c) {
		s.causes = append(s.causes, c)
	}
	b.take(s, b.subjects[i], now)
}

// storyWithCause is the open incident that has the cause, or nil.
func (b *Board) storyWithCause(cause string) *story {
	for _, s := range b.open {
		if s.Open() && s.Cause == cause {
			return s
		}
	}
	return nil
}

// storyOf is the open incident that is to tell of the members of a cause: the
// eldest of that with the same cause, those that tell of a root, and those that
// tell of another member and whose own cause is none any more. One whose cause
// stands keeps its own: what it told of and another explains now moves. The
// one with the same cause comes first if it would have to go on beside the
// other.
func (b *Board) storyOf(same *story, c *cause, members []int) *story {
	if same != nil && slices.ContainsFunc(same.Components, func(a Affected) bool {
		i, judged := b.index[a.Component]
		return a.Until.IsZero() && (!judged || !slices.Contains(members, i))
	}) {
		return same
	}
	best := same
	for _, i := range members {
		s := b.teller[b.subjects[i].ID]
		if s == nil || b.stands(s) && !slices.Contains(c.roots, i) {
			continue
		}
		if best == nil || elder(s, best) < 0 {
			best = s
		}
	}
	return best
}

// stands says whether the story's cause is one in the judgement that runs.
func (b *Board) stands(s *story) bool {
	return slices.ContainsFunc(b.explains, func(c cause) bool { return c.id == s.Cause })
}
