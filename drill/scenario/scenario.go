// Package scenario is the format of drills: an outage as data. A scenario says
// what there is to watch, what happens to it and when, and what must come of
// it, each with the source it rests on. docs/drills.md explains the format to
// those who write one.
//
// Nothing here runs a drill: replay does, and score judges what came of it.
package scenario

import (
	"time"

	"bongsu/drill"
	"bongsu/status"
)

// Scenario is an outage to be replayed.
type Scenario struct {
	ID        string            `yaml:"id" must:"required" doc:"Its name on the command line."`
	Title     status.Text       `yaml:"title" must:"required" doc:"What it is called, in ko, ja and en."`
	About     status.Text       `yaml:"about" must:"required" doc:"What it proves, in ko, ja and en."`
	Zone      string            `yaml:"zone" must:"required" doc:"The time zone of texts and pages."`
	Start     time.Time         `yaml:"start" must:"required" doc:"When the drill begins, all well."`
	Onset     time.Time         `yaml:"onset" must:"required" doc:"When it begins to fail: first words are counted from here."`
	End       time.Time         `yaml:"end" must:"required" doc:"When it ends; at most 14 days after its start."`
	Sources   map[string]string `yaml:"sources" must:"required" doc:"What it rests on: a key, and the publication with its date."`
	Judgement Judgement         `yaml:"judgement" doc:"When a failure counts, as in a configuration."`
	Locations []Location        `yaml:"locations" doc:"Where it is looked from; one location without it."`
	Controls  []Control         `yaml:"controls" doc:"What tells \"the world is down\" from \"we are\"."`
	Groups    []Group           `yaml:"groups" must:"required" doc:"Headings of the page."`
	Targets   []Target          `yaml:"targets" must:"required" doc:"What is watched: one component each."`
	Follows   map[string]string `yaml:"follows" doc:"The target that a channel depends on: messenger, sms or ops."`
	Hops      time.Duration     `yaml:"hop" doc:"How long the messenger has before SMS takes over; 60s without it."`
	Events    []Event           `yaml:"events" must:"required" doc:"What happens, in order."`
	Expect    []Expectation     `yaml:"expect" must:"required" doc:"What must come of it."`

	zone *time.Location
}

// Location is the zone of the scenario's texts and pages.
func (s *Scenario) Location() *time.Location { return s.zone }

// Judgement is when a failure counts. Zero values are the program's defaults.
type Judgement struct {
	Confirm int           `yaml:"confirm" doc:"Looks that must fail; 3."`
	Recheck time.Duration `yaml:"recheck" doc:"The pause between two of them; 1s."`
	Recover int           `yaml:"recover" doc:"Looks that must be better; 3."`
	Quorum  int           `yaml:"quorum" doc:"Locations that must agree; a majority."`
	Settle  time.Duration `yaml:"settle" doc:"How long the first words wait for the cause; 5s."`
	Watch   time.Duration `yaml:"watch" doc:"How long a recovery is watched; 60m."`
	Promise time.Duration `yaml:"promise" doc:"The longest time to the next word; 60m."`
}

// Location is a place to look from.
type Location struct {
	ID      string   `yaml:"id" must:"required"`
	Domains []string `yaml:"domains"`
}

// Control is a control.
type Control struct {
	ID    string        `yaml:"id" must:"required"`
	Every time.Duration `yaml:"every" doc:"30s without it."`
}

// Group is a heading.
type Group struct {
	ID   string      `yaml:"id" must:"required"`
	Name status.Text `yaml:"name" must:"required"`
}

// Target is something that is watched.
type Target struct {
	ID          string        `yaml:"id" must:"required"`
	Group       string        `yaml:"group" must:"required"`
	Name        status.Text   `yaml:"name" must:"required"`
	Short       status.Text   `yaml:"short" must:"required"`
	Operator    string        `yaml:"operator"`
	Users       int           `yaml:"users"`
	Domains     []string      `yaml:"domains"`
	Needs       []string      `yaml:"needs" doc:"Targets it needs; a question mark behind one makes the need soft."`
	Substitutes []string      `yaml:"substitutes"`
	Advice      status.Text   `yaml:"advice"`
	Shape       Shape         `yaml:"check" doc:"answer (the default), search, canary or page."`
	Parts       []string      `yaml:"parts" doc:"Functions that fail on their own; each has a check."`
	Every       time.Duration `yaml:"every" doc:"How often each check looks; 60s."`
	Family      []string      `yaml:"family" doc:"Presets, or operators, whose component stands for it in a configuration of one's own."`
}

