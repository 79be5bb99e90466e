package web

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"bongsu/status"
	"bongsu/web/feed"
	"bongsu/web/speech"
)

// mostEntries is how many entries a feed has; what is older stays on the page.
// timesAhead is how many times the calendar has of work that comes again.
const (
	mostEntries = 100
	timesAhead  = 12
)

// feedFormats are how a feed is written, by the end of its address.
var feedFormats = map[string]struct {
	kind  string
	write func(*feed.Feed) ([]byte, error)
}{
	"atom": {feed.AtomType, (*feed.Feed).Atom},
	"rss":  {feed.RSSType, (*feed.Feed).RSS},
	"json": {feed.JSONType, (*feed.Feed).JSON},
}

// feedRoutes are the feeds, the calendar, the alerts and the badges. Each is
// there below every language's path too.
func (s *Server) feedRoutes(engine *gin.Engine) {
	for ending := range feedFormats {
		get(engine, "/feed."+ending, s.told((*edition).feedAt))
	}
	get(engine, "/feeds/groups/:name", s.told((*edition).feedAt))
	get(engine, "/feeds/components/:name", s.told((*edition).feedAt))
	get(engine, "/maintenance.ics", s.told((*edition).calendarAt))
	get(engine, "/cap.atom", s.told((*edition).alertsAt))
	get(engine, "/cap/:name", s.told((*edition).alertAt))
	get(engine, "/badge/:name", s.told((*edition).badgeAt))
}

// maker makes the document at a path in a language; nil if there is none.
type maker func(e *edition, path, lang string) func() (*content, error)

// told answers with a document that there is in every language.
func (s *Server) told(at maker) gin.HandlerFunc {
	return func(c *gin.Context) {
		e := s.current.Load()
		if e == nil {
			starting(c)
			return
		}
		path, lang := c.Request.URL.Path, e.language(c.Request)
		build := at(e, path, lang)
		if build == nil {
			s.answer(http.StatusNotFound)(c)
			return
		}
		s.serveData(c, e, key(path, lang), build)
	}
}

// feedAt is the feed at /feed.atom, /feeds/groups/ID.rss and their like.
func (e *edition) feedAt(path, lang string) func() (*content, error) {
	dot := strings.LastIndexByte(path, '.')
	if dot < 0 {
		return nil
	}
	about, isPart := strings.CutPrefix(path[:dot], "/feeds")
	if !isPart {
		about = "/"
	}
	scope := e.scope(about)
	format, known := feedFormats[path[dot+1:]]
	if scope == nil || !known {
		return nil
	}
	return func() (*content, error) {
		body, err := format.write(e.tellers[lang].feed(scope, path))
		return &content{kind: format.kind, lang: lang, body: body}, err
	}
}

// scope is what a feed or a badge tells of.
type scope struct {
	path    string // of the page for people
	name    status.Text
	state   status.State
	members map[string]bool // component ids; nil for everything
}

// scope is what there is at a path: everything, a group or a component; nil if
// nothing.
func (e *edition) scope(path string) *scope {
	if path == "/" {
		return &scope{path: "/", name: e.snapshot.Site.Name, state: overall(e.snapshot)}
	}
	room, id, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	switch room {
	case "groups":
		for g := range e.snapshot.Groups {
			if group := &e.snapshot.Groups[g]; group.ID == id {
				return groupScope(group)
			}
		}
	case "components":
		if c := e.tellers[e.languages[0]].components()[id]; c != nil {
			return &scope{"/components/" + id, c.Name, c.State, map[string]bool{id: true}}
		}
	}
	return nil
}

func groupScope(g *status.GroupView) *scope {
	members := map[string]bool{}
	for c := range g.Components {
		members[g.Components[c].ID] = true
	}
	return &scope{"/", g.Name, g.State, members}
}

// has says whether an incident concerns what the scope is.
func (s *scope) has(i *status.Incident) bool {
	return s.members == nil || slices.ContainsFunc(i.Components, func(a status.Affected) bool { return s.members[a.Component] })
}

// stories are all incidents, open and past.
func (t *teller) stories() []*status.Incident {
	var all []*status.Incident
	for _, list := range [][]status.Incident{t.snapshot.Incidents, t.snapshot.Past} {
		for i := range list {
			all = append(all, &list[i])
		}
	}
	return all
}

// feed has an entry for each update of each incident, newest first, as far as
// the page's history goes.
func (t *teller) feed(s *scope, path string) *feed.Feed {
	f := &feed.Feed{
		ID: t.uri("feed", path), Title: t.feedTitle(s), Lang: t.Lang, Subtitle: t.aboutUs(),
		Home: t.address(s.path), Self: t.address(path), Author: t.text(t.snapshot.Site.Name),
	}
	for _, i := range t.stories() {
		if s.has(i) {
			for u := range i.Updates {
				f.Entries = append(f.Entries, t.entry(i, &i.Updates[u]))
			}
		}
	}
	t.bound(f)
	return f
}

// bound puts a feed's entries in order and leaves out the oldest.
func (t *teller) bound(f *feed.Feed) {
	slices.SortStableFunc(f.Entries, func(a, b feed.Entry) int { return b.At.Compare(a.At) })
	f.Entries = f.Entries[:min(len(f.Entries), mostEntries)]
	f.Updated = time.Unix(0, 0).In(t.Zone) // nothing has ever been told
	if len(f.Entries) > 0 {
		f.Updated = f.Entries[0].At
	}
}

