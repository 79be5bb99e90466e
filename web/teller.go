package web

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"bongsu/status"
	"bongsu/web/speech"
)

// teller words one snapshot in one language.
type teller struct {
	*speech.Voice
	*speech.Clock
	snapshot   *status.Snapshot
	languages  []string                                  // of the site, the first is the default
	components func() map[string]*status.ComponentView   // by id
	older      []status.Incident                         // that ended before the snapshot's 90 days; its updates are not there
	took       func(component string) []Took             // how long looks took lately; may be nil
	proven     func() map[string][]*status.ComponentView // by group: what is seen to work, by name
}

func newTeller(s *status.Snapshot, v *speech.Voice, languages []string, components func() map[string]*status.ComponentView) *teller {
	zone := s.Site.Zone
	if zone == nil {
		zone = time.UTC
	}
	t := &teller{
		Voice: v, Clock: &speech.Clock{Speaker: v, Zone: zone, Now: s.At},
		snapshot: s, languages: languages, components: components,
	}
	t.proven = sync.OnceValue(t.provenByGroup)
	return t
}

// text is an operator's text in this language, or in the first that has it.
func (t *teller) text(text status.Text) string { return text.In(t.Lang, t.languages...) }

// name is a component's name, or its id if it is no longer configured.
func (t *teller) name(id string) string {
	if c := t.components()[id]; c != nil {
		return cmp.Or(t.text(c.Name), id)
	}
	return id
}

// reason says why something is so; nil if nothing is said.
func (t *teller) reason(english string) *Reason {
	return (&Reader{Voice: t.Voice, Zone: t.Zone, Called: t.name}).Reason(english)
}

func (t *teller) names(ids []string) []string {
	names := make([]string, 0, len(ids))
	for _, id := range ids {
		names = append(names, t.name(id))
	}
	return names
}

// cause is the name of what a story is about.
func (t *teller) cause(id string) string {
	kind, name, found := strings.Cut(id, ":")
	switch {
	case !found:
		return t.name(id)
	case kind == "domain":
		return t.Say("domain", "Name", name)
	case kind == "stated":
		return name
	default:
		return t.name(name)
	}
}

// componentOf is the component that a cause is, if it is one.
func componentOf(cause string) (id string, isComponent bool) {
	return strings.CutPrefix(cause, "component:")
}

// isManual says whether a story was opened by hand and has no measured cause.
func isManual(cause string) bool { return strings.HasPrefix(cause, "manual:") }

// causeState is how the cause itself is: the component's own state, or the
// story's for a cause that is not measured itself.
func causeState(cause string, affected []status.Affected, otherwise status.State, of func(status.Affected) status.State) status.State {
	for _, a := range affected {
		if a.Cause || "component:"+a.Component == cause {
			return of(a)
		}
	}
	return otherwise
}

func stateNow(a status.Affected) status.State { return a.State }

func stateWorst(a status.Affected) status.State { return a.Worst }

// title names an incident, in a few words that stay true after its end.
func (t *teller) title(i *status.Incident) string {
	if title := t.text(i.Title); title != "" {
		return title
	}
	worst := causeState(i.Cause, i.Components, i.Worst, stateWorst)
	return t.Say("title_"+trouble(worst), "Name", t.subject(i.Cause, i.Components))
}

// headline says what is wrong now, in one sentence.
func (t *teller) headline(i *status.Incident) string {
	title := t.text(i.Title)
	switch {
	case !i.Retracted.IsZero():
		return t.Say("headline_retracted", "Title", t.title(i))
	case title != "":
		return title
	case i.Dropped():
		return t.Say("headline_dropped", "Name", t.subject(i.Cause, i.Components))
	case i.Stage == status.Resolved:
		return t.Say("headline_resolved", "Name", t.subject(i.Cause, i.Components))
	case i.Stage == status.Monitoring && t.anyIs(status.Unknown, i.Components):
		return t.Say("headline_unseen", "Name", t.subject(i.Cause, i.Components))
	case i.Stage == status.Monitoring && t.anyIs(status.UnderMaintenance, i.Components):
		return t.Say("headline_worked_on", "Name", t.subject(i.Cause, i.Components))
	case i.Stage == status.Monitoring:
		return t.Say("headline_monitoring", "Name", t.subject(i.Cause, i.Components))
	}
	return t.failing(i.Cause, i.Components, i.Impact)
}

