package signup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"sync"
	"time"

	"bongsu/notifier"
	"bongsu/notifier/words"
	"bongsu/status"
)

// The notices that sign-up makes. A code goes ahead of everything: somebody is
// waiting for it.
const (
	eventCode    = "code"
	eventWelcome = "welcome"
	priority     = -1
	welcomeLasts = time.Hour
)

// tidyEvery is how often what has had its day is removed.
const tidyEvery = time.Minute

// Outbox is who carries the notices; waking it shortens the wait.
type Outbox interface{ Wake() }

// Desk is where people sign up and leave. It may be used by several goroutines.
type Desk struct {
	rules  Rules
	secret secret
	book   Book
	outbox Outbox
	random io.Reader
	log    *slog.Logger

	mu     sync.Mutex
	warned map[string]time.Time // by kind: when the log last heard of the cap for everybody
}

// New opens a desk. It is an error if a language's code does not fit a text.
func New(r Rules, book Book, outbox Outbox, random io.Reader, log *slog.Logger) (*Desk, error) {
	if len(r.Secret) < 16 {
		return nil, errors.New("opening the sign-up desk: the secret has fewer than 16 bytes")
	}
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	r.Offers = slices.Clone(r.Offers)
	d := &Desk{rules: r, secret: r.Secret, book: book, outbox: outbox, random: random, log: log, warned: map[string]time.Time{}}
	for i := range r.Offers {
		o := &r.Offers[i]
		if c := &o.Caps; len(c.PerAddress)+len(c.PerNetwork)+len(c.PerArea)+len(c.InAll) == 0 {
			*c = DefaultCaps()
		}
		if err := d.prove(o); err != nil {
			return nil, err
		}
	}
	return d, nil
}

// prove words all that an offer may ever send.
func (d *Desk) prove(o *Offer) error {
	k, ok := KindOf(o.Kind)
	if !ok {
		return fmt.Errorf("offering %s: %w", o.Kind, ErrKindUnknown)
	}
	for _, lang := range d.rules.Site.Languages {
		if k.Proof != ByCode {
			break
		}
		if _, err := d.words(&k, Join, lang, "000000", "ticket"); err != nil {
			return fmt.Errorf("wording a code by %s in %s: %w", o.Kind, lang, err)
		}
	}
	_, err := d.welcome(o, &k, "", time.Time{})
	return err
}

// Offers are the kinds of address that people can sign up with, in order.
func (d *Desk) Offers() []Offer {
	return slices.DeleteFunc(slices.Clone(d.rules.Offers), func(o Offer) bool { return !o.Joins })
}

// Leaves are the kinds of address that people can leave with by a code.
func (d *Desk) Leaves() []string {
	var ids []string
	for _, o := range d.rules.Offers {
		if Leavable(o.Kind) {
			ids = append(ids, o.Kind)
		}
	}
	return ids
}

// offer is what is offered for a purpose.
func (d *Desk) offer(p Purpose, kind string) (*Offer, Kind, bool) {
	k, known := KindOf(kind)
	i := slices.IndexFunc(d.rules.Offers, func(o Offer) bool { return o.Kind == kind })
	if !known || i < 0 {
		return nil, k, false
	}
	o := &d.rules.Offers[i]
	return o, k, (p == Join && o.Joins) || (p == Leave && slices.Contains(d.Leaves(), kind))
}

// lang is a language of the site.
func (d *Desk) lang(wanted string) string {
	if slices.Contains(d.rules.Site.Languages, wanted) || len(d.rules.Site.Languages) == 0 {
		return wanted
	}
	return d.rules.Site.Languages[0]
}

// notice is for one person, by the channel of the codes alone.
func (d *Desk) notice(channel, id, event string, now, expires time.Time, texts ...notifier.Text) notifier.Notice {
	return notifier.Notice{
		ID: id, Event: event, Update: id, Audience: "one", Plan: notifier.OnlyBy(channel),
		To: status.MajorOutage, Priority: priority, Policy: notifier.AtLeastOnce, Texts: texts, Made: now, Expires: expires,
	}
}

