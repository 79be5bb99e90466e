package status

import (
	"slices"
	"time"
)

// sight is a check as its locations see it.
type sight struct {
	check *Check
	of    *subject // nil for a control
	views []view   // one for each location that looks at it, in the order of Model.Locations
	need  int      // how many of them must agree
	patience
}

// view is one location's standing on a check.
type view struct {
	Standing
	of      *sight
	at      *place
	claim   Level     // what its looks amount to, if that is worse than its level and waits for the controls
	asked   time.Time // when the look ended that made the claim
	cast    bool      // it has voted
	counted bool      // its word counted when the component was last measured
	queued  bool      // its lapse is in the heap
	waiting bool      // it claims what its controls have yet to bear out
	listed  bool      // it is among those of its place that wait
}

// view is the location's view of the check; nil if it does not look at it.
func (t *sight) view(p *place) *view {
	for i := range t.views {
		if t.views[i].at == p {
			return &t.views[i]
		}
	}
	return nil
}

// stir notes that the standing changes.
func (v *view) stir() {
	if v.of.of != nil {
		v.of.of.spoken = true
	}
}

// fresh says whether the latest conclusive look is young enough to count.
func (v *view) fresh(now time.Time) bool {
	return !v.Said.IsZero() && now.Sub(v.Said) <= v.of.check.Fresh
}

// lapse is the first instant at which the view counts no more.
func (v *view) lapse() time.Time {
	return v.Said.Add(v.of.check.Fresh + 1)
}

// quorum is how many of so many locations must agree: as many as the rules
// say, or all if there are not so many, or a majority.
func (r *Rules) quorum(locations int) int {
	if r.Quorum > 0 {
		return max(min(r.Quorum, locations), 1)
	}
	return majority(locations)
}

func majority(of int) int { return of/2 + 1 }

// find is what the check's locations say together at now. Only fresh words of
// locations that are not doubted count, and fewer of them than the quorum decide
// nothing. A failure, or slowness, counts when the quorum sees it; the check
// passes when the quorum, or a majority of the locations that look at it if that
// is less, says that it answers. Locations that disagree without either leave
// it undecided. The finding's words come when it is shown; see [subject.reasons].
func (t *sight) find(now time.Time) Finding {
	f := Finding{Check: t.check.ID}
	slow := 0
	for i := range t.views {
		v := &t.views[i]
		fresh, location := v.fresh(now), v.at.ID
		v.counted = false
		switch {
		case v.at.doubted() || fresh && v.waiting:
			f.Doubted = append(f.Doubted, location)
			continue
		case !fresh || v.Level == LevelUnknown:
			f.Silent = append(f.Silent, location)
			continue
		case v.Level == LevelFail:
			f.Failing = append(f.Failing, location)
		case v.Level == LevelSlow:
			f.Passing = append(f.Passing, location)
			slow++
		default:
			f.Passing = append(f.Passing, location)
		}
		v.counted = true
	}
	f.Level = t.verdict(len(f.Failing), slow, len(f.Passing)-slow)
	return f
}

// verdict weighs the words that count: so many failing, slow and ok.
func (t *sight) verdict(failing, slow, ok int) Level {
	switch {
	case failing+slow+ok < t.need:
		return LevelUnknown
	case failing >= t.need:
		return LevelFail
	case failing+slow >= t.need:
		return LevelSlow
	case slow+ok >= min(t.need, majority(len(t.views))):
		return LevelOK
	default:
		return LevelUnknown
	}
}

// onset is when the trouble that the check sees began: at the first troubled
// look of the location that made up the quorum. So one location that has been
// wrong for days does not date an outage. It is zero if no quorum sees trouble.
func (t *sight) onset() time.Time {
	var turned []time.Time
	for i := range t.views {
		if v := &t.views[i]; v.counted && v.Level > LevelOK && !v.Turned.IsZero() {
			turned = append(turned, v.Turned)
		}
	}
	if len(turned) < t.need {
		return time.Time{}
	}
	slices.SortFunc(turned, time.Time.Compare)
	return turned[t.need-1]
}

// blame keeps the reason of the newest vote that is not ok and not doubted.
func (f *Finding) blame(v *view) {
	if v.cast && v.Outcome != OK && !v.at.doubted() && v.At.After(f.At) {
		f.Reason, f.At = v.Reason, v.At
	}
}

// speaksAgainst says whether a finding is worth showing: it is not a plain pass.
func (f *Finding) speaksAgainst() bool {
	return f.Level != LevelOK || len(f.Failing) > 0
}
