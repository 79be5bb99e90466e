package console

import (
	"context"
	"net/http"
	"time"

	"bongsu/web/account"
)

// Looker has components looked at.
type Looker interface {
	// LookNow asks every location to look at the checks at once, within what
	// their targets allow. It does not wait for what they see.
	LookNow(ctx context.Context, checks []string) error
}

// lookEvery is how often a component may be looked at on demand, by all
// operators together: their eagerness is no reason to hit a target harder.
const lookEvery = 15 * time.Second

func (c *Console) lookRoutes() []route {
	if c.options.Looker == nil {
		return nil
	}
	return []route{{method: http.MethodPost, path: "/components/{id}/look", deed: account.Watch, handle: c.lookNow}}
}

// lookNow has a component's checks looked at once.
func (c *Console) lookNow(v *visit) error {
	if v.snapshot == nil {
		return refuse(http.StatusServiceUnavailable, "problem_starting")
	}
	view, known := v.snapshot.Component(v.request.PathValue("id"))
	if !known || len(view.Checks) == 0 {
		return refuse(http.StatusNotFound, "problem_not_found")
	}
	back := "/components/" + view.ID
	if !c.looks.Allow(view.ID, v.now()) {
		v.undone("component_looked", "Every", v.Period(lookEvery))
		return v.lead(back, nil)
	}
	checks := make([]string, 0, len(view.Checks))
	for i := range view.Checks {
		if !view.Checks[i].Awaits { // it asks nothing
			checks = append(checks, view.Checks[i].ID)
		}
	}
	ctx, cancel := context.WithTimeout(v.request.Context(), askTime)
	defer cancel()
	if err := c.options.Looker.LookNow(ctx, checks); err != nil {
		return err
	}
	v.record(account.Watch, "component:"+view.ID, "has it looked at now")
	v.done("component_looking")
	return v.lead(back, nil)
}
