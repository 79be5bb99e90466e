package store

import (
	"context"
	"database/sql"
	"slices"
	"strconv"

	"bongsu/notifier"
)

// untried reads the next recipients of a claim above a mark, one more than the
// window has room for. It is asked for every recipient there is, so it reads
// nothing that a first try does not need, and in three looks that follow an index
// each: looking everybody up takes twice as long.
func (s *Store) untried(ctx context.Context, tx *sql.Tx, w *notifier.Window, mark int64) ([]scannedItem, error) {
	items, err := s.nextUntried(ctx, tx, w, mark)
	if err != nil || len(items) == 0 {
		return nil, err
	}
	if items[0].Rcpt == 0 {
		items[0].To = w.Target
		return items, nil
	}
	people := make([]int64, len(items))
	for i := range items {
		people[i] = items[i].Rcpt
	}
	// Who leaves in between has an address here and has left there.
	if err := s.readAddresses(ctx, tx, w.Kind, people, items); err != nil {
		return nil, err
	}
	if err := s.readLanguages(ctx, tx, people, items); err != nil {
		return nil, err
	}
	return items, s.openPending(ctx, tx, w.Batch, w.Kind, items)
}

// nextUntried is who they are.
func (s *Store) nextUntried(ctx context.Context, tx *sql.Tx, w *notifier.Window, mark int64) ([]scannedItem, error) {
	if w.Late {
		people, late, err := s.untriedLate(ctx, tx, w.Batch, mark, w.Limit+1)
		if err != nil || late {
			items := make([]scannedItem, len(people))
			for i, id := range people {
				items[i].Rcpt = id
			}
			return items, err
		}
	}
	items := make([]scannedItem, 0, w.Limit+1)
	err := each(ctx, tx, func(rows *sql.Rows) error {
		var i scannedItem
		err := rows.Scan(&i.Rcpt, &i.Tries, &i.Again)
		items = append(items, i)
		return err
	}, "SELECT rcpt, tries, again FROM delivery WHERE batch = $1 AND rcpt > $2 AND rank = 0 AND fate = 0 ORDER BY rcpt LIMIT $3", w.Batch, mark, w.Limit+1)
	return items, err
}

// readAddresses adds the addresses of a kind that may be used; of others, that
// they are there.
func (s *Store) readAddresses(ctx context.Context, tx *sql.Tx, kind string, people []int64, items []scannedItem) error {
	among, args := s.among("subscriber", people, 2)
	rest := items
	return each(ctx, tx, func(rows *sql.Rows) error {
		var id int64
		var sealed sql.RawBytes
		var usable bool
		if err := rows.Scan(&id, &sealed, &usable); err != nil {
			return err
		}
		var i *scannedItem
		if i, rest = find(rest, id); i == nil {
			return nil
		}
		if i.pending = !usable; i.pending {
			i.sealed = slices.Clone(sealed)
			return nil
		}
		var err error
		i.To, err = s.unseal(id, kind, sealed)
		return err
	}, "SELECT subscriber, cipher, CASE WHEN confirmed > 0 AND suppressed = '' THEN 1 ELSE 0 END FROM address WHERE kind = $1 AND "+among+" ORDER BY subscriber",
		append([]any{kind}, args...)...)
}

// readLanguages adds people's languages, and who has left.
func (s *Store) readLanguages(ctx context.Context, tx *sql.Tx, people []int64, items []scannedItem) error {
	among, args := s.among("id", people, 1)
	rest, last := items, ""
	return each(ctx, tx, func(rows *sql.Rows) error {
		var id int64
		var lang sql.RawBytes
		var gone bool
		if err := rows.Scan(&id, &lang, &gone); err != nil {
			return err
		}
		var i *scannedItem
		if i, rest = find(rest, id); i == nil {
			return nil
		}
		if string(lang) != last {
			last = string(lang)
		}
		if i.Lang = last; gone {
			i.gone, i.pending, i.To = true, false, ""
		}
		return nil
	}, "SELECT id, lang, CASE WHEN gone > 0 THEN 1 ELSE 0 END FROM subscriber WHERE "+among+" ORDER BY id", args...)
}

// find looks for somebody among items in rising order, and gives those after
// them.
func find(items []scannedItem, id int64) (*scannedItem, []scannedItem) {
	for len(items) > 0 && items[0].Rcpt < id {
		items = items[1:]
	}
	if len(items) == 0 || items[0].Rcpt != id {
		return nil, items
	}
	return &items[0], items[1:]
}

// among is a condition on a column, to be one of some people in rising order, or
// between the first and the last of them where most of these are meant. n is its
// first parameter.
func (s *Store) among(column string, people []int64, n int) (condition string, args []any) {
	const dense = 4 // reading on past three others is no dearer than looking one up
	first, last := people[0], people[len(people)-1]
	if last-first < dense*int64(len(people)) {
		return column + " BETWEEN $" + strconv.Itoa(n) + " AND $" + strconv.Itoa(n+1), []any{first, last}
	}
	if s.dialect == postgres {
		return column + " = ANY(CAST($" + strconv.Itoa(n) + " AS BIGINT[]))", []any{people}
	}
	text := append(make([]byte, 0, 10*len(people)+32), column+" IN ("...)
	for i, id := range people {
		if i > 0 {
			text = append(text, ',')
		}
		text = strconv.AppendInt(text, id, 10)
	}
	return string(append(text, ')')), nil
}
