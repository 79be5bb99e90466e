package status

import (
	"fmt"
	"slices"
	"time"
)

// Rehearsal is what a command would come to.
type Rehearsal struct {
	Made   string    // the id of what would come of it; of a kind of its own, never a real one
	After  *Snapshot // as the page would be
	Events []Event   // what people would be told, of the incidents that it is about
}

// Rehearsed is the check code of an incident that does not exist yet.
const Rehearsed = "XXXX"

// Rehearse carries a command out on a copy of what the page shows, by the very
// rules, and changes nothing. Its error is that of [Board.Do]. The days before
// the page's are not in the copy, so After is good for incidents only.
func Rehearse(m *Model, page *Snapshot, c Command, now time.Time) (Rehearsal, error) {
	if i, found := page.Incident(c.Incident); found && c.Known != "" && len(i.Updates) > 0 && i.Updates[len(i.Updates)-1].ID != c.Known {
		return Rehearsal{}, fmt.Errorf("adding to incident %q: %w", c.Incident, ErrMeanwhile)
	}
	c.Known = "" // judging below may add to it what the page does not show yet
	board := NewBoard(m, memoryOf(page), &rehearsalNames{})
	board.Judge(now)
	made, err := board.Do(c, now)
	if err != nil {
		return Rehearsal{}, err
	}
	change := board.Judge(now)
	about := []string{made, c.Incident, c.Merge}
	events := slices.DeleteFunc(change.Events, func(e Event) bool { return !slices.Contains(about, e.Incident) })
	return Rehearsal{Made: made, After: board.Snapshot(now), Events: events}, nil
}

// memoryOf is what a board has to know to go on from a page.
func memoryOf(page *Snapshot) Memory {
	m := Memory{Maintenance: slices.Clone(page.Maintenance), Silences: page.Silences}
	for _, list := range [][]Incident{page.Incidents, page.Past} {
		for i := range list {
			m.Incidents = append(m.Incidents, list[i].copy())
		}
	}
	for g := range page.Groups {
		for _, v := range page.Groups[g].Components {
			m.Standings = append(m.Standings, v.Standings...)
			m.Conditions = append(m.Conditions, v.Condition)
		}
	}
	return m
}

// rehearsalNames names what will never be.
type rehearsalNames struct{ n int }

func (r *rehearsalNames) ID(time.Time) string {
	r.n++
	return fmt.Sprintf("rehearsal-%d", r.n)
}

func (*rehearsalNames) Code() string { return Rehearsed }
