package status

import "time"

// sight is a check as its locations see it.
type sight struct {
	check *Check
	of    *subject
	views []view // one for each of Model.Locations, in their order
}

// view is one location's standing on a check.
type view struct {
	Standing
	cast    bool // it has voted
	counted bool // its standing was fresh when the component was last measured
	queued  bool // its lapse is in the heap
}

// fresh says whether the view counts at now.
func (s *sight) fresh(v *view, now time.Time) bool {
	return !v.Said.IsZero() && now.Sub(v.Said) <= s.check.Fresh
}

// lapse is the first instant at which the view counts no more.
func (s *sight) lapse(v *view) time.Time {
	return v.Said.Add(s.check.Fresh + 1)
}

// quorum is how many locations must agree.
func (m *Model) quorum() int {
	if m.Rules.Quorum > 0 {
		return m.Rules.Quorum
	}
	return m.majority()
}

func (m *Model) majority() int { return len(m.Locations)/2 + 1 }

// find is what the check's locations say together at now. Only fresh views
// count, and fewer of them than the quorum decide nothing. A failure, or
// slowness, counts when the quorum sees it; the check passes when the quorum,
// or a majority of all locations if that is less, says that it answers. Locations
// that disagree without either leave it undecided. The finding's words come when
// it is shown; see [subject.reasons].
func (b *Board) find(s *sight, now time.Time) Finding {
	f := Finding{Check: s.check.ID}
	slow := 0
	for l := range s.views {
		v, location := &s.views[l], b.model.Locations[l]
		v.counted = s.fresh(v, now)
		switch {
		case !v.counted || v.Level == LevelUnknown:
			f.Silent = append(f.Silent, location)
		case v.Level == LevelFail:
			f.Failing = append(f.Failing, location)
		case v.Level == LevelSlow:
			f.Passing = append(f.Passing, location)
			slow++
		default:
			f.Passing = append(f.Passing, location)
		}
	}
	f.Level = b.verdict(len(f.Failing), slow, len(f.Passing)-slow)
	return f
}

// verdict weighs the fresh views: so many failing, slow and ok.
func (b *Board) verdict(failing, slow, ok int) Level {
	need := b.model.quorum()
	switch {
	case failing+slow+ok < need:
		return LevelUnknown
	case failing >= need:
		return LevelFail
	case failing+slow >= need:
		return LevelSlow
	case slow+ok >= min(need, b.model.majority()):
		return LevelOK
	default:
		return LevelUnknown
	}
}

// blame keeps the reason of the newest vote that is not ok.
func (f *Finding) blame(v *view) {
	if v.cast && v.Outcome != OK && v.At.After(f.At) {
		f.Reason, f.At = v.Reason, v.At
	}
}

// speaksAgainst says whether a finding is worth showing: it is not a plain pass.
func (f *Finding) speaksAgainst() bool {
	return f.Level != LevelOK || len(f.Failing) > 0
}
