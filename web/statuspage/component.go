package statuspage

import (
	"time"

	shared "bongsu/notifier/statuspage"
	"bongsu/status"
)

// kept stands for when a component was put on the page: that is not kept, and
// readers want a time that never changes.
var kept = time.Unix(0, 0)

// components are the groups in the configuration's order, each followed by its
// components in theirs. A group of none is left out: readers refuse it.
func (a *API) components() []any {
	list := []any{}
	position := 0
	for g := range a.snapshot.Groups {
		view := &a.snapshot.Groups[g]
		if len(view.Components) == 0 {
			continue
		}
		position++
		head := group{Components: []string{}, component: component{
			ID: a.id(shared.Group, view.ID), Name: a.words.Text(view.Name), PageID: a.page.ID, Position: position, Group: true,
			CreatedAt: a.time(kept),
		}}
		if head.Name == "" {
			head.Name = view.ID
		}
		worst, changed := status.Operational, kept
		at := len(list)
		list = append(list, nil)
		for _, v := range view.Components {
			child := a.component(v.ID)
			worst = shared.Worse(worst, v.State)
			if v.Since.After(changed) {
				changed = v.Since
			}
			head.Components = append(head.Components, child.ID)
			list = append(list, child)
		}
		head.Status, head.UpdatedAt = shared.Status(worst), a.time(changed)
		list[at] = head
	}
	return list
}

// component is one as it is now. Of one that is no longer configured only the
// id is left, and that it cannot be measured.
func (a *API) component(id string) component {
	v, known := a.views[id]
	c := component{ID: a.id(shared.Component, id), Name: id, PageID: a.page.ID, Position: 1, CreatedAt: a.time(kept), UpdatedAt: a.time(kept)}
	if !known {
		c.Status = shared.Status(status.Unknown)
		c.Description = a.describe("")
		return c
	}
	if name := a.words.Text(v.Name); name != "" {
		c.Name = name
	}
	group := a.id(shared.Group, v.Group)
	c.Position, c.GroupID, c.Status = v.position, &group, shared.Status(v.State)
	since := ""
	if !v.Since.IsZero() {
		c.UpdatedAt = a.time(v.Since)
		since = v.Since.In(a.zone).Format("2006-01-02 15:04 -07:00")
	}
	if v.State == status.Unknown {
		c.Description = a.describe(since)
	}
	return c
}

// describe says that a component cannot be measured, since when.
func (a *API) describe(since string) *string {
	text := a.words.Unmeasured(since)
	return &text
}

// fullName is a component's name behind its group's.
func (a *API) fullName(id string) string {
	name := a.component(id).Name
	if v, known := a.views[id]; known && v.group != "" {
		return v.group + " - " + name
	}
	return name
}
