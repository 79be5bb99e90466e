package web

import (
	"strings"
	"time"

	"bongsu/status"
)

// How much of a story the first screen of a phone has room for.
const (
	fewAdvice = 3
	fewPast   = 3
)

// overview is the first page.
type overview struct {
	Class, Sentence string
	AsOf, Until     timed
	Impaired        *moment
	Stories         []story
	Apps            []appTrouble
	Groups          []groupRows
	Works           []planned
	Past            []pastRow
}

// story is an open incident on the first page: what fails, since when, what
// still works, what to do, when the next word comes. In that order.
type story struct {
	Class, Headline, Affects string
	Stage                    string
	Since                    *moment
	Works, Advice            string
	Next                     *moment
	Overdue                  bool
	Note                     *spoken // the latest words of a person
	Href                     string
}

// appTrouble is a function of a public-service app that does not work.
type appTrouble struct {
	App, Function, Instead string
	Badge                  badge
}

type groupRows struct {
	ID, Name string
	Rows     []componentRow
}

type componentRow struct {
	named
	Strip  []stroke
	Uptime string
}

func (t *teller) overview(until time.Time) page {
	s := t.snapshot
	o := overview{
		Class:    classes[s.Overall],
		Sentence: t.say("overall_" + s.Overall.String()),
		AsOf:     t.timed("as_of", s.At),
		Until:    t.timed("valid_until", until),
		Impaired: t.moment(s.Impaired),
		Apps:     t.appTroubles(),
		Works:    t.upcoming(),
	}
	for i := range s.Incidents {
		o.Stories = append(o.Stories, t.story(&s.Incidents[i]))
	}
	for g := range s.Groups {
		o.Groups = append(o.Groups, t.groupRows(&s.Groups[g]))
	}
	closed := t.closed()
	for _, past := range closed[:min(fewPast, len(closed))] {
		o.Past = append(o.Past, t.pastRow(past))
	}
	return page{content: o}
}

func (t *teller) story(i *status.Incident) story {
	st := story{
		Class:    classes[i.Impact],
		Headline: t.headline(i),
		Stage:    t.say("stage_" + i.Stage.String()),
		Since:    t.moment(i.Began),
		Works:    t.worksLine(i),
		Advice:   t.adviceLine(i),
		Next:     t.moment(i.Next),
		Overdue:  t.overdue(i),
		Note:     t.latestNote(i),
		Href:     t.incidentHref(i.ID),
	}
	if names := t.explained(i.Components); len(names) > 0 {
		st.Affects = t.say("affects", "Names", t.few(names))
	}
	return st
}

func (t *teller) worksLine(i *status.Incident) string {
	var names []string
	for _, c := range t.works(i) {
		names = append(names, t.name(c.ID))
	}
	if names == nil {
		return t.say("works_none")
	}
	return t.few(names)
}

func (t *teller) adviceLine(i *status.Incident) string {
	advice := t.advice(i)
	return strings.Join(advice[:min(fewAdvice, len(advice))], t.say("sentence_space"))
}

func (t *teller) latestNote(i *status.Incident) *spoken {
	for n := len(i.Updates) - 1; n >= 0; n-- {
		if u := &i.Updates[n]; u.Kind == status.UpdateNote {
			note := t.spoken(u.Text)
			return &note
		}
	}
	return nil
}

func (t *teller) appTroubles() []appTrouble {
	var troubles []appTrouble
	for a := range t.snapshot.Apps {
		app := &t.snapshot.Apps[a]
		for f := range app.Functions {
			if fn := &app.Functions[f]; fn.State.Troubled() {
				troubles = append(troubles, appTrouble{
					App: t.text(app.Name), Function: t.text(fn.Name), Instead: t.text(fn.Instead), Badge: t.badge(fn.State),
				})
			}
		}
	}
	return troubles
}

func (t *teller) groupRows(g *status.GroupView) groupRows {
	rows := groupRows{ID: g.ID, Name: t.text(g.Name)}
	for i := range g.Components {
		c := &g.Components[i]
		row := componentRow{named: t.componentLink(c.ID), Strip: strip(c.Days), Uptime: t.uptime(c.Uptime, c.UptimeKnown)}
		row.Note = t.mark(c)
		rows.Rows = append(rows.Rows, row)
	}
	return rows
}

// mark says in short what makes a component's state more than its word: the
// cause, that it is derived, since when.
func (t *teller) mark(c *status.ComponentView) string {
	if c.State == status.Operational {
		return ""
	}
	var parts []string
	if cause := c.AffectedBy; cause != "" && cause != c.ID && cause != "component:"+c.ID {
		parts = append(parts, t.say("affected_by", "Name", t.cause(cause)))
	}
	if c.Derived {
		parts = append(parts, t.say("derived_short"))
	}
	if !c.Since.IsZero() {
		parts = append(parts, t.say("since_time", "Time", t.at(c.Since)))
	}
	return strings.Join(parts, " · ")
}
