package remote

import (
	"errors"
	"time"

	"bongsu/status"
)

// Protocol is the version of the messages. A hub and an agent of different
// versions do not talk: one of them is to be upgraded.
const Protocol = 1

// Hello is an agent's first word, and what it asks again with whenever its work
// may have changed.
type Hello struct {
	Protocol int       `json:"protocol"`
	Program  string    `json:"program"` // its version, for people
	Run      string    `json:"run"`     // names one start of the agent; random
	Work     string    `json:"work"`    // the version of the work it has; empty if none
	Sent     time.Time `json:"sent"`    // by the agent's clock
}

// Welcome is the hub's answer.
type Welcome struct {
	Protocol int       `json:"protocol"`
	Location string    `json:"location"`       // that the token speaks for
	Work     *Work     `json:"work,omitempty"` // nil: what the agent has is current
	Received time.Time `json:"received"`       // when the Hello came, by the hub's clock
	Answered time.Time `json:"answered"`       // when this left
}

// Work is what a location looks at. It names nothing that is not looked at from
// there, and holds only the secrets that its steps name.
type Work struct {
	Version string            `json:"version"` // differs when anything in it does
	Contact string            `json:"contact"` // who is behind the probes, for their User-Agent
	Confirm int               `json:"confirm"` // status.Rules.Confirm
	Recover int               `json:"recover"` // status.Rules.Recover
	Checks  []Check           `json:"checks"`
	Secrets map[string]string `json:"secrets,omitempty"` // by what the steps call them: env:NAME or file:PATH
}

// WithoutSecrets is the work as it may be kept on a disk.
func (w *Work) WithoutSecrets() *Work {
	bare := *w
	bare.Secrets = nil
	return &bare
}

// Check is a check as an agent must know it. Durations are in nanoseconds.
type Check struct {
	ID          string        `json:"id"`
	Control     bool          `json:"control,omitempty"` // one of status.Model.Controls
	Steps       string        `json:"steps"`             // YAML: presets expanded, secrets by name
	Every       time.Duration `json:"every,omitempty"`   // exactly one of Every and Cron is set
	Cron        string        `json:"cron,omitempty"`
	Timeout     time.Duration `json:"timeout"`
	Recheck     time.Duration `json:"recheck,omitempty"`      // the pause before a surprising look is repeated
	PerInterval int           `json:"per_interval,omitempty"` // at most so many rechecks between two looks; 0: no limit
	PerDay      int           `json:"per_day,omitempty"`      // at most so many looks a day; 0: no limit
	Fresh       time.Duration `json:"fresh"`
}

// Batch is the looks of an agent that the hub has not said to have kept, oldest
// first, without a gap. One without looks only says that the agent lives.
type Batch struct {
	Protocol int         `json:"protocol"`
	Run      string      `json:"run"`
	First    uint64      `json:"first"` // the number of the first look; counted from 1 within the run
	Lost     uint64      `json:"lost"`  // looks of this run that were let go because there was no room to keep them
	Looks    []Look      `json:"looks"`
	Doubts   []SelfDoubt `json:"doubts,omitempty"` // that the agent has of itself now
	Clock    Sample      `json:"clock"`            // the latest exchange that was answered
	Sent     time.Time   `json:"sent"`             // by the agent's clock
}

// Look is one look by an agent. Times are by its own clock.
type Look struct {
	Check   string         `json:"check"`
	Outcome status.Outcome `json:"outcome"`
	At      time.Time      `json:"at"`   // when it began
	Took    time.Duration  `json:"took"` // in nanoseconds
	Reason  string         `json:"reason,omitempty"`
}

// Vote is the look as the location's vote, its time corrected by the hub's
// clock being ahead of the agent's by so much.
func (l *Look) Vote(location string, ahead time.Duration) status.Vote {
	return status.Vote{
		Check: l.Check, Location: location, Outcome: l.Outcome,
		At: l.At.Add(ahead), Took: l.Took, Reason: l.Reason,
	}
}

// SelfDoubt is a doubt that an agent has of itself and that lasts.
type SelfDoubt struct {
	Kind   status.DoubtKind `json:"kind"`
	Reason string           `json:"reason"`
}

// Ack answers a batch.
type Ack struct {
	Protocol int       `json:"protocol"`
	Kept     uint64    `json:"kept"` // looks up to this number are kept, or refused for good: send the next one first
	Received time.Time `json:"received"`
	Answered time.Time `json:"answered"`
}

// Call is why a hub wakes an agent, or that it has nothing to say: then all of
// it but the work's version is empty.
type Call struct {
	Protocol int      `json:"protocol"`
	Serial   uint64   `json:"serial"`           // ask with it next; calls up to it do not come again
	Work     string   `json:"work"`             // the version that is current
	Checks   []string `json:"checks,omitempty"` // to be looked at at once
}

// Where an agent finds its hub, below the page's address. All by token:
// Authorization: Bearer bongsu_….
const (
	HelloPath = "/api/agent/v1/hello" // POST a Hello: a Welcome
	VotesPath = "/api/agent/v1/votes" // POST a Batch: an Ack
	WakePath  = "/api/agent/v1/wake"  // GET ?run=&work=&after=: a Call, at once or within WakeWait
)

// WakeWait is how long the hub keeps an agent waiting that it has nothing to say
// to.
const WakeWait = 25 * time.Second

// Errors of a hub.
var (
	// ErrNoLocation says that the configuration does not know the location, or
	// that it is the hub's own.
	ErrNoLocation = errors.New("no agent is expected at this location")
	// ErrReplaced says that another agent has spoken for the location since.
	ErrReplaced = errors.New("another agent speaks for this location now")
)

// KeepAlive is how often an agent says that it lives when it has nothing else to
// say.
const KeepAlive = 10 * time.Second
