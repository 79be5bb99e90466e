package agent

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"bongsu/monitor"
	"bongsu/probes"
	"bongsu/status"
	"bongsu/status/remote"
)

// crew carries one work out. Its board knows, as the hub's does, which look is
// to be followed by another; what it judges is shown to nobody.
type crew struct {
	*Agent

	work     *remote.Work
	rounds   *monitor.Rounds
	self     *monitor.Self
	controls []string // ids

	mu     sync.Mutex
	board  *status.Board
	judged time.Time
}

// newCrew prepares work, going on where the standings end. It says what is wrong
// with the work.
func (a *Agent) newCrew(work *remote.Work, standings []status.Standing) (*crew, error) {
	c := &crew{Agent: a, work: work}
	model := &status.Model{
		Rules:     status.Rules{Confirm: work.Confirm, Recover: work.Recover, Quorum: 1},
		Locations: []status.Location{{ID: self}},
	}
	var checks []monitor.Check
	for i := range work.Checks {
		one := &work.Checks[i]
		// A sandbox is judged like others and colours nothing.
		judged := status.Check{ID: one.ID, Sandbox: true, Fresh: one.Fresh}
		if one.Control {
			model.Controls = append(model.Controls, judged)
			c.controls = append(c.controls, one.ID)
		} else {
			model.Components = append(model.Components, status.Component{ID: one.ID, Checks: []status.Check{judged}})
		}
		checks = append(checks, monitor.Check{
			ID: one.ID, Every: one.Every, Cron: one.Cron, Timeout: one.Timeout, Prober: a.prober(work, one),
			Recheck: monitor.Recheck{After: one.Recheck, PerInterval: one.PerInterval, PerDay: one.PerDay},
		})
	}
	c.board = status.NewBoard(model, status.Memory{Standings: standings}, noNames{})
	c.self = monitor.NewSelf(checks)
	var err error
	c.rounds, err = monitor.NewRounds(monitor.RoundsOptions{Checks: checks, Ended: c.ended, Now: a.Now, Log: a.Log, Metrics: a.Metrics})
	if err != nil {
		return nil, fmt.Errorf("planning the hub's work: %w", err)
	}
	c.greet(standings)
	return c, nil
}

// self is what an agent calls its own location, which its hub knows better.
const self = "here"

// noNames names the stories of a board that tells none.
type noNames struct{}

func (noNames) ID(time.Time) string { return "" }
func (noNames) Code() string        { return "" }

// greet has those checks looked at soon of which nothing is known.
func (c *crew) greet(standings []status.Standing) {
	known := make(map[string]bool, len(standings))
	for i := range standings {
		known[standings[i].Check] = true
	}
	now := c.Now()
	for i := range c.work.Checks {
		if id := c.work.Checks[i].ID; !known[id] {
			c.rounds.Greet(id, now)
		}
	}
}

// prober is the probe of a check, or one that says why there is none.
func (a *Agent) prober(work *remote.Work, c *remote.Check) monitor.Prober {
	steps, err := a.Steps(c.ID, c.Steps)
	if err != nil {
		return unreadable{fmt.Sprintf("this agent (%s) cannot read the check, a newer one may: %s", a.Program, oneLine(err.Error()))}
	}
	return &probes.Check{
		ID: c.ID, Steps: steps, Timeout: c.Timeout, Roots: a.Roots,
		UserAgent: probes.UserAgent(a.Program, work.Contact), Env: a.variable(work), File: a.file(work),
	}
}

// variable finds ${env:NAME}: the agent's own environment wins over what the hub
// has sent.
func (a *Agent) variable(work *remote.Work) func(name string) (string, bool) {
	return func(name string) (string, bool) {
		if value, ok := a.Env(name); ok {
			return value, true
		}
		value, ok := work.Secrets["env:"+name]
		return value, ok
	}
}

// file finds ${file:PATH}, which is a file of the hub's: no hub reads files of
// this machine.
func (a *Agent) file(work *remote.Work) func(path string) (string, error) {
	return func(path string) (string, error) {
		if value, ok := work.Secrets["file:"+path]; ok {
			return value, nil
		}
		return "", errors.New("the hub has not sent what is in it")
	}
}

type unreadable struct{ why string }

func (u unreadable) Probe(_ context.Context, now time.Time) probes.Result {
	return probes.Result{Began: now, Reason: u.why}
}

// run looks until ctx is done, then waits for the looks in flight. No crew only
// waits.
func (c *crew) run(ctx context.Context) error {
	if c == nil {
		<-ctx.Done()
		return nil
	}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { c.rounds.Run(ctx); return nil })
	group.Go(func() error { return c.self.Watch(ctx, c.Now) })
	return group.Wait()
}

// ended takes what a look came to.
func (c *crew) ended(_ context.Context, o monitor.Outcome) {
	now := c.Now().Round(0)
	v := o.Vote(self)
	next := c.vote(v, now)
	c.rounds.Report(&o, next.Again, now)
	if next.Controls {
		c.rounds.AtOnce(c.controls, now)
	}
	c.self.Looked(o.Check, o.Began, now)
	c.buffer.add(&v)
}

// breath is how often the board judges at most: what a control's answer lets
// count is not urgent here.
const breath = 200 * time.Millisecond

func (c *crew) vote(v status.Vote, now time.Time) status.Followup {
	c.mu.Lock()
	defer c.mu.Unlock()
	next := c.board.Vote(v)
	if now.Sub(c.judged).Abs() >= breath {
		c.judged = now
		c.board.Judge(now)
	}
	return next
}

func (c *crew) standings() []status.Standing {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.board.Standings()
}
