package notifier

import (
	"context"
	"strings"
)

// A gateway that takes many recipients in one request gets a batch whole: one
// request for each text. Its key is made of the batch and the text's language,
// so that whoever repeats it after a crash repeats the same request under the
// same key; and all it came to is committed in one transaction, so that nobody
// of it is in doubt alone. A batch that has gone this way is never sent one by
// one, except flagged: the gateway could not know one from the other.

// Manner is how the recipients of a batch go out.
type Manner uint8

// The manners.
const (
	MannerOpen   Manner = iota // not begun, or one by one
	MannerMany                 // in one request for each text
	MannerSingly               // one by one only: the gateway refused them together for one of them
)

// multicaster is the gateway as one that takes this batch whole. A gateway that
// does not drop a repeated key never does: a crash would leave hundreds in doubt.
func (r *run) multicaster(g *gate) (Multicaster, bool) {
	m, ok := g.Gateway.(Multicaster)
	if !ok || dedupes(g) == 0 || r.o.Target != "" || r.o.Class == ClassChat {
		return nil, false
	}
	for _, t := range r.notice.Texts {
		if t.Class == r.class() && (strings.Contains(t.Body, LeaveMark) || strings.Contains(t.HTML, LeaveMark)) {
			return nil, false // everybody's differs
		}
	}
	return m, true
}

// bundle is who gets the same text in one request.
type bundle struct {
	text  Text
	again bool
	items []Item
}

// bundles sorts recipients by what they get, in the order of their numbers.
func (r *run) bundles(ctx context.Context, g *gate, w Window, items []Item) []*bundle {
	var all []*bundle
	texts := map[string]*wording{}
	for _, i := range items {
		text := r.worded(texts, i.Lang)
		if i.To == "" || text.missing != "" {
			r.skip(ctx, g, w, i, text.missing)
			continue
		}
		b := find(all, func(b *bundle) bool { return b.text.Lang == text.Lang && b.again == i.Again })
		if b == nil {
			b = &bundle{text: text.Text, again: i.Again}
			all = append(all, b)
		}
		b.items = append(b.items, i)
	}
	return all
}

func find[T any](all []*T, is func(*T) bool) *T {
	for _, t := range all {
		if is(t) {
			return t
		}
	}
	return nil
}

// sendMany hands items over in one request for each text. The rate counts
// requests: that is what such gateways limit. It says false if nothing could be
// sent at all. Whoever it could not send to after that is tried again in
// another batch, unless they were in doubt already.
func (r *run) sendMany(ctx context.Context, g *gate, m Multicaster, w Window, items []Item, doubts bool) bool {
	bundles := r.bundles(ctx, g, w, items)
	for n, b := range bundles {
		place, ok := r.turn(ctx, g)
		if !ok {
			retry := !doubts && r.sent > r.claim.Auth
			r.unsent(ctx, g, w, bundles[n:], retry)
			return retry
		}
		r.sent = max(r.sent, items[len(items)-1].Rcpt) // one set: all of it or nothing may be in doubt
		r.flights.Add(1)
		fly := func() {
			defer r.flights.Done()
			r.handMany(ctx, g, place, m, w, b)
		}
		if r.t.inline {
			fly()
			continue
		}
		go fly()
	}
	return true
}

// unsent takes back what was reserved for requests that were not made.
func (r *run) unsent(ctx context.Context, g *gate, w Window, bundles []*bundle, retry bool) {
	for _, b := range bundles {
		r.refund(&w, b.items)
		if !retry {
			continue
		}
		results := make([]Result, 0, len(b.items))
		for _, i := range b.items {
			r.setback(setback{Mover: Mover{Rcpt: i.Rcpt, Tries: i.Tries, Again: i.Again, Why: g.Name + ": not sent"}, next: SameGateway, ready: r.t.now()})
			results = append(results, Result{Kind: Retry, Rcpt: i.Rcpt, Tries: i.Tries, Gateway: g.Name, Code: "not_sent"})
		}
		r.record(ctx, results...)
	}
}

// handMany makes one request for many, and records what came of it for all of
// them together.
func (r *run) handMany(ctx context.Context, g *gate, place int, m Multicaster, w Window, b *bundle) {
	key := r.s.o.Stamp.ManyKey(r.claim.Batch, b.text.Lang, b.again)
	ms := make([]Message, 0, len(b.items))
	seen := make(map[string]bool, len(b.items))
	for _, i := range b.items {
		if seen[i.To] {
			continue // one request reaches them once, whoever they are to us
		}
		seen[i.To] = true
		msg := r.message(&i, b.text, false)
		msg.Leave = ""
		ms = append(ms, msg)
	}
	begun := r.begin(g, place)
	ref, err := m.SendMany(r.s.limits.of(ctx), key, ms)
	v := r.judge(g, begun, err)
	if v.kind == Retry || v.kind == Refused {
		r.refund(&w, b.items)
	}
	results := make([]Result, 0, len(b.items))
	for n := range b.items {
		i := &b.items[n]
		if v.kind == Refused && v.recipient {
			r.setback(setback{
				Mover: Mover{Rcpt: i.Rcpt, Tries: i.Tries, Again: i.Again, Singly: true, Why: g.Name + ": " + v.code},
				next:  SameGateway, ready: r.t.now(),
			})
			results = append(results, Result{Kind: Retry, Rcpt: i.Rcpt, Tries: i.Tries, Gateway: g.Name, Code: v.code, Text: clip(v.text)})
			continue
		}
		results = append(results, r.outcome(g, i, ref, &v))
	}
	r.record(ctx, results...)
}
