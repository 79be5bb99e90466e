package web

import (
	"context"
	"net/http"

	"bongsu/status"
	"bongsu/web/account"
)

// newSwitch says whether an app's widget is shut off.
type newSwitch struct {
	Off bool `json:"off"`
}

// switchWidget shuts an app's widget off, or turns it on again: an operator any,
// an agency that of its own app.
func (s *Server) switchWidget(ctx context.Context, c *call) *problem {
	app := c.Param("id")
	if c.who.Role.OfOneApp() && c.who.App != app {
		return newProblem(http.StatusForbidden, "The token is of another app.")
	}
	e := s.current.Load()
	if e == nil {
		return away("The server is starting. Try again soon.")
	}
	var in newSwitch
	if refusal := readJSON(c.Context, &in); refusal != nil {
		return refusal
	}
	w := &writing{edition: e, author: author(c.who), id: app}
	ctx, cancel := context.WithTimeout(ctx, deskTime)
	defer cancel()
	c.Set(onceOnly, true)
	_, err := s.options.Desk.Do(ctx, status.Command{
		ID: c.GetString(commandKey), Author: w.author, Widget: &status.WidgetSwitch{App: app, Off: in.Off},
	})
	if refusal := s.refusal(w, err); refusal != nil {
		return refusal
	}
	said := "on"
	if in.Off {
		said = "off"
	}
	s.audit(ctx, c, account.SwitchWidget, "widget "+app, said)
	c.JSON(http.StatusOK, made{ID: app, URL: e.snapshot.Site.URL + "/apps/" + app})
	return nil
}
