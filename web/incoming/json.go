package incoming

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// maxDepth bounds how deep a body is nested, and how long a path is.
const maxDepth = 16

// shallow refuses what is nested deeply before it is read into memory as a
// whole, and what is not one JSON object.
func shallow(body []byte) error {
	if !utf8.Valid(body) {
		return fmt.Errorf("%w: it is not UTF-8", ErrMalformed)
	}
	d := json.NewDecoder(bytes.NewReader(body))
	depth := 0
	for first := true; ; first = false {
		t, err := d.Token()
		if errors.Is(err, io.EOF) && !first && depth == 0 {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%w: %w", ErrMalformed, err)
		}
		switch t {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
		switch {
		case first && t != json.Delim('{'):
			return fmt.Errorf("%w: it is no JSON object", ErrMalformed)
		case depth > maxDepth:
			return fmt.Errorf("%w: it is nested deeper than %d", ErrMalformed, maxDepth)
		case depth == 0 && d.More():
			return fmt.Errorf("%w: something follows the JSON object", ErrMalformed)
		}
	}
}

func (s *Source) readJSON(body []byte, now time.Time) (Report, error) {
	var r Report
	if err := shallow(body); err != nil {
		return r, err
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var whole any
	if err := d.Decode(&whole); err != nil {
		return r, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	alerts := []any{whole}
	if s.List != "" {
		found, there := at(whole, s.List)
		list, ok := found.([]any)
		if !there || !ok {
			return r, fmt.Errorf("%w: there is no list at %s", ErrMalformed, s.List)
		}
		alerts = list
	}
	if len(alerts) > mostAlerts {
		return r, fmt.Errorf("%w: more than %d alerts", ErrMalformed, mostAlerts)
	}
	for _, one := range alerts {
		a, err := s.alertIn(one)
		if err != nil {
			return Report{}, err
		}
		r.add(s, a, now)
	}
	return r, nil
}

// alertIn reads one alert by the source's paths.
func (s *Source) alertIn(one any) (*alert, error) {
	a := &alert{value: func(path string) (string, bool) { return word(one, path) }}
	var there bool
	if a.key, there = word(one, s.Key); !there || a.key == "" {
		return nil, fmt.Errorf("%w: there is no text or number at %s, which is to name what the alert speaks of", ErrMalformed, s.Key)
	}
	if s.Summary != "" {
		a.summary, _ = word(one, s.Summary)
	}
	if s.Resolved != "" {
		said, _ := word(one, s.Resolved)
		a.over = slices.Contains(s.Over, said)
	}
	if s.Since != "" {
		said, _ := word(one, s.Since)
		a.since, _ = time.Parse(time.RFC3339, said) // without it, it began when it came
	}
	return a, nil
}

// word is the text, number or truth value at a path.
func word(in any, path string) (string, bool) {
	v, there := at(in, path)
	if !there {
		return "", false
	}
	switch v := v.(type) {
	case string:
		return v, true
	case json.Number:
		return v.String(), true
	case bool:
		return strconv.FormatBool(v), true
	}
	return "", false
}

// at is the value at a dotted path.
func at(in any, path string) (any, bool) {
	for step := range strings.SplitSeq(path, ".") {
		switch v := in.(type) {
		case map[string]any:
			next, there := v[step]
			if !there {
				return nil, false
			}
			in = next
		case []any:
			n, err := strconv.Atoi(step)
			if err != nil || n < 0 || n >= len(v) {
				return nil, false
			}
			in = v[n]
		default:
			return nil, false
		}
	}
	return in, true
}
