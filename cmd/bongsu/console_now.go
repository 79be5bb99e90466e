package main

import (
	"cmp"
	"context"
	"slices"
	"time"

	"bongsu/notifier"
	"bongsu/store"
	"bongsu/web/console"
)

const (
	// pulseFor is how far back the console counts what gateways did.
	pulseFor = 10 * time.Minute
	// unsentAmong is among how many of the latest notices the console looks for
	// those that could not be sent to everybody.
	unsentAmong = 50
)

// ways tells the console how sending goes, from the books.
type ways struct{ *server }

// Outgoing implements [console.Ways].
func (o ways) Outgoing(ctx context.Context) (out console.Outgoing, err error) {
	now := time.Now()
	if out.Paused, err = o.store.Paused(ctx); err != nil {
		return out, err
	}
	queue, err := o.store.Queue(ctx, now)
	if err != nil {
		return out, err
	}
	out.Waiting, out.Oldest = queue.Depth, queue.Oldest
	holds, err := o.store.Holds(ctx, now)
	if err != nil {
		return out, err
	}
	for _, h := range holds {
		out.Stopped = append(out.Stopped, console.StoppedChannel{Channel: h.Channel, Why: h.Why, Until: h.Until})
	}
	if out.Gateways, err = o.gateways(ctx, now); err != nil {
		return out, err
	}
	recent, err := o.store.RecentProgress(ctx, unsentAmong)
	if err != nil {
		return out, err
	}
	out.Unsent = unsent(recent)
	return out, nil
}

// gateways are those of the configuration that runs now, with their health.
func (o ways) gateways(ctx context.Context, now time.Time) ([]console.GatewayHealth, error) {
	healths, err := o.store.Healths(ctx)
	if err != nil {
		return nil, err
	}
	pulse, err := o.store.Pulse(ctx, now.Add(-pulseFor))
	if err != nil {
		return nil, err
	}
	var list []console.GatewayHealth
	for _, c := range o.running().Channels() {
		for _, g := range c.Gateways {
			h := healths[g.Name]
			row := console.GatewayHealth{Name: g.Name, Stage: h.Stage.String(), Since: h.Since, Why: h.Why}
			if h.Stage == notifier.Well {
				row.Why = ""
			}
			for _, b := range pulse[g.Name] {
				row.Taken, row.Faults, row.Pending = row.Taken+b.Taken, row.Faults+b.Faults, row.Pending+b.Taken-b.Told
			}
			list = append(list, row)
		}
	}
	return list, nil
}

// unsent are those of the notices that some people did not get, or may not have
// got, newest first.
func unsent(recent []store.Progress) []console.Unsent {
	var list []console.Unsent
	for _, p := range recent {
		u := console.Unsent{Notice: p.Notice, Incident: p.Incident, Made: p.Made}
		for _, c := range p.Channels {
			u.Failed, u.Unknown = u.Failed+c.Failed, u.Unknown+c.Unknown
		}
		if u.Failed+u.Unknown > 0 {
			list = append(list, u)
		}
	}
	slices.SortStableFunc(list, func(a, b console.Unsent) int { return cmp.Or(b.Made.Compare(a.Made), cmp.Compare(a.Notice, b.Notice)) })
	return list
}
