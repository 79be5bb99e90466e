package console

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"bongsu/status"
	"bongsu/web"
	"bongsu/web/account"
	"bongsu/web/speech"
)

func (c *Console) componentRoutes() []route {
	return []route{
		{method: http.MethodGet, path: "/components", deed: account.ReadDesk, handle: c.components},
		{method: http.MethodGet, path: "/components/{id}", deed: account.ReadDesk, handle: c.component},
	}
}

// componentRow is a component in a list.
type componentRow struct {
	ID, Name, Group, Href string
	Badge                 badge
	Note                  string
	Silence               string // until when it is silenced; empty: it is not
}

func (v *visit) componentRow(words *web.Words, c *status.ComponentView) componentRow {
	return componentRow{
		ID: c.ID, Name: words.Name(c.ID), Group: v.group(c.Group), Href: Root + "/components/" + c.ID,
		Badge: v.badge(c.State), Note: words.Mark(c), Silence: v.silencedUntil(c.ID),
	}
}

// silencedUntil says until when a component is silenced; nothing if it is not.
func (v *visit) silencedUntil(component string) string {
	s, silenced := v.snapshot.Silence(component)
	if !silenced {
		return ""
	}
	return v.Say("component_silenced", "Time", v.At(s.Until))
}

func (v *visit) group(id string) string {
	for i := range v.snapshot.Groups {
		if v.snapshot.Groups[i].ID == id {
			return v.text(v.snapshot.Groups[i].Name)
		}
	}
	return id
}

// componentsPage is the list, with what it was narrowed down to.
type componentsPage struct {
	Find   string
	Group  string
	Only   string // "", "trouble" or "silent"
	Groups []option
	Rows   []componentRow
	Shown  int
	All    int
}

func (c *Console) components(v *visit) error {
	v.topics = []Topic{States}
	page := componentsPage{Find: v.asked("q"), Group: v.asked("group"), Only: v.asked("only")}
	if s := v.snapshot; s != nil {
		words := v.words()
		for g := range s.Groups {
			group := &s.Groups[g]
			page.Groups = append(page.Groups, option{Value: group.ID, Text: v.text(group.Name), Chosen: group.ID == page.Group})
			for i := range group.Components {
				page.All++
				if row := v.componentRow(words, group.Components[i]); page.takes(&row, group.Components[i]) {
					page.Rows = append(page.Rows, row)
				}
			}
		}
	}
	slices.SortStableFunc(page.Rows, func(a, b componentRow) int { return cmp.Compare(gravity[b.Badge.Class], gravity[a.Badge.Class]) })
	page.Shown = len(page.Rows)
	return v.render("components", v.Say("menu_components"), page)
}

// gravity orders states as a list shows them: worst first, and what cannot be
// measured before what works.
var gravity = map[string]int{"down": 5, "part": 4, "slow": 3, "none": 2, "work": 1, "ok": 0}

// takes says whether a component is among those that were asked for.
func (p *componentsPage) takes(row *componentRow, c *status.ComponentView) bool {
	switch {
	case p.Group != "" && c.Group != p.Group,
		p.Only == "trouble" && c.State == status.Operational,
		p.Only == "silent" && row.Silence == "":
		return false
	case p.Find == "":
		return true
	}
	find := strings.ToLower(p.Find)
	return slices.ContainsFunc([]string{row.Name, c.ID, c.Operator, strings.Join(c.Domains, " ")}, func(in string) bool {
		return strings.Contains(strings.ToLower(in), find)
	})
}

// componentPage is all that is known of a component.
type componentPage struct {
	ID, Name, Group, Operator string
	Domains                   []string
	Badge                     badge
	Since                     *speech.Moment
	Mark, Unknown             string
	Story                     *storyRow
	Checks                    []web.CheckWords
	Needs, NeededBy           []componentRow
	Failures                  []storyRow
	Public                    string // its public page
	Look                      bool   // who reads may have it looked at now
	Silence                   *silenceView
	Spans                     []option // how long who reads may silence it; none: they may not
}

// storyRow is an incident in a list.
type storyRow struct {
	ID, Title, Href string
	Badge           badge
	Began           *speech.Moment
	Span            string
}

func (c *Console) component(v *visit) error {
	v.topics = []Topic{States, Incidents}
	if v.snapshot == nil {
		return refuse(http.StatusServiceUnavailable, "problem_starting")
	}
	view, known := v.snapshot.Component(v.request.PathValue("id"))
	if !known {
		return refuse(http.StatusNotFound, "problem_not_found")
	}
	words := v.words()
	page := componentPage{
		ID: view.ID, Name: words.Name(view.ID), Group: v.group(view.Group), Operator: view.Operator, Domains: view.Domains,
		Badge: v.badge(view.State), Since: v.Moment(view.Since), Mark: words.Mark(view), Unknown: words.Unknown(view),
		Checks: words.Evidence(view), Failures: v.failures(words, view.ID), Public: "/components/" + view.ID,
	}
	page.Silence = v.silenceOf(view.ID)
	if c.options.Silencer != nil && v.may(account.Watch) {
		page.Spans = v.spans()
	}
	page.Look = c.options.Looker != nil && v.may(account.Watch) && len(view.Checks) > 0
	for _, need := range view.Needs {
		if row, found := v.rowOf(words, need.ID); found {
			if need.Soft {
				row.Note = strings.Join(slices.DeleteFunc([]string{v.Say("need_soft"), row.Note}, func(s string) bool { return s == "" }), " · ")
			}
			page.Needs = append(page.Needs, row)
		}
	}
	for _, id := range view.NeededBy {
		if row, found := v.rowOf(words, id); found {
			page.NeededBy = append(page.NeededBy, row)
		}
	}
	if i, told := v.snapshot.Incident(view.Incident); told && view.Incident != "" {
		row := v.storyRow(words, i)
		page.Story = &row
	}
	return v.render("component", page.Name, page)
}

func (v *visit) rowOf(words *web.Words, id string) (componentRow, bool) {
	c, known := v.snapshot.Component(id)
	if !known {
		return componentRow{}, false
	}
	return v.componentRow(words, c), true
}

// mostFailures is how many of a component's stories its page tells.
const mostFailures = 10

// failures are the latest stories that a component was part of.
func (v *visit) failures(words *web.Words, component string) []storyRow {
	var rows []storyRow
	for _, list := range [][]status.Incident{v.snapshot.Incidents, v.snapshot.Past} {
		for i := range list {
			in := slices.ContainsFunc(list[i].Components, func(a status.Affected) bool { return a.Component == component })
			if in && len(rows) < mostFailures {
				rows = append(rows, v.storyRow(words, &list[i]))
			}
		}
	}
	return rows
}

func (v *visit) storyRow(words *web.Words, i *status.Incident) storyRow {
	end := i.Resolved
	if end.IsZero() {
		end = v.now()
	}
	href := v.console.hrefIfAny("/incidents/{id}", "/incidents/"+i.ID)
	if href == "" {
		href = "/incidents/" + i.ID // the public page tells it too
	}
	return storyRow{ID: i.ID, Title: words.Title(i), Href: href, Badge: v.badge(i.Worst), Began: v.Moment(i.Began), Span: v.Span(end.Sub(i.Began))}
}
