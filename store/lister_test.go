package store_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"testing"
	"time"

	"bongsu/notifier"
	"bongsu/status"
	"bongsu/store"
)

// archive is a gateway whose results are asked for, one by one or in a list.
type archive struct {
	booth
	ones, lists int
	broken      error // after what the list has told
	delivered   int   // of the oldest references
	from, until time.Time
}

func (a *archive) Result(_ context.Context, ref string, at time.Time) (notifier.Receipt, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.ones++
	return a.receipt(ref, at), nil
}

func (a *archive) Results(_ context.Context, from, until time.Time, each func(notifier.Receipt)) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.lists++; a.lists == 1 {
		a.from = from
	}
	a.until = until
	each(notifier.Receipt{Ref: "somebody else's", Rank: notifier.Delivered})
	for n := range a.sent {
		each(a.receipt("ref-"+strconv.Itoa(n+1), until))
	}
	return a.broken
}

func (a *archive) receipt(ref string, at time.Time) notifier.Receipt {
	for n := 1; n <= a.delivered; n++ {
		if ref == "ref-"+strconv.Itoa(n) {
			return notifier.Receipt{Ref: ref, Rank: notifier.Delivered, At: at}
		}
	}
	return notifier.Receipt{Ref: ref, Rank: notifier.Accepted, At: at}
}

// Where many wait, their gateway is asked once for all of them; where few do,
// once for each. Who was not reached goes on, and nobody else.
func TestResultsOfManyAreAskedForAtOnce(t *testing.T) {
	for _, c := range []struct {
		people, delivered int
		broken            error
		ones              int
		lists             bool
	}{
		{people: 16, delivered: 10, ones: 16},
		{people: 17, delivered: 10, lists: true},
		{people: 40, delivered: 40, lists: true},
		{people: 40, delivered: 30, lists: true, broken: errors.New("page 2: away")},
	} {
		t.Run(fmt.Sprintf("%d people, %d reached", c.people, c.delivered), func(t *testing.T) {
			ledgers(t, func(t *testing.T, s *store.Store) {
				subscribe(t, s, c.people, "sms", "alimtalk")
				desk := &archive{delivered: c.delivered, broken: c.broken}
				city := newCity(t, s, func(o *notifier.Options) { o.Channels[0].Gateways[0].Gateway = desk })
				tell(t, s, noticeOf(status.EventOpened))
				city.step(time.Second)
				sent := city.now
				city.step(2 * time.Minute)
				city.want("questions about one", desk.ones, c.ones)
				if (desk.lists > 0) != c.lists {
					t.Errorf("%d questions about many", desk.lists)
				}
				city.want("texts by SMS", len(city.sms.messages()), c.people-c.delivered)
				if c.lists && c.broken == nil && (!desk.from.Before(sent) || !desk.until.After(sent)) {
					t.Errorf("asked from %s to %s about what was sent at %s", desk.from, desk.until, sent)
				}
			})
		})
	}
}
