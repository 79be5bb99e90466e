package web

import (
	"cmp"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"bongsu/status"
	"bongsu/web/speech"
)

// A long outage lasted at least so long.
const longOutage = 2 * time.Hour

// mostPast is how many stories one page of the history lists. What is left out
// is counted; a month names fewer.
const mostPast = 200

// Remember makes older what visitors can look up of incidents from before the
// snapshot's 90 days. It must not be changed afterwards.
func (s *Server) Remember(older []status.Incident) { s.older.Store(&older) }

// historyPage is what is over, newest month first.
type historyPage struct {
	Open      []pastRow
	Figures   []fact
	Longest   *pastRow
	Months    []monthRows
	Left      string // how many more there are
	Since     string // the first month that is known
	Long      bool
	Groups    []choice
	Operators []choice
	Times     []choice
	Filtered  bool
}

type monthRows struct {
	Name string
	Rows []pastRow
}

// pastFilter is which of the past somebody wants to see.
type pastFilter struct {
	long            bool
	group, operator string
	month           string // 2006-01
}

func (f pastFilter) none() bool { return f == pastFilter{} }

// query names the filter in one way only, so that it is a name to keep a page by.
func (f pastFilter) query() string {
	v := url.Values{}
	if f.long {
		v.Set("min", "2h")
	}
	for name, value := range map[string]string{"group": f.group, "operator": f.operator, "month": f.month} {
		if value != "" {
			v.Set(name, value)
		}
	}
	return v.Encode()
}

// filterOf reads a filter. What names nothing that there is chooses nothing out.
func (t *teller) filterOf(query url.Values) pastFilter {
	f := pastFilter{long: query.Get("min") == "2h"}
	f.group = known(query.Get("group"), t.groupChoices())
	f.operator = known(query.Get("operator"), t.operatorChoices())
	f.month = known(query.Get("month"), t.monthChoices())
	return f
}

func known(value string, choices []choice) string {
	if slices.ContainsFunc(choices, func(c choice) bool { return c.Value == value }) {
		return value
	}
	return ""
}

// pastPage is the history, perhaps a part of it.
func (s *Server) pastPage(c *gin.Context) {
	e := s.current.Load()
	if e == nil {
		starting(c)
		return
	}
	lang := e.language(c.Request)
	t := e.tellers[lang]
	f := t.filterOf(c.Request.URL.Query())
	if f.none() {
		s.page(c)
		return
	}
	s.deliver(c, "/history", func() (*document, error) {
		return e.keep(key("/history?"+f.query(), lang), func() (*document, error) {
			p := t.pastThrough(f)
			p.hidden = true
			return e.rendered("history", "/history", lang, p)
		})()
	})
}

func (t *teller) history() page { return t.pastThrough(pastFilter{}) }

// pastThrough is the history through a filter. Without one it goes back as far as
// the snapshot does; the months before are chosen by name.
func (t *teller) pastThrough(f pastFilter) page {
	all := t.everClosed()
	h := historyPage{
		Long: f.long, Filtered: !f.none(),
		Groups: t.groupChoices(), Operators: t.operatorChoices(), Times: t.monthChoices(),
	}
	mark(h.Groups, f.group)
	mark(h.Operators, f.operator)
	mark(h.Times, f.month)
	if f.none() {
		for i := range t.snapshot.Incidents {
			h.Open = append(h.Open, t.pastRow(&t.snapshot.Incidents[i]))
		}
	}
	chosen := t.through(f, all)
	h.Figures, h.Longest = t.figures(f, chosen)
	if f.none() {
		chosen = t.closed()
	}
	if left := len(chosen) - mostPast; left > 0 {
		chosen, h.Left = chosen[:mostPast], t.Count("more_outages", left)
	}
	h.Months = t.byMonth(chosen)
	return page{title: t.Say("nav_history"), about: t.Say("history_text"), content: h}
}

// everClosed is all that is known of what has ended, newest first.
func (t *teller) everClosed() []*status.Incident {
	closed := t.closed()
	have := map[string]bool{}
	for _, i := range closed {
		have[i.ID] = true
	}
	for i := range t.older {
		if o := &t.older[i]; !have[o.ID] && o.MergedInto == "" {
			closed = append(closed, o)
		}
	}
	slices.SortStableFunc(closed, func(a, b *status.Incident) int { return cmp.Or(b.Began.Compare(a.Began), cmp.Compare(b.ID, a.ID)) })
	return closed
}

