// Package statuspagetest reads bodies of Statuspage's public API as its
// strictest readers do: every key in its place, none more and none less, and
// every rule of what the values may be.
package statuspagetest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// object is a JSON object with its keys in their order.
type object struct {
	keys   []string
	values map[string]any
}

// Check says everything that is wrong with the body at a path below /api/v2/.
func Check(path string, body []byte) error {
	want, known := bodies[path]
	if !known {
		want = bodies["incidents/ID.json"]
	}
	value, err := read(body)
	if err != nil {
		return err
	}
	o, ok := value.(*object)
	if !ok {
		return errors.New("the body is no object")
	}
	c := &checker{path: path}
	c.object("", want, o)
	if c.problems == nil {
		c.rules(o)
	}
	return errors.Join(c.problems...)
}

// read is the one JSON value that the body holds.
func read(body []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	value, err := readValue(d)
	if err != nil {
		return nil, fmt.Errorf("reading JSON: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows the body")
	}
	return value, nil
}

func readValue(d *json.Decoder) (any, error) {
	token, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch token {
	case json.Delim('{'):
		return readObject(d)
	case json.Delim('['):
		list := []any{}
		for d.More() {
			value, err := readValue(d)
			if err != nil {
				return nil, err
			}
			list = append(list, value)
		}
		_, err := d.Token()
		return list, err
	}
	return token, nil
}

func readObject(d *json.Decoder) (any, error) {
	o := &object{values: map[string]any{}}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil, err
		}
		name, _ := key.(string)
		value, err := readValue(d)
		if err != nil {
			return nil, err
		}
		if _, twice := o.values[name]; twice {
			return nil, fmt.Errorf("the key %q is there twice", name)
		}
		o.keys, o.values[name] = append(o.keys, name), value
	}
	_, err := d.Token()
	return o, err
}

// checker gathers what is wrong.
type checker struct {
	path     string
	problems []error
}

func (c *checker) wrong(at, format string, args ...any) {
	c.problems = append(c.problems, fmt.Errorf("%s%s: %s", c.path, at, fmt.Sprintf(format, args...)))
}

// object holds an object against the keys it must have, in their order.
func (c *checker) object(at string, want []field, o *object) {
	if variant, isGroup := o.values["group"].(bool); isGroup && variant {
		want = groupFields
	}
	next := 0
	for _, f := range want {
		value, there := o.values[f.key]
		switch {
		case !there && f.lately:
			continue
		case !there:
			c.wrong(at, "the key %q is missing", f.key)
			continue
		case next < len(o.keys) && o.keys[next] != f.key:
			c.wrong(at, "the key %q stands where %q belongs", o.keys[next], f.key)
			return
		}
		next++
		c.value(at+"/"+f.key, f, value)
	}
	if next < len(o.keys) {
		c.wrong(at, "the key %q is unknown", o.keys[next])
	}
}

func (c *checker) value(at string, f field, value any) {
	switch {
	case value == nil && f.nullable:
	case f.fields != nil && f.list:
		c.list(at, f, value)
	case f.fields != nil:
		if o, ok := value.(*object); ok {
			c.object(at, f.fields, o)
			return
		}
		c.wrong(at, "is no object")
	case f.list:
		c.list(at, f, value)
	default:
		if problem := f.is(value); problem != "" {
			c.wrong(at, "%s", problem)
		}
	}
}

func (c *checker) list(at string, f field, value any) {
	list, ok := value.([]any)
	if !ok {
		c.wrong(at, "is no list: an empty one is []")
		return
	}
	for i, element := range list {
		here := fmt.Sprintf("%s/%d", at, i)
		if f.fields == nil {
			if problem := f.is(element); problem != "" {
				c.wrong(here, "%s", problem)
			}
			continue
		}
		o, ok := element.(*object)
		if !ok {
			c.wrong(here, "is no object")
			continue
		}
		c.object(here, f.fields, o)
	}
}
