package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"bongsu/notifier/signup"
)

// Member reads somebody who is told, with the addresses they have confirmed.
func (s *Store) Member(ctx context.Context, id int64) (signup.Member, error) {
	found, err := s.Subscribers(ctx, id-1, 1)
	if err != nil {
		return signup.Member{}, err
	}
	if len(found) == 0 || found[0].ID != id || !found[0].Gone.IsZero() {
		return signup.Member{}, signup.ErrGone
	}
	sub := &found[0]
	m := signup.Member{ID: id, Lang: sub.Lang, AtLeast: sub.AtLeast, Wishes: sub.Wishes}
	for _, r := range sub.Reach {
		if !r.Confirmed.IsZero() {
			m.Addresses = append(m.Addresses, signup.Held{Kind: r.Kind, Hint: r.Hint, Confirmed: r.Confirmed, Suppressed: r.Suppressed})
		}
	}
	return m, nil
}

// Choose keeps what somebody wants.
func (s *Store) Choose(ctx context.Context, id int64, c signup.Choices) error {
	w := keepWishes(&c.Wishes)
	kept, err := s.write.ExecContext(ctx, `
		UPDATE subscriber SET lang = $1, at_least = $2, topics = $3, quiet = $4, ways = $5 WHERE id = $6 AND gone = 0`,
		c.Lang, int(c.AtLeast), w.topics, w.quiet, w.ways, id)
	if err != nil {
		return fmt.Errorf("keeping what subscriber %d wants: %w", id, err)
	}
	if rows, err := kept.RowsAffected(); err != nil || rows == 0 {
		return cmpErr(err, signup.ErrGone)
	}
	return nil
}

// Drop forgets somebody's address of a kind, or all with an empty kind.
func (s *Store) Drop(ctx context.Context, id int64, kind string, now time.Time) (gone bool, err error) {
	err = s.inRetriedTx(ctx, func(tx *sql.Tx) error {
		if err := s.forget(ctx, tx, id, kind, now); err != nil {
			return err
		}
		gone, err = s.leftIfUnreachable(ctx, tx, id, now)
		return err
	})
	if err != nil {
		return false, fmt.Errorf("forgetting an address of subscriber %d: %w", id, err)
	}
	return gone, nil
}

// Erase forgets somebody altogether: their addresses and wishes, and what
// gateways wrote of single tries, which may quote an address. What was sent
// keeps its counts. ErrNoSubscriber: nobody has that number.
func (s *Store) Erase(ctx context.Context, id int64, now time.Time) error {
	err := s.inRetriedTx(ctx, func(tx *sql.Tx) error {
		var there int
		err := tx.QueryRowContext(ctx, "SELECT 1 FROM subscriber WHERE id = $1", id).Scan(&there)
		if errors.Is(err, sql.ErrNoRows) {
			return ErrNoSubscriber
		}
		if err != nil {
			return err
		}
		if err := s.leaveOne(ctx, tx, id, now); err != nil && !errors.Is(err, ErrNoSubscriber) {
			return err
		}
		for _, text := range []string{
			"UPDATE subscriber SET lang = '', topics = '', quiet = '', ways = '' WHERE id = $1",
			"DELETE FROM address WHERE subscriber = $1",
			"DELETE FROM access_code WHERE subscriber = $1",
			"UPDATE attempt SET text = '' WHERE rcpt = $1 AND text <> ''",
			"DELETE FROM thread WHERE rcpt = $1",
		} {
			if _, err := tx.ExecContext(ctx, text, id); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("erasing subscriber %d: %w", id, err)
	}
	return nil
}

// Opened is a subscriber with their addresses in clear.
type Opened struct {
	Subscriber
	Addresses []Address
}

// OpenedAfter lists those who are told, after an id and at most limit, with
// their confirmed addresses in clear: for lists, and for who asks what is kept
// of them. Nobody it gives stands for the end, so who has no address is given
// with none.
func (s *Store) OpenedAfter(ctx context.Context, after int64, limit int) ([]Opened, error) {
	if s.keys == nil {
		return nil, ErrNoKeys
	}
	people, err := s.Subscribers(ctx, after, limit)
	if err != nil || len(people) == 0 {
		return nil, err
	}
	all := make([]Opened, len(people))
	place := map[int64]int{}
	for i := range people {
		all[i].Subscriber, place[people[i].ID] = people[i], i
	}
	rows, err := s.read.QueryContext(ctx, `
		SELECT subscriber, kind, cipher, source, consented, confirmed, suppressed FROM address
		WHERE subscriber >= $1 AND subscriber <= $2 AND confirmed > 0 ORDER BY subscriber, kind`, people[0].ID, people[len(people)-1].ID)
	if err != nil {
		return nil, fmt.Errorf("reading addresses: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var id, consented, confirmed int64
		var a Address
		var sealed []byte
		if err := rows.Scan(&id, &a.Kind, &sealed, &a.Source, &consented, &confirmed, &a.Suppressed); err != nil {
			return nil, fmt.Errorf("reading addresses: %w", err)
		}
		if a.Address, err = s.keys.open(id, a.Kind, sealed); err != nil {
			return nil, err
		}
		a.Consented, a.Confirmed = fromMillis(consented), fromMillis(confirmed)
		if i, known := place[id]; known {
			all[i].Addresses = append(all[i].Addresses, a)
		}
	}
	return all, rows.Err()
}

// HandedTo is how many notices were handed over for somebody.
func (s *Store) HandedTo(ctx context.Context, id int64) (n int64, err error) {
	err = s.read.QueryRowContext(ctx, `
		SELECT COUNT(*) FROM batch b JOIN delivery d ON d.batch = b.id AND d.rcpt = $1
		WHERE b.lo <= $1 AND b.hi >= $1 AND d.rank IN (1, 2, 4)`, id).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("counting what was handed over: %w", err)
	}
	return n, nil
}

// SubscribersLike finds who has an address, by its masked form or by what makes
// it the same as one. It gives at most limit.
func (s *Store) SubscribersLike(ctx context.Context, hint string, sames []string, limit int) ([]Subscriber, error) {
	ids, err := numbers(ctx, s.read, "SELECT DISTINCT subscriber FROM address WHERE hint = $1 ORDER BY subscriber LIMIT $2", hint, limit)
	if err != nil {
		return nil, fmt.Errorf("finding subscribers: %w", err)
	}
	for _, same := range sames {
		if s.keys == nil {
			break
		}
		more, err := numbers(ctx, s.read, s.lookups("SELECT DISTINCT subscriber FROM address WHERE lookup IN {{lookups}} ORDER BY subscriber LIMIT $1", same), limit)
		if err != nil {
			return nil, fmt.Errorf("finding subscribers: %w", err)
		}
		ids = append(ids, more...)
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	ids = ids[:min(len(ids), limit)]
	var all []Subscriber
	for _, id := range ids {
		found, err := s.Subscribers(ctx, id-1, 1)
		if err != nil {
			return nil, err
		}
		if len(found) == 1 && found[0].ID == id { // else an app's person has the mask
			all = append(all, found[0])
		}
	}
	return all, nil
}
