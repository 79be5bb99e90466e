package status

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// changesEvery is the least time from an incident's last update to one that
// only says which components it has now: while an outage spreads, the list
// grows by the second, and nobody reads that.
const changesEvery = 10 * time.Second

// digestEvery is the least time between two messages to subscribers about an
// incident that goes on without news.
const digestEvery = 24 * time.Hour

// story is an incident being told.
type story struct {
	Incident
	causes  []*cause // what causes its troubles, in the judgement that runs
	touched bool     // changed since the last Change
}

func (s *story) manual() bool { return strings.HasPrefix(s.Cause, causeManual) }

// last is the latest update. Every story begins with one.
func (s *story) last() *Update { return &s.Updates[len(s.Updates)-1] }

func (a *Affected) troubled() bool { return a.Until.IsZero() && a.State.Troubled() }

// copy is the incident as it is handed out.
func (i *Incident) copy() Incident {
	c := *i
	c.Components = slices.Clone(i.Components)
	c.Updates = slices.Clone(i.Updates)
	return c
}

// elder orders stories: announced ones first, then by age. What merges goes to
// the elder, so that people hear the end of what they heard the beginning of.
func elder(a, b *story) int {
	silent := func(s *story) int {
		if s.Announced.IsZero() {
			return 1
		}
		return 0
	}
	return cmp.Or(cmp.Compare(silent(a), silent(b)), a.Detected.Compare(b.Detected), strings.Compare(a.ID, b.ID))
}

// assign finds the incident that tells each cause, or begins one. Components
// move to it, and an incident that is left with nothing that fails merges. No
// two open incidents ever have the same cause or tell of the same component.
func (b *Board) assign(causes []cause, now time.Time) {
	var moves []move
	for k := range causes {
		c := &causes[k]
		members := slices.DeleteFunc(slices.Clone(c.members), func(i int) bool {
			return b.claimed[b.subjects[i].ID] != nil
		})
		if len(members) == 0 {
			continue
		}
		same := b.storyWithCause(c.id)
		s := b.storyOf(same, members)
		switch {
		case s == nil:
			s = b.begin(c.id, now)
		case same != nil && same != s:
			moves = append(moves, move{same, s})
		}
		s.causes = append(s.causes, c)
		for _, i := range members {
			if from := b.teller[b.subjects[i].ID]; from != nil && from != s {
				from.release(b.subjects[i].ID, now)
				moves = append(moves, move{from, s})
			}
			b.take(s, b.subjects[i], now)
		}
	}
	for _, m := range moves {
		if m.from.Open() && m.to.Open() && !m.from.unwell() {
			b.merge(m.from, m.to, now)
		}
	}
}

type move struct{ from, to *story }

// storyWithCause is the open incident that has the cause, or nil.
func (b *Board) storyWithCause(cause string) *story {
	for _, s := range b.open {
		if s.Cause == cause {
			return s
		}
	}
	return nil
}

// storyOf is the open incident that is to tell of the members of a cause: the
// eldest of that with the same cause and those that list a member. The one
// with the same cause comes first if it would have to go on beside the other.
func (b *Board) storyOf(same *story, members []int) *story {
	if same != nil && slices.ContainsFunc(same.Components, func(a Affected) bool {
		i, judged := b.index[a.Component]
		return a.Until.IsZero() && (!judged || !slices.Contains(members, i))
	}) {
		return same
	}
	best := same
	for _, i := range members {
		s := b.teller[b.subjects[i].ID]
		if s != nil && (best == nil || elder(s, best) < 0) {
			best = s
		}
	}
	return best
}

// begin starts an incident. What it says comes once its components are known.
func (b *Board) begin(cause string, now time.Time) *story {
	s := &story{Incident: Incident{
		ID: b.names.ID(now), Code: b.code(), Cause: cause, Began: now, Detected: now,
	}}
	b.open = append(b.open, s)
	return s
}

