package config

// maxMirrors is how many copies of the page one node keeps: each is written
// whenever something changes.
const maxMirrors = 16

// checkMirrors checks where copies of the page are kept.
func (c *checker) checkMirrors() {
	c.checkDistinct(c.doc.Mirrors)
	if n := len(c.doc.Mirrors); n > maxMirrors {
		c.complain(c.at(&c.doc.Mirrors[maxMirrors]), "there are %d mirrors; write at most %d", n, maxMirrors)
	}
	if c.options.Mirror == nil {
		return
	}
	for i := range c.doc.Mirrors {
		if err := c.options.Mirror(c.doc.Mirrors[i]); err != nil {
			c.complain(c.at(&c.doc.Mirrors[i]), "%s", err)
		}
	}
	if len(c.doc.Mirrors) > 0 && c.doc.Keys.Empty() {
		c.complain(c.at(&c.doc.Mirrors[0]), "a copy of the page is signed, so `keys:` is needed; `bongsu init` writes such a file")
	}
}

// lastPage is where the last page is kept.
func (c *checker) lastPage() string {
	switch {
	case c.doc.LastPage != "":
		return beside(c.options.Dir, c.doc.LastPage)
	case c.doc.Database.Empty() || c.doc.Database.Shared():
		return beside(c.options.Dir, "bongsu.page")
	default:
		return c.doc.Database.Reveal() + ".page"
	}
}
