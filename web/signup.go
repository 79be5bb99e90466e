package web

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"bongsu/notifier/signup"
	"bongsu/status"
)

// Signup takes people in by a proof that an address is theirs, lets them choose,
// and lets them go. The errors are those of [signup.Desk].
type Signup interface {
	Offers() []signup.Offer
	Leaves() []string
	Ask(ctx context.Context, p signup.Purpose, v signup.Visitor, now time.Time) (signup.Asking, error)
	Confirm(ctx context.Context, p signup.Purpose, kind, ticket, code string, now time.Time) (token string, err error)
	Bind(ctx context.Context, kind, address, text string, now time.Time) error
	Stop(ctx context.Context, kind, address, ref string, said, now time.Time) error
	Member(ctx context.Context, token string) (m signup.Member, kind string, err error)
	Choose(ctx context.Context, token string, c signup.Choices) error
	Drop(ctx context.Context, token, kind string, now time.Time) (gone bool, err error)
}

// Limits of the forms.
const (
	maxForm = 16 << 10 // bytes: a browser's subscription, and every service ticked
	// A network may be a mobile carrier's whole town behind one address, so this
	// only stops floods; what may be sent is bounded by the caps.
	formEvery = 500 * time.Millisecond
	formBurst = 120
	// evenTime is how long a request for a code, and a wrong code, take at
	// least: what the database has to do differs, and would tell who is known.
	evenTime   = 300 * time.Millisecond
	maxTopics  = 200  // what somebody ticks
	maxToken   = 128  // bytes that are shown again
	maxAddress = 1024 // bytes that are shown again
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
		get(engine, path, func(c *gin.Context) { s.firstForm(c, path, desk.purpose) })
		get(engine, path+"/confirm", func(c *gin.Context) { s.broughtBack(c, path, desk.purpose) })
		engine.POST(path, s.posted(path, desk.purpose, s.askCode))
		engine.POST(path+"/confirm", s.posted(path, desk.purpose, s.confirmCode))
	}
	s.memberRoutes(engine)
}

// ownReferrer lets browsers say that a form came from this page. Under the
// policy of the other pages they would call its origin null.
func ownReferrer(c *gin.Context) { c.Header("Referrer-Policy", "same-origin") }

// ways are the kinds of address that a form takes, in order.
func (s *Server) ways(p signup.Purpose) []string {
	if s.options.Signup == nil {
		return nil
	}
	if p == signup.Leave {
		return s.options.Signup.Leaves()
	}
	var kinds []string
	for _, o := range s.options.Signup.Offers() {
		kinds = append(kinds, o.Kind)
	}
	return kinds
}

// offered says whether a form leads anywhere.
func (s *Server) offered(p signup.Purpose) bool { return len(s.ways(p)) > 0 }

// way is the kind of address that is asked for, or the first there is; empty if
// there is none.
func (s *Server) way(p signup.Purpose, wanted string) string {
	kinds := s.ways(p)
	switch {
	case len(kinds) == 0:
		return ""
	case slices.Contains(kinds, wanted):
		return wanted
	}
	return kinds[0]
}

// within is a text if it is short enough to be shown again, else nothing.
func within(text string, most int) string {
	if len(text) > most {
		return ""
	}
	return text
}

// firstStep is what a form's page begins with.
func (s *Server) firstStep(path string) string {
	if !s.offered(desks[path].purpose) {
		return stepOff
	}
	return stepAddress
}

// firstForm is the page a form begins with. The plain one is kept; one for a
// kind of address, or for somebody who adds one, is made.
func (s *Server) firstForm(c *gin.Context, path string, p signup.Purpose) {
	by, token := c.Query("by"), within(c.Query("for"), maxToken)
	if by == "" && token == "" {
		ownReferrer(c)
		s.page(c)
		return
	}
	s.make(c, path, p, func(*form) reply {
		return reply{http.StatusOK, signupPage{Step: s.firstStep(path), By: s.way(p, by), For: token}}
	})
}

