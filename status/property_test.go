package status_test

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"bongsu/status"
)

// differences are what cmp finds, without asking it where there are none.
func differences(a, b any) string {
	if reflect.DeepEqual(a, b) {
		return ""
	}
	return cmp.Diff(a, b, cmpopts.EquateEmpty(), oneZone)
}

// firstDifference is where two histories part.
func firstDifference(a, b []status.Change) string {
	for i := range min(len(a), len(b)) {
		if diff := differences(a[i], b[i]); diff != "" {
			return diff
		}
	}
	return differences(a[min(len(a), len(b)):], b[min(len(a), len(b)):])
}

func TestARestartChangesNothing(t *testing.T) {
	explore(t, func(t *rapid.T) {
		m := drawModel(t)
		steps := drawSteps(t, m, everyOutcome)
		drawRestarts(t, steps)
		through := live(t, m, steps, false, nil)
		again := live(t, m, steps, true, nil)
		if diff := firstDifference(through.changes, again.changes); diff != "" {
			t.Fatalf("changes (-without restart +with):\n%s", diff)
		}
		if diff := differences(through.b.Snapshot(through.now), again.b.Snapshot(again.now)); diff != "" {
			t.Fatalf("the page (-without restart +with):\n%s", diff)
		}
		if a, b := through.b.Due(), again.b.Due(); !a.Equal(b) {
			t.Fatalf("due at %s without a restart, at %s with", a, b)
		}
	})
}

func TestTheSameHistoryTellsTheSameStory(t *testing.T) {
	explore(t, func(t *rapid.T) {
		m := drawModel(t)
		steps := drawSteps(t, m, everyOutcome)
		one := live(t, m, steps, false, nil)
		for i := range steps { // equal times in any order
			steps[i].votes = rapid.Permutation(steps[i].votes).Draw(t, "order")
		}
		other := live(t, m, steps, false, nil)
		if diff := firstDifference(one.changes, other.changes); diff != "" {
			t.Fatalf("twice (-first +second):\n%s", diff)
		}
	})
}

func TestWhatIsNotMeasuredIsNeverAnnounced(t *testing.T) {
	explore(t, func(t *rapid.T) {
		m := drawModel(t)
		steps := drawSteps(t, m, []status.Outcome{status.Inconclusive})
		for i := range steps {
			if steps[i].deed == open {
				steps[i].deed = none
			}
		}
		r := live(t, m, steps, true, nil)
		for _, c := range r.changes {
			if len(c.Incidents)+len(c.Events) > 0 {
				t.Fatalf("from nothing came %+v", c)
			}
			for _, condition := range c.Conditions {
				if condition.State != status.Unknown && condition.State != status.UnderMaintenance {
					t.Fatalf("from nothing came %+v", condition)
				}
			}
		}
	})
}

// Whatever one location of three sees, the others decide.
func TestOneLocationAnnouncesNothing(t *testing.T) {
	explore(t, func(t *rapid.T) {
		m := drawModel(t)
		m.Locations = locations("a", "b", "c")
		steps := drawSteps(t, m, everyOutcome)
		for i := range steps {
			if steps[i].deed == open {
				steps[i].deed = none
			}
			for k := range steps[i].votes {
				if v := &steps[i].votes[k]; v.Location != "b" && v.Outcome != status.OK {
					v.Outcome = status.Inconclusive
				}
			}
		}
		r := live(t, m, steps, true, nil)
		for _, c := range r.changes {
			if len(c.Incidents)+len(c.Events) > 0 {
				t.Fatalf("from what one location saw came %+v", c)
			}
		}
	})
}

// everything is what random histories must have reached before they prove
// anything.
var everything = []string{
	"opened", "worsened", "note", "resolved", "digest", "retracted", // events
	"update opened", "update cause", "update changed", "update no_change", "update monitoring", "update relapse",
	"update resolved", "update merged", "update note", "update statement", "update eta", "update eta_met",
	"update eta_not_met", "update corrected", "update split", "update retracted",
	"major_outage", "partial_outage", "degraded_performance", "unknown", "operational", "under_maintenance",
	"cause component", "cause domain", "cause manual", "told again when it was over", "seen by all", "held back", "told by hand in silence",
}

