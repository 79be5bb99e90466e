package statuspagetest

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// most is how many incidents or maintenances a list may hold.
const most = 50

// rules are those between the values. The body has the right form.
func (c *checker) rules(o *object) {
	page := o.at("page")
	c.zones(page.text("time_zone"), "", o)
	components := o.list("components")
	c.groups(components)
	c.pages(page.text("id"), "", o)
	if o.has("status") {
		c.indicator(o.at("status").text("indicator"), components)
	}
	for _, incidents := range [][]*object{o.list("incidents"), o.single("incident")} {
		c.incidents(incidents)
	}
	c.maintenances(o.list("scheduled_maintenances"))
}

func (o *object) has(key string) bool { return o.values[key] != nil }

func (o *object) at(key string) *object {
	value, _ := o.values[key].(*object)
	return value
}

func (o *object) text(key string) string {
	s, _ := o.values[key].(string)
	return s
}

func (o *object) list(key string) []*object {
	elements, _ := o.values[key].([]any)
	var list []*object
	for _, e := range elements {
		if element, ok := e.(*object); ok {
			list = append(list, element)
		}
	}
	return list
}

func (o *object) single(key string) []*object {
	if value := o.at(key); value != nil {
		return []*object{value}
	}
	return nil
}

// zones holds that every time is in the page's own zone, and has a Z in UTC
// alone.
func (c *checker) zones(name, at string, value any) {
	switch v := value.(type) {
	case *object:
		for _, key := range v.keys {
			c.zones(name, at+"/"+key, v.values[key])
		}
	case []any:
		for i, element := range v {
			c.zones(name, fmt.Sprintf("%s/%d", at, i), element)
		}
	case string:
		written, err := time.Parse("2006-01-02T15:04:05.000Z07:00", v)
		zone, zoneErr := time.LoadLocation(name)
		if err != nil || zoneErr != nil {
			return // no time
		}
		_, offset := written.Zone()
		_, want := written.In(zone).Zone()
		if utc := name == "Etc/UTC" || name == "UTC"; offset != want || strings.HasSuffix(v, "Z") != utc {
			c.wrong(at, "%s is not in the page's zone %s", v, name)
		}
	}
}

// pages holds that what names a page names this one.
func (c *checker) pages(id, at string, value any) {
	switch v := value.(type) {
	case *object:
		if named := v.text("page_id"); v.has("page_id") && named != id {
			c.wrong(at, "page_id is %s on the page %s", named, id)
		}
		for _, key := range v.keys {
			c.pages(id, at+"/"+key, v.values[key])
		}
	case []any:
		for i, element := range v {
			c.pages(id, fmt.Sprintf("%s/%d", at, i), element)
		}
	}
}

// severity is how states weigh in a group and on a page, as on every real page
// that was read.
var severity = []string{"operational", "under_maintenance", "degraded_performance", "partial_outage", "major_outage"}

func worst(components []*object) int {
	most := 0
	for _, c := range components {
		most = max(most, slices.Index(severity, c.text("status")))
	}
	return most
}

// groups holds that a group names its children, they name it, and that it is as
// bad as the worst of them.
func (c *checker) groups(components []*object) {
	children, seen := map[string][]*object{}, map[string]bool{}
	for i, one := range components {
		if id := one.text("id"); seen[id] {
			c.wrong(fmt.Sprintf("/components/%d", i), "the id %s is there twice", id)
		}
		seen[one.text("id")] = true
		children[one.text("group_id")] = append(children[one.text("group_id")], one)
	}
	for i, one := range components {
		at, id := fmt.Sprintf("/components/%d", i), one.text("id")
		if group := one.text("group_id"); group != "" && !seen[group] {
			c.wrong(at, "group_id %s is not on the page", group)
		}
		if one.values["group"] != true {
			continue
		}
		named, _ := one.values["components"].([]any)
		var have []string
		for _, child := range children[id] {
			have = append(have, child.text("id"))
		}
		var want []string
		for _, n := range named {
			name, _ := n.(string)
			want = append(want, name)
		}
		slices.Sort(have)
		slices.Sort(want)
		switch {
		case len(want) == 0:
			c.wrong(at, "a group of nothing")
		case !slices.Equal(want, have):
			c.wrong(at, "names %v as its components, and is named by %v", want, have)
		case severity[worst(children[id])] != one.text("status"):
			c.wrong(at, "is %s, and the worst of it is %s", one.text("status"), severity[worst(children[id])])
		}
	}
}

// indicator holds that a page is never called better than what is on it, and in
// maintenance only if nothing is worse.
func (c *checker) indicator(is string, components []*object) {
	levels := []string{"none", "maintenance", "minor", "major", "critical"}
	if got, least := slices.Index(levels, is), worst(components); got < least {
		c.wrong("/status/indicator", "is %s where something is %s", is, severity[least])
	}
}

func (c *checker) incidents(incidents []*object) {
	if len(incidents) > most {
		c.wrong("/incidents", "are %d, and a list holds %d", len(incidents), most)
	}
	c.newestFirst("/incidents", incidents)
	unresolved := c.path == "summary.json" || c.path == "incidents/unresolved.json"
	for i, one := range incidents {
		at := fmt.Sprintf("/incidents/%d", i)
		over := one.text("status") == "resolved" || one.text("status") == "postmortem"
		if over != one.has("resolved_at") {
			c.wrong(at, "is %s, and resolved_at is %q", one.text("status"), one.text("resolved_at"))
		}
		if over && unresolved {
			c.wrong(at, "is over, and listed with those that are not")
		}
		c.updates(at, one)
	}
}

func (c *checker) updates(at string, incident *object) {
	updates := incident.list("incident_updates")
	c.newestFirst(at+"/incident_updates", updates)
	for i, u := range updates {
		if u.text("incident_id") != incident.text("id") {
			c.wrong(fmt.Sprintf("%s/incident_updates/%d", at, i), "is of the incident %s", u.text("incident_id"))
		}
	}
}

func (c *checker) newestFirst(at string, list []*object) {
	for i := 1; i < len(list); i++ {
		if moment(list[i].text("created_at")).After(moment(list[i-1].text("created_at"))) {
			c.wrong(fmt.Sprintf("%s/%d", at, i), "is newer than the one before it")
		}
	}
}

func moment(s string) time.Time {
	at, _ := time.Parse(time.RFC3339, s)
	return at
}

// listed are the stages that each list of maintenances has.
var listed = map[string][]string{
	"summary.json":                         {"scheduled", "in_progress", "verifying"},
	"scheduled-maintenances/upcoming.json": {"scheduled"},
	"scheduled-maintenances/active.json":   {"in_progress", "verifying"},
}

func (c *checker) maintenances(list []*object) {
	if len(list) > most {
		c.wrong("/scheduled_maintenances", "are %d, and a list holds %d", len(list), most)
	}
	for i, one := range list {
		at := fmt.Sprintf("/scheduled_maintenances/%d", i)
		if stages := listed[c.path]; stages != nil && !slices.Contains(stages, one.text("status")) {
			c.wrong(at, "is %s, which this list does not have", one.text("status"))
		}
		if !moment(one.text("scheduled_until")).After(moment(one.text("scheduled_for"))) {
			c.wrong(at, "ends before it begins")
		}
		if (one.text("status") == "completed") != one.has("resolved_at") {
			c.wrong(at, "is %s, and resolved_at is %q", one.text("status"), one.text("resolved_at"))
		}
		c.updates(at, one)
	}
}
