package config

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"bongsu/probes"
)

// source writes a check's steps as YAML, so that a remote location can read
// them: presets expanded, secrets as references only.
func source(steps []step) string {
	list := &yaml.Node{Kind: yaml.SequenceNode}
	for i := range steps {
		if steps[i].node == nil {
			return ""
		}
		list.Content = append(list.Content, steps[i].node.yaml())
	}
	text, err := yaml.Marshal(list)
	if err != nil {
		return "" // what was read from YAML can be written as such
	}
	return string(text)
}

// yaml is the node as the YAML library has it.
func (n *node) yaml() *yaml.Node {
	switch n.form {
	case list:
		out := &yaml.Node{Kind: yaml.SequenceNode}
		for _, item := range n.items {
			out.Content = append(out.Content, item.yaml())
		}
		return out
	case table:
		out := &yaml.Node{Kind: yaml.MappingNode}
		for _, e := range n.entries {
			key := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: e.key}
			out.Content = append(out.Content, key, e.value.yaml())
		}
		return out
	default:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: n.tag, Value: n.text}
	}
}

// secretsOf are the secrets that the steps name, as env:NAME or file:PATH, in
// order.
func secretsOf(steps []step) []string {
	var found []string
	var walk func(n *node)
	walk = func(n *node) {
		for _, m := range references.FindAllStringSubmatch(n.text, -1) {
			if strings.HasPrefix(m[1], "env:") || strings.HasPrefix(m[1], "file:") {
				found = append(found, m[1])
			}
		}
		for _, item := range n.items {
			walk(item)
		}
		for _, e := range n.entries {
			walk(e.value)
		}
	}
	for i := range steps {
		if steps[i].node != nil {
			walk(steps[i].node)
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// ParseSteps reads the steps of a check from [Check.Source]. The name stands
// for it in problems; an error is of type [Problems].
func ParseSteps(k Kinds, name, source string) ([]probes.Step, error) {
	r := newReader(Options{Kinds: k})
	root := r.parse(name, []byte(source))
	var steps []step
	if root.form != broken {
		r.into(root, &steps)
		r.checkSteps(steps)
	}
	var looks []probes.Step
	for i := range steps {
		if steps[i].look != nil {
			looks = append(looks, steps[i].look)
		}
	}
	if len(r.problems) == 0 && len(looks) == 0 {
		return nil, fmt.Errorf("%s: no steps", name)
	}
	if len(r.problems) > 0 {
		return nil, sorted(r.problems)
	}
	return looks, nil
}
