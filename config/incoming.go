package config

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"bongsu/notifier"
	"bongsu/status"
)

// Incoming is other people's monitoring that may tell us what it suspects.
type Incoming struct {
	ID    string          `yaml:"id" must:"required id" doc:"Part of the address: /hooks/KIND/ID."`
	Kind  string          `yaml:"kind" must:"required one=alertmanager|json" doc:"Who sends: Prometheus Alertmanager's webhook, or any JSON."`
	Token notifier.Secret `yaml:"token" must:"required" doc:"What it proves itself by: a bearer token, or the password of basic authentication."`
	Lasts time.Duration   `yaml:"lasts" must:"min=1m max=24h" doc:"How long a suspicion stands that is not repeated: 30m by default. Longer than the sender's repeat_interval, or it passes in between."`
	Rules []IncomingRule  `yaml:"rules" must:"required min=1" doc:"What an alert is of; the first that matches counts, and what none matches is left alone."`
	List  string          `yaml:"list" doc:"json: the path of the list of alerts, such as events; without it the body is one alert."`
	Key   string          `yaml:"key" doc:"json: the path of what names the one thing that an alert speaks of."`

	Summary  string   `yaml:"summary" doc:"json: the path of a line for operators."`
	Since    string   `yaml:"since" doc:"json: the path of when it began, in RFC 3339."`
	Resolved string   `yaml:"resolved" doc:"json: the path of what says that it is over."`
	Over     []string `yaml:"over" doc:"json: the values under resolved that say so."`
}

// IncomingRule says what component an alert is of.
type IncomingRule struct {
	Match     map[string]string `yaml:"match" doc:"Labels (alertmanager) or paths (json), each with a regular expression for the whole of its value."`
	Component string            `yaml:"component" must:"required" doc:"The component it is of."`
	State     status.State      `yaml:"state" must:"required" doc:"How bad it is said to be: degraded_performance, partial_outage or major_outage."`
}

// incomingLasts is how long a suspicion stands that is not repeated.
const incomingLasts = 30 * time.Minute

// Incoming lists what may tell us what it suspects, in order.
func (c *Config) Incoming() []Incoming { return slices.Clone(c.incoming) }

// dotted is a path into JSON.
var dotted = regexp.MustCompile(`^[^.\s]{1,60}(\.[^.\s]{1,60}){0,15}$`)

func (c *checker) checkIncoming() []Incoming {
	taken := ids{}
	for i := range c.doc.Incoming {
		x := &c.doc.Incoming[i]
		c.claim(taken, &x.ID)
		if x.Lasts == 0 {
			x.Lasts = incomingLasts
		}
		for k := range x.Rules {
			c.checkIncomingRule(x, &x.Rules[k])
		}
		if x.Kind == "json" {
			c.checkIncomingPaths(x)
			continue
		}
		for _, p := range x.paths() {
			if *p.value != "" {
				c.complain(c.at(p.value), "is for kind json alone; leave it out")
			}
		}
	}
	return c.doc.Incoming
}

func (c *checker) checkIncomingRule(x *Incoming, r *IncomingRule) {
	c.refer(&r.Component, "component", c.components)
	if !r.State.Troubled() && c.written(&r.State) {
		c.complain(c.at(&r.State), "is no state to suspect; write degraded_performance, partial_outage or major_outage")
	}
	for _, name := range slices.Sorted(maps.Keys(r.Match)) {
		at := c.keys[keyOf{&r.Match, name}]
		if _, err := regexp.Compile(`\A(?:` + r.Match[name] + `)\z`); err != nil {
			c.complain(at, "%s is no regular expression; see https://github.com/google/re2/wiki/Syntax", quoted(r.Match[name]))
		}
		if x.Kind == "json" && !dotted.MatchString(name) {
			c.complain(at, "%s is no path; write names with dots between them, like event.tags.0.value", quoted(name))
		}
	}
}

// pathOf is a path with its key.
type pathOf struct {
	key   string
	value *string
}

func (x *Incoming) paths() []pathOf {
	return []pathOf{{"list", &x.List}, {"key", &x.Key}, {"summary", &x.Summary}, {"since", &x.Since}, {"resolved", &x.Resolved}}
}

func (c *checker) checkIncomingPaths(x *Incoming) {
	if x.Key == "" {
		c.complain(c.atOr(&x.Key, x, "key"), "missing; write the path of what names an alert, so that the same one is known when it comes again")
	}
	for _, p := range x.paths() {
		if *p.value != "" && !dotted.MatchString(strings.TrimSpace(*p.value)) {
			c.complain(c.at(p.value), "%s is no path; write names with dots between them, like event.tags.0.value", quoted(*p.value))
		}
	}
	if (x.Resolved == "") != (len(x.Over) == 0) {
		c.complain(c.at(x), "resolved and over belong together: the path, and the values that say that it is over")
	}
}
