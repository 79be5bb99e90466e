package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"bongsu/config"
	"bongsu/notifier"
	"bongsu/notifier/appnotice"
	"bongsu/store"
	"bongsu/web"
	"bongsu/web/account"
	"bongsu/web/incoming"
)

// books are the store as the API's operators read and steer it.
type books struct{ *server }

// nothing says in the page's words that nothing has the id, or that it is over.
func nothing(err error) error {
	for _, known := range []error{store.ErrNoNotice, store.ErrNoSubscriber, store.ErrNoToken} {
		if errors.Is(err, known) {
			return web.ErrNone
		}
	}
	for _, known := range []error{store.ErrNoticeOver, store.ErrNotResent} {
		if errors.Is(err, known) {
			return fmt.Errorf("%w: %w", web.ErrOver, err)
		}
	}
	return err
}

// answers are the store as it keeps answers.
type answers struct{ *store.Store }

func (a answers) BeginAnswer(ctx context.Context, k appnotice.Key, now time.Time) (*web.KeptAnswer, time.Time, error) {
	kept, begun, err := a.Store.BeginAnswer(ctx, k, now)
	return (*web.KeptAnswer)(kept), begun, err
}

func (a answers) EndAnswer(ctx context.Context, k appnotice.Key, kept web.KeptAnswer) error {
	return a.Store.EndAnswer(ctx, k, store.KeptAnswer(kept))
}

func (b books) Deliveries(ctx context.Context, before string, limit int) ([]web.Delivery, error) {
	list, err := b.store.Notices(ctx, store.NoticeQuery{Before: before, Limit: limit})
	all := make([]web.Delivery, 0, len(list))
	for i := range list {
		all = append(all, deliveryForAPI(&list[i]))
	}
	return all, nothing(err)
}

func deliveryForAPI(p *store.Progress) web.Delivery {
	d := web.Delivery{
		ID: p.Notice, Event: p.Event, Audience: p.Audience, Plan: p.Plan, Made: p.Made.UTC(), Planned: p.Planned, Cancelled: p.Recalled, Held: momentOrNil(p.Held),
		People: p.People, Channels: []web.OnChannel{},
	}
	if p.Incident != "" {
		d.Incident = &p.Incident
	}
	for _, c := range p.Channels {
		d.Channels = append(d.Channels, web.OnChannel(c))
	}
	return d
}

func (b books) Delivery(ctx context.Context, id string, now time.Time) (web.Delivery, error) {
	p, err := b.store.Progress(ctx, id)
	if err != nil {
		return web.Delivery{}, nothing(err)
	}
	d := deliveryForAPI(&p)
	ahead, err := b.store.Outlook(ctx, id, now)
	if err != nil {
		return d, err
	}
	d.Left = new(int64)
	for _, o := range ahead {
		*d.Left += o.Left
	}
	if longest, known := notifier.LastETA(ahead); known {
		seconds := int64(longest / time.Second)
		d.ETA = &seconds
	}
	texts, err := b.store.Texts(ctx, id)
	for _, t := range texts {
		d.Texts = append(d.Texts, web.SentText{Lang: t.Lang, Class: string(t.Class), Title: t.Title, Body: t.Body})
	}
	return d, err
}

func (b books) CancelDelivery(ctx context.Context, id string, now time.Time) error {
	return nothing(b.store.CancelNotice(ctx, id, now))
}

func (b books) Hold(ctx context.Context, id string, hold bool, now time.Time) error {
	if hold {
		return nothing(b.store.HoldNotice(ctx, id, now))
	}
	defer currentDesk(b).Wake()
	return nothing(b.store.FreeNotice(ctx, id))
}

func (b books) Unreached(ctx context.Context, id string) ([]web.Unreached, error) {
	found, err := b.store.Unreached(ctx, id)
	all := []web.Unreached{}
	for _, u := range unreached(found) {
		all = append(all, web.Unreached{Hop: u.Hop, Channel: u.Channel, Gateway: u.Gateway, Ended: string(u.Ended), Code: u.Code, On: u.On, People: u.People})
	}
	return all, nothing(err)
}

// Resend sends a notice once more to whom it missed. The turn that it is has to
// be the one that was meant, so two who ask at once send it once.
func (b books) Resend(ctx context.Context, id string, now time.Time) (string, int64, error) {
	missed, err := b.store.Missed(ctx, id, nil)
	if err != nil {
		return "", 0, nothing(err)
	}
	made, people, err := b.store.ResendFailed(ctx, id, randomNames{}.ID(now), missed.Turn, now)
	if errors.Is(err, store.ErrNobodyMissed) {
		return "", 0, nil
	}
	if err == nil {
		currentDesk(b).Wake()
	}
	return made, people, nothing(err)
}

