package main

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"bongsu/config"
	"bongsu/drill"
	"bongsu/drill/fixtures"
	"bongsu/drill/replay"
	"bongsu/drill/scenario"
	"bongsu/monitor"
	"bongsu/notifier"
	"bongsu/notifier/alimtalk"
	"bongsu/notifier/slack"
	"bongsu/notifier/twilio"
	"bongsu/probes"
	"bongsu/status"
)

// troupe is who plays a scenario: a configuration, with the targets that its
// components stand for.
type troupe struct {
	model     *status.Model
	checks    []part
	channels  []notifier.Channel // their gateways are opened by the rig
	plans     map[string][]notifier.Hop
	audiences []notifier.Audience
	cast      map[string]string  // target → component
	stands    map[string]string  // location → the scenario's where it stands, if that is called otherwise
	welcome   func(*replay.Town) // gives hosts to stand-ins; may be nil
}

// part is a check in the drill.
type part struct {
	monitor.Check

	steps   []probes.Step
	alone   string // its target: it is answered by the target's mode alone
	control bool
	from    []string
}

// The drill's channels, as scenarios call them.
const (
	byMessenger = "messenger"
	bySMS       = "sms"
	byOps       = "ops"
)

// services are the city's gateways by the kind of a channel.
var services = map[string]drill.Service{"alimtalk": drill.AlimTalk, "sms": drill.SMS, "slack": drill.Slack}

// cityRate is what a city's gateway is handed in a second at most.
const cityRate = 20

// ownTroupe plays a scenario with the configuration that it brings.
func ownTroupe(s *scenario.Scenario) *troupe {
	t := &troupe{
		model: replay.Model(s), cast: map[string]string{},
		channels: []notifier.Channel{
			{ID: byMessenger, Kind: "alimtalk", Class: notifier.ClassAlimTalk, Follows: s.Follows[byMessenger]},
			{ID: bySMS, Kind: "sms", Class: notifier.ClassSMS, Follows: s.Follows[bySMS]},
			{ID: byOps, Kind: "slack", Class: notifier.ClassChat, Follows: s.Follows[byOps]},
		},
		audiences: []notifier.Audience{
			{Audience: "subscribers", Plan: "citizens", AtLeast: status.PartialOutage},
			{Audience: "subscribers", Plan: "by-sms", AtLeast: status.PartialOutage},
			{Audience: "operators", Plan: byOps, AtLeast: status.DegradedPerformance},
		},
	}
	hop := s.Hops
	if hop == 0 {
		hop = time.Minute
	}
	t.plans = map[string][]notifier.Hop{
		"citizens": {{Channel: byMessenger, Wait: hop, Until: notifier.Delivered}, {Channel: bySMS, Until: notifier.Accepted}},
		"by-sms":   {{Channel: bySMS, Until: notifier.Accepted}},
	}
	for i := range s.Targets {
		t.cast[s.Targets[i].ID] = s.Targets[i].ID
	}
	for _, c := range replay.Checks(s) {
		t.checks = append(t.checks, part{
			Check: monitor.Check{ID: c.ID, Every: c.Every, Timeout: c.Timeout, Recheck: monitor.Recheck{After: replay.Recheck(s)}},
			steps: c.Steps, control: c.Component == "",
		})
	}
	return t
}

// guestTroupe plays a scenario with a configuration of the user's.
func guestTroupe(s *scenario.Scenario, cfg *config.Config, mapped []string) (*troupe, error) {
	t := &troupe{model: cfg.Model(), plans: cfg.Plans(), audiences: cfg.Audiences()}
	t.model.Site.Simulation, t.model.Site.Exercise = true, true
	t.model.Locations = ownFirst(t.model.Locations, cfg.Location)
	var err error
	if t.cast, err = casting(s, cfg, mapped); err != nil {
		return nil, err
	}
	for _, c := range cfg.Channels() {
		if _, ok := services[c.Kind]; !ok {
			continue // a kind that the city has no gateway of: nobody is told by it
		}
		t.channels = append(t.channels, notifier.Channel{
			ID: c.ID, Kind: c.Kind, Class: c.Class, Follows: c.Follows, Domains: c.Domains, Target: c.Target, DailyCap: c.DailyCap,
		})
	}
	targets := map[string]string{}
	for target, component := range t.cast {
		targets[component] = target
	}
	for _, c := range cfg.Checks() {
		t.checks = append(t.checks, guestPart(c, targets[c.Component]))
	}
	for i, c := range cfg.Controls() {
		t.checks = append(t.checks, guestControl(s, i, c))
	}
	t.stands = standing(s, t.model.Locations)
	t.welcome = func(town *replay.Town) { welcome(town, cfg, targets) }
	return t, nil
}

