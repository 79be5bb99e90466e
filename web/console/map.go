package console

import (
	"net/http"

	"bongsu/status"
	"bongsu/web/account"
)

func (c *Console) mapRoutes() []route {
	return []route{{method: http.MethodGet, path: "/map", deed: account.ReadDesk, handle: c.dependencies}}
}

// mapPage is who needs whom, as a picture and as a list.
type mapPage struct {
	Picture *picture // nil if nothing needs anything
	Alone   int      // components that neither need nor are needed
	Left    int      // components that the picture had no room for
	Rows    []mapRow
	Domains []domainRow
}

// mapRow is a component with what it needs.
type mapRow struct {
	componentRow
	Needs []componentRow
}

// domainRow is a failure domain with what stands in it.
type domainRow struct {
	ID         string
	Components []componentRow
}

func (c *Console) dependencies(v *visit) error {
	v.topics = []Topic{States}
	var page mapPage
	if v.snapshot != nil {
		page = v.mapPage()
	}
	return v.render("map", v.Say("menu_map"), page)
}

func (v *visit) mapPage() mapPage {
	words := v.words()
	var page mapPage
	var joined []*status.ComponentView
	for g := range v.snapshot.Groups {
		for _, c := range v.snapshot.Groups[g].Components {
			if len(c.Needs)+len(c.NeededBy) == 0 {
				page.Alone++
				continue
			}
			joined = append(joined, c)
			row := mapRow{componentRow: v.componentRow(words, c)}
			for _, need := range c.Needs {
				if needed, known := v.rowOf(words, need.ID); known {
					needed.Note = ""
					if need.Soft {
						needed.Note = v.Say("need_soft")
					}
					row.Needs = append(row.Needs, needed)
				}
			}
			page.Rows = append(page.Rows, row)
		}
	}
	page.Picture, page.Left = v.draw(words, joined)
	for _, id := range sortedKeys(v.snapshot.Domains) {
		d := domainRow{ID: id}
		for _, component := range v.snapshot.Domains[id] {
			if row, known := v.rowOf(words, component); known {
				d.Components = append(d.Components, row)
			}
		}
		page.Domains = append(page.Domains, d)
	}
	return page
}
