package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"bongsu/notifier"
)

// NoticeQuery says which notices are listed.
type NoticeQuery struct {
	App      string // only this app's; empty: all
	Incident string // only this incident's; empty: all
	Audience string // subscribers, operators, apps; empty: all
	Before   string // the id after which the list goes on; empty: from the newest
	Limit    int    // at most so many
}

// Notices lists notices with how far they have come, newest first. Codes and
// other notices for one person alone are not among them.
func (s *Store) Notices(ctx context.Context, q NoticeQuery) ([]Progress, error) {
	made, before := int64(1)<<62, q.Before
	if before != "" {
		err := s.read.QueryRowContext(ctx, "SELECT made FROM notice WHERE id = $1", before).Scan(&made)
		if errors.Is(err, sql.ErrNoRows) {
			return nil, ErrNoNotice
		}
		if err != nil {
			return nil, fmt.Errorf("listing notices: %w", err)
		}
	}
	list, err := s.progress(ctx, `WHERE n.id IN (
		SELECT id FROM notice m WHERE (m.made < $1 OR (m.made = $1 AND m.id < $2)) AND m.recipient = 0
		  AND (CAST($3 AS TEXT) = '' OR EXISTS (SELECT 1 FROM app_notice a WHERE a.id = m.id AND a.app = $3))
		  AND (CAST($4 AS TEXT) = '' OR m.incident = $4)
		  AND (CAST($5 AS TEXT) = '' OR m.audience = $5 OR ($5 = 'apps' AND EXISTS (SELECT 1 FROM app_notice a WHERE a.id = m.id)))
		ORDER BY m.made DESC, m.id DESC LIMIT $6)`, made, before, q.App, q.Incident, q.Audience, q.Limit)
	if err != nil {
		return nil, fmt.Errorf("listing notices: %w", err)
	}
	slices.Reverse(list)
	return list, nil
}

// OpenNotices lists the notices that have something before them, or are kept
// back: what somebody on duty watches. At most limit, oldest first.
func (s *Store) OpenNotices(ctx context.Context, limit int) ([]Progress, error) {
	list, err := s.progress(ctx, `WHERE n.recipient = 0 AND n.id IN (
		SELECT id FROM notice WHERE state < 2
		UNION SELECT m.id FROM notice m WHERE m.number > 0 AND m.number IN (SELECT DISTINCT notice FROM batch WHERE state = 0 UNION SELECT DISTINCT notice FROM batch WHERE state = 1)
		ORDER BY 1 LIMIT $1)`, limit)
	if err != nil {
		return nil, fmt.Errorf("listing notices on their way: %w", err)
	}
	return list, nil
}

// Unreached are people of a notice with the same story: where they were tried
// last, and why that ended.
type Unreached struct {
	Hop     int
	Channel string
	Gateway string // the one tried; empty: none was
	Rank    notifier.Rank
	Fate    notifier.Fate
	Why     string // as the books have it: a gateway's code, or words of the sender
	People  int64
}

// maxUnreached bounds how many different stories are told.
const maxUnreached = 200

