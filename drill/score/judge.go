package score

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"bongsu/drill/scenario"
	"bongsu/notifier"
	"bongsu/notifier/words"
	"bongsu/status"
)

// Verdict says how an expectation fared.
type Verdict string

// The verdicts.
const (
	Held          Verdict = "held"
	Broken        Verdict = "broken"
	NotApplicable Verdict = "not applicable" // nobody in this configuration plays what it is about
)

// Finding is an expectation with its verdict.
type Finding struct {
	ID       string   `json:"id"`
	Text     string   `json:"text"`
	Source   string   `json:"source"`
	Verdict  Verdict  `json:"verdict"`
	Evidence []string `json:"evidence"`
}

// ruling is the making of a finding.
type ruling struct {
	*Record

	verdict  Verdict
	evidence []string
}

// maxEvidence is how many lines a finding is backed with.
const maxEvidence = 12

func (r *ruling) note(format string, args ...any) {
	switch {
	case len(r.evidence) < maxEvidence:
		r.evidence = append(r.evidence, fmt.Sprintf(format, args...))
	case len(r.evidence) == maxEvidence:
		r.evidence = append(r.evidence, "…")
	}
}

// demand breaks the expectation if what must hold does not.
func (r *ruling) demand(holds bool, format string, args ...any) {
	if !holds {
		if r.verdict == Held {
			r.evidence = nil // what speaks against it comes first
		}
		r.verdict = Broken
		r.note(format, args...)
	}
}

// played is the component of a target; the expectation does not apply if
// there is none.
func (r *ruling) played(target string) (string, bool) {
	component, ok := r.Cast[target]
	if !ok && r.verdict == Held {
		r.verdict = NotApplicable
		r.note("nothing in this configuration plays %s", target)
	}
	return component, ok
}

func (r *ruling) clock(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return t.In(r.Scenario.Location()).Format("2 Jan 15:04:05")
}

// Judge holds every expectation against the record.
func (r *Record) Judge() []Finding {
	findings := make([]Finding, 0, len(r.Scenario.Expect))
	for i := range r.Scenario.Expect {
		e := &r.Scenario.Expect[i]
		u := &ruling{Record: r, verdict: Held}
		u.rule(e)
		findings = append(findings, Finding{e.ID, e.Text, r.Scenario.Sources[e.Source], u.verdict, u.evidence})
	}
	return findings
}

func (r *ruling) rule(e *scenario.Expectation) {
	switch {
	case e.Incidents != nil:
		r.incidentsAre(e.Incidents)
	case e.Words != nil:
		r.wordsCome(e.Words)
	case e.State != nil:
		r.stateIs(e.State)
	case e.Affected != nil:
		r.marked(e.Affected)
	case e.Texts != nil:
		r.textsAre(e.Texts)
	case e.Avoids != nil:
		r.avoids(e.Avoids)
	case e.Reaches != nil:
		r.reaches(e.Reaches)
	case e.Promises != nil:
		r.promisesKept(e.Promises)
	case e.Durations != nil:
		r.durationsAre(e.Durations)
	case e.Updates != nil:
		r.updatesAre(e.Updates)
	case e.PointsAway != nil:
		r.pointsAway()
	case e.Marked != nil:
		r.exercise()
	case e.Substitutes != nil:
		r.offers(e.Substitutes)
	case e.Doubted != nil:
		r.doubted(e.Doubted)
	}
}

func (r *ruling) incidentsAre(want *scenario.Incidents) {
	told := r.told()
	for _, i := range told {
		r.note("%s: cause %s, %d components, told %s", i.ID, i.Cause, len(i.Components), r.clock(r.Shown[i.ID]))
	}
	r.demand(len(told) == want.Count, "%d incidents were told of, not %d", len(told), want.Count)
	if want.Cause == "" {
		return
	}
	cause, ok := r.cause(want.Cause)
	if !ok {
		r.verdict = NotApplicable
		r.note("this configuration does not have %s", want.Cause)
		return
	}
	among := told
	if want.Head != "" {
		if _, ok := r.played(want.Head); !ok {
			return
		}
		among = r.about(want.Head)
	}
	r.demand(len(among) > 0, "no incident tells of it")
	for _, i := range among {
		r.demand(i.Cause == cause, "%s has the cause %s, not %s", i.ID, i.Cause, cause)
		if want.Head != "" {
			r.demand(slices.ContainsFunc(i.Components, func(a status.Affected) bool { return a.Component == r.Cast[want.Head] && a.Cause }),
				"%s does not fail by itself in it", want.Head)
		}
	}
}

