package web

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"bongsu/notifier/signup"
	"bongsu/status"
)

// Signup takes people in by a code in a text, and lets them go. The errors are
// those of [signup.Desk].
type Signup interface {
	Offered() bool
	Ask(ctx context.Context, p signup.Purpose, v signup.Visitor, now time.Time) (ticket string, err error)
	Confirm(ctx context.Context, p signup.Purpose, ticket, code string, now time.Time) error
	Stop(ctx context.Context, number, ref string, now time.Time) error
}

// Limits of the forms.
const (
	maxForm = 4 << 10 // bytes
	// A network may be a mobile carrier's whole town behind one address, so this
	// only stops floods; what may be sent is bounded by the caps.
	formEvery = 500 * time.Millisecond
	formBurst = 120
	// evenTime is how long a request for a code, and a wrong code, take at
	// least: what the database has to do differs, and would tell who is known.
	evenTime = 300 * time.Millisecond
)

// desks are the forms by path, with the ids of their titles.
var desks = map[string]struct {
	purpose     signup.Purpose
	title, done string
}{
	"/subscribe": {signup.Join, "nav_subscribe", "subscribe_done"},
	"/leave":     {signup.Leave, "nav_leave", "leave_done"},
}

// signupRoutes are the pages to sign up and to leave on.
func (s *Server) signupRoutes(engine *gin.Engine) {
	for path, desk := range desks {
		get(engine, path, func(c *gin.Context) {
			ownReferrer(c)
			s.page(c)
		})
		get(engine, path+"/confirm", func(c *gin.Context) { s.lead(c, path) }) // a page that is opened again
		engine.POST(path, s.posted(path, desk.purpose, s.askCode))
		engine.POST(path+"/confirm", s.posted(path, desk.purpose, s.confirmCode))
	}
}

// ownReferrer lets browsers say that a form came from this page. Under the
// policy of the other pages they would call its origin null.
func ownReferrer(c *gin.Context) { c.Header("Referrer-Policy", "same-origin") }

// offered says whether a form leads anywhere.
func (s *Server) offered(p signup.Purpose) bool {
	return s.options.Signup != nil && (p == signup.Leave || s.options.Signup.Offered())
}

// firstStep is what a form's page begins with.
func (s *Server) firstStep(path string) string {
	if !s.offered(desks[path].purpose) {
		return stepOff
	}
	return stepNumber
}

// form is a form that was sent to us.
type form struct {
	path    string
	purpose signup.Purpose
	values  url.Values
	from    netip.Addr
	lang    string
	edition *edition
}

// reply is the page that answers a form.
type reply struct {
	status int
	signupPage
}

// posted makes a handler of what takes one kind of form.
func (s *Server) posted(path string, p signup.Purpose, take func(context.Context, *form) reply) gin.HandlerFunc {
	return func(c *gin.Context) {
		e := s.current.Load()
		if e == nil {
			starting(c)
			return
		}
		f := &form{path: path, purpose: p, from: s.visitor(c), lang: e.language(c.Request), edition: e}
		s.show(c, f, s.answerForm(c, f, take))
	}
}

func (s *Server) answerForm(c *gin.Context, f *form, take func(context.Context, *form) reply) reply {
	switch {
	case !s.offered(f.purpose):
		return reply{http.StatusNotFound, signupPage{Step: stepOff}}
	case !s.sameOrigin(c.Request, f.edition.snapshot.Site.URL):
		return f.refused(http.StatusForbidden, "form_foreign")
	case !s.forms.allow(f.from, s.options.Now()):
		c.Header("Retry-After", "60")
		return f.refused(http.StatusTooManyRequests, "form_too_often")
	}
	body, err := readBody(c, maxForm)
	if err == nil && c.ContentType() == "application/x-www-form-urlencoded" {
		f.values, err = url.ParseQuery(string(body))
	}
	switch {
	case errors.Is(err, errTooBig):
		return f.refused(http.StatusRequestEntityTooLarge, "form_broken")
	case err != nil || f.values == nil:
		return f.refused(http.StatusBadRequest, "form_broken")
	}
	return take(c.Request.Context(), f)
}

// refused is the form again, with what was wrong at its head.
func (f *form) refused(code int, text string) reply {
	return reply{code, signupPage{Step: stepNumber, Problem: text}}
}

// sameOrigin says whether a form came from one of our own pages.
func (s *Server) sameOrigin(r *http.Request, site string) bool {
	if s.crossOrigin.Check(r) == nil {
		return true
	}
	// Behind a proxy that names another host, an old browser's Origin is still
	// the public one.
	u, err := url.Parse(site)
	return err == nil && u.Host != "" && r.Header.Get("Sec-Fetch-Site") == "" && r.Header.Get("Origin") == u.Scheme+"://"+u.Host
}

