package main

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/mail"
	"regexp"
	"strings"
	"time"

	"bongsu/config"
	"bongsu/notifier"
	"bongsu/notifier/appnotice"
	"bongsu/notifier/signup"
	"bongsu/notifier/webhook"
	"bongsu/probes"
	"bongsu/status"
	"bongsu/store"
)

// openApps makes the desk where apps send.
func (s *server) openApps() (*appnotice.Desk, error) {
	poster, err := webhook.Kind().New().Open(notifier.Outside{
		UserAgent: probes.UserAgent(version, s.cfg.Model().Site.Contact), Now: time.Now,
	})
	if err != nil {
		return nil, fmt.Errorf("opening the way back to apps: %w", err)
	}
	return appnotice.NewDesk(appnotice.Wiring{
		Rules: s.appRules, Book: s.store, Names: randomNames{}, Outbox: currentDesk{s}, Poster: poster, Log: s.log,
	}), nil
}

// appRules are what the engine that runs now says of apps.
func (s *server) appRules() *appnotice.Rules {
	e := s.engine.Load()
	if e == nil {
		return nil
	}
	return e.appRules()
}

// appRules are what the configuration says of apps, and the states of what its
// channels follow.
func (e *engine) appRules() *appnotice.Rules {
	site := e.composer.Site
	r := &appnotice.Rules{
		Site: appnotice.SiteOf(site, failing(e.cfg)), Zone: site.Zone, Plans: e.cfg.Plans(), Read: readAddress(e.simulation),
		Apps: map[string]*appnotice.App{}, Channels: map[string]appnotice.Channel{},
	}
	model := e.cfg.Model()
	for i, a := range e.cfg.Sendings() {
		r.Apps[a.App] = &appnotice.App{
			ID: a.App, Name: model.Apps[i].Name, Origins: model.Apps[i].Origins, Daily: a.Daily, Plans: a.Plans, Subscribers: a.Subscribers,
			Callbacks: callbackSecret(e.keys, a.App),
		}
	}
	for _, c := range e.cfg.Channels() {
		channel := appnotice.Channel{
			ID: c.ID, Kind: c.Kind, Class: c.Class, Fixed: c.Target != "", Blocked: notifier.BlockedBy(c.Follows, e.state(c.Follows)),
		}
		for _, g := range c.Gateways {
			channel.Routes = append(channel.Routes, notifier.Route{Name: g.Name, Price: g.Price, PriceLong: g.PriceLong, Parts: g.Parts})
		}
		r.Channels[c.ID] = channel
	}
	return r
}

// failing is what texts call that which the first channel that follows anything
// depends on.
func failing(cfg *config.Config) status.Text {
	for _, c := range cfg.Channels() {
		for _, component := range cfg.Model().Components {
			if c.Follows == component.ID && len(component.Short) > 0 {
				return component.Short
			}
			if c.Follows == component.ID {
				return component.Name
			}
		}
	}
	return nil
}

// callbackSecret is what callbacks to an app are signed with.
func callbackSecret(keys *store.Keys, app string) notifier.Secret {
	return notifier.NewSecret("whsec_" + base64.StdEncoding.EncodeToString(keys.Derive("callbacks to "+app)))
}

var lineID = regexp.MustCompile(`^U[0-9a-f]{32}$`)

// readAddress reads the addresses that apps may bring. Those that are dialled
// from here, such as webhooks, are none of them.
func readAddress(simulation bool) appnotice.Reader {
	numbers := signup.Numbers{Simulation: simulation}
	return func(kind, typed string) (string, error) {
		switch kind {
		case "sms", "alimtalk":
			return numbers.Read(typed)
		case "email":
			a, err := mail.ParseAddress(typed)
			if err != nil || a.Name != "" || a.Address != strings.TrimSpace(typed) {
				return "", errors.New("this is no mail address; write one such as someone@mail.example")
			}
			return a.Address, nil
		case "line":
			if !lineID.MatchString(typed) {
				return "", errors.New("this is no id of a LINE user; it is U and 32 hexadecimal digits")
			}
			return typed, nil
		}
		return "", errors.New("apps bring addresses of kind sms, alimtalk, email or line")
	}
}

// How often an app's old lists are looked for, and callbacks made.
const (
	appTidyEvery = time.Hour
	appCallEvery = 2 * time.Second
)

// runApps makes callbacks and forgets what has had its day, until ctx is done.
func runApps(ctx context.Context, s *server) error {
	tick := time.NewTicker(appCallEvery)
	defer tick.Stop()
	var tidied time.Time
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		now := time.Now()
		if err := s.apps.Callbacks(ctx, now); err != nil && ctx.Err() == nil {
			s.log.WarnContext(ctx, "calling apps back", "error", err)
		}
		if now.Sub(tidied) < appTidyEvery {
			continue
		}
		tidied = now
		if err := s.apps.Tidy(ctx, now); err != nil && ctx.Err() == nil {
			s.log.WarnContext(ctx, "forgetting what apps have brought", "error", err)
		}
	}
}
