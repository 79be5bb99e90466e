package web

import (
	"cmp"
	"slices"
	"strings"

	"bongsu/status"
	"bongsu/web/speech"
)

// checkRows is one check: what its locations say together, and what each of
// them saw last.
type checkRows struct {
	Name, Depth, Label string
	Sandbox            bool
	Badge              badge
	Says               string // "fails from 1 of 3 locations (seoul-1); answers from 2"
	Fresh              string
	CountsAs           string
	Looks              []look

	level status.Level
}

// look is what a location saw last at a check, and whether it counts.
type look struct {
	Location string
	Badge    badge
	At       *speech.Moment
	Saw      string
	Took     string
	Usual    string
	Reason   *Reason // what was seen
	Silence  string  // why its word does not count now
}

// evidence is what each check says, worst first, sandboxes last.
func (t *teller) evidence(c *status.ComponentView) []checkRows {
	rows := make([]checkRows, 0, len(c.Checks))
	for i := range c.Checks {
		rows = append(rows, t.checkRows(c, &c.Checks[i]))
	}
	slices.SortStableFunc(rows, func(a, b checkRows) int {
		return cmp.Or(compareBools(a.Sandbox, b.Sandbox), weight(b.level)-weight(a.level))
	})
	return rows
}

func compareBools(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	default:
		return 1
	}
}

// weight orders verdicts as the judge does: failing, slow, undecided, passing.
func weight(l status.Level) int {
	return map[status.Level]int{status.LevelOK: 0, status.LevelUnknown: 1, status.LevelSlow: 2, status.LevelFail: 3}[l]
}

func (t *teller) checkRows(c *status.ComponentView, check *status.Check) checkRows {
	f := t.finding(c, check)
	row := checkRows{
		Name: checkName(c, check.ID), Depth: t.depth(check),
		Label: check.Label, Sandbox: check.Sandbox,
		Badge: t.level(f.Level), Says: t.says(&f), level: f.Level,
	}
	if check.Fresh > 0 {
		row.Fresh = t.Period(check.Fresh)
	}
	if check.CountsAs != status.Unknown {
		row.CountsAs = t.state(check.CountsAs)
	}
	for _, location := range t.watchers(c, check) {
		row.Looks = append(row.Looks, t.look(c, check, &f, location))
	}
	return row
}

// depth says what a check can prove.
func (t *teller) depth(check *status.Check) string {
	if check.Awaits {
		return t.Say("depth_awaits")
	}
	return t.Say("depth_" + check.Depth.String())
}

