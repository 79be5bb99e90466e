package web

import (
	"slices"
	"strings"

	"bongsu/status"
	"bongsu/web/speech"
)

// componentPage is all there is to say of a component.
type componentPage struct {
	Name, Operator, Group string
	Badge                 badge
	Since                 *speech.Moment
	AffectedBy            *named
	Derived               string
	Story                 *named
	Maintenance           string
	Advice                string
	Substitutes           []named
	Line                  string // the rule that its state rests on
	LineHref              string
	Unknown               string // why it cannot be judged
	Checks                []checkRows
	Counting              []fact
	Strip                 []stroke
	StripLabel            string
	Uptime                string
	Days                  []dayRow
	Troubled              []dayRow
	Needs, NeededBy       []named
	Tree                  *tree
	Times                 []timing
	Past                  []pastRow
}

// fact is a name and a value.
type fact struct{ Name, Value string }

func (t *teller) component(c *status.ComponentView) page {
	p := componentPage{
		Name:        t.name(c.ID),
		Operator:    c.Operator,
		Group:       t.groupName(c.Group),
		Badge:       t.badge(c.State),
		Since:       t.Moment(c.Since),
		Derived:     t.derived(c),
		Story:       t.storyOf(c),
		Maintenance: t.maintenanceTitle(c.Maintenance),
		Advice:      t.text(c.Advice),
		Substitutes: t.substitutes(c.Available),
		Unknown:     t.unknownWhy(c),
		LineHref:    link("/judging", t.Lang) + "#states",
		Checks:      t.evidence(c),
		Strip:       strip(c.Days()),
		Uptime:      t.uptime(c.Uptime, c.UptimeKnown),
		Days:        t.dayRows(c.Days()),
		Needs:       t.needs(c),
		NeededBy:    t.componentLinks(c.NeededBy),
		Past:        t.pastOf(c.ID),
		Tree:        t.tree(c, true),
		Times:       t.timings(c),
	}
	for _, row := range p.Days {
		if !row.Calm {
			p.Troubled = append(p.Troubled, row)
		}
	}
	if line := c.Line(); line != status.LineUnexplained {
		p.Line = t.Say("line_" + string(line))
	}
	if len(c.Checks) > 0 {
		p.Counting = t.counting(t.lookers(c))
	}
	p.StripLabel = t.stripLabel(p.Days)
	p.AffectedBy = t.affectedBy(c)
	return page{title: p.Name, about: p.Name + " – " + p.Badge.Word, content: p}
}

func (t *teller) needs(c *status.ComponentView) []named {
	var needs []named
	for _, need := range c.Needs {
		l := t.componentLink(need.ID)
		if need.Soft {
			l.Note = t.Say("need_soft")
		}
		needs = append(needs, l)
	}
	return needs
}

// substitutes are what people can use instead, each with how crowded it is.
func (t *teller) substitutes(all []status.Substitute) []named {
	var links []named
	for i := range all {
		l := t.componentLink(all[i].ID)
		l.Note = t.crowded(&all[i])
		links = append(links, l)
	}
	return links
}

// crowded says how much slower than its own usual a substitute is.
func (t *teller) crowded(s *status.Substitute) string {
	if !s.Crowded {
		return ""
	}
	if s.Usual <= 0 || s.Lately <= 0 {
		return t.Say("crowded")
	}
	return t.Say("crowded_by", "Lately", t.Took(s.Lately), "Usual", t.Took(s.Usual))
}

func substituteIDs(all []status.Substitute) []string {
	var ids []string
	for _, s := range all {
		ids = append(ids, s.ID)
	}
	return ids
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
		if n := t.components()[need.ID]; n != nil && n.State != status.Operational {
			failing = append(failing, t.name(need.ID))
		}
	}
	if failing == nil && c.AffectedBy != "" {
		failing = []string{t.cause(c.AffectedBy)}
	}
	return t.Say("derived", "Names", t.List(failing))
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

// doubtedPlaces says which locations are not believed now, and why.
func (t *teller) doubtedPlaces() []string {
	var lines []string
	for i := range t.snapshot.Locations {
		l := &t.snapshot.Locations[i]
		for d := range l.Doubts {
			lines = append(lines, t.Say("place_doubted", "Name", t.place(l.ID), "Why", t.doubted(&l.Doubts[d])))
		}
	}
	return lines
}

// counting is this site's own numbers, in short.
func (t *teller) counting(locations int) []fact {
	r := &t.snapshot.Rules
	return []fact{
		{t.Say("counting_confirm"), t.Count("looks", max(r.Confirm, 1))},
		{t.Say("counting_recover"), t.Count("looks", max(r.Recover, 1))},
		{t.Say("counting_quorum"), t.quorum(locations)},
	}
}

// lookers is how many locations look at a component: at that of its checks which
// most look at.
func (t *teller) lookers(c *status.ComponentView) int {
	most := 0
	for i := range c.Checks {
		from := len(c.Checks[i].From)
		if from == 0 {
			from = len(t.snapshot.Locations)
		}
		most = max(most, from)
	}
	return most
}

// quorum says how many of so many locations must agree.
func (t *teller) quorum(locations int) string {
	all := max(locations, 1)
	if need := min(t.snapshot.Rules.Quorum, all); need > 0 {
		return t.Say("quorum_of", "Count", need, "All", all)
	}
	return t.Say("quorum_majority", "Count", all/2+1, "All", all)
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
	return t.Say("strip_label", "Days", len(days), "Bad", bad, "Unknown", unknown)
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
