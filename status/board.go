package status

import (
	"cmp"
	"container/heap"
	"slices"
	"time"
)

// Names makes the ids and check codes of what a board creates. It is injected,
// so a drill with a seeded source makes the same ones each time.
type Names interface {
	ID(now time.Time) string // sortable by time, unique
	Code() string            // four characters people can read out
}

// Board is the judge: it folds votes into conditions and incidents. It is
// used by one goroutine; everything it hands out is a copy.
//
// A vote costs the same however many components there are, and Judge looks
// only at what votes and time have touched since it was last asked.
type Board struct {
	model    *Model
	names    Names
	subjects []*subject // in the configuration's order
	byID     []int      // the subjects, by id
	index    map[string]int
	sights   map[string]*sight
	controls []*sight
	places   []*place // in the model's order
	graph    graph
	domains  []domain // by id

	domainIDs map[string][]string // their members, as every snapshot shows them

	awake    bool      // it has judged
	now      time.Time // of the latest judgement
	dirty    []*subject
	lapses   lapses
	stale    bool // conditions and incidents must be judged anew
	retell   bool // incidents must be followed
	taleDue  time.Time
	workDue  time.Time
	fates    []fate
	explains []cause
	calendar *calendar
	shelves  []shelf

	open        []*story // by id
	past        []Incident
	teller      map[string]*story // component → the measured story that tells of it
	claimed     map[string]*story // component → the story opened by hand that tells of it
	maintenance []Maintenance

	words    map[string]FunctionWords // by app/function
	switches map[string]WidgetSwitch  // by app

	routines []Routine       // by id
	growDue  time.Time       // when their next occurrences are put on the calendar
	planned  []Maintenance   // new or changed since the last Change
	events   []Event         // since the last Change
	doubts   []Doubt         // begun or ended since the last Change
	missed   []Missed        // since the last Change
	amended  []*story        // of the past, to be handed out anew
	reworded []FunctionWords // since the last Change
	switched []WidgetSwitch  // likewise
	arranged []Routine       // new or changed since the last Change
	overruns []Overrun       // since the last Change

	suspicions []Suspicion // by what they are of, those taken back included
	suspected  []Suspicion // new, changed or past since the last Change

	silences []Silence // that last, by component
	hushed   []Silence // new, changed or ended since the last Change, by component
}

// domain is a failure domain with its members.
type domain struct {
	id      string
	members []int
}

// NewBoard makes a board for the model that goes on where memory ended. What
// memory has of components and checks no longer in the model is kept in
// history and judged no more.
//
// Judge before the first vote, so that the time nobody looked becomes unknown
// and not what was seen last.
func NewBoard(m *Model, memory Memory, names Names) *Board {
	b := &Board{
		model: m, names: names, stale: true, retell: true,
		index: make(map[string]int), sights: make(map[string]*sight),
		teller: make(map[string]*story), claimed: make(map[string]*story),
	}
	for i := range m.Locations {
		b.places = append(b.places, &place{Location: &m.Locations[i], uneasy: true})
	}
	for i := range m.Controls {
		b.controls = append(b.controls, b.watch(&m.Controls[i], nil))
	}
	for i := range m.Components {
		b.seat(&m.Components[i])
	}
	slices.SortFunc(b.byID, b.compareIDs)
	b.graph = newGraph(m.Components, b.index)
	b.domains = b.findDomains()
	b.domainIDs, b.shelves = b.domainMembers(), b.newShelves()
	b.restore(memory)
	return b
}

// seat puts a component under judgement.
func (b *Board) seat(c *Component) {
	s := &subject{Component: c, order: len(b.subjects), dirty: true, spoken: true}
	s.condition = Condition{Component: c.ID}
	for i := range c.Checks {
		s.sights = append(s.sights, b.watch(&c.Checks[i], s))
	}
	b.index[c.ID] = s.order
	b.byID = append(b.byID, s.order)
	b.subjects = append(b.subjects, s)
	b.dirty = append(b.dirty, s)
}

// watch has the locations that look at a check judged on it.
func (b *Board) watch(c *Check, of *subject) *sight {
	looking := b.lookingAt(c)
	t := &sight{check: c, of: of, views: make([]view, len(looking)), need: b.model.Rules.quorum(len(looking))}
	t.confirm, t.relieve, t.fresh = max(b.model.Rules.Confirm, 1), max(b.model.Rules.Recover, 1), c.Fresh
	if of == nil {
		t.confirm, t.relieve = min(t.confirm, controlLooks), min(t.relieve, controlLooks)
	}
	t.vouched = of != nil && len(b.model.Controls) > 0
	for i, p := range looking {
		v := &t.views[i]
		v.of, v.at = t, p
		p.longest = max(p.longest, c.Fresh)
		if of == nil {
			p.controls = append(p.controls, v)
		} else {
			p.views = append(p.views, v)
		}
	}
	b.sights[c.ID] = t
	return t
}

// lookingAt is the locations that look at a check. All of them look at a
// control.
func (b *Board) lookingAt(c *Check) []*place {
	var looking []*place
	for _, p := range b.places {
		if len(c.From) == 0 || slices.Contains(c.From, p.ID) {
			looking = append(looking, p)
		}
	}
	return looking
}

