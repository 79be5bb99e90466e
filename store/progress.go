package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"time"

	"bongsu/notifier"
)

// Queue tells how much is waiting.
func (s *Store) Queue(ctx context.Context, now time.Time) (notifier.Queue, error) {
	var q notifier.Queue
	var oldest int64
	err := s.read.QueryRowContext(ctx, `
		SELECT (SELECT COALESCE(SUM(size), 0) FROM batch WHERE state = 0) + (SELECT COALESCE(SUM(size), 0) FROM batch WHERE state = 1),
		       COALESCE((SELECT MIN(ready_at) FROM batch WHERE state = 0 AND ready_at <= $1), 0)`, millis(now)).Scan(&q.Depth, &oldest)
	if err != nil {
		return q, fmt.Errorf("measuring the queue: %w", err)
	}
	q.Oldest = fromMillis(oldest)
	return q, nil
}

// NextDue is when the ledger next has something to do, after now.
func (s *Store) NextDue(ctx context.Context, now time.Time) (time.Time, error) {
	var ready, check sql.NullInt64
	err := s.read.QueryRowContext(ctx, `
		SELECT (SELECT MIN(ready_at) FROM batch WHERE state = 0 AND ready_at > $1),
		       (SELECT MIN(check_at) FROM batch WHERE check_at > $1)`, millis(now)).Scan(&ready, &check)
	if err != nil {
		return time.Time{}, fmt.Errorf("asking what is due next: %w", err)
	}
	if ready.Valid && (!check.Valid || ready.Int64 < check.Int64) {
		return fromMillis(ready.Int64), nil
	}
	return fromMillis(check.Int64), nil
}

// Progress is how far a notice has come, by channel.
type Progress struct {
	Notice   string
	Incident string
	Event    string
	Occasion string // the update it tells of
	Audience string
	Plan     string
	Made     time.Time
	Planned  bool // the whole audience has been planned
	Recalled bool
	Held     time.Time // since when an operator keeps it back; zero: it goes
	Priority int
	Expires  time.Time // not worth handing over after this; zero: never
	App      string    // which app sends it; empty: none
	Origin   string    // the notice whose missed people this one is for; empty: none
	People   int64     // planned so far
	Channels []ChannelProgress
}

// ChannelProgress counts deliveries: a person who moved on counts on each
// channel that was tried for them.
type ChannelProgress struct {
	Channel   string
	Planned   int64
	Handed    int64 // the gateway took it
	Delivered int64
	Failed    int64
	Unknown   int64 // may have been handed over; nobody knows
	Moved     int64 // went on to another try, gateway or hop
	Cancelled int64 // needed no more
	Rescued   int64 // of those moved: their gateway was judged dead
	Twice     int64 // of those moved: delivered after all, when another way had been taken
}

// Progress tells how far a notice has come. It reads running sums, however
// many recipients there are.
func (s *Store) Progress(ctx context.Context, notice string) (Progress, error) {
	list, err := s.progress(ctx, "WHERE n.id = $1", notice)
	if err != nil {
		return Progress{}, err
	}
	if len(list) == 0 {
		return Progress{}, ErrNoNotice
	}
	return list[0], nil
}

// IncidentProgress tells how far each notice of an incident has come, oldest
// first.
func (s *Store) IncidentProgress(ctx context.Context, incident string) ([]Progress, error) {
	return s.progress(ctx, "WHERE n.incident = $1", incident)
}

// TellingIncidents are the incidents that notices tell of: those that nobody is
// told of need not be asked about one by one.
func (s *Store) TellingIncidents(ctx context.Context) (map[string]bool, error) {
	told := map[string]bool{}
	err := each(ctx, s.read, func(rows *sql.Rows) error {
		var id string
		if err := rows.Scan(&id); err != nil {
			return err
		}
		told[id] = true
		return nil
	}, "SELECT DISTINCT incident FROM notice WHERE incident <> ''")
	if err != nil {
		return nil, fmt.Errorf("reading which incidents were told of: %w", err)
	}
	return told, nil
}

// RecentProgress tells it of the latest notices.
func (s *Store) RecentProgress(ctx context.Context, limit int) ([]Progress, error) {
	return s.progress(ctx, "WHERE n.id IN (SELECT id FROM notice ORDER BY made DESC, id LIMIT $1)", limit)
}

// ErrNoNotice says that there is no such notice.
var ErrNoNotice = errors.New("no such notice")

