package web

import (
	"time"

	"bongsu/status"
	"bongsu/web/speech"
)

// judgingPage says by which rules, with this site's own numbers, everything
// on the page is judged.
type judgingPage struct {
	Places   []placeRow
	Controls string
	Confirm  string
	Recover  string
	Quorum   string
	Fresh    string
	Lines    []lineRow
	Needs    []lineRow
	Settle   string
	Watch    string
	Promise  string
	Stages   diagram
	Proven   string
}

// placeRow is a location from which we look.
type placeRow struct {
	Name, Doubt string
	Heard       *speech.Moment
	Badge       badge
}

// lineRow is a line of the table of judgement.
type lineRow struct {
	If    string
	Badge badge
}

// diagram is the words of the picture of stages.
type diagram struct {
	Label                                          string
	Investigating, Identified, Monitoring, Over    string
	CauseFound, AllAnswer, FailsAgain, WatchIsOver string
}

// linesOfStates are the lines that measurement can rest on, each with the
// state it makes; needsOfStates those of what is not measured.
var (
	linesOfStates = []struct {
		line  status.Line
		state status.State
	}{
		{status.LineAllFail, status.MajorOutage},
		{status.LineSomeFail, status.PartialOutage},
		{status.LineNotEverywhere, status.PartialOutage},
		{status.LineShallow, status.PartialOutage},
		{status.LineSlow, status.DegradedPerformance},
		{status.LinePass, status.Operational},
		{status.LineNothing, status.Unknown},
		{status.LineMaintenance, status.UnderMaintenance},
	}
	needsOfStates = []struct {
		line  status.Line
		state status.State
	}{
		{status.LineHardNeed, status.PartialOutage},
		{status.LineSoftNeed, status.DegradedPerformance},
	}
)

func (t *teller) judging() page {
	r := &t.snapshot.Rules
	j := judgingPage{
		Places:  t.placeRows(),
		Confirm: t.Count("looks", max(r.Confirm, 1)),
		Recover: t.Count("looks", max(r.Recover, 1)),
		Quorum:  t.quorum(len(t.snapshot.Locations)),
		Fresh:   t.freshness(),
		Settle:  t.Period(r.Settle),
		Watch:   t.Period(r.Watch),
		Promise: t.Period(r.Promise),
		Proven:  t.Period(provenFor),
		Stages:  t.stageDiagram(),
	}
	if n := len(t.snapshot.Controls); n > 0 {
		j.Controls = t.Count("controls", n)
	}
	for _, l := range linesOfStates {
		j.Lines = append(j.Lines, lineRow{If: t.Say("line_" + string(l.line)), Badge: t.badge(l.state)})
	}
	for _, l := range needsOfStates {
		j.Needs = append(j.Needs, lineRow{If: t.Say("line_" + string(l.line)), Badge: t.badge(l.state)})
	}
	return page{title: t.Say("nav_judging"), content: j}
}

func (t *teller) placeRows() []placeRow {
	var rows []placeRow
	for i := range t.snapshot.Locations {
		l := &t.snapshot.Locations[i]
		row := placeRow{Name: t.place(l.ID), Heard: t.Moment(l.Heard), Badge: badge{Class: "ok", Word: t.Say("place_counts")}}
		switch {
		case len(l.Doubts) > 0:
			row.Doubt, row.Badge = t.doubted(&l.Doubts[0]), badge{Class: "none", Word: t.Say("place_not_counted")}
		case l.Heard.IsZero():
			row.Badge = badge{Class: "none", Word: t.Say("place_silent")}
		}
		rows = append(rows, row)
	}
	return rows
}

// freshness is for how long what a location says counts: the shortest and the
// longest of all checks.
func (t *teller) freshness() string {
	var least, most time.Duration
	for g := range t.snapshot.Groups {
		for c := range t.snapshot.Groups[g].Components {
			for _, check := range t.snapshot.Groups[g].Components[c].Checks {
				if check.Fresh > 0 && (least == 0 || check.Fresh < least) {
					least = check.Fresh
				}
				most = max(most, check.Fresh)
			}
		}
	}
	if least == most {
		return t.Period(most)
	}
	return t.Say("from_to", "From", t.Period(least), "To", t.Period(most))
}

func (t *teller) stageDiagram() diagram {
	stage := func(s status.Stage) string { return t.Say("stage_" + s.String()) }
	return diagram{
		Label:         t.Say("diagram_label"),
		Investigating: stage(status.Investigating), Identified: stage(status.Identified),
		Monitoring: stage(status.Monitoring), Over: stage(status.Resolved),
		CauseFound: t.Say("diagram_cause"), AllAnswer: t.Say("diagram_answer"),
		FailsAgain: t.Say("diagram_again"), WatchIsOver: t.Say("diagram_over", "Watch", t.Period(t.snapshot.Rules.Watch)),
	}
}
