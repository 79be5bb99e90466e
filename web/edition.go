package web

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/text/language"

	"bongsu/status"
	"bongsu/web/statuspage"
)

// maxKept is how many pages rendered on request an edition keeps. Only pages
// that exist are kept, so strangers can not fill it.
const maxKept = 1024

// maxAcceptLanguage bounds what is read of an Accept-Language header, and
// maxAccepted how many different ones are remembered.
const (
	maxAcceptLanguage = 200
	maxAccepted       = 512
)

// edition is everything served for one snapshot. What it serves does not
// change; it is rendered when first asked for, and ready from the start where the
// edition before was asked for the same.
type edition struct {
	snapshot  *status.Snapshot
	until     time.Time // the snapshot speaks for the present until then
	told      time.Time // of which instant the first page speaks
	languages []string  // the first is the default
	matcher   language.Matcher
	tellers   map[string]*teller
	server    *Server
	sent      map[string]*Sent // what became of notices, by incident

	first map[string]*sheet // the page at /, by language
	shelf map[string]*sheet // by path
	other *sync.Map         // 404 and its like, made when first needed: status and language → func() *document

	accepted     sync.Map     // Accept-Language header → language; browsers send few different ones
	acceptedKept atomic.Int64 // how many have been put there

	look       lookPaths
	data       *cupboard              // documents for machines that are made when asked for
	statuspage func() *statuspage.API // the snapshot in that format's words

	keeping sync.Mutex
	kept    map[string]func() (*document, error) // by path and language
}

// newEdition renders what is likely to be read. Documents equal to those of the
// edition before are taken over, compressed as they are.
func (s *Server) newEdition(snapshot *status.Snapshot, before *edition) (*edition, error) {
	e := &edition{
		snapshot:  snapshot,
		until:     snapshot.At.Add(s.options.Valid),
		told:      snapshot.At,
		languages: s.speech.Spoken(snapshot.Site.Languages),
		tellers:   map[string]*teller{},
		server:    s,
		sent:      s.sent,
		first:     map[string]*sheet{},
		shelf:     map[string]*sheet{},
		other:     &sync.Map{},
		kept:      map[string]func() (*document, error){},
		data:      cupboardAfter(before),
	}
	tags := make([]language.Tag, len(e.languages))
	components := indexed(snapshot)
	for i, lang := range e.languages {
		tags[i] = language.Make(lang)
		t := newTeller(snapshot, s.speech.Voice(lang), e.languages, components)
		t.took = s.timesOf
		if older := s.older.Load(); older != nil {
			t.older = *older
		}
		e.tellers[lang] = t
	}
	e.matcher = language.NewMatcher(tags)
	e.carry(before)
	e.statuspage = sync.OnceValue(func() *statuspage.API { return statuspage.New(snapshot, v2Words{e.tellers[e.languages[0]]}) })
	if err := e.stock(before); err != nil {
		return nil, err
	}
	return e, nil
}

// indexed is a snapshot's components by id, put together when first asked for:
// most snapshots pass with nobody reading.
func indexed(s *status.Snapshot) func() map[string]*status.ComponentView {
	return sync.OnceValue(func() map[string]*status.ComponentView {
		components := map[string]*status.ComponentView{}
		for g := range s.Groups {
			for _, v := range s.Groups[g].Components {
				components[v.ID] = v
			}
		}
		return components
	})
}

// stock fills the shelf.
func (e *edition) stock(before *edition) error {
	for path, d := range e.server.assets.shelf {
		e.shelf[path] = ready(d)
	}
	if err := e.stockLook(before); err != nil {
		return err
	}
	for _, lang := range e.languages {
		if err := e.stockLanguage(lang, before); err != nil {
			return err
		}
	}
	for _, answer := range []struct {
		path, keep string
		write      func() ([]byte, error)
	}{
		{"/api/v1/status", keepShort, e.statusJSON},
		{"/api/v1/locations", keepShort, e.locationsJSON},
		{"/api/v1/apps", keepShort, e.appsJSON},
	} {
		if err := e.stockJSON(answer.path, answer.keep, answer.write, before); err != nil {
			return err
		}
	}
	return errors.Join(e.stockInstant(before), e.stockCrawlers(before), e.stockWidgets(before))
}

func (e *edition) stockLanguage(lang string, before *edition) (err error) {
	if e.first[lang] != nil {
		return nil // carried over
	}
	e.first[lang], err = newSheet(before.firstPage(lang), func() ([]byte, error) {
		return e.render("overview", "/", lang, http.StatusOK, e.tellers[lang].overview(e.until))
	}, func(body []byte) *document { return newPage(http.StatusOK, lang, body) })
	return err
}

func (e *edition) stockJSON(path, keep string, write func() ([]byte, error), before *edition) error {
	return e.stockFor(before, path, jsonType, keep, write)
}

// firstPage is the page at / in a language, or nil. The edition may be nil.
func (e *edition) firstPage(lang string) *sheet {
	if e == nil {
		return nil
	}
	return e.first[lang]
}

// onShelf is what lies at a path, or nil. The edition may be nil.
func (e *edition) onShelf(path string) *sheet {
	if e == nil {
		return nil
	}
	return e.shelf[path]
}

// newPage is a page as a document. Mistakes are not kept by caches.
func newPage(code int, lang string, body []byte) *document {
	d := newDocument(code, "text/html; charset=utf-8", body)
	if code != http.StatusOK {
		d.kept(keepNot)
	}
	return d.in(lang)
}

