package probes

import (
	"context"
	"fmt"
	"time"
)

// Outcome is what one look came to. The zero Outcome is Inconclusive: our own
// mistakes never accuse anybody.
type Outcome string

// The outcomes.
const (
	Inconclusive Outcome = ""       // quota, credential, configuration, our own network: says nothing about the target
	OK           Outcome = "ok"     //
	Slow         Outcome = "slow"   // all as expected, but later than expected
	Wrong        Outcome = "wrong"  // it answered, and the answer is not what it should be
	Failed       Outcome = "failed" // no answer, or one that says it can not
)

// Result is one look at a target, with its evidence.
type Result struct {
	Outcome Outcome
	Began   time.Time
	Took    time.Duration
	Reason  string     // one line for people, secrets masked; empty when ok
	Retry   time.Time  // not before this, when the target asked for patience (429); zero otherwise
	Steps   []StepSeen // what each step that ran saw
}

// StepSeen is what one step came to, with its evidence.
type StepSeen struct {
	Outcome  Outcome
	Reason   string        // one line for people, secrets masked; empty when ok
	Patience time.Duration // how long the target asked to be left alone (429); zero otherwise
	Action   string        // "GET https://chat.example/v1/inbox", secrets masked
	Phases   []Phase
	Status   int           // HTTP status, 0 if none
	Expect   string        // the expectation that did not hold, empty if all did
	Seen     string        // what was there instead: bounded, secrets masked
	Took     time.Duration //
	Attempt  int           // how many times an until step looked
}

// Phase is a part of a step's time: dns, connect, tls, first byte, total.
type Phase struct {
	Name string
	Took time.Duration
}

// Problem is something wrong with a step's settings: Path is relative to the
// step ("expect[1]"), Text says what is wrong and what to write.
type Problem struct {
	Path string
	Text string
}

// Step is one action of a check. Its struct is its settings: exported fields
// with yaml tags, decoded strictly by config, described by doc tags.
type Step interface {
	// Problems says what is wrong with the settings, as far as the values
	// themselves tell. Nil means nothing.
	Problems() []Problem
	// Look does the step. It obeys ctx and never retries, except to poll
	// where its settings say so.
	Look(ctx context.Context, run *Run) StepSeen
}

// A Hoster is a step that says whose host it looks at, where that is not the
// host in its target. Empty: nobody's.
type Hoster interface{ Host() string }

// unfit is what a look comes to whose settings are wrong.
func unfit(step Step) StepSeen {
	problems := step.Problems()
	if len(problems) == 0 {
		return StepSeen{}
	}
	return StepSeen{Reason: fmt.Sprintf("%s %s", problems[0].Path, problems[0].Text)}
}

// Kind is a way to look, chosen by a key of the step: "GET", "tls".
type Kind struct {
	Key     string // the YAML key whose value is the target
	Doc     string // one line
	Example string // a step as it is written in YAML
	New     func(target string) Step
}
