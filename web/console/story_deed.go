package console

import (
	"slices"
	"time"

	"bongsu/status"
	"bongsu/web"
)

// storyKind is something that can be done about an incident: the fields of its
// form, and what they ask for.
type storyKind struct {
	id      string
	fits    func(i *status.Incident, s *status.Snapshot) bool // whether it can be done to the incident now
	fields  func(v *visit, i *status.Incident) []field
	command func(e *entry, i *status.Incident) status.Command
}

// opening is an incident opened by hand; it is about no incident yet.
var opening = &storyKind{
	id: "open",
	fields: func(v *visit, _ *status.Incident) []field {
		return []field{
			v.tongues("title", lineField), v.tongues("text", wordsField), v.componentsField(),
			v.choice("stage", status.Investigating.String(), v.stages(status.Investigating, status.Identified, status.Monitoring)), v.tick("notify", true),
		}
	},
	command: func(e *entry, _ *status.Incident) status.Command {
		d := &status.Draft{Title: e.text("title", maxTitle), Text: e.text("text", maxWords), Components: e.states(), Author: e.visit.who.Name, Notify: e.ticked("notify")}
		if stage := e.stage(); stage != nil {
			d.Stage = *stage
		}
		return status.Command{Open: d}
	},
}

// noting is an update.
var noting = &storyKind{
	id:   "update",
	fits: func(i *status.Incident, _ *status.Snapshot) bool { return i.Open() },
	fields: func(v *visit, i *status.Incident) []field {
		return []field{
			v.tongues("text", wordsField), v.choice("stage", "", append([]pick{{Value: "", Text: v.Say("stage_as_is")}}, v.stagesFor(i)...)),
			v.timeField("next", time.Time{}), v.tick("notify", true),
		}
	},
	command: func(e *entry, _ *status.Incident) status.Command {
		return status.Command{Note: &status.NoteDraft{
			Text: e.text("text", maxWords), Stage: e.stage(), Next: e.time("next", false), Author: e.visit.who.Name, Notify: e.ticked("notify"),
		}}
	},
}

// storyDeeds is all that can be done about an incident that there is.
func storyDeeds() []*storyKind {
	return []*storyKind{noting, stating, expecting, correcting, merging, splitting, retracting, learning}
}

var stating = &storyKind{
	id:   "statement",
	fits: func(i *status.Incident, _ *status.Snapshot) bool { return i.MergedInto == "" },
	fields: func(v *visit, _ *status.Incident) []field {
		return []field{v.line("speaker", true), v.timeField("said", v.now()), v.tongues("text", wordsField), v.tick("fixed", false), v.line("source", false)}
	},
	command: func(e *entry, _ *status.Incident) status.Command {
		return status.Command{State: &status.Statement{
			Speaker: e.line("speaker", maxSpeaker, true), Said: e.time("said", true), Text: e.text("text", maxWords), Fixed: e.ticked("fixed"), Source: e.source(),
		}}
	},
}

var expecting = &storyKind{
	id:   "eta",
	fits: func(i *status.Incident, _ *status.Snapshot) bool { return i.Open() },
	fields: func(v *visit, _ *status.Incident) []field {
		return []field{v.line("speaker", true), v.timeField("by", time.Time{}), v.timeField("expires", time.Time{}), v.tongues("basis", wordsField), v.line("source", false)}
	},
	command: func(e *entry, _ *status.Incident) status.Command {
		return status.Command{Expect: &status.ETA{
			Speaker: e.line("speaker", maxSpeaker, true), Basis: e.text("basis", maxWords), By: e.time("by", false), Expires: e.time("expires", false), Source: e.source(),
		}}
	},
}

