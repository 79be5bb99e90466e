package store

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"bongsu/notifier"
)

// A late batch is planned without its deliveries: who it is for is one value
// beside it. A delivery's row is written with its result, so most are written
// once instead of twice. Whoever has to say anything else of somebody (a doubt, a
// failure, an end, a receipt that is faster than the answer) spells out first
// what is not there yet; from then on it is a delivery like any other. A late
// batch closes only when everybody of it has a row.

// packPeople writes recipients in rising order, in about a byte each.
func packPeople(people []notifier.Mover) []byte {
	packed := make([]byte, 0, 2*len(people)+8)
	last := int64(0)
	for _, m := range people {
		packed = binary.AppendUvarint(packed, uint64(m.Rcpt-last)) //nolint:gosec // they rise
		last = m.Rcpt
	}
	return packed
}

var errPeople = errors.New("the list of a batch's people is damaged")

// unpackPeople is the other way.
func unpackPeople(packed []byte) ([]int64, error) {
	people := make([]int64, 0, len(packed))
	last := int64(0)
	for len(packed) > 0 {
		step, n := binary.Uvarint(packed)
		if n <= 0 {
			return nil, errPeople
		}
		last, packed = last+int64(step), packed[n:] //nolint:gosec // as it was written
		people = append(people, last)
	}
	return people, nil
}

// latePeople are the recipients of a late batch, in rising order; nobody if it
// is not one, or has been spelled out.
func latePeople(ctx context.Context, q querier, batch int64) ([]int64, error) {
	var packed []byte
	err := q.QueryRowContext(ctx, "SELECT people FROM batch_people WHERE batch = $1", batch).Scan(&packed)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the people of batch %d: %w", batch, err)
	}
	return unpackPeople(packed)
}

// insertPeople saves whom a late batch is for.
func insertPeople(ctx context.Context, tx *sql.Tx, batch int64, people []notifier.Mover) error {
	_, err := tx.ExecContext(ctx, "INSERT INTO batch_people (batch, people) VALUES ($1, $2)", batch, packPeople(people))
	return err
}

// between are those of some people, in rising order, above one mark and up to
// another.
func between(people []int64, above, upTo int64) []int64 {
	from, found := slices.BinarySearch(people, above)
	if found {
		from++
	}
	to, found := slices.BinarySearch(people, upTo)
	if found {
		to++
	}
	return people[from:max(from, to)]
}

// highest is above every recipient.
const highest = int64(1<<63 - 1)

// spellOut writes the rows of a late batch that are not there yet. It is as any
// other batch then. Whoever calls it holds the batch.
func (s *Store) spellOut(ctx context.Context, tx *sql.Tx, batch int64) error {
	people, err := latePeople(ctx, tx, batch)
	if err != nil || people == nil {
		return err
	}
	if _, err := s.spell(ctx, tx, batch, people, notifier.FateOpen, "", time.Time{}); err != nil {
		return err
	}
	return forgetPeople(ctx, tx, batch)
}

// forgetPeople ends a batch's being late.
func forgetPeople(ctx context.Context, tx *sql.Tx, batch int64) error {
	if _, err := tx.ExecContext(ctx, "DELETE FROM batch_people WHERE batch = $1", batch); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, "UPDATE batch SET late = 0 WHERE id = $1", batch)
	return err
}

// spellUpTo writes the rows of a late batch's people up to a mark that are not
// there yet.
func (s *Store) spellUpTo(ctx context.Context, tx *sql.Tx, batch, mark int64) error {
	people, err := latePeople(ctx, tx, batch)
	if err != nil {
		return err
	}
	_, err = s.spell(ctx, tx, batch, between(people, -1, mark), notifier.FateOpen, "", time.Time{})
	return err
}

// spell writes rows for some people of a batch, with a fate of theirs, unless
// they have one. It says how many it has written.
func (s *Store) spell(ctx context.Context, tx *sql.Tx, batch int64, people []int64, fate notifier.Fate, why string, done time.Time) (int64, error) {
	if len(people) == 0 {
		return 0, nil
	}
	reason := sql.NullString{String: why, Valid: why != ""}
	list, arg := s.list(people, 5)
	return change(ctx, tx, `
		INSERT INTO delivery (batch, rcpt, fate, why, done)
		SELECT CAST($1 AS BIGINT), p.rcpt, CAST($2 AS SMALLINT), CAST($3 AS TEXT), CAST($4 AS BIGINT)
		FROM `+list+` WHERE 1 = 1 ORDER BY p.rcpt ON CONFLICT (batch, rcpt) DO NOTHING`,
		append([]any{batch, int(fate), reason, millis(done)}, arg...)...)
}

