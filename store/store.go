package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

// Store is a database. It is safe for concurrent use.
type Store struct {
	write   *sql.DB // SQLite: one connection, so writers queue in Go and never meet SQLITE_BUSY
	read    *sql.DB // SQLite: read-only connections; PostgreSQL: the same pool
	dialect dialect
	tokens  *strings.Replacer
	lock    *os.File
	file    string // of SQLite
	keys    *Keys  // nil: personal data stays shut
	series  seriesBook
	quiet   quiet
	closely atomic.Int64 // for how many commits results are looked at one by one; below 0: not at all

	together together // SQLite's transactions that wait for one another
}

type dialect string

const (
	sqlite   dialect = "sqlite"
	postgres dialect = "postgres"
)

// readers is how many connections read a SQLite file at once: enough for the
// console and the metrics, since no page view reads the database.
const readers = 4

// connectTimeout is how long a PostgreSQL that does not answer is waited for,
// unless its address says otherwise.
const connectTimeout = 10 * time.Second

// Options are how a database is opened.
type Options struct {
	// Sole takes the lock file beside a SQLite database: whoever holds it is
	// the only server on the file, so what its predecessor left is free at once.
	// `serve` sets it; commands beside a running server do not.
	Sole bool
	// Keys open and seal personal data. Without them subscribers can be counted
	// but neither added nor reached.
	Keys *Keys
	// Connections bounds the PostgreSQL pool; 0 means 16.
	Connections int
	// Scratch says that a SQLite file dies with the process: nothing waits for
	// the disk.
	Scratch bool
}

// Open opens the database and brings its schema up to date. A path is a SQLite
// file, made when missing; postgres://… is a PostgreSQL server. A schema newer
// than this program is refused.
func Open(ctx context.Context, address string, o Options) (_ *Store, err error) {
	s := &Store{keys: o.Keys}
	defer func() {
		if err != nil {
			s.Close()
		}
	}()
	if isPostgres(address) {
		err = s.openPostgres(address, o)
	} else {
		err = s.openSQLite(address, o)
	}
	if err != nil {
		return nil, err
	}
	if err := s.write.PingContext(ctx); err != nil {
		return nil, fmt.Errorf("opening the database: %w", err)
	}
	if err := s.migrate(ctx); err != nil {
		return nil, err
	}
	return s, nil
}

func isPostgres(address string) bool {
	return strings.HasPrefix(address, "postgres://") || strings.HasPrefix(address, "postgresql://")
}

func (s *Store) openPostgres(address string, o Options) error {
	config, err := pgx.ParseConfig(address)
	if err != nil {
		return fmt.Errorf("reading the database address: %w", err)
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = connectTimeout
	}
	pool := stdlib.OpenDB(*config, stdlib.OptionAfterConnect(preferIndexes))
	n := o.Connections
	if n == 0 {
		n = 16
	}
	pool.SetMaxOpenConns(n)
	pool.SetMaxIdleConns(n)
	s.dialect, s.write, s.read = postgres, pool, pool
	s.tokens = strings.NewReplacer(
		"{{skip}}", "FOR UPDATE SKIP LOCKED",
		"{{lock}}", "FOR UPDATE",
		"{{keep}}", "FOR KEY SHARE", // the row stays until we are done
		"{{now}}", "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)",
		"{{hot}}", " WITH (fillfactor = 50)", // room for a row's second version in its page
		"{{wr}}", "",
		"{{blob}}", "BYTEA",
	)
	return nil
}

// preferIndexes tells PostgreSQL's planner what it cannot know of young tables:
// every statement here finds its rows by an index, in the order in which they
// are wanted. Without statistics it would rather read tables whole, a hundred
// times a second, or sort a million people to take the first of them. No statement is heavy
// enough to be worth compiling, which the price put on whole tables suggests.
func preferIndexes(ctx context.Context, conn *pgx.Conn) error {
	_, err := conn.Exec(ctx, "SET enable_seqscan = off; SET enable_bitmapscan = off; SET random_page_cost = 1.1; SET jit = off")
	return err
}

