// Package statuspage has what Statuspage's webhooks and its API share, so that
// a component has the same id and an outage the same name in both: ids, times,
// and its words for our states.
package statuspage

import (
	"crypto/sha256"
	"encoding/base32"
	"time"

	"bongsu/status"
)

// The kinds of thing that have an id of theirs.
const (
	Page        = "page"
	Group       = "group"
	Component   = "component"
	Incident    = "incident"
	Maintenance = "maintenance"
	Update      = "update"
)

// idLength is how many characters an id of theirs has.
const idLength = 12

var letters = base32.NewEncoding("0123456789abcdefghijklmnopqrstuv").WithPadding(base32.NoPadding)

// ID is an id of ours as one of theirs: twelve small letters and digits that
// follow from ours alone, so it never changes. It has 60 bits: of a million ids
// two are the same once in two million sites.
func ID(kind, id string) string {
	sum := sha256.Sum256([]byte(kind + "\x00" + id))
	return letters.EncodeToString(sum[:])[:idLength]
}

// Time writes an instant to the millisecond, in UTC.
func Time(at time.Time) string { return at.UTC().Format("2006-01-02T15:04:05.000Z") }

// Status is a component's state in their words. They have none for what cannot
// be measured, and it is never shown as well.
func Status(s status.State) string {
	if s == status.Unknown {
		return status.DegradedPerformance.String()
	}
	return s.String()
}

// Indicator is what they call the worst state of a page or of an incident.
func Indicator(s status.State) string {
	switch s {
	case status.MajorOutage:
		return "critical"
	case status.PartialOutage:
		return "major"
	case status.DegradedPerformance, status.Unknown:
		return "minor"
	case status.UnderMaintenance:
		return "maintenance"
	case status.Operational:
	}
	return "none"
}

// Description says the same of a page in a sentence of theirs.
func Description(s status.State) string {
	switch s {
	case status.MajorOutage:
		return "Major Service Outage"
	case status.PartialOutage:
		return "Partial System Outage"
	case status.DegradedPerformance, status.Unknown:
		return "Partially Degraded Service"
	case status.UnderMaintenance:
		return "Service Under Maintenance"
	case status.Operational:
	}
	return "All Systems Operational"
}

// Impact is how bad they are told that an incident was: as bad as it has been,
// and not at all if it was taken back.
func Impact(i *status.Incident) string {
	if !i.Retracted.IsZero() || !i.Worst.Troubled() {
		return "none"
	}
	return Indicator(i.Worst)
}

// Stage is where an incident stands. One that goes on in another, or is not
// measured any more, is over here.
func Stage(i *status.Incident) string {
	learnt, _ := i.Postmortem()
	switch {
	case i.Open():
		return i.Stage.String()
	case learnt != nil:
		return string(status.UpdatePostmortem)
	}
	return status.Resolved.String()
}

// Began is the onset, or when it was noticed if that is not known.
func Began(i *status.Incident) time.Time {
	if i.Began.IsZero() {
		return i.Detected
	}
	return i.Began
}

// weight orders states as they do: maintenance hides nothing that is worse.
var weight = [...]int{
	status.Operational: 0, status.UnderMaintenance: 1, status.Unknown: 2,
	status.DegradedPerformance: 2, status.PartialOutage: 3, status.MajorOutage: 4,
}

// Worse is the weightier of two states; what cannot be measured weighs as much
// as what is slow.
func Worse(a, b status.State) status.State {
	if weight[b] > weight[a] {
		return b
	}
	return a
}

// Overall is the worst on a page: of its components, and of what people have
// said of open incidents. It is never well while too few locations can be
// believed.
func Overall(s *status.Snapshot) status.State {
	worst := status.Operational
	for g := range s.Groups {
		for c := range s.Groups[g].Components {
			worst = Worse(worst, s.Groups[g].Components[c].State)
		}
	}
	for i := range s.Incidents {
		if impact := s.Incidents[i].Impact; impact.Troubled() {
			worst = Worse(worst, impact)
		}
	}
	if !s.Impaired.IsZero() {
		worst = Worse(worst, status.Unknown)
	}
	return worst
}
