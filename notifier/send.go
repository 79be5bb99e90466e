package notifier

import (
	"cmp"
	"context"
	"errors"
	"html"
	"strings"
	"time"
)

// class is the kind of text that goes out at the claim's hop.
func (r *run) class() Class {
	if r.claim.Hop < len(r.plan) {
		return hopAt(r.plan, r.claim.Hop, r.o.ID).Class(r.o.Class)
	}
	return r.o.Class
}

// sendAll hands items over in the order of their recipients. It says false if
// it had to stop before the last.
func (r *run) sendAll(ctx context.Context, g *gate, w Window, items []Item, again bool) bool {
	o := outgoing{r: r, gate: g, window: &w, items: items, again: again, texts: map[string]*wording{}}
	next := func() (flight, bool, bool) { return o.next(ctx) }
	fly := func(f flight) { r.fly(ctx, f) }
	if len(items) == 0 {
		return true
	}
	if r.t.inline {
		for more := true; more; {
			var f flight
			var ok bool
			if f, ok, more = next(); ok {
				fly(f)
			}
		}
		return !o.stopped
	}
	g.crew.send(&sending{lane: r.claim.Lane, next: next, fly: fly, begun: make(chan struct{})})
	return !o.stopped
}

// outgoing is a granted window, some of which has left.
type outgoing struct {
	r       *run
	gate    *gate
	window  *Window
	items   []Item // who has not had their turn
	again   bool
	texts   map[string]*wording // by language
	stopped bool                // nothing more may leave
}

// flight is one request that is about to be made.
type flight struct {
	of    *outgoing
	place int // in the gateway's pace
	item  *Item
	text  *Text
}

// next waits for the turn of the next recipient who can be sent to, if there is
// one.
func (o *outgoing) next(ctx context.Context) (f flight, ok, more bool) {
	r := o.r
	for len(o.items) > 0 {
		i := &o.items[0]
		text := r.worded(o.texts, i.Lang)
		if i.To == "" || text.missing != "" {
			r.skip(ctx, o.gate, *o.window, *i, text.missing)
			o.items = o.items[1:]
			continue
		}
		place, ok := r.turn(ctx, o.gate)
		if !ok {
			r.refund(o.window, o.items)
			o.items, o.stopped = nil, true
			break
		}
		o.items = o.items[1:]
		r.sent = max(r.sent, i.Rcpt)
		r.flights.Add(1)
		return flight{o, place, i, &text.Text}, true, len(o.items) > 0
	}
	return flight{}, false, false
}

// fly makes a request.
func (r *run) fly(ctx context.Context, f flight) {
	defer r.flights.Done()
	g := f.of.gate
	m := r.message(f.item, *f.text, f.of.again)
	begun := r.begin(g, f.place)
	ref, err := g.Gateway.Send(r.s.limits.of(ctx), m)
	v := r.judge(g, begun, err)
	r.record(ctx, r.outcome(g, f.item, ref, &v))
	if v.kind != Handed && v.kind != Doubtful {
		r.refund(f.of.window, []Item{*f.item}) // the gateway does not have it
	}
}

// refund takes back what was reserved for those whose message no gateway has
// now. Nothing was for those without an address.
func (r *run) refund(w *Window, items []Item) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.day = w.Day
	for _, i := range items {
		if i.To == "" {
			continue
		}
		r.unspent += w.Price(i.Lang)
		if w.PerDay > 0 {
			if r.unused == nil {
				r.unused = map[string]int{}
			}
			r.unused[w.Gateway]++
		}
	}
}

// wording is what the notice says in a language, or why there is nothing to
// send.
type wording struct {
	Text
	missing string
}

// worded is the wording among texts, or the one that is added there.
func (r *run) worded(texts map[string]*wording, lang string) *wording {
	if texts[lang] == nil {
		texts[lang] = r.wording(lang)
	}
	return texts[lang]
}

func (r *run) wording(lang string) *wording {
	text, ok := r.notice.TextFor(r.class(), lang)
	if !ok {
		r.s.alarm(AlarmNoText, r.notice.ID, "it has no text for "+string(r.class())+", so nobody is told that way", r.t.now())
		return &wording{missing: "no_text"}
	}
	if err := r.s.o.Refuse(r.notice, &text); err != nil {
		r.s.alarm(AlarmRefused, r.notice.ID, "the text for "+string(r.class())+" in "+text.Lang+" must not leave: "+err.Error(), r.t.now())
		return &wording{missing: "text_refused"}
	}
	return &wording{Text: text}
}

