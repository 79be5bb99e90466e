package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"bongsu/notifier"
	"bongsu/notifier/appnotice"
)

// Missed is whom a notice has failed to reach by every way it had.
type Missed struct {
	Turn   int64 // which resending the next one would be: 1 for the first
	People int64 // to whom it would go
	Parts  []appnotice.Reached
	Open   int64 // people whose end is not known yet: still on their way, or waited for
}

// missed is one of them.
type missed struct {
	person int64
	again  bool // a hand-over may have arrived
}

// Errors of resending.
var (
	// ErrNobodyMissed says that nobody is left to whom a notice could be resent.
	ErrNobodyMissed = errors.New("nobody is left whom the notice has failed to reach")
	// ErrNotResent says that a notice is of a kind that is not resent: a code, an
	// alarm, or one that is over.
	ErrNotResent = errors.New("a notice like this is not resent")
)

// Missed counts to whom a notice would be resent, by language and by which of
// the kinds of address reach them. It reads what became of every one of its
// people.
func (s *Store) Missed(ctx context.Context, notice string, kinds []string) (Missed, error) {
	var m Missed
	origin, err := s.resendable(ctx, s.read, notice, time.Time{})
	if err != nil {
		return m, err
	}
	people, err := s.missedBy(ctx, s.read, &origin)
	if err != nil {
		return m, fmt.Errorf("counting whom notice %s missed: %w", notice, err)
	}
	m.People, m.Turn = int64(len(people)), origin.turn
	if m.Open, err = s.stillOpen(ctx, origin.number); err != nil {
		return m, fmt.Errorf("counting who is open: %w", err)
	}
	if m.Parts, err = s.partsOf(ctx, people, kinds); err != nil {
		return m, fmt.Errorf("reading how those can be reached: %w", err)
	}
	return m, nil
}

// origin is a notice that is to be resent.
type origin struct {
	notifier.Notice

	number, turn int64
}

// resendable reads a notice that may be resent. The zero time asks nothing of
// when it expires.
func (s *Store) resendable(ctx context.Context, q querier, id string, now time.Time) (o origin, err error) {
	var recalled int64
	err = scanNotice(q.QueryRowContext(ctx, "SELECT "+noticeColumns+", n.recalled FROM notice n WHERE n.id = $1", id), &o.Notice, &o.number, &recalled)
	if errors.Is(err, sql.ErrNoRows) {
		return o, ErrNoNotice
	}
	if err != nil {
		return o, fmt.Errorf("reading notice %s: %w", id, err)
	}
	_, list := appnotice.ListOf(o.Audience)
	if o.Recipient > 0 || (o.Audience != "subscribers" && !list) || recalled > 0 || o.number == 0 || (!now.IsZero() && o.Expired(now)) {
		return o, ErrNotResent
	}
	err = q.QueryRowContext(ctx, "SELECT COALESCE(MAX(turn), 0) + 1 FROM resend WHERE origin = $1", o.number).Scan(&o.turn)
	return o, err
}

// missedBy are the people whose last way has failed and whom none has reached,
// in rising order. Who is part of an earlier resending is not among them; nor
// is, where a notice may be sent only once, who may have it.
func (s *Store) missedBy(ctx context.Context, q querier, o *origin) ([]missed, error) {
	first, end := o.number*batchesPerNotice, (o.number+1)*batchesPerNotice
	failed, err := numbers(ctx, q, "SELECT d.rcpt FROM delivery d WHERE d.batch >= $1 AND d.batch < $2 AND d.rank = 3 AND d.fate = 0 AND d.rcpt > 0", first, end)
	if err != nil || len(failed) == 0 {
		return nil, err
	}
	slices.Sort(failed)
	failed = slices.Compact(failed)
	reached, err := numbers(ctx, q, `
		SELECT d.rcpt FROM delivery d WHERE d.batch >= $1 AND d.batch < $2 AND d.fate = 2 AND d.rank = 4
		UNION ALL SELECT person FROM resend_person WHERE origin = $3`, first, end, o.number)
	if err != nil {
		return nil, err
	}
	perhaps, err := numbers(ctx, q, `
		SELECT d.rcpt FROM delivery d WHERE d.batch >= $1 AND d.batch < $2 AND d.fate = 2 AND (d.rank IN (1, 2) OR d.doubt > 0)`, first, end)
	if err != nil {
		return nil, err
	}
	slices.Sort(reached)
	slices.Sort(perhaps)
	people := make([]missed, 0, len(failed))
	for _, id := range failed {
		if _, did := slices.BinarySearch(reached, id); did {
			continue
		}
		_, may := slices.BinarySearch(perhaps, id)
		if may && o.Policy == notifier.AtMostOnce {
			continue
		}
		people = append(people, missed{id, may})
	}
	return people, nil
}

// stillOpen counts those of a notice whose end is yet to come.
func (s *Store) stillOpen(ctx context.Context, number int64) (n int64, err error) {
	err = s.read.QueryRowContext(ctx, "SELECT COALESCE(SUM(size), 0) FROM batch WHERE id >= $1 AND id < $2 AND (state < 2 OR check_at > 0)",
		number*batchesPerNotice, (number+1)*batchesPerNotice).Scan(&n)
	return n, err
}

// partsChunk is how many people one statement asks of.
const partsChunk = 1000

