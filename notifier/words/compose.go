package words

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"bongsu/notifier"
	"bongsu/status"
)

// The order in which notices go out: who does not know yet comes first.
const (
	priorityAlarm = 10 * iota
	priorityOpened
	priorityWorsened
	priorityNote
	priorityResolved
	priorityDigest
)

// How long a text is worth handing over. "Next update 16:42" on the next
// morning frightens; that it is over is good to know for a day.
const (
	newsLasts = 6 * time.Hour
	endLasts  = 24 * time.Hour
)

const eventAlarm = "alarm"

// Composer makes the notices that events call for. It holds the part of the
// configuration that says who hears, and does not change.
type Composer struct {
	Site      status.Site
	Audiences []notifier.Audience
	Classes   map[string][]notifier.Class // plan → the classes of the channels it uses
	NewID     func(now time.Time) string  // of a notice; sortable by time, unique
}

// Notices are those that the events call for: one for each event, audience and
// plan, in every language of the site and every class of the plan. Should one
// text not be possible, which [Prove] rules out for what it was given, the
// notice goes without it and the error says so; the notices are good
// nevertheless.
func (c *Composer) Notices(s *status.Snapshot, events []status.Event, now time.Time) ([]notifier.Notice, error) {
	var notices []notifier.Notice
	var problems []error
	for _, e := range events {
		incident, ok := s.Incident(e.Incident)
		if !ok {
			problems = append(problems, fmt.Errorf("event %s: incident %s is not in the snapshot", e.Kind, e.Incident))
			continue
		}
		st := tell(s, incident, e, now)
		from, to := told(e, incident)
		for _, a := range c.Audiences {
			if to < a.AtLeast {
				continue
			}
			n := c.notice(a, string(e.Kind), now)
			n.Incident, n.Update, n.From, n.To = e.Incident, e.Update, from, to
			var err error
			n.Texts, err = c.texts(a.Plan, func(lang string, class notifier.Class) (notifier.Text, error) {
				return st.text(lang, class)
			})
			if err != nil {
				problems = append(problems, fmt.Errorf("event %s of %s: %w", e.Kind, e.Incident, err))
			}
			notices = append(notices, n)
		}
	}
	return notices, errors.Join(problems...)
}

// told is the range of thresholds that an event concerns: above from, not
// above to. An end concerns whoever heard of the worst.
func told(e status.Event, incident *status.Incident) (from, to status.State) {
	if e.Kind == status.EventResolved {
		return status.Unknown, max(e.From, incident.Worst)
	}
	return e.From, e.To
}

func (c *Composer) notice(a notifier.Audience, event string, now time.Time) notifier.Notice {
	n := notifier.Notice{
		ID: c.NewID(now), Event: event, Audience: a.Audience, Plan: a.Plan,
		Policy: notifier.AtLeastOnce, Made: now, Expires: now.Add(newsLasts),
	}
	switch event {
	case eventAlarm:
		n.Priority, n.Expires = priorityAlarm, now.Add(endLasts)
	case string(status.EventOpened):
		n.Priority = priorityOpened
	case string(status.EventWorsened):
		n.Priority = priorityWorsened
	case string(status.EventNote):
		n.Priority = priorityNote
	case string(status.EventResolved):
		n.Priority, n.Expires = priorityResolved, now.Add(endLasts)
	default:
		n.Priority = priorityDigest
	}
	return n
}

func (c *Composer) texts(plan string, text func(lang string, class notifier.Class) (notifier.Text, error)) ([]notifier.Text, error) {
	var texts []notifier.Text
	var problems []error
	for _, lang := range c.Site.Languages {
		for _, class := range c.Classes[plan] {
			t, err := text(lang, class)
			if err != nil {
				problems = append(problems, fmt.Errorf("%s in %s: %w", class, lang, err))
				continue
			}
			texts = append(texts, t)
		}
	}
	return texts, errors.Join(problems...)
}

// alarmLength is the longest key of an alarm; it stands in for the alarm's
// text where that does not fit.
const alarmLength = 60

// Alarm tells operators of something that the public is not told. The key
// names the occasion: the same one is told once.
func (c *Composer) Alarm(key string, text status.Text, now time.Time) ([]notifier.Notice, error) {
	if key == "" || len(key) > alarmLength {
		return nil, fmt.Errorf("the alarm's key has %d bytes, not 1 to %d", len(key), alarmLength)
	}
	var notices []notifier.Notice
	var problems []error
	for _, a := range c.Audiences {
		if a.Audience != "operators" {
			continue
		}
		n := c.notice(a, eventAlarm, now)
		n.Update, n.To = key, status.MajorOutage
		var err error
		n.Texts, err = c.texts(a.Plan, func(lang string, class notifier.Class) (notifier.Text, error) {
			return c.alarm(lang, class, key, text.In(lang, c.Site.Languages...))
		})
		if err != nil {
			problems = append(problems, fmt.Errorf("alarm %s: %w", key, err))
		}
		notices = append(notices, n)
	}
	return notices, errors.Join(problems...)
}

// alarm words an alarm; where its text does not fit, its key does.
func (c *Composer) alarm(lang string, class notifier.Class, key, text string) (notifier.Text, error) {
	f := facts{Simulation: c.Site.Simulation, Note: text}
	t, _, err := render(lang, class, eventAlarm, f)
	if err != nil {
		f.Note = key
		t, _, err = render(lang, class, eventAlarm, f)
	}
	return t, err
}

