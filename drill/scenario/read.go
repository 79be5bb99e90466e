package scenario

import (
	"bytes"
	"encoding"
	"errors"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"bongsu/status"
)

// Problem is something wrong with a scenario.
type Problem struct {
	File         string
	Line, Column int
	Path         string // events[3].set
	Text         string // what is wrong, and what to write
}

func (p Problem) String() string {
	if p.Path == "" {
		return fmt.Sprintf("%s:%d:%d: %s", p.File, p.Line, p.Column, p.Text)
	}
	return fmt.Sprintf("%s:%d:%d: %s: %s", p.File, p.Line, p.Column, p.Path, p.Text)
}

// Problems are all that is wrong with a scenario, in the order of the file.
type Problems []Problem //nolint:errname // it reads as what it is: problems

func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i := range p {
		lines[i] = p[i].String()
	}
	return strings.Join(lines, "\n")
}

// What a scenario may be at most.
const (
	maxFile     = 1 << 20 // bytes
	maxDepth    = 12      // lists and tables inside each other
	maxItems    = 2000    // of one list or table
	maxWord     = 2000    // bytes of one text
	maxProblems = 100
	longest     = 14 * 24 * time.Hour
)

// Parse reads a scenario, YAML or JSON. The name stands for the file in
// problems. An error is of type [Problems].
func Parse(name string, data []byte) (*Scenario, error) {
	r := &reader{file: name, places: map[any]place{}}
	s := &Scenario{}
	if root := r.document(data); root != nil {
		r.decode(root, reflect.ValueOf(s).Elem(), "")
	}
	if len(r.problems) == 0 {
		(&checker{reader: r, s: s}).check()
	}
	if len(r.problems) > 0 {
		slices.SortStableFunc(r.problems, func(a, b Problem) int {
			if a.Line != b.Line {
				return a.Line - b.Line
			}
			return a.Column - b.Column
		})
		return nil, r.problems
	}
	return s, nil
}

// place is where a value stands.
type place struct {
	line, column int
	path         string
}

// reader decodes nodes and remembers where each value came from.
type reader struct {
	file     string
	problems Problems
	places   map[any]place // by pointer to the value; keys of a map by keyOf
}

type keyOf struct {
	table any
	key   string
}

func (r *reader) complain(at place, format string, args ...any) {
	if len(r.problems) < maxProblems {
		r.problems = append(r.problems, Problem{r.file, max(1, at.line), max(1, at.column), at.path, fmt.Sprintf(format, args...)})
	}
}

var yamlLine = regexp.MustCompile(`^line (\d+): `)

// document is the file's one document.
func (r *reader) document(data []byte) *yaml.Node {
	if len(data) > maxFile {
		r.complain(place{}, "is %d bytes, more than %d", len(data), maxFile)
		return nil
	}
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var doc, second yaml.Node
	switch err := decoder.Decode(&doc); {
	case errors.Is(err, io.EOF) || err == nil && len(doc.Content) == 0:
		r.complain(place{}, "is empty; `bongsu drill list` names examples")
		return nil
	case err != nil:
		r.misread(err)
		return nil
	}
	if err := decoder.Decode(&second); !errors.Is(err, io.EOF) {
		r.complain(place{second.Line, second.Column, ""}, "has a second document; write one scenario in a file")
		return nil
	}
	return doc.Content[0]
}

func (r *reader) misread(err error) {
	text, line := strings.TrimPrefix(err.Error(), "yaml: "), 1
	if m := yamlLine.FindStringSubmatch(text); m != nil {
		line, _ = strconv.Atoi(m[1])
		text = strings.TrimPrefix(text, m[0])
	}
	r.complain(place{line, 1, ""}, "%s; mend the indentation, brackets or quotes around here", text)
}

var (
	durationType = reflect.TypeFor[time.Duration]()
	timeType     = reflect.TypeFor[time.Time]()
	textType     = reflect.TypeFor[status.Text]()
	unmarshaler  = reflect.TypeFor[encoding.TextUnmarshaler]()
)

