package status

import (
	"slices"
	"strings"
	"time"
)

// controlLooks is how many looks in a row make a control fail or answer: fewer
// than for other checks, for while they disagree nothing can be told.
const controlLooks = 2

// place is a location under judgement: what it says of itself, and whether its
// word on anything else counts.
type place struct {
	*Location
	views    []*view // of the components' checks
	controls []*view
	waiting  []*view       // those whose claims the controls have yet to bear out
	longest  time.Duration // how long the most lasting of its words counts
	heard    time.Time     // when its latest look began
	doubts   []Doubt       // those that last, oldest first
	trusted  time.Time     // when the latest doubt ended; what was seen before tells nothing
	shaken   bool          // more than half of its controls failed the latest look
	uneasy   bool          // its controls are to be weighed
}

func (p *place) doubted() bool { return len(p.doubts) > 0 }

// testimony is what a location's controls say together.
type testimony struct {
	failing   []*view   // those whose word is that they fail
	spoken    int       // controls with a fresh word
	looked    int       // controls with a fresh conclusive look
	faltering int       // of these, the ones whose latest look failed
	good      time.Time // at least half of these answered looks begun then or later; zero if fewer did
}

// hear weighs the controls at now.
func (p *place) hear(now time.Time) testimony {
	var t testimony
	var good []time.Time
	for _, c := range p.controls {
		if !c.fresh(now) || c.Recent == "" {
			continue
		}
		t.looked++
		if c.latest() == lookFailing {
			t.faltering++
		} else {
			good = append(good, c.Said)
		}
		if c.Level != LevelUnknown {
			t.spoken++
		}
		if c.Level == LevelFail {
			t.failing = append(t.failing, c)
		}
	}
	if half := (t.looked + 1) / 2; half > 0 && len(good) >= half {
		slices.SortFunc(good, func(a, b time.Time) int { return b.Compare(a) })
		t.good = good[half-1]
	}
	return t
}

// accuses says whether more than half of the controls that have a word fail. A
// single control can accuse the location alone; two must both fail, for one of
// two unrelated targets may well fail by itself.
func (t *testimony) accuses() bool { return 2*len(t.failing) > t.spoken }

// acquits says whether enough controls answer. Silent ones acquit nobody.
func (t *testimony) acquits() bool { return t.spoken > 0 && !t.accuses() }

// doubt is the doubt that failing controls are, since so many of them fail that
// it is one.
func (t *testimony) doubt(location string) Doubt {
	var turned []time.Time
	var reasons []string
	for _, c := range t.failing {
		turned = append(turned, c.Turned)
		if c.Outcome != OK {
			reasons = append(reasons, c.of.check.title()+": "+c.Reason)
		}
	}
	slices.SortFunc(turned, time.Time.Compare)
	return Doubt{
		Location: location, Kind: DoubtControls, Since: turned[min(t.spoken/2, len(turned)-1)],
		Reason: strings.Join(reasons, "; "),
	}
}

// title is the check's name, or its id if it has none.
func (c *Check) title() string {
	if c.Name != "" {
		return c.Name
	}
	return c.ID
}

// weighControls brings the doubts of all locations whose controls have spoken,
// or fallen silent, up to now.
func (b *Board) weighControls(now time.Time) {
	for _, p := range b.places {
		if p.uneasy {
			p.uneasy = false
			b.weigh(p, now)
		}
	}
}

func (b *Board) weigh(p *place, now time.Time) {
	t := p.hear(now)
	switch {
	case t.accuses():
		b.doubt(p, t.doubt(p.ID))
	case t.acquits():
		b.trust(p, DoubtControls, now)
	}
	wasShaken := p.shaken
	p.shaken = 2*t.faltering > t.looked
	switch {
	case p.shaken && !wasShaken:
		b.holdBack(p)
	case !p.shaken:
		b.vouch(p, t.good)
	}
}

// holdBack takes back what the location was about to say against anything:
// the same looks have failed that never should.
func (b *Board) holdBack(p *place) {
	for _, v := range p.views {
		if v.Recent != "" && v.worsens(levelOf(v.latest())) {
			b.hold(v)
		}
	}
}

func (b *Board) hold(v *view) {
	v.stir()
	v.hold()
	v.waiting = false
	b.touch(v.of.of)
}

// vouch lets the words count that are no younger than the controls' answers:
// they were seen well by looks that began after those that accuse had ended.
func (b *Board) vouch(p *place, good time.Time) {
	p.waiting = slices.DeleteFunc(p.waiting, func(v *view) bool {
		if v.waiting && !v.asked.After(good) {
			v.stir()
			v.Level, v.waiting = v.claim, false
			b.touch(v.of.of)
		}
		v.listed = v.waiting
		return !v.waiting
	})
}

// wait has a worse word wait for the controls, or notes that it has been
// taken back.
func (v *view) wait() {
	claim := v.word(v.of.patience)
	waiting := v.of.vouched && v.worsens(claim)
	if waiting && (!v.waiting || claim > v.claim) {
		v.asked = v.Said
		if v.At.Equal(v.Said) {
			v.asked = v.At.Add(v.Took)
		}
		if !v.listed {
			v.listed = true
			v.at.waiting = append(v.at.waiting, v)
		}
	}
	v.claim, v.waiting = claim, waiting
}

// silentSince is when the last of the location's words lapsed; zero if it may
// still have one, or has never spoken: what has yet to begin has not stopped.
func (p *place) silentSince(now time.Time) time.Time {
	if at := p.heard.Add(p.longest); !p.heard.IsZero() && at.Before(now) {
		return at
	}
	return time.Time{}
}

// unbelieved is since when the location's word counts for nothing; zero if it
// counts.
func (p *place) unbelieved(now time.Time) time.Time {
	since := p.silentSince(now)
	if p.doubted() {
		since = sooner(since, p.doubts[0].Since)
	}
	return since
}

// impaired is since when too few locations can be believed to judge; zero if
// enough can.
func (b *Board) impaired(now time.Time) time.Time {
	var out []time.Time
	for _, p := range b.places {
		if since := p.unbelieved(now); !since.IsZero() {
			out = append(out, since)
		}
	}
	spare := len(b.places) - b.model.Rules.quorum(len(b.places))
	if len(b.places) == 0 || len(out) <= spare {
		return time.Time{}
	}
	slices.SortFunc(out, time.Time.Compare)
	return out[spare]
}

// locationViews are the locations as they are shown.
func (b *Board) locationViews(now time.Time) []LocationView {
	all := make([]LocationView, 0, len(b.places))
	for _, p := range b.places {
		all = append(all, LocationView{
			Location: *p.Location, Doubts: slices.Clone(p.doubts), Heard: p.heard,
			Waiting: p.waitingSince(now), Answered: p.answered(),
		})
	}
	return all
}

// waitingSince is when the oldest look ended whose failure still waits for the
// controls; zero if none does.
func (p *place) waitingSince(now time.Time) (since time.Time) {
	for _, v := range p.waiting {
		if v.waiting && v.claim == LevelFail && v.fresh(now) {
			since = sooner(since, v.asked)
		}
	}
	return since
}

// answered is when the latest look at a control began that it answered.
func (p *place) answered() (at time.Time) {
	for _, c := range p.controls {
		if c.Recent != "" && c.latest() != lookFailing {
			at = latest(at, c.Said)
		}
	}
	return at
}
