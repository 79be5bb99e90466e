package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	dto "github.com/prometheus/client_model/go"
	"golang.org/x/sync/errgroup"

	"bongsu/config"
	"bongsu/notifier/appnotice"
	"bongsu/notifier/signup"
	"bongsu/status"
	"bongsu/store"
	"bongsu/web"
	"bongsu/web/console"
	"bongsu/web/minisign"
	"bongsu/web/mirror"
)

// server is what outlives a reload: database, page, listener.
type server struct {
	parts

	cfg      *config.Config
	page     *web.Server
	console  *console.Console // nil: there is none
	drills   *deskDrills      // those of console and API
	auditLog *deskAudit
	reloads  *reloader    // nil: the configuration is never read anew
	crowds   *crowds      // for the console
	signup   *signup.Desk // nil: no text can be sent
	apps     *appnotice.Desk
	door     net.Listener
	// consoleListener is the console's own; nil where it is at the page's.
	consoleListener net.Listener
	process         *prometheus.Registry
	engine          atomic.Pointer[engine]
	mirrors         []*mirror.Mirror
	signer          *minisign.Signer
	kept            *pageKeeper
	latest          atomic.Pointer[status.Snapshot]
}

// serverOptions are what demo does otherwise than serve.
type serverOptions struct {
	env        lookup
	log        *slog.Logger
	simulation bool
	extra      map[string]http.Handler
	// consoleDoor lets operators in otherwise than by their accounts; may be nil.
	consoleDoor console.Door
	// accounts has a simulation keep accounts of its own, for its console.
	accounts bool
	// reloads is how the configuration is read anew; nil: it is not.
	reloads *reloader
	links   []web.Link
	door    net.Listener           // the page's, where it is open already; nil: newServer opens it
	watch   func(*status.Snapshot) // sees each snapshot once it is published; may be nil
}

// newServer opens the database and the listener.
func newServer(ctx context.Context, cfg *config.Config, o serverOptions) (_ *server, err error) {
	s := &server{cfg: cfg, process: prometheus.NewRegistry(), reloads: o.reloads}
	s.process.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	s.parts = parts{env: o.env, simulation: o.simulation, log: o.log}
	defer func() {
		if err != nil {
			s.Close()
		}
	}()
	if s.keys, err = keysOf(cfg); err != nil {
		return nil, err
	}
	s.links = signup.NewLinks(cfg.Model().Site.URL, s.keys.DeriveAll("personal links"))
	if s.signer, err = pageSigner(s.keys); err != nil {
		return nil, err
	}
	if s.store, err = store.Open(ctx, cfg.Database.Reveal(), store.Options{Sole: true, Keys: s.keys}); err != nil {
		return nil, databaseError{err}
	}
	if s.beats, err = newBeats(ctx, s.store, s.keys, time.Now()); err != nil {
		return nil, err
	}
	if s.signup, err = s.openSignup(); err != nil {
		return nil, err
	}
	if s.apps, err = s.openApps(); err != nil {
		return nil, err
	}
	s.drills, s.auditLog = newDeskDrills(s, drillPath(o.reloads)), &deskAudit{server: s}
	if err = s.openConsole(ctx, o); err != nil {
		return nil, err
	}
	if s.page, err = web.New(s.pageOptions(o)); err != nil { //nolint:contextcheck // handlers have their request's
		return nil, err
	}
	if err := s.openMirrors(); err != nil {
		return nil, err
	}
	s.kept = newPageKeeper(cfg.LastPage, s.log)
	s.publish = func(snapshot *status.Snapshot) {
		s.page.Publish(snapshot)
		s.kept.Keep(snapshot, s.page.Now().Page)
		s.latest.Store(snapshot)
		s.wakeMirrors()
		s.tellConsole()
		if o.watch != nil {
			o.watch(snapshot)
		}
	}
	if s.door = o.door; s.door == nil {
		if s.door, err = listen(ctx, cfg.Listen); err != nil {
			return nil, err
		}
	}
	return s, s.listenConsole(ctx)
}

// listen opens the page's door.
func listen(ctx context.Context, address string) (net.Listener, error) {
	door, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listening: %w; `listen:` in the configuration names another place", err)
	}
	return door, nil
}

