package config

import (
	"slices"
	"strings"
	"time"

	"bongsu/notifier"
	"bongsu/status"
)

// hop is one step of a plan.
type hop struct {
	Channel string        `yaml:"channel" must:"required" doc:"The id of a channel."`
	Wait    time.Duration `yaml:"wait" must:"min=1s max=24h" doc:"How long to wait for until before the next hop. The last hop waits for nothing."`
	Until   string        `yaml:"until" must:"one=accepted|sent|delivered" doc:"What counts as success. Delivered by default."`
	Long    bool          `yaml:"long" doc:"Send a long text (LMS) in place of an SMS, at the gateways' price_long."`
}

// route says who hears what, and by which way.
type route struct {
	Audience string       `yaml:"audience" must:"required one=subscribers|operators" doc:"Who hears."`
	Plan     string       `yaml:"plan" doc:"The id of a plan."`
	Channel  string       `yaml:"channel" doc:"The id of a channel, in place of a plan with that alone."`
	Waive    []string     `yaml:"waive" must:"id" doc:"Failure domains whose failure may leave this audience with no way: a known gap, taken on purpose."`
	AtLeast  status.State `yaml:"at_least" must:"one=degraded_performance|partial_outage|major_outage" doc:"The least state that is told: partial_outage by default, degraded_performance for operators."`
}

// The audiences.
const (
	subscribers = "subscribers"
	operators   = "operators"
)

// impliedPlan is the id of the plan that a route with a channel stands for. A
// plan of the file can not have it: ids have no colon.
func impliedPlan(channel string) string { return "channel:" + channel }

// checkRoutes checks the plans and turns them, and the routes, into what the
// notifier goes by.
func (c *checker) checkRoutes() (map[string][]notifier.Hop, []notifier.Audience) {
	plans := make(map[string][]notifier.Hop, len(c.doc.Plans))
	for _, id := range sortedKeys(c.doc.Plans) {
		plans[id] = c.plan(id, c.doc.Plans[id])
	}
	var audiences []notifier.Audience
	taken := ids{}
	for i := range c.doc.Routes {
		x := &c.doc.Routes[i]
		a := notifier.Audience{Audience: x.Audience, Plan: c.planOf(x), AtLeast: x.threshold()}
		if a.Plan == "" {
			continue
		}
		if x.Channel != "" {
			plans[a.Plan] = []notifier.Hop{{Channel: x.Channel, Until: notifier.Accepted}}
		}
		if x.Audience == subscribers {
			c.checkReachable(x, plans[a.Plan])
		}
		c.checkPaths(x, plans[a.Plan])
		key := a.Audience + " " + a.Plan
		if first, twice := taken[key]; twice {
			c.complain(c.at(x), "the same audience by the same way as in line %d; keep one", first.line)
		}
		taken[key] = c.at(x)
		audiences = append(audiences, a)
	}
	return plans, audiences
}

// threshold is the least state that a route tells.
func (x *route) threshold() status.State {
	switch {
	case x.AtLeast != status.Unknown:
		return x.AtLeast
	case x.Audience == operators:
		return status.DegradedPerformance
	default:
		return status.PartialOutage
	}
}

// planOf is the id of a route's plan, written or implied; empty if there is
// none, which it has said.
func (c *checker) planOf(x *route) string {
	switch {
	case x.Plan != "" && x.Channel != "":
		c.complain(c.at(&x.Channel), "a plan and a channel; keep one")
	case x.Plan != "":
		c.refer(&x.Plan, "plan", c.plans)
		return x.Plan
	case x.Channel != "":
		c.refer(&x.Channel, "channel", c.channels)
		return impliedPlan(x.Channel)
	default:
		c.complain(c.atOr(&x.Plan, x, "plan"), "missing; write plan or channel with an id")
	}
	return ""
}

