// Package replay runs a scenario through the program on virtual time. It owns
// the order of things and nothing else: what looks, judges, keeps and sends is
// the program's own, behind [Rig].
//
// One loop takes what is due from a heap ordered by time, kind and id. A look
// that begins at t and takes d by the town's clock is reported at t + d. No
// clock is read and nothing runs beside the loop, so two runs are the same.
package replay

import (
	"cmp"
	"container/heap"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"bongsu/drill"
	"bongsu/drill/scenario"
	"bongsu/probes"
	"bongsu/status"
)

// Look is a look to begin.
type Look struct {
	Check    string
	Location string
}

// Rig is the program under the drill, as it is wired. Its times are the
// node's: what a step of its clock makes of them.
type Rig interface {
	// Begin returns the looks to begin at now, and when to ask next.
	Begin(now time.Time) (begin []Look, next time.Time)
	// Probe looks. It returns the result, and how long the look took.
	Probe(ctx context.Context, l Look, now time.Time) (probes.Result, time.Duration)
	// Report folds a look that has ended in.
	Report(l Look, began time.Time, r probes.Result, now time.Time)
	// Judge judges, keeps and publishes what is due, and returns when it next
	// has something to do, and whether there is something to send.
	Judge(ctx context.Context, now time.Time) (next time.Time, send bool, err error)
	// Send hands over what is due, and returns when it next has something to
	// do; zero if never.
	Send(ctx context.Context, now time.Time) (next time.Time, err error)
	// Do carries out an operator's deed.
	Do(c status.Command, now time.Time) error
	// Telling is the incident that tells of a component, the open one first;
	// empty if none does.
	Telling(component string) string
	// Tell sends an everyday text to everybody.
	Tell(ctx context.Context, text status.Text, now time.Time) error
	// Visit looks at pages and feeds, under the name of a checkpoint.
	Visit(checkpoint string, now time.Time) error
}

// Play is a scenario on its stage.
type Play struct {
	Scenario *scenario.Scenario
	Cast     map[string]string // target → component
	Town     *Town
	City     *drill.Indoors
	Rig      Rig
	Did      func(at time.Time, what string, err error) // an operator's deed
	Progress func(at time.Time)                         // told each virtual hour; may be nil
}

// kind orders what is due at one instant: the world first, then what is seen
// of it, then what is made of that.
type kind uint8

const (
	happens kind = iota
	arrives
	ends
	begins
	judges
	sends
)

// item is something due.
type item struct {
	at   time.Time
	kind kind
	id   string
	n    uint64 // equal items go in the order they came
	do   func(ctx context.Context) error
}

type agenda []item

func (a agenda) Len() int { return len(a) }
func (a agenda) Less(i, j int) bool {
	x, y := &a[i], &a[j]
	return cmp.Or(x.at.Compare(y.at), cmp.Compare(x.kind, y.kind), cmp.Compare(x.id, y.id), cmp.Compare(x.n, y.n)) < 0
}
func (a agenda) Swap(i, j int) { a[i], a[j] = a[j], a[i] }
func (a *agenda) Push(x any)   { *a = append(*a, x.(item)) }
func (a *agenda) Pop() any {
	n := len(*a) - 1
	last := (*a)[n]
	(*a)[n] = item{}
	*a = (*a)[:n]
	return last
}

// stage is one run.
type stage struct {
	*Play

	agenda agenda
	count  uint64
	now    time.Time          // the world's
	step   time.Duration      // by which the node's clock is off
	armed  map[kind]time.Time // when each of the program's own duties is next due
}

// Run plays the scenario from its start to its end.
func (p *Play) Run(ctx context.Context) error {
	s := &stage{Play: p, now: p.Scenario.Start, armed: map[kind]time.Time{}}
	for i := range p.Scenario.Events {
		e := &p.Scenario.Events[i]
		s.push(e.At, happens, "", func(ctx context.Context) error { return s.happen(ctx, e) })
	}
	s.arm(begins, s.now)
	s.arm(judges, s.now)
	hour := s.now
	for len(s.agenda) > 0 && ctx.Err() == nil {
		it := heap.Pop(&s.agenda).(item)
		if it.at.After(p.Scenario.End) {
			break
		}
		s.now = it.at
		p.City.MoveTo(s.now)
		if p.Progress != nil && s.now.Sub(hour) >= time.Hour {
			hour = s.now
			p.Progress(s.now)
		}
		if err := it.do(ctx); err != nil {
			return fmt.Errorf("replaying %s at %s: %w", p.Scenario.ID, s.now.Format(time.RFC3339), err)
		}
	}
	if ctx.Err() != nil {
		return fmt.Errorf("replaying %s: %w", p.Scenario.ID, context.Cause(ctx))
	}
	return nil
}

func (s *stage) push(at time.Time, k kind, id string, do func(context.Context) error) {
	if at.Before(s.now) {
		at = s.now
	}
	s.count++
	heap.Push(&s.agenda, item{at, k, id, s.count, do})
}

// arm plans one of the program's duties anew. What was planned before is void.
func (s *stage) arm(k kind, at time.Time) {
	if at.Before(s.now) {
		at = s.now
	}
	if s.armed[k].Equal(at) {
		return
	}
	s.armed[k] = at
	s.push(at, k, "", func(ctx context.Context) error {
		if !s.armed[k].Equal(at) {
			return nil
		}
		delete(s.armed, k)
		return s.duty(ctx, k)
	})
}

// sooner arms a duty unless it is due earlier anyway.
func (s *stage) sooner(k kind, at time.Time) {
	if due, ok := s.armed[k]; !ok || at.Before(due) {
		s.arm(k, at)
	}
}

