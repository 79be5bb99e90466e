package main

import (
	"context"
	"fmt"
	"maps"
	"net"
	"net/http"
	"time"

	"bongsu/web"
	"bongsu/web/console"
)

// openConsole makes the operators' console, if there is one. A simulation has
// one with another door, or where accounts of its own are wanted.
func (s *server) openConsole(ctx context.Context, o serverOptions) (err error) {
	if !s.cfg.Console.Enabled || s.simulation && o.consoleDoor == nil && !o.accounts {
		return nil
	}
	site := s.cfg.Model().Site
	site.Simulation = s.simulation
	s.crowds = newCrowds(ctx, s.store, o.log)
	options := console.Options{
		Door: o.consoleDoor, Snapshot: s.latest.Load, Site: site,
		Stories: &storyDesk{server: s}, Planner: currentDesk{s},
		TrustedProxies: s.cfg.TrustedProxies, Now: time.Now, Log: o.log,
	}
	if options.Door == nil {
		s.addEntry(&options)
	}
	s.addDesk(&options, o)
	options.Looker, options.Silencer = currentDesk{s}, quietDesk{s}
	if len(s.cfg.Channels()) > 0 {
		options.Ways = ways{s}
	}
	s.console, err = console.New(options) //nolint:contextcheck // handlers have their request's
	return err
}

// addEntry gives the console its own door and the pages for accounts.
func (s *server) addEntry(c *console.Options) {
	entry := s.newDoor(c.Log)
	c.Door, c.Entry, c.Tokens = entry, entry, consoleTokens{s.store}
	if s.cfg.Console.Listen != "" {
		c.Address, _ = consoleAddresses(s.cfg)
	}
}

// addDesk gives the console's pages what they show.
func (s *server) addDesk(c *console.Options, o serverOptions) {
	if o.reloads != nil {
		c.Settings = deskSettings{s, o.reloads, o.env}
	}
	c.Ledger, c.People, c.Apps, c.Drills = &deskLedger{server: s}, deskPeople{s}, deskApps{s}, s.drills
	c.AuditLog, c.Recorder = s.auditLog, s.auditLog
}

// mounted is what the page has beside it: the console too, unless it has a
// listener of its own.
func (s *server) mounted(extra map[string]http.Handler) map[string]http.Handler {
	if s.console == nil || s.cfg.Console.Listen != "" {
		return extra
	}
	all := map[string]http.Handler{console.Root: s.console}
	maps.Copy(all, extra)
	return all
}

// listenConsole opens the console's own listener, if it has one.
func (s *server) listenConsole(ctx context.Context) (err error) {
	if s.console == nil || s.cfg.Console.Listen == "" {
		return nil
	}
	if s.consoleListener, err = new(net.ListenConfig).Listen(ctx, "tcp", s.cfg.Console.Listen); err != nil {
		return fmt.Errorf("listening for the console: %w; `console: {listen: …}` in the configuration names another place", err)
	}
	return nil
}

// runConsole serves the console where it has a listener of its own, and ends
// what its pages wait for when ctx does.
func (s *server) runConsole(ctx context.Context) error {
	if s.console == nil {
		return nil
	}
	stop := context.AfterFunc(ctx, s.console.Close)
	defer stop()
	go s.tellDeliveries(ctx)
	if s.consoleListener == nil {
		<-ctx.Done()
		return nil
	}
	return web.Serve(ctx, s.consoleListener, s.console, s.log)
}

// tellConsole has open pages look again at what a new snapshot shows.
func (s *server) tellConsole() {
	if s.console != nil {
		s.console.Changed(console.States, console.Incidents, console.Maintenance)
	}
}
