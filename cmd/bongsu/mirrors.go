package main

import (
	"context"
	"time"

	"golang.org/x/sync/errgroup"

	"bongsu/store"
	"bongsu/web/minisign"
	"bongsu/web/mirror"
)

// mirrorLooks is how often a copy's pages of single looks are made anew when
// nothing else about them changes: half of the time that a page is good for.
const mirrorLooks = 5 * time.Minute

// pageSigner signs copies of the page.
func pageSigner(keys *store.Keys) (*minisign.Signer, error) {
	signer, err := minisign.NewSigner(keys.Derive("page signature"))
	return &signer, err
}

// openMirrors opens the copies that the configuration names.
func (s *server) openMirrors() error {
	for _, address := range s.cfg.Mirrors {
		m, err := mirror.Open(address, s.page, mirror.Options{Signer: *s.signer, Writer: s.cfg.Location, Looks: mirrorLooks, Log: s.log})
		if err != nil {
			return err
		}
		s.mirrors = append(s.mirrors, m)
	}
	return nil
}

func (s *server) wakeMirrors() {
	for _, m := range s.mirrors {
		m.Wake()
	}
}

// runMirrors keeps the copies up to date until ctx is done.
func (s *server) runMirrors(ctx context.Context) {
	var all errgroup.Group
	for _, m := range s.mirrors {
		all.Go(func() error { m.Run(ctx); return nil })
	}
	_ = all.Wait() // none returns an error
}
