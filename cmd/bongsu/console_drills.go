package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"bongsu/drill/scenario"
	"bongsu/drill/score"
	"bongsu/store"
	"bongsu/web/console"
)

// deskDrills runs drills for the console: one at a time, in the background, on a
// database of its own that dies with it. It reaches nothing of the server's but
// the configuration.
type deskDrills struct {
	books   drillBooks
	path    string                                                  // of the configuration; empty: the server has none that a drill could read
	changed func()                                                  // something of a drill has changed
	run     func(context.Context, *drillOrder) (*score.Card, error) // runs one to its end
	now     func() time.Time
	id      func(time.Time) string
	lasts   time.Duration // how long a drill may take
	failed  func(err error)

	mu      sync.Mutex
	running *drillOrder
	ended   sync.WaitGroup
}

// drillBooks is [store.Store] as far as drills are kept.
type drillBooks interface {
	BeginDrill(ctx context.Context, d store.DrillRun) error
	EndDrill(ctx context.Context, d store.DrillRun, card store.DrillCard) error
	DrillRuns(ctx context.Context) ([]store.DrillRun, error)
	DrillRun(ctx context.Context, id string) (store.DrillRun, store.DrillCard, error)
}

// drillOrder is a drill that runs.
type drillOrder struct {
	store.DrillRun

	scenario *scenario.Scenario
	options  drillOptions
	cancel   context.CancelFunc

	mu sync.Mutex
	at time.Time // the scenario's clock
}

// tell notes how far it has come.
func (o *drillOrder) tell(at time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.at = at
}

func (o *drillOrder) told() (at time.Time, part float64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.at.IsZero() {
		return o.at, 0
	}
	return o.at, o.at.Sub(o.scenario.Start).Seconds() / o.scenario.End.Sub(o.scenario.Start).Seconds()
}

// drillLasts is how long a drill may take: a hundred times what the longest one
// that comes with the program takes.
const drillLasts = 30 * time.Minute

func newDeskDrills(s *server, path string) *deskDrills {
	d := &deskDrills{
		books: s.store, path: path, now: time.Now, id: randomNames{}.ID, lasts: drillLasts,
		changed: s.tellDrills,
		failed:  func(err error) { s.log.Error("keeping a drill", "error", err) },
	}
	d.run = func(ctx context.Context, o *drillOrder) (*score.Card, error) {
		record, err := rehearse(ctx, o.scenario, o.options, func(at time.Time) {
			o.tell(at)
		})
		if err != nil {
			return nil, err
		}
		return record.Card(), nil
	}
	return d
}

// tellDrills has open pages look again at the drills.
func (s *server) tellDrills() {
	if s.console != nil {
		s.console.Changed(console.Drills)
	}
}

// Scenarios implements [console.DrillRoom].
func (d *deskDrills) Scenarios() ([]console.Scenario, error) {
	all, err := scenario.Shipped()
	if err != nil {
		return nil, err
	}
	list := make([]console.Scenario, 0, len(all))
	for _, s := range all {
		list = append(list, console.Scenario{
			ID: s.ID, Title: s.Title, About: s.About, Lasts: s.End.Sub(s.Start), Targets: len(s.Targets), Expectations: len(s.Expect),
		})
	}
	return list, nil
}

// Runs implements [console.DrillRoom].
func (d *deskDrills) Runs(ctx context.Context) ([]console.DrillRun, error) {
	list, err := d.books.DrillRuns(ctx)
	if err != nil {
		return nil, err
	}
	runs := make([]console.DrillRun, 0, len(list))
	for i := range list {
		runs = append(runs, d.shown(&list[i]))
	}
	return runs, nil
}

