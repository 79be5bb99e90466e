package probes

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"
)

// Run is one run of a check: what its steps share, and only they.
type Run struct {
	check *Check
	wires *wires
	now   time.Time // when the check began
	began time.Time // the same instant by the clock that measures
	nonce string
	saved map[string]any
	given map[string]string // secrets by reference
	mask  mask
}

// A settingError is something missing on our side. It says nothing about the
// target.
type settingError struct{ text string }

func (e *settingError) Error() string { return e.text }

// instant is the present as the check's own time has it.
func (r *Run) instant() time.Time { return r.now.Add(time.Since(r.began)) }

// value returns what a name in a text stands for.
func (r *Run) value(name string) (string, error) {
	if isSecret(name) {
		return r.secret(name)
	}
	if name == "nonce" {
		return r.nonce, nil
	}
	if v, ok := r.saved[name]; ok {
		return formatValue(v)
	}
	return "", &settingError{fmt.Sprintf("${%s} has not been saved by an earlier step", name)}
}

// secret follows a reference, and learns to mask what it finds.
func (r *Run) secret(reference string) (string, error) {
	if value, ok := r.given[reference]; ok {
		return value, nil
	}
	value, err := r.check.lookUp(reference)
	if err != nil {
		return "", err
	}
	if r.given == nil {
		r.given = make(map[string]string)
	}
	r.given[reference] = value
	r.mask.add(value)
	return value, nil
}

// save keeps a value for later steps.
func (r *Run) save(name string, v any) error {
	if _, err := formatValue(v); err != nil {
		return err
	}
	if r.saved == nil {
		r.saved = make(map[string]any)
	}
	r.saved[name] = v
	return nil
}

// lookUp returns what a reference names. Its errors never show the value.
func (c *Check) lookUp(reference string) (string, error) {
	name, value := strings.TrimPrefix(reference, "env:"), ""
	if c.Env != nil {
		value, _ = c.Env(name)
	}
	switch {
	case value == "":
		return "", &settingError{fmt.Sprintf("credential %s is not set", name)}
	case len(value) > maxSecret:
		return "", &settingError{fmt.Sprintf("credential %s is longer than %d bytes", name, maxSecret)}
	}
	return value, nil
}

const (
	nonceBytes = 8       // 16 characters: never twice in a lifetime of checks
	maxSaved   = 4 << 10 // bytes of a saved value
)

func newNonce(random io.Reader) (string, error) {
	var b [nonceBytes]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return "", fmt.Errorf("reading random bytes: %w", err)
	}
	return hex.EncodeToString(b[:]), nil
}

// formatValue writes a saved value into a text.
func formatValue(v any) (string, error) {
	switch v := v.(type) {
	case string:
		if len(v) > maxSaved {
			return "", fmt.Errorf("it is longer than %d bytes", maxSaved)
		}
		return v, nil
	case int:
		return strconv.Itoa(v), nil
	case float64:
		return formatNumber(v), nil
	case json.Number:
		return v.String(), nil
	case bool:
		return strconv.FormatBool(v), nil
	case nil:
		return "", errors.New("it is not there")
	default:
		return "", errors.New("it is a list or a table, not a single value")
	}
}

func formatNumber(v float64) string {
	if v == math.Trunc(v) && math.Abs(v) < 1e21 {
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}
