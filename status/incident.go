package status

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// story is an incident being told.
type story struct {
	Incident
	causes  []*cause // what causes its troubles, in the judgement that runs
	touched bool     // changed since the last Change

	timesTold map[string]int // what tellings counted
	counted   int            // in so many updates
}

func (s *story) manual() bool { return strings.HasPrefix(s.Cause, causeManual) }

// last is the latest update. Every story begins with one.
func (s *story) last() *Update { return &s.Updates[len(s.Updates)-1] }

// told is the latest update by which the program told of the components, or
// the first of all.
func (s *story) told() *Update {
	for k := len(s.Updates) - 1; k > 0; k-- {
		if s.Updates[k].tells() {
			return &s.Updates[k]
		}
	}
	return &s.Updates[0]
}

func (a *Affected) troubled() bool { return a.Until.IsZero() && a.State.Troubled() }

// troubled says whether any component is measured as troubled, or follows to be.
func (s *story) troubled() bool {
	return slices.ContainsFunc(s.Components, func(a Affected) bool { return a.troubled() })
}

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
	if began := of.onset(now); began.Before(s.Began) && !s.corrected(CorrectBegan) {
		s.Began, s.touched = began, true
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

// release notes that another story tells of the component from now on: here it
// is over, and it has not recovered.
func (s *story) release(component string, now time.Time) {
	for i := range s.Components {
		a := &s.Components[i]
		if a.Component != component || a.released() {
			continue
		}
		if !a.State.Troubled() {
			a.State = a.Worst
		}
		a.Until, s.touched = firstOf(a.Until, now), true
	}
}

// released says whether another story has taken the component over. What
// recovered or is not judged any more is not in trouble when it is over.
func (a *Affected) released() bool { return !a.Until.IsZero() && a.State.Troubled() }

// unwell says whether any component is not known to be well.
func (s *story) unwell() bool {
	return slices.ContainsFunc(s.Components, func(a Affected) bool { return a.Until.IsZero() })
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
