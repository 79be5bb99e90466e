package web

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"bongsu/status"
	"bongsu/web/account"
)

// Looker has components looked at.
type Looker interface {
	// LookNow asks every location to look at the checks at once, within what
	// their targets allow. It does not wait for what they see.
	LookNow(ctx context.Context, checks []string) error
}

// lookEvery is how often a component may be looked at on demand, by all tokens
// together: eagerness is no reason to hit a target harder.
const lookEvery = 15 * time.Second

// apiSilences is the answer of GET /api/v1/silences.
type apiSilences struct {
	Silences []apiSilence `json:"silences"` // by component
}

// apiSilence keeps what fails of a component from being told, but for what a
// person writes. It changes no state.
type apiSilence struct {
	Component string    `json:"component"`
	Reason    string    `json:"reason"`
	Author    string    `json:"author"`
	Since     time.Time `json:"since"`
	Until     time.Time `json:"until"`
}

type newSilence struct {
	Reason string `json:"reason"`
	Until  string `json:"until"`
}

func (s *Server) silenceRoutes(engine *gin.Engine) {
	if s.options.Tokens == nil || s.options.Desk == nil {
		return
	}
	const one = apiRoot + "components/:id/silence"
	get(engine, apiRoot+"silences", s.asApp(account.ReadDesk, s.listSilences))
	get(engine, one, s.asApp(account.ReadDesk, s.readSilence))
	engine.PUT(one, s.asApp(account.Watch, s.silence))
	engine.DELETE(one, s.asApp(account.Watch, s.lift))
	if s.options.Looker != nil {
		engine.POST(apiRoot+"components/:id/look", s.asApp(account.Watch, s.lookNow))
	}
}

func silenceForAPI(x *status.Silence) apiSilence {
	return apiSilence{Component: x.Component, Reason: x.Reason, Author: x.Author, Since: x.Since.UTC(), Until: x.Until.UTC()}
}

func (s *Server) listSilences(_ context.Context, c *call) *problem {
	e := s.current.Load()
	if e == nil {
		return notYet()
	}
	a := apiSilences{Silences: []apiSilence{}}
	for i := range e.snapshot.Silences {
		a.Silences = append(a.Silences, silenceForAPI(&e.snapshot.Silences[i]))
	}
	return tagged(c.Context, a)
}

func notYet() *problem { return away("The server is starting. Try again soon.") }

func (s *Server) readSilence(_ context.Context, c *call) *problem {
	e := s.current.Load()
	if e == nil {
		return notYet()
	}
	x, found := e.snapshot.Silence(c.Param("id"))
	if !found {
		return newProblem(http.StatusNotFound, "The component is not silenced, or there is none with this id.")
	}
	return tagged(c.Context, silenceForAPI(x))
}

// silenceSeen says whether the silence in the path is as who asks has seen it.
func (s *Server) silenceSeen(c *call) (*edition, *problem) {
	e := s.current.Load()
	if e == nil {
		return nil, notYet()
	}
	if len(c.Request.Header["If-Match"]) == 0 {
		return e, nil
	}
	x, found := e.snapshot.Silence(c.Param("id"))
	if !found {
		return nil, newProblem(http.StatusPreconditionFailed, "The component is not silenced. Nothing was done.")
	}
	body, err := jsonLine(silenceForAPI(x))
	if err != nil {
		return nil, s.deskRefusal(err)
	}
	if tag := strongTag(body); !asSeen(c.Context, tag) {
		return nil, changed(tag, "The silence has changed since.")
	}
	return e, nil
}

func (s *Server) silence(ctx context.Context, c *call) *problem {
	var in newSilence
	if refusal := readJSON(c.Context, &in); refusal != nil {
		return refusal
	}
	e, refusal := s.silenceSeen(c)
	if refusal != nil {
		return refusal
	}
	w := &writing{edition: e, author: author(c.who), id: c.Param("id")}
	until := w.time("/until", in.Until)
	if !Plain(in.Reason) {
		w.complain("/reason", "has control characters or is not UTF-8; write plain text, in one line")
	}
	asked := status.Silence{Component: w.id, Reason: in.Reason, Until: until}
	if refusal := s.quieten(ctx, c, w, status.Command{Silence: &asked}); refusal != nil {
		return refusal
	}
	s.audit(ctx, c, account.Watch, "component:"+w.id, "silences it until "+cell(until)+": "+in.Reason)
	c.JSON(http.StatusOK, done{Done: true})
	return nil
}

func (s *Server) lift(ctx context.Context, c *call) *problem {
	e, refusal := s.silenceSeen(c)
	if refusal != nil {
		return refusal
	}
	w := &writing{edition: e, author: author(c.who), id: c.Param("id")}
	if refusal := s.quieten(ctx, c, w, status.Command{Lift: w.id}); refusal != nil {
		return refusal
	}
	return s.carried(ctx, c, account.Watch, "component:"+w.id, "ends its silence")
}

// quieten has the board carry it out, once for a key.
func (s *Server) quieten(ctx context.Context, c *call, w *writing, command status.Command) *problem {
	c.Set(onceOnly, true)
	err := w.err()
	if err == nil {
		ctx, cancel := context.WithTimeout(ctx, deskTime)
		defer cancel()
		command.ID, command.Author = c.GetString(commandKey), w.author
		_, err = s.options.Desk.Do(ctx, command)
	}
	if errors.Is(err, status.ErrNoComponent) {
		return newProblem(http.StatusNotFound, "There is no component with this id. GET /api/v1/status lists them.")
	}
	return s.refusal(w, err)
}

// lookNow has a component's checks looked at once.
func (s *Server) lookNow(ctx context.Context, c *call) *problem {
	e := s.current.Load()
	if e == nil {
		return notYet()
	}
	view, known := e.snapshot.Component(c.Param("id"))
	if !known {
		return newProblem(http.StatusNotFound, "There is no component with this id. GET /api/v1/status lists them.")
	}
	var checks []string
	for i := range view.Checks {
		if !view.Checks[i].Awaits { // it asks nothing
			checks = append(checks, view.Checks[i].ID)
		}
	}
	if len(checks) == 0 {
		return newProblem(http.StatusConflict, "The component has no check that looks at anything.")
	}
	if !s.looks.Allow(view.ID, c.now) {
		return newProblem(http.StatusTooManyRequests, "The component has just been looked at.").later(lookEvery)
	}
	ctx, cancel := context.WithTimeout(ctx, deskTime)
	defer cancel()
	if err := s.options.Looker.LookNow(ctx, checks); err != nil {
		return s.deskRefusal(err)
	}
	return s.carried(ctx, c, account.Watch, "component:"+view.ID, "has it looked at now")
}
