package config

import (
	"encoding"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"bongsu/notifier"
	"bongsu/status"
)

// maxProblems is how many problems are listed; whoever has more has one cause
// for most of them.
const maxProblems = 500

// A reader turns nodes into Go values and remembers where each came from, so
// that rules which are checked later can still name the place.
type reader struct {
	options  Options
	problems []Problem
	said     map[Problem]bool // places with a problem, without its text
	places   map[any]place    // by pointer to the value
	keys     map[keyOf]place  // by pointer to a map and a key of it
	texts    []*status.Text   // every text, to be checked once the languages are known
	fields   map[reflect.Type][]field
	presets  map[string]*preset // those used so far, by id

	// references says that plain strings may be env: and file: references
	// too, as in the settings of a gateway.
	references bool
}

// keyOf names a key of a map that was read.
type keyOf struct {
	table any
	key   string
}

func newReader(o Options) *reader {
	return &reader{
		options: o,
		said:    make(map[Problem]bool),
		places:  make(map[any]place),
		keys:    make(map[keyOf]place),
		fields:  make(map[reflect.Type][]field),
		presets: make(map[string]*preset),
	}
}

// complain notes a problem, unless the same value has one already: what could
// not be read should not also be called too small.
func (r *reader) complain(at place, format string, args ...any) {
	problem := Problem{File: at.file, Line: at.line, Column: at.column, Path: at.path}
	if r.said[problem] || len(r.problems) > maxProblems {
		return
	}
	r.said[problem] = true
	problem.Text = fmt.Sprintf(format, args...)
	if len(r.problems) == maxProblems {
		problem.Text = "and more problems than are worth listing; mend these first"
	}
	r.problems = append(r.problems, problem)
}

// hush keeps a value from being complained of: it is not known here.
func (r *reader) hush(at place) {
	r.said[Problem{File: at.file, Line: at.line, Column: at.column, Path: at.path}] = true
}

// at returns where the value that p points to was read.
func (r *reader) at(p any) place { return r.places[p] }

// atOr is at, or for a value that the files leave out the place where it
// should have been: the parent's, with the key in its path.
func (r *reader) atOr(p, parent any, key string) place {
	if at, ok := r.places[p]; ok {
		return at
	}
	at := r.places[parent]
	at.path = join(at.path, key)
	return at
}

// A custom value reads itself.
type custom interface {
	read(r *reader, n *node)
}

var (
	durationType = reflect.TypeFor[time.Duration]()
	secretType   = reflect.TypeFor[notifier.Secret]()
	moneyType    = reflect.TypeFor[notifier.Money]()
	textType     = reflect.TypeFor[status.Text]()
	customType   = reflect.TypeFor[custom]()
	unmarshaler  = reflect.TypeFor[encoding.TextUnmarshaler]()
)

// into decodes a node into what p points to.
func (r *reader) into(n *node, p any) { r.decode(n, reflect.ValueOf(p).Elem(), rules{}) }

// decode fills v from the node. What does not fit is noted and left alone.
func (r *reader) decode(n *node, v reflect.Value, must rules) {
	r.places[v.Addr().Interface()] = n.place
	switch {
	case n.form == broken:
	case n.form == scalar && n.tag == "!!null" && v.Kind() != reflect.Interface:
		r.complain(n.place, "has no value; write %s, or leave the key out", expected(v.Type(), must))
	case v.Addr().Type().Implements(customType):
		v.Addr().Interface().(custom).read(r, n)
	case v.Type() == textType:
		r.decodeText(n, v.Addr().Interface().(*status.Text))
	case r.decodeWord(n, v, must):
	case v.Kind() == reflect.Pointer:
		fresh := reflect.New(v.Type().Elem())
		r.decode(n, fresh.Elem(), must)
		v.Set(fresh)
	case v.Kind() == reflect.Struct:
		r.decodeStruct(n, v)
	case v.Kind() == reflect.Slice:
		r.decodeSlice(n, v, must)
	case v.Kind() == reflect.Map:
		r.decodeMap(n, v)
	case v.Kind() == reflect.Interface:
		if value := r.plain(n); value != nil {
			v.Set(reflect.ValueOf(value))
		}
	default:
		r.complain(n.place, "can not be set in this version; leave it out")
	}
}

