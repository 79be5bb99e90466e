package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"bongsu/notifier/signup"
)

// leaveAll forgets an address among subscribers and among every app's people:
// who wants no more means all that comes from us. What was confirmed after they
// said so stays. It says how many had it.
func (s *Store) leaveAll(ctx context.Context, tx *sql.Tx, same string, said, now time.Time) (people int, err error) {
	all, err := s.amongAll(ctx, tx, same)
	if err != nil {
		return 0, err
	}
	for _, lookup := range all {
		n, err := s.leaveByLookup(ctx, tx, lookup, said, now)
		if err != nil {
			return 0, err
		}
		people += n
	}
	return people, nil
}

// amongAll are the hashes that an address is found by: among subscribers, then
// among the people of each app.
func (s *Store) amongAll(ctx context.Context, tx *sql.Tx, same string) ([]string, error) {
	apps, err := texts(ctx, tx, "SELECT DISTINCT app FROM app_list ORDER BY app")
	if err != nil {
		return nil, err
	}
	var all []string
	for _, app := range append([]string{""}, apps...) {
		all = append(all, s.keys.hashes(among(app, same))...)
	}
	return all, nil
}

// leaveByCode forgets the address that a code has proven. What it is comes from
// who the code went to.
func (s *Store) leaveByCode(ctx context.Context, tx *sql.Tx, c *keptCode, now time.Time) (people int, err error) {
	var kind string
	var sealed []byte
	err = tx.QueryRowContext(ctx, "SELECT kind, cipher FROM address WHERE subscriber = $1 AND kind = $2", c.subscriber, c.Kinds[0]).Scan(&kind, &sealed)
	if errors.Is(err, sql.ErrNoRows) {
		return s.leaveByLookup(ctx, tx, c.lookup, now, now)
	}
	if err != nil {
		return 0, err
	}
	value, err := s.keys.open(c.subscriber, kind, sealed)
	if err != nil {
		return 0, err
	}
	if same := signup.Same(kind, value); s.keys.hash(same) == c.lookup {
		return s.leaveAll(ctx, tx, same, now, now)
	}
	return s.leaveByLookup(ctx, tx, c.lookup, now, now)
}

// leaveByLookup forgets an address, whatever it is used for, and ends the codes
// on their way to it; but not one confirmed after its owner said so. It says how
// many people had it.
func (s *Store) leaveByLookup(ctx context.Context, tx *sql.Tx, lookup string, said, now time.Time) (int, error) {
	people, err := numbers(ctx, tx, "SELECT DISTINCT subscriber FROM address WHERE lookup = $1 AND confirmed <= $2 ORDER BY subscriber", lookup, millis(said))
	if err != nil {
		return 0, err
	}
	for _, id := range people {
		kinds, err := texts(ctx, tx, "SELECT kind FROM address WHERE subscriber = $1 AND lookup = $2 AND confirmed <= $3 ORDER BY kind", id, lookup, millis(said))
		if err != nil {
			return 0, err
		}
		for _, kind := range kinds {
			if err := s.forget(ctx, tx, id, kind, now); err != nil {
				return 0, err
			}
		}
		if _, err := s.leftIfUnreachable(ctx, tx, id, now); err != nil {
			return 0, err
		}
	}
	return len(people), endCodes(ctx, tx, lookup, "", -1, now)
}

// brought is somebody whom an app has brought with an address; 0: nobody.
func (s *Store) brought(ctx context.Context, tx *sql.Tx, same string) (id int64, err error) {
	all, err := s.amongAll(ctx, tx, same)
	if err != nil {
		return 0, err
	}
	for _, lookup := range all {
		err := tx.QueryRowContext(ctx, "SELECT subscriber FROM address WHERE lookup = $1 AND suppressed <> 'left' ORDER BY subscriber LIMIT 1", lookup).Scan(&id)
		if !errors.Is(err, sql.ErrNoRows) {
			return id, err
		}
	}
	return 0, nil
}

// leftIfUnreachable lets somebody go who has no confirmed address any more.
func (s *Store) leftIfUnreachable(ctx context.Context, tx *sql.Tx, id int64, now time.Time) (gone bool, err error) {
	var left int
	if err := tx.QueryRowContext(ctx, "SELECT COUNT(*) FROM address WHERE subscriber = $1 AND confirmed > 0", id).Scan(&left); err != nil || left > 0 {
		return false, err
	}
	err = s.leaveOne(ctx, tx, id, now)
	if errors.Is(err, ErrNoSubscriber) {
		err = nil // they had left
	}
	return err == nil, err
}

// LeaveByText forgets an address that sent a text saying so, once for each text,
// whoever brought it. A text that comes late does not undo what was confirmed
// after it was said.
func (s *Store) LeaveByText(ctx context.Context, same, ref string, said, now time.Time) error {
	if s.keys == nil {
		return ErrNoKeys
	}
	err := s.inRetriedTx(ctx, func(tx *sql.Tx) error {
		added, err := tx.ExecContext(ctx, "INSERT INTO access_stop (ref, at) VALUES ($1, $2) ON CONFLICT DO NOTHING", ref, millis(now))
		if err != nil {
			return err
		}
		if rows, err := added.RowsAffected(); err != nil || rows == 0 {
			return err
		}
		_, err = s.leaveAll(ctx, tx, same, said, now)
		return err
	})
	if err != nil {
		return fmt.Errorf("letting an address go: %w", err)
	}
	return nil
}
