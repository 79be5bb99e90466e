package appnotice

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// Limits of what an app hands in.
const (
	MaxInline   = 10_000    // recipients in a notice itself
	MaxLines    = 5_000_000 // of an upload
	maxLine     = 2 << 10   // bytes
	maxRef      = 64
	maxAddress  = 254 // bytes, as of a mail address
	maxKinds    = 4
	utf8Mark    = "\ufeff"
	fillAtATime = 500 // people in one transaction
)

// Recipient is one of an app's people, as the app names them.
type Recipient struct {
	Ref  string            `json:"ref"`            // what the app calls them: letters, digits, - _ . : and @, no personal data
	Lang string            `json:"lang,omitempty"` // one of the site's; the first if left out
	To   map[string]string `json:"to"`             // addresses by kind: sms, alimtalk, email, line
}

// Person is a recipient as they are kept.
type Person struct {
	Line      int64 // where they stood
	Ref, Lang string
	Addresses []Address
}

// Address is a way to reach a person.
type Address struct{ Kind, Address string } // in clear: it is sealed before it is kept

// Fault is a line that cannot be taken, and why. It never quotes an address.
type Fault struct {
	Line int64  `json:"line"`
	Why  string `json:"why"`
}

// Reader reads an address of a kind as people write it and gives it as the
// channel needs it. The error says what to write instead, without the address.
type Reader func(kind, typed string) (string, error)

// read turns what an app wrote into a person.
func (r *Recipient) read(languages []string, read Reader) (Person, error) {
	p := Person{Ref: r.Ref, Lang: r.Lang}
	switch {
	case r.Ref == "":
		return p, errors.New("ref is missing; write what the app calls this recipient")
	case len(r.Ref) > maxRef || strings.IndexFunc(r.Ref, notRef) >= 0:
		return p, fmt.Errorf("ref is not one; write at most %d letters, digits, - _ . : or @", maxRef)
	case r.Lang == "":
		p.Lang = languages[0]
	case !slices.Contains(languages, r.Lang):
		return p, fmt.Errorf("the site is not in the language; write %s", strings.Join(languages, ", "))
	}
	if len(r.To) == 0 || len(r.To) > maxKinds {
		return p, fmt.Errorf("there are %d addresses; write 1 to %d by kind, such as sms or email", len(r.To), maxKinds)
	}
	for _, kind := range slices.Sorted(maps.Keys(r.To)) {
		if len(r.To[kind]) > maxAddress {
			return p, fmt.Errorf("%s is longer than any address", clip(kind))
		}
		address, err := read(kind, r.To[kind])
		if err != nil {
			return p, fmt.Errorf("%s: %w", clip(kind), err)
		}
		p.Addresses = append(p.Addresses, Address{kind, address})
	}
	return p, nil
}

func notRef(r rune) bool {
	return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("-_.:@", r)
}

// Errors of an upload as a whole.
var (
	ErrTooManyLines = fmt.Errorf("there are more than %d lines; send the rest as another upload", MaxLines)
	ErrNoHeader     = errors.New("the first line does not name the columns; write ref,lang and kinds of address, such as ref,lang,sms,email")
)

// ReadLines reads recipients one by one, without keeping them. Columns says
// that they come as CSV, its first line naming the columns; else each line is a
// JSON object. What cannot be read of a line is given in err; an error of
// yield ends it.
func ReadLines(in io.Reader, columns bool, yield func(line int64, r Recipient, err error) error) error {
	lines := bufio.NewReaderSize(in, maxLine)
	var header []string
	read := 0
	for n := int64(1); ; n++ {
		line, fault, err := nextLine(lines)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if n == 1 {
			line = bytes.TrimPrefix(line, []byte(utf8Mark))
		}
		if columns && header == nil {
			if header, err = headerOf(line, fault); err != nil {
				return err
			}
			continue
		}
		if fault == nil && len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		if read++; read > MaxLines {
			return ErrTooManyLines
		}
		var r Recipient
		switch {
		case fault != nil:
		case columns:
			r, fault = fromCSV(header, line)
		default:
			r, fault = fromJSON(line)
		}
		if err := yield(n, r, fault); err != nil {
			return err
		}
	}
}

// nextLine reads to the line's end; of one that is too long it keeps nothing
// and gives a fault.
func nextLine(lines *bufio.Reader) (line []byte, fault, err error) {
	line, err = lines.ReadSlice('\n')
	for errors.Is(err, bufio.ErrBufferFull) {
		fault = fmt.Errorf("it is longer than %d bytes", maxLine)
		line, err = lines.ReadSlice('\n')
	}
	if errors.Is(err, io.EOF) && (len(line) > 0 || fault != nil) {
		err = nil
	}
	return bytes.TrimRight(line, "\r\n"), fault, err
}

func fromJSON(line []byte) (r Recipient, err error) {
	d := json.NewDecoder(bytes.NewReader(line))
	d.DisallowUnknownFields()
	if err := d.Decode(&r); err != nil {
		return r, errors.New(`it is no object of ref, lang and to; write {"ref": "…", "to": {"sms": "…"}}`)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return r, errors.New("something follows the JSON object")
	}
	return r, nil
}

func headerOf(line []byte, fault error) ([]string, error) {
	header, err := fields(line)
	if fault != nil || err != nil || len(header) < 2 || len(header) > maxKinds+2 || header[0] != "ref" {
		return nil, ErrNoHeader
	}
	seen := map[string]bool{}
	for _, name := range header {
		if name == "" || seen[name] {
			return nil, ErrNoHeader
		}
		seen[name] = true
	}
	return header, nil
}

func fields(line []byte) ([]string, error) {
	r := csv.NewReader(bytes.NewReader(line))
	r.LazyQuotes = false
	return r.Read()
}

func fromCSV(header []string, line []byte) (Recipient, error) {
	r := Recipient{To: map[string]string{}}
	values, err := fields(line)
	if err != nil || len(values) != len(header) {
		return r, fmt.Errorf("it has not %d columns; a line break inside a value is not taken", len(header))
	}
	for i, value := range values {
		switch name := header[i]; {
		case name == "ref":
			r.Ref = value
		case name == "lang":
			r.Lang = value
		case value != "":
			r.To[name] = value
		}
	}
	return r, nil
}