// decodeWord decodes what is written as one word, and checks the word's rules.
// It reports false if the type is none of these.
func (r *reader) decodeWord(n *node, v reflect.Value, must rules) bool {
	if !isWord(v.Type()) {
		return false
	}
	if n.form != scalar {
		r.complain(n.place, "is %s; write %s", n.form, expected(v.Type(), must))
		return true
	}
	if v.Type() == secretType {
		if value, ok := r.resolve(n); ok {
			v.Set(reflect.ValueOf(notifier.NewSecret(value)))
		}
		return true
	}
	if err := must.allows(n.text); err != nil {
		r.complain(n.place, "%s", err)
		return true
	}
	if err := r.setWord(n, v); err != nil {
		r.complain(n.place, "%s", err)
		return true
	}
	if err := must.fits(v); err != nil {
		r.complain(n.place, "%s", err)
	}
	return true
}

// setWord parses one word into v.
func (r *reader) setWord(n *node, v reflect.Value) error {
	switch {
	case v.Type() == durationType:
		d, err := parseDuration(n.text)
		v.SetInt(int64(d))
		return err
	case v.Type() == moneyType:
		m, err := parseMoney(n.text)
		v.Set(reflect.ValueOf(m))
		return err
	case v.Addr().Type().Implements(unmarshaler):
		return v.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(n.text))
	}
	switch v.Kind() {
	case reflect.Bool:
		if n.tag != "!!bool" {
			return fmt.Errorf("%s is neither true nor false; write one of them", quoted(n.text))
		}
		v.SetBool(strings.EqualFold(n.text, "true"))
	case reflect.Float32, reflect.Float64:
		f, err := strconv.ParseFloat(n.text, 64)
		if err != nil || n.tag == "!!str" || f-f != 0 {
			return fmt.Errorf("%s is not a number; write one like 0.5", quoted(n.text))
		}
		v.SetFloat(f)
	case reflect.String:
		if n.tag == "!!bool" {
			return fmt.Errorf("%s is not a text; write it in quotes if it is meant so", quoted(n.text))
		}
		if r.references && isReference(n.text) {
			text, _ := r.resolve(n)
			v.SetString(text)
			return nil
		}
		v.SetString(n.text)
	default:
		return setInteger(n, v)
	}
	return nil
}

func setInteger(n *node, v reflect.Value) error {
	i, err := strconv.ParseInt(strings.ReplaceAll(n.text, "_", ""), 10, 64)
	switch {
	case err != nil || n.tag == "!!str":
		return fmt.Errorf("%s is not a whole number; write one like 3", quoted(n.text))
	case v.OverflowInt(i):
		return fmt.Errorf("%s is out of range; write a number nearer to 0", quoted(n.text))
	}
	v.SetInt(i)
	return nil
}

// isWord says whether values of the type are written as one word.
func isWord(t reflect.Type) bool {
	switch {
	case t == secretType, t == moneyType, t == durationType:
		return true
	case reflect.PointerTo(t).Implements(unmarshaler):
		return true
	}
	switch t.Kind() {
	case reflect.Bool, reflect.String, reflect.Float32, reflect.Float64,
		reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return true
	default:
		return false
	}
}

// decodeStruct decodes a table, or one word where the struct has a field that
// stands for the whole.
func (r *reader) decodeStruct(n *node, v reflect.Value) {
	fields := r.fieldsOf(v.Type())
	if n.form == scalar {
		for _, f := range fields {
			if f.short {
				at := n.place
				r.decode(n, v.FieldByIndex(f.index), f.must)
				r.places[v.Addr().Interface()] = at
				return
			}
		}
	}
	if n.form != table {
		r.complain(n.place, "is %s; write %s", n.form, expected(v.Type(), rules{}))
		return
	}
	r.decodeFields(n, v, fields)
	for _, e := range n.entries {
		if !hasField(fields, e.key) {
			r.unknown(e, names(fields))
		}
	}
}

