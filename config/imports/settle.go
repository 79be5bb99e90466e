package imports

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
)

// Fault is what a judge of the written configuration has to say: the path of
// the value, and what is wrong with it.
type Fault struct{ Path, Text string }

// ErrNothing says that nothing can be written: no component has something that
// looks at it.
var ErrNothing = errors.New("nothing of it can be looked at by this program; the report says why of each")

// Settle takes out whatever the judge refuses, and says so in the report,
// until there is nothing left to refuse: what is written then is fine. The
// judge is the program's own validation, so that no second list of its rules
// can differ from it.
//
// The error is [ErrNothing], or says what is wrong with a part that cannot be
// left out.
func (i *Import) Settle(judge func(yaml []byte) []Fault) error {
	i.dropEmpty()
	for {
		if len(i.components) == 0 {
			return ErrNothing
		}
		i.dropGroups()
		faults := judge(i.YAML())
		if len(faults) == 0 {
			i.forgetVariables()
			return nil
		}
		before := i.size()
		i.takeOut(faults)
		i.dropEmpty()
		if i.size() == before {
			return fmt.Errorf("the configuration made of it is refused: %s: %s", faults[0].Path, faults[0].Text)
		}
	}
}

// size is how much there is to take out.
func (i *Import) size() int {
	n := len(i.channels)
	for _, c := range i.components {
		n += 1 + len(c.checks)
		for _, x := range c.checks {
			n += len(x.expect)
			for _, s := range x.steps {
				n += len(s.expect)
			}
		}
	}
	return n
}

var (
	inExpect = regexp.MustCompile(`^components\[(\d+)\]\.checks\[(\d+)\](?:\.steps\[(\d+)\])?\.expect\[(\d+)\]`)
	inCheck  = regexp.MustCompile(`^components\[(\d+)\]\.checks\[(\d+)\]`)
	inThing  = regexp.MustCompile(`^(components|channels)\[(\d+)\]`)
)

// takeOut marks what is at fault and removes it afterwards, so that places
// stay what the judge means by them.
func (i *Import) takeOut(faults []Fault) {
	marks := marked{map[*component]bool{}, map[*check]bool{}, map[*[]string]map[int]bool{}, map[string]bool{}}
	for _, f := range faults {
		i.mark(f, &marks)
	}
	for list, at := range marks.expect {
		var kept []string
		for k, e := range *list {
			if !at[k] {
				kept = append(kept, e)
			}
		}
		*list = kept
	}
	for _, c := range i.components {
		c.checks = slices.DeleteFunc(c.checks, func(x *check) bool { return marks.checks[x] })
	}
	i.components = slices.DeleteFunc(i.components, func(c *component) bool { return marks.components[c] })
	i.channels = slices.DeleteFunc(i.channels, func(c channel) bool { return marks.channels[c.id] })
}

type marked struct {
	components map[*component]bool
	checks     map[*check]bool
	expect     map[*[]string]map[int]bool
	channels   map[string]bool
}

func (i *Import) mark(f Fault, m *marked) {
	if at := inExpect.FindStringSubmatch(f.Path); at != nil {
		i.markExpect(f, m, at)
		return
	}
	if at := inCheck.FindStringSubmatch(f.Path); at != nil {
		if x := i.checkAt(at[1], at[2]); x != nil && !m.checks[x] {
			m.checks[x] = true
			i.left(x.where, "%s", f.Text)
		}
		return
	}
	at := inThing.FindStringSubmatch(f.Path)
	switch {
	case at == nil:
	case at[1] == "channels":
		written := i.written()
		if n := number(at[2]); n < len(written) && !m.channels[written[n].id] {
			m.channels[written[n].id] = true
			i.left(written[n].where, "%s", f.Text)
		}
	default:
		if n := number(at[2]); n < len(i.components) && !m.components[i.components[n]] {
			m.components[i.components[n]] = true
			i.left(i.components[n].where, "%s", f.Text)
		}
	}
}

func (i *Import) markExpect(f Fault, m *marked, at []string) {
	x := i.checkAt(at[1], at[2])
	if x == nil {
		return
	}
	list := &x.expect
	if at[3] != "" {
		if n := number(at[3]); n < len(x.steps) {
			list = &x.steps[n].expect
		}
	}
	n := number(at[4])
	if n >= len(*list) || m.expect[list][n] {
		return
	}
	if m.expect[list] == nil {
		m.expect[list] = map[int]bool{}
	}
	m.expect[list][n] = true
	i.left(x.where, "the condition made of it, %s, %s", short((*list)[n], 200), f.Text)
}

func (i *Import) checkAt(component, at string) *check {
	c, n := number(component), number(at)
	if c >= len(i.components) || n >= len(i.components[c].checks) {
		return nil
	}
	return i.components[c].checks[n]
}

// written are the channels that are not comments.
func (i *Import) written() []channel {
	return slices.DeleteFunc(slices.Clone(i.channels), func(c channel) bool { return len(c.draft) > 0 })
}

// number reads digits that a pattern has found.
func number(digits string) int {
	n, err := strconv.Atoi(digits)
	if err != nil {
		return int(^uint(0) >> 1)
	}
	return n
}

// dropEmpty removes the components that nothing looks at: the configuration
// has none of those. What the report said of them before does not hold.
func (i *Import) dropEmpty() {
	i.components = slices.DeleteFunc(i.components, func(c *component) bool {
		if len(c.checks) > 0 {
			return false
		}
		of := func(fate Fate) func(Line) bool {
			return func(l Line) bool { return l.Where == c.where && l.Fate == fate }
		}
		i.Report = slices.DeleteFunc(i.Report, of(Carried))
		if !slices.ContainsFunc(i.Report, of(Left)) {
			i.left(c.where, "nothing is left that could look at it")
		}
		return true
	})
}

var anyReference = regexp.MustCompile(`env:([A-Za-z_][A-Za-z0-9_]*)`)

// forgetVariables leaves out those that nothing refers to any more.
func (i *Import) forgetVariables() {
	all := i.Variables
	i.Variables = nil
	used := map[string]bool{}
	for _, m := range anyReference.FindAllSubmatch(i.YAML(), -1) {
		used[string(m[1])] = true
	}
	i.Variables = slices.DeleteFunc(all, func(v Variable) bool { return !used[v.Name] })
}

// dropGroups removes the headings that nothing stands under.
func (i *Import) dropGroups() {
	i.groups = slices.DeleteFunc(i.groups, func(g group) bool {
		return !slices.ContainsFunc(i.components, func(c *component) bool { return c.group == g.id })
	})
}
