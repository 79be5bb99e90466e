package web

import (
	"encoding/json"
	"fmt"
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
	Texts       map[string]widgetTexts `json:"texts"`     // by language, the default first in Languages
	Languages   []string               `json:"languages"` // of the site
	Functions   []widgetFunction       `json:"functions"` // only those affected, or that cannot be judged
}

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
	ID      string            `json:"id"`
	State   status.State      `json:"state"`
	Name    map[string]string `json:"name"`
	Why     map[string]string `json:"why"`
	Instead map[string]string `json:"instead,omitempty"`
	Stop    map[string]string `json:"stop,omitempty"` // how to stop the loss, where something goes on being charged for
	Next    map[string]string `json:"next,omitempty"`
	Link    map[string]string `json:"link"`
}

// widgetJSON is the data of one app's widget.
func (e *edition) widgetJSON(app *status.AppView) ([]byte, error) {
	data := widgetData{
		GeneratedAt: e.snapshot.At.UTC(), ValidUntil: e.until.UTC(), App: app.ID, Simulation: e.snapshot.Site.Simulation,
		Texts: map[string]widgetTexts{}, Languages: e.languages, Functions: []widgetFunction{},
	}
	for _, lang := range e.languages {
		data.Texts[lang] = e.tellers[lang].widgetTexts()
	}
	for i := range app.Functions {
		if f := e.widgetFunction(app, &app.Functions[i]); f != nil {
			data.Functions = append(data.Functions, *f)
		}
	}
	body, err := json.Marshal(data)
	if err != nil {
		return nil, fmt.Errorf("writing the widget's data of %s: %w", app.ID, err)
	}
	return append(body, '\n'), nil
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
func (e *edition) widgetFunction(app *status.AppView, f *status.FunctionView) *widgetFunction {
	w := &widgetFunction{
		ID: f.ID, Name: map[string]string{}, Why: map[string]string{},
		Instead: map[string]string{}, Stop: map[string]string{}, Next: map[string]string{}, Link: map[string]string{},
	}
	for _, lang := range e.languages {
		t := e.tellers[lang]
		v := t.service(f)
		if !v.State.Troubled() && v.State != status.Unknown {
			return nil
		}
		w.State, w.Name[lang] = v.State, v.Says
		for _, line := range []struct {
			into map[string]string
			text string
		}{{w.Why, v.Why}, {w.Instead, v.Instead}, {w.Stop, v.Stop}} {
			if line.text != "" {
				line.into[lang] = line.text
			}
		}
		w.Link[lang] = e.snapshot.Site.URL + link("/apps/"+app.ID, lang)
		if v.Story != nil {
			w.Link[lang] = e.snapshot.Site.URL + v.Story.Href
		}
		if !v.Next.IsZero() {
			w.Next[lang] = t.Say("widget_next", "Time", t.At(v.Next))
		}
	}
	return w
}
