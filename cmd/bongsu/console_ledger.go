package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"bongsu/config"
	"bongsu/notifier"
	"bongsu/notifier/appnotice"
	"bongsu/store"
	"bongsu/web/console"
	"bongsu/web/speech"
)

// deskLedger is what the console reads and steers of what is sent: the books,
// with what the engine that runs now says of channels and prices.
type deskLedger struct {
	*server

	mu      sync.Mutex
	misses  map[string]missed          // by notice
	month   map[string][]notifier.Beat // beats of the last month, by gateway …
	monthAt time.Time                  // … as of then
}

// missed is a sum that was read some time ago: summing up a million people takes
// most of a second, and a page may ask every other second.
type missed struct {
	counts string // the notice's counts at that time
	at     time.Time
	list   []console.Unreached
}

const (
	// missesEvery is how long a sum is good for while the counts go on changing.
	missesEvery = 15 * time.Second
	// missesKept is how many are remembered.
	missesKept = 64
)

// none says it in the console's words.
func none(err error) error {
	for _, missing := range []error{store.ErrNoNotice, store.ErrNoSubscriber, store.ErrNoDrill, store.ErrNoImport, appnotice.ErrNone} {
		if errors.Is(err, missing) {
			return fmt.Errorf("%w: %w", console.ErrNone, err)
		}
	}
	for _, over := range []error{store.ErrNoticeOver, appnotice.ErrDecided} {
		if errors.Is(err, over) {
			return fmt.Errorf("%w: %w", console.ErrOver, err)
		}
	}
	return err
}

// running is the configuration that is used now.
func (s *server) running() *config.Config {
	if e := s.engine.Load(); e != nil {
		return e.cfg
	}
	return s.cfg
}

// Notices implements [console.Ledger].
func (d *deskLedger) Notices(ctx context.Context, q console.NoticeQuery) ([]console.Notice, error) {
	list, err := d.store.Notices(ctx, store.NoticeQuery{App: q.App, Incident: q.Incident, Audience: q.Audience, Before: q.Before, Limit: q.Limit})
	if err != nil {
		return nil, none(err)
	}
	notices := make([]console.Notice, 0, len(list))
	for i := range list {
		n, err := d.noticeOf(ctx, &list[i])
		if err != nil {
			return nil, err
		}
		notices = append(notices, n)
	}
	return notices, nil
}

// noticeOf adds what a notice has before it. What is through has nothing.
func (d *deskLedger) noticeOf(ctx context.Context, p *store.Progress) (console.Notice, error) {
	n := console.Notice{
		ID: p.Notice, Incident: p.Incident, Event: p.Event, Audience: p.Audience, Plan: p.Plan, App: p.App, Origin: p.Origin,
		Made: p.Made, Expires: p.Expires, Held: p.Held, Planned: p.Planned, Recalled: p.Recalled, Priority: p.Priority, People: p.People,
	}
	ahead, err := d.store.Outlook(ctx, p.Notice, time.Now())
	if err != nil {
		return n, err
	}
	for _, o := range ahead {
		n.Left += o.Left
	}
	n.ETA, n.Known = notifier.LastETA(ahead)
	kinds := kindsOf(d.running())
	for _, c := range p.Channels {
		n.Channels = append(n.Channels, console.ChannelCount{
			Channel: c.Channel, Kind: kinds[c.Channel], Planned: c.Planned, Handed: c.Handed, Delivered: c.Delivered, Failed: c.Failed, Unknown: c.Unknown,
			Moved: c.Moved, Rescued: c.Rescued, Twice: c.Twice, Cancelled: c.Cancelled, Left: ahead[c.Channel].Left, Rate: ahead[c.Channel].Rate,
		})
	}
	return n, nil
}

// Notice implements [console.Ledger].
func (d *deskLedger) Notice(ctx context.Context, id string) (console.Notice, error) {
	p, err := d.store.Progress(ctx, id)
	if err != nil {
		return console.Notice{}, none(err)
	}
	n, err := d.noticeOf(ctx, &p)
	if err != nil {
		return n, err
	}
	took, err := d.store.Waited(ctx, id)
	if err != nil {
		return n, err
	}
	for i := range n.Channels {
		c := &n.Channels[i]
		if handed := took.Handed[c.Channel]; len(handed) > 0 {
			c.HandedP50, c.HandedP99 = handed.Quantile(0.5), handed.Quantile(0.99)
		}
		if delivered := took.Delivered[c.Channel]; len(delivered) > 0 {
			c.DeliveredP50, c.DeliveredP99 = delivered.Quantile(0.5), delivered.Quantile(0.99)
		}
	}
	n.Resent, err = d.store.Resendings(ctx, id)
	return n, err
}

// Unreached implements [console.Ledger].
func (d *deskLedger) Unreached(ctx context.Context, id string) ([]console.Unreached, error) {
	p, err := d.store.Progress(ctx, id)
	if err != nil {
		return nil, none(err)
	}
	counts := fmt.Sprint(p.Channels)
	d.mu.Lock()
	before, known := d.misses[id]
	d.mu.Unlock()
	if known && (before.counts == counts || time.Since(before.at) < missesEvery) {
		return before.list, nil
	}
	found, err := d.store.Unreached(ctx, id)
	if err != nil {
		return nil, none(err)
	}
	list := unreached(found)
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.misses == nil || len(d.misses) >= missesKept {
		d.misses = map[string]missed{}
	}
	d.misses[id] = missed{counts, time.Now(), list}
	return list, nil
}

