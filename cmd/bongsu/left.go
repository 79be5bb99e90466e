package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"bongsu/config"
	"bongsu/store"
	"bongsu/web"
	"bongsu/web/lastpage"
)

// beginAgain is how often a server that has no database tries to begin.
const beginAgain = 2 * time.Second

// databaseError says that the database could not be opened.
type databaseError struct{ error }

func (e databaseError) Unwrap() error { return e.error }

// mayComeBack says whether the database may yet answer as things are.
func mayComeBack(err error) bool {
	var away databaseError
	return errors.As(err, &away) && !errors.Is(err, store.ErrServed) && !errors.Is(err, store.ErrNewerSchema)
}

// newServerOrLeft is newServer for who must not be stopped by a database that
// does not answer: as long as it does not, the page of the last run is shown. The
// server is nil if ctx ends meanwhile.
func newServerOrLeft(ctx context.Context, cfg *config.Config, o serverOptions) (*server, error) {
	s, err := newServer(ctx, cfg, o)
	if err == nil {
		return s, nil
	}
	if !mayComeBack(err) {
		return nil, err
	}
	page, noPage := leftPage(cfg, o) //nolint:contextcheck // handlers have their request's
	if noPage != nil {
		return nil, errors.Join(err, fmt.Errorf("and there is no page to show meanwhile: %w", noPage))
	}
	return showLeft(ctx, cfg, o, page, err)
}

// leftPage is a server of the page that the last run has left.
func leftPage(cfg *config.Config, o serverOptions) (*web.Server, error) {
	snapshot, err := lastpage.Read(cfg.LastPage)
	if err != nil {
		return nil, err
	}
	snapshot.Site.Zone = cfg.Model().Site.Zone
	keys, err := keysOf(cfg)
	if err != nil {
		return nil, err
	}
	signer, err := pageSigner(keys)
	if err != nil {
		return nil, err
	}
	page, err := web.New(web.Options{
		TrustedProxies: cfg.TrustedProxies, Links: o.links, Left: true, Signer: signer, Now: time.Now, Log: o.log,
	})
	if err != nil {
		return nil, err
	}
	page.Publish(snapshot)
	return page, nil
}

// showLeft shows a page that was left until a server can begin in its place, at
// the same door.
func showLeft(ctx context.Context, cfg *config.Config, o serverOptions, page *web.Server, why error) (*server, error) {
	open, err := listen(ctx, cfg.Listen)
	if err != nil {
		return nil, errors.Join(why, err)
	}
	door, isTCP := open.(*net.TCPListener)
	if !isTCP {
		return nil, errors.Join(why, open.Close())
	}
	o.log.ErrorContext(ctx, "the database does not answer; the last page is shown, read-only, until it does", "error", why, "as_of", page.Now().At.Format(time.RFC3339))
	showing, end := context.WithCancel(ctx)
	defer end()
	served := make(chan error, 1)
	go func() { served <- page.Serve(showing, &lent{TCPListener: door}) }()
	for {
		select {
		case <-ctx.Done():
			return nil, errors.Join(<-served, door.Close())
		case err := <-served:
			return nil, errors.Join(why, err, door.Close())
		case <-time.After(beginAgain):
		}
		mine := &lent{TCPListener: door} // what cannot begin closes it, and nothing more
		o.door = mine
		s, err := newServer(ctx, cfg, o)
		if err == nil {
			mine.owned = true
			o.log.InfoContext(ctx, "the database answers again")
			return s, nil // what reads the page that was left is answered for a few seconds more
		}
		if err.Error() != why.Error() {
			o.log.WarnContext(ctx, "beginning; it will be tried again", "error", err)
			why = err
		}
	}
}
