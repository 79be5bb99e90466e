package console

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"bongsu/notifier/appnotice"
	"bongsu/status"
	"bongsu/web/account"
	"bongsu/web/speech"
)

// AppBook is what is known of the apps beside their functions. What is not there
// is [ErrNone].
type AppBook interface {
	// Sending says what apps may send, and have sent, by the app's id.
	Sending(ctx context.Context) (map[string]AppSending, error)
	// Templates lists an app's templates, or all with an empty app.
	Templates(ctx context.Context, app string) ([]appnotice.Template, error)
	// Preview is a template as people would read it.
	Preview(t *appnotice.Template) ([]appnotice.Preview, error)
	// Decide approves or refuses a version. [ErrOver]: somebody has decided.
	Decide(ctx context.Context, t *appnotice.Template) error
	// Reword has a function told of in other words, whoever says so. The error
	// is one of status: ErrNoFunction, ErrNoLanguage, ErrTooLong, ErrCannotReach.
	Reword(ctx context.Context, who string, w status.FunctionWords) error
	// SwitchWidget shuts an app's widget off, or turns it on again, whoever says
	// so. The error is one of status: ErrNoApp, ErrWidgetOff.
	SwitchWidget(ctx context.Context, who string, w status.WidgetSwitch) error
	// Embedding is what pages need to have a widget.
	Embedding() Embedding
}

// AppSending is what an app may send, and has sent.
type AppSending struct {
	Plans       []string
	Daily       int // recipients a day
	Today       int64
	Notices     int64
	Last        time.Time // when it last sent one; zero: never
	Tokens      int
	Waiting     int  // templates that somebody has to decide on
	Subscribers bool // it may text the subscribers of its plans
}

func (c *Console) appRoutes() []route {
	if c.options.Apps == nil {
		return nil
	}
	const version = "/apps/{app}/templates/{template}/{version}"
	return []route{
		{method: http.MethodGet, path: "/apps", deed: account.ReadApp, handle: c.apps},
		{method: http.MethodGet, path: "/apps/{app}", deed: account.ReadApp, handle: c.app},
		{method: http.MethodGet, path: "/apps/{app}/functions/{function}", deed: account.KeepApp, handle: c.function},
		{method: http.MethodPost, path: "/apps/{app}/functions/{function}", deed: account.KeepApp, handle: c.reword},
		{method: http.MethodPost, path: "/apps/{app}/widget", deed: account.SwitchWidget, handle: c.switchWidget},
		{method: http.MethodGet, path: version, deed: account.ReadApp, handle: c.template},
		{method: http.MethodPost, path: version + "/approve", deed: account.ApproveWords, handle: c.decide(appnotice.Approved)},
		{method: http.MethodPost, path: version + "/refuse", deed: account.ApproveWords, handle: c.decide(appnotice.Refused)},
	}
}

type appsPage struct {
	Apps    []appRow
	Waiting []templateRow
}

type appRow struct {
	ID, Name, Href string
	Functions      []functionRow
	Sending        *appFacts
	Templates      []templateRow
	Origins        []string
	Deliveries     string
	Widget         *widgetSection // on the app's own page
}

type functionRow struct {
	Name    string
	State   badge
	Needs   []needRow
	Instead []tongue // in every language
	Edit    string   // where its words are changed; empty: not by whoever has come
}

type needRow struct {
	Name, Href string // no address: whoever has come may not read it
	Soft       bool
	State      badge
}

type tongue struct{ Lang, Text string }

// appFacts are what an app sends, in words.
type appFacts struct {
	Plans, Use, Notices, Last string
	Tokens, Daily             int
	Today, Most               int64
	Subscribers               bool
}

type templateRow struct {
	ID, App, AppName, Href string
	Version                int
	State                  badge
	By, When, Decided      string
}

