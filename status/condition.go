package status

import (
	"cmp"
	"slices"
	"time"
)

// subject is a component under judgement.
type subject struct {
	*Component
	order     int // in the configuration
	sights    []*sight
	dirty     bool      // a vote may have changed what it measures
	measured  State     // by its own checks alone
	why       []Finding // of its own checks
	began     time.Time // when the trouble that they see began; zero if they see none
	lapsed    time.Time // when the newest of its views that count no more stopped counting
	work      string    // the maintenance it is in, or empty
	worked    time.Time // when its latest maintenance ended
	condition Condition // as last handed out
	history   history

	neededBy  []string   // who needs it, sorted
	spoken    bool       // a standing has changed since they were last shown
	standings []Standing // as last shown: replaced, never written to
}

// severity orders states by how much they weigh in a summary: what cannot be
// measured weighs more than what is well and less than what is measured bad.
var severity = [...]int{
	Operational:         0,
	UnderMaintenance:    1,
	Unknown:             2,
	DegradedPerformance: 3,
	PartialOutage:       4,
	MajorOutage:         5,
}

// worse is the weightier of two states.
func worse(a, b State) State {
	if severity[b] > severity[a] {
		return b
	}
	return a
}

// measure brings the subject's measured state and findings up to now. It says
// whether either changed, or whether the trouble began earlier than was known:
// a location that confirms it late may have seen it first.
func (b *Board) measure(s *subject, now time.Time) (changed bool) {
	s.dirty = false
	s.lapsed = time.Time{}
	var production, why []Finding
	var checks []*Check
	for _, sight := range s.sights {
		f := sight.find(now)
		if sight.check.Sandbox {
			continue
		}
		s.noteLapse(sight, now)
		production, checks = append(production, f), append(checks, sight.check)
		if f.speaksAgainst() {
			why = append(why, f)
		}
	}
	slices.SortStableFunc(why, worstFirst)
	state, began := weigh(checks, production), s.troubleBegan()
	changed = state != s.measured || !sameFindings(why, s.why) || began.Before(s.began)
	s.measured, s.why, s.began = state, why, began
	return changed
}

// noteLapse keeps when the newest view that counts no more stopped counting.
func (s *subject) noteLapse(t *sight, now time.Time) {
	for i := range t.views {
		v := &t.views[i]
		if at := v.lapse(); !v.Said.IsZero() && !at.After(now) && at.After(s.lapsed) {
			s.lapsed = at
		}
	}
}

// saidLast is when the latest conclusive look at production began.
func (s *subject) saidLast() (at time.Time) {
	for _, t := range s.sights {
		for i := range t.views {
			if !t.check.Sandbox && t.views[i].Said.After(at) {
				at = t.views[i].Said
			}
		}
	}
	return at
}

// onset is when the trouble began that the checks see now, and no earlier than
// the end of the latest maintenance: until then it was planned. Without such
// looks it is the fallback.
func (s *subject) onset(fallback time.Time) time.Time {
	first := sooner(fallback, s.troubleBegan())
	return latest(first, s.worked)
}

// troubleBegan is when the trouble began that the checks of production see now;
// zero if they see none.
func (s *subject) troubleBegan() (first time.Time) {
	for _, t := range s.sights {
		if !t.check.Sandbox {
			first = sooner(first, t.onset())
		}
	}
	return first
}

// conclude is the subject's condition at now, given its fate and the cause it
// is marked with. It says whether that is news.
func (s *subject) conclude(f fate, cause string, now time.Time) (next Condition, news bool) {
	old := &s.condition
	if old.Version > 0 && old.State == f.state && old.Derived == f.derived &&
		old.AffectedBy == cause && sameFindings(old.Why, s.why) {
		return *old, false
	}
	next = Condition{
		Component: s.ID, State: f.state, Derived: f.derived, AffectedBy: cause,
		Since: old.Since, Why: s.reasons(), Measured: s.saidLast(), Version: old.Version + 1,
	}
	if old.Version == 0 || old.State != f.state {
		next.Since = s.turned(f.state, now)
	}
	return next, true
}

