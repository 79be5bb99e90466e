package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"bongsu/notifier"
	"bongsu/notifier/appnotice"
)

// Answered is the answer to an earlier request with the key.
func (s *Store) Answered(ctx context.Context, key appnotice.Key) (answer string, found bool, err error) {
	var hash string
	err = s.read.QueryRowContext(ctx, "SELECT hash, answer FROM answer WHERE token = $1 AND id = $2", key.Token, key.Text).Scan(&hash, &answer)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return "", false, nil
	case err != nil:
		return "", false, fmt.Errorf("looking for an earlier answer: %w", err)
	case hash != key.Hash:
		return "", false, appnotice.ErrKeyReused
	}
	return answer, true, nil
}

// Place keeps a notice of an app with all that belongs to it.
func (s *Store) Place(ctx context.Context, p appnotice.Placement) error {
	return s.inRetriedTx(ctx, func(tx *sql.Tx) error {
		if err := placeAnswer(ctx, tx, &p); err != nil {
			return err
		}
		if err := spendDay(ctx, tx, &p); err != nil {
			return err
		}
		n := &p.Notice
		call := int64(0)
		if p.Callback != "" {
			call = millis(n.Made)
		}
		added, err := tx.ExecContext(ctx, `
			INSERT INTO app_notice (id, app, template, version, list, code, made, people, milli, currency, callback, call_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT (code) DO NOTHING`,
			n.ID, p.App.ID, p.Template.ID, p.Template.Version, p.List, p.Code, millis(n.Made), p.People, p.AtMost.Milli, p.AtMost.Currency, p.Callback, call)
		if err != nil {
			return fmt.Errorf("keeping a notice: %w", err)
		}
		if rows, err := added.RowsAffected(); err != nil || rows == 0 {
			return errors.Join(err, appnotice.ErrCode)
		}
		if p.List > 0 {
			if _, err := tx.ExecContext(ctx, "UPDATE app_list SET keep_until = $1 WHERE id = $2 AND keep_until < $1", millis(p.Until), p.List); err != nil {
				return fmt.Errorf("keeping a list for longer: %w", err)
			}
		}
		return s.insertNotices(ctx, tx, []notifier.Notice{*n})
	})
}

func placeAnswer(ctx context.Context, tx *sql.Tx, p *appnotice.Placement) error {
	if p.Key.Text == "" {
		return nil
	}
	added, err := tx.ExecContext(ctx, "INSERT INTO answer (token, id, hash, answer, made) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
		p.Key.Token, p.Key.Text, p.Key.Hash, p.Answer, millis(p.Notice.Made))
	if err != nil {
		return fmt.Errorf("keeping an answer: %w", err)
	}
	if rows, err := added.RowsAffected(); err != nil || rows == 0 {
		return errors.Join(err, appnotice.ErrTaken)
	}
	return nil
}

// spendDay counts the recipients to the app's day, if there is room.
func spendDay(ctx context.Context, tx *sql.Tx, p *appnotice.Placement) error {
	spent, err := tx.ExecContext(ctx, `
		INSERT INTO app_day (app, day, people) VALUES ($1, $2, $3)
		ON CONFLICT (app, day) DO UPDATE SET people = app_day.people + excluded.people WHERE app_day.people + excluded.people <= $4`,
		p.App.ID, p.Day, p.People, p.App.Daily)
	if err != nil {
		return fmt.Errorf("counting an app's recipients: %w", err)
	}
	if rows, err := spent.RowsAffected(); err != nil || rows == 0 || p.People > int64(p.App.Daily) {
		return errors.Join(err, appnotice.ErrDaily)
	}
	return nil
}

const viewColumns = `v.id, v.app, v.template, v.version, v.list, v.code, v.made, v.people, v.milli, v.currency, v.ended,
	n.number, n.plan, n.policy, n.expires, n.state, n.recalled, n.total`

const viewTables = "app_notice v JOIN notice n ON n.id = v.id"

func scanView(row interface{ Scan(into ...any) error }, more ...any) (appnotice.View, error) {
	var v appnotice.View
	var made, expires, ended, recalled int64
	var policy, state int
	var most notifier.Money
	err := row.Scan(append([]any{
		&v.ID, &v.App, &v.Template, &v.Version, &v.List, &v.Code, &made, &v.People, &most.Milli, &most.Currency, &ended,
		&v.Number, &v.Plan, &policy, &expires, &state, &recalled, &v.Planned,
	}, more...)...)
	v.Made, v.Expires, v.Ended = fromMillis(made), fromMillis(expires), fromMillis(ended)
	v.Policy = "at_least_once"
	if notifier.Policy(policy) == notifier.AtMostOnce { //nolint:gosec // 0 or 1
		v.Policy = "at_most_once"
	}
	v.AtMost = appnotice.AmountsOf(most)
	switch {
	case recalled > 0:
		v.State = appnotice.StateCancelled
	case state < 2:
		v.State = appnotice.StatePlanning
	default:
		v.State = appnotice.StateSending
	}
	return v, err
}