// apps lists the apps that whoever has come may see.
func (c *Console) apps(v *visit) error {
	v.topics = []Topic{Apps, States}
	sending, err := c.options.Apps.Sending(v.request.Context())
	if err != nil {
		return err
	}
	templates, err := c.options.Apps.Templates(v.request.Context(), v.who.App)
	if err != nil {
		return err
	}
	page := appsPage{}
	for i := range templates {
		if t := &templates[i]; t.State == appnotice.Proposed {
			page.Waiting = append(page.Waiting, v.templateRow(t))
		}
	}
	if v.snapshot != nil {
		for i := range v.snapshot.Apps {
			if a := &v.snapshot.Apps[i]; v.who.May(account.ReadApp, a.ID) {
				page.Apps = append(page.Apps, v.appRow(a, sending))
			}
		}
	}
	return v.render("apps", v.Say("menu_apps"), page)
}

func (c *Console) app(v *visit) error {
	v.topics = []Topic{Apps, States}
	id := v.request.PathValue("app")
	if v.snapshot == nil {
		return refuse(http.StatusNotFound, "problem_not_found")
	}
	at := slices.IndexFunc(v.snapshot.Apps, func(a status.AppView) bool { return a.ID == id })
	if at < 0 {
		return refuse(http.StatusNotFound, "problem_not_found")
	}
	sending, err := c.options.Apps.Sending(v.request.Context())
	if err != nil {
		return err
	}
	templates, err := c.options.Apps.Templates(v.request.Context(), id)
	if err != nil {
		return err
	}
	row := v.appRow(&v.snapshot.Apps[at], sending)
	row.Widget = v.widgetSection(&v.snapshot.Apps[at])
	for i := range templates {
		row.Templates = append(row.Templates, v.templateRow(&templates[i]))
	}
	return v.render("app", row.Name, row)
}

func (v *visit) appRow(a *status.AppView, sending map[string]AppSending) appRow {
	row := appRow{ID: a.ID, Name: v.text(a.Name), Href: Root + "/apps/" + url.PathEscape(a.ID), Origins: a.Origins}
	for i := range a.Functions {
		row.Functions = append(row.Functions, v.functionRow(a.ID, &a.Functions[i]))
	}
	s, sends := sending[a.ID]
	if !sends {
		return row
	}
	if v.console.options.Ledger != nil {
		row.Deliveries = row.Href + "/deliveries"
	}
	facts := &appFacts{
		Plans: v.List(s.Plans), Notices: speech.Grouped(s.Notices), Tokens: s.Tokens, Daily: s.Daily, Today: s.Today, Most: int64(max(s.Daily, 1)), Subscribers: s.Subscribers,
		Use: v.Say("app_use", "Today", speech.Grouped(s.Today), "Daily", speech.Grouped(int64(s.Daily))),
	}
	if !s.Last.IsZero() {
		facts.Last = v.At(s.Last)
	}
	row.Sending = facts
	return row
}

func (v *visit) functionRow(app string, f *status.FunctionView) functionRow {
	row := functionRow{Name: v.text(f.Name), State: v.badge(f.State)}
	if v.who.May(account.KeepApp, app) {
		row.Edit = Root + functionPath(app, f.ID)
	}
	for _, need := range f.Needs {
		line := needRow{Name: need.ID, Soft: need.Soft, Href: v.componentHref(need.ID), State: v.badge(status.Unknown)}
		if component, ok := v.snapshot.Component(need.ID); ok {
			line.Name, line.State = v.text(component.Name), v.badge(component.State)
		}
		row.Needs = append(row.Needs, line)
	}
	for _, lang := range v.console.site().Languages {
		if text := f.Instead[lang]; text != "" {
			row.Instead = append(row.Instead, tongue{lang, text})
		}
	}
	return row
}

// componentHref is a component's page, for who may read it.
func (v *visit) componentHref(id string) string {
	if !v.may(account.ReadDesk) {
		return ""
	}
	return Root + "/components/" + url.PathEscape(id)
}

// templateBadges are the states of templates as states look.
var templateBadges = map[appnotice.State]string{appnotice.Proposed: "slow", appnotice.Approved: "ok", appnotice.Refused: "none"}

