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
	hashes *sync.Pool // of hash.Hash: keyed once, used for every key
}

// NewStamp takes the secret that authenticates keys, at least 16 bytes.
func NewStamp(secret []byte) Stamp {
	secret = slices.Clone(secret)
	return Stamp{&sync.Pool{New: func() any { return hmac.New(sha256.New, secret) }}}
}

// Key is the key of a delivery, at most 44 characters of digits, lower-case
// letters and "-": it fits every gateway's field for a reference of ours.
func (s Stamp) Key(batch, rcpt int64) string {
	place := strconv.FormatInt(batch, 36) + "-" + strconv.FormatInt(rcpt, 36)
	return place + "-" + s.proof(place)
}

// ManyKey is the key of one request for all recipients of a batch that get the
// same text. It is of the same form as a delivery's and is none: ParseKey says
// false to it.
func (s Stamp) ManyKey(batch int64, lang string, again bool) string {
	place := strconv.FormatInt(batch, 36) + "-all-" + strings.ToLower(lang)
	if again {
		place += "-again"
	}
	return place + "-" + s.proof(place)
}

// ParseKey is the other way. It says false to any key that s did not make.
func (s Stamp) ParseKey(key string) (batch, rcpt int64, ok bool) {
	place, proof, found := cutLast(key, "-")
	if !found || !hmac.Equal([]byte(proof), []byte(s.proof(place))) {
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

// proof is 80 bits of the keyed hash: guessing one takes longer than a notice
// lives, even at a million callbacks a second.
func (s Stamp) proof(place string) string {
	h := s.hashes.Get().(hash.Hash)
	defer s.hashes.Put(h)
	h.Reset()
	h.Write([]byte(place))
	var sum [sha256.Size]byte
	return keyText.EncodeToString(h.Sum(sum[:0])[:10])
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}