// Whatever happens, in any order, with restarts and operators in between: the
// book objects to nothing, and everything that can happen has.
func TestStoriesAreTrue(t *testing.T) {
	reached := make(map[string]int)
	missing := func() []string {
		return slices.DeleteFunc(slices.Clone(everything), func(what string) bool { return reached[what] > 0 })
	}
	rounds := 10 // what is rare may take more histories than one round has
	if testing.Short() {
		rounds = 50 // of a fifth as many
	}
	for range rounds {
		explore(t, func(t *rapid.T) {
			m := drawModel(t)
			steps := drawSteps(t, m, everyOutcome)
			drawRestarts(t, steps)
			k := newBook(t, m, reached)
			live(t, m, steps, true, k.check)
			k.countTexts()
		})
		if t.Failed() || len(missing()) == 0 {
			break
		}
	}
	if never := missing(); len(never) > 0 {
		t.Errorf("never happened: %v", never)
	}
	t.Logf("%v", reached)
}

// book keeps what was said of each incident and objects to what must not be.
type book struct {
	t       *rapid.T
	m       *status.Model
	reached map[string]int
	seen    map[string]status.Incident
	told    map[string][]status.Event
	events  []status.Event
	states  map[string]status.Condition
	onsets  int  // times that a component began to fail by itself
	opened  int  // incidents that were measured
	parted  bool // people have split one: then there may be more stories than causes
}

func newBook(t *rapid.T, m *status.Model, reached map[string]int) *book {
	return &book{
		t: t, m: m, reached: reached, seen: make(map[string]status.Incident),
		told: make(map[string][]status.Event), states: make(map[string]status.Condition),
	}
}

func (k *book) check(r *run, c status.Change) {
	for _, x := range c.Conditions {
		was := k.states[x.Component]
		if x.State.Troubled() && x.AffectedBy == "" && (!was.State.Troubled() || was.AffectedBy != "") {
			k.onsets++
		}
		if x.State.Troubled() && !was.State.Troubled() && k.byHand(x.AffectedBy, c.Incidents) {
			k.onsets++ // the cause goes on in a person's story; what follows from it comes and goes in ours
		}
		k.states[x.Component] = x
		k.reached[x.State.String()]++
	}
	for _, i := range c.Incidents {
		k.onlyGrows(i)
		k.promises(i, r.now)
		k.seen[i.ID] = i
	}
	page := r.b.Snapshot(r.now)
	for _, e := range c.Events {
		k.event(e, page)
	}
	k.silences(page)
	k.page(page)
	k.neverBetter(r, page)
}

// silences counts what is silenced, to show that it was.
func (k *book) silences(page *status.Snapshot) {
	for i := range page.Incidents {
		if page.Silenced(&page.Incidents[i]) && page.Incidents[i].Announced.IsZero() {
			k.reached["held back"]++
		}
	}
}

// byHand says whether a person's open story tells of the component that is a
// cause.
func (k *book) byHand(cause string, changed []status.Incident) bool {
	id, is := strings.CutPrefix(cause, "component:")
	tells := func(i status.Incident) bool {
		return strings.HasPrefix(i.Cause, "manual:") && i.Open() &&
			slices.ContainsFunc(i.Components, func(a status.Affected) bool { return a.Component == id && a.Until.IsZero() })
	}
	return is && (slices.ContainsFunc(changed, tells) || slices.ContainsFunc(slices.Collect(maps.Values(k.seen)), tells))
}

// handBack counts what still fails when a person ends a story: from then on it
// is the rules' to tell.
func (k *book) handBack(i status.Incident) {
	for _, a := range i.Components {
		if k.states[a.Component].State.Troubled() {
			k.onsets++
		}
	}
}