// skip passes over somebody this channel cannot carry the notice to.
func (r *run) skip(ctx context.Context, g *gate, w Window, i Item, missing string) {
	r.refund(&w, []Item{i})
	r.sent = max(r.sent, i.Rcpt)
	code := cmp.Or(missing, "no_address")
	r.setback(setback{Mover: Mover{Rcpt: i.Rcpt, Again: i.Again, Why: code}, next: NextHop, lost: Ending{Rcpt: i.Rcpt, Why: code}})
	r.record(ctx, Result{Kind: Retry, Rcpt: i.Rcpt, Gateway: g.Name, Code: code})
}

// turn waits for a place at the gateway. It says false when nothing may be
// sent: that is asked last of all, just before the first byte.
func (r *run) turn(ctx context.Context, g *gate) (place int, ok bool) {
	if r.t.inline {
		at := g.when(r.t.tick())
		if at.Sub(r.t.tick()) > ahead {
			r.comeBack(r.t.now().Add(at.Sub(r.t.tick())))
			return 0, false
		}
		g.slots <- struct{}{}
		g.take(at)
	} else {
		select {
		case g.slots <- struct{}{}:
		case <-ctx.Done():
			return 0, false
		}
		var err error
		if place, err = g.turn(ctx); err != nil {
			<-g.slots
			return 0, false
		}
	}
	if _, shut := g.shut(r.t.tick()); shut || !r.t.open() || r.s.blocked(r.o.ID, r.t.tick()) != "" {
		<-g.slots
		return 0, false
	}
	return place, true
}

// passedOver says whether a channel that comes before this one in the plan
// hangs on something that fails now.
func (r *run) passedOver() bool {
	for _, h := range r.plan[:min(r.claim.Hop, len(r.plan))] {
		if r.s.blocked(h.Channel, r.t.tick()) != "" {
			return true
		}
	}
	return false
}

// message is the text for one recipient. Where an earlier one may have arrived
// it says so, but not when the gateway is to drop it as the same.
func (r *run) message(i *Item, text Text, again bool) Message {
	if text.Switched != "" && r.passedOver() {
		text.Body = text.Switched
	}
	if again || i.Again {
		text = r.s.o.Mark(text)
	}
	leave := r.s.o.Leave(i.Rcpt, r.o.Kind)
	m := Message{
		Delivery: r.s.o.Stamp.Key(r.claim.Batch, i.Rcpt), To: i.To, Class: text.Class, Lang: text.Lang,
		Title: text.Title, Body: strings.ReplaceAll(text.Body, LeaveMark, leave), HTML: strings.ReplaceAll(text.HTML, LeaveMark, html.EscapeString(leave)),
		Template: text.Template, Params: text.Params,
		Incident: r.notice.Incident, ReplyTo: i.ReplyTo, Again: again || i.Again, Leave: leave,
	}
	if !r.notice.Expires.IsZero() {
		m.Valid = r.notice.Expires.Sub(r.t.now())
	}
	return m
}

// begin notes that a request begins in the place at the gateway that turn has
// taken.
func (r *run) begin(g *gate, place int) time.Time {
	begun := time.Now()
	if !r.t.inline {
		g.left(place, begun)
	}
	return begun
}

// judge reads how a request ended that began at a time, and makes room for the
// next.
func (r *run) judge(g *gate, begun time.Time, err error) verdict {
	<-g.slots
	v := g.judge(err)
	r.s.o.Metrics.answered(g, &v, time.Since(begun))
	if g.heard(v, r.t.tick()) {
		r.s.alarm(AlarmGateway, g.Name, "it keeps failing and is given rests: "+clip(v.text), r.t.now())
	}
	return v
}

// outcome is what an answer means for one recipient.
func (r *run) outcome(g *gate, i *Item, ref string, v *verdict) Result {
	res := Result{Kind: v.kind, Rank: handedOver(g), Rcpt: i.Rcpt, Ref: ref, Gateway: g.Name, Code: v.code, Text: clip(v.text), Answer: v.answer()}
	switch v.kind {
	case Handed:
		if r.o.Class == ClassChat {
			res.Thread = r.notice.Incident
		}
	case Doubtful:
		r.comeBack(r.t.now().Add(r.wait(g))) // to settle it
	case Retry, Refused:
		r.failed(g, i, v, &res)
	}
	return res
}

