package words

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"bongsu/notifier"
	"bongsu/status"
)

// The worst that a text may have to carry beside names.
var (
	worstNow  = time.Date(2026, 12, 30, 23, 59, 0, 0, time.UTC)
	worstSpan = 999*time.Hour + 59*time.Minute
)

const (
	worstCode   = "WWWW"
	worstNumber = "888888"
	worstGood   = 60 * time.Minute
	worstCount  = 100 // "and 99 more"
)

// Prove says which texts the program could not send with this model: names
// that a class cannot carry, texts that do not fit in their worst case (the
// longest name, most components, dates past midnight), advice that points
// somewhere. Paths are those of the configuration, such as
// components[2].short.ko.
func Prove(m *status.Model, classes []notifier.Class) []notifier.Problem {
	_, found := Try(m, classes)
	return found
}

// Trial is what [Try] has tried.
type Trial struct {
	Texts   int // as long as they can get
	Closest Close
}

// Close is the text that is closest to its limit.
type Close struct {
	Lang  string
	Class notifier.Class
	Event string
	Size  Size
}

// note takes a text's size down.
func (t *Trial) note(lang string, class notifier.Class, event string, s Size) {
	t.Texts++
	if last := t.Closest.Size; last.Limit == 0 || s.Limit-s.Units < last.Limit-last.Units {
		t.Closest = Close{lang, class, event, s}
	}
}

// Try is [Prove], and says what was tried.
func Try(m *status.Model, classes []notifier.Class) (Trial, []notifier.Problem) {
	var tried Trial
	var found []notifier.Problem
	for l, lang := range m.Site.Languages {
		if !Has(lang) {
			found = append(found, notifier.Problem{Path: fmt.Sprintf("site.languages[%d]", l), Text: "there are no texts in " + lang + "; write ko, ja or en"})
			continue
		}
		for _, class := range classes {
			found = append(found, proveNames(m, lang, class)...)
			found = append(found, proveAdvice(m, lang, class)...)
			found = append(found, tried.stories(m, lang, class)...)
			found = append(found, tried.fixed(m.Site, lang, class)...)
			found = append(found, proveServices(m, lang, class)...)
		}
	}
	return tried, unique(found)
}

func unique(problems []notifier.Problem) []notifier.Problem {
	var kept []notifier.Problem
	for _, p := range problems {
		if !slices.Contains(kept, p) {
			kept = append(kept, p)
		}
	}
	return kept
}

// proveNames wants what texts call a component to be there and encodable.
func proveNames(m *status.Model, lang string, class notifier.Class) []notifier.Problem {
	var found []notifier.Problem
	for i := range m.Components {
		path, name := nameOf(&m.Components[i], i, lang, class)
		if strings.TrimSpace(name) == "" {
			found = append(found, notifier.Problem{Path: path, Text: "is missing; texts in " + lang + " need it"})
		} else if _, err := Measure(lang, class, name); err != nil {
			found = append(found, notifier.Problem{Path: path, Text: "cannot be sent by " + string(class) + ": " + err.Error()})
		}
	}
	return found
}

// nameOf is the text a class prefers for a component, and where it is written.
func nameOf(c *status.Component, i int, lang string, class notifier.Class) (path, name string) {
	if class == notifier.ClassSMS && c.Short[lang] != "" {
		return fmt.Sprintf("components[%d].short.%s", i, lang), c.Short[lang]
	}
	return fmt.Sprintf("components[%d].name.%s", i, lang), c.Name[lang]
}

// proveAdvice wants advice to be something every text may carry. Advice that
// is too long for one is left out there, and is no problem.
func proveAdvice(m *status.Model, lang string, class notifier.Class) []notifier.Problem {
	var found []notifier.Problem
	for i := range m.Components {
		advice := m.Components[i].Advice[lang]
		_, err := Measure(lang, class, advice)
		if err == nil {
			err = Rules{}.lint(notifier.Text{Lang: lang, Class: class, Body: advice})
		}
		if err != nil {
			found = append(found, notifier.Problem{Path: fmt.Sprintf("components[%d].advice.%s", i, lang), Text: err.Error()})
		}
	}
	return found
}