// Unreached sums up who was not reached by which hop and gateway, and why: who
// failed, who moved on, who was left unknown, who needed it no more. Most people
// first. It reads a row for each person of the notice, so who shows it live
// should ask only when the counts have changed.
func (s *Store) Unreached(ctx context.Context, notice string) ([]Unreached, error) {
	var number int64
	err := s.read.QueryRowContext(ctx, "SELECT number FROM notice WHERE id = $1", notice).Scan(&number)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, ErrNoNotice
	}
	if err != nil {
		return nil, fmt.Errorf("reading notice %s: %w", notice, err)
	}
	if number == 0 {
		return nil, nil
	}
	var list []Unreached
	err = each(ctx, s.read, func(rows *sql.Rows) error {
		var u Unreached
		if err := rows.Scan(&u.Hop, &u.Channel, &u.Gateway, &u.Rank, &u.Fate, &u.Why, &u.People); err != nil {
			return err
		}
		list = append(list, u)
		return nil
	}, `
		SELECT b.hop, b.channel, f.gateway, f.rank, f.fate, f.why, SUM(f.people) FROM (
		  SELECT d.batch, COALESCE(d.gateway, '') AS gateway, d.rank, d.fate, COALESCE(d.why, '') AS why, COUNT(*) AS people
		  FROM delivery d WHERE d.batch >= $1 AND d.batch < $2 AND (d.rank = 3 OR d.fate IN (2, 3, 4))
		  GROUP BY d.batch, d.gateway, d.rank, d.fate, d.why) f
		JOIN batch b ON b.id = f.batch
		GROUP BY b.hop, b.channel, f.gateway, f.rank, f.fate, f.why
		ORDER BY 7 DESC, b.hop, b.channel, f.gateway, f.why LIMIT $3`,
		number*batchesPerNotice, (number+1)*batchesPerNotice, maxUnreached)
	if err != nil {
		return nil, fmt.Errorf("summing up whom notice %s did not reach: %w", notice, err)
	}
	return list, nil
}

// Texts gives a notice's texts. ErrNoNotice: there is none.
func (s *Store) Texts(ctx context.Context, notice string) ([]notifier.Text, error) {
	texts, err := s.textsOf(ctx, notice)
	if err != nil {
		return nil, fmt.Errorf("reading the texts of notice %s: %w", notice, err)
	}
	return texts, nil
}

// Resendings lists the notices that were made for those whom another has
// missed, in order.
func (s *Store) Resendings(ctx context.Context, notice string) ([]string, error) {
	var ids []string
	err := each(ctx, s.read, func(rows *sql.Rows) error {
		var id string
		err := rows.Scan(&id)
		ids = append(ids, id)
		return err
	}, "SELECT r.id FROM resend r JOIN notice n ON n.number = r.origin AND n.number > 0 WHERE n.id = $1 ORDER BY r.turn", notice)
	if err != nil {
		return nil, fmt.Errorf("listing the resendings of notice %s: %w", notice, err)
	}
	return ids, nil
}

// AppUse is how much an app has used.
type AppUse struct {
	Today   int64 // recipients of its notices today
	Notices int64 // that it has sent, as far as they are kept
	Last    time.Time
	Tokens  int // that have not expired
	Waiting int // templates that somebody has to decide on
}

// AppUses gives it for every app that has anything, for a day in the form
// 2006-01-02.
func (s *Store) AppUses(ctx context.Context, day string, now time.Time) (map[string]AppUse, error) {
	all := map[string]AppUse{}
	for _, part := range []struct {
		text string
		args []any
		set  func(u *AppUse, n, last int64)
	}{
		{"SELECT app, people, 0 FROM app_day WHERE day = $1", []any{day}, func(u *AppUse, n, _ int64) { u.Today = n }},
		{"SELECT app, COUNT(*), COALESCE(MAX(made), 0) FROM app_notice GROUP BY app", nil, func(u *AppUse, n, last int64) { u.Notices, u.Last = n, fromMillis(last) }},
		{"SELECT app, COUNT(*), 0 FROM token WHERE app <> '' AND (expires = 0 OR expires > $1) GROUP BY app", []any{millis(now)}, func(u *AppUse, n, _ int64) { u.Tokens = int(n) }},
		{"SELECT app, COUNT(*), 0 FROM app_template WHERE state = 'proposed' GROUP BY app", nil, func(u *AppUse, n, _ int64) { u.Waiting = int(n) }},
	} {
		err := each(ctx, s.read, func(rows *sql.Rows) error {
			var app string
			var n, last int64
			if err := rows.Scan(&app, &n, &last); err != nil {
				return err
			}
			u := all[app]
			part.set(&u, n, last)
			all[app] = u
			return nil
		}, part.text, part.args...)
		if err != nil {
			return nil, fmt.Errorf("reading what apps have used: %w", err)
		}
	}
	return all, nil
}
