package store

import (
	"context"
	"database/sql"
	"time"

	"bongsu/status"
)

// Through puts something between the store and its databases.
func (s *Store) Through(wrap func(*sql.DB) *sql.DB) {
	read, write := s.read, s.write
	s.write = wrap(write)
	if s.read = s.write; read != write {
		s.read = wrap(read)
	}
}

// ForgetHistory empties the history, so that a test can begin anew without a
// new database.
func (s *Store) ForgetHistory(ctx context.Context) error {
	return s.inTx(ctx, func(tx *sql.Tx) error {
		for _, text := range []string{
			"DELETE FROM look_segment", "DELETE FROM look_block", "DELETE FROM look_pack",
			"UPDATE look_compaction SET turn = turn + 1, raw_from = 0",
		} {
			if _, err := tx.ExecContext(ctx, text); err != nil {
				return err
			}
		}
		return nil
	})
}

// RawFrom is since when looks are kept one by one.
func (s *Store) RawFrom(ctx context.Context) (time.Time, error) {
	c, err := readCompaction(ctx, s.read)
	return fromMillis(c.rawFrom), err
}

// CountHistory counts the rows of the history's tables.
func (s *Store) CountHistory(ctx context.Context) (segments, blocks, packs int, err error) {
	err = s.read.QueryRowContext(ctx, `SELECT (SELECT COUNT(*) FROM look_segment), (SELECT COUNT(*) FROM look_block), (SELECT COUNT(*) FROM look_pack)`).
		Scan(&segments, &blocks, &packs)
	return segments, blocks, packs, err
}

// StandingAt is when the look began that is written of a standing.
func (s *Store) StandingAt(ctx context.Context, v status.Series) (at time.Time, err error) {
	err = s.read.QueryRowContext(ctx, "SELECT at FROM standing WHERE checked = $1 AND location = $2", v.Check, v.Location).Scan(instant{&at})
	return at, err
}

// Recode reads a body of looks and writes it again.
func Recode(body []byte) ([]byte, error) {
	var looks []look
	if err := eachLook(body, 0, func(l look) { looks = append(looks, l) }); err != nil {
		return nil, err
	}
	return encodeLooks(unite(looks)), nil
}

// RecodePoints does the same with a body of points.
func RecodePoints(body []byte) ([]byte, error) {
	points, err := decodePoints(body, 0, stepFine)
	return encodePoints(points, 0, stepFine), err
}

// Body writes votes as a segment has them, of series numbered as they come.
func Body(votes []status.Vote) []byte {
	ids := map[status.Series]int64{}
	var looks []look
	for i := range votes {
		v := &votes[i]
		series := status.Series{Check: v.Check, Location: v.Location}
		if ids[series] == 0 {
			ids[series] = int64(len(ids) + 1)
		}
		looks = append(looks, look{ids[series], millis(v.At), v.Took.Microseconds(), v.Outcome, v.Reason})
	}
	return encodeLooks(unite(looks))
}