// unreached puts those together whose stories are the same in the desk's words.
func unreached(found []store.Unreached) []console.Unreached {
	var list []console.Unreached
	for _, u := range found {
		line := console.Unreached{Hop: u.Hop + 1, Channel: u.Channel, Gateway: u.Gateway, On: u.Fate == notifier.FateMoved, People: u.People}
		line.Ended, line.Code = notifier.EndingOf(u.Rank, u.Fate, u.Why)
		same := slices.IndexFunc(list, func(o console.Unreached) bool {
			o.People = line.People
			return o == line
		})
		if same >= 0 {
			list[same].People += line.People
			continue
		}
		list = append(list, line)
	}
	return list
}

// Texts implements [console.Ledger].
func (d *deskLedger) Texts(ctx context.Context, id string) ([]notifier.Text, error) {
	return d.store.Texts(ctx, id)
}

// Quote implements [console.Ledger].
func (d *deskLedger) Quote(ctx context.Context, id string) (console.Quote, error) {
	rules := d.appRules()
	if rules == nil {
		return console.Quote{}, errNoEngine
	}
	p, err := d.store.Progress(ctx, id)
	if err != nil {
		return console.Quote{}, none(err)
	}
	plan := rules.Plans[p.Plan]
	var kinds []string
	for _, hop := range plan {
		if kind := rules.Channels[hop.Channel].Kind; !slices.Contains(kinds, kind) {
			kinds = append(kinds, kind)
		}
	}
	m, err := d.store.Missed(ctx, id, kinds)
	if errors.Is(err, store.ErrNotResent) {
		return console.Quote{}, console.ErrNoResend
	}
	if err != nil {
		return console.Quote{}, none(err)
	}
	texts, err := d.store.Texts(ctx, id)
	if err != nil {
		return console.Quote{}, err
	}
	price := appnotice.Price(plan, rules.Channels, texts, m.Parts)
	q := console.Quote{Turn: m.Turn, People: m.People, Open: m.Open, Nowhere: price.NoAddress, Cost: amountsText(price.Cost), AtMost: amountsText(price.AtMost)}
	for _, w := range price.Ways {
		q.Ways = append(q.Ways, console.QuoteWay{Channel: w.Channel, People: w.People})
	}
	return q, nil
}

func amountsText(list []appnotice.Amount) []string {
	texts := make([]string, 0, len(list))
	for _, a := range list {
		texts = append(texts, inThousands(a.Amount)+" "+a.Currency)
	}
	return texts
}

// inThousands sets the thousands of a decimal number apart.
func inThousands(number string) string {
	whole, part, cut := strings.Cut(number, ".")
	n, err := strconv.ParseInt(whole, 10, 64)
	if err != nil {
		return number
	}
	if whole = speech.Grouped(n); cut {
		return whole + "." + part
	}
	return whole
}

// Resend implements [console.Ledger].
func (d *deskLedger) Resend(ctx context.Context, id string, turn int64) (string, int64, error) {
	now := time.Now()
	made, people, err := d.store.ResendFailed(ctx, id, randomNames{}.ID(now), turn, now)
	switch {
	case errors.Is(err, store.ErrNobodyMissed):
		return "", 0, console.ErrNoneMissed
	case errors.Is(err, store.ErrNotResent):
		return "", 0, console.ErrNoResend
	case err != nil:
		return "", 0, none(err)
	}
	currentDesk{d.server}.Wake()
	return made, people, nil
}

// Hold implements [console.Ledger].
func (d *deskLedger) Hold(ctx context.Context, id string) error {
	return none(d.store.HoldNotice(ctx, id, time.Now()))
}

// Free implements [console.Ledger].
func (d *deskLedger) Free(ctx context.Context, id string) error {
	defer currentDesk{d.server}.Wake()
	return none(d.store.FreeNotice(ctx, id))
}

// Cancel implements [console.Ledger].
func (d *deskLedger) Cancel(ctx context.Context, id string) error {
	return none(d.store.CancelNotice(ctx, id, time.Now()))
}

// Pause implements [console.Ledger].
func (d *deskLedger) Pause(ctx context.Context) error { return d.store.Pause(ctx, time.Now()) }

// Resume implements [console.Ledger].
func (d *deskLedger) Resume(ctx context.Context) error {
	defer currentDesk{d.server}.Wake()
	return d.store.Resume(ctx, time.Now())
}

// ResumeChannel implements [console.Ledger].
func (d *deskLedger) ResumeChannel(ctx context.Context, channel string) error {
	cfg := d.running()
	if !slices.ContainsFunc(cfg.Channels(), func(c config.Channel) bool { return c.ID == channel }) {
		return console.ErrNone
	}
	defer currentDesk{d.server}.Wake()
	return d.store.ResumeChannel(ctx, channel, today(cfg, time.Now()))
}

// today is the site's day, as costs are counted by.
func today(cfg *config.Config, now time.Time) string {
	return now.In(cfg.Model().Site.Zone).Format(time.DateOnly)
}

// tellDeliveries has open pages look again at what is sent, when anything of it
// has changed, until ctx is done.
func (s *server) tellDeliveries(ctx context.Context) {
	tick := time.NewTicker(deliveriesEvery)
	defer tick.Stop()
	last := ""
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		open, err := s.store.OpenNotices(ctx, openWatched)
		if err != nil {
			continue // the page says so when it is loaded anew
		}
		paused, _ := s.store.Paused(ctx)
		healths, _ := s.store.Healths(ctx)
		var now strings.Builder
		now.WriteString(strconv.FormatBool(paused))
		for i := range open {
			fmt.Fprint(&now, open[i].Notice, open[i].Held, open[i].People, open[i].Channels)
		}
		fmt.Fprint(&now, healths)
		if now.String() != last {
			last = now.String()
			s.console.Changed(console.Deliveries)
		}
	}
}

const (
	// deliveriesEvery is how often the books are asked whether anything has
	// changed, and openWatched how many notices on their way are looked at.
	deliveriesEvery = 2 * time.Second
	openWatched     = 50
)
