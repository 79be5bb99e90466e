package statuspage

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	shared "bongsu/notifier/statuspage"
	"bongsu/status"
)

// Most is how many incidents or maintenances a list holds.
const Most = 50

// Words say a snapshot in one language.
type Words interface {
	Text(status.Text) string
	Title(*status.Incident) string
	Told(*status.Incident, *status.Update) string
	Texted(status.UpdateKind) bool  // whether such an update may be sent to people
	Unmeasured(since string) string // of a component, since when; never, if since is empty
	Underway() string
	CalledOff() string
	Mark() string // before every name in a simulation; else empty
}

// API is a snapshot as bodies of the API. Its methods may be used from several
// goroutines.
type API struct {
	snapshot *status.Snapshot
	words    Words
	ids      map[thing]string
	views    map[string]placed
	zone     *time.Location
	utc      bool
	page     page
}

// placed is a component with where it stands in its group, from 1.
type placed struct {
	*status.ComponentView
	position int
	group    string // the group's name
}

// thing is something of ours that has an id of theirs.
type thing struct{ kind, id string }

// New reads a snapshot.
func New(s *status.Snapshot, w Words) *API { return newAPI(s, w, shared.ID) }

func newAPI(s *status.Snapshot, w Words, hash func(kind, id string) string) *API {
	a := &API{snapshot: s, words: w, ids: identify(s, hash), views: map[string]placed{}, zone: s.Site.Zone}
	if a.zone == nil {
		a.zone = time.UTC
	}
	a.utc = a.zoneName() == utcName
	for g := range s.Groups {
		for c, v := range s.Groups[g].Components {
			a.views[v.ID] = placed{v, c + 1, w.Text(s.Groups[g].Name)}
		}
	}
	a.page = page{
		ID: hash(shared.Page, s.Site.URL), Name: a.marked(cmp.Or(w.Text(s.Site.Name), s.Site.URL)), URL: s.Site.URL,
		TimeZone: a.zoneName(), UpdatedAt: a.time(a.changed()),
	}
	return a
}

// identify gives everything that is named from outside an id of its own. Where
// two would share one, which nobody will live to see, the later by our own ids
// gets another.
func identify(s *status.Snapshot, hash func(kind, id string) string) map[thing]string {
	things := named(s)
	slices.SortFunc(things, func(a, b thing) int {
		return cmp.Or(strings.Compare(a.kind, b.kind), strings.Compare(a.id, b.id))
	})
	ids, taken := make(map[thing]string, len(things)), make(map[string]bool, len(things))
	for _, t := range slices.Compact(things) {
		id := hash(t.kind, t.id)
		for n := 2; taken[id]; n++ {
			id = hash(t.kind, fmt.Sprintf("%s\x00%d", t.id, n))
		}
		ids[t], taken[id] = id, true
	}
	return ids
}

func named(s *status.Snapshot) []thing {
	var things []thing
	for g := range s.Groups {
		things = append(things, thing{shared.Group, s.Groups[g].ID})
		for c := range s.Groups[g].Components {
			things = append(things, thing{shared.Component, s.Groups[g].Components[c].ID})
		}
	}
	for _, list := range [][]status.Incident{s.Incidents, s.Past} {
		for i := range list {
			things = append(things, thing{shared.Incident, list[i].ID})
			for _, a := range list[i].Components { // which may not be configured any more
				things = append(things, thing{shared.Component, a.Component})
			}
			for _, u := range list[i].Updates {
				for _, a := range u.Components {
					things = append(things, thing{shared.Component, a.Component})
				}
			}
		}
	}
	for i := range s.Maintenance {
		things = append(things, thing{shared.Maintenance, s.Maintenance[i].ID})
		for _, id := range s.Maintenance[i].Components {
			things = append(things, thing{shared.Component, id})
		}
	}
	return things
}

func (a *API) id(kind, id string) string { return a.ids[thing{kind, id}] }

// marked is a name as it is told: in a simulation it says so.
func (a *API) marked(name string) string {
	if mark := a.words.Mark(); mark != "" {
		return mark + " " + name
	}
	return name
}

