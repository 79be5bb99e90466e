package status

import (
	"cmp"
	"slices"
	"time"
)

// Doubt is a reason not to believe a location. While there is one, what the
// location says counts as undecided: our own troubles accuse nobody.
type Doubt struct {
	Location string
	Kind     DoubtKind
	Since    time.Time
	Until    time.Time // zero while it lasts
	Reason   string    // one line for operators
}

// DoubtKind says what is wrong with a location.
type DoubtKind string

// The kinds of doubt.
const (
	DoubtControls DoubtKind = "controls" // its controls fail too
	DoubtClock    DoubtKind = "clock"    // its clock was set, or differs too much from the hub's
	DoubtSelf     DoubtKind = "self"     // it does not reach even itself
)

// Doubt notes a reason not to believe a location, found by whoever runs it: its
// clock was set, or it does not reach itself. All it has said is undecided until
// every doubt of it has ended, and then it is heard anew. A doubt of a kind that
// lasts already only takes the new reason; one of a location that is not in the
// model is nothing. The next Judge, to be asked at once, has it in its Change.
func (b *Board) Doubt(location string, kind DoubtKind, reason string, now time.Time) {
	if p := b.place(location); p != nil {
		b.doubt(p, Doubt{Location: location, Kind: kind, Since: b.clock(now), Reason: reason})
	}
}

// Trust ends the doubt of the kind, if there is one. The next Judge, to be
// asked at once, has it in its Change.
func (b *Board) Trust(location string, kind DoubtKind, now time.Time) {
	if p := b.place(location); p != nil {
		b.trust(p, kind, b.clock(now))
	}
}

func (b *Board) doubt(p *place, d Doubt) {
	at := slices.IndexFunc(p.doubts, func(x Doubt) bool { return x.Kind == d.Kind })
	if at >= 0 {
		p.doubts[at].Reason = cmp.Or(d.Reason, p.doubts[at].Reason)
		return
	}
	p.doubts = append(p.doubts, d)
	slices.SortStableFunc(p.doubts, func(x, y Doubt) int { return x.Since.Compare(y.Since) })
	b.doubts = append(b.doubts, d)
	if len(p.doubts) == 1 {
		b.silence(p)
	}
}

func (b *Board) trust(p *place, kind DoubtKind, now time.Time) {
	at := slices.IndexFunc(p.doubts, func(x Doubt) bool { return x.Kind == kind })
	if at < 0 {
		return
	}
	ended := p.doubts[at]
	ended.Until = now
	p.doubts = slices.Delete(p.doubts, at, at+1)
	b.doubts = append(b.doubts, ended)
	if !p.doubted() {
		p.trusted = now
		b.rewind(p, now)
	}
}

// silence forgets what a location that is doubted has said.
func (b *Board) silence(p *place) {
	for _, v := range p.views {
		v.stir()
		v.forget()
		v.waiting = false
		b.touch(v.of.of)
	}
}

// rewind brings looks that began later than now, by a clock that was wrong,
// back to now: else whatever follows would be older news.
func (b *Board) rewind(p *place, now time.Time) {
	for _, views := range [][]*view{p.views, p.controls} {
		for _, v := range views {
			v.stir()
			v.At, v.Said = earlier(v.At, now), earlier(v.Said, now)
		}
	}
	p.heard = earlier(p.heard, now)
	for _, v := range p.views {
		b.touch(v.of.of)
	}
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