// make answers with a page that is made for one person.
func (s *Server) make(c *gin.Context, path string, p signup.Purpose, of func(*form) reply) {
	e := s.current.Load()
	if e == nil {
		starting(c)
		return
	}
	f := &form{path: path, purpose: p, from: s.visitor(c), lang: e.language(c.Request), edition: e}
	s.show(c, f, of(f))
}

// broughtBack is where the link of a code leads. Opening it does nothing, since
// what checks mail opens every link in it; the button on the page does.
func (s *Server) broughtBack(c *gin.Context, path string, p signup.Purpose) {
	ticket, code := within(c.Query("ticket"), maxToken), within(c.Query("code"), maxToken)
	if ticket == "" || code == "" { // a page that is opened again
		s.lead(c, path)
		return
	}
	s.make(c, path, p, func(*form) reply {
		return reply{http.StatusOK, signupPage{Step: stepPress, By: s.way(p, c.Query("by")), Ticket: ticket, Code: code}}
	})
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
		s.make(c, path, p, func(f *form) reply {
			if !s.offered(p) {
				return reply{http.StatusNotFound, signupPage{Step: stepOff}}
			}
			if code, problem := s.readForm(c, f); problem != "" {
				return f.refused(code, problem)
			}
			return take(c.Request.Context(), f)
		})
	}
}

// readForm reads a form of our own pages, or says why not.
func (s *Server) readForm(c *gin.Context, f *form) (code int, problem string) {
	switch {
	case !s.sameOrigin(c.Request, f.edition.snapshot.Site.URL):
		return http.StatusForbidden, "form_foreign"
	case !s.forms.Allow(f.from, s.options.Now()):
		c.Header("Retry-After", "60")
		return http.StatusTooManyRequests, "form_too_often"
	}
	values, code := formValues(c)
	f.values = values
	if code != http.StatusOK {
		return code, "form_broken"
	}
	return code, ""
}

// formValues reads a form's body, or says why not.
func formValues(c *gin.Context) (values url.Values, code int) {
	body, err := readBody(c, maxForm)
	if errors.Is(err, errTooBig) {
		return nil, http.StatusRequestEntityTooLarge
	}
	if err == nil && c.ContentType() == "application/x-www-form-urlencoded" {
		values, err = url.ParseQuery(string(body))
	}
	if err != nil || values == nil {
		return nil, http.StatusBadRequest
	}
	return values, http.StatusOK
}

