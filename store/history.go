package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	"bongsu/status"
)

const (
	// rawFor is how long every look is kept, in whole days of UTC.
	rawFor = 7 * 24 * time.Hour
	// pointsFor is how long the points are kept.
	pointsFor = 731 * 24 * time.Hour
	// maxPoints bounds what one query gives, and so what it reads.
	maxPoints = 10_000
	// easyPoints is how many points a query gets at most whose step is free.
	easyPoints = 1_000
)

// Errors of those who ask for history.
var (
	ErrTooManyPoints = fmt.Errorf("more than %d points; ask for a shorter time or a longer step", maxPoints)
	ErrNoStep        = errors.New("no such step; ask for 5m, 1h or 24h, or leave it free")
)

// HistoryStep is the step a query's points have: the one it asks for, or the
// finest that gives no more than a thousand points.
func HistoryStep(q status.HistoryQuery) time.Duration {
	if q.Step != 0 {
		return q.Step
	}
	for _, step := range historySteps {
		if q.Until.Sub(q.From) <= easyPoints*step {
			return step
		}
	}
	return status.StepDaily
}

// Points gives the points of a series, oldest first, those of steps without a
// look left out: none for a series that was never looked at. What was committed
// a moment ago is in it. It reads a bounded number of rows, however long ago
// the time is and however long the history.
//
// The error wraps [ErrTooManyPoints] or [ErrNoStep] if the query is at fault.
func (s *Store) Points(ctx context.Context, q status.HistoryQuery) ([]status.Point, error) {
	step := HistoryStep(q)
	if !slices.Contains(historySteps, step) {
		return nil, fmt.Errorf("reading history by %s: %w", step, ErrNoStep)
	}
	r := reading{Series: q.Series, step: step.Milliseconds(), settled: q.Settled}
	r.from = floor(max(millis(q.From), 0), r.step)
	r.until = floor(max(millis(q.Until), 0)+r.step-1, r.step)
	if (r.until-r.from)/r.step > maxPoints {
		return nil, fmt.Errorf("reading history by %s: %w", step, ErrTooManyPoints)
	}
	var points []point
	err := s.inReading(ctx, func(tx *sql.Tx) (err error) {
		points, err = s.pointsOf(ctx, tx, &r)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading history: %w", err)
	}
	public := make([]status.Point, 0, len(points))
	for i := range points {
		public = append(public, points[i].public(step))
	}
	return public, nil
}

// inReading gives do the database as it is at one instant.
func (s *Store) inReading(ctx context.Context, do func(tx *sql.Tx) error) error {
	options := &sql.TxOptions{ReadOnly: true}
	if s.dialect == postgres {
		options.Isolation = sql.LevelRepeatableRead
	}
	tx, err := s.read.BeginTx(ctx, options)
	if err != nil {
		return fmt.Errorf("beginning to read: %w", err)
	}
	defer tx.Rollback()
	return do(tx)
}

// reading is what is to be read of one series. Times are in milliseconds.
type reading struct {
	status.Series
	id          int64
	from, until int64
	step        int64
	settled     bool // without what is not gathered yet
}

// pointsOf takes the points from the packs, and for days of which not all is
// packed from the looks themselves.
func (s *Store) pointsOf(ctx context.Context, tx *sql.Tx, r *reading) ([]point, error) {
	known, err := r.find(ctx, tx)
	if err != nil || !known {
		return nil, err
	}
	looks, err := s.unpacked(ctx, tx, r)
	if err != nil {
		return nil, err
	}
	days := map[int64]bool{}
	for i := range looks {
		days[floor(looks[i].at, stepDay)] = true
	}
	for day := range days {
		if looks, err = s.blockLooks(ctx, tx, "shard = $1 AND span = $2 AND at >= $3 AND at < $4 AND packed = 1", r.id, looks,
			shardOf(r.id), stepHour, max(day, floor(r.from, stepHour)), min(day+stepDay, r.until)); err != nil {
			return nil, err
		}
	}
	points, err := r.packed(ctx, tx)
	if err != nil {
		return nil, err
	}
	points = slices.DeleteFunc(points, func(p point) bool { return days[floor(p.at, stepDay)] })
	points = append(points, summarise(unite(r.within(looks)), r.step)...)
	slices.SortFunc(points, func(a, b point) int { return cmp.Compare(a.at, b.at) })
	return points, nil
}

// find looks up the series' number.
func (r *reading) find(ctx context.Context, q querier) (known bool, err error) {
	err = q.QueryRowContext(ctx, "SELECT id FROM look_series WHERE checked = $1 AND location = $2", r.Check, r.Location).Scan(&r.id)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

// unpacked are the looks of the time that are not in any pack yet.
func (s *Store) unpacked(ctx context.Context, tx *sql.Tx, r *reading) ([]look, error) {
	c, err := readCompaction(ctx, tx)
	if err != nil {
		return nil, err
	}
	var looks []look
	if !r.settled {
		if looks, err = s.segmentLooks(ctx, tx, r, looks); err != nil {
			return nil, err
		}
	}
	shard := shardOf(r.id)
	if looks, err = s.blockLooks(ctx, tx, "shard = $1 AND span = $2 AND at >= $3 AND at < $4", r.id, looks, shard, stepFine, floor(r.from, stepFine), r.until); err != nil {
		return nil, err
	}
	if looks, err = s.blockLooks(ctx, tx, "shard = $1 AND span = $2 AND at >= $3 AND at < $4 AND packed = 0", r.id, looks,
		shard, stepHour, floor(r.from, stepHour), r.until); err != nil {
		return nil, err
	}
	looks = r.within(looks)
	return slices.DeleteFunc(looks, func(l look) bool { return l.at < c.rawFrom }), nil
}

func (r *reading) within(looks []look) []look {
	return slices.DeleteFunc(looks, func(l look) bool { return l.at < r.from || l.at >= r.until })
}

// segmentLooks adds what was committed and not gathered yet.
func (s *Store) segmentLooks(ctx context.Context, q querier, r *reading, looks []look) ([]look, error) {
	err := each(ctx, q, func(rows *sql.Rows) error {
		var body []byte
		if err := rows.Scan(&body); err != nil {
			return err
		}
		return eachLook(body, r.id, func(l look) { looks = append(looks, l) })
	}, "SELECT body FROM look_segment WHERE began < $1 AND ended >= $2", r.until, r.from)
	return looks, err
}

// packed are the packed points of the time.
func (r *reading) packed(ctx context.Context, q querier) ([]point, error) {
	var points []point
	err := each(ctx, q, func(rows *sql.Rows) error {
		var at int64
		var body []byte
		if err := rows.Scan(&at, &body); err != nil {
			return err
		}
		more, err := decodePoints(body, at, r.step)
		for _, p := range more {
			if r.from <= p.at && p.at < r.until {
				points = append(points, p)
			}
		}
		return err
	}, "SELECT at, body FROM look_pack WHERE series = $1 AND step = $2 AND at >= $3 AND at < $4 ORDER BY at",
		r.id, r.step, floor(r.from, packSpan[r.step]), r.until)
	return points, err
}

// Looks are the looks of a series that began in a time, oldest first, as far
// back as they are kept: seven days and the day that goes on. It ends after the
// first error. Reasons are cut to 200 bytes, and a series that has more than 32
// different ones within an hour keeps 32.
//
// It reads a day at a time, so whoever takes long with what it gives holds up
// nobody.
func (s *Store) Looks(ctx context.Context, v status.Series, from, until time.Time) iter.Seq2[status.Vote, error] {
	return func(yield func(status.Vote, error) bool) {
		r := reading{Series: v, from: max(millis(from), 0), until: max(millis(until), 0)}
		fail := func(err error) { yield(status.Vote{}, fmt.Errorf("reading looks: %w", err)) }
		known, err := r.find(ctx, s.read)
		if err == nil && known {
			err = s.narrow(ctx, &r)
		}
		if err != nil {
			fail(err)
			return
		}
		for known && r.from < r.until {
			day := r
			day.until = min(r.until, floor(r.from, stepDay)+stepDay)
			looks, err := s.looksOf(ctx, &day)
			if err != nil {
				fail(err)
				return
			}
			for i := range looks {
				if !yield(looks[i].vote(v), nil) {
					return
				}
			}
			r.from = day.until
		}
	}
}

// narrow brings the time down to what there may be looks of.
func (s *Store) narrow(ctx context.Context, r *reading) error {
	var first, last sql.NullInt64
	if err := s.read.QueryRowContext(ctx, `
		SELECT MIN(at), MAX(ended) FROM (
			SELECT MIN(at) AS at, MAX(at) + $1 AS ended FROM look_block WHERE shard = $2 AND span = $1
			UNION ALL SELECT MIN(at), MAX(at) + $3 FROM look_block WHERE shard = $2 AND span = $3
			UNION ALL SELECT MIN(began), MAX(ended) + 1 FROM look_segment
		) AS there`, stepHour, shardOf(r.id), stepFine).Scan(&first, &last); err != nil {
		return err
	}
	c, err := readCompaction(ctx, s.read)
	r.from, r.until = max(r.from, first.Int64, c.rawFrom), min(r.until, last.Int64)
	return err
}

// looksOf reads the looks of a day, or of a part of it.
func (s *Store) looksOf(ctx context.Context, r *reading) (looks []look, err error) {
	err = s.inReading(ctx, func(tx *sql.Tx) error {
		if looks, err = s.segmentLooks(ctx, tx, r, nil); err != nil {
			return err
		}
		looks, err = s.blockLooks(ctx, tx, "shard = $1 AND (span = $2 AND at >= $3 AND at < $5 OR span = $6 AND at >= $4 AND at < $5)", r.id, looks,
			shardOf(r.id), stepFine, floor(r.from, stepFine), floor(r.from, stepHour), r.until, stepHour)
		return err
	})
	return unite(r.within(looks)), err
}

func (l *look) vote(v status.Series) status.Vote {
	return status.Vote{
		Check: v.Check, Location: v.Location, Outcome: l.outcome, At: time.UnixMilli(l.at).UTC(),
		Took: time.Duration(l.took) * time.Microsecond, Reason: l.reason,
	}
}

// SeriesOf lists what there is history of under a name: a check's id, or a
// component's, which stands for all its checks. By check and location.
func (s *Store) SeriesOf(ctx context.Context, name string) ([]status.Series, error) {
	var found []status.Series
	err := each(ctx, s.read, func(rows *sql.Rows) error {
		var v status.Series
		err := rows.Scan(&v.Check, &v.Location)
		found = append(found, v)
		return err
	}, "SELECT checked, location FROM look_series WHERE checked = $1 OR substr(checked, 1, length($2)) = $2", name, name+"/")
	if err != nil {
		return nil, fmt.Errorf("looking for the history of %q: %w", name, err)
	}
	slices.SortFunc(found, func(a, b status.Series) int {
		return cmp.Or(cmp.Compare(a.Check, b.Check), cmp.Compare(a.Location, b.Location))
	})
	return found, nil
}

// intervalPage is how many intervals are read at once.
const intervalPage = 500

// Intervals are the states a component was in during a time, oldest first,
// whole: the first may begin before it and the last end after it, or go on. It
// ends after the first error.
func (s *Store) Intervals(ctx context.Context, component string, from, until time.Time) iter.Seq2[status.Interval, error] {
	return func(yield func(status.Interval, error) bool) {
		first := max(millis(from), 0)
		for {
			page, err := s.intervals(ctx, component, first, millis(until))
			if err != nil {
				yield(status.Interval{}, fmt.Errorf("reading the states of %q: %w", component, err))
				return
			}
			for _, v := range page {
				if !yield(v, nil) {
					return
				}
			}
			if len(page) < intervalPage {
				break
			}
			first = millis(page[len(page)-1].Until)
		}
		if v, ok, err := s.interval(ctx, component); err != nil || ok && v.Since.Before(until) {
			yield(v, err)
		}
	}
}

// intervals reads a page of ended ones: the last to begin at first or before,
// if it ended later, and those that follow.
func (s *Store) intervals(ctx context.Context, component string, first, until int64) ([]status.Interval, error) {
	var page []status.Interval
	err := each(ctx, s.read, func(rows *sql.Rows) error {
		v := status.Interval{Component: component}
		err := rows.Scan(instant{&v.Since}, instant{&v.Until}, named(&v.State))
		page = append(page, v)
		return err
	}, `SELECT since, until, state FROM state_interval
		WHERE component = $1 AND since < $2 AND until > $3
			AND since >= COALESCE((SELECT MAX(since) FROM state_interval WHERE component = $1 AND since <= $3), 0)
		ORDER BY since LIMIT $4`, component, until, first, intervalPage)
	return page, err
}

// interval is the one that goes on.
func (s *Store) interval(ctx context.Context, component string) (v status.Interval, ok bool, err error) {
	v.Component = component
	err = s.read.QueryRowContext(ctx, "SELECT since, state FROM condition WHERE component = $1", component).Scan(instant{&v.Since}, named(&v.State))
	if errors.Is(err, sql.ErrNoRows) {
		return v, false, nil
	}
	if err != nil {
		err = fmt.Errorf("reading the state of %q: %w", component, err)
	}
	return v, err == nil, err
}
