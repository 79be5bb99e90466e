package probes

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"time"
)

// savedScene is what expectations of every kind may speak of.
func savedScene(run *Run, took time.Duration) map[string]any {
	const own = 6 // words of a kind, at most
	scene := newScene(run, len(run.saved)+own)
	maps.Copy(scene, run.saved)
	scene["nonce"] = run.nonce
	scene["ms"] = int(took.Milliseconds())
	return scene
}

// judgeScene ends in ok, slow or wrong.
func judgeScene(expect []*expression, scene map[string]any, run *Run, seen *StepSeen) {
	if m := unmetIn(expect, scene); m != nil {
		m.tell(run, seen)
		return
	}
	seen.Outcome = OK
	judgeLate(expect, scene, seen)
}

// unmetIn finds the first expectation that does not hold, those about time
// aside.
func unmetIn(expect []*expression, scene map[string]any) *miss {
	for _, e := range expect {
		if e.onlyAboutTime() {
			continue
		}
		if m := ask(e, nil, scene); m != nil {
			return m
		}
	}
	return nil
}

// judgeSlow makes a step slow that is ok but took longer than it should.
func judgeSlow(took, slow time.Duration, seen *StepSeen) {
	if seen.Outcome != OK || slow <= 0 || took <= slow {
		return
	}
	seen.Outcome, seen.Expect = Slow, "an answer within "+slow.String()
	seen.Seen = took.Round(time.Millisecond).String()
	seen.Reason = fmt.Sprintf("slow: %s instead of %s", seen.Seen, slow)
}

// usesOf lists what expectations speak of beyond the words of their kind.
func usesOf(sources []string, expect []*expression, words vocabulary) []use {
	var uses []use
	for _, e := range expect {
		for _, name := range e.names {
			if _, ok := words[name]; !ok {
				uses = append(uses, use{fmt.Sprintf("expect[%d]", slices.Index(sources, e.source)), name})
			}
		}
	}
	return uses
}

// valuesOf lists the values that are filled into a text, secrets aside.
func valuesOf(path string, t text) []use {
	var uses []use
	for _, name := range t.values() {
		if !isSecret(name) {
			uses = append(uses, use{path, name})
		}
	}
	return uses
}

// statusFault is what a status of HTTP says by itself where none is asked for.
// Nil: nothing.
func statusFault(status int, credential bool) *fault {
	refused := status == http.StatusUnauthorized || status == http.StatusForbidden
	switch {
	case status == http.StatusTooManyRequests:
		return &fault{Inconclusive, "we have asked too often (status 429)"}
	case refused && credential:
		return &fault{Inconclusive, fmt.Sprintf("credential refused (status %d)", status)}
	case status >= http.StatusInternalServerError:
		return &fault{Failed, fmt.Sprintf("it answers that it can not: status %d", status)}
	}
	return nil
}
