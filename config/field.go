package config

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// A field is a key that a struct knows: its tags are the rules of the file and
// the words of the schema.
//
//	Every time.Duration `yaml:"every" must:"min=1s max=24h" doc:"How often to look."`
type field struct {
	name  string
	index []int
	kind  reflect.Type
	must  rules
	doc   string
	short bool // a word in the struct's place is this field
}

// rules are what the must tag asks of a value, apart from its type:
//
//	required   the key must be there
//	id         lower-case letters, digits and hyphens
//	one=a|b|c  one of these words
//	min=1s     at least; for lists the number of items, for texts of characters
//	max=24h    at most
type rules struct {
	required bool
	id       bool
	one      []string
	min, max string
	least    int // items of a list
}

// fieldsOf lists the keys of a struct, those of embedded structs included.
func (r *reader) fieldsOf(t reflect.Type) []field {
	if known, ok := r.fields[t]; ok {
		return known
	}
	fields := fieldsOf(t)
	r.fields[t] = fields
	return fields
}

func fieldsOf(t reflect.Type) []field {
	var fields []field
	for _, sf := range reflect.VisibleFields(t) {
		name, option, _ := strings.Cut(sf.Tag.Get("yaml"), ",")
		if name == "" || name == "-" || !sf.IsExported() && !sf.Anonymous {
			continue
		}
		f := field{name: name, index: sf.Index, kind: sf.Type, doc: sf.Tag.Get("doc"), short: option == "short"}
		f.must = parseRules(sf.Tag.Get("must"))
		if sf.Type.Kind() == reflect.Slice {
			f.must.least, _ = strconv.Atoi(f.must.min)
		}
		fields = append(fields, f)
	}
	return fields
}

func parseRules(tag string) rules {
	var must rules
	for word := range strings.FieldsSeq(tag) {
		name, value, _ := strings.Cut(word, "=")
		switch name {
		case "required":
			must.required = true
		case "id":
			must.id = true
		case "one":
			must.one = strings.Split(value, "|")
		case "min":
			must.min = value
		case "max":
			must.max = value
		}
	}
	return must
}

// ofItem are the rules for each item of a list that has these.
func (m rules) ofItem() rules { return rules{id: m.id, one: m.one} }

var idForm = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)

// allows checks a word as it is written.
func (m rules) allows(text string) error {
	if m.id && !idForm.MatchString(text) {
		return fmt.Errorf("%s is not an id; write lower-case letters, digits and hyphens, at most 63", quoted(text))
	}
	if m.one != nil && !slices.Contains(m.one, text) {
		return fmt.Errorf("%s is not one of its values%s", quoted(text), suggest(text, m.one))
	}
	return nil
}

// fits checks a word's value against its limits.
func (m rules) fits(v reflect.Value) error {
	if m.min == "" && m.max == "" {
		return nil
	}
	below := func(limit string) bool { return limit != "" && size(v) < sizeOf(limit, v.Type()) }
	above := func(limit string) bool { return limit != "" && size(v) > sizeOf(limit, v.Type()) }
	unit := ""
	if v.Kind() == reflect.String {
		unit = " characters"
	}
	if !below(m.min) && !above(m.max) {
		return nil
	}
	switch {
	case m.max == "":
		return fmt.Errorf("too small; write at least %s%s", m.min, unit)
	case m.min == "":
		return fmt.Errorf("too large; write at most %s%s", m.max, unit)
	default:
		return fmt.Errorf("out of bounds; write %s to %s%s", m.min, m.max, unit)
	}
}

func size(v reflect.Value) float64 {
	switch {
	case v.CanInt():
		return float64(v.Int())
	case v.CanFloat():
		return v.Float()
	case v.Kind() == reflect.String:
		return float64(utf8.RuneCountInString(v.String()))
	default:
		return 0
	}
}

func sizeOf(limit string, t reflect.Type) float64 {
	if t == durationType {
		d, _ := time.ParseDuration(limit)
		return float64(d)
	}
	f, _ := strconv.ParseFloat(limit, 64)
	return f
}

// expected says what to write for the field: in its own words where its type
// says little.
func (f field) expected() string {
	if f.kind.Kind() != reflect.String || f.must.one != nil || f.must.id || f.doc == "" {
		return expected(f.kind, f.must)
	}
	words, _, _ := strings.Cut(f.doc, ". ")
	return strings.ToLower(words[:1]) + strings.TrimSuffix(words[1:], ".")
}

// expected says what to write for a value of the type.
func expected(t reflect.Type, must rules) string {
	switch {
	case must.one != nil:
		return "one of " + strings.Join(must.one, ", ")
	case must.id:
		return "an id: lower-case letters, digits and hyphens"
	case t == durationType:
		return "a duration like 30s, 5m or 1h"
	case t == moneyType:
		return "an amount like 5000 KRW"
	case t == secretType:
		return "env:NAME or file:PATH"
	case t == textType:
		return "a text, or {ko: …, en: …}"
	case isWord(t) && t.Kind() == reflect.Bool:
		return "true or false"
	case isWord(t) && t.Kind() >= reflect.Int && t.Kind() <= reflect.Float64:
		return "a number"
	case isWord(t):
		return "a single value"
	case t.Kind() == reflect.Slice:
		return "a list"
	case t.Kind() == reflect.Pointer:
		return expected(t.Elem(), must)
	case t.Kind() == reflect.Struct && len(fieldsOf(t)) > 0:
		return "a table with " + strings.Join(names(fieldsOf(t)), ", ")
	default:
		return "keys with values"
	}
}

func names(fields []field) []string {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.name
	}
	return names
}

func hasField(fields []field, name string) bool {
	return slices.ContainsFunc(fields, func(f field) bool { return f.name == name })
}

// fieldOf is v.FieldByIndex that makes embedded pointers as it goes.
func fieldOf(v reflect.Value, index []int) reflect.Value {
	for i, x := range index {
		if i > 0 && v.Kind() == reflect.Pointer {
			if v.IsNil() {
				v.Set(reflect.New(v.Type().Elem()))
			}
			v = v.Elem()
		}
		v = v.Field(x)
	}
	return v
}
