package store_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"sync/atomic"

	"github.com/jackc/pgx/v5"
)

// errFault is what a fault of the database looks like.
var errFault = errors.New("the database has gone")

// faults stand between a store and its database. They count the rows it reads,
// and break off one statement, beginning or commit.
type faults struct {
	left   atomic.Int64 // statements until the fault; negative: none comes
	after  bool         // a commit that breaks off is made, and nobody learns of it
	commit bool         // what broke off was a commit
	struck atomic.Bool
	down   atomic.Bool // everything breaks off
	rows   atomic.Int64
}

// arm breaks off the nth statement from now, counted from one; 0: none.
func (f *faults) arm(n int64, after bool) {
	f.left.Store(n - 1)
	f.after, f.commit = after, false
	f.struck.Store(false)
}

func (f *faults) strike() bool {
	if f.down.Load() {
		return true
	}
	if f.left.Load() < 0 || f.left.Add(-1) >= 0 {
		return false
	}
	f.struck.Store(true)
	return true
}

func (f *faults) wrap(db *sql.DB) *sql.DB {
	wrapped := sql.OpenDB(&faultyConnector{db, f})
	wrapped.SetMaxOpenConns(db.Stats().MaxOpenConnections)
	return wrapped
}

// faultyConnector lends out the connections of another pool.
type faultyConnector struct {
	db *sql.DB
	f  *faults
}

func (c *faultyConnector) Driver() driver.Driver { return c.db.Driver() }

// Close implements io.Closer: the pool behind goes with the one in front.
func (c *faultyConnector) Close() error { return c.db.Close() }

func (c *faultyConnector) Connect(ctx context.Context) (driver.Conn, error) {
	lent, err := c.db.Conn(context.WithoutCancel(ctx))
	if err != nil {
		return nil, err
	}
	conn := &faultyConn{f: c.f, lent: lent}
	err = lent.Raw(func(inner any) error { conn.wholeConn = inner.(wholeConn); return nil })
	return conn, err
}

type wholeConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
}

type faultyConn struct {
	wholeConn
	f    *faults
	lent *sql.Conn
}

func (c *faultyConn) Close() error { return c.lent.Close() }

func (c *faultyConn) CheckNamedValue(v *driver.NamedValue) error {
	if checker, ok := c.wholeConn.(driver.NamedValueChecker); ok {
		return checker.CheckNamedValue(v)
	}
	return driver.ErrSkip
}

func (c *faultyConn) BeginTx(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	if c.f.strike() {
		return nil, errFault
	}
	tx, err := c.wholeConn.BeginTx(ctx, o)
	return &faultyTx{tx, c.f}, err
}

func (c *faultyConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if c.f.strike() {
		return nil, errFault
	}
	return c.wholeConn.ExecContext(ctx, query, args)
}

func (c *faultyConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	if c.f.strike() {
		return nil, errFault
	}
	rows, err := c.wholeConn.QueryContext(ctx, query, args)
	return &countedRows{rows, c.f}, err
}

// Conn is PostgreSQL's connection itself, for what is sent in one journey; it
// breaks off before that arrives.
func (c *faultyConn) Conn() *pgx.Conn {
	conn := c.wholeConn.(interface{ Conn() *pgx.Conn }).Conn()
	if c.f.strike() {
		_ = conn.Close(context.Background())
	}
	return conn
}

func (c *faultyConn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	if c.f.strike() {
		return nil, errFault
	}
	stmt, err := c.wholeConn.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	return &faultyStmt{stmt.(wholeStmt), c.f}, nil
}

type wholeStmt interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

type faultyStmt struct {
	wholeStmt
	f *faults
}

func (s *faultyStmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	if s.f.strike() {
		return nil, errFault
	}
	return s.wholeStmt.ExecContext(ctx, args)
}

type faultyTx struct {
	driver.Tx
	f *faults
}

func (t *faultyTx) Commit() error {
	if !t.f.strike() {
		return t.Tx.Commit()
	}
	if t.f.commit = true; t.f.after {
		return errors.Join(t.Tx.Commit(), errFault)
	}
	return errors.Join(t.Rollback(), errFault)
}

type countedRows struct {
	driver.Rows
	f *faults
}

func (r *countedRows) Next(into []driver.Value) error {
	err := r.Rows.Next(into)
	if err == nil {
		r.f.rows.Add(1)
	}
	return err
}
