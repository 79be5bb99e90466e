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
	Exercise      bool             `json:"exercise,omitempty"`
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
	Available   []apiInstead `json:"substitutes"`
	Advice      status.Text  `json:"advice,omitempty"`
	Line        status.Line  `json:"line"` // of the table of judgement, that the state rests on
	Why         []apiFinding `json:"why"`
}

// apiInstead is a substitute with how crowded it is.
type apiInstead struct {
	ID       string `json:"id"`
	Crowded  bool   `json:"crowded"`
	UsualMS  *int64 `json:"usual_ms"`
	LatelyMS *int64 `json:"lately_ms"`
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
	Doubted []string   `json:"doubted"`
	Reason  string     `json:"reason"`
	At      *time.Time `json:"at"`
}

type apiIncident struct {
	ID          string          `json:"id"`
	Code        string          `json:"code"`
	Status      status.Stage    `json:"status"`
	Cause       string          `json:"cause"`
	Title       status.Text     `json:"title"`
	Impact      status.State    `json:"impact"`
	Worst       status.State    `json:"worst"`
	Components  []string        `json:"components"`
	Affected    []apiAffected   `json:"affected"`
	Began       time.Time       `json:"began"`
	Detected    *time.Time      `json:"detected"`
	Announced   *time.Time      `json:"announced"`
	Watching    *time.Time      `json:"watching"`
	Resolved    *time.Time      `json:"resolved"`
	Retracted   *time.Time      `json:"retracted"`
	MergedInto  *string         `json:"merged_into"`
	Next        *time.Time      `json:"next"`
	Overdue     bool            `json:"overdue"`
	Missed      []apiMissed     `json:"missed"` // promises that passed before word came
	Corrections []apiCorrection `json:"corrections"`
	Statements  []apiStatement  `json:"statements"`
	ETAs        []apiETA        `json:"etas"`
	Updates     []apiUpdate     `json:"updates"` // oldest first
	Postmortem  *apiPostmortem  `json:"postmortem"`
}

// apiPostmortem is what was learnt, in Markdown, in its latest version.
type apiPostmortem struct {
	ID      string      `json:"id"`
	Version int         `json:"version"` // from 1; the earlier ones are entries of the timeline
	At      time.Time   `json:"at"`
	Author  string      `json:"author"`
	Text    status.Text `json:"text"`
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
	Missed *time.Time        `json:"missed,omitempty"`
	Other  string            `json:"other,omitempty"` // of a merge or split: the other incident
}

type apiMaintenance struct {
	ID         string      `json:"id"`
	Title      status.Text `json:"title"`
	Text       status.Text `json:"text,omitempty"`
	Components []string    `json:"components"`
	From       time.Time   `json:"from"`
	Until      time.Time   `json:"until"`
	Cancelled  *time.Time  `json:"cancelled"`
	Routine    string      `json:"routine,omitempty"` // that it is of, if it comes again
	Meant      *time.Time  `json:"meant,omitempty"`   // when it was to end before it was prolonged
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
		GeneratedAt: s.At.UTC(), ValidUntil: e.until.UTC(), Simulation: s.Site.Simulation, Exercise: s.Site.Exercise,
		Site: apiSite{
			Name: s.Site.Name, URL: s.Site.URL, Languages: e.languages,
			TimeZone: e.tellers[e.languages[0]].Zone.String(),
		},
		Overall: overall(s), ImpairedSince: instant(s.Impaired),
		Groups: []apiGroup{}, Components: []apiComponent{}, Incidents: []apiIncident{},
		Maintenance: []apiMaintenance{}, Apps: []apiApp{},
	}
	for g := range s.Groups {
		group := &s.Groups[g]
		answer.Groups = append(answer.Groups, apiGroup{ID: group.ID, Name: group.Name, State: group.State})
		for c := range group.Components {
			answer.Components = append(answer.Components, componentForAPI(group.Components[c]))
		}
	}
	for i := range s.Incidents {
		answer.Incidents = append(answer.Incidents, e.incidentForAPI(&s.Incidents[i]))
	}
	for i := range s.Maintenance {
		m := &s.Maintenance[i]
		answer.Maintenance = append(answer.Maintenance, maintenanceForAPI(m))
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
		Needs: []apiNeed{}, NeededBy: list(c.NeededBy),
		Substitutes: list(substituteIDs(c.Available)), Available: []apiInstead{},
		Advice: c.Advice, Line: c.Line(), Why: []apiFinding{},
	}
	if c.UptimeKnown {
		a.Uptime90d = &c.Uptime
	}
	for _, n := range c.Needs {
		a.Needs = append(a.Needs, apiNeed(n))
	}
	for _, s := range c.Available {
		a.Available = append(a.Available, apiInstead{s.ID, s.Crowded, milliseconds(s.Usual), milliseconds(s.Lately)})
	}
	for i := range c.Why {
		a.Why = append(a.Why, findingForAPI(&c.Why[i]))
	}
	return a
}

func findingForAPI(f *status.Finding) apiFinding {
	return apiFinding{
		Check: f.Check, Level: levelName(f.Level), Failing: list(f.Failing), Passing: list(f.Passing),
		Silent: list(f.Silent), Doubted: list(f.Doubted), Reason: f.Reason, At: instant(f.At),
	}
}

func (e *edition) incidentForAPI(i *status.Incident) apiIncident {
	a := apiIncident{
		ID: i.ID, Code: i.Code, Status: i.Stage, Cause: i.Cause, Title: status.Text{},
		Impact: i.Impact, Worst: i.Worst, Components: []string{}, Affected: []apiAffected{},
		Began: i.Began.UTC(), Detected: instant(i.Detected), Announced: instant(i.Announced),
		Watching: instant(i.Watching), Resolved: instant(i.Resolved), Retracted: instant(i.Retracted),
		MergedInto: optional(i.MergedInto), Next: instant(i.Next), Missed: []apiMissed{},
		Corrections: []apiCorrection{}, Statements: []apiStatement{}, ETAs: []apiETA{}, Updates: []apiUpdate{},
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
		a.Updates = append(a.Updates, e.updateForAPI(i, &i.Updates[j]))
		a.record(&i.Updates[j])
	}
	a.ledgers(i)
	if latest, version := i.Postmortem(); latest != nil {
		a.Postmortem = &apiPostmortem{ID: latest.ID, Version: version, At: latest.At.UTC(), Author: latest.Author, Text: latest.Text}
	}
	return a
}

func (e *edition) updateForAPI(i *status.Incident, u *status.Update) apiUpdate {
	told := status.Text{}
	for _, lang := range e.languages {
		told[lang] = e.tellers[lang].told(i, u)
	}
	return apiUpdate{
		ID: u.ID, At: u.At.UTC(), Kind: u.Kind, Status: u.Stage, Text: told, Author: u.Author, Next: instant(u.Next),
		Missed: instant(u.Missed), Other: u.Other,
	}
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
