package web

import (
	"strings"
	"time"

	"bongsu/status"
	"bongsu/web/speech"
)

// How much of a story the first screen of a phone has room for.
const (
	fewAdvice = 3
	fewPast   = 3
)

// retractedFor is how long what was taken back stands where it was raised.
const retractedFor = 24 * time.Hour

// overview is the first page.
type overview struct {
	Class, Sentence string
	Fires           []int  // where the beacon's fires are lit
	Near            string // whose trouble it may be while all we see is well
	AsOf, Until     speech.Timed
	Impaired        *impaired
	Doubted         []string
	Stories         []story
	Retracted       []retraction
	Apps            []appTrouble
	Groups          []groupRows
	Many            bool // there are so many services that one has to be looked for
	Works           []planned
	Past            []pastRow
}

// impaired is our own trouble: neither good nor bad news of any service.
type impaired struct{ Since speech.Timed }

// retraction is a false alarm, as loud as the alarm was.
type retraction struct {
	Title, Href string
	At          *speech.Moment
	Reason      spoken
}

// story is an open incident on the first page: what fails, since when, what
// still works, what to do, when the next word comes. In that order.
type story struct {
	Class, Headline, Affects string
	Them                     string // that it is not the reader's own trouble
	Stage                    string
	Since                    *speech.Moment
	Works, Advice            string
	Next                     *speech.Moment
	Overdue                  bool
	OverdueAt                speech.Timed   // the promise, for when it passes
	Missed                   *speech.Moment // the latest promise that was not kept in time, if word came late
	Note                     *spoken        // the latest words of a person
	Href                     string
}

// appTrouble is a function of a public-service app that does not work.
type appTrouble struct {
	App, Href, Function, Instead, Stop string
	Badge                              badge
}

// groupRows is a group. Where there are hundreds of services, those that are
// well stand in short below what is not.
type groupRows struct {
	ID, Name string
	Rows     []componentRow
	Well     []named
	WellSays string
}

// manyServices is from how many on the first page shows in full only what is
// not well.
const manyServices = 150

type componentRow struct {
	named
	Strip  []stroke
	Uptime string
}

func (t *teller) overview(until time.Time) page {
	s := t.snapshot
	all := overall(s)
	o := overview{
		Class:     classes[all],
		Sentence:  t.Say("overall_" + all.String()),
		Fires:     fires(all),
		AsOf:      t.asOfNow(),
		Until:     t.Timed("valid_until", until),
		Doubted:   t.doubtedPlaces(),
		Retracted: t.retractions(),
		Apps:      t.appTroubles(),
		Works:     t.upcoming(),
	}
	if all == status.Operational && len(s.Incidents) == 0 {
		o.Near = t.Say("near_you")
	}
	if !s.Impaired.IsZero() {
		o.Impaired = &impaired{Since: t.Timed("impaired", s.Impaired)}
		if all == status.Unknown {
			o.Sentence = t.Say("overall_impaired")
		}
	}
	for i := range s.Incidents {
		o.Stories = append(o.Stories, t.story(&s.Incidents[i]))
	}
	o.Many = len(t.components()) >= manyServices
	for g := range s.Groups {
		o.Groups = append(o.Groups, t.groupRows(&s.Groups[g]))
	}
	closed := t.closed()
	for _, past := range closed[:min(fewPast, len(closed))] {
		o.Past = append(o.Past, t.pastRow(past))
	}
	about := o.Sentence
	if len(o.Stories) > 0 {
		about += " – " + o.Stories[0].Headline
	}
	return page{about: about, content: o}
}

// fires are where the fires are lit: as on the hills of old one when all is
// well, and up to five.
func fires(s status.State) []int {
	lit := map[status.State]int{
		status.Unknown: 0, status.Operational: 1, status.UnderMaintenance: 1,
		status.DegradedPerformance: 2, status.PartialOutage: 3, status.MajorOutage: 5,
	}[s]
	var at []int
	for n := range lit {
		at = append(at, 6+28*n)
	}
	return at
}

// overall is the worst state, but never well while we cannot judge.
func overall(s *status.Snapshot) status.State {
	if !s.Impaired.IsZero() && !s.Overall.Troubled() {
		return status.Unknown
	}
	return s.Overall
}

// retractions are the false alarms of the last day.
func (t *teller) retractions() []retraction {
	var back []retraction
	for p := range t.snapshot.Past {
		i := &t.snapshot.Past[p]
		if i.Retracted.IsZero() || t.snapshot.At.Sub(i.Retracted) > retractedFor {
			continue
		}
		b := t.takenBack(i)
		back = append(back, retraction{Title: t.headline(i), Href: t.incidentHref(i.ID), At: b.At, Reason: b.Reason})
	}
	return back
}