// Confirm tries a code as it was typed, and gives the token of the personal
// address of who joins by it. The error is [ErrCode] or the book's.
func (d *Desk) Confirm(ctx context.Context, p Purpose, kind, ticket, typed string, now time.Time) (token string, err error) {
	code, ok := digits(typed)
	o, k, offered := d.offer(p, kind)
	if !ok || !offered || len(ticket) > maxTyped {
		return "", ErrCode
	}
	r := Redemption{Ticket: ticket, Purpose: p, Proof: d.secret.proof(ticket, code), Now: now}
	if p == Join {
		if r.Welcome, err = d.greeting(o, &k, now); err != nil {
			return "", err
		}
	}
	person, err := d.book.Redeem(ctx, r)
	if err != nil {
		return "", err
	}
	d.outbox.Wake()
	if p == Leave {
		return "", nil
	}
	return d.rules.Links.Token(person, ""), nil
}

// Bind takes a text that came from an address of a kind. What is no live code
// of ours is [ErrCode].
func (d *Desk) Bind(ctx context.Context, kind, address, text string, now time.Time) error {
	code, ok := sendCode(text)
	o, k, offered := d.offer(Join, kind)
	if !ok || !offered || k.Proof != BySend {
		return ErrCode
	}
	a, err := Read(kind, address, Numbers{})
	if err != nil {
		return fmt.Errorf("reading who sent a code: %w", err)
	}
	ticket := d.secret.sendTicket(code)
	b := Binding{
		Redemption: Redemption{Ticket: ticket, Purpose: Join, Proof: d.secret.proof(ticket, code), Now: now},
		Address:    a, Plan: o.Plan,
	}
	if b.Welcome, err = d.greeting(o, &k, now); err != nil {
		return err
	}
	if err := d.book.Bind(ctx, b); err != nil {
		return err
	}
	d.outbox.Wake()
	return nil
}

// greeting is a welcome under an id of its own.
func (d *Desk) greeting(o *Offer, k *Kind, now time.Time) (notifier.Notice, error) {
	id, err := newTicket(d.random)
	if err != nil {
		return notifier.Notice{}, err
	}
	return d.welcome(o, k, id, now)
}

// welcome is worded in every language: which one they chose, the book knows.
func (d *Desk) welcome(o *Offer, k *Kind, id string, now time.Time) (notifier.Notice, error) {
	n := d.notice(o.Channel, id, eventWelcome, now, now.Add(welcomeLasts))
	carrier, _ := KindOf(k.carrier())
	for _, lang := range d.rules.Site.Languages {
		text, err := words.Welcome(d.rules.Site, lang, carrier.Class)
		if err != nil {
			return n, fmt.Errorf("wording a welcome by %s in %s: %w", k.ID, lang, err)
		}
		n.Texts = append(n.Texts, text)
	}
	return n, nil
}

// Stop lets an address go that sent us a text saying so, or was closed to us.
// Ref is the gateway's id of the text: the same text does it once. Said is when
// they said so: who has signed up since stays. An address nobody has is no error.
func (d *Desk) Stop(ctx context.Context, kind, address, ref string, said, now time.Time) error {
	o, _, _ := d.offer(Leave, kind)
	a, err := Read(kind, address, d.numbers(Leave, o))
	if err != nil {
		return nil //nolint:nilerr // A short code or a name never signed up.
	}
	return d.book.LeaveByText(ctx, a.Same, ref, said, now)
}

// Run removes what has had its day, until ctx is done.
func (d *Desk) Run(ctx context.Context, now func() time.Time) error {
	tick := time.NewTicker(tidyEvery)
	defer tick.Stop()
	for {
		if err := d.tidy(ctx, now()); err != nil && ctx.Err() == nil {
			d.log.WarnContext(ctx, "tidying up after sign-ups", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

func (d *Desk) tidy(ctx context.Context, now time.Time) error {
	counted := time.Hour
	for i := range d.rules.Offers {
		counted = max(counted, d.rules.Offers[i].Caps.longest())
	}
	return d.book.TidyAccess(ctx, now, now.Add(-PendingLasts), now.Add(-counted))
}

// warn tells the log, once an hour, that the cap for everybody is reached.
func (d *Desk) warn(ctx context.Context, o *Offer, now time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if now.Sub(d.warned[o.Kind]) < time.Hour {
		return
	}
	d.warned[o.Kind] = now
	d.log.WarnContext(ctx, "sign-up has reached its cap for everybody; no more codes are sent for now", "kind", o.Kind, "in_all", o.Caps.InAll)
}
