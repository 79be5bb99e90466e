package web

import (
	"encoding/json"
	"fmt"
	"time"

	"bongsu/status"
)

// The answer of GET /api/v1/status. Its names do not change; fields may be
// added. Times are UTC in RFC 3339; what has no value is null or left out.
type apiStatus struct {
	GeneratedAt   time.Time        `json:"generated_at"`
	ValidUntil    time.Time        `json:"valid_until"`
	Simulation    bool             `json:"simulation"`
	Site          apiSite          `json:"site"`
	Overall       status.State     `json:"overall"`
	ImpairedSince *time.Time       `json:"impaired_since"`
	Groups        []apiGroup       `json:"groups"`
	Components    []apiComponent   `json:"components"`
	Incidents     []apiIncident    `json:"incidents"` // open ones
	Maintenance   []apiMaintenance `json:"maintenance"`
	Apps          []apiApp         `json:"apps"`
}

type apiSite struct {
	Name      status.Text `json:"name"`
	URL       string      `json:"url"`
	Languages []string    `json:"languages"`
	TimeZone  string      `json:"time_zone"`
}

type apiGroup struct {
	ID    string       `json:"id"`
	Name  status.Text  `json:"name"`
	State status.State `json:"state"`
}

type apiComponent struct {
	ID          string       `json:"id"`
	Group       string       `json:"group"`
	Name        status.Text  `json:"name"`
	Operator    string       `json:"operator,omitempty"`
	State       status.State `json:"state"`
	Derived     bool         `json:"derived"`
	AffectedBy  *string      `json:"affected_by"`
	Since       *time.Time   `json:"since"`
	Measured    *time.Time   `json:"measured"`
	Incident    *string      `json:"incident"`
	Maintenance *string      `json:"maintenance"`
	Uptime90d   *float64     `json:"uptime_90d"`
	Needs       []apiNeed    `json:"needs"`
	NeededBy    []string     `json:"needed_by"`
	Substitutes []string     `json:"substitutes_ok"`
	Advice      status.Text  `json:"advice,omitempty"`
	Why         []apiFinding `json:"why"`
}

type apiNeed struct {
	ID   string `json:"id"`
	Soft bool   `json:"soft"`
}

type apiFinding struct {
	Check   string     `json:"check"`
	Level   string     `json:"level"`
	Failing []string   `json:"failing"`
	Passing []string   `json:"passing"`
	Silent  []string   `json:"silent"`
	Reason  string     `json:"reason"`
	At      *time.Time `json:"at"`
}

type apiIncident struct {
	ID         string        `json:"id"`
	Code       string        `json:"code"`
	Status     status.Stage  `json:"status"`
	Cause      string        `json:"cause"`
	Title      status.Text   `json:"title"`
	Impact     status.State  `json:"impact"`
	Worst      status.State  `json:"worst"`
	Components []string      `json:"components"`
	Affected   []apiAffected `json:"affected"`
	Began      time.Time     `json:"began"`
	Detected   *time.Time    `json:"detected"`
	Announced  *time.Time    `json:"announced"`
	Watching   *time.Time    `json:"watching"`
	Next       *time.Time    `json:"next"`
	Overdue    bool          `json:"overdue"`
	Updates    []apiUpdate   `json:"updates"` // oldest first
}

type apiAffected struct {
	Component string       `json:"component"`
	State     status.State `json:"state"`
	Worst     status.State `json:"worst"`
	Derived   bool         `json:"derived"`
	Cause     bool         `json:"cause"`
	Since     *time.Time   `json:"since"`
	Until     *time.Time   `json:"until"`
}

type apiUpdate struct {
	ID     string            `json:"id"`
	At     time.Time         `json:"at"`
	Kind   status.UpdateKind `json:"kind"`
	Status status.Stage      `json:"status"`
	Text   status.Text       `json:"text"`
	Author string            `json:"author,omitempty"`
	Next   *time.Time        `json:"next"`
}

type apiMaintenance struct {
	ID         string      `json:"id"`
	Title      status.Text `json:"title"`
	Text       status.Text `json:"text,omitempty"`
	Components []string    `json:"components"`
	From       time.Time   `json:"from"`
	Until      time.Time   `json:"until"`
}

type apiApp struct {
	ID        string        `json:"id"`
	Name      status.Text   `json:"name"`
	Functions []apiFunction `json:"functions"`
}

type apiFunction struct {
	ID         string       `json:"id"`
	Name       status.Text  `json:"name"`
	State      status.State `json:"state"`
	AffectedBy []string     `json:"affected_by"`
	Incident   *string      `json:"incident"`
	Instead    status.Text  `json:"instead,omitempty"`
}

