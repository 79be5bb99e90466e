package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// PeopleQuery says which subscribers are listed. What is empty asks nothing.
type PeopleQuery struct {
	Kind   string   // who has an address of the kind
	Lang   string   // who reads the language
	Topics []string // who hears of one of these: who chose it, or chose nothing
	State  PeopleState
	Before int64 // the number before which the list goes on; 0: from the newest
	Limit  int   // at most so many
}

// PeopleState is how things stand with somebody.
type PeopleState string

// The states that can be asked for.
const (
	StateAny        PeopleState = ""
	StateTold       PeopleState = "told"       // has an address that is proven and may be sent to
	StateUnproven   PeopleState = "unproven"   // has none that is proven yet
	StateSuppressed PeopleState = "suppressed" // has one that nothing is sent to any more
	StateLeft       PeopleState = "left"
)

// stateTexts are the conditions of the states.
var stateTexts = map[PeopleState]string{
	StateAny:        "",
	StateTold:       " AND s.gone = 0 AND EXISTS (SELECT 1 FROM address a WHERE a.subscriber = s.id AND a.confirmed > 0 AND a.suppressed = '')",
	StateUnproven:   " AND s.gone = 0 AND s.id IN (SELECT u.subscriber FROM address u WHERE u.confirmed = 0) AND NOT EXISTS (SELECT 1 FROM address a WHERE a.subscriber = s.id AND a.confirmed > 0)",
	StateSuppressed: " AND s.id IN (SELECT u.subscriber FROM address u WHERE u.suppressed <> '')",
	StateLeft:       " AND s.gone > 0",
}

// FindSubscribers lists subscribers, the newest first. Whom apps have brought
// are none.
func (s *Store) FindSubscribers(ctx context.Context, q PeopleQuery) ([]Subscriber, error) {
	text, known := stateTexts[q.State]
	if !known {
		return nil, fmt.Errorf("there is no state %q of subscribers", q.State)
	}
	before := q.Before
	if before == 0 {
		before = 1 << 62
	}
	args := []any{before, q.Limit, q.Lang, q.Kind}
	var topics strings.Builder
	for _, topic := range q.Topics {
		args = append(args, "% "+topic+" %")
		fmt.Fprintf(&topics, " OR ' ' || s.topics || ' ' LIKE $%d", len(args))
	}
	if len(q.Topics) > 0 {
		text += " AND (s.topics = ''" + topics.String() + ")"
	}
	ids, err := numbers(ctx, s.read, `
		SELECT s.id FROM subscriber s WHERE s.id < $1 AND s.app = ''
		  AND (CAST($3 AS TEXT) = '' OR s.lang = $3)
		  AND (CAST($4 AS TEXT) = '' OR EXISTS (SELECT 1 FROM address k WHERE k.subscriber = s.id AND k.kind = $4))`+text+`
		ORDER BY s.id DESC LIMIT $2`, args...)
	if err != nil {
		return nil, fmt.Errorf("finding subscribers: %w", err)
	}
	return s.subscribersOf(ctx, ids)
}

// subscribersOf reads subscribers by their numbers, in the order of these.
func (s *Store) subscribersOf(ctx context.Context, ids []int64) ([]Subscriber, error) {
	var all []Subscriber
	for _, id := range ids {
		found, err := s.Subscribers(ctx, id-1, 1)
		if err != nil {
			return nil, err
		}
		if len(found) == 1 && found[0].ID == id { // else it is an app's person
			all = append(all, found[0])
		}
	}
	return all, nil
}

const (
	// leastDigits is how many digits of a number's end are worth looking for.
	leastDigits = 3
	// maxCandidates is how many masks alike are looked behind at once.
	maxCandidates = 2000
)

// SubscribersEnding lists who has a telephone number with this end, the newest
// first, from before a number in the books on (0: from the newest), at most
// limit. The masks say who may be meant; behind them only the store looks. next
// goes on where the list broke off; 0: it is whole.
func (s *Store) SubscribersEnding(ctx context.Context, digits string, before int64, limit int) (list []Subscriber, next int64, err error) {
	if len(digits) < leastDigits || strings.Trim(digits, "0123456789") != "" {
		return nil, 0, nil
	}
	if before == 0 {
		before = 1 << 62
	}
	var ids []int64
	last, seen := before, 0
	err = each(ctx, s.read, func(rows *sql.Rows) error {
		var id int64
		var kind string
		var sealed []byte
		if err := rows.Scan(&id, &kind, &sealed); err != nil {
			return err
		}
		seen++
		if len(ids) > limit || id == last && len(ids) > 0 && ids[len(ids)-1] == id {
			return nil
		}
		last = id
		number, err := s.unseal(id, kind, sealed)
		if errors.Is(err, ErrNoKeys) {
			return err
		}
		if err == nil && strings.HasSuffix(number, digits) { // one that no key opens is nobody's
			ids = append(ids, id)
		}
		return nil
	}, `SELECT a.subscriber, a.kind, a.cipher FROM address a WHERE a.hint IN (`+hintsEnding(digits)+`) AND a.subscriber < $1
		ORDER BY a.subscriber DESC, a.kind LIMIT $2`, before, maxCandidates)
	if err != nil {
		return nil, 0, fmt.Errorf("finding subscribers by the end of a number: %w", err)
	}
	switch {
	case len(ids) > limit:
		ids = ids[:limit]
		next = ids[limit-1]
	case seen == maxCandidates:
		next = last
	}
	list, err = s.subscribersOf(ctx, ids)
	return list, next, err
}

// hintsEnding are the masks that numbers with this end have, as SQL's list: a
// mask shows a sign and two digits, or one of a short number, and as many at the
// end as in the beginning. Looking each of them up is quicker than any search,
// and the same whatever the database thinks of the order of letters.
func hintsEnding(digits string) string {
	var hints []string
	for length := 8; length <= 16; length++ { // with the sign; the longest there are have fifteen digits
		keep := min(3, length/4)
		end := digits[max(0, len(digits)-keep):]
		for code := range 100 {
			start := "+" + strconv.Itoa(code)
			if len(start) != keep {
				continue
			}
			hints = append(hints, "'"+start+strings.Repeat("*", length-2*keep)+end+"'")
		}
	}
	slices.Sort(hints)
	return strings.Join(slices.Compact(hints), ",")
}

// HistoryBefore tells what a subscriber was told, newest first, from before a
// batch on (0: from the newest), at most limit lines.
func (s *Store) HistoryBefore(ctx context.Context, subscriber, before int64, limit int) ([]Delivered, error) {
	if before == 0 {
		before = 1 << 62
	}
	list, err := s.history(ctx, subscriber, "AND b.id < $2 ORDER BY b.id DESC LIMIT $3", before, limit)
	if err != nil {
		return nil, fmt.Errorf("reading a subscriber's history: %w", err)
	}
	return list, nil
}
