package notifier

import (
	"fmt"
	"slices"
	"time"
)

// A gateway's health is judged by three things: the state of what its channel
// follows, its own errors, and how many of the messages it took it has said
// something of, against what is usual for it. What is a recipient's fault never
// counts. Nothing here reads a clock or a book.

// PulseSlot is how long a [Beat] lasts.
const PulseSlot = 10 * time.Second

// Beat is what a gateway did in a slot, or in several together.
type Beat struct {
	At        time.Time // when it began
	Answered  int64     // requests answered as by a gateway that works
	Taken     int64     // messages it took
	Told      int64     // of these: it has said what became of them, by now
	Age       time.Duration
	Faults    int64 // errors of its own, time-outs included
	Throttled int64 // it asked for a pause: no fault
}

func (b *Beat) add(o Beat) {
	b.Answered, b.Taken, b.Told, b.Age = b.Answered+o.Answered, b.Taken+o.Taken, b.Told+o.Told, b.Age+o.Age
	b.Faults, b.Throttled = b.Faults+o.Faults, b.Throttled+o.Throttled
}

// usualSlot is how many messages of a slot count towards what is usual: one
// evening's million must not outweigh a month.
const usualSlot = 100

// Usual sums beats up to what is usual for a gateway of that health. The time
// from its last death until it was well again does not count.
func Usual(beats []Beat, h Health) Beat {
	var sum Beat
	for _, b := range beats {
		if !h.Lost.IsZero() && !b.At.Add(PulseSlot).Before(h.Lost) && (h.Stage != Well || b.At.Before(h.Since)) {
			continue
		}
		if b.Taken > usualSlot {
			b.Told, b.Age = b.Told*usualSlot/b.Taken, b.Age/time.Duration(b.Taken)*usualSlot
			b.Taken = usualSlot
		}
		sum.add(b)
	}
	return sum
}

// Answer says what a request says of the gateway it went to.
type Answer uint8

// The answers.
const (
	NoRequest Answer = iota // there was none
	Answered
	Fault
	Throttled
)

// Stage is how far a gateway is trusted.
type Stage uint8

// The stages. A gateway that was judged dead comes back by a hundredth, then a
// tenth of what it would carry.
const (
	Well Stage = iota
	Dead
	Canary
	Tenth
)

var stageNames = [...]string{"well", "dead", "canary", "tenth"}

func (s Stage) String() string { return stageNames[min(int(s), len(stageNames)-1)] }

// Share is the part of what it would carry that a gateway gets.
func (s Stage) Share() float64 {
	switch s {
	case Dead:
		return 0
	case Canary:
		return 0.01
	case Tenth:
		return 0.1
	case Well:
	}
	return 1
}

// Health is what is held of a gateway. All nodes hold the same.
type Health struct {
	Stage    Stage
	Since    time.Time // of the stage
	Lost     time.Time // what it took from then on, and has not told of, is not counted on
	Relapses int       // how often it died again soon after it had come back
	Why      string
	Version  int64 // of the row in the books
}

// Signs is what the latest beats say.
type Signs struct {
	Bad  bool
	Good bool // neither: they say too little
	Why  string
	Lost time.Time // since when the messages it took are in question
	// Ail orders bad gateways: the part of its requests and messages that came to
	// nothing, 0 to 2.
	Ail float64
	// Patience is how long this gateway may take to tell of a message.
	Patience time.Duration
}

const (
	leastPatience, mostPatience = 20 * time.Second, 10 * time.Minute
	// patienceTimes is how many times its usual time a gateway may take: an
	// evening when every carrier is three times as slow is no failure.
	patienceTimes = 4
	// errorSpan is over how long errors are counted, cohortSpan over how long the
	// messages lie whose receipts are, if plentyTaken is not reached sooner.
	errorSpan, cohortSpan = time.Minute, time.Minute
	// fewErrors and fewTaken are too little to judge by; on trial a fifth is enough.
	fewErrors, fewTaken, plentyTaken = 10, 20, 100
	// fewUsual is too little to know what is usual, and usualShare the least part
	// of receipts of a gateway whose silence means something.
	fewUsual, usualShare = 50, 0.5
	// silent is the part of the usual receipts below which a gateway has lost what
	// it took; chatty the part from which it is well.
	silent, chatty = 0.2, 0.6
)

// ExamineSpan is how far back the beats of an examination must reach.
const ExamineSpan = mostPatience + cohortSpan + PulseSlot

