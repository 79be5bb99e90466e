package score

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// JSON writes the card as JSON.
func (c *Card) JSON(out io.Writer) error {
	e := json.NewEncoder(out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(c)
}

// printer remembers the first error of many writes.
type printer struct {
	out io.Writer
	err error
}

func (p *printer) printf(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.out, format, args...)
	}
}

// Text writes the card for a terminal.
func (c *Card) Text(out io.Writer) error {
	p := &printer{out: out}
	p.printf("%s  [%s]\n%s\n%s\n\n", c.Scenario, c.Exercise, c.Title.In("en"), c.About.In("en"))
	p.printf("%s to %s (%s), %d looks\n\n", c.full(c.Start), c.full(c.End), c.Zone, c.Looks)
	c.cast(p)
	c.findings(p)
	c.firstWords(p)
	c.stories(p)
	c.texts(p)
	c.doings(p)
	verdict := "every expectation held"
	if !c.Passed {
		verdict = "BROKEN: " + strings.Join(c.broken(), ", ")
	}
	p.printf("%s\n", verdict)
	return p.err
}

func (c *Card) broken() []string {
	var ids []string
	for _, f := range c.Findings {
		if f.Verdict == Broken {
			ids = append(ids, f.ID)
		}
	}
	return ids
}

func (c *Card) full(t time.Time) string { return t.In(c.zone).Format("2 Jan 2006 15:04:05") }

func (c *Card) clock(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.In(c.zone).Format("2 Jan 15:04:05")
}

// cast is worth telling when it is not the scenario's own.
func (c *Card) cast(p *printer) {
	own := true
	for _, part := range c.Cast {
		own = own && part.Target == part.Component
	}
	if own && len(c.Stands) == 0 && len(c.Unasked) == 0 {
		return
	}
	p.printf("WHO PLAYS WHAT\n")
	for _, part := range c.Cast {
		if part.Component == "" {
			p.printf("  %-28s nobody: what is expected of it is not applicable\n", part.Target)
			continue
		}
		p.printf("  %-28s %s\n", part.Target, part.Component)
	}
	for _, post := range c.Stands {
		p.printf("  %s looks from where %s stands\n", post.Location, post.Place)
	}
	if len(c.Unasked) > 0 {
		p.printf("  answered by their target's mode alone, because nothing stands in for their service:\n")
		for _, id := range c.Unasked {
			p.printf("    %s\n", id)
		}
	}
	p.printf("\n")
}

func (c *Card) findings(p *printer) {
	p.printf("EXPECTATIONS\n")
	for _, f := range c.Findings {
		p.printf("  %-14s %s  %s\n", strings.ToUpper(string(f.Verdict)), f.ID, f.Text)
		p.printf("  %-14s source: %s\n", "", f.Source)
		for _, line := range f.Evidence {
			p.printf("  %-14s · %s\n", "", line)
		}
	}
	p.printf("\n")
}

// took is a time from onset in words.
func (b *Benchmark) took() string {
	if b.Never {
		return "no words"
	}
	if b.Before {
		return "before"
	}
	return lasting(time.Duration(b.Seconds * float64(time.Second)))
}

// lasting is a time without the parts that are nothing: 1h, not 1h0m0s.
func lasting(d time.Duration) string {
	text := d.Round(time.Second).String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// after says when something came beside an instant: "35s after", "1m33s before".
func after(t, of time.Time) string {
	if t.Before(of) {
		return lasting(of.Sub(t)) + " before"
	}
	return lasting(t.Sub(of)) + " after"
}

func (c *Card) firstWords(p *printer) {
	p.printf("FROM ONSET TO FIRST PUBLIC WORDS\n")
	if len(c.FirstWords) == 0 {
		p.printf("  none came, and none were due\n\n")
		return
	}
	w := tabwriter.NewWriter(p.out, 2, 4, 2, ' ', 0)
	for i := range c.FirstWords {
		b := &c.FirstWords[i]
		mark := " "
		if b.Ours {
			mark = ">"
		}
		fmt.Fprintf(w, "%s %s\t%s\t%s\n", mark, b.took(), b.Name, b.Note)
	}
	if err := w.Flush(); p.err == nil {
		p.err = err
	}
	p.printf("\n")
}

func (c *Card) stories(p *printer) {
	p.printf("INCIDENTS\n")
	for i := range c.Incidents {
		s := &c.Incidents[i]
		p.printf("  %s  cause %s  worst %s  began %s  told %s  resolved %s\n",
			s.ID, s.Cause, s.Worst, c.clock(s.Began), c.clock(s.Told), c.clock(s.Resolved))
		if s.Into != "" {
			p.printf("    went into %s\n", s.Into)
		}
		var before []string
		for _, u := range s.Updates {
			p.printf("    %s  %-12s %-13s %s\n", c.clock(u.At), u.Kind, u.Stage, u.News(before))
			before = u.Components
		}
	}
	if len(c.Incidents) == 0 {
		p.printf("  none\n")
	}
	p.printf("\n")
}

// News is what an update says that the one before did not: a person's words, or
// the components that are no longer well, and those that are again.
func (l *Line) News(before []string) string {
	if l.Says != "" {
		return l.Says
	}
	var news []string
	for _, id := range l.Components {
		if !slices.Contains(before, id) {
			news = append(news, "+"+id)
		}
	}
	for _, id := range before {
		if !slices.Contains(l.Components, id) {
			news = append(news, "-"+id)
		}
	}
	if len(news) == 0 {
		return fmt.Sprintf("%d not well", len(l.Components))
	}
	return strings.Join(news, " ")
}

func (c *Card) texts(p *printer) {
	p.printf("TEXTS\n")
	for _, n := range c.Notices {
		p.printf("  %s  %-9s %-2s %-10s %2d told, %2d reached  %s\n", c.clock(n.At), n.Channel, n.Lang, n.Event,
			n.Recipients, n.Arrived, strings.ReplaceAll(n.Text, "\n", " / "))
	}
	if len(c.Notices) == 0 {
		p.printf("  none\n")
	}
	p.printf("\n")
}

func (c *Card) doings(p *printer) {
	if len(c.Deeds) == 0 {
		return
	}
	p.printf("WHAT THE OPERATOR DID\n")
	for _, d := range c.Deeds {
		outcome := "done"
		if d.Error != "" {
			outcome = d.Error
		}
		p.printf("  %s  %s: %s\n", c.clock(d.At), d.What, outcome)
	}
	p.printf("\n")
}
