package web

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"bongsu/status"
	"bongsu/web/feed"
)

// widgetPage is an app's widget as a page to be framed. With a script it is the
// widget; without one it says the same, and of which instant.
type widgetPage struct {
	App  string
	Href string // the app's page
	Mark string // of what is no real outage
	Off  bool
	Told []toldFunction
}

// toldFunction is a function that does not work, or of which nobody can say.
type toldFunction struct {
	serviceRow

	State string
	Href  string // of the story, if there is one
}

// widgetRoutes are the widget as a frame and as a picture; its data and code are
// on the shelf.
func (s *Server) widgetRoutes(engine *gin.Engine) {
	picture := s.told((*edition).widgetPicture)
	get(engine, widgetRoot+":name", func(c *gin.Context) {
		if strings.HasSuffix(c.Param("name"), pictureEnding) {
			picture(c)
			return
		}
		if e := s.current.Load(); e != nil {
			if app, found := e.snapshot.App(c.Param("name")); found {
				c.Header("Content-Security-Policy", e.framePolicy(app))
			}
		}
		s.page(c)
	})
}

// framePolicy lets the pages of the app, and no others, frame its widget.
func (e *edition) framePolicy(app *status.AppView) string {
	origins := app.Origins
	if len(origins) == 0 {
		origins = []string{"'none'"}
	}
	return "default-src 'none'; style-src 'self'; script-src 'self'; connect-src " +
		strings.Join(append([]string{"'self'"}, e.snapshot.Site.Mirrors...), " ") +
		"; form-action 'none'; base-uri 'none'; frame-ancestors " + strings.Join(origins, " ")
}

func (t *teller) widgetPage(a *status.AppView) page {
	p := widgetPage{App: a.ID, Href: link("/apps/"+a.ID, t.Lang), Mark: t.widgetTexts().Mark, Off: a.WidgetOff}
	for i := range a.Functions {
		v := t.service(&a.Functions[i])
		if a.WidgetOff || (!v.State.Troubled() && v.State != status.Unknown) {
			continue
		}
		f := toldFunction{serviceRow: serviceRow{v, t.Moment(v.Next)}, State: v.State.String()}
		if v.Story != nil {
			f.Href = v.Story.Href
		}
		p.Told = append(p.Told, f)
	}
	return page{title: t.text(a.Name), content: p}
}

// pictureEnding ends the path of a widget's picture.
const pictureEnding = ".svg"

// widgetPicture is the state of an app as a picture, for where neither a script
// nor a frame can be: /widget/APP.svg. It cannot change once it is shown, so it
// says of which instant it speaks.
func (e *edition) widgetPicture(path, lang string) func() (*content, error) {
	id := strings.TrimSuffix(strings.TrimPrefix(path, widgetRoot), pictureEnding)
	app, found := e.snapshot.App(id)
	if !found {
		return nil
	}
	return func() (*content, error) {
		return &content{kind: feed.SVGType, lang: lang, body: e.drawn(app, lang)}, nil
	}
}

// shapes go with the states' words in a picture.
var shapes = map[status.State]string{
	status.Unknown: "?", status.Operational: "●", status.DegradedPerformance: "▲", status.PartialOutage: "◆",
	status.MajorOutage: "■", status.UnderMaintenance: "▬",
}

func (e *edition) drawn(app *status.AppView, lang string) []byte {
	t := e.tellers[lang]
	state := status.Operational
	for i := range app.Functions {
		if s := t.service(&app.Functions[i]).State; told(s) > told(state) || (s == status.Unknown && told(state) == 0) {
			state = s
		}
	}
	badge := feed.Badge{
		Label: t.marked(t.text(app.Name)), State: state,
		Word: fmt.Sprintf("%s %s · %s", shapes[state], t.state(state), e.told.In(t.Zone).Format("2006-01-02 15:04 -07:00")),
	}
	return badge.SVG()
}

// copyWidgets are the widgets' data and pictures in a copy. What the data links
// to are the copy's own pages, so it is signed anew.
func (e *edition) copyWidgets() []CopyPage {
	var pages []CopyPage
	for i := range e.snapshot.Apps {
		app := &e.snapshot.Apps[i]
		for _, f := range e.widgetFiles(app, ".html") {
			pages = append(pages, CopyPage{
				Path: f.path[1:], Stamp: e.snapshot.At.Format(time.RFC3339Nano), First: true, // it says when it was made
				Make: func() (CopyFile, error) {
					body, err := f.write()
					return CopyFile{Body: body, Type: jsonType, CacheControl: keepWidget}, err
				},
			})
		}
		for _, lang := range e.languages {
			pages = append(pages, CopyPage{
				Path: lang + widgetRoot + app.ID + pictureEnding, Stamp: e.told.Format(time.RFC3339Nano), First: true,
				Make: func() (CopyFile, error) {
					return CopyFile{Body: e.drawn(app, lang), Type: feed.SVGType, CacheControl: keepShort}, nil
				},
			})
		}
	}
	return pages
}

// schemaPath is where the widget data's JSON Schema lies.
const schemaPath = "/widget.schema.json"

// addSchema adds the schema of the widgets' data.
func (a *assets) addSchema() error {
	body, err := assetFiles.ReadFile("assets" + schemaPath)
	if err != nil {
		return fmt.Errorf("reading the widget's schema: %w", err)
	}
	a.shelf[schemaPath] = newDocument(http.StatusOK, "application/schema+json", slices.Clone(body)).kept("public, max-age=3600").forAnyOrigin()
	return nil
}
