package web

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"bongsu/status"
)

// teller words one snapshot in one language.
type teller struct {
	*voice
	*clock
	snapshot   *status.Snapshot
	languages  []string // of the site, the first is the default
	components map[string]*status.ComponentView
}

func newTeller(s *status.Snapshot, v *voice, languages []string, components map[string]*status.ComponentView) *teller {
	zone := s.Site.Zone
	if zone == nil {
		zone = time.UTC
	}
	return &teller{
		voice: v, clock: &clock{voice: v, zone: zone, now: s.At},
		snapshot: s, languages: languages, components: components,
	}
}

// text is an operator's text in this language, or in the first that has it.
func (t *teller) text(text status.Text) string { return text.In(t.lang, t.languages...) }

// name is a component's name, or its id if it is no longer configured.
func (t *teller) name(id string) string {
	if c := t.components[id]; c != nil {
		return cmp.Or(t.text(c.Name), id)
	}
	return id
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
		return t.say("domain", "Name", name)
	default:
		return t.name(name)
	}
}

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
	return t.say("title_"+trouble(worst), "Name", t.cause(i.Cause))
}

// headline says what is wrong now, in one sentence.
func (t *teller) headline(i *status.Incident) string {
	title := t.text(i.Title)
	switch {
	case title != "":
		return title
	case i.Stage == status.Resolved:
		return t.say("headline_resolved", "Name", t.cause(i.Cause))
	case i.Stage == status.Monitoring:
		return t.say("headline_monitoring", "Name", t.cause(i.Cause))
	}
	return t.failing(i.Cause, i.Components, i.Impact)
}

// failing says that the cause fails, and how badly.
func (t *teller) failing(cause string, affected []status.Affected, impact status.State) string {
	now := causeState(cause, affected, impact, stateNow)
	return t.say("headline_"+trouble(now), "Name", t.cause(cause))
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

// explained names the components the cause explains, without the cause.
func (t *teller) explained(affected []status.Affected) []string {
	var names []string
	for _, a := range affected {
		if !a.Cause && a.Until.IsZero() {
			names = append(names, t.name(a.Component))
		}
	}
	return names
}

// works names what people can use instead now: the substitutes measured ok,
// and what is operational in the groups that are hit. In order of name, so
// that none is favoured.
func (t *teller) works(i *status.Incident) []*status.ComponentView {
	hit, groups := map[string]bool{}, map[string]bool{}
	for _, a := range i.Components {
		hit[a.Component] = true
	}
	found := map[string]*status.ComponentView{}
	for _, a := range i.Components {
		c := t.components[a.Component]
		if c == nil {
			continue
		}
		groups[c.Group] = true
		for _, id := range c.Available {
			found[id] = t.components[id]
		}
	}
	for id, c := range t.components {
		if groups[c.Group] && c.State == status.Operational {
			found[id] = c
		}
	}
	var works []*status.ComponentView
	for id, c := range found {
		if c != nil && !hit[id] {
			works = append(works, c)
		}
	}
	slices.SortFunc(works, func(a, b *status.ComponentView) int {
		return cmp.Or(strings.Compare(t.text(a.Name), t.text(b.Name)), strings.Compare(a.ID, b.ID))
	})
	return works
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
		c := t.components[a.Component]
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
func (t *teller) told(u *status.Update) string {
	switch u.Kind {
	case status.UpdateNote:
		return t.text(u.Text)
	case status.UpdateOpened, status.UpdateCause, status.UpdateRelapse:
		return t.toldCause(u)
	case status.UpdateChanged:
		return t.toldChange(u)
	case status.UpdateNoChange, status.UpdateMonitoring, status.UpdateResolved, status.UpdateMerged:
		return t.say("update_" + string(u.Kind))
	}
	return t.say("update_changed_over")
}

func (t *teller) toldCause(u *status.Update) string {
	if text := t.text(u.Text); text != "" {
		return text
	}
	told := t.say("update_"+string(u.Kind), "Headline", t.failing(u.Cause, u.Components, worst(u.Components)))
	if names := t.explained(u.Components); len(names) > 0 {
		told += t.say("sentence_space") + t.say("affects", "Names", t.few(names))
	}
	return told
}

func (t *teller) toldChange(u *status.Update) string {
	var now []string
	for _, a := range u.Components {
		if a.Until.IsZero() {
			now = append(now, t.say("name_and_state", "Name", t.name(a.Component), "State", t.state(a.State)))
		}
	}
	if now == nil {
		return t.say("update_changed_over")
	}
	return t.say("update_changed", "Names", t.few(now))
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
func (t *teller) state(s status.State) string { return t.say("state_" + s.String()) }

// overdue says whether a promise was not kept by the snapshot's instant.
func (t *teller) overdue(i *status.Incident) bool {
	return i.Open() && !i.Next.IsZero() && i.Next.Before(t.snapshot.At)
}
