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

// The store is the ledger of the notifier.
var _ notifier.Ledger = (*Store)(nil)

// settingPaused is the switch that stops all sending on every node.
const settingPaused = "paused"

// Pause stops all sending on every node at once: no window is authorised from
// now on, and what was authorised stops within a renewal.
func (s *Store) Pause(ctx context.Context, now time.Time) error {
	return s.SetSetting(ctx, settingPaused, "true", now)
}

// Resume lets sending go on.
func (s *Store) Resume(ctx context.Context, now time.Time) error {
	return s.SetSetting(ctx, settingPaused, "false", now)
}

// Paused says whether all sending is stopped.
func (s *Store) Paused(ctx context.Context) (bool, error) { return paused(ctx, s.read) }

// querier is a database or a transaction.
type querier interface {
	QueryContext(ctx context.Context, text string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, text string, args ...any) *sql.Row
	ExecContext(ctx context.Context, text string, args ...any) (sql.Result, error)
}

func paused(ctx context.Context, q querier) (bool, error) {
	var value string
	err := q.QueryRowContext(ctx, "SELECT value FROM setting WHERE name = $1", settingPaused).Scan(&value)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return value == "true", err
}

// Join registers a node. Whoever holds the lock file of a SQLite database is
// its only server, so every other node in it is dead.
func (s *Store) Join(ctx context.Context, id, name string) (notifier.Renewal, error) {
	var r notifier.Renewal
	err := s.inTx(ctx, func(tx *sql.Tx) error {
		if s.lock != nil {
			if _, err := tx.ExecContext(ctx, "UPDATE batch SET state = 0, lane = 0, owner = '' WHERE state = 1"); err != nil {
				return fmt.Errorf("taking over from the last server: %w", err)
			}
			if _, err := tx.ExecContext(ctx, "DELETE FROM node"); err != nil {
				return fmt.Errorf("taking over from the last server: %w", err)
			}
		}
		if _, err := tx.ExecContext(ctx, s.q("INSERT INTO node (id, name, beat, joined, seen) VALUES ($1, $2, 1, {{now}}, {{now}})"), id, name); err != nil {
			return fmt.Errorf("registering node %s: %w", id, err)
		}
		var err error
		r, err = s.renewal(ctx, tx, id)
		return err
	})
	return r, err
}

// Renew says that the node lives.
func (s *Store) Renew(ctx context.Context, id string) (notifier.Renewal, error) {
	var r notifier.Renewal
	err := s.inTx(ctx, func(tx *sql.Tx) error {
		renewed, err := tx.ExecContext(ctx, s.q("UPDATE node SET beat = beat + 1, seen = {{now}} WHERE id = $1"), id)
		if err != nil {
			return fmt.Errorf("renewing node %s: %w", id, err)
		}
		if rows, err := renewed.RowsAffected(); err != nil || rows == 0 {
			return cmpErr(err, notifier.ErrLapsed)
		}
		r, err = s.renewal(ctx, tx, id)
		return err
	})
	return r, err
}

// cmpErr is the first error there is.
func cmpErr(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) renewal(ctx context.Context, tx *sql.Tx, id string) (r notifier.Renewal, err error) {
	var clock int64
	if err := tx.QueryRowContext(ctx, s.q("SELECT {{now}}")).Scan(&clock); err != nil {
		return r, fmt.Errorf("reading the database's clock: %w", err)
	}
	r.Clock = fromMillis(clock)
	if r.Paused, err = paused(ctx, tx); err != nil {
		return r, fmt.Errorf("reading whether sending is paused: %w", err)
	}
	rows, err := tx.QueryContext(ctx, "SELECT id, beat FROM node WHERE id <> $1 ORDER BY id", id)
	if err != nil {
		return r, fmt.Errorf("reading the other nodes: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var p notifier.Peer
		if err := rows.Scan(&p.ID, &p.Beat); err != nil {
			return r, fmt.Errorf("reading the other nodes: %w", err)
		}
		r.Peers = append(r.Peers, p)
	}
	return r, rows.Err()
}

// Bury declares a node dead unless its beat has moved, and frees its batches.
func (s *Store) Bury(ctx context.Context, id string, beat int64) (buried bool, err error) {
	err = s.inTx(ctx, func(tx *sql.Tx) error {
		gone, err := tx.ExecContext(ctx, "DELETE FROM node WHERE id = $1 AND beat = $2", id, beat)
		if err != nil {
			return fmt.Errorf("burying node %s: %w", id, err)
		}
		if rows, err := gone.RowsAffected(); err != nil || rows == 0 {
			return err
		}
		buried = true
		return free(ctx, tx, id)
	})
	return buried && err == nil, err
}

// Retire ends a node's registration and frees what it still holds.
func (s *Store) Retire(ctx context.Context, id string) error {
	return s.inTx(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, "DELETE FROM node WHERE id = $1", id); err != nil {
			return fmt.Errorf("retiring node %s: %w", id, err)
		}
		return free(ctx, tx, id)
	})
}

// free puts a gone node's batches where they are claimed first. What they
// authorised stays written on them: their next owner must settle it.
func free(ctx context.Context, tx *sql.Tx, id string) error {
	if _, err := tx.ExecContext(ctx, "UPDATE batch SET state = 0, lane = 0, owner = '' WHERE owner = $1 AND state = 1", id); err != nil {
		return fmt.Errorf("freeing the batches of node %s: %w", id, err)
	}
	return nil
}

// Forget frees batches that the node owns but does not have in hand.
func (s *Store) Forget(ctx context.Context, id string, inHand []int64) error {
	return s.inTx(ctx, func(tx *sql.Tx) error {
		owned, err := numbers(ctx, tx, "SELECT id FROM batch WHERE owner = $1 AND state = 1 ORDER BY id", id)
		if err != nil {
			return fmt.Errorf("reading the batches of node %s: %w", id, err)
		}
		for _, batch := range owned {
			if slices.Contains(inHand, batch) {
				continue
			}
			if _, err := tx.ExecContext(ctx, "UPDATE batch SET state = 0, owner = '' WHERE id = $1 AND owner = $2 AND state = 1", batch, id); err != nil {
				return fmt.Errorf("freeing batch %d: %w", batch, err)
			}
		}
		return nil
	})
}

// numbers reads a column of numbers.
func numbers(ctx context.Context, q querier, text string, args ...any) ([]int64, error) {
	rows, err := q.QueryContext(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []int64
	for rows.Next() {
		var n int64
		if err := rows.Scan(&n); err != nil {
			return nil, err
		}
		list = append(list, n)
	}
	return list, rows.Err()
}
