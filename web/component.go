package web

import (
	"slices"
	"strings"

	"bongsu/status"
)

// componentPage is all there is to say of a component.
type componentPage struct {
	Name, Operator, Group string
	Badge                 badge
	Since                 *moment
	AffectedBy            *named
	Derived               string
	Story                 *named
	Maintenance           string
	Advice                string
	Substitutes           []named
	Why                   []why
	Checks                []checkRows
	Strip                 []stroke
	StripLabel            string
	Uptime                string
	Days                  []dayRow
	Troubled              []dayRow
	Needs, NeededBy       []named
	Past                  []pastRow
}

// why is what one check holds against the component, in words.
type why struct {
	Text   string
	Reason string // what was seen, as the probe has it
	At     *moment
}

// checkRows is a check with the latest look of each location.
type checkRows struct {
	Name, Depth, Label string
	Sandbox            bool
	Looks              []look
}

type look struct {
	Location string
	Badge    badge
	At       *moment
	Took     string
}

func (t *teller) component(c *status.ComponentView) page {
	p := componentPage{
		Name:        t.name(c.ID),
		Operator:    c.Operator,
		Group:       t.groupName(c.Group),
		Badge:       t.badge(c.State),
		Since:       t.moment(c.Since),
		Derived:     t.derived(c),
		Story:       t.storyOf(c),
		Maintenance: t.maintenanceTitle(c.Maintenance),
		Advice:      t.text(c.Advice),
		Substitutes: t.componentLinks(c.Available),
		Why:         t.whys(c),
		Checks:      t.checkRows(c),
		Strip:       strip(c.Days),
		Uptime:      t.uptime(c.Uptime, c.UptimeKnown),
		Days:        t.dayRows(c.Days),
		NeededBy:    t.componentLinks(c.NeededBy),
		Past:        t.pastOf(c.ID),
	}
	for _, row := range p.Days {
		if !row.Calm {
			p.Troubled = append(p.Troubled, row)
		}
	}
	p.StripLabel = t.stripLabel(p.Days)
	p.AffectedBy = t.affectedBy(c)
	for _, need := range c.Needs {
		l := t.componentLink(need.ID)
		if need.Soft {
			l.Note = t.say("need_soft")
		}
		p.Needs = append(p.Needs, l)
	}
	return page{title: p.Name, content: p}
}

func (t *teller) groupName(id string) string {
	for i := range t.snapshot.Groups {
		if t.snapshot.Groups[i].ID == id {
			return t.text(t.snapshot.Groups[i].Name)
		}
	}
	return ""
}

// affectedBy leads to the cause that stands outside the component.
func (t *teller) affectedBy(c *status.ComponentView) *named {
	id := strings.TrimPrefix(c.AffectedBy, "component:")
	if id == "" || id == c.ID {
		return nil
	}
	l := t.componentLink(id)
	l.Name = t.cause(c.AffectedBy)
	return &l
}

func (t *teller) derived(c *status.ComponentView) string {
	if !c.Derived {
		return ""
	}
	var failing []string
	for _, need := range c.Needs {
		if n := t.components[need.ID]; n != nil && n.State != status.Operational {
			failing = append(failing, t.name(need.ID))
		}
	}
	if failing == nil && c.AffectedBy != "" {
		failing = []string{t.cause(c.AffectedBy)}
	}
	return t.say("derived", "Names", t.list(failing))
}

func (t *teller) storyOf(c *status.ComponentView) *named {
	i, found := t.snapshot.Incident(c.Incident)
	if c.Incident == "" || !found {
		return nil
	}
	return &named{Name: t.title(i), Href: t.incidentHref(i.ID), Badge: t.badge(i.Impact)}
}

func (t *teller) maintenanceTitle(id string) string {
	for i := range t.snapshot.Maintenance {
		if m := &t.snapshot.Maintenance[i]; id != "" && m.ID == id {
			return t.text(m.Title)
		}
	}
	return ""
}

func (t *teller) whys(c *status.ComponentView) []why {
	var whys []why
	for i := range c.Why {
		f := &c.Why[i]
		if f.Level == status.LevelOK {
			continue
		}
		where := t.list(f.Failing)
		if where == "" {
			where = t.list(f.Silent)
		}
		whys = append(whys, why{
			Text:   t.say("why_"+levelName(f.Level), "Check", checkName(c, f.Check), "Where", where),
			Reason: f.Reason,
			At:     t.moment(f.At),
		})
	}
	return whys
}

func checkName(c *status.ComponentView, id string) string {
	for i := range c.Checks {
		if c.Checks[i].ID == id && c.Checks[i].Name != "" {
			return c.Checks[i].Name
		}
	}
	return strings.TrimPrefix(id, c.ID+"/")
}

func levelName(l status.Level) string {
	switch l {
	case status.LevelOK:
		return "ok"
	case status.LevelSlow:
		return "slow"
	case status.LevelFail:
		return "fail"
	case status.LevelUnknown:
	}
	return "unknown"
}

var levelClasses = map[status.Level]string{
	status.LevelUnknown: "none", status.LevelOK: "ok", status.LevelSlow: "slow", status.LevelFail: "down",
}

func (t *teller) checkRows(c *status.ComponentView) []checkRows {
	var rows []checkRows
	for i := range c.Checks {
		check := &c.Checks[i]
		row := checkRows{
			Name: checkName(c, check.ID), Depth: t.say("depth_" + check.Depth.String()),
			Label: check.Label, Sandbox: check.Sandbox,
		}
		for j := range c.Standings {
			if s := &c.Standings[j]; s.Check == check.ID {
				row.Looks = append(row.Looks, t.look(s))
			}
		}
		slices.SortFunc(row.Looks, func(a, b look) int { return strings.Compare(a.Location, b.Location) })
		rows = append(rows, row)
	}
	return rows
}

func (t *teller) look(s *status.Standing) look {
	return look{
		Location: s.Location,
		Badge:    badge{Class: levelClasses[s.Level], Word: t.say("level_" + levelName(s.Level))},
		At:       t.moment(s.At),
		Took:     t.say("milliseconds", "Count", s.Took.Milliseconds()),
	}
}

// stripLabel is the picture of 90 days in one sentence.
func (t *teller) stripLabel(days []dayRow) string {
	bad, unknown := 0, 0
	for _, d := range days {
		switch d.Badge.Class {
		case "slow", "part", "down":
			bad++
		case "none":
			unknown++
		}
	}
	return t.say("strip_label", "Days", len(days), "Bad", bad, "Unknown", unknown)
}

// pastOf are the closed stories a component was part of.
func (t *teller) pastOf(id string) []pastRow {
	var rows []pastRow
	for _, past := range t.closed() {
		if slices.ContainsFunc(past.Components, func(a status.Affected) bool { return a.Component == id }) {
			rows = append(rows, t.pastRow(past))
		}
	}
	return rows
}
