package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"bongsu/config"
	"bongsu/status"
	"bongsu/store"
	"bongsu/web"
	"bongsu/web/minisign"
	"bongsu/web/mirror"
)

func exportPageCommand() *cobra.Command {
	var path string
	c := &cobra.Command{
		Use:   "export DIR",
		Short: "Write the page as files: whole, signed, to be put on any web server",
		Long: `Writes the page as it is now into a folder: every page in every language, with
links that hold wherever the folder lies, a manifest of hashes that sha256sum
reads too, and signatures that ` + "`bongsu verify`" + ` and the minisign command check.
What is there already is brought up to date. The server need not run.

A running server does the same by itself for each of ` + "`mirrors:`" + `.`,
		Example: `  bongsu export /var/www/status
  bongsu verify /var/www/status`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			cfg, err := loadBeside(path)
			if err != nil {
				return err
			}
			return openBeside(c.Context(), cfg, func(db *store.Store) error {
				return exportPage(c.Context(), c.OutOrStdout(), cfg, db, args[0])
			})
		},
	}
	configFlag(c, &path)
	return c
}

func exportPage(ctx context.Context, out io.Writer, cfg *config.Config, db *store.Store, dir string) error {
	keys, err := keysOf(cfg)
	if err != nil {
		return err
	}
	signer, err := pageSigner(keys)
	if err != nil {
		return err
	}
	page, err := pageNow(ctx, cfg, db, signer, time.Now())
	if err != nil {
		return err
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return err
	}
	address := url.URL{Scheme: "file", Path: filepath.ToSlash(dir)}
	m, err := mirror.Open(address.String(), page, mirror.Options{Signer: *signer, Looks: mirrorLooks, Log: slog.New(slog.NewTextHandler(os.Stderr, nil))})
	if err != nil {
		return err
	}
	if err := m.Update(ctx); err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "Written to %s: %d files, signed with the key\n  %s\n", dir, m.Files(), signer.Public())
	return err
}

// pageNow is the page as the books have it, judged for now: what nobody has
// looked at for too long is unknown.
func pageNow(ctx context.Context, cfg *config.Config, db *store.Store, signer *minisign.Signer, now time.Time) (*web.Server, error) {
	memory, err := db.Memory(ctx, now.Add(-shownDays))
	if err != nil {
		return nil, err
	}
	board := status.NewBoard(cfg.Model(), memory, randomNames{})
	board.Judge(now)
	page, err := web.New(web.Options{Signer: signer, Now: time.Now, Log: slog.New(slog.DiscardHandler)}) //nolint:contextcheck // handlers have their request's
	if err != nil {
		return nil, err
	}
	page.Publish(board.Snapshot(now))
	return page, nil
}
