package probes

import (
	"fmt"
	"slices"
)

// Kinds is every way to look. A new one is a file of its own and a line here.
func Kinds() []Kind {
	return slices.Concat(
		httpKinds(),
		[]Kind{
			tlsKind(),
			tcpKind(),
			dnsKind(),
			pingKind(),
			wsKind(),
			grpcKind(),
			heartbeatKind(),
		},
	)
}

// A speaker is a step whose texts and expressions use values, and which may
// save some for the steps after it.
type speaker interface {
	uses() []use
	saves() []string
}

// A use is a value by its name and where in the settings it is used.
type use struct{ path, name string }

// Problems says everything that is wrong with the steps of one check: a list
// for each step, of what is wrong with it alone and of values that no earlier
// step has saved.
func Problems(steps []Step) [][]Problem {
	problems := make([][]Problem, len(steps))
	known := map[string]bool{"nonce": true}
	for i, step := range steps {
		problems[i] = slices.Clone(step.Problems())
		s, ok := step.(speaker)
		if !ok {
			continue
		}
		for _, u := range s.uses() {
			if !known[u.name] {
				problems[i] = append(problems[i], Problem{u.path, fmt.Sprintf("there is no value %q; save it in an earlier step, or mend the name", u.name)})
			}
		}
		for _, name := range s.saves() {
			known[name] = true
		}
	}
	return problems
}
