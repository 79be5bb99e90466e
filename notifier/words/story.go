package words

import (
	"iter"
	"slices"
	"strings"
	"time"

	"bongsu/notifier"
	"bongsu/status"
)

// facts is all that a block of texts/LANG.tmpl may use.
type facts struct {
	Simulation     bool
	Exercise       bool
	Names          []string // what fails, or is well again
	More           int      // and how many more
	Lines          []line   // each of them with its state
	State          string   // the worst of theirs
	Cause          string   // what makes them fail, when it is not one of Names
	CauseState     string
	Since          string // with the date when that is not today
	At             string
	Next           string // empty when nothing was promised
	Zone           string
	Works          []string
	Advice         string
	Extra          bool // there is room for a standing line
	Hours, Minutes int  // how long it took
	Note           string
	Code           string
	Work           string // what planned work is called, in the text's language; may be empty
	From, Until    string // its window
	Was            string // when it was to end before it was prolonged; empty if it was not
	Link           string // of a code: opening it and pressing a button does what typing the code does; may be empty

	expected bool // somebody expects an end for a reason
	noPhone  bool // telephone networks are among what fails
	site     status.Site
	story    *story // what machines read in full; nil where the text tells of no incident
	work     *work  // the same of planned work; nil where it tells of none
}

type line struct{ Name, State string }

// subject is a component as a story speaks of it.
type subject struct {
	id          string
	name, short status.Text
	advice      status.Text
	state       status.State
	substitutes []subject // what people can use instead now
}

// story is what there is to tell of an incident at an instant.
type story struct {
	site     status.Site
	event    status.EventKind
	incident *status.Incident
	subjects []subject // in the page's order; the cause is not among them, unless it is over or alone
	cause    *subject
	shared   bool   // the cause is a failure domain
	domain   string // its id
	note     status.Text
	offers   bool   // substitutes may be named
	notice   string // id of the notice being worded
	now      time.Time
	snapshot *status.Snapshot
}

// tell gathers what the event's incident is about.
func tell(s *status.Snapshot, incident *status.Incident, event status.Event, now time.Time) *story {
	st := &story{site: s.Site, event: event.Kind, incident: incident, now: now, snapshot: s}
	for _, u := range incident.Updates {
		if u.ID == event.Update {
			st.note = u.Text
		}
	}
	st.subjects = subjects(s, incident, event.Kind.Ends())
	if !event.Kind.Ends() { // at the end it matters what works again, not why it failed
		st.blame(s)
	}
	return st
}

// blame finds the cause and takes it out of the list of what it affects.
func (st *story) blame(s *status.Snapshot) {
	kind, id, _ := strings.Cut(st.incident.Cause, ":")
	switch kind {
	case "domain":
		st.shared, st.domain = true, id
	case "component":
		for i := range st.subjects {
			if st.subjects[i].id != id {
				continue
			}
			if len(st.subjects) > 1 {
				cause := st.subjects[i]
				st.cause = &cause
				st.subjects = append(st.subjects[:i:i], st.subjects[i+1:]...)
			}
			return
		}
		if v, ok := s.Component(id); ok {
			cause := subjectOf(s, v, max(v.State, status.PartialOutage))
			st.cause = &cause
		}
	}
}

// subjects lists an incident's components in the page's order: those that are
// not well, or all of them when it is over or none is left.
func subjects(s *status.Snapshot, incident *status.Incident, all bool) []subject {
	affected := make(map[string]status.Affected, len(incident.Components))
	for _, a := range incident.Components {
		affected[a.Component] = a
	}
	var failing, every []subject
	for g := range s.Groups {
		for _, v := range s.Groups[g].Components {
			a, ok := affected[v.ID]
			if !ok {
				continue
			}
			every = append(every, subjectOf(s, v, a.Worst))
			if a.Until.IsZero() && a.State.Troubled() {
				failing = append(failing, subjectOf(s, v, a.State))
			}
		}
	}
	if all || len(failing) == 0 {
		return every
	}
	return failing
}

func subjectOf(s *status.Snapshot, v *status.ComponentView, state status.State) subject {
	sub := subject{id: v.ID, name: v.Name, short: v.Short, advice: v.Advice, state: state}
	for _, other := range v.Available {
		if w, ok := s.Component(other.ID); ok {
			sub.substitutes = append(sub.substitutes, subject{id: other.ID, name: w.Name, short: w.Short})
		}
	}
	return sub
}

