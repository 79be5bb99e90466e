package config

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"bongsu/notifier"
)

// channel is a way to people as it is written: with a list of gateways, or,
// where the kind of the channel is itself the kind of its only gateway, with
// that gateway's settings in its place.
type channel struct {
	ID       string         `yaml:"id" must:"required id" doc:"What plans and routes refer to."`
	Kind     string         `yaml:"kind" must:"required" doc:"What it carries: sms, alimtalk, line, email, webpush, webhook, statuspage, or a kind of gateway with one fixed recipient, such as slack."`
	Follows  string         `yaml:"follows" doc:"The component it depends on: judged not operational, the channel is skipped."`
	Domains  []string       `yaml:"domains" must:"id" doc:"The failure domains it stands in."`
	Target   string         `yaml:"channel" must:"max=200" doc:"The one recipient of a channel that has one, such as \"#outages\"."`
	DailyCap notifier.Money `yaml:"daily_cap" doc:"What a day may cost. Over it sending stops and the operator is asked."`
	// PerPerson and Duplicates bound what one person gets.
	PerPerson  Rate      `yaml:"per_person" doc:"At most so many notices for one person: 20/day. Over it they are spared updates and digests, never first words or the end."`
	Duplicates Percent   `yaml:"duplicates" doc:"How many of a notice's people may turn out to have heard twice before nobody more is rescued from a gateway judged dead: 5% by default."`
	Gateways   []gateway `yaml:"gateways" must:"min=1 max=15" doc:"Who hands over: tried in order, or by weight."`

	inline *gateway
}

// gateway is one gateway of a channel as it is written: common keys, and the
// settings of its kind beside them.
type gateway struct {
	Kind  string         `yaml:"kind" must:"required" doc:"Who hands over: twilio, nhn, line, smtp …"`
	Rate  Rate           `yaml:"rate" doc:"At most so many messages: 100/s. No limit if left out."`
	Price notifier.Money `yaml:"price" doc:"What one part of a text costs."`
	// PriceLong is of an LMS; a gateway of other things has no use for it.
	Weight  int      `yaml:"weight" must:"min=0 max=1000" doc:"Its part of the channel's messages against the others'. Without weights the first that works takes all; with them, one without stands by."`
	PerDay  int      `yaml:"per_day" must:"min=0" doc:"At most so many messages a day, as a sender number may be allowed. No limit if left out."`
	Domains []string `yaml:"domains" must:"id" doc:"The failure domains it stands in besides the channel's."`

	Codes map[string]string `yaml:"codes" doc:"What refusals with these codes mean, in place of this program's table of the vendor's codes: ours, theirs, suppress, again or unknown."`

	PriceLong notifier.Money `yaml:"price_long" doc:"What a long text (LMS) costs; of a gateway that counts parts, one of them. As price if left out."`

	class    notifier.Class
	parts    bool
	settings notifier.Settings // nil if it could not be read
}

// Channel is a way to people whose gateways are yet to be opened.
type Channel struct {
	ID       string
	Kind     string // as written: sms, alimtalk, slack
	Class    notifier.Class
	Follows  string // id of a component, or empty
	Domains  []string
	Target   string         // the one fixed recipient, or empty
	DailyCap notifier.Money // zero: no cap
	// PerPerson is how many notices a day somebody gets by it; 0: no limit.
	PerPerson  int
	Duplicates float64 // as [notifier.Channel.Duplicates]
	Gateways   []Gateway
}

// Gateway is the settings of one gateway.
type Gateway struct {
	Name      string // "sms/twilio", unique
	Kind      string
	Rate      float64 // messages a second; 0 is no limit
	Price     notifier.Money
	PriceLong notifier.Money // zero: as Price
	Parts     bool           // as [notifier.Route.Parts]
	Weight    int            // as [notifier.Route.Weight]
	PerDay    int            // most messages a day; 0: no limit
	Domains   []string
	Codes     map[string]notifier.Meaning
	Settings  notifier.Settings
}

// defaultDuplicates is the budget of a channel that says nothing.
const defaultDuplicates = 0.05

