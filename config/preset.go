package config

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"bongsu/status"
)

// What presets may be at most, and the recheck floor of those that name none.
const (
	maxPreset          = 64 << 10
	defaultRecheckFree = 5 * time.Second
)

// preset is a ready-made check: a YAML file of the program with parameters.
// Strings of its steps may hold ${param}.
type preset struct {
	ID           string           `yaml:"id" must:"required" doc:"operator/what, as checks name it."`
	Group        string           `yaml:"group" must:"required" doc:"The group of services it belongs to."`
	Doc          string           `yaml:"doc" must:"required" doc:"What it does and what its success proves."`
	Depth        status.Depth     `yaml:"depth" must:"required one=reach|edge|function|canary" doc:"How far it looks."`
	Scope        string           `yaml:"scope" must:"one=production|sandbox" doc:"A sandbox never colours production."`
	Label        string           `yaml:"label" doc:"What is honestly measured, for the page."`
	Floor        Seconds          `yaml:"floor" must:"required" doc:"The shortest interval, and the default."`
	RecheckFloor Seconds          `yaml:"recheck_floor" doc:"The shortest time between immediate rechecks. 5s by default."`
	Timeout      time.Duration    `yaml:"timeout" must:"min=100ms max=5m" doc:"How long a look may take."`
	Daily        int              `yaml:"daily" must:"min=0" doc:"Looks a day, rechecks included."`
	Params       map[string]Param `yaml:"params" doc:"What with: may set."`
	Source       lines            `yaml:"source" must:"required" doc:"Where the request and its answer are described."`
	Doubts       lines            `yaml:"doubts" must:"required" doc:"What could not be confirmed."`
	Steps        raw              `yaml:"steps" must:"required" doc:"As in a check, with ${param} in strings."`

	faults Problems
}

// Param is a parameter of a preset.
type Param struct {
	Doc      string `yaml:"doc" must:"required" doc:"What it is."`
	Default  string `yaml:"default" doc:"Its value if with: has none."`
	Secret   bool   `yaml:"secret" doc:"It is given as env:NAME only."`
	Required bool   `yaml:"required" doc:"with: must have it."`
}

// Seconds is a duration that may be written as a bare number of seconds.
type Seconds time.Duration

// UnmarshalText reads "120" or "2m".
func (s *Seconds) UnmarshalText(text []byte) error {
	if n, err := strconv.ParseUint(string(text), 10, 31); err == nil {
		*s = Seconds(time.Duration(n) * time.Second)
		return nil
	}
	d, err := parseDuration(string(text))
	*s = Seconds(d)
	return err
}

// lines is a text, or a list of texts.
type lines []string

func (l *lines) read(r *reader, n *node) {
	nodes := n.items
	if n.form != list {
		nodes = []*node{n}
	}
	for _, item := range nodes {
		if item.form != scalar {
			r.complain(item.place, "is %s; write a text, or a list of texts", item.form)
			continue
		}
		*l = append(*l, item.text)
	}
}

// raw is a part that is decoded later.
type raw struct{ node *node }

func (x *raw) read(r *reader, n *node) {
	if n.form != list || len(n.items) == 0 {
		r.complain(n.place, "is %s; write a list of steps", n.form)
		return
	}
	x.node = n
}

// Preset is what there is to know about a preset.
type Preset struct {
	ID, Group, Doc, Label string
	Depth                 status.Depth
	Sandbox               bool
	Floor                 time.Duration // the shortest interval
	RecheckFloor          time.Duration // the shortest time between immediate rechecks
	Every                 time.Duration // the interval of a check that does not set one
	Timeout               time.Duration // how long a look may take
	Daily                 int           // looks a day, rechecks included; 0 for no limit
	Params                map[string]Param
	Steps                 []PresetStep
	Source, Doubts        []string
}

// PresetStep is what one step of a preset asks, with the defaults filled in.
// ${…} stands where parameters without one and values of the look go.
type PresetStep struct {
	Action, Target string
	Expect         []string
	Ours           []string // signs that the trouble is ours, each behind its kind: "quota: json.code == -10"
}

// Presets lists the presets of a table of kinds by id. The error is of type
// [Problems] if presets themselves are wrong; their steps are decoded with
// made-up parameters to find out.
func Presets(k Kinds) ([]Preset, error) {
	r := newReader(Options{Kinds: k})
	if err := r.loadPresets(); err != nil {
		return nil, err
	}
	var all []Preset
	var faults Problems
	for _, id := range sortedKeys(r.presets) {
		p := r.presets[id]
		all = append(all, r.describe(p))
		if faults = append(faults, p.faults...); p.faults == nil {
			_, wrong := r.steps(p, p.sample())
			faults = append(faults, wrong...)
		}
	}
	if len(faults) > 0 {
		return all, sorted(faults)
	}
	return all, nil
}

