package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"bongsu/status"
)

const (
	// shardSize is how many series share a block: enough that rows are few, few
	// enough that reading one series does not mean reading everybody's.
	shardSize = 16
	// hourGrace and dayGrace are how long after its end an hour, or a day, is
	// put together. Looks that come later are put in later.
	hourGrace = 10 * time.Minute
	dayGrace  = 15 * time.Minute
	// maxSteps bounds one call of CompactHistory, the others one of its steps.
	maxSteps    = 64
	maxSegments = 1024
	maxGathered = 65_536 // looks
	maxBlocks   = 64     // written in one transaction
	maxMerged   = 16     // shards whose hour is put together in one transaction
	maxPruned   = 64
)

func shardOf(series int64) int64 { return series / shardSize }

// CompactHistory puts what was committed into the form it is kept and read in,
// and forgets what is too old. It is to be called about once a minute; More
// says that it has not come to an end and is to be called again soon.
//
// It works in steps: looks from segments into blocks of five minutes, these into
// blocks of an hour, and the hours of a day into points. Each step is a short
// transaction that may be broken off or done twice, because a look is named by
// its series and time wherever it is. Any number of nodes may call it: a step
// that builds on what another node has changed meanwhile is given up, and the
// call with it.
func (s *Store) CompactHistory(ctx context.Context, now time.Time) (more bool, err error) {
	for range maxSteps {
		worked, err := s.compact(ctx, millis(now))
		if errors.Is(err, errOvertaken) {
			return false, nil // whoever it was goes on
		}
		if err != nil {
			return false, fmt.Errorf("compacting the history: %w", err)
		}
		if !worked {
			return false, nil
		}
	}
	return true, nil
}

// errOvertaken says that another node has taken a turn meanwhile.
var errOvertaken = errors.New("another node compacts the history")

// compaction is where the history stands. Whoever changes blocks or points
// reads it first, and takes the next turn with the change.
type compaction struct {
	turn    int64
	rawFrom int64
}

func readCompaction(ctx context.Context, q querier) (c compaction, err error) {
	err = q.QueryRowContext(ctx, "SELECT turn, raw_from FROM look_compaction WHERE one = 1").Scan(&c.turn, &c.rawFrom)
	return c, err
}

// take does something to the blocks or points, unless another was faster.
func (s *Store) take(ctx context.Context, c *compaction, do func(tx *sql.Tx) error) error {
	err := s.inTx(ctx, func(tx *sql.Tx) error {
		taken, err := tx.ExecContext(ctx, "UPDATE look_compaction SET turn = turn + 1, raw_from = $1 WHERE one = 1 AND turn = $2", c.rawFrom, c.turn)
		if err != nil {
			return err
		}
		if rows, err := taken.RowsAffected(); err != nil || rows == 0 {
			return cmpErr(err, errOvertaken)
		}
		return do(tx)
	})
	if err == nil {
		c.turn++
	}
	return err
}

// compact does one step of the first kind that has something to do. A kind
// relies on those before it having nothing left.
func (s *Store) compact(ctx context.Context, now int64) (worked bool, err error) {
	c, err := readCompaction(ctx, s.read)
	if err != nil {
		return false, err
	}
	for _, step := range []struct {
		what string
		do   func(context.Context, *compaction, int64) (bool, error)
	}{
		{"gathering looks", s.gather},
		{"putting hours together", s.mergeHours},
		{"summing up a day", s.packDay},
		{"forgetting old looks", s.pruneLooks},
		{"forgetting old points", s.prunePoints},
	} {
		if worked, err = step.do(ctx, &c, now); err != nil {
			return false, fmt.Errorf("%s: %w", step.what, err)
		}
		if worked {
			return true, nil
		}
	}
	return false, nil
}

// spot is where a block is.
type spot struct {
	shard, at int64
}

func (a spot) compare(b spot) int {
	return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.shard, b.shard))
}

// block is what is to be written there.
type block struct {
	spot
	body []byte
}

// gather moves the looks of the oldest segments into blocks of five minutes.
// The segments go with the last of them: until then a look may be in both,
// which is one look.
func (s *Store) gather(ctx context.Context, c *compaction, _ int64) (worked bool, err error) {
	segments, looks, err := s.oldestSegments(ctx)
	if err != nil || len(segments) == 0 {
		return false, err
	}
	into := map[spot][]look{}
	for _, l := range looks {
		if l.at >= c.rawFrom { // else it comes too late: its day is summed up for good
			at := spot{shardOf(l.series), floor(l.at, stepFine)}
			into[at] = append(into[at], l)
		}
	}
	all := slices.SortedFunc(maps.Keys(into), spot.compare)
	for len(all) > maxBlocks {
		if err := s.addToBlocks(ctx, c, all[:maxBlocks], into, nil); err != nil {
			return false, err
		}
		all = all[maxBlocks:]
	}
	return true, s.addToBlocks(ctx, c, all, into, segments)
}