// classes of channels that may have any gateway of the class.
var channelClasses = map[string]notifier.Class{
	"sms":        notifier.ClassSMS,
	"alimtalk":   notifier.ClassAlimTalk,
	"line":       notifier.ClassMessenger,
	"email":      notifier.ClassMail,
	"webpush":    notifier.ClassPush,
	"webhook":    notifier.ClassWebhook,
	"statuspage": notifier.ClassStatuspage,
}

// read takes the keys of a channel, and what is left for a gateway in its
// place.
func (x *channel) read(r *reader, n *node) {
	if n.form != table {
		r.complain(n.place, "is %s; write a table with id, kind and gateways", n.form)
		return
	}
	v := reflect.ValueOf(x).Elem()
	fields := r.fieldsOf(v.Type())
	r.decodeFields(n, v, fields)
	rest := &node{place: n.place, form: table}
	for _, e := range n.entries {
		if e.key == "kind" || !hasField(fields, e.key) {
			rest.entries = append(rest.entries, e)
		}
	}
	if _, known := r.gatewayKind(x.Kind); known && channelClasses[x.Kind] == "" && n.get("gateways") == nil {
		x.inline = &gateway{}
		x.inline.readWith(r, rest, names(fields))
		return
	}
	for _, e := range rest.entries {
		if e.key != "kind" {
			r.unknown(e, names(fields))
		}
	}
	if x.Kind == "" {
		return
	}
	if class := r.classOf(x.Kind); class == "" {
		r.complain(n.get("kind").place, "channels of kind %s are not built in this version%s", quoted(x.Kind), suggest(x.Kind, r.channelKinds()))
	} else if n.get("gateways") == nil {
		at := n.place
		at.path = join(at.path, "gateways")
		r.complain(at, "missing; write at least one gateway")
	}
}

func (g *gateway) read(r *reader, n *node) { g.readWith(r, n, nil) }

// readWith reads a gateway whose table may also have had the given keys, which
// only serve to suggest.
func (g *gateway) readWith(r *reader, n *node, others []string) {
	if n.form != table {
		r.complain(n.place, "is %s; write a table with kind and its settings", n.form)
		return
	}
	v := reflect.ValueOf(g).Elem()
	fields := r.fieldsOf(v.Type())
	r.decodeFields(n, v, fields)
	kind, ok := r.gatewayKind(g.Kind)
	if !ok {
		if g.Kind != "" {
			r.complain(n.get("kind").place, "no gateway of kind %s in this version%s", quoted(g.Kind), suggest(g.Kind, r.gatewayKinds()))
		}
		return
	}
	g.class, g.parts, g.settings = kind.Class, kind.Parts, kind.New()
	r.references = true
	r.settings(n, g.settings, append(others, names(fields)...), names(fields)...)
	r.references = false
	for _, p := range g.settings.Problems() {
		key, _, _ := strings.Cut(p.Path, ".")
		if r.envOfOthers() == nil && n.get(key) == nil {
			continue // it may follow from a value that is not looked up
		}
		r.complain(n.placeOf(p.Path), "%s", p.Text)
	}
}

func (r *reader) gatewayKind(name string) (notifier.GatewayKind, bool) {
	for _, k := range r.options.Kinds.Gateways {
		if k.Kind == name {
			return k, true
		}
	}
	return notifier.GatewayKind{}, false
}

func (r *reader) gatewayKinds() []string {
	var kinds []string
	for _, k := range r.options.Kinds.Gateways {
		kinds = append(kinds, k.Kind)
	}
	return kinds
}

// channelKinds lists what a channel may be: a class that has a gateway, or a
// gateway that stands for its own class.
func (r *reader) channelKinds() []string {
	var kinds []string
	for _, k := range r.options.Kinds.Gateways {
		kind := k.Kind
		for name, class := range channelClasses {
			if class == k.Class {
				kind = name
			}
		}
		if !slices.Contains(kinds, kind) {
			kinds = append(kinds, kind)
		}
	}
	return kinds
}

