package store

import (
	"context"
	"fmt"
	"strings"

	"bongsu/notifier"
)

// Crowds counts subscribers by plan, language and the kinds of address that may
// be used, of those given, at most 30.
func (s *Store) Crowds(ctx context.Context, kinds []string) ([]notifier.Crowd, error) {
	var bits strings.Builder
	args := make([]any, len(kinds))
	for i, kind := range kinds {
		fmt.Fprintf(&bits, " WHEN a.kind = $%d THEN %d", i+1, 1<<i)
		args[i] = kind
	}
	mask := "0"
	if len(kinds) > 0 {
		mask = "COALESCE(SUM(CASE" + bits.String() + " ELSE 0 END), 0)"
	}
	rows, err := s.read.QueryContext(ctx, `
		SELECT plan, lang, mask, COUNT(*) FROM (
		  SELECT s.id, s.plan, s.lang, `+mask+` AS mask
		  FROM subscriber s LEFT JOIN address a ON a.subscriber = s.id AND a.confirmed > 0 AND a.suppressed = ''
		  WHERE s.gone = 0 GROUP BY s.id, s.plan, s.lang) people
		GROUP BY plan, lang, mask ORDER BY plan, lang, mask`, args...)
	if err != nil {
		return nil, fmt.Errorf("counting subscribers by how they can be reached: %w", err)
	}
	defer rows.Close()
	var crowds []notifier.Crowd
	for rows.Next() {
		var c notifier.Crowd
		var mask int64
		if err := rows.Scan(&c.Plan, &c.Lang, &mask, &c.People); err != nil {
			return nil, fmt.Errorf("counting subscribers by how they can be reached: %w", err)
		}
		for i, kind := range kinds {
			if mask>>i&1 == 1 {
				c.Kinds = append(c.Kinds, kind)
			}
		}
		crowds = append(crowds, c)
	}
	return crowds, rows.Err()
}