// utcName is UTC's name among the zones.
const utcName = "Etc/UTC"

func (a *API) zoneName() string {
	switch name := a.zone.String(); name {
	case "", "UTC", "Local":
		return utcName
	default:
		return name
	}
}

// time writes an instant as a page does: to the millisecond, in the page's own
// zone, and with a Z in UTC.
func (a *API) time(at time.Time) string {
	if a.utc {
		return shared.Time(at)
	}
	return at.In(a.zone).Format("2006-01-02T15:04:05.000-07:00")
}

func (a *API) timeOrNull(at time.Time) *string {
	if at.IsZero() {
		return nil
	}
	text := a.time(at)
	return &text
}

// changed is when anything on the page changed last, as far as it tells.
func (a *API) changed() time.Time {
	last := kept
	note := func(at time.Time) {
		if at.After(last) && !at.After(a.snapshot.At) {
			last = at
		}
	}
	for _, v := range a.views {
		note(v.Since)
	}
	for _, list := range [][]status.Incident{a.snapshot.Incidents, a.snapshot.Past} {
		for i := range list {
			note(list[i].Detected)
			note(list[i].Resolved)
			if n := len(list[i].Updates); n > 0 {
				note(list[i].Updates[n-1].At)
			}
		}
	}
	for i := range a.snapshot.Maintenance {
		m := &a.snapshot.Maintenance[i]
		note(m.From)
		note(m.End())
	}
	note(a.snapshot.Impaired)
	return last
}

// overall is the worst on the page. In a simulation its sentence says so, in
// its own language.
func (a *API) overall() overall {
	worst := shared.Overall(a.snapshot)
	o := overall{shared.Indicator(worst), shared.Description(worst)}
	switch site := &a.snapshot.Site; {
	case site.Exercise:
		o.Description = "[EXERCISE] " + o.Description
	case site.Simulation:
		o.Description = "[SIMULATION] " + o.Description
	}
	return o
}

// Get makes the body at a path below /api/v2/, such as "summary.json"; it is nil
// if there is none.
func (a *API) Get(path string) func() ([]byte, error) {
	answer := a.answer(path)
	if answer == nil {
		return nil
	}
	return func() ([]byte, error) {
		body, err := json.Marshal(answer())
		if err != nil {
			return nil, fmt.Errorf("writing %s: %w", path, err)
		}
		return body, nil
	}
}

// Paths are those that are there whatever the page shows, for Get.
func Paths() []string {
	return []string{
		"summary.json", "status.json", "components.json", "incidents.json", "incidents/unresolved.json",
		"scheduled-maintenances.json", "scheduled-maintenances/upcoming.json", "scheduled-maintenances/active.json",
	}
}

func (a *API) answer(path string) func() any {
	switch path {
	case "summary.json":
		return func() any {
			return summaryBody{a.page, a.components(), a.unresolved(), a.maintenances(scheduled, running), a.overall()}
		}
	case "status.json":
		return func() any { return statusBody{a.page, a.overall()} }
	case "components.json":
		return func() any { return componentsBody{a.page, a.components()} }
	case "incidents.json":
		return func() any { return incidentsBody{a.page, a.incidents()} }
	case "incidents/unresolved.json":
		return func() any { return incidentsBody{a.page, a.unresolved()} }
	case "scheduled-maintenances.json":
		return func() any { return maintenancesBody{a.page, a.maintenances(scheduled, running, completed)} }
	case "scheduled-maintenances/upcoming.json":
		return func() any { return maintenancesBody{a.page, a.maintenances(scheduled)} }
	case "scheduled-maintenances/active.json":
		return func() any { return maintenancesBody{a.page, a.maintenances(running)} }
	}
	return a.oneIncident(path)
}

// oneIncident is the body at incidents/ID.json, or nil.
func (a *API) oneIncident(path string) func() any {
	id, below := strings.CutPrefix(path, "incidents/")
	id, isJSON := strings.CutSuffix(id, ".json")
	if !below || !isJSON {
		return nil
	}
	i := a.find(id)
	if i == nil {
		return nil
	}
	return func() any { return incidentBody{a.page, a.incident(i)} }
}
