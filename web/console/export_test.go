package console

import (
	"fmt"

	"bongsu/web/account"
)

// Route is a route as tests see it.
type Route struct {
	Method, Path string // the path with [Root]
	Deed         account.Deed
}

// Routes are all that the console answers.
func (c *Console) Routes() []Route {
	list := make([]Route, 0, len(c.routes))
	for _, r := range c.routes {
		list = append(list, Route{r.method, Root + r.path, r.deed})
	}
	return list
}

// Streams is how many pages follow what happens.
func (c *Console) Streams() int {
	c.live.mu.Lock()
	defer c.live.mu.Unlock()
	return len(c.live.streams)
}

// Whole reads every text and page in every language, and says how many pages
// there are or what they lack.
func Whole() (pages int, err error) {
	texts, err := newCatalog()
	if err != nil {
		return 0, err
	}
	if err := texts.Check(); err != nil {
		return 0, err
	}
	a, err := newAssets()
	if err != nil {
		return 0, err
	}
	v, err := newViews(texts, a)
	if err != nil {
		return 0, err
	}
	for lang, views := range v.byLanguage {
		for name, read := range views {
			page, err := read()
			if err == nil {
				err = texts.Complete(page)
			}
			if err != nil {
				return pages, fmt.Errorf("%s in %s: %w", name, lang, err)
			}
			pages++
		}
	}
	return pages, nil
}
