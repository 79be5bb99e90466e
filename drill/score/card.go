package score

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"bongsu/drill/scenario"
	"bongsu/status"
)

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// Card is a scorecard.
type Card struct {
	Exercise   string      `json:"exercise"`
	Scenario   string      `json:"scenario"`
	Title      status.Text `json:"title"`
	About      status.Text `json:"about"`
	Zone       string      `json:"time_zone"`
	Start      time.Time   `json:"start"`
	Onset      time.Time   `json:"onset"`
	End        time.Time   `json:"end"`
	Passed     bool        `json:"passed"`
	Looks      int         `json:"looks"`
	Cast       []Part      `json:"cast"`
	Stands     []Post      `json:"locations,omitempty"`
	Unasked    []string    `json:"answered_by_mode_alone,omitempty"`
	Findings   []Finding   `json:"expectations"`
	FirstWords []Benchmark `json:"first_words"`
	Incidents  []Story     `json:"incidents"`
	Notices    []Notice    `json:"notices"`
	Lanes      []Lane      `json:"states"`
	Events     []Happening `json:"events"`
	Deeds      []Doing     `json:"deeds,omitempty"`
	zone       *time.Location
}

// Part says who played a target.
type Part struct {
	Target    string `json:"target"`
	Component string `json:"component,omitempty"` // empty: nobody
}

// Post says where a location stood that is not called as in the scenario.
type Post struct {
	Location string `json:"location"`
	Place    string `json:"stands_at"` // the scenario's location
}

// Benchmark is how long first words took.
type Benchmark struct {
	Name    string  `json:"name"`
	Seconds float64 `json:"seconds"` // from onset to first public words
	Note    string  `json:"note,omitempty"`
	Ours    bool    `json:"ours,omitempty"`
	Never   bool    `json:"never,omitempty"`
	Before  bool    `json:"before,omitempty"` // they came before the onset that the scenario gives, so no time from it can be told
}

// Story is an incident with what was told of it.
type Story struct {
	ID       string    `json:"id"`
	Cause    string    `json:"cause"`
	Stage    string    `json:"stage"`
	Worst    string    `json:"worst"`
	Began    time.Time `json:"began"`
	Told     time.Time `json:"told,omitzero"`
	Resolved time.Time `json:"resolved,omitzero"`
	Into     string    `json:"merged_into,omitempty"`
	Updates  []Line    `json:"updates"`
}

// Line is an update of a story.
type Line struct {
	At         time.Time `json:"at"`
	Kind       string    `json:"kind"`
	Stage      string    `json:"stage"`
	Cause      string    `json:"cause,omitempty"`
	Components []string  `json:"components,omitempty"` // those not well
	Next       time.Time `json:"next,omitzero"`
	Says       string    `json:"says,omitempty"`
}

// Notice is what was handed over at once, in the same words.
type Notice struct {
	At         time.Time `json:"at"`
	Channel    string    `json:"channel"`
	Audience   string    `json:"audience"`
	Event      string    `json:"event"`
	Lang       string    `json:"lang"`
	Text       string    `json:"text"`
	Recipients int       `json:"recipients"`
	Arrived    int       `json:"arrived"`
}

// Lane is a component through time.
type Lane struct {
	Component string    `json:"component"`
	Name      string    `json:"name"`
	Spans     []Stretch `json:"spans"`
}

// Stretch is a time in one state.
type Stretch struct {
	From  time.Time    `json:"from"`
	Until time.Time    `json:"until"`
	State status.State `json:"state"`
	Cause string       `json:"affected_by,omitempty"`
}

// Happening is what happened, from the scenario.
type Happening struct {
	At     time.Time `json:"at"`
	Text   string    `json:"text"`
	Source string    `json:"source"`
}

// Doing is what an operator did.
type Doing struct {
	At    time.Time `json:"at"`
	What  string    `json:"what"`
	Error string    `json:"error,omitempty"`
}

// benchmarks are times from onset to first public words in real outages, from
// press reports and the operators' own timelines.
var benchmarks = []Benchmark{
	{Name: "Kakao, 15 Oct 2022", Seconds: 42 * 60, Note: "on a social network only"},
	{Name: "Kakao, 5 May 2021", Seconds: 20 * 60, Note: "then 63 min of silence"},
	{Name: "KDDI, 2 Jul 2022", Seconds: 101 * 60, Note: "then 15 h 30 min without new content"},
	{Name: "LINE, 11 Mar 2016", Seconds: 27 * 60, Note: "its end was told 16 min late"},
	{Name: "Cloudflare, 18 Nov 2025", Seconds: 28 * 60, Note: "its status page failed as well"},
	{Name: "AWS us-east-1, 20 Oct 2025", Seconds: 23 * 60, Note: "about"},
	{Name: "AWS S3, 28 Feb 2017", Seconds: 2 * 3600, Note: "about; the icons stayed green"},
	{Name: "KT, 25 Oct 2021", Seconds: 36 * 60, Note: "about; by the government's alert"},
	{Name: "Japan's guideline", Seconds: 30 * 60, Note: "first notice; then at least hourly"},
}