func (t *teller) through(f pastFilter, all []*status.Incident) []*status.Incident {
	var some []*status.Incident
	for _, i := range all {
		if f.long && t.end(i).Sub(i.Began) < longOutage {
			continue
		}
		if f.month != "" && i.Began.In(t.Zone).Format("2006-01") != f.month {
			continue
		}
		if t.concerns(i, f) {
			some = append(some, i)
		}
	}
	return some
}

// concerns says whether an incident hit what the filter asks for.
func (t *teller) concerns(i *status.Incident, f pastFilter) bool {
	if f.group == "" && f.operator == "" {
		return true
	}
	return slices.ContainsFunc(i.Components, func(a status.Affected) bool {
		c := t.components()[a.Component]
		return c != nil && (f.group == "" || c.Group == f.group) && (f.operator == "" || c.Operator == f.operator)
	})
}

// figures sum up what ended: how many, how many of them long, and the longest.
func (t *teller) figures(f pastFilter, chosen []*status.Incident) (figures []fact, longest *pastRow) {
	var most *status.Incident
	count, long, lasted := 0, 0, time.Duration(0)
	for _, i := range chosen {
		if !i.Retracted.IsZero() {
			continue // it was none
		}
		span := t.end(i).Sub(i.Began)
		count++
		lasted += span
		if span >= longOutage {
			long++
		}
		if most == nil || span > t.end(most).Sub(most.Began) {
			most = i
		}
	}
	if count == 0 {
		return nil, nil
	}
	figures = []fact{{t.Say("figure_count", "Since", t.sinceWhen(f)), strconv.Itoa(count)}, {t.Say("figure_long"), strconv.Itoa(long)}, {t.Say("figure_mean"), t.Span(lasted / time.Duration(count))}}
	row := t.pastRow(most)
	return figures, &row
}

// sinceWhen is from when on the figures count.
func (t *teller) sinceWhen(f pastFilter) string {
	if f.month != "" {
		if at, err := time.ParseInLocation("2006-01", f.month, t.Zone); err == nil {
			return t.Month(at)
		}
	}
	first := t.snapshot.At.AddDate(0, 0, -89)
	for i := range t.older {
		if t.older[i].Began.Before(first) {
			first = t.older[i].Began
		}
	}
	return t.Say("figure_since", "Month", t.Month(first))
}

func (t *teller) byMonth(chosen []*status.Incident) []monthRows {
	var months []monthRows
	for _, i := range chosen {
		name := t.Month(i.Began)
		if n := len(months); n == 0 || months[n-1].Name != name {
			months = append(months, monthRows{Name: name})
		}
		last := &months[len(months)-1]
		last.Rows = append(last.Rows, t.pastRow(i))
	}
	return months
}

func mark(choices []choice, value string) {
	for i := range choices {
		choices[i].Chosen = choices[i].Value == value
	}
}

func (t *teller) groupChoices() []choice {
	var choices []choice
	for i := range t.snapshot.Groups {
		choices = append(choices, choice{Value: t.snapshot.Groups[i].ID, Text: t.text(t.snapshot.Groups[i].Name)})
	}
	return choices
}

func (t *teller) operatorChoices() []choice {
	seen := map[string]bool{}
	var choices []choice
	for g := range t.snapshot.Groups {
		for c := range t.snapshot.Groups[g].Components {
			if name := t.snapshot.Groups[g].Components[c].Operator; name != "" && !seen[name] {
				seen[name] = true
				choices = append(choices, choice{Value: name, Text: name})
			}
		}
	}
	slices.SortFunc(choices, func(a, b choice) int { return cmp.Compare(a.Text, b.Text) })
	return choices
}

// monthChoices are the months in which something began, newest first.
func (t *teller) monthChoices() []choice {
	var choices []choice
	for _, i := range t.everClosed() {
		value := i.Began.In(t.Zone).Format("2006-01")
		if n := len(choices); n == 0 || choices[n-1].Value != value {
			choices = append(choices, choice{Value: value, Text: t.Month(i.Began)})
		}
	}
	return choices
}

// pastRow is a story in a list.
type pastRow struct {
	named
	Began *speech.Moment
	Span  string
}

// pastRow leads to the story while it is told here.
func (t *teller) pastRow(i *status.Incident) pastRow {
	row := pastRow{
		named: named{Name: t.title(i), Badge: t.impact(i), Note: t.Count("services", len(i.Components))},
		Began: t.Moment(i.Began),
		Span:  t.Span(t.end(i).Sub(i.Began)),
	}
	if _, told := t.snapshot.Incident(i.ID); told {
		row.Href = t.incidentHref(i.ID)
	}
	return row
}
