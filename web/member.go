package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"bongsu/notifier"
	"bongsu/notifier/signup"
)

// memberRoutes are somebody's own pages: what they chose, and the way out. Who
// has the address is who it is about; there is no account.
func (s *Server) memberRoutes(engine *gin.Engine) {
	get(engine, "/s/:token", func(c *gin.Context) { s.member(c, nil) })
	engine.POST("/s/:token", func(c *gin.Context) { s.member(c, s.choose) })
	engine.POST("/s/:token/drop", func(c *gin.Context) { s.member(c, s.drop) })
	get(engine, "/s/:token/drop", func(c *gin.Context) { s.lead(c, "/s/"+c.Param("token")) })
	get(engine, "/leave/:token", s.goodbye)
	engine.POST("/leave/:token", s.oneClick)
}

// memberPage is what somebody sees of themselves.
type memberPage struct {
	Title   string
	Token   string
	Problem string // what is wrong with what they sent
	Field   string // the field it is about, or empty
	Saved   bool
	Gone    bool // the address is nobody's
	Left    bool // they have just left

	Addresses []heldPage
	More      []choice // kinds of address to add
	From      []choice
	Until     []choice
	Zone      string
	Zones     []string
	wishesPage
}

// heldPage is one of somebody's addresses.
type heldPage struct {
	Kind, Name, Hint string
	Suppressed       bool
	Places           []choice // the first, the second, …; none if it is the only one
}

// member answers with somebody's own page after doing what was asked.
func (s *Server) member(c *gin.Context, do func(context.Context, *form, string) (problem, field string, err error)) {
	e := s.current.Load()
	if e == nil {
		starting(c)
		return
	}
	f := &form{path: "/s", from: s.visitor(c), lang: e.language(c.Request), edition: e}
	token := within(c.Param("token"), maxToken)
	p := memberPage{Token: token}
	code := http.StatusOK
	if s.options.Signup == nil {
		s.showMember(c, f, http.StatusNotFound, memberPage{Gone: true}, signup.Member{})
		return
	}
	if do != nil {
		var err error
		if code, p.Problem = s.readForm(c, f); p.Problem == "" {
			p.Problem, p.Field, err = do(c.Request.Context(), f, token)
			p.Saved = err == nil && p.Problem == ""
		}
		if p.Problem != "" && code == http.StatusOK {
			code = http.StatusUnprocessableEntity
		}
		if err != nil {
			s.showMember(c, f, s.memberFault(f, &p, err), p, signup.Member{})
			return
		}
	}
	m, _, err := s.options.Signup.Member(c.Request.Context(), token)
	if err != nil {
		code = s.memberFault(f, &p, err)
	}
	s.showMember(c, f, code, p, m)
}

// memberFault says what is wrong where there is no page to show.
func (s *Server) memberFault(f *form, p *memberPage, err error) (code int) {
	switch {
	case errors.Is(err, signup.ErrGone) && f.values != nil:
		p.Gone, p.Left, p.Saved = true, true, false
		return http.StatusOK // they have just left, or had before: all the same to them
	case errors.Is(err, signup.ErrLink), errors.Is(err, signup.ErrGone):
		p.Gone, p.Saved = true, false
		return http.StatusNotFound
	}
	s.options.Log.Warn("answering somebody's own page", "err", err)
	p.Problem, p.Gone, p.Saved = "form_away", true, false
	return http.StatusServiceUnavailable
}

// choose keeps what somebody chose.
func (s *Server) choose(ctx context.Context, f *form, token string) (problem, field string, err error) {
	c := signup.Choices{Lang: f.chosenLang(), AtLeast: chosenThreshold(f.values.Get("at_least"))}
	if f.values.Get("some") != "" {
		c.Wishes.Topics = f.chosenTopics()
	}
	if from, until := f.values.Get("quiet_from"), f.values.Get("quiet_until"); from != "" && until != "" {
		quiet, err := notifier.ParseQuiet(fmt.Sprintf("%s-%s %s", from, until, strings.TrimSpace(f.values.Get("zone"))))
		if err != nil {
			return "zone_unread", "zone", nil //nolint:nilerr // What is wrong with it is said on the page.
		}
		c.Wishes.Quiet = quiet
	}
	c.Wishes.Order = f.chosenOrder()
	return "", "", s.options.Signup.Choose(ctx, token, c)
}

// chosenOrder are kinds of address by the places they were given; who gave none
// has the plan's.
func (f *form) chosenOrder() []string {
	place := map[string]int{}
	var order []string
	for _, kind := range signup.KindIDs() {
		if n, err := strconv.Atoi(f.values.Get("place_" + kind)); err == nil && n > 0 && n <= len(signup.KindIDs()) {
			place[kind] = n
			order = append(order, kind)
		}
	}
	slices.SortStableFunc(order, func(a, b string) int { return place[a] - place[b] })
	return order
}

// drop forgets an address, or all.
func (s *Server) drop(ctx context.Context, f *form, token string) (problem, field string, err error) {
	kind := f.values.Get("kind")
	if kind == "" && f.values.Get("all") == "" {
		return "form_broken", "", nil
	}
	gone, err := s.options.Signup.Drop(ctx, token, kind, s.options.Now())
	if err == nil && gone {
		err = signup.ErrGone
	}
	return "", "", err
}

// showMember renders somebody's own page.
func (s *Server) showMember(c *gin.Context, f *form, code int, p memberPage, m signup.Member) {
	t := f.edition.tellers[f.lang]
	p.Title = t.Say("member_title")
	if p.Left {
		p.Title = t.Say("leave_done")
	}
	if p.Problem != "" {
		p.Problem = t.Say(p.Problem)
	}
	if !p.Gone {
		p.wishesPage = f.edition.wishes(f.lang, m.Lang, m.AtLeast.String(), m.Wishes.Topics)
		f.edition.fillMember(t, &p, m)
	}
	s.showPage(c, f.edition, "member", "/s/"+p.Token, f.lang, code, page{title: p.Title, content: p})
}