func (r *ruling) wordsCome(want *scenario.Words) {
	of := want.Of
	if of.IsZero() {
		of = r.Scenario.Onset
	}
	for _, by := range want.By {
		first := r.firstWords(by)
		r.demand(!first.IsZero(), "no words came by %s", by)
		if first.IsZero() {
			continue
		}
		r.note("first words by %s at %s, %s %s", by, r.clock(first), after(first, of), r.clock(of))
		r.demand(first.Sub(of) <= want.Within, "first words by %s at %s: %s %s", by, r.clock(first), after(first, of), r.clock(of))
	}
}

// firstWords is when the public first heard: on the page, or by SMS.
func (r *Record) firstWords(by string) (first time.Time) {
	if by == "page" {
		for _, i := range r.told() {
			first = earliest(first, r.Shown[i.ID])
		}
		return first
	}
	for _, t := range r.Texts {
		if t.Channel == "sms" && t.Audience == "subscribers" && t.Event != everyday {
			first = earliest(first, t.At)
		}
	}
	return first
}

const everyday = "everyday"

func earliest(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

func (r *ruling) stateIs(want *scenario.State) {
	for _, target := range sortedKeys(want.Targets) {
		component, ok := r.played(target)
		if !ok {
			continue
		}
		allowed := want.Targets[target]
		if !want.At.IsZero() {
			state := r.state(component, want.At)
			r.note("%s: %s at %s", component, state, r.clock(want.At))
			r.demand(slices.Contains(allowed, state), "%s is %s at %s, not %s", component, state, r.clock(want.At), either(allowed))
			continue
		}
		r.spanIs(component, want, allowed)
	}
}

func (r *ruling) spanIs(component string, want *scenario.State, allowed []status.State) {
	seen := []Turn{{At: want.From, State: r.state(component, want.From)}}
	for _, t := range r.Turns[component] {
		if t.At.After(want.From) && (want.Until.IsZero() || !t.At.After(want.Until)) && t.State != seen[len(seen)-1].State {
			seen = append(seen, t)
		}
	}
	fits := func(t Turn) bool { return slices.Contains(allowed, t.State) }
	if want.Ever {
		r.demand(slices.ContainsFunc(seen, fits), "%s is never %s", component, either(allowed))
	}
	for _, t := range seen {
		if want.Ever && fits(t) || !want.Ever {
			r.note("%s: %s from %s", component, t.State, r.clock(t.At))
		}
		if !want.Ever {
			r.demand(fits(t), "%s is %s from %s, not %s", component, t.State, r.clock(t.At), either(allowed))
		}
	}
}

func either(states []status.State) string {
	words := make([]string, len(states))
	for i, s := range states {
		words[i] = s.String()
	}
	return strings.Join(words, " or ")
}

func (r *ruling) marked(want *scenario.Mark) {
	component, ok := r.played(want.Target)
	if !ok {
		return
	}
	cause, ok := r.cause(want.Cause)
	if !ok {
		r.verdict = NotApplicable
		r.note("this configuration does not have %s", want.Cause)
		return
	}
	for _, t := range r.Turns[component] {
		if t.State.Troubled() && t.Cause == cause {
			r.note("%s is %s, affected by %s, from %s", component, t.State, cause, r.clock(t.At))
			return
		}
	}
	r.demand(false, "%s never failed with the mark of %s", component, cause)
}

// meant are the texts that a rule is about.
func (r *Record) meant(events []string, audience string, from, until time.Time) []Text {
	var found []Text
	for _, t := range r.Texts {
		if audience == "" {
			audience = "subscribers"
		}
		switch {
		case t.Audience != audience,
			len(events) == 0 && t.Event == everyday,
			len(events) > 0 && !slices.Contains(events, t.Event),
			t.At.Before(from),
			!until.IsZero() && t.At.After(until):
		default:
			found = append(found, t)
		}
	}
	return found
}

func (r *ruling) textsAre(want *scenario.Texts) {
	found := r.meant(want.Events, want.Audience, want.From, want.Until)
	r.note("%d texts", len(found))
	r.demand(len(found) >= want.Least, "%d texts, fewer than %d", len(found), want.Least)
	if want.Most == nil {
		return
	}
	each := map[string]int{}
	for _, t := range found {
		if t.Channel != "messenger" || !t.Arrived.IsZero() { // what never arrived was told again by another way
			each[t.To]++
		}
	}
	for _, who := range sortedKeys(each) {
		r.demand(each[who] <= *want.Most, "%s got %d texts, more than %d", mask(who), each[who], *want.Most)
	}
}

func (r *ruling) avoids(want *scenario.Avoids) {
	component, ok := r.played(r.Scenario.Follows[want.Channel])
	if !ok {
		return
	}
	before, failed := 0, false
	for _, t := range r.Turns[component] {
		if t.State.Troubled() && !failed {
			failed = true
			r.note("%s is %s from %s", component, t.State, r.clock(t.At))
		}
	}
	var first time.Time
	for _, t := range r.Turns[component] {
		if t.State.Troubled() {
			first = t.At
			break
		}
	}
	for _, t := range r.Texts {
		if t.Channel != want.Channel {
			continue
		}
		state := r.state(component, t.At)
		r.demand(!state.Troubled() && state != status.UnderMaintenance, "%s got a text at %s while %s was %s", t.Channel, r.clock(t.At), component, state)
		if first.IsZero() || t.At.Before(first) {
			before++
		}
	}
	r.note("%d texts went by %s before", before, want.Channel)
	r.demand(failed, "%s never failed", component)
	r.demand(before >= want.Before, "%d texts went by %s before it failed, fewer than %d", before, want.Channel, want.Before)
}

func (r *ruling) reaches(want *scenario.Reaches) {
	type occasion struct {
		made    time.Time
		arrived map[string]time.Time
	}
	occasions := map[string]*occasion{}
	for _, t := range r.meant([]string{want.Event}, "", time.Time{}, time.Time{}) {
		o := occasions[t.Occasion]
		if o == nil {
			o = &occasion{t.Made, map[string]time.Time{}}
			occasions[t.Occasion] = o
		}
		o.made = earliest(o.made, t.Made)
		o.arrived[t.To] = earliest(o.arrived[t.To], t.Arrived)
	}
	r.demand(len(occasions) > 0, "no text tells of %s", want.Event)
	for _, key := range sortedKeys(occasions) {
		o := occasions[key]
		var latest time.Time
		for _, who := range r.People {
			at := o.arrived[who]
			r.demand(!at.IsZero() && at.Sub(o.made) <= want.Within, "%s, told at %s, reached %s at %s", want.Event, r.clock(o.made), mask(who), r.clock(at))
			if at.After(latest) {
				latest = at
			}
		}
		r.note("told at %s, everybody reached by %s", r.clock(o.made), r.clock(latest))
	}
}

// tolerance is what a promise may be late: as much as a page that is refreshed
// by the second.
const tolerance = time.Second

func (r *ruling) promisesKept(want *scenario.Promises) {
	for _, i := range r.told() {
		count, longest := 0, time.Duration(0)
		until := r.ended(&i)
		before, promised := i.Announced, time.Time{}
		for _, u := range i.Updates {
			if u.At.Before(i.Announced) || u.At.After(until) {
				continue
			}
			count++
			longest = max(longest, u.At.Sub(before))
			r.demand(u.Missed.IsZero(), "the promise of %s was missed: the next word came %s", r.clock(u.Missed), r.clock(u.At))
			r.demand(promised.IsZero() || !u.At.After(promised.Add(tolerance)), "an update promised by %s came at %s", r.clock(promised), r.clock(u.At))
			before, promised = u.At, u.Next
		}
		longest = max(longest, until.Sub(before))
		r.note("%s: %d updates, the longest silence %s", i.ID, count, longest.Round(time.Second))
		r.demand(longest <= want.Within+tolerance, "%s was silent for %s", i.ID, longest.Round(time.Second))
	}
	r.digests(want)
}

// ended is when an incident was told to be over, whatever was corrected since,
// or the end of the drill.
func (r *Record) ended(i *status.Incident) time.Time {
	for _, u := range i.Updates {
		if u.Kind == status.UpdateResolved || u.Kind == status.UpdateRetracted || u.Kind == status.UpdateDropped {
			return u.At
		}
	}
	return r.Scenario.End
}

func (r *ruling) digests(want *scenario.Promises) {
	days := map[string]int{}
	for _, t := range r.meant([]string{"digest"}, "", time.Time{}, time.Time{}) {
		if t.Channel == "sms" {
			days[t.To+" "+t.Incident+" "+t.At.In(r.Scenario.Location()).Format(time.DateOnly)]++
		}
	}
	for _, key := range sortedKeys(days) {
		r.demand(days[key] <= want.Digests, "%d digests by SMS in one day: %s", days[key], mask(key))
	}
	r.note("%d digests by SMS, each the only one of its day and person", len(days))
}

func (r *ruling) durationsAre(want *scenario.Durations) {
	if _, ok := r.played(want.About); !ok {
		return
	}
	about := r.about(want.About)
	r.demand(len(about) > 0, "no incident tells of %s", want.About)
	var found []time.Duration
	for _, i := range about {
		onsets := []time.Time{i.Began}
		for _, u := range i.Updates {
			k := u.Correction
			if k == nil {
				continue
			}
			r.demand(len(k.Reason) > 0, "the correction of %s at %s has no reason", k.Field, r.clock(u.At))
			r.note("%s: %s corrected from %s to %s (%s)", r.clock(u.At), k.Field, k.Was, k.Is, k.Reason.In("en"))
			if k.Field == status.CorrectBegan {
				for _, text := range []string{k.Was, k.Is} {
					if at, err := time.Parse(time.RFC3339, text); err == nil {
						onsets = append(onsets, at)
					}
				}
			}
		}
		for _, at := range onsets {
			if !i.Resolved.IsZero() {
				found = append(found, i.Resolved.Sub(at))
			}
		}
	}
	for _, d := range want.Are {
		r.demand(slices.Contains(found, d), "no onset and end are %s apart; those told give %v", d, found)
		r.note("%s is kept", d)
	}
}

func (r *ruling) updatesAre(want *scenario.Updates) {
	if _, ok := r.played(want.About); !ok {
		return
	}
	count := 0
	for _, i := range r.about(want.About) {
		for _, u := range i.Updates {
			if string(u.Kind) != want.Kind || u.At.Before(want.From) || !want.Until.IsZero() && u.At.After(want.Until) {
				continue
			}
			count++
			r.note("%s: %s", r.clock(u.At), u.Kind)
		}
	}
	r.demand(count >= want.Least, "%d updates %s, fewer than %d", count, want.Kind, want.Least)
	r.demand(want.Most == nil || count <= *want.Most, "%d updates %s, more than wanted", count, want.Kind)
}

// offering finds what a text says works, in each language.
var offering = map[string]func(body string) string{
	"ko": func(body string) string { return between(body, ". ", " 가능.") },
	"ja": func(body string) string { return between(body, "。", "は利用可") },
	"en": func(body string) string { return between(body, "Still working: ", ".") },
}

// between is what stands before the end mark and after the last begin mark.
func between(body, begin, end string) string {
	upto, _, found := strings.Cut(body, end)
	if begin == "Still working: " {
		_, after, has := strings.Cut(body, begin)
		if !has {
			return ""
		}
		upto, _, _ = strings.Cut(after, end)
		return upto
	}
	if !found {
		return ""
	}
	return upto[max(0, strings.LastIndex(upto, begin)):]
}

// pointsAway holds each text against what was shown when it left: it must not
// hold an address or "see it in", and what it says works must work.
func (r *ruling) pointsAway() {
	checked := 0
	for _, t := range r.Texts {
		if t.Audience != "subscribers" {
			continue
		}
		checked++
		class := notifier.ClassSMS
		if t.Channel == "messenger" {
			class = notifier.ClassAlimTalk
		}
		if err := (words.Rules{Names: r.allNames()}).Lint(notifier.Text{Lang: t.Lang, Class: class, Body: t.Body}); err != nil {
			r.demand(false, "at %s: %v", r.clock(t.At), err)
		}
		find := offering[t.Lang]
		if find == nil {
			continue
		}
		offered := find(t.Body)
		for _, component := range sortedKeys(r.Names) {
			state := r.state(component, t.At)
			if state == status.Operational {
				continue
			}
			for _, name := range r.Names[component] {
				r.demand(offered == "" || !strings.Contains(offered, name), "at %s a text says that %s works, which is %s", r.clock(t.At), name, state)
			}
		}
	}
	r.note("%d texts to the public name no address, and say of nothing that it works which does not", checked)
	r.demand(checked > 0, "there were no texts")
}

func (r *Record) allNames() []string {
	var all []string
	for _, component := range sortedKeys(r.Names) {
		all = append(all, r.Names[component]...)
	}
	return all
}

// Marks are how an exercise calls itself, by language.
var Marks = map[string]string{"ko": "훈련", "ja": "訓練", "en": "xercise"}

// IsMarked says whether a text in one of the languages calls itself an
// exercise.
func IsMarked(text string) bool {
	for _, mark := range Marks {
		if strings.Contains(text, mark) {
			return true
		}
	}
	return false
}

func (r *ruling) exercise() {
	for _, t := range r.Texts {
		mark := Marks[t.Lang]
		r.demand(mark != "" && strings.Contains(t.Body, mark) || mark == "" && IsMarked(t.Body), "a text by %s at %s is not marked: %s", t.Channel, r.clock(t.At), t.Body)
	}
	for _, p := range r.Pages {
		r.demand(p.Marked, "%s at %s is not marked", p.Path, r.clock(p.At))
	}
	r.note("%d texts and %d pages, each marked as an exercise", len(r.Texts), len(r.Pages))
	r.demand(len(r.Texts)+len(r.Pages) > 0, "nothing went out")
}

func (r *ruling) offers(want *scenario.Substitutes) {
	of, ok := r.played(want.Of)
	if !ok {
		return
	}
	var seen []Offer
	at := want.At
	if at.IsZero() {
		at = want.From
	}
	current := Offer{At: at}
	for _, o := range r.Offers[of] {
		if !o.At.After(at) {
			current.Available = o.Available
		} else if want.At.IsZero() && (want.Until.IsZero() || !o.At.After(want.Until)) {
			seen = append(seen, o)
		}
	}
	for _, o := range append([]Offer{current}, seen...) {
		r.note("from %s: %s", r.clock(o.At), listed(o.Available))
		r.offer(of, want, o)
	}
}

func listed(all []status.Substitute) string {
	if len(all) == 0 {
		return "nothing"
	}
	parts := make([]string, len(all))
	for i, s := range all {
		parts[i] = s.ID
		if s.Crowded {
			parts[i] += " (crowded)"
		}
	}
	return strings.Join(parts, ", ")
}

func (r *ruling) offer(of string, want *scenario.Substitutes, o Offer) {
	find := func(target string) (status.Substitute, bool) {
		i := slices.IndexFunc(o.Available, func(s status.Substitute) bool { return s.ID == r.Cast[target] })
		if i < 0 {
			return status.Substitute{}, false
		}
		return o.Available[i], true
	}
	for _, target := range want.Lists {
		_, there := find(target)
		r.demand(there, "at %s %s is not offered instead of %s", r.clock(o.At), target, of)
	}
	for _, target := range want.Omits {
		_, there := find(target)
		r.demand(!there, "at %s %s is offered instead of %s", r.clock(o.At), target, of)
	}
	for _, target := range want.Crowded {
		s, there := find(target)
		r.demand(!there || s.Crowded, "at %s %s is offered and not said to be crowded", r.clock(o.At), target)
	}
}

func (r *ruling) doubted(want *scenario.Doubted) {
	turns, known := r.Doubts[want.Location]
	if !known {
		r.verdict = NotApplicable
		r.note("there is no location %s in this configuration", want.Location)
		return
	}
	is := false
	for _, d := range turns {
		if !d.At.After(want.At) {
			is = d.Doubted
		}
		if d.Doubted || len(turns) > 1 {
			r.note("%s: doubted %t", r.clock(d.At), d.Doubted)
		}
	}
	r.demand(is == want.Is, "%s doubted at %s: %t", want.Location, r.clock(want.At), is)
}

// mask keeps numbers out of reports, as everywhere.
func mask(address string) string {
	number, rest, _ := strings.Cut(address, " ")
	if len(number) > 4 && strings.HasPrefix(number, "+") {
		number = "…" + number[len(number)-4:]
	}
	return strings.TrimSpace(number + " " + rest)
}
