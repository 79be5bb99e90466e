package store

import (
	"context"
	"strings"

	"bongsu/notifier"
)

// wishes are a person's wishes as they are kept.
type wishes struct{ topics, quiet, ways string }

// keepWishes is how wishes are kept.
func keepWishes(w *notifier.Wishes) wishes {
	return wishes{topics: strings.Join(w.Topics, " "), quiet: w.Quiet.String(), ways: strings.Join(w.Order, " ")}
}

// wishesText is a person's wishes in one column: NULL for none, as with most.
const wishesText = "CASE WHEN topics = '' AND quiet = '' AND ways = '' THEN NULL ELSE topics || '\n' || quiet || '\n' || ways END"

// readWishes reads that column.
func readWishes(text string, known quietHours) notifier.Wishes {
	topics, rest, _ := strings.Cut(text, "\n")
	quiet, ways, _ := strings.Cut(rest, "\n")
	w := wishes{topics, quiet, ways}
	return w.read(known)
}

// quietHours are those read before: reading a time zone takes longer than
// reading a person.
type quietHours map[string]notifier.Quiet

func (w *wishes) read(known quietHours) notifier.Wishes {
	quiet, ok := known[w.quiet]
	if !ok {
		// What cannot be read, because a time zone was abolished, is no quiet
		// hours: better heard at night than never.
		quiet, _ = notifier.ParseQuiet(w.quiet)
		known[w.quiet] = quiet
	}
	return notifier.Wishes{Topics: words(w.topics), Quiet: quiet, Order: words(w.ways)}
}

// words are those of a column; none is nil.
func words(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Fields(text)
}

// texts reads a column of texts.
func texts(ctx context.Context, q querier, text string, args ...any) ([]string, error) {
	rows, err := q.QueryContext(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []string
	for rows.Next() {
		var one string
		if err := rows.Scan(&one); err != nil {
			return nil, err
		}
		list = append(list, one)
	}
	return list, rows.Err()
}
