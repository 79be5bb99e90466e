package statuspage

import (
	"slices"
	"time"

	shared "bongsu/notifier/statuspage"
	"bongsu/status"
)

// unresolved are the open incidents, newest first.
func (a *API) unresolved() []incident { return a.newest(a.snapshot.Incidents) }

// incidents are the open and the past ones, newest first.
func (a *API) incidents() []incident { return a.newest(a.snapshot.Incidents, a.snapshot.Past) }

func (a *API) newest(lists ...[]status.Incident) []incident {
	var all []*status.Incident
	for _, list := range lists {
		for i := range list {
			all = append(all, &list[i])
		}
	}
	slices.SortStableFunc(all, func(x, y *status.Incident) int { return created(y).Compare(created(x)) })
	told := []incident{}
	for _, i := range all[:min(len(all), Most)] {
		told = append(told, a.incident(i))
	}
	return told
}

// find is the incident with an id of theirs, or nil.
func (a *API) find(id string) *status.Incident {
	for _, list := range [][]status.Incident{a.snapshot.Incidents, a.snapshot.Past} {
		for i := range list {
			if a.id(shared.Incident, list[i].ID) == id {
				return &list[i]
			}
		}
	}
	return nil
}

// created is when an incident was put on the page.
func created(i *status.Incident) time.Time {
	if i.Detected.IsZero() {
		return shared.Began(i)
	}
	return i.Detected
}

func (a *API) incident(i *status.Incident) incident {
	told := incident{
		ID: a.id(shared.Incident, i.ID), Name: a.marked(a.words.Title(i)), Status: shared.Stage(i), Impact: shared.Impact(i),
		CreatedAt: a.time(created(i)), StartedAt: a.time(shared.Began(i)), UpdatedAt: a.time(touched(i)),
		MonitoringAt: a.timeOrNull(i.Watching), ResolvedAt: a.timeOrNull(i.Resolved),
		Shortlink: a.snapshot.Site.URL + "/incidents/" + i.ID, PageID: a.page.ID,
		Updates: []update{}, Components: []component{},
	}
	for k := range i.Components {
		told.Components = append(told.Components, a.component(i.Components[k].Component))
	}
	before := map[string]string{}
	for k := range i.Updates {
		told.Updates = append(told.Updates, a.update(i, k, told.ID, before))
	}
	slices.Reverse(told.Updates)
	return told
}

// touched is when an incident changed last.
func touched(i *status.Incident) time.Time {
	last := created(i)
	for _, at := range []time.Time{i.Resolved, i.Watching, i.Retracted} {
		if at.After(last) {
			last = at
		}
	}
	if n := len(i.Updates); n > 0 && i.Updates[n-1].At.After(last) {
		last = i.Updates[n-1].At
	}
	return last
}

// update is the k-th; before has the status of each component as told before
// it, and afterwards as told by it.
func (a *API) update(i *status.Incident, k int, id string, before map[string]string) update {
	u := &i.Updates[k]
	at := a.time(u.At)
	told := update{
		ID: shared.ID(shared.Update, i.ID+"\x00"+u.ID), Status: u.Stage.String(), Body: a.words.Told(i, u), IncidentID: id,
		CreatedAt: at, UpdatedAt: at, DisplayAt: at, Notifies: a.words.Texted(u.Kind),
	}
	switch {
	case u.Kind == status.UpdatePostmortem:
		told.Status = string(u.Kind)
	case k == len(i.Updates)-1:
		told.Status = shared.Stage(i)
	}
	for _, c := range u.Components {
		now, was := shared.Status(c.State), before[c.Component]
		if was == "" {
			was = status.Operational.String()
		}
		told.Affected = append(told.Affected, affected{
			Code: a.id(shared.Component, c.Component), Name: a.fullName(c.Component), Old: was, New: now,
		})
		before[c.Component] = now
	}
	return told
}