// eventNews stands in for a note that a class cannot carry.
const eventNews = "news"

// text words the story for the class: the richest way that keeps to the
// target, or else to the limit.
func (st *story) text(lang string, class notifier.Class) (notifier.Text, error) {
	if st.event != status.EventNote {
		return st.best(lang, class, string(st.event))
	}
	if st.note[lang] != "" {
		if t, err := st.best(lang, class, string(status.EventNote)); err == nil {
			return t, nil
		}
	}
	return st.best(lang, class, eventNews)
}

func (st *story) best(lang string, class notifier.Class, event string) (notifier.Text, error) {
	var fallback *notifier.Text
	var problem error
	for f := range st.variants(lang, class) {
		if event != string(status.EventNote) {
			f.Note = ""
		}
		t, size, err := render(lang, class, event, f)
		switch {
		case err != nil:
			problem = err
		case size.Units <= size.Target:
			return t, nil
		case fallback == nil:
			fallback = &t
		}
	}
	if fallback != nil {
		return *fallback, nil
	}
	return notifier.Text{}, problem
}

// render fills the event's block for the class and refuses what cannot be sent
// or must not be said.
func render(lang string, class notifier.Class, event string, f facts) (notifier.Text, Size, error) {
	t := notifier.Text{Lang: lang, Class: class}
	var err error
	switch class {
	case notifier.ClassAlimTalk:
		err = fill(&t, event, f)
	case notifier.ClassChat:
		if title := "chat." + event + ".title"; has(lang, title) {
			t.Title, err = write(lang, title, f)
		}
		if err != nil {
			return t, Size{}, err
		}
		t.Body, err = write(lang, "chat."+event, f)
	default:
		t.Body, err = write(lang, string(class)+"."+event, f)
	}
	if err != nil {
		return t, Size{}, err
	}
	t.Body = strings.TrimSpace(t.Body)
	if err := f.lint(lang, class, t.Body); err != nil {
		return t, Size{}, err
	}
	size, err := Fit(lang, class, t.Body)
	t.Segments = size.Segments
	return t, size, err
}

// lint checks what people wrote by itself, and the whole without the names in
// it: a name may look like a host, but must not hide one.
func (f *facts) lint(lang string, class notifier.Class, body string) error {
	return errors.Join(
		Lint(lang, class, f.Note),
		Lint(lang, class, f.Advice),
		Lint(lang, class, body, slices.Concat(f.Names, f.Works, []string{f.Cause})...),
	)
}

// placeholder is a parameter of a registered template.
var placeholder = regexp.MustCompile(`#\{([a-z]+)\}`)

// fill makes the parameters that the event's registered template asks for, and
// the text that the messenger makes of them. A parameter may not be empty.
func fill(t *notifier.Text, event string, f facts) error {
	if event == eventNews { // a note without its words; there is no template of its own
		event = string(status.EventNote)
		var err error
		if f.Note, err = write(t.Lang, "alimtalk.news", nil); err != nil {
			return err
		}
	}
	template, err := AlimTalkTemplate(event, t.Lang)
	if err != nil {
		return err
	}
	t.Template, t.Params = templateName(event, t.Lang), map[string]string{}
	for _, match := range placeholder.FindAllStringSubmatch(template, -1) {
		if t.Params[match[1]], err = parameter(t.Lang, match[1], f); err != nil {
			return err
		}
	}
	t.Body = placeholder.ReplaceAllStringFunc(template, func(p string) string { return t.Params[p[2:len(p)-1]] })
	return nil
}

func parameter(lang, name string, f facts) (string, error) {
	value, block := "", ""
	switch name {
	case "mark", "what", "span":
		return write(lang, name, f)
	case "state":
		return write(lang, name, f.State)
	case "works":
		value, block = strings.Join(f.Works, ", "), "none"
	case "cause":
		value, block = f.Cause, "unknown-cause"
	case "advice":
		value, block = f.Advice, "none"
	case "next":
		value, block = f.Next, "none"
	case "since":
		value = f.Since
	case "at":
		value = f.At
	case "code":
		value = f.Code
	case "note":
		value = f.Note
	case "minutes":
		value = strconv.Itoa(f.Minutes)
	default:
		return "", fmt.Errorf("a template in %q asks for %q", lang, name)
	}
	if value == "" && block != "" {
		return write(lang, block, nil)
	}
	return value, nil
}

// Code words the code that proves a number at sign-up.
func Code(site status.Site, lang string, class notifier.Class, code string, good time.Duration) (notifier.Text, error) {
	t, _, err := render(lang, class, "code", facts{Simulation: site.Simulation, Code: code, Minutes: int(good / time.Minute)})
	return t, err
}

// Welcome words the end of a sign-up.
func Welcome(site status.Site, lang string, class notifier.Class) (notifier.Text, error) {
	t, _, err := render(lang, class, "welcome", facts{Simulation: site.Simulation})
	return t, err
}

// Left words the last text to somebody who leaves.
func Left(site status.Site, lang string, class notifier.Class) (notifier.Text, error) {
	t, _, err := render(lang, class, "left", facts{Simulation: site.Simulation})
	return t, err
}
