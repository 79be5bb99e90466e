package config

import (
	"fmt"
	"slices"
	"strings"

	"bongsu/notifier"
)

// Paths are the ways that a channel gives, one for each of its gateways, with
// all that takes them away when it fails.
func (c *Config) Paths(channel string) []notifier.Path { return c.paths[channel] }

// Warnings are what is worth knowing of a configuration that is good.
func (c *Config) Warnings() []Problem { return slices.Clone(c.warnings) }

// warn notes something that does not stop the start.
func (c *checker) warn(at place, format string, args ...any) {
	c.warnings = append(c.warnings, Problem{File: at.file, Line: at.line, Column: at.column, Path: at.path, Text: fmt.Sprintf(format, args...)})
}

// checkPaths fails every failure domain in turn and demands that an audience
// is left with a way, unless the route waives that domain by name. That one way
// alone is left is worth knowing.
func (c *checker) checkPaths(x *route, hops []notifier.Hop) {
	c.checkDistinct(x.Waive)
	var paths []notifier.Path
	for _, h := range hops {
		if ch := c.channelByID(h.Channel); ch != nil {
			paths = append(paths, c.pathsOf(ch)...)
		}
	}
	at := c.at(&x.Plan)
	if x.Plan == "" {
		at = c.at(&x.Channel)
	}
	exposed := notifier.Prove(paths)
	var gone, one []string
	for _, e := range exposed {
		switch {
		case len(e.Left) > 0:
			one = append(one, fmt.Sprintf("if %s fails, only %s is left", e.Domain, e.Left[0]))
		case !slices.Contains(x.Waive, e.Domain):
			gone = append(gone, e.Domain)
		}
	}
	if len(gone) > 0 {
		c.complain(at, "if %s fails, no way to %s is left; add one that stands elsewhere, or write waive: [%s]",
			strings.Join(gone, " or "), x.Audience, strings.Join(gone, ", "))
	}
	for i := range x.Waive {
		if !slices.ContainsFunc(exposed, func(e notifier.Exposure) bool { return e.Domain == x.Waive[i] && len(e.Left) == 0 }) {
			c.complain(c.at(&x.Waive[i]), "the failure of %s leaves a way; take it out", x.Waive[i])
		}
	}
	for _, id := range c.sharedNeeds(paths) {
		one = append(one, fmt.Sprintf("if %s fails, no way to %s is left until it works again", id, x.Audience))
	}
	if len(one) > 0 {
		c.warn(at, "%s", strings.Join(one, "; "))
	}
}

// sharedNeeds are the components that none of the paths can do without, in the
// configuration's order. Those in a domain that takes all paths away have been
// told of with it.
func (c *checker) sharedNeeds(paths []notifier.Path) []string {
	var shared []string
	for i := range c.doc.Components {
		x := &c.doc.Components[i]
		told := slices.ContainsFunc(x.Domains, func(d string) bool { return len(notifier.Left(paths, d)) == 0 })
		if x.ID != "" && len(paths) > 0 && !told && len(notifier.Left(paths, x.ID)) == 0 {
			shared = append(shared, x.ID)
		}
	}
	return shared
}

// checkOwnDomains warns of what stands with this server: if its domain fails,
// it sends nothing, whatever ways there are.
func (c *checker) checkOwnDomains() {
	if len(c.doc.Domains) == 0 || len(c.doc.Routes) == 0 || c.doc.Database.Shared() {
		return
	}
	c.warn(c.at(&c.doc.Domains), "if %s fails, this server sends nothing; servers elsewhere on one PostgreSQL database would",
		strings.Join(c.doc.Domains, " or "))
}

// allPaths are the ways of every channel.
func (c *checker) allPaths() map[string][]notifier.Path {
	paths := make(map[string][]notifier.Path, len(c.doc.Channels))
	for i := range c.doc.Channels {
		x := &c.doc.Channels[i]
		paths[x.ID] = c.pathsOf(x)
	}
	return paths
}

func (c *checker) pathsOf(ch *channel) []notifier.Path {
	domains, needs := c.leansOn(ch)
	var paths []notifier.Path
	for i, g := range ch.all() {
		own := append(slices.Clone(domains), g.Domains...)
		slices.Sort(own)
		paths = append(paths, notifier.Path{Channel: ch.ID, Gateway: ch.gatewayName(i), Domains: slices.Compact(own), Needs: needs})
	}
	return paths
}

// routed says whether a route uses a plan.
func (c *checker) routed(plan string) bool {
	return slices.ContainsFunc(c.doc.Routes, func(x route) bool { return x.Plan == plan })
}

// domainsOf lists the failure domains that all of a channel hangs on: its own,
// and those of the component it follows and of what that can not do without.
func (c *checker) domainsOf(ch *channel) []string {
	domains, _ := c.leansOn(ch)
	slices.Sort(domains)
	return slices.Compact(domains)
}

// leansOn lists the failure domains and the components that a channel hangs on.
func (c *checker) leansOn(ch *channel) (domains, needs []string) {
	domains = slices.Clone(ch.Domains)
	next := []string{ch.Follows}
	for len(next) > 0 {
		id := next[0]
		next = next[1:]
		x := c.componentByID(id)
		if x == nil || slices.Contains(needs, id) {
			continue
		}
		needs = append(needs, id)
		domains = append(domains, x.Domains...)
		for _, n := range x.Needs {
			if n.How != "soft" {
				next = append(next, n.ID)
			}
		}
	}
	return domains, needs
}