// askCode takes the number. What it answers, and when, is the same whether a
// code was sent or not.
func (s *Server) askCode(ctx context.Context, f *form) reply {
	even := time.NewTimer(evenTime)
	defer even.Stop()
	v := signup.Visitor{Number: f.values.Get("number"), Lang: f.chosenLang(), AtLeast: chosenThreshold(f.values.Get("at_least")), From: f.from}
	ticket, err := s.options.Signup.Ask(ctx, f.purpose, v, s.options.Now())
	if _, wrong := errors.AsType[signup.NumberError](err); wrong {
		return f.numberAgain(err)
	}
	if err != nil {
		return s.unkept(f, err)
	}
	wait(ctx, even)
	return reply{http.StatusOK, signupPage{Step: stepCode, Ticket: ticket}}
}

// wait waits for the timer, or until nobody waits for the answer any more.
func wait(ctx context.Context, even *time.Timer) {
	select {
	case <-even.C:
	case <-ctx.Done():
	}
}

// chosenLang is the language a person wants their texts in: the page's unless
// they say otherwise.
func (f *form) chosenLang() string {
	if chosen := f.values.Get("text_lang"); f.edition.tellers[chosen] != nil {
		return chosen
	}
	return f.lang
}

func chosenThreshold(name string) status.State {
	if name == status.MajorOutage.String() {
		return status.MajorOutage
	}
	return status.PartialOutage
}

// numberAgain is the form with what was typed, and what is wrong with it.
func (f *form) numberAgain(err error) reply {
	p := signupPage{
		Step: stepNumber, Field: "number", Number: clip(f.values.Get("number")),
		TextLang: f.chosenLang(), AtLeast: chosenThreshold(f.values.Get("at_least")).String(),
	}
	wrong, _ := errors.AsType[signup.NumberError](err)
	switch wrong {
	case signup.ErrNumberMissing:
		p.Problem = "number_missing"
	case signup.ErrNumberUnread:
		p.Problem = "number_unread"
	case signup.ErrNumberNotMobile:
		p.Problem = "number_not_mobile"
	case signup.ErrNumberAbroad:
		p.Problem = "number_abroad"
	}
	return reply{http.StatusUnprocessableEntity, p}
}

// confirmCode takes the code. A wrong one is counted where a code was sent, so
// without a wait the time of the answer would tell whether one was.
func (s *Server) confirmCode(ctx context.Context, f *form) reply {
	even := time.NewTimer(evenTime)
	defer even.Stop()
	ticket := f.values.Get("ticket")
	err := s.options.Signup.Confirm(ctx, f.purpose, ticket, f.values.Get("code"), s.options.Now())
	switch {
	case errors.Is(err, signup.ErrCode):
		wait(ctx, even)
		return reply{http.StatusUnprocessableEntity, signupPage{Step: stepCode, Field: "code", Problem: "code_wrong", Ticket: clip(ticket)}}
	case err != nil:
		away := s.unkept(f, err)
		away.Step, away.Ticket = stepCode, clip(ticket) // the code may still be good
		return away
	}
	return reply{http.StatusOK, signupPage{Step: stepDone}}
}

// unkept is the answer while the database is away.
func (s *Server) unkept(f *form, err error) reply {
	s.options.Log.Warn("taking a form", "path", f.path, "err", err)
	return f.refused(http.StatusServiceUnavailable, "form_away")
}

// show renders the answer to a form. It is made for one person, so nothing of
// it is kept.
func (s *Server) show(c *gin.Context, f *form, answer reply) {
	ownReferrer(c)
	c.Header("Cache-Control", keepNot)
	c.Header("Content-Language", f.lang)
	if answer.status == http.StatusServiceUnavailable {
		c.Header("Retry-After", "30")
	}
	view := strings.TrimPrefix(f.path, "/")
	body, err := f.edition.render(view, f.path, f.lang, answer.status, f.edition.form(f.path, f.lang, answer.signupPage))
	if err != nil {
		s.options.Log.Error("rendering a page", "path", f.path, "err", err)
		s.fail(c.Writer, c.Request)
		return
	}
	c.Data(answer.status, "text/html; charset=utf-8", body)
}

// visitor is who sends a request: the other end of the connection, or what a
// trusted proxy says.
func (s *Server) visitor(c *gin.Context) netip.Addr {
	from, err := netip.ParseAddr(c.ClientIP())
	if err != nil {
		return netip.Addr{}
	}
	return from
}
