package monitor

import (
	"cmp"
	"container/heap"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/robfig/cron/v3"

	"bongsu/probes"
)

// Prober looks once, beginning at now. It keeps the check's timeout by itself,
// since it can tell a target that takes too long from being told to stop; ctx
// ends a little later, for one that does not.
type Prober interface {
	Probe(ctx context.Context, now time.Time) probes.Result
}

// Check is a probe and when to use it.
type Check struct {
	ID      string
	Every   time.Duration // exactly one of Every and Cron is set
	Cron    string        // five fields, perhaps after CRON_TZ=Zone
	Timeout time.Duration // the longest a look may take, above zero
	Recheck Recheck
	Prober  Prober
}

// Recheck says how a surprising look is confirmed before the next slot.
type Recheck struct {
	After       time.Duration // the pause between a look's end and the next one; 0: wait for the slot
	PerInterval int           // at most so many between two slots; 0: no limit
	PerDay      int           // looks a day the target allows, those of the schedule included; 0: no limit
}

// Kind says why a look is made.
type Kind uint8

// The kinds, in the order in which looks of one instant begin.
const (
	Scheduled Kind = iota
	Again          // the last look disagreed with the confirmed word, or another location's did
	First          // nothing is known yet, and the slot is far
)

// Work is a look to begin now.
type Work struct {
	Check string
	Kind  Kind
	Due   time.Time
	Late  time.Duration // how long after Due it begins
}

// Roster knows when each check is due. It does no I/O and reads no clock: Due
// says what to begin, Report that a look has ended. It is used by one
// goroutine at a time.
type Roster struct {
	entries map[string]*entry
	slots   agenda // one item per check
	extras  agenda // rechecks and first looks; an item whose time its entry has forgotten is void
	now     time.Time
	skipped int
	late    []Overdue
}

// entry is a check with its place in time.
type entry struct {
	Check
	schedule cron.Schedule
	gap      time.Duration // between this slot and the next
	due      time.Time     // the next slot
	extra    time.Time     // the next look beside the schedule; zero: none
	patience time.Time     // the target asked not to be looked at before this
	began    time.Time
	ended    time.Time
	running  bool
	last     Kind
	extras   int // since the last slot
	spare    allowance
	spent    *spending // nil without a daily budget
	told     bool      // Watch has told of the look that hangs
}

// NewRoster makes a roster whose first slots are the next ones after now.
func NewRoster(checks []Check, now time.Time) (*Roster, error) {
	r := &Roster{entries: make(map[string]*entry, len(checks)), now: now.Round(0)}
	byInterval := map[time.Duration][]string{}
	for i := range checks {
		if err := checks[i].problem(); err != nil {
			return nil, err
		}
		if checks[i].Cron == "" {
			byInterval[checks[i].Every] = append(byInterval[checks[i].Every], checks[i].ID)
		}
	}
	phases := map[string]time.Duration{}
	for every, ids := range byInterval {
		maps.Copy(phases, spread(ids, every))
	}
	for i := range checks {
		if err := r.add(checks[i], phases[checks[i].ID], now); err != nil {
			return nil, err
		}
	}
	heap.Init(&r.slots)
	return r, nil
}

func (c *Check) problem() error {
	switch {
	case c.ID == "":
		return errors.New("a check has no id")
	case c.Prober == nil:
		return fmt.Errorf("check %s has nothing to probe with", c.ID)
	case c.Timeout <= 0:
		return fmt.Errorf("check %s has no timeout", c.ID)
	case (c.Every > 0) == (c.Cron != ""):
		return fmt.Errorf("check %s needs either an interval or a cron line", c.ID)
	case c.Cron == "" && c.Every < slot:
		return fmt.Errorf("check %s: %s is too often; the shortest interval is %s", c.ID, c.Every, slot)
	}
	return nil
}

func (r *Roster) add(c Check, phase time.Duration, now time.Time) error {
	if r.entries[c.ID] != nil {
		return fmt.Errorf("check %s is there twice", c.ID)
	}
	schedule, err := scheduleOf(&c, phase)
	if err != nil {
		return err
	}
	e := &entry{Check: c, schedule: schedule}
	e.plan(now)
	if e.due.IsZero() {
		return fmt.Errorf("check %s: its cron line %q never comes true", c.ID, c.Cron)
	}
	if c.Recheck.PerDay > 0 {
		e.spent = &spending{}
		e.spare = newAllowance(c.Recheck.PerDay-aDay(schedule, now), now)
	}
	r.entries[c.ID] = e
	r.slots = append(r.slots, item{e.due, Scheduled, c.ID})
	return nil
}

