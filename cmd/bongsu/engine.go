package main

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"bongsu/config"
	"bongsu/monitor"
	"bongsu/notifier"
	"bongsu/notifier/twilio"
	"bongsu/notifier/words"
	"bongsu/probes"
	"bongsu/status"
	"bongsu/store"
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
	alarms   chan notifier.Alarm
	hooks    *twilio.Hooks
	parts
}

// parts are what an engine works with that outlives it.
type parts struct {
	store      *store.Store
	keys       *store.Keys
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
	stamp := notifier.NewStamp(p.keys.Derive("delivery keys"))
	channels, err := openChannels(cfg, notifier.Outside{
		PublicURL: model.Site.URL, UserAgent: probes.UserAgent(version, model.Site.Contact),
		Simulation: p.simulation, Token: callbackToken(p.keys),
	})
	if err != nil {
		return nil, err
	}
	e.composer = &words.Composer{Site: model.Site, Audiences: cfg.Audiences(), Classes: classes(cfg), NewID: names.ID}
	e.sender = notifier.NewSender(p.store, notifier.Options{
		Node: cfg.Location, Channels: channels, Plans: cfg.Plans(), Audiences: cfg.Audiences(),
		Stamp: stamp, State: e.state, Zone: model.Site.Zone, Log: p.log,
		Metrics: notifier.NewMetrics(e.metrics),
		Alarm:   e.hear,
	})
	e.monitor, err = monitor.New(monitor.Wiring{
		Model: model, Names: names, Location: cfg.Location, Book: p.store,
		Checks: checks(cfg, p.env), Writer: e, Woke: e.sender.Wake, Now: time.Now,
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
			notices, err := e.Alarm(string(a.Kind)+" "+a.Subject, a.Text, a.At)
			if err == nil && len(notices) > 0 {
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

// Alarm words a notice to the operators. What is wrong is told once an hour:
// key and hour name the occasion, so that a restart does not repeat it.
func (e *engine) Alarm(key, text string, now time.Time) ([]notifier.Notice, error) {
	digest := sha256.Sum256([]byte(key))
	occasion := hex.EncodeToString(digest[:8]) + now.UTC().Format(" 2006-01-02T15")
	return e.composer.Alarm(occasion, oneText(e.composer.Site, text), now)
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
	states := map[string]status.State{}
	for _, g := range s.Groups {
		for _, c := range g.Components {
			states[c.ID] = c.State
		}
	}
	if before := e.states.Swap(&states); before == nil || !maps.Equal(*before, states) {
		e.sender.Wake()
	}
}

// Compose words the notices for events. It takes the states over first: once a
// notice is committed, it must not leave by a channel that has just failed.
func (e *engine) Compose(s *status.Snapshot, events []status.Event, now time.Time) ([]notifier.Notice, error) {
	e.judged(s)
	return e.composer.Notices(s, events, now)
}

func checks(cfg *config.Config, env lookup) []monitor.Check {
	agent := probes.UserAgent(version, cfg.Model().Site.Contact)
	var out []monitor.Check
	for _, c := range cfg.Checks() {
		if c.Held {
			continue
		}
		out = append(out, monitor.Check{
			ID: c.ID, Every: c.Every, Cron: c.Cron, Timeout: c.Timeout,
			Recheck: monitor.Recheck{After: c.Recheck, PerInterval: c.Rechecks, PerDay: c.Daily},
			Prober:  probeOf(c, agent, env),
		})
	}
	return out
}

// probeOf is the probe of a check.
func probeOf(c config.Check, agent string, env lookup) *probes.Check {
	return &probes.Check{ID: c.ID, Steps: c.Steps, Timeout: c.Timeout, UserAgent: agent, Env: env}
}

// openChannels opens every gateway of the configuration.
func openChannels(cfg *config.Config, outside notifier.Outside) ([]notifier.Channel, error) {
	var channels []notifier.Channel
	for _, c := range cfg.Channels() {
		channel := notifier.Channel{
			ID: c.ID, Kind: c.Kind, Class: c.Class, Follows: c.Follows, Domains: c.Domains,
			Target: c.Target, DailyCap: c.DailyCap,
		}
		for _, g := range c.Gateways {
			gateway, err := g.Settings.Open(outside)
			if err != nil {
				return nil, fmt.Errorf("opening gateway %s: %w", g.Name, err)
			}
			channel.Gateways = append(channel.Gateways, notifier.Route{Name: g.Name, Gateway: gateway, Rate: g.Rate, Price: g.Price})
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
			if !slices.Contains(out[plan], of[h.Channel]) {
				out[plan] = append(out[plan], of[h.Channel])
			}
		}
	}
	return out
}

// oneText is a text that operators read as it is, whatever their language.
func oneText(site status.Site, text string) status.Text {
	out := status.Text{}
	for _, lang := range site.Languages {
		out[lang] = strings.ToValidUTF8(text, "")
	}
	return out
}
