package appnotice

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

	"bongsu/notifier"
)

// Channel is a channel as far as a quote goes.
type Channel struct {
	ID      string
	Kind    string
	Class   notifier.Class
	Fixed   bool   // it has one recipient of its own, and reaches nobody else
	Blocked string // why it carries nothing now; empty: it does
	Routes  []notifier.Route
}

// Reached is how many of an audience read a language and can be reached by
// these kinds of address.
type Reached struct {
	Lang   string
	Kinds  []string
	People int64
}

// Amount is money as the API writes it.
type Amount struct {
	Amount   string `json:"amount"` // a decimal number
	Currency string `json:"currency"`
}

// Way is a channel by which a part of the recipients would go now.
type Way struct {
	Channel  string         `json:"channel"`
	Class    notifier.Class `json:"class"`
	People   int64          `json:"people"`
	Segments int64          `json:"segments"` // parts of texts that are paid for
	Waits    bool           `json:"waits"`    // it carries nothing now, and there is no other way
}

// Left is a channel that would be passed over now.
type Left struct {
	Channel string `json:"channel"`
	Why     string `json:"why"`
}

// Quote is what a notice would come to now.
type Quote struct {
	People    int64    `json:"people"`
	NoAddress int64    `json:"no_address"` // whom no channel of the plan reaches
	Ways      []Way    `json:"ways"`       // in the order of the plan
	Left      []Left   `json:"left"`
	Cost      []Amount `json:"cost"`     // by the ways there are now
	AtMost    []Amount `json:"at_most"`  // should everybody need every hop, by the dearest gateway
	Unpriced  []string `json:"unpriced"` // channels whose price the configuration does not give

	atMost map[string]int64 // in thousandths, by currency
}

// Price says by which ways the people of an audience would go now, and for how
// much, whatever the notice is of.
func Price(plan []notifier.Hop, channels map[string]Channel, texts []notifier.Text, audience []Reached) Quote {
	return quote(plan, channels, texts, audience)
}

// quote says by which ways the people of an audience would go, and for how much.
func quote(plan []notifier.Hop, channels map[string]Channel, texts []notifier.Text, audience []Reached) Quote {
	q := quoting{
		Quote: Quote{Ways: []Way{}, Left: []Left{}, Unpriced: []string{}, atMost: map[string]int64{}},
		plan:  plan, channels: channels, notice: notifier.Notice{Texts: texts}, now: map[string]int64{}, ways: map[string]*Way{},
	}
	for i := range audience {
		q.add(&audience[i])
	}
	for _, h := range plan {
		if w := q.ways[h.Channel]; w != nil {
			q.Ways = append(q.Ways, *w)
		}
		if c := channels[h.Channel]; c.Blocked != "" {
			q.Left = append(q.Left, Left{c.ID, c.Blocked})
		}
	}
	q.Cost, q.AtMost = amounts(q.now), amounts(q.atMost)
	return q.Quote
}

// quoting is a quote being made.
type quoting struct {
	Quote

	plan     []notifier.Hop
	channels map[string]Channel
	notice   notifier.Notice
	now      map[string]int64 // thousandths by currency
	ways     map[string]*Way
}

// add counts a part of the audience.
func (q *quoting) add(part *Reached) {
	q.People += part.People
	has := func(id string) bool {
		c, known := q.channels[id]
		return known && !c.Fixed && slices.Contains(part.Kinds, c.Kind)
	}
	way, ok := notifier.NextWay(q.plan, 0, has, func(id string) notifier.Block {
		return notifier.Block{Why: q.channels[id].Blocked}
	})
	if !ok {
		q.NoAddress += part.People
		return
	}
	h := q.plan[way.Hop]
	c, text := q.channels[h.Channel], q.text(h, part.Lang)
	w := q.ways[c.ID]
	if w == nil {
		w = &Way{Channel: c.ID, Class: h.Class(c.Class), Waits: !way.Free}
		q.ways[c.ID] = w
	}
	w.People += part.People
	if len(c.Routes) > 0 {
		w.Segments += part.People * int64(c.Routes[0].Pieces(&text))
		charge(q.now, c.Routes[0].Charge(&text), part.People)
	}
	for _, h := range q.plan {
		if has(h.Channel) {
			q.dearest(h, part)
		}
	}
}

func (q *quoting) text(h notifier.Hop, lang string) notifier.Text {
	text, _ := q.notice.TextFor(h.Class(q.channels[h.Channel].Class), lang)
	return text
}

// dearest adds what a hop costs by the dearest of its gateways.
func (q *quoting) dearest(h notifier.Hop, part *Reached) {
	c, text := q.channels[h.Channel], q.text(h, part.Lang)
	var most notifier.Money
	for i := range c.Routes {
		price := c.Routes[i].Charge(&text)
		if price.Currency == "" {
			if !slices.Contains(q.Unpriced, c.ID) {
				q.Unpriced = append(q.Unpriced, c.ID)
			}
			continue
		}
		if most.Currency == "" || price.Milli > most.Milli {
			most = price
		}
	}
	charge(q.atMost, most, part.People)
}

func charge(to map[string]int64, each notifier.Money, people int64) {
	if each.Currency != "" {
		to[each.Currency] += each.Times(people).Milli
	}
}

func amounts(milli map[string]int64) []Amount {
	list := []Amount{}
	for _, currency := range slices.Sorted(maps.Keys(milli)) {
		list = append(list, Amount{decimal(milli[currency]), currency})
	}
	return list
}

// decimal writes thousandths as a decimal number.
func decimal(milli int64) string {
	if milli%1000 == 0 {
		return strconv.FormatInt(milli/1000, 10)
	}
	return fmt.Sprintf("%d.%03d", milli/1000, milli%1000)
}

// within says why the quote could come to more than the cap, or nil.
func (q *Quote) within(limit *notifier.Money) error {
	if limit == nil {
		return nil
	}
	if len(q.Unpriced) > 0 {
		return fmt.Errorf("cannot be kept: the configuration gives no price for %s; ask the operator for one, or leave the cap out", joined(q.Unpriced))
	}
	for _, currency := range slices.Sorted(maps.Keys(q.atMost)) {
		switch milli := q.atMost[currency]; {
		case currency != limit.Currency && milli > 0:
			return fmt.Errorf("is in %s, and a channel of the plan costs %s; write the cap in %s", limit.Currency, currency, currency)
		case milli > limit.Milli:
			return fmt.Errorf("can be exceeded: should everybody need every hop, it comes to %s %s; write at least that, or tell fewer people", decimal(milli), currency)
		}
	}
	return nil
}