// Shape is how a target is looked at.
type Shape string

// The shapes.
const (
	ShapeAnswer Shape = "answer" // a function is asked for with a credential
	ShapeSearch Shape = "search" // a question that has an answer; none found is wrong
	ShapeCanary Shape = "canary" // a message to oneself, read back
	ShapePage   Shape = "page"   // a web page
)

// Event is something that happens.
type Event struct {
	At         time.Time             `yaml:"at" must:"required"`
	Text       string                `yaml:"text" must:"required" doc:"What happened, in a sentence."`
	Source     string                `yaml:"source" must:"required" doc:"A key of sources."`
	Set        map[string]Mode       `yaml:"set" doc:"How targets behave from now on."`
	Gateways   map[string]drill.Mode `yaml:"gateways" doc:"How sms, alimtalk and slack behave from now on."`
	Clock      *time.Duration        `yaml:"clock" doc:"By how much this node's clock is off from now on."`
	Tell       status.Text           `yaml:"tell" doc:"An everyday text to everybody."`
	Do         *Deed                 `yaml:"do" doc:"What an operator does."`
	Checkpoint string                `yaml:"checkpoint" doc:"Pages and feeds are looked at now, under this name."`
}

// Deed is what an operator does. Exactly one of its deeds is set.
type Deed struct {
	About     string      `yaml:"about" must:"required" doc:"A target: its incident is meant, or with maintain the target itself."`
	Author    string      `yaml:"author" doc:"Who does it; duty officer without it."`
	Statement *Statement  `yaml:"statement"`
	ETA       *ETA        `yaml:"eta"`
	Correct   *Correction `yaml:"correct"`
	Note      *Note       `yaml:"note"`
	Maintain  *Window     `yaml:"maintain"`
	Merge     string      `yaml:"merge" doc:"The incident goes into this target's."`
	Split     []string    `yaml:"split" doc:"These targets become a story of their own."`
	Retract   status.Text `yaml:"retract" doc:"It was a false alarm, and why."`
}

// Statement is what somebody else said in public.
type Statement struct {
	Speaker string      `yaml:"speaker" must:"required"`
	Text    status.Text `yaml:"text" must:"required"`
	Fixed   bool        `yaml:"fixed" doc:"It claims that all is well again."`
}

// ETA is somebody's expectation of the end.
type ETA struct {
	Speaker string      `yaml:"speaker" must:"required"`
	Basis   status.Text `yaml:"basis" must:"required"`
	By      time.Time   `yaml:"by"`
	Expires time.Time   `yaml:"expires" must:"required"`
}

// Correction says that something was otherwise.
type Correction struct {
	Field  string      `yaml:"field" must:"required" doc:"began, resolved or cause."`
	Is     string      `yaml:"is" must:"required" doc:"An instant, or a cause."`
	Reason status.Text `yaml:"reason" must:"required"`
}

// Note is an operator's update.
type Note struct {
	Text   status.Text `yaml:"text" must:"required"`
	Notify bool        `yaml:"notify"`
}

// Window is planned work.
type Window struct {
	Title status.Text `yaml:"title" must:"required"`
	From  time.Time   `yaml:"from" must:"required"`
	Until time.Time   `yaml:"until" must:"required"`
}

// Expectation is something that must come of the drill. Exactly one of its
// rules is set.
type Expectation struct {
	ID     string `yaml:"id" must:"required"`
	Text   string `yaml:"text" must:"required" doc:"What must hold, in a sentence."`
	Source string `yaml:"source" must:"required" doc:"A key of sources: why it must."`

	Incidents   *Incidents   `yaml:"incidents"`
	Words       *Words       `yaml:"words"`
	State       *State       `yaml:"state"`
	Affected    *Mark        `yaml:"affected"`
	Texts       *Texts       `yaml:"texts"`
	Avoids      *Avoids      `yaml:"avoids"`
	Reaches     *Reaches     `yaml:"reaches"`
	Promises    *Promises    `yaml:"promises"`
	Durations   *Durations   `yaml:"durations"`
	Updates     *Updates     `yaml:"updates"`
	PointsAway  *PointsAway  `yaml:"points_away"`
	Marked      *Marked      `yaml:"marked"`
	Substitutes *Substitutes `yaml:"substitutes"`
	Doubted     *Doubted     `yaml:"doubted"`
}

