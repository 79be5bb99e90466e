package probes

import (
	"context"
	"net/http"
	"sync"
	"time"
)

// HTTP is one request and what its answer must be.
type HTTP struct {
	Headers    map[string]string `yaml:"headers" doc:"Headers to send. User-Agent and Host may be set here too."`
	JSON       any               `yaml:"json" doc:"A body sent as JSON. In its texts ${nonce}, ${saved} and ${env:NAME} are filled in."`
	Form       map[string]string `yaml:"form" doc:"A body sent as a form."`
	Body       string            `yaml:"body" doc:"A body sent as it stands; set its Content-Type under headers."`
	Expect     []string          `yaml:"expect" doc:"What must hold, each in one expression over status, headers (lower-case names), body, json, image (format, width, height, bytes, and flat: all of one colour), ms, cert.days, nonce and saved values. Without one that names status, a status below 400 must come."`
	Quota      []string          `yaml:"quota" doc:"Signs that our quota is used up, each an expression as in expect. An answer with one says nothing about the target; 429 is one by itself."`
	Credential []string          `yaml:"credential" doc:"Signs that our credential is refused; 401 and 403 are ones by themselves where a secret is sent."`
	Setup      []string          `yaml:"setup" doc:"Signs that our set-up there is not right for this: an account, a product, an address that is turned away."`
	Basic      string            `yaml:"basic" doc:"A user and a password to send as Basic authorization: ${env:USER}:${env:PASSWORD}."`
	Save       map[string]string `yaml:"save" doc:"Values for later steps: a name, and the expression that takes it from the answer."`
	Until      *Until            `yaml:"until" doc:"Look again until all that is expected holds."`
	Slow       time.Duration     `yaml:"slow" doc:"An answer that takes longer is slow. An expectation about ms alone says the same."`
	Follow     int               `yaml:"follow" must:"min=0 max=5" doc:"How many redirects to follow; none by default, and never from https to http or with a credential to another host."`
	HTTP2      bool              `yaml:"http2" doc:"Speak HTTP/2, which the target must offer. HTTP/1.1 by default."`
	MaxBody    int               `yaml:"max_body" must:"min=0 max=16777216" doc:"How many bytes of an answer are read at most; 1048576 by default."`
	Way        `yaml:",inline"`

	method string
	target string
	book   *phrasebook

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
	book := newPhrasebook(httpWords)
	kinds := make([]Kind, 0, len(docs))
	for _, d := range docs {
		kinds = append(kinds, Kind{
			Key: d.method, Doc: d.does + ".", Example: d.example,
			New: func(target string) Step { return &HTTP{method: d.method, target: target, book: book} },
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
	if seen := unfit(h); seen.Reason != "" {
		return seen
	}
	if h.Until == nil {
		return h.plan.look(ctx, run)
	}
	return h.plan.poll(ctx, run, *h.Until)
}

// poll looks again while the target answers otherwise than expected. A target
// that fails, and a word that says nothing about it, end it at once.
func (p *httpPlan) poll(ctx context.Context, run *Run, until Until) StepSeen {
	began := run.clock()
	every := max(until.Every, minEvery)
	if until.Every == 0 {
		every = defaultEvery
	}
	for attempt := 1; ; attempt++ {
		seen := p.look(ctx, run)
		seen.Attempt, seen.Took = attempt, run.took(began)
		if seen.Outcome != Wrong || run.took(began)+every > until.Within {
			return seen
		}
		if !run.wait(ctx, every) {
			f := explain(ctx, ctx.Err(), "", run)
			if f.outcome == Inconclusive {
				seen.Outcome, seen.Reason = f.outcome, f.reason
			}
			seen.Took = run.took(began)
			return seen
		}
	}
}
