package config

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"time"

	"bongsu/notifier"
)

// object is a JSON Schema, or a part of one.
type object = map[string]any

// Schema writes the JSON Schema (draft 2020-12) of the configuration, the
// kinds of steps and gateways included. It comes from the structs that the
// reader fills, so the two know the same keys.
func Schema(k Kinds) ([]byte, error) {
	presets, err := Presets(k)
	if err != nil {
		return nil, err
	}
	s := &schemer{kinds: k, defs: object{}}
	for _, p := range presets {
		s.presets = append(s.presets, p.ID)
	}
	root := s.table(reflect.ValueOf(newDocument()).Elem())
	root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	root["title"] = "The configuration of Bongsu"
	root["$defs"] = s.defs
	data, err := json.MarshalIndent(root, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("writing the schema: %w", err)
	}
	return append(data, '\n'), nil
}

// A schemer makes a schema out of types.
type schemer struct {
	kinds   Kinds
	presets []string
	defs    object
}

// table is the schema of a struct; the value has the defaults.
func (s *schemer) table(v reflect.Value) object {
	properties, required := s.properties(v)
	return closed(properties, required)
}

// closed is a table that takes no other keys.
func closed(properties object, required []string) object {
	out := object{"type": "object", "properties": properties, "additionalProperties": false}
	if len(required) > 0 {
		out["required"] = required
	}
	return out
}

func (s *schemer) properties(v reflect.Value) (properties object, required []string) {
	properties = object{}
	for _, f := range fieldsOf(v.Type()) {
		schema := s.of(f.kind, f.must, valueAt(v, f.index))
		if f.doc != "" {
			schema["description"] = f.doc
		}
		properties[f.name] = schema
		if f.must.required {
			required = append(required, f.name)
		}
	}
	return properties, required
}

// valueAt is the default of a field: its zero value where it is behind a nil
// pointer.
func valueAt(v reflect.Value, index []int) reflect.Value {
	field, err := v.FieldByIndexErr(index)
	if err != nil {
		return reflect.Zero(v.Type().FieldByIndex(index).Type)
	}
	return field
}

// of is the schema of a type. The value is the default.
func (s *schemer) of(t reflect.Type, must rules, value reflect.Value) object {
	switch t {
	case reflect.TypeFor[check]():
		return s.define("check", s.check)
	case reflect.TypeFor[step]():
		return s.define("step", s.step)
	case reflect.TypeFor[channel]():
		return s.define("channel", s.channel)
	case textType:
		return s.define("text", text)
	case reflect.TypeFor[DSN]():
		return object{"type": "string", "minLength": 1}
	}
	switch {
	case isWord(t):
		return word(t, must, value)
	case t.Kind() == reflect.Pointer:
		return s.of(t.Elem(), must, reflect.Zero(t.Elem()))
	case t.Kind() == reflect.Struct:
		return s.structure(t, value)
	case t.Kind() == reflect.Slice:
		return s.list(t, must, value)
	case t.Kind() == reflect.Map:
		return object{"type": "object", "additionalProperties": s.of(t.Elem(), rules{}, reflect.Zero(t.Elem()))}
	default:
		return object{} // anything
	}
}

// define puts a schema under $defs and refers to it.
func (s *schemer) define(name string, describe func() object) object {
	if _, done := s.defs[name]; !done {
		s.defs[name] = nil // so that a recursive one ends
		s.defs[name] = describe()
	}
	return object{"$ref": "#/$defs/" + name}
}

func (s *schemer) structure(t reflect.Type, value reflect.Value) object {
	whole := s.table(value)
	for _, f := range fieldsOf(t) {
		if f.short {
			return object{"anyOf": []any{s.of(f.kind, f.must, valueAt(value, f.index)), whole}}
		}
	}
	return whole
}

func (s *schemer) list(t reflect.Type, must rules, value reflect.Value) object {
	out := object{"type": "array", "items": s.of(t.Elem(), must.ofItem(), reflect.Zero(t.Elem()))}
	if must.least > 0 {
		out["minItems"] = must.least
	}
	if value.Len() > 0 {
		out["default"] = value.Interface()
	}
	return out
}

const durationPattern = `^([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h))+$|^[0-9]{1,4}d$`

// referencePattern is what stands in the place of a secret.
const referencePattern = `^env:[A-Za-z_][A-Za-z0-9_]*$|^file:.+$`

// patterns are the forms of words that are more than text.
var patterns = map[reflect.Type]string{
	durationType:               durationPattern,
	moneyType:                  moneyForm.String(),
	secretType:                 referencePattern,
	reflect.TypeFor[Rate]():    rateForm.String(),
	reflect.TypeFor[Rates]():   ratesForm.String(),
	reflect.TypeFor[Percent](): percentForm.String(),
	reflect.TypeFor[Span]():    `^[0-9]+(\.[0-9]+)?x$|` + durationPattern,
	reflect.TypeFor[Seconds](): `^[0-9]+$|` + durationPattern,
}