// decodeFields decodes those entries of a table that the fields name, and
// misses those that must be there.
func (r *reader) decodeFields(n *node, v reflect.Value, fields []field) {
	for _, f := range fields {
		child := n.get(f.name)
		switch {
		case child != nil:
			r.decode(child, fieldOf(v, f.index), f.must)
		case f.must.required:
			at := n.place
			at.path = join(at.path, f.name)
			r.complain(at, "missing; write %s", f.expected())
		}
	}
}

// unknown notes a key that nothing knows.
func (r *reader) unknown(e entry, known []string) {
	r.complain(e.at, "no such setting%s", suggest(e.key, known))
}

func (r *reader) decodeSlice(n *node, v reflect.Value, must rules) {
	if n.form != list {
		r.complain(n.place, "is %s; write a list", n.form)
		return
	}
	if len(n.items) < must.least {
		r.complain(n.place, "is empty; write at least %d", must.least)
		return
	}
	// All at once, so that the addresses by which places are known stay.
	v.Set(reflect.MakeSlice(v.Type(), len(n.items), len(n.items)))
	for i, item := range n.items {
		r.decode(item, v.Index(i), must.ofItem())
	}
}

func (r *reader) decodeMap(n *node, v reflect.Value) {
	if n.form != table {
		r.complain(n.place, "is %s; write keys with values", n.form)
		return
	}
	m := reflect.MakeMapWithSize(v.Type(), len(n.entries))
	for _, e := range n.entries {
		value := reflect.New(v.Type().Elem())
		r.decode(e.value, value.Elem(), rules{})
		m.SetMapIndex(reflect.ValueOf(e.key).Convert(v.Type().Key()), value.Elem())
		r.keys[keyOf{v.Addr().Interface(), e.key}] = e.at
	}
	v.Set(m)
}

// plain turns a node into the values that JSON knows.
func (r *reader) plain(n *node) any {
	switch n.form {
	case list:
		values := make([]any, len(n.items))
		for i, item := range n.items {
			values[i] = r.plain(item)
		}
		return values
	case table:
		values := make(map[string]any, len(n.entries))
		for _, e := range n.entries {
			values[e.key] = r.plain(e.value)
		}
		return values
	case scalar:
		return r.plainWord(n)
	case broken:
	}
	return nil
}

func (r *reader) plainWord(n *node) any {
	switch n.tag {
	case "!!null":
		return nil
	case "!!bool":
		return strings.EqualFold(n.text, "true")
	case "!!int":
		if i, err := strconv.ParseInt(n.text, 0, 64); err == nil {
			return i
		}
		r.complain(n.place, "%s is too large a number; write it in quotes", quoted(n.text))
		return nil
	case "!!float":
		if f, err := strconv.ParseFloat(n.text, 64); err == nil && f-f == 0 {
			return f
		}
		r.complain(n.place, "%s is not a number that JSON has; write it in quotes", quoted(n.text))
		return nil
	default:
		return n.text
	}
}

// decodeText reads a text: one per language, or one for all of them.
func (r *reader) decodeText(n *node, into *status.Text) {
	r.texts = append(r.texts, into)
	switch n.form {
	case scalar:
		*into = status.Text{everyLanguage: n.text}
	case table:
		*into = make(status.Text, len(n.entries))
		for _, e := range n.entries {
			if e.value.form != scalar || e.value.tag == "!!null" || strings.TrimSpace(e.value.text) == "" {
				r.complain(e.value.place, "is not a text; write the words in quotes")
				continue
			}
			(*into)[e.key] = e.value.text
			r.keys[keyOf{into, e.key}] = e.value.place
		}
	case list, broken:
		r.complain(n.place, "is a list; write one text, or {ko: …, en: …}")
	}
}

func (f form) String() string {
	switch f {
	case scalar:
		return "a single value"
	case list:
		return "a list"
	case table:
		return "a table of keys"
	case broken:
	}
	return "unreadable"
}