// code is a check code that no other incident of the last 90 days has, as far
// as a few tries can tell.
func (b *Board) code() string {
	const tries = 16
	code := b.names.Code()
	for range tries {
		if !b.codeTaken(code) {
			break
		}
		code = b.names.Code()
	}
	return code
}

func (b *Board) codeTaken(code string) bool {
	return slices.ContainsFunc(b.open, func(s *story) bool { return s.Code == code }) ||
		slices.ContainsFunc(b.past, func(i Incident) bool { return i.Code == code })
}

// take makes the story tell of a troubled component.
func (b *Board) take(s *story, of *subject, now time.Time) {
	f := b.fates[of.order]
	at := slices.IndexFunc(s.Components, func(a Affected) bool { return a.Component == of.ID })
	if at < 0 {
		at = len(s.Components)
		s.Components = append(s.Components, Affected{Component: of.ID, Since: now})
	}
	a := &s.Components[at]
	before := *a
	if !a.Until.IsZero() {
		a.Since, a.Until = now, time.Time{}
	}
	a.State, a.Worst, a.Derived, a.Cause = f.state, worst(a.Worst, f.state), f.derived, !f.affected
	if began := of.onset(b.model.quorum(), now); began.Before(s.Began) {
		s.Began = began
	}
	s.touched = s.touched || *a != before
	b.teller[of.ID] = s
}

// worst is the worse of two states of which the first may be none.
func worst(so, now State) State {
	if so == Unknown {
		return now
	}
	return worse(so, now)
}

// release notes that another story tells of the component from now on.
func (s *story) release(component string, now time.Time) {
	for i := range s.Components {
		if a := &s.Components[i]; a.Component == component && a.Until.IsZero() {
			a.Until, s.touched = now, true
		}
	}
}

// unwell says whether any component is not known to be well.
func (s *story) unwell() bool {
	return slices.ContainsFunc(s.Components, func(a Affected) bool { return a.Until.IsZero() })
}

// troubled says whether any component is measured as troubled, or follows to be.
func (s *story) troubled() bool {
	return slices.ContainsFunc(s.Components, func(a Affected) bool { return a.troubled() })
}

// merge lets another story go on with what this one tells.
func (b *Board) merge(s, into *story, now time.Time) {
	for _, a := range s.Components {
		if b.teller[a.Component] != s {
			continue
		}
		b.teller[a.Component] = into
		if !slices.ContainsFunc(into.Components, func(x Affected) bool { return x.Component == a.Component }) {
			into.Components = append(into.Components, a)
		}
	}
	if s.Began.Before(into.Began) {
		into.Began = s.Began
	}
	into.Worst, into.Told = worst(into.Worst, s.Worst), worst(into.Told, s.Told)
	into.arrange()
	s.MergedInto, s.Resolved = into.ID, now
	b.write(s, UpdateMerged, now)
	if len(into.Updates) > 0 {
		b.write(into, UpdateMerged, now)
	}
}

// refresh brings the components that a story tells of up to their fates. Those
// in trouble are taken by the story of their cause. Silence is no recovery: a
// component that cannot be measured stays, or comes back, as unknown.
func (b *Board) refresh(s *story, now time.Time) {
	s.causes = nil
	for i := range s.Components {
		a := &s.Components[i]
		if b.teller[a.Component] != s {
			continue
		}
		before := *a
		at, judged := b.index[a.Component]
		switch {
		case !judged:
			a.State, a.Until = Unknown, firstOf(a.Until, now)
		case b.fates[at].state == Operational:
			a.State, a.Derived, a.Until = Operational, false, firstOf(a.Until, now)
		case b.fates[at].state == Unknown:
			a.State, a.Derived, a.Until = Unknown, false, time.Time{}
		case b.fates[at].state == UnderMaintenance:
			a.State, a.Derived = UnderMaintenance, false
		}
		s.touched = s.touched || *a != before
	}
}

