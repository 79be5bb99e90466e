package console

import "bongsu/web/account"

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