func (e *edition) render(view, path, lang string, code int, content page) ([]byte, error) {
	body, err := e.server.views.render(view, e.frame(path, lang, code, content))
	if err != nil {
		return nil, fmt.Errorf("rendering %s in %s: %w", path, lang, err)
	}
	return body, nil
}

// key names a document that there is in several languages.
func key(path, lang string) string { return path + "\x00" + lang }

// message is the page for an answer that is no page.
func (e *edition) message(code int, lang string) *document {
	made, _ := e.other.LoadOrStore(key(http.StatusText(code), lang), sync.OnceValue(func() *document {
		d, err := e.newMessage(code, lang)
		if err != nil {
			e.server.options.Log.Error("rendering a page", "code", code, "err", err)
			return bare(code)
		}
		return d
	}))
	return made.(func() *document)()
}

func (e *edition) newMessage(code int, lang string) (*document, error) {
	body, err := e.render("message", "/", lang, code, e.tellers[lang].message(code))
	if err != nil {
		return nil, err
	}
	return newPage(code, lang, body), nil
}

// page is a page that is rendered when first asked for, or nil if there is
// none at the path.
func (e *edition) page(path, lang string) (*document, error) {
	view, content := e.find(path, lang)
	if content == nil {
		return nil, nil //nolint:nilnil // No page and no error is an answer of its own here: 404.
	}
	return e.keep(key(path, lang), func() (*document, error) {
		return e.rendered(view, path, lang, content())
	})()
}

// rendered is a page as a document.
func (e *edition) rendered(view, path, lang string, content page) (*document, error) {
	body, err := e.render(view, path, lang, http.StatusOK, content)
	if err != nil {
		return nil, err
	}
	return newPage(http.StatusOK, lang, body), nil
}

// find says which page is at a path: its template and what makes its content.
func (e *edition) find(path, lang string) (view string, content func() page) {
	t := e.tellers[lang]
	switch path {
	case "/history":
		return "history", t.history
	case "/maintenance":
		return "maintenance", t.maintenance
	case "/apps":
		if len(e.snapshot.Apps) == 0 {
			return "", nil
		}
		return "apps", t.apps
	case "/needs":
		return "needs", t.needed
	case "/measured":
		return "measured", t.measured
	case "/design":
		return "design", t.design
	case "/judging":
		return "judging", t.judging
	case "/check":
		return "check", func() page { return t.check("", nil) }
	case "/subscribe", "/leave":
		return path[1:], func() page { return e.form(path, lang, signupPage{Step: e.server.firstStep(path)}) }
	}
	room, id, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	switch room {
	case "components":
		if c := t.components()[id]; c != nil {
			return "component", func() page { return t.component(c) }
		}
	case "apps":
		if a, found := e.snapshot.App(id); found {
			return "app", func() page { return t.app(a) }
		}
	case "widget":
		if a, found := e.snapshot.App(id); found {
			return "widget", func() page { return t.widgetPage(a) }
		}
	case "incidents":
		if i, found := e.snapshot.Incident(id); found {
			return "incident", func() page { return t.incident(i, e.sent[id]) }
		}
	case "check":
		if i := e.coded(id); i != nil {
			return "check", func() page { return t.check(i.Code, i) }
		}
	}
	return "", nil
}

// coded is the incident with the check code, or nil.
func (e *edition) coded(code string) *status.Incident {
	for _, list := range [][]status.Incident{e.snapshot.Incidents, e.snapshot.Past} {
		for i := range list {
			if list[i].Code != "" && list[i].Code == code {
				return &list[i]
			}
		}
	}
	return nil
}

// keep remembers what build builds, for as many pages as may be kept. Visitors
// who come at the same time wait for one rendering.
func (e *edition) keep(key string, build func() (*document, error)) func() (*document, error) {
	e.keeping.Lock()
	defer e.keeping.Unlock()
	if made := e.kept[key]; made != nil {
		return made
	}
	if len(e.kept) >= maxKept {
		return build
	}
	once := sync.OnceValues(build)
	e.kept[key] = once
	return once
}

// language is the one the visitor asks for: in the address, else by what the
// browser accepts, else the site's first.
func (e *edition) language(r *http.Request) string {
	if r.URL.RawQuery != "" {
		if chosen := queried(r.URL.RawQuery, "lang"); e.tellers[chosen] != nil {
			return chosen
		}
	}
	accepted := r.Header.Get("Accept-Language")
	if accepted == "" || len(accepted) > maxAcceptLanguage {
		return e.languages[0]
	}
	if known, found := e.accepted.Load(accepted); found {
		return known.(string)
	}
	best := e.bestFor(accepted)
	if e.acceptedKept.Add(1) <= maxAccepted {
		e.accepted.Store(accepted, best)
	}
	return best
}

// bestFor is the language that suits an Accept-Language header best.
func (e *edition) bestFor(accepted string) string {
	tags, _, err := language.ParseAcceptLanguage(accepted)
	if err != nil || len(tags) == 0 {
		return e.languages[0]
	}
	_, index, confidence := e.matcher.Match(tags...)
	if confidence == language.No {
		return e.languages[0]
	}
	return e.languages[index]
}

// queried is the first value of a parameter, or empty. What is malformed
// beside it is passed over.
func queried(query, name string) string {
	values, _ := url.ParseQuery(query)
	return values.Get(name)
}
