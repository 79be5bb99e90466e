package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"fmt"
	"maps"
	"sync"

	"bongsu/status"
)

// segment is the looks of one commit, or a part of them.
type segment struct {
	began, ended int64
	mark         int64
	body         []byte
}

// maxSegment bounds the looks of a segment, so that whoever reads some has an
// idea how much that is.
const maxSegment = 8192

// segments are the looks as they are committed. It numbers the series that are
// new, which harms nobody if the commit then fails.
func (s *Store) segments(ctx context.Context, votes []status.Vote) ([]segment, error) {
	if len(votes) == 0 {
		return nil, nil
	}
	ids, err := s.series.number(ctx, s, votes)
	if err != nil {
		return nil, err
	}
	looks := make([]look, 0, len(votes))
	for i := range votes {
		v := &votes[i]
		l := look{series: ids[i], at: millis(v.At), took: max(v.Took.Microseconds(), 0), outcome: v.Outcome}
		if l.at <= 0 {
			continue // it has no place in time
		}
		if l.outcome != status.OK {
			l.reason = cut(v.Reason, maxReason)
		}
		looks = append(looks, l)
	}
	looks = unite(looks)
	var all []segment
	for len(looks) > 0 {
		n := min(len(looks), maxSegment)
		all = append(all, newSegment(looks[:n]))
		looks = looks[n:]
	}
	return all, nil
}

func newSegment(looks []look) segment {
	g := segment{began: looks[0].at, ended: looks[0].at, body: encodeLooks(looks)}
	for i := range looks {
		g.began, g.ended = min(g.began, looks[i].at), max(g.ended, looks[i].at)
	}
	sum := sha256.Sum256(g.body)
	g.mark = int64(binary.BigEndian.Uint64(sum[:8]) >> 1)
	return g
}

func (s *Store) saveSegments(ctx context.Context, tx *sql.Tx, segments []segment) error {
	for _, g := range segments {
		if _, err := tx.ExecContext(ctx, "INSERT INTO look_segment (began, mark, ended, body) VALUES ($1, $2, $3, $4) ON CONFLICT (began, mark) DO NOTHING",
			g.began, g.mark, g.ended, g.body); err != nil {
			return fmt.Errorf("saving looks: %w", err)
		}
	}
	return nil
}

// seriesBook knows the numbers of the series that this process has met.
type seriesBook struct {
	mu     sync.Mutex
	known  map[status.Series]int64
	newest int64
}

// number gives the votes' series numbers.
func (b *seriesBook) number(ctx context.Context, s *Store, votes []status.Vote) ([]int64, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	ids := make([]int64, len(votes))
	missing := false
	for i := range votes {
		ids[i] = b.known[status.Series{Check: votes[i].Check, Location: votes[i].Location}]
		missing = missing || ids[i] == 0
	}
	if !missing {
		return ids, nil
	}
	if err := b.learn(ctx, s, votes); err != nil {
		return nil, fmt.Errorf("numbering what is looked at: %w", err)
	}
	for i := range votes {
		ids[i] = b.known[status.Series{Check: votes[i].Check, Location: votes[i].Location}]
	}
	return ids, nil
}

// learn reads the numbers that others gave since, and gives numbers to what has
// none. The counter's row is held meanwhile, so nobody gives the same, and
// numbers become visible in their order.
func (b *seriesBook) learn(ctx context.Context, s *Store, votes []status.Vote) error {
	found := map[status.Series]int64{}
	newest := b.newest
	err := s.inTx(ctx, func(tx *sql.Tx) error {
		clear(found)
		if err := tx.QueryRowContext(ctx, "UPDATE counter SET value = value WHERE name = 'series' RETURNING value").Scan(&newest); err != nil {
			return err
		}
		if err := each(ctx, tx, func(rows *sql.Rows) error {
			var id int64
			var v status.Series
			err := rows.Scan(&id, &v.Check, &v.Location)
			found[v] = id
			return err
		}, "SELECT id, checked, location FROM look_series WHERE id > $1", b.newest); err != nil {
			return err
		}
		for i := range votes {
			v := status.Series{Check: votes[i].Check, Location: votes[i].Location}
			if b.known[v] != 0 || found[v] != 0 {
				continue
			}
			newest++
			if _, err := tx.ExecContext(ctx, "INSERT INTO look_series (id, checked, location) VALUES ($1, $2, $3)", newest, v.Check, v.Location); err != nil {
				return err
			}
			found[v] = newest
		}
		_, err := tx.ExecContext(ctx, "UPDATE counter SET value = $1 WHERE name = 'series'", newest)
		return err
	})
	if err != nil {
		return err
	}
	if b.known == nil {
		b.known = map[status.Series]int64{}
	}
	maps.Copy(b.known, found)
	b.newest = newest
	return nil
}
