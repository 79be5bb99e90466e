package words

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"sort"
	"strings"
	"time"

	"bongsu/notifier"
	"bongsu/status"
)

// How long a text is worth handing over. "Next update 16:42" on the next
// morning frightens; that it is over is good to know for a day.
const (
	newsLasts = 6 * time.Hour
	endLasts  = 24 * time.Hour
)

// Events that are no incident's.
const (
	eventAlarm   = "alarm"
	eventCode    = "code"
	eventWelcome = "welcome"
	eventLeft    = "left"
)

// Composer makes the notices that events call for. It holds the part of the
// configuration that says who hears, and does not change.
type Composer struct {
	Site      status.Site
	Audiences []notifier.Audience
	Classes   map[string][]notifier.Class // plan → the classes of the channels it uses
	NewID     func(now time.Time) string  // of a notice; sortable by time, unique

	// Substitutes lets texts name what people can use instead. Without it that
	// is on the page alone: a text outlives the minute in which a substitute was
	// measured to work, and sends everybody there at once.
	Substitutes bool
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
		if e.Kind.OfWork() {
			told, err := c.planned(s, e, now)
			notices, problems = append(notices, told...), append(problems, err)
			continue
		}
		incident, ok := s.Incident(e.Incident)
		if !ok {
			problems = append(problems, fmt.Errorf("event %s: incident %s is not in the snapshot", e.Kind, e.Incident))
			continue
		}
		st := tell(s, incident, e, now)
		st.offers = c.Substitutes
		from, to := told(e, incident)
		for _, a := range c.Audiences {
			if to < a.AtLeast {
				continue
			}
			n := c.notice(a, string(e.Kind), now)
			n.Incident, n.Update, n.From, n.To = e.Incident, e.Update, from, to
			n.About = about(s, incident)
			st.notice = n.ID
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

// about are the topics that an incident belongs to: all it has touched so far,
// and their groups.
func about(s *status.Snapshot, incident *status.Incident) []string {
	var topics []string
	for _, g := range s.Groups {
		touched := false
		for i := range g.Components {
			id := g.Components[i].ID
			if slices.ContainsFunc(incident.Components, func(a status.Affected) bool { return a.Component == id }) {
				topics, touched = append(topics, id), true
			}
		}
		if touched {
			topics = append(topics, notifier.GroupTopic(g.ID))
		}
	}
	return topics
}

// told is the range of thresholds that an event concerns: above from, not
// above to. An end concerns whoever heard of the worst.
func told(e status.Event, incident *status.Incident) (from, to status.State) {
	if e.Kind.Ends() {
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
		n.Priority, n.Expires = notifier.PriorityAlarm, now.Add(endLasts)
	case string(status.EventOpened):
		n.Priority = notifier.PriorityOutage
	case string(status.EventWorsened):
		n.Priority = notifier.PriorityWorse
	case string(status.EventNote), string(status.EventUpcoming), string(status.EventMoved), string(status.EventExtended),
		string(status.EventFinished), string(status.EventCalledOff):
		n.Priority = notifier.PriorityUpdate
	case string(status.EventResolved), string(status.EventRetracted):
		n.Priority, n.Expires = notifier.PriorityRecovery, now.Add(endLasts)
	default:
		n.Priority = notifier.PriorityDigest
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
// text where not even the beginning of that can be sent.
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

// alarm words an alarm; where its text does not fit, as much of it as does, and
// where that says nothing, its key.
func (c *Composer) alarm(lang string, class notifier.Class, key, text string) (notifier.Text, error) {
	write := func(note string) (notifier.Text, error) {
		return fixed(c.Site, lang, class, eventAlarm, facts{Note: note})
	}
	t, err := write(text)
	if err == nil {
		return t, nil
	}
	const least = 10 // characters
	runes := []rune(text)
	begins := func(n int) string { return strings.TrimSpace(string(runes[:n])) + "..." } // as GSM-7 has it
	longest := sort.Search(len(runes), func(n int) bool {
		_, err := write(begins(n))
		return err != nil
	}) - 1
	if longest < least {
		return write(key)
	}
	return write(begins(longest))
}

// eventNews stands in for a note that a class cannot carry.
const eventNews = "news"

// eventCause is how a turn for the worse is told where there is no room for all
// of it and its cause is news: what fails through what, without the onset that
// people have heard.
const eventCause = "cause"

// text words the story for the class: the richest way that keeps to the
// target, or else to the limit.
func (st *story) text(lang string, class notifier.Class) (notifier.Text, error) {
	switch st.event {
	case status.EventNote:
		if st.note[lang] != "" {
			if t, err := st.best(lang, class, string(status.EventNote)); err == nil {
				return t, nil
			}
		}
		return st.best(lang, class, eventNews)
	case status.EventWorsened:
		if t, ok := st.causeFirst(lang, class); ok {
			return t, nil
		}
	case status.EventOpened, status.EventResolved, status.EventDigest, status.EventRetracted:
	case status.EventUpcoming, status.EventMoved, status.EventExtended, status.EventFinished, status.EventCalledOff: // [work] words these
	}
	return st.best(lang, class, string(st.event))
}

// causeFirst tells a cause that was found since the first words by SMS, if that
// way every name fits and otherwise not.
func (st *story) causeFirst(lang string, class notifier.Class) (notifier.Text, bool) {
	if class != notifier.ClassSMS || !st.causeIsNews() {
		return notifier.Text{}, false
	}
	whole := st.facts(lang, class)
	if whole.Cause == "" || len(whole.Names) > namesInSMS {
		return notifier.Text{}, false
	}
	whole.Note = ""
	if _, size, err := render(lang, class, string(st.event), whole); err == nil && size.Units <= size.Target {
		return notifier.Text{}, false
	}
	for _, tail := range st.tails(lang, class) {
		t, size, err := render(lang, class, eventCause, whole.with(len(whole.Names), tail))
		if err == nil && size.Units <= size.Target {
			return t, true
		}
	}
	return notifier.Text{}, false
}

func (st *story) best(lang string, class notifier.Class, event string) (notifier.Text, error) {
	return fit(lang, class, event, func(yield func(facts) bool) {
		for f := range st.variants(lang, class) {
			if event != string(status.EventNote) {
				f.Note = ""
			}
			if !yield(f) {
				return
			}
		}
	})
}

// fit is the first of the variants that has room, the fullest coming first;
// without one, the first that can be worded at all.
func fit(lang string, class notifier.Class, event string, variants iter.Seq[facts]) (notifier.Text, error) {
	var fallback *notifier.Text
	var problem error
	for f := range variants {
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

// Code words the code that proves an address at sign-up. Where the class has
// room for a link, that leads to the same end without typing; it may be empty.
func Code(site status.Site, lang string, class notifier.Class, code, link string, good time.Duration) (notifier.Text, error) {
	return fixed(site, lang, class, eventCode, facts{Code: code, Link: link, Minutes: int(good / time.Minute)})
}

// Welcome words the end of a sign-up.
func Welcome(site status.Site, lang string, class notifier.Class) (notifier.Text, error) {
	return fixed(site, lang, class, eventWelcome, facts{})
}

// Left words the last text to somebody who leaves.
func Left(site status.Site, lang string, class notifier.Class) (notifier.Text, error) {
	return fixed(site, lang, class, eventLeft, facts{})
}

// fixed words what tells of no incident.
func fixed(site status.Site, lang string, class notifier.Class, event string, f facts) (notifier.Text, error) {
	f.site, f.Simulation, f.Exercise = site, site.Simulation, site.Exercise
	t, _, err := render(lang, class, event, f)
	return t, err
}

// Switched is the line that says why a text comes by SMS that would have come
// by what is failing now. The short form is for a text without room.
func Switched(lang, failing string, short bool) (string, error) {
	if short {
		return write(lang, "switched.short", failing)
	}
	return write(lang, "switched", failing)
}
