package store

import (
	"encoding/json"
	"fmt"
	"time"

	"bongsu/status"
)

// The shapes below are what the database keeps of nested values. They are
// apart from the rules' own types so that renaming a field there does not
// change what old rows mean.

type findingRow struct {
	Check   string       `json:"check"`
	Level   status.Level `json:"level"`
	Failing []string     `json:"failing,omitempty"`
	Passing []string     `json:"passing,omitempty"`
	Silent  []string     `json:"silent,omitempty"`
	Reason  string       `json:"reason,omitempty"`
	At      int64        `json:"at"`
}

type affectedRow struct {
	Component string       `json:"component"`
	State     status.State `json:"state"`
	Worst     status.State `json:"worst"`
	Derived   bool         `json:"derived,omitempty"`
	Cause     bool         `json:"cause,omitempty"`
	Since     int64        `json:"since"`
	Until     int64        `json:"until,omitempty"`
}

func findingsJSON(findings []status.Finding) (string, error) {
	rows := make([]findingRow, 0, len(findings))
	for _, f := range findings {
		rows = append(rows, findingRow{f.Check, f.Level, f.Failing, f.Passing, f.Silent, f.Reason, millis(f.At)})
	}
	return toJSON(rows)
}

func findingsFrom(text string) ([]status.Finding, error) {
	rows, err := fromJSON[[]findingRow](text)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	findings := make([]status.Finding, 0, len(rows))
	for _, r := range rows {
		findings = append(findings, status.Finding{
			Check: r.Check, Level: r.Level, Failing: r.Failing, Passing: r.Passing, Silent: r.Silent, Reason: r.Reason, At: fromMillis(r.At),
		})
	}
	return findings, nil
}

func affectedJSON(affected []status.Affected) (string, error) {
	rows := make([]affectedRow, 0, len(affected))
	for _, a := range affected {
		rows = append(rows, affectedRow{a.Component, a.State, a.Worst, a.Derived, a.Cause, millis(a.Since), millis(a.Until)})
	}
	return toJSON(rows)
}

func affectedFrom(text string) ([]status.Affected, error) {
	rows, err := fromJSON[[]affectedRow](text)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	affected := make([]status.Affected, 0, len(rows))
	for _, r := range rows {
		affected = append(affected, status.Affected{
			Component: r.Component, State: r.State, Worst: r.Worst, Derived: r.Derived, Cause: r.Cause,
			Since: fromMillis(r.Since), Until: fromMillis(r.Until),
		})
	}
	return affected, nil
}

func toJSON(v any) (string, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("writing JSON: %w", err)
	}
	return string(text), nil
}

func fromJSON[T any](text string) (T, error) {
	var v T
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		return v, fmt.Errorf("reading JSON: %w", err)
	}
	return v, nil
}

// name reads a column that holds the name of a state, stage or outcome.
type name[T interface{ UnmarshalText([]byte) error }] struct{ into T }

// Scan implements [database/sql.Scanner].
func (n name[T]) Scan(value any) error {
	switch v := value.(type) {
	case string:
		return n.into.UnmarshalText([]byte(v))
	case []byte:
		return n.into.UnmarshalText(v)
	default:
		return fmt.Errorf("a name is a text, not %T", value)
	}
}

func named[T interface{ UnmarshalText([]byte) error }](into T) name[T] { return name[T]{into} }

// instant reads a column of milliseconds.
type instant struct{ into *time.Time }

// Scan implements [database/sql.Scanner].
func (i instant) Scan(value any) error {
	ms, ok := value.(int64)
	if !ok {
		return fmt.Errorf("a time is a number of milliseconds, not %T", value)
	}
	*i.into = fromMillis(ms)
	return nil
}

// inJSON reads a column that holds JSON.
type inJSON[T any] struct{ into *T }

// Scan implements [database/sql.Scanner].
func (j inJSON[T]) Scan(value any) error {
	text, ok := value.(string)
	if !ok {
		return fmt.Errorf("JSON is a text, not %T", value)
	}
	v, err := fromJSON[T](text)
	*j.into = v
	return err
}
