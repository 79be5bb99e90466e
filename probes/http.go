package probes

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// HTTP is one request and what its answer must be.
type HTTP struct {
	Headers map[string]string `yaml:"headers" doc:"Headers to send. User-Agent and Host may be set here too."`
	JSON    any               `yaml:"json" doc:"A body sent as JSON. In its texts ${nonce}, ${saved} and ${env:NAME} are filled in."`
	Form    map[string]string `yaml:"form" doc:"A body sent as a form."`
	Body    string            `yaml:"body" doc:"A body sent as it stands; set its Content-Type under headers."`
	Expect  []string          `yaml:"expect" doc:"What must hold, each in one expression over status, headers (lower-case names), body, json, ms, cert.days, nonce and saved values. Without one that names status, a status below 400 must come."`
	Save    map[string]string `yaml:"save" doc:"Values for later steps: a name, and the expression that takes it from the answer."`
	Until   *Until            `yaml:"until" doc:"Look again until all that is expected holds."`
	Slow    time.Duration     `yaml:"slow" doc:"An answer that takes longer is slow. An expectation about ms alone says the same."`
	Follow  int               `yaml:"follow" must:"min=0 max=5" doc:"How many redirects to follow; none by default, and never from https to http or with a credential to another host."`
	MaxBody int               `yaml:"max_body" must:"min=0 max=16777216" doc:"How many bytes of an answer are read at most; 1048576 by default."`

	method string
	target string

	once     sync.Once
	plan     *httpPlan
	problems []Problem
}

// Until is how a step polls.
type Until struct {
	Within time.Duration `yaml:"within" must:"required min=100ms max=10m" doc:"How long to go on looking."`
	Every  time.Duration `yaml:"every" must:"min=100ms max=1m" doc:"How long to wait between two looks; 500ms by default."`
}

const (
	defaultMaxBody = 1 << 20
	maxMaxBody     = 16 << 20
	maxFollow      = 5
	defaultEvery   = 500 * time.Millisecond
	minEvery       = 100 * time.Millisecond
)

func httpKinds() []Kind {
	docs := []struct{ method, does, example string }{
		{http.MethodGet, "Ask for something and look at the answer", "{GET: \"https://portal.example/\", expect: [\"status == 200\"]}"},
		{http.MethodHead, "Ask for the headers of something only", "{HEAD: \"https://portal.example/\", expect: [\"ms < 2000\"]}"},
		{http.MethodPost, "Send something and look at the answer", "{POST: \"https://chat.example/v1/send\", json: {text: \"${nonce}\"}, save: {id: json.id}}"},
		{http.MethodPut, "Put something in place and look at the answer", "{PUT: \"https://files.example/canary\", body: \"${nonce}\"}"},
		{http.MethodPatch, "Change something and look at the answer", "{PATCH: \"https://files.example/canary\", json: {note: \"${nonce}\"}}"},
		{http.MethodDelete, "Remove something and look at the answer", "{DELETE: \"https://files.example/canary\", expect: [\"status == 204\"]}"},
	}
	kinds := make([]Kind, 0, len(docs))
	for _, d := range docs {
		kinds = append(kinds, Kind{
			Key: d.method, Doc: d.does + ".", Example: d.example,
			New: func(target string) Step { return &HTTP{method: d.method, target: target} },
		})
	}
	return kinds
}

// Problems implements [Step].
func (h *HTTP) Problems() []Problem {
	h.prepare()
	return h.problems
}

// prepare compiles the settings, once.
func (h *HTTP) prepare() {
	h.once.Do(func() { h.plan, h.problems = planHTTP(h) })
}

// Look implements [Step].
func (h *HTTP) Look(ctx context.Context, run *Run) StepSeen {
	h.prepare()
	if len(h.problems) > 0 {
		return StepSeen{Reason: fmt.Sprintf("%s %s", h.problems[0].Path, h.problems[0].Text)}
	}
	if h.Until == nil {
		return h.plan.look(ctx, run)
	}
	return h.plan.poll(ctx, run, *h.Until)
}

// poll looks again while the target answers otherwise than expected. A target
// that fails, and a word that says nothing about it, end it at once.
func (p *httpPlan) poll(ctx context.Context, run *Run, until Until) StepSeen {
	began := time.Now()
	every := max(until.Every, minEvery)
	if until.Every == 0 {
		every = defaultEvery
	}
	for attempt := 1; ; attempt++ {
		seen := p.look(ctx, run)
		seen.Attempt, seen.Took = attempt, time.Since(began)
		if seen.Outcome != Wrong || time.Since(began)+every > until.Within {
			return seen
		}
		if !wait(ctx, every) {
			f := explain(ctx, ctx.Err(), "", run)
			if f.outcome == Inconclusive {
				seen.Outcome, seen.Reason = f.outcome, f.reason
			}
			seen.Took = time.Since(began)
			return seen
		}
	}
}

// wait reports false if ctx ends first.
func wait(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
