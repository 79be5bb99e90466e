package monitor

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"time"

	"bongsu/status"
	"bongsu/status/remote"
)

// missedAfter is how long nothing may come from a location before operators are
// told: its agent says that it lives every [remote.KeepAlive].
const missedAfter = time.Minute

// Heard notes that a location has sent something.
func (d *Desk) Heard(location string, now time.Time) { d.heard[location] = now }

// Believe has the board doubt a location for what it holds against itself now,
// and for nothing else of these kinds.
func (d *Desk) Believe(location string, doubts []remote.SelfDoubt, now time.Time) {
	before := d.doubted[location]
	if slices.Equal(before, doubts) {
		return
	}
	for _, old := range before {
		if !slices.ContainsFunc(doubts, func(x remote.SelfDoubt) bool { return x.Kind == old.Kind }) {
			d.board.Trust(location, old.Kind, now)
		}
	}
	for _, x := range doubts {
		d.board.Doubt(location, x.Kind, x.Reason, now)
	}
	d.doubted[location] = slices.Clone(doubts)
	d.voted = true
}

// tell has operators hear which locations are doubted, or believed again, which
// incidents nothing is measured of any more, and which promises were missed.
func (d *Desk) tell(change *status.Change, now time.Time) {
	for _, x := range change.Doubts {
		key := "location " + x.Location + " " + string(x.Kind)
		if x.Until.IsZero() {
			d.Alarm(key, fmt.Sprintf("the location %s has not been believed since %s: %s", x.Location, clockTime(x.Since), x.Reason), now)
			continue
		}
		d.Alarm(key+" over", fmt.Sprintf("the location %s is believed again; it had not been since %s: %s", x.Location, clockTime(x.Since), x.Reason), now)
	}
	for i := range change.Incidents {
		d.tellDropped(&change.Incidents[i], change.At, now)
	}
	for i := range change.Overruns {
		d.tellOverrun(&change.Overruns[i], now)
	}
	for _, p := range change.Missed {
		d.Alarm("promise "+p.Incident, fmt.Sprintf("the next word on incident %s was promised by %s and did not come", p.Code, clockTime(p.Promised)), now)
	}
}

// tellOverrun has operators hear, each time, that planned work has not succeeded
// when it was to end.
func (d *Desk) tellOverrun(o *status.Overrun, now time.Time) {
	sum := sha256.Sum256([]byte(o.Work.ID))
	key := fmt.Sprintf("work %x %d", sum[:6], o.Work.Until.Unix()) // an id may be longer than a key
	failing := strings.Join(o.Failing, ", ")
	if o.Bound {
		d.Alarm(key+" bound", fmt.Sprintf("the work %s was to end and %s fails still: it may not be prolonged any more, and what fails is told as an outage", o.Work.ID, failing), now)
		return
	}
	d.Alarm(key, fmt.Sprintf("the work %s was to end and %s fails still: it is prolonged until %s", o.Work.ID, failing, clockTime(o.Work.Until)), now)
}

// tellDropped has operators hear that people were told how an incident began
// and will not be told how it ended.
func (d *Desk) tellDropped(i *status.Incident, judged, now time.Time) {
	if !i.Dropped() || !i.Resolved.Equal(judged) || i.Announced.IsZero() {
		return
	}
	d.Alarm("dropped "+i.ID, fmt.Sprintf("incident %s has ended without a recovery: what it is about is not in the configuration any more; those who heard that it began hear of no end", i.Code), now)
}

// miss tells operators of locations from which nothing comes, and when
// something does again.
func (d *Desk) miss(locations []status.LocationView, now time.Time) {
	for i := range locations {
		l := &locations[i]
		if l.ID == d.location {
			continue
		}
		if _, known := d.heard[l.ID]; !known {
			d.heard[l.ID] = now // we have only begun to listen
		}
		silent := now.Sub(d.heard[l.ID]) > missedAfter
		switch key := "location " + l.ID; {
		case silent && !d.missing[l.ID]:
			d.Alarm(key, fmt.Sprintf("the location %s has not been heard of since %s", l.ID, since(l.Heard, d.heard[l.ID])), now)
		case !silent && d.missing[l.ID]:
			d.Alarm(key+" back", fmt.Sprintf("the location %s is heard of again", l.ID), now)
		}
		d.missing[l.ID] = silent
	}
}

// since is when the latest word of a location came, or that it never did.
func since(looked, heard time.Time) string {
	if looked.IsZero() {
		return "it came under judgement; start its agent, or take it out of locations:"
	}
	return clockTime(heard)
}

func clockTime(t time.Time) string { return t.UTC().Format("15:04:05 UTC on 2 January 2006") }
