package web

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"bongsu/status"
	"bongsu/web/account"
)

// apiIncidents is a page of GET /api/v1/incidents.
type apiIncidents struct {
	Incidents []apiIncident `json:"incidents"` // newest first
	Next      *string       `json:"next"`      // cursor of the page after; null: there is none
}

// apiWork is the answer of GET /api/v1/maintenance.
type apiWork struct {
	Maintenance []apiMaintenance `json:"maintenance"` // going on or planned, soonest first
}

// How often a network may read lists.
const (
	listEvery = time.Second
	listBurst = 60
)

// listRoutes are lists of what is public.
func (s *Server) listRoutes(engine *gin.Engine) {
	get(engine, apiRoot+"incidents", s.asAnybody(s.listIncidents))
	get(engine, apiRoot+"maintenance", s.asAnybody(s.listMaintenance))
	get(engine, apiRoot+"maintenance/*id", s.readOne)
	get(engine, apiRoot+"map", s.asAnybody(s.readMap))
}

// asAnybody makes a handler of what needs no token.
func (s *Server) asAnybody(do func(ctx context.Context, c *call, e *edition) *problem) gin.HandlerFunc {
	return func(c *gin.Context) {
		c.Header("Cache-Control", keepNot)
		c.Header("Access-Control-Allow-Origin", "*")
		now := s.options.Now()
		if !s.reads.Allow(s.visitor(c), now) {
			tooOften(listEvery).answer(c)
			return
		}
		e := s.current.Load()
		if e == nil {
			away("The server is starting. Try again soon.").answer(c)
			return
		}
		if refusal := do(c.Request.Context(), &call{Context: c, now: now}, e); refusal != nil {
			refusal.answer(c)
		}
	}
}

// listIncidents lists the open ones and those of the last 90 days.
func (s *Server) listIncidents(_ context.Context, c *call, e *edition) *problem {
	after, limit, refusal := s.listPage(c, "incidents")
	if refusal != nil {
		return refusal
	}
	state := c.Query("state")
	if state != "" && state != "open" && state != "past" {
		return newProblem(http.StatusBadRequest, "state is open or past; leave it out for both.")
	}
	var found []*status.Incident
	for of, list := range map[string][]status.Incident{"open": e.snapshot.Incidents, "past": e.snapshot.Past} {
		for i := range list {
			if (state == "" || state == of) && (after == "" || list[i].ID < after) {
				found = append(found, &list[i])
			}
		}
	}
	slices.SortFunc(found, func(x, y *status.Incident) int { return strings.Compare(y.ID, x.ID) })
	a := apiIncidents{Incidents: []apiIncident{}}
	if len(found) > limit {
		found = found[:limit]
		a.Next = s.next("incidents", found[limit-1].ID)
	}
	for _, i := range found {
		a.Incidents = append(a.Incidents, e.incidentForAPI(i))
	}
	return tagged(c.Context, a)
}

func (s *Server) listMaintenance(_ context.Context, c *call, e *edition) *problem {
	a := apiWork{Maintenance: []apiMaintenance{}}
	for i := range e.snapshot.Maintenance {
		a.Maintenance = append(a.Maintenance, maintenanceForAPI(&e.snapshot.Maintenance[i]))
	}
	return tagged(c.Context, a)
}

func maintenanceForAPI(m *status.Maintenance) apiMaintenance {
	return apiMaintenance{
		ID: m.ID, Title: m.Title, Text: m.Text, Components: list(m.Components), From: m.From.UTC(), Until: m.Until.UTC(), Cancelled: instant(m.Cancelled),
		Routine: m.Routine, Meant: instant(m.Meant),
	}
}

// apiSuspicions is the answer of GET /api/v1/suspicions.
type apiSuspicions struct {
	Suspicions []apiSuspicion `json:"suspicions"` // newest first
}

// apiSuspicion is what somebody else's monitoring holds against a component. It
// is for operators: nothing is confirmed by it.
type apiSuspicion struct {
	Component string       `json:"component"`
	Source    string       `json:"source"`
	Key       string       `json:"key"`
	State     status.State `json:"state"`
	Summary   string       `json:"summary"`
	Since     string       `json:"since"`
	Until     string       `json:"until"`
	Measured  status.State `json:"measured"` // what we see ourselves
}

func (s *Server) suspicionRoutes(engine *gin.Engine) {
	if s.options.Tokens != nil {
		get(engine, apiRoot+"suspicions", s.asApp(account.ReadDesk, s.listSuspicions))
	}
}

func (s *Server) listSuspicions(_ context.Context, c *call) *problem {
	e := s.current.Load()
	if e == nil {
		return notYet()
	}
	a := apiSuspicions{Suspicions: []apiSuspicion{}}
	for i := range e.snapshot.Suspicions {
		x := &e.snapshot.Suspicions[i]
		one := apiSuspicion{Component: x.Component, Source: x.Source, Key: x.Key, State: x.State, Summary: x.Summary, Since: cell(x.Since), Until: cell(x.Until)}
		if seen, found := e.snapshot.Component(x.Component); found {
			one.Measured = seen.State
		}
		a.Suspicions = append(a.Suspicions, one)
	}
	return tagged(c.Context, a)
}
