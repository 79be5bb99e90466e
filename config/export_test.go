package config

import "reflect"

// Words, for the schema's test: every key that the reader knows at the top of
// the tables whose structs are not those of a kind.
func Words() map[string][]string {
	words := make(map[string][]string)
	collectWords(reflect.TypeFor[document](), "", words)
	return words
}

func collectWords(t reflect.Type, path string, words map[string][]string) {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice || t.Kind() == reflect.Map {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || isWord(t) || t == reflect.TypeFor[DSN]() || t == reflect.TypeFor[step]() {
		return
	}
	for _, f := range fieldsOf(t) {
		words[path] = append(words[path], f.name)
		collectWords(f.kind, path+"/"+f.name, words)
	}
}
