package agent

import (
	"slices"
	"strings"
	"sync"

	"bongsu/status"
	"bongsu/status/remote"
)

// buffer holds the looks that the hub has not said to have, oldest first. When
// there is no room the oldest go.
type buffer struct {
	room int
	bell chan struct{} // has one in it when a look has come

	mu    sync.Mutex
	looks []remote.Look
	first uint64 // the number of the first of them
	lost  uint64
}

func newBuffer(room int) *buffer {
	return &buffer{room: room, bell: make(chan struct{}, 1), first: 1}
}

// add keeps a look.
func (b *buffer) add(v *status.Vote) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.looks) >= b.room {
		b.drop(max(1, b.room/10)) // a tenth, so that they are not moved each time
	}
	b.looks = append(b.looks, remote.Look{
		Check: v.Check, Outcome: v.Outcome, At: v.At, Took: v.Took, Reason: oneLine(v.Reason),
	})
	b.ring()
}

// ring has the next batch sent soon.
func (b *buffer) ring() {
	select {
	case b.bell <- struct{}{}:
	default:
	}
}

func (b *buffer) drop(n int) {
	n = min(n, len(b.looks))
	b.looks = slices.Delete(b.looks, 0, n)
	gone := uint64(n) //nolint:gosec // nobody drops less than nothing
	b.first += gone
	b.lost += gone
}

const (
	// batchBytes is about how many bytes of looks a batch has at most.
	batchBytes = remote.MaxBatch / 2
	lookBytes  = 150 // of a look beside its texts
)

// batch is the oldest looks, as many as a batch may have. More says that there
// are others.
func (b *buffer) batch() (looks []remote.Look, first, lost uint64, more bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	size, n := 0, 0
	for n < min(len(b.looks), remote.MaxLooks) {
		size += lookBytes + 2*len(b.looks[n].Reason) + 2*len(b.looks[n].Check)
		if size > batchBytes && n > 0 {
			break
		}
		n++
	}
	return slices.Clone(b.looks[:n]), b.first, b.lost, n < len(b.looks)
}

// kept forgets the looks up to a number: the hub has them.
func (b *buffer) kept(upTo uint64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if upTo < b.first {
		return
	}
	n := min(upTo-b.first+1, uint64(len(b.looks)))
	b.looks = slices.Delete(b.looks, 0, int(n)) //nolint:gosec // at most their length
	b.first += n
}

// refused lets a batch go that the hub will never take.
func (b *buffer) refused(first uint64, n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if gone := int64(first) + int64(n) - int64(b.first); gone > 0 { //nolint:gosec // counted from 1 by one
		b.drop(int(gone))
	}
}

// waiting is how many looks the hub does not have.
func (b *buffer) waiting() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.looks)
}

// oneLine is a reason as it may travel.
func oneLine(s string) string {
	s = strings.ToValidUTF8(s, "�")
	s = strings.Map(func(r rune) rune {
		if remote.Unfit(r) {
			return ' '
		}
		return r
	}, s)
	if len(s) > remote.MaxReason {
		s = strings.ToValidUTF8(s[:remote.MaxReason-len("…")], "") + "…"
	}
	return s
}
