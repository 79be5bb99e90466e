package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"bongsu/notifier"
)

// handAll records plain hand-overs the fast way, and gives back all that needs
// a closer look. Unless they are looked at closely, all of them must be as plain
// as they seem: else it is errLookClosely.
func (s *Store) handAll(ctx context.Context, tx *sql.Tx, results []notifier.Result, t tallies, closely bool) (rest []*notifier.Result, err error) {
	plain := make([]*notifier.Result, 0, len(results))
	late := make([]*notifier.Result, 0, len(results))
	for i := range results {
		r := &results[i]
		switch {
		case r.Kind != notifier.Handed || r.Thread != "":
			rest = append(rest, r)
		case r.Late:
			late = append(late, r)
		default:
			plain = append(plain, r)
		}
	}
	if !closely {
		return rest, s.handUnseen(ctx, tx, plain, late, t)
	}
	take, takeLate := handEach, handEachLate
	if s.dialect == postgres {
		take, takeLate = handAtOnce, handLateAtOnce
	}
	left, err := take(ctx, tx, plain, t)
	if err != nil {
		return nil, err
	}
	more, err := takeLate(ctx, tx, late, t)
	return slices.Concat(rest, left, more), err
}

// handEach is SQLite's way: one prepared row after another.
func handEach(ctx context.Context, tx *sql.Tx, results []*notifier.Result, t tallies) (left []*notifier.Result, err error) {
	return handPrepared(ctx, tx, results, t, `
		UPDATE delivery SET rank = $1, fate = CASE WHEN fate = 1 THEN 0 ELSE fate END, ref = $2, gateway = $3, at = $4, done = $4
		WHERE batch = $5 AND rcpt = $6 AND rank = 0 AND doubt = 0`)
}

// handEachLate is the same for those who may have no row yet.
func handEachLate(ctx context.Context, tx *sql.Tx, results []*notifier.Result, t tallies) (left []*notifier.Result, err error) {
	return handPrepared(ctx, tx, results, t, `
		INSERT INTO delivery (rank, ref, gateway, at, done, batch, rcpt) SELECT $1, $2, $3, $4, $4, id, $6 FROM batch WHERE id = $5 AND state < 2
		ON CONFLICT (batch, rcpt) DO UPDATE SET rank = excluded.rank, fate = CASE WHEN delivery.fate = 1 THEN 0 ELSE delivery.fate END,
		  ref = excluded.ref, gateway = excluded.gateway, at = excluded.at, done = excluded.done
		WHERE delivery.rank = 0 AND delivery.doubt = 0`)
}

func handPrepared(ctx context.Context, tx *sql.Tx, results []*notifier.Result, t tallies, text string) (left []*notifier.Result, err error) {
	if len(results) == 0 {
		return nil, nil
	}
	hand, err := tx.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	defer hand.Close()
	for _, r := range results {
		done, err := hand.ExecContext(ctx, int(r.Rank), r.Ref, r.Gateway, millis(r.At), r.Batch, r.Rcpt)
		if err != nil {
			return nil, err
		}
		if n, err := done.RowsAffected(); err != nil {
			return nil, err
		} else if n == 0 {
			left = append(left, r)
			continue
		}
		t.hand(r)
	}
	return left, nil
}

// handAtOnce is PostgreSQL's way: one statement, one journey.
func handAtOnce(ctx context.Context, tx *sql.Tx, results []*notifier.Result, t tallies) (left []*notifier.Result, err error) {
	return handTogether(ctx, tx, results, t, `
		  UPDATE delivery d SET rank = v.rank, fate = CASE WHEN d.fate = 1 THEN 0 ELSE d.fate END,
		         ref = v.ref, gateway = v.gateway, at = v.at, done = v.at
		  FROM v WHERE d.batch = v.batch AND d.rcpt = v.rcpt AND d.rank = 0 AND d.doubt = 0
		  RETURNING d.batch, d.rcpt`)
}

// handLateAtOnce is the same for those who may have no row yet.
func handLateAtOnce(ctx context.Context, tx *sql.Tx, results []*notifier.Result, t tallies) (left []*notifier.Result, err error) {
	return handTogether(ctx, tx, results, t, `
		  INSERT INTO delivery (batch, rcpt, rank, ref, gateway, at, done)
		  SELECT v.batch, v.rcpt, v.rank, v.ref, v.gateway, v.at, v.at FROM v JOIN batch b ON b.id = v.batch AND b.state < 2 ORDER BY v.n
		  ON CONFLICT (batch, rcpt) DO UPDATE SET rank = excluded.rank, fate = CASE WHEN delivery.fate = 1 THEN 0 ELSE delivery.fate END,
		    ref = excluded.ref, gateway = excluded.gateway, at = excluded.at, done = excluded.done
		  WHERE delivery.rank = 0 AND delivery.doubt = 0
		  RETURNING batch, rcpt`)
}

