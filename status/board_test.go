package status_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"bongsu/status"
)

// start is when the tests begin: the Saturday afternoon of the outage that this
// program is made for, in Seoul.
var start = time.Date(2022, time.October, 15, 15, 0, 0, 0, seoul)

var seoul = time.FixedZone("KST", 9*60*60)

// counter names things by counting.
type counter struct{ n int }

func (c *counter) ID(time.Time) string { c.n++; return fmt.Sprintf("id%06d", c.n) }
func (c *counter) Code() string        { c.n++; return fmt.Sprintf("C%03d", c.n%1000) }

// desk is a board with a clock beside it and a store behind it.
type desk struct {
	t      *testing.T
	model  *status.Model
	names  *counter
	board  *status.Board
	memory status.Memory
	now    time.Time
	events []status.Event

	overruns []status.Overrun
	missed   int // promises of which operators were told that they passed
}

func newDesk(t *testing.T, m *status.Model) *desk {
	d := &desk{t: t, model: m, names: &counter{}, now: start}
	d.board = status.NewBoard(m, status.Memory{}, d.names)
	d.judge()
	return d
}

// judge judges at the desk's time and saves what has changed.
func (d *desk) judge() status.Change {
	c := d.board.Judge(d.now)
	d.memory.Apply(c)
	d.events, d.overruns = append(d.events, c.Events...), append(d.overruns, c.Overruns...)
	d.missed += len(c.Missed)
	return c
}

// restart makes a new board of what was saved.
func (d *desk) restart() {
	d.memory.Standings = d.board.Standings()
	d.board = status.NewBoard(d.model, d.memory, d.names)
}

// pass lets time go by, judging whenever the board asks for it.
func (d *desk) pass(span time.Duration) {
	until := d.now.Add(span)
	for due := d.board.Due(); !due.IsZero() && !due.After(until); due = d.board.Due() {
		if due.After(d.now) {
			d.now = due
		}
		d.judge()
		if next := d.board.Due(); !next.After(d.now) && !next.IsZero() {
			d.t.Fatalf("at %s the board is due again at %s", d.now, next)
		}
	}
	d.now = until
	d.judge()
}

// look casts a look from each of the places; "" is every location.
func (d *desk) look(check string, o status.Outcome, places ...string) {
	if len(places) == 0 {
		places = idsOf(d.model.Locations)
	}
	for _, place := range places {
		d.board.Vote(status.Vote{Check: check, Location: place, Outcome: o, At: d.now, Reason: reasonOf(o)})
	}
}

func reasonOf(o status.Outcome) string {
	if o == status.OK {
		return ""
	}
	return "seen " + o.String()
}

// round looks at every check once, as the world is, and judges.
func (d *desk) round(world map[string]status.Outcome) {
	d.now = d.now.Add(time.Second)
	for i := range d.model.Components {
		for _, c := range d.model.Components[i].Checks {
			if o, seen := world[c.ID]; seen {
				d.look(c.ID, o)
			}
		}
	}
	d.judge()
}

func (d *desk) rounds(n int, world map[string]status.Outcome) {
	for range n {
		d.round(world)
	}
}

func (d *desk) component(id string) *status.ComponentView {
	d.t.Helper()
	v, ok := d.board.Snapshot(d.now).Component(id)
	if !ok {
		d.t.Fatalf("the page has no component %s", id)
	}
	return v
}

// states are what the page shows, as "id state", with "(derived)" and the mark.
func (d *desk) states() []string {
	var all []string
	for _, g := range d.board.Snapshot(d.now).Groups {
		for _, c := range g.Components {
			line := c.ID + " " + c.State.String()
			if c.Derived {
				line += " (derived)"
			}
			if c.AffectedBy != "" {
				line += " <- " + c.AffectedBy
			}
			all = append(all, line)
		}
	}
	return all
}

// tale is an incident's updates, as "kind/stage".
func tale(i *status.Incident) []string {
	var all []string
	for _, u := range i.Updates {
		all = append(all, string(u.Kind)+"/"+u.Stage.String())
	}
	return all
}

// heard is what subscribers were told, as "kind from>to".
func (d *desk) heard() []string {
	var all []string
	for _, e := range d.events {
		all = append(all, fmt.Sprintf("%s %s>%s", e.Kind, e.From, e.To))
	}
	return all
}

func (d *desk) only() *status.Incident {
	d.t.Helper()
	s := d.board.Snapshot(d.now)
	all := slices.Concat(s.Incidents, s.Past)
	if len(all) != 1 {
		d.t.Fatalf("the page has %d incidents, want one", len(all))
	}
	return &all[0]
}

var rules = status.Rules{
	Confirm: 3, Recover: 3, Settle: 5 * time.Second, Watch: time.Hour, Promise: time.Hour,
}

// locations makes locations of which nothing but the id is known.
func locations(ids ...string) []status.Location {
	var all []status.Location
	for _, id := range ids {
		all = append(all, status.Location{ID: id})
	}
	return all
}

// offered are the ids of the substitutes that the component's page offers.
func offered(v *status.ComponentView) []string {
	var ids []string
	for _, s := range v.Available {
		ids = append(ids, s.ID)
	}
	return ids
}

func idsOf(all []status.Location) []string {
	var ids []string
	for i := range all {
		ids = append(ids, all[i].ID)
	}
	return ids
}

// model makes a model of lines like "chat needs login, soft mail in dc". Each
// component has one canary check, "chat/1", unless it is "unmeasured".
func model(lines ...string) *status.Model {
	m := &status.Model{
		Site: status.Site{Zone: seoul}, Groups: []status.Group{{ID: "all"}},
		Rules: rules, Locations: locations("seoul"),
	}
	for _, line := range lines {
		m.Components = append(m.Components, parseComponent(line))
	}
	return m
}

func parseComponent(line string) status.Component {
	line, unmeasured := strings.CutSuffix(line, " unmeasured")
	line, domains, _ := strings.Cut(line, " in ")
	id, needs, _ := strings.Cut(line, " needs ")
	c := status.Component{ID: id, Group: "all"}
	if domains != "" {
		c.Domains = strings.Split(domains, ", ")
	}
	for need := range strings.SplitSeq(needs, ", ") {
		name, soft := strings.CutPrefix(need, "soft ")
		if name != "" {
			c.Needs = append(c.Needs, status.Need{ID: name, Soft: soft})
		}
	}
	if !unmeasured {
		c.Checks = []status.Check{{ID: id + "/1", Depth: status.Canary, Fresh: 90 * time.Second}}
	}
	return c
}

// world is every check of the model with one outcome, save for those named.
func world(m *status.Model, rest status.Outcome, but map[string]status.Outcome) map[string]status.Outcome {
	all := make(map[string]status.Outcome)
	for i := range m.Components {
		for _, c := range m.Components[i].Checks {
			all[c.ID] = rest
		}
	}
	for id, o := range but {
		all[id+"/1"] = o
	}
	return all
}