func (t *teller) feedTitle(s *scope) string {
	site := t.text(t.snapshot.Site.Name)
	if name := t.text(s.name); s.members != nil {
		site = name + " · " + site
	}
	return t.marked(site)
}

// aboutUs says who tells this, and in a simulation that it is one.
func (t *teller) aboutUs() string {
	about := t.Say("independent") + t.Say("sentence_space") + t.Say("independent_more")
	switch site := &t.snapshot.Site; {
	case site.Exercise:
		return t.Say("exercise") + t.Say("sentence_space") + about
	case site.Simulation:
		return t.Say("simulation") + t.Say("sentence_space") + about
	}
	return about
}

// address is a path's public address in this language.
func (t *teller) address(path string) string { return t.snapshot.Site.URL + link(path, t.Lang) }

// uri names something for ever, whatever its address will be (RFC 4151).
func (t *teller) uri(kind, id string) string {
	return "tag:" + t.host() + ",2026:" + kind + "/" + strings.TrimPrefix(id, "/") + "/" + t.Lang
}

// host is the site's public name.
func (t *teller) host() string {
	if u, err := url.Parse(t.snapshot.Site.URL); err == nil && u.Host != "" {
		return u.Hostname()
	}
	return "localhost"
}

// entry is an update as a feed has it. It stays as it is: what is told in it is
// seen from its own time.
func (t *teller) entry(i *status.Incident, u *status.Update) feed.Entry {
	then := t.asOf(u.At)
	text := []string{then.whole(i, u)}
	if !u.Next.IsZero() {
		text = append(text, then.Say("widget_next", "Time", then.At(u.Next)))
	}
	e := feed.Entry{
		ID: t.uri("incidents", i.ID+"/"+u.ID), Title: t.marked(t.title(i) + " – " + t.Say("kind_"+string(u.Kind))),
		Link: t.address("/incidents/" + i.ID), At: u.At.In(t.Zone), By: u.Author, Text: strings.Join(text, "\n"),
	}
	for _, a := range u.Components {
		e.About = append(e.About, t.name(a.Component))
	}
	return e
}

// whole words an entry of a timeline where nothing stands beside it: a
// post-mortem has its own text.
func (t *teller) whole(i *status.Incident, u *status.Update) string {
	if text := t.text(u.Text); u.Kind == status.UpdatePostmortem && text != "" {
		return text
	}
	return t.told(i, u)
}

// asOf words the same snapshot as seen from an instant.
func (t *teller) asOf(at time.Time) *teller {
	then := *t
	then.Clock = &speech.Clock{Speaker: t.Voice, Zone: t.Zone, Now: at}
	return &then
}

// calendarAt is the calendar of planned work.
func (e *edition) calendarAt(_, lang string) func() (*content, error) {
	return func() (*content, error) {
		return &content{kind: feed.CalendarType, lang: lang, body: e.tellers[lang].calendar().ICS()}, nil
	}
}

func (t *teller) calendar() *feed.Calendar {
	c := &feed.Calendar{
		Name: t.marked(t.text(t.snapshot.Site.Name) + " · " + t.Say("nav_maintenance")), About: t.aboutUs(), Lang: t.Lang,
	}
	for _, w := range t.byStart(timesAhead) {
		c.Events = append(c.Events, t.event(w))
	}
	return c
}

func (t *teller) event(w *status.Maintenance) feed.Event {
	title := t.text(w.Title)
	e := feed.Event{
		UID: w.ID + "@" + t.host(), Changed: w.From, From: w.From, Until: w.End(), Text: t.text(w.Text),
		Link: t.address("/maintenance"), About: t.names(w.Components),
	}
	if !w.Cancelled.IsZero() {
		e.Sequence, e.Changed = e.Sequence+1, w.Cancelled
		title = t.Say("called_off") + ": " + title
	}
	if !w.End().After(w.From) { // it never was: what is called off is what was planned
		e.Until, e.Cancelled = w.Until, true
	}
	e.Title = t.marked(title)
	return e
}

// badgeAt is the badge at /badge/ID.svg or /badge/ID.json: of a component, a
// group, or everything.
func (e *edition) badgeAt(path, lang string) func() (*content, error) {
	name := strings.TrimPrefix(path, "/badge/")
	id, isPicture := strings.CutSuffix(name, ".svg")
	id, isJSON := strings.CutSuffix(id, ".json")
	s := e.badgeScope(id)
	if s == nil || isPicture == isJSON {
		return nil
	}
	return func() (*content, error) {
		t := e.tellers[lang]
		badge := feed.Badge{Label: t.marked(t.text(s.name)), Word: t.state(s.state), State: s.state}
		if isPicture {
			return &content{kind: feed.SVGType, lang: lang, body: badge.SVG()}, nil
		}
		body, err := badge.JSON()
		return &content{kind: jsonType, lang: lang, body: body}, err
	}
}

// everything is the id of the badge of the whole page.
const everything = "overall"

func (e *edition) badgeScope(id string) *scope {
	for _, room := range []string{"/components/", "/groups/"} {
		if s := e.scope(room + id); s != nil {
			return s
		}
	}
	if id == everything {
		return e.scope("/")
	}
	return nil
}
