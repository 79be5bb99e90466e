package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"bongsu/config"
	"bongsu/notifier"
	"bongsu/notifier/line"
	"bongsu/notifier/nhn"
	"bongsu/notifier/signup"
	"bongsu/notifier/solapi"
	"bongsu/notifier/twilio"
	"bongsu/notifier/webpush"
	"bongsu/notifier/words"
	"bongsu/status"
	"bongsu/store"
	"bongsu/web"
	"bongsu/web/account"
)

// What the page asks of the engine goes to the one that runs now: these follow
// the server's pointer, so a reload changes nothing for who holds them.

// errNoEngine says that nothing has been read and judged yet.
var errNoEngine = errors.New("the server is starting")

// currentDesk is the monitor of the engine that runs now.
type currentDesk struct{ *server }

func (d currentDesk) Do(ctx context.Context, c status.Command) (string, error) {
	e := d.engine.Load()
	if e == nil {
		return "", errNoEngine
	}
	if c.Words != nil {
		if err := sendable(e.cfg, c.Words); err != nil {
			return "", err
		}
	}
	return e.monitor.Do(ctx, c)
}

// sendable says why no text for phones could be made of what an app's people
// say of a function, with the words that it would then have.
func sendable(cfg *config.Config, w *status.FunctionWords) error {
	model := cfg.Model()
	model.Apps = slices.Clone(model.Apps)
	for a := range model.Apps {
		app := &model.Apps[a]
		if app.ID != w.App {
			continue
		}
		app.Functions = slices.Clone(app.Functions)
		for k := range app.Functions {
			f := &app.Functions[k]
			if f.ID != w.Function {
				continue
			}
			f.Name, f.Instead = w.Over(f)
			for _, p := range words.Prove(model, allClasses(cfg)) {
				if strings.HasPrefix(p.Path, fmt.Sprintf("apps[%d].functions[%d].", a, k)) {
					return fmt.Errorf("%w: %s", status.ErrCannotReach, p.Text)
				}
			}
		}
	}
	return nil
}

