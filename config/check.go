package config

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"bongsu/probes"
	"bongsu/status"
)

// What a check of one's own does if it is not told.
const (
	defaultEvery   = time.Minute
	defaultTimeout = 10 * time.Second
)

// presetRechecks is how many immediate rechecks of somebody else's service one
// interval may have.
const presetRechecks = 2

// check is a check as it is written: by a preset, by steps, or with one step
// in its place.
type check struct {
	Name      string            `yaml:"name" must:"max=80" doc:"What is looked at. Unique in the component; history hangs on it."`
	Every     time.Duration     `yaml:"every" must:"min=1s max=24h" doc:"How often to look. A preset's floor by default, else 60s."`
	Cron      string            `yaml:"cron" doc:"When to look, instead of every: five fields, with CRON_TZ= in front for another zone than the site's."`
	Timeout   time.Duration     `yaml:"timeout" must:"min=100ms max=5m" doc:"How long a look may take. 10s by default."`
	Depth     status.Depth      `yaml:"depth" must:"one=reach|edge|function|canary" doc:"How far it looks: a connection, an answer of the edge (the default), a function with credentials, a real round trip."`
	Scope     string            `yaml:"scope" must:"one=production|sandbox" doc:"A sandbox never colours production."`
	CountsAs  status.State      `yaml:"counts_as" must:"one=degraded_performance|partial_outage|major_outage" doc:"The state that its failure means, whatever the other checks say."`
	Locations []string          `yaml:"locations" must:"id" doc:"The ids of the locations that look at it. All of them if left out."`
	Label     string            `yaml:"label" must:"max=200" doc:"What is honestly measured, for the page."`
	Preset    string            `yaml:"preset" doc:"A ready-made check, by id."`
	With      map[string]string `yaml:"with" doc:"The preset's parameters. A secret goes by env:NAME or file:PATH."`
	Steps     []step            `yaml:"steps" must:"min=1" doc:"What to do, one after another."`

	inline *step
}

// Check is one check, ready to be scheduled.
type Check struct {
	ID        string // component id, slash, name or number; unique and stable
	Component string
	Name      string
	Preset    string        // its id, or empty
	Every     time.Duration // the time between looks; 0 if Cron says when
	Cron      string        // for cron.ParseStandard, with its zone; empty if Every says when
	Interval  time.Duration // the longest time between two looks as scheduled
	Timeout   time.Duration
	Recheck   time.Duration // from a troubled look to the next one until it is confirmed
	Rechecks  int           // at most so many of those per interval; 0 for no limit
	Daily     int           // at most so many looks a day, rechecks included; 0 for no limit
	Fresh     time.Duration // a vote older than this does not count
	Depth     status.Depth
	Sandbox   bool
	CountsAs  status.State
	Label     string
	From      []string // ids of the locations that look at it, sorted; empty: all
	Awaits    bool     // it waits for something else to report in
	Steps     []probes.Step
	Source    string   // the steps as YAML, for [ParseSteps]; empty if no other location looks at it
	Secrets   []string // the secrets that the source names, as env:NAME or file:PATH, sorted
	Held      bool     // must not start: see [Config.Waiting]

	foreign bool
}

func (c Check) status() status.Check {
	return status.Check{
		ID: c.ID, Name: c.Name, Depth: c.Depth, Sandbox: c.Sandbox,
		CountsAs: c.CountsAs, Fresh: c.Fresh, From: c.From, Awaits: c.Awaits, Label: c.Label,
	}
}

