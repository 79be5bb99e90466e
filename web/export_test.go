package web

import (
	"fmt"
	"io/fs"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"

	"bongsu/web/account"
	"bongsu/web/speech"
)

// OpenAPI is the API's document; closed names every field of an answer.
func OpenAPI(closed bool) ([]byte, error) { return openAPI(closed) }

// Routes are the routes below a path that the server answers, as "GET /path",
// those of the shelf included.
func (s *Server) Routes(below string) ([]string, error) {
	router, err := s.router()
	if err != nil {
		return nil, err
	}
	var routes []string
	for _, r := range router.(*gin.Engine).Routes() {
		if strings.HasPrefix(r.Path, below) {
			routes = append(routes, r.Method+" "+r.Path)
		}
	}
	if e := s.current.Load(); e != nil {
		for path := range e.shelf {
			if strings.HasPrefix(path, below) {
				routes = append(routes, "GET "+path)
			}
		}
	}
	return routes, nil
}

// DeedOf is what the token of an operation has to allow, by "GET /path"; empty:
// it needs none.
func DeedOf() map[string]account.Deed {
	all := map[string]account.Deed{}
	for _, o := range operations() {
		all[o.method+" "+o.path] = o.deed
	}
	return all
}

// Operations are those of the document, as "GET /path".
func Operations() []string {
	var list []string
	for _, o := range operations() {
		list = append(list, o.method+" "+o.path)
	}
	return list
}

// UploadPlaces are the places for uploads.
type UploadPlaces = uploadPlaces

// Take takes a place for an app's upload, if there is one.
func (p *UploadPlaces) Take(app string) bool { return p.take(app) }

// Leave gives it back.
func (p *UploadPlaces) Leave(app string) { p.leave(app) }

// Whole reads every text and page in every language, and says how many pages
// there are or what they lack.
func Whole() (pages int, err error) {
	texts, err := newSpeech()
	if err != nil {
		return 0, err
	}
	if err := texts.Check(); err != nil {
		return 0, err
	}
	a, err := newAssets()
	if err != nil {
		return 0, err
	}
	v, err := newViews(texts, a)
	if err != nil {
		return 0, err
	}
	for lang, views := range v.byLanguage {
		for name, read := range views {
			page, err := read()
			if err == nil {
				err = texts.Complete(page)
			}
			if err != nil {
				return pages, fmt.Errorf("%s in %s: %w", name, lang, err)
			}
			pages++
		}
	}
	return pages, nil
}

// WidgetName is how a file of the widget's code is called.
func WidgetName(code []byte) string { return "widget-" + assetHash(code) + ".js" }

// Released are the paths of the code of earlier releases in a file system.
func Released(files fs.FS) ([]string, error) {
	a := &assets{shelf: map[string]*document{}}
	err := a.addReleased(files)
	return slices.Sorted(maps.Keys(a.shelf)), err
}

// FollowCrowd is what a server that holds so many connections at most follows them with.
func FollowCrowd(most int) func(net.Conn, http.ConnState) { return newCrowd(most).state }

// Phrases are the reasons that the program gives, by id.
func Phrases() map[string]string {
	all := map[string]string{}
	for i := range phrases {
		all[phrases[i].id] = phrases[i].english
	}
	return all
}

// Voice speaks a language of the page's.
func Voice(t testing.TB, lang string) *speech.Voice {
	t.Helper()
	texts, err := newSpeech()
	if err != nil {
		t.Fatal(err)
	}
	return texts.Voice(lang)
}