// statusJSON is the snapshot for machines.
func (e *edition) statusJSON() ([]byte, error) {
	s := e.snapshot
	answer := apiStatus{
		GeneratedAt: s.At.UTC(), ValidUntil: e.until.UTC(), Simulation: s.Site.Simulation,
		Site: apiSite{
			Name: s.Site.Name, URL: s.Site.URL, Languages: e.languages,
			TimeZone: e.tellers[e.languages[0]].zone.String(),
		},
		Overall: s.Overall, ImpairedSince: instant(s.Impaired),
		Groups: []apiGroup{}, Components: []apiComponent{}, Incidents: []apiIncident{},
		Maintenance: []apiMaintenance{}, Apps: []apiApp{},
	}
	for g := range s.Groups {
		group := &s.Groups[g]
		answer.Groups = append(answer.Groups, apiGroup{ID: group.ID, Name: group.Name, State: group.State})
		for c := range group.Components {
			answer.Components = append(answer.Components, componentForAPI(&group.Components[c]))
		}
	}
	for i := range s.Incidents {
		answer.Incidents = append(answer.Incidents, e.incidentForAPI(&s.Incidents[i]))
	}
	for i := range s.Maintenance {
		m := &s.Maintenance[i]
		answer.Maintenance = append(answer.Maintenance, apiMaintenance{
			ID: m.ID, Title: m.Title, Text: m.Text, Components: list(m.Components), From: m.From.UTC(), Until: m.Until.UTC(),
		})
	}
	for a := range s.Apps {
		answer.Apps = append(answer.Apps, appForAPI(&s.Apps[a]))
	}
	body, err := json.Marshal(answer)
	if err != nil {
		return nil, fmt.Errorf("writing the status as JSON: %w", err)
	}
	return append(body, '\n'), nil
}

func componentForAPI(c *status.ComponentView) apiComponent {
	a := apiComponent{
		ID: c.ID, Group: c.Group, Name: c.Name, Operator: c.Operator,
		State: c.State, Derived: c.Derived, AffectedBy: optional(c.AffectedBy),
		Since: instant(c.Since), Measured: instant(c.Measured),
		Incident: optional(c.Incident), Maintenance: optional(c.Maintenance),
		Needs: []apiNeed{}, NeededBy: list(c.NeededBy), Substitutes: list(c.Available),
		Advice: c.Advice, Why: []apiFinding{},
	}
	if c.UptimeKnown {
		a.Uptime90d = &c.Uptime
	}
	for _, n := range c.Needs {
		a.Needs = append(a.Needs, apiNeed(n))
	}
	for i := range c.Why {
		f := &c.Why[i]
		a.Why = append(a.Why, apiFinding{
			Check: f.Check, Level: levelName(f.Level), Failing: list(f.Failing), Passing: list(f.Passing),
			Silent: list(f.Silent), Reason: f.Reason, At: instant(f.At),
		})
	}
	return a
}

func (e *edition) incidentForAPI(i *status.Incident) apiIncident {
	a := apiIncident{
		ID: i.ID, Code: i.Code, Status: i.Stage, Cause: i.Cause, Title: status.Text{},
		Impact: i.Impact, Worst: i.Worst, Components: []string{}, Affected: []apiAffected{},
		Began: i.Began.UTC(), Detected: instant(i.Detected), Announced: instant(i.Announced),
		Watching: instant(i.Watching), Next: instant(i.Next), Updates: []apiUpdate{},
	}
	for _, lang := range e.languages {
		a.Title[lang] = e.tellers[lang].title(i)
		a.Overdue = e.tellers[lang].overdue(i)
	}
	for _, c := range i.Components {
		a.Components = append(a.Components, c.Component)
		a.Affected = append(a.Affected, apiAffected{
			Component: c.Component, State: c.State, Worst: c.Worst, Derived: c.Derived, Cause: c.Cause,
			Since: instant(c.Since), Until: instant(c.Until),
		})
	}
	for j := range i.Updates {
		u := &i.Updates[j]
		told := status.Text{}
		for _, lang := range e.languages {
			told[lang] = e.tellers[lang].told(u)
		}
		a.Updates = append(a.Updates, apiUpdate{
			ID: u.ID, At: u.At.UTC(), Kind: u.Kind, Status: u.Stage, Text: told, Author: u.Author, Next: instant(u.Next),
		})
	}
	return a
}

func appForAPI(v *status.AppView) apiApp {
	a := apiApp{ID: v.ID, Name: v.Name, Functions: []apiFunction{}}
	for i := range v.Functions {
		f := &v.Functions[i]
		a.Functions = append(a.Functions, apiFunction{
			ID: f.ID, Name: f.Name, State: f.State, AffectedBy: list(f.AffectedBy), Incident: optional(f.Incident), Instead: f.Instead,
		})
	}
	return a
}

// instant is nil for no instant.
func instant(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	utc := t.UTC()
	return &utc
}

// optional is nil for an empty string.
func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// list is never nil, so that an empty list is [] and not null.
func list(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}
