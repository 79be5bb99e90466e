package imports

import (
	"fmt"
	"regexp"
	"strings"
	"time"
)

func gatusSource() Source {
	return Source{
		Name: "gatus", Exts: "yaml yml", Read: readGatus,
		Doc: "a configuration of Gatus: a file, or a folder of them",
	}
}

// gatus reads a Gatus configuration.
type gatus struct {
	*Import
}

func readGatus(o Options, files []Input) (*Import, error) {
	if err := checkSize(files); err != nil {
		return nil, err
	}
	g := gatus{newImport("Gatus", o, files)}
	for _, f := range files {
		root, err := parseYAML(f)
		if err != nil {
			return nil, err
		}
		if !root.isTable() {
			return nil, fmt.Errorf("reading %s: it is no table of settings", f.Name)
		}
		if err := g.file(root); err != nil {
			return nil, err
		}
	}
	return g.Import, nil
}

func (g gatus) file(root tree) error {
	if title := line(root.at("ui").at("title").text(), maxName); title != "" {
		g.name = title
		g.carried("ui.title", "the page's name")
	}
	for _, e := range root.at("endpoints").list() {
		if err := g.endpoint(e); err != nil {
			return err
		}
	}
	for _, e := range root.at("external-endpoints").list() {
		if err := g.external(e); err != nil {
			return err
		}
	}
	g.suites(root.at("suites"))
	g.alerting(root.at("alerting"))
	g.windows("maintenance", root.at("maintenance"), "every component")
	for _, a := range root.at("announcements").list() {
		g.left(a.path, "it names no component; tell it as an incident or maintenance, if it still matters")
	}
	for _, key := range sortedKeys(gatusElsewhere) {
		if root.at(key).there() {
			g.left(key, "%s", gatusElsewhere[key])
		}
	}
	for _, key := range root.unread() {
		g.left(key, "this setting is not known to the import")
	}
	return nil
}

// gatusElsewhere are settings that have no counterpart to be written, and why.
var gatusElsewhere = map[string]string{
	"storage":                    "the database is set by database:; results are not carried over",
	"security":                   "the page is public; operators log in to the console",
	"web":                        "where the page is served is set by listen:",
	"metrics":                    "metrics are always at /metrics",
	"remote":                     "other points of view are agents: see bongsu agent",
	"connectivity":               "write controls: two targets that have nothing in common",
	"concurrency":                "checks never wait for one another",
	"disable-monitoring-lock":    "checks never wait for one another",
	"skip-invalid-config-update": "a bad configuration never replaces a good one",
	"tunneling":                  "checks go by no tunnel; run bongsu agent inside of the network",
	"debug":                      "it has no counterpart",
}

var gatusVariable = regexp.MustCompile(`\$\$|\$\{([A-Za-z_][A-Za-z0-9_]*)\}|\$([A-Za-z_][A-Za-z0-9_]*)`)

// text is a text in which Gatus would fill in variables, with references of
// ours in their place.
func (g gatus) text(s string) string {
	return gatusVariable.ReplaceAllStringFunc(s, func(found string) string {
		if found == "$$" {
			return "$"
		}
		name := strings.Trim(found, "${}")
		if len(name) > 128 {
			return found
		}
		g.known(name, "as Gatus has it")
		return "${env:" + name + "}"
	})
}

// title names a thing in the report.
func (g gatus) title(e tree) string {
	return fmt.Sprintf("%s %q", e.path, line(e.at("name").text(), maxName))
}

func (g gatus) endpoint(e tree) error {
	where := g.title(e)
	if e.at("enabled").text() == "false" {
		g.left(where, "it is switched off there")
		return nil
	}
	c, err := g.add(where, e.at("group").text(), e.at("name").text())
	if err != nil {
		return err
	}
	x := &check{where: where}
	x.set("name", "as in Gatus")
	if why := g.target(e, c, x); why != "" {
		g.left(where, "%s", why)
		return nil
	}
	g.interval(x, orMinute(e.at("interval").duration()), e.at("client").at("timeout").duration())
	g.conditions(e, x)
	c.checks = append(c.checks, x)
	g.carried(where, "component %s, a check by %s every %s", c.id, x.action(), brief(orMinute(e.at("interval").duration())))
	g.alerts(e, where)
	for _, w := range e.at("maintenance-windows").list() {
		g.windows(w.path, w, "component "+c.id)
	}
	g.rest(e, where)
	return nil
}

// rest reports the settings of an endpoint that nobody has read.
func (g gatus) rest(e tree, where string) {
	for _, key := range []string{"ui", "extra-labels", "enabled", "name", "group"} {
		e.at(key)
	}
	for _, key := range e.unread() {
		g.left(where, "%s is not carried over", key)
	}
}

func orMinute(d time.Duration) time.Duration {
	if d == 0 {
		return time.Minute
	}
	return d
}

// action is what the check does, by its key: GET, tcp.
func (c *check) action() string {
	for _, f := range c.fields {
		if f.key != "name" && f.key != "every" && f.key != "timeout" && f.key != "scope" {
			return f.key
		}
	}
	return "steps"
}

// alerts says what becomes of who is told, and when.
func (g gatus) alerts(e tree, where string) {
	for _, a := range e.at("alerts").list() {
		kind := line(a.at("type").text(), 40)
		if a.at("provider-override").there() {
			g.left(where, "its own settings of %s alerts; routes: says who hears what", kind)
		}
		if n := a.at("failure-threshold").number(); n != 0 && n != 3 {
			g.changed(where, "%s alerts came after %d failures; here judgement.confirm says for all when a failure counts, 3 looks in short order", kind, n)
		}
	}
}

// external is something that reports in by itself.
func (g gatus) external(e tree) error {
	where := g.title(e)
	if e.at("enabled").text() == "false" {
		g.left(where, "it is switched off there")
		return nil
	}
	c, err := g.add(where, e.at("group").text(), e.at("name").text())
	if err != nil {
		return err
	}
	within := e.at("heartbeat").at("interval").duration()
	x := &check{where: where}
	x.set("name", "reports in")
	x.set("heartbeat", line(c.name, maxName))
	if within < 10*time.Second {
		within = 24 * time.Hour
		x.notes = append(x.notes, "how long it may be silent; Gatus set no limit")
	}
	x.set("within", min(within, 2160*time.Hour))
	c.checks = append(c.checks, x)
	e.at("token")
	g.changed(where, "component %s, which waits for reports; they go to another address with another token: see `bongsu heartbeats`", c.id)
	g.alerts(e, where)
	for _, w := range e.at("maintenance-windows").list() {
		g.windows(w.path, w, "component "+c.id)
	}
	g.rest(e, where)
	return nil
}
