package web

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"bongsu/status"
	"bongsu/web/speech"
)

// Took is how long one location's looks at a check took, hour by hour. What
// nobody looked at is left out.
type Took struct {
	status.Series
	Points []status.Point
}

// Time makes took what every later visitor to a component's page sees of how
// long its looks took. It must not be changed afterwards.
func (s *Server) Time(component string, took []Took) { s.took.Store(component, took) }

// timesOf is what has been handed in of a component.
func (s *Server) timesOf(component string) []Took {
	if took, known := s.took.Load(component); known {
		return took.([]Took)
	}
	return nil
}

// timing is how long a check's looks took in the last day, as a picture and as
// a table.
type timing struct {
	Name, Label string
	Top         string // what the upper edge stands for
	From, To    *speech.Moment
	Half, Most  string // paths
	Dots        []dot
	Hours       []hourRow
}

type dot struct{ X, Y int }

// hourRow is an hour of the table.
type hourRow struct {
	At         *speech.Moment
	Looks, Bad int
	Half, Most string
}

// hourTook sums an hour up over the locations.
type hourTook struct {
	at         time.Time
	looks, bad int
	halves     []time.Duration // of each location
	most       time.Duration   // of the slowest location
}

func (h *hourTook) half() time.Duration {
	slices.Sort(h.halves)
	return h.halves[len(h.halves)/2]
}

const (
	timedHours = 24
	curveWide  = 360
	curveHigh  = 110
	curveLeft  = 4
)

// timings are the pictures of a component's checks.
func (t *teller) timings(c *status.ComponentView) []timing {
	if t.took == nil {
		return nil
	}
	byCheck := map[string][]Took{}
	for _, took := range t.took(c.ID) {
		byCheck[took.Check] = append(byCheck[took.Check], took)
	}
	var all []timing
	for i := range c.Checks {
		if hours := t.hours(byCheck[c.Checks[i].ID]); len(hours) > 1 {
			all = append(all, t.timing(checkName(c, c.Checks[i].ID), hours))
		}
	}
	return all
}

// hours are those of the last day in which a look got what it came for.
func (t *teller) hours(took []Took) []hourTook {
	first := t.snapshot.At.Add(-timedHours * time.Hour)
	byHour := map[int64]*hourTook{}
	for _, of := range took {
		for i := range of.Points {
			p := &of.Points[i]
			if p.At.Before(first) || p.At.After(t.snapshot.At) {
				continue
			}
			h := byHour[p.At.Unix()]
			if h == nil {
				h = &hourTook{at: p.At}
				byHour[p.At.Unix()] = h
			}
			h.looks += p.Looks()
			h.bad += p.Wrong + p.Failed
			if p.OK+p.Slow > 0 {
				h.halves, h.most = append(h.halves, p.P50), max(h.most, p.P95)
			}
		}
	}
	hours := make([]hourTook, 0, len(byHour))
	for _, h := range byHour {
		hours = append(hours, *h)
	}
	slices.SortFunc(hours, func(a, b hourTook) int { return a.at.Compare(b.at) })
	return hours
}

func (t *teller) timing(name string, hours []hourTook) timing {
	top := time.Millisecond
	for i := range hours {
		top = max(top, hours[i].most)
	}
	top = roundUp(top)
	g := timing{Name: name, Top: t.Took(top), From: t.Moment(hours[0].at), To: t.Moment(t.snapshot.At)}
	g.Label = t.Say("times_label", "Name", name, "Top", g.Top)
	var half, most strings.Builder
	step, drawn := "M", time.Time{}
	for i := range hours {
		h := &hours[i]
		row := hourRow{At: t.Moment(h.at), Looks: h.looks, Bad: h.bad, Half: t.Say("times_none"), Most: t.Say("times_none")}
		if len(h.halves) == 0 {
			g.Hours = append(g.Hours, row)
			continue
		}
		row.Half, row.Most = t.Took(h.half()), t.Took(h.most)
		g.Hours = append(g.Hours, row)
		if step == "L" && h.at.Sub(drawn) > time.Hour {
			step = "M" // nothing is known between
		}
		x := t.across(h.at)
		fmt.Fprintf(&half, "%s%d %d", step, x, upwards(h.half(), top))
		fmt.Fprintf(&most, "%s%d %d", step, x, upwards(h.most, top))
		g.Dots = append(g.Dots, dot{x, upwards(h.half(), top)})
		step, drawn = "L", h.at
	}
	slices.Reverse(g.Hours)
	g.Half, g.Most = half.String(), most.String()
	return g
}

// across is where an hour stands in the picture.
func (t *teller) across(at time.Time) int {
	ago := t.snapshot.At.Sub(at)
	return curveLeft + int((curveWide-2*curveLeft)*(1-float64(ago)/float64(timedHours*time.Hour)))
}

// upwards is how high a time stands, as SVG counts: down from the top.
func upwards(d, top time.Duration) int {
	const room = curveHigh - 10
	return 5 + room - int(room*float64(min(d, top))/float64(top))
}

// roundUp is the next round time.
func roundUp(d time.Duration) time.Duration {
	for unit := 10 * time.Millisecond; ; unit *= 10 {
		for _, round := range []time.Duration{unit, unit + unit, 5 * unit} {
			if round >= d {
				return round
			}
		}
	}
}
