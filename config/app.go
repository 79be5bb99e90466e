package config

import (
	"net/url"
	"regexp"
	"slices"
	"strings"

	"bongsu/status"
)

type app struct {
	ID        string      `yaml:"id" must:"required id" doc:"Part of the widget's address."`
	Name      status.Text `yaml:"name" must:"required" doc:"What people call it."`
	Origins   []string    `yaml:"origins" doc:"The origins of the pages that embed the widget: https://report.example."`
	WidgetOff bool        `yaml:"widget_off" doc:"Whether the widget shows nothing, whatever fails. An operator can shut it off at once, in the console or by the API."`
	Functions []function  `yaml:"functions" must:"required min=1" doc:"What the app offers."`

	Plans       []string `yaml:"plans" must:"min=1" doc:"The plans by which the app may send notices of its own; the first is the default. None if left out."`
	Daily       int      `yaml:"daily" must:"min=1 max=10000000" doc:"How many recipients the app's notices may have on a day: 100 by default."`
	Subscribers bool     `yaml:"subscribers" doc:"Whether the app may send to the subscribers of its plans. They have to have agreed to that."`
}

// Sending is what an app may send.
type Sending struct {
	App         string
	Plans       []string
	Daily       int // recipients a day
	Subscribers bool
}

// firstDaily is how many recipients a day a new app may have.
const firstDaily = 100

type function struct {
	ID      string      `yaml:"id" must:"required id" doc:"Unique in the app."`
	Name    status.Text `yaml:"name" must:"required" doc:"What people call it."`
	Needs   []need      `yaml:"needs" must:"required min=1" doc:"The components it needs."`
	Instead status.Text `yaml:"instead" doc:"What to do while it does not work."`
	Phones  []phone     `yaml:"phones" must:"min=1 max=10" doc:"Whom to call instead, as links on the app's page of alternates."`
	Metered string      `yaml:"metered" must:"one=rental|parking|ride|charging|other" doc:"What it charges for by time: while it fails, people are told how to stop the loss."`
}

type phone struct {
	Number string      `yaml:"number" must:"required" doc:"The number as it is dialled: \"119\", \"+82 2 120\"."`
	Name   status.Text `yaml:"name" doc:"Who answers."`
}

var phoneForm = regexp.MustCompile(`^\+?[0-9](?:[0-9 -]{0,18}[0-9])?$`)

func (f *function) phones() []status.Phone {
	var phones []status.Phone
	for _, p := range f.Phones {
		phones = append(phones, status.Phone{Number: strings.NewReplacer(" ", "", "-", "").Replace(p.Number), Name: p.Name})
	}
	return phones
}

func (a *app) status() status.App {
	out := status.App{ID: a.ID, Name: a.Name, Origins: a.Origins, WidgetOff: a.WidgetOff}
	for i := range a.Functions {
		f := &a.Functions[i]
		out.Functions = append(out.Functions, status.AppFunction{
			ID: f.ID, Name: f.Name, Needs: needsOf(f.Needs), Instead: f.Instead,
			Phones: f.phones(), Metered: status.Metered(f.Metered),
		})
	}
	return out
}

func (a *app) sending() Sending {
	s := Sending{App: a.ID, Plans: a.Plans, Daily: a.Daily, Subscribers: a.Subscribers}
	if s.Daily == 0 {
		s.Daily = firstDaily
	}
	return s
}

// checkSending checks what an app may send by.
func (c *checker) checkSending(a *app) {
	c.checkDistinct(a.Plans)
	for k := range a.Plans {
		c.refer(&a.Plans[k], "plan", c.plans)
	}
	if a.Subscribers && len(a.Plans) == 0 {
		c.complain(c.at(&a.Subscribers), "the app has no plan to send by; write plans, or leave it out")
	}
}

func (c *checker) checkApps() {
	apps := ids{}
	for i := range c.doc.Apps {
		a := &c.doc.Apps[i]
		c.claim(apps, &a.ID)
		c.checkDistinct(a.Origins)
		for k := range a.Origins {
			if !isOrigin(a.Origins[k]) {
				c.complain(c.at(&a.Origins[k]), "%s is no origin; write scheme and host alone, like https://report.example", quoted(a.Origins[k]))
			}
		}
		c.checkSending(a)
		functions := ids{}
		for k := range a.Functions {
			c.claim(functions, &a.Functions[k].ID)
			c.checkNeeds(a.Functions[k].Needs)
			for n := range a.Functions[k].Phones {
				if p := &a.Functions[k].Phones[n]; p.Number != "" && !phoneForm.MatchString(p.Number) {
					c.complain(c.at(&p.Number), "%s is no number to dial; write digits, with + before a country's code", quoted(p.Number))
				}
			}
		}
	}
}

// isOrigin says whether a browser could send s as Origin.
func isOrigin(s string) bool {
	u, err := url.Parse(s)
	return err == nil && slices.Contains([]string{"https", "http"}, u.Scheme) && u.Hostname() != "" &&
		s == u.Scheme+"://"+u.Host && (u.Scheme == "https" || isLoopback(u.Hostname()))
}