// call is what a component is called in the class: short where room is short.
// A name that the class cannot carry gives way to the next, at last to the id.
func (u *subject) call(site *status.Site, lang string, class notifier.Class) string {
	names := []status.Text{u.name, u.short}
	if class == notifier.ClassSMS {
		names = []status.Text{u.short, u.name}
	}
	for _, languages := range [][]string{{lang}, site.Languages} {
		for _, text := range names {
			if name := text.In(languages[0], languages[1:]...); carries(lang, class, name) {
				return name
			}
		}
	}
	return u.id
}

func carries(lang string, class notifier.Class, text string) bool {
	_, err := Measure(lang, class, text)
	return text != "" && err == nil
}

// Most names that are spelled out in one text; more are counted.
const (
	namesInSMS  = 8
	namesInLong = 20
)

// variants are the ways to tell the story, richest first. What makes room is,
// in this order: advice and substitutes, then names.
func (st *story) variants(lang string, class notifier.Class) iter.Seq[facts] {
	return func(yield func(facts) bool) {
		whole, tails := st.facts(lang, class), st.tails(lang, class)
		most := namesInLong
		switch {
		case class == notifier.ClassSMS:
			most = namesInSMS
		case tellsAll(class):
			tails = tails[:1]
		}
		for n := min(len(whole.Names), most); n > 0; n-- {
			for _, tail := range tails {
				if !yield(whole.with(n, tail)) {
					return
				}
			}
		}
		yield(st.least(lang, class))
	}
}

// tail is what a text says beyond what it must.
type tail struct {
	works  []string
	advice string
	extra  bool
}

// with keeps the first n names and adds a tail.
func (f facts) with(n int, t tail) facts {
	f.More += len(f.Names) - n
	f.Names, f.Lines = f.Names[:n], f.Lines[:min(len(f.Lines), n+1)]
	f.Works, f.Advice, f.Extra = t.works, t.advice, t.extra
	return f
}

// least names one thing only, the cause if there is one.
func (st *story) least(lang string, class notifier.Class) facts {
	f := st.facts(lang, class)
	if st.cause != nil {
		f.Names = append([]string{st.cause.call(&st.site, lang, class)}, f.Names...)
		f.State = max(st.cause.state, st.worst()).String()
	}
	f.Cause, f.CauseState = "", ""
	if class == notifier.ClassSMS && len(st.subjects) == 0 && st.cause == nil { // a title may not fit
		u := subject{id: st.incident.ID, short: st.site.Name}
		f.Names = []string{u.call(&st.site, lang, class)}
	}
	if tellsAll(class) {
		return f.with(1, st.tails(lang, class)[0])
	}
	return f.with(1, tail{})
}

// tails are what can be added, richest first. A substitute that is measured to
// work goes before advice; that phones work, after it.
func (st *story) tails(lang string, class notifier.Class) []tail {
	works, measured := st.works(lang, class)
	advice := st.advice(lang)
	both, one, other := tail{works: works, advice: advice, extra: true}, tail{works: works}, tail{advice: advice}
	if !measured && advice != "" {
		one, other = other, one
	}
	return []tail{both, one, other, {}}
}

// works is the first substitute that people can use now, if texts may name
// one; failing that, phone calls and SMS, unless it is those that fail.
func (st *story) works(lang string, class notifier.Class) (names []string, measured bool) {
	for _, u := range st.everyone() {
		if st.offers && len(u.substitutes) > 0 {
			return []string{u.substitutes[0].call(&st.site, lang, class)}, true
		}
	}
	phone, err := write(lang, "phone", nil)
	if err != nil || st.phonesFail() {
		return nil, false
	}
	return []string{phone}, false
}

func (st *story) advice(lang string) string {
	for _, u := range st.everyone() {
		if u.advice[lang] != "" {
			return u.advice[lang]
		}
	}
	return ""
}

// causeIsNews says whether the cause was found, or found to be another, since
// the first words.
func (st *story) causeIsNews() bool {
	for i := range st.incident.Updates {
		u := &st.incident.Updates[i]
		if u.Kind == status.UpdateCause && !st.incident.Announced.IsZero() && u.At.After(st.incident.Announced) {
			return true
		}
	}
	return false
}

// expected says whether somebody expects an end whose outcome is still open.
func expected(i *status.Incident) bool {
	return slices.ContainsFunc(i.ETAs(), func(e status.Expectation) bool { return e.Outcome == status.ETAPending })
}