// onlyGrows wants the past of an incident to stay as it was, and what is over
// to be added to by people alone.
func (k *book) onlyGrows(i status.Incident) {
	before := k.seen[i.ID]
	if len(i.Updates) < len(before.Updates) {
		k.t.Fatalf("incident %s has lost updates", i.ID)
	}
	if past := i.Updates[:len(before.Updates)]; len(past) > 0 && !reflect.DeepEqual(before.Updates, past) {
		k.t.Fatalf("the past of incident %s has changed:\n%s", i.ID, cmp.Diff(before.Updates, past))
	}
	if i.Version != before.Version+1 || before.ID != "" && before.Code != i.Code {
		k.t.Fatalf("version %d of incident %s, code %s, follows %d, code %s", i.Version, i.ID, i.Code, before.Version, before.Code)
	}
	manual := strings.HasPrefix(i.Cause, "manual:")
	if before.ID == "" && !manual && !i.Apart {
		k.opened++
	}
	if manual && before.ID != "" && before.Open() && !i.Open() {
		k.handBack(i)
	}
	for _, u := range i.Updates[len(before.Updates):] {
		k.reached["update "+string(u.Kind)]++
		ours := u.Kind == status.UpdateCorrected || u.Kind == status.UpdateStatement || u.Kind == status.UpdateRetracted
		if before.ID != "" && !before.Open() {
			k.reached["told again when it was over"]++
			if !ours {
				k.t.Fatalf("incident %s is over, and then it is told: %s", i.ID, u.Kind)
			}
		}
		if (u.Kind == status.UpdateMerged || u.Kind == status.UpdateSplit) && k.seen[u.Other].ID == "" && u.Other == "" {
			k.t.Fatalf("incident %s is %s, and does not say with what", i.ID, u.Kind)
		}
	}
}

func (k *book) promises(i status.Incident, now time.Time) {
	for _, u := range i.Updates[len(k.seen[i.ID].Updates):] {
		if u.Next.Sub(u.At) > k.m.Rules.Promise {
			k.t.Fatalf("at %s incident %s has promised word by %s", u.At, i.ID, u.Next)
		}
	}
	if i.Open() == i.Next.IsZero() || i.Next.Sub(now) > k.m.Rules.Promise {
		k.t.Fatalf("at %s incident %s, open %t, promises word by %s", now, i.ID, i.Open(), i.Next)
	}
}

func (k *book) event(e status.Event, page *status.Snapshot) {
	k.reached[string(e.Kind)]++
	earlier := k.told[e.Incident]
	k.told[e.Incident] = append(earlier, e)
	k.events = append(k.events, e)
	has := func(kind status.EventKind) bool {
		return slices.ContainsFunc(earlier, func(x status.Event) bool { return x.Kind == kind })
	}
	i := k.seen[e.Incident]
	heard := has(status.EventOpened) || has(status.EventNote) || i.Apart || k.mergedInto(i.ID) // of another's opening, at least
	k.notSilenced(e, &i, page)
	switch e.Kind {
	case status.EventUpcoming, status.EventMoved, status.EventExtended, status.EventFinished, status.EventCalledOff:
		k.t.Fatalf("planned work is told: %+v; nobody is to be reminded of any", e)
	case status.EventOpened:
		if has(status.EventOpened) || i.Announced.IsZero() {
			k.t.Fatalf("incident %s is opened after %+v", e.Incident, earlier)
		}
		k.decided(e, i, page)
	case status.EventWorsened:
		if !heard || e.To <= e.From {
			k.t.Fatalf("incident %s has worsened from %s to %s", e.Incident, e.From, e.To)
		}
		k.decided(e, i, page)
	case status.EventResolved:
		if !heard || has(status.EventResolved) || has(status.EventRetracted) {
			k.t.Fatalf("incident %s is resolved after %+v", e.Incident, earlier)
		}
		if !strings.HasPrefix(i.Cause, "manual:") && e.At.Sub(i.Watching) < k.m.Rules.Watch {
			k.t.Fatalf("incident %s is resolved at %s, watched since %s", e.Incident, e.At, i.Watching)
		}
	case status.EventRetracted:
		if !heard || has(status.EventRetracted) || !i.Retracted.Equal(e.At) {
			k.t.Fatalf("incident %s is retracted after %+v", e.Incident, earlier)
		}
	case status.EventDigest:
		if i.Stage == status.Monitoring {
			k.t.Fatalf("incident %s goes on, say we, while it answers", i.ID)
		}
	case status.EventNote:
	}
	if slices.ContainsFunc(earlier, func(x status.Event) bool { return x.Kind == e.Kind && x.Update == e.Update }) {
		k.t.Fatalf("two events have one name: %+v", e)
	}
}

