package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"bongsu/store"
)

// withDatabase opens the configuration's database beside a running server.
func withDatabase(ctx context.Context, path string, do func(*store.Store) error) (err error) {
	cfg, err := loadConfig(path, os.LookupEnv)
	if err != nil {
		return err
	}
	options := store.Options{Connections: 2}
	if !cfg.Keys.Empty() {
		if options.Keys, err = store.ParseKeys(cfg.Keys.Reveal()); err != nil {
			return fmt.Errorf("reading the keys (keys: in the configuration): %w", err)
		}
	}
	s, err := store.Open(ctx, cfg.Database.Reveal(), options)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	return do(s)
}