func (s *Store) progress(ctx context.Context, where string, args ...any) ([]Progress, error) {
	//nolint:gosec // where is made of constants
	rows, err := s.read.QueryContext(ctx, `
		SELECT n.id, n.incident, n.event, n.occasion, n.audience, n.plan, n.made, n.state, n.recalled, n.total,
		       n.held, n.priority, n.expires, COALESCE(v.app, ''), COALESCE(o.id, ''), COALESCE(t.channel, ''),
		       COALESCE(SUM(t.planned), 0), COALESCE(SUM(t.handed), 0), COALESCE(SUM(t.delivered), 0), COALESCE(SUM(t.failed), 0),
		       COALESCE(SUM(t.unknown), 0), COALESCE(SUM(t.moved), 0), COALESCE(SUM(t.cancelled), 0),
		       COALESCE(SUM(t.rescued), 0), COALESCE(SUM(t.twice), 0)
		FROM notice n LEFT JOIN tally t ON t.notice = n.number AND n.number > 0
		LEFT JOIN app_notice v ON v.id = n.id
		LEFT JOIN resend r ON r.id = n.id LEFT JOIN notice o ON o.number = r.origin AND o.number > 0 `+where+`
		GROUP BY n.id, n.incident, n.event, n.occasion, n.audience, n.plan, n.made, n.state, n.recalled, n.total,
		         n.held, n.priority, n.expires, v.app, o.id, t.channel
		ORDER BY n.made, n.id, t.channel`, args...)
	if err != nil {
		return nil, fmt.Errorf("reading progress: %w", err)
	}
	defer rows.Close()
	var list []Progress
	for rows.Next() {
		var p Progress
		var c ChannelProgress
		var made, recalled, held, expires int64
		var state int
		if err := rows.Scan(&p.Notice, &p.Incident, &p.Event, &p.Occasion, &p.Audience, &p.Plan, &made, &state, &recalled, &p.People,
			&held, &p.Priority, &expires, &p.App, &p.Origin, &c.Channel, &c.Planned, &c.Handed, &c.Delivered, &c.Failed, &c.Unknown, &c.Moved, &c.Cancelled, &c.Rescued, &c.Twice); err != nil {
			return nil, fmt.Errorf("reading progress: %w", err)
		}
		if n := len(list); n == 0 || list[n-1].Notice != p.Notice {
			p.Made, p.Planned, p.Recalled = fromMillis(made), state == 2, recalled > 0
			p.Held, p.Expires = fromMillis(held), fromMillis(expires)
			list = append(list, p)
		}
		if c.Channel != "" {
			last := &list[len(list)-1]
			last.Channels = append(last.Channels, c)
		}
	}
	return list, rows.Err()
}

// Delivered is one line of what a subscriber was told.
type Delivered struct {
	Batch    int64
	Notice   string
	Incident string
	Event    string
	Hop      int
	Channel  string
	Gateway  string
	Rank     notifier.Rank
	Fate     notifier.Fate
	InDoubt  bool   // its end is not known
	Again    bool   // an earlier hand-over may have succeeded
	Skipped  string // hops that were left out before it, and why
	Why      string // why it failed, moved on or was cancelled
	Ref      string
	At       time.Time // handed over
	Done     time.Time // last changed
}

// History tells what a subscriber was told, newest notice first, at most limit
// lines.
func (s *Store) History(ctx context.Context, subscriber int64, limit int) ([]Delivered, error) {
	list, err := s.history(ctx, subscriber, "ORDER BY b.notice DESC, b.id LIMIT $2", limit)
	if err != nil {
		return nil, fmt.Errorf("reading a subscriber's history: %w", err)
	}
	return list, nil
}

// history reads the deliveries to a subscriber; which says which of them, and in
// what order, from $2 on.
func (s *Store) history(ctx context.Context, subscriber int64, which string, args ...any) ([]Delivered, error) {
	const theirs = "b.lo <= $1 AND b.hi >= $1"
	late, err := s.unspelledOf(ctx, subscriber, subscriber, theirs, subscriber)
	if err != nil {
		return nil, err
	}
	waiting := []byte("0")
	for _, u := range late {
		waiting = strconv.AppendInt(append(waiting, ','), u.batch, 10)
	}
	var list []Delivered
	err = each(ctx, s.read, func(rows *sql.Rows) error {
		var d Delivered
		var doubt, at, done int64
		if err := rows.Scan(&d.Batch, &d.Notice, &d.Incident, &d.Event, &d.Hop, &d.Channel, &d.Gateway, &d.Rank, &d.Fate, &doubt, &d.Again,
			&d.Skipped, &d.Why, &d.Ref, &at, &done); err != nil {
			return err
		}
		d.InDoubt, d.At, d.Done = doubt > 0, fromMillis(at), fromMillis(done)
		list = append(list, d)
		return nil
	}, `
		SELECT b.id, n.id, n.incident, n.event, b.hop, b.channel, COALESCE(d.gateway, ''), COALESCE(d.rank, 0), COALESCE(d.fate, 0), COALESCE(d.doubt, 0), COALESCE(d.again, 0),
		       b.skipped, COALESCE(d.why, ''), COALESCE(d.ref, ''), COALESCE(d.at, 0), COALESCE(d.done, 0)
		FROM batch b
		LEFT JOIN delivery d ON d.batch = b.id AND d.rcpt = $1
		JOIN notice n ON n.number = b.notice AND n.number > 0
		WHERE `+theirs+" AND (d.batch > 0 OR b.id IN ("+string(waiting)+")) "+which, append([]any{subscriber}, args...)...)
	return list, err
}

