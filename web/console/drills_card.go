package console

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"bongsu/status"
	"bongsu/web"
	"bongsu/web/speech"
)

// mostTold is how many texts of a drill its page shows; the scorecard's JSON has
// all of them.
const mostTold = 100

// scorecard is what a drill's scorecard says, as it is kept.
type scorecard struct {
	About    status.Text `json:"about"`
	Zone     string      `json:"time_zone"`
	Start    time.Time   `json:"start"`
	End      time.Time   `json:"end"`
	Looks    int         `json:"looks"`
	Findings []struct {
		ID       string   `json:"id"`
		Text     string   `json:"text"`
		Source   string   `json:"source"`
		Verdict  string   `json:"verdict"`
		Evidence []string `json:"evidence"`
	} `json:"expectations"`
	FirstWords []struct {
		Name    string  `json:"name"`
		Seconds float64 `json:"seconds"`
		Note    string  `json:"note"`
		Ours    bool    `json:"ours"`
		Never   bool    `json:"never"`
		Before  bool    `json:"before"`
	} `json:"first_words"`
	Incidents []struct {
		ID       string       `json:"id"`
		Cause    string       `json:"cause"`
		Worst    status.State `json:"worst"`
		Began    time.Time    `json:"began"`
		Told     time.Time    `json:"told"`
		Resolved time.Time    `json:"resolved"`
		Updates  []struct {
			At    time.Time `json:"at"`
			Kind  string    `json:"kind"`
			Stage string    `json:"stage"`
			Says  string    `json:"says"`
		} `json:"updates"`
	} `json:"incidents"`
	Notices []struct {
		At         time.Time `json:"at"`
		Channel    string    `json:"channel"`
		Event      string    `json:"event"`
		Lang       string    `json:"lang"`
		Text       string    `json:"text"`
		Recipients int       `json:"recipients"`
		Arrived    int       `json:"arrived"`
	} `json:"notices"`
	Lanes []struct {
		Component string `json:"component"`
		Name      string `json:"name"`
		Spans     []struct {
			From  time.Time    `json:"from"`
			Until time.Time    `json:"until"`
			State status.State `json:"state"`
		} `json:"spans"`
	} `json:"states"`
	Events []struct {
		At     time.Time `json:"at"`
		Text   string    `json:"text"`
		Source string    `json:"source"`
	} `json:"events"`
	Deeds []struct {
		At    time.Time `json:"at"`
		What  string    `json:"what"`
		Error string    `json:"error"`
	} `json:"deeds"`
}

// cardPage is a scorecard in the reader's language. What its scenario says itself
// is in the scenario's.
type cardPage struct {
	About, Span string
	Findings    []findingRow
	First       []firstRow
	Lanes       []laneRow
	Key         []badge
	Stories     []rehearsedRow
	Texts       []rehearsedText
	Count, More string // how many texts there are, and how many of them only the JSON has
	Events      []happenedRow
	Deeds       []happenedRow
}

type findingRow struct {
	ID, Text, Source string
	State            badge
	Evidence         []*web.Reason
}

type firstRow struct {
	Took, Who, Note string
	Ours            bool
}

// laneRow is a component through time: pieces of a bar that is 1000 wide.
type laneRow struct {
	Name  string
	Bars  []laneBar
	Spans []laneSpan
}

type laneBar struct{ Class, X, Width string }

type laneSpan struct {
	State       badge
	From, Until string
}

type rehearsedRow struct {
	Cause                 string
	State                 badge
	Began, Told, Resolved string
	Updates               []rehearsedLine
}

type rehearsedLine struct{ At, Kind, Stage, Says string }

type rehearsedText struct {
	At, Channel, Event, Lang, Text, Told, Reached string
}

type happenedRow struct{ At, Text, Source string }

// cardReader words a scorecard by the clock of its scenario.
type cardReader struct {
	*visit

	clock *speech.Clock
	card  *scorecard
}

// card words a scorecard as it is kept.
func (v *visit) card(kept []byte) (*cardPage, error) {
	var card scorecard
	if err := json.Unmarshal(kept, &card); err != nil {
		return nil, fmt.Errorf("reading a scorecard: %w", err)
	}
	zone, err := time.LoadLocation(card.Zone)
	if err != nil {
		zone = v.Zone
	}
	r := cardReader{v, &speech.Clock{Speaker: v.Voice, Zone: zone, Now: card.Start}, &card}
	page := &cardPage{
		About: v.text(card.About),
		Span:  v.Say("card_span", "From", r.clock.Dated(card.Start), "Until", r.at(card.End), "Zone", zone.String(), "Looks", speech.Grouped(int64(card.Looks))),
	}
	r.findings(page)
	r.first(page)
	r.lanes(page)
	r.stories(page)
	r.texts(page)
	for _, e := range card.Events {
		page.Events = append(page.Events, happenedRow{r.at(e.At), e.Text, e.Source})
	}
	for _, d := range card.Deeds {
		page.Deeds = append(page.Deeds, happenedRow{r.at(d.At), d.What, cmp.Or(d.Error, v.Say("card_done"))})
	}
	return page, nil
}

