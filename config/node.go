package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// What a configuration may be at most. Ten thousand components with their
// checks are about 6 MB.
const (
	maxFile  = 8 << 20  // bytes of one file
	maxAll   = 32 << 20 // bytes of all files of a folder
	maxFiles = 1000
	maxDepth = 40 // lists and tables inside each other
)

// A place is where a value stands and how it is reached.
type place struct {
	file         string
	line, column int
	path         string
}

// form is what a node is.
type form uint8

const (
	broken form = iota // a problem has been noted: nothing more is said of it
	scalar
	list
	table
)

// A node is a YAML value that knows its place. Unlike a yaml.Node it keeps its
// file when files are merged, and has neither aliases nor duplicate keys.
type node struct {
	place

	form    form
	tag     string // of a scalar: !!str, !!int, !!float, !!bool, !!null, !!timestamp
	text    string // of a scalar
	items   []*node
	entries []entry // of a table, in the order of the file
}

// An entry is one key of a table with its value.
type entry struct {
	key   string
	at    place // of the key
	value *node
}

// get returns the value of a key, nil if the table has none.
func (n *node) get(key string) *node {
	for _, e := range n.entries {
		if e.key == key {
			return e.value
		}
	}
	return nil
}

// find walks a path relative to the node ("expect[1]", "json.to") as far as it
// leads, and returns where it ended.
func (n *node) find(path string) *node {
	for _, step := range pathSteps.FindAllString(path, -1) {
		next := n.child(step)
		if next == nil {
			return n
		}
		n = next
	}
	return n
}

// placeOf is where the value of a relative path stands, or would stand: the
// place of what holds it, with the whole path.
func (n *node) placeOf(path string) place {
	at := n.find(path).place
	switch {
	case path == "":
	case n.path == "" || strings.HasPrefix(path, "["):
		at.path = n.path + path
	default:
		at.path = n.path + "." + path
	}
	return at
}

var pathSteps = regexp.MustCompile(`\[\d+\]|\["[^"]*"\]|[^.\[\]]+`)

func (n *node) child(step string) *node {
	if inner, ok := strings.CutPrefix(step, "["); ok {
		inner = strings.TrimSuffix(inner, "]")
		i, err := strconv.Atoi(inner)
		if err != nil {
			return n.get(strings.Trim(inner, `"`))
		}
		if i >= len(n.items) {
			return nil
		}
		return n.items[i]
	}
	return n.get(step)
}

// parse reads one YAML document into nodes. It returns a broken node if there
// is nothing to go on with.
func (r *reader) parse(file string, data []byte) *node {
	top := place{file: file, line: 1, column: 1}
	if len(data) > maxFile {
		r.complain(top, "is %d bytes, more than %d; split it into files of one folder", len(data), maxFile)
		return &node{place: top}
	}
	var doc yaml.Node
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	if err := decoder.Decode(&doc); errors.Is(err, io.EOF) {
		return &node{place: top, form: table}
	} else if err != nil {
		return &node{place: r.misread(top, data, err)}
	}
	var second yaml.Node
	if err := decoder.Decode(&second); err == nil {
		r.complain(place{file: file, line: second.Line, column: second.Column},
			"a second YAML document; write one, or two files in a folder")
	} else if !errors.Is(err, io.EOF) {
		return &node{place: r.misread(top, data, err)}
	}
	if len(doc.Content) != 1 {
		return &node{place: top, form: table}
	}
	root := r.convert(doc.Content[0], file, "", 0)
	if root.form == scalar && root.tag == "!!null" {
		return &node{place: root.place, form: table}
	}
	return root
}

var yamlLine = regexp.MustCompile(`^line (\d+): `)

// misread notes that a file is not YAML, at the line that the parser names.
func (r *reader) misread(top place, data []byte, err error) place {
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	if m := yamlLine.FindStringSubmatch(text); m != nil {
		top.line, _ = strconv.Atoi(m[1])
		text = strings.TrimPrefix(text, m[0])
	}
	advice := "; mend the indentation, brackets or quotes around here"
	if line := lineOf(data, top.line); strings.HasPrefix(strings.TrimLeft(line, " "), "\t") {
		advice = "; indent with spaces, not with tabs"
	}
	r.complain(top, "%s%s", text, advice)
	return top
}

// lineOf returns a line by its number from 1.
func lineOf(data []byte, number int) string {
	for line := range bytes.Lines(data) {
		if number--; number == 0 {
			return string(line)
		}
	}
	return ""
}

// convert turns a parsed value into a node and notes what no part of the
// configuration may have: anchors, aliases, tags, nests too deep.
func (r *reader) convert(y *yaml.Node, file, path string, depth int) *node {
	n := &node{place: place{file: file, line: max(1, y.Line), column: max(1, y.Column), path: path}}
	switch {
	case depth > maxDepth:
		r.complain(n.place, "is more than %d levels deep; nothing here needs that", maxDepth)
		return n
	case y.Kind == yaml.AliasNode:
		r.complain(n.place, "an alias; write the value out")
		return n
	case y.Anchor != "":
		r.complain(n.place, "an anchor; write the value without it")
		return n
	case y.Style&yaml.TaggedStyle != 0:
		r.complain(n.place, "a YAML tag; write the value without it")
		return n
	}
	switch y.Kind {
	case yaml.ScalarNode:
		n.form, n.tag, n.text = scalar, y.Tag, y.Value
	case yaml.SequenceNode:
		n.form = list
		for i, item := range y.Content {
			n.items = append(n.items, r.convert(item, file, fmt.Sprintf("%s[%d]", path, i), depth+1))
		}
	case yaml.MappingNode:
		n.form = table
		r.convertEntries(n, y, depth)
	default:
	}
	return n
}

func (r *reader) convertEntries(n *node, y *yaml.Node, depth int) {
	first := make(map[string]int)
	for i := 0; i+1 < len(y.Content); i += 2 {
		key := y.Content[i]
		at := place{file: n.file, line: key.Line, column: key.Column, path: join(n.path, key.Value)}
		switch {
		case key.Kind != yaml.ScalarNode || key.Anchor != "":
			at.path = join(n.path, "?")
			r.complain(at, "a key that is not a plain word; write a word")
			continue
		case key.Tag == "!!merge":
			r.complain(at, "a merge key; write the keys out")
			continue
		}
		if line, twice := first[key.Value]; twice {
			r.complain(at, "set twice, first in line %d; keep one", line)
			continue
		}
		first[key.Value] = key.Line
		value := r.convert(y.Content[i+1], n.file, at.path, depth+1)
		n.entries = append(n.entries, entry{key: key.Value, at: at, value: value})
	}
}

// plainKey says whether a key needs no quotes in a path: letters and digits of
// any script, at most 64.
func plainKey(key string) bool {
	const most = 64
	n := utf8.RuneCountInString(key)
	return n > 0 && n <= most && !strings.ContainsFunc(key, func(r rune) bool {
		return r != '_' && r != '-' && !unicode.IsLetter(r) && !unicode.IsNumber(r)
	})
}

// join extends a path by a key.
func join(path, key string) string {
	switch {
	case !plainKey(key):
		return path + "[" + quoted(key) + "]"
	case path == "":
		return key
	default:
		return path + "." + key
	}
}

// quoted writes a value into a sentence, cut to a bearable length.
func quoted(s string) string {
	const most = 60
	if runes := []rune(s); len(runes) > most {
		s = string(runes[:most]) + "…"
	}
	return strconv.Quote(s)
}