// everyone is the cause, if it is a component, and then the others.
func (st *story) everyone() []subject {
	if st.cause == nil {
		return st.subjects
	}
	return append([]subject{*st.cause}, st.subjects...)
}

func (st *story) worst() status.State {
	worst := status.Unknown
	for _, u := range st.subjects {
		if u.state.Troubled() {
			worst = max(worst, u.state)
		}
	}
	if worst == status.Unknown {
		worst = st.incident.Impact
	}
	return worst
}

// facts are the story's in the language, with every name and nothing optional.
func (st *story) facts(lang string, class notifier.Class) facts {
	i, zone := st.incident, st.site.Zone
	since := i.Began
	if since.IsZero() {
		since = i.Detected
	}
	f := facts{
		site: st.site, story: st, expected: expected(st.incident), noPhone: st.phonesFail(),
		Simulation: st.site.Simulation, Exercise: st.site.Exercise, State: st.worst().String(), Code: i.Code, Note: strings.TrimSpace(st.note[lang]),
		Since: clock(lang, since, st.now, zone), At: clock(lang, st.now, st.now, zone), Zone: abbreviation(st.now, zone),
	}
	if i.Next.After(st.now) {
		f.Next = clock(lang, i.Next, st.now, zone)
	}
	if !i.Resolved.IsZero() {
		f.At = clock(lang, i.Resolved, st.now, zone)
		took := i.Resolved.Sub(since).Round(time.Minute)
		f.Hours, f.Minutes = int(took/time.Hour), int(took%time.Hour/time.Minute)
	}
	if st.event == status.EventRetracted {
		f.At = clock(lang, i.Retracted, st.now, zone)
	}
	st.name(&f, lang, class)
	return f
}

// name fills in who is spoken of.
func (st *story) name(f *facts, lang string, class notifier.Class) {
	for _, u := range st.everyone() {
		f.Lines = append(f.Lines, line{Name: u.call(&st.site, lang, class), State: u.state.String()})
	}
	for _, u := range st.subjects {
		f.Names = append(f.Names, u.call(&st.site, lang, class))
	}
	if len(f.Names) == 0 {
		f.Names = []string{st.title(lang, class)}
	}
	switch {
	case st.cause != nil:
		f.Cause, f.CauseState = st.cause.call(&st.site, lang, class), st.cause.state.String()
	case st.shared:
		f.Cause, f.CauseState = sharedSite(lang, st.domain), status.MajorOutage.String()
	}
}

// longestDomain is the longest id of a failure domain that a text spells out.
const longestDomain = 12

func sharedSite(lang, id string) string {
	if len(id) > longestDomain {
		id = ""
	}
	name, err := write(lang, "domain", id)
	if err != nil {
		return id
	}
	return name
}

// title stands in where an incident opened by hand names no component.
func (st *story) title(lang string, class notifier.Class) string {
	u := subject{id: st.incident.ID, name: st.incident.Title, short: st.site.Name}
	if class == notifier.ClassSMS {
		if title := st.incident.Title[lang]; st.shortTitle(lang, title) {
			return title
		}
		u.name = nil
	}
	return u.call(&st.site, lang, class)
}

// shortTitle says whether an SMS may be about a title: it takes a third of it at
// most, and says nothing that a text must not.
func (st *story) shortTitle(lang, title string) bool {
	size, err := Measure(lang, notifier.ClassSMS, title)
	if err != nil || title == "" || size.Units > size.Limit/3 {
		return false
	}
	rules := Rules{Expected: expected(st.incident)}
	return rules.lint(notifier.Text{Lang: lang, Class: notifier.ClassSMS, Body: title}) == nil
}

// clock writes an instant in the site's zone: the time, and the date too when
// it is not the reader's today.
func clock(lang string, at, now time.Time, zone *time.Location) string {
	if zone == nil {
		zone = time.UTC
	}
	at, now = at.In(zone), now.In(zone)
	y, m, d := at.Date()
	if ny, nm, nd := now.Date(); y == ny && m == nm && d == nd {
		return at.Format("15:04")
	}
	if lang == "en" {
		return at.Format("2 Jan 15:04")
	}
	return at.Format("1/2 15:04")
}

func abbreviation(at time.Time, zone *time.Location) string {
	if zone == nil {
		zone = time.UTC
	}
	return at.In(zone).Format("MST")
}
