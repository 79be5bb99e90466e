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
	Doubted []string     `json:"doubted,omitempty"`
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

type correctionRow struct {
	Field  string      `json:"field"`
	Was    string      `json:"was"`
	Is     string      `json:"is"`
	Reason status.Text `json:"reason,omitempty"`
	Source string      `json:"source,omitempty"`
}

type statementRow struct {
	Speaker string      `json:"speaker"`
	Said    int64       `json:"said"`
	Source  string      `json:"source,omitempty"`
	Text    status.Text `json:"text,omitempty"`
	Fixed   bool        `json:"fixed,omitempty"`
}

type etaRow struct {
	ID      string      `json:"id"`
	Speaker string      `json:"speaker"`
	Basis   status.Text `json:"basis,omitempty"`
	By      int64       `json:"by,omitempty"`
	Expires int64       `json:"expires"`
	Source  string      `json:"source,omitempty"`
}

func findingsJSON(findings []status.Finding) (string, error) {
	rows := make([]findingRow, 0, len(findings))
	for _, f := range findings {
		rows = append(rows, findingRow{f.Check, f.Level, f.Failing, f.Passing, f.Silent, f.Doubted, f.Reason, millis(f.At)})
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
			Check: r.Check, Level: r.Level, Failing: r.Failing, Passing: r.Passing, Silent: r.Silent, Doubted: r.Doubted, Reason: r.Reason, At: fromMillis(r.At),
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

// What an update is not, is an empty text.

func correctionJSON(c *status.Correction) (string, error) {
	if c == nil {
		return "", nil
	}
	return toJSON(correctionRow{string(c.Field), c.Was, c.Is, c.Reason, c.Source})
}

func correctionFrom(text string) (*status.Correction, error) {
	if text == "" {
		return nil, nil
	}
	r, err := fromJSON[correctionRow](text)
	return &status.Correction{Field: status.CorrectionField(r.Field), Was: r.Was, Is: r.Is, Reason: r.Reason, Source: r.Source}, err
}

func statementJSON(s *status.Statement) (string, error) {
	if s == nil {
		return "", nil
	}
	return toJSON(statementRow{s.Speaker, millis(s.Said), s.Source, s.Text, s.Fixed})
}

func statementFrom(text string) (*status.Statement, error) {
	if text == "" {
		return nil, nil
	}
	r, err := fromJSON[statementRow](text)
	return &status.Statement{Speaker: r.Speaker, Said: fromMillis(r.Said), Source: r.Source, Text: r.Text, Fixed: r.Fixed}, err
}

func etaJSON(e *status.ETA) (string, error) {
	if e == nil {
		return "", nil
	}
	return toJSON(etaRow{e.ID, e.Speaker, e.Basis, millis(e.By), millis(e.Expires), e.Source})
}

func etaFrom(text string) (*status.ETA, error) {
	if text == "" {
		return nil, nil
	}
	r, err := fromJSON[etaRow](text)
	return &status.ETA{ID: r.ID, Speaker: r.Speaker, Basis: r.Basis, By: fromMillis(r.By), Expires: fromMillis(r.Expires), Source: r.Source}, err
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

// micros reads a column of microseconds.
type micros struct{ into *time.Duration }

// Scan implements [database/sql.Scanner].
func (m micros) Scan(value any) error {
	us, ok := value.(int64)
	if !ok {
		return fmt.Errorf("a duration is a number of microseconds, not %T", value)
	}
	*m.into = time.Duration(us) * time.Microsecond
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