func (r *reader) describe(p *preset) Preset {
	every := gentlest(p.floor(), p.Daily)
	return Preset{
		ID: p.ID, Group: p.Group, Doc: p.Doc, Label: p.Label, Depth: p.Depth, Sandbox: p.Scope == "sandbox",
		Floor: p.floor(), RecheckFloor: p.recheckFloor(), Every: every,
		Timeout: cmp.Or(p.Timeout, min(defaultTimeout, every)), Daily: p.Daily,
		Params: p.Params, Steps: r.describeSteps(p), Source: p.Source, Doubts: p.Doubts,
	}
}

func (r *reader) describeSteps(p *preset) []PresetStep {
	if p.Steps.node == nil {
		return nil
	}
	defaults := make(map[string]string, len(p.Params))
	for name, param := range p.Params {
		if param.Default != "" {
			defaults[name] = param.Default
		}
	}
	var steps []PresetStep
	for _, item := range p.Steps.node.items {
		var one PresetStep
		for _, e := range item.entries {
			if _, target := r.kind(e.key); target {
				one.Action, one.Target = e.key, fillText(e.value.text, defaults)
			}
		}
		one.Expect = conditions(item, "expect", "", defaults)
		for _, kind := range []string{"quota", "credential", "setup"} {
			one.Ours = append(one.Ours, conditions(item, kind, kind+": ", defaults)...)
		}
		steps = append(steps, one)
	}
	return steps
}

// conditions are a step's expressions under a key.
func conditions(step *node, key, before string, defaults map[string]string) []string {
	list := step.get(key)
	if list == nil {
		return nil
	}
	var all []string
	for _, item := range list.items {
		all = append(all, before+fillText(item.text, defaults))
	}
	return all
}

// loadPresets reads every preset, once. What is wrong in one is kept with it.
func (r *reader) loadPresets() error {
	if len(r.presets) > 0 || r.options.Kinds.Presets == nil {
		return nil
	}
	files := r.options.Kinds.Presets
	err := fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || path.Ext(name) != ".yaml" {
			return err
		}
		data, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		if len(data) > maxPreset {
			return fmt.Errorf("%s: more than %d bytes", name, maxPreset)
		}
		p := r.readPreset(name, data)
		if before := r.presets[p.ID]; before != nil {
			return fmt.Errorf("%s: the id %q is used twice", name, p.ID)
		}
		r.presets[p.ID] = p
		return nil
	})
	if err != nil {
		return fmt.Errorf("reading presets: %w", err)
	}
	return nil
}

func (r *reader) readPreset(name string, data []byte) *preset {
	own := newReader(r.options)
	p := &preset{}
	if root := own.parse(name, data); root.form != broken {
		own.into(root, p)
	}
	if p.ID == "" {
		p.ID = strings.TrimSuffix(name, ".yaml")
	}
	if p.floor() < time.Second && len(own.problems) == 0 {
		own.complain(own.at(&p.Floor), "shorter than a second; write at least 1s")
	}
	for _, param := range sortedKeys(p.Params) {
		if p.Params[param].Secret && p.Params[param].Default != "" {
			own.complain(own.at(&p.Params), "the secret %s has a default; take it away", param)
		}
	}
	p.faults = sorted(own.problems)
	return p
}

func (p *preset) floor() time.Duration { return time.Duration(p.Floor) }

func (p *preset) recheckFloor() time.Duration {
	return cmp.Or(time.Duration(p.RecheckFloor), defaultRecheckFree)
}

// apply fills in what the preset says of a check.
func (p *preset) apply(one *Check, recheck time.Duration) {
	one.Depth = p.Depth
	one.Sandbox = p.Scope == "sandbox"
	one.Daily = p.Daily
	one.Rechecks = presetRechecks
	one.Recheck = max(recheck, p.recheckFloor())
	if one.Label == "" {
		one.Label = p.Label
	}
	if one.Name == "" {
		one.Name = p.ID
	}
	if one.Timeout == 0 {
		one.Timeout = p.Timeout
	}
}

// presetOf finds a check's preset. It returns nil if there is none, which it
// has said if one was named.
func (c *checker) presetOf(x *check) *preset {
	if x.Preset == "" {
		return nil
	}
	at := c.at(&x.Preset)
	if err := c.loadPresets(); err != nil {
		c.complain(at, "%s", err)
		return nil
	}
	p := c.presets[x.Preset]
	switch {
	case p == nil:
		c.complain(at, "no preset is called %s%s", quoted(x.Preset), suggest(x.Preset, sortedKeys(c.presets)))
		return nil
	case len(p.faults) > 0:
		c.complain(at, "preset %s is faulty itself: %s", p.ID, p.faults[0])
		return nil
	}
	if c.written(&x.Depth) {
		c.complain(c.at(&x.Depth), "preset %s has its own depth, %s; leave it out", p.ID, p.Depth)
	}
	if x.Scope != "" {
		c.complain(c.at(&x.Scope), "preset %s has its own scope; leave it out", p.ID)
	}
	return p
}

// written says whether the files set a value.
func (r *reader) written(p any) bool {
	_, ok := r.places[p]
	return ok
}

// expand makes the preset's steps with the check's parameters.
func (c *checker) expand(p *preset, x *check) []step {
	values, ok := c.params(p, x)
	if !ok {
		return nil
	}
	steps, wrong := c.steps(p, values)
	if len(wrong) > 0 {
		c.complain(c.atOr(&x.With, x, "with"), "preset %s can not be used so: %s: %s; write other values", p.ID, wrong[0].Path, wrong[0].Text)
	}
	return steps
}

