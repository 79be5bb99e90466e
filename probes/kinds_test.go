package probes_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"bongsu/probes"
)

// Every kind explains itself, has an example that is right, and is tried in at
// least one way of failing.
func TestKinds(t *testing.T) {
	keys := map[string]bool{}
	for _, kind := range probes.Kinds() {
		if keys[kind.Key] {
			t.Errorf("two kinds are called %s", kind.Key)
		}
		keys[kind.Key] = true
		if !strings.HasSuffix(kind.Doc, ".") || strings.Contains(kind.Doc, "\n") {
			t.Errorf("%s: its doc is no line: %q", kind.Key, kind.Doc)
		}
		example := steps(t, "["+kind.Example+"]")
		if reflect.TypeOf(example[0]) != reflect.TypeOf(kind.New("")) || !strings.Contains(kind.Example, kind.Key+":") {
			t.Errorf("%s: its example is of another kind: %s", kind.Key, kind.Example)
		}
		if problems := probes.Problems(example)[0]; len(problems) > 0 {
			t.Errorf("%s: its example is wrong: %v", kind.Key, problems)
		}
		if !slices.ContainsFunc(faults(), func(c faultCase) bool { return c.kind == kind.Key && c.want != probes.OK }) {
			t.Errorf("%s: no way of failing is tried in faults", kind.Key)
		}
		for _, field := range reflect.VisibleFields(reflect.TypeOf(kind.New("")).Elem()) {
			if field.IsExported() && !field.Anonymous && (field.Tag.Get("yaml") == "" || !strings.HasSuffix(field.Tag.Get("doc"), ".")) {
				t.Errorf("%s: the setting %s does not explain itself", kind.Key, field.Name)
			}
		}
	}
}

// Steps are taken in turn: each may use what those before it save.
func TestValuesAreSavedBeforeTheyAreUsed(t *testing.T) {
	list := steps(t, `
- {POST: "https://chat.example/", json: {a: "${id}"}, save: {id: json.id}}
- {GET: "https://chat.example/${id}/${nonce}", expect: ["json.id == id"]}
- {tls: "chat.example:443", expect: ["cert.days > id"]}
`)
	problems := probes.Problems(list)
	if len(problems[0]) != 1 || problems[0][0].Path != "json" || len(problems[1]) != 0 || len(problems[2]) != 0 {
		t.Errorf("got %+v", problems)
	}
}
