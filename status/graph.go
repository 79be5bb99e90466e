package status

import "slices"

// graph is who needs whom, by the subjects' order in the configuration.
type graph struct {
	ids      []string
	needs    [][]edge
	neededBy [][]int
	order    []int // each after what it needs
}

type edge struct {
	to   int
	soft bool
}

// fate is what becomes of a component once what it needs is known.
type fate struct {
	state    State
	derived  bool
	affected bool // explained by a need that failed
	root     int  // the component that explains it: itself unless affected
	depth    int  // how many needs away the root is
}

func newGraph(components []Component, index map[string]int) graph {
	g := graph{needs: make([][]edge, len(components)), neededBy: make([][]int, len(components))}
	for i := range components {
		g.ids = append(g.ids, components[i].ID)
		for _, n := range components[i].Needs {
			to, known := index[n.ID]
			if !known {
				continue
			}
			g.needs[i] = append(g.needs[i], edge{to, n.Soft})
			g.neededBy[to] = append(g.neededBy[to], i)
		}
	}
	g.order = g.sorted()
	return g
}

// sorted lists every component after what it needs. A circle, which the
// configuration refuses, is cut where it closes.
func (g graph) sorted() []int {
	order := make([]int, 0, len(g.needs))
	seen := make([]bool, len(g.needs))
	var visit func(int)
	visit = func(i int) {
		if seen[i] {
			return
		}
		seen[i] = true
		for _, e := range g.needs[i] {
			visit(e.to)
		}
		order = append(order, i)
	}
	for i := range g.needs {
		visit(i)
	}
	return order
}

// fates spreads measured states along the needs.
func (g graph) fates(measured []State) []fate {
	fates := make([]fate, len(measured))
	for i := range fates {
		fates[i] = fate{state: Unknown, root: i}
	}
	for _, i := range g.order {
		fates[i] = g.fate(i, measured[i], fates)
	}
	return fates
}

// fate is what becomes of one component, given the fates of those it needs. A
// component that measures well stays so, whatever fails beneath it.
func (g graph) fate(i int, measured State, fates []fate) fate {
	f := fate{state: measured, root: i}
	if !measured.Troubled() && measured != Unknown {
		return f
	}
	if g.blame(i, &f, fates, false) {
		if measured == Unknown {
			f.state, f.derived = PartialOutage, true
		}
		return f
	}
	if measured == Unknown && g.blame(i, &f, fates, true) {
		f.state, f.derived = DegradedPerformance, true
	}
	return f
}

// blame finds the deepest root among the failed needs of one kind; equal ones
// by id. It says whether there is one.
func (g graph) blame(i int, f *fate, fates []fate, soft bool) bool {
	for _, e := range g.needs[i] {
		need := fates[e.to]
		if e.soft != soft || !need.state.Failed() {
			continue
		}
		deeper := need.depth+1 > f.depth
		if deeper || need.depth+1 == f.depth && g.ids[need.root] < g.ids[f.root] {
			f.affected, f.root, f.depth = true, need.root, need.depth+1
		}
	}
	return f.affected
}

// reaches says whether a failing component lies beneath i, at any depth.
func (g graph) reaches(i int, failing func(int) bool) bool {
	seen := []int{i}
	for at := 0; at < len(seen); at++ {
		for _, e := range g.needs[seen[at]] {
			if failing(e.to) {
				return true
			}
			if !slices.Contains(seen, e.to) {
				seen = append(seen, e.to)
			}
		}
	}
	return false
}
