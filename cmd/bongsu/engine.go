package main

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"bongsu/config"
	"bongsu/monitor"
	"bongsu/notifier"
	"bongsu/notifier/line"
	"bongsu/notifier/signup"
	"bongsu/notifier/slack"
	"bongsu/notifier/twilio"
	"bongsu/notifier/words"
	"bongsu/probes"
	"bongsu/status"
	"bongsu/store"
	"bongsu/web"
)

// engine is what follows from one configuration: the loop that looks and
// judges, and the sender. A reload ends one engine and begins the next.
type engine struct {
	cfg      *config.Config
	monitor  *monitor.Monitor
	sender   *notifier.Sender
	metrics  *prometheus.Registry
	composer *words.Composer
	states   atomic.Pointer[map[string]status.State]
	shown    atomic.Pointer[status.Snapshot] // the latest, for [engine.refuse]
	alarms   chan notifier.Alarm
	hooks    *twilio.Hooks
	reports  map[string]web.Reports // by the name in /hooks/NAME/report
	chats    *line.Hooks
	sources  sources
	slack    *slack.Hooks
	parts
}

// parts are what an engine works with that outlives it.
type parts struct {
	store      *store.Store
	beats      *beats
	keys       *store.Keys
	links      *signup.Links // personal addresses of who is told
	publish    func(*status.Snapshot)
	env        lookup
	simulation bool
	log        *slog.Logger
}

func newEngine(cfg *config.Config, p parts) (*engine, error) {
	e := &engine{cfg: cfg, metrics: prometheus.NewRegistry(), alarms: make(chan notifier.Alarm, 64), parts: p}
	model := cfg.Model()
	model.Site.Simulation = p.simulation
	names := randomNames{}
	e.hooks = twilioHooks(cfg, p.keys)
	e.reports = reportHooks(cfg)
	e.chats = lineHooks(cfg)
	e.slack = slackHooks(cfg)
	var err error
	if e.sources, err = sourcesOf(cfg); err != nil {
		return nil, err
	}
	stamp := notifier.NewStamp(p.keys.Derive("delivery keys"))
	channels, err := openChannels(cfg, notifier.Outside{
		PublicURL: model.Site.URL, UserAgent: probes.UserAgent(version, model.Site.Contact),
		Simulation: p.simulation, Token: callbackToken(p.keys), Now: time.Now, Nonce: nonce,
	})
	if err != nil {
		return nil, err
	}
	e.composer = &words.Composer{Site: model.Site, Audiences: cfg.Audiences(), Classes: classes(cfg), NewID: names.ID, Substitutes: cfg.Texts.Substitutes}
	e.sender = notifier.NewSender(p.store, notifier.Options{
		Node: cfg.Location, Channels: channels, Plans: cfg.Plans(), Audiences: cfg.Audiences(),
		Stamp: stamp, State: e.state, Zone: model.Site.Zone, Log: p.log,
		Metrics: notifier.NewMetrics(e.metrics),
		Alarm:   e.hear,
		Mark:    words.Again,
		Leave:   p.links.Leave,
		Refuse:  e.refuse,
	})
	afar, err := works(cfg, p.env, p.keys.Derive("agents' work"))
	if err != nil {
		return nil, err
	}
	own := checks(cfg, p.env, p.beats)
	p.beats.expect(cfg)
	e.monitor, err = monitor.New(monitor.Wiring{
		Model: model, Names: names, Location: cfg.Location, Book: p.store,
		Checks: own, Works: afar, Self: monitor.NewSelf(own), Writer: e, Woke: e.sender.Wake, Now: time.Now,
		Log: p.log, Metrics: monitor.NewMetrics(e.metrics),
		Publish: func(s *status.Snapshot) {
			e.judged(s)
			p.publish(s)
		},
	})
	if err != nil {
		return nil, err
	}
	return e, nil
}

// Run looks, judges and sends until ctx is done.
func (e *engine) Run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return e.monitor.Run(ctx) })
	group.Go(func() error { return e.sender.Run(ctx) })
	group.Go(func() error { e.tellOperators(ctx); return nil })
	return group.Wait()
}

// hear takes an alarm of the sender, which must not wait. Should operators be
// that far behind, the log has it.
func (e *engine) hear(a notifier.Alarm) {
	e.log.Warn("sending", "alarm", a.Kind, "subject", a.Subject, "text", a.Text)
	select {
	case e.alarms <- a:
	default:
	}
}

// tellOperators turns the sender's alarms into notices until ctx is done.
func (e *engine) tellOperators(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case a := <-e.alarms:
			notices, err := e.Alarm(string(a.Kind)+" "+a.Subject, a.Words(), a.At)
			switch {
			case err != nil || len(notices) == 0:
			case a.Kind == notifier.AlarmLedger: // there are no books to put it into
				err = e.tellAtOnce(ctx, notices)
			default:
				err = e.store.AddNotices(ctx, notices)
			}
			if err != nil {
				e.log.ErrorContext(ctx, "telling operators", "alarm", a.Kind, "error", err)
				continue
			}
			e.sender.Wake()
		}
	}
}

func (e *engine) tellAtOnce(ctx context.Context, notices []notifier.Notice) error {
	var errs []error
	for _, n := range notices {
		errs = append(errs, e.sender.TellAtOnce(ctx, n))
	}
	return errors.Join(errs...)
}

// Alarm words a notice to the operators, in the languages of the site as far as
// there are words. What is wrong is told once an hour: key and hour name the
// occasion, so that a restart does not repeat it.
func (e *engine) Alarm(key, text string, now time.Time) ([]notifier.Notice, error) {
	digest := sha256.Sum256([]byte(key))
	occasion := hex.EncodeToString(digest[:8]) + now.UTC().Format(" 2006-01-02T15")
	return e.composer.Alarm(occasion, e.inEach(text), now)
}

