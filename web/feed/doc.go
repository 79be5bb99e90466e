// Package feed writes what the page tells in the formats that other programs
// read: Atom, RSS and JSON Feed, iCalendar, CAP 1.2, and badges.
//
// It writes what it is given and knows no clock: the same things come out as
// the same bytes. Texts come from outside; whatever they hold, what is written
// stays well-formed.
package feed

import "strings"

// clean is a text without what the formats cannot hold: control characters,
// other than line breaks, and bytes that are no text.
func clean(s string) string {
	s = strings.ToValidUTF8(strings.ReplaceAll(s, "\r\n", "\n"), "\uFFFD")
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case r == '\r' || r == '\u2028' || r == '\u2029':
			return '\n'
		case r < ' ' || (r >= 0x7f && r <= 0x9f) || r == 0xFFFE || r == 0xFFFF:
			return -1
		}
		return r
	}, s)
}

// line is such a text in one line.
func line(s string) string { return strings.Join(strings.Fields(clean(s)), " ") }