// decode fills v from the node. What does not fit is noted and left alone.
func (r *reader) decode(n *yaml.Node, v reflect.Value, path string) {
	at := place{n.Line, n.Column, path}
	switch {
	case strings.Count(path, ".")+strings.Count(path, "[") > maxDepth:
		r.complain(at, "is too deep; nothing here needs that")
		return
	case n.Kind == yaml.AliasNode, n.Anchor != "", n.Style&yaml.TaggedStyle != 0:
		r.complain(at, "an alias, anchor or tag; write the value out")
		return
	case len(n.Content) > 2*maxItems:
		r.complain(at, "has more than %d entries", maxItems)
		return
	}
	if v.Kind() == reflect.Pointer {
		v.Set(reflect.New(v.Type().Elem()))
		v = v.Elem()
	}
	r.places[v.Addr().Interface()] = at
	switch {
	case v.Type() == textType:
		r.text(n, v.Addr().Interface().(*status.Text), at)
	case isWord(v.Type()):
		r.word(n, v, at)
	case v.Kind() == reflect.Struct:
		r.table(n, v, at)
	case v.Kind() == reflect.Slice:
		r.list(n, v, at)
	case v.Kind() == reflect.Map:
		r.dictionary(n, v, at)
	}
}

func isWord(t reflect.Type) bool {
	if t == durationType || t == timeType || reflect.PointerTo(t).Implements(unmarshaler) {
		return true
	}
	switch t.Kind() {
	case reflect.String, reflect.Bool, reflect.Int:
		return true
	default:
		return false
	}
}

func (r *reader) word(n *yaml.Node, v reflect.Value, at place) {
	if n.Kind != yaml.ScalarNode || n.Tag == "!!null" {
		r.complain(at, "is no single value; write %s", wanted(v.Type()))
		return
	}
	if len(n.Value) > maxWord {
		r.complain(at, "is longer than %d bytes", maxWord)
		return
	}
	if err := setWord(n.Value, v); err != nil {
		r.complain(at, "%s", err)
	}
}

func setWord(text string, v reflect.Value) error {
	switch {
	case v.Type() == durationType:
		d, err := time.ParseDuration(text)
		if err != nil {
			return fmt.Errorf("%q is not a duration; write one like 90s, 5m or 127h30m", text)
		}
		v.SetInt(int64(d))
		return nil
	case v.Type() == timeType:
		t, err := time.Parse(time.RFC3339, text)
		if err != nil {
			return fmt.Errorf("%q is not an instant; write one like 2022-10-15T15:30:00+09:00", text)
		}
		v.Set(reflect.ValueOf(t))
		return nil
	case reflect.PointerTo(v.Type()).Implements(unmarshaler):
		return v.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(text))
	}
	switch v.Kind() {
	case reflect.Bool:
		b, err := strconv.ParseBool(text)
		if err != nil {
			return fmt.Errorf("%q is neither true nor false", text)
		}
		v.SetBool(b)
	case reflect.Int:
		i, err := strconv.Atoi(text)
		if err != nil || i < 0 {
			return fmt.Errorf("%q is no whole number from 0", text)
		}
		v.SetInt(int64(i))
	default:
		if strings.TrimSpace(text) == "" {
			return errors.New("is empty; write it, or leave the key out")
		}
		v.SetString(text)
	}
	return nil
}

// wanted says what to write for a type.
func wanted(t reflect.Type) string {
	switch {
	case t == durationType:
		return "a duration like 5m"
	case t == timeType:
		return "an instant like 2022-10-15T15:30:00+09:00"
	case t.Kind() == reflect.Bool:
		return "true or false"
	case t.Kind() == reflect.Int:
		return "a whole number"
	default:
		return "a word or a text in quotes"
	}
}

// languages are those that a scenario speaks.
var languages = []string{"en", "ja", "ko"}

