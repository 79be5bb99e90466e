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

// Holds keeps whose incident is whose: who has acknowledged it looks after it. It
// tells nobody.
type Holds interface {
	// Take notes that an incident is somebody's, in place of whoever had it.
	Take(ctx context.Context, incident string, who account.Who, now time.Time) error
	Leave(ctx context.Context, incident string) error
	Holds(ctx context.Context) ([]Hold, error)
}

// Hold says whose an incident is.
type Hold struct {
	Incident string    `json:"incident"`
	Name     string    `json:"name"`
	Since    time.Time `json:"since"`
}

// apiHolds is the answer of GET /api/v1/acknowledgements.
type apiHolds struct {
	Acknowledgements []Hold `json:"acknowledgements"` // newest first
}

func (s *Server) holdRoutes(engine *gin.Engine) {
	if s.options.Holds == nil || s.options.Tokens == nil {
		return
	}
	get(engine, apiRoot+"acknowledgements", s.asApp(account.ReadDesk, s.listHolds))
	engine.PUT(apiRoot+"incidents/:id/acknowledgement", s.asApp(account.Publish, s.acknowledge))
	engine.DELETE(apiRoot+"incidents/:id/acknowledgement", s.asApp(account.Publish, s.giveBack))
}

func (s *Server) listHolds(ctx context.Context, c *call) *problem {
	all, err := s.options.Holds.Holds(ctx)
	if err != nil {
		return s.deskRefusal(err)
	}
	slices.SortFunc(all, func(a, b Hold) int {
		if d := b.Since.Compare(a.Since); d != 0 {
			return d
		}
		return strings.Compare(b.Incident, a.Incident)
	})
	return tagged(c.Context, apiHolds{Acknowledgements: append([]Hold{}, all...)})
}

// acknowledge notes that an open incident is looked after.
func (s *Server) acknowledge(ctx context.Context, c *call) *problem {
	i := s.openIncidentOf(c)
	if i == nil {
		return newProblem(http.StatusNotFound, "No incident with this id is open.")
	}
	if err := s.options.Holds.Take(ctx, i.ID, c.holder(), c.now); err != nil {
		return s.deskRefusal(err)
	}
	return s.carried(ctx, c, account.Publish, "incident "+i.Code, "acknowledged")
}

// holder is who a token speaks for.
func (c *call) holder() account.Who {
	return account.Who{ID: "token " + c.who.ID, Name: author(c.who), Role: c.who.Role, App: c.who.App}
}

func (s *Server) giveBack(ctx context.Context, c *call) *problem {
	i := s.openIncidentOf(c)
	if i == nil {
		return newProblem(http.StatusNotFound, "No incident with this id is open.")
	}
	if err := s.options.Holds.Leave(ctx, i.ID); err != nil {
		return s.deskRefusal(err)
	}
	return s.carried(ctx, c, account.Publish, "incident "+i.Code, "given back")
}

// openIncidentOf is the open incident in the path, or nil.
func (s *Server) openIncidentOf(c *call) *status.Incident {
	e := s.current.Load()
	if e == nil {
		return nil
	}
	i, found := e.snapshot.Incident(c.Param("id"))
	if !found || !i.Open() {
		return nil
	}
	return i
}

type newPostmortem struct {
	Text status.Text `json:"text"`
}

// maxPostmortem bounds a post-mortem in one language, in bytes.
const maxPostmortem = 16 << 10

// review adds what was learnt to an incident that is over.
func (s *Server) review(ctx context.Context, w *writing, in *newPostmortem) (made, error) {
	w.languages("/text", in.Text, true)
	for lang, text := range in.Text {
		if len(text) > maxPostmortem {
			w.complain("/text/"+escapePointer(lang), "has %d bytes; write at most %d", len(text), maxPostmortem)
		}
	}
	return s.amend(ctx, w, status.Command{Postmortem: in.Text})
}
