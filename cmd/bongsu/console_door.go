package main

import (
	"context"
	"crypto/rand"
	"log/slog"
	"net"
	"strings"
	"time"

	"bongsu/config"
	"bongsu/store"
	"bongsu/web/account"
	"bongsu/web/console"
	"bongsu/web/door"
)

// newDoor lets in whom our own database knows, and asks nothing else.
func (s *server) newDoor(log *slog.Logger) *door.Door {
	return door.New(door.Options{
		Book: s.store, Random: rand.Reader, ID: randomNames{}.ID, Now: time.Now, Secure: s.secure,
		Cost: account.StandardCost(), Log: log,
	})
}

// secure says whether browsers come by https: the site's public address says so.
func (s *server) secure() bool {
	url := s.cfg.Model().Site.URL
	if snapshot := s.latest.Load(); snapshot != nil && snapshot.Site.URL != "" {
		url = snapshot.Site.URL
	}
	return strings.HasPrefix(url, "https://")
}

// keeperOf keeps accounts in a database.
func keeperOf(s *store.Store) door.Keeper {
	return door.Keeper{Book: s, Random: rand.Reader, ID: randomNames{}.ID, Now: time.Now}
}

// offerFirstUser tells on the log how the first account is made, if there is
// none yet and a console to use it in.
func (s *server) offerFirstUser(ctx context.Context, log *slog.Logger) error {
	if s.console == nil || s.simulation {
		return nil
	}
	text, err := keeperOf(s.store).FirstLink(ctx)
	if err != nil || text == "" {
		return err
	}
	public, local := linkAddresses(s.cfg, text)
	log.InfoContext(ctx, "there is no user yet; whoever opens this within an hour becomes the administrator; `bongsu user link` makes another", "link", public, "on_this_machine", local)
	return nil
}

// linkAddresses are where a one-time link is opened: as everybody, and on the
// machine that serves.
func linkAddresses(cfg *config.Config, text string) (public, local string) {
	public, local = consoleAddresses(cfg)
	path := console.Root + "/link/" + text
	return public + path, local + path
}

// consoleAddresses are the console's: everybody's, and that of the machine that
// serves.
func consoleAddresses(cfg *config.Config) (public, local string) {
	public, listen := strings.TrimSuffix(cfg.Model().Site.URL, "/"), cfg.Listen
	if cfg.Console.Listen != "" {
		listen = cfg.Console.Listen
	}
	if host, port, err := net.SplitHostPort(listen); err == nil {
		if ip := net.ParseIP(host); host == "" || ip != nil && (ip.IsUnspecified() || ip.IsLoopback()) {
			host = "localhost"
		}
		local = "http://" + net.JoinHostPort(host, port)
	}
	if cfg.Console.Listen != "" || public == "" {
		public = local
	}
	return public, local
}

// keepAccounts removes sessions, links and tries whose time is over, until ctx
// is done.
func keepAccounts(ctx context.Context, s *store.Store, now func() time.Time, log *slog.Logger) {
	tick := time.NewTicker(tidyEvery)
	defer tick.Stop()
	for {
		if err := s.TidyAccounts(ctx, now()); err != nil && ctx.Err() == nil {
			log.ErrorContext(ctx, "removing old sessions; it is tried again", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
