package web

import (
	"bongsu/status"
	"bongsu/web/speech"
)

// Words says what a snapshot holds as the page says it, in one language. The
// console speaks of the same things in the same words.
type Words struct{ teller *teller }

// CheckWords is one check of a component: what its locations say together, and
// what each of them saw last.
type CheckWords = checkRows

// NewWords words a snapshot with a voice that has the page's texts; languages
// are those that an operator's text is looked for in, in this order, when it is
// not in the voice's own.
func NewWords(s *status.Snapshot, v *speech.Voice, languages []string) *Words {
	return &Words{newTeller(s, v, languages, indexed(s))}
}

// Title names an incident in a few words that stay true after its end.
func (w *Words) Title(i *status.Incident) string { return w.teller.title(i) }

// Headline says what is wrong now, in one sentence.
func (w *Words) Headline(i *status.Incident) string { return w.teller.headline(i) }

// Affects names what an incident affects beside its cause, in a sentence; empty
// for nothing.
func (w *Words) Affects(i *status.Incident) string {
	names := w.teller.explained(i.Cause, i.Components)
	if len(names) == 0 {
		return ""
	}
	return w.teller.Say("affects", "Names", w.teller.Few(names))
}

// Told words an entry of an incident's timeline.
func (w *Words) Told(i *status.Incident, u *status.Update) string { return w.teller.told(i, u) }

// Name is a component's name, or its id if it is no longer configured.
func (w *Words) Name(component string) string { return w.teller.name(component) }

// Mark says in short what makes a component's state more than its word: the
// cause, that it is derived, since when.
func (w *Words) Mark(c *status.ComponentView) string { return w.teller.mark(c) }

// Unknown says why a component cannot be judged; empty if it can.
func (w *Words) Unknown(c *status.ComponentView) string { return w.teller.unknownWhy(c) }

// Evidence is what each check of a component says, worst first.
func (w *Words) Evidence(c *status.ComponentView) []CheckWords { return w.teller.evidence(c) }

// Place is a location's name, or its id if it has none.
func (w *Words) Place(id string) string { return w.teller.place(id) }

// Doubted says why a location is not believed, and since when.
func (w *Words) Doubted(d *status.Doubt) string { return w.teller.doubted(d) }

// Overdue says whether an incident's promise has passed without a word.
func (w *Words) Overdue(i *status.Incident) bool { return w.teller.overdue(i) }
