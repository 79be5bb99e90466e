package web

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"bongsu/status"
)

// widgetData is what the widget of one app asks for once a minute: the
// functions that do not work, in words, in one language. Everything that can
// be worded here is, so that the script stays small.
type widgetData struct {
	GeneratedAt time.Time        `json:"generated_at"`
	ValidUntil  time.Time        `json:"valid_until"`
	App         string           `json:"app"`
	Lang        string           `json:"lang"`      // of every text
	Languages   []string         `json:"languages"` // of the site, the default first: there is a file for each
	Simulation  bool             `json:"simulation,omitempty"`
	Off         bool             `json:"off,omitempty"`     // the widget is shut off: it shows nothing, not even that this is old
	Mirrors     []string         `json:"mirrors,omitempty"` // where the same lies, for when the site does not answer
	Texts       widgetTexts      `json:"texts"`
	Functions   []widgetFunction `json:"functions"`      // only those affected, or that cannot be judged, the worst first
	Rest        string           `json:"rest,omitempty"` // how many more there are than Functions has
}

// A banner is no list: the data has so many functions, and fewer where their
// texts are so long that it would not fit into so many bytes, compressed. The
// page that it links to has them all.
const (
	mostTold   = 3
	widgetRoom = 1 << 10
)

// widgetTexts are what the banner says whatever the function.
type widgetTexts struct {
	Stale string `json:"stale"` // shown past valid_until
	More  string `json:"more"`  // the link's words
	Mark  string `json:"mark,omitempty"`
}

// widgetFunction is a function of the app that does not work, or of which
// nobody can say whether it does. State is for the shape and colour.
type widgetFunction struct {
	ID      string       `json:"id"`
	State   status.State `json:"state"`
	Name    string       `json:"name"`
	Why     string       `json:"why"`
	Instead string       `json:"instead,omitempty"`
	Stop    string       `json:"stop,omitempty"` // how to stop the loss, where something goes on being charged for
	Next    string       `json:"next,omitempty"`
	Link    string       `json:"link"`
}

// keepWidget is for the data: it says itself how old it is, so a copy of it is
// better than none, and asking for it in the background is not needed.
const keepWidget = "public, max-age=10, stale-if-error=86400" //nolint:gosec // no credential

// stockWidgets puts the data of every app's widget on the shelf.
func (e *edition) stockWidgets(before *edition) error {
	for i := range e.snapshot.Apps {
		for _, f := range e.widgetFiles(&e.snapshot.Apps[i], "") {
			if err := e.stockJSON(f.path, keepWidget, f.write, before); err != nil {
				return err
			}
		}
	}
	return nil
}

// widgetRoot is where what belongs to an app's widget lies.
const widgetRoot = "/widget/"

// widgetFile is the data of an app's widget in one language, as a file.
type widgetFile struct {
	path  string
	write func() ([]byte, error)
}

// widgetFiles are the data of one app's widget: in each language below its
// path, and in the site's first without one, for who does not know yet which
// there are. What the names of pages end with where they lie is ending.
func (e *edition) widgetFiles(app *status.AppView, ending string) []widgetFile {
	name := widgetRoot + app.ID + ".json"
	files := []widgetFile{{name, func() ([]byte, error) { return e.widgetJSON(app, e.languages[0], "..", ending) }}}
	for _, lang := range e.languages {
		files = append(files, widgetFile{link(name, lang), func() ([]byte, error) { return e.widgetJSON(app, lang, "../..", ending) }})
	}
	return files
}

// widgetJSON is the data of one app's widget, signed. Links lead to the pages
// of the same site, wherever it lies: its root is at the relative address root.
func (e *edition) widgetJSON(app *status.AppView, lang, root, ending string) ([]byte, error) {
	t := e.tellers[lang]
	data := widgetData{
		GeneratedAt: e.snapshot.At.UTC(), ValidUntil: e.until.UTC(), App: app.ID, Lang: lang, Languages: e.languages,
		Simulation: e.snapshot.Site.Simulation, Off: app.WidgetOff, Mirrors: e.snapshot.Site.Mirrors,
		Texts: t.widgetTexts(), Functions: []widgetFunction{},
	}
	wrong := t.wrong(app, root, ending)
	for most := min(mostTold, len(wrong)); ; most-- {
		data.Functions = append(data.Functions[:0], wrong[:most]...)
		if rest := len(wrong) - most; rest > 0 {
			data.Rest = t.Count("widget_rest", rest)
		}
		body, err := json.Marshal(data)
		if err != nil {
			return nil, fmt.Errorf("writing the widget's data of %s: %w", app.ID, err)
		}
		sealed := e.server.sealed(append(body, '\n'))
		if most <= 1 || len(sealed) <= widgetRoom || len(squeezed(sealed, codingGzip)) <= widgetRoom {
			return sealed, nil
		}
	}
}

// wrong is what the widget of an app is told of, the worst first; nothing where
// it is shut off.
func (t *teller) wrong(app *status.AppView, root, ending string) []widgetFunction {
	var wrong []widgetFunction
	if app.WidgetOff {
		return nil
	}
	for i := range app.Functions {
		if f := t.widgetFunction(app, &app.Functions[i], root, ending); f != nil {
			wrong = append(wrong, *f)
		}
	}
	slices.SortStableFunc(wrong, func(a, b widgetFunction) int { return cmp.Compare(told(b.State), told(a.State)) })
	return wrong
}

// told orders states by how urgent it is to tell of them: what cannot be judged
// comes last.
func told(s status.State) int {
	switch s {
	case status.MajorOutage:
		return 3
	case status.PartialOutage:
		return 2
	case status.DegradedPerformance:
		return 1
	case status.Unknown, status.Operational, status.UnderMaintenance:
	}
	return 0
}

func (t *teller) widgetTexts() widgetTexts {
	w := widgetTexts{Stale: t.Say("widget_stale", "Time", t.At(t.snapshot.At)), More: t.Say("widget_more")}
	if t.snapshot.Site.Simulation {
		w.Mark = t.Say("simulation_short")
	}
	if t.snapshot.Site.Exercise {
		w.Mark = t.Say("exercise_short")
	}
	return w
}

// widgetFunction is what the widget shows of a function; nil while it works.
func (t *teller) widgetFunction(app *status.AppView, f *status.FunctionView, root, ending string) *widgetFunction {
	v := t.service(f)
	if !v.State.Troubled() && v.State != status.Unknown {
		return nil
	}
	to := link("/apps/"+app.ID, t.Lang)
	if v.Story != nil {
		to = v.Story.Href
	}
	w := &widgetFunction{ID: f.ID, State: v.State, Name: v.Says, Why: v.Why, Instead: v.Instead, Stop: v.Stop, Link: root + to + ending}
	if !v.Next.IsZero() {
		w.Next = t.Say("widget_next", "Time", t.At(v.Next))
	}
	return w
}
