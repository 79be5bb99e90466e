package config

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Value is one value of a configuration as it is written, or the default of one
// that is not.
type Value struct {
	Path   string // channels[0].daily_cap
	Text   string // as it is written; … for what may be secret
	File   string
	Line   int // from 1; 0: it is not written, and Text is the default
	Secret bool
}

// writing is a file as it was read, packed: a large configuration takes several
// times its size when it is read, so what few ask for is read when they do.
type writing struct {
	file   string
	packed []byte
}

func packSource(file string, data []byte) writing {
	var out bytes.Buffer
	w, _ := gzip.NewWriterLevel(&out, gzip.BestSpeed) // the level is one there is
	_, _ = w.Write(data)                              // a buffer takes everything
	_ = w.Close()
	return writing{file, out.Bytes()}
}

// Values lists every value that the files have, in their order and with its
// place, and the defaults of those that they leave out at the end. No secret is
// among them: what refers to one is shown as the reference.
func (c *Config) Values() ([]Value, error) {
	r := newReader(Options{})
	root := &node{form: table}
	for _, s := range c.sources {
		packed, err := gzip.NewReader(bytes.NewReader(s.packed))
		if err != nil {
			return nil, fmt.Errorf("reading %s again: %w", s.file, err)
		}
		data, err := io.ReadAll(io.LimitReader(packed, maxFile+1))
		if err != nil {
			return nil, fmt.Errorf("reading %s again: %w", s.file, err)
		}
		r.merge(root, r.parse(s.file, data))
	}
	var list []Value
	for _, e := range root.entries {
		list = appendValues(list, e.value, e.key, false)
	}
	written := map[string]bool{}
	for i := range list {
		written[list[i].Path] = true
	}
	return appendDefaults(list, reflect.ValueOf(newDocument()).Elem(), "", written), nil
}

// appendValues adds the words below a node. hidden says that a key above it
// speaks of secrets.
func appendValues(list []Value, n *node, key string, hidden bool) []Value {
	hidden = hidden || secretKey.MatchString(key)
	switch n.form {
	case table:
		for _, e := range n.entries {
			list = appendValues(list, e.value, e.key, hidden)
		}
	case scalar, broken:
		text, secret := shown(n.text, hidden)
		list = append(list, Value{Path: n.path, Text: text, File: n.file, Line: n.line, Secret: secret})
	default:
		for _, item := range n.items {
			list = appendValues(list, item, "", hidden)
		}
	}
	return list
}

var (
	// secretKey are keys whose values are shown only as far as they refer to a
	// place: they should not be written in clear, and sometimes are.
	secretKey = regexp.MustCompile(`(?i)authorization|token|secret|password|passwd|cookie|api[-_]?key|private|credential|^(keys?|sid)$|_(key|sid)$|-key$`)
	// reference is a whole value that names where a secret is.
	reference = regexp.MustCompile(`^(env:[A-Za-z_][A-Za-z0-9_]*|file:[^\s]+)$`)
	// inner is such a name within a value.
	inner = regexp.MustCompile(`\$\{(env|file):[^}]+\}`)
	// userinfo is a name and a password in an address.
	userinfo = regexp.MustCompile(`://[^/\s@]+@`)
)

// shown is what may be seen of a value.
func shown(text string, hidden bool) (string, bool) {
	if reference.MatchString(text) {
		return "… (" + text + ")", true
	}
	if hidden && text != "" {
		if found := inner.FindString(text); found != "" {
			return "… (" + found + ")", true
		}
		return "…", true
	}
	if clean := userinfo.ReplaceAllString(text, "://…@"); clean != text {
		return clean, true
	}
	return text, false
}

// appendDefaults adds the words that a document has before anything is read.
func appendDefaults(list []Value, v reflect.Value, path string, written map[string]bool) []Value {
	for _, f := range fieldsOf(v.Type()) {
		at, value := join(path, f.name), v.FieldByIndex(f.index)
		switch {
		case isWord(value.Type()):
			if text := wordText(value); text != "" && !written[at] {
				list = append(list, Value{Path: at, Text: text})
			}
		case value.Kind() == reflect.Slice && isWord(value.Type().Elem()):
			if value.Len() > 0 && !written[at+"[0]"] && !written[at] {
				list = append(list, Value{Path: at, Text: fmt.Sprint(value.Interface())})
			}
		case value.Kind() == reflect.Struct:
			list = appendDefaults(list, value, at, written)
		}
	}
	return list
}

// wordText is a default as one would write it; empty if there is none.
func wordText(v reflect.Value) string {
	if v.IsZero() {
		return ""
	}
	switch {
	case v.Type() == durationType:
		text := time.Duration(v.Int()).String()
		for _, tail := range []string{"m0s", "h0m"} {
			if strings.HasSuffix(text, tail) {
				text = strings.TrimSuffix(text, tail[1:])
			}
		}
		return text
	case v.CanInt():
		return strconv.FormatInt(v.Int(), 10)
	}
	if s, ok := reflect.TypeAssert[fmt.Stringer](v); ok {
		return s.String()
	}
	return fmt.Sprint(v.Interface())
}
