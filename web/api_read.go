package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"bongsu/status"
)

// apiMissed is a promise that passed before word came.
type apiMissed struct {
	Promised time.Time `json:"promised"`
	Came     time.Time `json:"came"`
}

// apiCorrection is something that was told and was otherwise.
type apiCorrection struct {
	At     time.Time              `json:"at"`
	Field  status.CorrectionField `json:"field"`
	Was    string                 `json:"was"`
	Is     string                 `json:"is"`
	Reason status.Text            `json:"reason"`
	Source string                 `json:"source,omitempty"`
	Author string                 `json:"author,omitempty"`
}

// apiStatement is what somebody else said. It colours nothing.
type apiStatement struct {
	At      time.Time   `json:"at"`
	Speaker string      `json:"speaker"`
	Said    *time.Time  `json:"said"`
	Text    status.Text `json:"text"`
	Fixed   bool        `json:"fixed"`
	Source  string      `json:"source,omitempty"`
}

// apiETA is an expectation of the end, with what became of it.
type apiETA struct {
	ID      string            `json:"id"`
	At      time.Time         `json:"at"`
	Speaker string            `json:"speaker"`
	Basis   status.Text       `json:"basis"`
	By      *time.Time        `json:"by"`
	Expires *time.Time        `json:"expires"`
	Outcome status.ETAOutcome `json:"outcome"`
	Settled *time.Time        `json:"settled"`
	Source  string            `json:"source,omitempty"`
}

// record adds what an update tells beyond its words.
func (a *apiIncident) record(u *status.Update) {
	if !u.Missed.IsZero() {
		a.Missed = append(a.Missed, apiMissed{Promised: u.Missed.UTC(), Came: u.At.UTC()})
	}
	if s := u.Statement; s != nil && u.Kind == status.UpdateStatement {
		a.Statements = append(a.Statements, apiStatement{
			At: u.At.UTC(), Speaker: s.Speaker, Said: instant(s.Said), Text: s.Text, Fixed: s.Fixed, Source: s.Source,
		})
	}
}

// ledgers adds what was corrected and what was expected.
func (a *apiIncident) ledgers(i *status.Incident) {
	for _, c := range i.Corrections() {
		a.Corrections = append(a.Corrections, apiCorrection{
			At: c.At.UTC(), Field: c.Field, Was: c.Was, Is: c.Is, Reason: c.Reason, Source: c.Source, Author: c.Author,
		})
	}
	for _, e := range i.ETAs() {
		a.ETAs = append(a.ETAs, apiETA{
			ID: e.ID, At: e.Made.UTC(), Speaker: e.Speaker, Basis: e.Basis, By: instant(e.By), Expires: instant(e.Expires),
			Outcome: e.Outcome, Settled: instant(e.Settled), Source: e.Source,
		})
	}
}

// apiLocation is a place we look from, and whether it is believed.
type apiLocation struct {
	ID      string      `json:"id"`
	Name    status.Text `json:"name"`
	Domains []string    `json:"domains"`
	Heard   *time.Time  `json:"heard"`
	Counts  bool        `json:"counts"`
	Doubts  []apiDoubt  `json:"doubts"`
}

type apiDoubt struct {
	Kind  status.DoubtKind `json:"kind"`
	Since *time.Time       `json:"since"`
}

// apiLocations is the answer of GET /api/v1/locations.
type apiLocations struct {
	GeneratedAt   time.Time     `json:"generated_at"`
	ValidUntil    time.Time     `json:"valid_until"`
	ImpairedSince *time.Time    `json:"impaired_since"`
	Locations     []apiLocation `json:"locations"`
}

func (e *edition) locationsJSON() ([]byte, error) {
	s := e.snapshot
	answer := apiLocations{
		GeneratedAt: s.At.UTC(), ValidUntil: e.until.UTC(), ImpairedSince: instant(s.Impaired), Locations: []apiLocation{},
	}
	for i := range s.Locations {
		l := &s.Locations[i]
		a := apiLocation{
			ID: l.ID, Name: l.Name, Domains: list(l.Domains), Heard: instant(l.Heard), Counts: len(l.Doubts) == 0, Doubts: []apiDoubt{},
		}
		for _, d := range l.Doubts {
			a.Doubts = append(a.Doubts, apiDoubt{Kind: d.Kind, Since: instant(d.Since)})
		}
		answer.Locations = append(answer.Locations, a)
	}
	return jsonLine(answer)
}

// apiEvidence is the answer of GET /api/v1/components/ID: the component with
// what each location saw last.
type apiEvidence struct {
	GeneratedAt time.Time `json:"generated_at"`
	ValidUntil  time.Time `json:"valid_until"`
	apiComponent
	Checks []apiCheck `json:"checks"`
}

type apiCheck struct {
	ID       string       `json:"id"`
	Name     string       `json:"name"`
	Depth    status.Depth `json:"depth"`
	Sandbox  bool         `json:"sandbox"`
	FreshMS  int64        `json:"fresh_ms"`
	CountsAs *string      `json:"counts_as"`
	apiFinding
	Looks []apiLook `json:"looks"`
}

