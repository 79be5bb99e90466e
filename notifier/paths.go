package notifier

import (
	"slices"
	"strings"
	"time"

	"bongsu/status"
)

// Path is one way to people: a gateway of a channel, and everything that takes
// it away when it fails.
type Path struct {
	Channel string
	Gateway string
	Domains []string // of the channel, of what it follows and that needs, of the gateway
	Needs   []string // components: the one that the channel follows, and those which that can not do without
}

// stands says whether the path is there when that fails: a failure domain or a
// component.
func (p *Path) stands(failed string) bool {
	return !slices.Contains(p.Domains, failed) && !slices.Contains(p.Needs, failed)
}

// Left is which channels are left when something fails, in the order of the
// paths.
func Left(paths []Path, failed string) []string {
	var left []string
	for i := range paths {
		if p := &paths[i]; p.stands(failed) && !slices.Contains(left, p.Channel) {
			left = append(left, p.Channel)
		}
	}
	return left
}

// Exposure is what the failure of one domain leaves of a way to an audience.
type Exposure struct {
	Domain string
	Left   []string // channels
}

// Prove fails every failure domain of the paths in turn and gives those that
// leave at most one channel, by name.
func Prove(paths []Path) []Exposure {
	var domains []string
	for i := range paths {
		domains = append(domains, paths[i].Domains...)
	}
	slices.Sort(domains)
	var found []Exposure
	for _, d := range slices.Compact(domains) {
		if left := Left(paths, d); len(left) < 2 {
			found = append(found, Exposure{Domain: d, Left: left})
		}
	}
	return found
}

// Crowd is people who are alike to a rehearsal.
type Crowd struct {
	Plan   string
	Lang   string
	Kinds  []string // of address that may be used
	People int64

	AtLeast status.State // they are told from this on; Unknown: from wherever the route begins
	Wishes  Wishes
}

// Heard is how many of an audience hear by a channel if something fails.
type Heard struct {
	Audience string        `json:"audience"`
	Plan     string        `json:"plan"`
	Channel  string        `json:"channel"` // empty: nobody reaches them
	Gateways []string      `json:"gateways,omitempty"`
	People   int64         `json:"people"`
	Seconds  float64       `json:"seconds"` // until the last has been handed over; 0: no rate is configured
	Costs    []MoneyAmount `json:"costs,omitempty"`
	Why      string        `json:"why,omitempty"` // they hear nothing
}

// MoneyAmount is money in a report.
type MoneyAmount struct {
	Milli    int64  `json:"milli"`
	Currency string `json:"currency"`
}

// Town is what a rehearsal is of.
type Town struct {
	Channels  []Channel
	Paths     map[string][]Path // by channel
	Plans     map[string][]Hop
	Audiences []Audience
	// Texts are the first words of the failure in a language and class, as people
	// on a plan would get them; nil or none: one piece is reckoned with.
	Texts func(plan, lang string, class Class) []Text
}

// Rehearse says who would hear if something failed: a component or a failure
// domain. Each person goes the first way of their plan that is left; nothing is
// sent. Costs are those of the first words, by the first gateway that is left.
func (t *Town) Rehearse(failed string, crowds []Crowd) []Heard {
	r := rehearsal{town: t, failed: failed}
	for _, a := range t.Audiences {
		if a.Audience == "operators" {
			r.send(a, Crowd{Plan: a.Plan, People: 1}, func(c *Channel) bool { return c.Target != "" })
			continue
		}
		for _, crowd := range crowds {
			if crowd.Plan == a.Plan {
				r.send(a, crowd, func(c *Channel) bool { return c.Target == "" && slices.Contains(crowd.Kinds, c.Kind) })
			}
		}
	}
	r.time()
	return r.heard
}

type rehearsal struct {
	town   *Town
	failed string
	heard  []Heard
}

