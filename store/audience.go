package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"bongsu/notifier"
	"bongsu/status"
)

// mostCrowds is how many kinds of people are told apart; whoever is in none of
// the largest counts among those beyond.
const mostCrowds = 5000

// Counted is how many subscribers are alike in what decides whether and how
// they are told, as of an instant.
type Counted struct {
	Crowds []notifier.Crowd
	Beyond int64 // those of whom too few are alike to be told apart
	At     time.Time
	Took   time.Duration
}

// CountCrowds counts all subscribers, by the kinds of address given, at most
// 30, and keeps the count for [Store.Counted]. It reads every subscriber once,
// which takes seconds with a million of them.
func (s *Store) CountCrowds(ctx context.Context, kinds []string, now time.Time) (Counted, error) {
	begun := time.Now()
	rows, err := s.countCrowds(ctx, kinds)
	if err != nil {
		return Counted{}, fmt.Errorf("counting subscribers by how they are told: %w", err)
	}
	c := Counted{At: now}
	for i := range rows {
		if i < mostCrowds {
			c.Crowds = append(c.Crowds, rows[i].crowd())
		} else {
			c.Beyond += rows[i].people
		}
	}
	c.Took = time.Since(begun)
	if err := s.keepCounted(ctx, &c, rows[:len(c.Crowds)]); err != nil {
		return Counted{}, fmt.Errorf("keeping the count of subscribers: %w", err)
	}
	return c, nil
}

// crowdRow is a crowd as it is kept.
type crowdRow struct {
	plan, lang, kinds string
	atLeast           status.State
	wishes
	people int64
}

func (r *crowdRow) crowd() notifier.Crowd {
	return notifier.Crowd{
		Plan: r.plan, Lang: r.lang, Kinds: words(r.kinds), People: r.people, AtLeast: r.atLeast, Wishes: r.read(quietHours{}),
	}
}

// countCrowds counts, the largest crowds first.
func (s *Store) countCrowds(ctx context.Context, kinds []string) ([]crowdRow, error) {
	mask, args := maskOf(kinds)
	//nolint:gosec // the mask is made of numbers
	rows, err := s.read.QueryContext(ctx, `
		SELECT plan, lang, at_least, topics, quiet, ways, mask, COUNT(*) AS people FROM (
		  SELECT s.plan, s.lang, s.at_least, s.topics, s.quiet, s.ways,
		         (SELECT `+mask+` FROM address a WHERE a.subscriber = s.id AND a.confirmed > 0 AND a.suppressed = '') AS mask
		  FROM subscriber s WHERE s.gone = 0 AND s.app = '') each
		GROUP BY plan, lang, at_least, topics, quiet, ways, mask
		ORDER BY people DESC, plan, lang, at_least, topics, quiet, ways, mask`, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []crowdRow
	for rows.Next() {
		var r crowdRow
		var bits int64
		if err := rows.Scan(&r.plan, &r.lang, &r.atLeast, &r.topics, &r.quiet, &r.ways, &bits, &r.people); err != nil {
			return nil, err
		}
		var has []string
		for i, kind := range kinds {
			if bits>>i&1 == 1 {
				has = append(has, kind)
			}
		}
		r.kinds = strings.Join(has, " ")
		list = append(list, r)
	}
	return list, rows.Err()
}

// maskOf sums up somebody's kinds of address as bits, in the order of the kinds.
func maskOf(kinds []string) (text string, args []any) {
	if len(kinds) == 0 {
		return "COALESCE(SUM(0), 0)", nil
	}
	var bits strings.Builder
	for i, kind := range kinds {
		fmt.Fprintf(&bits, " WHEN a.kind = $%d THEN %d", i+1, 1<<i)
		args = append(args, kind)
	}
	return "COALESCE(SUM(CASE" + bits.String() + " ELSE 0 END), 0)", args
}

// countedNote is what is kept beside the crowds.
type countedNote struct {
	At     int64 `json:"at"`
	Took   int64 `json:"took_ms"`
	Beyond int64 `json:"beyond,omitempty"`
}

const countedSetting = "crowds"

func (s *Store) keepCounted(ctx context.Context, c *Counted, rows []crowdRow) error {
	note, err := json.Marshal(countedNote{millis(c.At), c.Took.Milliseconds(), c.Beyond})
	if err != nil {
		return err
	}
	return s.inTx(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, "DELETE FROM crowd"); err != nil {
			return err
		}
		for i := range rows {
			r := &rows[i]
			if _, err := tx.ExecContext(ctx, `
				INSERT INTO crowd (number, plan, lang, at_least, topics, quiet, ways, kinds, people) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
				i, r.plan, r.lang, int(r.atLeast), r.topics, r.quiet, r.ways, r.kinds, r.people); err != nil {
				return err
			}
		}
		_, err := tx.ExecContext(ctx, `
			INSERT INTO setting (name, value, at) VALUES ($1, $2, $3)
			ON CONFLICT (name) DO UPDATE SET value = excluded.value, at = excluded.at`, countedSetting, string(note), millis(c.At))
		return err
	})
}

// Counted is the latest count; false if there has been none.
func (s *Store) Counted(ctx context.Context) (Counted, bool, error) {
	var text string
	err := s.read.QueryRowContext(ctx, "SELECT value FROM setting WHERE name = $1", countedSetting).Scan(&text)
	if errors.Is(err, sql.ErrNoRows) {
		return Counted{}, false, nil
	}
	if err != nil {
		return Counted{}, false, fmt.Errorf("reading the count of subscribers: %w", err)
	}
	var note countedNote
	if err := json.Unmarshal([]byte(text), &note); err != nil {
		return Counted{}, false, fmt.Errorf("reading the count of subscribers: %w", err)
	}
	c := Counted{Beyond: note.Beyond, At: fromMillis(note.At), Took: time.Duration(note.Took) * time.Millisecond}
	rows, err := s.read.QueryContext(ctx, "SELECT plan, lang, at_least, topics, quiet, ways, kinds, people FROM crowd ORDER BY number")
	if err != nil {
		return Counted{}, false, fmt.Errorf("reading the count of subscribers: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var r crowdRow
		if err := rows.Scan(&r.plan, &r.lang, &r.atLeast, &r.topics, &r.quiet, &r.ways, &r.kinds, &r.people); err != nil {
			return Counted{}, false, fmt.Errorf("reading the count of subscribers: %w", err)
		}
		c.Crowds = append(c.Crowds, r.crowd())
	}
	return c, true, rows.Err()
}