// plan sets the next slot after now.
func (e *entry) plan(now time.Time) {
	e.due = e.schedule.Next(now)
	e.gap = e.schedule.Next(e.due).Sub(e.due)
}

// Greet asks for a first look soon when nothing is known of the check: within
// ten seconds, spread like the slots are, unless the slot is as near.
func (r *Roster) Greet(check string, now time.Time) {
	const soon = 10 * time.Second
	e := r.entries[check]
	if e == nil || e.gap <= soon || e.Recheck.PerDay > 0 && !e.spare.take(now) {
		return
	}
	phase := time.Duration(hash(check)) * time.Millisecond % soon
	if p, ok := e.schedule.(periodic); ok {
		phase = p.phase % soon
	}
	r.extra(e, First, now.Add(phase))
}

// Again asks for another look after the check's pause, as after a surprise. It
// is how a confirmation that a restart has broken off goes on.
func (r *Roster) Again(check string, now time.Time) {
	if e := r.entries[check]; e != nil {
		r.again(e, now)
	}
}

// Due returns the looks to begin at now, in the order in which they were due,
// and when to ask next. Each look it returns must be reported when it ends.
func (r *Roster) Due(now time.Time) (start []Work, next time.Time) {
	r.step(now)
	for r.slots.reached(now) {
		it := r.slots.take()
		e := r.entries[it.id]
		if w, ok := r.slot(e, now); ok {
			start = append(start, w)
		}
		heap.Push(&r.slots, item{e.due, Scheduled, it.id})
	}
	for r.extras.reached(now) {
		it := r.extras.take()
		if e := r.entries[it.id]; e.extra.Equal(it.at) && !e.running {
			e.extra = time.Time{}
			if it.kind == Again {
				e.extras++
			}
			start = append(start, e.begin(it.kind, it.at, now))
		}
	}
	slices.SortFunc(start, func(a, b Work) int {
		return cmp.Or(a.Due.Compare(b.Due), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Check, b.Check))
	})
	next = r.Extra()
	if len(r.slots) > 0 && (next.IsZero() || r.slots[0].at.Before(next)) {
		next = r.slots[0].at
	}
	return start, next
}

// step notices a clock that was set back: what was planned lies ahead by as
// much, and would leave everything unwatched for that long. Round takes the
// monotonic reading off, which would hide the step.
func (r *Roster) step(now time.Time) {
	now = now.Round(0)
	if back := r.now.Sub(now); back > time.Second {
		r.shift(back, now)
	}
	r.now = now
}

func (r *Roster) shift(back time.Duration, now time.Time) {
	for i := range r.slots {
		e := r.entries[r.slots[i].id]
		e.plan(now)
		r.slots[i].at = e.due
		e.patience = earlier(e.patience, now.Add(maxPatience))
	}
	heap.Init(&r.slots)
	for i := range r.extras {
		e := r.entries[r.extras[i].id]
		current := e.extra.Equal(r.extras[i].at)
		r.extras[i].at = r.extras[i].at.Add(-back)
		if current {
			e.extra = r.extras[i].at
		}
	}
}

// slot takes up a slot that has come. There is no look if the last one still
// runs or the target asked for patience; it comes a little later if a look
// beside the schedule has just ended, to keep the pause the target was promised.
func (r *Roster) slot(e *entry, now time.Time) (Work, bool) {
	due, gap := e.due, e.gap
	e.plan(now)
	r.skipped += passed(e, due, gap, now)
	e.extras = 0
	switch rested := e.ended.Add(e.Recheck.After); {
	case e.running:
		r.skipped++
		return Work{}, false
	case now.Before(e.patience):
		return Work{}, false
	case e.last != Scheduled && now.Before(rested):
		r.extra(e, Again, rested)
		return Work{}, false
	}
	e.extra = time.Time{}
	w := e.begin(Scheduled, due, now)
	if w.Late > gap/2+e.Timeout {
		r.late = append(r.late, Overdue{Check: e.ID, By: w.Late, Why: RanLate})
	}
	return w, true
}

// passed is how many slots between due and now went by with nobody there.
func passed(e *entry, due time.Time, gap time.Duration, now time.Time) int {
	if _, ok := e.schedule.(periodic); ok {
		return int(now.Sub(due) / gap)
	}
	if e.schedule.Next(due).After(now) {
		return 0
	}
	return 1 // or more; cron lines are not worth counting through
}

func (e *entry) begin(kind Kind, due, now time.Time) Work {
	e.running, e.began, e.last, e.told = true, now, kind, false
	e.spent.add(now)
	return Work{Check: e.ID, Kind: kind, Due: due, Late: now.Sub(due)}
}

// maxPatience bounds what a target may ask for: an hour later the world may
// be another.
const maxPatience = time.Hour

