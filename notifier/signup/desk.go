package signup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
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

// AddressKind is the kind of address that codes go to.
const AddressKind = "sms"

// Source is where who signs up here gave consent.
const Source = "sms sign-up"

// tidyEvery is how often what has had its day is removed.
const tidyEvery = time.Minute

// Rate is so many in a time. The window slides: it is kept at every instant.
type Rate struct {
	Count int
	Per   time.Duration
}

// Caps bound how many codes are sent; to join and to leave each. InAll counts
// what was sent, the others what was asked for.
type Caps struct{ PerNumber, PerNetwork, InAll Rate }

// DefaultCaps hold where only leaving is offered.
var DefaultCaps = Caps{
	PerNumber: Rate{3, 24 * time.Hour}, PerNetwork: Rate{5, time.Hour}, InAll: Rate{1000, 24 * time.Hour},
}

// longest is after what time a code no longer counts.
func (c *Caps) longest() time.Duration { return max(c.PerNumber.Per, c.PerNetwork.Per, c.InAll.Per) }

// Rules are what the configuration says of signing up.
type Rules struct {
	Site      status.Site
	Countries []string // whose numbers may sign up; with none, people can only leave
	Caps      Caps     // the zero value stands for DefaultCaps
	Channel   string   // carries the codes
	Plan      string   // of who signs up
	Secret    []byte   // of the keyed hashes, at least 16 bytes
}

// Asked says what became of a request for a code. Visitors are never told.
type Asked uint8

// What may become of it.
const (
	Sent Asked = iota
	NobodyKnown
	OverNumber
	OverNetwork
	OverAll
)

// Book is what is kept. Each method is one transaction.
type Book interface {
	// AskCode spends the caps and, if there was room in each of them and
	// somebody to send to, keeps code and notice. A code for the same number
	// and purpose from before ends. Requests that come at the same time, here
	// or elsewhere, are taken one after the other.
	AskCode(ctx context.Context, r Request) (Asked, error)
	// Redeem uses a code up: who is behind it joins, or leaves. ErrCode: it is
	// not good.
	Redeem(ctx context.Context, r Redemption) error
	// LeaveByText lets a number go that sent us a text; the same text does so once.
	LeaveByText(ctx context.Context, number, ref string, now time.Time) error
	// TidyAccess removes codes that have died with the words that carried them,
	// numbers nobody confirmed since pending, and what no cap counts since spent.
	TidyAccess(ctx context.Context, now, pending, spent time.Time) error
}

// Request is a request for a code.
type Request struct {
	Code
	Number  string // in clear: it is sealed before it is kept
	Network string // hashed
	Caps    Caps
	Plan    string
	Notice  notifier.Notice // carries the code; the recipient is the book's to find
}

// Redemption is a try at a code.
type Redemption struct {
	Ticket  string
	Purpose Purpose
	Proof   string
	Now     time.Time
	Welcome notifier.Notice // for who joins, if they had not before
}

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
	warned time.Time // when the log last heard of the cap for everybody
}

// New opens a desk. It is an error if a language's code does not fit a text.
func New(r Rules, book Book, outbox Outbox, random io.Reader, log *slog.Logger) (*Desk, error) {
	if len(r.Secret) < 16 {
		return nil, errors.New("opening the sign-up desk: the secret has fewer than 16 bytes")
	}
	if r.Caps == (Caps{}) {
		r.Caps = DefaultCaps
	}
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	d := &Desk{rules: r, secret: r.Secret, book: book, outbox: outbox, random: random, log: log}
	for _, lang := range r.Site.Languages {
		if _, err := words.Code(r.Site, lang, notifier.ClassSMS, "000000", CodeLasts); err != nil {
			return nil, fmt.Errorf("wording a code in %s: %w", lang, err)
		}
	}
	if _, err := d.welcome("", time.Time{}); err != nil {
		return nil, err
	}
	return d, nil
}

// Offered says whether people can sign up; leaving they always can.
func (d *Desk) Offered() bool { return len(d.rules.Countries) > 0 }

// Visitor is somebody who asks for a code, as they wrote it.
type Visitor struct {
	Number  string
	Lang    string
	AtLeast status.State // to join: told from this on
	From    netip.Addr
}

// ErrNotOffered says that nobody can sign up here.
var ErrNotOffered = errors.New("sign-up is not offered")

// Ask sends a code to a number, and gives the ticket that goes with it. The
// ticket is given, and looks the same, when a cap was reached or nobody is
// known, and nothing is sent. The error is a [NumberError], [ErrNotOffered] or
// the book's.
func (d *Desk) Ask(ctx context.Context, p Purpose, v Visitor, now time.Time) (ticket string, err error) {
	if p == Join && !d.Offered() {
		return "", ErrNotOffered
	}
	r, err := d.request(p, v, now)
	if err != nil {
		return "", err
	}
	asked, err := d.book.AskCode(ctx, r)
	if err != nil {
		return "", fmt.Errorf("keeping a code: %w", err)
	}
	if asked == Sent {
		d.outbox.Wake()
	}
	if asked == OverAll {
		d.warn(ctx, now)
	}
	return r.Ticket, nil
}

