package notifier

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"hash"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Stamp makes and reads delivery keys: what goes out with every message and
// comes back in callbacks. A key is the delivery's place in the ledger and a
// short keyed hash of it, so that nobody can guess another's.
type Stamp struct {
	presses *sync.Pool // of *press
}

// press is what a key is made with: keyed once, used for many.
type press struct {
	hash hash.Hash
	sum  []byte
	text []byte
}

// NewStamp takes the secret that authenticates keys, at least 16 bytes.
func NewStamp(secret []byte) Stamp {
	secret = slices.Clone(secret)
	return Stamp{&sync.Pool{New: func() any { return &press{hash: hmac.New(sha256.New, secret)} }}}
}

// Key is the key of a delivery, at most 44 characters of digits, lower-case
// letters and "-": it fits every gateway's field for a reference of ours.
func (s Stamp) Key(batch, rcpt int64) string {
	p := s.presses.Get().(*press)
	defer s.presses.Put(p)
	p.text = strconv.AppendInt(p.text[:0], batch, 36)
	p.text = append(p.text, '-')
	p.text = strconv.AppendInt(p.text, rcpt, 36)
	return p.seal()
}

// ManyKey is the key of one request for all recipients of a batch that get the
// same text. It is of the same form as a delivery's and is none: ParseKey says
// false to it.
func (s Stamp) ManyKey(batch int64, lang string, again bool) string {
	place := strconv.FormatInt(batch, 36) + "-all-" + strings.ToLower(lang)
	if again {
		place += "-again"
	}
	p := s.presses.Get().(*press)
	defer s.presses.Put(p)
	p.text = append(p.text[:0], place...)
	return p.seal()
}

// ParseKey is the other way. It says false to any key that s did not make.
func (s Stamp) ParseKey(key string) (batch, rcpt int64, ok bool) {
	place, _, found := cutLast(key, "-")
	if !found || !s.made(key, place) {
		return 0, 0, false
	}
	left, right, _ := strings.Cut(place, "-")
	batch, err := strconv.ParseInt(left, 36, 64)
	if err != nil {
		return 0, 0, false
	}
	rcpt, err = strconv.ParseInt(right, 36, 64)
	return batch, rcpt, err == nil
}

var keyText = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// made says whether a key is that of a place.
func (s Stamp) made(key, place string) bool {
	p := s.presses.Get().(*press)
	defer s.presses.Put(p)
	p.text = append(p.text[:0], place...)
	return hmac.Equal([]byte(key), []byte(p.seal()))
}

// seal adds to the place in p.text its proof, which is 80 bits of the keyed hash:
// guessing one takes longer than a notice lives, even at a million callbacks a
// second.
func (p *press) seal() string {
	p.hash.Reset()
	p.hash.Write(p.text)
	p.sum = p.hash.Sum(p.sum[:0])
	p.text = append(p.text, '-')
	p.text = keyText.AppendEncode(p.text, p.sum[:10])
	return string(p.text)
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}
