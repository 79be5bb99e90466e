package config

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	"bongsu/config/recur"
	"bongsu/notifier"
	"bongsu/status"
)

// maintenance is planned work that the configuration knows of.
type maintenance struct {
	ID         string      `yaml:"id" must:"required id" doc:"Names the work; a change under the same id changes the plan."`
	Title      status.Text `yaml:"title" must:"required" doc:"What is done."`
	Text       status.Text `yaml:"text" doc:"What it means for people."`
	Components []string    `yaml:"components" must:"required min=1" doc:"The ids of the components worked on."`
	From       Moment      `yaml:"from" must:"required" doc:"When it begins: 2026-12-01 02:00 in the site's time zone, or with a zone as in RFC 3339."`
	Until      Moment      `yaml:"until" must:"required" doc:"When it ends."`

	Rrule  string          `yaml:"rrule" must:"max=200" doc:"When it comes again after the first time: a rule of RFC 5545, such as FREQ=MONTHLY;BYDAY=1TU."`
	Zone   string          `yaml:"zone" doc:"The time zone by whose clock it comes again, such as Asia/Seoul: the site's by default."`
	Remind []time.Duration `yaml:"remind" doc:"So long before each time, those who chose its components are told: [24h, 1h]. Nobody by default."`
	Extend extension       `yaml:"extend" doc:"What happens if a component still fails at the end: {step: 15m, most: 2h} prolongs the work by so much at a time, and in all. It ends by default."`
}

// extension is how work is prolonged.
type extension struct {
	Step time.Duration `yaml:"step" doc:"At a time, like 15m."`
	Most time.Duration `yaml:"most" doc:"In all, like 2h; at most 24h."`
}

// Moment is an instant. Without a zone of its own it is in the site's.
type Moment struct {
	time  time.Time
	local bool
}

// UnmarshalText reads "2026-12-01 02:00" or a time of RFC 3339.
func (m *Moment) UnmarshalText(text []byte) error {
	if t, err := time.Parse(time.RFC3339, string(text)); err == nil {
		*m = Moment{time: t}
		return nil
	}
	for _, form := range []string{"2006-01-02 15:04", "2006-01-02T15:04", "2006-01-02 15:04:05"} {
		if t, err := time.Parse(form, string(text)); err == nil {
			*m = Moment{time: t, local: true}
			return nil
		}
	}
	return fmt.Errorf("%s is no time; write 2026-12-01 02:00, or 2026-12-01T02:00:00+09:00", quoted(string(text)))
}

// In is the instant, with the zone that holds if it has none of its own.
func (m Moment) In(zone *time.Location) time.Time {
	if !m.local {
		return m.time
	}
	year, month, day := m.time.Date()
	return time.Date(year, month, day, m.time.Hour(), m.time.Minute(), m.time.Second(), 0, zone)
}

// configured is what ids of maintenance begin with that the configuration
// knows of, so that they never meet those made by hand.
const configured = "config/"

// longestMaintenance bounds a plan: what is longer is no maintenance, and would
// keep an outage quiet for as long.
const longestMaintenance = 31 * 24 * time.Hour

// mostReminders is how often people may be told that work begins.
const mostReminders = 4

func (c *checker) checkMaintenance() (all []status.Maintenance, routines []status.Routine) {
	taken := ids{}
	for i := range c.doc.Maintenance {
		x := &c.doc.Maintenance[i]
		c.claim(taken, &x.ID)
		c.checkDistinct(x.Components)
		for k := range x.Components {
			c.refer(&x.Components[k], "component", c.components)
		}
		from, until := x.From.In(c.zone), x.Until.In(c.zone)
		switch {
		case from.IsZero() || until.IsZero(): // not written, or not as a time
		case !until.After(from):
			c.complain(c.at(&x.Until), "the work ends before it begins; write a time after from")
		case until.Sub(from) > longestMaintenance:
			c.complain(c.at(&x.Until), "the work lasts longer than %d days; write a shorter window, and another after it", longestMaintenance/(24*time.Hour))
		}
		c.checkManner(x)
		if !c.written(&x.Rrule) {
			all = append(all, status.Maintenance{
				ID: configured + x.ID, Title: x.Title, Text: x.Text, Components: x.Components, From: from, Until: until,
				Remind: x.Remind, Extend: status.Extension(x.Extend),
			})
			continue
		}
		r := status.Routine{
			ID: configured + x.ID, Title: x.Title, Text: x.Text, Components: x.Components,
			Rule: x.Rrule, First: from, Zone: cmp.Or(x.Zone, c.zone.String()), Lasts: until.Sub(from),
			Remind: x.Remind, Extend: status.Extension(x.Extend),
		}
		c.checkRoutine(x, &r)
		routines = append(routines, r)
	}
	return all, routines
}

// checkManner checks how people are reminded, and how the work is prolonged.
func (c *checker) checkManner(x *maintenance) {
	if len(x.Remind) > mostReminders {
		c.complain(c.at(&x.Remind), "reminds people %d times; write at most %d", len(x.Remind), mostReminders)
	}
	for i, before := range x.Remind {
		if before < time.Minute || before > status.FirstReminder {
			c.complain(c.at(&x.Remind[i]), "is no time before the work; write one from a minute to 30 days, like 24h")
		}
	}
	if err := status.Extension(x.Extend).Check(); err != nil {
		c.complain(c.atOr(&x.Extend, x, "extend"), "%s; write it like {step: 15m, most: 2h}", err)
	}
	if c.written(&x.Zone) {
		if _, err := notifier.ParseZone(x.Zone); err != nil {
			c.complain(c.at(&x.Zone), "%s", err)
		}
		if !c.written(&x.Rrule) {
			c.complain(c.at(&x.Zone), "only work that comes again has a zone of its own; write rrule, or leave it out")
		}
	}
}

// checkRoutine checks that work can come again as it is to.
func (c *checker) checkRoutine(x *maintenance, r *status.Routine) {
	if _, err := recur.Parse(x.Rrule); err != nil {
		c.complain(c.at(&x.Rrule), "%s", err)
		return
	}
	if r.Lasts <= 0 {
		return // it was said
	}
	if err := r.Check(recur.Starts, r.First); errors.Is(err, status.ErrOverlap) {
		c.complain(c.at(&x.Rrule), "%s; write it rarer, the work or its extension shorter", err)
	}
}
