package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"bongsu/notifier"
	"bongsu/notifier/signup"
	"bongsu/status"
)

// Subscriber is somebody who wants to be told. No address is part of it.
type Subscriber struct {
	ID      int64
	Lang    string
	Plan    string
	AtLeast status.State // told from this on
	Joined  time.Time
	Gone    time.Time // zero while they stay
	Wishes  notifier.Wishes
	Reach   []Reach
}

// Reach is what may be shown of an address.
type Reach struct {
	Kind       string
	Hint       string // masked
	Source     string
	Consented  time.Time
	Confirmed  time.Time
	Suppressed string
}

// Address is an address with the consent that came with it.
type Address struct {
	Kind       string // a channel's kind
	Address    string // in clear: it is sealed before it is kept
	Source     string // where consent was given: "sms sign-up", "import of …"
	Consented  time.Time
	Confirmed  time.Time // when they proved it theirs; zero: not yet, and nothing is sent
	Suppressed string    // why it must not be tried; empty: it may
}

// Errors about subscribers.
var (
	ErrNoKeys       = errors.New("the database was opened without the installation's keys: personal data stays shut")
	ErrNoSubscriber = errors.New("no such subscriber")
	ErrAddressTaken = errors.New("the address belongs to a subscriber already")
)

// AddSubscriber saves a new subscriber with their addresses. ErrAddressTaken:
// one of these is somebody's already.
func (s *Store) AddSubscriber(ctx context.Context, sub Subscriber, addresses []Address) (id int64, err error) {
	if s.keys == nil {
		return 0, ErrNoKeys
	}
	err = s.inTx(ctx, func(tx *sql.Tx) error {
		if id, err = insertSubscriber(ctx, tx, &sub); err != nil {
			return err
		}
		for _, a := range addresses {
			if err := s.addAddress(ctx, tx, id, a); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("adding a subscriber: %w", err)
	}
	return id, nil
}

func insertSubscriber(ctx context.Context, tx *sql.Tx, sub *Subscriber) (int64, error) {
	id, err := count(ctx, tx, "subscriber")
	if err != nil {
		return 0, err
	}
	w := keepWishes(&sub.Wishes)
	_, err = tx.ExecContext(ctx, `
		INSERT INTO subscriber (id, lang, plan, at_least, joined, topics, quiet, ways) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		id, sub.Lang, sub.Plan, int(sub.AtLeast), millis(sub.Joined), w.topics, w.quiet, w.ways)
	return id, err
}

func (s *Store) addAddress(ctx context.Context, tx *sql.Tx, id int64, a Address) error {
	same := signup.Same(a.Kind, a.Address)
	added, err := tx.ExecContext(ctx, s.lookups(`
		INSERT INTO address (subscriber, kind, cipher, lookup, hint, source, consented, confirmed, suppressed)
		SELECT CAST($1 AS BIGINT), CAST($2 AS TEXT), $3, CAST($4 AS TEXT), CAST($5 AS TEXT), CAST($6 AS TEXT), CAST($7 AS BIGINT), CAST($8 AS BIGINT), CAST($9 AS TEXT)
		WHERE NOT EXISTS (SELECT 1 FROM address WHERE kind = $2 AND lookup IN {{lookups}})
		ON CONFLICT DO NOTHING`, same),
		id, a.Kind, s.keys.seal(id, a.Kind, a.Address), s.keys.hash(same), signup.Hint(a.Kind, a.Address), a.Source,
		millis(a.Consented), millis(a.Confirmed), a.Suppressed)
	if err != nil {
		return err
	}
	if rows, err := added.RowsAffected(); err != nil || rows == 0 {
		return errors.Join(err, ErrAddressTaken)
	}
	return nil
}

// count takes the next number of a counter.
func count(ctx context.Context, tx *sql.Tx, name string) (next int64, err error) {
	err = tx.QueryRowContext(ctx, "UPDATE counter SET value = value + 1 WHERE name = $1 RETURNING value", name).Scan(&next)
	return next, err
}

// FindSubscriber gives the subscriber an address belongs to. ErrNoSubscriber:
// nobody.
func (s *Store) FindSubscriber(ctx context.Context, kind, address string) (Subscriber, error) {
	if s.keys == nil {
		return Subscriber{}, ErrNoKeys
	}
	var id int64
	err := s.read.QueryRowContext(ctx, s.lookups("SELECT subscriber FROM address WHERE kind = $1 AND lookup IN {{lookups}}", signup.Same(kind, address)), kind).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return Subscriber{}, ErrNoSubscriber
	}
	if err != nil {
		return Subscriber{}, fmt.Errorf("finding a subscriber: %w", err)
	}
	found, err := s.Subscribers(ctx, id-1, 1)
	if err != nil {
		return Subscriber{}, err
	}
	if len(found) == 0 || found[0].ID != id {
		return Subscriber{}, ErrNoSubscriber
	}
	return found[0], nil
}

// Leave forgets a subscriber's addresses. The number stays in the books of
// what was sent, without a person behind it.
func (s *Store) Leave(ctx context.Context, id int64, now time.Time) error {
	return s.inTx(ctx, func(tx *sql.Tx) error { return s.leaveOne(ctx, tx, id, now) })
}

func (s *Store) leaveOne(ctx context.Context, tx *sql.Tx, id int64, now time.Time) error {
	if err := erase(ctx, tx, id); err != nil {
		return err
	}
	left, err := tx.ExecContext(ctx, "UPDATE subscriber SET gone = $1 WHERE id = $2 AND gone = 0", millis(now), id)
	if err != nil {
		return fmt.Errorf("noting that subscriber %d leaves: %w", id, err)
	}
	if rows, err := left.RowsAffected(); err != nil || rows == 0 {
		return errors.Join(err, ErrNoSubscriber)
	}
	if err := s.forget(ctx, tx, id, "", now); err != nil {
		return fmt.Errorf("forgetting the addresses of subscriber %d: %w", id, err)
	}
	return nil
}

// Subscribers lists subscribers after an id, at most limit, those who have
// left included. Whom apps have brought are none.
func (s *Store) Subscribers(ctx context.Context, after int64, limit int) ([]Subscriber, error) {
	rows, err := s.read.QueryContext(ctx, `
		SELECT s.id, s.lang, s.plan, s.at_least, s.joined, s.gone, s.topics, s.quiet, s.ways,
		       COALESCE(a.kind, ''), COALESCE(a.hint, ''), COALESCE(a.source, ''),
		       COALESCE(a.consented, 0), COALESCE(a.confirmed, 0), COALESCE(a.suppressed, '')
		FROM (SELECT id, lang, plan, at_least, joined, gone, topics, quiet, ways FROM subscriber WHERE id > $1 AND app = '' ORDER BY id LIMIT $2) s
		LEFT JOIN address a ON a.subscriber = s.id
		ORDER BY s.id, a.kind`, after, limit)
	if err != nil {
		return nil, fmt.Errorf("listing subscribers: %w", err)
	}
	defer rows.Close()
	var list []Subscriber
	hours := quietHours{}
	for rows.Next() {
		var sub Subscriber
		var r Reach
		var w wishes
		var joined, gone, consented, confirmed int64
		if err := rows.Scan(&sub.ID, &sub.Lang, &sub.Plan, &sub.AtLeast, &joined, &gone, &w.topics, &w.quiet, &w.ways,
			&r.Kind, &r.Hint, &r.Source, &consented, &confirmed, &r.Suppressed); err != nil {
			return nil, fmt.Errorf("listing subscribers: %w", err)
		}
		if n := len(list); n == 0 || list[n-1].ID != sub.ID {
			sub.Joined, sub.Gone, sub.Wishes = fromMillis(joined), fromMillis(gone), w.read(hours)
			list = append(list, sub)
		}
		if r.Kind != "" {
			r.Consented, r.Confirmed = fromMillis(consented), fromMillis(confirmed)
			last := &list[len(list)-1]
			last.Reach = append(last.Reach, r)
		}
	}
	return list, rows.Err()
}

// SubscriberCount is how many there are, by plan; those who have left, or have
// confirmed no address yet, do not count.
func (s *Store) SubscriberCount(ctx context.Context) (map[string]int, error) {
	rows, err := s.read.QueryContext(ctx, `
		SELECT plan, COUNT(*) FROM subscriber s
		WHERE gone = 0 AND app = '' AND EXISTS (SELECT 1 FROM address a WHERE a.subscriber = s.id AND a.confirmed > 0)
		GROUP BY plan`)
	if err != nil {
		return nil, fmt.Errorf("counting subscribers: %w", err)
	}
	defer rows.Close()
	counts := map[string]int{}
	for rows.Next() {
		var plan string
		var n int
		if err := rows.Scan(&plan, &n); err != nil {
			return nil, fmt.Errorf("counting subscribers: %w", err)
		}
		counts[plan] = n
	}
	return counts, rows.Err()
}