func (d *Desk) request(p Purpose, v Visitor, now time.Time) (Request, error) {
	number, err := d.numbers(p).Read(v.Number)
	if err != nil {
		return Request{}, err
	}
	ticket, err := newTicket(d.random)
	if err != nil {
		return Request{}, err
	}
	code, err := newDigits(d.random)
	if err != nil {
		return Request{}, err
	}
	text, err := words.Code(d.rules.Site, d.lang(v.Lang), notifier.ClassSMS, code, CodeLasts)
	if err != nil {
		return Request{}, fmt.Errorf("wording a code: %w", err)
	}
	expires := now.Add(CodeLasts)
	return Request{
		Code: Code{
			Ticket: ticket, Purpose: p, Proof: d.secret.proof(ticket, code),
			Lang: d.lang(v.Lang), AtLeast: v.AtLeast, Made: now, Expires: expires,
		},
		Number: number, Network: d.secret.network(v.From), Caps: d.rules.Caps, Plan: d.rules.Plan,
		Notice: d.notice(ticket, eventCode, now, expires, text),
	}, nil
}

// numbers are those taken for a purpose: whoever is there may go.
func (d *Desk) numbers(p Purpose) Numbers {
	n := Numbers{Simulation: d.rules.Site.Simulation}
	if d.Offered() {
		n.Region = d.rules.Countries[0]
	}
	if p == Join {
		n.Countries = d.rules.Countries
	}
	return n
}

// lang is a language of the site.
func (d *Desk) lang(wanted string) string {
	if slices.Contains(d.rules.Site.Languages, wanted) || len(d.rules.Site.Languages) == 0 {
		return wanted
	}
	return d.rules.Site.Languages[0]
}

// notice is for one person, by the channel of the codes alone.
func (d *Desk) notice(id, event string, now, expires time.Time, texts ...notifier.Text) notifier.Notice {
	return notifier.Notice{
		ID: id, Event: event, Update: id, Audience: "one", Plan: notifier.OnlyBy(d.rules.Channel),
		To: status.MajorOutage, Priority: priority, Policy: notifier.AtLeastOnce, Texts: texts, Made: now, Expires: expires,
	}
}

// Confirm tries a code as it was typed. The error is [ErrCode] or the book's.
func (d *Desk) Confirm(ctx context.Context, p Purpose, ticket, typed string, now time.Time) error {
	code, ok := digits(typed)
	if !ok || len(ticket) > maxTyped {
		return ErrCode
	}
	r := Redemption{Ticket: ticket, Purpose: p, Proof: d.secret.proof(ticket, code), Now: now}
	if p == Join {
		id, err := newTicket(d.random)
		if err != nil {
			return err
		}
		if r.Welcome, err = d.welcome(id, now); err != nil {
			return err
		}
	}
	if err := d.book.Redeem(ctx, r); err != nil {
		return err
	}
	d.outbox.Wake()
	return nil
}

// welcome is worded in every language: which one they chose, the book knows.
func (d *Desk) welcome(id string, now time.Time) (notifier.Notice, error) {
	n := d.notice(id, eventWelcome, now, now.Add(welcomeLasts))
	for _, lang := range d.rules.Site.Languages {
		text, err := words.Welcome(d.rules.Site, lang, notifier.ClassSMS)
		if err != nil {
			return n, fmt.Errorf("wording a welcome in %s: %w", lang, err)
		}
		n.Texts = append(n.Texts, text)
	}
	return n, nil
}

// Stop lets a number go that sent us a text saying so. Ref is the gateway's id
// of the text: the same text does it once. A number nobody has is no error.
func (d *Desk) Stop(ctx context.Context, number, ref string, now time.Time) error {
	e164, err := d.numbers(Leave).Read(number)
	if err != nil {
		return nil //nolint:nilerr // A short code or a name never signed up.
	}
	return d.book.LeaveByText(ctx, e164, ref, now)
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
	return d.book.TidyAccess(ctx, now, now.Add(-PendingLasts), now.Add(-d.rules.Caps.longest()))
}

// warn tells the log, once an hour, that the cap for everybody is reached.
func (d *Desk) warn(ctx context.Context, now time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if now.Sub(d.warned) < time.Hour {
		return
	}
	d.warned = now
	d.log.WarnContext(ctx, "sign-up has reached its cap for everybody; no more codes are sent for now", "in_all", d.rules.Caps.InAll.Count, "per", d.rules.Caps.InAll.Per)
}