// commonZones are offered to who types a time zone.
var commonZones = []string{
	"Asia/Seoul", "Asia/Tokyo", "Asia/Shanghai", "Asia/Taipei", "Asia/Ho_Chi_Minh", "Asia/Bangkok", "Asia/Manila", "Asia/Kolkata", "Europe/Berlin",
	"Europe/London", "America/New_York", "America/Los_Angeles", "Australia/Sydney", "UTC",
}

// fillMember adds the addresses and the hours to somebody's page.
func (e *edition) fillMember(t *teller, p *memberPage, m signup.Member) {
	for _, h := range m.Addresses {
		held := heldPage{Kind: h.Kind, Name: t.Say("by_" + h.Kind), Hint: h.Hint, Suppressed: h.Suppressed != ""}
		if len(m.Addresses) > 1 {
			chosen := slices.Index(m.Wishes.Order, h.Kind) + 1
			held.Places = append(held.Places, choice{Text: t.Say("place_plan"), Chosen: chosen == 0})
			for n := range len(m.Addresses) {
				held.Places = append(held.Places, choice{Value: strconv.Itoa(n + 1), Text: t.Say("place_n", "Number", n+1), Chosen: chosen == n+1})
			}
		}
		p.Addresses = append(p.Addresses, held)
	}
	for _, kind := range e.server.ways(signup.Join) {
		if !slices.ContainsFunc(m.Addresses, func(h signup.Held) bool { return h.Kind == kind }) {
			p.More = append(p.More, choice{Value: kind, Text: t.Say("by_" + kind)})
		}
	}
	quiet := m.Wishes.Quiet
	p.Zone, p.Zones = "UTC", commonZones
	if zone := e.snapshot.Site.Zone; zone != nil {
		p.Zone = zone.String()
	}
	if !quiet.IsZero() {
		p.Zone = quiet.Zone.String()
	}
	p.From, p.Until = hours(t, quiet, quiet.From), hours(t, quiet, quiet.Until)
}

// hours are the hours of a day, and one that is not whole if it was chosen.
func hours(t *teller, q notifier.Quiet, chosen int) []choice {
	none := q.IsZero()
	all := []choice{{Text: t.Say("quiet_none"), Chosen: none}}
	for h := range 24 {
		if text := fmt.Sprintf("%02d:00", h); !none && chosen/60 == h {
			text = fmt.Sprintf("%02d:%02d", h, chosen%60)
			all = append(all, choice{Value: text, Text: text, Chosen: true})
		} else {
			all = append(all, choice{Value: text, Text: text})
		}
	}
	return all
}

// oneClickField is what a mail program sends for somebody who leaves (RFC 8058),
// and the button of our own page too.
const oneClickField, oneClickValue = "List-Unsubscribe", "One-Click"

// goodbye is where the way out in a notice leads. Opening it does nothing: what
// checks mail opens every link in it. Who has no page of their own, since they
// have left or an app has brought them, has a way out too.
func (s *Server) goodbye(c *gin.Context) {
	s.leaving(c, func(ctx context.Context, token string) (kind string, done bool, err error) {
		_, kind, err = s.options.Signup.Member(ctx, token)
		if errors.Is(err, signup.ErrGone) {
			err = nil
		}
		return kind, false, err
	})
}

// oneClick ends what reaches somebody by the address a notice went to. It needs
// no cookie, no page before it and no origin: the address is the proof. Doing it
// twice answers the same.
func (s *Server) oneClick(c *gin.Context) {
	values, code := formValues(c)
	if code != http.StatusOK || values.Get(oneClickField) != oneClickValue {
		plain(c, max(code, http.StatusBadRequest), "write List-Unsubscribe=One-Click as a form\n")
		return
	}
	s.leaving(c, func(ctx context.Context, token string) (kind string, done bool, err error) {
		_, kind, err = s.options.Signup.Member(ctx, token)
		if err != nil && !errors.Is(err, signup.ErrGone) {
			return "", false, err
		}
		_, err = s.options.Signup.Drop(ctx, token, kind, s.options.Now())
		return kind, err == nil, err
	})
}

// leaving answers with the page of who leaves by their personal address.
func (s *Server) leaving(c *gin.Context, do func(ctx context.Context, token string) (kind string, done bool, err error)) {
	e := s.current.Load()
	if e == nil {
		starting(c)
		return
	}
	lang, token := e.language(c.Request), within(c.Param("token"), maxToken)
	t := e.tellers[lang]
	p := goodbyePage{Title: t.Say("goodbye_title"), Token: token}
	code := http.StatusOK
	kind, done, err := "", false, signup.ErrLink
	if s.options.Signup != nil {
		kind, done, err = do(c.Request.Context(), token)
	}
	switch {
	case errors.Is(err, signup.ErrLink), errors.Is(err, signup.ErrGone):
		code, p.Gone = http.StatusNotFound, true
	case err != nil:
		s.options.Log.Warn("letting somebody go", "err", err)
		code, p.Problem = http.StatusServiceUnavailable, t.Say("form_away")
	case done:
		p.Title, p.Done = t.Say("leave_done"), true
	}
	if kind != "" {
		p.Way = t.Say("by_" + kind)
	}
	s.showPage(c, e, "goodbye", "/leave/"+token, lang, code, page{title: p.Title, content: p})
}

// goodbyePage is the page of who leaves by their personal address.
type goodbyePage struct {
	Title, Token, Way string
	Problem, Field    string
	Gone, Done        bool
}
