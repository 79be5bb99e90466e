package web

import (
	"cmp"
	"time"

	"bongsu/status"
)

// mostReminders is how often people may be told that work begins.
const mostReminders = 4

// routine is work that comes again as it is asked for; m is its first time.
func (w *writing) routine(in *newMaintenance, m *status.Maintenance) *status.Routine {
	r := &status.Routine{
		ID: m.ID, Title: m.Title, Text: m.Text, Components: m.Components, Rule: in.RRule, First: m.From, Lasts: m.Until.Sub(m.From),
		Remind: m.Remind, Extend: m.Extend,
	}
	zone := time.UTC
	if z := w.edition.snapshot.Site.Zone; z != nil {
		zone = z
	}
	r.Zone = cmp.Or(in.Zone, zone.String())
	return r
}

// reminders reads how long before work begins people are told.
func (w *writing) reminders(given []string) []time.Duration {
	if len(given) > mostReminders {
		w.complain("/remind", "has %d reminders; write at most %d", len(given), mostReminders)
		return nil
	}
	var list []time.Duration
	for _, text := range given {
		d, err := time.ParseDuration(text)
		if err != nil || d < time.Minute || d > status.FirstReminder {
			w.complain("/remind", "%q is no time before the work; write one like 24h, from a minute to 30 days", clip(text))
			continue
		}
		list = append(list, d)
	}
	return list
}

func (w *writing) extension(in *newExtend) status.Extension {
	if in == nil {
		return status.Extension{}
	}
	step, err := time.ParseDuration(in.Step)
	most, errMost := time.ParseDuration(in.Most)
	e := status.Extension{Step: step, Most: most}
	if err == nil {
		err = errMost
	}
	if err == nil {
		err = e.Check()
	}
	if err != nil {
		w.complain("/extend", `is none; write one like {"step": "15m", "most": "2h"}, at least a minute at a time and at most 24 hours in all`)
	}
	return e
}
