package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"bongsu/config"
	"bongsu/notifier"
	"bongsu/notifier/signup"
	"bongsu/notifier/twilio"
	"bongsu/status"
	"bongsu/store"
	"bongsu/web"
)

// What the page asks of the engine goes to the one that runs now: these follow
// the server's pointer, so a reload changes nothing for who holds them.

// errNoEngine says that nothing has been read and judged yet.
var errNoEngine = errors.New("the server is starting")

// currentDesk is the monitor of the engine that runs now.
type currentDesk struct{ *server }

func (d currentDesk) Open(ctx context.Context, draft status.Draft) (string, error) {
	e := d.engine.Load()
	if e == nil {
		return "", errNoEngine
	}
	return e.monitor.Open(ctx, draft)
}

func (d currentDesk) Note(ctx context.Context, incident string, draft status.NoteDraft) (string, error) {
	e := d.engine.Load()
	if e == nil {
		return "", errNoEngine
	}
	return e.monitor.Note(ctx, incident, draft)
}

func (d currentDesk) Maintain(ctx context.Context, work status.Maintenance) (string, error) {
	e := d.engine.Load()
	if e == nil {
		return "", errNoEngine
	}
	return e.monitor.Maintain(ctx, work)
}

// Wake has the sender look for what sign-up has left for it.
func (d currentDesk) Wake() {
	if e := d.engine.Load(); e != nil {
		e.sender.Wake()
	}
}

// currentHooks reads callbacks with the auth tokens of the engine that runs now.
type currentHooks struct{ *server }

func (h currentHooks) Status(r *http.Request, form url.Values, at time.Time) (notifier.Receipt, error) {
	e := h.engine.Load()
	if e == nil {
		return notifier.Receipt{}, errNoEngine
	}
	receipt, err := e.hooks.Status(r, form, at)
	return receipt, hookError(err)
}

func (h currentHooks) Inbound(r *http.Request, form url.Values, at time.Time) (web.Inbound, error) {
	e := h.engine.Load()
	if e == nil {
		return web.Inbound{}, errNoEngine
	}
	reply, err := e.hooks.Inbound(r, form, at)
	return web.Inbound{From: reply.From, Ref: reply.Ref, Stop: reply.Stop}, hookError(err)
}

func (h currentHooks) Receipts(ctx context.Context, receipts []notifier.Receipt) error {
	e := h.engine.Load()
	if e == nil {
		return errNoEngine
	}
	return e.sender.Receipts(ctx, receipts)
}

// hookError says it in the page's words.
func hookError(err error) error {
	switch {
	case errors.Is(err, twilio.ErrForged):
		return fmt.Errorf("%w: %w", web.ErrForged, err)
	case errors.Is(err, twilio.ErrMalformed):
		return fmt.Errorf("%w: %w", web.ErrMalformed, err)
	}
	return err
}

// twilioHooks believes callbacks that an account of the configuration signs.
func twilioHooks(cfg *config.Config, keys *store.Keys) *twilio.Hooks {
	h := &twilio.Hooks{PublicURL: cfg.Model().Site.URL, Token: callbackToken(keys)}
	for _, c := range cfg.Channels() {
		for _, g := range c.Gateways {
			if account, ok := g.Settings.(*twilio.Settings); ok {
				h.AuthTokens = append(h.AuthTokens, account.AuthToken)
			}
		}
	}
	return h
}

// bearers finds the page's tokens in the store.
type bearers struct{ *store.Store }

func (b bearers) Bearer(ctx context.Context, hash [sha256.Size]byte, now time.Time) (web.Bearer, error) {
	t, err := b.UseToken(ctx, hash, now)
	if errors.Is(err, store.ErrNoToken) {
		return web.Bearer{}, web.ErrNoToken
	}
	return web.Bearer{ID: t.ID, Note: t.Note, Role: web.Role(t.Role)}, err
}

// openSignup makes the desk where people sign up and leave. Without a channel
// of kind sms there is none.
func (s *server) openSignup() (*signup.Desk, error) {
	site := s.cfg.Model().Site
	site.Simulation = s.simulation
	rules := signup.Rules{Site: site, Secret: s.keys.Derive("sign-up")}
	for _, c := range s.cfg.Channels() {
		if c.Kind == signup.AddressKind {
			rules.Channel = c.ID
			break
		}
	}
	if rules.Channel == "" {
		return nil, nil //nolint:nilnil // No channel, no desk: that is no mistake.
	}
	if sms := s.cfg.Signup.SMS; sms != nil {
		rules.Countries, rules.Channel, rules.Plan = sms.Countries, sms.Channel, sms.Plan
		rules.Caps = signup.Caps{
			PerNumber: signup.Rate(sms.PerNumber), PerNetwork: signup.Rate(sms.PerNetwork), InAll: signup.Rate(sms.InAll),
		}
	}
	return signup.New(rules, s.store, currentDesk{s}, rand.Reader, s.log)
}