// Report says that the check's look has ended. Again asks for another one
// soon: the look disagrees with the confirmed word. Patience is when the
// target wants to be looked at next, zero if it did not say; it ends the
// rechecks, and slots before it pass without a look.
func (r *Roster) Report(check string, again bool, patience, now time.Time) {
	e := r.entries[check]
	if e == nil || !e.running {
		return
	}
	e.running, e.ended = false, now
	if patience.After(now) {
		e.patience = earlier(patience, now.Add(maxPatience))
		return
	}
	if again {
		r.again(e, now)
	}
}

// again plans a recheck, if the check's limits leave one.
func (r *Roster) again(e *entry, now time.Time) {
	limit := e.Recheck
	if limit.After <= 0 || limit.PerInterval > 0 && e.extras >= limit.PerInterval {
		return
	}
	at := now.Add(limit.After)
	if !at.Before(e.due) || limit.PerDay > 0 && !e.spare.take(now) {
		return
	}
	r.extra(e, Again, at)
}

// AtOnce asks for a look now because somebody elsewhere has seen what this
// location has not yet: as soon as the pause since the last look is over, and
// within the check's limits. A check without rechecks waits for its slot, and
// one that is being looked at answers by that.
func (r *Roster) AtOnce(check string, now time.Time) {
	e := r.entries[check]
	if e == nil || e.running || e.Recheck.After <= 0 || now.Before(e.patience) {
		return
	}
	at := later(now, e.ended.Add(e.Recheck.After))
	limit := e.Recheck
	switch {
	case limit.PerInterval > 0 && e.extras >= limit.PerInterval,
		!e.extra.IsZero() && !e.extra.After(at),
		!at.Before(e.due),
		limit.PerDay > 0 && !e.spare.take(now):
		return
	}
	r.extra(e, Again, at)
}

func (r *Roster) extra(e *entry, kind Kind, at time.Time) {
	if at.Before(e.due) {
		e.extra = at
		heap.Push(&r.extras, item{at, kind, e.ID})
	}
}

// Extra is when the next look beside the schedule is due; zero if none is.
func (r *Roster) Extra() time.Time {
	for len(r.extras) > 0 {
		if first := r.extras[0]; r.entries[first.id].extra.Equal(first.at) {
			return first.at
		}
		heap.Pop(&r.extras)
	}
	return time.Time{}
}

// Schedules are the distinct schedules of the roster's checks: one for each
// interval and slot in use, one for each cron line.
func (r *Roster) Schedules() []cron.Schedule {
	var found []cron.Schedule
	seen := map[any]bool{}
	for _, it := range slices.SortedFunc(slices.Values(r.slots), item.compare) {
		e := r.entries[it.id]
		var key any = e.Cron
		s := e.schedule
		if p, ok := s.(periodic); ok {
			p.phase = p.phase.Truncate(slot)
			key, s = p, p
		}
		if !seen[key] {
			seen[key] = true
			found = append(found, s)
		}
	}
	return found
}

// Skipped is how many slots have gone by without their look, since it was
// last asked: the last look still ran, or nobody was there.
func (r *Roster) Skipped() int {
	n := r.skipped
	r.skipped = 0
	return n
}

// Reason says what is wrong with a check that is overdue.
type Reason string

// The reasons.
const (
	RanLate    Reason = "late"    // it began so late that its interval was lost
	NotStarted Reason = "waiting" // it should have begun and has not
	Hanging    Reason = "hanging" // it does not end although its time is up
)

// Overdue is a check that was due and did not run as it should.
type Overdue struct {
	Check string
	By    time.Duration
	Why   Reason
}

// mercy is what a look may take beyond its timeout before it is said to hang.
const mercy = 5 * time.Second

// Watch returns the checks that were due and did not run: later than half
// their interval and their timeout, or hanging beyond their timeout. Each late
// start and each hanging look is returned once, a check that waits each time.
func (r *Roster) Watch(now time.Time) []Overdue {
	found := r.late
	r.late = nil
	for _, it := range r.slots {
		e := r.entries[it.id]
		if by := now.Sub(e.due); by > e.gap/2+e.Timeout {
			found = append(found, Overdue{e.ID, by, NotStarted})
		}
		if by := now.Sub(e.began) - e.Timeout; e.running && !e.told && by > mercy {
			e.told = true
			found = append(found, Overdue{e.ID, by, Hanging})
		}
	}
	slices.SortFunc(found, func(a, b Overdue) int {
		return cmp.Or(cmp.Compare(a.Why, b.Why), cmp.Compare(b.By, a.By), cmp.Compare(a.Check, b.Check))
	})
	return found
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
