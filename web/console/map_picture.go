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
	narrow, wide     = 9, 13 // of a letter: Latin; Korean or Japanese
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
	p := &picture{}
	boxes, lines := map[string]box{}, map[pass]int{}
	columns := arrange(components)
	for _, column := range columns {
		p.Height = max(p.Height, high(column))
	}
	for x, column := range columns {
		y := (p.Height - high(column)) / 2
		for _, s := range column {
			if s.component == nil {
				lines[pass{x, s.id}] = y
				y += gapHigh
				continue
			}
			b := v.box(words, s.component)
			b.X, b.Y = x*(boxWide+gapWide), y
			boxes[s.id], p.Boxes = b, append(p.Boxes, b)
			y += boxHigh + gapHigh
		}
	}
	p.Width = len(columns)*(boxWide+gapWide) - gapWide
	for _, c := range components {
		for _, need := range c.Needs {
			if from, drawn := boxes[need.ID]; drawn {
				p.Edges = append(p.Edges, newEdge(need, from, boxes[c.ID], lines))
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
// what needs it, straight through the room that the columns between have for it.
func newEdge(need status.Need, from, to box, lines map[pass]int) edge {
	const step = boxWide + gapWide
	x, y := from.X+boxWide, from.Y+boxHigh/2
	var path strings.Builder
	fmt.Fprintf(&path, "M%d %d", x, y)
	curve := func(toX, toY int) {
		bend := max((toX-x)/2, gapWide/2)
		fmt.Fprintf(&path, "C%d %d %d %d %d %d", x+bend, y, toX-bend, toY, toX, toY)
		x, y = toX, toY
	}
	for column := from.X/step + 1; column < to.X/step; column++ {
		curve(column*step, lines[pass{column, need.ID}])
		x += boxWide
		fmt.Fprintf(&path, "H%d", x)
	}
	curve(to.X, to.Y+boxHigh/2)
	return edge{D: path.String(), Soft: need.Soft, Failing: from.Class == "down" || from.Class == "part"}
}

// stop is a place in a column: a component's, or room for a line that passes by.
type stop struct {
	id        string                // of the component, or of the one that the line comes from
	component *status.ComponentView // nil: a line passes by
}

// pass is where a line passes by: in which column, from what.
type pass struct {
	column int
	from   string
}

// high is how high a column is.
func high(column []stop) int {
	sum := -gapHigh
	for _, s := range column {
		sum += gapHigh
		if s.component != nil {
			sum += boxHigh
		}
	}
	return sum
}

// arrange puts components into columns by how long the longest way to something
// that needs nothing is, each as near as may be to what it needs. A line to a
// column further right has room of its own in those between, so that it passes
// behind no box.
func arrange(components []*status.ComponentView) [][]stop {
	byID := map[string]*status.ComponentView{}
	for _, c := range components {
		byID[c.ID] = c
	}
	depth := map[string]int{}
	var columns [][]stop
	for _, c := range components {
		d := depthOf(c.ID, byID, depth)
		for len(columns) <= d {
			columns = append(columns, nil)
		}
		columns[d] = append(columns[d], stop{c.ID, c})
	}
	for _, c := range components {
		for _, need := range c.Needs {
			for x := depth[need.ID] + 1; byID[need.ID] != nil && x < depth[c.ID]; x++ {
				if line := (stop{id: need.ID}); !slices.Contains(columns[x], line) {
					columns[x] = append(columns[x], line)
				}
			}
		}
	}
	place := map[string]float64{}
	for _, column := range columns {
		weight := map[string]float64{}
		for i, s := range column {
			weight[s.id] = s.middle(place, float64(i))
		}
		slices.SortStableFunc(column, func(a, b stop) int { return cmp.Compare(weight[a.id], weight[b.id]) })
		for i, s := range column {
			place[s.id] = float64(i) - float64(len(column))/2
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

// middle is the mean place of what a stop comes from, else its own.
func (s stop) middle(place map[string]float64, own float64) float64 {
	if s.component == nil {
		return place[s.id]
	}
	sum, n := 0.0, 0
	for _, need := range s.component.Needs {
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
