package alimtalk

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"bongsu/notifier"
	"bongsu/notifier/wire"
)

type found struct {
	RequestID string `json:"requestId"`
	Seq       int    `json:"recipientSeq"`
	Key       string `json:"recipientGroupingKey"`
	Status    string `json:"messageStatus"`
	Code      string `json:"resultCode"`
	CodeName  string `json:"resultCodeName"`
}

// rank is what a message's status says; a word we do not know, or none yet,
// says no more than that it was taken.
func (f *found) rank() notifier.Rank {
	switch f.Status {
	case "COMPLETED":
		return notifier.Delivered
	case "FAILED", "CANCEL":
		return notifier.FailedRank
	}
	return notifier.Accepted
}

// Result asks what became of the message with the reference that Send
// returned. The receipt has no delivery key if NHN does not tell it.
func (g *Gateway) Result(ctx context.Context, ref string, at time.Time) (notifier.Receipt, error) {
	request, seq, ok := strings.Cut(ref, "/")
	if _, err := strconv.Atoi(seq); !ok || err != nil || request == "" {
		return notifier.Receipt{}, errors.New("the reference is not of the form ID/1")
	}
	var answer struct {
		Header  header `json:"header"`
		Message found  `json:"message"`
	}
	if err := g.get(ctx, g.path("messages", request, seq), &answer, &answer.Header); err != nil {
		return notifier.Receipt{}, err
	}
	f := answer.Message
	return notifier.Receipt{
		Delivery: f.Key, Ref: ref, Rank: f.rank(), Code: f.Code, Text: wire.Scrub(f.CodeName), At: at,
	}, nil
}

// seoul is the time zone of NHN's dates. Korea has had no other since 1988.
var seoul = time.FixedZone("KST", 9*60*60)

// Find asks whether a notice whose hand-over has no known end was taken, by
// the delivery's key.
func (g *Gateway) Find(ctx context.Context, m notifier.Message, since time.Time) (bool, string, notifier.Rank, error) {
	const minutes = "2006-01-02 15:04"
	query := url.Values{
		"recipientGroupingKey": {m.Delivery},
		"startRequestDate":     {since.In(seoul).Add(-time.Minute).Format(minutes)},
		"endRequestDate":       {since.In(seoul).AddDate(0, 0, 1).Format(minutes)},
	}
	var answer struct {
		Header header `json:"header"`
		Search struct {
			Messages []found `json:"messages"`
		} `json:"messageSearchResultResponse"`
	}
	if err := g.get(ctx, g.path("messages")+"?"+query.Encode(), &answer, &answer.Header, g.secrets(m)...); err != nil {
		return false, "", notifier.Planned, err
	}
	for _, f := range answer.Search.Messages {
		if f.Key == m.Delivery && f.RequestID != "" {
			return true, f.RequestID + "/" + strconv.Itoa(f.Seq), f.rank(), nil
		}
	}
	return false, "", notifier.Planned, nil
}

func (g *Gateway) get(ctx context.Context, path string, answer any, head *header, secrets ...string) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, path, http.NoBody)
	if err != nil {
		return errors.New("the app key makes no address")
	}
	secrets = append(secrets, g.secrets(notifier.Message{})...)
	x, err := g.ask(r, answer)
	switch {
	case err != nil:
		return x.Fault(err, secrets...)
	case head.Code != 0:
		return classify(x, head.Code, head.Message, false, secrets)
	case !head.OK || x.Status >= 300:
		return x.Fault(nil, secrets...)
	}
	return nil
}