// apiLook is what a location saw last. Counts says whether its word counts
// now: it is fresh, and the location is believed.
type apiLook struct {
	Location string         `json:"location"`
	Counts   bool           `json:"counts"`
	Doubted  bool           `json:"doubted"`
	Level    string         `json:"level"`
	Outcome  status.Outcome `json:"outcome"`
	At       *time.Time     `json:"at"`
	Said     *time.Time     `json:"said"` // when the latest look began that told something
	TookMS   int64          `json:"took_ms"`
	UsualMS  *int64         `json:"usual_ms"`
	LatelyMS *int64         `json:"lately_ms"`
	Reason   string         `json:"reason"`
}

func (e *edition) evidenceJSON(c *status.ComponentView) ([]byte, error) {
	t := e.tellers[e.languages[0]]
	answer := apiEvidence{
		GeneratedAt: e.snapshot.At.UTC(), ValidUntil: e.until.UTC(), apiComponent: componentForAPI(c), Checks: []apiCheck{},
	}
	for i := range c.Checks {
		check := &c.Checks[i]
		f := t.finding(c, check)
		a := apiCheck{
			ID: check.ID, Name: checkName(c, check.ID), Depth: check.Depth, Sandbox: check.Sandbox,
			FreshMS: check.Fresh.Milliseconds(), apiFinding: findingForAPI(&f), Looks: []apiLook{},
		}
		if check.CountsAs != status.Unknown {
			a.CountsAs = optional(check.CountsAs.String())
		}
		for _, location := range t.watchers(c, check) {
			if s := standing(c, check.ID, location); s != nil {
				a.Looks = append(a.Looks, t.lookForAPI(s, check))
			}
		}
		answer.Checks = append(answer.Checks, a)
	}
	return jsonLine(answer)
}

func (t *teller) lookForAPI(s *status.Standing, check *status.Check) apiLook {
	doubted := len(t.doubts(s.Location)) > 0
	return apiLook{
		Location: s.Location, Counts: !doubted && t.fresh(s, check), Doubted: doubted,
		Level: levelName(s.Level), Outcome: s.Outcome, At: instant(s.At), Said: instant(s.Said),
		TookMS: s.Took.Milliseconds(), UsualMS: milliseconds(s.Usual), LatelyMS: milliseconds(s.Lately), Reason: s.Reason,
	}
}

// milliseconds is nil for no duration.
func milliseconds(d time.Duration) *int64 {
	if d <= 0 {
		return nil
	}
	ms := d.Milliseconds()
	return &ms
}

func jsonLine(answer any) ([]byte, error) {
	body, err := json.Marshal(answer)
	if err != nil {
		return nil, fmt.Errorf("writing an answer as JSON: %w", err)
	}
	return append(body, '\n'), nil
}

// apiReads are the reads that are not on the shelf.
func (s *Server) apiReads(engine *gin.Engine) {
	get(engine, apiRoot+"components/:id", s.readOne)
	get(engine, apiRoot+"apps/:id", s.readOne)
	get(engine, apiRoot+"incidents/:id", s.readOne)
	get(engine, apiRoot+"incidents/:id/notices", s.readOne)
}

// readOne answers with one component or incident.
func (s *Server) readOne(c *gin.Context) {
	e := s.current.Load()
	if e == nil {
		away("The server is starting. Try again soon.").answer(c)
		return
	}
	path := c.Request.URL.Path
	d, err := e.forAPI(path)
	if err != nil {
		s.options.Log.Error("writing an answer", "path", path, "err", err)
		s.fail(c.Writer, c.Request)
		return
	}
	if d == nil {
		newProblem(http.StatusNotFound, "There is nothing with this id. GET /api/v1/status lists what there is.").answer(c)
		return
	}
	d.serve(c.Writer, c.Request)
}

// forAPI is the answer at a path, or nil.
func (e *edition) forAPI(path string) (*document, error) {
	build := e.findForAPI(path)
	if build == nil {
		return nil, nil //nolint:nilnil // Nothing is there: that is no mistake.
	}
	return e.keep(key(path, ""), func() (*document, error) {
		body, err := build()
		if err != nil {
			return nil, err
		}
		return newDocument(http.StatusOK, apiJSON, body).forAnyOrigin(), nil
	})()
}

// findForAPI says what makes the answer at a path, or nil.
func (e *edition) findForAPI(path string) func() ([]byte, error) {
	room, id, _ := strings.Cut(strings.TrimPrefix(path, apiRoot), "/")
	if incident, found := strings.CutSuffix(id, "/notices"); found && room == "incidents" {
		room, id = "notices", incident
	}
	switch room {
	case "maintenance":
		for i := range e.snapshot.Maintenance {
			if m := &e.snapshot.Maintenance[i]; m.ID == id {
				return func() ([]byte, error) { return jsonLine(maintenanceForAPI(m)) }
			}
		}
	case "components":
		if c := e.tellers[e.languages[0]].components()[id]; c != nil {
			return func() ([]byte, error) { return e.evidenceJSON(c) }
		}
	case "apps":
		if a, found := e.snapshot.App(id); found {
			return func() ([]byte, error) { return e.appJSON(a) }
		}
	case "incidents":
		if i, found := e.snapshot.Incident(id); found {
			return func() ([]byte, error) { return jsonLine(e.incidentForAPI(i)) }
		}
	case "notices":
		if i, found := e.snapshot.Incident(id); found {
			return func() ([]byte, error) { return e.sentJSON(i) }
		}
	}
	return nil
}