// notSilenced wants nothing to be told of what is silenced but by persons, and
// the end of what was told.
func (k *book) notSilenced(e status.Event, i *status.Incident, page *status.Snapshot) {
	switch {
	case !page.Silenced(i):
	case e.Kind == status.EventNote, e.Kind == status.EventRetracted, e.Kind == status.EventOpened && i.ByHand():
		k.reached["told by hand in silence"]++
	default:
		k.t.Fatalf("incident %s is silenced, and this is told: %+v", i.ID, e)
	}
}

func (k *book) mergedInto(id string) bool {
	for _, i := range k.seen {
		if i.MergedInto == id {
			return true
		}
	}
	return false
}

// decided wants what people are told to be the word of a quorum: on one of the
// incident's components, or on what one of them needs, which people may have
// split off.
func (k *book) decided(e status.Event, i status.Incident, page *status.Snapshot) {
	if strings.HasPrefix(i.Cause, "manual:") {
		return
	}
	seen := func(id string) bool {
		v, known := page.Component(id)
		return known && !v.Derived && slices.ContainsFunc(v.Why, func(f status.Finding) bool { return f.Level > status.LevelOK })
	}
	for _, a := range i.Components {
		v, known := page.Component(a.Component)
		if !known || !a.Until.IsZero() {
			continue
		}
		if seen(a.Component) || v.Derived && slices.ContainsFunc(v.Needs, func(n status.Need) bool { return k.beneath(n.ID, seen) }) {
			return
		}
	}
	k.t.Fatalf("%s %s is told, and no quorum has seen it: %+v", e.Kind, i.ID, i.Components)
}

// beneath says whether the component, or anything it needs, is seen.
func (k *book) beneath(id string, seen func(string) bool) bool {
	at := slices.IndexFunc(k.m.Components, func(c status.Component) bool { return c.ID == id })
	return seen(id) || slices.ContainsFunc(k.m.Components[at].Needs, func(n status.Need) bool { return k.beneath(n.ID, seen) })
}

// countTexts simulates who hears what: at most once of each cause, at most once
// of each end, and of no more causes than there were.
func (k *book) countTexts() {
	for _, threshold := range []status.State{status.DegradedPerformance, status.PartialOutage, status.MajorOutage} {
		began, ended := make(map[string]int), make(map[string]int)
		last := make(map[string]time.Time)
		for _, e := range k.events {
			switch e.Kind {
			case status.EventOpened, status.EventWorsened:
				if threshold > e.From && threshold <= e.To {
					began[e.Incident]++
				}
			case status.EventResolved, status.EventRetracted:
				if threshold <= e.From {
					ended[string(e.Kind)+e.Incident]++
				}
			case status.EventDigest:
				if e.At.Sub(last[e.Incident]) < 24*time.Hour {
					k.t.Fatalf("a second digest within a day: %+v", e)
				}
				last[e.Incident] = e.At
			case status.EventNote: // people decide how many
			case status.EventUpcoming, status.EventMoved, status.EventExtended, status.EventFinished, status.EventCalledOff:
			}
		}
		for _, counted := range []map[string]int{began, ended} {
			for what, n := range counted {
				if n > 1 {
					k.t.Fatalf("who asked for %s hears %d times of %s: %+v", threshold, n, what, k.events)
				}
			}
		}
	}
	if k.opened > k.onsets {
		k.t.Fatalf("%d incidents for %d times that something began to fail by itself", k.opened, k.onsets)
	}
}

