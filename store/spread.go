package store

import (
	"cmp"
	"slices"
	"time"

	"bongsu/notifier"
)

// What a spread is of.
const (
	spreadHanded = iota
	spreadDelivered
)

type spreadKey struct {
	notice  int64
	channel string
	what    int
	bucket  int
}

// spreads is what a transaction adds to how long people waited.
type spreads map[spreadKey]int64

func (s spreads) add(notice int64, channel string, what int, took time.Duration) {
	s[spreadKey{notice, channel, what, notifier.Bucket(took)}]++
}

// handed counts the plain hand-overs: all but those which needed a closer look.
func (s spreads) handed(results []notifier.Result, rest []*notifier.Result) {
	for i := range results {
		r := &results[i]
		if r.Kind != notifier.Handed || slices.Contains(rest, r) {
			continue
		}
		s.add(r.Notice, r.Channel, spreadHanded, r.At.Sub(r.Made))
		if r.Rank == notifier.Delivered {
			s.add(r.Notice, r.Channel, spreadDelivered, r.At.Sub(r.Made))
		}
	}
}

const spreadText = `
	INSERT INTO spread (notice, channel, node, what, bucket, people) VALUES ($1, $2, $3, $4, $5, $6)
	ON CONFLICT (notice, channel, node, what, bucket) DO UPDATE SET people = spread.people + excluded.people`

// statements add to the node's own rows, in one order for all.
func (s spreads) statements(node string) []statement {
	keys := make([]spreadKey, 0, len(s))
	for k := range s {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b spreadKey) int {
		return cmp.Or(cmp.Compare(a.notice, b.notice), cmp.Compare(a.channel, b.channel), cmp.Compare(a.what, b.what), cmp.Compare(a.bucket, b.bucket))
	})
	all := make([]statement, len(keys))
	for i, k := range keys {
		all[i] = statement{spreadText, []any{k.notice, k.channel, node, k.what, k.bucket, s[k]}}
	}
	return all
}
