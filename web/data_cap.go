package web

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"bongsu/status"
	"bongsu/web/feed"
)

// mostReferences is how many earlier messages one names; alertLasts how long one
// holds that promises no next word.
const (
	mostReferences = 20
	alertLasts     = 24 * time.Hour
)

// warning is an update that goes out as an alert, with the messages before it.
type warning struct {
	incident *status.Incident
	updates  []*status.Update // of one incident, oldest first; the last is this one
}

// warnings are the alerts of an incident, oldest first. One that nobody was told
// of has none: alerts wake people.
func warnings(i *status.Incident) []warning {
	if i.Announced.IsZero() {
		return nil
	}
	var all []warning
	var updates []*status.Update
	for u := range i.Updates {
		if up := &i.Updates[u]; warns(i, up) {
			updates = append(updates, up)
			all = append(all, warning{i, slices.Clip(updates)})
		}
	}
	return all
}

// warns says whether an update changes what the public should know. What is
// kept for the record, and that nothing has changed, does not.
func warns(i *status.Incident, u *status.Update) bool {
	switch u.Kind {
	case status.UpdateOpened, status.UpdateCause, status.UpdateChanged, status.UpdateRelapse, status.UpdateNote,
		status.UpdateMonitoring, status.UpdateResolved, status.UpdateRetracted, status.UpdateDropped:
		return true
	case status.UpdateMerged:
		return i.MergedInto != "" && u.Other == i.MergedInto
	case status.UpdateNoChange, status.UpdateStatement, status.UpdateETA, status.UpdateETAMet, status.UpdateETANotMet,
		status.UpdateCorrected, status.UpdateSplit, status.UpdatePostmortem:
	}
	return false
}

// ends says whether the message takes down those before it.
func (w *warning) ends() bool {
	switch w.update().Kind {
	case status.UpdateResolved, status.UpdateRetracted, status.UpdateDropped, status.UpdateMerged:
		return true
	default:
		return false
	}
}

func (w *warning) update() *status.Update { return w.updates[len(w.updates)-1] }

// id names the n-th message of an incident, counted from 1.
func (w *warning) id(n int) string { return w.incident.ID + "-" + strconv.Itoa(n) }

// alertsAt is the feed of alerts.
func (e *edition) alertsAt(path, lang string) func() (*content, error) {
	return func() (*content, error) {
		body, err := e.tellers[lang].alerts(path).Atom()
		return &content{kind: feed.AtomType, lang: lang, body: body}, err
	}
}

func (t *teller) alerts(path string) *feed.Feed {
	f := &feed.Feed{
		ID: t.uri("feed", path), Title: t.marked(t.text(t.snapshot.Site.Name) + " · CAP"), Lang: t.Lang, Subtitle: t.aboutUs(),
		Home: t.address("/"), Self: t.address(path), Author: t.text(t.snapshot.Site.Name),
	}
	for _, i := range t.stories() {
		for _, w := range warnings(i) {
			entry := t.entry(i, w.update())
			n := len(w.updates)
			entry.ID = t.uri("cap", w.id(n))
			entry.Alert = t.snapshot.Site.URL + "/cap/" + w.id(n) + ".xml"
			f.Entries = append(f.Entries, entry)
		}
	}
	t.bound(f)
	return f
}

// alertAt is the message at /cap/ID-N.xml, or the latest of an incident at
// /cap/ID.xml. It says the same in every language of the site.
func (e *edition) alertAt(path, _ string) func() (*content, error) {
	id, isXML := strings.CutSuffix(strings.TrimPrefix(path, "/cap/"), ".xml")
	w := e.warning(id)
	if !isXML || w == nil {
		return nil
	}
	return func() (*content, error) {
		body, err := e.alert(w).XML()
		return &content{kind: feed.AlertType, body: body}, err
	}
}