// handTogether runs a statement over results v that gives back whose it took.
// Only who was not taken is worth the journey back. A second answer for somebody
// is left: no statement may take both.
func handTogether(ctx context.Context, tx *sql.Tx, results []*notifier.Result, t tallies, text string) (left []*notifier.Result, err error) {
	results, left = firstAnswers(results)
	if len(results) == 0 {
		return nil, nil
	}
	//nolint:gosec // text is a constant
	rows, err := tx.QueryContext(ctx, `
		WITH v AS MATERIALIZED (
		  SELECT batch, rcpt, rank, ref, gateway, at, n
		  FROM unnest(CAST($1 AS BIGINT[]), CAST($2 AS BIGINT[]), CAST($3 AS BIGINT[]), CAST($4 AS TEXT[]), CAST($5 AS TEXT[]), CAST($6 AS BIGINT[]))
		         WITH ORDINALITY AS v(batch, rcpt, rank, ref, gateway, at, n)),
		u AS (`+text+`)
		SELECT v.n FROM v WHERE (v.batch, v.rcpt) NOT IN (SELECT u.batch, u.rcpt FROM u) ORDER BY v.n`, resultArrays(results)...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	missed := make([]bool, len(results))
	for rows.Next() {
		var place int
		if err := rows.Scan(&place); err != nil {
			return nil, err
		}
		missed[place-1] = true
		left = append(left, results[place-1])
	}
	for i, r := range results {
		if !missed[i] {
			t.hand(r)
		}
	}
	return left, rows.Err()
}

// firstAnswers sets the second answers for a delivery apart, as of a request that
// was repeated under its key before the first was answered.
func firstAnswers(results []*notifier.Result) (first, more []*notifier.Result) {
	seen := make(map[deliveryKey]bool, len(results))
	first = make([]*notifier.Result, 0, len(results))
	for _, r := range results {
		k := deliveryKey{r.Batch, r.Rcpt}
		if seen[k] {
			more = append(more, r)
			continue
		}
		seen[k] = true
		first = append(first, r)
	}
	return first, more
}

// errLookClosely says that of some deliveries more was known than that they were
// planned. Which ones is not worth asking each time: everything is undone and
// done again one by one.
var errLookClosely = errors.New("not every hand-over is a plain one")

// handUnseen records hand-overs of which nothing else is known, in as few
// statements as can be. Rows of a late batch are written while it is open only:
// what is closed has them all, and may be removed.
func (s *Store) handUnseen(ctx context.Context, tx *sql.Tx, plain, late []*notifier.Result, t tallies) error {
	if s.dialect == postgres {
		if err := runAll(ctx, tx, "writing them", handStatements(plain, late)); err != nil {
			return notPlain(err)
		}
	} else if err := cmpErr(handParts(ctx, tx, plain, handTexts), handParts(ctx, tx, late, handLateTexts)); err != nil {
		return err
	}
	for _, r := range slices.Concat(plain, late) {
		t.hand(r)
	}
	return nil
}

// handStatements is PostgreSQL's way. They fail if anything is not as plain as it
// seems: a row of a late batch is there already, or there are fewer rows or open
// batches than there should be, so that something is divided by zero.
func handStatements(plain, late []*notifier.Result) (all []statement) {
	if len(plain) > 0 {
		all = append(all, statement{`
			WITH taken AS (
			  UPDATE delivery SET rank = v.rank, fate = CASE WHEN fate = 1 THEN 0 ELSE fate END, ref = v.ref, gateway = v.gateway, at = v.at, done = v.at
			  FROM ` + resultList + ` WHERE delivery.batch = v.batch AND delivery.rcpt = v.rcpt AND delivery.rank = 0 AND delivery.doubt = 0 RETURNING 1)
			SELECT 1 / CASE WHEN COUNT(*) = $7 THEN 1 ELSE 0 END FROM taken`, append(resultArrays(plain), len(plain))})
	}
	if len(late) > 0 {
		var batches []int64 // in rising order, as results are
		for _, r := range late {
			batches = append(batches, r.Batch)
		}
		slices.Sort(batches)
		batches = slices.Compact(batches)
		all = append(all, statement{
			"SELECT 1 / CASE WHEN COUNT(*) = $2 THEN 1 ELSE 0 END FROM batch WHERE id = ANY(CAST($1 AS BIGINT[])) AND state < 2", []any{batches, len(batches)},
		}, statement{`
			INSERT INTO delivery (batch, rcpt, rank, ref, gateway, at, done)
			SELECT v.batch, v.rcpt, v.rank, v.ref, v.gateway, v.at, v.at FROM ` + resultList, resultArrays(late)})
	}
	return all
}

// notPlain reads their errors.
func notPlain(err error) error {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok && (e.Code == "22012" || e.Code == "23505") {
		return errLookClosely
	}
	return err
}

// arePlain says whether results are hand-overs and nothing else.
func arePlain(results []notifier.Result) bool {
	return !slices.ContainsFunc(results, func(r notifier.Result) bool { return r.Kind != notifier.Handed || r.Thread != "" })
}

// enterPlain commits such results in one journey to PostgreSQL.
func (s *Store) enterPlain(ctx context.Context, node string, results []notifier.Result) error {
	var plain, late []*notifier.Result
	t, p, waits := tallies{}, pulses{}, spreads{}
	for i := range results {
		r := &results[i]
		if r.Late {
			late = append(late, r)
		} else {
			plain = append(plain, r)
		}
		p.result(r)
		t.hand(r)
	}
	waits.handed(results, nil)
	all := slices.Concat(handStatements(plain, late), t.statements(node), p.statements(node), waits.statements(node))
	if err := retried(func() error { return s.sendAll(ctx, all) }); err != nil {
		return fmt.Errorf("recording hand-overs: %w", notPlain(err))
	}
	return nil
}

// resultList is what resultArrays gives to PostgreSQL, as a table v.
const resultList = `unnest(CAST($1 AS BIGINT[]), CAST($2 AS BIGINT[]), CAST($3 AS BIGINT[]), CAST($4 AS TEXT[]), CAST($5 AS TEXT[]), CAST($6 AS BIGINT[]))
		AS v(batch, rcpt, rank, ref, gateway, at)`

func resultArrays(results []*notifier.Result) []any {
	n := len(results)
	batches, rcpts, ranks, ats := make([]int64, n), make([]int64, n), make([]int64, n), make([]int64, n)
	refs, gateways := make([]string, n), make([]string, n)
	for i, r := range results {
		batches[i], rcpts[i], ranks[i], ats[i], refs[i], gateways[i] = r.Batch, r.Rcpt, int64(r.Rank), millis(r.At), r.Ref, r.Gateway
	}
	return []any{batches, rcpts, ranks, refs, gateways, ats}
}

// handSizes are for how many hand-overs with batch, gateway and rank in common
// SQLite has a statement: few, so that its connection keeps them.
var handSizes = []int{64, 8, 1}

var handTexts, handLateTexts = handTextsOf(`
	UPDATE delivery SET rank = ?, fate = CASE WHEN fate = 1 THEN 0 ELSE fate END, gateway = ?, ref = v.column2, at = v.column3, done = v.column3
	FROM (VALUES {{list}}) AS v WHERE batch = ? AND rcpt = v.column1 AND rank = 0 AND doubt = 0`), handTextsOf(`
	INSERT INTO delivery (rank, gateway, batch, rcpt, ref, at, done)
	SELECT ?, ?, id, column1, column2, column3, column3 FROM (VALUES {{list}}), batch WHERE id = ? AND state < 2
	ON CONFLICT (batch, rcpt) DO NOTHING`)

// handTextsOf writes a text for every size. Its parameters have no numbers:
// SQLite's are looked up one by one.
func handTextsOf(text string) []string {
	all := make([]string, len(handSizes))
	for i, n := range handSizes {
		all[i] = strings.ReplaceAll(text, "{{list}}", strings.TrimSuffix(strings.Repeat("(?,?,?),", n), ","))
	}
	return all
}

// handParts is SQLite's way.
func handParts(ctx context.Context, tx *sql.Tx, results []*notifier.Result, texts []string) error {
	for len(results) > 0 {
		first := results[0]
		n := slices.IndexFunc(results, func(r *notifier.Result) bool {
			return r.Batch != first.Batch || r.Gateway != first.Gateway || r.Rank != first.Rank
		})
		if n < 0 {
			n = len(results)
		}
		size := slices.IndexFunc(handSizes, func(size int) bool { return size <= n })
		n = handSizes[size]
		args := append(make([]any, 0, 3+3*n), int(first.Rank), first.Gateway)
		for _, r := range results[:n] {
			args = append(args, r.Rcpt, r.Ref, millis(r.At))
		}
		done, err := tx.ExecContext(ctx, texts[size], append(args, first.Batch)...)
		if err != nil {
			return err
		}
		if taken, err := done.RowsAffected(); err != nil || taken < int64(n) {
			return cmpErr(err, errLookClosely)
		}
		results = results[n:]
	}
	return nil
}