func (r *rehearsal) send(a Audience, crowd Crowd, reaches func(*Channel) bool) {
	why := "no address of a kind that the plan uses"
	for _, hop := range r.town.Plans[a.Plan] {
		c := r.town.channel(hop.Channel)
		if c == nil || !reaches(c) {
			continue
		}
		routes := r.routes(c)
		if len(routes) == 0 {
			why = "every way that reaches them fails with it"
			continue
		}
		class := hop.Class(c.Class)
		cost := r.cost(&routes[0], a.Plan, crowd.Lang, class).Times(crowd.People)
		r.add(Heard{Audience: a.Audience, Plan: a.Plan, Channel: c.ID, Gateways: namesOf(routes), People: crowd.People}, cost)
		return
	}
	r.add(Heard{Audience: a.Audience, Plan: a.Plan, People: crowd.People, Why: why}, Money{})
}

// cost is what the first words come to for one person.
func (r *rehearsal) cost(route *Route, plan, lang string, class Class) Money {
	var texts []Text
	if r.town.Texts != nil {
		texts = r.town.Texts(plan, lang, class)
	}
	if len(texts) == 0 {
		texts = []Text{{Class: class, Lang: lang, Segments: 1, Parts: 1}}
	}
	sum := Money{}
	for i := range texts {
		one := route.Charge(&texts[i])
		sum = Money{Milli: sum.Milli + one.Milli, Currency: one.Currency}
	}
	return sum
}

// routes are the gateways of a channel that are left.
func (r *rehearsal) routes(c *Channel) []Route {
	return slices.DeleteFunc(inOrder(c.Gateways), func(g Route) bool {
		return !slices.ContainsFunc(r.town.Paths[c.ID], func(p Path) bool { return p.Gateway == g.Name && p.stands(r.failed) })
	})
}

func namesOf(routes []Route) []string {
	var names []string
	for i := range routes {
		names = append(names, routes[i].Name)
	}
	return names
}

func (t *Town) channel(id string) *Channel {
	for i := range t.Channels {
		if t.Channels[i].ID == id {
			return &t.Channels[i]
		}
	}
	return nil
}

// add puts people with those who go the same way.
func (r *rehearsal) add(h Heard, cost Money) {
	i := slices.IndexFunc(r.heard, func(o Heard) bool {
		return o.Audience == h.Audience && o.Plan == h.Plan && o.Channel == h.Channel && o.Why == h.Why
	})
	if i < 0 {
		i = len(r.heard)
		r.heard = append(r.heard, Heard{Audience: h.Audience, Plan: h.Plan, Channel: h.Channel, Gateways: h.Gateways, Why: h.Why})
	}
	r.heard[i].People += h.People
	if cost.Currency == "" {
		return
	}
	for k := range r.heard[i].Costs {
		if r.heard[i].Costs[k].Currency == cost.Currency {
			r.heard[i].Costs[k].Milli += cost.Milli
			return
		}
	}
	r.heard[i].Costs = append(r.heard[i].Costs, MoneyAmount(cost))
}

// time says how long each channel takes: whoever uses it shares its rate.
func (r *rehearsal) time() {
	people := map[string]int64{}
	for _, h := range r.heard {
		people[h.Channel] += h.People
	}
	for i := range r.heard {
		h := &r.heard[i]
		c := r.town.channel(h.Channel)
		if c == nil {
			continue
		}
		total, bound := 0.0, true
		for _, g := range r.routes(c) {
			total, bound = total+g.Rate, bound && g.Rate > 0
		}
		if bound && total > 0 {
			h.Seconds = float64(people[h.Channel]) / total
		}
	}
	slices.SortStableFunc(r.heard, func(a, b Heard) int { return strings.Compare(a.Audience+" "+a.Plan, b.Audience+" "+b.Plan) })
}

// Took is Seconds as a duration.
func (h *Heard) Took() time.Duration { return time.Duration(h.Seconds * float64(time.Second)) }
