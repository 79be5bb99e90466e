package config

import (
	"errors"
	"net"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"bongsu/probes"
)

// A step is one action of a check: a table with exactly one key that names a
// kind, whose value is the target, and the settings of that kind.
type step struct {
	look   probes.Step // nil if it could not be read
	action string      // the kind's key
	target string
	node   *node
}

// laterActions are kinds of steps that this version does not have, unless the
// table of kinds does.
var laterActions = []string{"smtp", "ntp"}

func (s *step) read(r *reader, n *node) { s.readWith(r, n, nil) }

// readWith reads a step whose table may also have had the given keys, which
// are not in n any more: they only serve to suggest.
func (s *step) readWith(r *reader, n *node, others []string) {
	if n.form != table {
		r.complain(n.place, "is %s; write an action with its target, like GET: https://…", n.form)
		return
	}
	kind, action, ok := r.actionOf(n)
	if !ok {
		return
	}
	if action.value.form != scalar || action.value.tag == "!!null" || action.value.text == "" {
		r.complain(action.value.place, "has no target; write %s with what to look at", kind.Key)
		return
	}
	r.checkReferences(n)
	s.action, s.target, s.node = kind.Key, action.value.text, n
	s.look = kind.New(s.target)
	r.settings(n, s.look, append(others, kind.Key), kind.Key)
}

// checkSteps asks the steps of a check what is wrong with their settings. The
// values that pass between steps are only looked at if all could be read.
func (r *reader) checkSteps(steps []step) {
	looks := make([]probes.Step, 0, len(steps))
	for i := range steps {
		if steps[i].look != nil {
			looks = append(looks, steps[i].look)
		}
	}
	if len(looks) == len(steps) {
		for i, problems := range probes.Problems(looks) {
			r.complainOfStep(&steps[i], problems)
		}
		return
	}
	for i := range steps {
		if steps[i].look != nil {
			r.complainOfStep(&steps[i], steps[i].look.Problems())
		}
	}
}

func (r *reader) complainOfStep(s *step, problems []probes.Problem) {
	for _, p := range problems {
		path := p.Path
		if path == "" {
			path = s.action
		}
		r.complain(s.node.placeOf(path), "%s", p.Text)
	}
}

// settings decodes a table into the struct that p points to. Keys named in
// apart belong to the table but not to the struct; ignore is the key among
// them that has been read.
func (r *reader) settings(n *node, p any, apart []string, ignore ...string) {
	v := reflect.ValueOf(p).Elem()
	fields := r.fieldsOf(v.Type())
	r.decodeFields(n, v, fields)
	for _, e := range n.entries {
		if !hasField(fields, e.key) && !slices.Contains(ignore, e.key) {
			r.unknown(e, append(names(fields), apart...))
		}
	}
}

// actionOf finds the one key of a step that names a kind.
func (r *reader) actionOf(n *node) (probes.Kind, entry, bool) {
	var kind probes.Kind
	var action *entry
	for i := range n.entries {
		e := &n.entries[i]
		k, known := r.kind(e.key)
		if !known {
			continue
		}
		if action != nil {
			r.complain(e.at, "a second action beside %s; write a step of its own for each", action.key)
			return kind, *action, false
		}
		kind, action = k, e
	}
	if action == nil {
		r.missAction(n)
		return kind, entry{}, false
	}
	return kind, *action, true
}

// missAction says what a step without an action seems to lack.
func (r *reader) missAction(n *node) {
	for _, e := range n.entries {
		if slices.Contains(laterActions, e.key) {
			r.complain(e.at, "not built in this version; write one of %s", strings.Join(r.actions(), ", "))
			return
		}
		if near := nearest(e.key, r.actions()); near != "" {
			r.complain(e.at, "no such action; did you mean %q?", near)
			return
		}
	}
	r.complain(n.place, "no action; write exactly one of %s with its target", strings.Join(r.actions(), ", "))
}

func (r *reader) kind(key string) (probes.Kind, bool) {
	for _, k := range r.options.Kinds.Probes {
		if k.Key == key {
			return k, true
		}
	}
	return probes.Kind{}, false
}

func (r *reader) actions() []string {
	keys := make([]string, len(r.options.Kinds.Probes))
	for i, k := range r.options.Kinds.Probes {
		keys[i] = k.Key
	}
	return keys
}

var (
	references    = regexp.MustCompile(`\$\{([^}]*)(\}?)`)
	referenceForm = regexp.MustCompile(`^(env:[A-Za-z_][A-Za-z0-9_]{0,127}|file:[^{}]+|[A-Za-z_][A-Za-z0-9_.-]{0,63})$`)
)

// checkReferences checks the form of every ${…} in a step, and that there is
// what it names. The values are filled in when the step runs.
func (r *reader) checkReferences(n *node) {
	for _, m := range references.FindAllStringSubmatch(n.text, -1) {
		if m[2] == "" || !referenceForm.MatchString(m[1]) {
			r.complain(n.place, "%s is no reference; write ${name} of a saved value, ${env:NAME} or ${file:PATH}", quoted(m[0]))
		} else {
			r.checkSet(n.place, m[1])
		}
	}
	for _, item := range n.items {
		r.checkReferences(item)
	}
	for _, e := range n.entries {
		r.checkReferences(e.value)
	}
}

// checkSet complains if a step names a variable that the environment lacks, or
// a file that can not be read: its looks would come to nothing, every one. It
// reports whether all is well.
func (r *reader) checkSet(at place, reference string) bool {
	if !isReference(reference) {
		return true
	}
	if _, err := r.lookUp(reference, r.envOfOthers()); err != nil && !errors.Is(err, errNotLookedUp) {
		r.complain(at, "%s", err)
		return false
	}
	return true
}

// foreign says whether the step looks at a host that may be somebody else's.
func (s *step) foreign() bool {
	if looker, ok := s.look.(probes.Hoster); ok {
		host := looker.Host()
		return host != "" && !isLoopback(host)
	}
	host := s.target
	if u, err := url.Parse(s.target); err == nil && u.Host != "" {
		host = u.Hostname()
	} else if h, _, err := net.SplitHostPort(s.target); err == nil {
		host = h
	}
	return !isLoopback(host)
}
