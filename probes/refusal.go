package probes

import (
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// A refusal is an answer that speaks of us and not of the target: our quota,
// our credential, how our account there is set up.
type refusal struct {
	path    string // in the settings: "quota[0]"
	because string
	when    *expression
}

// planRefusals compiles the step's own signs of refusals, for services that
// say them otherwise than by status.
func (p *planner) planRefusals(plan *httpPlan) {
	h := plan.settings
	for _, kind := range []struct {
		key, because string
		sources      []string
	}{
		{"quota", "our quota is used up", h.Quota},
		{"credential", "credential refused", h.Credential},
		{"setup", "our set-up there is not right for this", h.Setup},
	} {
		for i, source := range kind.sources {
			path := fmt.Sprintf("%s[%d]", kind.key, i)
			when, err := h.book.condition(source)
			if err != nil {
				p.complain(path, err)
				continue
			}
			plan.refusals = append(plan.refusals, refusal{path, kind.because, when})
		}
	}
}

// refused finds the first refusal that the answer is a sign of. One that can
// not be asked of this answer is none.
func (plan *httpPlan) refused(scene map[string]any) *fault {
	for _, r := range plan.refusals {
		if met, err := r.when.holds(scene); err == nil && met {
			return &fault{Inconclusive, fmt.Sprintf("%s (%s)", r.because, r.when.instead(scene))}
		}
	}
	return nil
}

// planBasic reads a user and a password for Basic authorization.
func (p *planner) planBasic(plan *httpPlan) {
	h := plan.settings
	if h.Basic == "" {
		return
	}
	plan.basic = p.text("basic", h.Basic)
	if !strings.Contains(plan.basic.example(), ":") {
		p.complain("basic", errors.New("has no colon; write ${env:USER}:${env:PASSWORD}"))
	}
	for _, name := range slices.Sorted(maps.Keys(h.Headers)) {
		if strings.EqualFold(name, "Authorization") {
			p.complain("headers."+name, errors.New("is set by basic already; keep one"))
		}
	}
}

// basicHeader is the value of the Authorization header, which is masked like
// the secrets in it. It is empty if there is none.
func (plan *httpPlan) basicHeader(run *Run) (string, error) {
	if plan.settings.Basic == "" {
		return "", nil
	}
	pair, err := plan.basic.render(run)
	if err != nil {
		return "", err
	}
	encoded := base64.StdEncoding.EncodeToString([]byte(pair))
	run.conceal(plan.basic)
	if plan.basic.secret() {
		run.mask.add(encoded)
	}
	return "Basic " + encoded, nil
}
