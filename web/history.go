package web

import (
	"slices"

	"bongsu/status"
	"bongsu/web/speech"
)

// maintenancePage is planned work, before, while and after it is done.
type maintenancePage struct{ Now, Ahead, Over []planned }

// planned is a piece of planned work.
type planned struct {
	Title, Text spoken
	From, Until *speech.Moment
	Span        string
	Components  []named
	Running     bool
	CalledOff   *speech.Moment
	Meant       *speech.Moment // when it was to end before it was prolonged
	Again       bool           // it comes again
}

func (t *teller) maintenance() page {
	var m maintenancePage
	for _, w := range t.byStart(3) {
		p := t.planned(w)
		switch {
		case p.Running:
			m.Now = append(m.Now, p)
		case w.Until.After(t.snapshot.At):
			m.Ahead = append(m.Ahead, p)
		default:
			m.Over = append(m.Over, p)
		}
	}
	slices.Reverse(m.Over)
	return page{title: t.Say("nav_maintenance"), content: m}
}

// upcoming is the work that runs or is still to come.
func (t *teller) upcoming() []planned {
	var ahead []planned
	for _, w := range t.byStart(1) {
		if w.Until.After(t.snapshot.At) {
			ahead = append(ahead, t.planned(w))
		}
	}
	return ahead
}

// byStart is the work by when it begins; of what comes again the next times, so
// that it does not hide the rest.
func (t *teller) byStart(each int) []*status.Maintenance {
	works := make([]*status.Maintenance, 0, len(t.snapshot.Maintenance))
	shown := map[string]int{}
	for i := range t.snapshot.Maintenance { // soonest first
		w := &t.snapshot.Maintenance[i]
		if w.Routine != "" && w.From.After(t.snapshot.At) {
			if shown[w.Routine]++; shown[w.Routine] > each {
				continue
			}
		}
		works = append(works, w)
	}
	slices.SortStableFunc(works, func(a, b *status.Maintenance) int { return a.From.Compare(b.From) })
	return works
}

func (t *teller) planned(w *status.Maintenance) planned {
	return planned{
		Title: t.spoken(w.Title), Text: t.spoken(w.Text),
		From: t.Moment(w.From), Until: t.Until(w.Until, w.From), Span: t.Span(w.Until.Sub(w.From)),
		Components: t.componentLinks(w.Components),
		Running:    !w.From.After(t.snapshot.At) && w.End().After(t.snapshot.At),
		CalledOff:  t.Moment(w.Cancelled), Meant: t.Moment(w.Meant), Again: w.Routine != "",
	}
}

// checkPage tells a reader whether a text came from us.
type checkPage struct {
	Code   string // as asked for; empty for the form alone
	Story  *pastRow
	Sent   []updateRow
	App    spoken     // the app whose notice it is
	Proofs []proofRow // the texts themselves, the latest first
}

func (t *teller) check(code string, i *status.Incident) page {
	p := checkPage{Code: code}
	if i != nil {
		row := t.pastRow(i)
		p.Story = &row
		for j := range i.Updates {
			if texted(i.Updates[j].Kind) {
				p.Sent = append(p.Sent, t.updateRow(i, &i.Updates[j]))
			}
		}
	}
	return page{title: t.Say("nav_check"), content: p}
}

// texted says whether an entry of the timeline is one that texts may carry:
// "no change" and "being watched" are for the page alone.
func texted(k status.UpdateKind) bool {
	switch k {
	case status.UpdateOpened, status.UpdateCause, status.UpdateChanged, status.UpdateRelapse, status.UpdateResolved,
		status.UpdateNote, status.UpdateRetracted:
		return true
	case status.UpdateNoChange, status.UpdateMonitoring, status.UpdateMerged, status.UpdateSplit, status.UpdateStatement,
		status.UpdateETA, status.UpdateETAMet, status.UpdateETANotMet, status.UpdateCorrected, status.UpdateDropped, status.UpdatePostmortem:
	}
	return false
}
