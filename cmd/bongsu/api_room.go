package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"bongsu/status"
	"bongsu/store"
	"bongsu/web"
	"bongsu/web/account"
	"bongsu/web/console"
	"bongsu/web/door"
)

// What the console has besides, as the API shows it: drills, settings, users and
// the audit log. Each asks what the console's own page of it asks.

// apiDrills runs drills for the API.
type apiDrills struct{ desk *deskDrills }

// drillError says in the API's words what the drills' desk refuses.
func drillError(err error) error {
	switch {
	case errors.Is(err, console.ErrNone):
		return web.ErrNone
	case errors.Is(err, console.ErrBusy):
		return web.ErrRuns
	}
	return err
}

func (d apiDrills) Scenarios() ([]web.DrillScenario, error) {
	list, err := d.desk.Scenarios()
	all := make([]web.DrillScenario, 0, len(list))
	for i := range list {
		s := &list[i]
		all = append(all, web.DrillScenario{
			ID: s.ID, Title: s.Title, About: s.About, LastsS: int64(s.Lasts / time.Second), Targets: s.Targets, Expectations: s.Expectations,
		})
	}
	return all, err
}

func (d apiDrills) Drills(ctx context.Context) ([]web.DrillView, error) {
	list, err := d.desk.Runs(ctx)
	all := make([]web.DrillView, 0, len(list))
	for i := range list {
		all = append(all, drillForAPI(&list[i]))
	}
	return all, drillError(err)
}

func drillForAPI(r *console.DrillRun) web.DrillView {
	return web.DrillView{
		ID: r.ID, Scenario: r.Scenario, Ours: r.Ours, By: r.By, Began: r.Began.UTC(), Ended: momentOrNil(r.Ended), State: r.State,
		Kept: r.Kept, Broken: r.Broken, Error: r.Error, Part: min(max(r.Part, 0), 1), Clock: momentOrNil(r.At),
	}
}

func (d apiDrills) Drill(ctx context.Context, id string) (web.DrillView, error) {
	r, err := d.desk.Run(ctx, id)
	if err != nil {
		return web.DrillView{}, drillError(err)
	}
	return drillForAPI(&r), nil
}

func (d apiDrills) Scorecard(ctx context.Context, id string) (web.Scorecard, error) {
	card, err := d.desk.Card(ctx, id)
	return web.Scorecard{JSON: card.JSON, HTML: card.HTML, SVG: card.SVG}, drillError(err)
}

func (d apiDrills) Begin(ctx context.Context, scenario string, ours bool, by string) (string, error) {
	id, err := d.desk.Start(ctx, scenario, ours, by)
	if err == nil {
		d.desk.changed()
	}
	return id, drillError(err)
}

func (d apiDrills) EndDrill(ctx context.Context, id string) error {
	return drillError(d.desk.Cancel(ctx, id))
}

// apiSettings shows and reads anew the configuration for the API.
type apiSettings struct{ desk deskSettings }

func (a apiSettings) Settings(ctx context.Context) (web.Settings, error) {
	c, err := a.desk.Running(ctx)
	if err != nil {
		return web.Settings{}, err
	}
	now := web.Settings{Path: c.Path, Loaded: c.Loaded.UTC(), Failed: momentOrNil(c.Failed), Notes: c.Notes, Values: make([]web.Setting, 0, len(c.Values))}
	if c.Why != "" {
		now.Why = strings.Split(c.Why, "\n")
	}
	for _, v := range c.Values {
		now.Values = append(now.Values, web.Setting(v))
	}
	return now, nil
}

func (a apiSettings) CheckFile(ctx context.Context, name string) (web.CheckedFile, error) {
	c, err := a.desk.Check(ctx, name)
	if errors.Is(err, console.ErrOutside) {
		return web.CheckedFile{}, web.ErrOutside
	}
	return web.CheckedFile{File: c.Name, Valid: len(c.Problems) == 0, Problems: c.Problems, Restart: c.Restart, Notes: c.Notes}, err
}

func (a apiSettings) ReadAnew(ctx context.Context) error {
	defer a.desk.tellSettings()
	err := a.desk.Reload(ctx)
	if err == nil || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return err
	}
	return &web.StaysError{Why: err.Error()}
}

// tellSettings has open pages look again at the settings.
func (s *server) tellSettings() {
	if s.console != nil {
		s.console.Changed(console.Settings)
	}
}

// apiUsers keeps accounts for the API. What is changed is on the audit log.
type apiUsers struct {
	*server

	keeper door.Keeper
}

func (u apiUsers) Users(ctx context.Context) ([]web.UserView, error) {
	list, err := u.keeper.Accounts(ctx)
	all := make([]web.UserView, 0, len(list))
	for i := range list {
		a := &list[i]
		all = append(all, web.UserView{
			Name: a.Name, Role: a.Role, App: a.App, Language: a.Lang, Password: a.Password != "", TOTP: len(a.TOTP) > 0,
			Made: a.Made.UTC(), LastIn: momentOrNil(a.LastIn), Disabled: momentOrNil(a.Disabled),
		})
	}
	return all, err
}

