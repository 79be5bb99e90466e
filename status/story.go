package status

import (
	"strings"
	"time"
)

// Vote is one look of one location at one check.
type Vote struct {
	Check    string
	Location string
	Outcome  Outcome
	At       time.Time     // when the look began
	Took     time.Duration // the look's whole time
	Reason   string        // one line: what was seen, secrets masked; empty when ok
}

// Standing is what is remembered of a location's looks at a check: its latest
// vote, and enough of those before it to go on after a restart.
type Standing struct {
	Vote
	Level  Level         // the confirmed word of this location
	Recent string        // the latest conclusive looks, newest last, one digit each (0 ok, 1 slow, 2 failing)
	Said   time.Time     // when the latest conclusive look began; freshness counts from here
	Usual  time.Duration // what its good looks take as a rule, learnt slowly; 0 before the first
	Lately time.Duration // what its latest looks took, learnt fast
	Turned time.Time     // when the first of the latest run of looks began that were all ok, or all not; an outage's onset
}

// Level is the confirmed word of a location on a check.
type Level uint8

// The levels.
const (
	LevelUnknown Level = iota
	LevelOK
	LevelSlow
	LevelFail
)

// Condition is a component's state with its history's last edge.
type Condition struct {
	Component  string
	State      State     // as measured, or derived
	Derived    bool      // no fresh measurement: follows from what it needs
	AffectedBy string    // the cause, as in Incident.Cause, or empty; a mark, never a state
	Since      time.Time // since when the state is what it is
	Why        []Finding // the checks that speak against it, worst first
	Measured   time.Time // begin of the latest conclusive look, zero if none
	Version    int64     // rises with every change
}

// Finding is what one check says of a component now.
type Finding struct {
	Check   string
	Level   Level    // the verdict of its locations; LevelUnknown is undecided
	Failing []string // locations, sorted
	Passing []string // those that answer, slowly or not
	Silent  []string // no fresh vote, or only inconclusive ones
	Doubted []string // whose word does not count now: see [Doubt]
	Reason  string   // of the newest vote that is not ok, as it was when the finding was made
	At      time.Time
}

// Interval is a time a component spent in one state. Until is zero for the
// one that goes on.
type Interval struct {
	Component string
	State     State
	Since     time.Time
	Until     time.Time
}

// Incident is the story people read: one cause, what it explains, updates.
type Incident struct {
	ID         string
	Code       string // short check code, printed in texts, looked up at /check/CODE
	Cause      string // "component:ID", "domain:ID", "stated:WORDS" as a person has corrected it, or "manual:ID" for one opened by hand
	Title      Text   // only for one opened by hand; else the page words it from the cause
	Stage      Stage
	Impact     State     // the worst state among its components now
	Worst      State     // the worst it has been
	Told       State     // the worst impact an event has told of; Unknown before the first words
	Began      time.Time // onset: the first failing look
	Detected   time.Time // when it was confirmed
	Announced  time.Time // when the first words went out (after settle); zero before
	Watching   time.Time // since when everything answers again; zero if not
	Resolved   time.Time // when it ended, or another took it over; zero while open
	Next       time.Time // the promise: the next update comes by then; zero when resolved
	Components []Affected
	Updates    []Update  // oldest first
	MergedInto string    // the incident that took this one over, or empty
	Retracted  time.Time // when it was taken back as a false alarm; zero if it was not
	Apart      bool      // split off by hand: it merges with others by hand only
	Version    int64
}

// Open says whether the story goes on.
func (i *Incident) Open() bool { return i.Resolved.IsZero() && i.MergedInto == "" }

// Affected is a component in an incident.
type Affected struct {
	Component string
	State     State // now
	Worst     State
	Derived   bool
	Cause     bool // it fails by itself, not through what it needs
	Since     time.Time
	Until     time.Time // zero while it is not known to be well
}

// UpdateKind says what an update tells.
type UpdateKind string