func (s *Store) oldestSegments(ctx context.Context) (segments []segment, looks []look, err error) {
	err = each(ctx, s.read, func(rows *sql.Rows) error {
		if len(looks) >= maxGathered {
			return nil
		}
		var g segment
		if err := rows.Scan(&g.began, &g.mark, &g.body); err != nil {
			return err
		}
		err := eachLook(g.body, 0, func(l look) { looks = append(looks, l) })
		segments = append(segments, segment{began: g.began, mark: g.mark})
		return err
	}, "SELECT began, mark, body FROM look_segment ORDER BY began, mark LIMIT $1", maxSegments)
	return segments, looks, err
}

func (s *Store) addToBlocks(ctx context.Context, c *compaction, at []spot, into map[spot][]look, done []segment) error {
	blocks := make([]block, 0, len(at))
	for _, p := range at {
		looks, err := s.blockLooks(ctx, s.read, "shard = $1 AND span = $2 AND at = $3", 0, into[p], p.shard, stepFine, p.at)
		if err != nil {
			return err
		}
		blocks = append(blocks, block{p, encodeLooks(unite(looks))})
	}
	return s.take(ctx, c, func(tx *sql.Tx) error {
		if err := putBlocks(ctx, tx, stepFine, blocks); err != nil {
			return err
		}
		return dropSegments(ctx, tx, done)
	})
}

// blockLooks adds the looks of the blocks that meet a condition; of all series
// if series is 0.
func (s *Store) blockLooks(ctx context.Context, q querier, condition string, series int64, looks []look, args ...any) ([]look, error) {
	err := each(ctx, q, func(rows *sql.Rows) error {
		var body []byte
		if err := rows.Scan(&body); err != nil {
			return err
		}
		return eachLook(body, series, func(l look) { looks = append(looks, l) })
	}, "SELECT body FROM look_block WHERE "+condition, args...)
	return looks, err
}

func putBlocks(ctx context.Context, tx *sql.Tx, span int64, blocks []block) error {
	put, err := tx.PrepareContext(ctx, `
		INSERT INTO look_block (shard, span, at, packed, body) VALUES ($1, $2, $3, 0, $4)
		ON CONFLICT (shard, span, at) DO UPDATE SET packed = 0, body = excluded.body`)
	if err != nil {
		return err
	}
	defer put.Close()
	for _, b := range blocks {
		if _, err := put.ExecContext(ctx, b.shard, span, b.at, b.body); err != nil {
			return err
		}
	}
	return nil
}

func dropSegments(ctx context.Context, tx *sql.Tx, segments []segment) error {
	drop, err := tx.PrepareContext(ctx, "DELETE FROM look_segment WHERE began = $1 AND mark = $2")
	if err != nil {
		return err
	}
	defer drop.Close()
	for _, g := range segments {
		if _, err := drop.ExecContext(ctx, g.began, g.mark); err != nil {
			return err
		}
	}
	return nil
}

// mergeHours puts the five-minute blocks of the oldest hour that has passed
// into its hour's block, for some shards.
func (s *Store) mergeHours(ctx context.Context, c *compaction, now int64) (worked bool, err error) {
	limit := floor(now-hourGrace.Milliseconds(), stepHour)
	var first sql.NullInt64
	if err := s.read.QueryRowContext(ctx, "SELECT MIN(at) FROM look_block WHERE span = $1 AND at < $2", stepFine, limit).Scan(&first); err != nil || !first.Valid {
		return false, err
	}
	hour := floor(first.Int64, stepHour)
	shards, err := numbers(ctx, s.read, "SELECT DISTINCT shard FROM look_block WHERE span = $1 AND at >= $2 AND at < $3 ORDER BY shard LIMIT $4",
		stepFine, hour, hour+stepHour, maxMerged)
	if err != nil {
		return false, err
	}
	blocks := make([]block, 0, len(shards))
	for _, shard := range shards {
		looks, err := s.blockLooks(ctx, s.read, "shard = $1 AND (span = $2 AND at >= $3 AND at < $4 OR span = $5 AND at = $3)", 0, nil,
			shard, stepFine, hour, hour+stepHour, stepHour)
		if err != nil {
			return false, err
		}
		blocks = append(blocks, block{spot{shard, hour}, encodeLooks(unite(looks))})
	}
	return true, s.take(ctx, c, func(tx *sql.Tx) error {
		if err := putBlocks(ctx, tx, stepHour, blocks); err != nil {
			return err
		}
		for _, b := range blocks {
			if _, err := tx.ExecContext(ctx, "DELETE FROM look_block WHERE shard = $1 AND span = $2 AND at >= $3 AND at < $4", b.shard, stepFine, hour, hour+stepHour); err != nil {
				return err
			}
		}
		return nil
	})
}

// pack is a row of points.
type pack struct {
	series, step, at int64
	points           []point
}

