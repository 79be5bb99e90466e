package web

import (
	"cmp"
	"net/url"
	"time"

	"bongsu/status"
	"bongsu/web/speech"
)

// toldMoment is an instant of a story with those that were told before it.
type toldMoment struct {
	Now *speech.Moment
	Was []*speech.Moment // struck through, oldest first
}

// toldCause is the cause of a story with those that were told before it.
type toldCause struct {
	Now *named
	Was []string
}

// span is how long a story has taken, from one of the beginnings told.
type span struct {
	Text   string
	From   *speech.Moment // nil if only one beginning was ever told
	Struck bool
}

// takenBack is the end of a false alarm.
type takenBack struct {
	At     *speech.Moment
	Reason spoken
}

// missed is a promise that was not kept in time.
type missed struct{ Promised, Came *speech.Moment }

// correctionRow says what was told, what is so, and why.
type correctionRow struct {
	Field   string
	Was, Is timeOrName
	Reason  spoken
	Source  *source
}

// timeOrName is what a correction replaces, or puts in its place.
type timeOrName struct {
	Moment *speech.Moment
	Name   string
}

// statementRow is what somebody else said in public.
type statementRow struct {
	Speaker string
	Said    *speech.Moment
	Words   spoken
	Fixed   bool
	Source  *source
}

// etaRow is somebody's expectation of the end, and what became of it.
type etaRow struct {
	Speaker string
	Basis   spoken
	By      *speech.Moment // nil if it hangs on something that has not happened
	Expires *speech.Moment
	Outcome string
	Badge   badge
	Pending bool
	Source  *source
}

// source is where something can be read.
type source struct{ Href, Text string }

// newSource is nil for no source. What is no address of the web is shown and
// leads nowhere.
func newSource(text string) *source {
	if text == "" {
		return nil
	}
	u, err := url.Parse(text)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" || u.User != nil {
		return &source{Text: clip(text)}
	}
	return &source{Href: u.String(), Text: u.Hostname()}
}

// toldMoment is an instant with the ones told before.
func (t *teller) toldMoment(i *status.Incident, field status.CorrectionField, now time.Time) toldMoment {
	told := toldMoment{Now: t.Moment(now)}
	for _, c := range i.Corrections() {
		if was, ok := instantIn(c.Was); ok && c.Field == field {
			told.Was = append(told.Was, t.Moment(was))
		}
	}
	return told
}

func instantIn(text string) (time.Time, bool) {
	at, err := time.Parse(time.RFC3339, text)
	return at, err == nil && !at.IsZero()
}

// toldCauses is the cause, once it is more than the thing that fails, with
// those told before.
func (t *teller) toldCauses(i *status.Incident) toldCause {
	var told toldCause
	for _, c := range i.Corrections() {
		if c.Field == status.CorrectCause {
			told.Was = append(told.Was, t.cause(c.Was))
		}
	}
	if isManual(i.Cause) || i.Stage == status.Investigating && told.Was == nil {
		return told
	}
	told.Now = t.causeLink(i.Cause)
	return told
}

// causeLink leads to the component that is the cause, if it is one.
func (t *teller) causeLink(cause string) *named {
	l := named{Name: t.cause(cause)}
	if id, isComponent := componentOf(cause); isComponent {
		l.Href = t.componentLink(id).Href
	}
	return &l
}

// spans is how long the story has taken from each beginning that was told: a
// duration is only as good as its onset.
func (t *teller) spans(i *status.Incident) []span {
	end, all := t.end(i), i.Spans()
	if len(all) == 1 {
		return []span{{Text: t.Span(end.Sub(i.Began))}}
	}
	spans := make([]span, 0, len(all))
	for _, s := range all {
		spans = append(spans, span{Text: t.Hours(end.Sub(s.From)), From: t.Moment(s.From), Struck: !s.Stands})
	}
	return spans
}

func (t *teller) takenBack(i *status.Incident) *takenBack {
	if i.Retracted.IsZero() {
		return nil
	}
	back := &takenBack{At: t.Moment(i.Retracted)}
	for j := range i.Updates {
		if u := &i.Updates[j]; u.Kind == status.UpdateRetracted {
			back.Reason = t.spoken(u.Text)
		}
	}
	return back
}

// missed are the promises that passed before word came.
func (t *teller) missed(i *status.Incident) []missed {
	var all []missed
	for j := range i.Updates {
		if u := &i.Updates[j]; !u.Missed.IsZero() {
			all = append(all, missed{Promised: t.Moment(u.Missed), Came: t.Moment(u.At)})
		}
	}
	return all
}

// incidentLink leads to another story, or is nil for none.
func (t *teller) incidentLink(id string) *named {
	if id == "" {
		return nil
	}
	if i, found := t.snapshot.Incident(id); found {
		return &named{Name: t.title(i), Href: t.incidentHref(id), Badge: t.impact(i)}
	}
	return &named{Name: id}
}

// related are the stories that were merged into this one or split from it,
// each once.
func (t *teller) related(i *status.Incident) []named {
	var links []named
	seen := map[string]bool{"": true, i.MergedInto: true, i.ID: true}
	add := func(id, note string) {
		if seen[id] {
			return
		}
		seen[id] = true
		l := t.incidentLink(id)
		l.Note = note
		links = append(links, *l)
	}
	for j := range i.Updates {
		switch u := &i.Updates[j]; u.Kind {
		case status.UpdateMerged, status.UpdateSplit:
			add(u.Other, t.Say("related_"+string(u.Kind)))
		case status.UpdateOpened:
			add(u.Other, t.Say("related_whole"))
		default:
		}
	}
	for p := range t.snapshot.Past {
		if past := &t.snapshot.Past[p]; past.MergedInto == i.ID {
			add(past.ID, t.Say("related_merged"))
		}
	}
	return links
}

