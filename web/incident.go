package web

import (
	"html/template"
	"strings"
	"time"

	"bongsu/status"
	"bongsu/web/markdown"
	"bongsu/web/speech"
)

// incidentPage is a story, whole.
type incidentPage struct {
	Title, Headline, Affects string
	Badge                    badge
	Open                     bool
	Retracted                *takenBack
	Steps                    []step
	Began, Resolved          toldMoment
	Detected, Next           *speech.Moment
	Cause                    toldCause
	Expected                 *etaRow
	Overdue                  bool
	OverdueAt                speech.Timed
	Missed                   []missed
	Spans                    []span
	Code, CodeHref           string
	MergedInto               *named
	Related                  []named // those that were merged into this one, or split from it
	Works                    []named
	Advice                   []string
	Rows                     []affectedRow
	Updates                  []updateRow
	ETAs                     []etaRow
	Statements               []statementRow
	Sent                     *sentPart
	Postmortem               *postmortemPart
}

// postmortemPart is what was learnt, in its latest version.
type postmortemPart struct {
	Body    template.HTML
	Lang    string // where it is not the page's
	At      *speech.Moment
	Author  string
	Version string // which it is, from the second on
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
	Since *speech.Moment
	Until *speech.Moment
}

// updateRow is an entry of the timeline.
type updateRow struct {
	ID         string
	At         *speech.Moment
	Kind       string
	Class      string
	Text       string
	Lang       string // where it is not the page's
	Author     string
	Next       *speech.Moment
	ByHuman    bool
	Missed     *speech.Moment // the promise that had passed before this came
	Other      *named
	Correction *correctionRow
	Statement  *statementRow
	ETA        *etaRow
}

func (t *teller) incident(i *status.Incident, sent *Sent) page {
	p := incidentPage{
		Title:      t.title(i),
		Headline:   t.headline(i),
		Badge:      t.impact(i),
		Open:       i.Open(),
		Retracted:  t.takenBack(i),
		Began:      t.toldMoment(i, status.CorrectBegan, i.Began),
		Resolved:   t.toldMoment(i, status.CorrectResolved, i.Resolved),
		Detected:   t.Moment(i.Detected),
		Cause:      t.toldCauses(i),
		Overdue:    t.overdue(i),
		Missed:     t.missed(i),
		Spans:      t.spans(i),
		Code:       i.Code,
		CodeHref:   link("/check/"+i.Code, t.Lang),
		MergedInto: t.incidentLink(i.MergedInto),
		Related:    t.related(i),
		ETAs:       t.etas(i),
		Statements: t.statements(i),
		Sent:       t.sent(i, sent),
		Postmortem: t.postmortem(i),
	}
	if p.Open {
		t.tellPresent(&p, i)
	}
	if !i.Dropped() { // which was not watched until it was over
		p.Steps = t.steps(i.Stage)
	}
	for j := range i.Components {
		p.Rows = append(p.Rows, t.affectedRow(i, &i.Components[j]))
	}
	for j := len(i.Updates) - 1; j >= 0; j-- {
		p.Updates = append(p.Updates, t.updateRow(i, &i.Updates[j]))
	}
	return page{title: p.Title, about: p.Headline, content: p}
}

// tellPresent adds what is of use while the story goes on.
func (t *teller) tellPresent(p *incidentPage, i *status.Incident) {
	if !i.Next.IsZero() {
		p.Next, p.OverdueAt = t.Moment(i.Next), t.Timed("overdue", i.Next)
	}
	p.Advice = t.advice(i)
	p.Works = t.worksLinks(i)
	if names := t.explained(i.Cause, i.Components); len(names) > 0 {
		p.Affects = t.Say("affects", "Names", t.Few(names))
	}
	if n := len(p.ETAs); n > 0 && p.ETAs[n-1].Pending {
		p.Expected = &p.ETAs[n-1]
	}
}

// postmortem is nil if there is none, or if it cannot be shown.
func (t *teller) postmortem(i *status.Incident) *postmortemPart {
	latest, version := i.Postmortem()
	if latest == nil {
		return nil
	}
	words := t.spoken(latest.Text)
	body, err := markdown.HTML(words.Text)
	if err != nil {
		return nil
	}
	part := &postmortemPart{Body: body, Lang: words.Lang, At: t.Moment(latest.At), Author: latest.Author}
	if version > 1 {
		part.Version = t.Say("postmortem_version", "Count", version)
	}
	return part
}

// impact is how bad a story is, or was at worst. What was taken back is not
// bad at all, and not well either.
func (t *teller) impact(i *status.Incident) badge {
	switch {
	case !i.Retracted.IsZero():
		return badge{Class: "none", Word: t.Say("taken_back")}
	case i.Open():
		return t.badge(i.Impact)
	default:
		return t.badge(i.Worst)
	}
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
		steps = append(steps, step{Word: t.Say("stage_" + s.String()), Done: s < now, Current: s == now})
	}
	return steps
}

func (t *teller) affectedRow(i *status.Incident, a *status.Affected) affectedRow {
	row := affectedRow{
		named: t.componentLink(a.Component), Worst: t.badge(a.Worst),
		Since: t.Moment(a.Since), Until: t.Moment(a.Until),
	}
	row.Badge = t.badge(a.State)
	switch {
	case a.Cause:
		row.Note = t.Say("is_cause")
	case a.Derived:
		row.Note = t.Say("derived_needs", "Name", t.cause(i.Cause))
	}
	return row
}

func (t *teller) updateRow(i *status.Incident, u *status.Update) updateRow {
	row := updateRow{
		ID:     u.ID,
		At:     t.Moment(u.At),
		Kind:   t.Say("kind_" + string(u.Kind)),
		Class:  strings.ReplaceAll(string(u.Kind), "_", "-"),
		Author: u.Author,
		Next:   t.Moment(u.Next),
		Missed: t.Moment(u.Missed),
		Other:  t.incidentLink(u.Other),
	}
	switch {
	case u.Correction != nil:
		row.Correction = t.correctionRow(u)
	case u.Statement != nil:
		row.Statement = t.statementRow(u)
	case u.ETA != nil:
		row.Text, row.ETA = t.Say("update_"+string(u.Kind)), t.etaOf(i, u)
	default:
		row.Text = t.told(i, u)
	}
	if u.Kind == status.UpdateNote {
		note := t.spoken(u.Text)
		row.Text, row.Lang, row.ByHuman = note.Text, note.Lang, true
	}
	return row
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