// Examine reads beats, oldest first, against what is usual. Beats from before
// since are another time's. On trial, less is enough to judge by.
func Examine(usual Beat, beats []Beat, since, now time.Time, trial bool) Signs {
	s := Signs{Patience: patience(usual)}
	var errs, cohort Beat
	few := int64(1)
	if trial {
		few = 5
	}
	for i := len(beats) - 1; i >= 0 && !beats[i].At.Before(since.Truncate(PulseSlot)); i-- {
		b := beats[i]
		if b.At.After(now.Add(-errorSpan)) {
			errs.add(b)
		}
		end := b.At.Add(PulseSlot)
		if cohort.Taken < plentyTaken && !end.After(now.Add(-s.Patience)) && end.After(now.Add(-s.Patience-cohortSpan)) {
			cohort.add(b)
		}
	}
	requests := errs.Answered + errs.Faults
	if requests > 0 {
		s.Ail = float64(errs.Faults) / float64(requests)
	}
	knows := usual.Taken >= fewUsual && share(usual) >= usualShare
	if knows && cohort.Taken > 0 {
		s.Ail += max(1-share(cohort)/share(usual), 0)
	}
	switch {
	case errs.Faults*few >= fewErrors && 2*errs.Faults >= requests:
		s.Bad, s.Lost = true, now.Add(-min(s.Patience, errorSpan))
		s.Why = fmt.Sprintf("%d of %d requests failed within %s", errs.Faults, requests, errorSpan)
	case knows && cohort.Taken*few >= fewTaken && share(cohort) < silent*share(usual):
		s.Bad, s.Lost = true, silentSince(usual, beats, since, now.Add(-s.Patience))
		s.Why = fmt.Sprintf("no receipt for %d of %d messages after %s; usually %.0f %% have one",
			cohort.Taken-cohort.Told, cohort.Taken, s.Patience.Round(time.Second), 100*share(usual))
	case knows:
		s.Good = cohort.Taken*few >= fewTaken && share(cohort) >= chatty*share(usual)
	default:
		s.Good = errs.Answered >= 5 && errs.Faults*10 < requests
	}
	return s
}

func share(b Beat) float64 {
	if b.Taken == 0 {
		return 0
	}
	return float64(b.Told) / float64(b.Taken)
}

// patience follows from what is usual.
func patience(usual Beat) time.Duration {
	if usual.Told == 0 {
		return leastPatience
	}
	return min(max(patienceTimes*usual.Age/time.Duration(usual.Told), leastPatience), mostPatience)
}

// silentSince is when the silence that lasts until then began.
func silentSince(usual Beat, beats []Beat, since, until time.Time) time.Time {
	from := until
	for _, b := range slices.Backward(beats) {
		if b.At.Before(since.Truncate(PulseSlot)) {
			break
		}
		if b.Taken > 0 && !b.At.Add(PulseSlot).After(until) && share(b) >= silent*share(usual) {
			break
		}
		if b.At.Before(from) {
			from = b.At
		}
	}
	return from
}

const (
	// firstDwell is how long a gateway stays dead at least; each relapse doubles it.
	firstDwell, mostDwell = time.Minute, 30 * time.Minute
	// trialDwell is the least time on a trial stage.
	trialDwell = 30 * time.Second
	// relapseWithin is how soon a further death is a relapse.
	relapseWithin = 30 * time.Minute
)

// Step is what is held of the gateway next. Down says why what its channel
// follows has failed, or nothing.
func (h Health) Step(s Signs, down string, now time.Time) Health {
	switch {
	case down != "" && h.Stage != Dead:
		return h.die(down, now, now)
	case h.Stage == Dead:
		if down == "" && now.Sub(h.Since) >= h.dwell() {
			return h.to(Canary, now)
		}
		return h
	case s.Bad:
		return h.die(s.Why, s.Lost, now)
	case h.Stage == Well:
		return h
	}
	stayed := now.Sub(h.Since)
	if stayed < trialDwell || (!s.Good && stayed < s.Patience+trialDwell) {
		return h
	}
	if h.Stage == Canary {
		return h.to(Tenth, now)
	}
	return h.to(Well, now)
}

func (h Health) dwell() time.Duration {
	return min(firstDwell<<min(h.Relapses, 5), mostDwell)
}

func (h Health) die(why string, lost, now time.Time) Health {
	next := h.to(Dead, now)
	next.Why, next.Lost, next.Relapses = why, lost, 0
	if h.Stage != Well || (!h.Since.IsZero() && now.Sub(h.Since) < relapseWithin) {
		next.Relapses = h.Relapses + 1
	}
	return next
}

func (h Health) to(s Stage, now time.Time) Health {
	h.Stage, h.Since = s, now
	return h
}

// Stranded says whether what the gateway took at a time, and has told nothing
// of, must not be counted on.
func (h Health) Stranded(taken time.Time) bool {
	return h.Stage == Dead && !taken.Before(h.Lost)
}
