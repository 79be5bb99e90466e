package web

import (
	"strconv"

	"bongsu/status"
)

// measuredPage is what we measure and what we do not.
type measuredPage struct {
	Figures []fact
	Depths  []depthRow
	Groups  []measuredGroup
}

// depthRow is a depth of check: what it proves.
type depthRow struct{ Name, Text string }

type measuredGroup struct {
	Name string
	Rows []measuredRow
}

// measuredRow is what is known of one component and how.
type measuredRow struct {
	named
	Depth string
	Blank bool // nobody looks at it
}

// measured says how deep we look at each service, and where we do not look.
func (t *teller) measured() page {
	var p measuredPage
	for _, d := range []status.Depth{status.Canary, status.Function, status.Edge, status.Reach} {
		p.Depths = append(p.Depths, depthRow{t.Say("deep_" + d.String()), t.Say("depth_" + d.String())})
	}
	deep, blank, all := 0, 0, 0
	for g := range t.snapshot.Groups {
		group := measuredGroup{Name: t.text(t.snapshot.Groups[g].Name)}
		for _, v := range t.snapshot.Groups[g].Components {
			row := measuredRow{named: t.componentLink(v.ID)}
			deepest, looked := deepestOf(v)
			all++
			switch {
			case !looked:
				row.Depth, row.Blank = t.Say("deep_none"), true
				blank++
			default:
				row.Depth = t.Say("deep_" + deepest.String())
				if deepest >= status.Function {
					deep++
				}
			}
			group.Rows = append(group.Rows, row)
		}
		p.Groups = append(p.Groups, group)
	}
	p.Figures = []fact{{t.Say("measured_all"), strconv.Itoa(all)}, {t.Say("measured_deep"), strconv.Itoa(deep)}, {t.Say("measured_blank"), strconv.Itoa(blank)}, {t.Say("measured_places"), strconv.Itoa(len(t.snapshot.Locations))}}
	return page{title: t.Say("nav_measured"), about: t.Say("measured_text"), content: p}
}

// deepestOf is how deep the deepest check that counts looks.
func deepestOf(c *status.ComponentView) (deepest status.Depth, looked bool) {
	for i := range c.Checks {
		check := &c.Checks[i]
		if check.Sandbox {
			continue
		}
		if !looked || check.Depth > deepest {
			deepest = check.Depth
		}
		looked = true
	}
	return deepest, looked
}