// NoticeOf is an app's notice with how far it has come.
func (s *Store) NoticeOf(ctx context.Context, app, id string) (appnotice.View, error) {
	v, err := scanView(s.read.QueryRowContext(ctx, "SELECT "+viewColumns+" FROM "+viewTables+" WHERE v.app = $1 AND v.id = $2", app, id))
	if errors.Is(err, sql.ErrNoRows) {
		return v, appnotice.ErrNone
	}
	if err == nil {
		err = s.fillView(ctx, &v)
	}
	if err != nil {
		return v, fmt.Errorf("reading a notice: %w", err)
	}
	return v, nil
}

// NoticesOf lists an app's notices, newest first.
func (s *Store) NoticesOf(ctx context.Context, app, before string, limit int) ([]appnotice.View, error) {
	rows, err := s.read.QueryContext(ctx, `
		SELECT `+viewColumns+` FROM `+viewTables+` WHERE v.app = $1 AND (v.id < $2 OR $2 = '') ORDER BY v.id DESC LIMIT $3`, app, before, limit)
	if err != nil {
		return nil, fmt.Errorf("listing notices: %w", err)
	}
	defer rows.Close()
	var list []appnotice.View
	for rows.Next() {
		v, err := scanView(rows)
		if err != nil {
			return nil, fmt.Errorf("listing notices: %w", err)
		}
		list = append(list, v)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("listing notices: %w", err)
	}
	for i := range list {
		if err := s.fillView(ctx, &list[i]); err != nil {
			return nil, fmt.Errorf("listing notices: %w", err)
		}
	}
	return list, nil
}

// fillView adds the counts, and whether all is over.
func (s *Store) fillView(ctx context.Context, v *appnotice.View) error {
	v.Channels = []appnotice.ByChannel{}
	progress, err := s.Progress(ctx, v.ID)
	if err != nil {
		return err
	}
	for _, c := range progress.Channels {
		v.Channels = append(v.Channels, appnotice.ByChannel{Channel: c.Channel, Counts: appnotice.Counts{
			Planned: c.Planned, Handed: c.Handed, Delivered: c.Delivered, Failed: c.Failed, Unknown: c.Unknown, Moved: c.Moved, Cancelled: c.Cancelled,
		}})
	}
	if v.State == appnotice.StatePlanning {
		return nil
	}
	var open int
	err = s.read.QueryRowContext(ctx, `
		SELECT COUNT(*) FROM (SELECT id FROM batch WHERE id >= $1 AND id < $2 AND (state < 2 OR check_at > 0) LIMIT 1) open`,
		v.Number*batchesPerNotice, (v.Number+1)*batchesPerNotice).Scan(&open)
	if err != nil || open > 0 {
		return err
	}
	v.Ended = time.UnixMilli(1) // when, nobody needs to know
	if v.State == appnotice.StateSending {
		v.State = appnotice.StateEnded
	}
	return nil
}

// Recall cancels what of a notice has not left.
func (s *Store) Recall(ctx context.Context, id string, now time.Time) error {
	var number int64
	err := s.write.QueryRowContext(ctx, "UPDATE notice SET recalled = $1, state = 2, held = 0 WHERE id = $2 AND recalled = 0 RETURNING number", millis(now), id).Scan(&number)
	if errors.Is(err, sql.ErrNoRows) || (err == nil && number == 0) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("recalling a notice: %w", err)
	}
	open, err := numbers(ctx, s.read, "SELECT id FROM batch WHERE id >= $1 AND id < $2 AND state < 2 ORDER BY id",
		number*batchesPerNotice, (number+1)*batchesPerNotice)
	if err != nil {
		return fmt.Errorf("recalling a notice: %w", err)
	}
	for _, batch := range open {
		if err := s.cancelBatch(ctx, batch, now); err != nil {
			return fmt.Errorf("recalling a notice: %w", err)
		}
	}
	return nil
}

// Results gives what became of people of a notice's list.
func (s *Store) Results(ctx context.Context, v appnotice.View, after int64, limit int) (list []appnotice.Result, last int64, more bool, err error) {
	rows, err := s.read.QueryContext(ctx, `
		SELECT l.person, s.ref FROM app_list_person l JOIN subscriber s ON s.id = l.person
		WHERE l.list = $1 AND l.person > $2 ORDER BY l.person LIMIT $3`, v.List, after, limit)
	if err != nil {
		return nil, 0, false, fmt.Errorf("reading a notice's list: %w", err)
	}
	defer rows.Close()
	var ids []int64
	var refs []string
	for rows.Next() {
		var id int64
		var ref string
		if err := rows.Scan(&id, &ref); err != nil {
			return nil, 0, false, fmt.Errorf("reading a notice's list: %w", err)
		}
		ids, refs = append(ids, id), append(refs, ref)
	}
	if err := rows.Err(); err != nil || len(ids) == 0 {
		return nil, after, false, err
	}
	last = ids[len(ids)-1]
	tries, err := s.triesOf(ctx, v.Number, ids[0], last)
	if err != nil {
		return nil, 0, false, fmt.Errorf("reading what became of a notice: %w", err)
	}
	for i, id := range ids {
		list = append(list, appnotice.Sum(refs[i], tries[id], v.State != appnotice.StatePlanning))
	}
	return list, last, len(ids) == limit, nil
}