// warning is the message with the id, or the latest of the incident with it;
// nil if there is none.
func (e *edition) warning(id string) *warning {
	i, found := e.snapshot.Incident(id)
	n := 0
	if at := strings.LastIndexByte(id, '-'); !found && at > 0 {
		n, _ = strconv.Atoi(id[at+1:])
		if i, found = e.snapshot.Incident(id[:at]); n < 1 || id[at+1:] != strconv.Itoa(n) {
			return nil
		}
	}
	if !found {
		return nil
	}
	all := warnings(i)
	switch {
	case n > len(all) || len(all) == 0:
		return nil
	case n == 0:
		n = len(all)
	}
	return &all[n-1]
}

func (e *edition) alert(w *warning) *feed.Alert {
	t := e.tellers[e.languages[0]]
	n := len(w.updates)
	a := &feed.Alert{
		ID: w.id(n), Sender: t.host(), Sent: w.update().At.In(t.Zone), Status: feed.AlertActual, Type: feed.AlertUpdate, Incident: w.incident.ID,
	}
	switch site := &e.snapshot.Site; {
	case site.Exercise:
		a.Status, a.Note = feed.AlertExercise, e.inAll("exercise")
	case site.Simulation:
		a.Status, a.Note = feed.AlertTest, e.inAll("simulation")
	}
	switch {
	case n == 1:
		a.Type = feed.AlertFirst
	case w.ends():
		a.Type = feed.AlertCancel
	}
	for k := max(0, n-1-mostReferences); k < n-1; k++ {
		a.References = append(a.References, feed.Reference{Sender: a.Sender, ID: w.id(k + 1), Sent: w.updates[k].At.In(t.Zone)})
	}
	for _, lang := range e.languages {
		a.Infos = append(a.Infos, e.tellers[lang].alertInfo(w))
	}
	return a
}

// inAll is a text in every language of the site.
func (e *edition) inAll(id string) string {
	var all []string
	for _, lang := range e.languages {
		all = append(all, e.tellers[lang].Say(id))
	}
	return strings.Join(all, " ")
}

// alertInfo is a message in one language, as it was when it went out.
func (t *teller) alertInfo(w *warning) feed.Info {
	i, u := w.incident, w.update()
	then := t.asOf(u.At)
	as := *i
	as.Components = w.components()
	info := feed.Info{
		Lang: t.Lang, Event: t.marked(t.Say("alert_event")), Over: w.ends() && u.Kind != status.UpdateDropped && u.Kind != status.UpdateMerged,
		Grade: feed.GradeOf(w.state(), u.Stage, derivedOnly(as.Components)), Onset: i.Began.In(t.Zone),
		Expires: u.At.Add(alertLasts).In(t.Zone), SenderName: t.marked(t.text(t.snapshot.Site.Name)),
		Headline: t.marked(t.title(i) + " – " + t.Say("kind_"+string(u.Kind))), Description: then.told(i, u),
		Instruction: strings.Join(then.advice(&as), "\n"), Web: t.address("/incidents/" + i.ID), Contact: t.snapshot.Site.Contact, Area: t.Say("alert_area"),
	}
	if u.Next.After(u.At) {
		info.Expires = u.Next.In(t.Zone)
	}
	return info
}

// state is the worst that the message tells of: what goes on in another story or
// is not measured any more is not known.
func (w *warning) state() status.State {
	u := w.update()
	switch u.Kind {
	case status.UpdateResolved, status.UpdateRetracted:
		return status.Operational
	case status.UpdateDropped, status.UpdateMerged:
		return status.Unknown
	default:
	}
	if bad := worst(w.components()); bad.Troubled() {
		return bad
	}
	if u.Kind == status.UpdateMonitoring {
		return status.Operational
	}
	return status.Unknown
}

// components are those that were told of last.
func (w *warning) components() []status.Affected {
	for _, u := range slices.Backward(w.updates) {
		if len(u.Components) > 0 {
			return u.Components
		}
	}
	return nil
}

// derivedOnly says whether nothing of it was measured.
func derivedOnly(affected []status.Affected) bool {
	return len(affected) > 0 && !slices.ContainsFunc(affected, func(a status.Affected) bool { return !a.Derived })
}
