package score

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"
	"time"

	"bongsu/status"
)

//go:embed card.html
var cardPage string

// Measures of the picture, in its own units.
const (
	laneHeight = 20
	laneLeft   = 230
	laneWidth  = 760
	headRoom   = 46
	footRoom   = 30
	marksMost  = 60
)

// colours go with a pattern of their own and with words: nobody has to tell
// states by colour alone.
var colours = map[status.State]string{
	status.Unknown:             "#b8bec6",
	status.Operational:         "#2f9e62",
	status.DegradedPerformance: "#e0b000",
	status.PartialOutage:       "#e8762c",
	status.MajorOutage:         "#c92a3a",
	status.UnderMaintenance:    "#4a78c8",
}

func wording(s status.State) string { return strings.ReplaceAll(s.String(), "_", " ") }

// SVG writes the picture of the states: a lane for each component, with the
// events and the texts above it.
func (c *Card) SVG(out io.Writer) error {
	p := &printer{out: out}
	height := headRoom + laneHeight*len(c.Lanes) + footRoom + 24
	p.printf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" role="img" aria-labelledby="drill-title drill-desc" font-family="system-ui,sans-serif" font-size="11">`+"\n",
		laneLeft+laneWidth+20, height)
	p.printf("<title id=\"drill-title\">%s</title>\n", escape("Exercise: "+c.Title.In("en")))
	p.printf("<desc id=\"drill-desc\">%s</desc>\n", escape(c.inWords()))
	p.printf(`<rect width="100%%" height="100%%" fill="#ffffff"/>` + "\n")
	c.hours(p, height)
	for i := range c.Lanes {
		c.lane(p, i)
	}
	c.ticks(p)
	c.legend(p, height-14)
	p.printf("</svg>\n")
	return p.err
}

func escape(s string) string { return template.HTMLEscapeString(s) }

// inWords says what the picture shows to those who do not see it.
func (c *Card) inWords() string {
	var b strings.Builder
	fmt.Fprintf(&b, "States of %d components from %s to %s.", len(c.Lanes), c.full(c.Start), c.full(c.End))
	for _, lane := range c.Lanes {
		bad := time.Duration(0)
		for _, s := range lane.Spans {
			if s.State.Troubled() {
				bad += s.Until.Sub(s.From)
			}
		}
		if bad > 0 {
			fmt.Fprintf(&b, " %s was not well for %s.", lane.Component, bad.Round(time.Second))
		}
	}
	return b.String()
}

// x is where an instant lies.
func (c *Card) x(t time.Time) float64 {
	return laneLeft + laneWidth*min(1, max(0, t.Sub(c.Start).Seconds()/c.End.Sub(c.Start).Seconds()))
}

// hours draws the time scale: whole steps of the site's own clock.
func (c *Card) hours(p *printer, height int) {
	steps := []time.Duration{time.Minute, 5 * time.Minute, 10 * time.Minute, 30 * time.Minute, time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour}
	step := steps[len(steps)-1]
	for _, s := range steps {
		if c.End.Sub(c.Start)/s <= 12 {
			step = s
			break
		}
	}
	layout := "15:04"
	if step >= 3*time.Hour {
		layout = "2 Jan 15h"
	}
	day := c.Start.In(c.zone)
	first := time.Date(day.Year(), day.Month(), day.Day(), 0, 0, 0, 0, c.zone)
	for at := first; !at.After(c.End); at = at.Add(step) {
		if at.Before(c.Start) {
			continue
		}
		p.printf(`<path d="M%.1f %dV%d" stroke="#d5d9de"/><text x="%.1f" y="14" text-anchor="middle" fill="#444">%s</text>`+"\n",
			c.x(at), headRoom-26, height-footRoom-8, c.x(at), at.Format(layout))
	}
}

func (c *Card) lane(p *printer, i int) {
	lane := c.Lanes[i]
	y := headRoom + i*laneHeight
	p.printf(`<text x="%d" y="%d" text-anchor="end" fill="#222">%s</text>`+"\n", laneLeft-8, y+13, escape(lane.Component))
	for _, s := range lane.Spans {
		width := max(0.6, c.x(s.Until)-c.x(s.From))
		p.printf(`<rect x="%.1f" y="%d" width="%.1f" height="%d" fill="%s"><title>%s</title></rect>`+"\n",
			c.x(s.From), y+2, width, laneHeight-4, colours[s.State],
			escape(fmt.Sprintf("%s: %s, %s to %s", lane.Component, wording(s.State), c.clock(s.From), c.clock(s.Until))))
	}
}

// ticks mark what happened (lines) and what was told (triangles) above the
// lanes.
func (c *Card) ticks(p *printer) {
	for i, e := range c.Events {
		if i == marksMost {
			break
		}
		p.printf(`<path d="M%.1f %dv8" stroke="#222" stroke-width="1.5"><title>%s</title></path>`+"\n",
			c.x(e.At), headRoom-12, escape(c.clock(e.At)+" "+e.Text))
	}
	marks := 0
	for _, n := range c.Notices {
		if n.Audience != "subscribers" || n.Lang != "en" || marks == marksMost {
			continue
		}
		marks++
		p.printf(`<path d="M%.1f %dl-4 -7h8z" fill="#5b3fa0"><title>%s</title></path>`+"\n",
			c.x(n.At), headRoom-14, escape(c.clock(n.At)+" text: "+n.Event))
	}
}

func (c *Card) legend(p *printer, y int) {
	x := laneLeft
	for _, s := range status.States() {
		p.printf(`<rect x="%d" y="%d" width="12" height="12" fill="%s"/><text x="%d" y="%d" fill="#222">%s</text>`+"\n",
			x, y-10, colours[s], x+16, y, wording(s))
		x += 30 + 6*len(wording(s))
	}
	p.printf(`<text x="8" y="%d" fill="#222">line: an event; triangle: a text</text>`+"\n", y)
}

// news has each update say what is new in it.
func news(updates []Line) []Line {
	told := slices.Clone(updates)
	var before []string
	for i := range told {
		told[i].Says = told[i].News(before)
		before = told[i].Components
	}
	return told
}

// HTML writes the card as one page that needs nothing else.
func (c *Card) HTML(out io.Writer) error {
	page, err := template.New("card").Funcs(template.FuncMap{
		"news": news, "clock": c.clock, "full": c.full, "wording": wording, "took": func(b Benchmark) string { return b.took() },
		"picture": func() (template.HTML, error) {
			var picture strings.Builder
			err := c.SVG(&picture)
			return template.HTML(picture.String()), err //nolint:gosec // our own drawing, its words escaped
		},
	}).Parse(cardPage)
	if err != nil {
		return fmt.Errorf("reading the scorecard's page: %w", err)
	}
	return page.Execute(out, c)
}