// shown is a drill as the console shows it. One that is written down as running
// and runs nowhere has died with its server, unless another server runs it.
func (d *deskDrills) shown(r *store.DrillRun) console.DrillRun {
	run := console.DrillRun{
		ID: r.ID, Scenario: r.Scenario, Ours: r.Ours, By: r.By, Began: r.Began, Ended: r.Ended,
		State: string(r.State), Kept: r.Kept, Broken: r.Broken, Error: r.Error,
	}
	if s, err := scenario.Named(r.Scenario); err == nil {
		run.Title = s.Title
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.running != nil && d.running.ID == r.ID {
		run.At, run.Part = d.running.told()
	} else if r.State == store.DrillRunning && d.now().Sub(r.Began) > d.lasts {
		run.State, run.Error = string(store.DrillFailed), "its server ended before it did"
	}
	return run
}

// Run implements [console.DrillRoom].
func (d *deskDrills) Run(ctx context.Context, id string) (console.DrillRun, error) {
	r, _, err := d.books.DrillRun(ctx, id)
	if err != nil {
		return console.DrillRun{}, none(err)
	}
	return d.shown(&r), nil
}

// Card implements [console.DrillRoom].
func (d *deskDrills) Card(ctx context.Context, id string) (console.DrillCard, error) {
	_, card, err := d.books.DrillRun(ctx, id)
	return console.DrillCard(card), none(err)
}

// Start implements [console.DrillRoom].
func (d *deskDrills) Start(ctx context.Context, name string, ours bool, by string) (string, error) {
	s, err := shippedScenario(name)
	if err != nil {
		return "", err
	}
	now := d.now()
	o := &drillOrder{scenario: s, DrillRun: store.DrillRun{ID: d.id(now), Scenario: s.ID, Ours: ours && d.path != "", By: by, Began: now}}
	if o.Ours {
		o.options.config = d.path
	}
	background, cancel := context.WithTimeout(context.WithoutCancel(ctx), d.lasts)
	o.cancel = cancel
	if !d.claim(o) {
		cancel()
		return "", console.ErrBusy
	}
	if err := d.books.BeginDrill(ctx, o.DrillRun); err != nil {
		cancel()
		d.leave()
		return "", err
	}
	d.ended.Go(func() {
		defer cancel()
		d.carry(background, o)
	})
	return o.ID, nil
}

// shippedScenario is one that comes with the program: no file is read.
func shippedScenario(name string) (*scenario.Scenario, error) {
	all, err := scenario.Shipped()
	if err != nil {
		return nil, err
	}
	for _, s := range all {
		if s.ID == name {
			return s, nil
		}
	}
	return nil, console.ErrNone
}

// claim takes the one place that there is.
func (d *deskDrills) claim(o *drillOrder) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.running != nil {
		return false
	}
	d.running = o
	return true
}

func (d *deskDrills) leave() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.running = nil
}

// carry runs a drill to its end and keeps what became of it.
func (d *deskDrills) carry(ctx context.Context, o *drillOrder) {
	stop := d.follow(ctx)
	card, err := d.rehearse(ctx, o)
	stop()
	var kept store.DrillCard
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		o.State = store.DrillCancelled
	case err != nil:
		o.State, o.Error = store.DrillFailed, err.Error()
	default:
		o.State = store.DrillBroken
		if card.Passed {
			o.State = store.DrillPassed
		}
		for _, f := range card.Findings {
			switch f.Verdict {
			case score.Held:
				o.Kept++
			case score.Broken:
				o.Broken++
			default: // not applicable
			}
		}
		kept, err = cardOf(card)
		if err != nil {
			o.State, o.Error = store.DrillFailed, err.Error()
		}
	}
	o.Ended = d.now()
	if err := d.books.EndDrill(context.WithoutCancel(ctx), o.DrillRun, kept); err != nil {
		d.failed(err)
	}
	d.leave()
	d.changed()
}

// rehearse runs it; a panic of a drill is the drill's alone.
func (d *deskDrills) rehearse(ctx context.Context, o *drillOrder) (card *score.Card, err error) {
	defer func() {
		if fault := recover(); fault != nil {
			err = fmt.Errorf("the drill broke off: %v", fault)
		}
	}()
	return d.run(ctx, o)
}

// follow has open pages look again while a drill runs.
func (d *deskDrills) follow(ctx context.Context) (stop func()) {
	ctx, stop = context.WithCancel(ctx)
	go func() {
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				d.changed()
			}
		}
	}()
	return stop
}

func cardOf(card *score.Card) (store.DrillCard, error) {
	var out [3]bytes.Buffer
	for i, write := range []func(io.Writer) error{card.HTML, card.JSON, card.SVG} {
		if err := write(&out[i]); err != nil {
			return store.DrillCard{}, fmt.Errorf("writing the scorecard: %w", err)
		}
	}
	return store.DrillCard{HTML: out[0].Bytes(), JSON: out[1].Bytes(), SVG: out[2].Bytes()}, nil
}

// Cancel implements [console.DrillRoom].
func (d *deskDrills) Cancel(_ context.Context, id string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.running == nil || d.running.ID != id {
		return console.ErrNone
	}
	d.running.cancel()
	return nil
}

// end cancels what runs and waits until it is kept.
func (d *deskDrills) end() {
	d.mu.Lock()
	if d.running != nil {
		d.running.cancel()
	}
	d.mu.Unlock()
	d.ended.Wait()
}