// page checks what the page shows at one instant.
func (k *book) page(s *status.Snapshot) {
	k.nothingIsLost(s)
	tellers, causes := make(map[string]string), make(map[string]bool)
	failing := 0
	for _, i := range s.Incidents {
		kind, _, _ := strings.Cut(i.Cause, ":")
		k.reached["cause "+kind]++
		if causes[i.Cause] {
			k.t.Fatalf("two open incidents have the cause %s", i.Cause)
		}
		causes[i.Cause] = true
		troubled := false
		for _, a := range i.Components {
			if !a.Until.IsZero() {
				continue
			}
			if other := tellers[a.Component]; other != "" {
				k.t.Fatalf("%s is explained by %s and %s", a.Component, other, i.ID)
			}
			tellers[a.Component] = i.ID
			troubled = troubled || a.State.Troubled()
		}
		if troubled && !strings.HasPrefix(i.Cause, "manual:") {
			failing++
		}
		k.parted = k.parted || i.Apart
		if i.Next.Before(s.At) {
			k.t.Fatalf("at %s incident %s has promised word by %s", s.At, i.ID, i.Next)
		}
		for _, e := range i.ETAs() {
			if e.Outcome == status.ETAPending && !e.Expires.After(s.At) {
				k.t.Fatalf("at %s the expectation of %s is still pending", s.At, e.Expires)
			}
		}
	}
	if roots := k.components(s, tellers); failing > roots && !k.parted {
		k.t.Fatalf("%d incidents for %d components that fail by themselves", failing, roots)
	}
}

// nothingIsLost wants every incident that ever was to be readable as it was last
// handed out: what is shown and not handed out, a restart forgets.
func (k *book) nothingIsLost(s *status.Snapshot) {
	for id, was := range k.seen {
		i, found := s.Incident(id)
		switch {
		case !found:
			k.t.Fatalf("incident %s is gone", id)
		case !reflect.DeepEqual(*i, was):
			k.t.Fatalf("incident %s (-handed out +shown):\n%s", id, cmp.Diff(was, *i, oneZone))
		case i.MergedInto != "" && k.seen[i.MergedInto].ID == "":
			k.t.Fatalf("incident %s went into %q, which nobody knows", id, i.MergedInto)
		}
	}
}

// components checks each component and counts those that fail by themselves.
func (k *book) components(s *status.Snapshot, tellers map[string]string) (roots int) {
	for _, g := range s.Groups {
		for _, v := range g.Components {
			if v.State.Troubled() && v.AffectedBy == "" {
				roots++
			}
			if v.State.Troubled() && tellers[v.ID] == "" {
				k.t.Fatalf("%s is %s and no incident says so", v.ID, v.State)
			}
			if v.Incident != tellers[v.ID] {
				k.t.Fatalf("%s is told by %q, its page says %q", v.ID, tellers[v.ID], v.Incident)
			}
			if v.Derived && v.AffectedBy == "" || v.AffectedBy != "" && !v.State.Troubled() {
				k.t.Fatalf("%s is marked wrongly: %+v", v.ID, v.Condition)
			}
			if v.State == status.Operational && v.Measured.IsZero() {
				k.t.Fatalf("%s is green and was never measured", v.ID)
			}
		}
	}
	return roots
}

// neverBetter wants a component to fail on the page while every location sees
// one of its checks fail, whatever people say.
func (k *book) neverBetter(r *run, s *status.Snapshot) {
	for _, c := range k.m.Components {
		if !slices.ContainsFunc(c.Checks, func(x status.Check) bool { return r.fails(x) }) {
			continue
		}
		k.reached["seen by all"]++
		v, _ := s.Component(c.ID)
		if !v.State.Failed() && v.State != status.UnderMaintenance {
			k.t.Fatalf("every location sees %s fail, and the page shows it as %s", c.ID, v.State)
		}
	}
}

// fails says whether every location has just seen the check fail as often as it
// takes.
func (r *run) fails(c status.Check) bool {
	for _, l := range r.m.Locations {
		looks := r.looks[c.ID+" "+l.ID]
		if len(looks) < r.m.Rules.Confirm {
			return false
		}
		for _, x := range looks[len(looks)-r.m.Rules.Confirm:] {
			if x.Outcome != status.Failed && x.Outcome != status.Wrong || r.now.Sub(x.at) >= c.Fresh {
				return false
			}
		}
	}
	return true
}
