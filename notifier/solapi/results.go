package solapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"bongsu/notifier"
	"bongsu/notifier/wire"
)

// list is an answer to a look-up.
type list struct {
	ErrorCode string   `json:"errorCode"`
	Messages  messages `json:"messageList"`
	Next      string   `json:"nextKey"` // of the next page
}

func (m *message) receipt(ref string, at time.Time) notifier.Receipt {
	r := notifier.Receipt{Delivery: m.delivery(), Ref: ref, Rank: rank(m.Code), Code: m.Code, Text: wire.Scrub(m.CodeText), At: at}
	r.Suppress = r.Rank == notifier.FailedRank && verdicts[m.Code] == suppress
	return r
}

// Result asks what became of the text with the reference that Send returned.
func (g *Gateway) Result(ctx context.Context, ref string, at time.Time) (notifier.Receipt, error) {
	name := "messageId"
	if strings.HasPrefix(ref, "G") { // a group's: Solapi's ids begin with what they are of
		name = "groupId"
	}
	if ref == "" {
		return notifier.Receipt{}, errors.New("the reference is empty")
	}
	page, err := g.list(ctx, url.Values{name: {ref}, "limit": {"2"}}, wire.MaxAnswer)
	if err != nil {
		return notifier.Receipt{}, err
	}
	if len(page.Messages) != 1 {
		return notifier.Receipt{}, errors.New("the gateway knows no text with this reference")
	}
	return page.Messages[0].receipt(ref, at), nil
}

// looked is how many of a number's messages a look-up reads.
const looked = 100

// Find asks whether a text whose hand-over has no known end was taken, by the
// number and the delivery's key.
func (g *Gateway) Find(ctx context.Context, m notifier.Message, since time.Time) (bool, string, notifier.Rank, error) {
	to, korean := domestic(m.To)
	if !korean {
		return false, "", notifier.Planned, nil // nothing was ever handed over
	}
	page, err := g.list(ctx, url.Values{
		"to": {to}, "limit": {strconv.Itoa(looked)}, "dateType": {"CREATED"},
		"startDate": {stamp(since.Add(-time.Minute))}, // for clocks that differ
		"endDate":   {stamp(since.AddDate(0, 0, 1))},
	}, pageLimit, g.secrets(m)...)
	if err != nil {
		return false, "", notifier.Planned, err
	}
	for _, found := range page.Messages {
		if found.delivery() == m.Delivery {
			return true, found.ID, rank(found.Code), nil
		}
	}
	if page.Next != "" {
		return false, "", notifier.Planned, errors.New("the number got more messages since than one look-up reads")
	}
	return false, "", notifier.Planned, nil
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// Bounds of a question for many results. How many one page may have is not
// published; the vendor's own examples ask for some hundreds.
const (
	pageSize  = 500
	pageLimit = 2 << 20 // bytes: four kilobytes a message, text and log included
	mostPages = 2000
)

// Results hands over what became known between two instants of any text of the
// account's.
func (g *Gateway) Results(ctx context.Context, from, until time.Time, each func(notifier.Receipt)) error {
	query := url.Values{
		"dateType": {"UPDATED"}, "startDate": {stamp(from)}, "endDate": {stamp(until)}, "limit": {strconv.Itoa(pageSize)},
	}
	for n := range mostPages {
		page, err := g.list(ctx, query, pageLimit)
		if err != nil {
			return fmt.Errorf("page %d: %w", n+1, err)
		}
		for _, m := range page.Messages {
			each(m.receipt(m.ID, until))
		}
		if page.Next == "" || len(page.Messages) == 0 {
			return nil
		}
		query.Set("startKey", page.Next)
	}
	return fmt.Errorf("more than %d results", mostPages*pageSize)
}

func (g *Gateway) list(ctx context.Context, query url.Values, limit int, secrets ...string) (*list, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, listPath(query), http.NoBody)
	if err != nil {
		return nil, fmt.Errorf("making the request: %w", err)
	}
	secrets = append(secrets, g.secrets(notifier.Message{})...)
	x := &wire.Exchange{Limit: limit}
	var answer list
	err = g.ask(r, x, &answer)
	switch {
	case err != nil:
		return nil, x.Fault(err, secrets...)
	case answer.ErrorCode != "":
		// By its code alone: its words may have somebody's number or text in them.
		return nil, refused(x, answer.ErrorCode, "the question is refused", secrets)
	case x.Status >= 300 || answer.Messages == nil: // no list is no answer; an empty one is
		return nil, x.Fault(nil, secrets...)
	}
	return &answer, nil
}