// failing says that the cause fails, and how badly.
func (t *teller) failing(cause string, affected []status.Affected, impact status.State) string {
	now := causeState(cause, affected, impact, stateNow)
	return t.Say("headline_"+trouble(now), "Name", t.subject(cause, affected))
}

// anyIs says whether one of the components is in the state now. If it cannot be
// measured or is worked on, nobody can say that everything answers.
func (t *teller) anyIs(state status.State, affected []status.Affected) bool {
	return slices.ContainsFunc(affected, func(a status.Affected) bool {
		c := t.components()[a.Component]
		return c != nil && c.State == state
	})
}

// subject is what a story's sentences are about. A cause in a person's words, a
// fire, neither fails nor answers: what it has hit does.
func (t *teller) subject(cause string, affected []status.Affected) string {
	if head := headOf(cause, affected); head != "" {
		return t.name(head)
	}
	return t.cause(cause)
}

// headOf is the component that a story is named after whose cause is in a
// person's words: of those that failed by themselves the first to fail. Empty for
// any other cause.
func headOf(cause string, affected []status.Affected) string {
	if !strings.HasPrefix(cause, "stated:") || len(affected) == 0 {
		return ""
	}
	return slices.MinFunc(affected, func(a, b status.Affected) int {
		return cmp.Or(rank(b)-rank(a), a.Since.Compare(b.Since), strings.Compare(a.Component, b.Component))
	}).Component
}

// trouble is the state as the titles know it. Where the state itself says
// nothing of trouble (it has ended, or can not be measured), the mildest true
// word is used.
func trouble(s status.State) string {
	switch s {
	case status.MajorOutage, status.PartialOutage, status.DegradedPerformance:
		return s.String()
	default:
		return "trouble"
	}
}

// explained names the components the cause explains, without what the story
// is about.
func (t *teller) explained(cause string, affected []status.Affected) []string {
	var names []string
	head := headOf(cause, affected)
	for _, a := range affected {
		about := a.Cause
		if head != "" {
			about = a.Component == head
		}
		if !about && a.Until.IsZero() {
			names = append(names, t.name(a.Component))
		}
	}
	return names
}

// provenFor is how long what was measured well is named as working.
const provenFor = 5 * time.Minute

// alternative is a component that people can use now.
type alternative struct {
	*status.ComponentView
	as status.Substitute // how crowded it is, where that is known
}

// mostAlternatives is how many things to use instead a story names: who looks
// for one reads no further.
const mostAlternatives = 12

// works names what people can use instead now: the substitutes measured ok,
// and what is operational in the groups that are hit, measured within five
// minutes and outside the domain that failed. In order of name, so that none is
// favoured.
func (t *teller) works(i *status.Incident) []alternative {
	hit, groups := map[string]bool{}, map[string]bool{}
	if domain, isDomain := strings.CutPrefix(i.Cause, "domain:"); isDomain {
		for _, id := range t.snapshot.Domains[domain] {
			hit[id] = true
		}
	}
	for _, a := range i.Components {
		hit[a.Component] = true
	}
	found := map[string]alternative{}
	for _, a := range i.Components {
		c := t.components()[a.Component]
		if c == nil {
			continue
		}
		groups[c.Group] = true
		for _, other := range c.Available {
			if v := t.components()[other.ID]; v != nil && !hit[other.ID] {
				found[other.ID] = alternative{v, other}
			}
		}
	}
	for group := range groups {
		t.addProven(found, group, hit)
	}
	works := slices.SortedFunc(maps.Values(found), func(a, b alternative) int { return t.byName(a.ComponentView, b.ComponentView) })
	return works[:min(len(works), mostAlternatives)]
}

// addProven adds the first of what works in a group.
func (t *teller) addProven(found map[string]alternative, group string, hit map[string]bool) {
	added := 0
	for _, c := range t.proven()[group] {
		if _, known := found[c.ID]; known || hit[c.ID] {
			continue
		}
		found[c.ID] = alternative{c, status.Substitute{ID: c.ID}}
		if added++; added == mostAlternatives {
			return
		}
	}
}

