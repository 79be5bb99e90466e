package replay

import (
	"cmp"
	"io"
	"math/rand/v2"
	"strings"
	"time"

	"bongsu/drill/scenario"
	"bongsu/probes"
	"bongsu/status"
)

// Check is a look at a target, ready to be scheduled.
type Check struct {
	ID        string
	Component string // empty for a control
	Every     time.Duration
	Timeout   time.Duration
	Depth     status.Depth
	Steps     []probes.Step
}

const (
	every        = time.Minute      // between two looks
	controlEvery = 30 * time.Second // at a control
	patience     = 10 * time.Second // of a look
	slowFrom     = "ms < 3000"
	bearer       = "Bearer ${env:DRILL_TOKEN}" //nolint:gosec // a name; every name has the same value in a drill
)

// Checks are the built-in ones of a scenario, controls included: real probes
// of hosts that exist in its town alone.
func Checks(s *scenario.Scenario) []Check {
	var all []Check
	for i := range s.Targets {
		t := &s.Targets[i]
		if len(t.Parts) == 0 {
			all = append(all, check(t, ""))
		}
		for _, part := range t.Parts {
			all = append(all, check(t, part))
		}
	}
	for _, c := range s.Controls {
		all = append(all, Check{
			ID: "control/" + c.ID, Every: cmp.Or(c.Every, controlEvery), Timeout: patience,
			Steps: []probes.Step{get("https://"+c.ID+".control"+suffix+"/", nil, "status == 200")},
		})
	}
	return all
}

func check(t *scenario.Target, part string) Check {
	c := Check{ID: t.ID + "/" + cmp.Or(part, "look"), Component: t.ID, Every: cmp.Or(t.Every, every), Timeout: patience, Depth: status.Function}
	base := "https://" + t.ID + suffix
	secret := map[string]string{"Authorization": bearer}
	switch {
	case part != "":
		c.Steps = []probes.Step{get(base+"/part/"+part, secret, "status == 200", `json.status == "OK"`, slowFrom)}
	case t.Shape == scenario.ShapeSearch:
		c.Steps = []probes.Step{get(base+"/search?q=city%20hall", secret, "status == 200", "len(json.items) >= 1", slowFrom)}
	case t.Shape == scenario.ShapeCanary:
		c.Depth = status.Canary
		read := get(base+"/inbox?text=${nonce}", secret, "status == 200", "len(json.items) >= 1", "json.items[0].text == nonce")
		read.Until = &probes.Until{Within: 5 * time.Second, Every: time.Second}
		c.Steps = []probes.Step{get(base+"/send?text=${nonce}", secret, "status == 200", slowFrom), read}
	case t.Shape == scenario.ShapePage:
		c.Depth = status.Edge
		c.Steps = []probes.Step{get(base+"/", nil, "status == 200", `json.status == "OK"`, slowFrom)}
	default:
		c.Steps = []probes.Step{get(base+"/look", secret, "status == 200", `json.status == "OK"`, slowFrom)}
	}
	return c
}

// get is a GET step; the table of kinds makes it, as it does for a
// configuration.
func get(address string, headers map[string]string, expect ...string) *probes.HTTP {
	for _, k := range probes.Kinds() {
		if k.Key == "GET" {
			step := k.New(address).(*probes.HTTP) //nolint:forcetypeassert // what GET makes
			step.Headers, step.Expect = headers, expect
			return step
		}
	}
	panic("probes know no GET")
}

