package console

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"golang.org/x/text/width"

	"bongsu/status"
	"bongsu/web"
)

// The measures of the picture, in its own units: pixels at its natural size.
const (
	boxWide, boxHigh = 176, 46
	gapWide, gapHigh = 72, 14
	nameWide         = 136   // what a name may take
	narrow, wide     = 8, 13 // of a letter: Latin; Korean or Japanese
	mostBoxes        = 150
)

// picture is the graph of needs in columns: what needs nothing stands on the
// left, and everything stands right of what it needs.
type picture struct {
	Width, Height int
	Boxes         []box
	Edges         []edge
}

// box is a component.
type box struct {
	X, Y          int
	Class, Href   string
	Name, Whole   string // cut to the box's width, and whole
	State, Domain string
}

// edge leads from what is needed to what needs it.
type edge struct {
	D             string // the path
	Soft, Failing bool
}

// Wide and High are the size with room for the lines' width.
func (p *picture) Wide() int { return p.Width + 8 }

// High is the height with that room.
func (p *picture) High() int { return p.Height + 8 }

// draw makes the picture, and says how many components it left out for want of
// room: those that others need least.
func (v *visit) draw(words *web.Words, components []*status.ComponentView) (_ *picture, left int) {
	if len(components) == 0 {
		return nil, 0
	}
	if left = len(components) - mostBoxes; left > 0 {
		components = slices.Clone(components)
		slices.SortStableFunc(components, func(a, b *status.ComponentView) int { return cmp.Compare(len(b.NeededBy), len(a.NeededBy)) })
		components = components[:mostBoxes]
	}
	columns := arrange(components)
	p := &picture{}
	at := map[string]box{}
	tallest := 0
	for _, column := range columns {
		tallest = max(tallest, len(column))
	}
	for x, column := range columns {
		for y, c := range column {
			b := v.box(words, c)
			b.X = x * (boxWide + gapWide)
			b.Y = (tallest-len(column))*(boxHigh+gapHigh)/2 + y*(boxHigh+gapHigh)
			at[c.ID] = b
			p.Boxes = append(p.Boxes, b)
		}
	}
	p.Width = len(columns)*(boxWide+gapWide) - gapWide
	p.Height = tallest*(boxHigh+gapHigh) - gapHigh
	for _, c := range components {
		for _, need := range c.Needs {
			if from, drawn := at[need.ID]; drawn {
				p.Edges = append(p.Edges, newEdge(from, at[c.ID], need.Soft))
			}
		}
	}
	return p, max(left, 0)
}

func (v *visit) box(words *web.Words, c *status.ComponentView) box {
	state := v.badge(c.State)
	return box{
		Class: state.Class, Href: Root + "/components/" + c.ID, Name: clip(words.Name(c.ID)), Whole: words.Name(c.ID),
		State: state.Word, Domain: clip(strings.Join(c.Domains, ", ")),
	}
}

// newEdge is a curve from the right side of what is needed to the left side of
// what needs it.
func newEdge(from, to box, soft bool) edge {
	x1, y1, x2, y2 := from.X+boxWide, from.Y+boxHigh/2, to.X, to.Y+boxHigh/2
	bend := max((x2-x1)/2, gapWide/2)
	return edge{
		D:    fmt.Sprintf("M%d %dC%d %d %d %d %d %d", x1, y1, x1+bend, y1, x2-bend, y2, x2, y2),
		Soft: soft, Failing: from.Class == "down" || from.Class == "part",
	}
}

// arrange puts components into columns by how long the longest way to something
// that needs nothing is, each as near as may be to what it needs.
func arrange(components []*status.ComponentView) [][]*status.ComponentView {
	byID := map[string]*status.ComponentView{}
	for _, c := range components {
		byID[c.ID] = c
	}
	depth := map[string]int{}
	var columns [][]*status.ComponentView
	for _, c := range components {
		d := depthOf(c.ID, byID, depth)
		for len(columns) <= d {
			columns = append(columns, nil)
		}
		columns[d] = append(columns[d], c)
	}
	place := map[string]float64{}
	for _, column := range columns {
		weight := map[string]float64{}
		for i, c := range column {
			weight[c.ID] = middle(c, place, float64(i))
		}
		slices.SortStableFunc(column, func(a, b *status.ComponentView) int { return cmp.Compare(weight[a.ID], weight[b.ID]) })
		for i, c := range column {
			place[c.ID] = float64(i) - float64(len(column))/2
		}
	}
	return columns
}

// depthOf is the component's column. A cycle, which no configuration has, ends
// where it closes.
func depthOf(id string, byID map[string]*status.ComponentView, depth map[string]int) int {
	if d, known := depth[id]; known {
		return d
	}
	depth[id] = 0
	deepest := 0
	for _, need := range byID[id].Needs {
		if byID[need.ID] != nil {
			deepest = max(deepest, depthOf(need.ID, byID, depth)+1)
		}
	}
	depth[id] = deepest
	return deepest
}

// middle is the mean place of what a component needs, else its own.
func middle(c *status.ComponentView, place map[string]float64, own float64) float64 {
	sum, n := 0.0, 0
	for _, need := range c.Needs {
		if at, placed := place[need.ID]; placed {
			sum, n = sum+at, n+1
		}
	}
	if n == 0 {
		return own
	}
	return sum / float64(n)
}

// clip cuts a text to what a box has room for.
func clip(s string) string {
	taken := 0
	for i, r := range s {
		step := narrow
		if k := width.LookupRune(r).Kind(); k == width.EastAsianWide || k == width.EastAsianFullwidth {
			step = wide
		}
		if taken += step; taken > nameWide {
			return s[:i] + "…"
		}
	}
	return s
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