func (r *cardReader) at(t time.Time) string {
	if t.IsZero() {
		return "–"
	}
	return r.clock.At(t)
}

// verdicts are those of expectations as states look.
var verdicts = map[string]badge{"held": {"ok", "card_held"}, "broken": {"down", "card_broken"}}

func (r *cardReader) findings(page *cardPage) {
	for _, f := range r.card.Findings {
		verdict, known := verdicts[f.Verdict]
		if !known {
			verdict = badge{"none", "card_not_applicable"}
		}
		page.Findings = append(page.Findings, findingRow{
			ID: f.ID, Text: f.Text, Source: f.Source, State: badge{verdict.Class, r.Say(verdict.Word)}, Evidence: r.reasons(f.Evidence),
		})
	}
}

func (r *cardReader) first(page *cardPage) {
	for _, f := range r.card.FirstWords {
		row := firstRow{Who: f.Name, Note: f.Note, Ours: f.Ours, Took: r.Span(time.Duration(f.Seconds * float64(time.Second)))}
		switch {
		case f.Never:
			row.Took = r.Say("card_never")
		case f.Before:
			row.Took = r.Say("card_before")
		case f.Seconds < time.Minute.Seconds():
			row.Took = r.Period(time.Duration(f.Seconds) * time.Second)
		}
		if f.Ours {
			row.Who, row.Note = r.Say("card_ours"), r.Say("reason_way_page")
			if strings.HasPrefix(f.Note, "by SMS") {
				row.Note = r.Say("reason_way_sms")
			}
		}
		page.First = append(page.First, row)
	}
}

func (r *cardReader) lanes(page *cardPage) {
	if len(r.card.Lanes) == 0 {
		return
	}
	for _, s := range status.States() {
		page.Key = append(page.Key, r.badge(s))
	}
	for _, l := range r.card.Lanes {
		row := laneRow{Name: r.laneName(l.Component)}
		for _, s := range l.Spans {
			state := r.badge(s.State)
			from, until := r.x(s.From), r.x(s.Until)
			row.Bars = append(row.Bars, laneBar{state.Class, tenth(from), tenth(max(until-from, 1))})
			row.Spans = append(row.Spans, laneSpan{state, r.at(s.From), r.at(s.Until)})
		}
		page.Lanes = append(page.Lanes, row)
	}
}

// x is where an instant lies on a bar that is 1000 wide.
func (r *cardReader) x(t time.Time) float64 {
	whole := r.card.End.Sub(r.card.Start).Seconds()
	if whole <= 0 {
		return 0
	}
	return 1000 * min(max(t.Sub(r.card.Start).Seconds()/whole, 0), 1)
}

func tenth(x float64) string { return strconv.FormatFloat(x, 'f', 1, 64) }

func (r *cardReader) stories(page *cardPage) {
	for _, i := range r.card.Incidents {
		_, cause, found := strings.Cut(i.Cause, ":")
		if !found {
			cause = i.Cause
		}
		row := rehearsedRow{Cause: r.laneName(cause), State: r.badge(i.Worst), Began: r.at(i.Began), Told: r.at(i.Told), Resolved: r.at(i.Resolved)}
		for _, u := range i.Updates {
			row.Updates = append(row.Updates, rehearsedLine{r.at(u.At), r.known("kind_", u.Kind), r.known("stage_", u.Stage), u.Says})
		}
		page.Stories = append(page.Stories, row)
	}
}

// laneName is what the drill called a component. The scorecard has that in the
// first language of the site alone; whoever reads another has the id.
func (r *cardReader) laneName(component string) string {
	for _, l := range r.card.Lanes {
		if l.Component == component && l.Name != "" && r.Lang == r.console.site().Languages[0] {
			return l.Name
		}
	}
	return component
}

func (r *cardReader) texts(page *cardPage) {
	page.Count = speech.Grouped(int64(len(r.card.Notices)))
	for i, n := range r.card.Notices {
		if i == mostTold {
			page.More = speech.Grouped(int64(len(r.card.Notices) - mostTold))
			return
		}
		page.Texts = append(page.Texts, rehearsedText{
			At: r.at(n.At), Channel: n.Channel, Event: r.eventText(n.Event), Lang: n.Lang, Text: n.Text,
			Told: speech.Grouped(int64(n.Recipients)), Reached: speech.Grouped(int64(n.Arrived)),
		})
	}
}
