package web

import (
	"math"
	"reflect"
	"slices"
	"strings"
	"time"

	"bongsu/status"
)

// carry takes over what readers would read the same in the edition before, so
// that nothing is rendered or compressed for the clock alone. What speaks of
// single looks is left out: it changes with each. A page is carried for half of
// the time that it speaks for the present, so it never runs out while we live.
func (e *edition) carry(before *edition) {
	if before == nil || e.snapshot.At.Sub(before.told) >= e.server.options.Valid/2 || !unchanged(before.snapshot, e.snapshot) {
		return
	}
	e.told, e.first, e.other = before.told, before.first, before.other
	before.keeping.Lock()
	defer before.keeping.Unlock()
	for k, made := range before.kept {
		if path, _, _ := strings.Cut(k, "\x00"); carried(path) {
			e.kept[k] = made
		}
	}
}

// carried says whether a page shows nothing but what [unchanged] compares.
func carried(path string) bool {
	room, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	switch room {
	case "apps", "incidents", "history", "maintenance", "check", "subscribe", "leave":
		return true
	}
	return false
}

// unchanged says whether the first page and all that is carried would read the
// same at both instants. While anything is wrong they never do: durations run,
// promises pass, substitutes come and go.
func unchanged(a, b *status.Snapshot) bool {
	return len(a.Incidents)+len(b.Incidents) == 0 && a.Impaired.IsZero() && b.Impaired.IsZero() && a.Overall == b.Overall &&
		sameDay(a, b) && !passed(a.At, b) &&
		reflect.DeepEqual(a.Site, b.Site) && reflect.DeepEqual(a.Rules, b.Rules) && reflect.DeepEqual(a.Controls, b.Controls) &&
		reflect.DeepEqual(a.Apps, b.Apps) && reflect.DeepEqual(a.Maintenance, b.Maintenance) &&
		samePast(a.Past, b.Past) && sameLocations(a.Locations, b.Locations) && sameGroups(a.Groups, b.Groups)
}

// sameDay says whether "today" means the same, where the site is.
func sameDay(a, b *status.Snapshot) bool {
	zone := b.Site.Zone
	if zone == nil {
		zone = time.UTC
	}
	return a.At.In(zone).Format(time.DateOnly) == b.At.In(zone).Format(time.DateOnly)
}

// passed says whether an instant at which a page reads otherwise has passed since.
func passed(since time.Time, now *status.Snapshot) bool {
	between := func(t time.Time) bool { return t.After(since) && !t.After(now.At) }
	for i := range now.Maintenance {
		if between(now.Maintenance[i].From) || between(now.Maintenance[i].End()) {
			return true
		}
	}
	for i := range now.Past {
		if r := now.Past[i].Retracted; !r.IsZero() && between(r.Add(retractedFor)) {
			return true
		}
	}
	return false
}

func samePast(a, b []status.Incident) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].ID != b[i].ID || a[i].Version != b[i].Version {
			return false
		}
	}
	return true
}

func sameLocations(a, b []status.LocationView) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !reflect.DeepEqual(a[i].Location, b[i].Location) || !reflect.DeepEqual(a[i].Doubts, b[i].Doubts) || a[i].Heard.IsZero() != b[i].Heard.IsZero() {
			return false
		}
	}
	return true
}

func sameGroups(a, b []status.GroupView) bool {
	if len(a) != len(b) {
		return false
	}
	for g := range a {
		if a[g].State != b[g].State || len(a[g].Components) != len(b[g].Components) || !reflect.DeepEqual(a[g].Group, b[g].Group) {
			return false
		}
		for c := range a[g].Components {
			if !sameLine(a[g].Components[c], b[g].Components[c]) {
				return false
			}
		}
	}
	return true
}

// sameLine says whether a component reads the same on the first page.
func sameLine(a, b *status.ComponentView) bool {
	return a == b || a.Version == b.Version && a.State == b.State && a.Maintenance == b.Maintenance &&
		a.UptimeKnown == b.UptimeKnown && hundredths(a.Uptime) == hundredths(b.Uptime) &&
		sameDays(a, b) && reflect.DeepEqual(a.Component, b.Component)
}

// hundredths is an uptime as exactly as pages show it.
func hundredths(share float64) float64 { return math.Floor(share*100*100 + 1e-6) }

// sameDays compares what a strip shows of each day.
func sameDays(a, b *status.ComponentView) bool {
	if !sameStroke(a.Today, b.Today) || len(a.PastDays) != len(b.PastDays) {
		return false
	}
	if len(a.PastDays) == 0 || &a.PastDays[0] == &b.PastDays[0] {
		return true
	}
	return slices.EqualFunc(a.PastDays, b.PastDays, sameStroke)
}

func sameStroke(a, b *status.Day) bool {
	return a == b || a != nil && b != nil && a.Date == b.Date && a.Worst == b.Worst && a.Known == b.Known && hundredths(a.Uptime) == hundredths(b.Uptime)
}
