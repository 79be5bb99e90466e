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
	Functions   []widgetFunction       `json:"functions"` // only those affected
}

// widgetTexts are what the banner says whatever the function.
type widgetTexts struct {
	Stale string `json:"stale"` // shown past valid_until
	More  string `json:"more"`  // the link's words
	Mark  string `json:"mark,omitempty"`
}

// widgetFunction is a function of the app that does not work. Text and link
// are by language; state is for the shape and colour.
type widgetFunction struct {
	ID      string            `json:"id"`
	State   status.State      `json:"state"`
	Name    map[string]string `json:"name"`
	Why     map[string]string `json:"why"`
	Instead map[string]string `json:"instead,omitempty"`
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
		if f := &app.Functions[i]; f.State.Troubled() {
			data.Functions = append(data.Functions, e.widgetFunction(f))
		}
	}
	body, err := json.Marshal(data)
	if err != nil {
		return nil, fmt.Errorf("writing the widget's data of %s: %w", app.ID, err)
	}
	return append(body, '\n'), nil
}

func (t *teller) widgetTexts() widgetTexts {
	w := widgetTexts{Stale: t.say("widget_stale", "Time", t.at(t.snapshot.At)), More: t.say("widget_more")}
	if t.snapshot.Site.Simulation {
		w.Mark = t.say("simulation_short")
	}
	return w
}

func (e *edition) widgetFunction(f *status.FunctionView) widgetFunction {
	w := widgetFunction{
		ID: f.ID, State: f.State, Name: map[string]string{}, Why: map[string]string{},
		Instead: map[string]string{}, Next: map[string]string{}, Link: map[string]string{},
	}
	incident, open := e.snapshot.Incident(f.Incident)
	for _, lang := range e.languages {
		t := e.tellers[lang]
		w.Name[lang] = t.say("widget_function_"+trouble(f.State), "Name", t.text(f.Name))
		w.Why[lang] = t.functionWhy(f, incident, open)
		if instead := t.text(f.Instead); instead != "" {
			w.Instead[lang] = instead
		}
		w.Link[lang] = e.snapshot.Site.URL + link("/", lang)
		if !open {
			continue
		}
		w.Link[lang] = e.snapshot.Site.URL + t.incidentHref(incident.ID)
		if incident.Open() && !incident.Next.IsZero() {
			w.Next[lang] = t.say("widget_next", "Time", t.at(incident.Next))
		}
	}
	return w
}

// functionWhy says which component the function misses, and what is behind it.
func (t *teller) functionWhy(f *status.FunctionView, i *status.Incident, open bool) string {
	if len(f.AffectedBy) == 0 && open {
		return t.headline(i)
	}
	why := t.say("widget_why", "Names", t.few(t.names(f.AffectedBy)))
	if !open || (len(f.AffectedBy) == 1 && i.Cause == "component:"+f.AffectedBy[0]) {
		return why
	}
	return why + t.say("sentence_space") + t.headline(i)
}
