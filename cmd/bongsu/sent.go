package main

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"bongsu/config"
	"bongsu/notifier"
	"bongsu/status"
	"bongsu/store"
	"bongsu/web"
	"bongsu/web/console"
)

// How often the books are asked what became of notices: of incidents that are
// open or ended lately, and of all that the page knows.
const (
	sentEvery   = 3 * time.Second
	sentLately  = time.Hour
	sentAllEach = 10 * time.Minute // receipts may come for days
)

// leastShown is how many people have to share a number before the public sees
// it: fewer, and whoever knows who was told might learn what became of whom.
const leastShown = 10

// sentCounts is what the public sees of notices, kept in step with the books:
// visitors never ask the database.
type sentCounts struct {
	books *store.Store
	kinds map[string]string // of channels, by id
	least int64

	known map[string]*web.Sent
	asked time.Time // when all were asked for
}

func newSentCounts(s *server) *sentCounts {
	c := &sentCounts{books: s.store, kinds: kindsOf(s.cfg), least: leastShown, known: map[string]*web.Sent{}}
	if s.simulation {
		c.least = 1 // nobody there is a person
	}
	return c
}

func kindsOf(cfg *config.Config) map[string]string {
	kinds := map[string]string{}
	for _, c := range cfg.Channels() {
		kinds[c.ID] = c.Kind
	}
	return kinds
}

// runSent hands the page its counts until ctx is done.
func runSent(ctx context.Context, s *server) {
	c := newSentCounts(s)
	var shown map[string]*web.Sent // as open pages of the console have seen it
	s.repeat(ctx, sentEvery, func(snapshot *status.Snapshot, now time.Time) error {
		if e := s.engine.Load(); e != nil {
			c.kinds = kindsOf(e.cfg)
		}
		sent, err := c.ask(ctx, snapshot, now)
		if err != nil {
			return err
		}
		s.page.Count(sent)
		if s.console != nil && !maps.Equal(sent, shown) {
			s.console.Changed(console.Deliveries)
		}
		shown = sent
		return nil
	}, func(err error) {
		s.log.WarnContext(ctx, "counting what became of notices; the page shows the numbers of before", "error", err)
	})
}

// ask brings the counts up to now. What has not changed is the same pointer as
// before.
func (c *sentCounts) ask(ctx context.Context, s *status.Snapshot, now time.Time) (map[string]*web.Sent, error) {
	next, all := map[string]*web.Sent{}, now.Sub(c.asked) >= sentAllEach
	told, err := c.books.TellingIncidents(ctx)
	if err != nil {
		return nil, err
	}
	for _, list := range [][]status.Incident{s.Incidents, s.Past} {
		for i := range list {
			id, before := list[i].ID, c.known[list[i].ID]
			if !told[id] {
				continue
			}
			if !all && !lately(&list[i], now) {
				if before != nil {
					next[id] = before
				}
				continue
			}
			sent, err := c.count(ctx, id, now)
			switch {
			case err != nil:
				return nil, err
			case before != nil && reflect.DeepEqual(sent.Notices, before.Notices):
				next[id] = before
			case len(sent.Notices) > 0:
				next[id] = sent
			}
		}
	}
	if all {
		c.asked = now
	}
	c.known = next
	return next, nil
}

// lately says whether an incident is open, or ended a short while ago.
func lately(i *status.Incident, now time.Time) bool {
	if i.Open() {
		return true
	}
	end := i.Resolved
	if n := len(i.Updates); n > 0 && i.Updates[n-1].At.After(end) {
		end = i.Updates[n-1].At
	}
	return now.Sub(end) < sentLately
}

func (c *sentCounts) count(ctx context.Context, incident string, now time.Time) (*web.Sent, error) {
	progress, err := c.books.IncidentProgress(ctx, incident)
	if err != nil {
		return nil, fmt.Errorf("incident %s: %w", incident, err)
	}
	sent := &web.Sent{Changed: now, Least: c.least}
	if len(progress) == 0 {
		return sent, nil
	}
	waits, err := c.books.IncidentWaited(ctx, incident)
	if err != nil {
		return nil, err
	}
	sent.Notices = publicNotices(progress, waits, c.kinds, c.least)
	return sent, nil
}

// publicNotices is what of the books the public may see: what went to
// subscribers, whichever plan it went by, without what fewer than least people
// share. What operators and people alone are sent is nobody's business.
func publicNotices(progress []store.Progress, waits map[string]store.Waits, kinds map[string]string, least int64) []web.SentNotice {
	type occasion struct{ event, update string }
	var list []web.SentNotice
	told := map[occasion]*notice{}
	var order []occasion
	for i := range progress {
		p := &progress[i]
		if p.Audience != "subscribers" {
			continue
		}
		of := occasion{p.Event, p.Occasion}
		if told[of] == nil {
			update, _, _ := strings.Cut(p.Occasion, " again ") // what is resent tells of the same update
			told[of] = &notice{event: p.Event, update: update, made: p.Made, channels: map[string]*channelSum{}}
			order = append(order, of)
		}
		told[of].add(p, waits[p.Notice])
	}
	for _, of := range order {
		list = append(list, told[of].public(kinds, least))
	}
	return list
}

// notice is what several plans' notices of one event come to.
type notice struct {
	event, update string
	made          time.Time
	channels      map[string]*channelSum
}

type channelSum struct {
	store.ChannelProgress

	handed, delivered notifier.Spread
}

func (n *notice) add(p *store.Progress, w store.Waits) {
	for _, c := range p.Channels {
		sum := n.channels[c.Channel]
		if sum == nil {
			sum = &channelSum{handed: notifier.Spread{}, delivered: notifier.Spread{}}
			n.channels[c.Channel] = sum
		}
		sum.Planned += c.Planned
		sum.Handed += c.Handed
		sum.Delivered += c.Delivered
		sum.Failed += c.Failed
		sum.Unknown += c.Unknown
		sum.Moved += c.Moved
		sum.Cancelled += c.Cancelled
		sum.handed.Add(w.Handed[c.Channel])
		sum.delivered.Add(w.Delivered[c.Channel])
	}
}

func (n *notice) public(kinds map[string]string, least int64) web.SentNotice {
	out := web.SentNotice{Event: n.event, Update: n.update, Made: n.made}
	for _, id := range slices.Sorted(maps.Keys(n.channels)) {
		c := n.channels[id]
		if c.Planned < least {
			out.Withheld++
			continue
		}
		by := web.SentBy{
			Channel: id, Kind: cmp.Or(kinds[id], id), Planned: c.Planned, Handed: c.Handed, Delivered: c.Delivered,
			Failed: c.Failed, Unknown: c.Unknown, Moved: c.Moved, Cancelled: c.Cancelled,
		}
		if c.handed.People() >= least {
			by.HandedP50, by.HandedP99 = c.handed.Quantile(0.5), c.handed.Quantile(0.99)
		}
		if c.delivered.People() >= least {
			by.DeliveredP50, by.DeliveredP99 = c.delivered.Quantile(0.5), c.delivered.Quantile(0.99)
		}
		out.Channels = append(out.Channels, by)
	}
	return out
}
