package main

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	"bongsu/store"
	"bongsu/web"
	"bongsu/web/account"
	"bongsu/web/console"
)

// subscribers are the store's subscribers as the API shows them.
type subscribers struct {
	*store.Store

	desk deskPeople
}

func (p subscribers) Subscribers(ctx context.Context, after int64, limit int) ([]web.Subscriber, error) {
	list, err := p.Store.Subscribers(ctx, after, limit)
	return subscribersForAPI(list), err
}

func subscribersForAPI(list []store.Subscriber) []web.Subscriber {
	all := make([]web.Subscriber, 0, len(list))
	for i := range list {
		all = append(all, subscriberForAPI(&list[i]))
	}
	return all
}

func subscriberForAPI(s *store.Subscriber) web.Subscriber {
	one := web.Subscriber{
		Number: s.ID, Lang: s.Lang, Plan: s.Plan, AtLeast: s.AtLeast, Topics: append([]string{}, s.Wishes.Topics...), Quiet: s.Wishes.Quiet.String(),
		Order: append([]string{}, s.Wishes.Order...), Joined: momentOrNil(s.Joined), Gone: momentOrNil(s.Gone), Addresses: []web.Masked{},
	}
	for _, r := range s.Reach {
		one.Addresses = append(one.Addresses, web.Masked{
			Kind: r.Kind, Masked: r.Hint, Source: r.Source, Consented: momentOrNil(r.Consented), Confirmed: momentOrNil(r.Confirmed), Stopped: r.Suppressed,
		})
	}
	return one
}

func (p subscribers) one(ctx context.Context, number int64) (store.Subscriber, error) {
	list, err := p.Store.Subscribers(ctx, number-1, 1)
	if err != nil {
		return store.Subscriber{}, err
	}
	if len(list) == 0 || list[0].ID != number {
		return store.Subscriber{}, web.ErrNone
	}
	return list[0], nil
}

func (p subscribers) Subscriber(ctx context.Context, number int64) (web.Subscriber, error) {
	found, err := p.one(ctx, number)
	if err != nil {
		return web.Subscriber{}, err
	}
	return subscriberForAPI(&found), nil
}

func (p subscribers) Find(ctx context.Context, who string, limit int) ([]web.Subscriber, error) {
	list, err := p.SubscribersLike(ctx, who, sames(who), limit)
	return subscribersForAPI(list), err
}

func (p subscribers) Told(ctx context.Context, number int64, limit int) ([]web.ToldOnce, error) {
	if _, err := p.one(ctx, number); err != nil {
		return nil, err
	}
	list, err := p.History(ctx, number, limit)
	all := make([]web.ToldOnce, 0, len(list))
	for i := range list {
		d := &list[i]
		one := web.ToldOnce{
			Notice: d.Notice, Event: d.Event, Channel: d.Channel, Gateway: d.Gateway, Outcome: d.Rank.String(),
			InDoubt: d.InDoubt, Why: d.Why, Skipped: d.Skipped, At: momentOrNil(d.At),
		}
		if d.Incident != "" {
			one.Incident = &d.Incident
		}
		all = append(all, one)
	}
	return all, err
}

func (p subscribers) Disclose(ctx context.Context, number int64) (web.Disclosure, error) {
	found, err := p.one(ctx, number)
	if err != nil {
		return web.Disclosure{}, err
	}
	all := web.Disclosure{Subscriber: subscriberForAPI(&found), Clear: []web.Clear{}}
	opened, err := p.OpenedAfter(ctx, number-1, 1)
	if err != nil {
		return all, err
	}
	for _, one := range opened {
		if one.ID != number {
			continue
		}
		for _, a := range one.Addresses {
			all.Clear = append(all.Clear, web.Clear{Kind: a.Kind, Address: a.Address})
		}
	}
	all.Handed, err = p.HandedTo(ctx, number)
	return all, err
}

func (p subscribers) Erase(ctx context.Context, number int64, now time.Time) error {
	return nothing(p.Store.Erase(ctx, number, now))
}

