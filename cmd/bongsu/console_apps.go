package main

import (
	"context"
	"time"

	"bongsu/notifier/appnotice"
	"bongsu/status"
	"bongsu/web/console"
)

// deskApps is what the console reads of apps, and decides on.
type deskApps struct{ *server }

// Sending implements [console.AppBook].
func (d deskApps) Sending(ctx context.Context) (map[string]console.AppSending, error) {
	cfg, now := d.running(), time.Now()
	uses, err := d.store.AppUses(ctx, today(cfg, now), now)
	if err != nil {
		return nil, err
	}
	all := map[string]console.AppSending{}
	for _, s := range cfg.Sendings() {
		if len(s.Plans) == 0 {
			continue
		}
		u := uses[s.App]
		all[s.App] = console.AppSending{
			Plans: s.Plans, Daily: s.Daily, Subscribers: s.Subscribers,
			Today: u.Today, Notices: u.Notices, Last: u.Last, Tokens: u.Tokens, Waiting: u.Waiting,
		}
	}
	return all, nil
}

// Templates implements [console.AppBook].
func (d deskApps) Templates(ctx context.Context, app string) ([]appnotice.Template, error) {
	return d.store.TemplatesOf(ctx, app)
}

// Preview implements [console.AppBook].
func (d deskApps) Preview(t *appnotice.Template) ([]appnotice.Preview, error) {
	rules := d.appRules()
	if rules == nil {
		return nil, errNoEngine
	}
	app := rules.Apps[t.App]
	if app == nil {
		return nil, console.ErrNone
	}
	return t.Previews(rules.Site, app), nil
}

// Decide implements [console.AppBook].
func (d deskApps) Decide(ctx context.Context, t *appnotice.Template) error {
	return none(d.store.Decide(ctx, *t))
}

// SwitchWidget implements [console.AppBook].
func (d deskApps) SwitchWidget(ctx context.Context, who string, w status.WidgetSwitch) error {
	_, err := currentDesk(d).Do(ctx, status.Command{Author: who, Widget: &w})
	return err
}

// Embedding implements [console.AppBook].
func (d deskApps) Embedding() console.Embedding {
	e := d.page.Embedding(d.running().Model().Site.URL)
	return console.Embedding{Script: e.Script, Integrity: e.Integrity, Key: e.Key}
}

// Reword implements [console.AppBook].
func (d deskApps) Reword(ctx context.Context, who string, w status.FunctionWords) error {
	_, err := currentDesk(d).Do(ctx, status.Command{Author: who, Words: &w})
	return err
}
