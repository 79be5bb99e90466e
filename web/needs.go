package web

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"bongsu/status"
)

// Limits of a picture of what leans on what: more is told by the list alone.
const (
	mostBranches = 24
	mostDepth    = 6
	mostTrees    = 12
)

// needsPage is what leans on what, the most leant on first.
type needsPage struct {
	Leaned  []leaned
	Domains []domainRow
}

// leaned is a component that others need.
type leaned struct {
	named
	ID, Count string
	Tree      *tree
	Rows      []branch
}

// domainRow is what stands in one failure domain.
type domainRow struct {
	Name       string
	Components []named
}

// branch is a component that leans on another, at some remove.
type branch struct {
	named
	Depth int
	Soft  bool // it works in part without
	On    string
}

// needed is the page of what leans on what.
func (t *teller) needed() page {
	var p needsPage
	var ids []string
	count := map[string]int{}
	for id, c := range t.components() {
		if len(c.NeededBy) > 0 {
			ids = append(ids, id)
			count[id] = len(t.branches(c))
		}
	}
	slices.SortFunc(ids, func(a, b string) int { return cmp.Or(count[b]-count[a], cmp.Compare(a, b)) })
	for n, id := range ids {
		c := t.components()[id]
		l := leaned{named: t.componentLink(id), ID: id, Rows: t.branches(c), Count: t.Count("lean_count", count[id])}
		if n < mostTrees {
			l.Tree = t.tree(c, false)
		}
		p.Leaned = append(p.Leaned, l)
	}
	for _, domain := range sortedKeys(t.snapshot.Domains) {
		p.Domains = append(p.Domains, domainRow{Name: t.Say("domain", "Name", domain), Components: t.componentLinks(t.snapshot.Domains[domain])})
	}
	return page{title: t.Say("nav_needs"), about: t.Say("needs_text"), content: p}
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// branches are all that lean on a component, each once, below what it leans on.
func (t *teller) branches(c *status.ComponentView) []branch {
	var all []branch
	seen := map[string]bool{c.ID: true}
	var climb func(on *status.ComponentView, depth int)
	climb = func(on *status.ComponentView, depth int) {
		for _, id := range on.NeededBy {
			b := t.components()[id]
			if b == nil || seen[id] {
				continue
			}
			seen[id] = true
			all = append(all, branch{named: t.componentLink(id), Depth: depth, Soft: softly(b, on.ID), On: t.name(on.ID)})
			climb(b, depth+1)
		}
	}
	climb(c, 1)
	return all
}

// softly says whether a component works in part without what it needs.
func softly(c *status.ComponentView, need string) bool {
	return slices.ContainsFunc(c.Needs, func(n status.Need) bool { return n.ID == need && n.Soft })
}

// tree is the picture of a component, what it needs above and what leans on it
// below.
type tree struct {
	Height, SelfY int
	Twigs         []twig
}

// twig is a row of the picture.
type twig struct {
	X, Y, TextX, TextY int
	Way                string // from what it leans on; empty for the component itself and what it needs
	Class, Name        string
	Soft, Self         bool
}

const (
	treeWide   = 360
	treeRow    = 32
	treeIndent = 22
)

// tree draws a component with what leans on it; nil if there is nothing to draw
// or too much.
func (t *teller) tree(c *status.ComponentView, needs bool) *tree {
	branches := t.branches(c)
	above := 0
	if needs {
		above = len(c.Needs)
	}
	if above+len(branches) == 0 || above+len(branches) > mostBranches {
		return nil
	}
	tr := &tree{Height: (above + 1 + len(branches)) * treeRow, SelfY: above*treeRow + 3}
	for i := range above {
		need := c.Needs[i]
		l := t.componentLink(need.ID)
		y := i*treeRow + treeRow/2
		tr.Twigs = append(tr.Twigs, newTwig(l, 1, y, rise(y, above*treeRow+2), need.Soft))
	}
	self := newTwig(t.componentLink(c.ID), 0, above*treeRow+treeRow/2, "", false)
	self.Self = true
	tr.Twigs = append(tr.Twigs, self)
	trunk := []int{self.Y + 10} // by depth, where the last row of it is
	for i, b := range branches {
		depth := min(b.Depth, mostDepth)
		y := (above+1+i)*treeRow + treeRow/2
		trunk = append(trunk[:min(depth, len(trunk))], y)
		tr.Twigs = append(tr.Twigs, newTwig(b.named, depth, y, elbow(depth, trunk[depth-1]+11, y), b.Soft))
	}
	return tr
}

func newTwig(l named, depth, y int, way string, soft bool) twig {
	x := 8 + treeIndent*depth
	return twig{X: x, Y: y - 8, TextX: x + 24, TextY: y + 5, Way: way, Class: cmp.Or(l.Badge.Class, "none"), Name: fitting(l.Name, treeWide-x-34), Soft: soft}
}

// elbow leads down from the row above and right to the row's shape.
func elbow(depth, from, y int) string {
	x := 16 + treeIndent*(depth-1)
	return "M" + strconv.Itoa(x) + " " + strconv.Itoa(from) + "V" + strconv.Itoa(y) + "H" + strconv.Itoa(x+treeIndent-11)
}

// rise leads from a need's shape down to the component.
func rise(y, to int) string {
	return "M" + strconv.Itoa(treeIndent+6) + " " + strconv.Itoa(y) + "H16V" + strconv.Itoa(to)
}

// fitting is a name cut to a width in the picture's units.
func fitting(name string, wide int) string {
	var cut strings.Builder
	used := 0
	for _, r := range name {
		step := 8
		if r > 0x2E7F {
			step = 14
		}
		if used += step; used > wide {
			return strings.TrimRight(cut.String(), " ") + "…"
		}
		cut.WriteRune(r)
	}
	return cut.String()
}
