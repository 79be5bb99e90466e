package status

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Errors that a person's request may meet.
var (
	ErrNoIncident  = errors.New("no such incident")
	ErrNoComponent = errors.New("no such component")
	ErrClosed      = errors.New("the incident is closed")
	ErrMeasured    = errors.New("this stage is for measurement to reach; write a note without a stage")
	ErrNoState     = errors.New("an incident's components are degraded_performance, partial_outage or major_outage")
	ErrNoTime      = errors.New("the maintenance ends before it begins, or has ended already")
)

// Draft is an incident opened by hand.
type Draft struct {
	Title      Text
	Text       Text // the first update
	Components map[string]State
	Stage      Stage
	Author     string
	Notify     bool // tell subscribers
}

// NoteDraft is an update written by a person.
type NoteDraft struct {
	Text   Text
	Author string
	Stage  *Stage    // nil leaves the stage alone; Resolved ends an incident opened by hand only
	Next   time.Time // when the next word comes, if sooner than the rules promise it
	Notify bool
}

// Open opens an incident by hand. It returns its id. What it says of its
// components is a statement: it changes no component's measured state. A
// component that an open incident explains already stays with that one. The
// next Judge, to be asked at once, has it in its Change.
//
// The error is [ErrNoComponent], [ErrNoState] or, for a draft that is resolved
// already, [ErrClosed].
func (b *Board) Open(d Draft, now time.Time) (string, error) {
	now = b.clock(now)
	if d.Stage == Resolved {
		return "", fmt.Errorf("opening an incident: %w", ErrClosed)
	}
	s, err := b.draft(d, now)
	if err != nil {
		return "", fmt.Errorf("opening an incident: %w", err)
	}
	s.ID, s.Code = b.names.ID(now), b.code()
	s.Cause = causeManual + s.ID
	for _, a := range s.Components {
		b.claimed[a.Component] = s
	}
	b.open = append(b.open, s)
	u := b.write(s, UpdateOpened, now)
	u.Text, u.Author = d.Text, d.Author
	if d.Notify {
		s.Announced, s.Told = now, s.audience()
		b.emit(s, EventOpened, Operational, s.Told, now)
	}
	b.retell = true
	return s.ID, nil
}

// draft is the story that a draft asks for.
func (b *Board) draft(d Draft, now time.Time) (*story, error) {
	s := &story{Incident: Incident{
		Title: d.Title, Stage: d.Stage, Impact: Operational, Began: now, Detected: now,
	}}
	ids := make([]string, 0, len(d.Components))
	for id := range d.Components {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, id := range ids {
		state := d.Components[id]
		if _, known := b.index[id]; !known {
			return nil, b.unknownComponent(id)
		}
		if !state.Troubled() {
			return nil, fmt.Errorf("%q is said to be %s: %w", id, state, ErrNoState)
		}
		s.Impact = worse(s.Impact, state)
		if b.teller[id] == nil && b.claimed[id] == nil {
			s.Components = append(s.Components, Affected{Component: id, State: state, Worst: state, Since: now})
		}
	}
	s.Worst = s.Impact
	return s, nil
}

// audience is the impact by which routes choose whom to tell. An incident that
// names no component is for everybody.
func (s *story) audience() State {
	switch {
	case s.Told != Unknown:
		return s.Told
	case s.Worst.Troubled():
		return s.Worst
	default:
		return MajorOutage
	}
}

// Note adds an update to an open incident. It returns the update's id. The
// next Judge, to be asked at once, has it in its Change.
//
// The error is [ErrNoIncident], [ErrClosed] or [ErrMeasured]: whatever a
// person says, an incident that was measured is watched and ended by
// measurement.
func (b *Board) Note(incident string, n NoteDraft, now time.Time) (string, error) {
	now = b.clock(now)
	s, err := b.openStory(incident)
	if err != nil {
		return "", fmt.Errorf("noting on incident %q: %w", incident, err)
	}
	if n.Stage != nil {
		if !s.manual() && *n.Stage != s.Stage && (*n.Stage != Identified || s.Stage == Monitoring) {
			return "", fmt.Errorf("moving incident %q to %s: %w", incident, *n.Stage, ErrMeasured)
		}
		s.Stage = *n.Stage
	}
	ended := s.Stage == Resolved
	if ended {
		b.end(s, now)
	}
	u := b.write(s, UpdateNote, now)
	u.Text, u.Author = n.Text, n.Author
	if n.Next.After(now) && (u.Next.IsZero() || n.Next.Before(u.Next)) && !ended {
		u.Next, s.Next = n.Next, n.Next
	}
	switch {
	case ended && !s.Announced.IsZero():
		b.emit(s, EventResolved, s.Told, Operational, now)
	case n.Notify:
		b.emit(s, EventNote, Operational, s.audience(), now)
		b.breakSilence(s, now)
	}
	made := u.ID
	if ended {
		b.settleETAs(s, now)
	}
	b.retell, b.stale = true, b.stale || ended
	return made, nil
}

// end closes a story by hand. What is measured of its components may need
// another from now on.
func (b *Board) end(s *story, now time.Time) {
	s.Resolved, s.Impact = now, Operational
	for i := range s.Components {
		a := &s.Components[i]
		a.Until = firstOf(a.Until, now)
		if tellers := b.tellers(s); tellers[a.Component] == s {
			delete(tellers, a.Component)
		}
	}
}

func (b *Board) openStory(id string) (*story, error) {
	for _, s := range b.open {
		if s.ID == id && s.Open() {
			return s, nil
		}
	}
	if slices.ContainsFunc(b.past, func(i Incident) bool { return i.ID == id }) ||
		slices.ContainsFunc(b.open, func(s *story) bool { return s.ID == id }) {
		return nil, ErrClosed
	}
	return nil, ErrNoIncident
}

// compareOpen orders open incidents as the page does: worst first, then
// oldest.
func compareOpen(a, b Incident) int {
	if d := severity[b.Impact] - severity[a.Impact]; d != 0 {
		return d
	}
	if d := a.Began.Compare(b.Began); d != 0 {
		return d
	}
	return strings.Compare(a.ID, b.ID)
}