// partsOf counts people by language and kinds of address.
func (s *Store) partsOf(ctx context.Context, people []missed, kinds []string) ([]appnotice.Reached, error) {
	type part struct{ lang, kinds string }
	counts := map[part]int64{}
	for chunk := range slices.Chunk(people, partsChunk) {
		reach := map[int64]*part{}
		err := each(ctx, s.read, func(rows *sql.Rows) error {
			var id int64
			var lang, kind string
			if err := rows.Scan(&id, &lang, &kind); err != nil {
				return err
			}
			if reach[id] == nil {
				reach[id] = &part{lang: lang}
			}
			if slices.Contains(kinds, kind) {
				reach[id].kinds += " " + kind
			}
			return nil
		}, `SELECT s.id, s.lang, COALESCE(a.kind, '') FROM subscriber s
			LEFT JOIN address a ON a.subscriber = s.id AND a.confirmed > 0 AND a.suppressed = ''
			WHERE s.id IN (`+listOf(chunk)+`) AND s.gone = 0 ORDER BY s.id, a.kind`)
		if err != nil {
			return nil, err
		}
		for _, p := range reach {
			counts[*p]++
		}
	}
	var parts []appnotice.Reached
	for p, n := range counts {
		parts = append(parts, appnotice.Reached{Lang: p.lang, Kinds: strings.Fields(p.kinds), People: n})
	}
	slices.SortFunc(parts, func(a, b appnotice.Reached) int {
		return strings.Compare(a.Lang+" "+strings.Join(a.Kinds, " "), b.Lang+" "+strings.Join(b.Kinds, " "))
	})
	return parts, nil
}

// listOf writes people's numbers as SQL's list.
func listOf(people []missed) string {
	text := make([]byte, 0, 8*len(people))
	for i, m := range people {
		if i > 0 {
			text = append(text, ',')
		}
		text = strconv.AppendInt(text, m.person, 10)
	}
	return string(text)
}

// ResendFailed makes a new notice in the words of an earlier one, for exactly
// those whom that has failed to reach by now. turn is what [Store.Missed] has
// counted: where that resending has been made already, its notice is given and
// nothing changes, so asking twice sends once. ErrNobodyMissed, ErrNoNotice,
// ErrNotResent.
func (s *Store) ResendFailed(ctx context.Context, notice, id string, turn int64, now time.Time) (made string, people int64, err error) {
	err = s.inRetriedTx(ctx, func(tx *sql.Tx) error {
		made, people = "", 0
		o, err := s.resendable(ctx, tx, notice, now)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, s.q("SELECT id FROM notice WHERE id = $1 {{lock}}"), notice); err != nil {
			return err // one resending of a notice at a time
		}
		err = tx.QueryRowContext(ctx, "SELECT id, people FROM resend WHERE origin = $1 AND turn = $2", o.number, turn).Scan(&made, &people)
		if !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		missed, err := s.missedBy(ctx, tx, &o)
		if err != nil {
			return err
		}
		if len(missed) == 0 {
			return ErrNobodyMissed
		}
		made, people = id, int64(len(missed))
		return s.insertResend(ctx, tx, &o, id, turn, missed, now)
	})
	if err != nil {
		return "", 0, fmt.Errorf("resending notice %s: %w", notice, err)
	}
	return made, people, nil
}

func (s *Store) insertResend(ctx context.Context, tx *sql.Tx, o *origin, id string, turn int64, people []missed, now time.Time) error {
	n, old := o.Notice, o.ID
	n.ID, n.Made, n.Update = id, now, o.Update+" again "+strconv.FormatInt(o.number, 10)+"."+strconv.FormatInt(turn, 10)
	if !n.Expires.IsZero() {
		n.Expires = now.Add(o.Expires.Sub(o.Made))
	}
	var err error
	if n.Texts, err = s.textsOf(ctx, old); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, "INSERT INTO resend (id, origin, turn, people) VALUES ($1, $2, $3, $4)", id, o.number, turn, len(people)); err != nil {
		return err
	}
	for chunk := range slices.Chunk(people, partsChunk) {
		//nolint:gosec // the rows are numbers
		if _, err := tx.ExecContext(ctx, "INSERT INTO resend_person (origin, turn, person, again) VALUES "+rowsOf(o.number, turn, chunk)); err != nil {
			return err
		}
	}
	return s.insertNotices(ctx, tx, []notifier.Notice{n})
}

// rowsOf writes people as SQL's rows: one text for many is read faster than a
// statement for each.
func rowsOf(number, turn int64, people []missed) string {
	text := make([]byte, 0, 32*len(people))
	for i, m := range people {
		if i > 0 {
			text = append(text, ',')
		}
		text = fmt.Appendf(text, "(%d,%d,%d,%d)", number, turn, m.person, flag(m.again))
	}
	return string(text)
}

// resendText is the audience of a resending.
const resendText = `
	SELECT p.person, ` + wishesText + `, p.again FROM resend_person p JOIN subscriber u ON u.id = p.person
	WHERE p.person > $1 AND p.origin = $2 AND p.turn = $3 ORDER BY p.person LIMIT $4`

// resendOf says of which notice another is the resending; 0: of none.
func (s *Store) resendOf(ctx context.Context, id string) (number, turn int64, err error) {
	err = s.read.QueryRowContext(ctx, "SELECT origin, turn FROM resend WHERE id = $1", id).Scan(&number, &turn)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, 0, nil
	}
	return number, turn, err
}
