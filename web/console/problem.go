package console

import (
	"errors"
	"net/http"
)

// problem is an answer that is no page: its status, and what to do about it. A
// handler returns one made by [refuse].
type problem struct {
	status int
	text   string // id of the heading; the id with _text says more
}

// Error implements error.
func (p *problem) Error() string { return p.text }

// refuse is a problem: the text with the id, and the one with _text after it.
func refuse(status int, id string) error {
	return &problem{status: status, text: id}
}

// errNobody is a page's that only those see who have logged in.
var errNobody = errors.New("nobody has logged in")

// fail answers a request that could not be served. An error that is no problem
// is our own mistake, and is logged.
func (c *Console) fail(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, errNobody) {
		c.toLogin(w, r)
		return
	}
	if _, ours := errors.AsType[*problem](err); !ours {
		err = c.problemOf(r, err)
	}
	c.answer(w, r, err)
}

// problemOf is an error that a handler met, as a problem.
func (c *Console) problemOf(r *http.Request, err error) error {
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return refuse(http.StatusRequestEntityTooLarge, "problem_too_large")
	}
	if r.Context().Err() == nil {
		c.options.Log.ErrorContext(r.Context(), "answering a request", "method", r.Method, "path", r.URL.Path, "error", err)
	}
	return refuse(http.StatusInternalServerError, "problem_mistake")
}

// problemPage is what a problem's template shows.
type problemPage struct{ Heading, Text string }

// answer shows a problem in the visitor's language, with the menu of whoever it
// is, if that can be known.
func (c *Console) answer(w http.ResponseWriter, r *http.Request, err error) {
	p, ours := errors.AsType[*problem](err)
	if !ours {
		p = &problem{status: http.StatusInternalServerError, text: "problem_mistake"}
	}
	v := c.visit(w, r)
	if who, err := c.options.Door.Who(r); err == nil {
		v.enterAs(who)
	}
	page := problemPage{Heading: v.Say(p.text), Text: v.Say(p.text + "_text")}
	if err := v.renderAs(p.status, "problem", page.Heading, page); err != nil {
		c.options.Log.ErrorContext(r.Context(), "rendering a problem", "error", err)
		http.Error(w, http.StatusText(p.status), p.status)
	}
}