// LookNow implements [console.Looker].
func (d currentDesk) LookNow(ctx context.Context, checks []string) error {
	e := d.engine.Load()
	if e == nil {
		return errNoEngine
	}
	return e.monitor.LookNow(ctx, checks)
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

// reports reads what a gateway reports with the secrets of the engine that runs
// now.
func (h currentHooks) reports(name string) web.Reports {
	return func(r *http.Request, body []byte, at time.Time) ([]notifier.Receipt, error) {
		e := h.engine.Load()
		if e == nil {
			return nil, errNoEngine
		}
		receipts, err := e.reports[name](r, body, at)
		return receipts, hookError(err)
	}
}

func (h currentHooks) Receipts(ctx context.Context, receipts []notifier.Receipt) error {
	e := h.engine.Load()
	if e == nil {
		return errNoEngine
	}
	return e.sender.Receipts(ctx, receipts)
}

// Chats reads what LINE calls back with.
func (h currentHooks) Chats(r *http.Request, body []byte) ([]web.Chat, error) {
	e := h.engine.Load()
	if e == nil {
		return nil, errNoEngine
	}
	events, err := e.chats.Events(r.Header, body)
	if err != nil {
		return nil, hookError(err)
	}
	var did []web.Chat
	for _, event := range events {
		did = append(did, web.Chat{User: event.User, Ref: event.ID, Text: event.Text, Gone: event.Kind == line.Unfollowed, At: event.At})
	}
	return did, nil
}

// hookError says it in the page's words.
func hookError(err error) error {
	switch {
	case errors.Is(err, twilio.ErrForged), errors.Is(err, solapi.ErrForged), errors.Is(err, nhn.ErrForged), errors.Is(err, line.ErrForged):
		return fmt.Errorf("%w: %w", web.ErrForged, err)
	case errors.Is(err, twilio.ErrMalformed), errors.Is(err, solapi.ErrMalformed), errors.Is(err, nhn.ErrMalformed), errors.Is(err, line.ErrMalformed):
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

// bearers finds the page's tokens in the store. While it is away the agents that
// have come before are known from memory, since looks are judged without it; who
// would write needs it anyway.
type bearers struct {
	tokens tokenStore

	mu     sync.Mutex
	agents map[[sha256.Size]byte]store.Token // by hash; as many as there are agents' tokens
}

// tokenStore is [store.Store] as far as tokens are used.
type tokenStore interface {
	UseToken(ctx context.Context, hash [sha256.Size]byte, now time.Time) (store.Token, error)
}

// bearerTime is how long a store may take to find an agent's token. An agent
// waits for longer than that.
const bearerTime = 2 * time.Second

// Bearer implements [web.Tokens].
func (b *bearers) Bearer(ctx context.Context, hash [sha256.Size]byte, now time.Time) (web.Bearer, error) {
	ctx, cancel := context.WithTimeout(ctx, bearerTime)
	defer cancel()
	t, err := b.tokens.UseToken(ctx, hash, now)
	switch {
	case errors.Is(err, store.ErrNoToken):
		b.forget(hash)
		return web.Bearer{}, web.ErrNoToken
	case err != nil:
		var known bool
		if t, known = b.remembered(hash, now); !known {
			return web.Bearer{}, err
		}
	case account.Role(t.Role) == account.Agent:
		b.remember(hash, &t)
	}
	return web.Bearer{ID: t.ID, Note: t.Note, Role: account.Role(t.Role), Location: t.Location, App: t.App, Scope: t.Scope}, nil
}

func (b *bearers) forget(hash [sha256.Size]byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.agents, hash)
}

func (b *bearers) remember(hash [sha256.Size]byte, t *store.Token) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.agents == nil {
		b.agents = map[[sha256.Size]byte]store.Token{}
	}
	b.agents[hash] = *t
}

// remembered is an agent's token that was good when the store last answered, and
// has not expired since.
func (b *bearers) remembered(hash [sha256.Size]byte, now time.Time) (t store.Token, known bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	t, known = b.agents[hash]
	return t, known && (t.Expires.IsZero() || now.Before(t.Expires))
}

// openSignup makes the desk where people sign up and leave. Without a channel
// that a code can go by there is none.
func (s *server) openSignup() (*signup.Desk, error) {
	site := s.cfg.Model().Site
	site.Simulation = s.simulation
	rules := signup.Rules{Site: site, Secret: s.keys.Derive("sign-up"), Links: s.links}
	for _, o := range s.cfg.Signup.Offers() {
		rules.Offers = append(rules.Offers, signup.Offer{
			Kind: o.Kind, Joins: true, Countries: o.Countries, Also: o.Also, Channel: o.Channel, Plan: o.Plan,
			Caps: signup.Caps{
				PerAddress: rates(o.PerAddress), PerNetwork: rates(o.PerNetwork), PerArea: rates(o.PerArea), InAll: rates(o.InAll),
			},
		})
	}
	for _, c := range s.cfg.Channels() { // whoever was signed up otherwise can leave
		if signup.Leavable(c.Kind) && !slices.ContainsFunc(rules.Offers, func(o signup.Offer) bool { return o.Kind == c.Kind }) {
			rules.Offers = append(rules.Offers, signup.Offer{Kind: c.Kind, Channel: c.ID})
		}
	}
	if len(rules.Offers) == 0 {
		return nil, nil //nolint:nilnil // No channel, no desk: that is no mistake.
	}
	return signup.New(rules, s.store, currentDesk{s}, rand.Reader, s.log)
}

// lineHooks believes callbacks that a channel of the configuration signs.
func lineHooks(cfg *config.Config) *line.Hooks {
	h := &line.Hooks{}
	for _, c := range cfg.Channels() {
		for _, g := range c.Gateways {
			if account, ok := g.Settings.(*line.Settings); ok && !account.Secret.Empty() {
				h.Secrets = append(h.Secrets, account.Secret)
			}
		}
	}
	return h
}

// pushKey is what a page asks a browser's push service with; empty without a
// gateway for it.
func pushKey(cfg *config.Config) string {
	for _, c := range cfg.Channels() {
		for _, g := range c.Gateways {
			if site, ok := g.Settings.(*webpush.Settings); ok {
				if public, err := webpush.PublicKey(site.PrivateKey.Reveal()); err == nil {
					return public
				}
			}
		}
	}
	return ""
}

// reportHooks believes callbacks that know a secret of the configuration's
// webhooks.
func reportHooks(cfg *config.Config) map[string]web.Reports {
	inSolapi, inNHN := &solapi.Hooks{}, &nhn.Hooks{}
	for _, c := range cfg.Channels() {
		for _, g := range c.Gateways {
			switch account := g.Settings.(type) {
			case *solapi.Settings:
				inSolapi.Secrets = append(inSolapi.Secrets, account.Webhook)
			case *nhn.Settings:
				inNHN.Signatures = append(inNHN.Signatures, account.Webhook)
			}
		}
	}
	return map[string]web.Reports{"solapi": inSolapi.Reports, "nhn-sms": inNHN.Reports}
}

func rates(all []config.Rate) []signup.Rate {
	out := make([]signup.Rate, len(all))
	for i, r := range all {
		out[i] = signup.Rate(r)
	}
	return out
}
