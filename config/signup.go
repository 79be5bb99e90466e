package config

import (
	"errors"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Signup says how people may sign up: each kind of address by itself. One that
// is left out is not offered.
type Signup struct {
	SMS        *NumberSignup `yaml:"sms" doc:"Sign-up with a mobile number, proven by a code in a text."`
	Email      *MailSignup   `yaml:"email" doc:"Sign-up with a mail address, proven by a link or a code in a mail."`
	LINE       *LINESignup   `yaml:"line" doc:"Sign-up by LINE: the page shows a code, which is sent to the bot."`
	WebPush    *OwnSignup    `yaml:"webpush" doc:"Sign-up of a browser, proven by a notification."`
	Webhook    *URLSignup    `yaml:"webhook" doc:"Sign-up of a machine that takes our JSON, proven by a challenge."`
	Statuspage *URLSignup    `yaml:"statuspage" doc:"Sign-up of a machine that takes JSON as Statuspage sends it, proven by a challenge."`

	offers []Offer
}

// Offers are the kinds of address that people may sign up with, in the order in
// which the page shows them.
func (s *Signup) Offers() []Offer { return slices.Clone(s.offers) }

// Offer is a kind of address that people may sign up with, and what that may
// send: every rate of a cap holds by itself.
type Offer struct {
	Kind       string   // a channel's
	Countries  []string // of numbers
	Also       []string // other kinds of address that the same proof is good for
	PerAddress []Rate
	PerNetwork []Rate // of visitors
	PerArea    []Rate // a number's country, a mailbox's domain, a URL's host
	InAll      []Rate
	Channel    string // id of the channel that carries the codes: the first of the kind
	Plan       string // of who signs up: that of the first route for subscribers with the channel
}

// NumberSignup bounds sign-up with a mobile number.
type NumberSignup struct {
	Countries  []string `yaml:"countries" must:"required min=1" doc:"Countries whose numbers may sign up, as two letters: KR."`
	PerNumber  Rates    `yaml:"per_number" must:"required" doc:"Codes for one number: 3/day, or several at once: 2/hour, 3/day."`
	PerNetwork Rates    `yaml:"per_network" must:"required" doc:"Codes for one network of visitors: 5/hour."`
	PerCountry Rates    `yaml:"per_country" doc:"Codes for the numbers of one country: 500/hour."`
	InAll      Rates    `yaml:"in_all" must:"required" doc:"Codes in all: 1000/day."`
	AlimTalk   bool     `yaml:"alimtalk" doc:"Who proves a number is reached by AlimTalk there too, where the plan has it."`
}

// MailSignup bounds sign-up with a mail address.
type MailSignup struct {
	PerAddress Rates `yaml:"per_address" must:"required" doc:"Mails to one address: 2/hour, 5/day."`
	PerNetwork Rates `yaml:"per_network" must:"required" doc:"Mails for one network of visitors: 10/hour."`
	PerDomain  Rates `yaml:"per_domain" doc:"Mails to the addresses of one domain: 500/hour."`
	InAll      Rates `yaml:"in_all" must:"required" doc:"Mails in all: 5000/day."`
}

// URLSignup bounds sign-up of machines.
type URLSignup struct {
	PerAddress Rates `yaml:"per_address" must:"required" doc:"Challenges to one address: 2/hour, 5/day."`
	PerNetwork Rates `yaml:"per_network" must:"required" doc:"Challenges for one network of visitors: 10/hour."`
	PerHost    Rates `yaml:"per_host" doc:"Challenges to the addresses of one host: 50/hour."`
	InAll      Rates `yaml:"in_all" must:"required" doc:"Challenges in all: 500/day."`
}

// LINESignup bounds sign-up by LINE.
type LINESignup struct {
	Account    string `yaml:"account" must:"required max=40" doc:"Our account's name as people find it, such as @status."`
	PerNetwork Rates  `yaml:"per_network" must:"required" doc:"Codes for one network of visitors: 10/hour."`
	InAll      Rates  `yaml:"in_all" must:"required" doc:"Codes in all: 5000/day."`
}

// OwnSignup bounds sign-up where only who has an address can give it.
type OwnSignup struct {
	PerNetwork Rates `yaml:"per_network" must:"required" doc:"Requests of one network of visitors: 10/hour."`
	InAll      Rates `yaml:"in_all" must:"required" doc:"Requests in all: 5000/day."`
}

// Rates are one rate, or several that all hold: "2/hour, 5/day".
type Rates struct{ Each []Rate }

var ratesForm = regexp.MustCompile(`^\d{1,9}/(s|second|m|minute|h|hour|d|day)(, ?\d{1,9}/(s|second|m|minute|h|hour|d|day)){0,3}$`)

// UnmarshalText reads rates.
func (r *Rates) UnmarshalText(text []byte) error {
	if strings.Contains(string(text), ",") && !ratesForm.Match(text) {
		return errors.New(quoted(string(text)) + " are no rates; write one like 3/day, or up to four like 2/hour, 5/day")
	}
	r.Each = nil
	for part := range strings.SplitSeq(string(text), ",") {
		var one Rate
		if err := one.UnmarshalText([]byte(strings.TrimSpace(part))); err != nil {
			return err
		}
		r.Each = append(r.Each, one)
	}
	return nil
}

// perDay is how many the rates let through in a day: as many as the least does.
func (r Rates) perDay() float64 {
	least := 0.0
	for i, one := range r.Each {
		if n := one.PerDay(); i == 0 || n < least {
			least = n
		}
	}
	return least
}

// atMost is the most that can come in one window shorter than or as long as per.
func (r Rates) atMost(per time.Duration) int {
	most := 0
	for _, one := range r.Each {
		if one.Per <= per && (most == 0 || one.Count < most) {
			most = one.Count
		}
	}
	return most
}

var country = regexp.MustCompile(`^[A-Z]{2}$`)

func (c *checker) checkSignup() {
	c.checkKeys()
	s := &c.doc.Signup
	if x := s.SMS; x != nil {
		c.checkCountries(x)
		o := Offer{Kind: "sms", Countries: x.Countries, PerAddress: x.PerNumber.Each, PerNetwork: x.PerNetwork.Each, PerArea: x.PerCountry.Each, InAll: x.InAll.Each}
		if x.AlimTalk {
			o.Also = []string{"alimtalk"}
			if !slices.ContainsFunc(c.doc.Channels, func(ch channel) bool { return ch.Kind == "alimtalk" }) {
				c.complain(c.at(&x.AlimTalk), "no channel of kind alimtalk; write one under channels, or leave this out")
			}
		}
		caps := []sharedCap{{x, &x.PerNumber, "per_number"}, {x, &x.PerNetwork, "per_network"}, {x, &x.PerCountry, "per_country"}}
		c.offer(x, o, x.InAll, caps...)
	}
	if x := s.Email; x != nil {
		o := Offer{Kind: "email", PerAddress: x.PerAddress.Each, PerNetwork: x.PerNetwork.Each, PerArea: x.PerDomain.Each, InAll: x.InAll.Each}
		c.offer(x, o, x.InAll, sharedCap{x, &x.PerAddress, "per_address"}, sharedCap{x, &x.PerNetwork, "per_network"}, sharedCap{x, &x.PerDomain, "per_domain"})
	}
	if x := s.LINE; x != nil {
		c.offer(x, Offer{Kind: "line", PerNetwork: x.PerNetwork.Each, InAll: x.InAll.Each}, x.InAll, sharedCap{x, &x.PerNetwork, "per_network"})
	}
	if x := s.WebPush; x != nil {
		c.offer(x, Offer{Kind: "webpush", PerNetwork: x.PerNetwork.Each, InAll: x.InAll.Each}, x.InAll, sharedCap{x, &x.PerNetwork, "per_network"})
	}
	for _, url := range []struct {
		kind string
		x    *URLSignup
	}{{"webhook", s.Webhook}, {"statuspage", s.Statuspage}} {
		if x := url.x; x != nil {
			o := Offer{Kind: url.kind, PerAddress: x.PerAddress.Each, PerNetwork: x.PerNetwork.Each, PerArea: x.PerHost.Each, InAll: x.InAll.Each}
			c.offer(x, o, x.InAll, sharedCap{x, &x.PerAddress, "per_address"}, sharedCap{x, &x.PerNetwork, "per_network"}, sharedCap{x, &x.PerHost, "per_host"})
		}
	}
}

func (c *checker) checkCountries(x *NumberSignup) {
	for i := range x.Countries {
		if x.Countries[i] != "" && !country.MatchString(x.Countries[i]) {
			c.complain(c.at(&x.Countries[i]), "%s is no country; write two capital letters, like KR", quoted(x.Countries[i]))
		}
	}
	c.checkDistinct(x.Countries)
}

// sharedCap is a cap with the table it is written in.
type sharedCap struct {
	table any
	rates *Rates
	key   string
}

// offer finds the channel and the plan of an offer, and adds it.
func (c *checker) offer(table any, o Offer, all Rates, caps ...sharedCap) {
	for _, one := range caps {
		c.checkCap(one, all)
	}
	for i := range c.doc.Channels {
		if c.doc.Channels[i].Kind == o.Kind {
			o.Channel = c.doc.Channels[i].ID
			break
		}
	}
	if o.Channel == "" {
		c.complain(c.at(table), "no channel of kind %s to carry the code; write one under channels", o.Kind)
		return
	}
	if o.Plan = c.planWith(o.Channel); o.Plan == "" {
		c.complain(c.at(table), "no route for subscribers has channel %s; write one under routes, or nobody who signs up hears anything", o.Channel)
		return
	}
	c.doc.Signup.offers = append(c.doc.Signup.offers, o)
}

// checkCap demands that one visitor can not use up what is there for all.
func (c *checker) checkCap(one sharedCap, all Rates) {
	if len(one.rates.Each) == 0 || len(all.Each) == 0 || one.rates.perDay() <= all.perDay() {
		return
	}
	for _, rate := range all.Each {
		if least := one.rates.atMost(rate.Per); least > 0 && least <= rate.Count {
			return
		}
	}
	c.complain(c.atOr(one.rates, one.table, one.key), "lets one through more often than in_all lets everybody; write less")
}

// planWith is the plan of the first route for subscribers that has a channel.
func (c *checker) planWith(channel string) string {
	for i := range c.doc.Routes {
		x := &c.doc.Routes[i]
		if x.Audience != subscribers {
			continue
		}
		if x.Channel == channel {
			return impliedPlan(channel)
		}
		if slices.ContainsFunc(c.doc.Plans[x.Plan], func(h hop) bool { return h.Channel == channel }) {
			return x.Plan
		}
	}
	return ""
}

// checkKeys demands keys where something leaves the house: addresses are kept
// encrypted, and what goes out is stamped so that callbacks can be believed. The
// addresses that reports come to follow from them too.
func (c *checker) checkKeys() {
	if c.written(&c.doc.Keys) || len(c.doc.Channels) == 0 && !c.reported {
		return
	}
	c.complain(c.atOr(&c.doc.Keys, c.doc, "keys"), "missing; addresses are kept encrypted, messages are stamped, and the addresses of reports follow from them: write keys: file:bongsu.keys, which bongsu init makes")
}
