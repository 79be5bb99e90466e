package config

import (
	"slices"
	"strings"

	"bongsu/notifier"
	"bongsu/status"
)

type group struct {
	ID   string      `yaml:"id" must:"required id" doc:"What components refer to."`
	Name status.Text `yaml:"name" must:"required" doc:"The heading."`
}

type component struct {
	ID          string      `yaml:"id" must:"required id" doc:"What others refer to; part of the component's address."`
	Group       string      `yaml:"group" must:"required" doc:"The id of the heading it stands under."`
	Name        status.Text `yaml:"name" must:"required" doc:"What people call it."`
	Short       status.Text `yaml:"short" doc:"Its name in texts, at most 12 bytes in the channel's code page. The name if left out."`
	Operator    string      `yaml:"operator" must:"max=100" doc:"Who runs it."`
	Users       int         `yaml:"users" must:"min=0" doc:"Monthly users."`
	Domains     []string    `yaml:"domains" must:"id" doc:"The failure domains it stands in."`
	Needs       []need      `yaml:"needs" doc:"The components it can not do without."`
	Substitutes []string    `yaml:"substitutes" doc:"Components that people can use instead, shown only while measured ok."`
	Advice      status.Text `yaml:"advice" doc:"What to do while it fails."`
	Checks      []check     `yaml:"checks" doc:"How it is looked at."`
}

type need struct {
	ID  string `yaml:"id,short" must:"required" doc:"The id of a component."`
	How string `yaml:"how" must:"one=hard|soft" doc:"Hard (the default): fails with it. Soft: gets worse with it."`
}

func (x *component) status(checks []status.Check) status.Component {
	short := x.Short
	if short == nil {
		short = x.Name
	}
	return status.Component{
		ID: x.ID, Group: x.Group, Name: x.Name, Short: short, Operator: x.Operator, Users: x.Users,
		Domains: x.Domains, Needs: needsOf(x.Needs), Substitutes: x.Substitutes, Advice: x.Advice, Checks: checks,
	}
}

func needsOf(needs []need) []status.Need {
	var list []status.Need
	for _, n := range needs {
		list = append(list, status.Need{ID: n.ID, Soft: n.How == "soft"})
	}
	return list
}

func (c *checker) checkComponents() {
	for i := range c.doc.Components {
		x := &c.doc.Components[i]
		c.refer(&x.Group, "group", c.groups)
		c.checkNeeds(x.Needs)
		c.checkDistinct(x.Domains)
		c.checkDistinct(x.Substitutes)
		for k := range x.Substitutes {
			c.refer(&x.Substitutes[k], "component", c.components)
			if x.Substitutes[k] == x.ID && x.ID != "" {
				c.complain(c.at(&x.Substitutes[k]), "can not stand in for itself; write another component")
			}
		}
		if len(x.Checks) == 0 && len(x.Needs) == 0 && x.ID != "" {
			c.complain(c.atOr(&x.Checks, x, "checks"), "nothing tells its state; write a check, or what it needs")
		}
	}
	c.checkCircles()
}

func (c *checker) checkNeeds(needs []need) {
	seen := make(map[string]bool, len(needs))
	for i := range needs {
		id := &needs[i].ID
		c.refer(id, "component", c.components)
		if seen[*id] && *id != "" {
			c.complain(c.at(id), "%s twice; keep one", quoted(*id))
		}
		seen[*id] = true
	}
}

// checkCircles names each circle in needs once, at the need that closes it.
func (c *checker) checkCircles() {
	byID := make(map[string]*component, len(c.doc.Components))
	for i := range c.doc.Components {
		x := &c.doc.Components[i]
		if _, twice := byID[x.ID]; !twice {
			byID[x.ID] = x
		}
	}
	done := make(map[string]bool, len(byID))
	var trail []string
	var walk func(id string)
	walk = func(id string) {
		trail = append(trail, id)
		for i := range byID[id].Needs {
			next := &byID[id].Needs[i]
			if next.ID == "" {
				continue
			}
			if start := slices.Index(trail, next.ID); start >= 0 {
				c.complain(c.at(&next.ID), "components need each other in a circle: %s; take one of these needs away",
					strings.Join(append(slices.Clone(trail[start:]), next.ID), " → "))
			} else if byID[next.ID] != nil && !done[next.ID] {
				walk(next.ID)
			}
		}
		trail = trail[:len(trail)-1]
		done[id] = true
	}
	for i := range c.doc.Components {
		if id := c.doc.Components[i].ID; id != "" && !done[id] {
			walk(id)
		}
	}
}

// shortLimit is how many bytes a component's name may take in a text: 90 are
// all that a Korean SMS has, and the name is only a part of what must be said.
const shortLimit = 12

// checkShorts demands that every name that texts use can be sent and leaves
// room for the rest, if there is a channel that sends texts to phones.
func (c *checker) checkShorts() {
	if c.options.Measure == nil || !c.textsPhones() {
		return
	}
	for i := range c.doc.Components {
		x := &c.doc.Components[i]
		short := &x.Short
		if *short == nil {
			short = &x.Name
		}
		for _, lang := range sortedKeys(*short) {
			c.checkShort(c.placeOfShort(x, lang), lang, (*short)[lang])
		}
	}
}

func (c *checker) checkShort(at place, lang, text string) {
	n, err := c.options.Measure(lang, text)
	switch {
	case err != nil:
		c.complain(at, "%s can not be sent as a text: %s; write a short name without it", quoted(text), err)
	case n > shortLimit:
		c.complain(at, "%s takes %d bytes of a text, %d are the most; write a shorter short name", quoted(text), n, shortLimit)
	}
}

// placeOfShort is where a component's short name in a language is written, or
// should be.
func (c *checker) placeOfShort(x *component, lang string) place {
	if at, ok := c.keys[keyOf{&x.Short, lang}]; ok {
		return at
	}
	at := c.atOr(&x.Short, x, "short")
	if x.Short == nil {
		at.path = join(at.path, lang)
	}
	return at
}

// textsPhones says whether some channel sends texts to subscribers' phones.
func (c *checker) textsPhones() bool {
	return slices.ContainsFunc(c.doc.Channels, func(x channel) bool {
		class := c.classOf(x.Kind)
		return class != "" && class != notifier.ClassChat
	})
}
