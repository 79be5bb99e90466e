package console

import (
	"net/http"
	"slices"
	"strings"

	"bongsu/web/account"
	"bongsu/web/speech"
)

// frame is what every page has around its content.
type frame struct {
	Lang       string
	Languages  []langLink
	Title      string
	SiteName   string
	Simulation bool
	Exercise   bool
	Who        *account.Who // nil: nobody
	Home       string       // the first place of whoever it is
	Role       string       // in words
	Nav        []navLink
	Said       *flashView
	Topics     string // what changes this page, apart by spaces; empty: nothing does
	Path       string // to show the page again
	Refresh    bool   // without script, load it again now and then
	AsOf       speech.Timed
	Zone       string
	Content    any
}

type langLink struct {
	Lang, Name, Href string
	Current          bool
}

type navLink struct {
	ID, Text, Href string
	Key            string // the second key after g
	Current        bool
}

func (v *visit) frame(status int, title string, content any) *frame {
	site := v.console.site()
	f := &frame{
		Lang: v.Lang, Title: title, SiteName: v.text(site.Name), Simulation: site.Simulation, Exercise: site.Exercise,
		Said: v.said(), Path: v.again(), AsOf: v.Timed("as_of", v.now()), Zone: v.ZoneName(), Home: Root + v.home(), Content: content,
	}
	if v.who.ID != "" {
		f.Who, f.Nav, f.Role = &v.who, v.menu(status), v.Say("role_"+string(v.who.Role))
	}
	for i, t := range v.topics {
		if i > 0 {
			f.Topics += " "
		}
		f.Topics += string(t)
	}
	for _, lang := range v.console.catalog.Spoken(languages) {
		f.Languages = append(f.Languages, langLink{
			Lang: lang, Name: v.console.catalog.Voice(lang).Say("language_name"), Href: v.inLanguage(lang), Current: lang == v.Lang,
		})
	}
	f.Refresh = len(v.topics) > 0
	return f
}

// again is the address that shows this page anew, without the language.
func (v *visit) again() string {
	u := *v.request.URL
	q := u.Query()
	q.Del("lang")
	u.RawQuery = q.Encode()
	if v.request.Method != http.MethodGet && v.request.Method != http.MethodHead {
		u.Path, u.RawQuery = Root+v.home(), "" // a form's target is no page
	}
	return u.RequestURI()
}

func (v *visit) inLanguage(lang string) string {
	again := v.again()
	if strings.Contains(again, "?") {
		return again + "&lang=" + lang
	}
	return again + "?lang=" + lang
}

// menuKeys are the keys after g that lead to the places of the menu.
var menuKeys = map[string]string{
	"": "n", "/incidents": "i", "/maintenance": "w", "/components": "c", "/map": "m", "/subscribers": "s",
	"/deliveries": "d", "/apps": "a", "/drills": "r", "/settings": "t", "/audit": "l", "/users": "u", "/tokens": "k", "/account": "p",
}

// places are those that there are and that who has come may see, in the order of
// the menu.
func (v *visit) places() []string {
	return slices.DeleteFunc(navigation(), func(place string) bool {
		i := slices.IndexFunc(v.console.routes, func(r route) bool { return r.method == http.MethodGet && r.path == place })
		return i < 0 || !v.who.May(v.console.routes[i].deed, v.who.App)
	})
}

// home is the first place of who has come, below [Root]: of most what is wrong
// now, of an agency its app.
func (v *visit) home() string {
	if places := v.places(); len(places) > 0 {
		return places[0]
	}
	return ""
}

// menu leads to every place.
func (v *visit) menu(status int) []navLink {
	var links []navLink
	for _, place := range v.places() {
		id := strings.TrimPrefix(place, "/")
		if id == "" {
			id = "now"
		}
		links = append(links, navLink{
			ID: id, Text: v.Say("menu_" + id), Href: Root + place, Key: menuKeys[place],
			Current: status == http.StatusOK && v.within(place),
		})
	}
	return links
}

// within says whether the page is the place, or below it.
func (v *visit) within(place string) bool {
	path := strings.TrimPrefix(v.request.URL.Path, Root)
	return path == place || place != "" && strings.HasPrefix(path, place+"/")
}
