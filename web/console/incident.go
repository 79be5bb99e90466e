package console

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"time"

	"bongsu/status"
	"bongsu/web"
	"bongsu/web/account"
	"bongsu/web/speech"
)

// incidentPage is one incident: what is told of it, with what it rests on, and
// what can be done.
type incidentPage struct {
	web.Foretold

	Code     string
	Open     bool
	Public   string // its public page
	Holder   Holder
	Mine     bool
	May      bool
	Entries  []web.ForetoldEntry
	Facts    []evidenceRow
	Sending  []sendingView
	Form     *storyPage // to write an update; nil for who may not, and when it is over
	Deeds    []deedLink
	Silences []*silenceView // that keep it from being told
	Again    bool           // it has a post-mortem already
}

type deedLink struct{ Href, Text string }

// evidenceRow is what the checks of a component say now.
type evidenceRow struct {
	Name    string
	Badge   badge
	Since   *speech.Moment
	Reasons []evidenceReason
}

type evidenceReason struct {
	Check            string
	Reason           *web.Reason
	Failing, Passing string
	At               *speech.Moment
}

func (c *Console) incident(v *visit) error {
	v.topics = []Topic{Incidents, Deliveries, States}
	i, err := v.story()
	if err != nil {
		return err
	}
	teller := web.NewForeteller(v.Voice, v.snapshot)
	page := incidentPage{
		Foretold: teller.Incident(i), Code: i.Code, Open: i.Open(), Public: v.console.site().URL + "/incidents/" + i.ID,
		Entries: teller.Entries(i), Facts: v.evidence(i), Sending: v.sendings(i.ID), May: v.may(account.Publish), Silences: v.silencesOf(i),
	}
	holds := v.holds()
	page.Holder, page.Mine = v.holder(holds, i.ID), v.mine(holds, i.ID)
	if page.May {
		page.Deeds = v.deedLinks(i)
		if i.Open() {
			page.Form = v.newStoryPage(noting, i, nil)
		}
	}
	return v.render("incident", page.Title, page)
}

// story is the incident of the path.
func (v *visit) story() (*status.Incident, error) {
	if v.snapshot != nil {
		if i, found := v.snapshot.Incident(v.request.PathValue("id")); found {
			return i, nil
		}
	}
	return nil, refuse(http.StatusNotFound, "problem_no_incident")
}

func (v *visit) deedLinks(i *status.Incident) []deedLink {
	var links []deedLink
	for _, d := range storyDeeds() {
		if d.id != noting.id && d.fits(i, v.snapshot) {
			links = append(links, deedLink{Href: Root + "/incidents/" + i.ID + "/" + d.id, Text: v.Say("deed_" + d.id)})
		}
	}
	return links
}

// evidence is what the incident's components are measured to be now.
func (v *visit) evidence(i *status.Incident) []evidenceRow {
	var all []evidenceRow
	for _, a := range i.Components {
		c, found := v.snapshot.Component(a.Component)
		if !found {
			continue
		}
		row := evidenceRow{Name: cmp.Or(v.text(c.Name), c.ID), Badge: v.badge(c.State), Since: v.Moment(c.Since)}
		for _, f := range c.Why {
			row.Reasons = append(row.Reasons, evidenceReason{
				Check: f.Check, Reason: v.reason(f.Reason), Failing: strings.Join(f.Failing, ", "), Passing: strings.Join(f.Passing, ", "), At: v.Moment(f.At),
			})
		}
		all = append(all, row)
	}
	return all
}

// sendingView is how far a notice has come, in words.
type sendingView struct {
	StorySending

	Heading string
	At      *speech.Moment
	Rest    string
	Handed  int64 // on all channels together

	HandedText, PeopleText string
	Rows                   []sendingRow
	Share                  int // of People, in hundredths
}

// sendingRow counts a notice's people on one channel.
type sendingRow struct{ Channel, Planned, Handed, Delivered, Failed, Unknown string }

// sendings are the notices of an incident, the latest first. If the books do not
// answer, the page does without them.
func (v *visit) sendings(incident string) []sendingView {
	list, err := v.console.options.Stories.Sendings(v.request.Context(), incident)
	if err != nil {
		v.console.options.Log.WarnContext(v.request.Context(), "asking what became of notices", "error", err)
	}
	var views []sendingView
	for _, s := range list {
		view := sendingView{StorySending: s, Heading: v.Say("event_"+s.Event) + " · " + v.Say("audience_"+s.Audience), At: v.Moment(s.Made), Rest: v.rest(&s)}
		for _, by := range s.Channels {
			view.Handed += by.Handed
			view.Rows = append(view.Rows, sendingRow{
				by.Channel, speech.Grouped(by.Planned), speech.Grouped(by.Handed), speech.Grouped(by.Delivered), speech.Grouped(by.Failed), speech.Grouped(by.Unknown),
			})
		}
		view.HandedText, view.PeopleText = speech.Grouped(view.Handed), speech.Grouped(s.People)
		if s.People > 0 {
			view.Share = int(min(100*view.Handed/s.People, 100))
		}
		views = append(views, view)
	}
	slices.SortStableFunc(views, func(a, b sendingView) int { return b.Made.Compare(a.Made) })
	return views
}

// rest says how long it will still take.
func (v *visit) rest(s *StorySending) string {
	switch {
	case s.Done:
		return v.Say("sending_done")
	case !s.Planned:
		return v.Say("sending_planning")
	case !s.ETAKnown:
		return v.Say("sending_unknown")
	default:
		return v.Say("sending_rest", "Span", v.span(s.ETA))
	}
}

// span is a time in seconds where it is short.
func (v *visit) span(d time.Duration) string {
	if d < time.Minute {
		return v.Say("seconds", "Count", max(int(d.Round(time.Second)/time.Second), 1))
	}
	return v.Span(d)
}

// hold makes an incident somebody's, or nobody's.
func (c *Console) hold(v *visit) error {
	form, err := v.form()
	if err != nil {
		return err
	}
	i, err := v.story()
	if err != nil {
		return err
	}
	said := "has it"
	if form.Get("do") == "leave" {
		said = "gives it up"
		err = c.options.Stories.Leave(v.request.Context(), i.ID)
	} else {
		err = c.options.Stories.Take(v.request.Context(), StoryHold{Incident: i.ID, Who: v.who.ID, Name: v.who.Name, Since: v.now()})
	}
	if err != nil {
		return err
	}
	v.record(account.Publish, "incident:"+i.ID, said)
	c.Changed(Incidents)
	if form.Get("from") == "now" {
		return v.lead("", nil)
	}
	return v.lead("/incidents/"+i.ID, nil)
}
