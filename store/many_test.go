package store_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"bongsu/notifier"
	"bongsu/status"
	"bongsu/store"
)

// hall is a gateway that takes many at once and drops a key it has taken.
type hall struct {
	booth
	most     int
	requests []requested // in their order
	taken    map[string]bool
	heard    map[string]int // how often a recipient got something
	refuse   func(to []string) error
}

type requested struct {
	key string
	to  []string
}

func newHall(most int) *hall {
	h := &hall{most: most, taken: map[string]bool{}, heard: map[string]int{}}
	h.answer = func(m notifier.Message) error { return h.take(m.Delivery, []string{m.To}) }
	return h
}

func (h *hall) Most() int                 { return h.most }
func (h *hall) DedupesFor() time.Duration { return time.Hour }

func (h *hall) SendMany(_ context.Context, key string, ms []notifier.Message) (string, error) {
	var to []string
	for _, m := range ms {
		to = append(to, m.To)
		if m.Body != ms[0].Body || m.Leave != "" {
			return "", errors.New("not one text")
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.requests = append(h.requests, requested{key, to})
	return "many", h.take(key, to)
}

func (h *hall) take(key string, to []string) error {
	var err error
	if h.refuse != nil {
		err = h.refuse(to)
	}
	if errors.As(err, new(*notifier.RejectedError)) || h.taken[key] {
		return err
	}
	h.taken[key] = true
	for _, t := range to {
		h.heard[t]++
	}
	return err
}

// manyCity has subscribers in two languages, whom one gateway takes at once.
func manyCity(t *testing.T, s *store.Store, people int, adjust ...func(o *notifier.Options)) (*city, *hall) {
	t.Helper()
	subscribe(t, s, people, "sms")
	if _, err := s.AddSubscriber(t.Context(), store.Subscriber{Lang: "ja", Plan: "citizens", AtLeast: status.PartialOutage, Joined: march},
		[]store.Address{{Kind: "sms", Address: "+819000000000", Source: "test", Consented: march, Confirmed: march}}); err != nil {
		t.Fatal(err)
	}
	h := newHall(100)
	c := newCity(t, s, append([]func(o *notifier.Options){func(o *notifier.Options) { o.Channels[1].Gateways[0].Gateway = h }}, adjust...)...)
	n := noticeOf(status.EventOpened)
	n.Texts = append(n.Texts, notifier.Text{Lang: "ja", Class: notifier.ClassSMS, Body: "発生", Segments: 1})
	tell(t, s, n)
	return c, h
}

// wantOnce checks that everybody got one text, and that the books say so.
func (h *hall) wantOnce(t *testing.T, s *store.Store, people int) {
	t.Helper()
	if len(h.heard) != people {
		t.Errorf("%d of %d people heard", len(h.heard), people)
	}
	for to, times := range h.heard {
		if times != 1 {
			t.Errorf("%s heard %d times", to, times)
		}
	}
	p, err := s.Progress(t.Context(), "n-opened")
	if err != nil {
		t.Fatal(err)
	}
	var handed, unknown, failed int64
	for _, ch := range p.Channels {
		handed, unknown, failed = handed+ch.Handed, unknown+ch.Unknown, failed+ch.Failed
	}
	if handed != int64(people) || unknown != 0 || failed != 0 {
		t.Errorf("handed %d, unknown %d, failed %d; want %d handed", handed, unknown, failed, people)
	}
}

func TestOneRequestForEachText(t *testing.T) {
	ledgers(t, func(t *testing.T, s *store.Store) {
		c, h := manyCity(t, s, 150)
		c.step(time.Minute)
		h.wantOnce(t, s, 151)
		c.want("requests: two batches, the second in two languages", len(h.requests), 3)
		c.want("one by one", len(h.messages()), 0)
	})
}

// What nobody knows the end of is repeated as it was.
func TestADoubtOfManyIsRepeatedWhole(t *testing.T) {
	ledgers(t, func(t *testing.T, s *store.Store) {
		c, h := manyCity(t, s, 60)
		h.refuse = func([]string) error {
			if len(h.requests) <= 2 {
				return &notifier.UncertainError{Err: context.DeadlineExceeded}
			}
			return nil
		}
		c.step(time.Minute)
		h.wantOnce(t, s, 61)
		c.want("requests", len(h.requests), 4)
		for i, first := range h.requests[:2] {
			again := h.requests[2+i]
			if first.key != again.key || !slices.Equal(first.to, again.to) {
				t.Errorf("request %d to %d under %q was repeated to %d under %q", i, len(first.to), first.key, len(again.to), again.key)
			}
		}
		c.want("one by one", len(h.messages()), 0)
	})
}

// A batch whose owner died before any answer came is repeated as it was, by
// whoever takes it over.
func TestManyInDoubtAfterACrash(t *testing.T) {
	ledgers(t, func(t *testing.T, s *store.Store) {
		c, h := manyCity(t, s, 60)
		broken := &deadLedger{Store: s}
		h.refuse = func([]string) error {
			if len(h.requests) == 1 {
				broken.dead = true // nothing of this is recorded any more
				return errors.New("nobody hears this")
			}
			return nil
		}
		if _, err := notifier.NewSender(broken, crashOptions(t, h)).Step(t.Context(), c.now); !errors.Is(err, errDead) {
			t.Fatalf("the first owner: %v", err)
		}
		if buried, err := s.Bury(t.Context(), "doomed-steps", 1); err != nil || !buried {
			t.Fatal(buried, err)
		}
		c.step(time.Minute)
		h.wantOnce(t, s, 61)
		if first, again := h.requests[0], h.requests[len(h.requests)-2]; first.key != again.key || !slices.Equal(first.to, again.to) {
			t.Errorf("to %d under %q, repeated to %d under %q", len(first.to), first.key, len(again.to), again.key)
		}
	})
}

// deadLedger is a ledger whose node has been killed: nothing of it is recorded.
type deadLedger struct {
	*store.Store
	dead bool
}

var errDead = errors.New("killed")

func (d *deadLedger) Enter(ctx context.Context, node string, results []notifier.Result, receipts []notifier.ReceiptRow) (int, error) {
	if d.dead {
		return 0, errDead
	}
	return d.Store.Enter(ctx, node, results, receipts)
}

func (d *deadLedger) Release(ctx context.Context, r notifier.Release) error {
	if d.dead {
		return errDead
	}
	return d.Store.Release(ctx, r)
}

func crashOptions(t *testing.T, g notifier.Gateway) notifier.Options {
	return notifier.Options{
		Node: "doomed", Stamp: stamp, Early: early(t),
		Channels: []notifier.Channel{{ID: "sms", Kind: "sms", Class: notifier.ClassSMS, Gateways: []notifier.Route{{Name: "sms/one", Gateway: g}}}},
		Plans:    map[string][]notifier.Hop{"citizens": {{Channel: "sms", Until: notifier.Accepted}}},
	}
}

// One recipient that a gateway does not take must not cost the others their
// text: then they go one by one.
func TestOneOfManyIsRefused(t *testing.T) {
	ledgers(t, func(t *testing.T, s *store.Store) {
		c, h := manyCity(t, s, 30)
		const bad = "+821000000007"
		h.refuse = func(to []string) error {
			if slices.Contains(to, bad) {
				return &notifier.RejectedError{Code: "no such user", Recipient: true}
			}
			return nil
		}
		c.step(time.Minute)
		c.want("people", len(h.heard), 30)
		c.want("one by one", len(h.messages()), 30)
		p, err := s.Progress(t.Context(), "n-opened")
		if err != nil {
			t.Fatal(err)
		}
		for _, ch := range p.Channels {
			if ch.Channel == "sms" && (ch.Handed != 30 || ch.Failed != 1 || ch.Unknown != 0) {
				t.Errorf("progress %+v", ch)
			}
		}
	})
}

// The rate of such a gateway counts requests.
func TestTheRateOfManyCountsRequests(t *testing.T) {
	ledgers(t, func(t *testing.T, s *store.Store) {
		c, h := manyCity(t, s, 250, func(o *notifier.Options) { o.Channels[1].Gateways[0].Rate = 1 })
		c.step(900 * time.Millisecond)
		c.want("requests in the first second", len(h.requests), 1)
		c.step(5 * time.Second)
		h.wantOnce(t, s, 251)
	})
}
