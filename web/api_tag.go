package web

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"bongsu/status"
)

// strongTag is the strong tag of a body.
func strongTag(body []byte) string {
	return `"` + tagOf(apiJSON, body) + `"`
}

// tagged answers with something that can be changed: with its tag, so that who
// changes it can say which version they have seen.
func tagged(c *gin.Context, v any) *problem {
	body, err := jsonLine(v)
	if err != nil {
		panic(err) // types of ours are JSON
	}
	tag := strongTag(body)
	c.Header("ETag", tag)
	if matches(c.Request.Header["If-None-Match"], tag) {
		c.Header("Cache-Control", keepNot)
		c.Status(http.StatusNotModified)
		return nil
	}
	c.Data(http.StatusOK, apiJSON, body)
	return nil
}

// asSeen says whether what a request is about is as whoever sent it has seen
// it: it has one of the tags, or no If-Match asks for any.
func asSeen(c *gin.Context, tags ...string) bool {
	headers := c.Request.Header["If-Match"]
	if len(headers) == 0 {
		return true
	}
	for _, header := range headers {
		for part := range strings.SplitSeq(header, ",") {
			part = strings.TrimSpace(part)
			for _, tag := range tags {
				if part == "*" || part == tag { // a weak tag matches nothing (RFC 9110, section 13.1.1)
					return true
				}
			}
		}
	}
	return false
}

// changed refuses to change what has changed meanwhile, and says how it is now.
func changed(current, detail string) *problem {
	p := newProblem(http.StatusPreconditionFailed, detail+" Nothing was done. Read it again, and decide anew.")
	p.Current = current
	return p
}

// seen checks an If-Match against what the page shows, and has the board check
// once more that nothing is added before the deed is done.
func (w *writing) seen(c *gin.Context) *problem {
	if len(c.Request.Header["If-Match"]) == 0 || w.id == "" {
		return nil
	}
	path, _, _ := strings.Cut(strings.TrimPrefix(c.FullPath(), apiRoot), "/")
	path = apiRoot + path + "/" + w.id
	d, err := w.edition.forAPI(path)
	if err != nil || d == nil {
		return nil // the desk says that there is no such thing
	}
	if !asSeen(c, d.tags()...) {
		return changed(d.plain.etag[0], w.edition.asItIs(w.id))
	}
	if i, found := w.edition.snapshot.Incident(w.id); found && len(i.Updates) > 0 {
		w.known = i.Updates[len(i.Updates)-1].ID
	}
	return nil
}

// asItIs says how something is now, for who has seen it otherwise.
func (e *edition) asItIs(id string) string {
	if i, found := e.snapshot.Incident(id); found {
		text := fmt.Sprintf("The incident has changed since: it is %s", i.Stage)
		if n := len(i.Updates); n > 0 {
			last := &i.Updates[n-1]
			text += fmt.Sprintf(", and the last of its %d updates, %q, came at %s", n, last.Kind, cell(last.At))
		}
		return text + "."
	}
	for k := range e.snapshot.Maintenance {
		if m := &e.snapshot.Maintenance[k]; m.ID == id {
			return "The maintenance has changed since: it is " + whenPlanned(m) + "."
		}
	}
	return "It has changed since."
}

func whenPlanned(m *status.Maintenance) string {
	if !m.Cancelled.IsZero() {
		return "called off since " + cell(m.Cancelled)
	}
	return "planned from " + cell(m.From) + " until " + cell(m.Until)
}