// importedFirst is how many remarks on lines an answer has.
const importedFirst = 50

func (p subscribers) Import(ctx context.Context, o web.ImportOrder) (web.ImportRun, error) {
	r, err := p.desk.Import(ctx, console.ImportOrder{Name: "API", By: o.By, Format: o.Format, Country: o.Country, Dry: o.Dry, Body: o.Body})
	if err != nil {
		return web.ImportRun{}, err
	}
	run := web.ImportRun{ID: r.ID, Dry: r.Dry, Added: r.Added, There: r.There, Refused: r.Refused, Warned: r.Warned, Error: r.Error, First: []web.ImportLine{}}
	_, lines, err := p.desk.Report(ctx, r.ID)
	for _, line := range lines[:min(len(lines), importedFirst)] {
		run.First = append(run.First, web.ImportLine(line))
	}
	return run, err
}

func (p subscribers) Imports(ctx context.Context) ([]web.ImportView, error) {
	list, err := p.desk.Imports(ctx)
	all := make([]web.ImportView, 0, len(list))
	for i := range list {
		all = append(all, importForAPI(&list[i]))
	}
	return all, err
}

func (p subscribers) ImportReport(ctx context.Context, id string) (web.ImportView, []web.ImportLine, error) {
	r, found, err := p.desk.Report(ctx, id)
	if errors.Is(err, console.ErrNone) {
		return web.ImportView{}, nil, web.ErrNone
	}
	lines := make([]web.ImportLine, 0, len(found))
	for _, line := range found {
		lines = append(lines, web.ImportLine(line))
	}
	return importForAPI(&r), lines, err
}

func importForAPI(r *console.ImportRun) web.ImportView {
	return web.ImportView{
		ID: r.ID, Name: r.Name, By: r.By, Began: r.Began.UTC(), Ended: r.Ended.UTC(), Dry: r.Dry,
		Added: r.Added, There: r.There, Refused: r.Refused, Warned: r.Warned, Error: r.Error,
	}
}

// keyring keeps the tokens of the store, for apps and locations of the engine
// that runs now.
type keyring struct{ *server }

func (k keyring) Keys(ctx context.Context) ([]web.TokenView, error) {
	list, err := k.store.Tokens(ctx)
	all := make([]web.TokenView, 0, len(list))
	for i := range list {
		all = append(all, tokenForAPI(&list[i]))
	}
	return all, err
}

func tokenForAPI(t *store.Token) web.TokenView {
	return web.TokenView{
		ID: t.ID, Role: account.Role(t.Role), Scope: append([]account.Deed{}, t.Scope...), App: t.App, Location: t.Location, Note: t.Note,
		Made: t.Made.UTC(), Expires: momentOrNil(t.Expires), LastUsed: momentOrNil(t.LastUsed),
	}
}

func (k keyring) MakeKey(ctx context.Context, wish web.TokenWish, now time.Time) (web.TokenView, string, error) {
	e := k.engine.Load()
	if e == nil {
		return web.TokenView{}, "", errNoEngine
	}
	if wish.App != "" {
		if err := mayGetToken(e.cfg, wish.App); err != nil {
			return web.TokenView{}, "", &web.ForWhatError{Pointer: "/app", Text: err.Error()}
		}
	}
	if wish.Location != "" {
		if err := expectsAgent(e.cfg, wish.Location); err != nil {
			return web.TokenView{}, "", &web.ForWhatError{Pointer: "/location", Text: err.Error()}
		}
	}
	token, hash, err := web.NewToken(rand.Reader)
	if err != nil {
		return web.TokenView{}, "", err
	}
	t := store.Token{
		ID: randomNames{}.ID(now), Hash: hash, Role: string(wish.Role), Scope: wish.Scope, App: wish.App, Location: wish.Location, Note: wish.Note, Made: now, Expires: wish.Expires,
	}
	return tokenForAPI(&t), token, k.store.AddToken(ctx, t)
}

func (k keyring) RevokeKey(ctx context.Context, id string) error {
	return nothing(k.store.RevokeToken(ctx, id))
}
