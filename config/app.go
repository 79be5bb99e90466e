package config

import (
	"net/url"
	"slices"

	"bongsu/status"
)

type app struct {
	ID        string      `yaml:"id" must:"required id" doc:"Part of the widget's address."`
	Name      status.Text `yaml:"name" must:"required" doc:"What people call it."`
	Origins   []string    `yaml:"origins" doc:"The origins of the pages that embed the widget: https://report.example."`
	Functions []function  `yaml:"functions" must:"required min=1" doc:"What the app offers."`
}

type function struct {
	ID      string      `yaml:"id" must:"required id" doc:"Unique in the app."`
	Name    status.Text `yaml:"name" must:"required" doc:"What people call it."`
	Needs   []need      `yaml:"needs" must:"required min=1" doc:"The components it needs."`
	Instead status.Text `yaml:"instead" doc:"What to do while it does not work."`
}

func (a *app) status() status.App {
	out := status.App{ID: a.ID, Name: a.Name, Origins: a.Origins}
	for _, f := range a.Functions {
		out.Functions = append(out.Functions, status.AppFunction{
			ID: f.ID, Name: f.Name, Needs: needsOf(f.Needs), Instead: f.Instead,
		})
	}
	return out
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
		functions := ids{}
		for k := range a.Functions {
			c.claim(functions, &a.Functions[k].ID)
			c.checkNeeds(a.Functions[k].Needs)
		}
	}
}

// isOrigin says whether a browser could send s as Origin.
func isOrigin(s string) bool {
	u, err := url.Parse(s)
	return err == nil && slices.Contains([]string{"https", "http"}, u.Scheme) && u.Hostname() != "" &&
		s == u.Scheme+"://"+u.Host && (u.Scheme == "https" || isLoopback(u.Hostname()))
}
