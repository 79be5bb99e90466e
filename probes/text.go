package probes

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// A text is a string of the configuration with the values that are filled in
// for each run: "Bearer ${env:TOKEN}", "${nonce}", "${id}".
type text struct {
	parts []part
}

// A part is words as they stand, or a value to be filled in.
type part struct {
	literal string
	value   string              // "nonce", "id", "env:TOKEN"; empty for a literal
	escape  func(string) string // what the position in a URL asks for; nil for nothing
}

var (
	valueName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,63}$`)
	envName   = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,127}$`)
)

// parseText splits a text at its values. A "$" that no "{" follows is a "$".
func parseText(s string) (text, error) {
	var t text
	for {
		before, rest, found := strings.Cut(s, "${")
		if before != "" {
			t.parts = append(t.parts, part{literal: before})
		}
		if !found {
			return t, nil
		}
		name, after, closed := strings.Cut(rest, "}")
		if !closed {
			return text{}, errors.New("has a ${ without its }; write ${nonce}, ${saved}, ${env:NAME} or ${file:PATH}")
		}
		if err := checkValueName(name); err != nil {
			return text{}, err
		}
		t.parts = append(t.parts, part{value: name})
		s = after
	}
}

func checkValueName(name string) error {
	if variable, ok := strings.CutPrefix(name, "env:"); ok {
		if !envName.MatchString(variable) {
			return fmt.Errorf("%q is not the name of an environment variable; write ${env:NAME}", variable)
		}
		return nil
	}
	if path, ok := strings.CutPrefix(name, "file:"); ok {
		if path == "" || len(path) > maxPath || strings.ContainsRune(path, 0) {
			return errors.New("names no file; write ${file:PATH}")
		}
		return nil
	}
	if !valueName.MatchString(name) {
		return fmt.Errorf("%q is not the name of a value; write ${nonce}, ${saved}, ${env:NAME} or ${file:PATH}", name)
	}
	return nil
}

// parseURL is parseText for an address: values are escaped for the path or the
// query they stand in, and may not choose whom we talk to.
func parseURL(s string) (text, error) {
	t, err := parseText(s)
	if err != nil {
		return text{}, err
	}
	before := "" // what stands before the part, a stand-in for each value
	for i := range t.parts {
		p := &t.parts[i]
		if p.value == "" {
			before += p.literal
			continue
		}
		_, rest, _ := strings.Cut(before, "://")
		switch {
		case strings.Contains(before, "?"):
			p.escape = url.QueryEscape
		case strings.Contains(rest, "/"):
			p.escape = url.PathEscape
		default:
			return text{}, fmt.Errorf("${%s} stands in the scheme or host; write them out, and values in the path or query only", p.value)
		}
		before += "x"
	}
	return t, nil
}

// plain is the text if it has no values.
func (t text) plain() (string, bool) {
	switch {
	case len(t.parts) == 0:
		return "", true
	case len(t.parts) == 1 && t.parts[0].value == "":
		return t.parts[0].literal, true
	default:
		return "", false
	}
}

// example is the text with a stand-in for every value.
func (t text) example() string {
	return t.join(func(part) string { return "x" })
}

// shown is the text as people may see it: secrets masked, other values as
// they are.
func (t text) shown(run *Run) string {
	return t.join(func(p part) string {
		if isSecret(p.value) {
			return masked
		}
		value, err := run.value(p.value)
		if err != nil {
			return "${" + p.value + "}"
		}
		return p.escaped(value)
	})
}

func (t text) join(fill func(part) string) string {
	var b strings.Builder
	for _, p := range t.parts {
		if p.value == "" {
			b.WriteString(p.literal)
		} else {
			b.WriteString(fill(p))
		}
	}
	return b.String()
}

// render fills in the values of a run. It says which one is missing.
func (t text) render(run *Run) (string, error) {
	if s, ok := t.plain(); ok {
		return s, nil
	}
	var b strings.Builder
	for _, p := range t.parts {
		if p.value == "" {
			b.WriteString(p.literal)
			continue
		}
		value, err := run.value(p.value)
		if err != nil {
			return "", err
		}
		b.WriteString(p.escaped(value))
	}
	return b.String(), nil
}

func (p part) escaped(value string) string {
	if p.escape == nil {
		return value
	}
	return p.escape(value)
}

// values lists the names of what is filled in.
func (t text) values() []string {
	var names []string
	for _, p := range t.parts {
		if p.value != "" {
			names = append(names, p.value)
		}
	}
	return names
}

// secret says whether a secret is filled in.
func (t text) secret() bool { return slices.ContainsFunc(t.values(), isSecret) }

func isSecret(value string) bool {
	return strings.HasPrefix(value, "env:") || strings.HasPrefix(value, "file:")
}

// maxPath is how long the path of a secret's file may be.
const maxPath = 4096