// stories words the worst story about each component with the longest
// name; only if that does not fit, each other one is tried too.
func (t *Trial) stories(m *status.Model, lang string, class notifier.Class) []notifier.Problem {
	longest := -1
	var most int
	for i := range m.Components {
		_, name := nameOf(&m.Components[i], i, lang, class)
		if size, err := Measure(lang, class, name); err == nil && size.Units >= most {
			longest, most = i, size.Units
		}
	}
	if longest < 0 || len(t.try(m, longest, lang, class)) == 0 {
		return nil
	}
	var found []notifier.Problem
	for i := range m.Components {
		found = append(found, t.try(m, i, lang, class)...)
	}
	return found
}

func (t *Trial) try(m *status.Model, i int, lang string, class notifier.Class) []notifier.Problem {
	var found []notifier.Problem
	path, _ := nameOf(&m.Components[i], i, lang, class)
	for _, kind := range []status.EventKind{status.EventOpened, status.EventWorsened, status.EventNote, status.EventResolved, status.EventRetracted, status.EventDigest} {
		st := worstStory(m, i, kind)
		f := st.least(lang, class)
		f.More = worstCount - 1
		event := string(kind)
		if kind == status.EventNote {
			event = eventNews // what a note falls back to
		}
		_, size, err := render(lang, class, event, f)
		if err == nil {
			t.note(lang, class, event, size)
		} else {
			found = append(found, notifier.Problem{Path: path, Text: fmt.Sprintf("the %s of event %s: %v; write a shorter short", class, kind, err)})
		}
	}
	return append(found, t.plans(m, i, lang, class)...)
}

// worstStory is about one component, with everything else as long as it gets.
func worstStory(m *status.Model, i int, kind status.EventKind) *story {
	c := &m.Components[i]
	incident := &status.Incident{
		Code: worstCode, Impact: status.PartialOutage, Worst: status.PartialOutage,
		Began: worstNow.Add(-worstSpan), Next: worstNow.Add(24 * time.Hour),
	}
	if kind.Ends() {
		incident.Resolved, incident.Next = worstNow.Add(-24*time.Hour), time.Time{}
		incident.Retracted = incident.Resolved
	}
	return &story{
		site: m.Site, event: kind, incident: incident, now: worstNow,
		subjects: []subject{{id: c.ID, name: c.Name, short: c.Short, state: status.PartialOutage}},
	}
}

// fixed wants the texts of a subscription to fit.
func (t *Trial) fixed(site status.Site, lang string, class notifier.Class) []notifier.Problem {
	var found []notifier.Problem
	code, codeErr := Code(site, lang, class, worstNumber, "", worstGood)
	welcome, welcomeErr := Welcome(site, lang, class)
	left, leftErr := Left(site, lang, class)
	for _, err := range []error{codeErr, welcomeErr, leftErr} {
		if err != nil {
			found = append(found, notifier.Problem{Path: "site", Text: err.Error()})
		}
	}
	if len(found) > 0 {
		return found
	}
	for _, text := range []struct {
		event string
		notifier.Text
	}{{eventCode, code}, {eventWelcome, welcome}, {eventLeft, left}} {
		if size, err := Measure(lang, class, text.Body); err == nil {
			t.note(lang, class, text.event, size)
		}
	}
	return nil
}

// CheckNote says why an operator's words on an incident could not go out as
// they are, for each language of the site in which they are written, and for
// which they are missing. Where a class cannot carry them, people are told that
// there is news and no more. Paths are language tags.
func CheckNote(site status.Site, incident *status.Incident, text status.Text, classes []notifier.Class) []notifier.Problem {
	var found []notifier.Problem
	for _, lang := range site.Languages {
		if text[lang] == "" {
			found = append(found, notifier.Problem{Path: lang, Text: "is missing; who reads " + lang + " is told only that there is news"})
			continue
		}
		for _, class := range classes {
			f := facts{
				site: site, expected: expected(incident), Simulation: site.Simulation, Exercise: site.Exercise, Names: []string{"-"}, Note: text[lang], Code: worstCode,
				State: status.MajorOutage.String(), Since: "00:00", At: "00:00", Next: "00:00", Zone: abbreviation(worstNow, site.Zone),
			}
			if _, _, err := render(lang, class, string(status.EventNote), f); err != nil {
				found = append(found, notifier.Problem{Path: lang, Text: "cannot go out by " + string(class) + ": " + err.Error()})
			}
		}
	}
	return found
}
