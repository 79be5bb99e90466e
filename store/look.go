package store

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"bongsu/status"
)

// look is a vote as the history keeps it. Series and at name it: the same look
// kept twice is one look.
type look struct {
	series  int64
	at      int64 // when it began, in milliseconds since 1970
	took    int64 // in microseconds
	outcome status.Outcome
	reason  string // empty when ok
}

const (
	// maxReason bounds a reason that is kept, in bytes.
	maxReason = 200
	// maxReasons bounds how many different reasons one series has in one body:
	// what differs each time is a number, and the first ones show which.
	maxReasons = 32
)

// Bodies of segments and blocks. All numbers are varints:
//
//	version, the earliest time, how many reasons, each with its length,
//	how many series, and of each
//	  its number less the one before, how many looks, their length in bytes,
//	  and of each look
//	    its time less the one before, less what that difference was before,
//	    microseconds times eight plus outcome, and unless ok a reason's number
//	    (0: none is kept).
//
// Looks come at regular times, so mostly a time takes one byte and a look four.
const lookVersion = 1

// unite orders looks by series and time and makes one of those that are the
// same.
func unite(looks []look) []look {
	slices.SortFunc(looks, func(a, b look) int {
		return cmp.Or(cmp.Compare(a.series, b.series), cmp.Compare(a.at, b.at),
			// Of two that differ and should not, the worse stays, whoever comes first.
			cmp.Compare(b.outcome, a.outcome), cmp.Compare(b.took, a.took), cmp.Compare(b.reason, a.reason))
	})
	return slices.CompactFunc(looks, func(a, b look) bool { return a.series == b.series && a.at == b.at })
}

// encodeLooks writes looks that are united.
func encodeLooks(looks []look) []byte {
	base := int64(0)
	for i := range looks {
		if i == 0 || looks[i].at < base {
			base = looks[i].at
		}
	}
	index, reasons := indexReasons(looks)
	body := make([]byte, 0, 16+8*len(looks))
	body = append(body, lookVersion)
	body = binary.AppendVarint(body, base)
	body = binary.AppendUvarint(body, uint64(len(reasons)))
	for _, r := range reasons {
		body = binary.AppendUvarint(body, uint64(len(r)))
		body = append(body, r...)
	}
	groups := bySeries(looks)
	body = binary.AppendUvarint(body, uint64(len(groups)))
	before := int64(0)
	var group []byte
	for _, g := range groups {
		group = encodeSeries(group[:0], g, base, index)
		body = appendNumber(body, g[0].series-before)
		body = binary.AppendUvarint(body, uint64(len(g)))
		body = binary.AppendUvarint(body, uint64(len(group)))
		body = append(body, group...)
		before = g[0].series
	}
	return body
}

func encodeSeries(body []byte, looks []look, base int64, index map[seriesReason]uint64) []byte {
	at, gap := base, int64(0)
	for i := range looks {
		l := &looks[i]
		next := l.at - at
		body = binary.AppendVarint(body, next-gap)
		if at = l.at; i > 0 {
			gap = next
		}
		body = appendNumber(body, l.took<<3|int64(l.outcome))
		if l.outcome != status.OK {
			body = binary.AppendUvarint(body, index[seriesReason{l.series, l.reason}])
		}
	}
	return body
}

type seriesReason struct {
	series int64
	reason string
}

// indexReasons numbers the reasons to keep, from one. Those of a series beyond
// its bound have no number.
func indexReasons(looks []look) (index map[seriesReason]uint64, reasons []string) {
	index = map[seriesReason]uint64{}
	numbers := map[string]uint64{}
	series, kept := int64(0), 0
	for i := range looks {
		l := &looks[i]
		if l.outcome == status.OK || l.reason == "" {
			continue
		}
		if l.series != series {
			series, kept = l.series, 0
		}
		key := seriesReason{l.series, l.reason}
		if _, known := index[key]; known || kept == maxReasons {
			continue
		}
		if numbers[l.reason] == 0 {
			reasons = append(reasons, l.reason)
			numbers[l.reason] = uint64(len(reasons))
		}
		index[key] = numbers[l.reason]
		kept++
	}
	return index, reasons
}

