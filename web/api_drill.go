package web

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"bongsu/status"
	"bongsu/web/account"
)

// Drills runs drills in the background, one at a time, on books of their own.
// [ErrNone]: nothing has the id. [ErrRuns]: another one runs.
type Drills interface {
	Scenarios() ([]DrillScenario, error)
	// Drills lists those that are kept, newest first, with the one that runs.
	Drills(ctx context.Context) ([]DrillView, error)
	Drill(ctx context.Context, id string) (DrillView, error)
	// Scorecard is an ended drill's; a form that it has not is empty.
	Scorecard(ctx context.Context, id string) (Scorecard, error)
	// Begin begins one, with the installation's own configuration or the
	// scenario's.
	Begin(ctx context.Context, scenario string, ours bool, by string) (id string, err error)
	EndDrill(ctx context.Context, id string) error
}

// ErrRuns says that something of which there can be one runs already.
var ErrRuns = errors.New("another one runs; wait for its end, or cancel it")

// DrillScenario is an outage that can be rehearsed.
type DrillScenario struct {
	ID           string      `json:"id"`
	Title        status.Text `json:"title"`
	About        status.Text `json:"about"`
	LastsS       int64       `json:"lasts_s"` // seconds
	Targets      int         `json:"targets"`
	Expectations int         `json:"expectations"`
}

// DrillView is a drill. Of one that runs, Part says how much of the scenario has
// passed, from 0 to 1, and Clock its time.
type DrillView struct {
	ID       string     `json:"id"`
	Scenario string     `json:"scenario"`
	Ours     bool       `json:"own_configuration"`
	By       string     `json:"by"`
	Began    time.Time  `json:"began"`
	Ended    *time.Time `json:"ended"`
	State    string     `json:"state"` // running, passed, broken, failed or cancelled
	Kept     int        `json:"kept"`  // expectations that held
	Broken   int        `json:"broken"`
	Error    string     `json:"error,omitempty"`
	Part     float64    `json:"part"`
	Clock    *time.Time `json:"clock"`
}

// Scorecard is what became of a drill, in three forms.
type Scorecard struct{ JSON, HTML, SVG []byte }

// apiScenarios is the answer of GET /api/v1/drills/scenarios.
type apiScenarios struct {
	Scenarios []DrillScenario `json:"scenarios"`
}

// apiDrills is a page of GET /api/v1/drills.
type apiDrills struct {
	Drills []DrillView `json:"drills"` // newest first
	Next   *string     `json:"next"`   // cursor of the page after; null: there is none
}

type newDrill struct {
	Scenario string `json:"scenario"`
	Ours     bool   `json:"own_configuration"`
}

func (s *Server) drillRoutes(engine *gin.Engine) {
	if s.options.Drills == nil || s.options.Tokens == nil {
		return
	}
	const one = apiRoot + "drills/:id"
	get(engine, apiRoot+"drills", s.asApp(account.ReadDesk, s.listDrills))
	engine.POST(apiRoot+"drills", s.asApp(account.Drill, s.beginDrill))
	get(engine, apiRoot+"drills/scenarios", s.asApp(account.ReadDesk, s.listScenarios))
	get(engine, one, s.asApp(account.ReadDesk, s.readDrill))
	engine.POST(one+"/cancel", s.asApp(account.Drill, s.cancelDrill))
	get(engine, one+"/scorecard", s.asApp(account.ReadDesk, s.scorecard(apiJSON, func(c *Scorecard) []byte { return c.JSON })))
	get(engine, one+"/scorecard.html", s.asApp(account.ReadDesk, s.scorecard("text/html; charset=utf-8", func(c *Scorecard) []byte { return c.HTML })))
	get(engine, one+"/scorecard.svg", s.asApp(account.ReadDesk, s.scorecard("image/svg+xml", func(c *Scorecard) []byte { return c.SVG })))
}

func (s *Server) listScenarios(_ context.Context, c *call) *problem {
	all, err := s.options.Drills.Scenarios()
	if err != nil {
		return s.deskRefusal(err)
	}
	return tagged(c.Context, apiScenarios{Scenarios: append([]DrillScenario{}, all...)})
}

func (s *Server) listDrills(ctx context.Context, c *call) *problem {
	after, limit, refusal := s.listPage(c, "drills")
	if refusal != nil {
		return refusal
	}
	all, err := s.options.Drills.Drills(ctx)
	if err != nil {
		return s.deskRefusal(err)
	}
	slices.SortStableFunc(all, func(x, y DrillView) int { return strings.Compare(y.ID, x.ID) })
	all = slices.DeleteFunc(all, func(d DrillView) bool { return after != "" && d.ID >= after })
	a := apiDrills{Drills: append([]DrillView{}, all...)}
	if len(all) > limit {
		a.Drills, a.Next = all[:limit], s.next("drills", all[limit-1].ID)
	}
	return tagged(c.Context, a)
}

func (s *Server) readDrill(ctx context.Context, c *call) *problem {
	d, err := s.options.Drills.Drill(ctx, c.Param("id"))
	if err != nil {
		return s.deskRefusal(err)
	}
	return tagged(c.Context, d)
}

func (s *Server) beginDrill(ctx context.Context, c *call) *problem {
	var in newDrill
	if refusal := readJSON(c.Context, &in); refusal != nil {
		return refusal
	}
	id, err := s.options.Drills.Begin(ctx, in.Scenario, in.Ours, author(c.who))
	switch {
	case errors.Is(err, ErrNone):
		return invalid(complaints{{"/scenario", "there is no such scenario; GET /api/v1/drills/scenarios lists those there are"}})
	case errors.Is(err, ErrRuns):
		return newProblem(http.StatusConflict, sentence(err.Error()))
	case err != nil:
		return s.deskRefusal(err)
	}
	s.audit(ctx, c, account.Drill, "drill "+id, "began "+in.Scenario+", own configuration: "+strconv.FormatBool(in.Ours))
	d, err := s.options.Drills.Drill(ctx, id)
	if err != nil {
		return s.deskRefusal(err)
	}
	c.Header("Location", apiRoot+"drills/"+id)
	c.JSON(http.StatusCreated, d)
	return nil
}

func (s *Server) cancelDrill(ctx context.Context, c *call) *problem {
	err := s.options.Drills.EndDrill(ctx, c.Param("id"))
	if errors.Is(err, ErrNone) {
		return newProblem(http.StatusConflict, "No drill with this id runs.")
	}
	if err != nil {
		return s.deskRefusal(err)
	}
	return s.carried(ctx, c, account.Drill, "drill "+c.Param("id"), "cancelled")
}

// scorecardPolicy is what a scorecard may do: it is a document by itself, with a
// style of its own.
const scorecardPolicy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox"

// scorecard gives one form of a scorecard as it was made.
func (s *Server) scorecard(kind string, form func(*Scorecard) []byte) func(context.Context, *call) *problem {
	return func(ctx context.Context, c *call) *problem {
		card, err := s.options.Drills.Scorecard(ctx, c.Param("id"))
		if err != nil {
			return s.deskRefusal(err)
		}
		body := form(&card)
		if len(body) == 0 {
			return newProblem(http.StatusNotFound, "The drill has no scorecard: it runs, was cancelled, or failed.")
		}
		c.Header("Content-Security-Policy", scorecardPolicy)
		c.Data(http.StatusOK, kind, body)
		return nil
	}
}