// reasons are the subject's findings in the words of the latest votes.
func (s *subject) reasons() []Finding {
	all := slices.Clone(s.why)
	for i := range all {
		f := &all[i]
		f.Reason, f.At = "", time.Time{}
		at := slices.IndexFunc(s.sights, func(t *sight) bool { return t.check.ID == f.Check })
		for v := range s.sights[at].views {
			f.blame(&s.sights[at].views[v])
		}
	}
	return all
}

// turned is when the subject's state became what it is at now. What was
// measured turns unknown when the votes stopped counting, and maintenance ends
// when it was to, even if nobody was there to judge it then: a night without us
// is not a night without outage.
func (s *subject) turned(to State, now time.Time) time.Time {
	old := &s.condition
	measured := old.Version > 0 && !old.Derived && (old.State == Operational || old.State.Troubled())
	if to == Unknown && measured && s.lapsed.After(old.Since) {
		return s.lapsed
	}
	if old.State == UnderMaintenance && s.work == "" && s.worked.After(old.Since) {
		return s.worked
	}
	return now
}

// worstFirst orders findings: failing, slow, undecided, then those that pass
// with some location failing; equal ones by the check's id.
func worstFirst(a, b Finding) int {
	weight := [...]int{LevelOK: 0, LevelUnknown: 1, LevelSlow: 2, LevelFail: 3}
	return cmp.Or(cmp.Compare(weight[b.Level], weight[a.Level]), cmp.Compare(a.Check, b.Check))
}

// sameFindings compares what findings say, not the words of their latest
// votes: a reason with a new number in it is no news.
func sameFindings(a, b []Finding) bool {
	return slices.EqualFunc(a, b, func(x, y Finding) bool {
		return x.Check == y.Check && x.Level == y.Level &&
			slices.Equal(x.Failing, y.Failing) && slices.Equal(x.Passing, y.Passing) && slices.Equal(x.Silent, y.Silent) &&
			slices.Equal(x.Doubted, y.Doubted)
	})
}

// weigh is the state that a component's findings amount to, by the table in
// the package comment; found[i] is of checks[i]. Unknown means that nothing
// decides.
func weigh(checks []*Check, found []Finding) State {
	core := coreDepth(checks)
	state, known := Operational, false
	say := func(s State) { state, known = worse(state, s), true }
	failing, all, unanimous := 0, 0, true
	for i, c := range checks {
		f, tier := &found[i], tierOf(c.Depth)
		switch {
		case f.Level == LevelFail && c.CountsAs != Unknown:
			say(c.CountsAs)
			continue
		case f.Level == LevelFail && tier < core:
			say(PartialOutage)
		case f.Level == LevelFail:
			failing++
			unanimous = unanimous && len(f.Passing) == 0
		case f.Level == LevelSlow && (tier == core || tier > tierReach):
			say(DegradedPerformance)
		case f.Level == LevelOK && tier == core:
			say(Operational)
		}
		if tier == core {
			all++
		}
	}
	switch {
	case failing > 0 && failing == all && unanimous:
		say(MajorOutage)
	case failing > 0:
		say(PartialOutage)
	}
	if !known {
		return Unknown
	}
	return state
}

// The tiers of depth: what a check of each can prove. Function and canary both
// prove that the function works.
const (
	tierReach = iota
	tierEdge
	tierFunction
)

func tierOf(d Depth) int {
	switch d {
	case Reach:
		return tierReach
	case Edge:
		return tierEdge
	default:
		return tierFunction
	}
}

// coreDepth is the deepest tier among the checks: the one that speaks for the
// component.
func coreDepth(checks []*Check) int {
	core := tierReach
	for _, c := range checks {
		core = max(core, tierOf(c.Depth))
	}
	return core
}