func (b books) Sending(ctx context.Context, now time.Time) (web.Sending, error) {
	paused, err := b.store.Paused(ctx)
	if err != nil {
		return web.Sending{}, err
	}
	queue, err := b.store.Queue(ctx, now)
	if err != nil {
		return web.Sending{}, err
	}
	x := web.Sending{Paused: paused, Waiting: int64(queue.Depth), Oldest: momentOrNil(queue.Oldest), Held: []web.Held{}}
	held, err := b.store.Holds(ctx, now)
	for _, h := range held {
		x.Held = append(x.Held, web.Held{Channel: h.Channel, Why: h.Why, Since: h.At.UTC(), Until: momentOrNil(h.Until)})
	}
	return x, err
}

// momentOrNil is nil for no instant.
func momentOrNil(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

func (b books) Pause(ctx context.Context, stop bool, now time.Time) error {
	if stop {
		return b.store.Pause(ctx, now)
	}
	if err := b.store.Resume(ctx, now); err != nil {
		return err
	}
	currentDesk(b).Wake()
	return nil
}

func (b books) ResumeChannel(ctx context.Context, channel string, now time.Time) error {
	e := b.engine.Load()
	if e == nil {
		return errNoEngine
	}
	for _, c := range e.cfg.Channels() {
		if c.ID == channel {
			return b.store.ResumeChannel(ctx, channel, now.In(e.cfg.Model().Site.Zone).Format(time.DateOnly))
		}
	}
	return web.ErrNone
}

// gatewaysLook is over how long a gateway's answers are counted.
const gatewaysLook = 5 * time.Minute

func (b books) Gateways(ctx context.Context, now time.Time) ([]web.Gateway, error) {
	e := b.engine.Load()
	if e == nil {
		return nil, errNoEngine
	}
	healths, err := b.store.Healths(ctx)
	if err != nil {
		return nil, err
	}
	beats, err := b.store.Pulse(ctx, now.Add(-gatewaysLook))
	if err != nil {
		return nil, err
	}
	all := []web.Gateway{}
	for _, c := range e.cfg.Channels() {
		for _, g := range c.Gateways {
			h := healths[g.Name]
			one := web.Gateway{Gateway: g.Name, Channel: c.ID, Health: h.Stage.String(), Since: momentOrNil(h.Since), Why: h.Why}
			for _, beat := range beats[g.Name] {
				one.Answered, one.Taken, one.Told = one.Answered+beat.Answered, one.Taken+beat.Taken, one.Told+beat.Told
				one.Faults, one.Throttled = one.Faults+beat.Faults, one.Throttled+beat.Throttled
			}
			all = append(all, one)
		}
	}
	return all, nil
}

// auditAPI puts what was done by the API, or by Slack, on the audit log.
func (s *server) auditAPI(ctx context.Context, who account.Who, d account.Deed, about, detail string, at time.Time) error {
	defer s.tellAudit()
	return s.store.Audit(ctx, account.Entry{At: at, Who: who, Deed: d, About: about, Detail: detail})
}

// holds keep whose incidents are.
type holds struct{ *server }

func (h holds) Take(ctx context.Context, incident string, who account.Who, now time.Time) error {
	defer h.tellConsole()
	return h.store.TakeIncident(ctx, store.IncidentHold{Incident: incident, Who: who.ID, Name: who.Name, Since: now})
}

func (h holds) Leave(ctx context.Context, incident string) error {
	defer h.tellConsole()
	return h.store.LeaveIncident(ctx, incident)
}

func (h holds) Holds(ctx context.Context) ([]web.Hold, error) {
	found, err := h.store.IncidentHolds(ctx)
	all := make([]web.Hold, 0, len(found))
	for _, one := range found {
		all = append(all, web.Hold{Incident: one.Incident, Name: one.Name, Since: one.Since.UTC()})
	}
	return all, err
}

// sources are who the configuration lets tell what they suspect.
type sources map[string]*incoming.Source

func sourcesOf(cfg *config.Config) (sources, error) {
	all := sources{}
	for _, x := range cfg.Incoming() {
		s := &incoming.Source{
			ID: x.ID, Kind: incoming.Kind(x.Kind), Token: x.Token, Lasts: x.Lasts,
			Fields: incoming.Fields{List: x.List, Key: x.Key, Resolved: x.Resolved, Over: x.Over, Summary: x.Summary, Since: x.Since},
		}
		for _, r := range x.Rules {
			rule := incoming.Rule{Component: r.Component, State: r.State}
			for name, text := range r.Match {
				pattern, err := incoming.Pattern(text)
				if err != nil {
					return nil, err
				}
				rule.Match = append(rule.Match, incoming.Match{Name: name, Pattern: pattern})
			}
			s.Rules = append(s.Rules, rule)
		}
		all[x.ID] = s
	}
	return all, nil
}

// source finds one in the engine that runs now.
func (s *server) source(kind incoming.Kind, id string) *incoming.Source {
	e := s.engine.Load()
	if e == nil {
		return nil
	}
	if found := e.sources[id]; found != nil && found.Kind == kind {
		return found
	}
	return nil
}
