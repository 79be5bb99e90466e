package probes

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"strconv"
	"strings"
	"time"
)

// Run is one run of a check: what its steps share, and only they.
type Run struct {
	check *Check
	wires *wires
	now   time.Time // when the check began
	began time.Time // the same instant by the run's own clock
	nonce string
	saved map[string]any
	given map[string]string // secrets by reference
	mask  mask

	rehearsal *rehearsal // nil in the real world
}

// A settingError is something missing on our side. It says nothing about the
// target.
type settingError struct{ text string }

func (e *settingError) Error() string { return e.text }

// clock is what durations are measured by: the machine's, or the world's.
func (r *Run) clock() time.Time {
	if r.rehearsal != nil {
		return r.rehearsal.now()
	}
	return time.Now()
}

// took is how long ago since was by the run's clock.
func (r *Run) took(since time.Time) time.Duration { return r.clock().Sub(since) }

// A noAddressError is a name without an address of the kind that is asked for.
// A resolver does not say whether it has one of another kind.
type noAddressError struct{ name, kind string }

func (e *noAddressError) Error() string {
	return fmt.Sprintf("the name %s does not exist or has no %s address", e.name, e.kind)
}

// instant is the present as the check's own time has it.
func (r *Run) instant() time.Time { return r.now.Add(r.took(r.began)) }

// overdue is an error once a world has gone beyond the check's end. In the
// real world the context ends by itself.
func (r *Run) overdue() error {
	if r.rehearsal == nil {
		return nil
	}
	return r.rehearsal.overdue()
}

// wait lets d pass. It reports false if the check ends first.
func (r *Run) wait(ctx context.Context, d time.Duration) bool {
	if r.rehearsal != nil {
		return r.rehearsal.wait(ctx, d)
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// dial connects to host:port. In a rehearsal there is nothing to connect to.
func (r *Run) dial(ctx context.Context, network, address string) (net.Conn, error) {
	if r.rehearsal != nil {
		return nil, errNotRehearsed
	}
	conn, err := r.wires.dialer.DialContext(ctx, network, address)
	if missing, ok := errors.AsType[*net.DNSError](err); ok && missing.IsNotFound {
		switch network[len(network)-1] {
		case '4':
			return nil, &noAddressError{missing.Name, "IPv4"}
		case '6':
			return nil, &noAddressError{missing.Name, "IPv6"}
		}
	}
	return conn, err
}

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
	value, err := r.check.lookUp(reference, maxSecret)
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

// lookUp returns what a reference names, at most limit bytes of it. Its errors
// never show the value.
func (c *Check) lookUp(reference string, limit int) (string, error) {
	path, isFile := strings.CutPrefix(reference, "file:")
	name, value := strings.TrimPrefix(reference, "env:"), ""
	var err error
	switch {
	case isFile && c.File != nil:
		value, err = c.File(path)
		value = strings.TrimRight(value, "\r\n")
	case !isFile && c.Env != nil:
		value, _ = c.Env(name)
	}
	switch {
	case err != nil:
		return "", &settingError{fmt.Sprintf("credential %s can not be read: %s", name, err)}
	case value == "":
		return "", &settingError{fmt.Sprintf("credential %s is not set", name)}
	case len(value) > limit:
		return "", &settingError{fmt.Sprintf("credential %s is longer than %d bytes", name, limit)}
	}
	return value, nil
}

// minCredential is how short a saved value is shown wherever it goes: no access
// token is shorter, and many an id is.
const minCredential = 16

// conceal masks the saved values of a text that goes where credentials go: an
// access token that a step was given is as secret as the password it was given
// for.
func (r *Run) conceal(t text) {
	for _, name := range t.values() {
		if value, ok := r.saved[name].(string); ok && len(value) >= minCredential {
			r.mask.add(value)
		}
	}
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
