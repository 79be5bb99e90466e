package statuspagetest

import (
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"time"
)

// field is a key and what its value may be.
type field struct {
	key      string
	is       func(any) string // what is wrong with a value, or nothing
	fields   []field          // of an object
	list     bool
	nullable bool
	lately   bool // bodies of earlier years do not have it
}

var (
	pageFields = []field{
		{key: "id", is: anID},
		{key: "name", is: words},
		{key: "url", is: address},
		{key: "time_zone", is: zone},
		{key: "updated_at", is: instant},
	}
	statusFields = []field{
		{key: "indicator", is: oneOf("none", "minor", "major", "critical", "maintenance")},
		{key: "description", is: words},
	}
	componentFields = []field{
		{key: "id", is: anID},
		{key: "name", is: words},
		{key: "status", is: oneOf("operational", "degraded_performance", "partial_outage", "major_outage", "under_maintenance")},
		{key: "created_at", is: instant},
		{key: "updated_at", is: instant},
		{key: "position", is: position},
		{key: "description", is: words, nullable: true},
		{key: "showcase", is: truth},
		{key: "start_date", is: date, nullable: true},
		{key: "group_id", is: anID, nullable: true},
		{key: "page_id", is: anID},
		{key: "group", is: truth},
		{key: "only_show_if_degraded", is: truth},
	}
	groupFields    = append(slices.Clone(componentFields), field{key: "components", is: anID, list: true})
	affectedFields = []field{
		{key: "code", is: anID},
		{key: "name", is: words},
		{key: "old_status", is: componentFields[2].is},
		{key: "new_status", is: componentFields[2].is},
	}
	updateFields = []field{
		{key: "id", is: anID},
		{key: "status", is: oneOf("investigating", "identified", "monitoring", "resolved", "postmortem", "scheduled", "in_progress", "verifying", "completed")},
		{key: "body", is: words},
		{key: "incident_id", is: anID},
		{key: "created_at", is: instant},
		{key: "updated_at", is: instant},
		{key: "display_at", is: instant},
		{key: "affected_components", fields: affectedFields, list: true, nullable: true},
		{key: "deliver_notifications", is: truth},
		{key: "custom_tweet", is: words, nullable: true},
		{key: "tweet_id", is: position, nullable: true},
	}
	incidentFields    = incidentOf("investigating", "identified", "monitoring", "resolved", "postmortem")
	maintenanceFields = append(incidentOf("scheduled", "in_progress", "verifying", "completed"),
		field{key: "scheduled_for", is: instant}, field{key: "scheduled_until", is: instant})
)

func incidentOf(stages ...string) []field {
	return []field{
		{key: "id", is: anID},
		{key: "name", is: words},
		{key: "status", is: oneOf(stages...)},
		{key: "created_at", is: instant},
		{key: "updated_at", is: instant},
		{key: "monitoring_at", is: instant, nullable: true},
		{key: "resolved_at", is: instant, nullable: true},
		{key: "impact", is: oneOf("none", "minor", "major", "critical", "maintenance")},
		{key: "shortlink", is: address},
		{key: "started_at", is: instant},
		{key: "page_id", is: anID},
		{key: "incident_updates", fields: updateFields, list: true},
		{key: "components", fields: componentFields, list: true},
		{key: "reminder_intervals", is: words, nullable: true, lately: true},
	}
}

// bodies are what there is at each path.
var (
	pageField         = field{key: "page", fields: pageFields}
	componentsField   = field{key: "components", fields: componentFields, list: true}
	incidentsField    = field{key: "incidents", fields: incidentFields, list: true}
	maintenancesField = field{key: "scheduled_maintenances", fields: maintenanceFields, list: true}
	statusField       = field{key: "status", fields: statusFields}

	bodies = map[string][]field{
		"summary.json":                         {pageField, componentsField, incidentsField, maintenancesField, statusField},
		"status.json":                          {pageField, statusField},
		"components.json":                      {pageField, componentsField},
		"incidents.json":                       {pageField, incidentsField},
		"incidents/unresolved.json":            {pageField, incidentsField},
		"incidents/ID.json":                    {pageField, {key: "incident", fields: incidentFields}},
		"scheduled-maintenances.json":          {pageField, maintenancesField},
		"scheduled-maintenances/upcoming.json": {pageField, maintenancesField},
		"scheduled-maintenances/active.json":   {pageField, maintenancesField},
	}
)

var (
	idForm   = regexp.MustCompile(`^[a-z0-9]{12}$`)
	timeForm = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}(Z|[+-]\d\d:\d\d)$`)
)

func matching(form *regexp.Regexp, what string) func(any) string {
	return func(v any) string {
		if s, ok := v.(string); !ok || !form.MatchString(s) {
			return fmt.Sprintf("%v is no %s", v, what)
		}
		return ""
	}
}

func anID(v any) string { return matching(idForm, "id of twelve small letters and digits")(v) }

func instant(v any) string {
	return matching(timeForm, "time in milliseconds with its zone")(v)
}

func date(v any) string {
	s, _ := v.(string)
	if _, err := time.Parse(time.DateOnly, s); err != nil {
		return fmt.Sprintf("%v is no date such as 2021-11-20", v)
	}
	return ""
}

func words(v any) string {
	if s, ok := v.(string); !ok || s == "" {
		return fmt.Sprintf("%v is no text, or an empty one", v)
	}
	return ""
}

func address(v any) string {
	s, _ := v.(string)
	if u, err := url.Parse(s); err != nil || u.Host == "" {
		return fmt.Sprintf("%v is no whole address", v)
	}
	return ""
}

func zone(v any) string {
	s, _ := v.(string)
	if _, err := time.LoadLocation(s); err != nil || s == "" || s == "Local" {
		return fmt.Sprintf("%v is no zone of the IANA's", v)
	}
	return ""
}

func truth(v any) string {
	if _, ok := v.(bool); !ok {
		return fmt.Sprintf("%v is neither true nor false", v)
	}
	return ""
}

func position(v any) string {
	n, ok := v.(json.Number)
	if i, err := n.Int64(); !ok || err != nil || i < 1 {
		return fmt.Sprintf("%v is no number from 1", v)
	}
	return ""
}

func oneOf(names ...string) func(any) string {
	return func(v any) string {
		if s, ok := v.(string); !ok || !slices.Contains(names, s) {
			return fmt.Sprintf("%v is none of %v", v, names)
		}
		return ""
	}
}
