package store

import (
	"cmp"
	"context"
	"slices"

	"bongsu/notifier"
)

// tallied is what a transaction adds to a notice's progress on a channel.
type tallied struct {
	planned, handed, delivered, failed, unknown, moved, cancelled, rescued, twice int64
}

type tallyKey struct {
	notice  int64
	channel string
}

type tallies map[tallyKey]*tallied

// of is the entry to add to.
func (t tallies) of(notice int64, channel string) *tallied {
	k := tallyKey{notice, channel}
	if t[k] == nil {
		t[k] = &tallied{}
	}
	return t[k]
}

// hand counts a message that a gateway took, or has delivered already.
func (t tallies) hand(r *notifier.Result) {
	of := t.of(r.Notice, r.Channel)
	of.handed++
	if r.Rank == notifier.Delivered {
		of.delivered++
	}
}

// addTally adds to the node's own rows: no two nodes wait for each other.
func addTally(ctx context.Context, q execer, node string, t tallies) error {
	return runAll(ctx, q, "counting progress", t.statements(node))
}

const tallyText = `
	INSERT INTO tally (notice, channel, node, planned, handed, delivered, failed, unknown, moved, cancelled, rescued, twice)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
	ON CONFLICT (notice, channel, node) DO UPDATE SET
	  planned = tally.planned + excluded.planned, handed = tally.handed + excluded.handed,
	  delivered = tally.delivered + excluded.delivered, failed = tally.failed + excluded.failed,
	  unknown = tally.unknown + excluded.unknown, moved = tally.moved + excluded.moved,
	  cancelled = tally.cancelled + excluded.cancelled, rescued = tally.rescued + excluded.rescued,
	  twice = tally.twice + excluded.twice`

// statements are in one order for all.
func (t tallies) statements(node string) []statement {
	keys := make([]tallyKey, 0, len(t))
	for k, v := range t {
		if *v != (tallied{}) {
			keys = append(keys, k)
		}
	}
	slices.SortFunc(keys, func(a, b tallyKey) int {
		return cmp.Or(cmp.Compare(a.notice, b.notice), cmp.Compare(a.channel, b.channel))
	})
	all := make([]statement, len(keys))
	for i, k := range keys {
		v := t[k]
		all[i] = statement{tallyText, []any{
			k.notice, k.channel, node, v.planned, v.handed, v.delivered, v.failed, v.unknown, v.moved, v.cancelled, v.rescued, v.twice,
		}}
	}
	return all
}