func (s *stage) duty(ctx context.Context, k kind) error {
	switch k {
	case begins:
		return s.begin()
	case judges:
		return s.judge(ctx)
	case sends:
		return s.send(ctx)
	case arrives:
		s.City.Step(ctx, s.now)
		s.sooner(sends, s.now)
		s.onTheWay()
	case happens, ends:
	}
	return nil
}

// node is the program's time.
func (s *stage) node() time.Time { return s.now.Add(s.step) }

// world is the world's time of one of the program's.
func (s *stage) world(node time.Time) time.Time { return node.Add(-s.step) }

func (s *stage) begin() error {
	looks, next := s.Rig.Begin(s.node())
	for _, l := range looks {
		s.push(s.now, begins, l.Check+"@"+l.Location, func(ctx context.Context) error {
			began := s.node()
			result, took := s.Rig.Probe(ctx, l, began)
			s.push(s.now.Add(took), ends, l.Check+"@"+l.Location, func(context.Context) error {
				s.Rig.Report(l, began, result, s.node())
				s.sooner(judges, s.now)
				s.arm(begins, s.now)
				return nil
			})
			return nil
		})
	}
	if !next.IsZero() {
		s.arm(begins, s.world(next))
	}
	return nil
}

func (s *stage) judge(ctx context.Context) error {
	next, send, err := s.Rig.Judge(ctx, s.node())
	if err != nil {
		return err
	}
	if send {
		s.sooner(sends, s.now)
	}
	if !next.IsZero() {
		s.arm(judges, s.world(next))
	}
	return nil
}

func (s *stage) send(ctx context.Context) error {
	next, err := s.Rig.Send(ctx, s.node())
	if err != nil {
		return err
	}
	if !next.IsZero() {
		s.sooner(sends, s.world(next))
	}
	s.onTheWay()
	return nil
}

// onTheWay plans for what the city has on its way.
func (s *stage) onTheWay() {
	if at := s.City.Next(); !at.IsZero() {
		s.sooner(arrives, at)
	}
}

// happen lets an event of the scenario come true.
func (s *stage) happen(ctx context.Context, e *scenario.Event) error {
	for _, subject := range slices.Sorted(maps.Keys(e.Set)) {
		s.Town.Set(subject, e.Set[subject], s.now)
	}
	for _, name := range slices.Sorted(maps.Keys(e.Gateways)) {
		if err := s.City.Set(ctx, drill.Service(name), e.Gateways[name]); err != nil {
			return err
		}
	}
	if e.Clock != nil {
		s.step = *e.Clock
		s.arm(begins, s.now)
		s.arm(judges, s.now)
		s.sooner(sends, s.now)
	}
	if e.Tell != nil {
		if err := s.Rig.Tell(ctx, e.Tell, s.node()); err != nil {
			return err
		}
		s.sooner(sends, s.now)
	}
	if e.Do != nil {
		s.do(e.Do)
		s.arm(judges, s.now)
	}
	if e.Checkpoint != "" {
		return s.Rig.Visit(e.Checkpoint, s.node())
	}
	return nil
}

// do carries out an operator's deed. One that is refused is on record: the
// drill goes on, as the duty officer would.
func (s *stage) do(d *scenario.Deed) {
	component, played := s.Cast[d.About]
	if !played {
		s.Did(s.now, what(d)+" about "+d.About, fmt.Errorf("nothing plays %s", d.About))
		return
	}
	c := s.command(d, component)
	s.Did(s.now, what(d)+" about "+d.About, s.Rig.Do(c, s.node()))
}

func what(d *scenario.Deed) string {
	switch {
	case d.Statement != nil:
		return "statement"
	case d.ETA != nil:
		return "expectation"
	case d.Correct != nil:
		return "correction of " + d.Correct.Field
	case d.Note != nil:
		return "note"
	case d.Maintain != nil:
		return "maintenance"
	case d.Merge != "":
		return "merge"
	case len(d.Split) > 0:
		return "split"
	default:
		return "retraction"
	}
}

func (s *stage) command(d *scenario.Deed, component string) status.Command {
	c := status.Command{
		ID: fmt.Sprintf("drill-%d", s.count), At: s.node(), Incident: s.Rig.Telling(component),
		Author: cmp.Or(d.Author, "duty officer"),
	}
	switch {
	case d.Statement != nil:
		c.State = &status.Statement{Speaker: d.Statement.Speaker, Said: s.node(), Text: d.Statement.Text, Fixed: d.Statement.Fixed}
	case d.ETA != nil:
		c.Expect = &status.ETA{Speaker: d.ETA.Speaker, Basis: d.ETA.Basis, By: d.ETA.By, Expires: d.ETA.Expires}
	case d.Correct != nil:
		c.Correct = &status.Correction{Field: status.CorrectionField(d.Correct.Field), Is: d.Correct.Is, Reason: d.Correct.Reason}
	case d.Note != nil:
		c.Note = &status.NoteDraft{Text: d.Note.Text, Author: c.Author, Notify: d.Note.Notify}
	case d.Maintain != nil:
		w := d.Maintain
		c.Maintain = &status.Maintenance{Title: w.Title, Text: w.Title, Components: []string{component}, From: w.From, Until: w.Until}
	case d.Merge != "":
		c.Merge = s.Rig.Telling(s.Cast[d.Merge])
	case len(d.Split) > 0:
		for _, target := range d.Split {
			if id, ok := s.Cast[target]; ok {
				c.Split = append(c.Split, id)
			}
		}
	default:
		c.Retract = d.Retract
	}
	return c
}