// Tried is one try that failed or whose end is not known.
type Tried struct {
	Try     int
	At      time.Time
	Gateway string
	Kind    string // in_doubt, retried or failed
	Code    string
	Text    string
}

// Attempts lists the tries of a delivery that did not simply succeed.
func (s *Store) Attempts(ctx context.Context, batch, subscriber int64) ([]Tried, error) {
	rows, err := s.read.QueryContext(ctx, "SELECT try, at, gateway, kind, code, text FROM attempt WHERE batch = $1 AND rcpt = $2 ORDER BY try", batch, subscriber)
	if err != nil {
		return nil, fmt.Errorf("reading attempts: %w", err)
	}
	defer rows.Close()
	kinds := [...]string{"", "in_doubt", "retried", "failed"}
	var list []Tried
	for rows.Next() {
		var a Tried
		var at int64
		var kind int
		if err := rows.Scan(&a.Try, &at, &a.Gateway, &kind, &a.Code, &a.Text); err != nil {
			return nil, fmt.Errorf("reading attempts: %w", err)
		}
		a.At, a.Kind = fromMillis(at), kinds[kind]
		list = append(list, a)
	}
	return list, rows.Err()
}

// Hold is a channel that has been stopped.
type Hold struct {
	Channel string
	Why     string
	At      time.Time
	Until   time.Time // zero: until it is resumed
}

// Holds lists the channels that are stopped at now.
func (s *Store) Holds(ctx context.Context, now time.Time) ([]Hold, error) {
	rows, err := s.read.QueryContext(ctx, `
		SELECT channel, why, at, held_until FROM channel_hold
		WHERE held_until = 0 OR held_until > $1 ORDER BY channel`, millis(now))
	if err != nil {
		return nil, fmt.Errorf("reading stopped channels: %w", err)
	}
	defer rows.Close()
	var list []Hold
	for rows.Next() {
		var h Hold
		var at, until int64
		if err := rows.Scan(&h.Channel, &h.Why, &at, &until); err != nil {
			return nil, fmt.Errorf("reading stopped channels: %w", err)
		}
		h.At, h.Until = fromMillis(at), fromMillis(until)
		list = append(list, h)
	}
	return list, rows.Err()
}

// Held names the channels that are stopped at now, with the reason.
func (s *Store) Held(ctx context.Context, now time.Time) (map[string]string, error) {
	holds, err := s.Holds(ctx, now)
	if err != nil {
		return nil, err
	}
	held := make(map[string]string, len(holds))
	for _, h := range holds {
		held[h.Channel] = h.Why
	}
	return held, nil
}

// ResumeChannel lets a stopped channel send again. Its day, in the form
// 2006-01-02, gets one more daily cap: else it would stop again at once.
func (s *Store) ResumeChannel(ctx context.Context, channel, day string) error {
	return s.inTx(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, "DELETE FROM channel_hold WHERE channel = $1", channel); err != nil {
			return fmt.Errorf("resuming %s: %w", channel, err)
		}
		if _, err := tx.ExecContext(ctx, "UPDATE spend SET grants = grants + 1 WHERE channel = $1 AND day = $2", channel, day); err != nil {
			return fmt.Errorf("allowing %s one more daily cap: %w", channel, err)
		}
		return nil
	})
}

// Spent is what a channel has cost on a day, in thousandths of its currency.
func (s *Store) Spent(ctx context.Context, channel, day string) (int64, error) {
	var milli int64
	err := s.read.QueryRowContext(ctx, "SELECT milli FROM spend WHERE channel = $1 AND day = $2", channel, day).Scan(&milli)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("reading what %s has cost: %w", channel, err)
	}
	return milli, nil
}
