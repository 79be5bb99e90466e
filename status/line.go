package status

import "slices"

// Line names the line of the tables in the package comment that makes a
// component's state what it is: the worst of those that apply.
type Line string

// The lines, worst first among those of measurement.
const (
	LineAllFail       Line = "all_fail"       // all core checks fail, from every location that answers
	LineSomeFail      Line = "some_fail"      // some core checks fail and others do not, or cannot be decided
	LineNotEverywhere Line = "not_everywhere" // all core checks fail, from a quorum of locations but not from all
	LineShallow       Line = "shallow"        // a check shallower than the core fails
	LineCountsAs      Line = "counts_as"      // a check with counts_as fails
	LineSlow          Line = "slow"           // a core or an edge check is slow
	LinePass          Line = "pass"           // a core check passes
	LineNothing       Line = "nothing"        // nothing of this

	LineMaintenance Line = "maintenance" // it is in maintenance
	LineHardNeed    Line = "hard_need"   // derived: a hard need failed
	LineSoftNeed    Line = "soft_need"   // derived: a soft need failed
	LineUnexplained Line = "unexplained" // none: what is shown was judged by other rules
)

// Lines lists every line that a component's state can rest on, in the order
// of the tables.
func Lines() []Line {
	return []Line{
		LineAllFail, LineSomeFail, LineNotEverywhere, LineShallow, LineSlow, LineCountsAs, LinePass, LineNothing,
		LineHardNeed, LineSoftNeed, LineMaintenance,
	}
}

// Line is the line that the component's state rests on, so that the page can
// say why it is what it is.
func (c *ComponentView) Line() Line {
	switch {
	case c.State == UnderMaintenance:
		return LineMaintenance
	case c.Derived && c.State == PartialOutage:
		return LineHardNeed
	case c.Derived:
		return LineSoftNeed
	}
	checks, found := c.findings()
	if weigh(checks, found) != c.State {
		return LineUnexplained
	}
	return lineOf(c.State, checks, found)
}

// findings are what each production check says. One that nothing is held
// against passes.
func (c *ComponentView) findings() (checks []*Check, found []Finding) {
	for i := range c.Checks {
		check := &c.Checks[i]
		if check.Sandbox {
			continue
		}
		f := Finding{Check: check.ID, Level: LevelOK}
		if at := slices.IndexFunc(c.Why, func(w Finding) bool { return w.Check == check.ID }); at >= 0 {
			f = c.Why[at]
		}
		checks, found = append(checks, check), append(found, f)
	}
	return checks, found
}

// lineOf is the first line that makes the state by itself.
func lineOf(state State, checks []*Check, found []Finding) Line {
	switch state {
	case MajorOutage, PartialOutage:
		return failedLine(state, checks, found)
	case DegradedPerformance:
		if slices.ContainsFunc(found, func(f Finding) bool { return f.Level == LevelSlow }) {
			return LineSlow
		}
		return LineCountsAs
	case Operational:
		return LinePass
	case Unknown, UnderMaintenance:
	}
	return LineNothing
}

// failedLine is the line of a failed state: the core's own failures first.
func failedLine(state State, checks []*Check, found []Finding) Line {
	core := coreDepth(checks)
	all, failing, unanimous, shallow := 0, 0, true, false
	for i, c := range checks {
		f := &found[i]
		inCore, fails := tierOf(c.Depth) == core, f.Level == LevelFail && c.CountsAs == Unknown
		switch {
		case inCore && fails:
			failing++
			unanimous = unanimous && len(f.Passing) == 0
		case fails:
			shallow = true
		}
		if inCore && (f.Level != LevelFail || c.CountsAs == Unknown) {
			all++
		}
	}
	complete := failing > 0 && failing == all
	switch {
	case state == MajorOutage && complete && unanimous:
		return LineAllFail
	case state == PartialOutage && complete && !unanimous:
		return LineNotEverywhere
	case state == PartialOutage && failing > 0:
		return LineSomeFail
	case state == PartialOutage && shallow:
		return LineShallow
	default:
		return LineCountsAs
	}
}
