package store

import (
	"context"
	"database/sql"
	"fmt"
)

// Resealing is how far a rotation of keys has come.
type Resealing struct {
	Seen, Total int // addresses
	Changed     int // of those seen: brought over by this run
}

// resealChunk is how many addresses one transaction brings over.
const resealChunk = 500

// Reseal seals every address with the newest key and finds it by that key's
// hash. Each chunk is one transaction, and until then its rows open and are
// found by the older keys, so it may be killed at any instant and begun again;
// servers that have the newest key go on meanwhile. Tell hears of each chunk.
func (s *Store) Reseal(ctx context.Context, tell func(Resealing)) (Resealing, error) {
	var r Resealing
	if s.keys == nil {
		return r, ErrNoKeys
	}
	if err := s.read.QueryRowContext(ctx, "SELECT COUNT(*) FROM address").Scan(&r.Total); err != nil {
		return r, fmt.Errorf("counting the addresses: %w", err)
	}
	after := sealedRow{subscriber: -1}
	for {
		rows, err := s.sealedAfter(ctx, after, resealChunk)
		if err != nil {
			return r, fmt.Errorf("reading sealed addresses: %w", err)
		}
		if len(rows) == 0 {
			return r, s.resealAccounts(ctx)
		}
		changed := 0
		err = s.inRetriedTx(ctx, func(tx *sql.Tx) (err error) {
			changed, err = s.resealRows(ctx, tx, rows)
			return err
		})
		if err != nil {
			return r, fmt.Errorf("sealing addresses anew: %w", err)
		}
		r.Seen, r.Changed = r.Seen+len(rows), r.Changed+changed
		r.Total = max(r.Total, r.Seen)
		tell(r)
		after = rows[len(rows)-1]
	}
}

type sealedRow struct {
	subscriber int64
	kind       string
	cipher     []byte
	lookup     string
	app        string // that brought them; empty: none
}

func (s *Store) sealedAfter(ctx context.Context, after sealedRow, limit int) ([]sealedRow, error) {
	rows, err := s.read.QueryContext(ctx, `
		SELECT a.subscriber, a.kind, a.cipher, a.lookup, COALESCE(s.app, '')
		FROM (SELECT subscriber, kind, cipher, lookup FROM address
		      WHERE subscriber > $1 OR (subscriber = $1 AND kind > $2) ORDER BY subscriber, kind LIMIT $3) a
		LEFT JOIN subscriber s ON s.id = a.subscriber ORDER BY a.subscriber, a.kind`, after.subscriber, after.kind, limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []sealedRow
	for rows.Next() {
		var r sealedRow
		if err := rows.Scan(&r.subscriber, &r.kind, &r.cipher, &r.lookup, &r.app); err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	return all, rows.Err()
}

// resealRows brings rows over. One that has changed or gone meanwhile is left:
// whoever changed it had the newest key.
func (s *Store) resealRows(ctx context.Context, tx *sql.Tx, rows []sealedRow) (changed int, err error) {
	newest := s.keys.versions[len(s.keys.versions)-1]
	for _, r := range rows {
		value, err := s.keys.open(r.subscriber, r.kind, r.cipher)
		if err != nil {
			return 0, err
		}
		lookup := s.keys.hash(sameFor(r.app, r.kind, value))
		if r.cipher[0] == newest && r.lookup == lookup {
			continue
		}
		done, err := tx.ExecContext(ctx, "UPDATE address SET cipher = $1, lookup = $2 WHERE subscriber = $3 AND kind = $4 AND cipher = $5",
			s.keys.seal(r.subscriber, r.kind, value), lookup, r.subscriber, r.kind, r.cipher)
		if err != nil {
			return 0, err
		}
		n, err := done.RowsAffected()
		if err != nil {
			return 0, err
		}
		changed += int(n)
	}
	return changed, nil
}

// Seals counts the addresses and authenticators that each version of the keys has sealed.
func (s *Store) Seals(ctx context.Context) (map[int]int, error) {
	rows, err := s.read.QueryContext(ctx, "SELECT substr(cipher, 1, 1), COUNT(*) FROM (SELECT cipher FROM address UNION ALL SELECT totp FROM account WHERE totp IS NOT NULL) sealed GROUP BY 1")
	if err != nil {
		return nil, fmt.Errorf("counting seals: %w", err)
	}
	defer rows.Close()
	counts := map[int]int{}
	for rows.Next() {
		var first []byte
		var n int
		if err := rows.Scan(&first, &n); err != nil {
			return nil, fmt.Errorf("counting seals: %w", err)
		}
		if len(first) == 1 {
			counts[int(first[0])] = n
		}
	}
	return counts, rows.Err()
}

// resealAccounts seals the authenticators' secrets with the newest key.
func (s *Store) resealAccounts(ctx context.Context) error {
	all, err := s.Accounts(ctx)
	if err != nil {
		return err
	}
	for _, a := range all {
		if len(a.TOTP) == 0 {
			continue
		}
		err := s.inRetriedTx(ctx, func(tx *sql.Tx) error {
			var now []byte
			if err := tx.QueryRowContext(ctx, s.q("SELECT totp FROM account WHERE id = $1 {{lock}}"), a.ID).Scan(&now); err != nil {
				return err
			}
			if len(now) == 0 { // taken away meanwhile
				return nil
			}
			secret, err := s.keys.open(0, totpPlace(a.ID), now)
			if err != nil {
				return err
			}
			_, err = tx.ExecContext(ctx, "UPDATE account SET totp = $1 WHERE id = $2", s.keys.seal(0, totpPlace(a.ID), secret), a.ID)
			return err
		})
		if err != nil {
			return fmt.Errorf("sealing an authenticator's secret anew: %w", err)
		}
	}
	return nil
}