// bySeries cuts united looks into one piece for each series.
func bySeries(looks []look) [][]look {
	var groups [][]look
	for len(looks) > 0 {
		n := slices.IndexFunc(looks, func(l look) bool { return l.series != looks[0].series })
		if n < 0 {
			n = len(looks)
		}
		groups, looks = append(groups, looks[:n]), looks[n:]
	}
	return groups
}

// errBody says that a body is not what was written.
var errBody = errors.New("the body is damaged")

// eachLook reads the looks of one series, or with series 0 of all, in order of
// series and time.
func eachLook(body []byte, series int64, do func(look)) error {
	r := lookReader{rest: body}
	if version := r.uvarint(); version != lookVersion {
		return fmt.Errorf("reading looks: %w: version %d", errBody, version)
	}
	base := r.varint()
	reasons := r.reasons()
	id := int64(0)
	for range r.uvarint() {
		id += r.number()
		n := r.uvarint()
		group := lookReader{rest: r.bytes()}
		if r.bad {
			break
		}
		if series != 0 && id != series {
			continue
		}
		if group.looks(id, n, base, reasons, do); group.bad {
			r.bad = true
			break
		}
	}
	if r.bad {
		return fmt.Errorf("reading looks: %w", errBody)
	}
	return nil
}

// lookReader reads numbers and texts until the first that is not there.
type lookReader struct {
	rest []byte
	bad  bool
}

func (r *lookReader) uvarint() uint64 {
	v, n := binary.Uvarint(r.rest)
	if n <= 0 {
		r.rest, r.bad = nil, true
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

func (r *lookReader) varint() int64 {
	v, n := binary.Varint(r.rest)
	if n <= 0 {
		r.rest, r.bad = nil, true
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

// number reads what appendNumber wrote.
func (r *lookReader) number() int64 {
	v := r.uvarint()
	if v > math.MaxInt64 {
		r.rest, r.bad = nil, true
		return 0
	}
	return int64(v)
}

// appendNumber writes a number that is not negative.
func appendNumber(body []byte, n int64) []byte {
	return binary.AppendUvarint(body, uint64(max(n, 0)))
}

// bytes reads a length and so many bytes.
func (r *lookReader) bytes() []byte {
	n := r.uvarint()
	if n > uint64(len(r.rest)) {
		r.rest, r.bad = nil, true
		return nil
	}
	b := r.rest[:n]
	r.rest = r.rest[n:]
	return b
}

func (r *lookReader) reasons() []string {
	reasons := []string{""}
	for range r.uvarint() {
		reason := r.bytes()
		if r.bad {
			return nil
		}
		reasons = append(reasons, string(reason))
	}
	return reasons
}

func (r *lookReader) looks(series int64, n uint64, base int64, reasons []string, do func(look)) {
	at, gap := base, int64(0)
	for i := range n {
		next := r.varint() + gap
		if at += next; i > 0 {
			gap = next
		}
		packed := r.number()
		l := look{series: series, at: at, took: packed >> 3, outcome: status.Outcome(packed & 7)}
		if l.outcome != status.OK {
			number := r.uvarint()
			if number >= uint64(len(reasons)) {
				r.bad = true
				return
			}
			l.reason = reasons[number]
		}
		if r.bad || l.outcome > status.Failed {
			r.bad = true
			return
		}
		do(l)
	}
}

// cut shortens a text to so many bytes, between two characters, and makes it
// one that every database takes.
func cut(text string, most int) string {
	text = strings.ToValidUTF8(strings.ReplaceAll(text, "\x00", ""), "\uFFFD")
	if len(text) <= most {
		return text
	}
	for most > 0 && !utf8.RuneStart(text[most]) {
		most--
	}
	return text[:most]
}