// word is the schema of what is written as one word.
func word(t reflect.Type, must rules, value reflect.Value) object {
	out := object{"type": "string"}
	pattern, formed := patterns[t]
	switch {
	case must.one != nil:
		out["enum"] = must.one
	case must.id:
		out["pattern"] = idForm.String()
	case t == reflect.TypeFor[Quorum]():
		return object{"anyOf": []any{object{"const": "majority"}, object{"type": "integer", "minimum": 1}}, "default": "majority"}
	case formed:
		out["pattern"] = pattern
	case reflect.PointerTo(t).Implements(unmarshaler):
	case t.Kind() == reflect.Bool:
		out["type"] = "boolean"
	case t.Kind() == reflect.Float32, t.Kind() == reflect.Float64:
		out["type"] = "number"
		limit(out, must, "minimum", "maximum")
	case t.Kind() != reflect.String:
		out["type"] = "integer"
		limit(out, must, "minimum", "maximum")
	default:
		out["type"] = []string{"string", "number"} // a number is taken as it is written
		limit(out, must, "minLength", "maxLength")
	}
	if given := defaultOf(value); given != nil {
		out["default"] = given
	}
	return out
}

func limit(out object, must rules, least, most string) {
	if n, err := strconv.ParseFloat(must.min, 64); err == nil {
		out[least] = n
	}
	if n, err := strconv.ParseFloat(must.max, 64); err == nil {
		out[most] = n
	}
}

// defaultOf is a default as it would be written, nil if there is none.
func defaultOf(v reflect.Value) any {
	if v.IsZero() {
		return nil
	}
	switch value := v.Interface().(type) {
	case time.Duration:
		return short(value)
	case Span:
		if value.Times > 0 {
			return strconv.FormatFloat(value.Times, 'g', -1, 64) + "x"
		}
		return short(value.For)
	case fmt.Stringer:
		return value.String()
	default:
		return value
	}
}

// text is one text for all languages, or one for each.
func text() object {
	each := object{}
	for _, lang := range Languages {
		each[lang] = object{"type": "string", "minLength": 1}
	}
	return object{"anyOf": []any{object{"type": "string", "minLength": 1}, closed(each, nil)}}
}

// step is one table per kind of step.
func (s *schemer) step() object {
	var kinds []any
	for _, k := range s.kinds.Probes {
		properties, required := s.action(k.Key)
		kinds = append(kinds, closed(properties, required))
	}
	return object{"anyOf": kinds}
}

// action are the keys of a kind of step: its target and its settings.
func (s *schemer) action(key string) (properties object, required []string) {
	for _, k := range s.kinds.Probes {
		if k.Key == key {
			properties, required = s.properties(reflect.ValueOf(k.New("")).Elem())
			properties[key] = object{"type": "string", "minLength": 1, "description": k.Doc}
		}
	}
	return properties, append(required, key)
}

// check is a check by preset, by steps, or with one step in its place.
func (s *schemer) check() object {
	common := func(without ...string) object {
		properties, _ := s.properties(reflect.ValueOf(check{}))
		for _, key := range without {
			delete(properties, key)
		}
		return properties
	}
	byPreset := common("steps", "depth", "scope")
	if s.presets != nil {
		byPreset["preset"] = object{"type": "string", "enum": s.presets, "description": "A ready-made check, by id."}
	}
	ways := []any{
		closed(byPreset, []string{"preset"}),
		closed(common("preset", "with"), []string{"steps"}),
	}
	for _, k := range s.kinds.Probes {
		properties, required := s.action(k.Key)
		maps.Copy(properties, common("preset", "with", "steps"))
		ways = append(ways, closed(properties, required))
	}
	return object{"anyOf": ways}
}

// channel is one table per kind of channel.
func (s *schemer) channel() object {
	r := newReader(Options{Kinds: s.kinds})
	var ways []any
	for _, kind := range r.channelKinds() {
		properties, required := s.properties(reflect.ValueOf(channel{}))
		properties["kind"] = object{"const": kind, "description": "What it carries."}
		properties["gateways"] = object{"type": "array", "minItems": 1, "items": s.gateways(r.classOf(kind)), "description": "Who hands over, tried in order."}
		ways = append(ways, closed(properties, append(slices.Clone(required), "gateways")))
		if k, known := r.gatewayKind(kind); known && channelClasses[kind] == "" {
			ways = append(ways, s.channelOf(k))
		}
	}
	if ways == nil {
		return object{"not": object{}}
	}
	return object{"anyOf": ways}
}

// channelOf is a channel that is its own gateway.
func (s *schemer) channelOf(k notifier.GatewayKind) object {
	properties, required := s.properties(reflect.ValueOf(channel{}))
	delete(properties, "gateways")
	settings, more := s.gateway(k)
	maps.Copy(properties, settings)
	required = append(slices.Clone(required), more...)
	slices.Sort(required)
	return closed(properties, slices.Compact(required))
}

// gateways is one table per kind of gateway of a class.
func (s *schemer) gateways(class notifier.Class) object {
	var kinds []any
	for _, k := range s.kinds.Gateways {
		if k.Class == class {
			kinds = append(kinds, closed(s.gateway(k)))
		}
	}
	return object{"anyOf": kinds}
}

// gateway are the keys of a gateway: the common ones and its settings.
func (s *schemer) gateway(k notifier.GatewayKind) (properties object, required []string) {
	properties, required = s.properties(reflect.ValueOf(k.New()).Elem())
	common, more := s.properties(reflect.ValueOf(gateway{}))
	maps.Copy(properties, common)
	properties["kind"] = object{"const": k.Kind, "description": k.Doc}
	return properties, append(required, more...)
}