// The kinds of update. The program words all but Note itself, in every
// language, from the update's fields.
const (
	UpdateOpened     UpdateKind = "opened"
	UpdateCause      UpdateKind = "cause"      // a cause was found, or a better one
	UpdateChanged    UpdateKind = "changed"    // more, fewer or other components, or another impact
	UpdateNoChange   UpdateKind = "no_change"  // the promise is kept
	UpdateMonitoring UpdateKind = "monitoring" // answering, being watched
	UpdateRelapse    UpdateKind = "relapse"    // failed again while watched
	UpdateResolved   UpdateKind = "resolved"
	UpdateMerged     UpdateKind = "merged"
	UpdateNote       UpdateKind = "note" // written by a person

	UpdateStatement UpdateKind = "statement"   // somebody else said something; it is recorded, and colours nothing
	UpdateETA       UpdateKind = "eta"         // somebody expects the end, for a reason
	UpdateETAMet    UpdateKind = "eta_met"     // the end came as expected
	UpdateETANotMet UpdateKind = "eta_not_met" // the time is up, and it goes on
	UpdateCorrected UpdateKind = "corrected"   // onset, cause or end were other than told
	UpdateSplit     UpdateKind = "split"       // a part goes on as a story of its own
	UpdateRetracted UpdateKind = "retracted"   // it was a false alarm
	UpdateDropped   UpdateKind = "dropped"     // nothing that it is about is measured any more; it ended without a recovery

	UpdatePostmortem UpdateKind = "postmortem" // what was learnt, in Markdown, by a person
)

// Update is one entry in an incident's timeline. It is never changed.
type Update struct {
	ID         string
	At         time.Time
	Kind       UpdateKind
	Stage      Stage
	Cause      string
	Components []Affected // as they were
	Next       time.Time
	Text       Text        // of a note, an opening by hand, a retraction, a post-mortem
	Author     string      // of what a person entered
	Missed     time.Time   // the promise that had passed unkept before this came; zero if none had
	Other      string      // of a merge or split, and of the opening of what was split off: the other incident
	Correction *Correction // of a correction
	Statement  *Statement  // of a statement
	ETA        *ETA        // of an expectation, and of its end
}

// Correction says that something told of an incident was otherwise. What was
// told before stays on show, struck through.
type Correction struct {
	Field  CorrectionField
	Was    string // as [Correction.Is]: what it replaces
	Is     string // RFC 3339 for a time, else a cause
	Reason Text   // why, and on whose word
	Source string // where that can be read; may be empty
}

// CorrectionField says what a correction corrects.
type CorrectionField string

// What can be corrected.
const (
	CorrectBegan    CorrectionField = "began"
	CorrectResolved CorrectionField = "resolved"
	CorrectCause    CorrectionField = "cause"
)

// Statement is what somebody else, mostly the failing service's operator, said
// in public. It is shown with who said it and colours nothing.
type Statement struct {
	Speaker string
	Said    time.Time
	Source  string // where it can be read; may be empty
	Text    Text
	Fixed   bool // it claims that the service works again
}

// ETA is somebody's expectation of the end. It never goes without a basis.
type ETA struct {
	ID      string // of the update that made it known
	Speaker string
	Basis   Text      // on what it rests
	By      time.Time // the expected end; zero if it hangs on something that has not happened
	Expires time.Time // when it is no longer worth anything; by then it is not met by itself
	Source  string    // where it can be read; may be empty
}

// Maintenance is planned work: not alarmed, not counted against uptime.
type Maintenance struct {
	ID         string
	Title      Text
	Text       Text
	Components []string
	From       time.Time
	Until      time.Time
	Cancelled  time.Time // when it was called off; zero if it was not
	Planned    string    // when and where the configuration, or its routine, plans it, whatever an operator made of it since; empty if neither does

	Routine  string          // the routine it is of, or empty
	Remind   []time.Duration // so long before it begins, those who chose its components are told
	Reminded time.Time       // when they were told last
	Extend   Extension       // whether it goes on when the work has not succeeded
	Meant    time.Time       // when it was to end before it was extended; zero if it was not
	Done     time.Time       // when it was seen to be over, where anybody waits for that
}

// Extension is by how much planned work is prolonged while what it is done on
// still fails at its end. The zero value is not at all.
type Extension struct {
	Step time.Duration // at a time
	Most time.Duration // in all
}