// Card writes the record up.
func (r *Record) Card() *Card {
	s := r.Scenario
	c := &Card{
		Exercise: "훈련 / 訓練 / exercise", Scenario: s.ID, Title: s.Title, About: s.About, Zone: s.Zone,
		Start: s.Start, Onset: s.Onset, End: s.End, Passed: true, Looks: r.Looks, Unasked: r.Unasked,
		Findings: r.Judge(), FirstWords: r.firstOfAll(), zone: s.Location(),
	}
	for _, f := range c.Findings {
		c.Passed = c.Passed && f.Verdict != Broken
	}
	for i := range s.Targets {
		c.Cast = append(c.Cast, Part{s.Targets[i].ID, r.Cast[s.Targets[i].ID]})
	}
	for _, location := range slices.Sorted(maps.Keys(r.Stands)) {
		c.Stands = append(c.Stands, Post{location, r.Stands[location]})
	}
	for _, i := range r.incidents() {
		c.Incidents = append(c.Incidents, r.story(&i))
	}
	c.Notices = r.notices()
	c.Lanes = r.lanes()
	for i := range s.Events {
		e := &s.Events[i]
		c.Events = append(c.Events, Happening{e.At, e.Text, s.Sources[e.Source]})
	}
	for _, d := range r.Deeds {
		c.Deeds = append(c.Deeds, Doing(d))
	}
	return c
}

// firstOfAll puts the first words beside those of real outages; nil where none
// came and none were due.
func (r *Record) firstOfAll() []Benchmark {
	page, sms := r.ours("page", "by page"), r.ours("sms", "by SMS")
	due := slices.ContainsFunc(r.Scenario.Expect, func(e scenario.Expectation) bool { return e.Words != nil })
	if page.Never && sms.Never && !due {
		return nil
	}
	all := append([]Benchmark{page, sms}, benchmarks...)
	slices.SortStableFunc(all, func(a, b Benchmark) int {
		if a.Never != b.Never {
			return cmp.Compare(b2i(a.Never), b2i(b.Never))
		}
		return cmp.Compare(a.Seconds, b.Seconds)
	})
	return all
}

// ours is how long the first words of the drill took by one way.
func (r *Record) ours(by, note string) Benchmark {
	first := r.firstWords(by)
	b := Benchmark{Name: "this drill", Ours: true, Note: note, Never: first.IsZero()}
	if !b.Never {
		b.Seconds = max(first.Sub(r.Scenario.Onset), 0).Seconds()
		b.Before = first.Before(r.Scenario.Onset)
	}
	if b.Before {
		b.Note += ": what was measured began before the onset that was told"
	}
	return b
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (r *Record) story(i *status.Incident) Story {
	story := Story{
		ID: i.ID, Cause: i.Cause, Stage: i.Stage.String(), Worst: i.Worst.String(), Began: i.Began,
		Told: r.Shown[i.ID], Resolved: i.Resolved, Into: i.MergedInto,
	}
	for _, u := range i.Updates {
		line := Line{At: u.At, Kind: string(u.Kind), Stage: u.Stage.String(), Cause: u.Cause, Next: u.Next, Says: says(&u)}
		for _, a := range u.Components {
			if a.State.Troubled() && a.Until.IsZero() {
				line.Components = append(line.Components, a.Component)
			}
		}
		story.Updates = append(story.Updates, line)
	}
	return story
}

// says is what a person put into an update.
func says(u *status.Update) string {
	switch {
	case u.Statement != nil:
		return u.Statement.Speaker + ": " + u.Statement.Text.In("en", "ko", "ja")
	case u.ETA != nil:
		return u.ETA.Speaker + ": " + u.ETA.Basis.In("en", "ko", "ja")
	case u.Correction != nil:
		return string(u.Correction.Field) + " " + u.Correction.Was + " → " + u.Correction.Is + ": " + u.Correction.Reason.In("en", "ko", "ja")
	default:
		return u.Text.In("en", "ko", "ja")
	}
}

// notices gathers the texts that were handed over together.
func (r *Record) notices() []Notice {
	type key struct{ occasion, channel, lang, body string }
	at := map[key]int{}
	var all []Notice
	for _, t := range r.Texts {
		k := key{t.Occasion, t.Channel, t.Lang, t.Body}
		i, known := at[k]
		if !known {
			i = len(all)
			at[k] = i
			all = append(all, Notice{At: t.At, Channel: t.Channel, Audience: t.Audience, Event: t.Event, Lang: t.Lang, Text: t.Body})
		}
		all[i].Recipients++
		if !t.Arrived.IsZero() {
			all[i].Arrived++
		}
	}
	return all
}

func (r *Record) lanes() []Lane {
	var lanes []Lane
	for _, part := range r.Scenario.Targets {
		component, ok := r.Cast[part.ID]
		if !ok {
			continue
		}
		lane := Lane{Component: component, Name: component}
		if names := r.Names[component]; len(names) > 0 {
			lane.Name = names[0]
		}
		turns := r.Turns[component]
		for i, t := range turns {
			until := r.Scenario.End
			if i+1 < len(turns) {
				until = turns[i+1].At
			}
			lane.Spans = append(lane.Spans, Stretch{t.At, until, t.State, t.Cause})
		}
		lanes = append(lanes, lane)
	}
	return lanes
}
