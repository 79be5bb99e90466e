package web

import (
	"context"
	"net/http"
	"time"
	"unicode/utf8"

	"bongsu/notifier"
	"bongsu/notifier/appnotice"
)

// maxReason bounds why a template was refused, in characters.
const maxReason = 300

// apiTemplate is a version of a template.
type apiTemplate struct {
	App        string                                        `json:"app"`
	ID         string                                        `json:"id"`
	Version    int                                           `json:"version"`
	State      appnotice.State                               `json:"state"`
	Texts      map[string]map[notifier.Class]appnotice.Words `json:"texts"`
	Params     map[string]appnotice.Param                    `json:"params"`
	ProposedBy string                                        `json:"proposed_by"`
	Proposed   time.Time                                     `json:"proposed"`
	DecidedBy  *string                                       `json:"decided_by"`
	Decided    *time.Time                                    `json:"decided"`
	Reason     string                                        `json:"reason,omitempty"`
}

// apiTemplates is the answer of GET /api/v1/templates.
type apiTemplates struct {
	Templates []apiTemplate `json:"templates"` // every version, newest first
}

func templateForAPI(t *appnotice.Template) apiTemplate {
	a := apiTemplate{
		App: t.App, ID: t.ID, Version: t.Version, State: t.State, Texts: t.Texts, Params: t.Params,
		ProposedBy: t.ProposedBy, Proposed: t.Proposed.UTC(), DecidedBy: optional(t.DecidedBy), Decided: instant(t.Decided), Reason: t.Reason,
	}
	if a.Params == nil {
		a.Params = map[string]appnotice.Param{}
	}
	return a
}

func templatesForAPI(list []appnotice.Template) apiTemplates {
	a := apiTemplates{Templates: []apiTemplate{}}
	for i := range list {
		a.Templates = append(a.Templates, templateForAPI(&list[i]))
	}
	return a
}

// listTemplates gives an app its templates, and an administrator everybody's.
func (s *Server) listTemplates(ctx context.Context, c *call) *problem {
	list, err := s.options.Apps.Book.TemplatesOf(ctx, c.app)
	if err != nil {
		return s.appRefusal(err, nil)
	}
	c.JSON(http.StatusOK, templatesForAPI(list))
	return nil
}

func (s *Server) readTemplate(ctx context.Context, c *call) *problem {
	if refusal := c.needsApp(); refusal != nil {
		return refusal
	}
	list, err := s.options.Apps.Template(ctx, c.app, c.Param("id"))
	if err != nil {
		return s.appRefusal(err, nil)
	}
	c.JSON(http.StatusOK, templatesForAPI(list))
	return nil
}

// needsApp wants an administrator to name the app.
func (c *call) needsApp() *problem {
	if c.app == "" {
		return newProblem(http.StatusBadRequest, "Say whose template it is: ?app=ID.")
	}
	return nil
}

type newTemplate struct {
	Texts  map[string]map[notifier.Class]appnotice.Words `json:"texts"`
	Params map[string]appnotice.Param                    `json:"params"`
}

func (s *Server) proposeTemplate(ctx context.Context, c *call) *problem {
	if refusal := c.needsApp(); refusal != nil {
		return refusal
	}
	var in newTemplate
	if refusal := readJSON(c.Context, &in); refusal != nil {
		return refusal
	}
	t := appnotice.Template{App: c.app, ID: c.Param("id"), Texts: in.Texts, Params: in.Params}
	t, found, err := s.options.Apps.Propose(ctx, t, author(c.who), c.now)
	if err != nil {
		return s.appRefusal(err, found)
	}
	c.JSON(http.StatusOK, templateForAPI(&t))
	return nil
}

type newDecision struct {
	Version int    `json:"version"`
	Approve bool   `json:"approve"`
	Reason  string `json:"reason"`
}

// decideTemplate approves or refuses a version.
func (s *Server) decideTemplate(ctx context.Context, c *call) *problem {
	if refusal := c.needsApp(); refusal != nil {
		return refusal
	}
	var in newDecision
	if refusal := readJSON(c.Context, &in); refusal != nil {
		return refusal
	}
	var found complaints
	switch {
	case in.Approve && in.Reason != "":
		found.complain("/reason", "only a refusal has one; leave it out")
	case !in.Approve && in.Reason == "":
		found.complain("/reason", "is missing; tell the app what to change")
	case utf8.RuneCountInString(in.Reason) > maxReason || !Plain(in.Reason):
		found.complain("/reason", "write plain text, at most %d characters", maxReason)
	}
	if len(found) > 0 {
		p := newProblem(http.StatusUnprocessableEntity, "Some values cannot be taken. Nothing was changed.")
		p.Errors = found
		return p
	}
	t := appnotice.Template{App: c.app, ID: c.Param("id"), Version: in.Version, State: appnotice.Refused, DecidedBy: author(c.who), Decided: c.now, Reason: in.Reason}
	if in.Approve {
		t.State = appnotice.Approved
	}
	if err := s.options.Apps.Book.Decide(ctx, t); err != nil {
		return s.appRefusal(err, nil)
	}
	return s.readTemplate(ctx, c)
}
