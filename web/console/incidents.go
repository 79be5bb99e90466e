package console

import (
	"context"
	"net/http"
	"strings"

	"bongsu/status"
	"bongsu/web"
	"bongsu/web/account"
	"bongsu/web/speech"
)

// incidentRoutes are the pages of incidents; none without what they are made of.
func (c *Console) incidentRoutes() []route {
	if c.options.Stories == nil {
		return nil
	}
	routes := []route{
		{method: http.MethodGet, path: "/incidents", deed: account.ReadDesk, handle: c.incidents},
		{method: http.MethodGet, path: "/incidents/{id}", deed: account.ReadDesk, handle: c.incident},
		{method: http.MethodPost, path: "/incidents/{id}/hold", deed: account.Publish, handle: c.hold},
		{method: http.MethodGet, path: "/texts", deed: account.ReadDesk, handle: c.texts},
		{method: http.MethodPost, path: "/texts", deed: account.Publish, handle: c.keepText},
		{method: http.MethodPost, path: "/texts/{id}/remove", deed: account.Publish, handle: c.dropText},
		{method: http.MethodGet, path: "/new-incident", deed: account.Publish, handle: storyForms{c, opening}.show},
		{method: http.MethodPost, path: "/new-incident", deed: account.Publish, handle: storyForms{c, opening}.send},
	}
	for _, d := range storyDeeds() {
		path := "/incidents/{id}/" + d.id
		routes = append(routes,
			route{method: http.MethodGet, path: path, deed: account.Publish, handle: storyForms{c, d}.show},
			route{method: http.MethodPost, path: path, deed: account.Publish, handle: storyForms{c, d}.send})
	}
	return routes
}

// mostShown is how many incidents a list shows; the search finds the others.
const mostShown = 100

// incidentsPage is the list.
type incidentsPage struct {
	Find  string
	Open  []incidentRow
	Past  []incidentRow
	More  bool // there are more past ones
	Which string
	May   bool // open one by hand
}

type incidentRow struct {
	web.Foretold

	Code string
	Holder
}

// Holder is whose an incident is.
type Holder struct {
	Name  string // empty: nobody's
	Since *speech.Moment
}

func (c *Console) incidents(v *visit) error {
	v.topics = []Topic{Incidents}
	query := v.request.URL.Query()
	page := incidentsPage{Find: bounded(strings.TrimSpace(query.Get("find"))), Which: query.Get("which"), May: v.may(account.Publish)}
	if v.snapshot == nil {
		return v.render("incidents", v.Say("menu_incidents"), page)
	}
	holds := v.holds()
	teller := web.NewForeteller(v.Voice, v.snapshot)
	if page.Which != "past" {
		page.Open, _ = rows(teller, v.snapshot.Incidents, page.Find, v, holds)
	}
	if page.Which != "open" {
		page.Past, page.More = rows(teller, v.snapshot.Past, page.Find, v, nil)
	}
	return v.render("incidents", v.Say("menu_incidents"), page)
}

// rows are the incidents that are searched for, at most so many.
func rows(t *web.Foreteller, list []status.Incident, find string, v *visit, holds map[string]StoryHold) (all []incidentRow, more bool) {
	for k := range list {
		row := incidentRow{Foretold: t.Incident(&list[k]), Code: list[k].Code}
		if !row.matches(find) {
			continue
		}
		if len(all) == mostShown {
			return all, true
		}
		row.Holder = v.holder(holds, row.ID)
		all = append(all, row)
	}
	return all, false
}

// matches says whether a row has what is searched for in its title, its code, its
// id or what it affects.
func (r *incidentRow) matches(find string) bool {
	if find == "" || strings.EqualFold(r.Code, find) || r.ID == find {
		return true
	}
	text := strings.ToLower(strings.Join(append(r.Affected, r.Title, r.Headline, r.Cause), "\n"))
	return strings.Contains(text, strings.ToLower(find))
}

// holds says whose incidents are. If that cannot be known now, the page does
// without it.
func (v *visit) holds() map[string]StoryHold {
	ctx, cancel := context.WithTimeout(v.request.Context(), askTime)
	defer cancel()
	holds, err := v.console.options.Stories.Holds(ctx)
	if err != nil {
		v.console.options.Log.WarnContext(v.request.Context(), "asking whose incidents are", "error", err)
	}
	return holds
}

func (v *visit) holder(holds map[string]StoryHold, incident string) Holder {
	h, held := holds[incident]
	if !held {
		return Holder{}
	}
	return Holder{Name: h.Name, Since: v.Moment(h.Since)}
}

// mine says whether who reads has the incident.
func (v *visit) mine(holds map[string]StoryHold, incident string) bool {
	return v.who.ID != "" && holds[incident].Who == v.who.ID
}

// bounded keeps what somebody searches for short.
func bounded(text string) string {
	const most = 100
	if !web.Plain(text) {
		return ""
	}
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most])
	}
	return text
}