// place is the location with the id; nil if it is not in the model.
func (b *Board) place(id string) *place {
	for _, p := range b.places {
		if p.ID == id {
			return p
		}
	}
	return nil
}

func (b *Board) findDomains() []domain {
	at := make(map[string]int)
	var found []domain
	for _, i := range b.byID {
		for _, id := range b.subjects[i].Domains {
			if _, known := at[id]; !known {
				at[id] = len(found)
				found = append(found, domain{id: id})
			}
			found[at[id]].members = append(found[at[id]].members, i)
		}
	}
	slices.SortFunc(found, func(x, y domain) int { return cmp.Compare(x.id, y.id) })
	return found
}

// touch has the subject measured by the next Judge.
func (b *Board) touch(s *subject) {
	if s != nil && !s.dirty {
		s.dirty = true
		b.dirty = append(b.dirty, s)
	}
}

// Standing is the current standing of a location on a check.
func (b *Board) Standing(check, location string) (Standing, bool) {
	v := b.view(check, location)
	if v == nil {
		return Standing{}, false
	}
	return v.Standing, v.cast
}

// view is the location's view of the check; nil if it does not look at it.
func (b *Board) view(check, location string) *view {
	t, p := b.sights[check], b.place(location)
	if t == nil || p == nil {
		return nil
	}
	return t.view(p)
}

// Standings are all current standings, in the order of the configuration, those
// on the controls last: what a Memory needs beside the changes.
func (b *Board) Standings() []Standing {
	var all []Standing
	for _, s := range b.subjects {
		all = append(all, standings(s.sights)...)
	}
	return append(all, standings(b.controls)...)
}

func standings(sights []*sight) []Standing {
	var all []Standing
	for _, t := range sights {
		for i := range t.views {
			if t.views[i].cast {
				all = append(all, t.views[i].Standing)
			}
		}
	}
	return all
}

// Judge brings conditions and incidents up to now and returns what has
// changed since the last Judge, operators' drafts and notes included. A now that
// is a little earlier than the last one counts as that; if it is more than a
// second earlier, the clock was wrong before, and the board goes on from now.
func (b *Board) Judge(now time.Time) Change {
	now = b.clock(now)
	b.wake(now)
	b.lapse(now)
	b.weighControls(now)
	b.forgetSuspicions(now)
	b.endSilences(now)
	stale := b.stale
	for _, s := range b.dirty {
		stale = b.measure(s, now) || stale
	}
	b.dirty = b.dirty[:0]
	stale = b.shift(now) || stale // after measuring: whether work ends hangs on whether it has succeeded
	switch {
	case stale:
		b.stale = false
		b.judge(now)
	case b.retell || !b.taleDue.IsZero() && !now.Before(b.taleDue):
		b.followAll(now)
	}
	change := Change{At: now}
	if stale {
		b.conclude(&change, now)
	}
	b.handOut(&change)
	return change
}

// wake takes over, before the first judgement, what the configuration plans.
func (b *Board) wake(now time.Time) {
	if b.awake {
		return
	}
	b.awake, b.workDue = true, now
	b.adoptPlans(now)
}

// judge spreads what is measured along the graph and tells the stories that
// come of it.
func (b *Board) judge(now time.Time) {
	measured := make([]State, len(b.subjects))
	for i, s := range b.subjects {
		measured[i] = s.measured
		if s.work != "" {
			measured[i] = UnderMaintenance
		}
	}
	b.fates = b.graph.fates(measured)
	b.explains = b.causes(b.fates)
	for range mostMoves {
		b.settleStories(now)
		told := b.causesTold()
		b.followAll(now)
		if !b.recast(told) {
			return
		}
	}
}

// mostMoves bounds how often components may move between stories in one
// judgement.
const mostMoves = 8

// causesTold is with what cause each open story is told.
func (b *Board) causesTold() map[*story]string {
	told := make(map[*story]string, len(b.open))
	for _, s := range b.open {
		told[s] = s.Cause
	}
	return told
}

// recast says whether an open story was told with another cause. Then what it
// tells of may belong to others.
func (b *Board) recast(told map[*story]string) bool {
	return slices.ContainsFunc(b.open, func(s *story) bool { return s.Open() && told[s] != s.Cause })
}

// settleStories moves components between stories until each is told where it
// belongs: what one cause takes can change whom the next one belongs to. So
// judging again at the same instant, as after a restart, changes nothing.
func (b *Board) settleStories(now time.Time) {
	for range mostMoves {
		for _, s := range b.open {
			if s.Open() && !s.manual() {
				b.refresh(s, now)
			}
		}
		if !b.assign(b.explains, now) {
			return
		}
	}
}

// followAll tells every open story up to now, shelves those that ended, and
// notes when the next has something to say.
func (b *Board) followAll(now time.Time) {
	b.retell = false
	b.taleDue = time.Time{}
	for _, s := range b.open {
		if s.Open() {
			b.follow(s, now)
		}
		if s.Open() {
			b.taleDue = sooner(b.taleDue, b.storyDue(s))
		}
	}
}

