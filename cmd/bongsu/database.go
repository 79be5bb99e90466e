package main

import (
	"context"
	"errors"
	"fmt"

	"bongsu/config"
	"bongsu/store"
)

// withDatabase opens the configuration's database beside a running server.
func withDatabase(ctx context.Context, path string, do func(*store.Store) error) error {
	cfg, err := loadBeside(path)
	if err != nil {
		return err
	}
	return openBeside(ctx, cfg, do)
}

// openBeside is withDatabase for who has read the configuration already.
func openBeside(ctx context.Context, cfg *config.Config, do func(*store.Store) error) (err error) {
	options := store.Options{Connections: 2}
	if !cfg.Keys.Empty() {
		if options.Keys, err = parseKeys(cfg.Keys.Reveal()); err != nil {
			return err
		}
	}
	s, err := store.Open(ctx, cfg.Database.Reveal(), options)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	return do(s)
}

// parseKeys reads an installation's keys.
func parseKeys(text string) (*store.Keys, error) {
	keys, err := store.ParseKeys(text)
	if err != nil {
		return nil, fmt.Errorf("reading the keys (keys: in the configuration): %w", err)
	}
	return keys, nil
}