// packDay sums up a day that has passed, for one shard: from all its looks, so
// that a day whose looks came late is summed up anew and right.
func (s *Store) packDay(ctx context.Context, c *compaction, now int64) (worked bool, err error) {
	limit := floor(now-dayGrace.Milliseconds(), stepDay)
	var waiting spot
	err = s.read.QueryRowContext(ctx, "SELECT at, shard FROM look_block WHERE packed = 0 AND span = 3600000 AND at < $1 ORDER BY at, shard LIMIT 1", limit).
		Scan(&waiting.at, &waiting.shard)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	day := floor(waiting.at, stepDay)
	looks, err := s.blockLooks(ctx, s.read, "shard = $1 AND span = $2 AND at >= $3 AND at < $4", 0, nil, waiting.shard, stepHour, day, day+stepDay)
	if err != nil {
		return false, err
	}
	var packs []pack
	for _, looks := range bySeries(unite(looks)) {
		for _, step := range []int64{stepFine, stepHour, stepDay} {
			p, err := s.repacked(ctx, looks, step, day)
			if err != nil {
				return false, err
			}
			packs = append(packs, p)
		}
	}
	return true, s.take(ctx, c, func(tx *sql.Tx) error {
		if err := putPacks(ctx, tx, packs); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, "UPDATE look_block SET packed = 1 WHERE shard = $1 AND span = $2 AND at >= $3 AND at < $4", waiting.shard, stepHour, day, day+stepDay)
		return err
	})
}

// repacked is a series' pack with the points of a day put in anew.
func (s *Store) repacked(ctx context.Context, looks []look, step, day int64) (pack, error) {
	p := pack{series: looks[0].series, step: step, at: floor(day, packSpan[step])}
	err := each(ctx, s.read, func(rows *sql.Rows) (err error) {
		var body []byte
		if err = rows.Scan(&body); err == nil {
			p.points, err = decodePoints(body, p.at, step)
		}
		return err
	}, "SELECT body FROM look_pack WHERE series = $1 AND step = $2 AND at = $3", p.series, step, p.at)
	p.points = splice(p.points, summarise(looks, step), day, day+stepDay)
	return p, err
}

func putPacks(ctx context.Context, tx *sql.Tx, packs []pack) error {
	put, err := tx.PrepareContext(ctx, `
		INSERT INTO look_pack (series, step, at, body) VALUES ($1, $2, $3, $4)
		ON CONFLICT (series, step, at) DO UPDATE SET body = excluded.body`)
	if err != nil {
		return err
	}
	defer put.Close()
	for _, p := range packs {
		if _, err := put.ExecContext(ctx, p.series, p.step, p.at, encodePoints(p.points, p.at, p.step)); err != nil {
			return err
		}
	}
	return nil
}

// pruneLooks forgets the looks of days that are over for longer than looks are
// kept. From then on looks of those days come too late: their points stand.
func (s *Store) pruneLooks(ctx context.Context, c *compaction, now int64) (worked bool, err error) {
	c.rawFrom = max(c.rawFrom, floor(now, stepDay)-rawFor.Milliseconds())
	var old []spot
	if err := each(ctx, s.read, func(rows *sql.Rows) error {
		var p spot
		err := rows.Scan(&p.at, &p.shard)
		old = append(old, p)
		return err
	}, "SELECT at, shard FROM look_block WHERE span = $1 AND at < $2 ORDER BY at, shard LIMIT $3", stepHour, c.rawFrom, maxPruned); err != nil || len(old) == 0 {
		return false, err
	}
	return true, s.take(ctx, c, func(tx *sql.Tx) error {
		for _, p := range old {
			if _, err := tx.ExecContext(ctx, "DELETE FROM look_block WHERE shard = $1 AND span = $2 AND at = $3", p.shard, stepHour, p.at); err != nil {
				return err
			}
		}
		return nil
	})
}

// prunePoints forgets the packs whose last point is older than points are kept.
func (s *Store) prunePoints(ctx context.Context, c *compaction, now int64) (worked bool, err error) {
	for _, step := range []int64{stepFine, stepHour, stepDay} {
		var old []pack
		if err := each(ctx, s.read, func(rows *sql.Rows) error {
			p := pack{step: step}
			err := rows.Scan(&p.at, &p.series)
			old = append(old, p)
			return err
		}, "SELECT at, series FROM look_pack WHERE step = $1 AND at < $2 ORDER BY at, series LIMIT $3",
			step, now-pointsFor.Milliseconds()-packSpan[step], maxPruned); err != nil {
			return false, err
		}
		if len(old) == 0 {
			continue
		}
		return true, s.take(ctx, c, func(tx *sql.Tx) error {
			for _, p := range old {
				if _, err := tx.ExecContext(ctx, "DELETE FROM look_pack WHERE series = $1 AND step = $2 AND at = $3", p.series, p.step, p.at); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return false, nil
}

// historySteps are those of the vocabulary.
var historySteps = []time.Duration{status.StepFine, status.StepHourly, status.StepDaily}