// triesOf are a notice's deliveries to some of its recipients, in their order.
func (s *Store) triesOf(ctx context.Context, number, first, last int64) (map[int64][]appnotice.Try, error) {
	tries := map[int64][]appnotice.Try{}
	if number == 0 {
		return tries, nil
	}
	late, err := s.unspelledOf(ctx, first, last, "b.id >= $1 AND b.id < $2 AND b.hi >= $3 AND b.lo <= $4",
		number*batchesPerNotice, (number+1)*batchesPerNotice, first, last)
	if err != nil {
		return nil, err
	}
	rows, err := s.read.QueryContext(ctx, `
		SELECT b.id, d.rcpt, b.channel, d.rank, d.fate, d.doubt, d.again, d.at, d.done, COALESCE(d.why, '')
		FROM batch b JOIN delivery d ON d.batch = b.id AND d.rcpt BETWEEN $3 AND $4
		WHERE b.id >= $1 AND b.id < $2 AND b.hi >= $3 AND b.lo <= $4 ORDER BY b.id`,
		number*batchesPerNotice, (number+1)*batchesPerNotice, first, last)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	known := map[deliveryKey]bool{}
	for rows.Next() {
		var t appnotice.Try
		var batch, id, doubt, at, done int64
		if err := rows.Scan(&batch, &id, &t.Channel, &t.Rank, &t.Fate, &doubt, &t.Again, &at, &done, &t.Why); err != nil {
			return nil, err
		}
		t.InDoubt, t.At, t.Done = doubt > 0, fromMillis(at), fromMillis(done)
		tries[id], known[deliveryKey{batch, id}] = append(tries[id], t), true
	}
	for _, u := range late {
		for _, id := range u.people {
			if !known[deliveryKey{u.batch, id}] { // it is their first try
				tries[id] = append(tries[id], appnotice.Try{Channel: u.channel})
			}
		}
	}
	return tries, rows.Err()
}

// Coded is the notice with a check code.
func (s *Store) Coded(ctx context.Context, code string) (appnotice.Coded, error) {
	c := appnotice.Coded{Code: code}
	var number, made int64
	var id string
	err := s.read.QueryRowContext(ctx, "SELECT v.id, v.app, v.made, n.number FROM "+viewTables+" WHERE v.code = $1", code).Scan(&id, &c.App, &made, &number)
	if errors.Is(err, sql.ErrNoRows) {
		return c, appnotice.ErrNone
	}
	if err != nil {
		return c, fmt.Errorf("looking up a check code: %w", err)
	}
	c.Made = fromMillis(made)
	c.Texts, err = s.textsOf(ctx, id)
	return c, err
}

// DueCalls gives the notices whose apps are to be called, and keeps others from
// calling until a time.
func (s *Store) DueCalls(ctx context.Context, now, until time.Time, limit int) ([]appnotice.Call, error) {
	rows, err := s.read.QueryContext(ctx, `
		SELECT `+viewColumns+`, v.callback, v.calls, v.call_at, v.call_id, v.said FROM `+viewTables+`
		WHERE v.call_at > 0 AND v.call_at <= $1 ORDER BY v.call_at LIMIT $2`, millis(now), limit)
	if err != nil {
		return nil, fmt.Errorf("looking for callbacks: %w", err)
	}
	defer rows.Close()
	var found []appnotice.Call
	for rows.Next() {
		var c appnotice.Call
		var at int64
		if c.View, err = scanView(rows, &c.Callback, &c.Tries, &at, &c.Number, &c.Said); err != nil {
			return nil, fmt.Errorf("looking for callbacks: %w", err)
		}
		c.At = fromMillis(at)
		found = append(found, c)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("looking for callbacks: %w", err)
	}
	var ours []appnotice.Call
	for _, c := range found {
		n, err := s.write.ExecContext(ctx, "UPDATE app_notice SET call_at = $1 WHERE id = $2 AND call_at = $3", millis(until), c.ID, millis(c.At))
		if err != nil {
			return nil, fmt.Errorf("taking a callback: %w", err)
		}
		if rows, err := n.RowsAffected(); err != nil || rows == 0 { // another node has it
			continue
		}
		if err := s.fillView(ctx, &c.View); err != nil {
			return nil, err
		}
		ours = append(ours, c)
	}
	return ours, nil
}

// SetCall says what became of a call.
func (s *Store) SetCall(ctx context.Context, c appnotice.Call) error {
	if _, err := s.write.ExecContext(ctx, "UPDATE app_notice SET calls = $1, call_at = $2, call_id = $3, said = $4 WHERE id = $5",
		c.Tries, millis(c.At), c.Number, c.Said, c.ID); err != nil {
		return fmt.Errorf("noting a callback: %w", err)
	}
	return nil
}