// guestPart is a check of a user's configuration. What a preset asks is stood
// in for; other answers nobody but their service knows, so these checks are
// answered by the mode of their target.
func guestPart(c config.Check, target string) part {
	p := part{
		Check: monitor.Check{
			ID: c.ID, Every: c.Every, Cron: c.Cron, Timeout: c.Timeout,
			Recheck: monitor.Recheck{After: c.Recheck, PerInterval: c.Rechecks, PerDay: c.Daily},
		},
		steps: c.Steps, alone: target, from: c.From,
	}
	if target == "" {
		p.alone = "nothing"
	}
	if f, ok := fixtures.For(c.Preset); ok && len(f.Hosts()) > 0 {
		p.alone = ""
	}
	return p
}

// guestControl is a control of a user's configuration. Nothing stands in for
// what it looks at, so it answers as a control of the scenario does: the one of
// its name, or else the one of its number.
func guestControl(s *scenario.Scenario, number int, c config.Check) part {
	p := guestPart(c, c.ID)
	p.control = true
	named := slices.ContainsFunc(s.Controls, func(own scenario.Control) bool { return "control/"+own.ID == c.ID })
	if n := len(s.Controls); n > 0 && !named {
		p.alone = "control/" + s.Controls[number%n].ID
	}
	return p
}

// ownFirst puts the location of the node itself first, as the rig has it.
func ownFirst(locations []status.Location, own string) []status.Location {
	at := slices.IndexFunc(locations, func(l status.Location) bool { return l.ID == own })
	first := []status.Location{locations[at]}
	return slices.Concat(first, locations[:at], locations[at+1:])
}

// standing says where the locations of a configuration stand in a scenario:
// where one of their name does, or else at the first that is left, in order. For
// the others the scenario has no place: what befalls one location spares them.
func standing(s *scenario.Scenario, locations []status.Location) map[string]string {
	called := func(id string) bool {
		return slices.ContainsFunc(locations, func(l status.Location) bool { return l.ID == id })
	}
	var left []string
	known := map[string]bool{}
	for _, l := range s.Locations {
		if known[l.ID] = true; !called(l.ID) {
			left = append(left, l.ID)
		}
	}
	stands := map[string]string{}
	for _, l := range locations {
		if !known[l.ID] && len(left) > 0 {
			stands[l.ID], left = left[0], left[1:]
		}
	}
	return stands
}

// place is where a location stands in the scenario.
func (t *troupe) place(location string) string { return cmp.Or(t.stands[location], location) }

// casting finds the component that plays each target: as --map says, of the
// same id, or of a preset or operator of the target's family that plays
// nothing else.
func casting(s *scenario.Scenario, cfg *config.Config, mapped []string) (map[string]string, error) {
	model := cfg.Model()
	known := map[string]bool{}
	for i := range model.Components {
		known[model.Components[i].ID] = true
	}
	cast, taken := map[string]string{}, map[string]bool{}
	for _, line := range mapped {
		target, component, ok := strings.Cut(line, "=")
		switch {
		case !ok:
			return nil, fmt.Errorf("--map %s: write TARGET=COMPONENT", line)
		case !slices.ContainsFunc(s.Targets, func(t scenario.Target) bool { return t.ID == target }):
			return nil, fmt.Errorf("--map %s: the scenario has no target %q", line, target)
		case !known[component]:
			return nil, fmt.Errorf("--map %s: the configuration has no component %q", line, component)
		}
		cast[target], taken[component] = component, true
	}
	for i := range s.Targets {
		if id := s.Targets[i].ID; cast[id] == "" && known[id] && !taken[id] {
			cast[id], taken[id] = id, true
		}
	}
	for i := range s.Targets {
		t := &s.Targets[i]
		if cast[t.ID] != "" {
			continue
		}
		if id := relative(t, cfg, taken); id != "" {
			cast[t.ID], taken[id] = id, true
		}
	}
	return cast, nil
}

// relative is the first component of the target's family that is free.
func relative(t *scenario.Target, cfg *config.Config, taken map[string]bool) string {
	for _, c := range cfg.Checks() {
		if c.Preset != "" && slices.Contains(t.Family, c.Preset) && !taken[c.Component] {
			return c.Component
		}
	}
	model := cfg.Model()
	for i := range model.Components {
		c := &model.Components[i]
		if c.Group == t.Group && slices.Contains(t.Family, c.Operator) && !taken[c.ID] {
			return c.ID
		}
	}
	return ""
}

