package console

import (
	"cmp"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"bongsu/status"
	"bongsu/web"
)

// Limits of what is typed: characters of a line, bytes of a text.
const (
	maxTitle      = 120
	maxSpeaker    = 60
	maxSource     = 500
	maxWords      = 4000
	maxPostmortem = 20_000
	maxStates     = 500
)

// timeForm is how browsers send a time; it is in the site's zone.
const timeForm = "2006-01-02T15:04"

// entry is a form being read: what was typed, and what is wrong with it, by the
// name of the field.
type entry struct {
	visit *visit
	form  url.Values
	bad   map[string]string
}

func (e *entry) wrong(name, text string, pairs ...any) {
	if e.bad[name] == "" {
		e.bad[name] = e.visit.Say(text, pairs...)
	}
}

func (e *entry) value(name string) string { return strings.TrimSpace(e.form.Get(name)) }

func (e *entry) ticked(name string) bool { return e.form.Get(name) != "" }

// line is a text of one line in no particular language.
func (e *entry) line(name string, most int, needed bool) string {
	text := e.value(name)
	switch n := utf8.RuneCountInString(text); {
	case n == 0 && needed:
		e.wrong(name, "wrong_missing")
	case n > most:
		e.wrong(name, "wrong_long", "Count", n, "Most", most)
	case !web.Plain(text) || strings.ContainsAny(text, "\n\t"):
		e.wrong(name, "wrong_plain")
	}
	return text
}

// text is what was typed in each language; a language without words is left out.
// A title is bounded by its characters, other texts by their bytes.
func (e *entry) text(name string, most int) status.Text {
	text := status.Text{}
	for _, lang := range e.visit.console.site().Languages {
		key := name + "." + lang
		typed := strings.TrimSpace(strings.ReplaceAll(e.form.Get(key), "\r\n", "\n"))
		n := len(typed)
		if most == maxTitle {
			n = utf8.RuneCountInString(typed)
		}
		switch {
		case typed == "":
			continue
		case n > most && most == maxTitle:
			e.wrong(key, "wrong_long", "Count", n, "Most", most)
		case n > most:
			e.wrong(key, "wrong_bytes", "Count", n, "Most", most)
		case !web.Plain(typed) || most == maxTitle && strings.ContainsAny(typed, "\n\t"):
			e.wrong(key, "wrong_plain")
		}
		text[lang] = typed
	}
	if len(text) == 0 {
		e.wrong(name, "wrong_missing")
	}
	return text
}

// timeForms are how a time may be typed where a browser has no field for it.
var timeForms = []string{timeForm, "2006-01-02T15:04:05", "2006-01-02 15:04", time.RFC3339}

func (e *entry) time(name string, needed bool) time.Time {
	text := e.value(name)
	if text == "" {
		if needed {
			e.wrong(name, "wrong_missing")
		}
		return time.Time{}
	}
	for _, form := range timeForms {
		if at, err := time.ParseInLocation(form, text, e.visit.Zone); err == nil {
			return at
		}
	}
	if at, err := time.Parse("15:04", text); err == nil {
		year, month, day := e.visit.now().In(e.visit.Zone).Date()
		return time.Date(year, month, day, at.Hour(), at.Minute(), 0, 0, e.visit.Zone)
	}
	e.wrong(name, "wrong_time")
	return time.Time{}
}

// stage is the one that was chosen; nil for none.
func (e *entry) stage() *status.Stage {
	text := e.value("stage")
	if text == "" {
		return nil
	}
	stage := new(status.Stage)
	if stage.UnmarshalText([]byte(text)) != nil {
		e.wrong("stage", "wrong_choice")
	}
	return stage
}

// states are the components of which something was told.
func (e *entry) states() map[string]status.State {
	states := map[string]status.State{}
	for key, values := range e.form {
		id, is := strings.CutPrefix(key, "state.")
		if !is || len(values) == 0 || values[0] == "" {
			continue
		}
		var state status.State
		if state.UnmarshalText([]byte(values[0])) != nil || !state.Troubled() || len(states) >= maxStates {
			e.wrong("components", "wrong_choice")
			continue
		}
		states[id] = state
	}
	return states
}

// source is where something can be read: on the web, or nowhere.
func (e *entry) source() string {
	text := e.line("source", maxSource, false)
	if text == "" {
		return ""
	}
	u, err := url.Parse(text)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" || u.User != nil {
		e.wrong("source", "wrong_source")
	}
	return text
}

// keep puts into fields what was typed, and what is wrong with it.
func (e *entry) keep(fields []field) []field {
	fields = slices.Clone(fields)
	for k := range fields {
		f := &fields[k]
		f.Wrong = e.bad[f.Name]
		f.Ticked = e.ticked(f.Name)
		f.Value = e.form.Get(f.Name)
		for l := range f.Tongues {
			t := &f.Tongues[l]
			t.Value, t.Wrong = e.form.Get(t.Name), e.bad[t.Name]
			f.Wrong = cmp.Or(f.Wrong, t.Wrong)
		}
		f.Options = slices.Clone(f.Options)
		for l := range f.Options {
			f.Options[l].Ticked = slices.Contains(e.form[f.Name], f.Options[l].Value)
		}
		for l := range f.Rows {
			f.Rows[l].Value = e.form.Get(f.Rows[l].Name)
		}
	}
	return fields
}
