package notifier

import (
	"context"
	"time"
)

const (
	// listEvery is how often a gateway's list is read at most: in between, what
	// it said last holds.
	listEvery = 2 * time.Second
	// listSpan is read at once. A list that takes longer than there is time is
	// continued where it stopped, and not begun anew.
	listSpan = time.Minute
	// listKept is how many results are kept: of ten minutes at three hundred a
	// second, in some thirty megabytes.
	listKept = 200_000
)

// known is what a gateway's lists have said. While many wait, results that came
// before are not read again, however long people wait for theirs.
type known struct {
	from, until time.Time // all that became known between them was read
	young, old  map[string]result
	youngFrom   time.Time // what became known before may be among the old only
}

// result is what is kept of a receipt.
type result struct {
	rank     Rank
	code     string
	suppress bool
	at       time.Time
}

// read reads on until now what became known since from.
func (k *known) read(ctx context.Context, lister Lister, from, now time.Time) {
	switch {
	case k.until.IsZero() || from.Before(k.from) || now.Before(k.until): // the last: somebody set the clock
		*k = known{from: from, until: from, youngFrom: from}
	case now.Sub(k.until) < listEvery:
		return
	}
	begin := k.until
	if begin.After(k.from) {
		begin = begin.Add(-askBefore)
	}
	for k.until.Before(now) {
		next, end := k.until.Add(listSpan), k.until.Add(listSpan)
		if !next.Before(now) {
			next, end = now, now.Add(askBefore)
		}
		if lister.Results(ctx, begin, end, k.note) != nil {
			return // what it said before the error holds
		}
		k.until, begin = next, next
	}
}

// note keeps what says more than that a message was taken, and more than is
// known.
func (k *known) note(r Receipt) {
	if was, _ := k.of(r.Ref); r.Rank <= max(was.Rank, Accepted) {
		return
	}
	if len(k.young) >= listKept/2 {
		k.old, k.young = k.young, nil
		k.from, k.youngFrom = k.youngFrom, k.until
	}
	if k.young == nil {
		k.young = map[string]result{}
	}
	k.young[r.Ref] = result{r.Rank, r.Code, r.Suppress, r.At}
}

// of is what is known of the message with a reference.
func (k *known) of(ref string) (Receipt, bool) {
	r, ok := k.young[ref]
	if !ok {
		r, ok = k.old[ref]
	}
	return Receipt{Ref: ref, Rank: r.rank, Code: r.code, Suppress: r.suppress, At: r.at}, ok
}

// listed is what the lists of a way have said in this term; nil where it has
// none.
func (t *term) listed(at way, reporter Reporter) *known {
	if _, ok := reporter.(Lister); !ok {
		return nil
	}
	if t.known == nil {
		t.known = map[way]*known{}
	}
	if t.known[at] == nil {
		t.known[at] = &known{}
	}
	return t.known[at]
}
