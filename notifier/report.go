package notifier

import (
	"context"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

const (
	asksAtOnce = 16
	// askTime bounds asking for the results of one sweep: whoever is not heard
	// of by then moves on as if nothing were known.
	askTime = 3 * time.Second
	// fewAsks are asked one by one even where a gateway has a list: the list may
	// have the results of thousands of others.
	fewAsks = 16
	// askBefore is for clocks that differ, and for what a gateway lists late: so
	// much before a hand-over, and before where the last list ended, a list
	// begins.
	askBefore = time.Minute
)

// ask brings those who wait up to date where their gateway calls nobody back,
// and records what it says. A channel that is blocked is not asked: not one
// request more goes to what has failed.
func (s *Sender) ask(ctx context.Context, t *term, waiting []Waiting) error {
	request, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	var asking errgroup.Group
	asking.SetLimit(asksAtOnce)
	var heard heard
	for _, inquiry := range s.inquiries(t, waiting) {
		for _, ask := range inquiry.asks(t.now()) {
			if request.Err() != nil {
				break
			}
			asking.Go(func() error {
				if s.blocked(inquiry.channel, t.tick()) == "" { // since the first was asked
					ask(request, &heard)
				}
				return nil
			})
		}
	}
	_ = asking.Wait() // nobody returns an error
	if len(heard.receipts) == 0 {
		return nil
	}
	if _, err := s.ledger.Enter(ctx, t.id, nil, heard.receipts); err != nil {
		return fmt.Errorf("recording results that were asked for: %w", err)
	}
	return nil
}

// inquiry is what a gateway is asked in one sweep.
type inquiry struct {
	channel  string
	reporter Reporter
	about    []question
	known    *known // what its lists have said; nil where it has none
}

// way is a gateway of a channel.
type way struct{ channel, gateway string }

// question is about one delivery.
type question struct {
	batch int64
	item  *Item
}

// inquiries gathers whom to ask about whom, in the order in which they wait.
func (s *Sender) inquiries(t *term, waiting []Waiting) []*inquiry {
	var all []*inquiry
	of := map[way]*inquiry{}
	for _, w := range waiting {
		if s.blocked(w.Channel, t.tick()) != "" {
			continue
		}
		for n := range w.Items {
			i := &w.Items[n]
			reporter, ok := s.reporter(w.Channel, i)
			if !ok {
				continue
			}
			at := way{w.Channel, i.Gateway}
			if of[at] == nil {
				of[at] = &inquiry{channel: w.Channel, reporter: reporter, known: t.listed(at, reporter)}
				all = append(all, of[at])
			}
			of[at].about = append(of[at].about, question{w.Batch, i})
		}
	}
	return all
}

// asks are the requests that an inquiry takes: one for each delivery, or one
// for all where there are many and the gateway has a list. No two of them are
// about the same.
func (q *inquiry) asks(now time.Time) []func(context.Context, *heard) {
	if lister, ok := q.reporter.(Lister); ok && len(q.about) > fewAsks {
		return []func(context.Context, *heard){func(ctx context.Context, h *heard) { q.list(ctx, lister, now, h) }}
	}
	asks := make([]func(context.Context, *heard), 0, len(q.about))
	for _, one := range q.about {
		asks = append(asks, func(ctx context.Context, h *heard) {
			if r, err := q.reporter.Result(ctx, one.item.Ref, one.item.At); err == nil { // no word is no news: the wait decides
				h.note(one, r)
			}
		})
	}
	return asks
}

// list reads what became known since the oldest of the hand-overs, as far as it
// was not read before.
func (q *inquiry) list(ctx context.Context, lister Lister, now time.Time, h *heard) {
	oldest := now
	for _, one := range q.about {
		if one.item.At.Before(oldest) {
			oldest = one.item.At
		}
	}
	q.known.read(ctx, lister, oldest.Add(-askBefore), now)
	for _, one := range q.about {
		if r, ok := q.known.of(one.item.Ref); ok {
			h.note(one, r)
		}
	}
}

// heard is what gateways said.
type heard struct {
	mu       sync.Mutex
	receipts []ReceiptRow
}

// note takes a result that says more than was known.
func (h *heard) note(about question, r Receipt) {
	if r.Rank <= about.item.Rank {
		return
	}
	r = r.printable()
	h.mu.Lock()
	defer h.mu.Unlock()
	about.item.Rank, about.item.Code = r.Rank, r.Code
	h.receipts = append(h.receipts, ReceiptRow{Batch: about.batch, Rcpt: about.item.Rcpt, Receipt: r})
}

// reporter is who can say what became of an item.
func (s *Sender) reporter(channel string, i *Item) (Reporter, bool) {
	if i.Ref == "" || (i.Rank != Accepted && i.Rank != Sent) {
		return nil, false
	}
	o := s.outlets[channel]
	if o == nil {
		return nil, false
	}
	g := o.gateway(i.Gateway)
	if g == nil {
		return nil, false
	}
	reporter, ok := g.Gateway.(Reporter)
	return reporter, ok
}
