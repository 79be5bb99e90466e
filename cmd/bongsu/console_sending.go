package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"bongsu/config"
	"bongsu/notifier"
	"bongsu/notifier/appnotice"
	"bongsu/web/console"
)

// Sending implements [console.Ledger].
func (d *deskLedger) Sending(ctx context.Context) (console.Sending, error) {
	now, cfg := time.Now(), d.running()
	var s console.Sending
	var err error
	if s.Paused, err = d.store.Paused(ctx); err != nil {
		return s, err
	}
	queue, err := d.store.Queue(ctx, now)
	if err != nil {
		return s, err
	}
	s.Waiting, s.Oldest = queue.Depth, queue.Oldest
	holds, err := d.store.Holds(ctx, now)
	if err != nil {
		return s, err
	}
	look, err := d.look(ctx, now)
	if err != nil {
		return s, err
	}
	for _, c := range cfg.Channels() {
		channel := console.ChannelState{ID: c.ID, Kind: c.Kind, Follows: c.Follows}
		if e := d.engine.Load(); e != nil && c.Follows != "" {
			channel.Blocked = notifier.BlockedBy(c.Follows, e.state(c.Follows))
		}
		for _, h := range holds {
			if h.Channel == c.ID {
				channel.Held, channel.Until = h.Why, h.Until
			}
		}
		if c.DailyCap.Currency != "" {
			spent, err := d.store.Spent(ctx, c.ID, look.day)
			if err != nil {
				return s, err
			}
			channel.Spent, channel.Cap = moneyText(notifier.Money{Milli: spent, Currency: c.DailyCap.Currency}), moneyText(c.DailyCap)
		}
		for _, g := range c.Gateways {
			gateway, err := d.gateway(ctx, &g, look)
			if err != nil {
				return s, err
			}
			channel.Gateways = append(channel.Gateways, gateway)
		}
		s.Channels = append(s.Channels, channel)
	}
	return s, nil
}

func moneyText(m notifier.Money) string {
	return strings.Join(amountsText(appnotice.AmountsOf(m)), ", ")
}

// gatewayLook is what one page of gateways is made from.
type gatewayLook struct {
	now     time.Time
	day     string
	beats   map[string][]notifier.Beat // of the last ten minutes
	healths map[string]notifier.Health
}

func (d *deskLedger) look(ctx context.Context, now time.Time) (*gatewayLook, error) {
	l := &gatewayLook{now: now, day: today(d.running(), now)}
	var err error
	if l.beats, err = d.store.Pulse(ctx, now.Add(-gatewaySpan)); err != nil {
		return nil, err
	}
	if l.healths, err = d.store.Healths(ctx); err != nil {
		return nil, fmt.Errorf("reading how the gateways are: %w", err)
	}
	return l, nil
}

// gatewaySpan is over how long a gateway's receipts are shown.
const gatewaySpan = 10 * time.Minute

// gateway is how one of them is.
func (d *deskLedger) gateway(ctx context.Context, g *config.Gateway, l *gatewayLook) (console.GatewayState, error) {
	health := l.healths[g.Name]
	state := console.GatewayState{Name: g.Name, Stage: health.Stage, Since: health.Since, Why: health.Why, Usual: -1, PerDay: g.PerDay}
	for _, b := range l.beats[g.Name] {
		state.Told, state.Of = state.Told+b.Told, state.Of+b.Taken
		if b.At.After(l.now.Add(-time.Minute)) {
			state.Taken, state.Faults, state.Throttle = state.Taken+b.Taken, state.Faults+b.Faults, state.Throttle+b.Throttled
		}
	}
	state.Rate = float64(state.Taken) / time.Minute.Seconds()
	usual, err := d.usual(ctx, g.Name, health, l.now)
	if err != nil {
		return state, err
	}
	if usual.Taken > 0 {
		state.Usual = int(100 * usual.Told / usual.Taken)
	}
	if g.PerDay > 0 {
		if state.Given, err = d.store.Given(ctx, g.Name, l.day); err != nil {
			return state, fmt.Errorf("reading what %s was given: %w", g.Name, err)
		}
	}
	return state, nil
}

const (
	usualSpan  = 30 * 24 * time.Hour
	usualEvery = 10 * time.Minute // what is usual changes slowly, and a month of beats takes long to read
)

// usual is what is usual for a gateway, as of some minutes ago.
func (d *deskLedger) usual(ctx context.Context, gateway string, h notifier.Health, now time.Time) (notifier.Beat, error) {
	d.mu.Lock()
	stale := d.month == nil || now.Sub(d.monthAt) > usualEvery
	d.mu.Unlock()
	if stale {
		beats, err := d.store.Pulse(ctx, now.Add(-usualSpan))
		if err != nil {
			return notifier.Beat{}, err
		}
		d.mu.Lock()
		d.month, d.monthAt = beats, now
		d.mu.Unlock()
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return notifier.Usual(d.month[gateway], h), nil
}
