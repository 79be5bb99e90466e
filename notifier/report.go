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
)

// ask brings those who wait up to date where their gateway calls nobody back,
// and records what it says. A channel that is blocked is not asked: not one
// request more goes to what has failed.
func (s *Sender) ask(ctx context.Context, t *term, waiting []Waiting) error {
	request, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	var asking errgroup.Group
	asking.SetLimit(asksAtOnce)
	var mu sync.Mutex
	var receipts []ReceiptRow
	for _, w := range waiting {
		if s.blocked(w.Channel, t.tick()) != "" {
			continue
		}
		for n := range w.Items {
			i := &w.Items[n]
			reporter, ok := s.reporter(w.Channel, i)
			if !ok || request.Err() != nil {
				continue
			}
			asking.Go(func() error {
				if s.blocked(w.Channel, t.tick()) != "" {
					return nil // since the first was asked
				}
				r, err := reporter.Result(request, i.Ref, i.At)
				if err != nil || r.Rank <= i.Rank {
					return nil // no word is no news: the wait decides
				}
				r = r.printable()
				i.Rank, i.Code = r.Rank, r.Code
				mu.Lock()
				defer mu.Unlock()
				receipts = append(receipts, ReceiptRow{Batch: w.Batch, Rcpt: i.Rcpt, Receipt: r})
				return nil
			})
		}
	}
	_ = asking.Wait() // nobody returns an error
	if len(receipts) == 0 {
		return nil
	}
	if _, err := s.ledger.Enter(ctx, t.id, nil, receipts); err != nil {
		return fmt.Errorf("recording results that were asked for: %w", err)
	}
	return nil
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
