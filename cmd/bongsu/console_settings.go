package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"bongsu/config"
	"bongsu/web/console"
)

// reloader is how the configuration is read anew: by a signal, a change of its
// files, or the console. It remembers why the last try failed.
type reloader struct {
	path string
	ask  chan chan error // who asks for a reload now, and hears how it ended

	mu     sync.Mutex
	loaded time.Time
	failed time.Time // zero: the last one did not
	why    string
}

func newReloader(path string) *reloader {
	return &reloader{path: path, ask: make(chan chan error), loaded: time.Now()}
}

// note remembers how a reload ended.
func (r *reloader) note(err error, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil {
		r.failed, r.why = now, err.Error()
		return
	}
	r.loaded, r.failed, r.why = now, time.Time{}, ""
}

func (r *reloader) state() (loaded, failed time.Time, why string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.loaded, r.failed, r.why
}

// deskSettings is what the console shows and asks of the configuration.
type deskSettings struct {
	*server

	reloads *reloader
	env     lookup
}

// Running implements [console.Configurations].
func (d deskSettings) Running(context.Context) (console.Configuration, error) {
	cfg := d.running()
	c := console.Configuration{Path: d.reloads.path}
	c.Loaded, c.Failed, c.Why = d.reloads.state()
	for _, w := range cfg.Warnings() {
		c.Notes = append(c.Notes, w.String())
	}
	values, err := cfg.Values()
	for _, v := range values {
		c.Values = append(c.Values, console.Setting{Path: v.Path, Value: v.Text, File: v.File, Line: v.Line, Default: v.Line == 0, Secret: v.Secret})
	}
	return c, err
}

// Check implements [console.Configurations].
func (d deskSettings) Check(_ context.Context, name string) (console.Candidate, error) {
	path, err := d.candidate(name)
	if err != nil {
		return console.Candidate{}, err
	}
	c := console.Candidate{Name: name}
	if name == "" {
		c.Name = d.reloads.path
	}
	next, err := loadConfig(path, d.env)
	if problems, are := errors.AsType[config.Problems](err); are {
		for _, p := range problems {
			c.Problems = append(c.Problems, p.String())
		}
		return c, nil
	}
	if err != nil {
		c.Problems = []string{err.Error()}
		return c, nil //nolint:nilerr // that it cannot be read is what was asked
	}
	for _, w := range next.Warnings() {
		c.Notes = append(c.Notes, w.String())
	}
	if err := reloadable(d.running(), next); err != nil {
		c.Restart = err.Error()
	}
	return c, nil
}

// candidate is where a file to be checked lies: in the folder of the
// configuration, and nowhere that a link or a path leads to. Whoever can name
// files could else read what others have, line by line, in what is complained of.
func (d deskSettings) candidate(name string) (string, error) {
	if name == "" {
		return d.reloads.path, nil
	}
	ext := strings.ToLower(filepath.Ext(name))
	if filepath.Base(name) != name || strings.HasPrefix(name, ".") || !slices.Contains([]string{".yaml", ".yml"}, ext) {
		return "", console.ErrOutside
	}
	folder := d.reloads.path
	if info, err := os.Stat(folder); err != nil || !info.IsDir() {
		folder = filepath.Dir(folder)
	}
	path := filepath.Join(folder, name)
	info, err := os.Lstat(path)
	if err != nil || !info.Mode().IsRegular() {
		return "", console.ErrOutside
	}
	return path, nil
}

// Reload implements [console.Configurations].
func (d deskSettings) Reload(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, reloadTime)
	defer cancel()
	answer := make(chan error, 1)
	select {
	case d.reloads.ask <- answer:
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-answer:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// reloadTime is how long somebody waits for a reload.
const reloadTime = 20 * time.Second