// Model is the built-in configuration of a scenario as the rules and the page
// need it.
func Model(s *scenario.Scenario) *status.Model {
	j := s.Judgement
	m := &status.Model{
		Site: status.Site{
			Name: s.Title, URL: "https://status" + suffix, Languages: []string{"ko", "ja", "en"},
			Zone: s.Location(), Contact: "ops@status" + suffix, Simulation: true, Exercise: true,
		},
		Rules: status.Rules{
			Confirm: cmp.Or(j.Confirm, 3), Recover: cmp.Or(j.Recover, 3), Quorum: j.Quorum,
			Settle: cmp.Or(j.Settle, 5*time.Second), Watch: cmp.Or(j.Watch, time.Hour), Promise: cmp.Or(j.Promise, time.Hour),
		},
	}
	for _, l := range s.Locations {
		m.Locations = append(m.Locations, status.Location{ID: l.ID, Domains: l.Domains})
	}
	for _, g := range s.Groups {
		m.Groups = append(m.Groups, status.Group(g))
	}
	checks := map[string][]status.Check{}
	for _, c := range Checks(s) {
		_, name, _ := strings.Cut(c.ID, "/")
		of := status.Check{ID: c.ID, Name: name, Depth: c.Depth, Fresh: 3*c.Every + c.Timeout}
		if c.Component == "" {
			m.Controls = append(m.Controls, of)
			continue
		}
		checks[c.Component] = append(checks[c.Component], of)
	}
	for i := range s.Targets {
		m.Components = append(m.Components, component(&s.Targets[i], checks[s.Targets[i].ID]))
	}
	return m
}

func component(t *scenario.Target, checks []status.Check) status.Component {
	c := status.Component{
		ID: t.ID, Group: t.Group, Name: t.Name, Short: t.Short, Operator: t.Operator, Users: t.Users,
		Domains: t.Domains, Substitutes: t.Substitutes, Advice: t.Advice, Checks: checks,
	}
	for _, need := range t.Needs {
		id, soft := strings.CutSuffix(need, "?")
		c.Needs = append(c.Needs, status.Need{ID: id, Soft: soft})
	}
	return c
}

// Recheck is the pause before a look is repeated for confirmation.
func Recheck(s *scenario.Scenario) time.Duration { return cmp.Or(s.Judgement.Recheck, time.Second) }

// Names makes ids and check codes that follow from a seed. It implements
// status.Names.
type Names struct{ source *rand.ChaCha8 }

// NewNames makes names that follow from a seed.
func NewNames(seed uint64) *Names { return &Names{Source(seed, "names")} }

const (
	idLetters   = "0123456789abcdefghjkmnpqrstvwxyz"
	codeLetters = "234679ACDEFGHJKMNPQRTUVWXYZ"
)

// ID begins with the time, so that ids sort by it.
func (n *Names) ID(now time.Time) string {
	var id [24]byte
	ms := uint64(max(0, now.UnixMilli()))
	for i := 9; i >= 0; i-- {
		id[i] = idLetters[ms&31]
		ms >>= 5
	}
	for i := 10; i < len(id); i++ {
		id[i] = idLetters[n.source.Uint64()&31]
	}
	return string(id[:])
}

// Code is four characters that people can read out.
func (n *Names) Code() string {
	var code [4]byte
	for i := range code {
		code[i] = codeLetters[n.source.Uint64()%uint64(len(codeLetters))]
	}
	return string(code[:])
}

// Source is a seeded source for one purpose.
func Source(seed uint64, purpose string) *rand.ChaCha8 {
	var key [32]byte
	copy(key[:], purpose)
	for i := range 8 {
		key[24+i] = byte(seed >> (8 * i)) //nolint:gosec // one byte at a time
	}
	return rand.NewChaCha8(key)
}

var _ io.Reader = (*rand.ChaCha8)(nil)

// Alone is what a look comes to whose target nobody can stand in for: what the
// target's mode would make of it.
func Alone(m scenario.Mode, now time.Time, patience time.Duration) probes.Result {
	const quick, slow = 80 * time.Millisecond, 3 * time.Second
	result := probes.Result{Outcome: probes.OK, Began: now, Took: min(quick+m.Slow, patience)}
	switch m.Fault {
	case scenario.Well:
		if quick+m.Slow >= patience {
			result.Outcome, result.Reason = probes.Failed, "no answer in time (exercise)"
		} else if m.Slow >= slow {
			result.Outcome, result.Reason = probes.Slow, "slow (exercise)"
		}
		return result
	case scenario.Quota, scenario.QuotaCode, scenario.Credential, scenario.Unreachable:
		result.Outcome = probes.Inconclusive
	case scenario.WrongBody, scenario.Empty, scenario.Lost:
		result.Outcome = probes.Wrong
	case scenario.Timeout:
		result.Outcome, result.Took = probes.Failed, patience
	default:
		result.Outcome = probes.Failed
	}
	result.Reason = string(m.Fault) + " (exercise)"
	return result
}
