package web

import (
	"time"

	"bongsu/notifier/words"
	"bongsu/status"
)

// service is what an app's users are told of one of its functions. It follows
// from the snapshot alone, and everything that tells of functions shows it: the
// widget, the app's page, the first page, the API.
type service struct {
	ID      string
	State   status.State
	Badge   badge
	Name    string
	Says    string    // whether it works, in a sentence
	Why     string    // what it misses; empty while it works
	Instead string    // what to do in its place
	Stop    string    // how to stop the loss; empty if nothing goes on being charged for
	Next    time.Time // when the next word comes; zero if none is promised
	Story   *named    // the incident behind it
	Phones  []phoneLink
}

// phoneLink is a number to call.
type phoneLink struct{ Number, Name string }

// service tells of a function. While we cannot judge, nothing is said to work.
func (t *teller) service(of *status.FunctionView) service {
	f := *of
	if !t.snapshot.Impaired.IsZero() && !f.State.Troubled() {
		f.State = status.Unknown
	}
	v := service{
		ID: f.ID, State: f.State, Badge: t.badge(f.State), Name: t.text(f.Name), Says: t.functionSays(&f),
		Instead: words.Instead(t.snapshot, &f, t.Lang),
	}
	if f.Runs() {
		v.Stop = t.Say("stop_" + string(f.Metered))
	}
	for _, p := range f.Phones {
		v.Phones = append(v.Phones, phoneLink{p.Number, t.text(p.Name)})
	}
	incident, open := t.snapshot.Incident(f.Incident)
	if f.State.Troubled() || f.State == status.Unknown {
		v.Why = t.functionWhy(&f, incident, open)
	}
	if open {
		v.Story = t.incidentLink(incident.ID)
		if incident.Open() {
			v.Next = incident.Next
		}
	}
	return v
}

// functionSays says whether a function works.
func (t *teller) functionSays(f *status.FunctionView) string {
	id := "widget_function_" + trouble(f.State)
	switch f.State {
	case status.Unknown:
		id = "widget_function_unknown"
	case status.Operational:
		id = "widget_function_operational"
	case status.UnderMaintenance:
		id = "widget_function_under_maintenance"
	case status.DegradedPerformance, status.PartialOutage, status.MajorOutage:
	}
	return t.Say(id, "Name", t.text(f.Name))
}

// functionWhy says which component the function misses, and what is behind it.
func (t *teller) functionWhy(f *status.FunctionView, i *status.Incident, open bool) string {
	switch {
	case f.State == status.Unknown && !t.snapshot.Impaired.IsZero():
		return t.Say("widget_impaired", "Time", t.At(t.snapshot.Impaired))
	case len(f.AffectedBy) == 0 && open:
		return t.headline(i)
	case len(f.AffectedBy) == 0:
		return ""
	}
	why := t.Say("widget_why", "Names", t.Few(t.names(f.AffectedBy)))
	if !open || (len(f.AffectedBy) == 1 && i.Cause == "component:"+f.AffectedBy[0]) {
		return why
	}
	return why + t.Say("sentence_space") + t.headline(i)
}