// state is the latest judged state of a component, for channels that follow one.
func (e *engine) state(component string) status.State {
	if states := e.states.Load(); states != nil {
		return (*states)[component]
	}
	return status.Unknown
}

// judged takes the states over from a snapshot and has the sender look again
// if one has changed.
func (e *engine) judged(s *status.Snapshot) {
	e.shown.Store(s)
	if before := e.states.Load(); before != nil && sameStates(*before, s) {
		return
	}
	states := map[string]status.State{}
	for _, g := range s.Groups {
		for _, c := range g.Components {
			states[c.ID] = c.State
		}
	}
	e.states.Store(&states)
	e.sender.Wake()
}

// sameStates says whether a snapshot has the components and states known before.
func sameStates(before map[string]status.State, s *status.Snapshot) bool {
	n := 0
	for _, g := range s.Groups {
		for _, c := range g.Components {
			if state, known := before[c.ID]; !known || state != c.State {
				return false
			}
			n++
		}
	}
	return n == len(before)
}

// refuse keeps a text of somebody else back that sends the reader to what has
// failed since it was taken in.
func (e *engine) refuse(n *notifier.Notice, t *notifier.Text) error {
	s := e.shown.Load()
	if s == nil || !words.Outside(n.Event) {
		return nil
	}
	return words.SendsInto(*t, words.Down(s, false))
}

// Compose words the notices for events. It takes the states over first: once a
// notice is committed, it must not leave by a channel that has just failed.
func (e *engine) Compose(s *status.Snapshot, events []status.Event, now time.Time) ([]notifier.Notice, error) {
	e.judged(s)
	return e.composer.Notices(s, events, now)
}

// checks are what this node looks at, its controls included.
func checks(cfg *config.Config, env lookup, heard probes.Beats) []monitor.Check {
	var out []monitor.Check
	var all []*probes.Check
	for _, c := range append(cfg.Checks(), cfg.Controls()...) {
		if !looksFrom(&c, cfg.Location) {
			continue
		}
		probe := probeOf(cfg, c, env, heard)
		all = append(all, probe)
		out = append(out, monitor.Check{
			ID: c.ID, Every: c.Every, Cron: c.Cron, Timeout: c.Timeout,
			Recheck: monitor.Recheck{After: c.Recheck, PerInterval: c.Rechecks, PerDay: c.Daily},
			Prober:  probe,
		})
	}
	probes.Share(all)
	return out
}

// probeOf is the probe of a check.
func probeOf(cfg *config.Config, c config.Check, env lookup, heard probes.Beats) *probes.Check {
	return &probes.Check{
		ID: c.ID, Steps: c.Steps, Timeout: c.Timeout, UserAgent: probes.UserAgent(version, cfg.Model().Site.Contact),
		Env: env, File: cfg.File, Beats: heard,
	}
}

// openChannels opens every gateway of the configuration.
func openChannels(cfg *config.Config, outside notifier.Outside) ([]notifier.Channel, error) {
	var channels []notifier.Channel
	for _, c := range cfg.Channels() {
		channel := notifier.Channel{
			ID: c.ID, Kind: c.Kind, Class: c.Class, Follows: c.Follows, Domains: c.Domains,
			Target: c.Target, DailyCap: c.DailyCap, PerPerson: c.PerPerson, Duplicates: c.Duplicates,
		}
		for _, g := range c.Gateways {
			gateway, err := g.Settings.Open(outside)
			if err != nil {
				return nil, fmt.Errorf("opening gateway %s: %w", g.Name, err)
			}
			channel.Gateways = append(channel.Gateways, notifier.Route{
				Name: g.Name, Gateway: gateway, Rate: g.Rate, Price: g.Price, PriceLong: g.PriceLong, Parts: g.Parts, Weight: g.Weight, PerDay: g.PerDay, Codes: g.Codes,
			})
		}
		channels = append(channels, channel)
	}
	return channels, nil
}

// callbackToken authenticates a delivery key in a callback's address.
func callbackToken(keys *store.Keys) func(delivery string) string {
	secret := keys.Derive("callback tokens")
	return func(delivery string) string {
		mac := hmac.New(sha256.New, secret)
		mac.Write([]byte(delivery))
		return hex.EncodeToString(mac.Sum(nil)[:16])
	}
}

// classes says which kinds of text a plan's channels need.
func classes(cfg *config.Config) map[string][]notifier.Class {
	of := map[string]notifier.Class{}
	for _, c := range cfg.Channels() {
		of[c.ID] = c.Class
	}
	out := map[string][]notifier.Class{}
	for plan, hops := range cfg.Plans() {
		for _, h := range hops {
			if class := h.Class(of[h.Channel]); !slices.Contains(out[plan], class) {
				out[plan] = append(out[plan], class)
			}
		}
	}
	return out
}

// inEach says in each language of the site what an alarm says in English.
func (e *engine) inEach(english string) status.Text {
	site := e.composer.Site
	english = strings.ToValidUTF8(english, "")
	said := status.Text{}
	for _, lang := range site.Languages {
		said[lang] = english
		if voice := web.VoiceIn(lang); voice != nil {
			called := func(component string) string { return e.called(component, lang) }
			said[lang] = (&web.Reader{Voice: voice, Zone: site.Zone, Called: called}).Reason(english).Text
		}
	}
	return said
}

// called is what a component is called in a language; without a name, its id.
func (e *engine) called(component, lang string) string {
	if s := e.shown.Load(); s != nil {
		if c, found := s.Component(component); found {
			return cmp.Or(c.Name.In(lang, s.Site.Languages...), component)
		}
	}
	return component
}
