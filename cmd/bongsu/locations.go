package main

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"bongsu/config"
	"bongsu/status"
	"bongsu/status/remote"
)

// looksFrom says whether a location looks at a check.
func looksFrom(c *config.Check, location string) bool {
	return !c.Held && (len(c.From) == 0 || slices.Contains(c.From, location))
}

// works is what the agents of the other locations look at, with the secrets
// that their checks name. The key makes versions that tell nothing of secrets.
func works(cfg *config.Config, env lookup, key []byte) (map[string]*remote.Work, error) {
	model := cfg.Model()
	all := map[string]*remote.Work{}
	for _, l := range model.Locations {
		if l.ID == cfg.Location {
			continue
		}
		w := workOf(cfg, model, l.ID, env)
		text, err := json.Marshal(w)
		if err != nil {
			return nil, fmt.Errorf("writing the work of location %s: %w", l.ID, err)
		}
		mac := hmac.New(sha256.New, key)
		mac.Write(text)
		w.Version = hex.EncodeToString(mac.Sum(nil)[:16])
		if err := w.Problem(); err != nil {
			return nil, fmt.Errorf("the work of location %s: %w", l.ID, err)
		}
		all[l.ID] = w
	}
	return all, nil
}

func workOf(cfg *config.Config, model *status.Model, location string, env lookup) *remote.Work {
	w := &remote.Work{
		Contact: model.Site.Contact, Secrets: map[string]string{},
		Confirm: max(1, model.Rules.Confirm), Recover: max(1, model.Rules.Recover),
	}
	add := func(c *config.Check, control bool) {
		if !looksFrom(c, location) {
			return
		}
		w.Checks = append(w.Checks, remote.Check{
			ID: c.ID, Control: control, Steps: c.Source, Every: c.Every, Cron: c.Cron, Timeout: c.Timeout,
			Recheck: c.Recheck, PerInterval: c.Rechecks, PerDay: c.Daily, Fresh: c.Fresh,
		})
		for _, reference := range c.Secrets {
			if value, ok := secret(cfg, reference, env); ok {
				w.Secrets[reference] = value
			}
		}
	}
	for _, c := range cfg.Checks() {
		add(&c, false)
	}
	for _, c := range cfg.Controls() {
		add(&c, true)
	}
	return w
}

// secret is the value of env:NAME or file:PATH. An agent that gets none says so
// when it looks.
func secret(cfg *config.Config, reference string, env lookup) (string, bool) {
	if path, ok := strings.CutPrefix(reference, "file:"); ok {
		value, err := cfg.File(path)
		return value, err == nil
	}
	return env(strings.TrimPrefix(reference, "env:"))
}

// currentHub is the monitor of the engine that runs now, as agents meet it.
type currentHub struct{ *server }

func (h currentHub) Welcome(location string, hello *remote.Hello, received time.Time) (remote.Welcome, error) {
	e := h.engine.Load()
	if e == nil {
		return remote.Welcome{}, errNoEngine
	}
	return e.monitor.Welcome(location, hello, received)
}

func (h currentHub) Take(ctx context.Context, location string, b *remote.Batch, received time.Time) (remote.Ack, error) {
	e := h.engine.Load()
	if e == nil {
		return remote.Ack{}, errNoEngine
	}
	return e.monitor.Take(ctx, location, b, received)
}

func (h currentHub) Call(ctx context.Context, location, run, work string, after uint64) (remote.Call, error) {
	e := h.engine.Load()
	if e == nil {
		return remote.Call{}, errNoEngine
	}
	return e.monitor.Call(ctx, location, run, work, after)
}
