package web

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"bongsu/status"
	"bongsu/web/speech"
)

// frame is what every page has around its content.
type frame struct {
	Lang       string
	Languages  []langLink
	Title      string
	SiteName   string
	Path       string
	Canonical  string // the page's public address; empty if the site has none
	Simulation bool
	Exercise   bool
	Look       lookPaths
	Footer     spoken
	Plain      bool   // the first page, which needs the style's core alone
	Hidden     bool   // search engines are to leave it out
	About      string // what the page says, in a sentence
	Home       string // the site's public address; empty if it has none
	Links      []navLink
	Feeds      []feedLink
	Data       []navLink // the same for programs
	Left       string    // said of a page that was left of an earlier run
	AsOf       speech.Timed
	Until      speech.Timed
	Zone       string
	Contact    string
	Mistake    bool // not a page: 404 and its like
	Content    any
}

type langLink struct {
	Lang, Name, Href string
	Current          bool
}

type navLink struct {
	Text, Href string
	Current    bool
}

// page is a page's own part.
type page struct {
	title   string // empty for the first page, which has the site's name alone
	about   string // what it says in a sentence, for who sees a link to it
	hidden  bool   // not for search engines
	content any
}

func (e *edition) frame(path, lang string, code int, p page) *frame {
	t, site := e.tellers[lang], &e.snapshot.Site
	f := &frame{
		Lang:       lang,
		Title:      p.title,
		SiteName:   t.text(site.Name),
		Path:       path,
		Simulation: site.Simulation,
		Exercise:   site.Exercise,
		Look:       e.look,
		Footer:     t.spoken(site.Look.Footer),
		Plain:      path == "/" && code == http.StatusOK,
		Hidden:     code != http.StatusOK || p.hidden || personal(path),
		About:      p.about,
		Home:       site.URL,
		AsOf:       t.asOfNow(),
		Until:      t.Timed("valid_until", e.until),
		Zone:       t.ZoneName(),
		Contact:    site.Contact,
		Mistake:    code != http.StatusOK,
		Content:    p.content,
	}
	if e.server.options.Left {
		f.Left = t.Say("left", "Time", t.Dated(e.snapshot.At))
	}
	if site.URL != "" && !f.Mistake && !personal(path) {
		f.Canonical = site.URL + link(path, lang)
	}
	for _, other := range e.languages {
		f.Languages = append(f.Languages, langLink{
			Lang: other, Name: e.server.speech.Voice(other).Say("language_name"),
			Href: link(path, other), Current: other == lang,
		})
	}
	for _, l := range e.server.options.Links {
		f.Links = append(f.Links, navLink{Text: t.text(l.Text), Href: l.Href})
	}
	if len(e.snapshot.Apps) > 0 {
		f.Links = append(f.Links, navLink{Text: t.Say("nav_apps"), Href: link("/apps", lang), Current: path == "/apps"})
	}
	for _, place := range []string{"history", "maintenance", "needs", "measured", "judging", "check"} {
		f.Links = append(f.Links, navLink{Text: t.Say("nav_" + place), Href: link("/"+place, lang), Current: path == "/"+place})
	}
	f.Links = append(f.Links, e.signupLinks(path, lang)...)
	f.Data = dataLinks(lang)
	if !f.Mistake {
		f.Feeds = t.feedLinks(path)
	}
	return f
}

// personal says whether a page is one person's own, which no other page names.
func personal(path string) bool {
	return strings.HasPrefix(path, "/s/") || strings.HasPrefix(path, "/leave/")
}

// signupLinks lead to where people sign up and leave, if they can.
func (e *edition) signupLinks(path, lang string) []navLink {
	var links []navLink
	for _, place := range slices.Backward(slices.Sorted(maps.Keys(desks))) { // to sign up comes first
		if e.server.offered(desks[place].purpose) {
			links = append(links, navLink{Text: e.tellers[lang].Say(desks[place].title), Href: link(place, lang), Current: path == place})
		}
	}
	return links
}

// message is the page for an answer that is no page.
type message struct {
	Heading, Text string
	Now           badge // how all is now, which is what most came for
}

func (t *teller) message(code int) page {
	id := map[int]string{
		http.StatusNotFound:         "not_found",
		http.StatusMethodNotAllowed: "not_allowed",
		http.StatusTooManyRequests:  "too_often",

		http.StatusServiceUnavailable: "away",
	}[code]
	if id == "" {
		id = "our_mistake"
	}
	heading, all := t.Say(id), overall(t.snapshot)
	return page{title: heading, hidden: true, content: message{
		Heading: heading, Text: t.Say(id + "_text"), Now: badge{classes[all], t.Say("overall_" + all.String())},
	}}
}

// badge is a state in word, shape and colour; the class gives the last two.
type badge struct{ Class, Word string }

// classes of the states, as style and icons know them.
var classes = map[status.State]string{
	status.Unknown:             "none",
	status.Operational:         "ok",
	status.DegradedPerformance: "slow",
	status.PartialOutage:       "part",
	status.MajorOutage:         "down",
	status.UnderMaintenance:    "work",
}

func (t *teller) badge(s status.State) badge { return badge{Class: classes[s], Word: t.state(s)} }

// spoken is an operator's text with the language it is in, where that is not
// the page's.
type spoken struct{ Text, Lang string }

func (t *teller) spoken(text status.Text) spoken {
	for _, lang := range slices.Concat([]string{t.Lang}, t.languages) {
		if s := text[lang]; s != "" {
			if lang == t.Lang {
				return spoken{Text: s}
			}
			return spoken{Text: s, Lang: lang}
		}
	}
	return spoken{}
}

// named is a link to something, perhaps with its state.
type named struct {
	Name, Href string
	Badge      badge
	Note       string
}

func (t *teller) componentLink(id string) named {
	if c := t.components()[id]; c != nil {
		return named{Name: t.name(id), Href: link("/components/"+id, t.Lang), Badge: t.badge(c.State)}
	}
	return named{Name: id}
}

func (t *teller) componentLinks(ids []string) []named {
	links := make([]named, 0, len(ids))
	for _, id := range ids {
		links = append(links, t.componentLink(id))
	}
	return links
}

func (t *teller) incidentHref(id string) string { return link("/incidents/"+id, t.Lang) }

// asOfNow says of when the page speaks, with the date: it may be read on another
// day, from a copy.
func (t *teller) asOfNow() speech.Timed {
	said := t.Timed("as_of", t.snapshot.At)
	if said.Moment != nil {
		said.Moment.Text = t.Dated(t.snapshot.At)
	}
	return said
}