var correcting = &storyKind{
	id:   "correction",
	fits: func(i *status.Incident, _ *status.Snapshot) bool { return i.MergedInto == "" },
	fields: func(v *visit, _ *status.Incident) []field {
		return []field{
			v.choice("field", string(status.CorrectBegan), []pick{
				{Value: string(status.CorrectBegan), Text: v.Say("corrected_began")}, {Value: string(status.CorrectResolved), Text: v.Say("corrected_resolved")}, {Value: string(status.CorrectCause), Text: v.Say("corrected_cause")},
			}),
			v.line("is", true), v.tongues("reason", wordsField), v.line("source", false),
		}
	},
	command: func(e *entry, _ *status.Incident) status.Command {
		c := &status.Correction{Field: status.CorrectionField(e.value("field")), Reason: e.text("reason", maxWords), Source: e.source()}
		switch c.Field {
		case status.CorrectBegan, status.CorrectResolved:
			if at := e.time("is", true); !at.IsZero() {
				c.Is = at.Format(time.RFC3339)
			}
		case status.CorrectCause:
			c.Is = e.line("is", maxTitle, true)
		default:
			e.wrong("field", "wrong_choice")
		}
		return status.Command{Correct: c}
	},
}

var merging = &storyKind{
	id: "merge",
	fits: func(i *status.Incident, s *status.Snapshot) bool {
		return i.Open() && len(s.Incidents) > 1
	},
	fields: func(v *visit, i *status.Incident) []field {
		var others []pick
		teller := web.NewForeteller(v.Voice, v.snapshot)
		for k := range v.snapshot.Incidents {
			if other := &v.snapshot.Incidents[k]; other.ID != i.ID {
				others = append(others, pick{Value: other.ID, Text: teller.Incident(other).Title + " · " + other.Code})
			}
		}
		return []field{v.choice("into", "", others)}
	},
	command: func(e *entry, _ *status.Incident) status.Command {
		return status.Command{Merge: e.line("into", maxTitle, true)}
	},
}

var splitting = &storyKind{
	id: "split",
	fits: func(i *status.Incident, _ *status.Snapshot) bool {
		return i.Open() && len(standing(i)) > 1
	},
	fields: func(v *visit, i *status.Incident) []field {
		teller := web.NewForeteller(v.Voice, v.snapshot)
		f := field{Name: "components", Label: v.Say("field_split"), Hint: v.Say("field_split_hint"), Kind: ticksField}
		for _, id := range standing(i) {
			f.Options = append(f.Options, pick{Value: id, Text: teller.Name(id)})
		}
		return []field{f}
	},
	command: func(e *entry, i *status.Incident) status.Command {
		parts := slices.DeleteFunc(slices.Clone(e.form["components"]), func(id string) bool { return !slices.Contains(standing(i), id) })
		if len(parts) == 0 {
			e.wrong("components", "wrong_none")
		}
		return status.Command{Split: parts}
	},
}

// standing is which components an incident still tells of.
func standing(i *status.Incident) []string {
	var ids []string
	for _, a := range i.Components {
		if a.Until.IsZero() {
			ids = append(ids, a.Component)
		}
	}
	return ids
}

var retracting = &storyKind{
	id:   "retraction",
	fits: func(i *status.Incident, _ *status.Snapshot) bool { return i.MergedInto == "" && i.Retracted.IsZero() },
	fields: func(v *visit, _ *status.Incident) []field {
		return []field{v.tongues("reason", wordsField)}
	},
	command: func(e *entry, _ *status.Incident) status.Command {
		return status.Command{Retract: e.text("reason", maxWords)}
	},
}

var learning = &storyKind{
	id:   "postmortem",
	fits: func(i *status.Incident, _ *status.Snapshot) bool { return !i.Open() && i.MergedInto == "" },
	fields: func(v *visit, i *status.Incident) []field {
		f := v.tongues("text", longField)
		f.Hint = v.Say("field_postmortem_hint")
		if latest, _ := i.Postmortem(); latest != nil {
			f.fill(latest.Text)
		}
		return []field{f}
	},
	command: func(e *entry, _ *status.Incident) status.Command {
		return status.Command{Postmortem: e.text("text", maxPostmortem)}
	},
}
