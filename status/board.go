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
	places   map[string]int // locations
	graph    graph
	domains  []domain // by id

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

	open        []*story // by id
	past        []Incident
	teller      map[string]*story // component → the measured story that tells of it
	claimed     map[string]*story // component → the story opened by hand that tells of it
	maintenance []Maintenance

	planned []Maintenance // new or changed since the last Change
	events  []Event       // since the last Change
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
		index: make(map[string]int), sights: make(map[string]*sight), places: make(map[string]int),
		teller: make(map[string]*story), claimed: make(map[string]*story),
	}
	for i, location := range m.Locations {
		b.places[location] = i
	}
	for i := range m.Components {
		b.seat(&m.Components[i])
	}
	slices.SortFunc(b.byID, b.compareIDs)
	b.graph = newGraph(m.Components, b.index)
	b.domains = b.findDomains()
	b.restore(memory)
	if len(b.maintenance) > 0 {
		b.workDue = b.maintenance[0].From
	}
	return b
}

// seat puts a component under judgement.
func (b *Board) seat(c *Component) {
	s := &subject{Component: c, order: len(b.subjects), dirty: true}
	s.condition = Condition{Component: c.ID}
	for i := range c.Checks {
		t := &sight{check: &c.Checks[i], of: s, views: make([]view, len(b.model.Locations))}
		s.sights = append(s.sights, t)
		b.sights[t.check.ID] = t
	}
	b.index[c.ID] = s.order
	b.byID = append(b.byID, s.order)
	b.subjects = append(b.subjects, s)
	b.dirty = append(b.dirty, s)
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

// Vote folds one look in. It says whether another look should follow at once:
// the latest look disagrees with the location's confirmed word. A look that
// began no later than the location's latest one is old news and changes
// nothing, nor does one of a check or location that is not in the model.
func (b *Board) Vote(v Vote) (unsettled bool) {
	t := b.sights[v.Check]
	place, known := b.places[v.Location]
	if t == nil || !known {
		return false
	}
	w := &t.views[place]
	if w.cast && !v.At.After(w.At) {
		return false
	}
	level := w.Level
	w.Standing, w.cast = w.fold(v, max(b.model.Rules.Confirm, 1), max(b.model.Rules.Recover, 1)), true
	if w.Said.Equal(v.At) {
		b.watchLapse(t, place)
		if level != w.Level || !w.counted {
			b.touch(t.of)
		}
	}
	return w.unsettled()
}

// touch has the subject measured by the next Judge.
func (b *Board) touch(s *subject) {
	if !s.dirty {
		s.dirty = true
		b.dirty = append(b.dirty, s)
	}
}

// Standing is the current standing of a location on a check.
func (b *Board) Standing(check, location string) (Standing, bool) {
	t := b.sights[check]
	place, known := b.places[location]
	if t == nil || !known {
		return Standing{}, false
	}
	return t.views[place].Standing, t.views[place].cast
}

// Standings are all current standings, in the order of the configuration: what
// a Memory needs beside the changes.
func (b *Board) Standings() []Standing {
	var all []Standing
	for _, s := range b.subjects {
		all = append(all, s.standings()...)
	}
	return all
}

func (s *subject) standings() []Standing {
	var all []Standing
	for _, t := range s.sights {
		for i := range t.views {
			if t.views[i].cast {
				all = append(all, t.views[i].Standing)
			}
		}
	}
	return all
}

// Judge brings conditions and incidents up to now and returns what has
// changed since the last Judge, operators' drafts and notes included. Time
// does not go back: an earlier now than the last one counts as that.
func (b *Board) Judge(now time.Time) Change {
	now = b.clock(now)
	b.lapse(now)
	stale := b.shift(now) || b.stale
	for _, s := range b.dirty {
		stale = b.measure(s, now) || stale
	}
	b.dirty = b.dirty[:0]
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
	for _, s := range b.open {
		if !s.manual() {
			b.refresh(s, now)
		}
	}
	b.assign(b.explains, now)
	b.followAll(now)
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
	due := sooner(b.taleDue, b.workDue)
	b.lapses.settle()
	if len(b.lapses) > 0 {
		due = sooner(due, b.lapses[0].at)
	}
	return due
}

// clock is the board's time at now: it never goes back.
func (b *Board) clock(now time.Time) time.Time {
	b.seen(now.Round(0)) // without the monotonic reading, which no database keeps
	return b.now
}

func (b *Board) seen(t time.Time) {
	if t.After(b.now) {
		b.now = t
	}
}

// lapses are the views that count now, by when they stop. A view that has
// spoken since it was put in is moved only when it comes to the front, so a
// vote costs nothing here.
type lapses []lapsing

type lapsing struct {
	at    time.Time
	sight *sight
	place int
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
func (b *Board) watchLapse(t *sight, place int) {
	v := &t.views[place]
	if v.queued || v.Said.IsZero() {
		return
	}
	v.queued = true
	heap.Push(&b.lapses, lapsing{t.lapse(v), t, place})
}

// settle brings the front of the heap up to what its view has said since.
func (l *lapses) settle() {
	for len(*l) > 0 {
		front := &(*l)[0]
		at := front.sight.lapse(&front.sight.views[front.place])
		if at.Equal(front.at) {
			return
		}
		front.at = at
		heap.Fix(l, 0)
	}
}

// lapse touches the subjects of views that count no more.
func (b *Board) lapse(now time.Time) {
	for len(b.lapses) > 0 && !b.lapses[0].at.After(now) {
		b.lapses.settle()
		front := b.lapses[0]
		if front.at.After(now) {
			return
		}
		front.sight.views[front.place].queued = false
		heap.Pop(&b.lapses)
		b.touch(front.sight.of)
	}
}