// read takes the keys of a check, and what is left for a step in its place.
func (x *check) read(r *reader, n *node) {
	if n.form != table {
		r.complain(n.place, "is %s; write preset:, steps:, or an action with its target, like GET: https://…", n.form)
		return
	}
	v := reflect.ValueOf(x).Elem()
	fields := r.fieldsOf(v.Type())
	r.decodeFields(n, v, fields)
	rest := &node{place: n.place, form: table}
	action := false
	for _, e := range n.entries {
		if !hasField(fields, e.key) {
			rest.entries = append(rest.entries, e)
			_, known := r.kind(e.key)
			action = action || known
		}
	}
	switch {
	case action:
		x.inline = new(step)
		x.inline.readWith(r, rest, names(fields))
	case len(rest.entries) > 0:
		for _, e := range rest.entries {
			r.unknownInCheck(e, fields)
		}
		x.inline = new(step) // so that a misspelled action is not missed as well
	}
	r.checkSteps(x.ownSteps())
	x.checkOneWay(r, n)
}

// ownSteps are the steps that the check itself says.
func (x *check) ownSteps() []step {
	if x.inline != nil {
		return []step{*x.inline}
	}
	return x.Steps
}

func (r *reader) unknownInCheck(e entry, fields []field) {
	if slices.Contains(laterActions, e.key) {
		r.complain(e.at, "not built in this version; write one of %s", strings.Join(r.actions(), ", "))
		return
	}
	r.unknown(e, append(names(fields), r.actions()...))
}

// checkOneWay demands that a check says in exactly one way what to do.
func (x *check) checkOneWay(r *reader, n *node) {
	var ways []string
	for _, key := range []string{"preset", "steps"} {
		if n.get(key) != nil {
			ways = append(ways, key)
		}
	}
	if x.inline != nil && x.inline.action != "" {
		ways = append(ways, x.inline.action)
	}
	switch {
	case len(ways) == 0 && x.inline == nil:
		r.complain(n.place, "says nothing to do; write preset:, steps:, or one of %s", strings.Join(r.actions(), ", "))
	case len(ways) > 1:
		r.complain(n.place, "has %s; keep one", strings.Join(ways, " and "))
	}
	if with := n.get("with"); with != nil && n.get("preset") == nil {
		r.complain(with.place, "belongs to a preset; write preset: or leave it out")
	}
	if n.get("every") != nil && n.get("cron") != nil {
		r.complain(n.get("cron").place, "says when to look, and so does every; keep one")
	}
}

// checkChecks turns what is written into checks that can be scheduled.
func (c *checker) checkChecks() []Check {
	var checks []Check
	for i := range c.doc.Components {
		x := &c.doc.Components[i]
		taken := make(map[string]bool, len(x.Checks))
		for k := range x.Checks {
			one := c.compile(x.ID, k, &x.Checks[k])
			if taken[one.ID] {
				c.complain(c.atOr(&x.Checks[k].Name, &x.Checks[k], "name"),
					"two checks of the component are called %q; choose another name", one.Name)
			}
			taken[one.ID] = true
			checks = append(checks, one)
		}
	}
	return checks
}

// compile fills in what a check leaves open and looks at its times.
func (c *checker) compile(component string, number int, x *check) Check {
	one := Check{
		Component: component, Name: x.Name, Preset: x.Preset, Every: x.Every,
		Timeout: x.Timeout, Recheck: c.doc.Judgement.Recheck,
		Depth: x.Depth, Sandbox: x.Scope == "sandbox", CountsAs: x.CountsAs, Label: x.Label,
	}
	steps := x.ownSteps()
	one.From = c.checkFrom(x, steps)
	one.Awaits = slices.ContainsFunc(steps, awaitsReports)
	floor := time.Duration(0)
	if p := c.presetOf(x); p != nil {
		floor = p.floor()
		steps = c.expand(p, x)
		p.apply(&one, c.doc.Judgement.Recheck)
		one.Daily = share(one.Daily, c.lookers(one.From))
	}
	if c.travels(one.From) {
		one.Source, one.Secrets = source(steps), secretsOf(steps)
	}
	for i := range steps {
		if steps[i].look != nil {
			one.Steps = append(one.Steps, steps[i].look)
			one.foreign = one.foreign || steps[i].foreign()
		}
	}
	if one.Name == "" {
		one.Name = strconv.Itoa(number + 1)
	}
	one.ID = component + "/" + slug(one.Name)
	c.schedule(x, &one, floor)
	return one
}