// firstOf is the first of two times, of which the first may be none.
func firstOf(t, or time.Time) time.Time {
	if t.IsZero() {
		return or
	}
	return t
}

// arrange orders the components, causes first, and sums up their states.
func (s *story) arrange() {
	slices.SortFunc(s.Components, func(x, y Affected) int {
		if x.Cause != y.Cause {
			if x.Cause {
				return -1
			}
			return 1
		}
		return strings.Compare(x.Component, y.Component)
	})
	impact := Operational
	for _, a := range s.Components {
		if a.Until.IsZero() {
			impact = worse(impact, a.State)
		}
	}
	s.touched = s.touched || impact != s.Impact
	s.Impact = impact
	if impact.Troubled() {
		s.Worst = worst(s.Worst, impact)
	}
}

// follow tells the story up to now.
func (b *Board) follow(s *story, now time.Time) {
	if !s.manual() {
		s.arrange()
		b.turn(s, now)
		b.announce(s, now)
		b.tellChange(s, now)
	}
	b.keepPromise(s, now)
}

// turn moves the story to the stage that its components call for.
func (b *Board) turn(s *story, now time.Time) {
	switch {
	case len(s.Updates) == 0:
		if b.causeKnown(s) {
			s.Stage = Identified
		}
		b.write(s, UpdateOpened, now)
	case b.abandoned(s):
		b.close(s, now)
	case s.troubled():
		b.relapse(s, now)
		b.findCause(s, now)
	case s.unwell():
		s.touched = s.touched || !s.Watching.IsZero()
		s.Watching = time.Time{}
	default:
		b.recover(s, now)
	}
}

// causeKnown says whether the cause is more than the only component that fails.
func (b *Board) causeKnown(s *story) bool {
	return isDomain(s.Cause) || slices.ContainsFunc(s.Components, func(a Affected) bool { return a.troubled() && !a.Cause })
}

// abandoned says whether the configuration has dropped all that the story is
// about, so that nothing will ever be measured of it again.
func (b *Board) abandoned(s *story) bool {
	return !slices.ContainsFunc(s.Components, func(a Affected) bool {
		_, judged := b.index[a.Component]
		return judged
	})
}

func (b *Board) relapse(s *story, now time.Time) {
	if s.Stage != Monitoring {
		return
	}
	s.Stage, s.Watching = Identified, time.Time{}
	b.write(s, UpdateRelapse, now)
}

func (b *Board) findCause(s *story, now time.Time) {
	found := b.betterCause(s)
	if found == s.Cause && (s.Stage != Investigating || !b.causeKnown(s)) {
		return
	}
	s.Cause = found
	if b.causeKnown(s) {
		s.Stage = Identified
	}
	b.write(s, UpdateCause, now)
}

// recover watches a story whose components all answer, and ends it when they
// have for long enough.
func (b *Board) recover(s *story, now time.Time) {
	switch {
	case s.Stage != Monitoring:
		s.Stage, s.Watching = Monitoring, now
		b.write(s, UpdateMonitoring, now)
	case s.Watching.IsZero():
		s.Watching, s.touched = now, true
	}
	if !now.Before(s.Watching.Add(b.model.Rules.Watch)) {
		b.close(s, now)
		if !s.Announced.IsZero() {
			b.emit(s, EventResolved, s.Told, Operational, now)
		}
	}
}

func (b *Board) close(s *story, now time.Time) {
	s.Stage, s.Resolved = Resolved, now
	b.write(s, UpdateResolved, now)
}

// settled is when the first words are due: they wait a little for the cause,
// from the confirmation, or from the relapse if it all recovered unannounced.
func (b *Board) settled(s *story) time.Time {
	from := s.Detected
	for i := range s.Updates {
		if s.Updates[i].Kind == UpdateRelapse {
			from = s.Updates[i].At
		}
	}
	return from.Add(b.model.Rules.Settle)
}

