package signup

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"time"

	"bongsu/notifier"
	"bongsu/notifier/words"
	"bongsu/status"
)

// Visitor is somebody who asks for a code, as they wrote it.
type Visitor struct {
	Kind    string
	Address string
	Lang    string
	AtLeast status.State // to join: told from this on
	Topics  []string     // to join: of these alone; none: of everything
	Token   string       // of who adds an address to theirs; empty: of nobody yet
	From    netip.Addr
}

// Asking is the answer to who asks for a code.
type Asking struct {
	Ticket string // goes through the form; empty where the code comes from elsewhere
	Send   string // the code to be sent to us, if it is one of these
	Secret string // signs what is sent to the address; shown this once
}

// ErrNotOffered says that nobody can sign up here.
var ErrNotOffered = errors.New("sign-up is not offered")

// Ask sends a code to an address, and gives the ticket that goes with it. What
// it gives looks the same when a cap was reached or nobody is known, and nothing
// is sent. The error is an [AddressError], [ErrNotOffered], [ErrLink] or the
// book's.
func (d *Desk) Ask(ctx context.Context, p Purpose, v Visitor, now time.Time) (Asking, error) {
	o, k, ok := d.offer(p, v.Kind)
	if !ok {
		return Asking{}, ErrNotOffered
	}
	r, a, err := d.request(p, o, &k, v, now)
	if err != nil {
		return Asking{}, err
	}
	asked, err := d.book.AskCode(ctx, r)
	if err != nil {
		return Asking{}, fmt.Errorf("keeping a code: %w", err)
	}
	if asked == Sent && k.Proof == ByCode {
		d.outbox.Wake()
	}
	if asked == OverAll {
		d.warn(ctx, o, now)
	}
	return a, nil
}

// request makes what the book keeps, and what the visitor is told.
func (d *Desk) request(p Purpose, o *Offer, k *Kind, v Visitor, now time.Time) (r Request, a Asking, err error) {
	r = Request{
		Code: Code{
			Purpose: p, Kinds: append([]string{k.ID}, o.Also...), Lang: d.lang(v.Lang), AtLeast: v.AtLeast,
			Topics: v.Topics, Made: now, Expires: now.Add(CodeLasts),
		},
		Carrier: k.carrier(), Fresh: k.Secret, Network: d.secret.network(v.From), Kind: k.ID, Caps: o.Caps, Plan: o.Plan,
	}
	if v.Token != "" && p == Join {
		if r.Person, _, err = d.rules.Links.Read(v.Token); err != nil {
			return r, a, err
		}
		r.Adds = true
	}
	if k.Proof == BySend {
		if a.Send, err = newSendCode(d.random); err != nil {
			return r, a, err
		}
		r.Ticket = d.secret.sendTicket(a.Send)
		r.Proof = d.secret.proof(r.Ticket, a.Send)
		return r, a, nil
	}
	if r.Address, err = Read(k.ID, v.Address, d.numbers(p, o)); err != nil {
		return r, a, err
	}
	if k.Secret {
		if a.Secret, err = newHookSecret(d.random); err != nil {
			return r, a, err
		}
		r.Address.Value = asJSON(hook{URL: r.Address.Same, Secret: a.Secret})
	}
	if r.Address.Area != "" {
		r.Area = d.secret.hash("area", k.ID, r.Address.Area)
	}
	return d.carry(r, o, k)
}

// carry adds ticket and code, and the notice that takes the code there.
func (d *Desk) carry(r Request, o *Offer, k *Kind) (Request, Asking, error) {
	ticket, err := newTicket(d.random)
	if err != nil {
		return r, Asking{}, err
	}
	code, err := newDigits(d.random)
	if err != nil {
		return r, Asking{}, err
	}
	text, err := d.words(k, r.Purpose, r.Lang, code, ticket)
	if err != nil {
		return r, Asking{}, fmt.Errorf("wording a code: %w", err)
	}
	r.Ticket, r.Proof = ticket, d.secret.proof(ticket, code)
	r.Notice = d.notice(o.Channel, ticket, eventCode, r.Made, r.Expires, text)
	return r, Asking{Ticket: ticket, Secret: hookSecret(r.Address)}, nil
}

// hookSecret is the secret that was made for an address.
func hookSecret(a Address) string {
	var h hook
	if k, _ := KindOf(a.Kind); !k.Secret || json.Unmarshal([]byte(a.Value), &h) != nil {
		return ""
	}
	return h.Secret
}

// words are a code's, with a link that brings it back where there is room.
func (d *Desk) words(k *Kind, p Purpose, lang, code, ticket string) (notifier.Text, error) {
	link := ""
	if k.Links {
		link = d.rules.Site.URL + ConfirmPath(p) + "?" + url.Values{"by": {k.ID}, "ticket": {ticket}, "code": {code}, "lang": {lang}}.Encode()
	}
	carrier, _ := KindOf(k.carrier())
	return words.Code(d.rules.Site, lang, carrier.Class, code, link, CodeLasts)
}

// ConfirmPath is where a code is brought back to.
func ConfirmPath(p Purpose) string {
	if p == Leave {
		return "/leave/confirm"
	}
	return "/subscribe/confirm"
}

// numbers are those taken for a purpose: whoever is there may go.
func (d *Desk) numbers(p Purpose, o *Offer) Numbers {
	n := Numbers{Simulation: d.rules.Site.Simulation}
	if o != nil && len(o.Countries) > 0 {
		n.Region = o.Countries[0]
		if p == Join {
			n.Countries = o.Countries
		}
	}
	return n
}
