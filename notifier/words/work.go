package words

import (
	"fmt"
	"slices"
	"time"

	"bongsu/notifier"
	"bongsu/status"
)

// work is what there is to tell of planned work at an instant.
type work struct {
	site     status.Site
	event    status.EventKind
	plan     *status.Maintenance
	subjects []subject // in the page's order
	notice   string    // id of the notice being worded
	now      time.Time
}

// planned are the notices that an event of planned work calls for. They are for
// subscribers alone; operators are told by alarms of what they must know.
func (c *Composer) planned(s *status.Snapshot, e status.Event, now time.Time) ([]notifier.Notice, error) {
	plan, ok := s.WorkNamed(e.Work)
	if !ok {
		return nil, fmt.Errorf("event %s: the work %s is not in the snapshot", e.Kind, e.Work)
	}
	w := &work{site: s.Site, event: e.Kind, plan: plan, now: now}
	var topics []string
	for _, g := range s.Groups {
		touched := false
		for _, v := range g.Components {
			if slices.Contains(plan.Components, v.ID) {
				w.subjects = append(w.subjects, subjectOf(s, v, v.State))
				topics, touched = append(topics, v.ID), true
			}
		}
		if touched {
			topics = append(topics, notifier.GroupTopic(g.ID))
		}
	}
	var notices []notifier.Notice
	var problem error
	for _, a := range c.Audiences {
		if a.Audience == "operators" {
			continue
		}
		n := c.notice(a, string(e.Kind), now)
		n.Incident, n.Update, n.From, n.To, n.About = e.Work, e.Update, e.From, e.To, topics
		if at := w.worthless(); at.After(now) {
			n.Expires = at
		}
		w.notice = n.ID
		var err error
		if n.Texts, err = c.texts(a.Plan, w.text); err != nil {
			problem = fmt.Errorf("event %s of %s: %w", e.Kind, e.Work, err)
		}
		notices = append(notices, n)
	}
	return notices, problem
}

// worthless is when the news is not worth telling any more: that work begins,
// once it has begun. Zero is as long as other news.
func (w *work) worthless() time.Time {
	switch w.event {
	case status.EventUpcoming, status.EventMoved, status.EventCalledOff:
		return w.plan.From
	case status.EventExtended:
		return w.plan.Until
	default:
		return time.Time{}
	}
}

// text words the event for the class: with as many names as there is room for.
func (w *work) text(lang string, class notifier.Class) (notifier.Text, error) {
	whole := w.facts(lang, class)
	most := namesInLong
	if class == notifier.ClassSMS {
		most = namesInSMS
	}
	return fit(lang, class, string(w.event), func(yield func(facts) bool) {
		for n := min(len(whole.Names), most); n > 0; n-- {
			for _, extra := range []bool{true, false} {
				if !yield(whole.with(n, tail{extra: extra})) {
					return
				}
			}
		}
	})
}

// facts are the work's in the language, with every name. Its title goes where
// there is room for a sentence of somebody's own.
func (w *work) facts(lang string, class notifier.Class) facts {
	zone := w.site.Zone
	f := facts{
		site: w.site, work: w, Simulation: w.site.Simulation, Exercise: w.site.Exercise,
		From: clock(lang, w.plan.From, w.now, zone), Until: clock(lang, w.plan.Until, w.now, zone),
		At: clock(lang, w.plan.End(), w.now, zone), Zone: abbreviation(w.plan.From, zone),
	}
	if !w.plan.Meant.IsZero() {
		f.Was = clock(lang, w.plan.Meant, w.now, zone)
	}
	for i := range w.subjects {
		f.Names = append(f.Names, w.subjects[i].call(&w.site, lang, class))
	}
	if len(f.Names) == 0 { // the configuration has them no more
		f.Names = []string{w.site.Name.In(lang, w.site.Languages...)}
	}
	if title := w.plan.Title[lang]; carries(lang, class, title) {
		written := notifier.Text{Lang: lang, Class: class, Body: title}
		if (&facts{site: w.site}).rules().lint(written) == nil {
			f.Work = title
		}
	}
	return f
}

// document adds what machines read of planned work.
func (w *work) document(d *Document) {
	d.Notice, d.GeneratedAt = w.notice, stamp(w.now)
	d.Work = &DocumentWork{
		ID: w.plan.ID, Title: w.plan.Title, From: stamp(w.plan.From), Until: stamp(w.plan.Until),
		Meant: stamp(w.plan.Meant), Cancelled: stamp(w.plan.Cancelled),
	}
	for i := range w.subjects {
		if i == maxListed {
			d.More = len(w.subjects) - maxListed
			break
		}
		u := &w.subjects[i]
		d.Components = append(d.Components, DocumentComponent{ID: u.id, Name: u.name, State: u.state.String(), Worst: u.state.String()})
	}
}

// workEvents are the events of planned work.
var workEvents = []status.EventKind{
	status.EventUpcoming, status.EventMoved, status.EventExtended, status.EventFinished, status.EventCalledOff,
}

// plans words the worst that there may be to tell of work on a component.
func (t *Trial) plans(m *status.Model, i int, lang string, class notifier.Class) []notifier.Problem {
	var found []notifier.Problem
	c := &m.Components[i]
	path, _ := nameOf(c, i, lang, class)
	day := 24 * time.Hour
	w := &work{
		site: m.Site, now: worstNow.Add(-30 * day), subjects: []subject{{id: c.ID, name: c.Name, short: c.Short}},
		plan: &status.Maintenance{From: worstNow, Until: worstNow.Add(day), Meant: worstNow.Add(day / 2)},
	}
	for _, kind := range workEvents {
		w.event = kind
		f := w.facts(lang, class).with(1, tail{})
		f.More = worstCount - 1
		_, size, err := render(lang, class, string(kind), f)
		if err != nil {
			found = append(found, notifier.Problem{Path: path, Text: fmt.Sprintf("the %s of event %s: %v; write a shorter short", class, kind, err)})
			continue
		}
		t.note(lang, class, string(kind), size)
	}
	return found
}