func (t *teller) story(i *status.Incident) story {
	st := story{
		Class:    classes[i.Impact],
		Headline: t.headline(i),
		Them:     t.them(i),
		Stage:    t.Say("stage_" + i.Stage.String()),
		Since:    t.Moment(i.Began),
		Works:    t.worksLine(i),
		Advice:   t.adviceLine(i),
		Next:     t.Moment(i.Next),
		Overdue:  t.overdue(i),
		Note:     t.latestNote(i),
		Href:     t.incidentHref(i.ID),
	}
	if !i.Next.IsZero() {
		st.OverdueAt = t.Timed("overdue", i.Next)
	}
	if n := len(i.Updates); n > 0 {
		st.Missed = t.Moment(i.Updates[n-1].Missed)
	}
	if names := t.explained(i.Cause, i.Components); len(names) > 0 {
		st.Affects = t.Say("affects", "Names", t.Few(names))
	}
	return st
}

// them says that the trouble is not the reader's own: who else sees it.
func (t *teller) them(i *status.Incident) string {
	if !i.Open() || i.Stage == status.Monitoring {
		return ""
	}
	most := 0
	for _, a := range i.Components {
		c := t.components()[a.Component]
		if c == nil {
			continue
		}
		for _, f := range c.Why {
			if f.Level == status.LevelFail || f.Level == status.LevelSlow {
				most = max(most, len(f.Failing))
			}
		}
	}
	all := len(t.snapshot.Locations)
	if most == 0 || most > all {
		return ""
	}
	return t.Say("not_you", "Count", most, "All", all)
}

func (t *teller) worksLine(i *status.Incident) string {
	var names []string
	for _, a := range t.works(i) {
		name := t.name(a.ID)
		if note := t.crowded(&a.as); note != "" {
			name = t.Say("name_and_state", "Name", name, "State", note)
		}
		names = append(names, name)
	}
	if names == nil {
		return t.Say("works_none")
	}
	return t.Few(names)
}

func (t *teller) adviceLine(i *status.Incident) string {
	advice := t.advice(i)
	return strings.Join(advice[:min(fewAdvice, len(advice))], t.Say("sentence_space"))
}

func (t *teller) latestNote(i *status.Incident) *spoken {
	for n := len(i.Updates) - 1; n >= 0; n-- {
		if u := &i.Updates[n]; u.Kind == status.UpdateNote {
			note := t.spoken(u.Text)
			return &note
		}
	}
	return nil
}

func (t *teller) appTroubles() []appTrouble {
	var troubles []appTrouble
	for a := range t.snapshot.Apps {
		app := &t.snapshot.Apps[a]
		for f := range app.Functions {
			if fn := &app.Functions[f]; fn.State.Troubled() {
				v := t.service(fn)
				troubles = append(troubles, appTrouble{
					App: t.text(app.Name), Href: link("/apps/"+app.ID, t.Lang), Function: v.Name, Instead: v.Instead, Stop: v.Stop, Badge: v.Badge,
				})
			}
		}
	}
	return troubles
}

func (t *teller) groupRows(g *status.GroupView) groupRows {
	rows := groupRows{ID: g.ID, Name: t.text(g.Name)}
	for _, c := range g.Components {
		if len(t.components()) >= manyServices && c.State == status.Operational {
			rows.Well = append(rows.Well, named{Name: t.name(c.ID), Href: link("/components/"+c.ID, t.Lang)})
			continue
		}
		row := componentRow{named: t.componentLink(c.ID), Strip: strip(c.Days()), Uptime: t.uptime(c.Uptime, c.UptimeKnown)}
		row.Note = t.mark(c)
		rows.Rows = append(rows.Rows, row)
	}
	if n := len(rows.Well); n > 0 {
		rows.WellSays = t.Count("well_services", n)
	}
	return rows
}

// mark says in short what makes a component's state more than its word: the
// cause, that it is derived, since when.
func (t *teller) mark(c *status.ComponentView) string {
	if c.State == status.Operational {
		return ""
	}
	var parts []string
	if cause := c.AffectedBy; cause != "" && cause != c.ID && cause != "component:"+c.ID {
		parts = append(parts, t.Say("affected_by", "Name", t.cause(cause)))
	}
	if c.Derived {
		parts = append(parts, t.Say("derived_short"))
	}
	if !c.Since.IsZero() {
		parts = append(parts, t.Say("since_time", "Time", t.At(c.Since)))
	}
	return strings.Join(parts, " · ")
}
