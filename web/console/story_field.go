package console

import (
	"cmp"
	"time"

	"bongsu/status"
)

// The kinds of field.
const (
	lineField  = "line"  // one line
	wordsField = "words" // several
	longField  = "long"  // many
	timeKind   = "time"
	choiceKind = "choice"
	tickKind   = "tick"
	ticksField = "ticks" // several of a list
	statesKind = "states"
)

// field is a part of a form, as it is shown: with what was typed, and what is
// wrong with that.
type field struct {
	Name, Label, Hint string
	Kind              string
	Value             string
	Tongues           []tongueField // of a text in each language
	Options           []pick
	Rows              []stateRow
	Needed            bool
	Ticked            bool
	Most              int // characters
	Wrong             string
}

// tongueField is a text field of one language.
type tongueField struct {
	Lang, Language string
	Name, Value    string
	Wrong          string
}

// pick is a choice, by what it stands for.
type pick struct {
	Value, Text string
	Ticked      bool
}

// stateRow is a component, of which a state may be told.
type stateRow struct {
	Name, Component string
	Now             badge
	Value           string
}

// newField is a field with its label; the hint may be missing.
func (v *visit) newField(name, kind string, needed bool) field {
	f := field{Name: name, Label: v.Say("field_" + name), Kind: kind, Needed: needed}
	if hint := "field_" + name + "_hint"; v.console.catalog.Has(hint) {
		f.Hint = v.Say(hint, "Zone", v.ZoneName())
	}
	return f
}

// tongues is a text in each of the site's languages, side by side.
func (v *visit) tongues(name, kind string) field {
	f := v.newField(name, kind, true)
	f.Most = map[string]int{lineField: maxTitle, wordsField: maxWords, longField: maxPostmortem}[kind]
	for _, lang := range v.console.catalog.Spoken(v.console.site().Languages) {
		f.Tongues = append(f.Tongues, tongueField{Lang: lang, Language: v.console.catalog.Voice(lang).Say("language_name"), Name: name + "." + lang})
	}
	return f
}

func (f *field) fill(text status.Text) {
	for k := range f.Tongues {
		f.Tongues[k].Value = text[f.Tongues[k].Lang]
	}
}

func (v *visit) line(name string, needed bool) field {
	f := v.newField(name, lineField, needed)
	f.Most = maxSource
	return f
}

func (v *visit) timeField(name string, at time.Time) field {
	f := v.newField(name, timeKind, false)
	if !at.IsZero() {
		f.Value = at.In(v.Zone).Format(timeForm)
	}
	return f
}

func (v *visit) choice(name, chosen string, options []pick) field {
	f := v.newField(name, choiceKind, false)
	f.Value, f.Options = chosen, options
	return f
}

func (v *visit) tick(name string, ticked bool) field {
	f := v.newField(name, tickKind, false)
	f.Ticked = ticked
	return f
}

// componentsField is every component with the states that can be told of it.
func (v *visit) componentsField() field {
	f := v.newField("components", statesKind, false)
	f.Options = []pick{{Value: "", Text: v.Say("state_untold")}}
	for _, s := range []status.State{status.DegradedPerformance, status.PartialOutage, status.MajorOutage} {
		f.Options = append(f.Options, pick{Value: s.String(), Text: v.Say("state_" + s.String())})
	}
	if v.snapshot == nil {
		return f
	}
	for g := range v.snapshot.Groups {
		for _, c := range v.snapshot.Groups[g].Components {
			f.Rows = append(f.Rows, stateRow{Name: "state." + c.ID, Component: cmp.Or(v.text(c.Name), c.ID), Now: v.badge(c.State)})
		}
	}
	return f
}

func (v *visit) stages(stages ...status.Stage) []pick {
	var options []pick
	for _, s := range stages {
		options = append(options, pick{Value: s.String(), Text: v.Say("stage_" + s.String())})
	}
	return options
}

// stagesFor are the stages that a person may move an incident to: one that was
// measured is watched and ended by measurement.
func (v *visit) stagesFor(i *status.Incident) []pick {
	switch {
	case i.ByHand():
		return v.stages(status.Investigating, status.Identified, status.Monitoring, status.Resolved)
	case i.Stage == status.Investigating:
		return v.stages(status.Identified)
	default:
		return nil
	}
}
