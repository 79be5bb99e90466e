package web

import (
	"slices"

	"bongsu/status"
)

// historyPage is the last 90 days, newest month first.
type historyPage struct {
	Open   []pastRow
	Months []monthRows
}

type monthRows struct {
	Name string
	Rows []pastRow
}

func (t *teller) history() page {
	var h historyPage
	for i := range t.snapshot.Incidents {
		row := t.pastRow(&t.snapshot.Incidents[i])
		row.Badge = t.badge(t.snapshot.Incidents[i].Impact)
		h.Open = append(h.Open, row)
	}
	for _, past := range t.closed() {
		name := t.month(past.Began)
		if n := len(h.Months); n == 0 || h.Months[n-1].Name != name {
			h.Months = append(h.Months, monthRows{Name: name})
		}
		last := &h.Months[len(h.Months)-1]
		last.Rows = append(last.Rows, t.pastRow(past))
	}
	return page{title: t.say("nav_history"), content: h}
}

// maintenancePage is planned work, before, while and after it is done.
type maintenancePage struct{ Now, Ahead, Over []planned }

// planned is a piece of planned work.
type planned struct {
	Title, Text spoken
	From, Until *moment
	Span        string
	Components  []named
	Running     bool
}

func (t *teller) maintenance() page {
	var m maintenancePage
	for _, w := range t.byStart() {
		p := t.planned(w)
		switch {
		case p.Running:
			m.Now = append(m.Now, p)
		case w.From.After(t.snapshot.At):
			m.Ahead = append(m.Ahead, p)
		default:
			m.Over = append(m.Over, p)
		}
	}
	slices.Reverse(m.Over)
	return page{title: t.say("nav_maintenance"), content: m}
}

// upcoming is the work that runs or is still to come.
func (t *teller) upcoming() []planned {
	var ahead []planned
	for _, w := range t.byStart() {
		if w.Until.After(t.snapshot.At) {
			ahead = append(ahead, t.planned(w))
		}
	}
	return ahead
}

func (t *teller) byStart() []*status.Maintenance {
	works := make([]*status.Maintenance, 0, len(t.snapshot.Maintenance))
	for i := range t.snapshot.Maintenance {
		works = append(works, &t.snapshot.Maintenance[i])
	}
	slices.SortStableFunc(works, func(a, b *status.Maintenance) int { return a.From.Compare(b.From) })
	return works
}

func (t *teller) planned(w *status.Maintenance) planned {
	return planned{
		Title: t.spoken(w.Title), Text: t.spoken(w.Text),
		From: t.moment(w.From), Until: t.until(w.Until, w.From), Span: t.span(w.Until.Sub(w.From)),
		Components: t.componentLinks(w.Components),
		Running:    !w.From.After(t.snapshot.At) && w.Until.After(t.snapshot.At),
	}
}

// checkPage tells a reader whether a text came from us.
type checkPage struct {
	Code  string // as asked for; empty for the form alone
	Story *pastRow
	Sent  []updateRow
}

func (t *teller) check(code string, i *status.Incident) page {
	p := checkPage{Code: code}
	if i != nil {
		row := t.pastRow(i)
		p.Story = &row
		for j := range i.Updates {
			if texted(i.Updates[j].Kind) {
				p.Sent = append(p.Sent, t.updateRow(&i.Updates[j]))
			}
		}
	}
	return page{title: t.say("nav_check"), content: p}
}

// texted says whether an entry of the timeline is one that texts may carry:
// "no change" and "being watched" are for the page alone.
func texted(k status.UpdateKind) bool {
	switch k {
	case status.UpdateOpened, status.UpdateCause, status.UpdateChanged, status.UpdateRelapse, status.UpdateResolved, status.UpdateNote:
		return true
	case status.UpdateNoChange, status.UpdateMonitoring, status.UpdateMerged:
	}
	return false
}