func (v *visit) templateRow(t *appnotice.Template) templateRow {
	row := templateRow{
		ID: t.ID, App: t.App, AppName: v.appName(t.App), Version: t.Version, By: t.ProposedBy, When: v.At(t.Proposed),
		State: badge{templateBadges[t.State], v.Say("template_" + string(t.State))},
		Href:  Root + "/apps/" + url.PathEscape(t.App) + "/templates/" + url.PathEscape(t.ID) + "/" + strconv.Itoa(t.Version),
	}
	if t.DecidedBy != "" {
		row.Decided = v.Say("template_decided", "Who", t.DecidedBy, "Time", v.At(t.Decided))
	}
	return row
}

// templatePage is a version of a template as people would read it.
type templatePage struct {
	Row      templateRow
	Params   []paramRow
	Texts    []previewRow
	Reason   string
	MayDo    bool
	Problems bool
}

type paramRow struct{ Name, Kind, Most string }

type previewRow struct {
	Lang, Language, Class, Title, Body, Size, Problem, Registered string
}

// wanted is the version that the page's address names.
func (v *visit) wanted() (appnotice.Template, error) {
	list, err := v.console.options.Apps.Templates(v.request.Context(), v.request.PathValue("app"))
	if err != nil {
		return appnotice.Template{}, err
	}
	for _, t := range list {
		if t.ID == v.request.PathValue("template") && strconv.Itoa(t.Version) == v.request.PathValue("version") {
			return t, nil
		}
	}
	return appnotice.Template{}, refuse(http.StatusNotFound, "problem_not_found")
}

func (c *Console) template(v *visit) error {
	t, err := v.wanted()
	if err != nil {
		return err
	}
	page := templatePage{Row: v.templateRow(&t), Reason: t.Reason, MayDo: t.State == appnotice.Proposed && v.may(account.ApproveWords)}
	for _, name := range slices.Sorted(maps.Keys(t.Params)) {
		p := t.Params[name]
		page.Params = append(page.Params, paramRow{name, v.Say("param_" + string(p.Kind)), strconv.Itoa(p.Max)})
	}
	previews, err := c.options.Apps.Preview(&t)
	if err != nil && !errors.Is(err, ErrNone) {
		return err
	}
	for _, p := range previews {
		row := previewRow{Lang: p.Text.Lang, Language: v.languageName(p.Text.Lang), Class: v.classText(p.Text.Class), Title: p.Text.Title, Body: p.Text.Body, Problem: p.Problem, Registered: p.Text.Template}
		if p.Text.Segments > 0 {
			row.Size = v.Count("template_pieces", p.Text.Segments)
		}
		page.Problems = page.Problems || p.Problem != ""
		page.Texts = append(page.Texts, row)
	}
	return v.render("template", t.ID, page)
}

// decide approves or refuses a version, with a reason where it is refused.
func (c *Console) decide(state appnotice.State) func(*visit) error {
	return func(v *visit) error {
		form, err := v.form()
		if err != nil {
			return err
		}
		t, err := v.wanted()
		if err != nil {
			return err
		}
		const most = 500 // bytes
		reason := strings.TrimSpace(form.Get("reason"))
		back := "/apps/" + t.App + "/templates/" + t.ID + "/" + strconv.Itoa(t.Version)
		if state == appnotice.Refused && (reason == "" || len(reason) > most) {
			v.undone("template_reason_missing")
			return v.lead(back, nil)
		}
		if state == appnotice.Approved {
			reason = ""
		}
		t.State, t.DecidedBy, t.Decided, t.Reason = state, v.who.Name, v.now(), reason
		err = c.options.Apps.Decide(v.request.Context(), &t)
		switch {
		case errors.Is(err, ErrOver):
			v.undone("template_is_decided")
			return v.lead(back, nil)
		case errors.Is(err, ErrNone):
			return refuse(http.StatusNotFound, "problem_not_found")
		case err != nil:
			return err
		}
		v.record(account.ApproveWords, "template "+t.App+"/"+t.ID+"/"+strconv.Itoa(t.Version), string(state)+" "+reason)
		v.done("template_" + string(state) + "_done")
		c.Changed(Apps)
		return v.lead(back, nil)
	}
}