// classOf is the class of a kind of channel, empty if this version has none.
func (r *reader) classOf(kind string) notifier.Class {
	if !slices.Contains(r.channelKinds(), kind) {
		return ""
	}
	if class := channelClasses[kind]; class != "" {
		return class
	}
	k, _ := r.gatewayKind(kind)
	return k.Class
}

// checkChannels turns what is written into channels.
func (c *checker) checkChannels() []Channel {
	var channels []Channel
	for i := range c.doc.Channels {
		x := &c.doc.Channels[i]
		c.refer(&x.Follows, "component", c.components)
		c.checkDistinct(x.Domains)
		channels = append(channels, c.channel(x))
	}
	return channels
}

func (c *checker) channel(x *channel) Channel {
	out := Channel{
		ID: x.ID, Kind: x.Kind, Class: c.classOf(x.Kind), Follows: x.Follows,
		Domains: x.Domains, Target: x.Target, DailyCap: x.DailyCap, PerPerson: x.PerPerson.Count, Duplicates: defaultDuplicates,
	}
	if c.written(&x.Duplicates) {
		out.Duplicates = float64(x.Duplicates)
	}
	if x.PerPerson.Count > 0 && x.PerPerson.Per != 24*time.Hour {
		c.complain(c.at(&x.PerPerson), "is not counted by days; write it like 20/day")
	}
	if out.Class == notifier.ClassChat && x.Target == "" {
		c.complain(c.atOr(&x.Target, x, "channel"), "missing; write where its messages go, like \"#outages\"")
	}
	if out.Class != notifier.ClassChat && x.Target != "" {
		c.complain(c.at(&x.Target), "%s goes to subscribers and has no fixed recipient; leave it out", x.Kind)
	}
	for i, g := range x.all() {
		c.checkGateway(x, out.Class, g)
		out.Gateways = append(out.Gateways, Gateway{
			Name: x.gatewayName(i), Kind: g.Kind, Rate: g.Rate.PerSecond(), Price: g.Price, PriceLong: g.PriceLong, Parts: g.parts, Settings: g.settings,
			Weight: g.Weight, PerDay: g.PerDay, Domains: g.Domains, Codes: c.codes(g),
		})
	}
	return out
}

// all is every gateway of the channel, written in its list or in its place.
func (x *channel) all() []*gateway {
	gateways := make([]*gateway, 0, len(x.Gateways)+1)
	for i := range x.Gateways {
		gateways = append(gateways, &x.Gateways[i])
	}
	if x.inline != nil {
		gateways = append(gateways, x.inline)
	}
	return gateways
}

// gatewayName is the name of a gateway by its place: the channel and its kind,
// with a number from the second of the kind on.
func (x *channel) gatewayName(place int) string {
	all := x.all()
	same := 0
	for _, g := range all[:place+1] {
		if g.Kind == all[place].Kind {
			same++
		}
	}
	name := x.ID + "/" + all[place].Kind
	if same > 1 {
		name = fmt.Sprintf("%s-%d", name, same)
	}
	return name
}

func (c *checker) checkGateway(x *channel, class notifier.Class, g *gateway) {
	if g.class != "" && class != "" && g.class != class {
		c.complain(c.at(&g.Kind), "%s carries %s, and the channel is %s; move it to a channel of its own", g.Kind, g.class, x.Kind)
	}
	c.checkDistinct(g.Domains)
	limit := x.DailyCap.Currency
	switch {
	case limit == "" || g.settings == nil:
	case g.Price.Currency == "":
		c.complain(c.atOr(&g.Price, g, "price"), "missing; the channel's daily_cap can not be kept without it; write what one part of a text costs, like 20 %s", limit)
	case g.Price.Currency != limit:
		c.complain(c.at(&g.Price), "is in %s and the channel's daily_cap in %s; write both in one currency", g.Price.Currency, limit)
	}
	if g.PriceLong.Currency != "" && g.PriceLong.Currency != g.Price.Currency {
		c.complain(c.at(&g.PriceLong), "is in %s, and price in %s; write both in one currency", g.PriceLong.Currency, cmp.Or(g.Price.Currency, "none"))
	}
}