// conclude hands out the conditions that are news, and closes the intervals
// that end with them.
func (b *Board) conclude(change *Change, now time.Time) {
	for i, s := range b.subjects {
		next, news := s.conclude(b.fates[i], b.mark(i), now)
		if !news {
			continue
		}
		old := s.condition
		if old.Version > 0 && old.State != next.State {
			closed := Interval{Component: s.ID, State: old.State, Since: old.Since, Until: next.Since}
			s.history.end(closed)
			change.Closed = append(change.Closed, closed)
		}
		s.condition = next
		change.Conditions = append(change.Conditions, next.copy())
	}
}

// mark is the cause that a component is marked with: that of the incident that
// tells of it, so that the mark and the story never differ.
func (b *Board) mark(i int) string {
	f := b.fates[i]
	if !f.affected {
		return ""
	}
	if s := b.teller[b.subjects[i].ID]; s != nil {
		return s.Cause
	}
	for k := range b.explains {
		if b.explains[k].explains(i) {
			return b.explains[k].id
		}
	}
	return causeComponent + b.subjects[f.root].ID
}

func (c *Condition) copy() Condition {
	out := *c
	out.Why = slices.Clone(c.Why)
	return out
}

// handOut moves what has changed into the change: stories, maintenance and
// events. Stories that ended go to the past.
func (b *Board) handOut(change *Change) {
	change.Maintenance, b.planned = b.planned, nil
	change.Events, b.events = b.events, nil
	change.Doubts, b.doubts = b.doubts, nil
	change.Missed, b.missed = b.missed, nil
	change.Words, b.reworded = b.reworded, nil
	change.Widgets, b.switched = b.switched, nil
	change.Routines, b.arranged = b.arranged, nil
	change.Overruns, b.overruns = b.overruns, nil
	change.Suspicions, b.suspected = b.suspected, nil
	change.Silences, b.hushed = b.hushed, nil
	b.handOutAmended(change)
	ended := false
	for _, s := range b.open {
		if s.touched {
			s.touched = false
			s.Version++
			change.Incidents = append(change.Incidents, s.copy())
		}
		if !s.Open() {
			ended = true
			b.shelve(s)
		}
	}
	if ended {
		b.open = slices.DeleteFunc(b.open, func(s *story) bool { return !s.Open() })
	}
}

// shelve puts an ended story among those of the past.
func (b *Board) shelve(s *story) {
	for _, a := range s.Components {
		for _, tellers := range []map[string]*story{b.teller, b.claimed} {
			if tellers[a.Component] == s {
				delete(tellers, a.Component)
			}
		}
	}
	long := b.now.Add(-remembered)
	past := []Incident{s.copy()}
	for _, i := range b.past {
		if i.Resolved.After(long) {
			past = append(past, i)
		}
	}
	slices.SortFunc(past, newestFirst)
	b.past = past
}

// Due is the earliest instant at which Judge may have something new to say
// without another vote: a vote going stale, settle, watch, promise, a
// maintenance window. Zero if there is none.
func (b *Board) Due() time.Time {
	due := sooner(sooner(b.taleDue, b.workDue), sooner(b.suspicionDue(), b.silenceDue()))
	b.lapses.settle()
	if len(b.lapses) > 0 {
		due = sooner(due, b.lapses[0].at)
	}
	return due
}

// lapses are the views that count now, by when they stop. A view that has
// spoken since it was put in is moved only when it comes to the front, so a
// vote costs nothing here.
type lapses []lapsing

type lapsing struct {
	at   time.Time
	view *view
}

func (l lapses) Len() int           { return len(l) }
func (l lapses) Less(i, j int) bool { return l[i].at.Before(l[j].at) }
func (l lapses) Swap(i, j int)      { l[i], l[j] = l[j], l[i] }
func (l *lapses) Push(x any)        { *l = append(*l, x.(lapsing)) }
func (l *lapses) Pop() any {
	last := (*l)[len(*l)-1]
	*l = (*l)[:len(*l)-1]
	return last
}

// watchLapse has Judge notice when the view stops counting.
func (b *Board) watchLapse(v *view) {
	if v.queued || v.Said.IsZero() {
		return
	}
	v.queued = true
	heap.Push(&b.lapses, lapsing{v.lapse(), v})
}

// settle brings the front of the heap up to what its view has said since.
func (l *lapses) settle() {
	for len(*l) > 0 {
		front := &(*l)[0]
		at := front.view.lapse()
		if at.Equal(front.at) {
			return
		}
		front.at = at
		heap.Fix(l, 0)
	}
}

// lapse touches the subjects of views that count no more, and has the controls
// of theirs weighed.
func (b *Board) lapse(now time.Time) {
	for len(b.lapses) > 0 && !b.lapses[0].at.After(now) {
		b.lapses.settle()
		front := b.lapses[0]
		if front.at.After(now) {
			return
		}
		v := front.view
		v.queued = false
		heap.Pop(&b.lapses)
		b.touch(v.of.of)
		v.at.uneasy = v.at.uneasy || v.of.of == nil
	}
}
