package web

import (
	"slices"

	"bongsu/notifier"
	"bongsu/notifier/signup"
	"bongsu/status"
)

// The steps of signing up and of leaving.
const (
	stepAddress = "address"
	stepCode    = "code"
	stepSend    = "send"  // a code for people to send to us
	stepPress   = "press" // a code that came back by a link
	stepDone    = "done"
	stepOff     = "off"
)

// signupPage is what the form pages show. The zero value of what the form asks
// stands for its defaults.
type signupPage struct {
	Step     string
	By       string // the kind of address
	For      string // the token of who adds an address to theirs
	Problem  string // id of the text that says what is wrong; its words on the page
	Field    string // the field it is about, or empty
	Address  string
	Ticket   string
	Code     string
	Send     string
	Secret   string
	Token    string // of the personal address of who has just joined
	TextLang string
	AtLeast  string
	Topics   []string

	Path    string
	Title   string
	Ways    []choice // kinds of address, as links
	Kind    kindPage
	PushKey string
	Bot     string // how LINE's bot is found
	Minutes int
	wishesPage
}

// kindPage is how a kind of address is asked for.
type kindPage struct {
	Label, Hint, Ask, Sent, CodeHint, Done string // words
	Type, Auto                             string // of the field
	Script, Secret                         bool
}

// wishesPage is what somebody may choose.
type wishesPage struct {
	Languages  []choice
	AtLeasts   []choice
	Groups     []topicGroup
	SomeTopics bool
}

// topicGroup is a group with its services, to be ticked.
type topicGroup struct {
	choice
	Components []choice
}

// choice is one of several that a form offers.
type choice struct {
	Value, Text, Lang string
	Chosen            bool
}

// form is a page to sign up or to leave on.
func (e *edition) form(path, lang string, p signupPage) page {
	t, desk := e.tellers[lang], desks[path]
	p.By = e.server.way(desk.purpose, p.By)
	p.Path, p.Title = path, t.Say(desk.title)
	if p.Step == stepDone {
		p.Title = t.Say(desk.done)
	}
	p.Minutes = int(signup.CodeLasts.Minutes())
	if p.Problem != "" {
		p.Problem = t.Say(p.Problem)
	}
	for _, kind := range e.server.ways(desk.purpose) {
		p.Ways = append(p.Ways, choice{Value: kind, Text: t.Say("by_" + kind), Chosen: kind == p.By})
	}
	p.PushKey, p.Bot = e.server.options.PushKey, e.server.options.LINEBot
	p.Kind = t.kind(p.By, p.Minutes)
	p.wishesPage = e.wishes(lang, p.TextLang, p.AtLeast, p.Topics)
	return page{title: p.Title, content: p}
}

// kind is how a kind of address is asked for.
func (t *teller) kind(by string, minutes int) kindPage {
	k, _ := signup.KindOf(by)
	p := kindPage{Script: k.Script, Secret: k.Secret, Type: "text", Auto: "off"}
	words := "number"
	switch by {
	case "email":
		words, p.Type, p.Auto = "mail", "email", "email"
	case "webhook", "statuspage":
		words, p.Type, p.Auto = "url", "url", "url"
	case "webpush":
		words = "push"
	case "line":
		words = "line"
	default:
		p.Type, p.Auto = "tel", "tel"
	}
	p.Label, p.Hint, p.Ask = t.Say(words+"_label"), t.Say(words+"_hint"), t.Say(words+"_ask")
	p.Sent, p.CodeHint, p.Done = t.Say(words+"_sent", "Minutes", minutes), t.Say(words+"_code_hint"), t.Say(words+"_done")
	return p
}

// wishes are the choices of a form with what was chosen.
func (e *edition) wishes(lang, textLang, atLeast string, topics []string) wishesPage {
	t := e.tellers[lang]
	var p wishesPage
	if textLang == "" {
		textLang = t.Lang
	}
	if atLeast == "" {
		atLeast = status.PartialOutage.String()
	}
	for _, at := range []status.State{status.DegradedPerformance, status.PartialOutage, status.MajorOutage} {
		if at == status.DegradedPerformance && atLeast != at.String() {
			continue // seldom told to the public: it is only shown to who has it
		}
		p.AtLeasts = append(p.AtLeasts, choice{Value: at.String(), Text: t.Say("threshold_" + at.String()), Chosen: at.String() == atLeast})
	}
	for _, other := range e.languages {
		name := e.server.speech.Voice(other).Say("language_name")
		p.Languages = append(p.Languages, choice{Value: other, Lang: other, Text: name, Chosen: other == textLang})
	}
	tick := func(topic, text string) choice {
		return choice{Value: topic, Text: text, Chosen: slices.Contains(topics, topic)}
	}
	for i := range e.snapshot.Groups {
		g := &e.snapshot.Groups[i]
		group := topicGroup{choice: tick(notifier.GroupTopic(g.ID), t.Say("topic_group", "Name", t.text(g.Name)))}
		for j := range g.Components {
			group.Components = append(group.Components, tick(g.Components[j].ID, t.text(g.Components[j].Name)))
		}
		p.Groups = append(p.Groups, group)
	}
	p.SomeTopics = len(topics) > 0
	return p
}

// topics are all that somebody may tick.
func (e *edition) topics() []string {
	var all []string
	for i := range e.snapshot.Groups {
		g := &e.snapshot.Groups[i]
		all = append(all, notifier.GroupTopic(g.ID))
		for j := range g.Components {
			all = append(all, g.Components[j].ID)
		}
	}
	return all
}