// welcome gives the hosts of presets to their stand-ins, each in the mode of
// the target that its component plays.
func welcome(town *replay.Town, cfg *config.Config, targets map[string]string) {
	for _, c := range cfg.Checks() {
		f, ok := fixtures.For(c.Preset)
		if !ok {
			continue
		}
		for _, host := range f.Hosts() {
			town.Welcome(c.ID, host, replay.Guest{Target: targets[c.Component], Serve: func(w http.ResponseWriter, r *http.Request, m scenario.Mode) {
				f.Serve(w, r, fixtureMode(m))
			}})
		}
	}
}

// fixtureMode is a mode in a fixture's words.
func fixtureMode(m scenario.Mode) string {
	switch m.Fault {
	case scenario.Status:
		return fixtures.ServerError
	case scenario.WrongBody, scenario.Empty:
		return fixtures.WrongBody
	case scenario.Quota:
		return fixtures.Quota
	case scenario.QuotaCode:
		return fixtures.QuotaCode
	case scenario.Credential:
		return fixtures.Credential
	case scenario.Lost:
		return fixtures.Lose
	default:
		return fixtures.OK
	}
}

// gateway opens the city's gateway of a channel. It has no way but the one
// into the city.
func (t *troupe) gateway(c *notifier.Channel, city *drill.Indoors, outside notifier.Outside) (notifier.Route, error) {
	keys := city.Keys()
	service := services[c.Kind]
	outside.Transport = city.Route(service)
	base := city.URL(service)
	var settings notifier.Settings
	switch service {
	case drill.AlimTalk:
		settings = &alimtalk.Settings{
			AppKey: notifier.NewSecret(keys.AlimTalkApp), Secret: notifier.NewSecret(keys.AlimTalkSecret),
			SenderKey: notifier.NewSecret(keys.AlimTalkSender), BaseURL: base,
		}
	case drill.SMS:
		settings = &twilio.Settings{
			AccountSID: notifier.NewSecret(keys.TwilioSID), AuthToken: notifier.NewSecret(keys.TwilioToken),
			From: keys.TwilioFrom, Validity: 4 * time.Hour, BaseURL: base,
		}
	default:
		settings = &slack.Settings{Token: notifier.NewSecret(keys.SlackToken), BaseURL: base + "/api"}
		if c.Target == "" {
			c.Target = keys.SlackChannel
		}
	}
	opened, err := settings.Open(outside)
	if err != nil {
		return notifier.Route{}, fmt.Errorf("opening the city's gateway for %s: %w", c.ID, err)
	}
	return notifier.Route{Name: c.ID + "/city", Gateway: opened, Rate: cityRate}, nil
}

// planOf is the plan of a person who chose the messenger, or SMS only: the
// first of the subscribers' plans that fits.
func (t *troupe) planOf(messenger bool) string {
	kind := map[string]string{}
	for _, c := range t.channels {
		kind[c.ID] = c.Kind
	}
	fallback := ""
	for _, a := range t.audiences {
		hops := t.plans[a.Plan]
		if a.Audience != "subscribers" || len(hops) == 0 {
			continue
		}
		has := slices.ContainsFunc(hops, func(h notifier.Hop) bool { return kind[h.Channel] == "alimtalk" })
		if has == messenger {
			return a.Plan
		}
		fallback = a.Plan
	}
	return fallback
}

// classes says which kinds of text each plan's channels need.
func (t *troupe) classes() map[string][]notifier.Class {
	of := map[string]notifier.Class{}
	for _, c := range t.channels {
		of[c.ID] = c.Class
	}
	out := map[string][]notifier.Class{}
	for _, a := range t.audiences {
		hops := t.plans[a.Plan]
		if len(hops) == 0 {
			hops = []notifier.Hop{{Channel: a.Plan}}
		}
		for _, h := range hops {
			if class := h.Class(of[h.Channel]); class != "" && !slices.Contains(out[a.Plan], class) {
				out[a.Plan] = append(out[a.Plan], class)
			}
		}
	}
	return out
}

// domains are the failure domains of the model, sorted.
func (t *troupe) domains() []string {
	all := map[string]bool{}
	for i := range t.model.Components {
		for _, d := range t.model.Components[i].Domains {
			all[d] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}
