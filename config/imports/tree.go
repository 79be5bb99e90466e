package imports

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// tree is a value of a file, and remembers what was read of it. Its zero value
// is a value that is not there: everything asked of it is empty.
type tree struct {
	path string
	v    any
	read map[string]bool // keys that were asked for; shared by copies
}

func newTree(path string, v any) tree { return tree{path, v, map[string]bool{}} }

// parseJSON reads one value.
func parseJSON(in Input) (tree, error) {
	if err := checkDepth(in.Data); err != nil {
		return tree{}, fmt.Errorf("reading %s: %w", in.Name, err)
	}
	d := json.NewDecoder(bytes.NewReader(in.Data))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return tree{}, fmt.Errorf("reading %s: it is no JSON: %w", in.Name, err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return tree{}, fmt.Errorf("reading %s: more follows after its value; it has to be one", in.Name)
	}
	left := maxNodes
	if err := countNodes(v, &left, 0); err != nil {
		return tree{}, fmt.Errorf("reading %s: %w", in.Name, err)
	}
	return newTree("", v), nil
}

// checkDepth looks at brackets outside of strings, before a decoder does.
func checkDepth(data []byte) error {
	depth, quoted, escaped := 0, false, false
	for _, b := range data {
		switch {
		case escaped:
			escaped = false
		case quoted && b == '\\':
			escaped = true
		case b == '"':
			quoted = !quoted
		case quoted:
		case b == '[' || b == '{':
			if depth++; depth > maxDepth {
				return fmt.Errorf("its values are nested more than %d deep", maxDepth)
			}
		case b == ']' || b == '}':
			depth--
		}
	}
	return nil
}

// parseYAML reads the first document of a file. Each use of an alias counts as
// the values it stands for: a few lines of them can be a billion.
func parseYAML(in Input) (tree, error) {
	var root yaml.Node
	if err := yaml.Unmarshal(in.Data, &root); err != nil {
		return tree{}, fmt.Errorf("reading %s: it is no YAML: %s", in.Name, strings.TrimPrefix(err.Error(), "yaml: "))
	}
	if len(root.Content) == 0 {
		return newTree("", map[string]any{}), nil
	}
	left := maxNodes
	v, err := plain(root.Content[0], &left, 0)
	if err != nil {
		return tree{}, fmt.Errorf("reading %s: %w", in.Name, err)
	}
	return newTree("", v), nil
}

// plain is a node's value. Keys are texts, and of merged tables (<<) as well.
func plain(n *yaml.Node, left *int, depth int) (any, error) {
	if *left--; *left < 0 {
		return nil, fmt.Errorf("it has more than %d values", maxNodes)
	}
	if depth > maxDepth {
		return nil, fmt.Errorf("line %d: its values are nested more than %d deep", n.Line, maxDepth)
	}
	switch n.Kind {
	case yaml.AliasNode:
		return plain(n.Alias, left, depth+1)
	case yaml.SequenceNode:
		list := make([]any, 0, len(n.Content))
		for _, item := range n.Content {
			v, err := plain(item, left, depth+1)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		return list, nil
	case yaml.MappingNode:
		return plainTable(n, left, depth)
	case yaml.ScalarNode:
		return plainScalar(n), nil
	default:
		return nil, fmt.Errorf("line %d: is no value", n.Line)
	}
}

func plainTable(n *yaml.Node, left *int, depth int) (any, error) {
	table := make(map[string]any, len(n.Content)/2)
	for k := 0; k+1 < len(n.Content); k += 2 {
		v, err := plain(n.Content[k+1], left, depth+1)
		if err != nil {
			return nil, err
		}
		if n.Content[k].Value == "<<" {
			merged, _ := v.(map[string]any)
			for key, value := range merged {
				if _, written := table[key]; !written {
					table[key] = value
				}
			}
			continue
		}
		table[n.Content[k].Value] = v
	}
	return table, nil
}

func plainScalar(n *yaml.Node) any {
	switch n.ShortTag() {
	case "!!null":
		return nil
	case "!!bool":
		var b bool
		if n.Decode(&b) == nil {
			return b
		}
	case "!!int", "!!float":
		return json.Number(n.Value)
	}
	return n.Value
}

func countNodes(v any, left *int, depth int) error {
	if *left--; *left < 0 {
		return fmt.Errorf("it has more than %d values", maxNodes)
	}
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			if err := countNodes(item, left, depth+1); err != nil {
				return err
			}
		}
	case map[string]any:
		for _, item := range v {
			if err := countNodes(item, left, depth+1); err != nil {
				return err
			}
		}
	}
	return nil
}

// at is the value under a key.
func (t tree) at(key string) tree {
	if t.read != nil {
		t.read[key] = true
	}
	table, _ := t.v.(map[string]any)
	path := key
	if t.path != "" {
		path = t.path + "." + key
	}
	return newTree(path, table[key])
}

// there says whether it has a value.
func (t tree) there() bool { return t.v != nil }

// list is the items of a list, or the values of a table in the order of their
// keys: some exports have a table with the ids as keys.
func (t tree) list() []tree {
	var items []tree
	switch v := t.v.(type) {
	case []any:
		for i, item := range v {
			items = append(items, newTree(fmt.Sprintf("%s[%d]", t.path, i), item))
		}
	case map[string]any:
		for _, key := range sortedKeys(v) {
			items = append(items, newTree(t.path+"."+key, v[key]))
		}
	}
	return items
}

// keys are the keys of a table, sorted.
func (t tree) keys() []string {
	table, _ := t.v.(map[string]any)
	return sortedKeys(table)
}

func (t tree) isTable() bool { _, ok := t.v.(map[string]any); return ok }

// text is a single value as it is written; lists and tables have none.
func (t tree) text() string {
	switch v := t.v.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	case bool:
		return strconv.FormatBool(v)
	default:
		return ""
	}
}

// yes says whether the value is true, as the tools write it: true, 1, "1".
func (t tree) yes() bool { return slices.Contains([]string{"true", "1"}, t.text()) }

// number is a whole number from 0 on; 0 if it is none.
func (t tree) number() int {
	f, err := strconv.ParseFloat(t.text(), 64)
	if err != nil || f < 0 || f > 1e9 {
		return 0
	}
	return int(f)
}

// seconds reads a number of seconds.
func (t tree) seconds() time.Duration {
	f, err := strconv.ParseFloat(t.text(), 64)
	if err != nil || f < 0 || f > 1e9 {
		return 0
	}
	return time.Duration(f * float64(time.Second))
}

// duration reads 30s or 1h30m; 0 if it is none.
func (t tree) duration() time.Duration {
	d, err := time.ParseDuration(t.text())
	if err != nil {
		return 0
	}
	return d
}

// moment reads an instant of RFC 3339; zero if it is none.
func (t tree) moment() time.Time {
	at, err := time.Parse(time.RFC3339, t.text())
	if err != nil || at.Year() < 1990 || at.Year() > 2200 {
		return time.Time{}
	}
	return at
}

// unread are the keys that have a value and that nobody asked for, sorted.
func (t tree) unread() []string {
	var keys []string
	table, _ := t.v.(map[string]any)
	for _, key := range sortedKeys(table) {
		if !t.read[key] && !empty(table[key]) {
			keys = append(keys, key)
		}
	}
	return keys
}

// empty says whether a value asks for nothing.
func empty(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case bool:
		return !v
	case string:
		return v == ""
	case json.Number:
		return v.String() == "0"
	case []any:
		return len(v) == 0
	case map[string]any:
		return len(v) == 0
	}
	return false
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
