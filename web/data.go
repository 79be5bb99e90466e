package web

import (
	"bytes"
	"net/http"
	"strings"
	"sync"

	"github.com/gin-gonic/gin"
)

// maxData is how many data documents an edition keeps. Only those that exist
// are kept; past it they are made anew for whoever asks.
const maxData = 4096

// cupboard keeps documents for machines, each made when first asked for. Made
// again in the next edition, one whose bytes are the same is taken over,
// compressed as it is.
type cupboard struct {
	before *sync.Map // path and language → *document, of the edition before
	done   *sync.Map

	mu   sync.Mutex
	made map[string]func() (*document, error)
}

// cupboardAfter is an empty one that takes over what did not change. The edition
// before may be nil.
func cupboardAfter(e *edition) *cupboard {
	c := &cupboard{before: &sync.Map{}, done: &sync.Map{}, made: map[string]func() (*document, error){}}
	if e != nil {
		c.before = e.data.done
	}
	return c
}

// content is a document before it is compressed.
type content struct {
	kind string // for Content-Type
	lang string // empty for what is in no language, or in all
	body []byte
}

// get is the document with the key, from what build makes if it was not asked
// for before. Whoever asks at the same time waits for one making.
func (c *cupboard) get(key string, build func() (*content, error)) (*document, error) {
	c.mu.Lock()
	made := c.made[key]
	if made == nil {
		made = sync.OnceValues(func() (*document, error) { return c.make(key, build) })
		if len(c.made) < maxData {
			c.made[key] = made
		}
	}
	c.mu.Unlock()
	return made()
}

func (c *cupboard) make(key string, build func() (*content, error)) (*document, error) {
	made, err := build()
	if err != nil {
		return nil, err
	}
	if old, found := c.before.Load(key); found {
		if d := old.(*document); bytes.Equal(d.body, made.body) {
			c.done.Store(key, d)
			return d, nil
		}
	}
	d := newDocument(http.StatusOK, made.kind, made.body)
	if made.lang != "" {
		d.in(made.lang)
	}
	d.forAnyOrigin()
	c.done.Store(key, d)
	return d, nil
}

// dataRoutes are the documents for machines that are not on the shelf.
func (s *Server) dataRoutes(engine *gin.Engine) {
	get(engine, v2Root+"*path", s.statuspage)
	s.subscriberRoutes(engine)
	s.feedRoutes(engine)
}

// serveData answers with a document that build makes, or 404 if it makes none.
func (s *Server) serveData(c *gin.Context, e *edition, key string, build func() (*content, error)) {
	d, err := e.data.get(key, build)
	if err != nil {
		s.options.Log.Error("making a document", "path", c.Request.URL.Path, "err", err)
		s.fail(c.Writer, c.Request)
		return
	}
	d.serve(c.Writer, c.Request)
}

// singleSlash takes back the second slash of a path that begins with two and
// leads into the Statuspage API: some of its readers join addresses so.
func singleSlash(r *http.Request) *http.Request {
	if !strings.HasPrefix(r.URL.Path, "/"+v2Root) {
		return r
	}
	same := *r
	at := *r.URL
	at.Path, at.RawPath = strings.TrimPrefix(at.Path, "/"), ""
	same.URL = &at
	return &same
}

// simulated is the mark of what is no real outage, or empty.
func (t *teller) simulated() string {
	switch site := &t.snapshot.Site; {
	case site.Exercise:
		return "[" + t.Say("exercise_short") + "]"
	case site.Simulation:
		return "[" + t.Say("simulation_short") + "]"
	}
	return ""
}

// marked is a text behind that mark.
func (t *teller) marked(text string) string {
	if mark := t.simulated(); mark != "" {
		return mark + " " + text
	}
	return text
}