// provenByGroup is what is operational in each group and measured within five
// minutes, by name. Many stories ask for it, and a calm page none.
func (t *teller) provenByGroup() map[string][]*status.ComponentView {
	proven := map[string][]*status.ComponentView{}
	for _, c := range t.components() {
		if !c.Derived && c.State == status.Operational && t.snapshot.At.Sub(c.Measured) <= provenFor {
			proven[c.Group] = append(proven[c.Group], c)
		}
	}
	for _, group := range proven {
		slices.SortFunc(group, t.byName)
	}
	return proven
}

func (t *teller) byName(a, b *status.ComponentView) int {
	return cmp.Or(strings.Compare(t.text(a.Name), t.text(b.Name)), strings.Compare(a.ID, b.ID))
}

func (t *teller) worksLinks(i *status.Incident) []named {
	var links []named
	for _, a := range t.works(i) {
		l := t.componentLink(a.ID)
		l.Note = t.crowded(&a.as)
		links = append(links, l)
	}
	return links
}

// advice is what the operator tells people to do, the cause's first, each
// piece once.
func (t *teller) advice(i *status.Incident) []string {
	affected := slices.Clone(i.Components)
	slices.SortStableFunc(affected, func(a, b status.Affected) int {
		return rank(b) - rank(a)
	})
	var advice []string
	for _, a := range affected {
		c := t.components()[a.Component]
		if c == nil || !a.Until.IsZero() {
			continue
		}
		if text := t.text(c.Advice); text != "" && !slices.Contains(advice, text) {
			advice = append(advice, text)
		}
	}
	return advice
}

func rank(a status.Affected) int {
	if a.Cause {
		return 1
	}
	return 0
}

// told words an entry of a timeline. Notes are in their author's words.
func (t *teller) told(i *status.Incident, u *status.Update) string {
	switch u.Kind {
	case status.UpdateNote:
		return t.text(u.Text)
	case status.UpdateOpened, status.UpdateCause, status.UpdateRelapse:
		return t.toldCause(u)
	case status.UpdateChanged:
		return t.toldChange(u)
	case status.UpdateMerged:
		return t.toldMerge(i, u)
	case status.UpdateStatement:
		return t.toldStatement(u)
	case status.UpdateETA, status.UpdateETAMet, status.UpdateETANotMet:
		return t.toldETA(u)
	case status.UpdateCorrected:
		return t.toldCorrection(u)
	case status.UpdateRetracted:
		return t.withReason(t.Say("update_retracted"), u.Text)
	case status.UpdateSplit:
		return t.withReason(t.Say("update_split"), u.Text)
	case status.UpdateNoChange, status.UpdateMonitoring, status.UpdateResolved, status.UpdateDropped, status.UpdatePostmortem:
		return t.Say("update_" + string(u.Kind))
	}
	return t.Say("update_changed_over")
}

func (t *teller) toldCause(u *status.Update) string {
	if text := t.text(u.Text); text != "" {
		return text
	}
	told := t.Say("update_"+string(u.Kind), "Headline", t.failing(u.Cause, u.Components, worst(u.Components)))
	if names := t.explained(u.Cause, u.Components); len(names) > 0 {
		told += t.Say("sentence_space") + t.Say("affects", "Names", t.Few(names))
	}
	return told
}

func (t *teller) toldChange(u *status.Update) string {
	var now []string
	for _, a := range u.Components {
		if a.Until.IsZero() {
			now = append(now, t.Say("name_and_state", "Name", t.name(a.Component), "State", t.state(a.State)))
		}
	}
	if now == nil {
		return t.Say("update_changed_over")
	}
	return t.Say("update_changed", "Names", t.Few(now))
}

// worst is the worst state that goes on.
func worst(affected []status.Affected) status.State {
	most := status.Unknown
	for _, a := range affected {
		if a.Until.IsZero() && a.State.Troubled() {
			most = max(most, a.State)
		}
	}
	return most
}

// state is the word for a state.
func (t *teller) state(s status.State) string { return t.Say("state_" + s.String()) }

// overdue says whether a promise was not kept by the snapshot's instant.
func (t *teller) overdue(i *status.Incident) bool {
	return i.Open() && !i.Next.IsZero() && i.Next.Before(t.snapshot.At)
}
