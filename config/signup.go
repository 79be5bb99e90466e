package config

import (
	"regexp"
	"slices"
)

// Signup says how people may sign up.
type Signup struct {
	SMS *SMSSignup `yaml:"sms" doc:"Sign-up by a code in a text. Off without it."`
}

// SMSSignup bounds what sign-up by SMS may send.
type SMSSignup struct {
	Countries  []string `yaml:"countries" must:"required min=1" doc:"Countries whose numbers may sign up, as two letters: KR."`
	PerNumber  Rate     `yaml:"per_number" must:"required" doc:"Codes for one number: 3/day."`
	PerNetwork Rate     `yaml:"per_network" must:"required" doc:"Codes for one network of visitors: 5/hour."`
	InAll      Rate     `yaml:"in_all" must:"required" doc:"Codes in all: 1000/day."`

	// Channel is the id of the channel that carries the codes: the first of
	// kind sms.
	Channel string `yaml:"-"`
	// Plan is the id of the plan that who signs up is put on: that of the
	// first route for subscribers which has the channel.
	Plan string `yaml:"-"`
}

var country = regexp.MustCompile(`^[A-Z]{2}$`)

func (c *checker) checkSignup() {
	c.checkKeys()
	x := c.doc.Signup.SMS
	if x == nil {
		return
	}
	at := c.at(x)
	for i := range x.Countries {
		if x.Countries[i] != "" && !country.MatchString(x.Countries[i]) {
			c.complain(c.at(&x.Countries[i]), "%s is no country; write two capital letters, like KR", quoted(x.Countries[i]))
		}
	}
	c.checkDistinct(x.Countries)
	c.checkCap(x, &x.PerNumber, "per_number")
	c.checkCap(x, &x.PerNetwork, "per_network")
	for i := range c.doc.Channels {
		if c.doc.Channels[i].Kind == "sms" {
			x.Channel = c.doc.Channels[i].ID
			break
		}
	}
	if x.Channel == "" {
		c.complain(at, "no channel of kind sms to carry the code; write one under channels")
		return
	}
	if x.Plan = c.planWith(x.Channel); x.Plan == "" {
		c.complain(at, "no route for subscribers has channel %s; write one under routes, or nobody who signs up hears anything", x.Channel)
	}
}

// checkCap demands that one visitor can not use up what is there for all.
func (c *checker) checkCap(x *SMSSignup, rate *Rate, key string) {
	if rate.Count > 0 && x.InAll.Count > 0 && rate.Count > x.InAll.Count && rate.PerDay() > x.InAll.PerDay() {
		c.complain(c.atOr(rate, x, key), "lets one through more often than in_all lets everybody; write less")
	}
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
// encrypted, and what goes out is stamped so that callbacks can be believed.
func (c *checker) checkKeys() {
	if c.written(&c.doc.Keys) || len(c.doc.Channels) == 0 {
		return
	}
	c.complain(c.atOr(&c.doc.Keys, c.doc, "keys"), "missing; addresses are kept encrypted and messages are stamped: write keys: file:bongsu.keys, which bongsu init makes")
}
