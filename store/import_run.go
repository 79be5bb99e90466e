package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// ImportRun is a list that was taken in through the console, or tried.
type ImportRun struct {
	ID     string
	Name   string // of the file
	By     string
	Began  time.Time
	Ended  time.Time
	Dry    bool
	Added  int64
	There  int64 // had been there before
	Failed int64 // lines that were not taken
	Warned int64
	Error  string // why it ended before its end; empty: it did not
}

// importsKept is how many are kept.
const importsKept = 20

// ErrNoImport says that there is no such list.
var ErrNoImport = errors.New("no such import")

// KeepImport keeps what became of a list with its report, and forgets the oldest.
func (s *Store) KeepImport(ctx context.Context, r ImportRun, report []byte) error {
	packed, err := zipped(report)
	if err != nil {
		return fmt.Errorf("packing a report: %w", err)
	}
	if packed == nil {
		packed = []byte{}
	}
	err = s.inRetriedTx(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `
			INSERT INTO import_run (id, name, made_by, began, ended, dry, added, there, refused, warned, error, report)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
			r.ID, r.Name, r.By, millis(r.Began), millis(r.Ended), flag(r.Dry), r.Added, r.There, r.Failed, r.Warned, r.Error, packed); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, "DELETE FROM import_run WHERE id NOT IN (SELECT id FROM import_run ORDER BY began DESC, id DESC LIMIT $1)", importsKept)
		return err
	})
	if err != nil {
		return fmt.Errorf("keeping what became of a list: %w", err)
	}
	return nil
}

const importColumns = "id, name, made_by, began, ended, dry, added, there, refused, warned, error"

func scanImport(row interface{ Scan(into ...any) error }, more ...any) (ImportRun, error) {
	var r ImportRun
	var began, ended int64
	err := row.Scan(append([]any{&r.ID, &r.Name, &r.By, &began, &ended, &r.Dry, &r.Added, &r.There, &r.Failed, &r.Warned, &r.Error}, more...)...)
	r.Began, r.Ended = fromMillis(began), fromMillis(ended)
	return r, err
}

// Imports lists them, the newest first.
func (s *Store) Imports(ctx context.Context) ([]ImportRun, error) {
	var list []ImportRun
	err := each(ctx, s.read, func(rows *sql.Rows) error {
		r, err := scanImport(rows)
		list = append(list, r)
		return err
	}, "SELECT "+importColumns+" FROM import_run ORDER BY began DESC, id DESC")
	if err != nil {
		return nil, fmt.Errorf("listing imports: %w", err)
	}
	return list, nil
}

// ImportReport gives one with what was said of its lines. ErrNoImport.
func (s *Store) ImportReport(ctx context.Context, id string) (ImportRun, []byte, error) {
	var packed []byte
	r, err := scanImport(s.read.QueryRowContext(ctx, "SELECT "+importColumns+", report FROM import_run WHERE id = $1", id), &packed)
	if errors.Is(err, sql.ErrNoRows) {
		return r, nil, ErrNoImport
	}
	var report []byte
	if err == nil && len(packed) > 0 {
		report, err = unzipped(packed)
	}
	if err != nil {
		return r, nil, fmt.Errorf("reading an import: %w", err)
	}
	return r, report, nil
}