func (s *Store) openSQLite(path string, o Options) error {
	path, err := filepath.Abs(path)
	if err != nil {
		return fmt.Errorf("opening the database: %w", err)
	}
	if o.Sole {
		if s.lock, err = lockFile(path + ".lock"); err != nil {
			return err
		}
	}
	if err := forOwnerAlone(path); err != nil {
		return err
	}
	s.dialect, s.file = sqlite, path
	s.tokens = strings.NewReplacer(
		"{{skip}}", "", // one writer at a time: nothing to lock or to skip
		"{{lock}}", "",
		"{{keep}}", "",
		"{{now}}", "CAST(unixepoch('subsec') * 1000 AS INTEGER)",
		"{{hot}}", " WITHOUT ROWID",
		"{{wr}}", " WITHOUT ROWID",
		"{{blob}}", "BLOB",
	)
	durable := "synchronous(FULL)"
	if o.Scratch {
		durable = "synchronous(OFF)"
	}
	// Pragmas hold per connection, so they go where every connection gets them.
	pragmas := url.Values{"_pragma": {
		"busy_timeout(10000)", "journal_mode(WAL)", durable, "foreign_keys(1)",
		"temp_store(2)", "wal_autocheckpoint(4000)",
	}}
	writing := url.Values{"_txlock": {"immediate"}, "_pragma": append([]string{"cache_size(-16384)"}, pragmas["_pragma"]...)}
	reading := url.Values{"_pragma": append([]string{"query_only(1)", "cache_size(-4096)"}, pragmas["_pragma"]...)}
	// A file's name may have what means something in an address.
	file := "file:" + (&url.URL{Path: path}).EscapedPath() + "?"
	if s.write, err = openKeeping(file + writing.Encode()); err != nil {
		return err
	}
	s.write.SetMaxOpenConns(1)
	if s.read, err = openKeeping(file + reading.Encode()); err != nil {
		return err
	}
	s.read.SetMaxOpenConns(readers)
	s.read.SetMaxIdleConns(readers)
	return nil
}

// Close lets go of the database.
func (s *Store) Close() error {
	var first error
	for _, pool := range []*sql.DB{s.read, s.write} {
		if pool == nil {
			continue
		}
		if err := pool.Close(); err != nil && first == nil {
			first = err
		}
	}
	if s.lock != nil {
		if err := s.lock.Close(); err != nil && first == nil {
			first = err
		}
	}
	return first
}

// Ping says whether the database answers.
func (s *Store) Ping(ctx context.Context) error {
	var one int
	return s.read.QueryRowContext(ctx, "SELECT 1").Scan(&one)
}

// q puts the dialect's words where the text has tokens.
func (s *Store) q(text string) string { return s.tokens.Replace(text) }

// calm is the context for many small statements. SQLite's driver begins a
// goroutine for every statement whose context can end, which takes as long as
// the statement; none of these waits for anything that could be worth breaking
// off.
func (s *Store) calm(ctx context.Context) context.Context {
	if s.dialect == sqlite {
		return context.WithoutCancel(ctx)
	}
	return ctx
}

// inRetriedTx is inTx for transactions that may meet one another on
// PostgreSQL: a deadlock or a serialisation failure undoes one of them, and it
// is simply done again; so is what SQLite undid with somebody else's. So do must
// start from nothing each time.
func (s *Store) inRetriedTx(ctx context.Context, do func(tx *sql.Tx) error) error {
	return retried(func() error { return s.inTx(ctx, do) })
}

func retried(transaction func() error) error {
	const most = 5
	for try := 1; ; try++ {
		err := transaction()
		e, ok := errors.AsType[*pgconn.PgError](err)
		again := errors.Is(err, errUndone) || ok && (e.Code == "40P01" || e.Code == "40001")
		if try == most || !again {
			return err
		}
	}
}

// inTx runs do in one transaction of the writer: all of it is kept, or none.
func (s *Store) inTx(ctx context.Context, do func(tx *sql.Tx) error) error {
	if s.dialect == sqlite {
		return s.together.run(ctx, s.write, do)
	}
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("beginning a transaction: %w", err)
	}
	defer tx.Rollback()
	if err := do(tx); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("committing: %w", err)
	}
	return nil
}

// forOwnerAlone makes a missing SQLite file that only its owner may read, as
// SQLite itself would not; its companions take its mode over.
func forOwnerAlone(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("opening the database: %w", err)
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("opening the database: %w", err)
	}
	return nil
}
