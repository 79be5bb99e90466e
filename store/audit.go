package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"bongsu/web/account"
)

// Audit puts an entry at the end of the log and chains it to the one before.
// There is no way to change or to remove one.
func (s *Store) Audit(ctx context.Context, e account.Entry) error {
	e = e.Bounded()
	err := s.inRetriedTx(ctx, func(tx *sql.Tx) error { return audit(ctx, tx, e) })
	if err != nil {
		return fmt.Errorf("writing to the audit log: %w", err)
	}
	return nil
}

func audit(ctx context.Context, tx *sql.Tx, e account.Entry) error {
	// Whoever comes at the same time waits for this row.
	if err := tx.QueryRowContext(ctx, "UPDATE counter SET value = value + 1 WHERE name = 'audit' RETURNING value").Scan(&e.Number); err != nil {
		return err
	}
	var before string
	err := tx.QueryRowContext(ctx, "SELECT hash FROM audit WHERE id = $1", e.Number-1).Scan(&before)
	if err != nil && (!errors.Is(err, sql.ErrNoRows) || e.Number > 1) {
		return fmt.Errorf("finding the entry before: %w", err)
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO audit (id, at, who, name, role, app, deed, about, detail, hash)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		e.Number, millis(e.At), e.Who.ID, e.Who.Name, string(e.Who.Role), e.Who.App, string(e.Deed), e.About, e.Detail, e.Chain(before))
	return err
}

const auditColumns = "id, at, who, name, role, app, deed, about, detail, hash"

func scanEntry(row interface{ Scan(into ...any) error }) (account.Entry, error) {
	var e account.Entry
	var at int64
	err := row.Scan(&e.Number, &at, &e.Who.ID, &e.Who.Name, &e.Who.Role, &e.Who.App, &e.Deed, &e.About, &e.Detail, &e.Hash)
	e.At = fromMillis(at)
	return e, err
}

// Entries are the log's entries after a number, in order, at most so many.
func (s *Store) Entries(ctx context.Context, after int64, most int) ([]account.Entry, error) {
	rows, err := s.read.QueryContext(ctx, "SELECT "+auditColumns+" FROM audit WHERE id > $1 ORDER BY id LIMIT $2", after, most)
	if err != nil {
		return nil, fmt.Errorf("reading the audit log: %w", err)
	}
	defer rows.Close()
	var list []account.Entry
	for rows.Next() {
		e, err := scanEntry(rows)
		if err != nil {
			return nil, fmt.Errorf("reading the audit log: %w", err)
		}
		list = append(list, e)
	}
	return list, rows.Err()
}

// BrokenLogError says where the audit log is not what was written.
type BrokenLogError struct {
	Number int64 // the first entry that is wrong, or missing
	Why    string
}

func (e *BrokenLogError) Error() string {
	return fmt.Sprintf("the audit log is broken at entry %d: %s", e.Number, e.Why)
}

// verifyAtOnce is how many entries are read at once.
const verifyAtOnce = 1000

// VerifyAudit goes over the whole log and gives its last entry: whoever has
// noted that one's number and hash elsewhere can tell that nothing up to it was
// changed since, or cut off. A [*BrokenLogError] says that the log is not what
// was written, and where.
func (s *Store) VerifyAudit(ctx context.Context) (last account.Entry, err error) {
	for {
		entries, err := s.Entries(ctx, last.Number, verifyAtOnce)
		if err != nil {
			return last, err
		}
		for _, e := range entries {
			switch {
			case e.Number != last.Number+1:
				return last, &BrokenLogError{last.Number + 1, "it is missing"}
			case e.Chain(last.Hash) != e.Hash:
				return last, &BrokenLogError{e.Number, "it, or the hash of the one before, was changed"}
			}
			last = e
		}
		if len(entries) < verifyAtOnce {
			break
		}
	}
	var written int64
	if err := s.read.QueryRowContext(ctx, "SELECT value FROM counter WHERE name = 'audit'").Scan(&written); err != nil {
		return last, fmt.Errorf("reading the audit log: %w", err)
	}
	if written > last.Number {
		// An entry may have been written since.
		if more, err := s.Entries(ctx, last.Number, 1); err != nil || len(more) == 0 {
			return last, errors.Join(err, &BrokenLogError{last.Number + 1, "it is missing; the end was cut off"})
		}
	}
	return last, nil
}
