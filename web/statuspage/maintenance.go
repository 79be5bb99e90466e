package statuspage

import (
	"cmp"
	"slices"
	"time"

	shared "bongsu/notifier/statuspage"
	"bongsu/status"
)

// Where planned work stands, in Statuspage's words. It has one more, verifying,
// which we never say: measurement does that.
const (
	scheduled = "scheduled"
	running   = "in_progress"
	completed = "completed"
)

// maintenances are those that stand at one of the stages, soonest first.
func (a *API) maintenances(stages ...string) []maintenance {
	told := []maintenance{}
	for i := range a.snapshot.Maintenance {
		m := &a.snapshot.Maintenance[i]
		if slices.Contains(stages, a.stage(m)) && len(told) < Most {
			told = append(told, a.maintenance(m))
		}
	}
	return told
}

func (a *API) stage(m *status.Maintenance) string {
	switch now := a.snapshot.At; {
	case !m.End().After(now):
		return completed
	case m.From.After(now):
		return scheduled
	default:
		return running
	}
}

func (a *API) maintenance(m *status.Maintenance) maintenance {
	stage := a.stage(m)
	told := maintenance{
		incident: incident{
			ID: a.id(shared.Maintenance, m.ID), Name: a.marked(cmp.Or(a.words.Text(m.Title), m.ID)), Status: stage,
			Impact: shared.Indicator(status.UnderMaintenance), CreatedAt: a.time(planned(m)), StartedAt: a.time(m.From),
			Shortlink: a.snapshot.Site.URL + "/maintenance", PageID: a.page.ID, Updates: []update{}, Components: []component{},
		},
		ScheduledFor: a.time(m.From), ScheduledUntil: a.time(m.Until),
	}
	for _, id := range m.Components {
		told.Components = append(told.Components, a.component(id))
	}
	a.tell(&told, m, stage)
	return told
}

// planned stands for when work was put on the calendar, which is not kept: the
// earliest time that is.
func planned(m *status.Maintenance) time.Time {
	if !m.Cancelled.IsZero() && m.Cancelled.Before(m.From) {
		return m.Cancelled
	}
	return m.From
}

// tell adds what has been told of planned work, the newest first: that it is
// planned, that it began, that it was called off or ended.
func (a *API) tell(told *maintenance, m *status.Maintenance, stage string) {
	say := func(stage, body string, at time.Time) {
		when := a.time(at)
		told.Updates = slices.Insert(told.Updates, 0, update{
			ID: shared.ID(shared.Update, m.ID+"\x00"+stage), Status: stage, Body: body, IncidentID: told.ID,
			CreatedAt: when, UpdatedAt: when, DisplayAt: when,
		})
		told.UpdatedAt = when
	}
	say(scheduled, cmp.Or(a.words.Text(m.Text), a.words.Text(m.Title), m.ID), planned(m))
	if stage == running || (stage == completed && m.From.Before(m.End())) {
		say(running, a.words.Underway(), m.From)
	}
	if stage != completed {
		return
	}
	told.ResolvedAt = a.timeOrNull(m.End())
	if m.Cancelled.IsZero() {
		say(completed, a.words.Text(m.Title), m.End())
		return
	}
	say(completed, a.words.CalledOff(), m.Cancelled)
}
