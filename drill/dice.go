package drill

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"sync/atomic"
	"time"
)

// dice draws numbers that follow from a seed and the count of draws alone, so
// that the nth message of a service gets the same id and the same waiting time
// in each run with that seed. Many may draw at once.
type dice struct {
	seed  uint64
	draws atomic.Uint64
}

func newDice(seed uint64, purpose string) *dice {
	return &dice{seed: binary.BigEndian.Uint64(derive(seed, purpose))}
}

// next is the splitmix64 generator of Steele, Lea and Flood, which may be
// started at any point of its sequence.
func (d *dice) next() uint64 {
	x := d.seed + d.draws.Add(1)*0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// id draws 32 hexadecimal digits after a prefix.
func (d *dice) id(prefix string) string {
	var raw [16]byte
	binary.BigEndian.PutUint64(raw[:8], d.next())
	binary.BigEndian.PutUint64(raw[8:], d.next())
	out := make([]byte, 0, len(prefix)+2*len(raw))
	return string(hex.AppendEncode(append(out, prefix...), raw[:]))
}

// Span is a range of durations.
type Span struct{ Min, Max time.Duration }

// between draws a duration of the span.
func (d *dice) between(s Span) time.Duration {
	if s.Max <= s.Min {
		return s.Min
	}
	return s.Min + time.Duration(d.next()%uint64(s.Max-s.Min+1)) //nolint:gosec // the span is positive here
}

// derive makes 32 bytes of the seed for one purpose.
func derive(seed uint64, purpose string) []byte {
	var key [8]byte
	binary.BigEndian.PutUint64(key[:], seed)
	mac := hmac.New(sha256.New, key[:])
	mac.Write([]byte(purpose))
	return mac.Sum(nil)
}

// secret makes 32 hexadecimal digits of the seed for one purpose.
func secret(seed uint64, purpose string) string {
	return hex.EncodeToString(derive(seed, purpose)[:16])
}
