package web

import (
	"bongsu/status"
	"bongsu/web/speech"
)

// Foreteller words incidents of a snapshot as the page does, or would.
type Foreteller struct{ t *teller }

// Foretold is an incident as the page shows it.
type Foretold struct {
	ID, Title string
	Headline  string
	Stage     string
	Class     string // ok, slow, part, down or none
	State     string // in a word
	Span      string // how long it has gone on, or went on
	Cause     string // once it is more than the thing that fails
	Began     *speech.Moment
	Resolved  *speech.Moment // nil while it goes on
	Next      *speech.Moment // nil if nothing is promised
	Overdue   bool
	Affected  []string // what is not well, with its state
}

// ForetoldEntry is an entry of an incident's timeline.
type ForetoldEntry struct {
	ID     string
	Kind   string
	Text   string
	Lang   string // where it is not the page's
	Author string
	At     *speech.Moment
	Next   *speech.Moment
}

// NewForeteller words a snapshot with a voice that has the page's texts.
func NewForeteller(v *speech.Voice, s *status.Snapshot) *Foreteller {
	return &Foreteller{newTeller(s, v, s.Site.Languages, indexed(s))}
}

// Incident is an incident as the page would show it.
func (f *Foreteller) Incident(i *status.Incident) Foretold {
	t := f.t
	impact := t.impact(i)
	told := Foretold{
		ID: i.ID, Title: t.title(i), Headline: t.headline(i), Stage: t.Say("stage_" + i.Stage.String()), Class: impact.Class, State: impact.Word,
		Span: t.Span(t.end(i).Sub(i.Began)), Began: t.Moment(i.Began), Resolved: t.Moment(i.Resolved), Overdue: t.overdue(i),
	}
	if cause := t.toldCauses(i); cause.Now != nil {
		told.Cause = cause.Now.Name
	}
	if i.Open() {
		told.Next = t.Moment(i.Next)
	}
	for _, a := range i.Components {
		if a.Until.IsZero() {
			told.Affected = append(told.Affected, t.Say("name_and_state", "Name", t.name(a.Component), "State", t.state(a.State)))
		}
	}
	return told
}

// Entries is the whole timeline, the latest first.
func (f *Foreteller) Entries(i *status.Incident) []ForetoldEntry {
	var entries []ForetoldEntry
	for k := len(i.Updates) - 1; k >= 0; k-- {
		u := &i.Updates[k]
		e := ForetoldEntry{
			ID: u.ID, Kind: f.t.Say("kind_" + string(u.Kind)), Text: f.t.told(i, u), Author: u.Author, At: f.t.Moment(u.At), Next: f.t.Moment(u.Next),
		}
		if u.Kind == status.UpdateNote {
			words := f.t.spoken(u.Text)
			e.Lang = words.Lang
		}
		entries = append(entries, e)
	}
	return entries
}

// ForetoldItem is an update as feeds have it.
type ForetoldItem struct{ Title, Text, Atom, JSON string }

// Item is the incident's latest update as feeds would have it. It has a title
// and a text at least.
func (f *Foreteller) Item(i *status.Incident) (ForetoldItem, error) {
	if len(i.Updates) == 0 {
		return ForetoldItem{}, nil
	}
	e := f.t.entry(i, &i.Updates[len(i.Updates)-1])
	item := ForetoldItem{Title: e.Title, Text: e.Text}
	atom, err := e.Atom()
	if err != nil {
		return item, err
	}
	text, err := e.JSON(f.t.Lang)
	item.Atom, item.JSON = string(atom), string(text)
	return item, err
}

// Name is what a component is called.
func (f *Foreteller) Name(component string) string { return f.t.name(component) }
