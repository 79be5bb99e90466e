package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"reflect"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"bongsu/config"
)

func serveCommand() *cobra.Command {
	var path string
	c := &cobra.Command{
		Use:   "serve",
		Short: "Run the server: probe, judge, publish, tell",
		Long: `Runs the server until it is interrupted. It reads the configuration again on
SIGHUP and when a file of it changes; a bad one is refused with every problem on
the log, and the old one stays.

Changes of listen, trusted_proxies, database, keys, location, signup and retention need a
restart.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return serve(c.Context(), path, c.ErrOrStderr()) },
	}
	configFlag(c, &path)
	return c
}

func serve(ctx context.Context, path string, errs io.Writer) error {
	log := slog.New(slog.NewTextHandler(errs, nil))
	cfg, err := loadConfig(path, os.LookupEnv)
	if err != nil {
		return err
	}
	again := newReloader(path)
	s, err := newServerOrLeft(ctx, cfg, serverOptions{env: os.LookupEnv, log: log, reloads: again})
	if s == nil {
		return err
	}
	defer s.Close()
	if waiting := cfg.Waiting(); waiting != "" {
		log.WarnContext(ctx, "some checks wait", "why", waiting)
	}
	for _, w := range cfg.Warnings() {
		log.WarnContext(ctx, "the configuration", "note", w.String())
	}
	log.InfoContext(ctx, "serving", "listen", s.door.Addr().String(), "url", cfg.Model().Site.URL, "version", version)
	if err := s.offerFirstUser(ctx, log); err != nil {
		return err
	}
	saveMemory(ctx)
	reloads := make(chan *config.Config)
	go watchConfig(ctx, again, cfg, reloads, log)
	return s.Run(ctx, reloads)
}

// saveMemory has the server hold a half more than it uses, instead of as much
// again, unless GOGC says otherwise: looks leave little behind, so collecting
// more often costs them hardly anything. What starting took beyond that goes
// back in the background: at once what reading the configuration took, which is
// several times what it leaves, and then what the first looks took, when every
// component has news. By itself Go would keep it for long.
func saveMemory(ctx context.Context) {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(50)
	}
	go func() {
		debug.FreeOSMemory()
		select {
		case <-ctx.Done():
		case <-time.After(firstLooks):
			debug.FreeOSMemory()
		}
	}()
}

// firstLooks is when the first looks are over, of checks that look several times
// a minute.
const firstLooks = 20 * time.Second

// configPoll is how often the files of the configuration are looked at.
const configPoll = 2 * time.Second

// watchConfig sends every good new configuration until ctx is done.
func watchConfig(ctx context.Context, again *reloader, running *config.Config, reloads chan<- *config.Config, log *slog.Logger) {
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP)
	defer signal.Stop(hup)
	tick := time.NewTicker(configPoll)
	defer tick.Stop()
	path := again.path
	seen := fingerprint(path)
	for {
		var asked chan error
		select {
		case <-ctx.Done():
			return
		case asked = <-again.ask:
		case <-hup:
		case <-tick.C:
			if now := fingerprint(path); now == seen {
				continue
			}
		}
		seen = fingerprint(path)
		next, err := loadConfig(path, os.LookupEnv)
		if err == nil {
			err = reloadable(running, next)
		}
		if err != nil {
			again.note(err, time.Now())
			answer(asked, err)
			log.ErrorContext(ctx, "reloading; the old configuration stays", "error", err)
			continue
		}
		select {
		case reloads <- next:
			again.note(nil, time.Now())
			answer(asked, nil)
			log.InfoContext(ctx, "reloaded", "config", path)
			for _, w := range next.Warnings() {
				log.WarnContext(ctx, "the configuration", "note", w.String())
			}
			running = next
		case <-ctx.Done():
			return
		}
	}
}

// answer tells who asked for a reload how it ended; nobody may have.
func answer(asked chan error, err error) {
	if asked != nil {
		asked <- err // there is room for one
	}
}

// reloadable says which change needs a restart.
func reloadable(old, next *config.Config) error {
	for _, part := range []struct {
		key  string
		same bool
	}{
		{"listen", old.Listen == next.Listen},
		{"trusted_proxies", slices.Equal(old.TrustedProxies, next.TrustedProxies)},
		{"database", old.Database.Reveal() == next.Database.Reveal()},
		{"keys", old.Keys.Reveal() == next.Keys.Reveal()},
		{"location", old.Location == next.Location},
		{"retention", old.Retention == next.Retention},
		{"signup", reflect.DeepEqual(old.Signup, next.Signup)},
	} {
		if !part.same {
			return fmt.Errorf("a change of %s needs a restart", part.key)
		}
	}
	return nil
}

// fingerprint tells one version of the configuration's files from another.
func fingerprint(path string) string {
	info, err := os.Stat(path)
	if err != nil {
		return err.Error()
	}
	if !info.IsDir() {
		return fmt.Sprint(info.ModTime().UnixNano(), info.Size())
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return err.Error()
	}
	var mark strings.Builder
	for _, e := range entries {
		if info, err := e.Info(); err == nil {
			fmt.Fprintln(&mark, e.Name(), info.ModTime().UnixNano(), info.Size())
		}
	}
	return mark.String()
}