// End is when the work ends or ended: as planned, or when it was called off if
// that came first. What was called off before From never was.
func (m *Maintenance) End() time.Time {
	if m.Cancelled.IsZero() {
		return m.Until
	}
	return earlier(m.Until, m.Cancelled)
}

// Event is what happened to an incident that people may have to be told.
//
// From and To are what people knew before and what they are to know now. For
// opened and worsened, a route hears it whose threshold lies above From and not
// above To. For note and digest, From is Operational and To the worst that was
// told, so whoever heard of the incident hears more. For resolved and
// retracted, From is the worst that was told and To is Operational: whoever
// heard the bad news, a threshold not above From, hears the good.
type Event struct {
	Kind     EventKind
	Incident string // id; empty where it tells of planned work
	Work     string // id of the planned work that it tells of, or empty
	From, To State
	Update   string // the update's id: with the kind it names the event once and for all
	At       time.Time
}

// EventKind says what happened.
type EventKind string

// The events.
const (
	EventOpened    EventKind = "opened"   // after settle
	EventWorsened  EventKind = "worsened" // impact rose after the first words
	EventNote      EventKind = "note"     // an operator's update that is to be sent
	EventResolved  EventKind = "resolved"
	EventDigest    EventKind = "digest"    // at most one a day per incident
	EventRetracted EventKind = "retracted" // a false alarm: as resolved, whoever heard it hears this
)

// The events of planned work. Only those who chose its components hear of it.
const (
	EventUpcoming  EventKind = "upcoming"   // it begins soon
	EventMoved     EventKind = "moved"      // it is at another time than was told
	EventExtended  EventKind = "extended"   // it takes longer
	EventFinished  EventKind = "finished"   // it is over, sooner or later than was told
	EventCalledOff EventKind = "called_off" // it will not be
)

// Ends says whether the event ends what people were told: they hear no more of
// the incident, or of the work.
func (k EventKind) Ends() bool {
	return k == EventResolved || k == EventRetracted || k == EventFinished || k == EventCalledOff
}

// OfWork says whether it is an event of planned work.
func (k EventKind) OfWork() bool {
	switch k {
	case EventUpcoming, EventMoved, EventExtended, EventFinished, EventCalledOff:
		return true
	case EventOpened, EventWorsened, EventNote, EventResolved, EventDigest, EventRetracted:
	}
	return false
}

// Change is what one judgement altered. It is saved whole, in one
// transaction, together with the notices its events call for.
type Change struct {
	At          time.Time
	Conditions  []Condition     // those that changed
	Closed      []Interval      // intervals that ended
	Incidents   []Incident      // new or changed, whole
	Maintenance []Maintenance   // new or changed
	Words       []FunctionWords // of apps' functions, new
	Widgets     []WidgetSwitch  // of apps, new
	Routines    []Routine       // new or changed
	Events      []Event
	Missed      []Missed    // promises that passed before word came: for the operators; each is in an update too
	Doubts      []Doubt     // those that began or ended: for the operators, kept nowhere
	Overruns    []Overrun   // planned work that has not succeeded at its end: for the operators, kept nowhere
	Suspicions  []Suspicion // new or changed; those whose time has passed are over by Until
	Silences    []Silence   // new, or ended
}

// Empty says whether there is nothing to save.
func (c *Change) Empty() bool {
	return len(c.Conditions)+len(c.Closed)+len(c.Incidents)+len(c.Maintenance)+len(c.Words)+len(c.Widgets)+len(c.Routines)+len(c.Events)+len(c.Suspicions)+len(c.Silences) == 0
}

// Memory is what a board knows that the configuration does not: all that must
// survive a restart.
type Memory struct {
	Standings   []Standing
	Conditions  []Condition
	Intervals   []Interval // closed ones of the last 90 days
	Incidents   []Incident // open ones, and those resolved in the last 90 days
	Maintenance []Maintenance
	Words       []FunctionWords // of apps' functions, by app and function
	Widgets     []WidgetSwitch  // by app
	Routines    []Routine
	Suspicions  []Suspicion // whose time has not passed
	Silences    []Silence   // that last, by component
}

// ByHand says whether a person opened the incident: then persons move it from
// stage to stage, too.
func (i *Incident) ByHand() bool { return strings.HasPrefix(i.Cause, causeManual) }