// params are the values of a preset's parameters, as they go into its strings.
func (c *checker) params(p *preset, x *check) (map[string]string, bool) {
	values := make(map[string]string, len(p.Params))
	ok := true
	wrong := func(at place, format string, args ...any) {
		c.complain(at, format, args...)
		ok = false
	}
	for _, name := range sortedKeys(x.With) {
		at := c.keys[keyOf{&x.With, name}]
		param, known := p.Params[name]
		if !known {
			wrong(at, "preset %s has no such parameter%s", p.ID, suggest(name, sortedKeys(p.Params)))
			continue
		}
		value, err := paramValue(x.With[name], param)
		if err != nil {
			wrong(at, "%s", err)
			continue
		}
		if !c.checkSet(at, x.With[name]) {
			ok = false
			continue
		}
		values[name] = value
	}
	for _, name := range sortedKeys(p.Params) {
		param := p.Params[name]
		if _, given := x.With[name]; given {
			continue
		}
		if param.Required {
			at := c.atOr(&x.With, x, "with")
			at.path = join(at.path, name)
			wrong(at, "missing; preset %s needs it: %s", p.ID, param.Doc)
			continue
		}
		values[name] = param.Default
	}
	return values, ok
}

// paramValue turns a value of with: into what goes into a string. It never
// prints a secret that was written out.
func paramValue(value string, param Param) (string, error) {
	switch {
	case isReference(value) && !referenceForm.MatchString(value):
		return "", errors.New("not the name of an environment variable; what a step needs comes from there alone: write env:NAME")
	case isReference(value):
		return "${" + value + "}", nil
	case param.Secret:
		return "", errors.New("a secret is never written into the configuration; write env:NAME")
	case strings.Contains(value, "${"):
		return "", errors.New("has a ${…} in it; write the value itself, or env:NAME")
	}
	return value, nil
}

// sample is a made-up value for every parameter.
func (p *preset) sample() map[string]string {
	values := make(map[string]string, len(p.Params))
	for name, param := range p.Params {
		switch {
		case param.Secret:
			values[name] = "${env:SAMPLE}"
		case param.Default != "" || !param.Required:
			values[name] = param.Default
		default:
			values[name] = "sample.example"
		}
	}
	return values
}

// steps decodes a preset's steps with the parameters filled in. Problems have
// places in the preset.
func (r *reader) steps(p *preset, values map[string]string) ([]step, Problems) {
	own := newReader(r.options)
	var steps []step
	own.into(own.fill(p.Steps.node, values), &steps)
	own.checkSteps(steps)
	return steps, sorted(own.problems)
}

// fill copies a list of steps with ${param} replaced.
func (r *reader) fill(n *node, values map[string]string) *node {
	filled := replace(n, func(s string) string { return fillText(s, values) })
	for i, item := range n.items {
		for k, e := range item.entries {
			if _, target := r.kind(e.key); target && e.value.form == scalar {
				filled.items[i].entries[k].value.text = fillTarget(e.value.text, values)
			}
		}
	}
	return filled
}

// replace copies a node with every word changed.
func replace(n *node, change func(string) string) *node {
	clone := *n
	clone.text = change(n.text)
	clone.items = slices.Clone(n.items)
	for i, item := range clone.items {
		clone.items[i] = replace(item, change)
	}
	clone.entries = slices.Clone(n.entries)
	for i, e := range clone.entries {
		clone.entries[i].value = replace(e.value, change)
	}
	return &clone
}

var paramForm = regexp.MustCompile(`\$\{([A-Za-z_][A-Za-z0-9_-]*)\}`)

// fillText replaces parameters. Other references are for when the step runs.
func fillText(s string, values map[string]string) string {
	return paramForm.ReplaceAllStringFunc(s, func(m string) string {
		if value, ok := values[m[2:len(m)-1]]; ok {
			return value
		}
		return m
	})
}

// fillTarget replaces parameters of a URL or an address, escaped for where
// they stand: a value can not break out of its part of the URL.
func fillTarget(target string, values map[string]string) string {
	var out strings.Builder
	for at := 0; at < len(target); {
		m := paramForm.FindStringSubmatchIndex(target[at:])
		if m == nil {
			out.WriteString(target[at:])
			break
		}
		out.WriteString(target[at : at+m[0]])
		whole, name := target[at+m[0]:at+m[1]], target[at+m[2]:at+m[3]]
		if value, ok := values[name]; ok {
			whole = escapeFor(out.String(), value)
		}
		out.WriteString(whole)
		at += m[1]
	}
	return out.String()
}

func escapeFor(before, value string) string {
	_, rest, isURL := strings.Cut(before, "://")
	switch {
	case strings.HasPrefix(value, "${"), !isURL, !strings.Contains(rest, "/"):
		return value
	case strings.Contains(rest, "?"):
		return url.QueryEscape(value)
	default:
		return url.PathEscape(value)
	}
}
