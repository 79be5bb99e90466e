package config

import (
	"slices"
	"strings"

	"bongsu/status"
)

// location is a point of view: this node's, or that of a `bongsu agent`.
type location struct {
	ID      string      `yaml:"id,short" must:"required id" doc:"What votes, tokens and checks call it."`
	Name    status.Text `yaml:"name" doc:"What the page calls it. The id if left out."`
	Domains []string    `yaml:"domains" must:"id" doc:"The failure domains it stands in."`
}

// checkLocations demands that every location is there once and that a quorum
// can come about.
func (c *checker) checkLocations() {
	for i := range c.doc.Locations {
		c.claim(c.locations, &c.doc.Locations[i].ID)
		c.checkDistinct(c.doc.Locations[i].Domains)
		if c.doc.Locations[i].ID == c.doc.Location && c.doc.Domains != nil && c.doc.Locations[i].Domains != nil {
			c.complain(c.at(&c.doc.Locations[i].Domains), "this node's domains are under domains: already; keep one")
		}
	}
	if q := &c.doc.Judgement.Quorum; int(*q) > len(c.allLocations()) {
		c.complain(c.at(q), "there are %d locations, so %d could never agree; write majority, or add them under locations:",
			len(c.allLocations()), *q)
	}
}

// allLocations are this node's location and the agents', by id.
func (c *checker) allLocations() []status.Location {
	own := status.Location{ID: c.doc.Location, Domains: c.doc.Domains}
	var all []status.Location
	for _, l := range c.doc.Locations {
		one := status.Location{ID: l.ID, Name: l.Name, Domains: l.Domains}
		if one.ID == own.ID {
			if one.Domains == nil {
				one.Domains = own.Domains
			}
			own = one
			continue
		}
		all = append(all, one)
	}
	all = append(all, own)
	slices.SortFunc(all, func(a, b status.Location) int { return strings.Compare(a.ID, b.ID) })
	return all
}

// waitsForReports is the action of a step that looks at nothing: something else
// reports to this node.
const waitsForReports = "heartbeat"

func awaitsReports(s step) bool { return s.action == waitsForReports }

// checkFrom demands that the locations a check looks from exist, and returns
// them in order. None is all of them.
func (c *checker) checkFrom(x *check, steps []step) []string {
	known := ids{}
	for _, l := range c.allLocations() {
		known[l.ID] = place{}
	}
	c.checkDistinct(x.Locations)
	for i := range x.Locations {
		c.refer(&x.Locations[i], "location", known)
	}
	if slices.ContainsFunc(steps, awaitsReports) {
		if x.Locations != nil && !slices.Equal(x.Locations, []string{c.doc.Location}) {
			c.complain(c.at(&x.Locations), "reports come to this node alone; write [%s], or leave it out", c.doc.Location)
		}
		c.reported = true
		return []string{c.doc.Location}
	}
	return slices.Sorted(slices.Values(x.Locations))
}

// lookers is how many locations look at a check.
func (c *checker) lookers(from []string) int {
	if len(from) > 0 {
		return len(from)
	}
	return len(c.allLocations())
}

// travels says whether a location other than this node's looks at a check, so
// that its steps must be sent there.
func (c *checker) travels(from []string) bool {
	if len(from) == 0 {
		return len(c.allLocations()) > 1
	}
	return slices.ContainsFunc(from, func(id string) bool { return id != c.doc.Location })
}