// refused is the form again, with what was wrong at its head.
func (f *form) refused(code int, text string) reply {
	return reply{code, signupPage{Step: stepAddress, Problem: text, By: f.values.Get("by"), For: within(f.values.Get("for"), maxToken)}}
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

// askCode takes the address. What it answers, and when, is the same whether a
// code was sent or not.
func (s *Server) askCode(ctx context.Context, f *form) reply {
	even := time.NewTimer(evenTime)
	defer even.Stop()
	by := s.way(f.purpose, f.values.Get("by"))
	v := signup.Visitor{
		Kind: by, Address: f.values.Get("address"), Lang: f.chosenLang(), AtLeast: chosenThreshold(f.values.Get("at_least")),
		Topics: f.chosenTopics(), Token: f.values.Get("for"), From: f.from,
	}
	asking, err := s.options.Signup.Ask(ctx, f.purpose, v, s.options.Now())
	if wrong, ok := errors.AsType[signup.AddressError](err); ok {
		return f.addressAgain(by, wrong)
	}
	switch {
	case errors.Is(err, signup.ErrLink), errors.Is(err, signup.ErrGone):
		return f.refused(http.StatusNotFound, "member_gone")
	case err != nil:
		return s.unkept(f, err)
	}
	wait(ctx, even)
	step := stepCode
	if asking.Send != "" {
		step = stepSend
	}
	return reply{http.StatusOK, signupPage{Step: step, By: by, Ticket: asking.Ticket, Send: asking.Send, Secret: asking.Secret}}
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
	switch name {
	case status.MajorOutage.String():
		return status.MajorOutage
	case status.DegradedPerformance.String():
		return status.DegradedPerformance
	}
	return status.PartialOutage
}

// chosenTopics are those of what was ticked that the page has.
func (f *form) chosenTopics() []string {
	var chosen []string
	ticked := f.values["topic"]
	for _, topic := range f.edition.topics() {
		if len(chosen) < maxTopics && slices.Contains(ticked, topic) {
			chosen = append(chosen, topic)
		}
	}
	return chosen
}

// problems are what the page says of an address that cannot be.
var problems = map[signup.AddressError]string{
	signup.ErrNumberMissing: "number_missing", signup.ErrNumberUnread: "number_unread",
	signup.ErrNumberNotMobile: "number_not_mobile", signup.ErrNumberAbroad: "number_abroad",
	signup.ErrMailMissing: "mail_missing", signup.ErrMailUnread: "mail_unread",
	signup.ErrURLMissing: "url_missing", signup.ErrURLUnread: "url_unread", signup.ErrURLInside: "url_inside",
	signup.ErrPushUnread: "push_unread",
}

// addressAgain is the form with what was typed, and what is wrong with it.
func (f *form) addressAgain(by string, wrong signup.AddressError) reply {
	problem := problems[wrong]
	if problem == "" {
		problem = "form_broken"
	}
	return reply{http.StatusUnprocessableEntity, signupPage{
		Step: stepAddress, By: by, For: within(f.values.Get("for"), maxToken), Field: "address", Problem: problem, Address: within(f.values.Get("address"), maxAddress),
		TextLang: f.chosenLang(), AtLeast: chosenThreshold(f.values.Get("at_least")).String(), Topics: f.chosenTopics(),
	}}
}

// confirmCode takes the code. A wrong one is counted where a code was sent, so
// without a wait the time of the answer would tell whether one was.
func (s *Server) confirmCode(ctx context.Context, f *form) reply {
	even := time.NewTimer(evenTime)
	defer even.Stop()
	ticket, by := f.values.Get("ticket"), s.way(f.purpose, f.values.Get("by"))
	token, err := s.options.Signup.Confirm(ctx, f.purpose, by, ticket, f.values.Get("code"), s.options.Now())
	switch {
	case errors.Is(err, signup.ErrCode):
		wait(ctx, even)
		return reply{http.StatusUnprocessableEntity, signupPage{Step: stepCode, By: by, Field: "code", Problem: "code_wrong", Ticket: within(ticket, maxToken)}}
	case err != nil:
		away := s.unkept(f, err)
		away.Step, away.By, away.Ticket = stepCode, by, within(ticket, maxToken) // the code may still be good
		return away
	}
	return reply{http.StatusOK, signupPage{Step: stepDone, By: by, Token: token}}
}

// unkept is the answer while the database is away.
func (s *Server) unkept(f *form, err error) reply {
	s.options.Log.Warn("taking a form", "path", f.path, "err", err)
	return f.refused(http.StatusServiceUnavailable, "form_away")
}

// show renders the answer to a form. It is made for one person, so nothing of
// it is kept.
func (s *Server) show(c *gin.Context, f *form, answer reply) {
	p := f.edition.form(f.path, f.lang, answer.signupPage)
	s.showPage(c, f.edition, strings.TrimPrefix(f.path, "/"), f.path, f.lang, answer.status, p)
}

// showPage renders a page for one person. Nobody keeps it, and no machine lists
// it.
func (s *Server) showPage(c *gin.Context, e *edition, view, path, lang string, code int, p page) {
	ownReferrer(c)
	c.Header("Cache-Control", keepNot)
	c.Header("Content-Language", lang)
	c.Header("X-Robots-Tag", "noindex")
	if code == http.StatusServiceUnavailable {
		c.Header("Retry-After", "30")
	}
	body, err := e.render(view, path, lang, code, p)
	if err != nil {
		s.options.Log.Error("rendering a page", "view", view, "err", err)
		s.fail(c.Writer, c.Request)
		return
	}
	c.Data(code, "text/html; charset=utf-8", body)
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