// handedOver is the rank of what a gateway has taken.
func handedOver(g *gate) Rank {
	if d, ok := g.Gateway.(Direct); ok {
		return max(d.HandedOver(), Accepted)
	}
	return Accepted
}

// wait is how long a doubt at a gateway is left to callbacks.
func (r *run) wait(g *gate) time.Duration {
	if dedupes(g) > 0 {
		return 0
	}
	return r.s.o.SettleWait
}

// failed decides what follows a try that left nothing.
func (r *run) failed(g *gate, i *Item, v *verdict, res *Result) {
	tries := i.Tries
	if v.rest == 0 || v.aside {
		tries++
	}
	done := tried(r.claim.Route).and(g.place)
	next := AfterFailure(v.kind, v.recipient, tries, r.s.o.Tries, r.o.left(done))
	rest := v.rest
	if !v.aside {
		rest = min(rest, giveUpAfter) // the gate knows of a longer one
	}
	if v.suppress {
		res.Suppress = r.o.Kind
	}
	if v.kind == Refused && !v.recipient {
		res.Kind, tries = Retry, r.s.o.Tries // the next gateway may take it
	}
	res.Tries = tries
	r.setback(setback{
		Mover: Mover{Rcpt: i.Rcpt, Tries: tries, Again: i.Again, Why: g.Name + ": " + v.code},
		next:  next, tried: done, ready: r.t.now().Add(max(rest, Backoff(tries, r.s.jitter()))),
		lost: Ending{Rcpt: i.Rcpt, Why: v.code},
	})
}

func (r *run) setback(b setback) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.setbacks = append(r.setbacks, b)
}

// record leaves results to be committed, these together and with whatever else
// is. The desk asks again while the database is away: what is known must not be
// lost.
func (r *run) record(ctx context.Context, results ...Result) {
	for n := range results {
		res := &results[n]
		res.Batch, res.Notice, res.Channel, res.At, res.Made = r.claim.Batch, r.claim.Notice, r.claim.Channel, r.t.now(), r.notice.Made
		res.Ref, res.Code, res.Late = printable(res.Ref), printable(res.Code), r.claim.Late
	}
	if r.t.inline {
		r.unsaved = append(r.unsaved, results...)
		return
	}
	r.flights.Add(len(results)) // until they are durable
	r.s.desk.put(ctx, r.t.id, results, r)
}

// save commits what a drill's window came to.
func (r *run) save(ctx context.Context) error {
	if len(r.unsaved) == 0 {
		return nil
	}
	results := r.unsaved
	r.unsaved = nil
	_, err := r.s.ledger.Enter(ctx, r.t.id, results, nil)
	return err
}

// insist does something until it succeeds or is refused, and says so each time
// it does not. When ctx is done it gives up after one more lease; a drill does
// not insist.
func (s *Sender) insist(ctx context.Context, do func(context.Context) error) error {
	pause := 20 * time.Millisecond
	var deadline time.Time
	for {
		err := do(context.WithoutCancel(ctx))
		if err == nil || errors.Is(err, ErrFenced) || errors.Is(err, ErrOpen) || s.inline != nil {
			return err
		}
		s.o.Log.Warn("working on the ledger: asking again", "error", err, "in", pause)
		if ctx.Err() != nil && deadline.IsZero() {
			deadline = time.Now().Add(s.o.TTL)
		}
		if !deadline.IsZero() && time.Now().After(deadline) {
			return err
		}
		_ = sleep(context.WithoutCancel(ctx), pause) // never done
		pause = min(2*pause, time.Second)
	}
}

// printable leaves out of a gateway's words what a database does not take.
func printable(text string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "\uFFFD")
}

// printable is the receipt in words that a database takes.
func (r Receipt) printable() Receipt {
	r.Ref, r.Code, r.Text = printable(r.Ref), printable(r.Code), printable(r.Text)
	return r
}

// clip keeps a gateway's words to a line.
func clip(text string) string {
	text = printable(text)
	const most = 200
	if len(text) <= most {
		return text
	}
	for i := range text {
		if i > most {
			return text[:i] + "…"
		}
	}
	return text
}