// announce tells people of an outage that has settled, and of one that is
// worse than they know. What recovered before is never told, and what cannot be
// measured just now waits.
func (b *Board) announce(s *story, now time.Time) {
	if !s.Open() || !s.Impact.Troubled() {
		return
	}
	switch {
	case s.Announced.IsZero():
		if now.Before(b.settled(s)) {
			return
		}
		if s.changed() {
			b.write(s, UpdateChanged, now)
		}
		b.emit(s, EventOpened, Operational, s.Impact, now)
		s.Announced, s.Told = now, s.Impact
	case worse(s.Told, s.Impact) != s.Told:
		b.write(s, UpdateChanged, now)
		b.emit(s, EventWorsened, s.Told, s.Impact, now)
		s.Told = s.Impact
	}
}

// changed says whether other components fail, or worse or less so, than when
// the story was last told.
func (s *story) changed() bool {
	was, wasImpact := outline(s.last().Components)
	is, isImpact := outline(s.Components)
	return wasImpact != isImpact || !slices.Equal(was, is)
}

// outline is which components fail, by id, and how badly.
func outline(components []Affected) (failing []string, impact State) {
	for i := range components {
		if a := &components[i]; a.troubled() {
			failing = append(failing, a.Component)
			impact = worst(impact, a.State)
		}
	}
	slices.Sort(failing)
	return failing, impact
}

// tellChange writes that the story's components have changed, at most every
// [changesEvery].
func (b *Board) tellChange(s *story, now time.Time) {
	if s.Open() && s.changed() && !now.Before(s.last().At.Add(changesEvery)) {
		b.write(s, UpdateChanged, now)
	}
}

// keepPromise says that nothing has changed when word was promised and none
// came.
func (b *Board) keepPromise(s *story, now time.Time) {
	if !s.Open() || s.Next.IsZero() || now.Before(s.Next) {
		return
	}
	b.write(s, UpdateNoChange, now)
	if !s.Announced.IsZero() && s.lastDigest().Equal(now) {
		b.emit(s, EventDigest, Operational, s.Told, now)
	}
}

// lastDigest is when people were last told that the story goes on, or when
// they were first told of it. It follows from the updates, so a restart cannot
// repeat a digest.
func (s *story) lastDigest() time.Time {
	last := s.Announced
	for i := range s.Updates {
		u := &s.Updates[i]
		if u.Kind == UpdateNoChange && u.At.Sub(last) >= digestEvery {
			last = u.At
		}
	}
	return last
}

// write adds an update to the story and makes the next promise.
func (b *Board) write(s *story, kind UpdateKind, now time.Time) *Update {
	s.Next = b.promise(s, now)
	s.Updates = append(s.Updates, Update{
		ID: b.names.ID(now), At: now, Kind: kind, Stage: s.Stage, Cause: s.Cause,
		Components: slices.Clone(s.Components), Next: s.Next,
	})
	s.touched = true
	return s.last()
}

func (b *Board) promise(s *story, now time.Time) time.Time {
	if !s.Open() || b.model.Rules.Promise <= 0 {
		return time.Time{}
	}
	return now.Add(b.model.Rules.Promise)
}

// emit notes an event. It is named by the story's latest update.
func (b *Board) emit(s *story, kind EventKind, from, to State, now time.Time) {
	s.touched = true
	b.events = append(b.events, Event{
		Kind: kind, Incident: s.ID, From: from, To: to, Update: s.last().ID, At: now,
	})
}

// storyDue is when the story has something new to say if nothing changes.
func (b *Board) storyDue(s *story) time.Time {
	due := s.Next
	if s.manual() {
		return due
	}
	if s.Announced.IsZero() && s.Impact.Troubled() {
		due = sooner(due, b.settled(s))
	}
	if s.changed() {
		due = sooner(due, s.last().At.Add(changesEvery))
	}
	if !s.Watching.IsZero() {
		due = sooner(due, s.Watching.Add(b.model.Rules.Watch))
	}
	return due
}

// sooner is the earlier of two times, either of which may be none.
func sooner(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