// ofApp says why an account could look after nothing: there is no such app.
func (u apiUsers) ofApp(app string) error {
	if app == "" {
		return nil
	}
	if apps := u.running().Model().Apps; !slices.ContainsFunc(apps, func(a status.App) bool { return a.ID == app }) {
		return &web.ForWhatError{Pointer: "/app", Text: fmt.Sprintf("no app is called %q in the configuration", app)}
	}
	return nil
}

func (u apiUsers) AddUser(ctx context.Context, by account.Who, name string, role account.Role, app string) (string, error) {
	if err := u.ofApp(app); err != nil {
		return "", err
	}
	return u.linked(u.keeper.Add(ctx, by, name, role, app))
}

func (u apiUsers) LinkUser(ctx context.Context, by account.Who, name string) (string, error) {
	return u.linked(u.keeper.Link(ctx, by, name))
}

// linked is a one-time link as everybody opens it.
func (u apiUsers) linked(text string, err error) (string, error) {
	if err != nil {
		return "", err
	}
	public, _ := linkAddresses(u.running(), text)
	return public, nil
}

func (u apiUsers) SetUser(ctx context.Context, by account.Who, name string, role account.Role, app string) error {
	if err := u.ofApp(app); err != nil {
		return err
	}
	return u.keeper.SetRole(ctx, by, name, role, app)
}

func (u apiUsers) KeepOut(ctx context.Context, by account.Who, name string, out bool) error {
	if out {
		return u.keeper.Disable(ctx, by, name)
	}
	return u.keeper.Enable(ctx, by, name)
}

func (u apiUsers) DropTOTP(ctx context.Context, by account.Who, name string) error {
	return u.keeper.ResetTOTP(ctx, by, name)
}

// apiAudit reads the audit log for the API.
type apiAudit struct{ log *deskAudit }

func (a apiAudit) AuditEntries(ctx context.Context, q web.AuditQuery) ([]web.AuditEntry, error) {
	list, err := a.log.Entries(ctx, console.AuditQuery{
		Who: q.Who, Deed: string(q.Deed), About: q.About, From: q.From, Until: q.Until, Before: q.Before, Limit: q.Limit,
	})
	all := make([]web.AuditEntry, 0, len(list))
	for i := range list {
		e := &list[i]
		all = append(all, web.AuditEntry{
			Number: e.Number, At: e.At.UTC(), Who: e.Who, Name: e.Name, Role: string(e.Role), Deed: e.Deed, About: e.About, Detail: e.Detail,
		})
	}
	return all, err
}

func (a apiAudit) AuditChain(ctx context.Context) (web.AuditChain, error) {
	c, err := a.log.Chain(ctx)
	return web.AuditChain(c), err
}

// apiTexts are the texts that operators keep ready, for the API.
type apiTexts struct{ *store.Store }

func (t apiTexts) KeptTexts(ctx context.Context) ([]web.KeptText, error) {
	list, err := t.Store.KeptTexts(ctx)
	all := make([]web.KeptText, 0, len(list))
	for _, k := range list {
		k.At = k.At.UTC()
		all = append(all, web.KeptText(k))
	}
	return all, err
}

func (t apiTexts) KeepText(ctx context.Context, k web.KeptText) (string, error) {
	if k.Version == 0 {
		k.ID = randomNames{}.ID(k.At)
	}
	switch err := t.Store.KeepText(ctx, store.KeptText(k)); {
	case errors.Is(err, store.ErrTextMoved):
		return "", web.ErrTextMoved
	case errors.Is(err, store.ErrTooMany):
		return "", web.ErrTooManyTexts
	default:
		return k.ID, err
	}
}

func (t apiTexts) DropText(ctx context.Context, id string) error {
	err := t.Store.DropText(ctx, id)
	if errors.Is(err, store.ErrNoKeptText) {
		return web.ErrNone
	}
	return err
}

// roomOptions gives the API what the console has besides.
func (s *server) roomOptions(page *web.Options, env lookup) {
	page.KeptTexts = apiTexts{s.store}
	page.Drills, page.AuditLog = apiDrills{s.drills}, apiAudit{s.auditLog}
	if s.reloads != nil {
		page.Settings = apiSettings{deskSettings{s, s.reloads, env}}
	}
	if s.cfg.Console.Enabled {
		page.Users = apiUsers{s, keeperOf(s.store)}
	}
}

// drillPath is where drills read the installation's configuration; empty: they
// cannot.
func drillPath(reloads *reloader) string {
	if reloads == nil {
		return ""
	}
	return reloads.path
}
