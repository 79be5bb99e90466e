package status

import "fmt"

// State is the state of a component. The zero State is Unknown, so a component
// nobody has measured can never pass for healthy.
type State uint8

// The states, from least to most severe once measured. Unknown is neither
// green nor red: compare with [State.Failed] and [State.Troubled], not with <.
const (
	Unknown State = iota
	Operational
	DegradedPerformance
	PartialOutage
	MajorOutage
	UnderMaintenance
)

var stateNames = [...]string{
	"unknown", "operational", "degraded_performance",
	"partial_outage", "major_outage", "under_maintenance",
}

// States lists every state in order.
func States() []State {
	return []State{Unknown, Operational, DegradedPerformance, PartialOutage, MajorOutage, UnderMaintenance}
}

func (s State) String() string {
	if int(s) < len(stateNames) {
		return stateNames[s]
	}
	return fmt.Sprintf("state(%d)", uint8(s))
}

// MarshalText writes the state's name, as the API, the database and the
// configuration have it.
func (s State) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads a state's name.
func (s *State) UnmarshalText(text []byte) error {
	return parseName(stateNames[:], string(text), "state", s)
}

// Failed says whether people can not use all of the component.
func (s State) Failed() bool { return s == PartialOutage || s == MajorOutage }

// Troubled says whether the component was measured as anything less than well.
func (s State) Troubled() bool { return s == DegradedPerformance || s.Failed() }

// Outcome is what one look at a target came to. The zero Outcome is
// Inconclusive: our own mistakes never accuse anybody.
type Outcome uint8

// The outcomes. Inconclusive covers quota, credential, configuration and our
// own network: it says nothing about the target.
const (
	Inconclusive Outcome = iota
	OK
	Slow
	Wrong
	Failed
)

var outcomeNames = [...]string{"inconclusive", "ok", "slow", "wrong", "failed"}

func (o Outcome) String() string {
	if int(o) < len(outcomeNames) {
		return outcomeNames[o]
	}
	return fmt.Sprintf("outcome(%d)", uint8(o))
}

// MarshalText writes the outcome's name.
func (o Outcome) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// UnmarshalText reads an outcome's name.
func (o *Outcome) UnmarshalText(text []byte) error {
	return parseName(outcomeNames[:], string(text), "outcome", o)
}

// Depth is how far a check looks into its target.
type Depth uint8

// The depths, from the outside in: a connection, an answer from the edge, a
// function with credentials, a real round trip. The zero Depth is Edge, what a
// plain GET proves.
const (
	Edge Depth = iota
	Reach
	Function
	Canary
)

var depthNames = [...]string{"edge", "reach", "function", "canary"}

func (d Depth) String() string {
	if int(d) < len(depthNames) {
		return depthNames[d]
	}
	return fmt.Sprintf("depth(%d)", uint8(d))
}

// MarshalText writes the depth's name.
func (d Depth) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads a depth's name.
func (d *Depth) UnmarshalText(text []byte) error {
	return parseName(depthNames[:], string(text), "depth", d)
}

// Stage is how far the story of an incident has come.
type Stage uint8

// The stages of an incident. Monitoring means answering and being watched; it
// falls back to Identified when a failure returns.
const (
	Investigating Stage = iota
	Identified
	Monitoring
	Resolved
)

var stageNames = [...]string{"investigating", "identified", "monitoring", "resolved"}

func (s Stage) String() string {
	if int(s) < len(stageNames) {
		return stageNames[s]
	}
	return fmt.Sprintf("stage(%d)", uint8(s))
}

// MarshalText writes the stage's name.
func (s Stage) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads a stage's name.
func (s *Stage) UnmarshalText(text []byte) error {
	return parseName(stageNames[:], string(text), "stage", s)
}

func parseName[T ~uint8](names []string, text, what string, into *T) error {
	for i, name := range names {
		if name == text {
			*into = T(i)
			return nil
		}
	}
	return fmt.Errorf("%q is no %s", text, what)
}
