package web

import (
	"bongsu/notifier/signup"
	"bongsu/status"
)

// The steps of signing up and of leaving.
const (
	stepNumber = "number"
	stepCode   = "code"
	stepDone   = "done"
	stepOff    = "off"
)

// signupPage is what the form pages show. The zero value of what the form asks
// stands for its defaults.
type signupPage struct {
	Step     string
	Problem  string // id of the text that says what is wrong; its words on the page
	Field    string // the field it is about, or empty
	Number   string
	Ticket   string
	TextLang string
	AtLeast  string

	Path      string
	Title     string
	Languages []choice
	AtLeasts  []choice
	Minutes   int
}

// choice is one of several that a form offers.
type choice struct {
	Value, Text, Lang string
	Chosen            bool
}

// form is a page to sign up or to leave on.
func (e *edition) form(path, lang string, p signupPage) page {
	t := e.tellers[lang]
	p.Path, p.Title = path, t.say(desks[path].title)
	if p.Step == stepDone {
		p.Title = t.say(desks[path].done)
	}
	p.Minutes = int(signup.CodeLasts.Minutes())
	if p.Problem != "" {
		p.Problem = t.say(p.Problem)
	}
	if p.TextLang == "" {
		p.TextLang = t.lang
	}
	if p.AtLeast == "" {
		p.AtLeast = status.PartialOutage.String()
	}
	for _, at := range []struct {
		state status.State
		text  string
	}{{status.PartialOutage, "threshold_partial_outage"}, {status.MajorOutage, "threshold_major_outage"}} {
		p.AtLeasts = append(p.AtLeasts, choice{Value: at.state.String(), Text: t.say(at.text), Chosen: at.state.String() == p.AtLeast})
	}
	for _, other := range e.languages {
		name := e.server.speech.voices[other].say("language_name")
		p.Languages = append(p.Languages, choice{Value: other, Lang: other, Text: name, Chosen: other == p.TextLang})
	}
	return page{title: p.Title, content: p}
}