// watchers are the locations that look at a check: those that are to, else
// those that have.
func (t *teller) watchers(c *status.ComponentView, check *status.Check) []string {
	ids := slices.Clone(check.From)
	if len(ids) == 0 {
		for i := range t.snapshot.Locations {
			ids = append(ids, t.snapshot.Locations[i].ID)
		}
	}
	for i := range c.Standings {
		if s := &c.Standings[i]; s.Check == check.ID {
			ids = append(ids, s.Location)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// finding is what a check says of its component: what the judge holds against
// it, else what its locations say now.
func (t *teller) finding(c *status.ComponentView, check *status.Check) status.Finding {
	for i := range c.Why {
		if c.Why[i].Check == check.ID {
			return c.Why[i]
		}
	}
	f := status.Finding{Check: check.ID}
	for _, location := range t.watchers(c, check) {
		s := standing(c, check.ID, location)
		switch {
		case len(t.doubts(location)) > 0:
			f.Doubted = append(f.Doubted, location)
		case s == nil || !t.fresh(s, check) || s.Level == status.LevelUnknown:
			f.Silent = append(f.Silent, location)
		case s.Level == status.LevelFail:
			f.Failing = append(f.Failing, location)
		default:
			f.Passing = append(f.Passing, location)
		}
	}
	switch {
	case len(f.Passing) > 0 && len(f.Failing) == 0:
		f.Level = status.LevelOK
	case len(f.Failing) > 0 && len(f.Passing) == 0 && check.Sandbox:
		f.Level = status.LevelFail
	}
	return f
}

func standing(c *status.ComponentView, check, location string) *status.Standing {
	for i := range c.Standings {
		if s := &c.Standings[i]; s.Check == check && s.Location == location {
			return s
		}
	}
	return nil
}

// fresh says whether a location's word on a check still counts.
func (t *teller) fresh(s *status.Standing, check *status.Check) bool {
	return !s.Said.IsZero() && (check.Fresh <= 0 || t.snapshot.At.Sub(s.Said) <= check.Fresh)
}

// doubts are the reasons not to believe a location now.
func (t *teller) doubts(location string) []status.Doubt {
	for i := range t.snapshot.Locations {
		if l := &t.snapshot.Locations[i]; l.ID == location {
			return l.Doubts
		}
	}
	return nil
}

// place is a location's name, or its id if it has none.
func (t *teller) place(id string) string {
	for i := range t.snapshot.Locations {
		if l := &t.snapshot.Locations[i]; l.ID == id {
			return cmp.Or(t.text(l.Name), id)
		}
	}
	return id
}

func (t *teller) placeNames(ids []string) string {
	names := make([]string, 0, len(ids))
	for _, id := range ids {
		names = append(names, t.place(id))
	}
	return t.Few(names)
}

// says is a finding in words: how many of the locations say what.
func (t *teller) says(f *status.Finding) string {
	all := len(f.Failing) + len(f.Passing) + len(f.Silent) + len(f.Doubted)
	if all == 0 {
		return t.Say("says_nobody")
	}
	passing := "says_passing"
	if f.Level == status.LevelSlow {
		passing = "says_slow"
	}
	var parts []string
	for _, part := range []struct {
		id  string
		ids []string
	}{{"says_failing", f.Failing}, {passing, f.Passing}, {"says_silent", f.Silent}, {"says_doubted", f.Doubted}} {
		if n := len(part.ids); n > 0 {
			parts = append(parts, t.Say(part.id, "Count", n, "All", all, "Where", t.placeNames(part.ids)))
		}
	}
	return strings.Join(parts, t.Say("says_join")) + t.Say("says_end")
}

func (t *teller) look(c *status.ComponentView, check *status.Check, f *status.Finding, location string) look {
	l := look{Location: t.place(location), Badge: badge{Class: "none", Word: t.Say("place_not_counted")}}
	s := standing(c, check.ID, location)
	if s == nil {
		l.Silence = t.Say("no_look")
		return l
	}
	l.At, l.Took, l.Reason = t.Moment(s.At), t.Took(s.Took), t.reason(s.Reason)
	l.Saw = t.Say("saw_" + s.Outcome.String())
	if s.Usual > 0 {
		l.Usual = t.Say("usually", "Time", t.Took(s.Usual))
	}
	switch doubts := t.doubts(location); {
	case len(doubts) > 0:
		l.Silence = t.doubted(&doubts[0])
	case slices.Contains(f.Doubted, location):
		l.Silence = t.Say("silence_waiting")
	case !t.fresh(s, check) && s.Outcome == status.Inconclusive:
		l.Silence = t.Say("silence_inconclusive")
	case !t.fresh(s, check):
		l.Silence = t.Say("silence_old", "Fresh", t.Period(check.Fresh))
	default:
		l.Badge = t.level(s.Level)
	}
	return l
}

// doubted says why a location is not believed, and since when.
func (t *teller) doubted(d *status.Doubt) string {
	return t.Say("doubted_"+string(d.Kind), "Time", t.At(d.Since))
}

func (t *teller) level(l status.Level) badge {
	return badge{Class: levelClasses[l], Word: t.Say("level_" + levelName(l))}
}

// unknownWhy says what keeps a component from being judged.
func (t *teller) unknownWhy(c *status.ComponentView) string {
	switch {
	case c.State != status.Unknown:
		return ""
	case len(c.Checks) == 0:
		return t.Say("no_checks")
	case !t.snapshot.Impaired.IsZero():
		return t.Say("unknown_impaired", "Time", t.At(t.snapshot.Impaired))
	case c.Measured.IsZero() && len(c.Standings) == 0:
		return t.Say("unknown_never")
	case inconclusive(c):
		return t.Say("unknown_inconclusive")
	case disagree(c):
		return t.Say("unknown_disagree")
	case c.Measured.IsZero():
		return t.Say("unknown_never")
	}
	return t.Say("unknown_old", "Time", t.At(c.Measured))
}

// inconclusive says whether the latest look of every location told nothing.
func inconclusive(c *status.ComponentView) bool {
	return len(c.Standings) > 0 && !slices.ContainsFunc(c.Standings, func(s status.Standing) bool { return s.Outcome != status.Inconclusive })
}

// disagree says whether a check is undecided although locations have spoken.
func disagree(c *status.ComponentView) bool {
	return slices.ContainsFunc(c.Why, func(f status.Finding) bool {
		return f.Level == status.LevelUnknown && len(f.Failing) > 0
	})
}
