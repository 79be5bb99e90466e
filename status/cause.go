package status

import (
	"slices"
	"strings"
)

// How the cause of an incident is named.
const (
	causeComponent = "component:"
	causeDomain    = "domain:"
	causeManual    = "manual:"
	causeStated    = "stated:"
)

// cause is what explains some troubled components: one of them, or a failure
// domain in which most fail.
type cause struct {
	id      string
	roots   []int // the components that fail by themselves, by id
	members []int // all it explains, the roots too, by id
}

func isDomain(cause string) bool { return strings.HasPrefix(cause, causeDomain) }

// explains says whether the cause explains the component.
func (c *cause) explains(i int) bool { return slices.Contains(c.members, i) }

// causes lists what explains the troubled components, by id: the deepest
// failed need of each, merged where at least two of these share a failure
// domain most of which is failing.
func (b *Board) causes(fates []fate) []cause {
	explained := make(map[int][]int)
	var roots []int
	for _, i := range b.byID {
		if !fates[i].state.Troubled() {
			continue
		}
		explained[fates[i].root] = append(explained[fates[i].root], i)
		if fates[i].root == i {
			roots = append(roots, i)
		}
	}
	var found []cause
	for {
		domain, shared := b.widestDomain(roots, fates)
		if len(shared) < 2 {
			break
		}
		found = append(found, b.newCause(causeDomain+domain, shared, explained))
		roots = slices.DeleteFunc(roots, func(i int) bool { return slices.Contains(shared, i) })
	}
	for _, i := range roots {
		found = append(found, b.newCause(causeComponent+b.subjects[i].ID, []int{i}, explained))
	}
	slices.SortFunc(found, func(x, y cause) int { return strings.Compare(x.id, y.id) })
	return found
}

func (b *Board) newCause(id string, roots []int, explained map[int][]int) cause {
	c := cause{id: id, roots: roots}
	for _, r := range roots {
		c.members = append(c.members, explained[r]...)
	}
	slices.SortFunc(c.members, b.compareIDs)
	return c
}

func (b *Board) compareIDs(i, j int) int {
	return strings.Compare(b.subjects[i].ID, b.subjects[j].ID)
}

// widestDomain is the mostly failing domain that most of the roots share, the
// first by id among equals, with those roots.
func (b *Board) widestDomain(roots []int, fates []fate) (domain string, shared []int) {
	if len(roots) < 2 {
		return "", nil
	}
	for _, d := range b.domains {
		if !mostlyFailing(d.members, fates) {
			continue
		}
		var in []int
		for _, r := range roots {
			if slices.Contains(b.subjects[r].Domains, d.id) {
				in = append(in, r)
			}
		}
		if len(in) > len(shared) {
			domain, shared = d.id, in
		}
	}
	return domain, shared
}

// mostlyFailing says whether more than half of at least two members fail.
func mostlyFailing(members []int, fates []fate) bool {
	failing := 0
	for _, i := range members {
		if fates[i].state.Failed() {
			failing++
		}
	}
	return len(members) >= 2 && failing*2 > len(members)
}

// betterCause is the cause an incident is to be told with, now that the
// troubles it explains have these causes. One found later takes over when it
// explains the old one, or when the old one is well again and something new
// explains everything that still fails. Otherwise the story keeps its cause:
// the last to recover is not to blame for what went before. What a person has
// said of the cause, by a correction or by a split, stands.
func (b *Board) betterCause(s *story) string {
	if s.pinned() {
		return s.Cause
	}
	for _, c := range s.causes {
		if c.id == s.Cause {
			return s.Cause
		}
	}
	for _, c := range s.causes {
		if b.storyWithCause(c.id) == nil && b.supersedes(c, s) {
			return c.id
		}
	}
	return s.Cause
}

func (b *Board) supersedes(c *cause, s *story) bool {
	if id, ok := strings.CutPrefix(s.Cause, causeComponent); ok {
		if i, known := b.index[id]; known && b.fates[i].state.Troubled() {
			return c.explains(i)
		}
	}
	if isDomain(s.Cause) && isDomain(c.id) {
		return true
	}
	if isDomain(s.Cause) && b.explainsWhole(c, s) {
		return true
	}
	return b.isNewTo(c, s) && b.explainsAll(c, s)
}

// explainsWhole says whether the cause explains all that the story tells of
// and nothing of it is well again: a domain in which one component explains all
// the others was no more than that one.
func (b *Board) explainsWhole(c *cause, s *story) bool {
	return !slices.ContainsFunc(s.Components, func(a Affected) bool {
		i, known := b.index[a.Component]
		return !known || !c.explains(i)
	})
}

// isNewTo says whether none of the cause's roots was in the story when it was
// last told.
func (b *Board) isNewTo(c *cause, s *story) bool {
	told := s.told().Components
	return !slices.ContainsFunc(c.roots, func(i int) bool {
		return slices.ContainsFunc(told, func(a Affected) bool { return a.Component == b.subjects[i].ID })
	})
}

// explainsAll says whether the cause explains all that fails in the story.
func (b *Board) explainsAll(c *cause, s *story) bool {
	for _, a := range s.Components {
		if i, known := b.index[a.Component]; known && a.troubled() && !c.explains(i) {
			return false
		}
	}
	return true
}
