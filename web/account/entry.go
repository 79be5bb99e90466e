package account

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"time"
)

// Deeds that only the audit log knows: nobody needs leave for them.
const (
	LoggedIn  Deed = "logged-in"
	LoggedOut Deed = "logged-out"
)

// Entry is one line of the audit log: who did what to what, and when. It says
// no secret and no address of a subscriber.
type Entry struct {
	Number int64 // its place in the log, from 1; the log gives it
	At     time.Time
	Who    Who    // ID and Name, Role, App; not Lang
	Deed   Deed   // by which leave
	About  string // what it was done to, such as "incident 7F3K"
	Detail string // what was done, in a few words
	Hash   string // of this entry and the one before; the log gives it
}

// Limits of an entry's words, in bytes. What is longer is cut.
const (
	maxAbout  = 200
	maxDetail = 2000
)

// Bounded is the entry with its words cut to their limits and its time to the
// millisecond, as it is kept.
func (e Entry) Bounded() Entry {
	e.About, e.Detail = bounded(e.About, maxAbout), bounded(e.Detail, maxDetail)
	e.At = time.UnixMilli(e.At.UnixMilli())
	return e
}

func bounded(s string, most int) string {
	if len(s) <= most {
		return s
	}
	for most > 0 && s[most]&0xc0 == 0x80 { // not within a character
		most--
	}
	return s[:most]
}

// Chain is the hash of an entry behind another with the hash before; the first
// is behind the empty hash. Whoever changes, removes, adds or moves an entry
// changes the hash of every one after it.
func (e Entry) Chain(before string) string {
	h := sha256.New()
	put := func(s string) {
		var size [8]byte
		binary.BigEndian.PutUint64(size[:], uint64(len(s)))
		h.Write(size[:]) // a hash never returns an error
		h.Write([]byte(s))
	}
	var numbers [16]byte
	binary.BigEndian.PutUint64(numbers[:8], uint64(e.Number)) //nolint:gosec // bits, not a quantity
	binary.BigEndian.PutUint64(numbers[8:], uint64(e.At.UnixMilli()))
	put(before)
	put(string(numbers[:]))
	for _, s := range []string{e.Who.ID, e.Who.Name, string(e.Who.Role), e.Who.App, string(e.Deed), e.About, e.Detail} {
		put(s)
	}
	return hex.EncodeToString(h.Sum(nil))
}
