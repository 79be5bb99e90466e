package web

import (
	"strings"
	"time"

	"bongsu/status"
)

// incidentPage is a story, whole.
type incidentPage struct {
	Title, Headline, Affects string
	Badge                    badge
	Open                     bool
	Steps                    []step
	Began, Detected          *moment
	Next, Resolved           *moment
	Overdue                  bool
	Span                     string
	Code, CodeHref           string
	MergedInto               string
	Works                    []named
	Advice                   []string
	Rows                     []affectedRow
	Updates                  []updateRow
}

// step is a stage of the story.
type step struct {
	Word          string
	Done, Current bool
}

// affectedRow is a component in a story.
type affectedRow struct {
	named
	Worst badge
	Since *moment
	Until *moment
}

// updateRow is an entry of the timeline.
type updateRow struct {
	At      *moment
	Kind    string
	Class   string
	Text    string
	Lang    string // where it is not the page's
	Author  string
	Next    *moment
	ByHuman bool
}

func (t *teller) incident(i *status.Incident) page {
	p := incidentPage{
		Title:    t.title(i),
		Headline: t.headline(i),
		Badge:    t.badge(i.Impact),
		Open:     i.Open(),
		Steps:    t.steps(i.Stage),
		Began:    t.moment(i.Began),
		Detected: t.moment(i.Detected),
		Resolved: t.moment(i.Resolved),
		Overdue:  t.overdue(i),
		Span:     t.span(t.end(i).Sub(i.Began)),
		Code:     i.Code,
		CodeHref: link("/check/"+i.Code, t.lang),
	}
	if i.MergedInto != "" {
		p.MergedInto = t.incidentHref(i.MergedInto)
	}
	if p.Open {
		p.Next = t.moment(i.Next)
		p.Advice = t.advice(i)
		for _, c := range t.works(i) {
			p.Works = append(p.Works, t.componentLink(c.ID))
		}
		if names := t.explained(i.Components); len(names) > 0 {
			p.Affects = t.say("affects", "Names", t.few(names))
		}
	} else {
		p.Badge = t.badge(i.Worst)
	}
	for j := range i.Components {
		p.Rows = append(p.Rows, t.affectedRow(i, &i.Components[j]))
	}
	for j := len(i.Updates) - 1; j >= 0; j-- {
		p.Updates = append(p.Updates, t.updateRow(&i.Updates[j]))
	}
	return page{title: p.Title, content: p}
}

// end is until when a story has gone on so far. One that was merged into
// another went on until its last entry.
func (t *teller) end(i *status.Incident) time.Time {
	switch {
	case !i.Resolved.IsZero():
		return i.Resolved
	case !i.Open() && len(i.Updates) > 0:
		return i.Updates[len(i.Updates)-1].At
	default:
		return t.snapshot.At
	}
}

func (t *teller) steps(now status.Stage) []step {
	stages := []status.Stage{status.Investigating, status.Identified, status.Monitoring, status.Resolved}
	steps := make([]step, 0, len(stages))
	for _, s := range stages {
		steps = append(steps, step{Word: t.say("stage_" + s.String()), Done: s < now, Current: s == now})
	}
	return steps
}

func (t *teller) affectedRow(i *status.Incident, a *status.Affected) affectedRow {
	row := affectedRow{
		named: t.componentLink(a.Component), Worst: t.badge(a.Worst),
		Since: t.moment(a.Since), Until: t.moment(a.Until),
	}
	row.Badge = t.badge(a.State)
	switch {
	case a.Cause:
		row.Note = t.say("is_cause")
	case a.Derived:
		row.Note = t.say("derived_needs", "Name", t.cause(i.Cause))
	}
	return row
}

func (t *teller) updateRow(u *status.Update) updateRow {
	row := updateRow{
		At:     t.moment(u.At),
		Kind:   t.say("kind_" + string(u.Kind)),
		Class:  strings.ReplaceAll(string(u.Kind), "_", "-"),
		Text:   t.told(u),
		Author: u.Author,
		Next:   t.moment(u.Next),
	}
	if u.Kind == status.UpdateNote {
		note := t.spoken(u.Text)
		row.Text, row.Lang, row.ByHuman = note.Text, note.Lang, true
	}
	return row
}

// pastRow is a story in a list.
type pastRow struct {
	named
	Began *moment
	Span  string
}

// closed are the stories that have ended, newest first. One that was merged
// into another is told there.
func (t *teller) closed() []*status.Incident {
	var closed []*status.Incident
	for i := range t.snapshot.Past {
		if past := &t.snapshot.Past[i]; past.MergedInto == "" {
			closed = append(closed, past)
		}
	}
	return closed
}

func (t *teller) pastRow(i *status.Incident) pastRow {
	return pastRow{
		named: named{Name: t.title(i), Href: t.incidentHref(i.ID), Badge: t.badge(i.Worst), Note: t.count("services", len(i.Components))},
		Began: t.moment(i.Began),
		Span:  t.span(t.end(i).Sub(i.Began)),
	}
}