// checkReachable demands that every hop of a plan for subscribers can reach
// one.
func (c *checker) checkReachable(x *route, hops []notifier.Hop) {
	for _, h := range hops {
		if ch := c.channelByID(h.Channel); ch != nil && c.classOf(ch.Kind) == notifier.ClassChat {
			at := c.at(&x.Plan)
			if x.Channel != "" {
				at = c.at(&x.Channel)
			}
			c.complain(at, "channel %s always goes to %s, not to subscribers; write operators, or another way", ch.ID, quoted(ch.Target))
		}
	}
}

func (c *checker) channelByID(id string) *channel {
	for i := range c.doc.Channels {
		if c.doc.Channels[i].ID == id {
			return &c.doc.Channels[i]
		}
	}
	return nil
}

// plan checks the hops of a plan.
func (c *checker) plan(id string, hops []hop) []notifier.Hop {
	at := c.keys[keyOf{&c.doc.Plans, id}]
	if !idForm.MatchString(id) {
		c.complain(at, "%s is not an id; write lower-case letters, digits and hyphens, at most 63", quoted(id))
	}
	if hops != nil && len(hops) == 0 {
		c.complain(at, "has no hop; write at least {channel: …}")
	}
	var out []notifier.Hop
	var taken []string
	for i := range hops {
		x := &hops[i]
		c.refer(&x.Channel, "channel", c.channels)
		if x.Channel != "" && slices.Contains(taken, x.Channel) {
			c.complain(c.at(&x.Channel), "%s twice in one plan; keep one", quoted(x.Channel))
		}
		taken = append(taken, x.Channel)
		h := notifier.Hop{Channel: x.Channel, Wait: x.Wait, Until: untils[x.Until], Long: x.Long}
		if i == len(hops)-1 {
			h.Wait = 0 // nothing comes after it
		} else if !c.written(&x.Wait) {
			c.complain(c.atOr(&x.Wait, x, "wait"), "missing; write how long to wait before the next hop, like 60s")
		}
		c.checkLong(x)
		out = append(out, h)
	}
	if !c.routed(id) {
		c.checkDisjoint(at, hops)
	}
	return out
}

// checkLong demands that long texts go by SMS gateways, and that their price is
// known where the channel's daily_cap is to be kept.
func (c *checker) checkLong(x *hop) {
	ch := c.channelByID(x.Channel)
	if !x.Long || ch == nil {
		return
	}
	if class := c.classOf(ch.Kind); class != "" && class != notifier.ClassSMS {
		c.complain(c.at(&x.Long), "channel %s is %s, and only SMS has a long form; leave it out", ch.ID, ch.Kind)
		return
	}
	for i := range ch.Gateways {
		g := &ch.Gateways[i]
		if ch.DailyCap.Currency != "" && g.PriceLong.Currency == "" {
			c.complain(c.atOr(&g.PriceLong, g, "price_long"), "missing; a plan sends long texts by it and the channel has a daily_cap; write what one costs, like 50 %s", ch.DailyCap.Currency)
		}
	}
}

var untils = map[string]notifier.Rank{
	"":          notifier.Delivered,
	"accepted":  notifier.Accepted,
	"sent":      notifier.Sent,
	"delivered": notifier.Delivered,
}

// checkDisjoint demands that no single failure domain takes every hop of a plan
// away that no route uses: apps may.
func (c *checker) checkDisjoint(at place, hops []hop) {
	if len(hops) < 2 {
		return
	}
	var shared []string
	for i := range hops {
		ch := c.channelByID(hops[i].Channel)
		if ch == nil {
			return
		}
		domains := c.domainsOf(ch)
		if i == 0 {
			shared = domains
		}
		shared = slices.DeleteFunc(shared, func(d string) bool { return !slices.Contains(domains, d) })
	}
	if len(shared) > 0 {
		c.complain(at, "every hop stands in %s; write one that does not", strings.Join(shared, ", "))
	}
}

func (c *checker) componentByID(id string) *component {
	for i := range c.doc.Components {
		if id != "" && c.doc.Components[i].ID == id {
			return &c.doc.Components[i]
		}
	}
	return nil
}
