package config

// controlOwner is the component part of a control's id, which no component may
// take.
const controlOwner = "control"

// checkControls turns the controls into checks that can be scheduled. They are
// looked at from every location and colour nothing, so what places a check on
// the page has no meaning for them.
func (c *checker) checkControls() []Check {
	var controls []Check
	taken := make(map[string]bool, len(c.doc.Controls))
	for i := range c.doc.Controls {
		x := &c.doc.Controls[i]
		for _, meaningless := range []struct {
			key   string
			value any
		}{
			{"depth", &x.Depth}, {"scope", &x.Scope}, {"counts_as", &x.CountsAs}, {"locations", &x.Locations},
		} {
			if c.written(meaningless.value) {
				c.complain(c.at(meaningless.value), "means nothing for a control; leave %s out", meaningless.key)
			}
		}
		one := c.compile(controlOwner, i, x)
		if taken[one.ID] {
			c.complain(c.atOr(&x.Name, x, "name"), "two controls are called %q; choose another name", one.Name)
		}
		taken[one.ID] = true
		controls = append(controls, one)
	}
	for i := range c.doc.Components {
		if id := &c.doc.Components[i].ID; *id == controlOwner {
			c.complain(c.at(id), "the id %q belongs to the controls; choose another", controlOwner)
		}
	}
	return controls
}