// Incidents bounds the stories told, merged ones aside.
type Incidents struct {
	Count int    `yaml:"count" doc:"How many were told in all."`
	Cause string `yaml:"cause" doc:"The cause of the one about head, or of all: component:ID or domain:ID."`
	Head  string `yaml:"head" doc:"A target at the head of it: it fails by itself."`
}

// Words bounds the first public words.
type Words struct {
	Within time.Duration `yaml:"within" must:"required" doc:"How long after of."`
	Of     time.Time     `yaml:"of" doc:"From when it counts; the onset without it."`
	By     []string      `yaml:"by" must:"required" doc:"page, sms or both."`
}

// State says what a target is shown as: at an instant, or all the time of a
// span, or with ever at least once in it.
type State struct {
	Targets map[string][]status.State `yaml:"targets" must:"required" doc:"What each of them may be."`
	At      time.Time                 `yaml:"at"`
	From    time.Time                 `yaml:"from"`
	Until   time.Time                 `yaml:"until"`
	Ever    bool                      `yaml:"ever"`
}

// Mark says that a target carried a cause's mark while it failed.
type Mark struct {
	Target string `yaml:"target" must:"required"`
	Cause  string `yaml:"cause" must:"required"`
}

// Texts bounds the texts handed over in a span.
type Texts struct {
	Events   []string  `yaml:"events" doc:"Of these events; of all but everyday texts without it."`
	Audience string    `yaml:"audience" doc:"subscribers (the default) or operators."`
	From     time.Time `yaml:"from"`
	Until    time.Time `yaml:"until"`
	Least    int       `yaml:"least" doc:"At least so many in all."`
	Most     *int      `yaml:"most" doc:"At most so many for each person."`
}

// Avoids says that nothing is handed to a channel while what it follows is not
// well, and that something was before.
type Avoids struct {
	Channel string `yaml:"channel" must:"required" doc:"messenger, sms or ops."`
	Before  int    `yaml:"before" doc:"At least so many were handed to it before."`
}

// Reaches says that everybody who chose a channel is reached in time, by
// whatever way, by every text of an event.
type Reaches struct {
	Event  string        `yaml:"event" must:"required" doc:"opened, resolved, everyday, …"`
	Within time.Duration `yaml:"within" must:"required"`
}

// Promises says that each promise was kept, and that SMS was used sparingly.
type Promises struct {
	Within  time.Duration `yaml:"within" must:"required" doc:"The longest silence on page and feeds."`
	Digests int           `yaml:"digests" doc:"Digests a person may get by SMS a day."`
}

// Durations says how long the incident about a target took, by each onset that
// was ever told and its final end; corrections keep both and their reasons.
type Durations struct {
	About string          `yaml:"about" must:"required"`
	Are   []time.Duration `yaml:"are" must:"required"`
}

// Updates bounds the updates of a kind in the story about a target.
type Updates struct {
	About string    `yaml:"about" must:"required"`
	Kind  string    `yaml:"kind" must:"required"`
	From  time.Time `yaml:"from"`
	Until time.Time `yaml:"until"`
	Least int       `yaml:"least"`
	Most  *int      `yaml:"most"`
}

// PointsAway says that no text sends the reader to what is not operational.
type PointsAway struct{}

// Marked says that everything that leaves the drill is marked an exercise.
type Marked struct{}

// Substitutes says what is offered instead of a target: at an instant, or in
// all of a span.
type Substitutes struct {
	Of      string    `yaml:"of" must:"required"`
	At      time.Time `yaml:"at"`
	From    time.Time `yaml:"from"`
	Until   time.Time `yaml:"until"`
	Lists   []string  `yaml:"lists"`
	Omits   []string  `yaml:"omits"`
	Crowded []string  `yaml:"crowded" doc:"Listed as crowded, or left out because of it."`
}

// Doubted says whether the page doubts a location at an instant.
type Doubted struct {
	Location string    `yaml:"location" must:"required"`
	At       time.Time `yaml:"at" must:"required"`
	Is       bool      `yaml:"is"`
}
