package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"bongsu/notifier/signup"
)

// Newcomer is somebody from a list.
type Newcomer struct {
	Subscriber
	Addresses []Address
}

// Taken says what became of an address from a list.
type Taken uint8

// What may become of it.
const (
	Added     Taken = iota
	There           // somebody has it already; they stay as they are
	HasLeft         // who had it left after they gave the consent that the list tells of
	Conflicts       // its person has another address of the kind
)

var errDry = errors.New("nothing is to be kept")

// Import adds people from a list in one transaction, and says what became of
// each of their addresses. Doing it again changes nothing. Dry keeps nothing.
func (s *Store) Import(ctx context.Context, people []Newcomer, dry bool) ([][]Taken, error) {
	if s.keys == nil {
		return nil, ErrNoKeys
	}
	var all [][]Taken
	err := s.inRetriedTx(ctx, func(tx *sql.Tx) error {
		all = make([][]Taken, len(people))
		for i := range people {
			var err error
			if all[i], err = s.importOne(ctx, tx, &people[i]); err != nil {
				return err
			}
		}
		if dry {
			return errDry
		}
		return nil
	})
	if err != nil && !errors.Is(err, errDry) {
		return nil, fmt.Errorf("taking in a list: %w", err)
	}
	return all, nil
}

// importOne adds one person, or to one who is there the addresses they lack.
func (s *Store) importOne(ctx context.Context, tx *sql.Tx, n *Newcomer) ([]Taken, error) {
	taken := make([]Taken, len(n.Addresses))
	var id int64
	for i, a := range n.Addresses {
		owner, err := s.owner(ctx, tx, a)
		if err != nil {
			return nil, err
		}
		left, err := s.leftSince(ctx, tx, a)
		if err != nil {
			return nil, err
		}
		switch {
		case owner > 0:
			taken[i], id = There, owner
		case left:
			taken[i] = HasLeft
		}
	}
	for i, a := range n.Addresses {
		if taken[i] != Added {
			continue
		}
		if id == 0 {
			var err error
			if id, err = insertSubscriber(ctx, tx, &n.Subscriber); err != nil {
				return nil, err
			}
		}
		err := s.addAddress(ctx, tx, id, a)
		if errors.Is(err, ErrAddressTaken) {
			taken[i] = Conflicts
		} else if err != nil {
			return nil, err
		}
	}
	return taken, nil
}

// owner is who has an address; 0: nobody.
func (s *Store) owner(ctx context.Context, tx *sql.Tx, a Address) (id int64, err error) {
	err = tx.QueryRowContext(ctx, s.lookups("SELECT subscriber FROM address WHERE kind = $1 AND lookup IN {{lookups}}", signup.Same(a.Kind, a.Address)), a.Kind).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return id, err
}

// leftSince says whether who had an address left after they gave a consent.
func (s *Store) leftSince(ctx context.Context, tx *sql.Tx, a Address) (bool, error) {
	var at int64
	err := tx.QueryRowContext(ctx, "SELECT at FROM address_left WHERE mark = $1", s.keys.mark(signup.Same(a.Kind, a.Address))).Scan(&at)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil && at >= millis(a.Consented), err
}

// forget deletes addresses of somebody, of a kind or all with an empty one, and
// remembers that they left.
func (s *Store) forget(ctx context.Context, tx *sql.Tx, id int64, kind string, now time.Time) error {
	if err := s.markLeft(ctx, tx, id, kind, now); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, "DELETE FROM address WHERE subscriber = $1 AND (CAST($2 AS TEXT) = '' OR kind = $2)", id, kind)
	return err
}

// markLeft remembers whose confirmed addresses are about to be forgotten.
func (s *Store) markLeft(ctx context.Context, tx *sql.Tx, id int64, kind string, now time.Time) error {
	if s.keys == nil {
		return nil // nothing was ever sealed
	}
	rows, err := tx.QueryContext(ctx, `
		SELECT a.kind, a.cipher, s.app FROM address a JOIN subscriber s ON s.id = a.subscriber
		WHERE a.subscriber = $1 AND a.confirmed > 0 AND (CAST($2 AS TEXT) = '' OR a.kind = $2)`, id, kind)
	if err != nil {
		return err
	}
	defer rows.Close()
	var marks []string
	for rows.Next() {
		var kind, app string
		var sealed []byte
		if err := rows.Scan(&kind, &sealed, &app); err != nil {
			return err
		}
		value, err := s.keys.open(id, kind, sealed)
		if err != nil {
			continue // who wants to go goes, even if their address cannot be read any more
		}
		marks = append(marks, s.keys.mark(sameFor(app, kind, value)))
	}
	if err := rows.Err(); err != nil {
		return err
	}
	for _, mark := range marks {
		if _, err := tx.ExecContext(ctx, `
			INSERT INTO address_left (mark, at) VALUES ($1, $2)
			ON CONFLICT (mark) DO UPDATE SET at = excluded.at`, mark, millis(now)); err != nil {
			return err
		}
	}
	return nil
}
