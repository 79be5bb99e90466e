package status

import "time"

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
	Level  Level     // the confirmed word of this location
	Recent string    // the latest conclusive looks, newest last, one digit each (0 ok, 1 slow, 2 failing)
	Said   time.Time // when the latest conclusive look began; freshness counts from here
	Turned time.Time // when the first of the latest run of looks began that were all ok, or all not; an outage's onset
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
	Cause      string // "component:ID", "domain:ID", or "manual:ID" for one opened by hand
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
	Updates    []Update // oldest first
	MergedInto string   // the incident that took this one over, or empty
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
	Text       Text   // of a note
	Author     string // of a note
}

// Maintenance is planned work: not alarmed, not counted against uptime.
type Maintenance struct {
	ID         string
	Title      Text
	Text       Text
	Components []string
	From       time.Time
	Until      time.Time
}

// Event is what happened to an incident that people may have to be told.
//
// From and To are what people knew before and what they are to know now. For
// opened and worsened, a route hears it whose threshold lies above From and not
// above To. For note and digest, From is Operational and To the worst that was
// told, so whoever heard of the incident hears more. For resolved, From is the
// worst that was told and To is Operational: whoever heard the bad news, a
// threshold not above From, hears the good.
type Event struct {
	Kind     EventKind
	Incident string // id
	From, To State
	Update   string // the update's id: with the kind it names the event once and for all
	At       time.Time
}

// EventKind says what happened.
type EventKind string

// The events.
const (
	EventOpened   EventKind = "opened"   // after settle
	EventWorsened EventKind = "worsened" // impact rose after the first words
	EventNote     EventKind = "note"     // an operator's update that is to be sent
	EventResolved EventKind = "resolved"
	EventDigest   EventKind = "digest" // at most one a day per incident
)

// Change is what one judgement altered. It is saved whole, in one
// transaction, together with the notices its events call for.
type Change struct {
	At          time.Time
	Conditions  []Condition   // those that changed
	Closed      []Interval    // intervals that ended
	Incidents   []Incident    // new or changed, whole
	Maintenance []Maintenance // new or changed
	Events      []Event
}

// Empty says whether there is nothing to save.
func (c *Change) Empty() bool {
	return len(c.Conditions)+len(c.Closed)+len(c.Incidents)+len(c.Maintenance)+len(c.Events) == 0
}

// Memory is what a board knows that the configuration does not: all that must
// survive a restart.
type Memory struct {
	Standings   []Standing
	Conditions  []Condition
	Intervals   []Interval // closed ones of the last 90 days
	Incidents   []Incident // open ones, and those resolved in the last 90 days
	Maintenance []Maintenance
}
