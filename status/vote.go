package status

import "time"

// Followup is who should look next because of a look, and sooner than they
// would: what one location sees alone is worth little.
type Followup struct {
	Again     bool // the same location, soon: the look disagrees with its confirmed word
	Elsewhere bool // the other locations that look at the check, at once: this one begins to disagree
	Controls  bool // the same location, at its controls, at once: its word waits for them, or soon will
}

// Vote folds one look in and says who should look next. A look that began no
// later than the location's latest one is old news and changes nothing, nor does
// one of a check or location that is not in the model, or of a location that
// does not look at the check. One that comes when its word would count no more,
// or from a location that is doubted, is shown as its latest and counts for
// nothing.
//
// Where the model has controls, a look that makes a location's word on a
// component worse counts once the location has seen its controls answer by looks
// that began after it; see [Followup.Controls].
func (b *Board) Vote(v Vote) Followup {
	w := b.view(v.Check, v.Location)
	if w == nil || w.cast && !v.At.After(w.At) {
		return Followup{}
	}
	w.at.heard = latest(w.at.heard, v.At)
	w.stir()
	if b.idle(w, v) {
		w.Vote, w.cast = v, true
		return Followup{}
	}
	before := w.Standing
	w.Standing, w.cast = before.fold(v, w.of.patience), true
	if !w.Said.Equal(v.At) { // inconclusive
		return Followup{}
	}
	b.watchLapse(w)
	if w.of.of == nil {
		w.at.uneasy = true
		return Followup{Again: w.unsettled()}
	}
	return b.heed(w, &before)
}

// idle says whether a look counts for nothing: it comes too late, or its
// location was doubted when it began. A doubted location's controls still count.
func (b *Board) idle(w *view, v Vote) bool {
	late := b.now.Sub(v.At) > w.of.check.Fresh
	doubted := w.of.of != nil && (w.at.doubted() || v.At.Before(w.at.trusted))
	return late || doubted
}

// heed draws the conclusions from a conclusive look at a component.
func (b *Board) heed(w *view, before *Standing) Followup {
	waited := w.waiting
	seen := w.latest()
	began := w.unsettled() && (w.Turned.Equal(w.At) || seen != before.latest())
	worse := w.worsens(levelOf(seen))
	if w.at.shaken && worse {
		w.hold()
		began = false
	}
	w.wait()
	if w.Level != before.Level || w.waiting != waited || !w.counted {
		b.touch(w.of.of)
	}
	return Followup{
		Again:     w.unsettled() && !w.waiting,
		Elsewhere: began && len(w.of.views) > 1,
		Controls:  w.of.vouched && worse && (began || w.waiting),
	}
}

// latest is the later of two times, either of which may be none.
func latest(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