// share is what of a preset's looks a day one of so many locations may use: the
// target counts all of them together.
func share(daily, lookers int) int {
	if daily == 0 {
		return 0
	}
	return max(1, daily/lookers)
}

// schedule works out when a check looks and whether that can be.
func (c *checker) schedule(x *check, one *Check, floor time.Duration) {
	if one.Every == 0 && x.Cron == "" {
		one.Every = gentlest(floor, one.Daily)
	}
	at := c.atOr(&x.Every, x, "every")
	shortest := one.Every
	one.Interval = one.Every
	if x.Cron != "" {
		at = c.at(&x.Cron)
		spec, gaps, err := parseCron(x.Cron, c.zone)
		if err != nil {
			c.complain(at, "%s", err)
			return
		}
		one.Every, one.Cron, one.Interval, shortest = 0, spec, gaps.longest, gaps.shortest
	}
	if shortest < floor {
		c.complain(at, "every %s is more often than the floor of preset %s allows; write every: %s or longer, or leave it out",
			short(shortest), x.Preset, short(floor))
	}
	if day := 24 * time.Hour; one.Daily > 0 && int(day/shortest) > one.Daily {
		c.complain(at, "every %s is %d looks a day and preset %s allows %d%s; write every: %s or longer",
			short(shortest), int(day/shortest), x.Preset, one.Daily, c.perLocation(one), short(ceilSecond(day/time.Duration(one.Daily))))
	}
	if one.Timeout == 0 {
		one.Timeout = min(defaultTimeout, shortest)
	}
	if one.Timeout > shortest {
		c.complain(c.atOr(&x.Timeout, x, "timeout"), "a look may take %s and the next begins after %s; write at most that",
			short(one.Timeout), short(shortest))
	}
	// A vote must outlive the time until its successor arrives.
	one.Fresh = max(c.doc.Judgement.Fresh.Of(one.Interval), one.Interval+one.Timeout)
}

// perLocation says why a check may look less often than its preset says.
func (c *checker) perLocation(one *Check) string {
	if n := c.lookers(one.From); n > 1 {
		return fmt.Sprintf(" from each of %d locations", n)
	}
	return ""
}

// gentlest is how often to look if nothing is said: as often as a preset's
// floor and its looks a day allow, or once a minute.
func gentlest(floor time.Duration, daily int) time.Duration {
	if floor == 0 {
		floor = defaultEvery
	}
	if daily > 0 {
		floor = max(floor, ceilSecond(24*time.Hour/time.Duration(daily)))
	}
	return floor
}

// hold keeps checks and controls of hosts that may be somebody else's from starting without
// a contact, and says so.
func (c *checker) hold(lists ...[]Check) string {
	if c.doc.Site.Contact != "" {
		return ""
	}
	held, all := 0, 0
	for _, checks := range lists {
		for i := range checks {
			all++
			if checks[i].foreign {
				checks[i].Held = true
				held++
			}
		}
	}
	if held == 0 {
		return ""
	}
	at := c.atOr(&c.doc.Site.Contact, &c.doc.Site, "contact")
	return fmt.Sprintf("%s:%d: %d of %d checks look at hosts that are not this machine and start once site.contact is set: "+
		"write a mail address or a page where those who run the hosts can reach you", at.file, at.line, held, all)
}

// slug makes a name fit for an id: letters and digits of any script, hyphens
// between them.
func slug(name string) string {
	words := strings.FieldsFunc(strings.ToLower(name), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r)
	})
	return strings.Join(words, "-")
}

// short writes a duration as people do: 2m, not 2m0s.
func short(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = s[:len(s)-2]
	}
	if strings.HasSuffix(s, "h0m") {
		s = s[:len(s)-2]
	}
	return s
}

func ceilSecond(d time.Duration) time.Duration {
	return (d + time.Second - 1).Truncate(time.Second)
}