func (r *reader) text(n *yaml.Node, into *status.Text, at place) {
	if n.Kind != yaml.MappingNode {
		r.complain(at, "is no text in three languages; write {ko: …, ja: …, en: …}")
		return
	}
	*into = status.Text{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		lang, words := n.Content[i].Value, n.Content[i+1]
		here := place{words.Line, words.Column, at.path + "." + lang}
		switch {
		case !slices.Contains(languages, lang):
			r.complain(here, "no drill speaks %q; write ko, ja and en", lang)
		case words.Kind != yaml.ScalarNode || strings.TrimSpace(words.Value) == "" || len(words.Value) > maxWord:
			r.complain(here, "is no text of 1 to %d bytes", maxWord)
		}
		(*into)[lang] = words.Value
	}
	for _, lang := range languages {
		if (*into)[lang] == "" {
			r.complain(at, "says nothing in %s; write {ko: …, ja: …, en: …}", lang)
		}
	}
}

func (r *reader) list(n *yaml.Node, v reflect.Value, at place) {
	if n.Kind != yaml.SequenceNode {
		r.complain(at, "is no list; write [ … ], or a line with a hyphen for each")
		return
	}
	v.Set(reflect.MakeSlice(v.Type(), len(n.Content), len(n.Content))) // at once, so that places stay
	for i, item := range n.Content {
		r.decode(item, v.Index(i), fmt.Sprintf("%s[%d]", at.path, i))
	}
}

func (r *reader) dictionary(n *yaml.Node, v reflect.Value, at place) {
	if n.Kind != yaml.MappingNode {
		r.complain(at, "is no table; write keys with values")
		return
	}
	m := reflect.MakeMap(v.Type())
	for key, value := range r.entries(n, at) {
		here := at.path + "." + key.Value
		fresh := reflect.New(v.Type().Elem())
		r.decode(value, fresh.Elem(), here)
		m.SetMapIndex(reflect.ValueOf(key.Value), fresh.Elem())
		r.places[keyOf{v.Addr().Interface(), key.Value}] = place{key.Line, key.Column, here}
	}
	v.Set(m)
}

// entries are the keys of a table with their values; keys written twice are
// noted.
func (r *reader) entries(n *yaml.Node, at place) func(yield func(*yaml.Node, *yaml.Node) bool) {
	return func(yield func(*yaml.Node, *yaml.Node) bool) {
		seen := map[string]bool{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			key := n.Content[i]
			if key.Kind != yaml.ScalarNode || seen[key.Value] || key.Tag == "!!merge" || len(key.Value) > 200 {
				r.complain(place{key.Line, key.Column, at.path}, "%q is there twice, or no plain key", clip(key.Value))
				continue
			}
			seen[key.Value] = true
			if !yield(key, n.Content[i+1]) {
				return
			}
		}
	}
}

func clip(s string) string {
	if len(s) > 60 {
		return strings.ToValidUTF8(s[:60], "") + "…"
	}
	return s
}

func (r *reader) table(n *yaml.Node, v reflect.Value, at place) {
	if n.Kind != yaml.MappingNode {
		r.complain(at, "is no table; write keys with values")
		return
	}
	fields := map[string]int{}
	var known []string
	for i := range v.NumField() {
		if name := v.Type().Field(i).Tag.Get("yaml"); name != "" {
			fields[name] = i
			known = append(known, name)
		}
	}
	given := map[string]bool{}
	for key, value := range r.entries(n, at) {
		i, ok := fields[key.Value]
		if !ok {
			r.complain(place{key.Line, key.Column, join(at.path, clip(key.Value))}, "no such key; write %s", strings.Join(known, ", "))
			continue
		}
		given[key.Value] = true
		r.decode(value, v.Field(i), join(at.path, key.Value))
	}
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if name := f.Tag.Get("yaml"); f.Tag.Get("must") == "required" && !given[name] {
			r.complain(place{n.Line, n.Column, join(at.path, name)}, "missing")
		}
	}
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}
