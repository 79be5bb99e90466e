package web

import (
	"time"

	"bongsu/status"
	"bongsu/web/speech"
)

// designPage shows every part that the pages are made of, in words of this
// language. What fails on it is an example.
type designPage struct {
	States  []badge
	Wholes  []wholePart
	Colours []string
	Days    []stroke
	Story   story
	Rows    []pastRow
	Steps   []step
	Updates []updateRow
	At      *speech.Moment
}

// wholePart is the word on the whole for one state.
type wholePart struct {
	badge
	Fires []int
}

func (t *teller) design() page {
	began := t.snapshot.At.Add(-time.Hour)
	p := designPage{
		Colours: []string{
			"paper", "card", "ink", "quiet", "line", "link", "brand",
			"ok", "slow", "part", "down", "work", "none", "ok-tint", "slow-tint", "part-tint", "down-tint", "work-tint", "none-tint",
		},
		Days:  strip(exampleDays()),
		Steps: t.steps(status.Identified),
		At:    t.Moment(t.snapshot.At),
	}
	for _, s := range status.States() {
		p.States = append(p.States, t.badge(s))
		p.Wholes = append(p.Wholes, wholePart{badge{classes[s], t.Say("overall_" + s.String())}, fires(s)})
	}
	name := t.text(t.snapshot.Site.Name)
	example := &status.Incident{
		ID: "example", Cause: "manual:example", Stage: status.Identified, Impact: status.PartialOutage, Worst: status.PartialOutage,
		Title: status.Text{t.Lang: t.Say("title_partial_outage", "Name", name)}, Began: began, Next: t.snapshot.At.Add(time.Hour),
	}
	p.Story = t.story(example)
	p.Story.Href = "#story"
	p.Rows = []pastRow{t.pastRow(example)}
	for _, kind := range []status.UpdateKind{status.UpdateMonitoring, status.UpdateNoChange} {
		u := &status.Update{ID: string(kind), At: began, Kind: kind}
		p.Updates = append(p.Updates, t.updateRow(example, u))
	}
	return page{title: t.Say("nav_design"), hidden: true, content: p}
}

// exampleDays are days of every state.
func exampleDays() []*status.Day {
	states := status.States()
	days := make([]*status.Day, 90)
	for i := range days {
		s := status.Operational
		if i%9 == 4 {
			s = states[i/9%len(states)]
		}
		days[i] = &status.Day{Worst: s, Known: s != status.Unknown}
	}
	return days
}
