package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"bongsu/web/account"
)

// EntryQuery says which entries of the audit log are listed. What is empty asks
// nothing.
type EntryQuery struct {
	Who         string // id or name
	Deed        account.Deed
	About       string // how what it was done to begins
	From, Until time.Time
	Before      int64 // the number before which the list goes on; 0: from the latest
	Limit       int   // at most so many
}

// FindEntries lists entries of the audit log, the latest first.
func (s *Store) FindEntries(ctx context.Context, q EntryQuery) ([]account.Entry, error) {
	before, until := q.Before, millis(q.Until)
	if before == 0 {
		before = 1 << 62
	}
	if q.Until.IsZero() {
		until = 1 << 62
	}
	var list []account.Entry
	err := each(ctx, s.read, func(rows *sql.Rows) error {
		e, err := scanEntry(rows)
		list = append(list, e)
		return err
	}, "SELECT "+auditColumns+` FROM audit
		WHERE id < $1 AND at >= $2 AND at < $3
		  AND (CAST($4 AS TEXT) = '' OR who = $4 OR name = $4)
		  AND (CAST($5 AS TEXT) = '' OR deed = $5)
		  AND (CAST($6 AS TEXT) = '' OR substr(about, 1, length(CAST($6 AS TEXT))) = $6)
		ORDER BY id DESC LIMIT $7`,
		before, millis(q.From), until, q.Who, string(q.Deed), q.About, q.Limit)
	if err != nil {
		return nil, fmt.Errorf("looking through the audit log: %w", err)
	}
	return list, nil
}
