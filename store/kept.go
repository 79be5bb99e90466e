package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"

	sqlitedriver "modernc.org/sqlite"
)

// keeper has each of SQLite's connections keep the statements that come again and
// again: reading a text takes as long as running it.
type keeper struct{ driver.Connector }

func openKeeping(address string) (*sql.DB, error) {
	c, err := sqlitedriver.NewConnector(address)
	if err != nil {
		return nil, fmt.Errorf("opening the database: %w", err)
	}
	return sql.OpenDB(keeper{c}), nil
}

func (k keeper) Connect(ctx context.Context) (driver.Conn, error) {
	c, err := k.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &keeping{sqliteConn: c.(sqliteConn), seen: map[string]bool{}, kept: map[string]*keptStatement{}}, nil
}

// sqliteConn is what the driver's connections can do.
type sqliteConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

// keeping is a connection that keeps statements. As any other it serves one
// caller at a time.
type keeping struct {
	sqliteConn
	seen map[string]bool // texts that came once
	kept map[string]*keptStatement
}

type keptStatement struct {
	sqliteStatement
	busy bool // its rows are being read
}

type sqliteStatement interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

const (
	// keptMost is how many statements are kept of a connection, and how many texts
	// are known to have come once.
	keptMost = 64
	// keptLength is how long a text may be: longer ones have numbers in them.
	keptLength = 1500
)

// statement is the one kept for a text, or nil.
func (c *keeping) statement(ctx context.Context, text string) (*keptStatement, error) {
	if st := c.kept[text]; st != nil {
		if st.busy {
			return nil, nil // somebody reads its rows and runs it once more meanwhile
		}
		return st, nil
	}
	if len(text) > keptLength {
		return nil, nil // not worth keeping
	}
	if !c.seen[text] {
		if len(c.seen) == keptMost {
			clear(c.seen)
		}
		c.seen[text] = true
		return nil, nil // it may never come again
	}
	if len(c.kept) == keptMost {
		return nil, nil // those that were first are most likely those that come most
	}
	prepared, err := c.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	st := &keptStatement{sqliteStatement: prepared.(sqliteStatement)}
	c.kept[text] = st
	return st, nil
}

func (c *keeping) ExecContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Result, error) {
	st, err := c.statement(ctx, text)
	if err != nil {
		return nil, err
	}
	if st == nil {
		return c.sqliteConn.ExecContext(ctx, text, args)
	}
	return st.ExecContext(ctx, args)
}

func (c *keeping) QueryContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Rows, error) {
	st, err := c.statement(ctx, text)
	if err != nil {
		return nil, err
	}
	if st == nil {
		return c.sqliteConn.QueryContext(ctx, text, args)
	}
	rows, err := st.QueryContext(ctx, args)
	if err != nil {
		return nil, err
	}
	st.busy = true
	return &keptRows{rows, st}, nil
}

// Close lets go of the statements first.
func (c *keeping) Close() error {
	for _, st := range c.kept {
		_ = st.Close() // the connection goes in any case
	}
	return c.sqliteConn.Close()
}

// keptRows are the rows of a kept statement.
type keptRows struct {
	driver.Rows
	of *keptStatement
}

func (r *keptRows) Close() error {
	r.of.busy = false
	return r.Rows.Close()
}