func (s *server) pageOptions(o serverOptions) web.Options {
	page := web.Options{
		TrustedProxies: s.cfg.TrustedProxies, Extra: s.mounted(o.extra), Links: o.links,
		Metrics:  prometheus.Gatherers{s.process, prometheus.GathererFunc(s.gather)},
		Register: s.process, Signer: s.signer, Proofs: proofs{s.store, s.cfg.Model().Apps},
		Desk: currentDesk{s}, Tokens: &bearers{tokens: s.store}, Apps: s.apps, Hub: currentHub{s}, Beats: s.beats, History: s.store,
		Answers: answers{s.store}, Books: books{s}, Holds: holds{s}, Looker: currentDesk{s}, People: subscribers{s.store, deskPeople{s}}, Keyring: keyring{s}, Secret: s.keys.Derive("cursors"),
		Incoming: s.source, Slack: currentSlack{s}, Audit: s.auditAPI,
		Hooks: &web.Hooks{
			Twilio:   currentHooks{s},
			Reports:  map[string]web.Reports{"solapi": currentHooks{s}.reports("solapi"), "nhn-sms": currentHooks{s}.reports("nhn-sms")},
			LINE:     currentHooks{s}.Chats,
			Receipts: currentHooks{s}.Receipts,
		},
		Now: time.Now, Log: o.log,
	}
	s.roomOptions(&page, o.env)
	if s.signup != nil {
		page.Signup, page.PushKey = s.signup, pushKey(s.cfg)
		if account := s.cfg.Signup.LINE; account != nil {
			page.LINEBot = account.Account
		}
	}
	return page
}

// Close gives back what Run does not.
func (s *server) Close() error {
	var failed error
	if s.door != nil {
		if err := s.door.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			failed = err
		}
	}
	if s.consoleListener != nil {
		if err := s.consoleListener.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			failed = errors.Join(failed, err)
		}
	}
	if s.crowds != nil {
		s.crowds.Close()
	}
	if s.store != nil {
		failed = errors.Join(failed, s.store.Close())
	}
	return failed
}

// gather collects the metrics of the engine that runs now.
func (s *server) gather() ([]*dto.MetricFamily, error) {
	if e := s.engine.Load(); e != nil {
		return e.metrics.Gather()
	}
	return nil, nil
}

// Run serves until ctx is done. Every configuration that comes by reloads
// takes the place of the one before.
func (s *server) Run(ctx context.Context, reloads <-chan *config.Config) error {
	defer s.drills.end()
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return s.page.Serve(ctx, s.door) })
	group.Go(func() error { return s.runConsole(ctx) })
	group.Go(func() error { keepAccounts(ctx, s.store, time.Now, s.log); return nil })
	group.Go(func() error { return s.runEngines(ctx, reloads) })
	group.Go(func() error { keepHistory(ctx, s.store, time.Now, s.log); return nil })
	group.Go(func() error { return runApps(ctx, s) })
	group.Go(func() error { runSent(ctx, s); return nil })
	group.Go(func() error { runLately(ctx, s); return nil })
	group.Go(func() error { s.runMirrors(ctx); return nil })
	group.Go(func() error { s.kept.Run(ctx); return nil })
	group.Go(func() error { keepBooks(ctx, s.store, s.cfg.Retention.Deliveries, time.Now, s.log); return nil })
	if s.signup != nil {
		group.Go(func() error { return s.signup.Run(ctx, time.Now) })
	}
	return group.Wait()
}

func (s *server) runEngines(ctx context.Context, reloads <-chan *config.Config) error {
	e, err := newEngine(s.cfg, s.parts)
	for err == nil {
		s.engine.Store(e)
		var next *config.Config
		if next, err = s.runUntilReload(ctx, e, reloads); err != nil || next == nil {
			return err
		}
		var fresh *engine
		if fresh, err = newEngine(next, s.parts); err != nil {
			s.log.ErrorContext(ctx, "reloading; the old configuration stays", "error", err)
			if s.reloads != nil {
				s.reloads.note(err, time.Now())
			}
			fresh, err = newEngine(e.cfg, s.parts)
		}
		e = fresh
	}
	return err
}

// runUntilReload runs an engine until ctx is done (nil) or a reload comes.
func (s *server) runUntilReload(ctx context.Context, e *engine, reloads <-chan *config.Config) (*config.Config, error) {
	inner, end := context.WithCancel(ctx)
	defer end()
	ended := make(chan error, 1)
	go func() { ended <- e.Run(inner) }()
	select {
	case next := <-reloads:
		end()
		return next, <-ended
	case err := <-ended:
		return nil, err
	}
}

// awaitSnapshot returns when the page shows what is wanted.
func (s *server) awaitSnapshot(ctx context.Context, wanted func(*status.Snapshot) bool) error {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		if latest := s.latest.Load(); latest != nil && wanted(latest) {
			return nil
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
		}
	}
}

// keysOf are the installation's keys. A configuration without channels may
// have none: nothing is sealed or sent, and keys of the moment will do.
func keysOf(cfg *config.Config) (*store.Keys, error) {
	text := cfg.Keys.Reveal()
	if cfg.Keys.Empty() {
		text = store.NewKeys()
	}
	return parseKeys(text)
}
