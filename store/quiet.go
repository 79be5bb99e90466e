package store

import (
	"context"
	"database/sql"
	"sync"
	"time"

	"bongsu/notifier"
	"bongsu/status"
)

// quietFor is how long a standing that says nothing new goes unwritten. A row
// for every look would be most of what is written; the looks themselves are in
// the history, and [Store.Memory] takes from there when the latest one was.
const quietFor = time.Minute

// quiet knows the standings as this process wrote them last.
type quiet struct {
	mu      sync.Mutex
	written map[status.Series]gist
	looks   map[moment]bool // of one record; kept for its room
}

// gist is what of a standing decides whether the next one says anything new.
type gist struct {
	Outcome status.Outcome
	Level   status.Level
	Recent  string
	Reason  string
	turned  int64 // Unix time in ns
	at      int64
}

func gistOf(v *status.Standing) gist {
	return gist{v.Outcome, v.Level, v.Recent, v.Reason, v.Turned.UnixNano(), v.At.UnixNano()}
}

// moment is when a look of a series began, in Unix milliseconds.
type moment struct {
	status.Series
	at int64
}

// news are the standings of a record that have to be written: all but those
// which differ only in times from what was written within a minute, and whose
// look is in the record.
func (q *quiet) news(r *notifier.Record) []status.Standing {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.looks == nil {
		q.looks = map[moment]bool{}
	}
	clear(q.looks)
	for i := range r.Looks {
		v := &r.Looks[i]
		q.looks[moment{status.Series{Check: v.Check, Location: v.Location}, millis(v.At)}] = true
	}
	var news []status.Standing
	for i := range r.Standings {
		v := &r.Standings[i]
		series := status.Series{Check: v.Check, Location: v.Location}
		before, known := q.written[series]
		if known && saysNothingNew(before, gistOf(v)) && q.looks[moment{series, millis(v.At)}] {
			continue
		}
		news = append(news, *v)
	}
	return news
}

func saysNothingNew(before, v gist) bool {
	lately := v.at-before.at < int64(quietFor)
	before.at = v.at
	return lately && v == before
}

// wrote takes note of what a commit has written.
func (q *quiet) wrote(standings []status.Standing) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.written == nil {
		q.written = map[status.Series]gist{}
	}
	for i := range standings {
		v := &standings[i]
		q.written[status.Series{Check: v.Check, Location: v.Location}] = gistOf(v)
	}
}

// refresh brings the standings' times up to the latest looks. These are at most
// quietFor after what is written, unless they belong to a check that is looked
// at so seldom that each of its looks was.
func (s *Store) refresh(ctx context.Context, tx *sql.Tx, _ time.Time, m *status.Memory) error {
	at := map[int64]*status.Standing{}
	byName := make(map[status.Series]*status.Standing, len(m.Standings))
	for i := range m.Standings {
		v := &m.Standings[i]
		byName[status.Series{Check: v.Check, Location: v.Location}] = v
	}
	if err := each(ctx, tx, func(rows *sql.Rows) error {
		var id int64
		var v status.Series
		err := rows.Scan(&id, &v.Check, &v.Location)
		at[id] = byName[v]
		return err
	}, "SELECT id, checked, location FROM look_series"); err != nil {
		return err
	}
	return s.latestLooks(ctx, tx, func(l look) {
		v := at[l.series]
		if v == nil || l.at <= millis(v.At) || l.outcome != v.Outcome {
			return
		}
		told := l.vote(status.Series{})
		if v.At, v.Took = told.At, told.Took; l.outcome != status.Inconclusive {
			v.Said = told.At
		}
	})
}

// latestLooks goes through the looks of the last five minutes that were looked
// in, and some before.
func (s *Store) latestLooks(ctx context.Context, tx *sql.Tx, do func(look)) error {
	visit := func(rows *sql.Rows) error {
		var body []byte
		if err := rows.Scan(&body); err != nil {
			return err
		}
		return eachLook(body, 0, do)
	}
	if err := each(ctx, tx, visit, `
		SELECT body FROM look_block WHERE span = $1
			AND at >= (SELECT MAX(at) FROM look_block WHERE span = $1) - $1`, stepFine); err != nil {
		return err
	}
	return each(ctx, tx, visit, "SELECT body FROM look_segment ORDER BY began, mark")
}
