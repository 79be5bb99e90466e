package config

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"bongsu/notifier"
)

// channel is a way to people as it is written: with a list of gateways, or,
// where the kind of the channel is itself the kind of its only gateway, with
// that gateway's settings in its place.
type channel struct {
	ID       string         `yaml:"id" must:"required id" doc:"What plans and routes refer to."`
	Kind     string         `yaml:"kind" must:"required" doc:"What it carries: sms, alimtalk, or a kind of gateway with one fixed recipient, such as slack."`
	Follows  string         `yaml:"follows" doc:"The component it depends on: judged not operational, the channel is skipped."`
	Domains  []string       `yaml:"domains" must:"id" doc:"The failure domains it stands in."`
	Target   string         `yaml:"channel" must:"max=200" doc:"The one recipient of a channel that has one, such as \"#outages\"."`
	DailyCap notifier.Money `yaml:"daily_cap" doc:"What a day may cost. Over it sending stops and the operator is asked."`
	Gateways []gateway      `yaml:"gateways" must:"min=1" doc:"Who hands over, tried in order."`

	inline *gateway
}

// gateway is one gateway of a channel as it is written: common keys, and the
// settings of its kind beside them.
type gateway struct {
	Kind  string         `yaml:"kind" must:"required" doc:"Who hands over: twilio, nhn."`
	Rate  Rate           `yaml:"rate" doc:"At most so many messages: 100/s. No limit if left out."`
	Price notifier.Money `yaml:"price" doc:"What one part of a text costs."`

	class    notifier.Class
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
	Gateways []Gateway
}

// Gateway is the settings of one gateway.
type Gateway struct {
	Name     string // "sms/twilio", unique
	Kind     string
	Rate     float64 // messages a second; 0 is no limit
	Price    notifier.Money
	Settings notifier.Settings
}

// classes of channels that may have any gateway of the class.
var channelClasses = map[string]notifier.Class{
	"sms":      notifier.ClassSMS,
	"alimtalk": notifier.ClassAlimTalk,
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
	g.class, g.settings = kind.Class, kind.New()
	r.references = true
	r.settings(n, g.settings, append(others, names(fields)...), names(fields)...)
	r.references = false
	for _, p := range g.settings.Problems() {
		key, _, _ := strings.Cut(p.Path, ".")
		if r.options.Env == nil && n.get(key) == nil {
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
		Domains: x.Domains, Target: x.Target, DailyCap: x.DailyCap,
	}
	if out.Class == notifier.ClassChat && x.Target == "" {
		c.complain(c.atOr(&x.Target, x, "channel"), "missing; write where its messages go, like \"#outages\"")
	}
	if out.Class != notifier.ClassChat && x.Target != "" {
		c.complain(c.at(&x.Target), "%s goes to subscribers and has no fixed recipient; leave it out", x.Kind)
	}
	gateways := make([]*gateway, 0, len(x.Gateways)+1)
	for i := range x.Gateways {
		gateways = append(gateways, &x.Gateways[i])
	}
	if x.inline != nil {
		gateways = append(gateways, x.inline)
	}
	taken := make(map[string]int, len(gateways))
	for _, g := range gateways {
		c.checkGateway(x, out.Class, g)
		name := x.ID + "/" + g.Kind
		if taken[name]++; taken[name] > 1 {
			name = fmt.Sprintf("%s-%d", name, taken[name])
		}
		out.Gateways = append(out.Gateways, Gateway{
			Name: name, Kind: g.Kind, Rate: g.Rate.PerSecond(), Price: g.Price, Settings: g.settings,
		})
	}
	return out
}

func (c *checker) checkGateway(x *channel, class notifier.Class, g *gateway) {
	if g.class != "" && class != "" && g.class != class {
		c.complain(c.at(&g.Kind), "%s carries %s, and the channel is %s; move it to a channel of its own", g.Kind, g.class, x.Kind)
	}
	limit := x.DailyCap.Currency
	switch {
	case limit == "" || g.settings == nil:
	case g.Price.Currency == "":
		c.complain(c.atOr(&g.Price, g, "price"), "missing; the channel's daily_cap can not be kept without it; write what one part of a text costs, like 20 %s", limit)
	case g.Price.Currency != limit:
		c.complain(c.at(&g.Price), "is in %s and the channel's daily_cap in %s; write both in one currency", g.Price.Currency, limit)
	}
}
