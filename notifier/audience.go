package notifier

import (
	"cmp"
	"slices"
	"time"

	"bongsu/status"
)

// Told is how many people of one language would be told of a notice by one
// way, in which text, at what cost.
type Told struct {
	Audience, Plan string
	Lang           string // of the people; the text may be in another, if there is none in theirs
	Channel        string // empty: nobody reaches them
	Class          Class
	Text           int // index of the notice's text; -1: it has none for them
	People         int64
	Waiting        int64    // of those, who are left alone until their quiet hours are over
	Passed         []string // channels that reach them too and carry nothing now
	Gateways       []string
	Each, Cost     Money // by the first gateway; without a currency where no price is known
}

// Telling is what a notice would come to.
type Telling struct {
	Told   []Told
	Spared int64 // they are on the route, and it is not what they asked to hear of
	Asleep int64 // their quiet hours last longer than it is worth telling
}

// Tell says who would be told of a notice if it went out at now, by which way
// of their plan. Blocked says why a channel carries nothing, or nothing itself.
// An end goes to those who heard the beginning: of them, this is the most.
func (t *Town) Tell(n *Notice, crowds []Crowd, blocked func(channel string) string, now time.Time) Telling {
	teller := teller{town: t, notice: n, blocked: blocked, now: now}
	if n.Audience == "operators" {
		teller.add(t.Plans[n.Plan], &Crowd{People: 1}, func(c *Channel) bool { return c.Target != "" })
		return teller.Telling
	}
	route := t.threshold(n)
	for i := range crowds {
		c := &crowds[i]
		switch {
		case c.Plan != n.Plan:
		case !n.Hears(route, c.AtLeast) || !c.Wishes.Want(n.About):
			teller.Spared += c.People
		case !worthTelling(n, c, now):
			teller.Asleep += c.People
		default:
			own := OwnPlan(t.Plans[n.Plan], InOrder(c.Kinds, c.Wishes.Order), t.kind)
			teller.add(own, c, func(ch *Channel) bool { return ch.Target == "" && slices.Contains(c.Kinds, ch.Kind) })
		}
	}
	slices.SortStableFunc(teller.Told, func(a, b Told) int {
		return cmp.Or(teller.place(a.Channel)-teller.place(b.Channel), cmp.Compare(b.People, a.People), cmp.Compare(a.Lang, b.Lang))
	})
	return teller.Telling
}

func worthTelling(n *Notice, c *Crowd, now time.Time) bool {
	_, worth := n.Leaves(&c.Wishes, now)
	return worth
}

// threshold is from what on the notice's route tells.
func (t *Town) threshold(n *Notice) status.State {
	for _, a := range t.Audiences {
		if a.Audience == n.Audience && a.Plan == n.Plan {
			return a.AtLeast
		}
	}
	return status.Unknown
}

func (t *Town) kind(channel string) string {
	if c := t.channel(channel); c != nil {
		return c.Kind
	}
	return ""
}

type teller struct {
	Telling

	town    *Town
	notice  *Notice
	blocked func(channel string) string
	now     time.Time
}

// place is where a channel stands in the notice's plan; who is reached by none
// comes last.
func (r *teller) place(channel string) int {
	hops := r.town.Plans[r.notice.Plan]
	if i := slices.IndexFunc(hops, func(h Hop) bool { return h.Channel == channel }); i >= 0 {
		return i
	}
	return len(hops)
}

// add puts people on the first way of a plan that reaches them and is free, or
// on the first of all if none is: they wait there.
func (r *teller) add(plan []Hop, c *Crowd, reaches func(*Channel) bool) {
	way, passed := -1, []string(nil)
	for i, hop := range plan {
		channel := r.town.channel(hop.Channel)
		if channel == nil || !reaches(channel) {
			continue
		}
		if r.blocked(hop.Channel) == "" {
			way = i
			break
		}
		passed = append(passed, hop.Channel)
	}
	if way < 0 && len(passed) > 0 {
		way, passed = slices.IndexFunc(plan, func(h Hop) bool { return h.Channel == passed[0] }), nil
	}
	told := Told{Audience: r.notice.Audience, Plan: r.notice.Plan, Lang: c.Lang, Text: -1, People: c.People, Passed: passed}
	if way >= 0 {
		r.word(&told, plan[way])
	}
	if at, _ := r.notice.Leaves(&c.Wishes, r.now); at.After(r.now) {
		told.Waiting = c.People
	}
	r.merge(told)
}

// word finds the text that goes by a hop, and what it costs there.
func (r *teller) word(told *Told, hop Hop) {
	channel := r.town.channel(hop.Channel)
	told.Channel, told.Class = hop.Channel, hop.Class(channel.Class)
	text, ok := r.notice.TextFor(told.Class, told.Lang)
	if !ok {
		return
	}
	told.Text = slices.IndexFunc(r.notice.Texts, func(t Text) bool { return t.Class == text.Class && t.Lang == text.Lang })
	routes := inOrder(channel.Gateways)
	told.Gateways = namesOf(routes)
	if len(routes) > 0 {
		told.Each = routes[0].Charge(&text)
		told.Cost = told.Each.Times(told.People)
	}
}

// merge puts people with those who hear the same words by the same way.
func (r *teller) merge(told Told) {
	i := slices.IndexFunc(r.Told, func(o Told) bool {
		return o.Channel == told.Channel && o.Class == told.Class && o.Lang == told.Lang && slices.Equal(o.Passed, told.Passed)
	})
	if i < 0 {
		r.Told = append(r.Told, told)
		return
	}
	r.Told[i].People += told.People
	r.Told[i].Waiting += told.Waiting
	r.Told[i].Cost.Milli += told.Cost.Milli
}

// Takes is how long each channel takes to hand over so many people, at the
// rates that are configured; channels without a rate are left out.
func (t *Town) Takes(people map[string]int64) map[string]time.Duration {
	takes := map[string]time.Duration{}
	for id, n := range people {
		c := t.channel(id)
		if c == nil || n == 0 {
			continue
		}
		rate, bound := 0.0, true
		for i := range c.Gateways {
			rate, bound = rate+c.Gateways[i].Rate, bound && c.Gateways[i].Rate > 0
		}
		if bound && rate > 0 {
			takes[id] = time.Duration(float64(n) / rate * float64(time.Second))
		}
	}
	return takes
}
