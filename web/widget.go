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
// functions that do not work, in words, in each language. Everything that can
// be worded here is, so that the script stays small.
type widgetData struct {
	GeneratedAt time.Time              `json:"generated_at"`
	ValidUntil  time.Time              `json:"valid_until"`
	App         string                 `json:"app"`
	Simulation  bool                   `json:"simulation,omitempty"`
	Off         bool                   `json:"off,omitempty"`     // the widget is shut off: it shows nothing, not even that this is old
	Mirrors     []string               `json:"mirrors,omitempty"` // where the same lies, for when the site does not answer
	Texts       map[string]widgetTexts `json:"texts"`             // by language, the default first in Languages
	Languages   []string               `json:"languages"`         // of the site
	Functions   []widgetFunction       `json:"functions"`         // only those affected, or that cannot be judged, the worst first
	Rest        status.Text            `json:"rest,omitempty"`    // how many more there are than Functions has
}

// mostTold is how many functions the data has: a banner is no list, and the data
// stays within its budget. The page that it links to has them all.
const mostTold = 3

// widgetTexts are what the banner says whatever the function.
type widgetTexts struct {
	Stale string `json:"stale"` // shown past valid_until
	More  string `json:"more"`  // the link's words
	Mark  string `json:"mark,omitempty"`
}

// widgetFunction is a function of the app that does not work, or of which
// nobody can say whether it does. Text and link are by language; state is for
// the shape and colour.
type widgetFunction struct {
	ID      string       `json:"id"`
	State   status.State `json:"state"`
	Name    status.Text  `json:"name"`
	Why     status.Text  `json:"why"`
	Instead status.Text  `json:"instead,omitempty"`
	Stop    status.Text  `json:"stop,omitempty"` // how to stop the loss, where something goes on being charged for
	Next    status.Text  `json:"next,omitempty"`
	Link    status.Text  `json:"link"`
}

// keepWidget is for the data: it says itself how old it is, so a copy of it is
// better than none, and asking for it in the background is not needed.
const keepWidget = "public, max-age=10, stale-if-error=86400" //nolint:gosec // no credential

// stockWidgets puts the data of every app's widget on the shelf.
func (e *edition) stockWidgets(before *edition) error {
	for i := range e.snapshot.Apps {
		app := &e.snapshot.Apps[i]
		err := e.stockJSON(widgetRoot+app.ID+".json", keepWidget, func() ([]byte, error) { return e.widgetJSON(app, "") }, before)
		if err != nil {
			return err
		}
	}
	return nil
}

// widgetRoot is where what belongs to an app's widget lies.
const widgetRoot = "/widget/"

// widgetJSON is the data of one app's widget, signed. Links lead to the pages
// beside it, wherever it lies; ending is what their names end with there.
func (e *edition) widgetJSON(app *status.AppView, ending string) ([]byte, error) {
	data := widgetData{
		GeneratedAt: e.snapshot.At.UTC(), ValidUntil: e.until.UTC(), App: app.ID, Simulation: e.snapshot.Site.Simulation, Off: app.WidgetOff, Mirrors: e.snapshot.Site.Mirrors,
		Texts: map[string]widgetTexts{}, Languages: e.languages, Functions: []widgetFunction{},
	}
	for _, lang := range e.languages {
		data.Texts[lang] = e.tellers[lang].widgetTexts()
	}
	if !app.WidgetOff {
		e.fillWidget(&data, app, ending)
	}
	body, err := json.Marshal(data)
	if err != nil {
		return nil, fmt.Errorf("writing the widget's data of %s: %w", app.ID, err)
	}
	return e.server.sealed(append(body, '\n')), nil
}

// fillWidget puts in what does not work, the worst first.
func (e *edition) fillWidget(data *widgetData, app *status.AppView, ending string) {
	for i := range app.Functions {
		if f := e.widgetFunction(app, &app.Functions[i], ending); f != nil {
			data.Functions = append(data.Functions, *f)
		}
	}
	slices.SortStableFunc(data.Functions, func(a, b widgetFunction) int { return cmp.Compare(told(b.State), told(a.State)) })
	rest := len(data.Functions) - mostTold
	if rest <= 0 {
		return
	}
	data.Functions, data.Rest = data.Functions[:mostTold], status.Text{}
	for _, lang := range e.languages {
		data.Rest[lang] = e.tellers[lang].Count("widget_rest", rest)
	}
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
func (e *edition) widgetFunction(app *status.AppView, f *status.FunctionView, ending string) *widgetFunction {
	w := &widgetFunction{
		ID: f.ID, Name: status.Text{}, Why: status.Text{}, Instead: status.Text{}, Stop: status.Text{}, Next: status.Text{}, Link: status.Text{},
	}
	for _, lang := range e.languages {
		t := e.tellers[lang]
		v := t.service(f)
		if !v.State.Troubled() && v.State != status.Unknown {
			return nil
		}
		w.State, w.Name[lang] = v.State, v.Says
		for _, line := range []struct {
			into status.Text
			text string
		}{{w.Why, v.Why}, {w.Instead, v.Instead}, {w.Stop, v.Stop}} {
			if line.text != "" {
				line.into[lang] = line.text
			}
		}
		to := link("/apps/"+app.ID, lang)
		if v.Story != nil {
			to = v.Story.Href
		}
		w.Link[lang] = ".." + to + ending
		if !v.Next.IsZero() {
			w.Next[lang] = t.Say("widget_next", "Time", t.At(v.Next))
		}
	}
	return w
}