func (t *teller) correctionRow(u *status.Update) *correctionRow {
	c := u.Correction
	return &correctionRow{
		Field: t.Say("corrected_" + string(c.Field)),
		Was:   t.timeOrName(c.Was), Is: t.timeOrName(c.Is),
		Reason: t.spoken(c.Reason), Source: newSource(c.Source),
	}
}

func (t *teller) timeOrName(text string) timeOrName {
	if at, ok := instantIn(text); ok {
		return timeOrName{Moment: t.Moment(at), Name: t.At(at)}
	}
	return timeOrName{Name: cmp.Or(t.cause(text), t.Say("told_nothing"))}
}

func (t *teller) statementRow(u *status.Update) *statementRow {
	s := u.Statement
	return &statementRow{
		Speaker: s.Speaker, Said: t.Moment(s.Said), Words: t.spoken(s.Text), Fixed: s.Fixed, Source: newSource(s.Source),
	}
}

// statements are what others said, oldest first.
func (t *teller) statements(i *status.Incident) []statementRow {
	var rows []statementRow
	for j := range i.Updates {
		if u := &i.Updates[j]; u.Kind == status.UpdateStatement && u.Statement != nil {
			rows = append(rows, *t.statementRow(u))
		}
	}
	return rows
}

// etas are the expectations of the end, oldest first, each with what became
// of it.
func (t *teller) etas(i *status.Incident) []etaRow {
	var rows []etaRow
	for _, e := range i.ETAs() {
		rows = append(rows, t.etaRow(&e))
	}
	return rows
}

// etaOf is the expectation that an update speaks of.
func (t *teller) etaOf(i *status.Incident, u *status.Update) *etaRow {
	row := t.etaRow(&status.Expectation{ETA: *u.ETA, Made: u.At, Outcome: status.ETAPending})
	for _, e := range i.ETAs() {
		if e.ID == u.ETA.ID {
			row = t.etaRow(&e)
		}
	}
	return &row
}

func (t *teller) etaRow(e *status.Expectation) etaRow {
	outcome := e.Outcome
	if outcome == status.ETAPending && !e.Expires.IsZero() && !t.snapshot.At.Before(e.Expires) {
		outcome = status.ETANotMet // whether or not anybody has noted it yet
	}
	at := e.Expires
	if !e.Settled.IsZero() {
		at = e.Settled
	}
	row := etaRow{
		Speaker: e.Speaker, Basis: t.spoken(e.Basis), By: t.Moment(e.By), Expires: t.Moment(e.Expires), Source: newSource(e.Source),
		Outcome: t.Say("outcome_"+string(outcome), "Time", t.At(at)), Pending: outcome == status.ETAPending,
	}
	row.Badge = badge{Class: etaClasses[outcome], Word: row.Outcome}
	return row
}

var etaClasses = map[status.ETAOutcome]string{
	status.ETAPending: "none", status.ETAMet: "ok", status.ETANotMet: "down",
	status.ETAReplaced: "slow", status.ETAMoved: "none", status.ETAVoid: "none",
}

// toldMerge says which of two stories goes on.
func (t *teller) toldMerge(i *status.Incident, u *status.Update) string {
	if i.MergedInto != "" && (u.Other == "" || u.Other == i.MergedInto) || u.Other == "" && !i.Open() {
		return t.Say("update_merged")
	}
	if other, found := t.snapshot.Incident(u.Other); found {
		return t.Say("update_merged_here", "Title", t.title(other))
	}
	return t.Say("update_merged_here_unnamed")
}

func (t *teller) toldStatement(u *status.Update) string {
	s := u.Statement
	if s == nil {
		return t.text(u.Text)
	}
	told := t.Say("told_statement", "Speaker", s.Speaker, "Time", t.At(s.Said), "Text", t.text(s.Text))
	if s.Fixed {
		told += t.Say("sentence_space") + t.Say("statement_fixed")
	}
	return told + t.Say("sentence_space") + t.Say("statement_note")
}

func (t *teller) toldETA(u *status.Update) string {
	e := u.ETA
	if e == nil {
		return t.Say("update_" + string(u.Kind))
	}
	expected := t.Say("told_eta_open", "Speaker", e.Speaker, "Basis", t.text(e.Basis))
	if !e.By.IsZero() {
		expected = t.Say("told_eta", "Speaker", e.Speaker, "Time", t.At(e.By), "Basis", t.text(e.Basis))
	}
	if u.Kind == status.UpdateETA {
		return expected
	}
	return t.Say("update_"+string(u.Kind)) + t.Say("sentence_space") + expected
}

func (t *teller) toldCorrection(u *status.Update) string {
	if u.Correction == nil {
		return t.text(u.Text)
	}
	c := t.correctionRow(u)
	return t.withReason(t.Say("told_correction", "Field", c.Field, "Was", c.Was.Name, "Is", c.Is.Name), u.Correction.Reason)
}

// withReason adds somebody's reason to what is told.
func (t *teller) withReason(told string, reason status.Text) string {
	if why := t.text(reason); why != "" {
		return told + t.Say("sentence_space") + t.Say("told_reason", "Reason", why)
	}
	return told
}
