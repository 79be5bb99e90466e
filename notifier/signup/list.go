package signup

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"bongsu/notifier"
	"bongsu/status"
)

// Lists of subscribers are CSV, one address a line; a person with several has
// several lines one after another, with the same word in the column person.

// Columns are those of our own lists, in the order they are written in.
var Columns = []string{
	"person", "kind", "address", "lang", "plan", "at_least", "topics", "quiet", "order", "source", "consented", "confirmed", "suppressed",
}

// maxLine bounds a line of a list, in bytes.
const maxLine = 16 << 10

// Listed is a line of a list.
type Listed struct {
	Line       int
	Person     string // lines with the same one, one after another, are one person's; empty: a person by themselves
	Address    Address
	Lang       string // empty: not said
	Plan       string // empty: not said
	AtLeast    status.State
	Wishes     notifier.Wishes
	Source     string // where they gave consent
	Consented  time.Time
	Confirmed  time.Time
	Suppressed string
	Warning    string // taken, but look at it
}

// LineError says what is wrong with a line, and what to write instead. It never
// quotes an address.
type LineError struct {
	Line int
	Text string
}

func (e *LineError) Error() string { return e.Text }

// A Format reads the fields of one kind of list.
type Format struct {
	Name string
	// columns are its names, and what else they are called.
	columns  map[string]string
	required []string
	read     func(l *List, get func(column string) string, into *Listed) error
}

// List reads a list line by line, in as much memory as one line takes.
type List struct {
	Numbers Numbers           // which numbers are taken, with the country of those without a code
	Topics  map[string]string // of names of services that others have, and ids of ours: the topics they stand for
	Now     time.Time         // nobody gave consent after it; zero: that is not asked

	format  Format
	in      *bufio.Reader
	line    int
	columns []string // of each field; empty: one that says nothing to us
}

// NewList begins to read a list: its first line names the columns.
func NewList(in io.Reader, f Format) (*List, error) {
	l := &List{in: bufio.NewReaderSize(in, maxLine), format: f, Topics: map[string]string{}}
	text, err := l.next()
	if errors.Is(err, io.EOF) {
		return nil, errors.New("the list is empty; its first line names the columns: " + strings.Join(slices.Sorted(maps.Values(f.columns)), ","))
	}
	if err != nil {
		return nil, fmt.Errorf("line 1: %w", err)
	}
	names, err := fields(strings.TrimPrefix(text, "\ufeff"))
	if err != nil {
		return nil, fmt.Errorf("line 1: %w", err)
	}
	for _, name := range names {
		key := strings.ReplaceAll(strings.ToLower(strings.TrimSpace(name)), " ", "_")
		column := f.columns[key]
		if column != "" && slices.Contains(l.columns, column) {
			return nil, fmt.Errorf("line 1: column %s is there twice; keep one", column)
		}
		l.columns = append(l.columns, column)
	}
	for _, column := range f.required {
		if !slices.Contains(l.columns, column) {
			return nil, fmt.Errorf("line 1: no column is called %s; write the names of the columns there", column)
		}
	}
	return l, nil
}

// Next reads a line. A [*LineError] is of that line alone: the next one can be
// read. At the end it is [io.EOF].
func (l *List) Next() (Listed, error) {
	text, err := l.next()
	for err == nil && strings.TrimSpace(text) == "" {
		text, err = l.next()
	}
	at := Listed{Line: l.line}
	switch {
	case errors.Is(err, errLongLine):
		return at, &LineError{l.line, err.Error()}
	case err != nil:
		return at, err
	case !utf8.ValidString(text) || strings.ContainsRune(text, 0):
		return at, &LineError{l.line, "is not text in UTF-8; save the list as that"}
	}
	values, err := fields(text)
	if err != nil {
		return at, &LineError{l.line, err.Error()}
	}
	if len(values) != len(l.columns) {
		return at, &LineError{l.line, fmt.Sprintf("has %d fields, and line 1 names %d; write as many", len(values), len(l.columns))}
	}
	get := func(column string) string {
		if i := slices.Index(l.columns, column); i >= 0 {
			return plainCell(strings.TrimSpace(values[i]))
		}
		return ""
	}
	if err := l.format.read(l, get, &at); err != nil {
		return at, &LineError{l.line, err.Error()}
	}
	return at, nil
}

var errLongLine = fmt.Errorf("is longer than %d bytes; an address takes less", maxLine)

// next is the next line without its end. One that is too long is passed over.
func (l *List) next() (string, error) {
	l.line++
	text, err := l.in.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		for errors.Is(err, bufio.ErrBufferFull) {
			_, err = l.in.ReadSlice('\n')
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return "", err
		}
		return "", errLongLine
	}
	if err != nil && (len(text) == 0 || !errors.Is(err, io.EOF)) {
		return "", err
	}
	return strings.TrimRight(string(text), "\r\n"), nil
}

// fields splits a line of CSV (RFC 4180, but for fields of several lines).
func fields(line string) ([]string, error) {
	var all []string
	for {
		if !strings.HasPrefix(line, `"`) {
			field, rest, more := strings.Cut(line, ",")
			if strings.Contains(field, `"`) {
				return nil, errors.New(`has a quotation mark inside a field; put the field in quotation marks and double those inside`)
			}
			all = append(all, field)
			if !more {
				return all, nil
			}
			line = rest
			continue
		}
		field, rest, ok := quotedField(line[1:])
		if !ok {
			return nil, errors.New("has a quotation mark that is not closed, or something after one that is; a field must end on its line")
		}
		all = append(all, field)
		if rest == "" {
			return all, nil
		}
		line = rest[1:]
	}
}

// quotedField reads a field after its opening mark, and gives what follows: a
// comma and more, or nothing.
func quotedField(text string) (field, rest string, ok bool) {
	var out strings.Builder
	for {
		before, after, found := strings.Cut(text, `"`)
		if !found {
			return "", "", false
		}
		out.WriteString(before)
		if strings.HasPrefix(after, `"`) {
			out.WriteByte('"')
			text = after[1:]
			continue
		}
		return out.String(), after, after == "" || after[0] == ','
	}
}

// Cells writes fields as a line of CSV. A field that a spreadsheet would take
// for a formula begins with an apostrophe, which reading takes off again.
func Cells(fields []string) string {
	out := make([]string, len(fields))
	for i, f := range fields {
		f = Harmless(strings.NewReplacer("\r", " ", "\n", " ", "\x00", "").Replace(f))
		if strings.ContainsAny(f, `",`) || f != strings.TrimSpace(f) {
			f = `"` + strings.ReplaceAll(f, `"`, `""`) + `"`
		}
		out[i] = f
	}
	return strings.Join(out, ",") + "\n"
}

// Harmless is a field of a table that no spreadsheet takes for a formula: one
// that could be has an apostrophe before it.
func Harmless(field string) string {
	if formula(field) {
		return "'" + field
	}
	return field
}

// formula says whether a spreadsheet may take a field for one. Some pass over
// what is not seen at its beginning.
func formula(field string) bool {
	if field == "" {
		return false
	}
	if field[0] == '\t' || field[0] == '\r' || field[0] == '\n' || field[0] == '\'' {
		return true
	}
	seen := strings.TrimLeftFunc(field, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Cf, r)
	})
	first, _ := utf8.DecodeRuneInString(seen)
	return seen != "" && strings.ContainsRune("=+-@＝＋－＠", first)
}

// plainCell takes off the apostrophe that keeps a field from being a formula.
func plainCell(field string) string {
	if rest, marked := strings.CutPrefix(field, "'"); marked && formula(rest) {
		return rest
	}
	return field
}