// list gives people to a statement as a table p with the one column rcpt. As
// SQLite reads a text of numbers faster than it finds as many parameters, they
// are in its text; PostgreSQL gets them as parameter n.
func (s *Store) list(people []int64, n int) (text string, args []any) {
	if s.dialect == postgres {
		return "unnest(CAST($" + strconv.Itoa(n) + " AS BIGINT[])) AS p(rcpt)", []any{people}
	}
	rows := make([]byte, 0, 10*len(people)+32)
	rows = append(rows, "(SELECT column1 AS rcpt FROM (VALUES "...)
	for i, id := range people {
		if i > 0 {
			rows = append(rows, ',')
		}
		rows = append(rows, '(')
		rows = strconv.AppendInt(rows, id, 10)
		rows = append(rows, ')')
	}
	return string(append(rows, ")) AS p"...)), nil
}

// untriedLate are the next of a late batch's people above a mark, at most n.
// Somebody there may have a row all the same, and be through.
func (s *Store) untriedLate(ctx context.Context, tx *sql.Tx, batch, mark int64, n int) (people []int64, late bool, err error) {
	const through = "FROM delivery WHERE batch = $1 AND rcpt > $2 AND NOT (rank = 0 AND fate = 0)"
	var packed []byte
	var some bool
	err = tx.QueryRowContext(ctx, "SELECT people, CASE WHEN EXISTS (SELECT 1 "+through+") THEN 1 ELSE 0 END FROM batch_people WHERE batch = $1", batch, mark).
		Scan(&packed, &some)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("reading the people of batch %d: %w", batch, err)
	}
	all, err := unpackPeople(packed)
	if err != nil {
		return nil, false, err
	}
	rest := between(all, mark, highest)
	if some {
		are, err := numbers(ctx, tx, "SELECT rcpt "+through, batch, mark)
		if err != nil {
			return nil, true, err
		}
		slices.Sort(are)
		rest = slices.DeleteFunc(slices.Clone(rest), func(id int64) bool {
			_, is := slices.BinarySearch(are, id)
			return is
		})
	}
	return rest[:min(len(rest), n)], true, nil
}

// spellKnown writes the rows of those of whom receipts tell that have none yet:
// a receipt may be faster than the gateway's own answer. Nobody gets a row who is
// not of the batch.
func (s *Store) spellKnown(ctx context.Context, tx *sql.Tx, receipts []notifier.ReceiptRow) error {
	told := map[int64][]int64{}
	var batches []int64
	for _, r := range receipts {
		if told[r.Batch] == nil {
			batches = append(batches, r.Batch)
		}
		told[r.Batch] = append(told[r.Batch], r.Rcpt)
	}
	slices.Sort(batches) // as everybody else takes them
	for _, batch := range batches {
		people, err := latePeople(ctx, tx, batch)
		if err != nil {
			return err
		}
		of := told[batch]
		slices.Sort(of)
		of = slices.DeleteFunc(slices.Compact(of), func(id int64) bool {
			_, is := slices.BinarySearch(people, id)
			return !is
		})
		if _, err := s.spell(ctx, tx, batch, of, notifier.FateOpen, "", time.Time{}); err != nil {
			return err
		}
	}
	return nil
}

// unspelled are people of a late batch of whom nothing is known but that they
// are planned, unless they have a row.
type unspelled struct {
	batch   int64
	channel string
	people  []int64
}

// unspelledOf reads who of some people, from first to last, is in the late
// batches that meet a condition. Whoever asks reads the rows after it: in between
// somebody may get one, but nobody loses theirs.
func (s *Store) unspelledOf(ctx context.Context, first, last int64, condition string, args ...any) ([]unspelled, error) {
	var all []unspelled
	err := each(ctx, s.read, func(rows *sql.Rows) error {
		var u unspelled
		var packed []byte
		err := rows.Scan(&u.batch, &u.channel, &packed)
		if err == nil {
			u.people, err = unpackPeople(packed)
		}
		if u.people = between(u.people, first-1, last); len(u.people) > 0 {
			all = append(all, u)
		}
		return err
	}, "SELECT b.id, b.channel, l.people FROM batch b JOIN batch_people l ON l.batch = b.id WHERE b.late = 1 AND "+condition+" ORDER BY b.id", args...)
	return all, err
}
