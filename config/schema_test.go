package config_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"bongsu/config"
)

type object = map[string]any

func schema(t testing.TB, k config.Kinds) object {
	t.Helper()
	data, err := config.Schema(k)
	if err != nil {
		t.Fatal(err)
	}
	var s object
	if err := json.Unmarshal(data, &s); err != nil {
		t.Fatal(err)
	}
	return s
}

// The reader and the schema know the same keys, and the schema explains each.
func TestSchemaKnowsEveryKey(t *testing.T) {
	root := schema(t, kinds())
	for path, words := range config.Words() {
		tables := tablesAt(root, root, strings.FieldsFunc(path, func(r rune) bool { return r == '/' }))
		if len(tables) == 0 {
			t.Errorf("no table at %q", path)
			continue
		}
		known := make(map[string]bool)
		for _, table := range tables {
			for key, value := range table["properties"].(object) {
				known[key] = true
				if value.(object)["description"] == nil && path != "" && !strings.HasSuffix(path, "name") {
					t.Errorf("%s/%s has no description", path, key)
				}
			}
			if table["additionalProperties"] != false {
				t.Errorf("the table at %q takes any key", path)
			}
		}
		for _, word := range words {
			if !known[word] {
				t.Errorf("the schema does not know %s/%s", path, word)
			}
			delete(known, word)
		}
		if open := path == "/components/checks" || path == "/controls" || path == "/channels" || path == "/channels/gateways"; !open && len(known) > 0 {
			t.Errorf("the reader does not know %v of %s", known, path)
		}
	}
}

// tablesAt finds the object schemas that a path of keys leads to.
func tablesAt(root, s object, path []string) []object {
	if ref, ok := s["$ref"].(string); ok {
		return tablesAt(root, root["$defs"].(object)[strings.TrimPrefix(ref, "#/$defs/")].(object), path)
	}
	if options, ok := s["anyOf"].([]any); ok {
		var all []object
		for _, o := range options {
			all = append(all, tablesAt(root, o.(object), path)...)
		}
		return all
	}
	if items, ok := s["items"].(object); ok {
		return tablesAt(root, items, path)
	}
	properties, ok := s["properties"].(object)
	if !ok {
		if values, ok := s["additionalProperties"].(object); ok {
			return tablesAt(root, values, path)
		}
		return nil
	}
	if len(path) == 0 {
		return []object{s}
	}
	next, ok := properties[path[0]].(object)
	if !ok {
		return nil
	}
	return tablesAt(root, next, path[1:])
}

// What the reader accepts the schema accepts too, and it sees plain mistakes.
func TestSchemaAcceptsWhatTheReaderDoes(t *testing.T) {
	root := schema(t, kinds())
	for name, text := range map[string]string{"full": string(full(t)), "smallest": smallest} {
		if err := conforms(root, root, fromYAML(t, text)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, change := range [][2]string{
		{"time_zone:", "time_zoned:"},
		{"every: 30s", "every: soon"},
		{"depth: canary", "depth: deep"},
		{"env:TOKEN", "hush"},
		{"preset: example/search", "preset: example/serach"},
		{"kind: twilio", "kind: twillio"},
		{"confirm: 3", "confirm: many"},
		{"rate: 100/s", "rate: fast"},
		{"name: {ko: 서비스 상황판", "name: {xx: 서비스 상황판"},
		{"within: 10s, ", ""},
		{"id: login, name", "name"},
	} {
		text := strings.Replace(string(full(t)), change[0], change[1], 1)
		if err := conforms(root, root, fromYAML(t, text)); err == nil {
			t.Errorf("the schema takes %q for %q", change[1], change[0])
		}
	}
}

func fromYAML(t testing.TB, text string) any {
	t.Helper()
	var value any
	if err := yaml.Unmarshal([]byte(text), &value); err != nil {
		t.Fatal(err)
	}
	return value
}

// conforms is as much of JSON Schema as our schema uses.
func conforms(root, s object, value any) error {
	for _, key := range slices.Sorted(maps(s)) {
		if err := conformsTo(root, s, key, value); err != nil {
			return err
		}
	}
	return nil
}

func maps(s object) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range s {
			if !yield(k) {
				return
			}
		}
	}
}

func conformsTo(root, s object, key string, value any) error {
	switch key {
	case "$ref":
		return conforms(root, root["$defs"].(object)[strings.TrimPrefix(s[key].(string), "#/$defs/")].(object), value)
	case "anyOf":
		var first error
		for _, option := range s[key].([]any) {
			err := conforms(root, option.(object), value)
			if err == nil {
				return nil
			}
			if first == nil {
				first = err
			}
		}
		return fmt.Errorf("none of the ways: %w", first)
	case "not":
		if conforms(root, s[key].(object), value) == nil {
			return fmt.Errorf("%v is what it must not be", value)
		}
	case "type":
		names, several := s[key].([]any)
		if !several {
			names = []any{s[key]}
		}
		if !slices.ContainsFunc(names, func(name any) bool { return isType(name.(string), value) }) {
			return fmt.Errorf("%v is no %s", value, s[key])
		}
	case "const":
		if !reflect.DeepEqual(s[key], value) {
			return fmt.Errorf("%v is not %v", value, s[key])
		}
	case "enum":
		if !slices.Contains(s[key].([]any), value) {
			return fmt.Errorf("%v is none of %v", value, s[key])
		}
	case "pattern":
		if text, ok := value.(string); ok && !regexp.MustCompile(s[key].(string)).MatchString(text) {
			return fmt.Errorf("%q does not match %s", text, s[key])
		}
	case "minimum", "maximum":
		if n, ok := value.(int); ok && (key == "minimum") == (float64(n) < s[key].(float64)) && float64(n) != s[key].(float64) {
			return fmt.Errorf("%d is beyond the %s %v", n, key, s[key])
		}
	case "minLength", "maxLength":
		if text, ok := value.(string); ok {
			n := float64(utf8.RuneCountInString(text))
			if (key == "minLength") == (n < s[key].(float64)) && n != s[key].(float64) {
				return fmt.Errorf("%q is beyond the %s %v", text, key, s[key])
			}
		}
	case "minItems":
		if list, ok := value.([]any); ok && float64(len(list)) < s[key].(float64) {
			return fmt.Errorf("%d items are too few", len(list))
		}
	case "items":
		list, _ := value.([]any)
		for i, item := range list {
			if err := conforms(root, s[key].(object), item); err != nil {
				return fmt.Errorf("[%d]: %w", i, err)
			}
		}
	case "required":
		for _, name := range s[key].([]any) {
			if table, ok := value.(object); ok && table[name.(string)] == nil {
				return fmt.Errorf("%s is missing", name)
			}
		}
	case "properties":
		return conformsToProperties(root, s, value)
	case "additionalProperties", "description", "default", "$schema", "$defs", "title":
	default:
		return fmt.Errorf("the schema uses %s, which this test does not know", key)
	}
	return nil
}

func conformsToProperties(root, s object, value any) error {
	table, _ := value.(object)
	for name, child := range table {
		rule, known := s["properties"].(object)[name].(object)
		if !known {
			if s["additionalProperties"] == false {
				return fmt.Errorf("%s is unknown", name)
			}
			continue
		}
		if err := conforms(root, rule, child); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

func isType(name string, value any) bool {
	switch value.(type) {
	case string:
		return name == "string"
	case bool:
		return name == "boolean"
	case int:
		return name == "integer" || name == "number"
	case float64:
		return name == "number"
	case []any:
		return name == "array"
	case object:
		return name == "object"
	default:
		return false
	}
}
