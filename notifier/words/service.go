package words

import (
	"fmt"
	"strings"

	"bongsu/notifier"
	"bongsu/status"
)

// Instead is what people are to do in place of an app's function; empty if it
// would send them to something that is not operational itself, on a day when
// more than one thing fails.
func Instead(s *status.Snapshot, f *status.FunctionView, lang string) string {
	text := f.Instead.In(lang, s.Site.Languages...)
	rules := Rules{Elsewhere: true}
	for g := range s.Groups {
		for _, v := range s.Groups[g].Components {
			if v.State.Troubled() {
				rules.Down = append(rules.Down, v.Name[lang], v.Short[lang])
			}
		}
	}
	if rules.pointing(lang, text, text) != nil {
		return ""
	}
	return text
}

// service is what the text of a function says.
type service struct {
	Simulation, Exercise bool

	App, Function, State, Cause, Instead string
	Stop                                 string // what goes on being charged for; empty: nothing does
}

// Service words a function in trouble as a text for phones, for its app to
// send: what does not work, through what, what to do instead and, where
// something goes on being charged for, how to stop the loss. What does not fit
// is left out in this order: the cause, then what to do if the loss has to be
// stopped. The error says why not even the rest can be said.
func Service(s *status.Snapshot, app *status.AppView, f *status.FunctionView, lang string) (notifier.Text, error) {
	said := service{
		Simulation: s.Site.Simulation, Exercise: s.Site.Exercise, App: app.Name.In(lang, s.Site.Languages...),
		Function: f.Name.In(lang, s.Site.Languages...), State: f.State.String(), Instead: Instead(s, f, lang),
	}
	if f.Runs() {
		said.Stop = string(f.Metered)
	}
	if len(f.AffectedBy) > 0 {
		if c, found := s.Component(f.AffectedBy[0]); found {
			said.Cause = c.Short.In(lang)
			if said.Cause == "" {
				said.Cause = c.Name.In(lang, s.Site.Languages...)
			}
		}
	}
	return said.fitting(lang)
}

// fitting is the richest way that keeps to the target.
func (said service) fitting(lang string) (notifier.Text, error) {
	ways := []service{said}
	said.Cause = ""
	ways = append(ways, said)
	if said.Stop != "" {
		said.Instead = ""
		ways = append(ways, said)
	}
	var problem error
	for _, way := range ways {
		text, err := way.write(lang)
		if err == nil {
			return text, nil
		}
		problem = err
	}
	return notifier.Text{}, problem
}

// gsm are marks that English phones would need another code for, and what
// stands for them.
var gsm = strings.NewReplacer(" · ", ", ", "·", ",", "–", "-", "—", "-", "’", "'", "“", `"`, "”", `"`, "…", "...")

func (said service) write(lang string) (notifier.Text, error) {
	said.Instead = strings.TrimRight(said.Instead, ".。 ") // the template ends it
	body, err := write(lang, "sms.service", said)
	if err != nil {
		return notifier.Text{}, err
	}
	t := notifier.Text{Lang: lang, Class: notifier.ClassSMS, Body: strings.TrimSpace(body)}
	if lang == "en" {
		t.Body = gsm.Replace(t.Body)
	}
	size, err := Fit(lang, t.Class, t.Body)
	switch {
	case err != nil:
		return t, err
	case size.Units > size.Target:
		return t, fmt.Errorf("takes %d %s of a text, %d are the most", size.Units, size.Unit, size.Target)
	}
	return t, Rules{Elsewhere: true, Names: []string{said.App, said.Function, said.Cause}}.Lint(t)
}

// proveServices wants the text of each function of each app to fit with its
// longest words, if there are phones to send it to.
func proveServices(m *status.Model, lang string, class notifier.Class) []notifier.Problem {
	if class != notifier.ClassSMS {
		return nil
	}
	var found []notifier.Problem
	for a := range m.Apps {
		for k := range m.Apps[a].Functions {
			app, f := &m.Apps[a], &m.Apps[a].Functions[k]
			said := service{
				Simulation: m.Site.Simulation, Exercise: m.Site.Exercise, App: app.Name[lang], Function: f.Name[lang],
				State: status.PartialOutage.String(), Instead: f.Instead[lang], Stop: string(f.Metered),
			}
			if _, err := said.fitting(lang); err != nil {
				what := "instead"
				if f.Instead[lang] == "" || f.Metered != "" {
					what = "name"
				}
				found = append(found, notifier.Problem{
					Path: fmt.Sprintf("apps[%d].functions[%d].%s.%s", a, k, what, lang),
					Text: "the text of this function cannot go to phones: " + err.Error() + "; write it shorter",
				})
			}
		}
	}
	return found
}
