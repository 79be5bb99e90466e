package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
)

// together lets transactions that wait for SQLite's one writer be committed
// together: each is a savepoint of one transaction, undone by itself if it
// fails, and nobody is answered before the commit that all of them share. So a
// slow disk costs one wait, not one for each.
type together struct {
	mu      sync.Mutex
	waiting []*member
	led     bool
}

// member is one transaction among others.
type member struct {
	ctx  context.Context //nolint:containedctx // it waits with its caller, who is there until it is done
	do   func(tx *sql.Tx) error
	err  error
	torn string    // what do panicked with, and where
	wake chan bool // true: lead; false: err is set
}

// try runs do. Its panic is its caller's, not whoever's who happens to lead: else
// nobody would be woken any more.
func (m *member) try(tx *sql.Tx) {
	defer func() {
		if v := recover(); v != nil {
			m.err, m.torn = errTorn, fmt.Sprintf("%v\n\n%s", v, debug.Stack())
		}
	}()
	m.err = m.do(tx)
}

var (
	errTorn = errors.New("the transaction panicked")
	// errUndone is the error of those who shared a transaction that SQLite undid
	// as a whole, as it does when a caller hangs up in the middle of a statement.
	errUndone = errors.New("undone with another's")
)

// most is how many share a commit.
const most = 32

// run has do run and committed.
func (t *together) run(ctx context.Context, db *sql.DB, do func(tx *sql.Tx) error) error {
	me := &member{ctx: ctx, do: do, wake: make(chan bool, 1)}
	t.mu.Lock()
	t.waiting = append(t.waiting, me)
	if !t.led {
		t.led = true
		me.wake <- true
	}
	t.mu.Unlock()
	if lead := <-me.wake; lead {
		t.lead(context.WithoutCancel(ctx), db) // for others too
		<-me.wake
	}
	if me.torn != "" {
		panic(me.torn)
	}
	return me.err
}

// lead commits for all who wait, and names the next leader.
func (t *together) lead(ctx context.Context, db *sql.DB) {
	t.mu.Lock()
	n := min(len(t.waiting), most)
	group := t.waiting[:n:n]
	t.waiting = t.waiting[n:]
	t.mu.Unlock()

	if err := commit(ctx, db, group); err != nil {
		for _, m := range group {
			if m.err == nil {
				m.err = err
			}
		}
	}

	t.mu.Lock()
	if t.led = len(t.waiting) > 0; t.led {
		t.waiting[0].wake <- true
	}
	t.mu.Unlock()
	for _, m := range group {
		m.wake <- false
	}
}

// commit runs a group in one transaction. The error is everybody's who has none
// of their own.
func commit(ctx context.Context, db *sql.DB, group []*member) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("beginning a transaction: %w", err)
	}
	defer tx.Rollback()
	if len(group) == 1 {
		m := group[0]
		if m.err = m.ctx.Err(); m.err == nil {
			m.try(tx)
		}
		if m.err != nil {
			return nil
		}
	} else {
		for _, m := range group {
			if m.err = m.ctx.Err(); m.err != nil {
				continue
			}
			if err := apart(ctx, tx, m); err != nil {
				return err
			}
		}
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("committing: %w", err)
	}
	return nil
}

// apart runs one of several so that its failing undoes nothing of the others.
func apart(ctx context.Context, tx *sql.Tx, m *member) error {
	if _, err := tx.ExecContext(ctx, "SAVEPOINT one"); err != nil {
		return fmt.Errorf("beginning a transaction: %w", err)
	}
	if m.try(tx); m.err != nil {
		if _, err := tx.ExecContext(ctx, "ROLLBACK TO one"); err != nil {
			return fmt.Errorf("undoing a transaction: %w: %w", errUndone, err)
		}
	}
	if _, err := tx.ExecContext(ctx, "RELEASE one"); err != nil {
		return fmt.Errorf("ending a transaction: %w: %w", errUndone, err)
	}
	return nil
}
