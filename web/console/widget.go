package console

import (
	"errors"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"strings"

	"bongsu/status"
	"bongsu/web/account"
)

// Embedding is what pages of others need to have the widget.
type Embedding struct {
	Script    string // its address, for ever the same
	Integrity string // its hash, as pages pin it
	Key       string // what the data is signed with; empty: it is not
}

// widgetSection is an app's widget on the app's page.
type widgetSection struct {
	Snippet string
	Action  string // where it is switched; empty: not by whoever has come
	Off     bool
}

func (v *visit) widgetSection(a *status.AppView) *widgetSection {
	w := &widgetSection{Snippet: v.console.options.Apps.Embedding().snippet(a.ID), Off: a.WidgetOff}
	if v.who.May(account.SwitchWidget, a.ID) {
		w.Action = Root + "/apps/" + url.PathEscape(a.ID) + "/widget"
	}
	return w
}

// snippet is the lines that embed an app's widget.
func (e Embedding) snippet(app string) string {
	var s strings.Builder
	fmt.Fprintf(&s, "<script async src=\"%s\"\n integrity=\"%s\" crossorigin=\"anonymous\"\n data-app=\"%s\"",
		html.EscapeString(e.Script), html.EscapeString(e.Integrity), html.EscapeString(app))
	if e.Key != "" {
		fmt.Fprintf(&s, " data-key=\"%s\"", html.EscapeString(e.Key))
	}
	s.WriteString("></script>")
	return s.String()
}

// switchWidget shuts an app's widget off, or turns it on again.
func (c *Console) switchWidget(v *visit) error {
	form, err := v.form()
	if err != nil {
		return err
	}
	app, off := v.request.PathValue("app"), form.Get("do") == "shut"
	err = c.options.Apps.SwitchWidget(v.request.Context(), v.who.Name, status.WidgetSwitch{App: app, Off: off})
	switch {
	case errors.Is(err, status.ErrNoApp):
		return refuse(http.StatusNotFound, "problem_not_found")
	case errors.Is(err, status.ErrWidgetOff):
		v.undone("widget_configured")
		return v.lead("/apps/"+url.PathEscape(app), nil)
	case err != nil:
		return err
	}
	said, done := "on", "widget_open_done"
	if off {
		said, done = "off", "widget_shut_done"
	}
	v.record(account.SwitchWidget, "widget:"+app, said)
	v.done(done)
	c.Changed(Apps)
	return v.lead("/apps/"+url.PathEscape(app), nil)
}
